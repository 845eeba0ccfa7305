/* Sessions: one's own, and those of others. */
#include "rest/rest.h"
#include "rest/routes.h"

static const struct rv_route rows[] = {
	{
	    .method = RV_POST,
	    .path = "/reeve/v1/session",
	    .access = RV_ACCESS_SELF,
	    .credential_in_body = true,
	    .bad_media_status = 415,
	    .event = "authentication",
	    .handle = rv_rest_session_begin,
	},
	{
	    .method = RV_GET,
	    .path = "/reeve/v1/session",
	    .access = RV_ACCESS_SELF,
	    .event = "session",
	    .handle = rv_rest_session,
	},
	{
	    .method = RV_DELETE,
	    .path = "/reeve/v1/session",
	    .access = RV_ACCESS_SELF,
	    .event = "session",
	    .handle = rv_rest_session_delete,
	},
	{
	    .method = RV_GET,
	    .path = "/reeve/v1/sessions",
	    .access = RV_ACCESS_GUARDED,
	    .type = "RVE_Session",
	    .operation = "Read",
	    .event = "session",
	    .handle = rv_rest_sessions,
	},
	{
	    .method = RV_POST,
	    .path = "/reeve/v1/sessions/revoke",
	    .access = RV_ACCESS_GUARDED,
	    .type = "RVE_Session",
	    .operation = "Revoke",
	    .body = true,
	    .bad_media_status = 400,
	    .event = "session",
	    .handle = rv_rest_sessions_revoke,
	},
};

const struct rv_route_table rv_routes_session = RV_ROUTE_TABLE(rows);
