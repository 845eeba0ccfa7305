/*
 * What is written by hand of the OpenAPI document: openapi.json, which the
 * program carries with it.
 */
#include <string.h>

#include "pipeline/route.h"
#include "rest/openapi.h"

/* The Makefile makes this anew when the file changes. */
__asm__(".pushsection .rodata\n"
	".global rv_openapi_text\n"
	".global rv_openapi_text_end\n"
	"rv_openapi_text:\n"
	".incbin \"provider/rest/openapi.json\"\n"
	"rv_openapi_text_end:\n"
	".popsection\n");

extern const char rv_openapi_text[], rv_openapi_text_end[];

/* Written once, by rv_openapi_init(), before there are threads. */
static json_t *parts;

json_t *
rv_openapi_part(const char *name)
{
	return json_object_get(parts, name);
}

/* ---- Of a route -------------------------------------------------------------- */

const json_t *
rv_openapi_of(const struct rv_route *route)
{
	const json_t *routes = rv_openapi_part("routes"), *of = NULL;
	char name[256];
	const int n = snprintf(name, sizeof(name), "%s %s",
	    rv_method_name(route->method), route->path);
	const char *like = name;

	if (n < 0 || (size_t)n >= sizeof(name))
		return NULL;
	for (int i = 0; i < 2 && like != NULL; i++) {
		of = json_object_get(routes, like);
		like = json_string_value(json_object_get(of, "like"));
	}
	return like == NULL ? of : NULL;
}

const json_t *
rv_openapi_member(const json_t *of, const char *name)
{
	const json_t *own = json_object_get(of, name);
	const char *kind = json_string_value(json_object_get(of, "kind"));

	if (own != NULL || kind == NULL)
		return own;
	return json_object_get(
	    json_object_get(rv_openapi_part("kinds"), kind), name);
}

/* ---- Checks ------------------------------------------------------------------- */

/* Those with {class} are made of the classes. */
static bool
is_schema(const char *name)
{
	const json_t *schemas =
	    json_object_get(rv_openapi_part("components"), "schemas");

	return name != NULL && (strstr(name, "{class}") != NULL ||
				   json_object_get(schemas, name) != NULL);
}

/* What is wrong with the description of a route; NULL: nothing. */
static const char *
fault_of(const struct rv_route *route)
{
	const json_t *of = rv_openapi_of(route);
	const char *body = json_string_value(rv_openapi_member(of, "body"));
	const json_t *success = rv_openapi_member(of, "success");

	if (of == NULL)
		return "it is not described";
	if (json_string_value(rv_openapi_member(of, "summary")) == NULL)
		return "it has no summary";
	if (json_string_value(rv_openapi_member(of, "tag")) == NULL)
		return "it has no tag";
	if ((route->body || route->credential_in_body) != is_schema(body))
		return "its body has no schema, or it takes none";
	if (json_integer_value(success) != 204 &&
	    !is_schema(json_string_value(rv_openapi_member(of, "answer"))))
		return "its answer has no schema";
	return NULL;
}

int
rv_openapi_check(const struct rv_route *route, struct rv_error *e)
{
	const char *fault = fault_of(route);

	if (fault == NULL)
		return RV_OK;
	rv_error_set(e, "the route %s %s is not complete: %s in openapi.json",
	    rv_method_name(route->method), route->path, fault);
	return RV_ERR_INTERNAL;
}

/* False: no route has that method and path. */
static bool
is_route(const char *name)
{
	const struct rv_route *route;

	for (size_t i = 0; (route = rv_route_at(i)) != NULL; i++) {
		const char *method = rv_method_name(route->method);
		const size_t n = strlen(method);

		if (strncmp(name, method, n) == 0 && name[n] == ' ' &&
		    strcmp(name + n + 1, route->path) == 0)
			return true;
	}
	return false;
}

static int
check_all(struct rv_error *e)
{
	json_t *routes = json_object_get(parts, "routes"), *value;
	const struct rv_route *route;
	const char *name;
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && (route = rv_route_at(i)) != NULL; i++)
		r = rv_openapi_check(route, e);
	if (r != RV_OK)
		return r;
	json_object_foreach(routes, name, value)
	{
		if (is_route(name))
			continue;
		rv_error_set(
		    e, "openapi.json describes %s, which is no route", name);
		return RV_ERR_INTERNAL;
	}
	return RV_OK;
}

int
rv_openapi_init(struct rv_error *e)
{
	json_error_t error;

	if (parts == NULL)
		parts = json_loadb(rv_openapi_text,
		    /* cppcheck-suppress comparePointers ; both ends of one */
		    (size_t)(rv_openapi_text_end - rv_openapi_text),
		    JSON_REJECT_DUPLICATES, &error);
	if (parts == NULL) {
		rv_error_set(
		    e, "openapi.json, line %d: %s", error.line, error.text);
		return RV_ERR_INTERNAL;
	}
	return check_all(e);
}

/* ---- Writing -------------------------------------------------------------------- */

static int
put_bytes(const char *bytes, size_t n, void *out)
{
	rv_buf_put(out, bytes, n);
	return 0;
}

void
rv_openapi_put_json(struct rv_buf *out, const json_t *value)
{
	if (json_dump_callback(
		value, put_bytes, out, JSON_COMPACT | JSON_ENCODE_ANY) != 0)
		out->failed = true;
}

void
rv_openapi_put_text(
    struct rv_buf *out, const char *text, const char *class_name)
{
	const char *at = strstr(text, "{class}");
	json_t *value;

	if (at == NULL || class_name == NULL)
		value = json_string(text);
	else
		value = json_sprintf("%.*s%s%s", (int)(at - text), text,
		    class_name, at + strlen("{class}"));
	if (value == NULL)
		out->failed = true;
	else
		rv_openapi_put_json(out, value);
	json_decref(value);
}
