/*
 * A store with the sample site, and a line of snapshots that follows it.
 */
#ifndef TESTS_UNIT_STORE_LINE_H
#define TESTS_UNIT_STORE_LINE_H

#include "unit/store/cluster.h"
#include "unit/store/same.h"

#include "store/changes.h"
#include "store/db.h"
#include "store/feed_poll.h"
#include "store/load.h"
#include "store/migrate.h"

#define LINE_ROWS 100000

struct line {
	struct cluster cluster;
	struct rv_db *db;
	struct rv_snapshot *newest;
	struct rv_error why; /* of the last doubt or refusal */
};

/* ---- One revision ----------------------------------------------------------- */

static inline struct rv_snapshot *
line_load(struct line *line)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };
	int r = rv_load(line->db, &s, &e);

	if (r != RV_OK)
		print_error("%s\n", e.text);
	assert_int_equal(r, RV_OK);
	return s;
}

/* Whether the statements were done; if not, why is in the line. */
static inline bool
line_sql(struct line *line, const char *sql)
{
	PGresult *result = PQexec(line->cluster.admin, sql);
	ExecStatusType status = PQresultStatus(result);
	bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!done)
		rv_error_set(&line->why, "%s", PQresultErrorMessage(result));
	PQclear(result);
	return done;
}

/*
 * Statements of the owner in a transaction that holds a revision, one of a
 * migration or not.
 */
static inline bool
line_change(struct line *line, bool migrating, const char *sql)
{
	bool done =
	    line_sql(line, "begin; set local role reeve_owner;"
			   " set local search_path = reeve, pg_temp") &&
	    line_sql(line, migrating ? "select reeve.begin_migration()"
				     : "select reeve.take_revision()") &&
	    line_sql(line, sql) && line_sql(line, "commit");

	if (PQtransactionStatus(line->cluster.admin) != PQTRANS_IDLE)
		PQclear(PQexec(line->cluster.admin, "rollback"));
	return done;
}

/* What is in the feed onto the line; RV_ERR_INVALID leaves it alone. */
static inline int
line_follow(struct line *line)
{
	struct rv_snapshot *next = NULL;
	struct rv_error e = { "" };
	struct rv_poll poll;
	struct rv_changes changes;
	int r;

	assert_int_equal(
	    rv_poll_open(line->db, rv_snapshot_revision(line->newest),
		LINE_ROWS, &poll, &e),
	    RV_OK);
	assert_false(poll.cut);
	changes = (struct rv_changes){ poll.rows, poll.n, poll.site.revision,
		&poll.site };
	r = rv_changes_apply(&changes, line->newest, &next, &line->why);
	rv_poll_close(&poll);
	if (r != RV_OK)
		return r;
	rv_snapshot_free(&line->newest);
	line->newest = next;
	return RV_OK;
}

static inline void
line_check(struct line *line)
{
	struct rv_snapshot *fresh = line_load(line);

	same_snapshots(&line->cluster, line->newest, fresh);
	rv_snapshot_free(&fresh);
}

static inline void
line_reload(struct line *line)
{
	rv_snapshot_free(&line->newest);
	line->newest = line_load(line);
}

/* ---- Fixture ---------------------------------------------------------------------- */

/* From nothing: the first administrator and the sample are changes too. */
static inline void
line_fill(struct line *line)
{
	struct rv_error e = { "" };
	FILE *silence = fopen("/dev/null", "w");
	const struct rv_db_config config = {
		.conninfo = line->cluster.conninfo,
		.deadline_ms = 30000,
		.stop_fd = -1,
	};

	assert_non_null(silence);
	if (rv_migrate(line->cluster.conninfo, "sql/migrations", silence, &e) !=
	    RV_OK)
		fail_msg("%s", e.text);
	(void)fclose(silence);
	assert_int_equal(rv_db_open(&config, &line->db, &e), RV_OK);
	assert_int_equal(rv_poll_prepare(line->db, &e), RV_OK);
	line->newest = line_load(line);
	cluster_sql(&line->cluster,
	    "select reeve.site_init('krb5:alice@LAB.TEST', null, 'test')");
	cluster_script(&line->cluster, "sql/sample/site.sql");
	cluster_sql(&line->cluster, "analyze");
	if (line_follow(line) != RV_OK)
		fail_msg("%s", line->why.text);
	line_check(line);
}

static inline int
line_set_up(void **state)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line == NULL)
		return -1;
	*state = line;
	cluster_up(&line->cluster);
	line_fill(line);
	return 0;
}

static inline int
line_tear_down(void **state)
{
	struct line *line = *state;

	rv_snapshot_free(&line->newest);
	rv_db_close(&line->db);
	cluster_down(&line->cluster);
	free(line);
	return 0;
}

#endif
