/*
 * What the directory said of whom, for a while: so that a sign-in does not
 * cost a round of searches each time.  Only whole answers about accounts in
 * good order are kept, and none is replaced by less.  All threads.
 */
#ifndef AUTH_DIRECTORY_CACHE_H
#define AUTH_DIRECTORY_CACHE_H

#include "reeve/auth_directory.h"

struct rv_directory_cache;

/* max people, for ms each. */
RV_MUSTUSE int rv_directory_cache_new(
    size_t max, int64_t ms, struct rv_directory_cache **ret_cache);
/* *cache may be NULL and becomes NULL. */
void rv_directory_cache_free(struct rv_directory_cache **cache);

/* Takes a copy of an account that is known; without memory, nothing. */
void rv_directory_cache_put(struct rv_directory_cache *cache, const char *who,
    const struct rv_account *account);
/* A copy, if it is there and not too old; the caller gives it up. */
RV_MUSTUSE bool rv_directory_cache_get(struct rv_directory_cache *cache,
    const char *who, struct rv_account *ret_account);

#endif
