/*
 * The two roots of the AdminService: their service documents (OData JSON
 * Format 4.01 section 5) and $metadata, in XML or JSON as is asked for.
 */
#include <string.h>

#include "http/uri.h"
#include "pipeline/exchange.h"
#include "rest/media.h"
#include "rest/metadata_schema.h"
#include "rest/rest.h"
#include "rest/routes.h"

#define DOCUMENT_MAX (16u << 20)
#define XML	     "application/xml"
#define JSON	     "application/json"

static bool
is_v1(const struct rv_exchange *x)
{
	return rv_slice_has_prefix(
	    rv_slice_of(x->route->path), RV_SLICE_LIT(RV_ADMIN_SERVICE "/v1"));
}

/* Takes the bytes of out; finishes the exchange. */
static void
answer(struct rv_exchange *x, const char *type, struct rv_buf *out)
{
	char *body = NULL;

	if (!out->failed)
		body = rv_arena_dup(x->arena, rv_buf_slice(out));
	if (body == NULL) {
		rv_answer_json(x, 200, NULL);
	} else {
		x->answer.status = 200;
		x->answer.content_type = type;
		x->answer.body = (struct rv_slice){ body, out->n };
		x->answered = true;
		rv_answer_field(x, "Vary", "Accept");
		x->record.outcome = RV_SLICE_LIT("allow");
		x->record.reason = RV_SLICE_LIT("allowed");
	}
	rv_buf_fini(out);
	rv_exchange_finish(x);
}

/* False: the exchange has been answered, not finished. */
static bool
read_schema(struct rv_exchange *x, struct rv_schema *ret)
{
	const struct rv_snapshot *s;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	if (rv_schema_of(s, x->arena, is_v1(x), ret) != RV_OK) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	return true;
}

/* ---- What is asked for --------------------------------------------------------- */

static bool
is_format(struct rv_slice name)
{
	if (name.n > 0 && name.p[0] == '$')
		name = (struct rv_slice){ name.p + 1, name.n - 1 };
	return rv_slice_ieq(name, RV_SLICE_LIT("format"));
}

/* $format is alone: all other system query options have no meaning here. */
static int
read_format(struct rv_exchange *x, struct rv_slice *ret_format)
{
	struct rv_slice left = x->request.query;

	*ret_format = RV_SLICE_NONE;
	while (left.n > 0) {
		const char *amp = memchr(left.p, '&', left.n);
		struct rv_slice pair = { left.p,
			amp != NULL ? (size_t)(amp - left.p) : left.n };
		char *text = rv_arena_dup(x->arena, pair);
		const char *eq;

		left.n -= pair.n + (amp != NULL);
		left.p += pair.n + (amp != NULL);
		if (text == NULL)
			return RV_ERR_NOMEM;
		if (rv_uri_decode(pair, text, &pair.n) != RV_OK)
			return RV_ERR_INVALID;
		eq = memchr(text, '=', pair.n);
		if (eq == NULL || !is_format((struct rv_slice){
				      text, (size_t)(eq - text) })) {
			if (pair.n > 0 && text[0] == '$')
				return RV_ERR_INVALID;
			continue;
		}
		if (ret_format->p != NULL)
			return RV_ERR_INVALID;
		*ret_format = (struct rv_slice){ eq + 1,
			pair.n - (size_t)(eq + 1 - text) };
	}
	return RV_OK;
}

/* By $format, else by Accept: XML or JSON, NULL for neither. */
static const char *
choose(struct rv_exchange *x, struct rv_slice format)
{
	unsigned xml, json;

	if (rv_slice_ieq(format, RV_SLICE_LIT("json")) ||
	    rv_media_quality(format, JSON) > 0)
		return JSON;
	if (rv_slice_ieq(format, RV_SLICE_LIT("xml")) ||
	    rv_media_quality(format, XML) > 0)
		return XML;
	if (format.p != NULL)
		return NULL;
	format = rv_request_field(&x->request, "accept", NULL);
	if (format.p == NULL)
		return XML;
	xml = rv_media_quality(format, XML);
	json = rv_media_quality(format, JSON);
	if (xml == 0 && json == 0)
		return NULL;
	return xml >= json ? XML : JSON;
}

static const char *
read_type(struct rv_exchange *x)
{
	struct rv_slice format;
	const char *type;
	int r = read_format(x, &format);

	if (r == RV_ERR_NOMEM) {
		rv_answer_json(x, 200, NULL);
		return NULL;
	}
	if (r != RV_OK) {
		rv_answer_error(x, 400, "bad_query",
		    "$metadata takes the query option $format, once, and no "
		    "other of OData.");
		return NULL;
	}
	type = choose(x, format);
	if (type == NULL)
		rv_answer_error(x, 406, "not_acceptable",
		    "$metadata is there as " XML " and as " JSON ".");
	return type;
}

/* ---- Handlers ---------------------------------------------------------------------- */

void
rv_rest_csdl(struct rv_exchange *x)
{
	struct rv_schema schema;
	struct rv_buf out;
	const char *type = read_type(x);

	if (type == NULL || !read_schema(x, &schema)) {
		rv_exchange_finish(x);
		return;
	}
	rv_buf_init(&out, DOCUMENT_MAX);
	if (strcmp(type, XML) == 0)
		rv_schema_put_xml(&schema, &out);
	else
		rv_schema_put_json(&schema, &out);
	answer(x, type, &out);
}

void
rv_rest_service_document(struct rv_exchange *x)
{
	struct rv_schema schema;
	struct rv_buf out;
	const char *before = "";

	if (!read_schema(x, &schema)) {
		rv_exchange_finish(x);
		return;
	}
	rv_buf_init(&out, DOCUMENT_MAX);
	rv_buf_printf(&out, "{\"@odata.context\":\"%s/$metadata\",\"value\":[",
	    x->route->path);
	for (size_t i = 0; i < schema.n; i++) {
		const struct rv_odata_class *class = &schema.classes[i]->odata;
		const char *name = rv_schema_name(&schema, class);

		if (!rv_schema_is_entity(class))
			continue;
		rv_buf_printf(&out,
		    "%s{\"name\":\"%s\",\"kind\":\"EntitySet\",\"url\":\"%s\"}",
		    before, name, name);
		before = ",";
	}
	rv_buf_puts(&out, "]}");
	answer(x, "application/json;odata.metadata=minimal", &out);
}
