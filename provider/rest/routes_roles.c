/* Security roles, security scopes and role files. */
#include "rest/role_signature.h"
#include "rest/roles.h"
#include "rest/routes.h"

#define ROLE  "SMS_Role"
#define SCOPE "SMS_SecuredCategory"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define CHANGE(verb, where, on, needs, handler)                               \
	{                                                                     \
		.method = (verb), .path = where, .access = RV_ACCESS_GUARDED, \
		.type = on, .operation = needs, .body = true,                 \
		.bad_media_status = 415, .event = "write",                    \
		.handle = (handler),                                          \
	}
#define REMOVE(where, on, handler)                                            \
	{                                                                     \
		.method = RV_DELETE, .path = where,                           \
		.access = RV_ACCESS_GUARDED, .type = on,                      \
		.operation = "Delete", .event = "write", .handle = (handler), \
	}
/* A class and its entity are written alike. */
#define ROLE_ROWS(class)                                                      \
	RV_ROUTE_WRITE(class, ROLE, "Create", rv_rest_role_create),           \
	    CHANGE(RV_PATCH, class "({key})", ROLE, "Modify",                 \
		rv_rest_role_change),                                         \
	    CHANGE(RV_PUT, class "({key})", ROLE, "Modify",                   \
		rv_rest_role_replace),                                        \
	    REMOVE(class "({key})", ROLE, rv_rest_role_delete),               \
	    RV_ROUTE_WRITE(class "({key})/AdminService.Copy", ROLE, "Create", \
		rv_rest_role_copy),                                           \
	    RV_ROUTE_WRITE(class "({key})/AdminService.SetPermission", ROLE,  \
		"Modify", rv_rest_role_set_permission),                       \
	    RV_ROUTE_WRITE(class "({key})/AdminService.ExportRole", ROLE,     \
		"Read", rv_rest_role_export_this),                            \
	    RV_ROUTE_WRITE(                                                   \
		class ".ExportRole", ROLE, "Read", rv_rest_role_export),      \
	    RV_ROUTE_WRITE(                                                   \
		class ".ImportRole", ROLE, "Create", rv_rest_role_import)
#define SCOPE_ROWS(class)                                                     \
	RV_ROUTE_WRITE(class, SCOPE, "Create", rv_rest_scope_create),         \
	    CHANGE(RV_PATCH, class "({key})", SCOPE, "Modify",                \
		rv_rest_scope_change),                                        \
	    CHANGE(RV_PUT, class "({key})", SCOPE, "Modify",                  \
		rv_rest_scope_replace),                                       \
	    REMOVE(class "({key})", SCOPE, rv_rest_scope_delete),             \
	    RV_ROUTE_WRITE(class "({key})/AdminService.DeleteAndMove", SCOPE, \
		"Delete", rv_rest_scope_delete_moving)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	ROLE_ROWS(RV_WMI "SMS_Role"),
	ROLE_ROWS(RV_V1 "Role"),
	SCOPE_ROWS(RV_WMI "SMS_SecuredCategory"),
	SCOPE_ROWS(RV_V1 "SecuredCategory"),
	{
	    .method = RV_GET,
	    .path = "/reeve/v1/roles/file-keys",
	    .access = RV_ACCESS_SELF,
	    .event = "list",
	    .handle = rv_rest_role_file_keys,
	},
	RV_ROUTE_WRITE(
	    "/reeve/v1/roles/import", ROLE, "Create", rv_rest_roles_import),
	RV_ROUTE_WRITE(
	    "/reeve/v1/roles/export", ROLE, "Read", rv_rest_roles_export),
	RV_ROUTE_WRITE(
	    "/reeve/v1/roles/compare", ROLE, "Read", rv_rest_roles_compare),
	RV_ROUTE_WRITE(
	    "/reeve/v1/roles/similar", ROLE, "Read", rv_rest_roles_similar),
};

const struct rv_route_table rv_routes_roles = RV_ROUTE_TABLE(rows);
