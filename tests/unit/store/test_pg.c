/* The pool on an event loop, against a real server that misbehaves. */
#include "unit/store/cluster.h"

#include <event2/event.h>

#include "loop/loop.h"
#include "store/pg.h"

#define DEADLINE_MS 700
#define GUARD_S	    30

struct fixture {
	struct cluster cluster;
	struct event_base *base;
	struct rv_pg *pg;
};

/* What one callback saw. */
struct seen {
	struct event_base *base;
	unsigned calls;
	unsigned await; /* leave the loop at this number of calls */
	enum rv_pg_outcome outcome;
	size_t n_results;
	char sqlstate[6];
	char value[64]; /* first field of the last result */
	struct rv_pg_lease *lease;
};

static const struct rv_pg_step one = { .sql = "select 1" };

static void
note(struct seen *s, const struct rv_pg_answer *a)
{
	s->calls++;
	s->outcome = a->outcome;
	s->n_results = a->n_results;
	(void)snprintf(s->sqlstate, sizeof(s->sqlstate), "%s",
	    a->sqlstate != NULL ? a->sqlstate : "");
	s->value[0] = '\0';
	if (a->n_results > 0 && PQntuples(a->results[a->n_results - 1]) > 0)
		(void)snprintf(s->value, sizeof(s->value), "%s",
		    PQgetvalue(a->results[a->n_results - 1], 0, 0));
	if (s->calls >= s->await)
		event_base_loopbreak(s->base);
}

static void
on_done(void *arg, const struct rv_pg_answer *a)
{
	note(arg, a);
}

static void
on_leased(void *arg, struct rv_pg_lease *lease, const struct rv_pg_answer *a)
{
	struct seen *s = arg;

	s->lease = lease;
	note(s, a);
}

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fail_msg("the loop did not end");
}

