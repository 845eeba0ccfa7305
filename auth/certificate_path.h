/*
 * The path from a client's certificate to an authority of ours (RFC 5280
 * section 6), by OpenSSL, with what OpenSSL does not ask for by itself.
 */
#ifndef AUTH_CERTIFICATE_PATH_H
#define AUTH_CERTIFICATE_PATH_H

#include "trust.h"

/* Intermediates between the certificate and the authority. */
#define RV_PATH_DEPTH 3
/* Certificates that a caller may send besides its own. */
#define RV_PATH_SENT 8

struct rv_path {
	const struct rv_trusted *authority; /* borrowed from the trust */
	STACK_OF(X509) * chain;	  /* the leaf first, the authority last */
	struct rv_texts policies; /* valid for the whole path */
	int64_t expires_at_ms;	  /* of its certificates and CRLs */
};
void rv_path_fini(struct rv_path *path);

/*
 * Builds and verifies it at now.  Of several authorities the nearest to the
 * certificate is the one that speaks for it.  A refusal leaves *ret_path
 * empty.
 */
enum rv_auth_refusal rv_path_find(const struct rv_trust *trust, X509 *leaf,
    STACK_OF(X509) * sent, int64_t now_ms, struct rv_path *ret_path,
    char detail[256]);

#endif
