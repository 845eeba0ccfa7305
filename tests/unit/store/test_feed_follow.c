/*
 * The change feed as it follows changes: what becomes a version of the
 * snapshot, what a full load, and what becomes of the versions before.
 */
#include "unit/store/feeding.h"

#include <errno.h>
#include <stdlib.h>

#include "snapshot.h"
#include "store/feed_version.h"

/* A scope and the change of it, as one revision with a bell. */
#define SCOPE(id, revision)                                          \
	"begin; update reeve.feed_site set revision = " revision ";" \
	"insert into reeve.feed_scope values ('" id "');"            \
	"insert into reeve.feed_object values (29, '" id "');"       \
	"insert into reeve.feed_change values (" revision ", 1,"     \
	" 'security_scope', '" id "', null,"                         \
	" '{\"scope_id\":\"" id "\",\"name\":\"n\"}');"              \
	"notify reeve_change; commit"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_CALLOC 0
#else
#define OWN_CALLOC 1
#endif

#if OWN_CALLOC
static atomic_int n_failing; /* so many versions find no memory */

/* glibc's own name: NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*) */
void *__libc_calloc(size_t n, size_t size);

/* In front of the C library's. */
void *
calloc(size_t n, size_t size)
{
	if (n == 1 && size == sizeof(struct rv_version) &&
	    atomic_load(&n_failing) > 0) {
		atomic_fetch_sub(&n_failing, 1);
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}
#endif

static struct rv_feed_state
state_of(struct fixture *f)
{
	struct rv_feed_state s;

	rv_feed_state(f->feed, &s);
	return s;
}

static size_t
scopes(struct fixture *f)
{
	const struct rv_snapshot *s;
	struct rv_snapshot_counts n = { 0 };
	int64_t until;

	urcu_qsbr_thread_online();
	if (rv_feed_snapshot(f->feed, &s, &until) == RV_OK)
		rv_snapshot_count(s, &n);
	urcu_qsbr_thread_offline();
	return n.scopes;
}

static void
makes_versions_of_changes(void **state)
{
	struct fixture *f = *state;

	start(f);
	(void)await_revision(f, 7);
	cluster_sql(&f->cluster, SCOPE("S0000001", "8"));
	(void)await_revision(f, 8);
	cluster_sql(&f->cluster, SCOPE("S0000002", "9"));
	(void)await_revision(f, 9);
	assert_int_equal(scopes(f), 4);
	assert_int_equal(state_of(f).loads, 1);
	assert_int_equal(state_of(f).versions, 2);
	await_told(f, 3);
	assert_int_equal(atomic_load(&f->told), 9);
}

/* With changes that do not fit, the views are right. */
static void
loads_in_doubt(void **state)
{
	static const char *const changes[] = {
		/* an entity */
		"(8, 1, 'novelty', 'S0000001', null, '{}')",
		/* a column */
		"(8, 1, 'security_scope', 'S0000001', null,"
		" '{\"scope_id\":\"S0000001\",\"name\":\"n\",\"x\":1}')",
		/* another ordinal, another revision, none */
		"(8, 2, 'security_scope', 'S0000001', null,"
		" '{\"scope_id\":\"S0000001\",\"name\":\"n\"}')",
		"(9, 1, 'security_scope', 'S0000001', null,"
		" '{\"scope_id\":\"S0000001\",\"name\":\"n\"}')",
		"(7, 1, 'security_scope', 'S0000001', null,"
		" '{\"scope_id\":\"S0000001\",\"name\":\"n\"}')",
		/* what the snapshot has, and what it has not */
		"(8, 1, 'security_scope', 'SMS00UNA', null,"
		" '{\"scope_id\":\"SMS00UNA\",\"name\":\"n\"}')",
		"(8, 1, 'security_scope', 'S0000003',"
		" '{\"scope_id\":\"S0000003\",\"name\":\"n\"}', null)",
		/* settings that the site has not */
		"(8, 1, 'site_setting', 'true',"
		" '{\"minimum_level\":1,\"deploy_pairing\":\"user\"}',"
		" '{\"minimum_level\":2,\"deploy_pairing\":\"user\"}')",
		/* what cannot be read, here or there */
		"(8, null, 'security_scope', 'S0000001', null, '{}')",
		"(8, 1, 'assignment', '1', null, '{\"valid_from\":\"soon\"}')",
		/* twice the same */
		"(8, 1, 'security_scope', 'S0000001', null,"
		" '{\"scope_id\":\"S0000001\",\"name\":\"n\"}'),"
		"(8, 1, 'security_scope', 'S0000001', null,"
		" '{\"scope_id\":\"S0000001\",\"name\":\"n\"}')",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		char sql[1024];

		start(f);
		(void)await_revision(f, 7);
		(void)snprintf(sql, sizeof(sql),
		    "begin; update reeve.feed_site set revision = 8;"
		    "insert into reeve.feed_scope values ('S0000001');"
		    "insert into reeve.feed_change values %s;"
		    "notify reeve_change; commit",
		    changes[i]);
		cluster_sql(&f->cluster, sql);
		(void)await_revision(f, 8);
		assert_int_equal(scopes(f), 3);
		assert_int_equal(state_of(f).loads, 2);
		assert_int_equal(state_of(f).versions, 0);
		rv_feed_stop(&f->feed);
		cluster_sql(&f->cluster, "drop schema reeve cascade");
		stand_in(f);
	}
}

/* More rows than one statement fetches, revision by revision. */
static void
catches_up_in_pieces(void **state)
{
	struct fixture *f = *state;

	start(f);
	(void)await_revision(f, 7);
	cluster_sql(&f->cluster,
	    "begin; update reeve.feed_site set revision = 10;"
	    "insert into reeve.feed_change select r, i, 'class_property',"
	    " i::text, null, '{}' from generate_series(8, 9) r,"
	    " generate_series(1, 9000) i;"
	    "insert into reeve.feed_change select 10, i, 'class_property',"
	    " i::text, null, '{}' from generate_series(1, 3000) i;"
	    "notify reeve_change; commit");
	(void)await_revision(f, 10);
	assert_int_equal(state_of(f).loads, 1);
	assert_int_equal(state_of(f).versions, 2);
	/* One revision with more than a small site is worth. */
	cluster_sql(&f->cluster,
	    "begin; update reeve.feed_site set revision = 11;"
	    "insert into reeve.feed_change select 11, i, 'class_property',"
	    " i::text, null, '{}' from generate_series(1, 20001) i;"
	    "notify reeve_change; commit");
	(void)await_revision(f, 11);
	assert_int_equal(state_of(f).loads, 2);
	assert_int_equal(state_of(f).versions, 2);
}

static void
await_waiting(struct fixture *f, size_t least, size_t most)
{
	int64_t begin = rv_boot_ms();
	size_t n;

	do {
		assert_true(rv_boot_ms() - begin < GUARD_MS);
		(void)usleep(2000);
		n = state_of(f).waiting;
	} while (n < least || n > most);
}

static void
await_state(struct fixture *f, uint64_t wanted)
{
	int64_t begin = rv_boot_ms();

	while (state_of(f).revision != wanted) {
		assert_true(rv_boot_ms() - begin < GUARD_MS);
		(void)usleep(2000);
	}
}

static enum rv_decision
reads_app(const struct rv_snapshot *s)
{
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
	struct rv_verdict v;

	rv_rbac_check(s, &u, 1, &q, &v);
	return v.decision;
}

/* A reader in its turn, for as long as it likes. */
static void
never_waits_for_readers(void **state)
{
	struct fixture *f = *state;
	const struct rv_snapshot *s;
	int64_t until;

	start(f);
	(void)await_revision(f, 7);
	urcu_qsbr_thread_online();
	assert_int_equal(rv_feed_snapshot(f->feed, &s, &until), RV_OK);
	cluster_sql(&f->cluster, SCOPE("S0000001", "8"));
	await_state(f, 8);
	cluster_sql(&f->cluster, SCOPE("S0000002", "9"));
	await_state(f, 9);
	/* even a full load */
	cluster_sql(&f->cluster,
	    "begin; update reeve.feed_site set revision = 10;"
	    "notify reeve_change; commit");
	await_state(f, 10);
	await_waiting(f, 3, 3);
	assert_int_equal(rv_snapshot_revision(s), 7);
	assert_int_equal(reads_app(s), RV_ALLOW);
	urcu_qsbr_thread_offline();
	await_waiting(f, 0, 0);
}

static void
keeps_what_is_held(void **state)
{
	struct fixture *f = *state;
	struct rv_snapshot_ref a, b, none = { .version = NULL };
	int64_t now;

	start(f);
	(void)await_revision(f, 7);
	urcu_qsbr_thread_online();
	now = rv_boot_ms();
	assert_int_equal(rv_feed_hold(f->feed, &a), RV_OK);
	assert_int_equal(rv_feed_hold(f->feed, &b), RV_OK);
	urcu_qsbr_thread_offline();
	assert_true(a.release_until_boot_ms >= now + RV_FEED_HOLD_MS);
	assert_true(a.release_until_boot_ms <= rv_boot_ms() + RV_FEED_HOLD_MS);
	assert_true(a.fresh_until_boot_ms <= rv_boot_ms() + STALENESS_MS);
	/* its permission goes, in the version after it */
	cluster_sql(&f->cluster,
	    "begin; update reeve.feed_site set revision = 8;"
	    "delete from reeve.feed_role_operation;"
	    "insert into reeve.feed_change values (8, 1, 'role_operation',"
	    " 'x', '{\"role_id\":\"R1\",\"object_type_id\":31,\"bit\":0}',"
	    " null); notify reeve_change; commit");
	(void)await_revision(f, 8);
	cluster_sql(&f->cluster, SCOPE("S0000002", "9"));
	(void)await_revision(f, 9);
	assert_int_equal(state_of(f).loads, 1);
	await_waiting(f, 1, 1);
	rv_feed_release(&a);
	assert_null(a.snapshot);
	(void)usleep(1500000);
	await_waiting(f, 1, 1);
	assert_int_equal(rv_snapshot_revision(b.snapshot), 7);
	assert_int_equal(reads_app(b.snapshot), RV_ALLOW);
	rv_feed_release(&b);
	await_waiting(f, 0, 0);
	rv_feed_release(&none);
	urcu_qsbr_thread_online();
	assert_int_equal(rv_feed_hold(f->feed, &a), RV_OK);
	assert_int_equal(reads_app(a.snapshot), RV_DENY);
	rv_feed_release(&a);
	urcu_qsbr_thread_offline();
}

#if OWN_CALLOC
/* Without memory for a version nothing is built: the next poll builds it. */
static void
survives_a_version_without_memory(void **state)
{
	struct fixture *f = *state;

	atomic_store(&n_failing, 1);
	start(f);
	await_problem(f, "out of memory");
	(void)await_revision(f, 7);
	atomic_store(&n_failing, 2);
	cluster_sql(&f->cluster, SCOPE("S0000001", "8"));
	(void)await_revision(f, 8);
	assert_int_equal(atomic_load(&n_failing), 0);
	cluster_sql(&f->cluster, SCOPE("S0000002", "9"));
	(void)await_revision(f, 9);
	assert_int_equal(scopes(f), 4);
	assert_int_equal(state_of(f).loads, 1);
	assert_int_equal(state_of(f).versions, 2);
}
#endif

/*
 * The builder reads this when it follows the next change, which comes after
 * it by way of the database: ThreadSanitizer does not see that order.
 */
__attribute__((no_sanitize_thread)) static void
end_line(struct rv_snapshot *s)
{
	s->highest = UINT32_MAX;
}

/* The line of versions is at its end: a load begins another. */
static void
loads_when_the_line_is_at_its_end(void **state)
{
	struct fixture *f = *state;
	struct rv_snapshot_ref ref;
	struct rv_snapshot *s;

	start(f);
	(void)await_revision(f, 7);
	urcu_qsbr_thread_online();
	assert_int_equal(rv_feed_hold(f->feed, &ref), RV_OK);
	urcu_qsbr_thread_offline();
	/* Nobody builds before the next change. */
	memcpy(&s, &ref.snapshot, sizeof(s));
	end_line(s);
	rv_feed_release(&ref);
	cluster_sql(&f->cluster, SCOPE("S0000001", "8"));
	(void)await_revision(f, 8);
	cluster_sql(&f->cluster, SCOPE("S0000002", "9"));
	(void)await_revision(f, 9);
	assert_int_equal(scopes(f), 4);
	assert_int_equal(state_of(f).loads, 2);
	assert_int_equal(state_of(f).versions, 1);
}

static void
holds_nothing_that_is_not_usable(void **state)
{
	struct fixture *f = *state;
	struct rv_snapshot_ref ref = { .version = NULL };

	cluster_sql(&f->cluster, "drop table reeve.feed_member");
	start(f);
	await_problem(f, "feed_member");
	assert_int_equal(rv_feed_hold(f->feed, &ref), RV_ERR_STALE);
	assert_null(ref.version);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(makes_versions_of_changes),
		TEST(loads_in_doubt),
		TEST(catches_up_in_pieces),
		TEST(never_waits_for_readers),
		TEST(keeps_what_is_held),
		TEST(holds_nothing_that_is_not_usable),
		TEST(loads_when_the_line_is_at_its_end),
#if OWN_CALLOC
		TEST(survives_a_version_without_memory),
#endif
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
