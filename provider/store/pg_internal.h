/*
 * What the files of the pool (pg*.c) share; nobody else includes it.
 *
 * pg_run.c   one run: its steps, its results, its answer
 * pg_conn.c  one connection: connecting, sending, collecting
 * pg.c       the pool: who waits, who runs where, what is tried again
 * pg_lease.c a connection held for several rounds
 *
 * Callbacks of users are called from rv_pg_settle() only, never from the
 * depth of a connection: whatever they do to the pool is then harmless.
 */
#ifndef PROVIDER_STORE_PG_INTERNAL_H
#define PROVIDER_STORE_PG_INTERNAL_H

#include <sys/queue.h>
#include <sys/time.h>

#include "store/pg.h"

struct event;
struct pg_conn;

struct pg_run {
	TAILQ_ENTRY(pg_run) link; /* of waiting or finished */
	struct rv_pg *pg;
	struct pg_conn *conn; /* where it runs, NULL: nowhere */
	struct rv_arena *arena;
	struct rv_pg_step *steps; /* copies, in the arena */
	size_t n_steps;
	PGresult **results; /* n_steps of them, in the arena */
	PGresult *error;    /* of the first step that failed */
	enum rv_pg_outcome outcome;
	bool writes;
	bool sent; /* some of it may have reached the server */
	rv_pg_done *done;
	rv_pg_leased *leased;
	void *arg;
	struct rv_pg_lease *lease;
	struct event *deadline;
};
TAILQ_HEAD(pg_runs, pg_run);

enum pg_state {
	PG_DOWN,
	PG_CONNECTING,
	PG_PREPARING, /* session settings, or ROLLBACK: a run of our own */
	PG_IDLE,
	PG_BUSY,
	PG_HELD, /* by a lease, between two rounds */
};

struct pg_conn {
	struct rv_pg *pg;
	enum pg_state state;
	PGconn *conn;
	struct event *in;    /* readable; while connecting also writable */
	struct event *out;   /* writable, while a flush is unfinished */
	struct event *timer; /* end of connecting, or the next attempt */
	bool retrying;	     /* the timer is that of the next attempt */
	unsigned failures;   /* since it last served a run */
	struct pg_run *run;
	struct rv_pg_lease *lease;
	size_t step;	/* whose results come next */
	bool step_open; /* it has had its result, its end is to come */
};

struct rv_pg {
	struct event_base *base;
	char *conninfo;
	int64_t deadline_ms;
	size_t max_waiting;
	struct pg_conn *conns;
	unsigned n_conns;
	struct pg_runs waiting, finished;
	size_t n_waiting;
	bool down;    /* nothing is up and the last attempt failed */
	bool suspect; /* an answer did not come: prove the server first */
	bool settling;
	bool dead;
};

struct rv_pg_lease {
	struct pg_conn *conn; /* NULL while waiting and once it is lost */
	struct pg_run *round; /* not answered yet */
};

/* ---- pg_run.c ---- */

/* NULL when out of memory.  The deadline begins now. */
struct pg_run *rv_pg_run_new(
    struct rv_pg *pg, const struct rv_pg_step *steps, size_t n_steps);
void rv_pg_run_free(struct pg_run **run);
void rv_pg_run_clear_results(struct pg_run *run);
/* The outcome when a run ends without an answer of the server. */
void rv_pg_run_lose(struct pg_run *run);
/* The outcome when the server has answered all of it. */
void rv_pg_run_conclude(struct pg_run *run);
void rv_pg_run_answer(
    const struct pg_run *run, struct rv_pg_answer *ret_answer);
extern const struct rv_pg_answer rv_pg_answer_unavailable;
struct timeval rv_pg_timeval(int64_t ms);

/* ---- pg_conn.c ---- */

/* Makes the timer; the rest comes with rv_pg_conn_start(). */
RV_MUSTUSE int rv_pg_conn_init(struct pg_conn *c, struct rv_pg *pg);
/* Ends it without telling the pool; its run is put among the finished. */
void rv_pg_conn_fini(struct pg_conn *c);
void rv_pg_conn_start(struct pg_conn *c);
/* False when it turns out to be lost; it is down then. */
bool rv_pg_conn_probe(struct pg_conn *c);
/* Takes the run; needs PG_IDLE or PG_HELD. */
void rv_pg_conn_execute(struct pg_conn *c, struct pg_run *run);
/* Gives it back to the pool, rolled back if need be. */
void rv_pg_conn_release(struct pg_conn *c);
/* Closes it; the run on it, if any, is finished as lost. */
void rv_pg_conn_close(struct pg_conn *c);
bool rv_pg_conn_is_up(const struct pg_conn *c);

/* ---- pg.c ---- */

/* A connection became PG_IDLE for the first time since it was started. */
void rv_pg_conn_came_up(struct pg_conn *c);
/* An attempt to connect failed; why is for the log. */
void rv_pg_conn_refused(struct pg_conn *c, const char *why);
void rv_pg_finish(struct pg_run *run);
void rv_pg_enqueue(struct pg_run *run);
void rv_pg_run_expired(struct pg_run *run);
/*
 * Gives work to idle connections, starts attempts that are due, answers
 * what is finished.  The last call of every entry into the pool: the pool
 * may be gone after it.
 */
void rv_pg_settle(struct rv_pg *pg);

/* ---- pg_lease.c ---- */

void rv_pg_lease_deliver(struct pg_run *run);

#endif
