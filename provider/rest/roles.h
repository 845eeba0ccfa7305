/*
 * Changes of security roles and security scopes over REST.
 */
#ifndef PROVIDER_REST_ROLES_H
#define PROVIDER_REST_ROLES_H

#include "pipeline/exchange.h"

/* "SMS0001R" of ('SMS0001R') in the path, in the arena; NULL: answered,
 * and not finished. */
const char *rv_roles_key(struct rv_exchange *x);

/* Handlers: roles.c, roles_file.c, roles_compare.c, scopes.c. */
void rv_rest_role_create(struct rv_exchange *x);
void rv_rest_role_change(struct rv_exchange *x);
void rv_rest_role_replace(struct rv_exchange *x);
void rv_rest_role_set_permission(struct rv_exchange *x);
void rv_rest_role_copy(struct rv_exchange *x);
void rv_rest_role_delete(struct rv_exchange *x);
void rv_rest_role_import(struct rv_exchange *x);
void rv_rest_role_export(struct rv_exchange *x);
void rv_rest_role_export_this(struct rv_exchange *x);
void rv_rest_roles_export(struct rv_exchange *x);
void rv_rest_roles_import(struct rv_exchange *x);
void rv_rest_roles_compare(struct rv_exchange *x);
void rv_rest_roles_similar(struct rv_exchange *x);
void rv_rest_scope_create(struct rv_exchange *x);
void rv_rest_scope_change(struct rv_exchange *x);
void rv_rest_scope_replace(struct rv_exchange *x);
void rv_rest_scope_delete(struct rv_exchange *x);
void rv_rest_scope_delete_moving(struct rv_exchange *x);

#endif
