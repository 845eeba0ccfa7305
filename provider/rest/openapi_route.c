/* One operation of the OpenAPI document: a route at a path. */
#include <stdio.h>
#include <string.h>

#include "pipeline/route.h"
#include "rest/openapi.h"

#define STATUS_MAX 600
#define SCHEMAS	   "#/components/schemas/"

struct operation {
	const struct rv_route *route;
	const json_t *of;
	const char *class_name; /* or NULL */
	enum rv_error_form form;
	int success;
	bool statuses[STATUS_MAX];
};

/* ---- What applies to it -------------------------------------------------------- */

/* By being open or not, and by having a body or not; NULL behind the last. */
static const json_t *
common(const struct operation *o, size_t i)
{
	const bool known = o->route->access != RV_ACCESS_OPEN;
	const bool body = o->route->body || o->route->credential_in_body;
	const char *names[4] = { "always" };
	size_t n = 1;

	if (known)
		names[n++] = "signed_in";
	if (body)
		names[n++] = "with_body";
	return i < n ? rv_openapi_part(names[i]) : NULL;
}

static void
add_statuses(struct operation *o, const json_t *list)
{
	const json_t *status;
	size_t i;

	json_array_foreach(list, i, status)
	{
		const json_int_t n = json_integer_value(status);

		if (n > 0 && n < STATUS_MAX)
			o->statuses[n] = true;
	}
}

/* Its own and those of its kind: a route may have both. */
static void
add_own_statuses(struct operation *o)
{
	const char *kind = json_string_value(json_object_get(o->of, "kind"));

	add_statuses(o, json_object_get(o->of, "statuses"));
	if (kind != NULL)
		add_statuses(
		    o, json_object_get(
			   json_object_get(rv_openapi_part("kinds"), kind),
			   "statuses"));
}

static struct operation
operation_of(const struct rv_route *route, const struct rv_class *class)
{
	struct operation o = { .route = route,
		.of = rv_openapi_of(route),
		.class_name = class != NULL ? class->odata.name : NULL,
		.form = rv_route_error_form(rv_slice_of(route->path)),
		.success = 200 };
	const json_t *success = rv_openapi_member(o.of, "success"), *shared;

	if (success != NULL)
		o.success = (int)json_integer_value(success);
	o.statuses[o.success] = true;
	for (size_t i = 0; (shared = common(&o, i)) != NULL; i++)
		add_statuses(&o, json_object_get(shared, "statuses"));
	add_own_statuses(&o);
	if (route->body || route->credential_in_body)
		o.statuses[route->bad_media_status] = true;
	return o;
}

static bool
has_parameter(const struct operation *o, const char *name)
{
	const json_t *list = rv_openapi_member(o->of, "parameters"), *one;
	size_t i;

	json_array_foreach(list, i,
	    one) if (strcmp(json_string_value(one), name) == 0) return true;
	return false;
}

/* ---- What is sent ----------------------------------------------------------------- */

static void
put_refs(struct rv_buf *out, const json_t *list)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (out->n > 0 && out->p[out->n - 1] == '}')
			rv_buf_putc(out, ',');
		rv_buf_printf(out, "{\"$ref\":\"#/components/parameters/%s\"}",
		    json_string_value(one));
	}
}

static void
put_parameters(struct rv_buf *out, const struct operation *o)
{
	const json_t *shared;

	rv_buf_puts(out, ",\"parameters\":[");
	for (size_t i = 0; (shared = common(o, i)) != NULL; i++)
		put_refs(out, json_object_get(shared, "parameters"));
	put_refs(out, rv_openapi_member(o->of, "parameters"));
	rv_buf_putc(out, ']');
}

/* The name of a schema, as a reference to it. */
static void
put_schema(struct rv_buf *out, const struct operation *o, const char *name)
{
	char ref[256];

	(void)snprintf(ref, sizeof(ref), SCHEMAS "%s", name);
	rv_buf_puts(out, "{\"$ref\":");
	rv_openapi_put_text(out, ref, o->class_name);
	rv_buf_putc(out, '}');
}

static void
put_body(struct rv_buf *out, const struct operation *o)
{
	const char *body = json_string_value(rv_openapi_member(o->of, "body"));

	if (body == NULL)
		return;
	rv_buf_puts(out, ",\"requestBody\":{\"required\":true,\"content\":"
			 "{\"application/json\":{\"schema\":");
	put_schema(out, o, body);
	rv_buf_puts(out, "}}}");
}

