/*
 * What a token says, judged one claim after the other, in the order of
 * RFC 8725 and 9068; and what of it becomes evidence.
 */
#ifndef AUTH_TOKEN_CLAIMS_H
#define AUTH_TOKEN_CLAIMS_H

#include "issuer.h"

/* A token whose issuer is known; all borrowed. */
struct rv_token_case {
	const struct rv_token_request *request;
	const struct rv_issuer *issuer;
	struct rv_slice tenant; /* that iss stands for; or absent */
	const struct rv_jws *jws;
	struct rv_dpop_memory *proofs;
	char *detail; /* 256 octets */
};

/* typ, before the signature. */
enum rv_auth_refusal rv_token_check_type(const struct rv_token_case *c);
/* All after it but the proof of possession: audience, times, tenant, kind. */
enum rv_auth_refusal rv_token_check_claims(const struct rv_token_case *c);
/*
 * cnf: what the token is bound to has to be proved.  *ret_bound: to the
 * certificate of this connection.
 */
enum rv_auth_refusal rv_token_check_bound(
    const struct rv_token_case *c, bool *ret_bound);

/* Whether it is about an application and not about a person. */
bool rv_token_is_application(const struct rv_token_case *c);
/* The record of what the token proves; after all checks. */
enum rv_auth_refusal rv_token_evidence(
    const struct rv_token_case *c, struct rv_evidence *ret_evidence);

/* A time of a claim in ms; false: it is there and no proper time. */
bool rv_token_time(const struct rv_token_case *c, const char *claim,
    int64_t absent_ms, int64_t *ret_ms);
/* Whether a text, or one of an array of texts, is this. */
bool rv_token_says(const json_t *claim, const char *text);

#endif
