/* Several requests in one. */
#include "rest/batch.h"
#include "rest/routes.h"

/* Each request within is guarded as it is alone. */
static const struct rv_route rows[] = {
	{
	    .method = RV_POST,
	    .path = RV_WMI "$batch",
	    .access = RV_ACCESS_SELF,
	    .body = true,
	    .bad_media_status = 415,
	    .event = "batch",
	    .handle = rv_rest_batch,
	},
	{
	    .method = RV_POST,
	    .path = RV_V1 "$batch",
	    .access = RV_ACCESS_SELF,
	    .body = true,
	    .bad_media_status = 415,
	    .event = "batch",
	    .handle = rv_rest_batch,
	},
};

const struct rv_route_table rv_routes_batch = RV_ROUTE_TABLE(rows);
