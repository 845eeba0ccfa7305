/*
 * What a batch says, read whole before anything of it is done: whatever is
 * malformed anywhere, nothing runs.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "http/uri.h"
#include "pipeline/lane.h"
#include "pipeline/route.h"
#include "provider.h"
#include "rest/batch.h"
#include "rest/routes.h"

#define ID_MAX	   128u
#define URL_MAX	   8192u
#define FIELDS_MAX 16u
#define FIELD_MAX  4096u

/* Answers 400 and names the request by its place; always false. */
static bool
bad(const struct rv_batch_part *part, int status, const char *wrong)
{
	struct rv_exchange *x = part->batch->x;
	const char *detail = rv_arena_printf(x->arena,
	    "requests[%zu] %s. Nothing of the batch was done.",
	    (size_t)(part - part->batch->parts), wrong);

	rv_answer_error(x, status,
	    status == 501 ? "not_supported" : "bad_batch",
	    detail != NULL ? detail : wrong);
	return false;
}

/* A string that is copied; false: it is none, or out of memory. */
static bool
take(struct rv_batch *b, const json_t *value, size_t max, struct rv_slice *ret)
{
	const struct rv_slice s = { json_string_value(value),
		json_string_length(value) };
	char *copy;

	if (!json_is_string(value) || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 127)
			return false;
	copy = rv_arena_dup(b->x->arena, s);
	*ret = (struct rv_slice){ copy, s.n };
	return copy != NULL;
}

/* ---- Names, and what depends on what ---------------------------------------------- */

static bool
read_names(struct rv_batch_part *part, const json_t *one)
{
	struct rv_batch *b = part->batch;
	const json_t *group = json_object_get(one, "atomicityGroup");

	if (!take(b, json_object_get(one, "id"), ID_MAX, &part->id) ||
	    part->id.n == 0)
		return bad(
		    part, 400, "needs an id, a string of 1 to 128 bytes");
	if (group != NULL &&
	    (!take(b, group, ID_MAX, &part->group) || part->group.n == 0))
		return bad(part, 400,
		    "has an atomicityGroup that is no string of 1 to 128 "
		    "bytes");
	if (rv_slice_eq(part->id, part->group))
		return bad(part, 400, "has an id that is that of a group");
	for (const struct rv_batch_part *p = b->parts; p < part; p++) {
		if (rv_slice_eq(p->id, part->id))
			return bad(part, 400,
			    "has the id of another request of the batch");
		if (rv_slice_eq(p->id, part->group) ||
		    rv_slice_eq(p->group, part->id))
			return bad(
			    part, 400, "has an id that is that of a group");
		if (part->group.p != NULL &&
		    rv_slice_eq(p->group, part->group) &&
		    !rv_slice_eq(part[-1].group, part->group))
			return bad(part, 400,
			    "is apart from its atomicityGroup: the requests "
			    "of a group stand together");
	}
	return true;
}

/* A request before this one, or the requests of a group before it. */
static bool
add_dependency(struct rv_batch_part *part, struct rv_slice name)
{
	const struct rv_batch *b = part->batch;
	const size_t before = part->n_depends;
	const size_t self = (size_t)(part - b->parts);

	for (size_t i = 0; i < self; i++)
		if ((rv_slice_eq(b->parts[i].id, name) ||
			rv_slice_eq(b->parts[i].group, name)) &&
		    part->n_depends < RV_BATCH_MAX)
			part->depends[part->n_depends++] = i;
	return part->n_depends > before;
}

static bool
read_depends(struct rv_batch_part *part, const json_t *list)
{
	struct rv_slice name = RV_SLICE_NONE;
	const json_t *value;
	size_t i;

	if (list == NULL)
		return true;
	if (!json_is_array(list) || json_array_size(list) > RV_BATCH_MAX)
		return bad(
		    part, 400, "has a dependsOn that is no array of ids");
	part->depends = rv_arena_alloc(
	    part->batch->x->arena, RV_BATCH_MAX * sizeof(*part->depends));
	if (part->depends == NULL)
		return bad(part, 503, "has no memory left");
	json_array_foreach(list, i, value)
	{
		if (!take(part->batch, value, ID_MAX, &name) ||
		    !add_dependency(part, name))
			return bad(part, 400,
			    "has a dependsOn that names no request or group "
			    "before it");
	}
	return true;
}

/* ---- Where it goes -------------------------------------------------------------------- */

static bool
read_method(struct rv_batch_part *part, const json_t *value)
{
	static const enum rv_method known[] = { RV_GET, RV_HEAD, RV_POST,
		RV_PUT, RV_PATCH, RV_DELETE };
	struct rv_slice name = RV_SLICE_NONE;

	if (take(part->batch, value, ID_MAX, &name))
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			if (rv_slice_ieq(
				name, rv_slice_of(rv_method_name(known[i])))) {
				part->request.method = known[i];
				return true;
			}
	return bad(
	    part, 400, "needs a method: GET, HEAD, POST, PUT, PATCH or DELETE");
}

