/*
 * GET /openapi.json.  The document is the same for everybody, and as long as
 * the registered types are the same: it is made once and kept.
 */
#include "rest/openapi.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/exchange.h"
#include "pipeline/route.h"
#include "reeve/rbac_ask.h"
#include "rest/objects.h"
#include "rest/routes.h"
#include "version.h"

#define DOCUMENT_MAX (16u << 20)

/* ---- Paths ------------------------------------------------------------------------- */

/* All classes with sets: fixed ones, then those of registered types. */
static int
class_at(const struct rv_snapshot *s, struct rv_arena *arena, size_t i,
    const struct rv_class **ret)
{
	size_t n = 0;

	while ((*ret = rv_class_at(n)) != NULL && n < i)
		n++;
	if (*ret != NULL)
		return RV_OK;
	return rv_class_registered_at(s, arena, i - n, ret);
}

/* A path once, in the order of the table of routes. */
static int
add_path(json_t *paths, const char *before, const char *name, const char *after)
{
	json_t *path = json_sprintf("%s%s%s", before, name, after);
	const char *text = json_string_value(path);
	int r = text != NULL ? RV_OK : RV_ERR_NOMEM;

	if (r == RV_OK && json_object_set_new(paths, text, json_null()) != 0)
		r = RV_ERR_NOMEM;
	json_decref(path);
	return r;
}

/* The path of a route for each class: {class} stands in it. */
static int
add_paths_of_classes(const struct rv_snapshot *s, struct rv_arena *arena,
    const char *pattern, json_t *paths)
{
	const char *at = strstr(pattern, "{class}");
	const char *before =
	    rv_arena_printf(arena, "%.*s", (int)(at - pattern), pattern);
	const bool v1 = strncmp(pattern, RV_V1, strlen(RV_V1)) == 0;
	const struct rv_class *class;
	int r = before != NULL ? RV_OK : RV_ERR_NOMEM;

	for (size_t i = 0; r == RV_OK; i++) {
		const char *name;

		r = class_at(s, arena, i, &class);
		if (r != RV_OK)
			break;
		name = v1 ? class->odata.entity : class->odata.name;
		if (class->odata.view != NULL && name != NULL)
			r = add_path(
			    paths, before, name, at + strlen("{class}"));
	}
	return r == RV_ERR_NOTFOUND ? RV_OK : r;
}

/* An object whose members are the paths; NULL: no memory. */
static json_t *
paths_of(const struct rv_snapshot *s, struct rv_arena *arena)
{
	json_t *paths = json_object();
	const struct rv_route *route;
	int r = paths != NULL ? RV_OK : RV_ERR_NOMEM;

	for (size_t i = 0; r == RV_OK && (route = rv_route_at(i)) != NULL; i++)
		if (strstr(route->path, "{class}") != NULL)
			r = add_paths_of_classes(s, arena, route->path, paths);
		else
			r = add_path(paths, route->path, "", "");
	if (r == RV_OK)
		return paths;
	json_decref(paths);
	return NULL;
}

/*
 * The class of a path, NULL where its route has none.  False: the class is
 * not served by the route, as those that are read alone are not written.
 */
static bool
class_of(const struct rv_snapshot *s, struct rv_arena *arena,
    const struct rv_route *route, struct rv_slice name,
    const struct rv_class **ret)
{
	const bool v1 = strncmp(route->path, RV_V1, strlen(RV_V1)) == 0;

	*ret = NULL;
	if (strstr(route->path, "{class}") == NULL)
		return true;
	return rv_class_find(s, arena, name, v1, ret) == RV_OK &&
	       (route->method == RV_GET || rv_objects_are_written(s, *ret));
}

static void
put_operations(const struct rv_snapshot *s, struct rv_arena *arena,
    const char *path, struct rv_buf *out)
{
	static const struct {
		enum rv_method method;
		const char *name;
	} methods[] = { { RV_GET, "get" }, { RV_POST, "post" },
		{ RV_PUT, "put" }, { RV_PATCH, "patch" },
		{ RV_DELETE, "delete" } };
	const char *before = "";

	if (strstr(path, "{key}") != NULL) {
		rv_buf_puts(out, "\"parameters\":[{\"$ref\":"
				 "\"#/components/parameters/key\"}]");
		before = ",";
	}
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct rv_route_params params;
		const struct rv_class *class;
		unsigned allowed;
		const struct rv_route *route = rv_route_find(
		    methods[i].method, rv_slice_of(path), &params, &allowed);

		if (route == NULL ||
		    !class_of(s, arena, route, params.class, &class))
			continue;
		rv_buf_printf(out, "%s\"%s\":", before, methods[i].name);
		rv_openapi_put_operation(out, route, path, class);
		before = ",";
	}
}

static int
put_paths(
    const struct rv_snapshot *s, struct rv_arena *arena, struct rv_buf *out)
{
	json_t *paths = paths_of(s, arena), *value;
	const char *path, *before = "";

	if (paths == NULL)
		return RV_ERR_NOMEM;
	rv_buf_puts(out, ",\"paths\":{");
	json_object_foreach(paths, path, value)
	{
		rv_buf_printf(out, "%s\"%s\":{", before, path);
		put_operations(s, arena, path, out);
		rv_buf_putc(out, '}');
		before = ",";
	}
	rv_buf_putc(out, '}');
	json_decref(paths);
	return RV_OK;
}

/* ---- The document -------------------------------------------------------------------- */

