#include <stdlib.h>
#include <string.h>

#include "pipeline/exchange.h"
#include "pipeline/route.h"

static void
set_body(struct rv_exchange *x, int status, const char *content_type,
    struct rv_slice body)
{
	x->answer.status = status;
	x->answer.content_type = content_type;
	x->answer.body = body;
	x->answered = true;
}

void
rv_answer_field(struct rv_exchange *x, const char *name, const char *value)
{
	struct rv_answer *a = &x->answer;

	if (value == NULL || a->n_fields == RV_ANSWER_FIELDS)
		return;
	a->fields[a->n_fields].name = rv_slice_of(name);
	a->fields[a->n_fields].value = rv_slice_of(value);
	a->n_fields++;
}

/* The last resort, which allocates nothing. */
static void
answer_overload(struct rv_exchange *x)
{
	if (x->committed) {
		set_body(x, 200, "application/json",
		    RV_SLICE_LIT("{\"ReturnValue\":0}"));
		return;
	}
	rv_answer_field(x, "Retry-After", "1");
	x->record.outcome = RV_SLICE_LIT("failure");
	x->record.reason = RV_SLICE_LIT("overload");
	set_body(x, 503, "application/json",
	    RV_SLICE_LIT("{\"status\":503,\"detail\":\"The provider is out of "
			 "memory; try again.\"}"));
}

/* True when the body could be written into the arena. */
static bool
put_json(
    struct rv_exchange *x, int status, const char *content_type, json_t *body)
{
	char *text = NULL;
	char *kept = NULL;
	size_t n = 0;

	if (body != NULL)
		text = json_dumps(body, JSON_COMPACT);
	if (text != NULL) {
		n = strlen(text);
		kept = rv_arena_dup(x->arena, (struct rv_slice){ text, n });
	}
	free(text);
	json_decref(body);
	if (kept == NULL)
		return false;
	set_body(x, status, content_type, (struct rv_slice){ kept, n });
	return true;
}

void
rv_answer_json(struct rv_exchange *x, int status, json_t *body)
{
	if (!put_json(x, status, "application/json", body))
		answer_overload(x);
}

/* RFC 9110 section 15: the phrases of the statuses that we use. */
static const char *
title_of(int status)
{
	static const struct {
		int status;
		const char *title;
	} titles[] = {
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 424, "Failed Dependency" },
		{ 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

static json_t *
problem_details(const struct rv_exchange *x, const struct rv_problem *p)
{
	return json_pack("{s:o, s:s, s:i, s:s, s:s, s:s%, s:o*, s:o*}", "type",
	    json_sprintf("urn:reeve:problem:%s", p->code), "title",
	    title_of(p->status), "status", p->status, "code", p->code, "detail",
	    p->detail, "request_id", x->request_id.p, x->request_id.n,
	    "missing", json_incref(p->missing), "objects",
	    json_incref(p->objects));
}

static json_t *
odata_error(const struct rv_exchange *x, const struct rv_problem *p)
{
	return json_pack("{s:{s:s, s:s, s:s%, s:o*, s:o*}}", "error", "code",
	    p->code, "message", p->detail, "@reeve.request_id", x->request_id.p,
	    x->request_id.n, "@reeve.missing", json_incref(p->missing),
	    "@reeve.objects", json_incref(p->objects));
}

void
rv_answer_problem(struct rv_exchange *x, const struct rv_problem *p)
{
	bool odata = rv_route_error_form(x->request.path) == RV_FORM_ODATA;
	const char *type =
	    odata ? "application/json" : "application/problem+json";
	json_t *body = odata ? odata_error(x, p) : problem_details(x, p);

	if (x->record.outcome.p == NULL)
		x->record.outcome = RV_SLICE_LIT("failure");
	if (x->record.reason.p == NULL)
		x->record.reason = rv_slice_of(p->code);
	if (!put_json(x, p->status, type, body))
		answer_overload(x);
	json_decref(p->missing);
	json_decref(p->objects);
}

void
rv_answer_error(
    struct rv_exchange *x, int status, const char *code, const char *detail)
{
	const struct rv_problem p = {
		.status = status,
		.code = code,
		.detail = detail,
	};

	rv_answer_problem(x, &p);
}

void
rv_answer_unavailable(
    struct rv_exchange *x, const char *code, const char *detail)
{
	rv_answer_field(x, "Retry-After", "1");
	rv_answer_error(x, 503, code, detail);
}

static json_t *
conditions(unsigned missing)
{
	json_t *list = json_array();

	for (unsigned bit = 1; list != NULL && bit <= RV_MISSING_READ;
	     bit <<= 1)
		if ((missing & bit) != 0 &&
		    json_array_append_new(list,
			json_string(rv_missing_name((enum rv_missing)bit))) !=
			0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

json_t *
rv_missing_json(const struct rv_snapshot *s, const struct rv_verdict *v)
{
	struct rv_slice type = rv_snapshot_type_name(s, v->object_type_id);
	struct rv_slice op =
	    rv_snapshot_operation_name(s, v->object_type_id, v->bit);
	json_t *level = NULL;

	if ((v->missing & RV_MISSING_LEVEL) != 0)
		level = json_string(rv_level_name(v->level_needed));
	if (type.p == NULL || op.p == NULL) {
		json_decref(level);
		return json_pack("{s:o}", "conditions", conditions(v->missing));
	}
	return json_pack("{s:s%, s:s%, s:o, s:o*}", "type", type.p, type.n,
	    "operation", op.p, op.n, "conditions", conditions(v->missing),
	    "level", level);
}

void
rv_answer_denied(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_question *q, const struct rv_verdict *verdict)
{
	rv_exchange_record_verdict(x, verdict);
	if (verdict->reason == RV_REASON_GROUPS_UNKNOWN) {
		rv_answer_unavailable(x, "groups_unknown",
		    "Your groups could not be read from the directory, and "
		    "your own assignments do not allow this. Try again.");
		return;
	}
	if (q->key.p != NULL && !rv_exchange_may_read(x, s, q)) {
		rv_answer_error(x, 404, "no_such_object",
		    "There is no such object, or it is outside your "
		    "administrative scope.");
		return;
	}
	rv_answer_problem(
	    x, &(struct rv_problem){
		   .status = 403,
		   .code = rv_reason_name(verdict->reason),
		   .detail = "Your assignments do not allow this; see what is "
			     "missing.",
		   .missing = rv_missing_json(s, verdict),
	       });
}