/* Takes an origin that is this provider's away from an absolute URL. */
static bool
take_origin(const struct rv_batch *b, struct rv_slice *url)
{
	const struct rv_exchange *x = b->x;
	const char *public = x->lane->provider->config->public_url;
	const struct rv_slice host =
	    rv_request_field(&x->request, "host", NULL);
	const char *own[2] = { public, NULL };

	if (host.p != NULL)
		own[1] = rv_arena_printf(
		    x->arena, "https://%.*s", RV_SLICE_FMT(host));
	for (size_t i = 0; i < 2; i++) {
		const struct rv_slice origin = rv_slice_of(own[i]);

		if (origin.p == NULL || url->n <= origin.n ||
		    url->p[origin.n] != '/' ||
		    !rv_slice_ieq(
			(struct rv_slice){ url->p, origin.n }, origin))
			continue;
		*url =
		    (struct rv_slice){ url->p + origin.n, url->n - origin.n };
		return true;
	}
	return false;
}

/* A path from the root: of an absolute URL, or relative to $batch. */
static bool
make_absolute(struct rv_batch *b, struct rv_slice *url)
{
	const struct rv_slice here = b->x->request.path;
	const char *colon = memchr(url->p, ':', url->n);
	const char *end = memchr(url->p, '/', url->n);
	const char *query = memchr(url->p, '?', url->n);
	const char *open = memchr(url->p, '(', url->n);
	const char *whole;
	size_t n = here.n;

	if (url->p[0] == '/')
		return true;
	if (query != NULL && (end == NULL || query < end))
		end = query;
	if (open != NULL && (end == NULL || open < end))
		end = open;
	if (colon != NULL && (end == NULL || colon < end))
		return take_origin(b, url);
	while (n > 0 && here.p[n - 1] != '/')
		n--;
	whole = rv_arena_printf(
	    b->x->arena, "%.*s%.*s", (int)n, here.p, RV_SLICE_FMT(*url));
	*url = rv_slice_of(whole);
	return whole != NULL;
}

static bool
is_below_admin_service(struct rv_slice path)
{
	return rv_route_error_form(path) == RV_FORM_ODATA;
}

static bool
is_batch(struct rv_slice path)
{
	struct rv_route_params params;
	unsigned allowed;
	const struct rv_route *r =
	    rv_route_find(RV_POST, path, &params, &allowed);

	return r != NULL && r->handle == rv_rest_batch;
}

static bool
read_url(struct rv_batch_part *part, const json_t *value)
{
	struct rv_batch *b = part->batch;
	struct rv_slice url = RV_SLICE_NONE;
	const char *query, *why;
	char *path;
	size_t n = 0;

	if (!take(b, value, URL_MAX, &url) || url.n == 0)
		return bad(part, 400, "needs a url, at most 8 KiB");
	if (!make_absolute(b, &url))
		return bad(part, 400, "has a url that leads elsewhere");
	query = memchr(url.p, '?', url.n);
	if (query != NULL) {
		const size_t at = (size_t)(query - url.p);

		part->request.query =
		    (struct rv_slice){ query + 1, url.n - at - 1 };
		url.n = at;
		if (!rv_uri_is_query(part->request.query))
			return bad(part, 400, "has a query that is none");
	}
	path = rv_arena_alloc(b->x->arena, url.n + 1);
	if (path == NULL || rv_uri_decode_path(url, path, &n, &why) != RV_OK)
		return bad(part, 400, "has a url whose path is none");
	part->request.path = (struct rv_slice){ path, n };
	if (!is_below_admin_service(part->request.path))
		return bad(
		    part, 400, "has a url that is not below /AdminService");
	if (is_batch(part->request.path))
		return bad(part, 400, "is a batch itself");
	return true;
}

/* ---- What it says besides ------------------------------------------------------------ */

