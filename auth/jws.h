/*
 * JWS in its compact form (RFC 7515): taken apart, not yet believed.  Three
 * algorithms, no encryption, nothing that a header could switch on.
 */
#ifndef AUTH_JWS_H
#define AUTH_JWS_H

#include <jansson.h>

#include "reeve/auth_evidence.h"

/* An RSA key of 8192 bits signs this much. */
#define RV_JWS_SIGNATURE_MAX 1024

enum rv_jws_alg {
	RV_JWS_NO_ALG = 0,
	RV_JWS_RS256,
	RV_JWS_PS256,
	RV_JWS_ES256,
};
#define RV_JWS_N_ALGS 4

/* RV_JWS_NO_ALG for every other text; case counts. */
enum rv_jws_alg rv_jws_alg_of(struct rv_slice name);
/* "RS256", ...; "none of ours". */
const char *rv_jws_alg_name(enum rv_jws_alg alg);

/* Owned by the caller; the slice borrows from the token. */
struct rv_jws {
	json_t *header, *payload; /* objects */
	enum rv_jws_alg alg;
	struct rv_slice signed_part; /* header.payload, as it was sent */
	unsigned char signature[RV_JWS_SIGNATURE_MAX];
	size_t n_signature;
};

/*
 * Takes a token apart: three parts, strict base64url, strict JSON, an
 * algorithm of ours, no `crit`, no `zip`, no `enc`.  Says in detail why not;
 * *ret is then empty.
 */
enum rv_auth_refusal rv_jws_parse(
    struct rv_slice token, struct rv_jws *ret, char detail[256]);
void rv_jws_fini(struct rv_jws *jws);

/*
 * The payload alone of something with the form of a token, not verified:
 * to find out who claims to have issued it.  NULL when it has none.
 */
json_t *rv_jws_peek(struct rv_slice token);

/* Strict JSON of at most 32 levels; NULL: it is none. */
json_t *rv_jws_json(struct rv_slice text);
/* The text of a member; absent when it is none or no text. */
struct rv_slice rv_jws_text(const json_t *object, const char *member);

/* Text of a peer for the operator: cut, and only what is printable. */
struct rv_jws_quoted {
	char text[80];
};
struct rv_jws_quoted rv_jws_quote(struct rv_slice text);

/* Writes the detail and returns the refusal. */
enum rv_auth_refusal rv_jws_refuse(char detail[256],
    enum rv_auth_refusal refusal, const char *fmt, ...) RV_PRINTF(3, 4);

#endif