/* ---- What is answered ---------------------------------------------------------------- */

/* The title of a status, as JSON. */
static void
put_description(struct rv_buf *out, int status)
{
	char name[16];
	const char *text;

	(void)snprintf(name, sizeof(name), "%d", status);
	text = json_string_value(
	    json_object_get(rv_openapi_part("statuses"), name));
	rv_buf_puts(out, "\"description\":");
	rv_openapi_put_text(out, text != NULL ? text : name, NULL);
}

static void
put_header_refs(struct rv_buf *out, const char *const *names)
{
	rv_buf_puts(out, ",\"headers\":{");
	for (size_t i = 0; names[i] != NULL; i++)
		rv_buf_printf(out,
		    "%s\"%s\":{\"$ref\":\"#/components/headers/%s\"}",
		    i > 0 ? "," : "", names[i], names[i]);
	rv_buf_putc(out, '}');
}

/* One media type with a schema; a dry run answers in its own way. */
static void
put_content(struct rv_buf *out, const struct operation *o, const char *media,
    const char *schema, bool may_be_dry)
{
	rv_buf_printf(out, "\"%s\":{\"schema\":", media);
	if (may_be_dry && schema != NULL)
		rv_buf_puts(out, "{\"anyOf\":[");
	if (schema != NULL)
		put_schema(out, o, schema);
	if (may_be_dry && schema != NULL)
		rv_buf_putc(out, ',');
	if (may_be_dry)
		rv_buf_puts(out, "{\"$ref\":\"" SCHEMAS "DryRun\"}");
	if (may_be_dry && schema != NULL)
		rv_buf_puts(out, "]}");
	rv_buf_putc(out, '}');
}

static void
put_success(struct rv_buf *out, const struct operation *o, int status)
{
	static const char *const open[] = { "X-Request-ID", NULL },
				 *const known[] = { "X-Request-ID",
					 "Reeve-Revision", "Reeve-Session",
					 NULL },
				 *const tagged[] = { "X-Request-ID",
					 "Reeve-Revision", "Reeve-Session",
					 "ETag", "Preference-Applied", NULL },
				 *const made[] = { "X-Request-ID",
					 "Reeve-Revision", "Reeve-Session",
					 "ETag", "Location", NULL };
	const bool dry = status == 200 && has_parameter(o, "dryRun");
	const char *answer =
	    status == o->success
		? json_string_value(rv_openapi_member(o->of, "answer"))
	    : status == 202 ? "Waiting"
			    : NULL;
	const json_t *media = rv_openapi_member(o->of, "media"), *one;
	size_t i;

	rv_buf_putc(out, '{');
	put_description(out, status);
	put_header_refs(out, o->route->access == RV_ACCESS_OPEN ? open
			     : status == 201 || status == 202	? made
			     : has_parameter(o, "Prefer-return") ||
				     has_parameter(o, "If-None-Match")
				 ? tagged
				 : known);
	rv_buf_puts(out, ",\"content\":{");
	if (media == NULL)
		put_content(out, o, "application/json", answer, dry);
	json_array_foreach(media, i, one)
	{
		if (i > 0)
			rv_buf_putc(out, ',');
		put_content(out, o, json_string_value(one), answer, dry);
	}
	rv_buf_puts(out, "}}");
}

/* 503 of a route that says by it that it is not ready, in its own form. */
static void
put_unready(struct rv_buf *out, const struct operation *o, const char *schema)
{
	rv_buf_putc(out, '{');
	put_description(out, 503);
	rv_buf_puts(out, ",\"content\":{");
	put_content(out, o, "application/json", schema, false);
	rv_buf_putc(out, ',');
	put_content(out, o, "application/problem+json", "Problem", false);
	rv_buf_puts(out, "}}");
}

static void
put_answer(struct rv_buf *out, const struct operation *o, int status)
{
	const char *unready =
	    json_string_value(rv_openapi_member(o->of, "unavailable"));

	rv_buf_printf(out, "\"%d\":", status);
	if (status == 503 && unready != NULL)
		put_unready(out, o, unready);
	else if (status == 204 || status == 304)
		rv_buf_printf(out,
		    "{\"$ref\":\"#/components/responses/Empty%d\"}", status);
	else if (status < 400)
		put_success(out, o, status);
	else
		rv_buf_printf(out, "{\"$ref\":\"#/components/responses/%s%d\"}",
		    o->form == RV_FORM_ODATA ? "OData" : "Problem", status);
}

