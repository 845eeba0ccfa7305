#include "spnego.h"

/* Identifier octets (X.690 section 8.1.2). */
#define TAG_OCTETS	  0x04
#define TAG_BIT_STRING	  0x03
#define TAG_OID		  0x06
#define TAG_SEQUENCE	  0x30
#define TAG_APPLICATION_0 0x60
#define TAG_CONTEXT(n)	  (0xa0 | (n))

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

static unsigned char
byte_at(struct rv_slice s, size_t i)
{
	return (unsigned char)s.p[i];
}

static void
advance(struct rv_slice *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/*
 * The length octets at the front of *in (X.690 section 8.1.3), the shortest
 * form only, as DER demands (section 10.1).  Three octets are enough for
 * RV_NEGOTIATE_TOKEN_MAX.
 */
static bool
take_length(struct rv_slice *in, size_t *ret_length)
{
	size_t length, octets;

	if (in->n < 1)
		return false;
	length = byte_at(*in, 0);
	advance(in, 1);
	if (length < 0x80) {
		*ret_length = length;
		return true;
	}
	octets = length & 0x7f;
	if (octets < 1 || octets > 3 || in->n < octets)
		return false;
	length = 0;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | byte_at(*in, i);
	if (length < 0x80 || (octets > 1 && length >> 8 * (octets - 1) == 0))
		return false;
	advance(in, octets);
	*ret_length = length;
	return true;
}

/* Takes the element at the front of *in when it has this tag. */
static bool
take(struct rv_slice *in, unsigned char tag, struct rv_slice *ret_contents)
{
	struct rv_slice rest = *in;
	size_t length;

	if (rest.n < 1 || byte_at(rest, 0) != tag)
		return false;
	advance(&rest, 1);
	if (!take_length(&rest, &length) || length > rest.n)
		return false;
	*ret_contents = (struct rv_slice){ rest.p, length };
	advance(&rest, length);
	*in = rest;
	return true;
}

/* The same, and nothing may follow it. */
static bool
take_all(struct rv_slice in, unsigned char tag, struct rv_slice *ret_contents)
{
	return take(&in, tag, ret_contents) && in.n == 0;
}

static bool
is_at(struct rv_slice in, unsigned char tag)
{
	return in.n > 0 && byte_at(in, 0) == tag;
}

/* [n] EXPLICIT around one element with this tag; absent is fine, too. */
static bool
take_optional(struct rv_slice *in, unsigned char n, unsigned char tag,
    struct rv_slice *ret_contents)
{
	struct rv_slice outer;

	*ret_contents = RV_SLICE_NONE;
	if (!is_at(*in, TAG_CONTEXT(n)))
		return true;
	return take(in, TAG_CONTEXT(n), &outer) &&
	       take_all(outer, tag, ret_contents);
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
		    !take(&list, TAG_OID, &oid) || oid.n == 0)
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
	if (!take_all(token, TAG_APPLICATION_0, &in) ||
	    !take(&in, TAG_OID, &oid))
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

	if (!take_all(in, TAG_CONTEXT(0), &outer) ||
	    !take_all(outer, TAG_SEQUENCE, &seq))
		return malformed("SPNEGO without a NegTokenInit");
	if (!take(&seq, TAG_CONTEXT(0), &outer) ||
	    !take_all(outer, TAG_SEQUENCE, &list) || !read_offer(list, &offer))
		return malformed("SPNEGO without a list of mechanisms");
	if (!take_optional(&seq, 1, TAG_BIT_STRING, &unused) ||
	    !take_optional(&seq, 2, TAG_OCTETS, &token) ||
	    !take_optional(&seq, 3, TAG_OCTETS, &unused) || seq.n != 0)
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
	if (is_at(token, TAG_CONTEXT(1)))
		return refuse(RV_REFUSED_UNFINISHED,
		    "a later leg of an exchange that we do not keep");
	if (!take_all(token, TAG_APPLICATION_0, &in) ||
	    !take(&in, TAG_OID, &oid))
		return malformed("the token has no GSSAPI frame");
	if (is_krb5(oid))
		return refuse(RV_REFUSED_MECHANISM,
		    "a bare krb5 token: the client must use SPNEGO");
	if (!rv_slice_eq(oid, OID_SPNEGO))
		return refuse(RV_REFUSED_MECHANISM, "not SPNEGO");
	return judge_init(in);
}
