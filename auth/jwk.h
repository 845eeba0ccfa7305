/*
 * Public keys as JSON (RFC 7517, 7518): one key, ready to verify with, and
 * sets of them as an issuer publishes them.
 */
#ifndef AUTH_JWK_H
#define AUTH_JWK_H

#include <openssl/evp.h>

#include "jws.h"

/* Octets of a key set. */
#define RV_JWK_SET_BYTES_MAX (256u << 10)
#define RV_JWK_SET_KEYS_MAX  64u
#define RV_JWK_KID_MAX	     256u

struct rv_jwk {
	EVP_PKEY *key;
	/* Ready to verify, copied for each use; NULL: not of this key. */
	EVP_PKEY_CTX *ready[RV_JWS_N_ALGS];
	enum rv_jws_alg alg; /* as it says; RV_JWS_NO_ALG: any it can */
	char *kid;	     /* NULL: none */
	char *issuer;	     /* Entra: the iss that it signs for, or NULL */
};

enum rv_jwk_kind {
	RV_JWK_GOOD,
	RV_JWK_OTHER, /* of a kind or for a use that is not ours */
	RV_JWK_BAD,   /* its publisher cannot be trusted with keys */
};

/*
 * Reads one key.  RV_JWK_OTHER: encryption keys, other curves, other kinds.
 * RV_JWK_BAD: symmetric, with its private part, RSA below 2048 or above 8192
 * bits, a point off the curve, malformed.  *e says what is wrong with it.
 */
enum rv_jwk_kind rv_jwk_parse(
    const json_t *object, struct rv_jwk *ret, struct rv_error *e);
void rv_jwk_fini(struct rv_jwk *jwk);
/* SHA-256 thumbprint (RFC 7638); false: no key that has one. */
bool rv_jwk_thumbprint(const json_t *object, unsigned char ret[32]);

/*
 * Whether this key signed these bytes by this algorithm.  False for
 * everything else, failures of our own included.  Any thread.
 */
bool rv_jwk_verify(const struct rv_jwk *jwk, const struct rv_jws *jws);

/* Immutable, counted. */
struct rv_jwk_set;

/*
 * Reads a whole set; one bad key spoils it, since who publishes a symmetric
 * key or a private one is not to be believed about the others.  Keys of other
 * kinds and for encryption are passed over (RFC 7517 section 5).
 * RV_ERR_INVALID or RV_ERR_LIMIT with the reason in *e.
 */
RV_MUSTUSE int rv_jwk_set_parse(
    struct rv_slice text, struct rv_jwk_set **ret_set, struct rv_error *e);
struct rv_jwk_set *rv_jwk_set_ref(struct rv_jwk_set *set);
/* *set may be NULL and becomes NULL. */
void rv_jwk_set_unref(struct rv_jwk_set **set);
size_t rv_jwk_set_size(const struct rv_jwk_set *set);
const struct rv_jwk *rv_jwk_set_at(const struct rv_jwk_set *set, size_t i);
/* The key of that name that can verify the algorithm, or NULL. */
const struct rv_jwk *rv_jwk_set_find(
    const struct rv_jwk_set *set, struct rv_slice kid, enum rv_jws_alg alg);

#endif
