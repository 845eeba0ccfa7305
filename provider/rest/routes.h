/*
 * The tables of routes, one for each subject, and what their rows share.
 * provider/pipeline/route.c puts them together.
 */
#ifndef PROVIDER_REST_ROUTES_H
#define PROVIDER_REST_ROUTES_H

#include "pipeline/route.h"

#define RV_ADMIN_SERVICE "/AdminService"
#define RV_WMI		 RV_ADMIN_SERVICE "/wmi/"
#define RV_V1		 RV_ADMIN_SERVICE "/v1.0/"

/* NOLINTBEGIN(bugprone-macro-parentheses): class is a string literal */
#define RV_ROUTE_LIST(class, handler)                                    \
	{                                                                \
		.method = RV_GET, .path = RV_WMI class,                  \
		.access = RV_ACCESS_GUARDED, .type = class,              \
		.operation = "Read", .event = "list", .handle = handler, \
	}
/* Questions: about oneself for everybody, about others with Simulate. */
#define RV_ROUTE_ASK(where, what, handler)                                  \
	{                                                                   \
		.method = RV_POST, .path = where, .access = RV_ACCESS_SELF, \
		.body = true, .bad_media_status = 400, .event = what,       \
		.handle = handler,                                          \
	}
/* Changes of the site's settings. */
#define RV_ROUTE_WRITE(where, on, needs, handler)                              \
	{                                                                      \
		.method = RV_POST, .path = where, .access = RV_ACCESS_GUARDED, \
		.type = on, .operation = needs, .body = true,                  \
		.bad_media_status = 415, .event = "write", .handle = handler,  \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

#define RV_ROUTE_TABLE(rows)                             \
	{                                                \
		(rows), sizeof(rows) / sizeof((rows)[0]) \
	}

extern const struct rv_route_table rv_routes_health;
extern const struct rv_route_table rv_routes_access;
extern const struct rv_route_table rv_routes_admins;
extern const struct rv_route_table rv_routes_session;
extern const struct rv_route_table rv_routes_site;
extern const struct rv_route_table rv_routes_memberships;
extern const struct rv_route_table rv_routes_import;
extern const struct rv_route_table rv_routes_roles;
extern const struct rv_route_table rv_routes_tasks;
extern const struct rv_route_table rv_routes_classes;
extern const struct rv_route_table rv_routes_collections;
extern const struct rv_route_table rv_routes_deployments;
extern const struct rv_route_table rv_routes_objects;
extern const struct rv_route_table rv_routes_folders;
extern const struct rv_route_table rv_routes_metadata;
extern const struct rv_route_table rv_routes_secured;
extern const struct rv_route_table rv_routes_resources;
extern const struct rv_route_table rv_routes_types;
extern const struct rv_route_table rv_routes_batch;
extern const struct rv_route_table rv_routes_openapi;

#endif
