/*
 * bench_feed CONNINFO RUNS
 *
 * How long after COMMIT was sent a change is in the snapshot that decides,
 * against a client that does only what cannot be left out: the same write,
 * the bell, and one SELECT of what has changed.  The feed does not run while
 * the other is measured, and the other does not listen while the feed is.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

#include <libpq-fe.h>

#include "store/db.h"
#include "store/feed.h"
#include "store/feed_poll.h"

#include "bench/kit.h"
#include "bench/site/site.h"

#define CHANGES 200

/* ---- The writer -------------------------------------------------------------- */

struct writer {
	PGconn *conn;
	bool there; /* what it adds and removes */
};

static void
need_result(PGconn *conn, PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		(void)fprintf(stderr, "bench_feed: %s", PQerrorMessage(conn));
		exit(1);
	}
}

static uint64_t
run(PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	uint64_t n = 0;

	need_result(conn, result);
	if (PQntuples(result) == 1)
		n = strtoull(PQgetvalue(result, 0, 0), NULL, 10);
	PQclear(result);
	return n;
}

static PGconn *
connect_to(const char *conninfo)
{
	PGconn *conn = PQconnectdb(conninfo);

	if (PQstatus(conn) != CONNECTION_OK) {
		(void)fprintf(stderr, "bench_feed: %s", PQerrorMessage(conn));
		exit(1);
	}
	return conn;
}

/* All of a change but its COMMIT; returns the revision. */
static uint64_t
prepare_change(struct writer *w)
{
	uint64_t revision;

	(void)run(w->conn, "begin");
	revision = run(w->conn, "select reeve.take_revision()");
	(void)run(w->conn,
	    w->there ? "delete from reeve.object_scope where object_key ="
		       " 'bench/feed' and scope_id = 'SMS00UNA'"
		     : "insert into reeve.object_scope values"
		       " (31, 'bench/feed', 'SMS00UNA')");
	w->there = !w->there;
	return revision;
}

static double
send_commit(struct writer *w)
{
	double at = bench_now_s();

	if (!PQsendQuery(w->conn, "commit") || PQflush(w->conn) != 0)
		need_result(w->conn, NULL);
	return at;
}

static void
end_commit(struct writer *w)
{
	PGresult *result;

	while ((result = PQgetResult(w->conn)) != NULL) {
		need_result(w->conn, result);
		PQclear(result);
	}
}

static void
begin_writing(struct writer *w, const char *conninfo)
{
	w->conn = connect_to(conninfo);
	(void)run(w->conn, "set client_min_messages = warning");
	(void)run(w->conn, "begin");
	(void)run(w->conn, "select reeve.take_revision()");
	(void)run(w->conn,
	    "insert into reeve.security_scope (scope_id, name) values"
	    " ('BENCHFED', 'bench feed') on conflict do nothing");
	(void)run(w->conn,
	    "insert into reeve.secured_object (object_type_id, object_key,"
	    " name) values (31, 'bench/feed', 'x') on conflict do nothing");
	(void)run(w->conn,
	    "insert into reeve.object_scope values"
	    " (31, 'bench/feed', 'BENCHFED') on conflict do nothing");
	(void)run(w->conn,
	    "delete from reeve.object_scope where object_key = 'bench/feed'"
	    " and scope_id = 'SMS00UNA'");
	(void)run(w->conn, "commit");
}

/* ---- The feed ------------------------------------------------------------------ */

struct visible {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint64_t revision;
	double at;
};

static void
on_published(void *arg, uint64_t revision)
{
	struct visible *v = arg;

	(void)pthread_mutex_lock(&v->lock);
	v->at = bench_now_s();
	v->revision = revision;
	(void)pthread_cond_signal(&v->changed);
	(void)pthread_mutex_unlock(&v->lock);
}

static double
await_visible(struct visible *v, uint64_t revision)
{
	double at;

	(void)pthread_mutex_lock(&v->lock);
	while (v->revision < revision)
		(void)pthread_cond_wait(&v->changed, &v->lock);
	at = v->at;
	(void)pthread_mutex_unlock(&v->lock);
	return at;
}

static int
by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double
median(double *times)
{
	qsort(times, CHANGES, sizeof(*times), by_size);
	return times[CHANGES / 2];
}

static double
measure_feed(const char *conninfo, struct writer *w)
{
	struct visible v = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	const struct rv_feed_config config = {
		.conninfo = conninfo,
		.deadline_ms = 60000,
		.max_staleness_ms = 60000,
		.published = on_published,
		.arg = &v,
	};
	struct rv_error e = { "" };
	struct rv_feed *feed = NULL;
	struct rv_feed_state state;
	double times[CHANGES];

	bench_need(rv_feed_start(&config, &feed, &e), &e, "the feed");
	(void)await_visible(&v, 1);
	for (int i = 0; i < CHANGES; i++) {
		uint64_t revision = prepare_change(w);
		double sent = send_commit(w);

		times[i] = await_visible(&v, revision) - sent;
		end_commit(w);
	}
	rv_feed_state(feed, &state);
	/* Else it was not changes that were measured. */
	if (state.loads != 1 || state.versions < CHANGES) {
		(void)fprintf(stderr, "bench_feed: it did not follow\n");
		exit(1);
	}
	rv_feed_stop(&feed);
	return median(times);
}

/* ---- What cannot be left out ---------------------------------------------------- */

static void
await_bell(PGconn *conn)
{
	PGnotify *notify;

	while ((notify = PQnotifies(conn)) == NULL) {
		struct pollfd fd = { .fd = PQsocket(conn), .events = POLLIN };

		if ((poll(&fd, 1, -1) < 0 && errno != EINTR) ||
		    !PQconsumeInput(conn))
			need_result(conn, NULL);
	}
	PQfreemem(notify);
}

static double
measure_bare(const char *conninfo, struct writer *w)
{
	PGconn *conn = connect_to(conninfo);
	double times[CHANGES];

	need_result(conn, PQprepare(conn, "poll", rv_poll_sql, 0, NULL));
	(void)run(conn, "set jit = off");
	(void)run(conn, "listen reeve_change");
	for (int i = 0; i < CHANGES; i++) {
		uint64_t revision = prepare_change(w);
		char after[24];
		const char *params[] = { after, "20000" };
		PGresult *result;
		double sent;

		(void)snprintf(after, sizeof(after), "%llu",
		    (unsigned long long)revision - 1);
		sent = send_commit(w);
		await_bell(conn);
		result = PQexecPrepared(conn, "poll", 2, params, NULL, NULL, 0);
		times[i] = bench_now_s() - sent;
		need_result(conn, result);
		RV_ASSERT(PQntuples(result) == 1);
		PQclear(result);
		end_commit(w);
	}
	PQfinish(conn);
	return median(times);
}

int
main(int argc, char **argv)
{
	struct writer w = { NULL, false };
	uint64_t runs;

	if (argc != 3 ||
	    rv_slice_to_u64(rv_slice_of(argv[2]), 1000, &runs) != RV_OK) {
		(void)fprintf(stderr, "usage: bench_feed CONNINFO RUNS\n");
		return 2;
	}
	begin_writing(&w, argv[1]);
	for (; runs > 0; runs--) {
		double feed = measure_feed(argv[1], &w);
		double bare = measure_bare(argv[1], &w);

		const struct bench_result row = {
			.name = "one change, COMMIT to visible",
			.value = feed * 1e6,
			.unit = "us",
			.against = "the same write, bell, one SELECT",
			.against_value = bare * 1e6,
			.goal = 1.5,
		};

		bench_print(&row);
	}
	PQfinish(w.conn);
	return 0;
}
