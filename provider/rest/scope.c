/*
 * The whole administrative scope of somebody: all assignments that name it
 * or a group of it, cut to what the asker may read.
 */
#include "loop/loop.h"
#include "pipeline/exchange.h"
#include "reeve/rbac_ask.h"
#include "rest/body.h"
#include "rest/holding.h"
#include "rest/names.h"
#include "rest/people.h"
#include "rest/question.h"
#include "rest/rest.h"
#include "rest/timestamp.h"

#define ROWS_MAX 1000u /* of one answer; who has more is told how many */

struct scope {
	struct rv_exchange *x;
	struct rv_people *people;
	struct rv_names *names;
	size_t person;
	struct rv_seen *seen;
	size_t n_seen, total;
	bool hidden;
	uint64_t revision;
	int64_t valid_until_ms;
};

static void
answer(void *arg)
{
	struct scope *sc = arg;
	struct rv_exchange *x = sc->x;
	const struct rv_person *person = rv_people_get(sc->people, sc->person);
	json_t *rows = json_array();

	for (size_t i = 0; rows != NULL && i < sc->n_seen; i++)
		if (json_array_append_new(
			rows, rv_seen_json(x, &sc->seen[i], sc->names)) != 0) {
			json_decref(rows);
			rows = NULL;
		}
	if (rows == NULL)
		rv_answer_json(x, 200, NULL);
	else
		rv_answer_json(x, 200,
		    json_pack("{s:{s:s%, s:s%}, s:s, s:b, s:s*, s:o, s:I, s:b, "
			      "s:{s:I, s:s*, s:s*}}",
			"subject", "type", person->type.p, person->type.n, "id",
			person->id.p, person->id.n, "level",
			rv_level_name(person->subject.level), "groups_known",
			person->subject.groups_known, "stopped",
			person->stopped, "assignments", rows, "total",
			(json_int_t)sc->total, "filtered", sc->hidden,
			"context", "revision", (json_int_t)sc->revision,
			"evaluated_at",
			rv_timestamp(x->arena, rv_exchange_instant(x)),
			"valid_until",
			rv_timestamp(x->arena, sc->valid_until_ms)));
	rv_exchange_finish(x);
}

/* The next instant at which one of them begins or ends to be valid. */
static void
keep_boundary(struct scope *sc, const struct rv_holding *h, int64_t at_ms)
{
	const int64_t next = h->from_ms > at_ms	   ? h->from_ms
			     : h->until_ms > at_ms ? h->until_ms
						   : INT64_MAX;

	if (next < sc->valid_until_ms)
		sc->valid_until_ms = next;
}

static int
see_all(struct scope *sc, const struct rv_snapshot *s,
    const struct rv_person *person)
{
	struct rv_exchange *x = sc->x;
	const struct rv_sight sight = rv_sight_of(x, s);
	const struct rv_holding *all;
	size_t n, most;
	int r;

	r = rv_rbac_holdings(
	    person->resolved, rv_exchange_instant(x), x->arena, &all, &n);
	if (r != RV_OK)
		return r;
	most = n < ROWS_MAX ? n : ROWS_MAX;
	sc->total = n;
	sc->seen = rv_arena_alloc(x->arena, most * sizeof(*sc->seen));
	if (sc->seen == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		keep_boundary(sc, &all[i], rv_exchange_instant(x));
	for (size_t i = 0; r == RV_OK && i < most; i++) {
		struct rv_seen *seen = &sc->seen[sc->n_seen++];

		r = rv_holding_see(&sight, &all[i], sc->names, seen);
		sc->hidden |= seen->role_id.p == NULL ||
			      seen->scopes.hidden > 0 ||
			      seen->collections.hidden > 0;
	}
	return r;
}

static void
decide(struct rv_exchange *x, const struct rv_snapshot *s, void *arg)
{
	struct scope *sc = arg;
	const struct rv_person *person = rv_people_get(sc->people, sc->person);

	sc->revision = rv_snapshot_revision(s);
	sc->valid_until_ms = INT64_MAX;
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	/* A list: with groups unknown it would not be whole. */
	if (!person->subject.groups_known) {
		rv_answer_unavailable(x, "groups_unknown",
		    "The groups could not be read from the directory, so that "
		    "not all assignments are known. Try again.");
		rv_exchange_finish(x);
		return;
	}
	if (!person->self && !rv_may_read_class(x, s, "SMS_Admin"))
		sc->hidden = true;
	else if (person->stopped == NULL && see_all(sc, s, person) != RV_OK) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	x->record.count = (int64_t)sc->n_seen;
	sc->valid_until_ms =
	    rv_person_valid_until(x, person, sc->valid_until_ms);
	rv_names_read(sc->names, answer, sc);
}

/* False: the exchange has been answered. */
static bool
read_subject(struct scope *sc, const json_t *root)
{
	struct rv_item item = { 0 };

	if (rv_item_read(sc->x, root, NULL,
		RV_ENTITY_SUBJECT | RV_ENTITY_SUBJECT_ID | RV_ENTITY_SELF,
		sc->people, &item) != RV_OK) {
		rv_answer_json(sc->x, 200, NULL);
		return false;
	}
	if (item.wrong != NULL) {
		rv_item_answer_wrong(sc->x, &item);
		return false;
	}
	sc->person = item.person;
	return true;
}

void
rv_rest_scope(struct rv_exchange *x)
{
	struct scope *sc = rv_arena_alloc(x->arena, sizeof(*sc));
	const bool has_body = x->request.method == RV_POST;
	json_t *root = NULL;
	bool ok = false;

	if (sc != NULL) {
		sc->x = x;
		sc->names = rv_names_new(x);
		sc->people = rv_people_new(x, 1);
	}
	if (sc != NULL && sc->names != NULL && sc->people != NULL)
		root = has_body ? rv_body_object(x) : json_object();
	if (root != NULL)
		ok = read_subject(sc, root);
	else if (!x->answered)
		rv_answer_json(x, 200, NULL);
	json_decref(root);
	if (!ok) {
		rv_exchange_finish(x);
		return;
	}
	x->record.action = RV_SLICE_LIT("scope");
	if (!rv_people_get(sc->people, sc->person)->self)
		x->record.about = rv_people_get(sc->people, sc->person)->id;
	rv_people_find(sc->people, false, decide, sc);
}
