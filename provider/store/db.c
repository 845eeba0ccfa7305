#include "store/db.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/loop.h"
#include "store/conninfo.h"

#define CONNECT_MS 10000

struct rv_db {
	PGconn *conn;
	int64_t deadline_ms;
	int stop_fd;
	char sqlstate[6];
	unsigned long position; /* of the last error, in characters, or 0 */
};

/* ---- Waiting ---- */

static int64_t
silence_ends(int64_t deadline_ms)
{
	return deadline_ms > 0 ? rv_boot_ms() + deadline_ms : INT64_MAX;
}

/* poll(2)'s timeout, rounded up: never early. */
static int
timeout_until(int64_t until_boot_ms)
{
	int64_t left;

	if (until_boot_ms == INT64_MAX)
		return -1;
	left = until_boot_ms - rv_boot_ms();
	if (left < 0)
		return 0;
	return left >= INT_MAX ? INT_MAX : (int)left + 1;
}

/* RV_OK when the socket is ready. */
static int
await(const struct rv_db *db, short events, int64_t until_boot_ms,
    struct rv_error *e)
{
	struct pollfd fds[] = {
		{ .fd = PQsocket(db->conn), .events = events },
		{ .fd = db->stop_fd, .events = POLLIN },
	};
	int n;

	do {
		n = poll(fds, 2, timeout_until(until_boot_ms));
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		rv_error_set(e, "poll: %s", strerror(errno));
		return RV_ERR_UNAVAILABLE;
	}
	if (fds[1].revents != 0) {
		rv_error_set(e, "asked to stop");
		return RV_ERR_AGAIN;
	}
	if (n == 0) {
		rv_error_set(e, "PostgreSQL gave no answer in time");
		return RV_ERR_TIMEOUT;
	}
	return RV_OK;
}

static int
lost(const struct rv_db *db, struct rv_error *e)
{
	struct rv_error why;

	rv_conninfo_why(db->conn, &why);
	rv_error_set(
	    e, "the connection to PostgreSQL failed: %.400s", why.text);
	return RV_ERR_UNAVAILABLE;
}

/* Sends all that is buffered, reading meanwhile lest both sides wait. */
static int
flush(const struct rv_db *db, int64_t until_boot_ms, struct rv_error *e)
{
	int left, r;

	while ((left = PQflush(db->conn)) > 0) {
		r = await(db, POLLIN | POLLOUT, until_boot_ms, e);
		if (r != RV_OK)
			return r;
		if (!PQconsumeInput(db->conn))
			return lost(db, e);
	}
	return left == 0 ? RV_OK : lost(db, e);
}

/* The next result; NULL at the end of a statement. */
static int
next_result(const struct rv_db *db, PGresult **ret_result, struct rv_error *e)
{
	int64_t until = silence_ends(db->deadline_ms);

	while (PQisBusy(db->conn)) {
		int r = await(db, POLLIN, until, e);

		if (r != RV_OK)
			return r;
		if (!PQconsumeInput(db->conn))
			return lost(db, e);
	}
	*ret_result = PQgetResult(db->conn);
	return RV_OK;
}

/* ---- Statements ---- */

static int
refused(struct rv_db *db, const PGresult *result, struct rv_error *e)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *at = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);

	if (PQstatus(db->conn) == CONNECTION_BAD)
		return lost(db, e);
	(void)snprintf(db->sqlstate, sizeof(db->sqlstate), "%s",
	    state != NULL ? state : "");
	db->position = at != NULL ? strtoul(at, NULL, 10) : 0;
	rv_error_set(e, "%s", text != NULL ? text : "refused");
	return RV_ERR_DENIED;
}

/* Judges one result, which stays the caller's. */
static int
judge(struct rv_db *db, const PGresult *result, struct rv_error *e)
{
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		return RV_OK;
	case PGRES_FATAL_ERROR:
	case PGRES_BAD_RESPONSE:
		return refused(db, result, e);
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
	case PGRES_NONFATAL_ERROR:
	case PGRES_SINGLE_TUPLE:
	case PGRES_PIPELINE_SYNC:
	case PGRES_PIPELINE_ABORTED:
		break;
	}
	rv_error_set(e, "PostgreSQL answered with %s, which is not expected",
	    PQresStatus(PQresultStatus(result)));
	return RV_ERR_INTERNAL;
}

/*
 * Reads to the end of what was sent.  The first failure counts; the last
 * good result is handed over.
 */
