/*
 * Proofs of possession (RFC 9449): a JWS over this request, signed with the
 * key that the token is bound to, and used once.
 */
#ifndef AUTH_DPOP_H
#define AUTH_DPOP_H

#include "jwk.h"
#include "reeve/auth_token.h"

/* How old a proof may be, and how far ahead its clock. */
#define RV_DPOP_AGE_MS	 60000
#define RV_DPOP_AHEAD_MS 60000
/* Proofs remembered in one span of time; beyond them none is accepted. */
#define RV_DPOP_PROOFS_MAX 262144u

/* The proofs that have been used; counted, all threads. */
struct rv_dpop_memory;
RV_MUSTUSE int rv_dpop_memory_new(
    size_t max, struct rv_dpop_memory **ret_memory);
struct rv_dpop_memory *rv_dpop_memory_ref(struct rv_dpop_memory *memory);
/* *memory may be NULL and becomes NULL. */
void rv_dpop_memory_unref(struct rv_dpop_memory **memory);

/*
 * Judges the proof of a request whose token has been judged: form, key,
 * signature, method, URL, time, token, thumbprint == jkt (base64url, as the
 * token has it); then whether it was used before.  Says in detail why not.
 */
enum rv_auth_refusal rv_dpop_judge(struct rv_dpop_memory *memory,
    const struct rv_token_request *request, struct rv_slice jkt,
    char detail[256]);

#endif