/* Turns the loop until `n` callbacks have been counted in all. */
static void
turn_until(struct fixture *f, struct seen *s, unsigned n)
{
	struct event *guard = evtimer_new(f->base, on_guard, NULL);
	const struct timeval limit = { GUARD_S, 0 };

	assert_non_null(guard);
	assert_int_equal(evtimer_add(guard, &limit), 0);
	s->await = n;
	while (s->calls < n)
		assert_true(event_base_dispatch(f->base) >= 0);
	event_free(guard);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

/* Lets a little time pass on the loop. */
static void
turn_once(struct fixture *f, int ms)
{
	struct event *tick = evtimer_new(f->base, on_tick, f->base);
	const struct timeval limit = { 0, ms * 1000 };

	assert_non_null(tick);
	assert_int_equal(evtimer_add(tick, &limit), 0);
	assert_true(event_base_dispatch(f->base) >= 0);
	event_free(tick);
}

static void
turn_until_up(struct fixture *f, bool up)
{
	int64_t end = rv_boot_ms() + GUARD_S * 1000;

	while (rv_pg_is_up(f->pg) != up) {
		assert_true(rv_boot_ms() < end);
		turn_once(f, 10);
	}
}

static struct rv_pg *
pool(struct fixture *f, unsigned connections, size_t max_waiting)
{
	const struct rv_pg_config config = {
		.conninfo = f->cluster.conninfo,
		.connections = connections,
		.deadline_ms = DEADLINE_MS,
		.max_waiting = max_waiting,
	};
	struct rv_error e;
	struct rv_pg *pg = NULL;

	assert_int_equal(rv_pg_new(f->base, &config, &pg, &e), RV_OK);
	return pg;
}

static struct seen
run(struct fixture *f, const struct rv_pg_step *steps, size_t n, bool writes)
{
	struct seen s = { .base = f->base };

	rv_pg_run(f->pg, steps, n, writes, on_done, &s);
	turn_until(f, &s, 1);
	assert_int_equal(s.calls, 1);
	return s;
}

/* ---- Runs ---- */

static void
runs_steps_in_order(void **state)
{
	static const char *const params[] = { "forty", NULL, "2" };
	static const struct rv_pg_step steps[] = {
		{ "create temporary table t (a text, b text, c integer)", 0,
		    NULL },
		{ "insert into t values ($1, $2, $3)", 3, params },
		{ "select a || coalesce(b, '-') || c from t", 0, NULL },
	};
	struct fixture *f = *state;
	struct seen s;

	f->pg = pool(f, 1, 10);
	s = run(f, steps, 3, true);
	assert_int_equal(s.outcome, RV_PG_DONE);
	assert_int_equal(s.n_results, 3);
	assert_string_equal(s.value, "forty-2");
	assert_true(rv_pg_is_up(f->pg));
}

static void
sets_the_session_up(void **state)
{
	static const struct rv_pg_step show = {
		.sql = "select concat_ws('|', current_setting('search_path'),"
		       " current_setting('application_name'),"
		       " current_setting('TimeZone'),"
		       " current_setting('default_transaction_isolation'),"
		       " current_setting('statement_timeout'))"
	};
	struct fixture *f = *state;
	struct seen s;

	f->pg = pool(f, 1, 10);
	s = run(f, &show, 1, false);
	assert_string_equal(
	    s.value, "reeve, pg_temp|reeved|UTC|read committed|975ms");
}

static void
undoes_all_steps_when_one_is_refused(void **state)
{
	static const struct rv_pg_step steps[] = {
		{ "insert into counted values (1)", 0, NULL },
		{ "select 1 / 0", 0, NULL },
		{ "insert into counted values (2)", 0, NULL },
	};
	struct fixture *f = *state;
	struct seen s;

	f->pg = pool(f, 1, 10);
	cluster_sql(&f->cluster, "create schema if not exists reeve;"
				 "drop table if exists reeve.counted;"
				 "create table reeve.counted (n integer)");
	s = run(f, steps, 3, true);
	assert_int_equal(s.outcome, RV_PG_REFUSED);
	assert_string_equal(s.sqlstate, "22012");
	assert_int_equal(s.n_results, 0);
	assert_int_equal(
	    cluster_number(&f->cluster, "select count(*) from reeve.counted"),
	    0);
	/* and the connection is good for the next */
	s = run(f, &one, 1, false);
	assert_int_equal(s.outcome, RV_PG_DONE);
}

/* The last moment for a refusal: a constraint that is checked at commit. */
static void
tells_what_the_commit_refused(void **state)
{
	static const struct rv_pg_step steps[] = {
		{ "insert into late values (1)", 0, NULL },
		{ "insert into late values (1)", 0, NULL },
	};
	struct fixture *f = *state;
	struct seen s;

	f->pg = pool(f, 1, 10);
	cluster_sql(&f->cluster, "create schema if not exists reeve;"
				 "drop table if exists reeve.late;"
				 "create table reeve.late (n integer unique "
				 "deferrable initially deferred)");
	s = run(f, steps, 2, true);
	assert_int_equal(s.outcome, RV_PG_REFUSED);
	assert_string_equal(s.sqlstate, "23505");
	assert_int_equal(
	    cluster_number(&f->cluster, "select count(*) from reeve.late"), 0);
	s = run(f, &one, 1, false);
	assert_int_equal(s.outcome, RV_PG_DONE);
}

static void
leaves_no_transaction_open(void **state)
{
	static const struct rv_pg_step open[] = {
		{ "begin", 0, NULL },
		{ "select 1", 0, NULL },
	};
	static const struct rv_pg_step failed[] = {
		{ "begin", 0, NULL },
		{ "select 1 / 0", 0, NULL },
	};
	static const struct rv_pg_step pid = { .sql =
						   "select pg_backend_pid()" };
	struct fixture *f = *state;
	struct seen first, s;

	f->pg = pool(f, 1, 10);
	first = run(f, &pid, 1, false);
	assert_int_equal(run(f, open, 2, false).outcome, RV_PG_DONE);
	assert_int_equal(run(f, &one, 1, false).outcome, RV_PG_DONE);
	assert_int_equal(
	    cluster_number(&f->cluster,
		"select count(*) from pg_stat_activity where application_name ="
		" 'reeved' and state <> 'idle'"),
	    0);
	assert_int_equal(run(f, failed, 2, false).outcome, RV_PG_REFUSED);
	s = run(f, &pid, 1, false);
	assert_int_equal(s.outcome, RV_PG_DONE);
	assert_string_equal(s.value, first.value);
}

struct chain {
	struct fixture *f;
	struct seen seen;
	unsigned left;
};

static void
run_again(void *arg, const struct rv_pg_answer *a)
{
	struct chain *c = arg;

	assert_int_equal(a->outcome, RV_PG_DONE);
	if (c->left-- > 0)
		rv_pg_run(c->f->pg, &one, 1, false, run_again, c);
	note(&c->seen, a);
}

static void
runs_from_a_callback(void **state)
{
	struct fixture *f = *state;
	struct chain c = { .f = f, .seen = { .base = f->base }, .left = 20 };

	f->pg = pool(f, 2, 10);
	rv_pg_run(f->pg, &one, 1, false, run_again, &c);
	turn_until(f, &c.seen, 21);
}

static void
sheds_what_cannot_wait(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .base = f->base };
	struct seen shed = { .base = f->base };

	f->pg = pool(f, 1, 3);
	for (int i = 0; i < 3; i++)
		rv_pg_run(f->pg, &one, 1, false, on_done, &s);
	rv_pg_run(f->pg, &one, 1, false, on_done, &shed);
	assert_int_equal(s.calls, 0);
	assert_int_equal(shed.calls, 1);
	assert_int_equal(shed.outcome, RV_PG_UNAVAILABLE);
	turn_until(f, &s, 3);
	assert_int_equal(s.outcome, RV_PG_DONE);
}

