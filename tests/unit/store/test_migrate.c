/* Migrations and the first administrator, against a real server. */
#include "unit/store/cluster.h"

#include <sys/stat.h>
#include <unistd.h>

#include "reeve/base.h"
#include "store/init.h"
#include "store/migrate.h"
#include "store/migration.h"
#include "store/schema.h"

struct fixture {
	struct cluster cluster;
	char folder[160]; /* of the migrations */
	char *said;
	struct rv_error e;
};

static void
path_of(const struct fixture *f, const char *name, char ret_path[256])
{
	(void)snprintf(ret_path, 256, "%s/%s", f->folder, name);
}

static void
put(const struct fixture *f, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	path_of(f, name, path);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void
drop(const struct fixture *f, const char *name)
{
	char path[256];

	path_of(f, name, path);
	assert_int_equal(unlink(path), 0);
}

static int
migrate(struct fixture *f)
{
	size_t n = 0;
	FILE *progress;
	int r;

	free(f->said);
	f->said = NULL;
	progress = open_memstream(&f->said, &n);
	assert_non_null(progress);
	rv_error_set(&f->e, "nothing");
	r = rv_migrate(f->cluster.conninfo, f->folder, progress, &f->e);
	assert_int_equal(fclose(progress), 0);
	return r;
}

static long
applied(const struct fixture *f)
{
	return cluster_number(
	    &f->cluster, "select count(*) from reeve.schema_migration");
}

#define REFUSED(f, r, part)                                                    \
	do {                                                                   \
		assert_int_equal(migrate(f), r);                               \
		if (strstr((f)->e.text, part) == NULL)                         \
			fail_msg("\"%s\" says nothing of \"%s\"", (f)->e.text, \
			    part);                                             \
	} while (0)

static void
applies_what_is_missing(void **state)
{
	struct fixture *f = *state;

	put(f, "0001_first.sql",
	    "create schema if not exists reeve;\n"
	    "create table reeve.a (n integer);\n"
	    "create role owner_of_it; set local role owner_of_it;\n");
	put(f, "0002_second.sql", "insert into reeve.a values (1), (2);\n");
	put(f, "README", "not a migration");
	assert_int_equal(migrate(f), RV_OK);
	assert_string_equal(f->said, "applied 0001_first\n"
				     "applied 0002_second\n"
				     "schema version 2, 2 applied now\n");
	assert_int_equal(
	    cluster_number(&f->cluster, "select count(*) from reeve.a"), 2);
	assert_int_equal(migrate(f), RV_OK);
	assert_string_equal(f->said, "schema version 2, 0 applied now\n");
	put(f, "0003_third.sql", "insert into reeve.a values (3);\n");
	assert_int_equal(migrate(f), RV_OK);
	assert_int_equal(
	    cluster_number(&f->cluster, "select count(*) from reeve.a"), 3);
	assert_int_equal(cluster_number(&f->cluster,
			     "select count(*) from reeve.schema_migration "
			     "where name = 'third'"
			     " and sha256 = encode(sha256(convert_to("
			     "'insert into reeve.a values (3);' || E'\\n', "
			     "'UTF8')), 'hex')"),
	    1);
	cluster_sql(&f->cluster, "drop role owner_of_it");
}

static void
refuses_changed_and_missing_files(void **state)
{
	struct fixture *f = *state;

	put(f, "0001_first.sql", "select 1;");
	put(f, "0002_second.sql", "select 2;");
	assert_int_equal(migrate(f), RV_OK);
	put(f, "0003_third.sql", "create table reeve.never ();");
	put(f, "0001_first.sql", "select 11;");
	REFUSED(f, RV_ERR_INVALID, "0001_first was changed");
	put(f, "0001_first.sql", "select 1;");
	drop(f, "0001_first.sql");
	REFUSED(f, RV_ERR_INVALID, "migration 0001 is missing");
	put(f, "0001_other.sql", "select 1;");
	REFUSED(f, RV_ERR_INVALID, "0001 was applied as first");
	drop(f, "0001_other.sql");
	put(f, "0001_first.sql", "select 1;");
	drop(f, "0003_third.sql");
	drop(f, "0002_second.sql");
	REFUSED(f, RV_ERR_INVALID, "newer than these files");
	assert_int_equal(applied(f), 2);
	assert_int_equal(
	    cluster_number(&f->cluster,
		"select count(*) from pg_class where relname = 'never'"),
	    0);
}

static void
refuses_folders_that_make_no_sense(void **state)
{
	struct fixture *f = *state;

	REFUSED(f, RV_ERR_INVALID, "no migrations");
	put(f, "0001_a.sql", "select 1;");
	put(f, "0003_c.sql", "select 1;");
	REFUSED(f, RV_ERR_INVALID, "migration 0002 is missing");
	put(f, "0002_b.sql", "select 1;");
	put(f, "0002_c.sql", "select 1;");
	REFUSED(f, RV_ERR_INVALID, "two migrations have the number 0002");
	drop(f, "0002_c.sql");
	put(f, "4_d.sql", "select 1;");
	REFUSED(f, RV_ERR_INVALID, "4_d.sql");
	drop(f, "4_d.sql");
	put(f, "0004_d.sql", "select '\344';");
	REFUSED(f, RV_ERR_INVALID, "not UTF-8");
	assert_int_equal(
	    cluster_number(&f->cluster,
		"select count(*) from pg_namespace where nspname = 'reeve'"),
	    0);
	(void)snprintf(f->folder + strlen(f->folder), 8, "/none");
	REFUSED(f, RV_ERR_IO, "No such file");
	f->folder[strlen(f->folder) - 5] = '\0';
}

static void
undoes_a_migration_that_fails(void **state)
{
	struct fixture *f = *state;

	put(f, "0001_first.sql", "select 1;");
	put(f, "0002_second.sql",
	    "create table reeve.half ();\n-- \303\244\nselect nothing;\n");
	put(f, "0003_third.sql", "select 3;");
	REFUSED(f, RV_ERR_DENIED, "migration 0002_second: line 3");
	assert_int_equal(applied(f), 1);
	assert_int_equal(
	    cluster_number(&f->cluster,
		"select count(*) from pg_class where relname = 'half'"),
	    0);
	put(f, "0002_second.sql", "create table reeve.half ();");
	assert_int_equal(migrate(f), RV_OK);
	assert_int_equal(applied(f), 3);
}

static void
refuses_files_that_end_the_transaction(void **state)
{
	struct fixture *f = *state;

	put(f, "0001_first.sql", "select 1; commit;");
	REFUSED(f, RV_ERR_INVALID, "ends its transaction");
	put(f, "0001_first.sql", "select 1; commit; begin;");
	REFUSED(f, RV_ERR_INVALID, "ends its transaction");
	put(f, "0001_first.sql", "rollback");
	REFUSED(f, RV_ERR_INVALID, "ends its transaction");
	assert_int_equal(applied(f), 0);
	put(f, "0001_first.sql", "copy (select 1) to stdout");
	REFUSED(f, RV_ERR_INTERNAL, "COPY");
	assert_int_equal(applied(f), 0);
}

static void
waits_for_another_migration(void **state)
{
	struct fixture *f = *state;
	struct cluster other = f->cluster;

	put(f, "0001_first.sql", "select 1;");
	other.admin = NULL;
	cluster_connect(&other);
	/* the server ends this session soon, and its lock */
	cluster_sql(&other, "select pg_advisory_lock(491496043109);"
			    "set idle_session_timeout = '300ms'");
	assert_int_equal(migrate(f), RV_OK);
	PQfinish(other.admin);
	assert_string_equal(f->said, "waiting for another migration to end\n"
				     "applied 0001_first\n"
				     "schema version 1, 1 applied now\n");
}

static int
init(struct fixture *f, const char *principal, const char *account_id)
{
	size_t n = 0;
	FILE *progress;
	int r;

	free(f->said);
	f->said = NULL;
	progress = open_memstream(&f->said, &n);
	assert_non_null(progress);
	r = rv_init_first_admin(
	    f->cluster.conninfo, principal, account_id, progress, &f->e);
	assert_int_equal(fclose(progress), 0);
	return r;
}

static void
makes_the_first_administrator(void **state)
{
	struct fixture *f = *state;
	char sql[128];

	assert_int_equal(init(f, "alice", NULL), RV_ERR_INVALID);
	assert_int_equal(init(f, "@LAB.TEST", NULL), RV_ERR_INVALID);
	assert_int_equal(init(f, "alice@", NULL), RV_ERR_INVALID);
	assert_int_equal(init(f, "al\nice@LAB.TEST", NULL), RV_ERR_INVALID);
	/* a database without a schema */
	assert_int_equal(init(f, "alice@LAB.TEST", NULL), RV_ERR_INVALID);
	assert_non_null(strstr(f->e.text, "--migrate"));

	cluster_script(&f->cluster, "tests/unit/store/init.sql");
	(void)snprintf(sql, sizeof(sql),
	    "create function reeve.schema_version() returns integer "
	    "language sql return %d",
	    RV_SCHEMA_MIN);
	cluster_sql(&f->cluster, sql);
	assert_int_equal(init(f, "alice@LAB.TEST", "id-1"), RV_OK);
	assert_string_equal(f->said,
	    "krb5:alice@LAB.TEST is Full Administrator over all instances "
	    "(AdminID 42, revision 3)\n");
	assert_int_equal(
	    cluster_number(&f->cluster,
		"select count(*) from reeve.made where account_id = 'id-1'"
		" and principal = 'krb5:alice@LAB.TEST' and actor <> ''"),
	    1);
	assert_int_equal(init(f, "bob@LAB.TEST", NULL), RV_ERR_EXISTS);
	assert_string_equal(f->e.text, "nothing was changed: There is one.");
	assert_string_equal(f->said, "");
}

/* The project's own migrations lie in the range that the provider takes. */
static void
knows_its_own_migrations(void **state)
{
	struct rv_migrations all = { NULL, 0 };
	struct rv_error e = { "" };

	(void)state;
	assert_int_equal(rv_migrations_read("sql/migrations", &all, &e), RV_OK);
	assert_in_range(all.n, RV_SCHEMA_MIN, RV_SCHEMA_MAX);
	rv_migrations_fini(&all);
	assert_null(all.v);
}

/* ---- Fixture ---- */

static int
set_up_all(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	*state = f;
	cluster_up(&f->cluster);
	return 0;
}

static int
tear_down_all(void **state)
{
	struct fixture *f = *state;

	cluster_down(&f->cluster);
	free(f);
	return 0;
}

static int
set_up(void **state)
{
	static unsigned number;
	struct fixture *f = *state;

	/* Within the folder of the cluster, which is removed at the end. */
	(void)snprintf(f->folder, sizeof(f->folder), "%s/sql-%u",
	    f->cluster.folder, number++);
	cluster_sql(&f->cluster, "drop schema if exists reeve cascade");
	return mkdir(f->folder, 0700);
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->said);
	f->said = NULL;
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(applies_what_is_missing),
		TEST(refuses_changed_and_missing_files),
		TEST(refuses_folders_that_make_no_sense),
		TEST(undoes_a_migration_that_fails),
		TEST(refuses_files_that_end_the_transaction),
		TEST(waits_for_another_migration),
		TEST(makes_the_first_administrator),
		TEST(knows_its_own_migrations),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
