/* The provider's own certificate and key, for tls.c. */
#ifndef PROVIDER_TRANSPORT_TLS_OWN_H
#define PROVIDER_TRANSPORT_TLS_OWN_H

#include "transport/tls.h"

/* The word of OpenSSL on what went wrong; never NULL. */
const char *rv_tls_reason(void);
/* For SSL_CTX_set_default_passwd_cb(): there is nobody to ask. */
int rv_tls_no_passphrase(char *buf, int size, int writing, void *arg);

/*
 * Reads tls_certificate and tls_key into the context.  RV_ERR_INVALID or
 * RV_ERR_IO with a line for the operator.
 */
RV_MUSTUSE int rv_tls_use_own(
    SSL_CTX *ctx, const struct rv_config *config, struct rv_error *e);
/* The same certificate, chain and key as another context has. */
RV_MUSTUSE int rv_tls_use_same(
    SSL_CTX *ctx, SSL_CTX *other, struct rv_error *e);
/* The binding of the context's certificate; n is 0 when there is none. */
RV_MUSTUSE int rv_tls_bind(SSL_CTX *ctx, const struct rv_config *config,
    struct rv_tls_binding *ret_binding, struct rv_error *e);

#endif
