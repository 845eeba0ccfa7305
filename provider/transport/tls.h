/*
 * The TLS context of the provider, checked before it is used: TLS 1.3, and
 * 1.2 only with ECDHE, AEAD and extended master secret; no resumption, no
 * renegotiation, no compression, no early data; ALPN "http/1.1".
 *
 * Clients are asked for a certificate, under TLS 1.3 alone, once there are
 * authorities to trust.  What is in force can be replaced at any time: each
 * connection keeps what it has begun with.  Any thread.
 */
#ifndef PROVIDER_TRANSPORT_TLS_H
#define PROVIDER_TRANSPORT_TLS_H

#include <openssl/ssl.h>

#include "reeve/base.h"

struct rv_config;
struct rv_tls;
struct rv_trust;

/*
 * "tls-server-end-point:" and the hash of our certificate (RFC 5929
 * section 4); n is 0 when the RFC defines none for its signature.
 */
struct rv_tls_binding {
	char v[96];
	size_t n;
};

/*
 * Reads tls_certificate and tls_key.  RV_ERR_INVALID, with a line for the
 * operator, for a key that others may read, a key that does not match, a
 * certificate out of its dates or too weak (OpenSSL's security level 2),
 * or one without channel bindings where the configuration requires them.
 * Trusts no authority yet.
 */
RV_MUSTUSE int rv_tls_new(const struct rv_config *config,
    struct rv_tls **ret_tls, struct rv_error *e);
/* After the last connection.  *tls may be NULL and becomes NULL. */
void rv_tls_free(struct rv_tls **tls);

/*
 * Reads our certificate and key again, and asks clients for certificates of
 * the authorities in trust, which may be NULL.  On failure everything stays
 * as it was.  Blocks on the disk.
 */
RV_MUSTUSE int rv_tls_reload(struct rv_tls *tls, const struct rv_config *config,
    const struct rv_trust *trust, struct rv_error *e);
/* The same, but our certificate stays; opens no file. */
RV_MUSTUSE int rv_tls_set_trust(
    struct rv_tls *tls, const struct rv_trust *trust, struct rv_error *e);

/*
 * A new server side of a connection; NULL when out of memory.  demanding:
 * the handshake fails without a certificate of the client and below TLS 1.3.
 */
SSL *rv_tls_accept(
    struct rv_tls *tls, bool demanding, struct rv_tls_binding *ret_binding);

/*
 * Whether a finished handshake is good enough: TLS 1.2 must have agreed on
 * the extended master secret (RFC 7627).
 */
bool rv_tls_is_good(SSL *ssl);

/* RFC 9266; false when OpenSSL cannot. */
bool rv_tls_export(SSL *ssl, unsigned char ret_exporter[32]);

/* That of the certificate in force. */
struct rv_tls_binding rv_tls_binding(struct rv_tls *tls);

/*
 * How near the end of our certificate is: 30, 7 or 1 for that many days or
 * fewer, 0 when it has ended, -1 when there is no hurry.
 */
int rv_tls_alarm(struct rv_tls *tls, int64_t now_ms, int64_t *ret_ends_at_ms);

#endif
