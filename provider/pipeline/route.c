#include "pipeline/route.h"

#include <string.h>

#include "pipeline/exchange.h"
#include "rest/routes.h"

/* The first table that has a path for a method has it. */
static const struct rv_route_table *const tables[] = {
	&rv_routes_health,
	&rv_routes_access,
	&rv_routes_admins,
	&rv_routes_session,
	&rv_routes_site,
	&rv_routes_memberships,
	&rv_routes_import,
	&rv_routes_roles,
	&rv_routes_tasks,
	&rv_routes_collections,
	&rv_routes_folders,
	&rv_routes_resources,
	&rv_routes_deployments,
	&rv_routes_classes,
	&rv_routes_objects,
	&rv_routes_metadata,
	&rv_routes_secured,
	&rv_routes_types,
	&rv_routes_batch,
	&rv_routes_openapi,
};

const struct rv_route *
rv_route_at(size_t i)
{
	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		if (i < tables[t]->n)
			return &tables[t]->rows[i];
		i -= tables[t]->n;
	}
	return NULL;
}

/* ---- Paths ------------------------------------------------------------------- */

static bool
below_admin_service(struct rv_slice path)
{
	struct rv_slice prefix = RV_SLICE_LIT(RV_ADMIN_SERVICE);

	if (path.n < prefix.n || (path.n > prefix.n && path.p[prefix.n] != '/'))
		return false;
	return rv_slice_ieq((struct rv_slice){ path.p, prefix.n }, prefix);
}

/* How much of s a parameter takes: a key up to the last parenthesis of its
 * segment, a name up to what cannot be in one. */
static size_t
span_of(struct rv_slice name, struct rv_slice s)
{
	const char *slash = memchr(s.p, '/', s.n);
	const size_t segment = slash != NULL ? (size_t)(slash - s.p) : s.n;
	size_t n = 0;

	if (rv_slice_eq(name, RV_SLICE_LIT("key"))) {
		for (n = segment; n > 0 && s.p[n - 1] != ')';)
			n--;
		return n > 0 ? n - 1 : 0;
	}
	while (n < segment && s.p[n] != '(' && s.p[n] != '.' && s.p[n] != '$')
		n++;
	return n;
}

static void
take(struct rv_slice name, struct rv_slice value, struct rv_route_params *ret)
{
	if (rv_slice_eq(name, RV_SLICE_LIT("key")))
		ret->key = value;
	else
		ret->class = value;
}

static struct rv_slice
rest_of(struct rv_slice s, size_t n)
{
	return (struct rv_slice){ s.p + n, s.n - n };
}

/* pattern has parameters: literal, {name}, literal, ... */
static bool
pattern_matches(
    struct rv_slice pattern, struct rv_slice path, struct rv_route_params *ret)
{
	while (pattern.n > 0) {
		const char *open = memchr(pattern.p, '{', pattern.n);
		size_t n =
		    open != NULL ? (size_t)(open - pattern.p) : pattern.n;
		struct rv_slice name;

		if (path.n < n ||
		    !rv_slice_ieq((struct rv_slice){ pattern.p, n },
			(struct rv_slice){ path.p, n }))
			return false;
		pattern = rest_of(pattern, n);
		path = rest_of(path, n);
		if (open == NULL)
			break;
		n = (size_t)((const char *)memchr(open, '}', pattern.n) - open);
		name = (struct rv_slice){ open + 1, n - 1 };
		pattern = rest_of(pattern, n + 1);
		n = span_of(name, path);
		if (n == 0)
			return false;
		take(name, (struct rv_slice){ path.p, n }, ret);
		path = rest_of(path, n);
	}
	return path.n == 0;
}

static bool
path_matches(const struct rv_route *route, struct rv_slice path,
    struct rv_route_params *ret)
{
	struct rv_slice mine = rv_slice_of(route->path);

	if (below_admin_service(mine))
		return pattern_matches(mine, path, ret);
	return rv_slice_eq(mine, path);
}

static bool
has_params(const struct rv_route *route)
{
	return strchr(route->path, '{') != NULL;
}

/* Exact paths come before patterns, a {key} before a {class}. */
static unsigned
rank(const struct rv_route *route)
{
	return has_params(route) +
	       2u * (strstr(route->path, "{class}") != NULL);
}

const struct rv_route *
rv_route_find(enum rv_method method, struct rv_slice path,
    struct rv_route_params *ret_params, unsigned *ret_allowed)
{
	const struct rv_route *found = NULL, *route;
	unsigned allowed = 0;

	*ret_params = (struct rv_route_params){ .key = RV_SLICE_NONE };
	/* HEAD is GET without the bytes (RFC 9110 section 9.3.2). */
	if (method == RV_HEAD)
		method = RV_GET;
	for (size_t i = 0; (route = rv_route_at(i)) != NULL; i++) {
		struct rv_route_params params = { .key = RV_SLICE_NONE };

		if (!path_matches(route, path, &params))
			continue;
		allowed |= 1u << route->method;
		if (route->method == RV_GET)
			allowed |= 1u << RV_HEAD;
		if (route->method != method ||
		    (found != NULL && rank(found) <= rank(route)))
			continue;
		found = route;
		*ret_params = params;
	}
	*ret_allowed = allowed;
	return found;
}

/* ---- The whole table ------------------------------------------------------------ */

unsigned
rv_routes_methods(void)
{
	unsigned methods = 1u << RV_HEAD;
	const struct rv_route *route;

	for (size_t i = 0; (route = rv_route_at(i)) != NULL; i++)
		methods |= 1u << route->method;
	return methods;
}

enum rv_error_form
rv_route_error_form(struct rv_slice path)
{
	return below_admin_service(path) ? RV_FORM_ODATA : RV_FORM_PROBLEM;
}

static bool
is_complete(const struct rv_route *r)
{
	const bool power = r->access == RV_ACCESS_OPEN ||
			   r->access == RV_ACCESS_SELF ||
			   (r->access == RV_ACCESS_GUARDED && r->type != NULL &&
			       r->operation != NULL);

	return power && r->path != NULL && r->handle != NULL &&
	       r->event != NULL && (!r->body || r->bad_media_status != 0);
}

int
rv_routes_validate(struct rv_error *e)
{
	const struct rv_route *r;

	for (size_t i = 0; (r = rv_route_at(i)) != NULL; i++) {
		if (is_complete(r))
			continue;
		rv_error_set(e,
		    "the route %s %s is not complete: it needs a power, a "
		    "handler and an event",
		    rv_method_name(r->method),
		    r->path != NULL ? r->path : "(no path)");
		return RV_ERR_INTERNAL;
	}
	return RV_OK;
}

void
rv_routes_print(FILE *out)
{
	const struct rv_route *r;

	for (size_t i = 0; (r = rv_route_at(i)) != NULL; i++) {
		(void)fprintf(
		    out, "%s\t%s\t", rv_method_name(r->method), r->path);
		if (r->access == RV_ACCESS_GUARDED)
			(void)fprintf(out, "%s: %s\n", r->type, r->operation);
		else
			(void)fprintf(out, "%s\n",
			    r->access == RV_ACCESS_OPEN ? "open" : "self");
	}
}
