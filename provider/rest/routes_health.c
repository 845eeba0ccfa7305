/* Is it alive: what may be asked without signing in. */
#include "rest/rest.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	{
	    .method = RV_GET,
	    .path = "/healthz",
	    .access = RV_ACCESS_OPEN,
	    .event = "health",
	    .handle = rv_rest_healthz,
	},
	{
	    .method = RV_GET,
	    .path = "/readyz",
	    .access = RV_ACCESS_OPEN,
	    .event = "health",
	    .handle = rv_rest_readyz,
	},
	{
	    .method = RV_GET,
	    .path = "/version",
	    .access = RV_ACCESS_OPEN,
	    .event = "health",
	    .handle = rv_rest_version,
	},
};

const struct rv_route_table rv_routes_health = RV_ROUTE_TABLE(rows);
