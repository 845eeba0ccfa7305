/*
 * A change feed against a real server with stand-ins for the views.
 */
#ifndef TESTS_UNIT_STORE_FEEDING_H
#define TESTS_UNIT_STORE_FEEDING_H

#include "unit/store/cluster.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

#include "loop/loop.h"
#include "store/db.h"
#include "store/feed.h"
#include "store/load.h"
#include "store/schema.h"

#define DEADLINE_MS  700
#define STALENESS_MS 3000
#define GUARD_MS     30000

struct fixture {
	struct cluster cluster;
	char runtime[256]; /* connection string of the run-time role */
	struct rv_feed *feed;
	_Atomic uint64_t told;	 /* the last revision, */
	_Atomic unsigned n_told; /* and how many */
};

static inline void
on_published(void *arg, uint64_t revision)
{
	struct fixture *f = arg;

	atomic_store(&f->told, revision);
	atomic_fetch_add(&f->n_told, 1);
}

static inline void
start(struct fixture *f)
{
	const struct rv_feed_config config = {
		.conninfo = f->runtime,
		.deadline_ms = DEADLINE_MS,
		.max_staleness_ms = STALENESS_MS,
		.published = on_published,
		.arg = f,
	};
	struct rv_error e;

	assert_int_equal(rv_feed_start(&config, &f->feed, &e), RV_OK);
}

/* One turn of a reader; the revision, or 0 when there is nothing usable. */
static inline uint64_t
revision(struct fixture *f)
{
	const struct rv_snapshot *s;
	uint64_t n = 0;
	int64_t until;

	urcu_qsbr_thread_online();
	if (rv_feed_snapshot(f->feed, &s, &until) == RV_OK) {
		n = rv_snapshot_revision(s);
		assert_true(until <= rv_boot_ms() + STALENESS_MS);
	}
	urcu_qsbr_thread_offline();
	return n;
}

/* Waits; returns how long it took. */
static inline int64_t
await_revision(struct fixture *f, uint64_t wanted)
{
	int64_t begin = rv_boot_ms();

	while (revision(f) != wanted) {
		assert_true(rv_boot_ms() - begin < GUARD_MS);
		(void)usleep(2000);
	}
	return rv_boot_ms() - begin;
}

static inline void
await_told(struct fixture *f, unsigned n)
{
	int64_t begin = rv_boot_ms();

	while (atomic_load(&f->n_told) < n) {
		assert_true(rv_boot_ms() - begin < GUARD_MS);
		(void)usleep(2000);
	}
}

static inline void
await_problem(struct fixture *f, const char *part)
{
	int64_t begin = rv_boot_ms();
	struct rv_feed_state s;

	do {
		assert_true(rv_boot_ms() - begin < GUARD_MS);
		(void)usleep(2000);
		rv_feed_state(f->feed, &s);
	} while (strstr(s.problem, part) == NULL);
}

static inline void
set_schema(const struct fixture *f, int version)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql),
	    "create or replace function reeve.schema_version()"
	    " returns integer language sql return %d",
	    version);
	cluster_sql(&f->cluster, sql);
}

static inline void
stand_in(const struct fixture *f)
{
	cluster_script(&f->cluster, "tests/unit/store/stand_in.sql");
	set_schema(f, RV_SCHEMA_MIN);
}

/* ---- Fixture ---- */

static inline int
set_up_all(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	*state = f;
	cluster_up(&f->cluster);
	(void)snprintf(f->runtime, sizeof(f->runtime),
	    "host=%s user=runtime dbname=postgres", f->cluster.folder);
	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	return 0;
}

static inline int
tear_down_all(void **state)
{
	struct fixture *f = *state;

	urcu_qsbr_unregister_thread();
	cluster_down(&f->cluster);
	free(f);
	return 0;
}

static inline int
set_up(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->n_told, 0);
	cluster_sql(&f->cluster, "drop schema if exists reeve cascade");
	stand_in(f);
	return 0;
}

static inline int
tear_down(void **state)
{
	struct fixture *f = *state;

	rv_feed_stop(&f->feed);
	cluster_do(&f->cluster, "cont");
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
