#include "ap_req.h"

#include <krb5/krb5.h>

#include "der.h"

/* Of the frame of RFC 2743 section 3.1, and of RFC 4121 section 4.1. */
#define TOKEN_ID_BYTES 2

bool
rv_enctype_is_strong(int enctype)
{
	switch (enctype) {
	case ENCTYPE_AES128_CTS_HMAC_SHA1_96:
	case ENCTYPE_AES256_CTS_HMAC_SHA1_96:
	case ENCTYPE_AES128_CTS_HMAC_SHA256_128:
	case ENCTYPE_AES256_CTS_HMAC_SHA384_192:
	case ENCTYPE_CAMELLIA128_CTS_CMAC:
	case ENCTYPE_CAMELLIA256_CTS_CMAC:
		return true;
	default:
		return false;
	}
}

/*
 * EncryptedData, SEQUENCE { [0] INTEGER, ... }.  All types that we take are
 * numbers of one octet; others are as good as unknown.
 */
static bool
read_enctype(struct rv_slice encrypted, int *ret_enctype)
{
	struct rv_slice seq, outer, number;

	if (!rv_der_take_all(encrypted, RV_DER_SEQUENCE, &seq) ||
	    !rv_der_take(&seq, RV_DER_CONTEXT(0), &outer) ||
	    !rv_der_take_all(outer, RV_DER_INTEGER, &number) || number.n == 0)
		return false;
	*ret_enctype = number.n == 1 ? (signed char)number.p[0] : 0;
	return true;
}

/* Ticket, [APPLICATION 1] SEQUENCE { [0], [1], [2], [3] EncryptedData }. */
static bool
read_ticket(struct rv_slice ticket, int *ret_enctype)
{
	struct rv_slice in, seq, field;

	if (!rv_der_take_all(ticket, RV_DER_APPLICATION(1), &in) ||
	    !rv_der_take_all(in, RV_DER_SEQUENCE, &seq))
		return false;
	for (unsigned char i = 0; i < 3; i++)
		if (!rv_der_take(&seq, RV_DER_CONTEXT(i), &field))
			return false;
	return rv_der_take(&seq, RV_DER_CONTEXT(3), &field) &&
	       read_enctype(field, ret_enctype);
}

/*
 * AP-REQ, [APPLICATION 14] SEQUENCE { [0] version, [1] type, [2] options,
 *     [3] Ticket, [4] EncryptedData }
 */
static bool
read_request(struct rv_slice request, int *ret_ticket, int *ret_session)
{
	struct rv_slice in, seq, field;

	if (!rv_der_take_all(request, RV_DER_APPLICATION(14), &in) ||
	    !rv_der_take_all(in, RV_DER_SEQUENCE, &seq))
		return false;
	for (unsigned char i = 0; i < 3; i++)
		if (!rv_der_take(&seq, RV_DER_CONTEXT(i), &field))
			return false;
	return rv_der_take(&seq, RV_DER_CONTEXT(3), &field) &&
	       read_ticket(field, ret_ticket) &&
	       rv_der_take(&seq, RV_DER_CONTEXT(4), &field) &&
	       read_enctype(field, ret_session);
}

struct rv_ap_req_look
rv_ap_req_look(struct rv_slice krb5_token)
{
	struct rv_slice in, oid;
	int ticket = 0, session = 0;

	if (!rv_der_take_all(krb5_token, RV_DER_APPLICATION(0), &in) ||
	    !rv_der_take(&in, RV_DER_OID, &oid) || in.n < TOKEN_ID_BYTES ||
	    !read_request((struct rv_slice){ in.p + TOKEN_ID_BYTES,
			      in.n - TOKEN_ID_BYTES },
		&ticket, &session))
		return (struct rv_ap_req_look){ RV_REFUSED_MALFORMED,
			"the AP-REQ is not what RFC 4120 makes it" };
	if (!rv_enctype_is_strong(ticket))
		return (struct rv_ap_req_look){ RV_REFUSED_WEAK,
			"the ticket is sealed with a weak kind of key" };
	if (!rv_enctype_is_strong(session))
		return (struct rv_ap_req_look){ RV_REFUSED_WEAK,
			"the session key is of a weak kind" };
	return (struct rv_ap_req_look){ RV_REFUSED_NOT, NULL };
}
