#include "store/pg.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "store/pg_internal.h"

const struct rv_pg_answer rv_pg_answer_unavailable = {
	.outcome = RV_PG_UNAVAILABLE,
};

struct timeval
rv_pg_timeval(int64_t ms)
{
	return (
	    struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct pg_run *run = arg;
	struct rv_pg *pg = run->pg;

	(void)fd;
	(void)what;
	rv_pg_run_expired(run);
	rv_pg_settle(pg);
}

static int
copy_step(struct rv_arena *arena, const struct rv_pg_step *from,
    struct rv_pg_step *to)
{
	const char **params;

	RV_ASSERT(from->n_params >= 0);
	params = rv_arena_alloc(
	    arena, ((size_t)from->n_params + 1) * sizeof(*params));
	to->sql = rv_arena_dup(arena, rv_slice_of(from->sql));
	to->n_params = from->n_params;
	to->params = params;
	if (params == NULL || to->sql == NULL)
		return RV_ERR_NOMEM;
	for (int i = 0; i < from->n_params; i++) {
		if (from->params[i] == NULL)
			continue;
		params[i] = rv_arena_dup(arena, rv_slice_of(from->params[i]));
		if (params[i] == NULL)
			return RV_ERR_NOMEM;
	}
	return RV_OK;
}

static int
copy_steps(struct pg_run *run, const struct rv_pg_step *steps, size_t n)
{
	run->arena = rv_arena_new(0);
	if (run->arena == NULL || n > SIZE_MAX / sizeof(*steps))
		return RV_ERR_NOMEM;
	run->steps = rv_arena_alloc(run->arena, n * sizeof(*run->steps));
	run->results = rv_arena_alloc(run->arena, n * sizeof(*run->results));
	if (run->steps == NULL || run->results == NULL)
		return RV_ERR_NOMEM;
	run->n_steps = n;
	for (size_t i = 0; i < n; i++)
		if (copy_step(run->arena, &steps[i], &run->steps[i]) != RV_OK)
			return RV_ERR_NOMEM;
	return RV_OK;
}

struct pg_run *
rv_pg_run_new(struct rv_pg *pg, const struct rv_pg_step *steps, size_t n_steps)
{
	struct pg_run *run = calloc(1, sizeof(*run));
	const struct timeval limit = rv_pg_timeval(pg->deadline_ms);

	RV_ASSERT(n_steps > 0);
	if (run == NULL)
		return NULL;
	run->pg = pg;
	run->deadline = evtimer_new(pg->base, on_deadline, run);
	if (run->deadline == NULL || evtimer_add(run->deadline, &limit) != 0 ||
	    copy_steps(run, steps, n_steps) != RV_OK)
		rv_pg_run_free(&run);
	return run;
}

void
rv_pg_run_clear_results(struct pg_run *run)
{
	for (size_t i = 0; i < run->n_steps; i++) {
		PQclear(run->results[i]);
		run->results[i] = NULL;
	}
	PQclear(run->error);
	run->error = NULL;
}

void
rv_pg_run_free(struct pg_run **run_p)
{
	struct pg_run *run = *run_p;

	*run_p = NULL;
	if (run == NULL)
		return;
	rv_pg_run_clear_results(run);
	if (run->deadline != NULL)
		event_free(run->deadline);
	rv_arena_free(&run->arena);
	free(run);
}

void
rv_pg_run_lose(struct pg_run *run)
{
	rv_pg_run_clear_results(run);
	run->outcome =
	    run->sent && run->writes ? RV_PG_UNKNOWN : RV_PG_UNAVAILABLE;
}

/*
 * Errors that say nothing about the statement: the server has no room (53),
 * was told to stop it (57), is broken (58), or is read-only since a
 * failover.  As errors, not ends of the session, they undid the work.
 */
static bool
is_outage(const char *sqlstate)
{
	return strncmp(sqlstate, "53", 2) == 0 ||
	       strncmp(sqlstate, "57", 2) == 0 ||
	       strncmp(sqlstate, "58", 2) == 0 ||
	       strcmp(sqlstate, "25006") == 0;
}

void
rv_pg_run_conclude(struct pg_run *run)
{
	const char *sqlstate;

	if (run->error == NULL) {
		run->outcome = RV_PG_DONE;
		return;
	}
	sqlstate = PQresultErrorField(run->error, PG_DIAG_SQLSTATE);
	run->outcome = sqlstate != NULL && is_outage(sqlstate)
			   ? RV_PG_UNAVAILABLE
			   : RV_PG_REFUSED;
}

void
rv_pg_run_answer(const struct pg_run *run, struct rv_pg_answer *ret_answer)
{
	struct rv_pg_answer a = { .outcome = run->outcome };

	if (run->outcome == RV_PG_DONE) {
		a.results = (const PGresult *const *)run->results;
		a.n_results = run->n_steps;
	} else if (run->error != NULL) {
		a.sqlstate = PQresultErrorField(run->error, PG_DIAG_SQLSTATE);
		a.message =
		    PQresultErrorField(run->error, PG_DIAG_MESSAGE_PRIMARY);
		a.detail =
		    PQresultErrorField(run->error, PG_DIAG_MESSAGE_DETAIL);
		if (a.message == NULL)
			a.message = "";
	}
	*ret_answer = a;
}
