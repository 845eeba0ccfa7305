#include "store/pg.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/conninfo.h"
#include "store/pg_internal.h"

/* A lease that its holder forgot must not hold back VACUUM for ever. */
#define IDLE_TRANSACTION_MS 10000

static void fail(struct pg_conn *c);

static void
drop_event(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

/* Leaves the connection down; run and lease are the caller's affair. */
static void
disconnect(struct pg_conn *c)
{
	drop_event(&c->in);
	drop_event(&c->out);
	if (c->timer != NULL)
		(void)evtimer_del(c->timer);
	c->retrying = false;
	PQfinish(c->conn);
	c->conn = NULL;
	c->state = PG_DOWN;
}

/* Takes run and lease off; a run of a user is finished as lost. */
static void
abandon(struct pg_conn *c)
{
	struct pg_run *run = c->run;
	bool own = c->state == PG_PREPARING;

	disconnect(c);
	if (c->lease != NULL)
		c->lease->conn = NULL;
	c->lease = NULL;
	c->run = NULL;
	if (run == NULL)
		return;
	if (own) {
		rv_pg_run_free(&run);
		return;
	}
	rv_pg_run_lose(run);
	rv_pg_finish(run);
}

void
rv_pg_conn_close(struct pg_conn *c)
{
	abandon(c);
}

bool
rv_pg_conn_is_up(const struct pg_conn *c)
{
	return c->state == PG_IDLE || c->state == PG_BUSY ||
	       c->state == PG_HELD;
}

static void
fail_because(struct pg_conn *c, const char *why)
{
	bool was_up = rv_pg_conn_is_up(c);

	abandon(c);
	if (!was_up)
		rv_pg_conn_refused(c, why);
	if (c->failures < 16)
		c->failures++;
}

/* The server, the network or libpq failed us: next time a little later. */
static void
fail(struct pg_conn *c)
{
	struct rv_error why = { "out of memory" };

	if (c->conn != NULL)
		rv_conninfo_why(c->conn, &why);
	fail_because(c, why.text);
}

static void
became_idle(struct pg_conn *c)
{
	bool fresh = c->state == PG_PREPARING;

	c->state = PG_IDLE;
	if (fresh)
		rv_pg_conn_came_up(c);
}

/* A run of our own; its result is of no interest beyond its success. */
static void
execute_own(struct pg_conn *c, const struct rv_pg_step *step)
{
	struct pg_run *run = rv_pg_run_new(c->pg, step, 1);

	c->state = PG_PREPARING;
	if (run == NULL) {
		fail(c);
		return;
	}
	rv_pg_conn_execute(c, run);
}

void
rv_pg_conn_release(struct pg_conn *c)
{
	static const struct rv_pg_step rollback = { .sql = "rollback" };

	c->lease = NULL;
	if (PQtransactionStatus(c->conn) == PQTRANS_IDLE)
		became_idle(c);
	else
		execute_own(c, &rollback);
}

/* ---- Results ---- */

/* All results are in: detaches the run and decides what comes next. */
static void
complete(struct pg_conn *c)
{
	struct pg_run *run = c->run;
	bool own = c->state == PG_PREPARING;

	if (run->error == NULL && c->step != run->n_steps) {
		fail(c);
		return;
	}
	rv_pg_run_conclude(run);
	if (own && run->outcome != RV_PG_DONE) {
		fail(c);
		return;
	}
	c->run = NULL;
	run->conn = NULL;
	if (own) {
		rv_pg_run_free(&run);
		became_idle(c);
		return;
	}
	c->failures = 0;
	if (run->lease != NULL && run->outcome == RV_PG_DONE) {
		c->state = PG_HELD;
	} else {
		if (run->lease != NULL)
			run->lease->conn = NULL;
		rv_pg_conn_release(c);
	}
	rv_pg_finish(run);
}

/*
 * An error that ends the session says nothing about what was done: the
 * caller treats it as the loss of the connection.
 */
static bool
take_error(struct pg_run *run, PGresult *result)
{
	const char *severity =
	    PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL ||
	    severity == NULL || strcmp(severity, "ERROR") != 0 ||
	    run->error != NULL) {
		PQclear(result);
		return false;
	}
	run->error = result;
	return true;
}

/* False when the answer is none that the protocol allows here. */
static bool
take_result(struct pg_conn *c, PGresult *result)
{
	struct pg_run *run = c->run;
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_PIPELINE_SYNC) {
		PQclear(result);
		if (c->step_open)
			return false;
		complete(c);
		return true;
	}
	/* Behind the last step only the commit can still be refused. */
	if (c->step_open || c->step > run->n_steps ||
	    (c->step == run->n_steps && status != PGRES_FATAL_ERROR)) {
		PQclear(result);
		return false;
	}
	c->step_open = true;
	if (status == PGRES_FATAL_ERROR)
		return take_error(run, result);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
		run->results[c->step] = result;
		return true;
	}
	/* The steps after an error; else COPY, which nobody asked for. */
	PQclear(result);
	return status == PGRES_PIPELINE_ABORTED && run->error != NULL;
}

static void
collect(struct pg_conn *c)
{
	struct pg_run *run = c->run;

	while (c->run == run && run != NULL && !PQisBusy(c->conn)) {
		PGresult *result = PQgetResult(c->conn);
		bool good;

		if (result != NULL) {
			good = take_result(c, result);
		} else {
			/* ends a step; a second one would never end */
			good = c->step_open;
			c->step_open = false;
			c->step++;
		}
		if (!good ||
		    (c->conn != NULL && PQstatus(c->conn) == CONNECTION_BAD)) {
			fail(c);
			return;
		}
	}
}

