/*
 * The change feed against a real server with stand-ins for the views: what
 * is published when, and above all what is not.
 */
#include "unit/store/feeding.h"

#include "snapshot.h"

static void
publishes_what_it_loads(void **state)
{
	struct fixture *f = *state;
	const struct rv_snapshot *s;
	struct rv_snapshot_counts n;
	struct rv_feed_state st;
	int64_t until;

	start(f);
	(void)await_revision(f, 7);
	await_told(f, 1);
	assert_int_equal(atomic_load(&f->told), 7);
	urcu_qsbr_thread_online();
	assert_int_equal(rv_feed_snapshot(f->feed, &s, &until), RV_OK);
	assert_true(rv_slice_eq_cstr(rv_snapshot_epoch(s), "first"));
	assert_int_equal(rv_snapshot_site_level(s), RV_LEVEL_WINDOWS);
	assert_true(rv_snapshot_has_object(
	    s, RV_SLICE_LIT("Application"), RV_SLICE_LIT("app-1")));
	rv_snapshot_count(s, &n);
	assert_int_equal(n.admins, 1);
	assert_int_equal(n.resources, 1);
	urcu_qsbr_thread_offline();
	rv_feed_state(f->feed, &st);
	assert_true(st.usable);
	assert_true(st.connected);
	assert_int_equal(st.revision, 7);
	assert_true(st.age_ms <= STALENESS_MS);
	assert_string_equal(st.problem, "");
}

static void
follows_with_and_without_a_bell(void **state)
{
	struct fixture *f = *state;

	start(f);
	(void)await_revision(f, 7);
	cluster_sql(&f->cluster,
	    "begin; update reeve.feed_site set revision = 8;"
	    "insert into reeve.feed_object values (31, 'app-2');"
	    "notify reeve_change; commit");
	/* by the bell: well before a poll that has just been made */
	(void)await_revision(f, 8);
	cluster_sql(&f->cluster, "update reeve.feed_site set revision = 9");
	assert_true(await_revision(f, 9) < 5000);
	/* It is there before anybody is told. */
	await_told(f, 3);
	assert_int_equal(atomic_load(&f->told), 9);
	assert_int_equal(atomic_load(&f->n_told), 3);
}

static void
answers_a_bell_at_once(void **state)
{
	struct fixture *f = *state;
	int64_t total = 0;

	start(f);
	(void)await_revision(f, 7);
	for (uint64_t i = 1; i <= 10; i++) {
		cluster_sql(&f->cluster,
		    "begin; update reeve.feed_site set revision = revision + "
		    "1;"
		    "notify reeve_change; commit");
		total += await_revision(f, 7 + i);
	}
	/* polls alone would take five seconds on average */
	assert_true(total < 2500);
}

static void
stays_fresh_without_changes(void **state)
{
	struct fixture *f = *state;
	int64_t begin = rv_boot_ms();

	start(f);
	(void)await_revision(f, 7);
	while (rv_boot_ms() - begin < STALENESS_MS + 1500) {
		assert_int_equal(revision(f), 7);
		(void)usleep(10000);
	}
	assert_int_equal(atomic_load(&f->n_told), 1);
}

/*
 * Nobody may decide on the old rules between the break and the reload, which
 * a lock holds up.
 */
static void
breaks(struct fixture *f, const char *change, uint64_t next)
{
	struct cluster other = f->cluster;

	other.admin = NULL;
	cluster_connect(&other);
	start(f);
	(void)await_revision(f, 7);
	cluster_sql(&other, "begin; lock table reeve.feed_type");
	cluster_sql(&f->cluster, change);
	cluster_sql(&f->cluster, "notify reeve_change");
	await_problem(f, "history");
	assert_int_equal(revision(f), 0);
	await_problem(f, "no answer in time");
	assert_int_equal(revision(f), 0);
	PQfinish(other.admin);
	(void)await_revision(f, next);
}

static void
distrusts_a_lower_revision(void **state)
{
	breaks(*state, "update reeve.feed_site set revision = 5", 5);
}

static void
distrusts_another_epoch(void **state)
{
	breaks(*state,
	    "update reeve.feed_site set revision = 8, epoch = 'second'", 8);
}

/*
 * A standby that was promoted before it had revision 7, or a restored copy:
 * another revision 7, and no later one.
 */
static void
distrusts_another_revision_of_the_same_number(void **state)
{
	breaks(*state, "update reeve.history set name = 'other'", 7);
}

/* The same, and the other history has gone on, with changes that fit. */
static void
distrusts_changes_of_another_history(void **state)
{
	breaks(*state,
	    "update reeve.history set name = 'other';"
	    "update reeve.feed_site set revision = 8;"
	    "insert into reeve.feed_scope values ('S0000001');"
	    "insert into reeve.feed_object values (29, 'S0000001');"
	    "insert into reeve.feed_change values (8, 1, 'security_scope',"
	    " 'S0000001', null, '{\"scope_id\":\"S0000001\",\"name\":\"n\"}')",
	    8);
}

