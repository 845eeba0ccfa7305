/*
 * The certificate of a peer and what it sent with it: a counted copy, since
 * a request may outlive its connection.
 */
#ifndef PROVIDER_TRANSPORT_CERTIFIED_H
#define PROVIDER_TRANSPORT_CERTIFIED_H

#include <openssl/ssl.h>

#include "reeve/base.h"

/* Immutable; any thread.  Nothing in it has been judged. */
struct rv_certified {
	X509 *leaf;
	STACK_OF(X509) * untrusted; /* as sent, the leaf apart; may be NULL */
	unsigned char sha256[32];   /* of the leaf's DER (RFC 8705) */
	int64_t proved_at_ms;	    /* when the peer proved to have its key */
	/* RFC 4514, cut off; for the log alone: the peer chose it */
	char subject[256];
};

/*
 * Of a finished handshake; *ret_certified is NULL when the peer has sent no
 * certificate.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_certified_new(
    SSL *ssl, int64_t now_ms, const struct rv_certified **ret_certified);

const struct rv_certified *rv_certified_ref(
    const struct rv_certified *certified);
/* *certified may be NULL and becomes NULL. */
void rv_certified_unref(const struct rv_certified **certified);

#endif
