#include "store/pg.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "store/conninfo.h"
#include "store/pg_internal.h"

#define RETRY_FIRST_MS 50
#define RETRY_MAX_MS   2000

/* ---- Attempts ---- */

static bool
any_up(const struct rv_pg *pg)
{
	for (unsigned i = 0; i < pg->n_conns; i++)
		if (rv_pg_conn_is_up(&pg->conns[i]))
			return true;
	return false;
}

bool
rv_pg_is_up(const struct rv_pg *pg)
{
	return !pg->suspect && any_up(pg);
}

void
rv_pg_conn_came_up(struct pg_conn *c)
{
	struct rv_pg *pg = c->pg;

	if (pg->down)
		rv_log(RV_LOG_INFO, "store: PostgreSQL answers again");
	pg->down = false;
	pg->suspect = false;
}

void
rv_pg_conn_refused(struct pg_conn *c, const char *why)
{
	struct rv_pg *pg = c->pg;

	/* Suspected, and now convicted: the idle ones are dead as well. */
	for (unsigned i = 0; pg->suspect && i < pg->n_conns; i++)
		if (pg->conns[i].state == PG_IDLE)
			rv_pg_conn_close(&pg->conns[i]);
	if (any_up(pg) || pg->down)
		return;
	pg->down = true;
	rv_log(RV_LOG_WARNING, "store: PostgreSQL cannot be reached: %s", why);
}

/* Half of it fixed, half by chance, so that providers do not march. */
static int64_t
retry_delay_ms(unsigned failures)
{
	int64_t ms = RETRY_FIRST_MS;

	if (failures == 0)
		return arc4random_uniform(10);
	while (--failures > 0 && ms < RETRY_MAX_MS)
		ms *= 2;
	if (ms > RETRY_MAX_MS)
		ms = RETRY_MAX_MS;
	return ms / 2 + arc4random_uniform((uint32_t)ms / 2 + 1);
}

/*
 * Sees to it that every connection that is down will be tried again; while
 * none is up one of them tries for all.
 */
static void
revive(struct rv_pg *pg)
{
	bool up = any_up(pg), trying = false;

	for (unsigned i = 0; i < pg->n_conns; i++) {
		const struct pg_conn *c = &pg->conns[i];

		trying |= c->retrying || c->state == PG_CONNECTING ||
			  c->state == PG_PREPARING;
	}
	for (unsigned i = 0; i < pg->n_conns; i++) {
		struct pg_conn *c = &pg->conns[i];
		struct timeval delay;

		if (c->state != PG_DOWN || c->retrying || (!up && trying))
			continue;
		delay = rv_pg_timeval(retry_delay_ms(c->failures));
		c->retrying = evtimer_add(c->timer, &delay) == 0;
		trying |= c->retrying;
	}
}

/* ---- Runs ---- */

void
rv_pg_finish(struct pg_run *run)
{
	run->conn = NULL;
	(void)evtimer_del(run->deadline);
	TAILQ_INSERT_TAIL(&run->pg->finished, run, link);
}

void
rv_pg_enqueue(struct pg_run *run)
{
	struct rv_pg *pg = run->pg;

	if (pg->dead || pg->down) {
		rv_pg_run_lose(run);
		rv_pg_finish(run);
		return;
	}
	TAILQ_INSERT_TAIL(&pg->waiting, run, link);
	pg->n_waiting++;
}

static struct pg_run *
dequeue(struct rv_pg *pg, struct pg_run *run)
{
	TAILQ_REMOVE(&pg->waiting, run, link);
	pg->n_waiting--;
	return run;
}

void
rv_pg_run_expired(struct pg_run *run)
{
	struct rv_pg *pg = run->pg;
	struct pg_conn *c = run->conn;

	if (c == NULL) {
		rv_pg_run_lose(dequeue(pg, run));
		rv_pg_finish(run);
		return;
	}
	/*
	 * One slow statement, or a server that hangs?  The connection that
	 * takes this one's place finds out; nobody else is sent there until
	 * then.
	 */
	pg->suspect = true;
	if (c->state == PG_PREPARING)
		rv_pg_conn_refused(c, "no answer in time");
	rv_pg_conn_close(c);
}

static struct pg_conn *
idle_conn(struct rv_pg *pg)
{
	for (unsigned i = 0; i < pg->n_conns; i++) {
		struct pg_conn *c = &pg->conns[i];

		if (c->state == PG_IDLE && rv_pg_conn_probe(c))
			return c;
	}
	return NULL;
}

/*
 * Who waits when the server goes away keeps the rest of its time: it may be
 * a restart.  Those who come later are told at once (rv_pg_enqueue).
 */