static void
sends_what_is_larger_than_buffers(void **state)
{
	static char big[3 << 20];
	static const char *const params[] = { big };
	static const struct rv_pg_step step = { "select length($1)", 1,
		params };
	struct fixture *f = *state;
	struct seen s;

	memset(big, 'x', sizeof(big) - 1);
	f->pg = pool(f, 1, 1);
	s = run(f, &step, 1, false);
	assert_string_equal(s.value, "3145727");
}

static void
refuses_copy(void **state)
{
	static const struct rv_pg_step step = { .sql = "copy (select 1) to "
						       "stdout" };
	struct fixture *f = *state;

	f->pg = pool(f, 1, 1);
	assert_int_equal(run(f, &step, 1, false).outcome, RV_PG_UNAVAILABLE);
	assert_int_equal(run(f, &one, 1, false).outcome, RV_PG_DONE);
}

static void
finds_errors_of_the_string(void **state)
{
	const struct rv_pg_config config = {
		.conninfo = "hots=/tmp", .connections = 1, .deadline_ms = 1
	};
	struct fixture *f = *state;
	struct rv_pg *pg = NULL;
	struct rv_error e;

	assert_int_equal(rv_pg_new(f->base, &config, &pg, &e), RV_ERR_INVALID);
	assert_null(pg);
	assert_non_null(strstr(e.text, "hots"));
}

/* ---- Leases ---- */

static void
holds_one_transaction_over_rounds(void **state)
{
	static const struct rv_pg_step begin[] = {
		{ "begin isolation level repeatable read read only", 0, NULL },
		{ "select count(*) from counted", 0, NULL },
	};
	static const struct rv_pg_step again = {
		.sql = "select count(*) from counted"
	};
	struct fixture *f = *state;
	struct seen s = { .base = f->base }, other;

	f->pg = pool(f, 1, 10);
	cluster_sql(&f->cluster,
	    "create schema if not exists reeve;"
	    "create table if not exists reeve.counted (n integer);"
	    "truncate reeve.counted");
	rv_pg_lease_begin(f->pg, begin, 2, on_leased, &s);
	turn_until(f, &s, 1);
	assert_int_equal(s.outcome, RV_PG_DONE);
	assert_non_null(s.lease);
	assert_string_equal(s.value, "0");
	cluster_sql(&f->cluster, "insert into reeve.counted values (1)");
	rv_pg_lease_run(s.lease, &again, 1, on_leased, &s);
	turn_until(f, &s, 2);
	assert_string_equal(s.value, "0");
	rv_pg_lease_end(&s.lease);
	assert_null(s.lease);
	other = run(f, &again, 1, false);
	assert_string_equal(other.value, "1");
}

