/* Object types that applications register. */
#include "rest/routes.h"
#include "rest/types.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define ON(verb, where, needs, has_body, handler)                              \
	{                                                                      \
		.method = (verb), .path = where, .access = RV_ACCESS_GUARDED,  \
		.type = RV_TYPES_CLASS, .operation = needs,                    \
		.body = (has_body), .bad_media_status = 415, .event = "write", \
		.handle = (handler),                                           \
	}
#define LIST(where, on, handler)                                              \
	{                                                                     \
		.method = RV_GET, .path = where, .access = RV_ACCESS_GUARDED, \
		.type = on, .operation = "Read", .event = "list",             \
		.handle = (handler)                                           \
	}
/* A class and its entity are written alike. */
#define ROWS(class)                                                           \
	ON(RV_POST, class, "Create", true, rv_rest_type_create),              \
	    ON(RV_PATCH, class "({key})", "Modify", true,                     \
		rv_rest_type_modify),                                         \
	    ON(RV_PUT, class "({key})", "Modify", true, rv_rest_type_modify), \
	    ON(RV_DELETE, class "({key})", "Delete", false,                   \
		rv_rest_type_delete)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	ROWS(RV_WMI RV_TYPES_CLASS),
	ROWS(RV_V1 "ApplicationType"),
	LIST("/reeve/v1/types", RV_TYPES_CLASS, rv_rest_types),
	LIST("/reeve/v1/types/missing-operations", "SMS_Role",
	    rv_rest_types_missing),
};

const struct rv_route_table rv_routes_types = RV_ROUTE_TABLE(rows);
