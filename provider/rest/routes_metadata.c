/* What the two roots of the AdminService say about themselves. */
#include "rest/rest.h"
#include "rest/routes.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): where is a string literal */
#define ROUTE_ABOUT(where, handler)                               \
	{                                                         \
		.method = RV_GET, .path = RV_ADMIN_SERVICE where, \
		.access = RV_ACCESS_SELF, .event = "metadata",    \
		.handle = handler,                                \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	ROUTE_ABOUT("/wmi", rv_rest_service_document),
	ROUTE_ABOUT("/v1.0", rv_rest_service_document),
	ROUTE_ABOUT("/wmi/$metadata", rv_rest_csdl),
	ROUTE_ABOUT("/v1.0/$metadata", rv_rest_csdl),
};

const struct rv_route_table rv_routes_metadata = RV_ROUTE_TABLE(rows);
