#include "rest/change.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/approvals.h"
#include "rest/batch.h"
#include "rest/prefer.h"
#include "rest/represent.h"

#define TAGS_MAX 32u

json_t *
rv_change(const char *op, json_t *args)
{
	return json_pack("{s:s, s:o}", "op", op, "args", args);
}

const json_t *
rv_written_result(const struct rv_written *written, size_t i)
{
	return json_array_get(written->result, i);
}

/* ---- What the request says besides ---------------------------------------------- */

/* One entity tag at the beginning of list: its text without W/, or absent. */
static struct rv_slice
take_tag(struct rv_slice *list)
{
	const struct rv_slice weak = RV_SLICE_LIT("W/");
	struct rv_slice tag;
	const char *end;

	if (rv_slice_has_prefix(*list, weak)) {
		list->p += weak.n;
		list->n -= weak.n;
	}
	if (list->n < 2 || list->p[0] != '"')
		return RV_SLICE_NONE;
	end = memchr(list->p + 1, '"', list->n - 1);
	if (end == NULL)
		return RV_SLICE_NONE;
	tag = (struct rv_slice){ list->p + 1, (size_t)(end - list->p) - 1 };
	list->n -= tag.n + 2;
	list->p = end + 1;
	return tag;
}

static void
skip_separators(struct rv_slice *list)
{
	while (list->n > 0 &&
	       (list->p[0] == ' ' || list->p[0] == '\t' || list->p[0] == ',')) {
		list->p++;
		list->n--;
	}
}

/* RFC 9110 section 13.1.1: '*', or a list of tags. */
static json_t *
tags_of(struct rv_slice list)
{
	json_t *tags = json_array();

	if (rv_slice_eq_cstr(list, "*")) {
		(void)json_array_append_new(tags, json_string("*"));
		return tags;
	}
	for (skip_separators(&list); list.n > 0; skip_separators(&list)) {
		const struct rv_slice tag = take_tag(&list);

		if (tag.p == NULL || json_array_size(tags) == TAGS_MAX ||
		    json_array_append_new(tags, json_stringn(tag.p, tag.n)) !=
			0) {
			json_decref(tags);
			return NULL;
		}
	}
	return tags;
}

/* RFC 6585 section 3; true: answered. */
static bool
needs_if_match(struct rv_exchange *x)
{
	const enum rv_method method = x->request.method;

	if (x->lane->provider->config->require_if_match == 0 ||
	    x->params.key.p == NULL ||
	    (method != RV_PATCH && method != RV_PUT && method != RV_DELETE))
		return false;
	rv_answer_error(x, 428, "if_match_required",
	    "This site changes objects only as their caller has seen them: "
	    "read the object, and send its @odata.etag in the field If-Match.");
	return true;
}

/* False: answered. */
static bool
read_if_match(struct rv_exchange *x, json_t *request)
{
	bool twice;
	const struct rv_slice field =
	    rv_request_field(&x->request, "if-match", &twice);
	json_t *tags;

	if (field.p == NULL && !twice)
		return !needs_if_match(x);
	tags = twice ? NULL : tags_of(field);
	if (json_array_size(tags) > 0)
		return json_object_set_new(request, "if_match", tags) == 0;
	json_decref(tags);
	rv_answer_error(x, 400, "bad_if_match",
	    "The field If-Match must be sent once, with * or with entity tags "
	    "in quotes as @odata.etag has them.");
	return false;
}

/* The value of a query option of ours, not decoded; names ignore case. */
static struct rv_slice
option(struct rv_slice query, struct rv_slice name)
{
	while (query.n > 0) {
		const char *amp = memchr(query.p, '&', query.n);
		const size_t n =
		    amp != NULL ? (size_t)(amp - query.p) : query.n;

		if (n > name.n && query.p[name.n] == '=' &&
		    rv_slice_ieq((struct rv_slice){ query.p, name.n }, name))
			return (struct rv_slice){ query.p + name.n + 1,
				n - name.n - 1 };
		query.p += amp != NULL ? n + 1 : n;
		query.n -= amp != NULL ? n + 1 : n;
	}
	return RV_SLICE_NONE;
}

/* False: answered. */
static bool
read_dry_run(struct rv_exchange *x, json_t *request)
{
	const struct rv_slice value =
	    option(x->request.query, RV_SLICE_LIT("dryRun"));

	if (value.p == NULL || rv_slice_eq_cstr(value, "false"))
		return true;
	if (!rv_slice_eq_cstr(value, "true")) {
		rv_answer_error(x, 400, "bad_query",
		    "The query option dryRun is true or false.");
		return false;
	}
	x->dry_run = true;
	return json_object_set_new(request, "dry_run", json_true()) == 0;
}

/* What the store is told of the request, in the arena; NULL: answered. */
static const char *
request_json(struct rv_exchange *x)
{
	const char *plain = rv_exchange_request_json(x), *kept = NULL;
	json_t *request = plain != NULL ? json_loads(plain, 0, NULL) : NULL;
	char *text = NULL;

	if (request != NULL && read_if_match(x, request) &&
	    read_dry_run(x, request))
		text = json_dumps(request, JSON_COMPACT);
	if (text != NULL)
		kept = rv_arena_dup(x->arena, rv_slice_of(text));
	if (kept == NULL && !x->answered)
		rv_answer_json(x, 200, NULL);
	free(text);
	json_decref(request);
	return kept;
}

/* ---- Answers ------------------------------------------------------------------------ */

struct run {
	rv_write_answer *answer;
	void *arg;
};

