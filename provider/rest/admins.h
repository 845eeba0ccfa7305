/*
 * Administrative users, written over REST.  Who may, and what may be given to
 * whom, is decided in the store (docs/rule.md sections 6 and 7).
 */
#ifndef PROVIDER_REST_ADMINS_H
#define PROVIDER_REST_ADMINS_H

#include <jansson.h>

#include "pipeline/exchange.h"

/* Handlers of routes: admins.c, admins_edit.c, orphans.c. */
void rv_rest_admin_create(struct rv_exchange *x);
void rv_rest_admin_change(struct rv_exchange *x);
void rv_rest_admin_replace(struct rv_exchange *x);
void rv_rest_admin_delete(struct rv_exchange *x);
void rv_rest_admin_add_role(struct rv_exchange *x);
void rv_rest_admin_remove_role(struct rv_exchange *x);
void rv_rest_admin_add_scope(struct rv_exchange *x);
void rv_rest_admin_remove_scope(struct rv_exchange *x);
void rv_rest_admin_add_collection(struct rv_exchange *x);
void rv_rest_admin_remove_collection(struct rv_exchange *x);
void rv_rest_admin_add_principal(struct rv_exchange *x);
void rv_rest_admin_find_orphans(struct rv_exchange *x);

/*
 * What the handlers share.  Each answers itself when it gives NULL or false,
 * and does not finish.
 */

/* Fills the record of an action on administrative users. */
void rv_admins_begin(struct rv_exchange *x, const char *action);
/* The AdminID in the path, as text in the arena. */
const char *rv_admins_key(struct rv_exchange *x);
/* Whether the snapshot lets the caller do this at all: an early refusal. */
bool rv_admins_may(struct rv_exchange *x, const char *operation);

#endif