/* Nothing is known of it: that is no reason to trust it. */
static void
distrusts_a_revision_without_a_mark(void **state)
{
	breaks(*state,
	    "update reeve.history set since = 8;"
	    "update reeve.feed_site set revision = 8",
	    8);
}

/* A copy, restored elsewhere, may have the same epoch and revision. */
static void
distrusts_another_system(void **state)
{
	struct fixture *f = *state;

	start(f);
	(void)await_revision(f, 7);
	cluster_do(&f->cluster, "renew");
	cluster_connect(&f->cluster);
	stand_in(f);
	await_told(f, 2);
	assert_int_equal(revision(f), 7);
}

static void
keeps_the_old_one_while_a_load_fails(void **state)
{
	struct fixture *f = *state;
	struct rv_feed_state st;

	start(f);
	(void)await_revision(f, 7);
	cluster_sql(&f->cluster,
	    "begin; update reeve.feed_site set revision = 8;"
	    "insert into reeve.feed_assignment values (2, 99, 'R1');"
	    "notify reeve_change; commit");
	await_problem(f, "feed_assignment");
	assert_int_equal(revision(f), 7);
	/* but only as long as staleness allows */
	(void)await_revision(f, 0);
	rv_feed_state(f->feed, &st);
	assert_false(st.usable);
	assert_int_equal(st.revision, 7);
	cluster_sql(&f->cluster,
	    "delete from reeve.feed_assignment where assignment_id = 2");
	(void)await_revision(f, 8);
	rv_feed_state(f->feed, &st);
	assert_string_equal(st.problem, "");
}

static void
refuses_rows_that_do_not_fit(void **state)
{
	static const char *const wrong[] = {
		"update reeve.feed_site set minimum = 4",
		"update reeve.feed_site set pairing = 2",
		"update reeve.feed_site set pairing = null",
		"update reeve.feed_site set revert_level = 4",
		"update reeve.feed_site set revert_at_ms = -1",
		"update reeve.feed_site set max_auth_age_s = -1",
		"update reeve.feed_site set revision = -1",
		"update reeve.feed_site set epoch = null",
		"insert into reeve.feed_site values (8, 'other', 0, 0)",
		"delete from reeve.feed_site",
		/* NOLINTBEGIN(bugprone-suspicious-missing-comma) */
		"insert into reeve.feed_operation values"
		" (31, 64, 'x', false, false, 0)",
		"insert into reeve.feed_operation values"
		" (31, 5, 'x', null, false, 0)",
		"insert into reeve.feed_admin values"
		" (4294967296, false, false, 'krb5:x@LAB.TEST', null)",
		"insert into reeve.feed_resource values (1, 6)",
		"alter table reeve.feed_member alter resource_id type integer",
		"insert into reeve.feed_member values ('C1', null)",
		"insert into reeve.feed_member values ('C1', -1)",
		"insert into reeve.feed_resource values (null, 5)",
		"drop table reeve.feed_member",
		/* NOLINTEND(bugprone-suspicious-missing-comma) */
	};
	struct fixture *f = *state;
	const struct rv_db_config config = {
		.conninfo = f->runtime, .deadline_ms = 5000, .stop_fd = -1
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct rv_snapshot *s = NULL;
		struct rv_db *db = NULL;
		struct rv_error e = { "" };

		assert_int_equal(rv_db_open(&config, &db, &e), RV_OK);
		assert_int_equal(rv_load(db, &s, &e), RV_OK);
		rv_snapshot_free(&s);
		cluster_sql(&f->cluster, "begin");
		cluster_sql(&f->cluster, wrong[i]);
		cluster_sql(&f->cluster, "commit");
		if (rv_load(db, &s, &e) == RV_OK)
			fail_msg("loaded in spite of: %s", wrong[i]);
		assert_null(s);
		assert_non_null(strstr(e.text, "reeve.feed_"));
		rv_db_close(&db);
		cluster_sql(&f->cluster, "drop schema reeve cascade");
		stand_in(f);
	}
}

/* The epoch is told to every caller: it says nothing of the tables. */
static void
loads_with_a_secret_seed(void **state)
{
	struct fixture *f = *state;
	const struct rv_db_config config = {
		.conninfo = f->runtime, .deadline_ms = 5000, .stop_fd = -1
	};
	uint64_t seeds[2];

	for (size_t i = 0; i < 2; i++) {
		struct rv_snapshot *s = NULL;
		struct rv_db *db = NULL;
		struct rv_error e = { "" };

		assert_int_equal(rv_db_open(&config, &db, &e), RV_OK);
		assert_int_equal(rv_load(db, &s, &e), RV_OK);
		seeds[i] = s->object_keys.seed;
		assert_true(seeds[i] != rv_hash(0, rv_snapshot_epoch(s)));
		rv_snapshot_free(&s);
		rv_db_close(&db);
	}
	assert_true(seeds[0] != seeds[1]);
}

static void
names_a_schema_out_of_range(void **state)
{
	struct fixture *f = *state;

	set_schema(f, RV_SCHEMA_MAX + 1);
	start(f);
	await_problem(f, "install a newer reeved");
	assert_int_equal(revision(f), 0);
	set_schema(f, RV_SCHEMA_MIN - 1);
	await_problem(f, "reeved --migrate");
	cluster_sql(&f->cluster, "drop function reeve.schema_version()");
	await_problem(f, "version 0");
	set_schema(f, RV_SCHEMA_MAX);
	(void)await_revision(f, 7);
}

