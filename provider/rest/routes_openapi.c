/* What the service says of its own interface. */
#include "rest/openapi.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	{
	    .method = RV_GET,
	    .path = "/openapi.json",
	    .access = RV_ACCESS_SELF,
	    .event = "metadata",
	    .handle = rv_rest_openapi,
	},
};

const struct rv_route_table rv_routes_openapi = RV_ROUTE_TABLE(rows);