static void
dispatch(struct rv_pg *pg)
{
	struct pg_conn *c;
	struct pg_run *run;

	while (!pg->suspect && (run = TAILQ_FIRST(&pg->waiting)) != NULL &&
	       (c = idle_conn(pg)) != NULL) {
		(void)dequeue(pg, run);
		if (run->lease != NULL) {
			run->lease->conn = c;
			c->lease = run->lease;
		}
		rv_pg_conn_execute(c, run);
	}
}

/* How many may wait beyond what idle connections take at once. */
static void
shed(struct rv_pg *pg)
{
	while (pg->n_waiting > pg->max_waiting) {
		struct pg_run *last = TAILQ_LAST(&pg->waiting, pg_runs);

		rv_pg_run_lose(dequeue(pg, last));
		rv_pg_finish(last);
	}
}

static void
deliver(struct pg_run *run)
{
	struct rv_pg_answer answer;

	if (run->leased != NULL) {
		rv_pg_lease_deliver(run);
	} else {
		rv_pg_run_answer(run, &answer);
		run->done(run->arg, &answer);
	}
	rv_pg_run_free(&run);
}

static void
deliver_all(struct rv_pg *pg)
{
	struct pg_run *run;

	while ((run = TAILQ_FIRST(&pg->finished)) != NULL) {
		TAILQ_REMOVE(&pg->finished, run, link);
		deliver(run);
	}
}

static void
destroy(struct rv_pg *pg)
{
	free(pg->conns);
	free(pg->conninfo);
	free(pg);
}

void
rv_pg_settle(struct rv_pg *pg)
{
	if (!pg->dead) {
		dispatch(pg);
		shed(pg);
		revive(pg);
	}
	/* A callback got here: the call that made it goes on with the rest. */
	if (pg->settling)
		return;
	pg->settling = true;
	deliver_all(pg);
	pg->settling = false;
	if (pg->dead)
		destroy(pg);
}

void
rv_pg_run(struct rv_pg *pg, const struct rv_pg_step *steps, size_t n_steps,
    bool writes, rv_pg_done *done, void *arg)
{
	struct pg_run *run = rv_pg_run_new(pg, steps, n_steps);

	if (run == NULL) {
		done(arg, &rv_pg_answer_unavailable);
		return;
	}
	run->writes = writes;
	run->done = done;
	run->arg = arg;
	rv_pg_enqueue(run);
	rv_pg_settle(pg);
}

/* ---- Life ---- */

static void
warn_of_names(const char *conninfo)
{
	char *host = rv_conninfo_looked_up_host(conninfo);

	if (host != NULL)
		rv_log(RV_LOG_WARNING,
		    "store: the look-up of host \"%s\" stops an event loop "
		    "while it lasts: give its address as hostaddr besides",
		    host);
	free(host);
}

int
rv_pg_new(struct event_base *base, const struct rv_pg_config *config,
    struct rv_pg **ret_pg, struct rv_error *e)
{
	struct rv_pg *pg = NULL;
	int r = rv_conninfo_check(config->conninfo, e);

	RV_ASSERT(config->connections > 0 && config->deadline_ms > 0);
	if (r != RV_OK)
		return r;
	pg = calloc(1, sizeof(*pg));
	if (pg == NULL)
		goto nomem;
	TAILQ_INIT(&pg->waiting);
	TAILQ_INIT(&pg->finished);
	pg->base = base;
	pg->deadline_ms = config->deadline_ms;
	pg->max_waiting = config->max_waiting;
	pg->conninfo = strdup(config->conninfo);
	pg->conns = calloc(config->connections, sizeof(*pg->conns));
	if (pg->conninfo == NULL || pg->conns == NULL)
		goto nomem;
	for (; pg->n_conns < config->connections; pg->n_conns++)
		if (rv_pg_conn_init(&pg->conns[pg->n_conns], pg) != RV_OK)
			goto nomem;
	warn_of_names(config->conninfo);
	revive(pg);
	*ret_pg = pg;
	return RV_OK;
nomem:
	rv_pg_free(&pg);
	rv_error_set(e, "the connections to PostgreSQL: out of memory");
	return RV_ERR_NOMEM;
}

void
rv_pg_free(struct rv_pg **pg_p)
{
	struct rv_pg *pg = *pg_p;
	struct pg_run *run;
	bool was_settling;

	*pg_p = NULL;
	if (pg == NULL)
		return;
	pg->dead = true;
	while ((run = TAILQ_FIRST(&pg->waiting)) != NULL) {
		rv_pg_run_lose(dequeue(pg, run));
		rv_pg_finish(run);
	}
	for (unsigned i = 0; i < pg->n_conns; i++)
		rv_pg_conn_fini(&pg->conns[i]);
	was_settling = pg->settling;
	pg->settling = true;
	deliver_all(pg);
	pg->settling = was_settling;
	/* From within a callback: the call that made it ends the rest. */
	if (!was_settling)
		destroy(pg);
}
