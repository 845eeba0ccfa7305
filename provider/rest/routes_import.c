/* A site of Configuration Manager comes over. */
#include "rest/import.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	RV_ROUTE_WRITE("/reeve/v1/import/configmgr", "SMS_Admin", "Add",
	    rv_rest_import_configmgr),
};

const struct rv_route_table rv_routes_import = RV_ROUTE_TABLE(rows);
