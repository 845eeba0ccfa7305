/* Collections. */
#include "rest/collections.h"
#include "rest/routes.h"

#define ON "SMS_Collection"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define CHANGE(verb, where, handler)                                          \
	{                                                                     \
		.method = (verb), .path = where, .access = RV_ACCESS_GUARDED, \
		.type = ON, .operation = "Modify", .body = true,              \
		.bad_media_status = 415, .event = "write",                    \
		.handle = (handler),                                          \
	}
#define REMOVE(where)                                    \
	{                                                \
		.method = RV_DELETE, .path = where,      \
		.access = RV_ACCESS_GUARDED, .type = ON, \
		.operation = "Delete", .event = "write", \
		.handle = rv_rest_collection_delete,     \
	}
#define ACTION(class, name, handler) \
	RV_ROUTE_WRITE(              \
	    class "({key})/AdminService." name, ON, "Modify", handler)
/* A class and its entity are written alike. */
#define ROWS(class)                                                            \
	RV_ROUTE_WRITE(class, ON, "Create", rv_rest_collection_create),        \
	    CHANGE(RV_PATCH, class "({key})", rv_rest_collection_change),      \
	    CHANGE(RV_PUT, class "({key})", rv_rest_collection_replace),       \
	    REMOVE(class "({key})"),                                           \
	    ACTION(class, "AddMembershipRule", rv_rest_collection_add_rule),   \
	    ACTION(class, "AddMembershipRules", rv_rest_collection_add_rules), \
	    ACTION(                                                            \
		class, "DeleteMembershipRule", rv_rest_collection_drop_rule),  \
	    ACTION(class, "DeleteMembershipRules",                             \
		rv_rest_collection_drop_rules),                                \
	    ACTION(class, "RequestRefresh", rv_rest_collection_refresh)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	ROWS(RV_WMI "SMS_Collection"),
	ROWS(RV_V1 "Collections"),
};

const struct rv_route_table rv_routes_collections = RV_ROUTE_TABLE(rows);
