#include "rest/reading.h"

#include <stdio.h>
#include <string.h>

#include "pipeline/lane.h"
#include "provider.h"
#include "rest/reading_turns.h"

#define WAIT_MS	  100
#define STEPS_MAX 8u
#define N_OWN	  3u /* steps of the beginning */

static void
leave(struct rv_reading *r)
{
	rv_reading_turn_end(r);
	for (size_t i = 0; i < r->n_kept; i++)
		PQclear(r->kept[i]);
	r->n_kept = 0;
}

static void
fail(struct rv_reading *r, const char *code, const char *detail)
{
	struct rv_lane *lane = r->x->lane;

	rv_pg_lease_drop(&r->lease);
	leave(r);
	if (!r->quiet)
		rv_answer_unavailable(r->x, code, detail);
	r->failed(r->owner);
	rv_reading_turns_next(lane);
}

static void
fail_store(struct rv_reading *r)
{
	fail(r, "store_unavailable",
	    "The site's store cannot be reached; try again.");
}

/* ---- The end ----------------------------------------------------------------- */

/* Outlives the exchange: the answer does not wait for the COMMIT. */
static void
on_committed(
    void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *reply)
{
	(void)arg;
	if (reply->outcome == RV_PG_DONE)
		rv_pg_lease_end(&lease);
	else
		rv_pg_lease_drop(&lease);
}

void
rv_reading_end(struct rv_reading *r)
{
	static const struct rv_pg_step commit = { .sql = "COMMIT" };
	struct rv_pg_lease *lease = r->lease;
	struct rv_lane *lane = r->x->lane;

	r->lease = NULL;
	leave(r);
	if (lease != NULL)
		rv_pg_lease_run(lease, &commit, 1, on_committed, NULL);
	rv_reading_turns_next(lane);
}

/* ---- The first round ----------------------------------------------------------- */

static void
hand_out_kept(struct rv_reading *r)
{
	PGresult *results[STEPS_MAX];
	const size_t n = r->n_kept;

	memcpy(results, r->kept, n * sizeof(*results));
	r->n_kept = 0;
	r->rows(r->arg, (const PGresult *const *)results, n);
	for (size_t i = 0; i < n; i++)
		PQclear(results[i]);
}

static void
on_caught_up(void *arg, bool reached)
{
	struct rv_reading *r = arg;
	const struct rv_pg_answer *reply = r->reply;

	if (r->caught_up != NULL)
		*r->caught_up = true;
	if (!reached)
		fail(r, "catching_up",
		    "The site has changed just now and this provider has not "
		    "caught up; try again.");
	else if (reply != NULL)
		r->rows(
		    r->arg, reply->results + N_OWN, reply->n_results - N_OWN);
	else if (r->kept == NULL)
		fail(
		    r, "overload", "The provider is out of memory; try again.");
	else
		hand_out_kept(r);
}

/* What the reply has is gone with it. */
static void
keep(struct rv_reading *r, const struct rv_pg_answer *reply)
{
	const size_t n = reply->n_results - N_OWN;

	r->kept = rv_arena_alloc(r->x->arena, (n + 1) * sizeof(*r->kept));
	for (; r->kept != NULL && r->n_kept < n; r->n_kept++) {
		r->kept[r->n_kept] =
		    PQcopyResult(reply->results[N_OWN + r->n_kept],
			PG_COPYRES_ATTRS | PG_COPYRES_TUPLES);
		if (r->kept[r->n_kept] == NULL)
			break;
	}
	if (r->n_kept == n)
		return;
	while (r->kept != NULL && r->n_kept > 0)
		PQclear(r->kept[--r->n_kept]);
	r->kept = NULL; /* said when it has caught up */
}

static void
on_begun(void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *reply)
{
	struct rv_reading *r = arg;
	bool caught_up = false;

	r->lease = lease;
	if (reply->outcome != RV_PG_DONE || PQntuples(reply->results[1]) != 1 ||
	    rv_slice_to_u64(rv_slice_of(PQgetvalue(reply->results[1], 0, 0)),
		INT64_MAX, &r->waiter.revision) != RV_OK) {
		fail_store(r);
		return;
	}
	r->waiter.fn = on_caught_up;
	r->waiter.arg = r;
	/* Most often it is called at once, and may end all. */
	r->reply = reply;
	/* cppcheck-suppress autoVariables ; taken back, unless r has gone */
	r->caught_up = &caught_up;
	rv_waiter_start(r->x->lane, &r->waiter, WAIT_MS);
	if (caught_up)
		return;
	r->caught_up = NULL;
	r->reply = NULL;
	keep(r, reply);
}

