/*
 * The credentials of the acceptor: the keys of one service out of one
 * keytab, for Kerberos under SPNEGO, and nothing else.
 */
#ifndef AUTH_ACCEPTOR_CREDENTIAL_H
#define AUTH_ACCEPTOR_CREDENTIAL_H

#include <gssapi/gssapi.h>

#include "reeve/auth.h"

struct rv_acceptor_credential {
	/* SPNEGO that may negotiate krb5 only; judges every token. */
	gss_cred_id_t spnego;
	/* The same without a replay cache: acceptor.c says when. */
	gss_cred_id_t spnego_uncached;
	/*
	 * The same keys without SPNEGO, and again without a replay cache.
	 * Used only to learn why a token was refused; what they accept is
	 * thrown away.
	 */
	gss_cred_id_t krb5, krb5_uncached;
	char *keytab; /* its path */
	/* Seconds that the library adds to the end of a ticket. */
	int64_t clock_skew_s;
};

/*
 * Fails with a text when the keytab has no key of the service, or one of an
 * encryption type that is too weak, or when the replay cache cannot be
 * written.  Sets KRB5_KTNAME: call before threads start.
 */
RV_MUSTUSE int rv_acceptor_credential_init(
    const struct rv_acceptor_config *config,
    struct rv_acceptor_credential *ret_credential, struct rv_error *e);
/* Whether the keytab can be read now. */
bool rv_acceptor_credential_has_keytab(
    const struct rv_acceptor_credential *credential);
/* Accepts half-built ones. */
void rv_acceptor_credential_fini(struct rv_acceptor_credential *credential);

#endif
