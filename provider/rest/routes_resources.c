/* Devices, users and user groups. */
#include "rest/resources.h"
#include "rest/routes.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define REMOVE(where, class, handler)                                         \
	{                                                                     \
		.method = RV_DELETE, .path = where "({key})",                 \
		.access = RV_ACCESS_GUARDED, .type = class,                   \
		.operation = "Delete", .event = "write", .handle = (handler), \
	}
/* A class and its entity are written alike. */
#define BOTH(class, entity, handler)          \
	REMOVE(RV_WMI class, class, handler), \
	    REMOVE(RV_V1 entity, class, handler)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	BOTH("SMS_R_System", "Device", rv_rest_device_delete),
	BOTH("SMS_R_User", "User", rv_rest_user_delete),
	BOTH("SMS_R_UserGroup", "UserGroup", rv_rest_user_group_delete),
	RV_ROUTE_WRITE(RV_WMI "SMS_Site.ImportMachineEntry", "SMS_Site",
	    "Import Computer Entry", rv_rest_machine_import),
};

const struct rv_route_table rv_routes_resources = RV_ROUTE_TABLE(rows);
