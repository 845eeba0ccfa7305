/*
 * Deployments.  The power is the half on the collection, as for the first
 * kind of content of a class; the other is Read on the content.
 */
#include "rest/deployments.h"
#include "rest/routes.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define ON(verb, where, needs, has_body, handler)                              \
	{                                                                      \
		.method = (verb), .path = where, .access = RV_ACCESS_GUARDED,  \
		.type = "SMS_Collection", .operation = needs,                  \
		.body = (has_body), .bad_media_status = 415, .event = "write", \
		.handle = (handler),                                           \
	}
#define ROWS(root, class, needs)                                         \
	ON(RV_POST, root class, needs, true, rv_rest_deployment_create), \
	    ON(RV_PATCH, root class "({key})", needs, true,              \
		rv_rest_deployment_change),                              \
	    ON(RV_PUT, root class "({key})", needs, true,                \
		rv_rest_deployment_change),                              \
	    ON(RV_DELETE, root class "({key})", needs, false,            \
		rv_rest_deployment_delete)
/* A class and its entity are written alike. */
#define CLASS(entity, needs) \
	ROWS(RV_WMI, "SMS_" entity, needs), ROWS(RV_V1, entity, needs)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	CLASS("ApplicationAssignment", "Deploy Applications"),
	CLASS("CIAssignment", "Deploy Configuration Items"),
	CLASS("Advertisement", "Deploy Packages"),
	CLASS("ClientSettingsAssignment", "Deploy Client Settings"),
};

const struct rv_route_table rv_routes_deployments = RV_ROUTE_TABLE(rows);