static void
put_info(struct rv_buf *out)
{
	json_t *info = json_copy(rv_openapi_part("info"));

	if (info == NULL || json_object_set_new(info, "version",
				json_string(rv_version())) != 0)
		out->failed = true;
	else
		rv_openapi_put_json(out, info);
	json_decref(info);
}

/* Those of openapi.json, and those of the classes. */
static int
put_schemas(const struct rv_snapshot *s, struct rv_arena *arena,
    json_t *by_hand, struct rv_buf *out)
{
	const struct rv_class *class;
	json_t *value;
	const char *name, *before = "";
	int r;

	rv_buf_putc(out, '{');
	json_object_foreach(by_hand, name, value)
	{
		rv_buf_printf(out, "%s\"%s\":", before, name);
		rv_openapi_put_json(out, value);
		before = ",";
	}
	for (size_t i = 0; (r = class_at(s, arena, i, &class)) == RV_OK; i++)
		rv_openapi_put_class(
		    out, class, rv_objects_are_written(s, class));
	rv_buf_putc(out, '}');
	return r == RV_ERR_NOTFOUND ? RV_OK : r;
}

static int
put_components(
    const struct rv_snapshot *s, struct rv_arena *arena, struct rv_buf *out)
{
	json_t *parts = rv_openapi_part("components"), *value;
	const char *name;
	int r = RV_OK;

	rv_buf_puts(out, ",\"components\":{\"responses\":{");
	rv_openapi_put_responses(out);
	rv_buf_putc(out, '}');
	json_object_foreach(parts, name, value)
	{
		rv_buf_printf(out, ",\"%s\":", name);
		if (strcmp(name, "schemas") == 0)
			r = put_schemas(s, arena, value, out);
		else
			rv_openapi_put_json(out, value);
		if (r != RV_OK)
			break;
	}
	rv_buf_putc(out, '}');
	return r;
}

/* Any one way to sign in is enough. */
static void
put_security(struct rv_buf *out)
{
	json_t *schemes = json_object_get(
		   rv_openapi_part("components"), "securitySchemes"),
	       *value;
	const char *name, *before = ",\"security\":[";

	json_object_foreach(schemes, name, value)
	{
		rv_buf_printf(out, "%s{\"%s\":[]}", before, name);
		before = ",";
	}
	rv_buf_putc(out, ']');
}

int
rv_openapi_put(
    const struct rv_snapshot *s, struct rv_arena *arena, struct rv_buf *out)
{
	int r;

	rv_buf_puts(out, "{\"openapi\":\"3.1.0\",\"info\":");
	put_info(out);
	rv_buf_puts(out, ",\"servers\":[{\"url\":\"/\"}],\"tags\":");
	rv_openapi_put_json(out, rv_openapi_part("tags"));
	put_security(out);
	r = put_paths(s, arena, out);
	if (r == RV_OK)
		r = put_components(s, arena, out);
	rv_buf_putc(out, '}');
	return r == RV_OK && out->failed ? RV_ERR_NOMEM : r;
}

/* ---- Kept ------------------------------------------------------------------------------ */

/* Of all loops; the lock is held while a new one is made. */
static struct {
	pthread_mutex_t lock;
	uint64_t types; /* that it was made of */
	struct rv_buf text;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* FNV-1a */
static void
mix(uint64_t *hash, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*hash = (*hash ^ ((const unsigned char *)bytes)[i]) *
			1099511628211u;
}

/* A number that changes when what is registered changes. */
static uint64_t
types_of(const struct rv_snapshot *s)
{
	uint64_t hash = 14695981039346656037u;
	struct rv_type_facts t;

	for (size_t i = 0; rv_snapshot_type_at(s, i, &t); i++) {
		mix(&hash, &t.object_type_id, sizeof(t.object_type_id));
		mix(&hash, t.sdk_name.p, t.sdk_name.n);
		mix(&hash, "", 1);
		mix(&hash, t.class_name.p, t.class_name.n);
		mix(&hash, &t.secured_by, sizeof(t.secured_by));
	}
	return hash;
}

/* The document in the arena; absent when out of memory. */
static struct rv_slice
document(const struct rv_snapshot *s, struct rv_arena *arena)
{
	const uint64_t types = types_of(s);
	struct rv_slice text = RV_SLICE_NONE;

	(void)pthread_mutex_lock(&kept.lock);
	if (kept.text.n == 0 || kept.types != types) {
		rv_buf_fini(&kept.text);
		rv_buf_init(&kept.text, DOCUMENT_MAX);
		kept.types = types;
		if (rv_openapi_put(s, arena, &kept.text) != RV_OK)
			rv_buf_fini(&kept.text);
	}
	if (kept.text.n > 0) {
		text.p = rv_arena_dup(arena, rv_buf_slice(&kept.text));
		text.n = kept.text.n;
	}
	(void)pthread_mutex_unlock(&kept.lock);
	return text;
}

void
rv_rest_openapi(struct rv_exchange *x)
{
	const struct rv_snapshot *s;
	struct rv_slice text;

	if (rv_exchange_snapshot(x, &s) != RV_OK) {
		rv_exchange_finish(x);
		return;
	}
	text = document(s, x->arena);
	if (text.p == NULL) {
		rv_answer_json(x, 200, NULL);
	} else {
		x->answer.status = 200;
		x->answer.content_type = "application/json";
		x->answer.body = text;
		x->answered = true;
		x->record.outcome = RV_SLICE_LIT("allow");
		x->record.reason = RV_SLICE_LIT("allowed");
	}
	rv_exchange_finish(x);
}
