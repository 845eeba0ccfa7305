/*
 * The state of an account: what each kind of directory says of it, in one
 * form.
 */
#ifndef AUTH_DIRECTORY_STATE_H
#define AUTH_DIRECTORY_STATE_H

#include "ldap_connection.h"
#include "reeve/base.h"

struct rv_account_state {
	bool disabled, locked, expired;
};

/* What to ask for; ends with NULL. */
#define RV_STATE_ATTRIBUTES                                            \
	"pwdAccountLockedTime", "nsAccountLock", "userAccountControl", \
	    "msDS-User-Account-Control-Computed", "accountExpires"

/*
 * RV_ERR_INVALID, with a text, for a state that cannot be read: it is a
 * failure, not "in order".  now_s: UTC.
 */
RV_MUSTUSE int rv_account_state_read(const struct rv_ldap_entry *entry,
    int64_t now_s, struct rv_account_state *ret, struct rv_error *e);

#endif
