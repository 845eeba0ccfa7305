#include "store/pg.h"

#include <event2/event.h>
#include <stdlib.h>

#include "store/pg_internal.h"

/*
 * A round may hold a COMMIT, so that its loss is an unknown outcome: a run
 * that "writes".
 */
static void
start_round(struct pg_run *run, struct rv_pg_lease *lease, rv_pg_leased *done,
    void *arg)
{
	run->writes = true;
	run->leased = done;
	run->arg = arg;
	run->lease = lease;
	lease->round = run;
}

void
rv_pg_lease_deliver(struct pg_run *run)
{
	struct rv_pg_lease *lease = run->lease;
	struct rv_pg_answer answer;

	rv_pg_run_answer(run, &answer);
	lease->round = NULL;
	if (run->outcome != RV_PG_DONE) {
		free(lease);
		lease = NULL;
	}
	run->leased(run->arg, lease, &answer);
}

void
rv_pg_lease_begin(struct rv_pg *pg, const struct rv_pg_step *steps,
    size_t n_steps, rv_pg_leased *done, void *arg)
{
	struct rv_pg_lease *lease = calloc(1, sizeof(*lease));
	struct pg_run *run = NULL;

	if (lease != NULL)
		run = rv_pg_run_new(pg, steps, n_steps);
	if (run == NULL) {
		free(lease);
		done(arg, NULL, &rv_pg_answer_unavailable);
		return;
	}
	start_round(run, lease, done, arg);
	rv_pg_enqueue(run);
	rv_pg_settle(pg);
}

void
rv_pg_lease_run(struct rv_pg_lease *lease, const struct rv_pg_step *steps,
    size_t n_steps, rv_pg_leased *done, void *arg)
{
	struct pg_conn *c = lease->conn;
	struct rv_pg *pg = c != NULL ? c->pg : NULL;
	struct pg_run *run = NULL;

	RV_ASSERT(lease->round == NULL);
	/* Better to see the end of the server before sending than after. */
	if (c != NULL && rv_pg_conn_probe(c))
		run = rv_pg_run_new(pg, steps, n_steps);
	if (run != NULL) {
		start_round(run, lease, done, arg);
		rv_pg_conn_execute(c, run);
		rv_pg_settle(pg);
		return;
	}
	if (lease->conn != NULL)
		rv_pg_conn_close(c);
	free(lease);
	if (pg != NULL)
		rv_pg_settle(pg);
	done(arg, NULL, &rv_pg_answer_unavailable);
}

void
rv_pg_lease_drop(struct rv_pg_lease **lease_p)
{
	struct rv_pg_lease *lease = *lease_p;
	struct pg_conn *c;
	struct rv_pg *pg;

	*lease_p = NULL;
	if (lease == NULL)
		return;
	c = lease->conn;
	pg = c != NULL ? c->pg : NULL;
	if (lease->round == NULL) {
		if (c != NULL)
			rv_pg_conn_close(c);
		free(lease);
	} else {
		/* Its answer, which is now a loss, frees the lease. */
		if (lease->round->conn == NULL)
			rv_pg_run_lose(lease->round);
		if (c != NULL)
			rv_pg_conn_close(c);
	}
	if (pg != NULL)
		rv_pg_settle(pg);
}

void
rv_pg_lease_end(struct rv_pg_lease **lease_p)
{
	struct rv_pg_lease *lease = *lease_p;
	struct pg_conn *c;
	struct rv_pg *pg;

	if (lease == NULL || lease->round != NULL || lease->conn == NULL) {
		rv_pg_lease_drop(lease_p);
		return;
	}
	*lease_p = NULL;
	c = lease->conn;
	pg = c->pg;
	free(lease);
	rv_pg_conn_release(c);
	rv_pg_settle(pg);
}
