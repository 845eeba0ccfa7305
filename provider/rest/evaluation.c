/*
 * OpenID AuthZEN Authorization API 1.0: Access Evaluation and Access
 * Evaluations.  A caller asks about itself without any right; about others
 * with Simulate on Users.
 */
#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/body.h"
#include "rest/people.h"
#include "rest/question.h"
#include "rest/rest.h"
#include "rest/timestamp.h"

/* Where a batch stops. */
enum semantic {
	EXECUTE_ALL,
	DENY_ON_FIRST_DENY,
	PERMIT_ON_FIRST_PERMIT,
};

/* All that one request asks; in the arena. */
struct evaluation {
	struct rv_people *people;
	struct rv_item *items;
	size_t n;
	bool batch;
	enum semantic semantic;
	bool reasons; /* each answer of a batch with its context */
};

/* ---- Reading ----------------------------------------------------------------- */

static bool
read_semantic(
    struct rv_exchange *x, const json_t *value, enum semantic *ret_semantic)
{
	static const char *const names[] = {
		[EXECUTE_ALL] = "execute_all",
		[DENY_ON_FIRST_DENY] = "deny_on_first_deny",
		[PERMIT_ON_FIRST_PERMIT] = "permit_on_first_permit",
	};
	const struct rv_slice name = rv_slice_of(json_string_value(value));

	*ret_semantic = EXECUTE_ALL;
	if (value == NULL || json_is_null(value))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (rv_slice_eq_cstr(name, names[i])) {
			*ret_semantic = (enum semantic)i;
			return true;
		}
	rv_body_bad(x, "options.evaluations_semantic",
	    "must be \"execute_all\", \"deny_on_first_deny\" or "
	    "\"permit_on_first_permit\"");
	return false;
}

static bool
read_options(struct rv_exchange *x, const json_t *root, struct evaluation *ev)
{
	const json_t *options = json_object_get(root, "options");
	const json_t *reasons = json_object_get(options, "reasons");

	if (options != NULL && !json_is_null(options) &&
	    !json_is_object(options)) {
		rv_body_bad(x, "options", "must be an object");
		return false;
	}
	if (reasons != NULL && !json_is_null(reasons) &&
	    !json_is_boolean(reasons)) {
		rv_body_bad(x, "options.reasons", "must be true or false");
		return false;
	}
	ev->reasons = json_is_true(reasons);
	return read_semantic(
	    x, json_object_get(options, "evaluations_semantic"), &ev->semantic);
}

/* How many questions there are; false: the exchange has been answered. */
static bool
count_items(struct rv_exchange *x, const json_t *list, size_t *ret_n)
{
	const size_t most = (size_t)x->lane->provider->config->max_batch;
	const char *detail;

	*ret_n = json_array_size(list);
	if (list != NULL && !json_is_null(list) && !json_is_array(list)) {
		rv_body_bad(x, "evaluations", "must be an array");
		return false;
	}
	if (*ret_n <= most)
		return true;
	detail = rv_arena_printf(x->arena,
	    "The batch has %zu questions; this site allows %zu (max_batch). "
	    "Send it in parts.",
	    *ret_n, most);
	rv_answer_error(x, 413, "too_many_items",
	    detail != NULL ? detail : "The batch has too many questions.");
	return false;
}

static int
read_items(struct rv_exchange *x, const json_t *root, const json_t *list,
    struct evaluation *ev)
{
	int r = RV_OK;

	ev->people = rv_people_new(x, ev->n);
	ev->items = rv_arena_alloc(x->arena, ev->n * sizeof(*ev->items));
	if (ev->people == NULL || ev->items == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; r == RV_OK && i < ev->n; i++)
		r = ev->batch ? rv_item_read(x, json_array_get(list, i), root,
				    RV_ENTITIES_ALL, ev->people, &ev->items[i])
			      : rv_item_read(x, root, NULL, RV_ENTITIES_ALL,
				    ev->people, &ev->items[i]);
	return r;
}

/* False: the exchange has been answered. */
static bool
read_body(struct rv_exchange *x, const json_t *root, bool may_be_batch,
    struct evaluation *ev)
{
	const json_t *list =
	    may_be_batch ? json_object_get(root, "evaluations") : NULL;

	if (!count_items(x, list, &ev->n) ||
	    (may_be_batch && !read_options(x, root, ev)))
		return false;
	/* AuthZEN 1.0, 7.1: no evaluations are a single evaluation. */
	ev->batch = ev->n > 0;
	if (!ev->batch)
		ev->n = 1;
	if (read_items(x, root, list, ev) != RV_OK) {
		rv_answer_json(x, 200, NULL);
		return false;
	}
	if (!ev->batch && ev->items->wrong != NULL) {
		rv_item_answer_wrong(x, ev->items);
		return false;
	}
	return true;
}

