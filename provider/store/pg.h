/*
 * PostgreSQL on an event loop: a few connections, statements with bound
 * parameters, deadlines.  libpq is asynchronous; nothing here blocks.
 * One loop's thread only.
 */
#ifndef PROVIDER_STORE_PG_H
#define PROVIDER_STORE_PG_H

#include <libpq-fe.h>

#include "reeve/base.h"

struct event_base;
struct rv_pg;
struct rv_pg_lease;

struct rv_pg_config {
	const char *conninfo;
	unsigned connections;
	int64_t deadline_ms; /* for each run, connection included */
	size_t max_waiting;  /* runs that may wait for a connection */
};

/* One statement; text format in and out.  NULL value = SQL NULL. */
struct rv_pg_step {
	const char *sql;
	int n_params;
	const char *const *params;
};

enum rv_pg_outcome {
	RV_PG_DONE,	   /* every step succeeded */
	RV_PG_REFUSED,	   /* the server refused a step: see sqlstate */
	RV_PG_UNAVAILABLE, /* nothing was done: no connection, no time */
	RV_PG_UNKNOWN,	   /* lost after sending: it may have been done */
};

/* Valid during the callback only. */
struct rv_pg_answer {
	enum rv_pg_outcome outcome;
	const PGresult *const *results; /* one a step, when done */
	size_t n_results;
	const char *sqlstate; /* five characters, when refused */
	const char *message;  /* primary message, when refused */
	const char *detail;   /* detail of the error, or NULL */
};

typedef void rv_pg_done(void *arg, const struct rv_pg_answer *answer);

/* Connects in the background; conninfo errors are found here. */
RV_MUSTUSE int rv_pg_new(struct event_base *base,
    const struct rv_pg_config *config, struct rv_pg **ret_pg,
    struct rv_error *e);
/* Runs are answered as after an outage: see rv_pg_run(). */
void rv_pg_free(struct rv_pg **pg);

/*
 * Runs the steps in order on one connection, in one round trip (libpq's
 * pipeline mode, one implicit transaction unless the steps say BEGIN).  The
 * steps are copied.  done is called exactly once, perhaps before the
 * return.  `writes`: an outage after sending is then RV_PG_UNKNOWN instead
 * of RV_PG_UNAVAILABLE.
 */
void rv_pg_run(struct rv_pg *pg, const struct rv_pg_step *steps, size_t n_steps,
    bool writes, rv_pg_done *done, void *arg);

/*
 * The same in several rounds: a lease holds one connection from begin to
 * end, e.g. for one transaction over several batches.  begin() runs the
 * first steps (say "BEGIN ..."); done gets the lease from *ret_lease only
 * when the outcome is RV_PG_DONE.  end() runs the last steps and gives the
 * connection back; an abandoned lease (rv_pg_lease_drop) closes it.
 */
typedef void rv_pg_leased(
    void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *answer);
void rv_pg_lease_begin(struct rv_pg *pg, const struct rv_pg_step *steps,
    size_t n_steps, rv_pg_leased *done, void *arg);
void rv_pg_lease_run(struct rv_pg_lease *lease, const struct rv_pg_step *steps,
    size_t n_steps, rv_pg_leased *done, void *arg);
void rv_pg_lease_drop(struct rv_pg_lease **lease);
/* Gives a clean connection back after its last answer. */
void rv_pg_lease_end(struct rv_pg_lease **lease);

/* True when a connection is up (for /readyz). */
bool rv_pg_is_up(const struct rv_pg *pg);

#endif
