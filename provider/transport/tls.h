/*
 * The TLS context of the provider, checked before it is used: TLS 1.3, and
 * 1.2 only with ECDHE, AEAD and extended master secret; no resumption, no
 * renegotiation, no compression, no early data; ALPN "http/1.1".
 *
 * Immutable once made; any thread.
 */
#ifndef PROVIDER_TRANSPORT_TLS_H
#define PROVIDER_TRANSPORT_TLS_H

#include <openssl/ssl.h>

#include "reeve/base.h"

struct rv_config;
struct rv_tls;

/*
 * Reads tls_certificate and tls_key.  RV_ERR_INVALID, with a line for the
 * operator, for a key that others may read, a key that does not match, a
 * certificate out of its dates or too weak (OpenSSL's security level 2),
 * or one without channel bindings where the configuration requires them.
 */
RV_MUSTUSE int rv_tls_new(const struct rv_config *config,
    struct rv_tls **ret_tls, struct rv_error *e);
/* After the last connection.  *tls may be NULL and becomes NULL. */
void rv_tls_free(struct rv_tls **tls);

/* A new server side of a connection; NULL when out of memory. */
SSL *rv_tls_accept(const struct rv_tls *tls);

/*
 * Whether a finished handshake is good enough: TLS 1.2 must have agreed on
 * the extended master secret (RFC 7627).
 */
bool rv_tls_is_good(SSL *ssl);

/*
 * "tls-server-end-point:" and the hash of our certificate (RFC 5929
 * section 4); absent when the RFC defines none for its signature.
 */
struct rv_slice rv_tls_binding(const struct rv_tls *tls);

#endif
