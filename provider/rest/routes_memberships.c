/* Objects into security scopes, and out of them. */
#include "rest/rest.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	{
	    .method = RV_POST,
	    .path = RV_WMI "SMS_SecuredCategoryMembership.AddMemberships",
	    .access = RV_ACCESS_GUARDED, /* on each object's own type */
	    .type = "*",
	    .operation = "Set Security Scope",
	    .body = true,
	    .bad_media_status = 415,
	    .event = "write",
	    .handle = rv_rest_add_memberships,
	},
	{
	    .method = RV_POST,
	    .path = RV_WMI "SMS_SecuredCategoryMembership.RemoveMemberships",
	    .access = RV_ACCESS_GUARDED,
	    .type = "*",
	    .operation = "Set Security Scope",
	    .body = true,
	    .bad_media_status = 415,
	    .event = "write",
	    .handle = rv_rest_remove_memberships,
	},
};

const struct rv_route_table rv_routes_memberships = RV_ROUTE_TABLE(rows);
