#include "spnego.h"

#include "der.h"

#define NTLM_SIGNATURE RV_SLICE_LIT("NTLMSSP\0")

/* Contents of object identifiers. */
#define OID_SPNEGO RV_SLICE_LIT("\x2b\x06\x01\x05\x05\x02")
#define OID_KRB5   RV_SLICE_LIT("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")
/* 1.2.840.48018.1.2.2: krb5 as Windows 2000 misspelt it, sent to this day. */
#define OID_MS_KRB5 RV_SLICE_LIT("\x2a\x86\x48\x82\xf7\x12\x01\x02\x02")
/* 1.3.6.1.4.1.311.2.2.10 */
#define OID_NTLM RV_SLICE_LIT("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")

/* The token identifier of an AP-REQ (RFC 4121 section 4.1). */
#define TOKEN_AP_REQ RV_SLICE_LIT("\x01\x00")

/* ---- DER ---------------------------------------------------------------- */

/* [n] EXPLICIT around one element with this tag; absent is fine, too. */
static bool
take_optional(struct rv_slice *in, unsigned char n, unsigned char tag,
    struct rv_slice *ret_contents)
{
	struct rv_slice outer;

	*ret_contents = RV_SLICE_NONE;
	if (!rv_der_is_at(*in, RV_DER_CONTEXT(n)))
		return true;
	return rv_der_take(in, RV_DER_CONTEXT(n), &outer) &&
	       rv_der_take_all(outer, tag, ret_contents);
}

/* ---- Mechanisms ----------------------------------------------------------- */

static bool
is_krb5(struct rv_slice oid)
{
	return rv_slice_eq(oid, OID_KRB5) || rv_slice_eq(oid, OID_MS_KRB5);
}

/* What a MechTypeList says, as far as we care. */
struct offer {
	size_t n;
	bool krb5_first, krb5, ntlm;
};

static bool
read_offer(struct rv_slice list, struct offer *offer)
{
	struct rv_slice oid;

	*offer = (struct offer){ .n = 0 };
	while (list.n > 0) {
		if (offer->n >= RV_SPNEGO_MECHANISMS_MAX ||
		    !rv_der_take(&list, RV_DER_OID, &oid) || oid.n == 0)
			return false;
		if (is_krb5(oid)) {
			offer->krb5 = true;
			if (offer->n == 0)
				offer->krb5_first = true;
		}
		if (rv_slice_eq(oid, OID_NTLM))
			offer->ntlm = true;
		offer->n++;
	}
	return offer->n > 0;
}

static struct rv_spnego_look
refuse(enum rv_auth_refusal refusal, const char *detail)
{
	return (struct rv_spnego_look){ refusal, detail, RV_SLICE_NONE };
}

static struct rv_spnego_look
malformed(const char *detail)
{
	return refuse(RV_REFUSED_MALFORMED, detail);
}

/* The token inside must be what the list calls it. */
static struct rv_spnego_look
judge_mechanism_token(struct rv_slice token)
{
	struct rv_slice in, oid;

	if (rv_slice_has_prefix(token, NTLM_SIGNATURE))
		return refuse(
		    RV_REFUSED_NTLM, "an NTLM token under the name of krb5");
	if (!rv_der_take_all(token, RV_DER_APPLICATION(0), &in) ||
	    !rv_der_take(&in, RV_DER_OID, &oid))
		return malformed("the krb5 token inside SPNEGO has no frame");
	if (!is_krb5(oid))
		return refuse(RV_REFUSED_MECHANISM,
		    "the token inside SPNEGO is not of krb5");
	if (!rv_slice_has_prefix(in, TOKEN_AP_REQ))
		return malformed("the krb5 token is not an AP-REQ");
	return (struct rv_spnego_look){ RV_REFUSED_NOT, NULL, token };
}

static struct rv_spnego_look
judge_offer(const struct offer *offer, struct rv_slice mechanism_token)
{
	if (!offer->krb5 && offer->ntlm)
		return refuse(RV_REFUSED_NTLM, "SPNEGO offers NTLM, not krb5");
	if (!offer->krb5)
		return refuse(
		    RV_REFUSED_MECHANISM, "SPNEGO does not offer krb5");
	if (!offer->krb5_first)
		return refuse(RV_REFUSED_UNFINISHED,
		    "SPNEGO offers krb5, but something else first");
	if (mechanism_token.p == NULL)
		return refuse(RV_REFUSED_UNFINISHED,
		    "SPNEGO offers krb5 without a token");
	return judge_mechanism_token(mechanism_token);
}

/*
 * NegTokenInit (RFC 4178 section 4.2.1):
 *   SEQUENCE { [0] SEQUENCE OF OID, [1] BIT STRING OPTIONAL,
 *     [2] OCTET STRING OPTIONAL, [3] OCTET STRING OPTIONAL }
 */
static struct rv_spnego_look
judge_init(struct rv_slice in)
{
	struct rv_slice seq, outer, list, token, unused;
	struct offer offer;

	if (!rv_der_take_all(in, RV_DER_CONTEXT(0), &outer) ||
	    !rv_der_take_all(outer, RV_DER_SEQUENCE, &seq))
		return malformed("SPNEGO without a NegTokenInit");
	if (!rv_der_take(&seq, RV_DER_CONTEXT(0), &outer) ||
	    !rv_der_take_all(outer, RV_DER_SEQUENCE, &list) ||
	    !read_offer(list, &offer))
		return malformed("SPNEGO without a list of mechanisms");
	if (!take_optional(&seq, 1, RV_DER_BIT_STRING, &unused) ||
	    !take_optional(&seq, 2, RV_DER_OCTETS, &token) ||
	    !take_optional(&seq, 3, RV_DER_OCTETS, &unused) || seq.n != 0)
		return malformed("the NegTokenInit has a field that it cannot");
	return judge_offer(&offer, token);
}

struct rv_spnego_look
rv_spnego_look(struct rv_slice token)
{
	struct rv_slice in, oid;

	if (token.n == 0)
		return malformed("the token is empty");
	if (token.n > RV_NEGOTIATE_TOKEN_MAX)
		return malformed("the token is too long");
	if (rv_slice_has_prefix(token, NTLM_SIGNATURE))
		return refuse(RV_REFUSED_NTLM, "a bare NTLM token");
	if (rv_der_is_at(token, RV_DER_CONTEXT(1)))
		return refuse(RV_REFUSED_UNFINISHED,
		    "a later leg of an exchange that we do not keep");
	if (!rv_der_take_all(token, RV_DER_APPLICATION(0), &in) ||
	    !rv_der_take(&in, RV_DER_OID, &oid))
		return malformed("the token has no GSSAPI frame");
	if (is_krb5(oid))
		return refuse(RV_REFUSED_MECHANISM,
		    "a bare krb5 token: the client must use SPNEGO");
	if (!rv_slice_eq(oid, OID_SPNEGO))
		return refuse(RV_REFUSED_MECHANISM, "not SPNEGO");
	return judge_init(in);
}