static void
ends_a_lease_with_a_refusal(void **state)
{
	static const struct rv_pg_step begin = { .sql = "begin" };
	static const struct rv_pg_step wrong = { .sql = "select nothing" };
	struct fixture *f = *state;
	struct seen s = { .base = f->base };

	f->pg = pool(f, 1, 10);
	rv_pg_lease_begin(f->pg, &begin, 1, on_leased, &s);
	turn_until(f, &s, 1);
	rv_pg_lease_run(s.lease, &wrong, 1, on_leased, &s);
	turn_until(f, &s, 2);
	assert_int_equal(s.outcome, RV_PG_REFUSED);
	assert_string_equal(s.sqlstate, "42703");
	assert_null(s.lease);
	assert_int_equal(run(f, &one, 1, false).outcome, RV_PG_DONE);
}

static void
replaces_a_dropped_lease(void **state)
{
	static const struct rv_pg_step begin = { .sql = "begin" };
	static const struct rv_pg_step slow = { .sql = "select pg_sleep(5)" };
	struct fixture *f = *state;
	struct seen s = { .base = f->base };

	f->pg = pool(f, 1, 10);
	rv_pg_lease_begin(f->pg, &begin, 1, on_leased, &s);
	turn_until(f, &s, 1);
	rv_pg_lease_drop(&s.lease);
	assert_int_equal(run(f, &one, 1, false).outcome, RV_PG_DONE);

	/* in the middle of a round: answered at once */
	rv_pg_lease_begin(f->pg, &begin, 1, on_leased, &s);
	turn_until(f, &s, 2);
	struct rv_pg_lease *lease = s.lease;
	rv_pg_lease_run(lease, &slow, 1, on_leased, &s);
	assert_int_equal(s.calls, 2);
	rv_pg_lease_drop(&lease);
	assert_int_equal(s.calls, 3);
	assert_int_equal(s.outcome, RV_PG_UNKNOWN);
	assert_null(s.lease);
	assert_int_equal(run(f, &one, 1, false).outcome, RV_PG_DONE);
}

static void
notices_a_lost_lease(void **state)
{
	static const struct rv_pg_step begin[] = {
		{ "begin", 0, NULL },
		{ "select pg_backend_pid()", 0, NULL },
	};
	struct fixture *f = *state;
	struct seen s = { .base = f->base };
	char sql[128];

	f->pg = pool(f, 1, 10);
	rv_pg_lease_begin(f->pg, begin, 2, on_leased, &s);
	turn_until(f, &s, 1);
	(void)snprintf(sql, sizeof(sql),
	    "select pg_terminate_backend(%s, "
	    "10000)",
	    s.value);
	cluster_sql(&f->cluster, sql);
	rv_pg_lease_run(s.lease, &one, 1, on_leased, &s);
	turn_until(f, &s, 2);
	assert_int_equal(s.outcome, RV_PG_UNAVAILABLE);
	assert_null(s.lease);
	assert_int_equal(run(f, &one, 1, false).outcome, RV_PG_DONE);
}

/* ---- Faults ---- */

