/* Devices, users and user groups. */
#include "rest/resources.h"
#include "rest/routes.h"

/* NOLINTBEGIN(bugprone-macro-parentheses): parts of paths and tables */
#define ON(how, where, class, power, handler)                                \
	{                                                                    \
		.method = (how), .path = where "({key})",                    \
		.access = RV_ACCESS_GUARDED, .type = class,                  \
		.body = (how) == RV_PATCH,                                   \
		.bad_media_status = (how) == RV_PATCH ? 415 : 0,             \
		.operation = (power), .event = "write", .handle = (handler), \
	}
/* A class and its entity are written alike. */
#define BOTH(how, class, entity, power, handler)      \
	ON(how, RV_WMI class, class, power, handler), \
	    ON(how, RV_V1 entity, class, power, handler)
#define WRITES(class, entity, change, remove)            \
	BOTH(RV_PATCH, class, entity, "Modify", change), \
	    BOTH(RV_DELETE, class, entity, "Delete", remove)
/* NOLINTEND(bugprone-macro-parentheses) */

static const struct rv_route rows[] = {
	WRITES("SMS_R_System", "Device", rv_rest_device_change,
	    rv_rest_device_delete),
	WRITES("SMS_R_User", "User", rv_rest_user_change, rv_rest_user_delete),
	WRITES("SMS_R_UserGroup", "UserGroup", rv_rest_user_group_change,
	    rv_rest_user_group_delete),
	RV_ROUTE_WRITE(RV_WMI "SMS_Site.ImportMachineEntry", "SMS_Site",
	    "Import Computer Entry", rv_rest_machine_import),
};

const struct rv_route_table rv_routes_resources = RV_ROUTE_TABLE(rows);
