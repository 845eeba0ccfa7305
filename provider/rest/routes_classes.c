/* The classes of the AdminService: lists and single objects. */
#include "rest/rest.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	RV_ROUTE_LIST("SMS_Admin", rv_rest_list),
	RV_ROUTE_LIST("SMS_Role", rv_rest_list),
	RV_ROUTE_LIST("SMS_SecuredCategory", rv_rest_list),
	RV_ROUTE_LIST("SMS_Collection", rv_rest_list),
	RV_ROUTE_LIST("SMS_R_System", rv_rest_list),
	RV_ROUTE_LIST("SMS_Application", rv_rest_list),
};

const struct rv_route_table rv_routes_classes = RV_ROUTE_TABLE(rows);
