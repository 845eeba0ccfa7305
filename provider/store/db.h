/*
 * One connection to PostgreSQL on a thread that may wait: every wait ends
 * at a deadline or when a descriptor says stop, so that a server that hangs
 * cannot hold the thread.  One thread at a time.
 */
#ifndef PROVIDER_STORE_DB_H
#define PROVIDER_STORE_DB_H

#include <libpq-fe.h>

#include "reeve/base.h"

struct rv_db;

struct rv_db_config {
	const char *conninfo;
	/*
	 * The longest silence of the server that is borne, connecting
	 * included; 0: no limit (migrations), 10 s for connecting.
	 */
	int64_t deadline_ms;
	int stop_fd; /* readable: stop; -1: none */
};

/*
 * Connects and sets the session up.  This and all functions below:
 * RV_ERR_INVALID the connection string is malformed; RV_ERR_TIMEOUT the
 * server was silent for too long; RV_ERR_AGAIN asked to stop;
 * RV_ERR_UNAVAILABLE the connection is lost; RV_ERR_DENIED the server
 * refused the statement (rv_db_sqlstate() says how); RV_ERR_NOMEM;
 * RV_ERR_INTERNAL an answer that the protocol does not allow.  After all
 * but RV_ERR_DENIED the connection is good for rv_db_close() only.
 */
RV_MUSTUSE int rv_db_open(const struct rv_db_config *config,
    struct rv_db **ret_db, struct rv_error *e);
/* *db may be NULL and becomes NULL. */
void rv_db_close(struct rv_db **db);

/* One statement, text format; *ret_result is the caller's (PQclear). */
RV_MUSTUSE int rv_db_query(struct rv_db *db, const char *sql, int n_params,
    const char *const *params, PGresult **ret_result, struct rv_error *e);
/* The same for a statement without parameters or interesting result. */
RV_MUSTUSE int rv_db_execute(
    struct rv_db *db, const char *sql, struct rv_error *e);
/*
 * A statement that is planned once a session and run often, under a name of
 * its own.
 */
RV_MUSTUSE int rv_db_prepare(
    struct rv_db *db, const char *name, const char *sql, struct rv_error *e);
RV_MUSTUSE int rv_db_run(struct rv_db *db, const char *name, int n_params,
    const char *const *params, PGresult **ret_result, struct rv_error *e);
/*
 * Any number of statements as one text (a migration); an error names the
 * line where the server names a place.
 */
RV_MUSTUSE int rv_db_script(
    struct rv_db *db, const char *sql, struct rv_error *e);

/*
 * Runs a COPY ... TO STDOUT (FORMAT binary) of n_columns and hands over each
 * piece of data.  A failure of the callback ends the copy and is returned;
 * the connection is unusable then.
 */
typedef int rv_db_piece(void *arg, struct rv_slice piece, struct rv_error *e);
RV_MUSTUSE int rv_db_copy(struct rv_db *db, const char *sql, int n_columns,
    rv_db_piece *piece, void *arg, struct rv_error *e);

/*
 * Waits for a notification until an instant of CLOCK_BOOTTIME; all that
 * have arrived count as one.
 */
RV_MUSTUSE int rv_db_listen(struct rv_db *db, int64_t until_boot_ms,
    bool *ret_bell, struct rv_error *e);

/* Whether the session is inside a transaction that has not failed. */
bool rv_db_in_transaction(const struct rv_db *db);
/* Of the last refusal: five characters, or "". */
const char *rv_db_sqlstate(const struct rv_db *db);

#endif
