/*
 * Connections to one directory, lent to look-ups.
 *
 * They are made by one thread of the pool's own: connecting can hang in
 * places that take no deadline (a silent KDC), and then only that thread
 * hangs, while the look-ups give up in time.  After a failure the pool
 * fails at once for a while, so that a dead directory costs one deadline
 * now and then, not one for each request.
 */
#ifndef AUTH_LDAP_POOL_H
#define AUTH_LDAP_POOL_H

#include "ldap_connection.h"
#include "reeve/base.h"

struct rv_ldap_pool;

/* Look-ups at the same time; further ones wait for their turn. */
#define RV_LDAP_POOL_MAX 16

/* No thread runs and nothing is connected until the first acquire. */
/* The settings outlive the pool. */
RV_MUSTUSE int rv_ldap_pool_new(const struct rv_ldap_settings *settings,
    struct rv_ldap_pool **ret_pool, struct rv_error *e);
/* No connection may be lent.  Waits for an attempt to connect to end. */
void rv_ldap_pool_free(struct rv_ldap_pool **pool);

/*
 * Lends a connection.  Any thread.  RV_ERR_TIMEOUT, or RV_ERR_UNAVAILABLE
 * when the last attempt failed a short while ago.
 */
RV_MUSTUSE int rv_ldap_pool_acquire(struct rv_ldap_pool *pool,
    int64_t deadline_ms, struct rv_ldap **ret_connection, struct rv_error *e);

/*
 * Takes a connection back.  result is what the search on it came to:
 *   RV_OK               it is kept
 *   RV_ERR_UNAVAILABLE  closed, and all idle ones as old with it: the
 *                       server has probably been restarted
 *   RV_ERR_TIMEOUT      the same, and new look-ups fail for a while
 *   another             closed
 */
void rv_ldap_pool_release(struct rv_ldap_pool *pool,
    struct rv_ldap **connection, int result, const struct rv_error *e);

#endif
