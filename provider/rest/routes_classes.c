/* The classes of the AdminService: lists, single objects, numbers of them. */
#include "rest/rest.h"
#include "rest/routes.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): where is a string literal */
/* Each needs Read on some object of the class, and shows what one may Read. */
#define READ(where, what, handler)                                            \
	{                                                                     \
		.method = RV_GET, .path = where, .access = RV_ACCESS_GUARDED, \
		.type = "{class}", .operation = "Read", .event = what,        \
		.handle = handler,                                            \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	READ(RV_WMI "{class}", "list", rv_rest_list),
	READ(RV_WMI "{class}/$count", "list", rv_rest_count),
	READ(RV_WMI "{class}({key})", "request", rv_rest_entity),
	READ(RV_V1 "{class}", "list", rv_rest_list),
	READ(RV_V1 "{class}/$count", "list", rv_rest_count),
	READ(RV_V1 "{class}({key})", "request", rv_rest_entity),
};

const struct rv_route_table rv_routes_classes = RV_ROUTE_TABLE(rows);
