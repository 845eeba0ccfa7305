/* Questions: OpenID AuthZEN, and what Reeve answers beside it. */
#include "rest/rest.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	RV_ROUTE_ASK("/access/v1/evaluation", "decision", rv_rest_evaluation),
	RV_ROUTE_ASK("/access/v1/evaluations", "decision", rv_rest_evaluations),
	RV_ROUTE_ASK(
	    "/access/v1/search/resource", "list", rv_rest_search_resource),
	{
	    .method = RV_POST,
	    .path = "/access/v1/search/subject",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Admin",
	    .operation = "Simulate",
	    .body = true,
	    .bad_media_status = 400,
	    .event = "list",
	    .handle = rv_rest_search_subject,
	},
	RV_ROUTE_ASK("/access/v1/search/action", "list", rv_rest_search_action),
	{
	    .method = RV_GET,
	    .path = "/.well-known/authzen-configuration",
	    .access = RV_ACCESS_OPEN,
	    .event = "metadata",
	    .handle = rv_rest_metadata,
	},
	RV_ROUTE_ASK("/reeve/v1/explain", "decision", rv_rest_explain),
	RV_ROUTE_ASK("/reeve/v1/pair", "decision", rv_rest_pair),
	{
	    .method = RV_POST,
	    .path = "/reeve/v1/what-if",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Admin",
	    .operation = "Simulate",
	    .body = true,
	    .bad_media_status = 400,
	    .event = "decision",
	    .handle = rv_rest_what_if,
	},
	RV_ROUTE_ASK("/reeve/v1/scope", "list", rv_rest_scope),
	{
	    .method = RV_GET,
	    .path = "/reeve/v1/scope",
	    .access = RV_ACCESS_SELF,
	    .event = "list",
	    .handle = rv_rest_scope,
	},
};

const struct rv_route_table rv_routes_access = RV_ROUTE_TABLE(rows);