/* What a request within a batch may say; no credential is among it. */
static bool
is_known_field(struct rv_slice name)
{
	static const char *const known[] = { "accept", "accept-charset",
		"accept-language", "content-type", "idempotency-key",
		"if-match", "if-none-match", "odata-maxversion",
		"odata-version", "prefer", "reeve-at-least", "x-request-id" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (rv_slice_eq_cstr(name, known[i]))
			return true;
	return false;
}

static bool
add_field(struct rv_batch_part *part, struct rv_field *fields, const char *name,
    const json_t *value)
{
	struct rv_batch *b = part->batch;
	struct rv_field *f = &fields[part->request.n_fields];
	char *lower = rv_arena_dup(b->x->arena, rv_slice_of(name));

	if (lower == NULL || part->request.n_fields == FIELDS_MAX)
		return bad(part, 400, "has too many headers");
	for (char *p = lower; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	f->name = rv_slice_of(lower);
	if (!is_known_field(f->name))
		return bad(part, 400,
		    "has a header that no request of a batch may have: the "
		    "caller is who sent the batch, and nobody else");
	if (!take(b, value, FIELD_MAX, &f->value))
		return bad(part, 400, "has a header that is no string");
	part->request.n_fields++;
	return true;
}

/* One is made for a body without its kind, and an id that tells its batch. */
static bool
complete_fields(struct rv_batch_part *part, struct rv_field *fields)
{
	struct rv_request *r = &part->request;
	const struct rv_exchange *x = part->batch->x;
	const char *id;

	r->fields = fields;
	if (r->has_body && rv_request_field(r, "content-type", NULL).p == NULL)
		fields[r->n_fields++] =
		    (struct rv_field){ RV_SLICE_LIT("content-type"),
			    RV_SLICE_LIT("application/json") };
	if (rv_request_field(r, "x-request-id", NULL).p != NULL)
		return true;
	id = rv_arena_printf(x->arena, "%.*s.%zu", RV_SLICE_FMT(x->request_id),
	    (size_t)(part - part->batch->parts));
	if (id == NULL)
		return bad(part, 503, "has no memory left");
	fields[r->n_fields++] =
	    (struct rv_field){ RV_SLICE_LIT("x-request-id"), rv_slice_of(id) };
	return true;
}

static bool
read_fields(struct rv_batch_part *part, json_t *headers)
{
	struct rv_field *fields = rv_arena_alloc(
	    part->batch->x->arena, (FIELDS_MAX + 2) * sizeof(*fields));
	const char *name;
	json_t *value;

	if (fields == NULL)
		return bad(part, 503, "has no memory left");
	if (headers != NULL && !json_is_object(headers))
		return bad(part, 400, "has headers that are no object");
	json_object_foreach(headers, name, value)
	{
		if (!add_field(part, fields, name, value))
			return false;
	}
	return complete_fields(part, fields);
}

static bool
read_body(struct rv_batch_part *part, const json_t *body)
{
	struct rv_request *r = &part->request;
	char *text = NULL;
	const char *kept = NULL;

	if (body == NULL)
		return true;
	if (r->method == RV_GET || r->method == RV_HEAD ||
	    r->method == RV_DELETE)
		return bad(part, 400, "has a body, and a method without one");
	if (!json_is_object(body))
		return bad(part, 400, "has a body that is no JSON object");
	text = json_dumps(body, JSON_COMPACT);
	if (text != NULL)
		kept = rv_arena_dup(part->batch->x->arena, rv_slice_of(text));
	free(text);
	if (kept == NULL)
		return bad(part, 503, "has no memory left");
	part->body = rv_slice_of(kept);
	r->has_body = true;
	r->body_length_known = true;
	r->body_length = part->body.n;
	return true;
}

/* ---- The whole -------------------------------------------------------------------------- */

static bool
knows_members(struct rv_batch_part *part, json_t *one)
{
	static const char *const known[] = { "id", "method", "url", "headers",
		"body", "atomicityGroup", "dependsOn" };
	const char *name;
	json_t *value;

	json_object_foreach(one, name, value)
	{
		bool is_known = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			is_known |= strcmp(name, known[i]) == 0;
		if (strcmp(name, "if") == 0)
			return bad(part, 501,
			    "has a condition, if, which is not taken");
		if (!is_known)
			return bad(part, 400, "has a member that is not known");
	}
	return true;
}

static bool
read_part(struct rv_batch_part *part, json_t *one)
{
	if (!json_is_object(one))
		return bad(part, 400, "is no object");
	part->request.peer = &part->batch->x->peer;
	return knows_members(part, one) && read_names(part, one) &&
	       read_depends(part, json_object_get(one, "dependsOn")) &&
	       read_method(part, json_object_get(one, "method")) &&
	       read_url(part, json_object_get(one, "url")) &&
	       read_body(part, json_object_get(one, "body")) &&
	       read_fields(part, json_object_get(one, "headers"));
}

bool
rv_batch_read(struct rv_batch *b, const json_t *body)
{
	const json_t *requests = json_object_get(body, "requests");
	const size_t n = json_array_size(requests);

	if (!json_is_array(requests) || json_object_size(body) != 1 || n == 0) {
		rv_answer_error(b->x, 400, "bad_batch",
		    "The body of a batch is {\"requests\": [...]}, with 1 to "
		    "100 requests and nothing else.");
		return false;
	}
	if (n > RV_BATCH_MAX) {
		rv_answer_error(b->x, 413, "too_many_requests",
		    "A batch has at most 100 requests; send several.");
		return false;
	}
	b->parts = rv_arena_alloc(b->x->arena, n * sizeof(*b->parts));
	if (b->parts == NULL) {
		rv_answer_json(b->x, 200, NULL);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		b->parts[i].batch = b;
		b->n = i + 1;
		if (!read_part(&b->parts[i], json_array_get(requests, i)))
			return false;
	}
	return true;
}
