/*
 * One connection to an LDAP server: GSSAPI bind with a sealed layer, and
 * searches that are complete or fail.
 *
 * Every wait has a deadline on the clock of rv_monotonic_ms().  A
 * connection belongs to one thread at a time.  After a failed search it is
 * of no further use: close it.
 */
#ifndef AUTH_LDAP_CONNECTION_H
#define AUTH_LDAP_CONNECTION_H

#include "ldap_settings.h"
#include "reeve/base.h"

struct rv_ldap;
struct rv_ldap_entry; /* ldap_entry.h; alive during the call-back */

/*
 * Connects to one of the servers and binds; with GSSAPI as the default
 * Kerberos credential of this thread.  pin: the key that its certificate
 * must have, or NULL.  Blocks for about three times timeout_ms at worst, and for the KDC's
 * silence.  RV_ERR_UNAVAILABLE with a text.
 */
RV_MUSTUSE int rv_ldap_open(const struct rv_ldap_settings *settings,
    const char *uri, const char *pin, struct rv_ldap **ret_connection,
    struct rv_error *e);
/* *connection may be NULL and becomes NULL. */
void rv_ldap_close(struct rv_ldap **connection);

/* When it was opened, on the clock of rv_monotonic_ms(). */
int64_t rv_ldap_opened_ms(const struct rv_ldap *connection);

struct rv_ldap_query {
	const char *base;
	bool entry_only; /* the entry base alone; else all below it, too */
	/*
	 * Active Directory: nothing of the other naming contexts, which would
	 * be referrals (DNS zones, the configuration).
	 */
	bool domain_scope;
	const char *filter;
	const char *const *attributes; /* ends with NULL */
};

/* Anything but RV_OK ends the search with that code. */
typedef int rv_ldap_entry_fn(
    void *arg, const struct rv_ldap_entry *entry, struct rv_error *e);

/*
 * Calls fn for each entry of the answer, all pages of it.  A referral, a
 * limit of the server, a partial answer: all are failures.
 *   RV_ERR_UNAVAILABLE  the connection is gone, or the server is busy:
 *                       another connection may do
 *   RV_ERR_TIMEOUT      the deadline passed
 *   RV_ERR_INVALID      the server refused, or the answer is not whole
 */
RV_MUSTUSE int rv_ldap_search(struct rv_ldap *connection,
    const struct rv_ldap_query *query, int64_t deadline_ms,
    rv_ldap_entry_fn *fn, void *arg, struct rv_error *e);

#endif