static void
goes_stale_with_a_server_that_hangs(void **state)
{
	struct fixture *f = *state;
	struct rv_feed_state st;
	int64_t begin;

	start(f);
	(void)await_revision(f, 7);
	cluster_do(&f->cluster, "stop");
	begin = rv_boot_ms();
	assert_int_equal(revision(f), 7);
	assert_in_range(await_revision(f, 0), 1, STALENESS_MS + 1000);
	assert_true(rv_boot_ms() - begin >= STALENESS_MS - 1100);
	rv_feed_state(f->feed, &st);
	assert_false(st.usable);
	assert_false(st.connected);
	assert_true(st.problem[0] != '\0');
	cluster_do(&f->cluster, "cont");
	(void)await_revision(f, 7);
}

static void
stops_at_once_though_the_server_hangs(void **state)
{
	struct fixture *f = *state;
	int64_t begin;

	start(f);
	(void)await_revision(f, 7);
	cluster_do(&f->cluster, "stop");
	(void)usleep(100000);
	begin = rv_boot_ms();
	rv_feed_stop(&f->feed);
	assert_null(f->feed);
	assert_true(rv_boot_ms() - begin < DEADLINE_MS - 200);
	cluster_do(&f->cluster, "cont");
}

static void
recovers_from_a_killed_server(void **state)
{
	struct fixture *f = *state;
	int64_t begin = rv_boot_ms();
	struct rv_feed_state st;

	start(f);
	(void)await_revision(f, 7);
	cluster_do(&f->cluster, "kill");
	await_problem(f, "PostgreSQL");
	assert_int_equal(revision(f), 7);
	cluster_do(&f->cluster, "start");
	cluster_connect(&f->cluster);
	do {
		assert_true(rv_boot_ms() - begin < GUARD_MS);
		(void)usleep(2000);
		rv_feed_state(f->feed, &st);
	} while (!st.connected || st.problem[0] != '\0');
	/* confirmed, not loaded again */
	assert_int_equal(atomic_load(&f->n_told), 1);
	cluster_sql(&f->cluster,
	    "begin; update reeve.feed_site set revision = 8;"
	    "notify reeve_change; commit");
	(void)await_revision(f, 8);
}

/* Readers go on reading while versions come and go under them. */
struct reader {
	struct fixture *f;
	atomic_bool stop;
	uint64_t last;
};

static void *
read_on(void *arg)
{
	struct reader *r = arg;
	struct rv_verdict v;
	const struct rv_slice id = RV_SLICE_LIT("krb5:alice@LAB.TEST");
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_WINDOWS };
	const struct rv_question q = {
		.type = RV_SLICE_LIT("SMS_Application"),
		.operation = RV_SLICE_LIT("Read"),
		.key = RV_SLICE_LIT("app-1"),
	};

	urcu_qsbr_register_thread();
	while (!atomic_load(&r->stop)) {
		const struct rv_snapshot *s;
		int64_t until;

		urcu_qsbr_thread_online();
		if (rv_feed_snapshot(r->f->feed, &s, &until) == RV_OK) {
			for (int i = 0; i < 100; i++) {
				rv_rbac_check(s, &u, 1, &q, &v);
				assert_int_equal(v.decision, RV_ALLOW);
				assert_true(v.revision >= r->last);
			}
			r->last = v.revision;
		}
		urcu_qsbr_thread_offline();
		(void)sched_yield();
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

static void
never_disturbs_readers(void **state)
{
	struct fixture *f = *state;
	struct reader readers[2] = { { .f = f }, { .f = f } };
	pthread_t threads[2];

	start(f);
	(void)await_revision(f, 7);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	for (uint64_t n = 8; n < 40; n++) {
		cluster_sql(&f->cluster,
		    "begin; update reeve.feed_site set revision = revision + "
		    "1;"
		    "notify reeve_change; commit");
		(void)await_revision(f, n);
	}
	for (int i = 0; i < 2; i++) {
		atomic_store(&readers[i].stop, true);
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_in_range(readers[i].last, 7, 39);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(publishes_what_it_loads),
		TEST(follows_with_and_without_a_bell),
		TEST(answers_a_bell_at_once),
		TEST(stays_fresh_without_changes),
		TEST(distrusts_a_lower_revision),
		TEST(distrusts_another_epoch),
		TEST(distrusts_another_revision_of_the_same_number),
		TEST(distrusts_changes_of_another_history),
		TEST(distrusts_a_revision_without_a_mark),
		TEST(distrusts_another_system),
		TEST(keeps_the_old_one_while_a_load_fails),
		TEST(refuses_rows_that_do_not_fit),
		TEST(loads_with_a_secret_seed),
		TEST(names_a_schema_out_of_range),
		TEST(goes_stale_with_a_server_that_hangs),
		TEST(stops_at_once_though_the_server_hangs),
		TEST(recovers_from_a_killed_server),
		TEST(never_disturbs_readers),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
