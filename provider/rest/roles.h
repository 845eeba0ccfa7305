/*
 * Changes of security roles and security scopes over REST: what they share.
 * Each reader answers when something is wrong (the exchange is then not
 * finished).
 */
#ifndef PROVIDER_REST_ROLES_H
#define PROVIDER_REST_ROLES_H

#include <jansson.h>

#include "pipeline/exchange.h"
#include "rest/store_write.h"

/* A member of a class that a caller may write. */
struct rv_roles_member {
	const char *name; /* as the class has it */
	const char *arg;  /* what the store calls it; NULL: ignored */
	json_type type;
};

/* "SMS0001R" of ('SMS0001R') in the path, in the arena; NULL: answered. */
const char *rv_roles_key(struct rv_exchange *x);

/*
 * The body, whose members are in the list (ends with a name of NULL), as
 * arguments of a change.  A member of an OData annotation ("@odata.etag") is
 * ignored; one that is not listed is 400 and named.  NULL: answered.  The
 * reference is the caller's.
 */
json_t *rv_roles_args(
    struct rv_exchange *x, const struct rv_roles_member *members);

/*
 * Runs one change and finishes the exchange.  Takes args; NULL: answered
 * already, or out of memory.
 */
void rv_roles_run(struct rv_exchange *x, const char *op, json_t *args,
    rv_write_answer *answer, void *arg);

/*
 * Answers: 201 with Location below /AdminService/wmi/, arg being the name of
 * the class; 204 after a removal.
 */
rv_write_answer rv_roles_created;
rv_write_answer rv_roles_removed;

/* Adds text to an object; false: answered. */
bool rv_roles_set(
    struct rv_exchange *x, json_t *args, const char *member, const char *text);

/* Handlers: roles.c, roles_file.c, roles_compare.c, scopes.c. */
void rv_rest_role_create(struct rv_exchange *x);
void rv_rest_role_change(struct rv_exchange *x);
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
void rv_rest_scope_delete(struct rv_exchange *x);
void rv_rest_scope_delete_moving(struct rv_exchange *x);

#endif