static void
ends_a_slow_run_at_its_deadline(void **state)
{
	static const struct rv_pg_step slow = { .sql = "select pg_sleep(30)" };
	struct fixture *f = *state;
	int64_t begin;
	struct seen s;

	f->pg = pool(f, 2, 10);
	(void)run(f, &one, 1, false);
	begin = rv_boot_ms();
	s = run(f, &slow, 1, false);
	assert_int_equal(s.outcome, RV_PG_UNAVAILABLE);
	assert_in_range(
	    rv_boot_ms() - begin, DEADLINE_MS - 50, DEADLINE_MS + 2000);
	/* on a busy machine a new connection may itself take too long */
	while (run(f, &one, 1, false).outcome != RV_PG_DONE)
		turn_once(f, 20);
	assert_int_equal(run(f, &slow, 1, true).outcome, RV_PG_UNKNOWN);
	while (run(f, &one, 1, false).outcome != RV_PG_DONE)
		turn_once(f, 20);
	/* the server's own limit has ended what we left behind */
	while (cluster_number(&f->cluster,
		   "select count(*) from pg_stat_activity where query like"
		   " '%pg_sleep(30)' and state = 'active'") > 0)
		turn_once(f, 20);
}

static void
bears_a_server_that_hangs(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .base = f->base };
	int64_t begin;

	f->pg = pool(f, 3, 10);
	(void)run(f, &one, 1, false);
	turn_once(f, 200);
	cluster_do(&f->cluster, "stop");
	begin = rv_boot_ms();
	rv_pg_run(f->pg, &one, 1, true, on_done, &s);
	turn_until(f, &s, 1);
	assert_int_equal(s.outcome, RV_PG_UNKNOWN);
	assert_in_range(
	    rv_boot_ms() - begin, DEADLINE_MS - 50, DEADLINE_MS + 2000);
	/* one that waits is answered in its time */
	rv_pg_run(f->pg, &one, 1, true, on_done, &s);
	turn_until(f, &s, 2);
	assert_int_equal(s.outcome, RV_PG_UNAVAILABLE);
	/* once the server is known to hang: at once, without a turn */
	turn_once(f, DEADLINE_MS + 300 > 999 ? 999 : DEADLINE_MS + 300);
	begin = rv_boot_ms();
	rv_pg_run(f->pg, &one, 1, true, on_done, &s);
	assert_int_equal(s.calls, 3);
	assert_int_equal(s.outcome, RV_PG_UNAVAILABLE);
	assert_true(rv_boot_ms() - begin < DEADLINE_MS / 2);
	assert_false(rv_pg_is_up(f->pg));

	cluster_do(&f->cluster, "cont");
	turn_until_up(f, true);
	assert_int_equal(run(f, &one, 1, false).outcome, RV_PG_DONE);
}

static void
survives_a_killed_server(void **state)
{
	static const struct rv_pg_step write = {
		.sql = "insert into counted select 1 from pg_sleep(20)"
	};
	struct fixture *f = *state;
	struct seen w = { .base = f->base }, r = { .base = f->base };

	cluster_sql(&f->cluster,
	    "create schema if not exists reeve;"
	    "create table if not exists reeve.counted (n integer)");
	f->pg = pool(f, 2, 10);
	(void)run(f, &one, 1, false);
	turn_once(f, 100);
	rv_pg_run(f->pg, &write, 1, true, on_done, &w);
	rv_pg_run(f->pg, &write, 1, false, on_done, &r);
	turn_once(f, 50);
	cluster_do(&f->cluster, "kill");
	turn_until(f, &w, 1);
	turn_until(f, &r, 1);
	assert_int_equal(w.outcome, RV_PG_UNKNOWN);
	assert_int_equal(r.outcome, RV_PG_UNAVAILABLE);
	turn_until_up(f, false);
	turn_once(f, 500);
	rv_pg_run(f->pg, &one, 1, true, on_done, &w);
	assert_int_equal(w.calls, 2);
	assert_int_equal(w.outcome, RV_PG_UNAVAILABLE);

	cluster_do(&f->cluster, "start");
	cluster_connect(&f->cluster);
	turn_until_up(f, true);
	assert_int_equal(run(f, &one, 1, true).outcome, RV_PG_DONE);
}

/* What an idle connection has lost is no unknown outcome of a new run. */
static void
notices_an_idle_loss(void **state)
{
	struct fixture *f = *state;

	f->pg = pool(f, 2, 10);
	(void)run(f, &one, 1, false);
	turn_once(f, 100);
	cluster_sql(&f->cluster,
	    "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
	    " where application_name = 'reeved'");
	assert_int_equal(run(f, &one, 1, true).outcome, RV_PG_DONE);
}