static int
finish(struct rv_db *db, PGresult **ret_result, struct rv_error *e)
{
	PGresult *last = NULL, *result;
	int r = RV_OK, taken;

	for (;;) {
		taken = next_result(db, &result, r == RV_OK ? e : NULL);
		if (taken != RV_OK) {
			r = r == RV_OK || r == RV_ERR_DENIED ? taken : r;
			break;
		}
		if (result == NULL)
			break;
		PQclear(last);
		last = result;
		if (r == RV_OK)
			r = judge(db, result, e);
		/* A COPY would go on for ever. */
		if (r == RV_ERR_INTERNAL)
			break;
	}
	if (r == RV_OK && last == NULL)
		r = lost(db, e);
	if (r == RV_OK && ret_result != NULL) {
		*ret_result = last;
		last = NULL;
	}
	PQclear(last);
	return r;
}

int
rv_db_query(struct rv_db *db, const char *sql, int n_params,
    const char *const *params, PGresult **ret_result, struct rv_error *e)
{
	int r;

	db->sqlstate[0] = '\0';
	if (!PQsendQueryParams(
		db->conn, sql, n_params, NULL, params, NULL, NULL, 0))
		return lost(db, e);
	r = flush(db, silence_ends(db->deadline_ms), e);
	return r != RV_OK ? r : finish(db, ret_result, e);
}

int
rv_db_prepare(
    struct rv_db *db, const char *name, const char *sql, struct rv_error *e)
{
	int r;

	db->sqlstate[0] = '\0';
	if (!PQsendPrepare(db->conn, name, sql, 0, NULL))
		return lost(db, e);
	r = flush(db, silence_ends(db->deadline_ms), e);
	return r != RV_OK ? r : finish(db, NULL, e);
}

int
rv_db_run(struct rv_db *db, const char *name, int n_params,
    const char *const *params, PGresult **ret_result, struct rv_error *e)
{
	int r;

	db->sqlstate[0] = '\0';
	if (!PQsendQueryPrepared(
		db->conn, name, n_params, params, NULL, NULL, 0))
		return lost(db, e);
	r = flush(db, silence_ends(db->deadline_ms), e);
	return r != RV_OK ? r : finish(db, ret_result, e);
}

int
rv_db_execute(struct rv_db *db, const char *sql, struct rv_error *e)
{
	return rv_db_query(db, sql, 0, NULL, NULL, e);
}

/* The line of the position-th character of UTF-8 text, from 1. */
static unsigned
line_at(const char *text, unsigned long position)
{
	unsigned line = 1;

	for (; *text != '\0' && position > 1; text++) {
		line += *text == '\n';
		/* all but the first byte of a character are 10xxxxxx */
		position -= ((unsigned char)text[1] & 0xc0) != 0x80;
	}
	return line;
}

int
rv_db_script(struct rv_db *db, const char *sql, struct rv_error *e)
{
	struct rv_error why = { "" };
	int r;

	db->sqlstate[0] = '\0';
	if (!PQsendQuery(db->conn, sql))
		return lost(db, e);
	r = flush(db, silence_ends(db->deadline_ms), &why);
	if (r == RV_OK)
		r = finish(db, NULL, &why);
	if (r == RV_ERR_DENIED && db->position > 0)
		rv_error_set(
		    e, "line %u: %.480s", line_at(sql, db->position), why.text);
	else if (r != RV_OK)
		rv_error_set(e, "%s", why.text);
	return r;
}

/* ---- COPY ---- */

static int
begin_copy(struct rv_db *db, const char *sql, int n_columns, struct rv_error *e)
{
	PGresult *result = NULL;
	int r;

	if (!PQsendQuery(db->conn, sql))
		return lost(db, e);
	r = flush(db, silence_ends(db->deadline_ms), e);
	if (r == RV_OK)
		r = next_result(db, &result, e);
	if (r != RV_OK)
		return r;
	if (PQresultStatus(result) == PGRES_COPY_OUT) {
		if (PQbinaryTuples(result) != 1 ||
		    PQnfields(result) != n_columns) {
			rv_error_set(e, "COPY has %d columns%s, not %d",
			    PQnfields(result),
			    PQbinaryTuples(result) == 1 ? "" : " of text",
			    n_columns);
			r = RV_ERR_INTERNAL;
		}
	} else {
		r = judge(db, result, e);
		if (r == RV_OK) {
			rv_error_set(e, "COPY gave no data");
			r = RV_ERR_INTERNAL;
		}
	}
	PQclear(result);
	return r;
}

