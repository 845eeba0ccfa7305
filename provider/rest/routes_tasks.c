/* Tasks, what they need, and roles made of them. */
#include "rest/rest.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	{
	    .method = RV_GET,
	    .path = "/reeve/v1/tasks",
	    .access = RV_ACCESS_SELF,
	    .event = "list",
	    .handle = rv_rest_tasks,
	},
	RV_ROUTE_ASK(
	    "/reeve/v1/roles/for-tasks", "request", rv_rest_role_for_tasks),
};

const struct rv_route_table rv_routes_tasks = RV_ROUTE_TABLE(rows);
