/* Administrative users, and approval of what is given to them. */
#include "rest/admins.h"
#include "rest/approvals.h"
#include "rest/routes.h"

#define ADMIN "SMS_Admin"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define CHANGE(verb, where, handler)                                          \
	{                                                                     \
		.method = (verb), .path = where, .access = RV_ACCESS_GUARDED, \
		.type = ADMIN, .operation = "Modify", .body = true,           \
		.bad_media_status = 415, .event = "write",                    \
		.handle = (handler),                                          \
	}
#define REMOVE(where)                                       \
	{                                                   \
		.method = RV_DELETE, .path = where,         \
		.access = RV_ACCESS_GUARDED, .type = ADMIN, \
		.operation = "Remove", .event = "write",    \
		.handle = rv_rest_admin_delete,             \
	}
#define ACTION(class, name, handler) \
	RV_ROUTE_WRITE(              \
	    class "({key})/AdminService." name, ADMIN, "Modify", handler)
/* A class and its entity are written alike. */
#define ADMIN_ROWS(class)                                                    \
	RV_ROUTE_WRITE(class, ADMIN, "Add", rv_rest_admin_create),           \
	    CHANGE(RV_PATCH, class "({key})", rv_rest_admin_change),         \
	    CHANGE(RV_PUT, class "({key})", rv_rest_admin_replace),          \
	    REMOVE(class "({key})"),                                         \
	    ACTION(class, "AddRole", rv_rest_admin_add_role),                \
	    ACTION(class, "RemoveRole", rv_rest_admin_remove_role),          \
	    ACTION(class, "AddScope", rv_rest_admin_add_scope),              \
	    ACTION(class, "RemoveScope", rv_rest_admin_remove_scope),        \
	    ACTION(class, "AddCollection", rv_rest_admin_add_collection),    \
	    ACTION(class, "AddPrincipal", rv_rest_admin_add_principal),      \
	    ACTION(                                                          \
		class, "RemoveCollection", rv_rest_admin_remove_collection), \
	    RV_ROUTE_WRITE(class ".FindOrphans", ADMIN, "Read",              \
		rv_rest_admin_find_orphans)
/* NOLINTEND(bugprone-macro-parentheses) */

/* What waits is approved by whoever may, and taken back by who asked. */
#define APPROVAL_ROWS(class)                                                 \
	RV_ROUTE_WRITE(class "({key})/AdminService.Approve", "RVE_Approval", \
	    "Approve", rv_rest_approval_approve),                            \
	    RV_ROUTE_WRITE(class "({key})/AdminService.Reject",              \
		"RVE_Approval", "Approve", rv_rest_approval_reject)

static const struct rv_route rows[] = {
	ADMIN_ROWS(RV_WMI "SMS_Admin"),
	ADMIN_ROWS(RV_V1 "Admin"),
	APPROVAL_ROWS(RV_WMI "RVE_Approval"),
	APPROVAL_ROWS(RV_V1 "Approval"),
	RV_ROUTE_WRITE("/reeve/v1/site/approval", "SMS_Site",
	    "Set Authentication Level", rv_rest_approval_setting),
	{
	    .method = RV_GET,
	    .path = "/reeve/v1/site/approval",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Site",
	    .operation = "Read",
	    .event = "request",
	    .handle = rv_rest_get_approval_setting,
	},
};

const struct rv_route_table rv_routes_admins = RV_ROUTE_TABLE(rows);
