/*
 * One change in the store and its answer; see the header.
 */
#include "rest/store_write.h"

#include <string.h>

#include "audit/audit.h"
#include "pipeline/lane.h"
#include "pipeline/route.h"
#include "pipeline/hold.h"
#include "pipeline/waiter.h"
#include "provider.h"

#define KEY_MAX	    255u
#define CATCH_UP_MS 1000

/* In the arena of its exchange. */
struct write {
	struct rv_exchange *x;
	struct rv_waiter waiter; /* for the revision that was written */
	struct rv_written done;
	struct rv_written_next next;
	rv_write_answer *answer;
	void *arg;
};

bool
rv_write_key(struct rv_exchange *x, const char **ret_key)
{
	bool twice;
	const struct rv_slice key =
	    rv_request_field(&x->request, "idempotency-key", &twice);

	*ret_key = NULL;
	if (twice || (key.p != NULL && (key.n == 0 || key.n > KEY_MAX ||
					   !rv_slice_is_text(key)))) {
		rv_answer_error(x, 400, "bad_idempotency_key",
		    "The field Idempotency-Key must be sent once, with 1 to "
		    "255 bytes.");
		return false;
	}
	if (key.p == NULL)
		return true;
	*ret_key = rv_arena_dup(x->arena, key);
	if (*ret_key == NULL)
		rv_answer_json(x, 200, NULL);
	return *ret_key != NULL;
}

/* ---- Answers ------------------------------------------------------------------ */

static void
answer_plainly(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const json_int_t revision = (json_int_t)written->revision;
	const json_int_t changed = (json_int_t)written->changed;

	(void)arg;
	if (rv_route_error_form(x->request.path) == RV_FORM_ODATA)
		rv_answer_json(x, 200,
		    json_pack("{s:i, s:I, s:I, s:b, s:b}", "ReturnValue", 0,
			"@reeve.revision", revision, "@reeve.changed", changed,
			"@reeve.in_force", written->in_force, "@reeve.replayed",
			written->replayed));
	else
		rv_answer_json(x, 200,
		    json_pack("{s:I, s:I, s:b, s:b}", "revision", revision,
			"changed", changed, "in_force", written->in_force,
			"replayed", written->replayed));
}

static void
on_caught_up(void *arg, bool reached)
{
	struct write *w = arg;
	struct rv_exchange *x = w->x;

	w->done.in_force = reached;
	w->done.next = &w->next;
	x->revision = w->waiter.revision;
	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = w->done.replayed ? RV_SLICE_LIT("replayed")
					    : RV_SLICE_LIT("allowed");
	x->record.count = (int64_t)w->done.changed;
	w->answer(x, &w->done, w->arg);
	json_decref(w->done.result);
	if (w->next.go_on != NULL)
		w->next.go_on(x, w->next.arg);
	else
		rv_exchange_finish(x);
}

/*
 * What no function of the store has refused, but PostgreSQL.  Class 23 is a
 * constraint (its appendix A): the same would be refused again.  Its message
 * may name what the caller may not read, and is kept back.
 */
static void
answer_unforeseen(struct rv_exchange *x, struct rv_slice state)
{
	if (rv_slice_has_prefix(state, RV_SLICE_LIT("23")))
		rv_answer_error(x, 409, "contradicts_site",
		    "The site would hold what no site may, such as a chain of "
		    "more than 64 limiting collections; nothing was written.");
	else
		rv_answer_unavailable(x, "store_refused",
		    "The site's store refused the change; nothing was "
		    "written. Try again.");
}

/* The store's own words: SQLSTATE RVnnn, a sentence, and JSON detail. */
static void
answer_refused(struct rv_exchange *x, const struct rv_pg_answer *reply)
{
	struct rv_slice state = rv_slice_of(reply->sqlstate);
	struct rv_problem p = { .code = "refused" };
	json_t *detail = NULL;
	const char *reason;
	uint64_t status;

	if (!rv_slice_has_prefix(state, RV_SLICE_LIT("RV")) || state.n != 5 ||
	    rv_slice_to_u64(
		(struct rv_slice){ state.p + 2, 3 }, 599, &status) != RV_OK ||
	    status < 400) {
		answer_unforeseen(x, state);
		return;
	}
	if (reply->detail != NULL)
		detail =
		    json_loads(reply->detail, JSON_REJECT_DUPLICATES, NULL);
	reason = json_string_value(json_object_get(detail, "reason"));
	if (reason != NULL)
		p.code = rv_arena_dup(x->arena, rv_slice_of(reason));
	if (p.code == NULL)
		p.code = "refused";
	p.status = (int)status;
	p.detail = rv_arena_dup(x->arena, rv_slice_of(reply->message));
	if (p.detail == NULL)
		p.detail = "The change was refused.";
	x->refused_change =
	    (uint64_t)json_integer_value(json_object_get(detail, "change"));
	p.missing = json_incref(json_object_get(detail, "missing"));
	p.objects = json_incref(json_object_get(detail, "objects"));
	if (status == 403 || status == 404)
		x->record.outcome = RV_SLICE_LIT("deny");
	if (status == 503)
		rv_answer_field(x, "Retry-After", "1");
	rv_answer_problem(x, &p);
	json_decref(detail);
}