/* ---- Answering ---------------------------------------------------------------- */

static json_t *
decision(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct evaluation *ev, const struct rv_item *item)
{
	const bool allowed =
	    item->wrong == NULL && item->verdict.decision == RV_ALLOW;
	json_t *context;

	if (item->wrong != NULL)
		return json_pack("{s:b, s:{s:{s:i, s:o}}}", "decision", 0,
		    "context", "error", "status", 400, "message",
		    json_sprintf("The member %s %s.", item->path, item->wrong));
	if (ev->batch && !ev->reasons)
		return json_pack("{s:b}", "decision", allowed);
	context = rv_item_context(x, s, ev->people, item);
	if (context == NULL)
		return NULL;
	return json_pack("{s:b, s:o}", "decision", allowed, "context", context);
}

/* How many answers there are: up to the one at which the batch stops. */
static size_t
count_answers(const struct evaluation *ev)
{
	if (ev->semantic == EXECUTE_ALL)
		return ev->n;
	for (size_t i = 0; i < ev->n; i++) {
		const bool allowed = ev->items[i].wrong == NULL &&
				     ev->items[i].verdict.decision == RV_ALLOW;

		if (allowed == (ev->semantic == PERMIT_ON_FIRST_PERMIT))
			return i + 1;
	}
	return ev->n;
}

/* Until when all of them hold. */
static const char *
all_valid_until(const struct rv_exchange *x, const struct evaluation *ev)
{
	int64_t until = INT64_MAX;

	for (size_t i = 0; i < ev->n; i++) {
		int64_t mine;

		if (ev->items[i].wrong != NULL)
			continue;
		mine = rv_person_valid_until(x,
		    rv_people_get(ev->people, ev->items[i].person),
		    ev->items[i].verdict.valid_until_ms);
		until = mine < until ? mine : until;
	}
	return rv_timestamp(x->arena, until);
}

static bool
decided(const struct rv_exchange *x, size_t n)
{
	const char *allowed = rv_reason_name(RV_REASON_ALLOWED);

	for (size_t i = 0; i < n; i++)
		if (strcmp(x->record.items[i].reason, allowed) != 0)
			return false;
	return n > 0;
}

static void
answer_batch(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct evaluation *ev)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < ev->n; i++) {
		if (json_array_append_new(
			list, decision(x, s, ev, &ev->items[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	/* Of the items that were answered, as each was decided. */
	x->record.outcome =
	    decided(x, ev->n) ? RV_SLICE_LIT("allow") : RV_SLICE_LIT("deny");
	x->record.reason = RV_SLICE_LIT("batch");
	x->record.count = (int64_t)ev->n;
	if (list == NULL) {
		rv_answer_json(x, 200, NULL);
		return;
	}
	rv_answer_json(x, 200,
	    json_pack("{s:o, s:{s:I, s:s*, s:s*}}", "evaluations", list,
		"context", "revision", (json_int_t)rv_snapshot_revision(s),
		"evaluated_at", rv_timestamp(x->arena, rv_exchange_instant(x)),
		"valid_until", all_valid_until(x, ev)));
}

static void
decide(struct rv_exchange *x, const struct rv_snapshot *s, void *arg)
{
	struct evaluation *ev = arg;

	if (rv_items_decide(x, s, ev->people, ev->items, ev->n, ev->batch) !=
	    RV_OK) {
		rv_answer_json(x, 200, NULL);
	} else if (!ev->batch) {
		rv_answer_json(x, 200, decision(x, s, ev, ev->items));
	} else {
		/* What comes behind the last answer was not asked. */
		ev->n = count_answers(ev);
		x->record.n_items = ev->n;
		answer_batch(x, s, ev);
	}
	rv_exchange_finish(x);
}

static void
evaluate(struct rv_exchange *x, bool may_be_batch)
{
	struct evaluation *ev = rv_arena_alloc(x->arena, sizeof(*ev));
	json_t *root = NULL;
	bool ok = false;

	if (ev == NULL)
		rv_answer_json(x, 200, NULL);
	else
		root = rv_body_object(x);
	if (root != NULL)
		ok = read_body(x, root, may_be_batch, ev);
	json_decref(root);
	if (ok && !ev->batch)
		rv_item_record(x, ev->people, ev->items);
	if (ok)
		rv_people_find(ev->people, false, decide, ev);
	else
		rv_exchange_finish(x);
}

void
rv_rest_evaluation(struct rv_exchange *x)
{
	evaluate(x, false);
}

void
rv_rest_evaluations(struct rv_exchange *x)
{
	evaluate(x, true);
}
