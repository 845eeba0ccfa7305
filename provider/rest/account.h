/*
 * The account that an administrator names for a new administrative user, as
 * something that cannot be taken for another: a principal, and the immutable
 * id that the directory has for it (docs/rule.md section 10).
 */
#ifndef PROVIDER_REST_ACCOUNT_H
#define PROVIDER_REST_ACCOUNT_H

#include "pipeline/exchange.h"

/* All in the arena of the exchange. */
struct rv_account_named {
	const char *principal;	/* krb5:alice@LAB.TEST, group:ID, cert:..., */
	const char *account_id; /* NULL: the directory does not know it */
	const char *logon_name, *display_name, *dn; /* "" for none */
	bool is_group;
};

typedef void rv_account_resolved(
    struct rv_exchange *x, const struct rv_account_named *account, void *arg);

/*
 * Finds out who `name` is: a principal of ours with its prefix (krb5:, cert:,
 * oidc:, sid:, group:), LAB\alice, alice@lab.test, S-1-5-..., a DN, or a bare
 * name.  Calls then(), in this turn or a later one; else answers and
 * finishes the exchange: 400 unknown_account, 409 ambiguous_account with
 * all that match, 503 directory_unavailable (31243).  The arguments live as
 * long as the exchange.
 */
void rv_account_resolve(struct rv_exchange *x, const char *name,
    rv_account_resolved *then, void *arg);

#endif
