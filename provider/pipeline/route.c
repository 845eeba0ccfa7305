#include "pipeline/route.h"

#include "pipeline/exchange.h"
#include "rest/rest.h"

#define ADMIN_SERVICE "/AdminService"
#define WMI	      ADMIN_SERVICE "/wmi/"

/* NOLINTBEGIN(bugprone-macro-parentheses): class is a string literal */
#define LIST(class, handler)                                             \
	{                                                                \
		.method = RV_GET, .path = WMI class,                     \
		.access = RV_ACCESS_GUARDED, .type = class,              \
		.operation = "Read", .event = "list", .handle = handler, \
	}
/* Questions: about oneself for everybody, about others with Simulate. */
#define ASK(where, what, handler)                                           \
	{                                                                   \
		.method = RV_POST, .path = where, .access = RV_ACCESS_SELF, \
		.body = true, .bad_media_status = 400, .event = what,       \
		.handle = handler,                                          \
	}
/* Changes of the site's settings. */
#define WRITE(where, on, needs, handler)                                       \
	{                                                                      \
		.method = RV_POST, .path = where, .access = RV_ACCESS_GUARDED, \
		.type = on, .operation = needs, .body = true,                  \
		.bad_media_status = 415, .event = "write", .handle = handler,  \
	}
/* NOLINTEND(bugprone-macro-parentheses) */
#define SET_LEVEL "Set Authentication Level"

const struct rv_route rv_routes[] = {
	{
	    .method = RV_GET,
	    .path = "/healthz",
	    .access = RV_ACCESS_OPEN,
	    .event = "health",
	    .handle = rv_rest_healthz,
	},
	{
	    .method = RV_GET,
	    .path = "/readyz",
	    .access = RV_ACCESS_OPEN,
	    .event = "health",
	    .handle = rv_rest_readyz,
	},
	{
	    .method = RV_GET,
	    .path = "/version",
	    .access = RV_ACCESS_OPEN,
	    .event = "health",
	    .handle = rv_rest_version,
	},
	ASK("/access/v1/evaluation", "decision", rv_rest_evaluation),
	ASK("/access/v1/evaluations", "decision", rv_rest_evaluations),
	ASK("/access/v1/search/resource", "list", rv_rest_search_resource),
	{
	    .method = RV_POST,
	    .path = "/access/v1/search/subject",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Admin",
	    .operation = "Simulate",
	    .body = true,
	    .bad_media_status = 400,
	    .event = "list",
	    .handle = rv_rest_search_subject,
	},
	ASK("/access/v1/search/action", "list", rv_rest_search_action),
	{
	    .method = RV_GET,
	    .path = "/.well-known/authzen-configuration",
	    .access = RV_ACCESS_OPEN,
	    .event = "metadata",
	    .handle = rv_rest_metadata,
	},
	ASK("/reeve/v1/explain", "decision", rv_rest_explain),
	ASK("/reeve/v1/pair", "decision", rv_rest_pair),
	{
	    .method = RV_POST,
	    .path = "/reeve/v1/what-if",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Admin",
	    .operation = "Simulate",
	    .body = true,
	    .bad_media_status = 400,
	    .event = "decision",
	    .handle = rv_rest_what_if,
	},
	ASK("/reeve/v1/scope", "list", rv_rest_scope),
	{
	    .method = RV_GET,
	    .path = "/reeve/v1/scope",
	    .access = RV_ACCESS_SELF,
	    .event = "list",
	    .handle = rv_rest_scope,
	},
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
	LIST("SMS_Admin", rv_rest_list),
	LIST("SMS_Role", rv_rest_list),
	LIST("SMS_SecuredCategory", rv_rest_list),
	LIST("SMS_Collection", rv_rest_list),
	LIST("SMS_R_System", rv_rest_list),
	LIST("SMS_Application", rv_rest_list),
	{
	    .method = RV_POST,
	    .path = WMI "SMS_SecuredCategoryMembership.AddMemberships",
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
	    .path = WMI "SMS_SecuredCategoryMembership.RemoveMemberships",
	    .access = RV_ACCESS_GUARDED,
	    .type = "*",
	    .operation = "Set Security Scope",
	    .body = true,
	    .bad_media_status = 415,
	    .event = "write",
	    .handle = rv_rest_remove_memberships,
	},
	WRITE(WMI "SMS_Site.SetAuthenticationLevel", "SMS_Site", SET_LEVEL,
	    rv_rest_set_level),
	{
	    .method = RV_GET,
	    .path = WMI "SMS_Site.GetAuthenticationLevel",
	    .access = RV_ACCESS_GUARDED,
	    .type = "SMS_Site",
	    .operation = "Read",
	    .event = "request",
	    .handle = rv_rest_get_level,
	},
	WRITE("/reeve/v1/site/max-auth-age", "SMS_Site", SET_LEVEL,
	    rv_rest_max_auth_age),
	WRITE("/reeve/v1/site/role-minimum", "SMS_Site", SET_LEVEL,
	    rv_rest_role_minimum),
	WRITE("/reeve/v1/site/operation-minimum", "SMS_Site", SET_LEVEL,
	    rv_rest_operation_minimum),
	WRITE("/reeve/v1/principals/add", "SMS_Admin", "Modify",
	    rv_rest_principal_add),
	WRITE("/reeve/v1/principals/remove", "SMS_Admin", "Modify",
	    rv_rest_principal_remove),
};
const size_t rv_n_routes = sizeof(rv_routes) / sizeof(rv_routes[0]);

