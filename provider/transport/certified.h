/*
 * The certificate of a peer and what it sent with it: a counted copy, since
 * a request may outlive its connection.
 */
#ifndef PROVIDER_TRANSPORT_CERTIFIED_H
#define PROVIDER_TRANSPORT_CERTIFIED_H

#include <openssl/x509.h>

#include "reeve/base.h"

/* Immutable; any thread. */
struct rv_certified {
	X509 *leaf;
	STACK_OF(X509) * untrusted; /* as sent, the leaf apart; may be NULL */
	unsigned char sha256[32];   /* of the leaf's DER (RFC 8705) */
	/* of the trust under which the handshake took place, for its log */
	char subject[256];
};

const struct rv_certified *rv_certified_ref(
    const struct rv_certified *certified);
/* *certified may be NULL and becomes NULL. */
void rv_certified_unref(const struct rv_certified **certified);

#endif
