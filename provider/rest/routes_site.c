/* The site's settings, and further principals of administrative users. */
#include "rest/rest.h"
#include "rest/routes.h"

#define SET_LEVEL "Set Authentication Level"

static const struct rv_route rows[] = {
	RV_ROUTE_WRITE(RV_WMI "SMS_Site.SetAuthenticationLevel", "SMS_Site",
	    SET_LEVEL, rv_rest_set_level),
	{
	    .method = RV_GET,
	    .path = RV_WMI "SMS_Site.GetAuthenticationLevel",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Site",
	    .operation = "Read",
	    .event = "request",
	    .handle = rv_rest_get_level,
	},
	RV_ROUTE_WRITE("/reeve/v1/site/max-auth-age", "SMS_Site", SET_LEVEL,
	    rv_rest_max_auth_age),
	RV_ROUTE_WRITE("/reeve/v1/site/role-minimum", "SMS_Site", SET_LEVEL,
	    rv_rest_role_minimum),
	RV_ROUTE_WRITE("/reeve/v1/site/operation-minimum", "SMS_Site",
	    SET_LEVEL, rv_rest_operation_minimum),
	RV_ROUTE_WRITE("/reeve/v1/principals/add", "SMS_Admin", "Modify",
	    rv_rest_principal_add),
	RV_ROUTE_WRITE("/reeve/v1/principals/remove", "SMS_Admin", "Modify",
	    rv_rest_principal_remove),
};

const struct rv_route_table rv_routes_site = RV_ROUTE_TABLE(rows);
