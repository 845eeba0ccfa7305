/* What lies in folders.  Folders themselves: routes_objects.c. */
#include "rest/folders.h"
#include "rest/routes.h"

/* On each object's own type. */
#define MOVE(where) \
	RV_ROUTE_WRITE(where, "*", "Move Object", rv_rest_folder_move)

static const struct rv_route rows[] = {
	MOVE(RV_WMI "SMS_ObjectContainerItem.MoveMembers"),
	MOVE(RV_WMI "SMS_ObjectContainerItem/AdminService.MoveMembers"),
	MOVE(RV_V1 "ObjectContainerItem.MoveMembers"),
	MOVE(RV_V1 "ObjectContainerItem/AdminService.MoveMembers"),
};

const struct rv_route_table rv_routes_folders = RV_ROUTE_TABLE(rows);
