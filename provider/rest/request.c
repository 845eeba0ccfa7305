#include "rest/request.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/route.h"
#include "rest/routes.h"

#define MEDIA_TYPE "application/json;odata.metadata=minimal"

static bool
is_v1(const struct rv_exchange *x)
{
	const struct rv_slice v1 = RV_SLICE_LIT(RV_V1);
	const struct rv_slice path = x->request.path;

	return path.n >= v1.n &&
	       rv_slice_ieq((struct rv_slice){ path.p, v1.n }, v1);
}

bool
rv_request_class(struct rv_exchange *x, const struct rv_class **ret_class)
{
	const struct rv_snapshot *s;
	int r = rv_exchange_snapshot(x, &s);

	if (r != RV_OK)
		return false;
	r = rv_class_find(s, x->arena, x->params.class, is_v1(x), ret_class);
	if (r == RV_OK) {
		x->record.object_type = rv_slice_of((*ret_class)->odata.name);
		x->record.action = RV_SLICE_LIT("Read");
		return true;
	}
	if (r == RV_ERR_NOTFOUND)
		rv_answer_error(x, 404, "unknown_class",
		    "There is no such class; $metadata beside it lists those "
		    "there are.");
	else
		rv_answer_json(x, 200, NULL);
	return false;
}

static void
answer_fault(struct rv_exchange *x, const struct rv_odata_fault *fault)
{
	const char *detail;

	if (fault->option != NULL)
		detail = rv_arena_printf(x->arena,
		    "The query option %s is wrong at its byte %zu: %s.",
		    fault->option, fault->at + 1, fault->what);
	else
		detail = rv_arena_printf(
		    x->arena, "The query is wrong: %s.", fault->what);
	rv_answer_error(x, fault->unsupported ? 501 : 400,
	    fault->unsupported ? "not_implemented" : "bad_query",
	    detail != NULL ? detail : "The query is wrong.");
}

bool
rv_request_query(struct rv_exchange *x, const struct rv_class *class,
    bool single, struct rv_odata_query *ret)
{
	struct rv_odata_fault fault = { .what = "" };
	const int r = rv_odata_query_read(
	    x->arena, &class->odata, single, x->request.query, ret, &fault);

	if (r == RV_ERR_INVALID)
		answer_fault(x, &fault);
	else if (r != RV_OK)
		rv_answer_json(x, 200, NULL);
	return r == RV_OK;
}

bool
rv_request_key(struct rv_exchange *x, const struct rv_class *class,
    struct rv_odata_key *ret)
{
	struct rv_odata_fault fault = { .what = "" };
	const int r = rv_odata_key_read(
	    x->arena, &class->odata, x->params.key, ret, &fault);
	const char *detail;

	if (r == RV_ERR_INVALID) {
		detail = rv_arena_printf(x->arena,
		    "The key in the path is wrong at its byte %zu: %s.",
		    fault.at + 1, fault.what);
		rv_answer_error(x, 400, "bad_key",
		    detail != NULL ? detail : "The key in the path is wrong.");
	} else if (r != RV_OK) {
		rv_answer_json(x, 200, NULL);
	}
	return r == RV_OK;
}

json_t *
rv_request_context(const struct rv_exchange *x, const struct rv_class *class,
    const char *suffix)
{
	const bool v1 = is_v1(x) && class->odata.entity != NULL;

	return json_sprintf("%s$metadata#%s%s", v1 ? RV_V1 : RV_WMI,
	    v1 ? class->odata.entity : class->odata.name,
	    suffix != NULL ? suffix : "");
}

void
rv_request_answer(struct rv_exchange *x, int status, json_t *body)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	const struct rv_slice s = rv_slice_of(text);
	struct rv_slice kept = RV_SLICE_NONE;

	if (text != NULL)
		kept = (struct rv_slice){ rv_arena_dup(x->arena, s), s.n };
	free(text);
	json_decref(body);
	rv_request_answer_text(x, status, kept);
}

void
rv_request_answer_text(struct rv_exchange *x, int status, struct rv_slice body)
{
	if (body.p == NULL) {
		rv_answer_json(x, 200, NULL);
		return;
	}
	x->answer.status = status;
	x->answer.content_type = MEDIA_TYPE;
	x->answer.body = body;
	x->answered = true;
}
