/*
 * The first look at a Negotiate token: no byte outside the input is read,
 * and what goes on to GSSAPI is a krb5 token inside the input.  The second
 * look, into the AP-REQ, takes any bytes, too.
 */
#include "reeve/auth.h"

#include "ap_req.h"
#include "spnego.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice token = { (const char *)data, size };
	struct rv_spnego_look look = rv_spnego_look(token);

	struct rv_ap_req_look request = rv_ap_req_look(token);

	RV_ASSERT(
	    (request.detail == NULL) == (request.refusal == RV_REFUSED_NOT));
	if (look.refusal != RV_REFUSED_NOT) {
		RV_ASSERT(look.detail != NULL);
		RV_ASSERT(look.krb5_token.p == NULL);
		return 0;
	}
	RV_ASSERT(size <= RV_NEGOTIATE_TOKEN_MAX);
	RV_ASSERT(look.krb5_token.p > token.p);
	RV_ASSERT(look.krb5_token.n > 0 && look.krb5_token.n < size);
	RV_ASSERT(look.krb5_token.p + look.krb5_token.n <= token.p + size);
	RV_ASSERT((unsigned char)look.krb5_token.p[0] == 0x60);
	request = rv_ap_req_look(look.krb5_token);
	RV_ASSERT(
	    (request.detail == NULL) == (request.refusal == RV_REFUSED_NOT));
	return 0;
}
