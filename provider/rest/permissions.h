/*
 * SMS_APermission[] as callers send it, as the store's changes take it
 * (sql/migrations/0031_admins.sql).
 */
#ifndef PROVIDER_REST_PERMISSIONS_H
#define PROVIDER_REST_PERMISSIONS_H

#include <jansson.h>

#include "pipeline/exchange.h"

/*
 * Rows {RoleID, RoleName, CategoryID, CategoryName, CategoryTypeID,
 * AssignmentID, ValidFrom, ValidUntil} as the store names these; where says
 * what is read, for the answer.  A new reference; NULL: answered.
 */
json_t *rv_permissions_read(
    struct rv_exchange *x, const json_t *rows, const char *where);

/*
 * Each role by name with each category by name: the three lists of
 * New-CMAdministrativeUser; each may be NULL.  A new reference; NULL:
 * answered.
 */
json_t *rv_permissions_of_names(struct rv_exchange *x, const json_t *roles,
    const json_t *scopes, const json_t *collections);

/*
 * Copies a member of one row, or of the body of an action, under the store's
 * name for it.  Empty texts are as absent ones.  False: answered.
 */
bool rv_permission_take(struct rv_exchange *x, const char *where,
    const char *name, json_t *value, json_t *to);

#endif
