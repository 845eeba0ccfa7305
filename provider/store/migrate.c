#include "store/migrate.h"

#include <string.h>

#include "store/db.h"
#include "store/migration.h"

/* Any constant that nobody else in the database uses: "reeve". */
#define LOCK "491496043109"

static int
lock_database(struct rv_db *db, FILE *progress, struct rv_error *e)
{
	PGresult *result = NULL;
	bool locked;
	int r;

	r = rv_db_query(db, "select pg_catalog.pg_try_advisory_lock(" LOCK ")",
	    0, NULL, &result, e);
	if (r != RV_OK)
		return r;
	locked = PQntuples(result) == 1 &&
		 strcmp(PQgetvalue(result, 0, 0), "t") == 0;
	PQclear(result);
	if (locked)
		return RV_OK;
	(void)fprintf(progress, "waiting for another migration to end\n");
	(void)fflush(progress);
	return rv_db_execute(
	    db, "select pg_catalog.pg_advisory_lock(" LOCK ")", e);
}

/* The record of migrations comes before the first of them. */
static int
create_record(struct rv_db *db, struct rv_error *e)
{
	PGresult *result = NULL;
	bool missing;
	int r;

	r = rv_db_query(db,
	    "select from pg_catalog.pg_class c"
	    " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
	    " where n.nspname = 'reeve' and c.relname = 'schema_migration'",
	    0, NULL, &result, e);
	if (r != RV_OK)
		return r;
	missing = PQntuples(result) == 0;
	PQclear(result);
	if (!missing)
		return RV_OK;
	return rv_db_script(db,
	    "create schema if not exists reeve;"
	    "create table reeve.schema_migration ("
	    " version integer primary key check (version > 0),"
	    " name text not null,"
	    " sha256 text not null,"
	    " applied_at timestamptz not null default clock_timestamp())",
	    e);
}

/* ---- What was applied ---- */

static int
check_applied_row(const struct rv_migrations *files, unsigned version,
    const char *name, const char *sha256, struct rv_error *e)
{
	const struct rv_migration *m;

	if (version > files->n) {
		rv_error_set(e,
		    "migration %04u_%s was applied but its file is not there: "
		    "the database is newer than these files",
		    version, name);
		return RV_ERR_INVALID;
	}
	m = &files->v[version - 1];
	if (strcmp(m->name, name) != 0) {
		rv_error_set(e,
		    "migration %04u was applied as %s, but its file is %s now",
		    version, name, m->name);
		return RV_ERR_INVALID;
	}
	if (strcmp(m->sha256, sha256) != 0) {
		rv_error_set(e,
		    "the file of migration %04u_%s was changed after it was "
		    "applied: put the old one back and add a new migration",
		    version, name);
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

/* Holds the record against the files; *ret_n is how many are applied. */
static int
check_applied(struct rv_db *db, const struct rv_migrations *files,
    size_t *ret_n, struct rv_error *e)
{
	PGresult *result = NULL;
	size_t n = 0;
	int r = rv_db_query(db,
	    "select version, name, sha256 from reeve.schema_migration"
	    " order by version",
	    0, NULL, &result, e);

	for (int i = 0; r == RV_OK && i < PQntuples(result); i++) {
		uint64_t version = 0;

		r = rv_slice_to_u64(
		    rv_slice_of(PQgetvalue(result, i, 0)), 9999, &version);
		if (r == RV_OK && version != ++n)
			r = RV_ERR_INVALID;
		if (r != RV_OK) {
			rv_error_set(e,
			    "reeve.schema_migration has no row for "
			    "migration %04zu",
			    n);
			break;
		}
		r = check_applied_row(files, (unsigned)version,
		    PQgetvalue(result, i, 1), PQgetvalue(result, i, 2), e);
	}
	PQclear(result);
	if (r == RV_OK)
		*ret_n = n;
	return r;
}

/* ---- Applying ---- */

static int
transaction_id(struct rv_db *db, char ret_id[24], struct rv_error *e)
{
	PGresult *result = NULL;
	int r = rv_db_query(
	    db, "select pg_catalog.pg_current_xact_id()", 0, NULL, &result, e);

	if (r == RV_OK)
		(void)snprintf(ret_id, 24, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return r;
}

/* A file that ended our transaction cannot be undone: say so at least. */
static int
check_same_transaction(struct rv_db *db, const char *id, struct rv_error *e)
{
	char now[24] = "";
	int r = RV_OK;

	if (rv_db_in_transaction(db))
		r = transaction_id(db, now, e);
	if (r == RV_OK && strcmp(id, now) != 0) {
		rv_error_set(e,
		    "it ends its transaction: BEGIN, COMMIT and ROLLBACK have "
		    "no place in a migration");
		r = RV_ERR_INVALID;
	}
	return r;
}

static int
record(struct rv_db *db, const struct rv_migration *m, struct rv_error *e)
{
	char version[16];
	const char *const params[] = { version, m->name, m->sha256 };

	(void)snprintf(version, sizeof(version), "%u", m->version);
	return rv_db_query(db,
	    "insert into reeve.schema_migration (version, name, sha256)"
	    " values ($1::integer, $2, $3)",
	    3, params, NULL, e);
}

static int
apply(struct rv_db *db, const struct rv_migration *m, struct rv_error *e)
{
	struct rv_error why = { "" };
	char id[24];
	int r = rv_db_execute(db, "begin", &why);

	if (r == RV_OK)
		r = transaction_id(db, id, &why);
	if (r == RV_OK)
		r = rv_db_script(db, m->text, &why);
	if (r == RV_OK)
		r = check_same_transaction(db, id, &why);
	/* It may have become another role. */
	if (r == RV_OK)
		r = rv_db_execute(db, "reset role", &why);
	if (r == RV_OK)
		r = record(db, m, &why);
	if (r == RV_OK)
		r = rv_db_execute(db, "commit", &why);
	if (r != RV_OK)
		rv_error_set(e, "migration %04u_%.100s: %.380s", m->version,
		    m->name, why.text);
	return r;
}

static int
apply_missing(struct rv_db *db, const struct rv_migrations *files,
    FILE *progress, struct rv_error *e)
{
	size_t applied = 0;
	int r = check_applied(db, files, &applied, e);

	for (size_t i = applied; r == RV_OK && i < files->n; i++) {
		const struct rv_migration *m = &files->v[i];

		r = apply(db, m, e);
		if (r != RV_OK)
			break;
		(void)fprintf(
		    progress, "applied %04u_%s\n", m->version, m->name);
		(void)fflush(progress);
	}
	if (r != RV_OK)
		return r;
	(void)fprintf(progress, "schema version %zu, %zu applied now\n",
	    files->n, files->n - applied);
	return RV_OK;
}

int
rv_migrate(const char *conninfo, const char *sql_directory, FILE *progress,
    struct rv_error *e)
{
	const struct rv_db_config config = { .conninfo = conninfo,
		.stop_fd = -1 };
	struct rv_migrations files = { NULL, 0 };
	struct rv_db *db = NULL;
	int r;

	r = rv_migrations_read(sql_directory, &files, e);
	if (r == RV_OK)
		r = rv_db_open(&config, &db, e);
	if (r == RV_OK)
		r = lock_database(db, progress, e);
	if (r == RV_OK)
		r = create_record(db, e);
	if (r == RV_OK)
		r = apply_missing(db, &files, progress, e);
	/* The end of the session gives the lock back. */
	rv_db_close(&db);
	rv_migrations_fini(&files);
	return r;
}
