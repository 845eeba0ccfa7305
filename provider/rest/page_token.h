/*
 * Tokens of server-driven paging: sealed, so that nobody can forge one or
 * use another caller's, and so that they tell nothing.
 */
#ifndef PROVIDER_REST_PAGE_TOKEN_H
#define PROVIDER_REST_PAGE_TOKEN_H

#include "reeve/base.h"

#define RV_PAGE_KEY_SIZE 32

/*
 * A key of the site (lists): a token is good on all of its providers; or of
 * one provider, made at its start (searches): good there until that ends.
 */
struct rv_page_key {
	unsigned char bytes[RV_PAGE_KEY_SIZE];
};

RV_MUSTUSE int rv_page_key_make(struct rv_page_key *ret_key);
/* Of 64 hex digits, as the store gives it; RV_ERR_INVALID. */
RV_MUSTUSE int rv_page_key_read(struct rv_slice hex, struct rv_page_key *ret);

/*
 * Seals where a list stopped.  bound is what must be equal at the next
 * request (caller, class, query).  In the arena, base64url; NULL when out
 * of memory.  AES-256-GCM.
 */
const char *rv_page_token_seal(const struct rv_page_key *key,
    struct rv_arena *arena, struct rv_slice bound, struct rv_slice last);

/* RV_ERR_INVALID for anything that is not such a token of ours. */
RV_MUSTUSE int rv_page_token_open(const struct rv_page_key *key,
    struct rv_arena *arena, struct rv_slice bound, struct rv_slice token,
    struct rv_slice *ret_last);

#endif
