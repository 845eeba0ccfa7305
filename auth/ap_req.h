/*
 * A look into the AP-REQ before the library has it: with which kinds of
 * keys the ticket and the authenticator are sealed.  After an accept
 * nothing tells, and a weak key can come into the keytab while we run.
 *
 * Sources: RFC 4120 sections 5.3, 5.5.1 and 5.2.9, RFC 4121 section 4.1.
 */
#ifndef AUTH_AP_REQ_H
#define AUTH_AP_REQ_H

#include "reeve/auth_evidence.h"

struct rv_ap_req_look {
	/* RV_REFUSED_NOT, RV_REFUSED_WEAK, RV_REFUSED_MALFORMED */
	enum rv_auth_refusal refusal;
	const char *detail; /* why not: a literal, else NULL */
};

/*
 * krb5_token is what rv_spnego_look() found: an AP-REQ in its frame.  Pure;
 * any bytes.
 */
struct rv_ap_req_look rv_ap_req_look(struct rv_slice krb5_token);

/* Whether an encryption type is one that we take: AES or Camellia. */
bool rv_enctype_is_strong(int enctype);

#endif