static bool
below_admin_service(struct rv_slice path)
{
	struct rv_slice prefix = RV_SLICE_LIT(ADMIN_SERVICE);

	if (path.n < prefix.n || (path.n > prefix.n && path.p[prefix.n] != '/'))
		return false;
	return rv_slice_ieq((struct rv_slice){ path.p, prefix.n }, prefix);
}

static bool
path_matches(const struct rv_route *route, struct rv_slice path)
{
	struct rv_slice mine = rv_slice_of(route->path);

	if (below_admin_service(mine))
		return rv_slice_ieq(mine, path);
	return rv_slice_eq(mine, path);
}

const struct rv_route *
rv_route_find(
    enum rv_method method, struct rv_slice path, unsigned *ret_allowed)
{
	const struct rv_route *found = NULL;
	unsigned allowed = 0;

	/* HEAD is GET without the bytes (RFC 9110 section 9.3.2). */
	if (method == RV_HEAD)
		method = RV_GET;
	for (size_t i = 0; i < rv_n_routes; i++) {
		if (!path_matches(&rv_routes[i], path))
			continue;
		allowed |= 1u << rv_routes[i].method;
		if (rv_routes[i].method == RV_GET)
			allowed |= 1u << RV_HEAD;
		if (rv_routes[i].method == method)
			found = &rv_routes[i];
	}
	*ret_allowed = allowed;
	return found;
}

unsigned
rv_routes_methods(void)
{
	unsigned methods = 1u << RV_HEAD;

	for (size_t i = 0; i < rv_n_routes; i++)
		methods |= 1u << rv_routes[i].method;
	return methods;
}

enum rv_error_form
rv_route_error_form(struct rv_slice path)
{
	return below_admin_service(path) ? RV_FORM_ODATA : RV_FORM_PROBLEM;
}

int
rv_routes_validate(struct rv_error *e)
{
	for (size_t i = 0; i < rv_n_routes; i++) {
		const struct rv_route *r = &rv_routes[i];
		bool power = r->access == RV_ACCESS_OPEN ||
			     r->access == RV_ACCESS_SELF ||
			     (r->access == RV_ACCESS_GUARDED &&
				 r->type != NULL && r->operation != NULL);

		if (!power || r->handle == NULL || r->event == NULL ||
		    (r->body && r->bad_media_status == 0)) {
			rv_error_set(e,
			    "the route %s %s is not complete: it needs a "
			    "power, a handler and an event",
			    rv_method_name(r->method),
			    r->path != NULL ? r->path : "(no path)");
			return RV_ERR_INTERNAL;
		}
	}
	return RV_OK;
}

void
rv_routes_print(FILE *out)
{
	for (size_t i = 0; i < rv_n_routes; i++) {
		const struct rv_route *r = &rv_routes[i];

		(void)fprintf(
		    out, "%s\t%s\t", rv_method_name(r->method), r->path);
		if (r->access == RV_ACCESS_GUARDED)
			(void)fprintf(out, "%s: %s\n", r->type, r->operation);
		else
			(void)fprintf(out, "%s\n",
			    r->access == RV_ACCESS_OPEN ? "open" : "self");
	}
}