/* ---- The write ------------------------------------------------------------------ */

/* Of several steps the last revision, and all that they changed. */
static bool
read_result(struct write *w, const PGresult *row)
{
	uint64_t changed;

	if (PQntuples(row) != 1 || PQnfields(row) < 3 ||
	    rv_slice_to_u64(rv_slice_of(PQgetvalue(row, 0, 0)), INT64_MAX,
		&w->done.revision) != RV_OK ||
	    rv_slice_to_u64(rv_slice_of(PQgetvalue(row, 0, 1)), INT32_MAX,
		&changed) != RV_OK)
		return false;
	w->waiter.revision = w->done.revision;
	w->done.changed += changed;
	w->done.replayed &= strcmp(PQgetvalue(row, 0, 2), "t") == 0;
	if (PQnfields(row) == 3)
		return true;
	json_decref(w->done.result);
	w->done.result =
	    json_loads(PQgetvalue(row, 0, 3), JSON_DECODE_ANY, NULL);
	return w->done.result != NULL;
}

static bool
read_results(struct write *w, const struct rv_pg_answer *reply)
{
	w->done.replayed = true;
	for (size_t i = 0; i < reply->n_results; i++)
		if (!read_result(w, reply->results[i]))
			return false;
	return reply->n_results > 0;
}

static void
on_written(void *arg, const struct rv_pg_answer *reply)
{
	struct write *w = arg;
	struct rv_exchange *x = w->x;

	rv_audit_unreserve(x->lane->provider->audit);
	switch (reply->outcome) {
	case RV_PG_DONE:
		x->committed = !x->dry_run;
		if (!read_results(w, reply)) {
			json_decref(w->done.result);
			break;
		}
		w->waiter.fn = on_caught_up;
		w->waiter.arg = w;
		rv_waiter_start(x->lane, &w->waiter, CATCH_UP_MS);
		return;
	case RV_PG_REFUSED:
		answer_refused(x, reply);
		if (x->answer.status == 404)
			rv_hold_in_steps(x);
		else
			rv_exchange_finish(x);
		return;
	case RV_PG_UNAVAILABLE:
		rv_answer_unavailable(x, "store_unavailable",
		    "The site's store cannot be reached; nothing was "
		    "written. Try again.");
		rv_exchange_finish(x);
		return;
	case RV_PG_UNKNOWN:
		x->unclear = true;
		break;
	}
	rv_answer_unavailable(x, "outcome_unknown",
	    "The connection to the site's store broke before it confirmed: "
	    "the change may have been written. Send the same request with "
	    "the same Idempotency-Key to learn the outcome.");
	rv_exchange_finish(x);
}

void
rv_write_run(struct rv_exchange *x, const struct rv_pg_step *steps,
    size_t n_steps, rv_write_answer *answer, void *arg)
{
	struct write *w = rv_arena_alloc(x->arena, sizeof(*w));

	if (x->group_part != NULL) {
		rv_answer_error(x, 501, "not_in_a_group",
		    "This cannot be done in a group, together with other "
		    "changes or not at all; send it outside of one.");
		rv_exchange_finish(x);
	} else if (w == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
	} else if (!rv_audit_reserve(x->lane->provider->audit)) {
		rv_answer_unavailable(x, "audit_unavailable",
		    "The audit log has no room for a record of this change; "
		    "nothing was written. The site's operator has to make "
		    "room.");
		rv_exchange_finish(x);
	} else {
		*w = (struct write){ .x = x,
			.answer = answer != NULL ? answer : answer_plainly,
			.arg = arg };
		rv_pg_run(x->lane->pg, steps, n_steps, true, on_written, w);
	}
}