static void
put_answers(struct rv_buf *out, const struct operation *o)
{
	const char *before = "";

	rv_buf_puts(out, ",\"responses\":{");
	for (int status = 0; status < STATUS_MAX; status++)
		if (o->statuses[status]) {
			rv_buf_puts(out, before);
			put_answer(out, o, status);
			before = ",";
		}
	rv_buf_putc(out, '}');
}

/* ---- The operation --------------------------------------------------------------------- */

/* "GET_AdminService_wmi_SMS_Role" */
static void
put_id(struct rv_buf *out, const struct operation *o, const char *path)
{
	rv_buf_printf(
	    out, "{\"operationId\":\"%s", rv_method_name(o->route->method));
	for (const char *p = path; *p != '\0'; p++)
		if (strchr("/.-(", *p) != NULL)
			rv_buf_putc(out, '_');
		else if (strchr("{}$)", *p) == NULL)
			rv_buf_putc(out, *p);
	rv_buf_putc(out, '"');
}

static void
put_power(struct rv_buf *out, const struct operation *o)
{
	const struct rv_route *r = o->route;

	rv_buf_puts(out, ",\"x-reeve-power\":");
	if (r->access != RV_ACCESS_GUARDED) {
		rv_buf_puts(
		    out, r->access == RV_ACCESS_OPEN ? "\"open\"" : "\"self\"");
		return;
	}
	rv_buf_puts(out, "{\"type\":");
	rv_openapi_put_text(out, r->type, o->class_name);
	rv_buf_printf(out, ",\"operation\":\"%s\"}", r->operation);
}

void
rv_openapi_put_operation(struct rv_buf *out, const struct rv_route *route,
    const char *path, const struct rv_class *class)
{
	const struct operation o = operation_of(route, class);

	put_id(out, &o, path);
	rv_buf_puts(out, ",\"tags\":[");
	rv_openapi_put_json(out, rv_openapi_member(o.of, "tag"));
	rv_buf_puts(out, "],\"summary\":");
	rv_openapi_put_text(out,
	    json_string_value(rv_openapi_member(o.of, "summary")),
	    o.class_name);
	put_power(out, &o);
	put_parameters(out, &o);
	put_body(out, &o);
	put_answers(out, &o);
	/* Elsewhere the document's own, which names all ways to sign in. */
	if (route->access == RV_ACCESS_OPEN || route->credential_in_body)
		rv_buf_puts(out, ",\"security\":[]");
	rv_buf_putc(out, '}');
}

/* ---- Answers that operations share -------------------------------------------------------- */

static void
put_error(struct rv_buf *out, int status, bool odata)
{
	static const char *const plain[] = { "X-Request-ID", NULL },
				 *const unknown[] = { "X-Request-ID",
					 "WWW-Authenticate", NULL },
				 *const later[] = { "X-Request-ID",
					 "Retry-After", NULL };

	rv_buf_printf(out, ",\"%s%d\":{", odata ? "OData" : "Problem", status);
	put_description(out, status);
	put_header_refs(out, status == 401   ? unknown
			     : status == 503 ? later
					     : plain);
	rv_buf_printf(out,
	    ",\"content\":{\"application/%s\":{\"schema\":"
	    "{\"$ref\":\"" SCHEMAS "%s\"}}}}",
	    odata ? "json" : "problem+json", odata ? "ODataError" : "Problem");
}

void
rv_openapi_put_responses(struct rv_buf *out)
{
	static const char *const none[] = { "X-Request-ID", "Reeve-Revision",
		"OData-EntityId", "Preference-Applied", NULL };
	static const char *const same[] = { "X-Request-ID", "Reeve-Revision",
		"ETag", NULL };

	rv_buf_puts(out, "\"Empty204\":{");
	put_description(out, 204);
	put_header_refs(out, none);
	rv_buf_puts(out, "},\"Empty304\":{");
	put_description(out, 304);
	put_header_refs(out, same);
	rv_buf_putc(out, '}');
	for (int status = 400; status < STATUS_MAX; status++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "%d", status);
		if (json_object_get(rv_openapi_part("statuses"), name) == NULL)
			continue;
		put_error(out, status, false);
		put_error(out, status, true);
	}
}