/* What is said of the revision, with the names that the path has for it. */
static json_t *
facts(const struct rv_exchange *x, const struct rv_written *w)
{
	if (rv_route_error_form(x->request.path) == RV_FORM_ODATA)
		return json_pack("{s:i, s:I, s:I, s:b, s:b, s:b}",
		    "ReturnValue", 0, "@reeve.revision",
		    (json_int_t)w->revision, "@reeve.changed",
		    (json_int_t)w->changed, "@reeve.in_force", w->in_force,
		    "@reeve.replayed", w->replayed, "@reeve.dryRun",
		    x->dry_run);
	return json_pack("{s:I, s:I, s:b, s:b, s:b}", "revision",
	    (json_int_t)w->revision, "changed", (json_int_t)w->changed,
	    "in_force", w->in_force, "replayed", w->replayed, "dry_run",
	    x->dry_run);
}

/* Prefer: return=minimal (OData 4.01 protocol, section 8.2.8.7). */
static void
make_minimal(struct rv_exchange *x)
{
	struct rv_answer *a = &x->answer;

	if ((a->status != 200 && a->status != 201) ||
	    !rv_slice_eq_cstr(rv_prefer(x, "return"), "minimal"))
		return;
	for (size_t i = 0; i < a->n_fields; i++)
		if (rv_slice_eq_cstr(a->fields[i].name, "Location")) {
			rv_answer_field(
			    x, "OData-EntityId", a->fields[i].value.p);
			break;
		}
	rv_answer_field(x, "Preference-Applied", "return=minimal");
	a->status = 204;
	a->content_type = NULL;
	a->body = RV_SLICE_NONE;
}

static void
represent(struct rv_exchange *x, void *arg)
{
	rv_represent(
	    x, x->record.object_type, rv_slice_of(arg), rv_exchange_finish);
}

/*
 * What was made is shown, and what was changed where it is asked for; in a
 * group there is one answer for all, before anything is read.
 */
static void
show_object(struct rv_exchange *x, const struct rv_written *w)
{
	const json_t *key = json_object_get(rv_written_result(w, 0), "key");
	const struct rv_slice wish = rv_prefer(x, "return");
	const bool wanted = rv_slice_eq_cstr(wish, "representation");

	if (w->next == NULL || !w->in_force || !json_is_string(key) ||
	    rv_route_error_form(x->request.path) != RV_FORM_ODATA ||
	    x->answer.content_type == NULL ||
	    (x->answer.status != 201 && !(wanted && x->answer.status == 200)))
		return;
	*w->next = (struct rv_written_next){ represent,
		rv_arena_dup(x->arena, rv_slice_of(json_string_value(key))) };
	if (w->next->arg == NULL)
		w->next->go_on = NULL;
}

static void
answer_run(struct rv_exchange *x, const struct rv_written *w, void *arg)
{
	const struct run *run = arg;
	json_t *body, *one;
	size_t i;

	if (!x->dry_run && rv_approval_answer(x, w))
		return;
	if (run->answer != NULL && !x->dry_run) {
		run->answer(x, w, run->arg);
		make_minimal(x);
		show_object(x, w);
		return;
	}
	body = facts(x, w);
	json_array_foreach(w->result, i,
	    one) if (body != NULL && json_object_update(body, one) != 0)
	{
		json_decref(body);
		body = NULL;
	}
	rv_answer_json(x, 200, body);
	if (!x->dry_run)
		show_object(x, w);
}

/* ---- The change ----------------------------------------------------------------------- */

static void
run(struct rv_exchange *x, const char *changes, struct run *r)
{
	const char *params[4] = { rv_exchange_actor_json(x), changes };
	const struct rv_pg_step step = {
		.sql = "SELECT revision, changed, replayed, result FROM "
		       "reeve.change_site($1::jsonb, $2::jsonb, $3, $4::jsonb)",
		.n_params = 4,
		.params = params,
	};

	params[3] = request_json(x);
	if (params[3] == NULL || !rv_write_key(x, &params[2])) {
		rv_exchange_finish(x);
	} else if (params[0] == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
	} else {
		rv_write_run(x, &step, 1, answer_run, r);
	}
}

/* A change of a group is made with the others, or not at all. */
static void
hold(struct rv_exchange *x, json_t *changes, struct run *r)
{
	const struct rv_change_held held = { .changes = changes,
		.request = request_json(x),
		.answer = answer_run,
		.arg = r };
	bool has_key;

	has_key =
	    rv_request_field(&x->request, "idempotency-key", &has_key).p !=
		NULL ||
	    has_key;
	if (held.request != NULL && !x->dry_run && !has_key) {
		rv_batch_hold(x, &held);
		return;
	}
	json_decref(changes);
	if (held.request != NULL)
		rv_answer_error(x, 501, "not_in_a_group",
		    "A request of a group takes neither dryRun nor an "
		    "Idempotency-Key of its own; give the key to the batch.");
	rv_exchange_finish(x);
}

void
rv_change_run(
    struct rv_exchange *x, json_t *changes, rv_write_answer *answer, void *arg)
{
	struct run *r = rv_arena_alloc(x->arena, sizeof(*r));
	char *text = NULL;
	const char *kept = NULL;

	if (r != NULL && changes != NULL && x->group_part != NULL) {
		*r = (struct run){ answer, arg };
		hold(x, changes, r);
		return;
	}
	if (changes != NULL)
		text = json_dumps(changes, JSON_COMPACT);
	if (text != NULL)
		kept = rv_arena_dup(x->arena, rv_slice_of(text));
	json_decref(changes);
	free(text);
	if (r == NULL || kept == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	*r = (struct run){ answer, arg };
	run(x, kept, r);
}
