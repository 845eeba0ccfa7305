/* Objects of any class of secured objects: made, changed, deleted. */
#include "rest/objects.h"
#include "rest/routes.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define ON(verb, where, needs, has_body, handler)                             \
	{                                                                     \
		.method = (verb), .path = where, .access = RV_ACCESS_GUARDED, \
		.type = "{class}", .operation = needs, .body = (has_body),    \
		.bad_media_status = 415, .event = "write",                    \
		.handle = (handler),                                          \
	}
/* A class and its entity are written alike. */
#define ROWS(root)                                                          \
	ON(RV_POST, root "{class}", "Create", true, rv_rest_object_create), \
	    ON(RV_PATCH, root "{class}({key})", "Modify", true,             \
		rv_rest_object_change),                                     \
	    ON(RV_PUT, root "{class}({key})", "Modify", true,               \
		rv_rest_object_replace),                                    \
	    ON(RV_DELETE, root "{class}({key})", "Delete", false,           \
		rv_rest_object_delete)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	ROWS(RV_WMI),
	ROWS(RV_V1),
};

const struct rv_route_table rv_routes_objects = RV_ROUTE_TABLE(rows);
