/*
 * The Kerberos credential with which we ourselves sign in to the
 * directory: from a keytab of its own, with tickets in memory only.
 */
#ifndef AUTH_CLIENT_CREDENTIAL_H
#define AUTH_CLIENT_CREDENTIAL_H

#include "reeve/base.h"

struct rv_client_credential;

/* Does not ask the KDC.  RV_ERR_IO with a text when the keytab is unusable. */
RV_MUSTUSE int rv_client_credential_new(const char *keytab,
    struct rv_client_credential **ret_credential, struct rv_error *e);
void rv_client_credential_free(struct rv_client_credential **credential);

/*
 * Makes it the default of this thread, so that libsasl, which takes no
 * credential from its caller, finds this one and nothing else; no variable
 * of the environment is needed, and other threads do not see it.
 */
RV_MUSTUSE int rv_client_credential_use(
    const struct rv_client_credential *credential, struct rv_error *e);

/*
 * Gets a ticket-granting ticket when there is none, or when it is about to
 * end.  Blocks as long as libkrb5 waits for a KDC, which no deadline of
 * ours shortens.  RV_ERR_UNAVAILABLE with a text.
 */
RV_MUSTUSE int rv_client_credential_refresh(
    struct rv_client_credential *credential, struct rv_error *e);

/* Throws all tickets away; the next refresh starts from the keytab. */
void rv_client_credential_forget(const struct rv_client_credential *credential);

#endif