static void
waits_for_a_first_connection(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .base = f->base };

	f->pg = pool(f, 1, 10);
	assert_false(rv_pg_is_up(f->pg));
	rv_pg_run(f->pg, &one, 1, true, on_done, &s);
	assert_int_equal(s.calls, 0);
	turn_until(f, &s, 1);
	assert_int_equal(s.outcome, RV_PG_DONE);
}

/* ---- The end ---- */

static void
answers_all_when_freed(void **state)
{
	static const struct rv_pg_step slow = { .sql = "select pg_sleep(9)" };
	static const struct rv_pg_step begin = { .sql = "begin" };
	struct fixture *f = *state;
	struct seen s[4] = { { .base = f->base }, { .base = f->base },
		{ .base = f->base }, { .base = f->base } };

	f->pg = pool(f, 2, 10);
	rv_pg_lease_begin(f->pg, &begin, 1, on_leased, &s[0]);
	turn_until(f, &s[0], 1);
	turn_once(f, 100);
	rv_pg_run(f->pg, &slow, 1, true, on_done, &s[1]);
	rv_pg_run(f->pg, &slow, 1, true, on_done, &s[2]);
	turn_once(f, 20);
	rv_pg_free(&f->pg);
	assert_null(f->pg);
	assert_int_equal(s[1].calls, 1);
	assert_int_equal(s[1].outcome, RV_PG_UNKNOWN);
	assert_int_equal(s[2].calls, 1);
	assert_int_equal(s[2].outcome, RV_PG_UNAVAILABLE);
	/* a lease outlives the pool, without its connection */
	rv_pg_lease_run(s[0].lease, &one, 1, on_leased, &s[3]);
	assert_int_equal(s[3].calls, 1);
	assert_int_equal(s[3].outcome, RV_PG_UNAVAILABLE);
}

static void
free_in_callback(void *arg, const struct rv_pg_answer *a)
{
	struct chain *c = arg;

	rv_pg_free(&c->f->pg);
	note(&c->seen, a);
}

static void
can_be_freed_from_a_callback(void **state)
{
	struct fixture *f = *state;
	struct chain c = { .f = f, .seen = { .base = f->base } };
	struct seen s = { .base = f->base };

	f->pg = pool(f, 1, 10);
	rv_pg_run(f->pg, &one, 1, false, free_in_callback, &c);
	rv_pg_run(f->pg, &one, 1, true, on_done, &s);
	turn_until(f, &c.seen, 1);
	assert_int_equal(c.seen.outcome, RV_PG_DONE);
	assert_int_equal(s.calls, 1);
	assert_int_not_equal(s.outcome, RV_PG_DONE);
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
	struct fixture *f = *state;

	f->base = event_base_new();
	return f->base != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	rv_pg_free(&f->pg);
	event_base_free(f->base);
	cluster_do(&f->cluster, "cont");
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(runs_steps_in_order),
		TEST(sets_the_session_up),
		TEST(undoes_all_steps_when_one_is_refused),
		TEST(tells_what_the_commit_refused),
		TEST(leaves_no_transaction_open),
		TEST(runs_from_a_callback),
		TEST(sheds_what_cannot_wait),
		TEST(sends_what_is_larger_than_buffers),
		TEST(refuses_copy),
		TEST(finds_errors_of_the_string),
		TEST(holds_one_transaction_over_rounds),
		TEST(ends_a_lease_with_a_refusal),
		TEST(replaces_a_dropped_lease),
		TEST(notices_a_lost_lease),
		TEST(ends_a_slow_run_at_its_deadline),
		TEST(bears_a_server_that_hangs),
		TEST(survives_a_killed_server),
		TEST(notices_an_idle_loss),
		TEST(waits_for_a_first_connection),
		TEST(answers_all_when_freed),
		TEST(can_be_freed_from_a_callback),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