/* ---- Sending and receiving ---- */

static bool
flush(struct pg_conn *c)
{
	int r = PQflush(c->conn);

	return r == 0 || (r > 0 && event_add(c->out, NULL) == 0);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *c = arg;
	struct rv_pg *pg = c->pg;

	(void)fd;
	(void)what;
	if (!flush(c))
		fail(c);
	rv_pg_settle(pg);
}

/* Nothing is expected: parameter changes, a farewell, the end. */
static bool
is_quiet(struct pg_conn *c)
{
	PGnotify *notify;

	/* What comes before the end of the stream hides it: read again. */
	for (int i = 0; i < 2; i++)
		if (!PQconsumeInput(c->conn))
			return false;
	while ((notify = PQnotifies(c->conn)) != NULL)
		PQfreemem(notify);
	return PQstatus(c->conn) == CONNECTION_OK;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *c = arg;
	struct rv_pg *pg = c->pg;

	(void)fd;
	(void)what;
	if (c->run == NULL) {
		if (!is_quiet(c))
			fail(c);
	} else if (!PQconsumeInput(c->conn) || !flush(c)) {
		fail(c);
	} else {
		collect(c);
	}
	rv_pg_settle(pg);
}

bool
rv_pg_conn_probe(struct pg_conn *c)
{
	if (is_quiet(c))
		return true;
	fail(c);
	return false;
}

static bool
send_steps(PGconn *conn, const struct pg_run *run)
{
	for (size_t i = 0; i < run->n_steps; i++) {
		const struct rv_pg_step *s = &run->steps[i];

		if (!PQsendQueryParams(conn, s->sql, s->n_params, NULL,
			s->params, NULL, NULL, 0))
			return false;
	}
	return PQpipelineSync(conn) != 0;
}

void
rv_pg_conn_execute(struct pg_conn *c, struct pg_run *run)
{
	if (c->state != PG_PREPARING)
		c->state = PG_BUSY;
	c->run = run;
	c->step = 0;
	c->step_open = false;
	run->conn = c;
	/* From here on: libpq sends when its buffer is full. */
	run->sent = true;
	if (!send_steps(c->conn, run) || !flush(c))
		fail(c);
}

/* ---- Connecting ---- */

static void
prepare(struct pg_conn *c)
{
	const long long ms = c->pg->deadline_ms;
	char statement[24], idle[24];
	const char *const params[] = { statement, idle };
	const struct rv_pg_step step = { rv_session_sql, 2, params };

	/*
	 * The server's limit is the longer one: ours decides the answer,
	 * the server's sees to it that nothing goes on after it for long.
	 */
	(void)snprintf(statement, sizeof(statement), "%lld", ms + ms / 4 + 100);
	(void)snprintf(
	    idle, sizeof(idle), "%lld", ms * 5 + IDLE_TRANSACTION_MS);
	execute_own(c, &step);
}

static void
connected(struct pg_conn *c)
{
	struct event_base *base = c->pg->base;
	int fd = PQsocket(c->conn);

	(void)evtimer_del(c->timer);
	drop_event(&c->in);
	c->in = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->out = event_new(base, fd, EV_WRITE, on_writable, c);
	if (c->in == NULL || c->out == NULL || event_add(c->in, NULL) != 0 ||
	    PQsetnonblocking(c->conn, 1) != 0 ||
	    PQenterPipelineMode(c->conn) != 1)
		fail(c);
	else
		prepare(c);
}

static void on_connecting(evutil_socket_t fd, short what, void *arg);

/* The socket may be another one at each step (several hosts). */
static void
await(struct pg_conn *c, short what)
{
	drop_event(&c->in);
	c->in =
	    event_new(c->pg->base, PQsocket(c->conn), what, on_connecting, c);
	if (c->in == NULL || event_add(c->in, NULL) != 0)
		fail(c);
}

static void
on_connecting(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *c = arg;
	struct rv_pg *pg = c->pg;
	PostgresPollingStatusType status = PQconnectPoll(c->conn);

	(void)fd;
	(void)what;
	if (status == PGRES_POLLING_READING)
		await(c, EV_READ);
	else if (status == PGRES_POLLING_WRITING)
		await(c, EV_WRITE);
	else if (status == PGRES_POLLING_OK)
		connected(c);
	else
		fail(c);
	rv_pg_settle(pg);
}

/* Connecting took too long, or it is time to try again. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pg_conn *c = arg;
	struct rv_pg *pg = c->pg;

	(void)fd;
	(void)what;
	if (c->retrying)
		rv_pg_conn_start(c);
	else
		fail_because(c, "no answer in time");
	rv_pg_settle(pg);
}

int
rv_pg_conn_init(struct pg_conn *c, struct rv_pg *pg)
{
	c->pg = pg;
	c->state = PG_DOWN;
	c->timer = evtimer_new(pg->base, on_timer, c);
	return c->timer != NULL ? RV_OK : RV_ERR_NOMEM;
}

void
rv_pg_conn_fini(struct pg_conn *c)
{
	abandon(c);
	drop_event(&c->timer);
}

void
rv_pg_conn_start(struct pg_conn *c)
{
	const struct timeval limit = rv_pg_timeval(c->pg->deadline_ms);

	RV_ASSERT(c->state == PG_DOWN);
	c->retrying = false;
	c->state = PG_CONNECTING;
	c->conn = rv_conninfo_start(c->pg->conninfo);
	if (c->conn == NULL || PQstatus(c->conn) == CONNECTION_BAD ||
	    PQsocket(c->conn) < 0 || evtimer_add(c->timer, &limit) != 0)
		fail(c);
	else
		await(c, EV_WRITE);
}