static void
fail_too_many(struct rv_reading *r)
{
	fail(r, "too_many_lists",
	    "Too many lists are being read at once; try again.");
}

static void
fail_memory(struct rv_reading *r)
{
	fail(r, "overload", "The provider is out of memory; try again.");
}

/* It has its turn. */
static void
start(struct rv_reading *r)
{
	char at_ms[24];
	const char *caller[2] = { rv_exchange_actor_json(r->x), at_ms };
	struct rv_pg_step all[N_OWN + STEPS_MAX] = {
		{ .sql = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" },
		{ .sql = "SELECT revision FROM reeve.feed_site" },
		{ .sql = "SELECT set_config('reeve.caller', $1, true),"
			 " set_config('reeve.caller_at', $2, true)",
		    .n_params = 2,
		    .params = caller },
	};

	if (caller[0] == NULL) {
		fail_memory(r);
		return;
	}
	(void)snprintf(
	    at_ms, sizeof(at_ms), "%lld", (long long)rv_exchange_instant(r->x));
	for (size_t i = 0; i < r->n_steps; i++)
		all[N_OWN + i] = r->steps[i];
	rv_pg_lease_begin(r->x->lane->pg, all, N_OWN + r->n_steps, on_begun, r);
}

static const char *
dup(struct rv_arena *arena, const char *text)
{
	return text != NULL ? rv_arena_dup(arena, rv_slice_of(text)) : NULL;
}

/* For the time when the turn comes. */
static int
keep_steps(struct rv_reading *r, const struct rv_pg_step *steps, size_t n)
{
	struct rv_arena *arena = r->x->arena;

	r->n_steps = n;
	r->steps = rv_arena_alloc(arena, (n + 1) * sizeof(*r->steps));
	if (r->steps == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const size_t n_params = (size_t)steps[i].n_params;
		const char **params =
		    rv_arena_alloc(arena, (n_params + 1) * sizeof(*params));

		r->steps[i] = (struct rv_pg_step){ dup(arena, steps[i].sql),
			steps[i].n_params, params };
		if (r->steps[i].sql == NULL || params == NULL)
			return RV_ERR_NOMEM;
		for (size_t k = 0; k < n_params; k++) {
			params[k] = dup(arena, steps[i].params[k]);
			if (params[k] == NULL && steps[i].params[k] != NULL)
				return RV_ERR_NOMEM;
		}
	}
	return RV_OK;
}

void
rv_reading_begin(struct rv_reading *r, const struct rv_pg_step *steps, size_t n,
    rv_reading_rows *rows, void *arg)
{
	RV_ASSERT(n <= STEPS_MAX);
	r->rows = rows;
	r->arg = arg;
	r->lease = NULL;
	r->n_kept = 0;
	r->start = start;
	r->refuse = fail_too_many;
	if (keep_steps(r, steps, n) != RV_OK) {
		fail_memory(r);
		return;
	}
	switch (rv_reading_turn_ask(r)) {
	case RV_TURN_NOW:
		start(r);
		break;
	case RV_TURN_WAIT:
		break;
	case RV_TURN_NONE:
		fail_too_many(r);
		break;
	}
}

/* ---- More rounds ------------------------------------------------------------------ */

static void
on_more(void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *reply)
{
	struct rv_reading *r = arg;

	r->lease = lease;
	if (reply->outcome == RV_PG_DONE)
		r->rows(r->arg, reply->results, reply->n_results);
	else
		fail_store(r);
}

void
rv_reading_go_on(struct rv_reading *r, const struct rv_pg_step *steps, size_t n,
    rv_reading_rows *rows, void *arg)
{
	struct rv_pg_lease *lease = r->lease;

	r->rows = rows;
	r->arg = arg;
	r->lease = NULL;
	rv_pg_lease_run(lease, steps, n, on_more, r);
}