static int
copy_pieces(
    const struct rv_db *db, rv_db_piece *piece, void *arg, struct rv_error *e)
{
	char *bytes = NULL;
	int n, r = RV_OK;

	while (r == RV_OK && (n = PQgetCopyData(db->conn, &bytes, 1)) != -1) {
		if (n > 0) {
			struct rv_slice s = { bytes, (size_t)n };

			r = piece(arg, s, e);
			PQfreemem(bytes);
		} else if (n == 0) {
			r = await(db, POLLIN, silence_ends(db->deadline_ms), e);
			if (r == RV_OK && !PQconsumeInput(db->conn))
				r = lost(db, e);
		} else {
			r = lost(db, e);
		}
	}
	return r;
}

int
rv_db_copy(struct rv_db *db, const char *sql, int n_columns, rv_db_piece *piece,
    void *arg, struct rv_error *e)
{
	int r;

	db->sqlstate[0] = '\0';
	r = begin_copy(db, sql, n_columns, e);
	if (r == RV_OK)
		r = copy_pieces(db, piece, arg, e);
	/* An error of the server in the middle is found here. */
	return r != RV_OK ? r : finish(db, NULL, e);
}

/* ---- Notifications ---- */

static bool
take_bells(PGconn *conn)
{
	PGnotify *notify;
	bool any = false;

	while ((notify = PQnotifies(conn)) != NULL) {
		any = true;
		PQfreemem(notify);
	}
	return any;
}

int
rv_db_listen(
    struct rv_db *db, int64_t until_boot_ms, bool *ret_bell, struct rv_error *e)
{
	int r;

	while (!take_bells(db->conn)) {
		r = await(db, POLLIN, until_boot_ms, NULL);
		if (r == RV_ERR_TIMEOUT) {
			*ret_bell = false;
			return RV_OK;
		}
		if (r != RV_OK) {
			rv_error_set(e, "asked to stop");
			return r;
		}
		if (!PQconsumeInput(db->conn))
			return lost(db, e);
	}
	*ret_bell = true;
	return RV_OK;
}

bool
rv_db_in_transaction(const struct rv_db *db)
{
	return PQtransactionStatus(db->conn) == PQTRANS_INTRANS;
}

const char *
rv_db_sqlstate(const struct rv_db *db)
{
	return db->sqlstate;
}

/* ---- Life ---- */

static int
connect_to(struct rv_db *db, const char *conninfo, struct rv_error *e)
{
	int64_t limit = db->deadline_ms > 0 ? db->deadline_ms : CONNECT_MS;
	int64_t until = silence_ends(limit);
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;
	int r = RV_OK;

	db->conn = rv_conninfo_start(conninfo);
	if (db->conn == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	if (PQstatus(db->conn) == CONNECTION_BAD)
		return lost(db, e);
	while (r == RV_OK && status != PGRES_POLLING_OK) {
		short what = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		r = await(db, what, until, e);
		if (r != RV_OK)
			break;
		status = PQconnectPoll(db->conn);
		if (status == PGRES_POLLING_FAILED)
			r = lost(db, e);
	}
	if (r == RV_OK && PQsetnonblocking(db->conn, 1) != 0)
		r = lost(db, e);
	return r;
}

int
rv_db_open(const struct rv_db_config *config, struct rv_db **ret_db,
    struct rv_error *e)
{
	/* A load may take long as long as data flows: our own limit. */
	static const char *const params[] = { "0", "60000" };
	struct rv_db *db = NULL;
	int r = rv_conninfo_check(config->conninfo, e);

	if (r != RV_OK)
		return r;
	db = calloc(1, sizeof(*db));
	if (db == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	db->deadline_ms = config->deadline_ms;
	db->stop_fd = config->stop_fd;
	r = connect_to(db, config->conninfo, e);
	if (r == RV_OK)
		r = rv_db_query(db, rv_session_sql, 2, params, NULL, e);
	if (r == RV_OK)
		*ret_db = db;
	else
		rv_db_close(&db);
	return r;
}

void
rv_db_close(struct rv_db **db_p)
{
	struct rv_db *db = *db_p;

	*db_p = NULL;
	if (db == NULL)
		return;
	PQfinish(db->conn);
	free(db);
}
