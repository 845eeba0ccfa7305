/*
 * The inside of struct rv_trust, for those who judge by it: certificate.c,
 * certificate_path.c, ocsp.c.
 */
#ifndef AUTH_TRUST_H
#define AUTH_TRUST_H

#include <stdatomic.h>

#include "reeve/auth_certificate.h"

struct rv_trusted_crl {
	const char *path;
	X509_CRL *crl;
};

/* One authority with all that its files hold. */
struct rv_trusted {
	struct rv_authority as; /* texts in the arena of the trust */
	X509 *certificate;
	STACK_OF(X509) * chain; /* may be empty */
	struct rv_trusted_crl *crls;
	size_t n_crls;
	X509_STORE *store; /* this authority and its CRLs, nothing else */
};

/* Nothing is added to it once it is made. */
struct rv_trust {
	atomic_size_t refs;
	struct rv_arena *arena;
	STACK_OF(X509_NAME) * names;
	struct rv_trusted *v;
	size_t n;
};

/* UTC milliseconds of a time of a certificate; false when it is malformed. */
bool rv_trust_ms(const ASN1_TIME *time, int64_t *ret_ms);

/* ---- trust_read.c --------------------------------------------------- */

/*
 * Reads the files of one authority into *trusted, whose `as` is set.
 * RV_ERR_INVALID names the file.
 */
RV_MUSTUSE int rv_trusted_read(
    struct rv_trusted *trusted, int64_t now_ms, struct rv_error *e);

#endif
