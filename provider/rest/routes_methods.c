/* Methods of classes that only ask. */
#include "rest/rest.h"
#include "rest/routes.h"

#define SECURED RV_WMI "SMS_RbacSecuredObject."

static const struct rv_route rows[] = {
	RV_ROUTE_ASK(SECURED "UserHasPermissions", "decision",
	    rv_rest_user_has_permissions),
	RV_ROUTE_ASK(SECURED "GetCollectionsWithResourcePermissions",
	    "decision", rv_rest_collections_with_permissions),
	RV_ROUTE_ASK(
	    SECURED "GetAvailableScopes", "decision", rv_rest_available_scopes),
	{
	    .method = RV_POST,
	    .path = SECURED "GetUserList",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Admin",
	    .operation = "Simulate",
	    .body = true,
	    .bad_media_status = 415,
	    .event = "decision",
	    .handle = rv_rest_user_list,
	},
};

const struct rv_route_table rv_routes_secured = RV_ROUTE_TABLE(rows);
