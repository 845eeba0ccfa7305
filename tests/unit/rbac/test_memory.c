/*
 * Memory that runs out: whichever allocation fails, a load ends with
 * RV_ERR_NOMEM and nothing is leaked.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "own_malloc.h"
#include "policy.h"

#include "reeve/rbac_ask.h"
#include "reeve/rbac_pair.h"

static void
test_every_allocation_of_a_load(void **state)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e;
	struct world w;
	long before, nth = 0;
	int r;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	world_init(&w);
	policy_read(&w, "tests/decisions/office.policy");
	before = live;
	do {
		countdown = nth++;
		failed = false;
		r = world_build(&w, &s, &e);
		countdown = -1;
		if (r != RV_OK) {
			assert_int_equal(r, RV_ERR_NOMEM);
			assert_null(s);
			assert_int_equal(live, before);
		} else if (failed) {
			rv_snapshot_free(&s);
		}
	} while (failed && nth < 100000);
	/* The last round went through; qsort() may do without its buffer. */
	assert_int_equal(r, RV_OK);
	assert_true(nth > 100);
	assert_true(live > before);
	rv_snapshot_free(&s);
	assert_int_equal(live, before);
	print_message("# %ld allocations failed in turn\n", nth - 1);
	world_fini(&w);
}

/* A check allocates nothing: it works when nothing can be had. */
static void
test_check_allocates_nothing(void **state)
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:alice@LAB.TEST");
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_question q = { RV_SLICE_LIT("SMS_R_System"),
		RV_SLICE_LIT("Remote Control"), RV_SLICE_LIT("16777216"),
		RV_WANT_ALL };
	struct rv_snapshot *s;
	struct rv_verdict v;
	struct world w;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	world_init(&w);
	policy_read(&w, "tests/decisions/office.policy");
	s = world_snapshot(&w);
	countdown = 0;
	failed = false;
	rv_rbac_check(s, &u, 0, &q, &v);
	countdown = -1;
	assert_false(failed);
	assert_int_equal(v.decision, RV_ALLOW);
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* A list that runs out of memory is no list, and no allow. */
static void
test_list_out_of_memory(void **state)
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:bob@LAB.TEST");
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_slice *roles;
	struct rv_snapshot *s;
	struct world w;
	size_t n;

	(void)state;
	world_init(&w);
	policy_read(&w, "tests/decisions/office.policy");
	s = world_snapshot(&w);
	for (size_t max = 1; max < 48; max += 15) {
		struct rv_arena *arena = rv_arena_new(max);
		struct rv_readable list = { .any = RV_ALLOW, .all = true };

		assert_non_null(arena);
		if (rv_rbac_readable(s, &u, 0, RV_SLICE_LIT("Application"),
			arena, &list) != RV_OK) {
			assert_int_equal(list.any, RV_DENY);
			assert_false(list.all);
		}
		rv_arena_free(&arena);
	}
	{
		struct rv_arena *arena = rv_arena_new(1);

		assert_non_null(arena);
		assert_int_equal(
		    rv_rbac_roles_giving(s, 31, 0, arena, &roles, &n),
		    RV_ERR_NOMEM);
		rv_arena_free(&arena);
	}
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* Each question that takes memory, with the arena that it may fill. */
static int
ask_holdings(const struct rv_snapshot *s, const struct rv_subject_resolved *u,
    struct rv_arena *arena)
{
	const struct rv_holding *holdings;
	size_t n;

	(void)s;
	return rv_rbac_holdings(u, 0, arena, &holdings, &n);
}

static int
ask_who(const struct rv_snapshot *s, const struct rv_subject_resolved *u,
    struct rv_arena *arena)
{
	const struct rv_question q = { .type = RV_SLICE_LIT("Application"),
		.operation = RV_SLICE_LIT("Read"),
		.key = RV_SLICE_LIT("app-eu") };
	struct rv_holders who;
	int r = rv_rbac_who(s, 0, &q, arena, &who);

	(void)u;
	if (r != RV_OK)
		assert_int_equal(who.n, 0);
	return r;
}

static int
ask_objects(const struct rv_snapshot *s, const struct rv_subject_resolved *u,
    struct rv_arena *arena)
{
	struct rv_object_set set;
	int r = rv_rbac_objects(u, 0, RV_SLICE_LIT("Application"),
	    RV_SLICE_LIT("Modify"), false, arena, &set);

	(void)s;
	if (r != RV_OK) {
		assert_int_equal(set.n, 0);
		assert_int_not_equal(set.reason, RV_REASON_ALLOWED);
	}
	return r;
}

static int
ask_pair(const struct rv_snapshot *s, const struct rv_subject_resolved *u,
    struct rv_arena *arena)
{
	const struct rv_slice named[] = { RV_SLICE_LIT("BERLIN"),
		RV_SLICE_LIT("PARIS") };
	const struct rv_pair_question q = { .operation = RV_PAIR_WRITE_RULE,
		.collection = RV_SLICE_LIT("BERLIN"),
		.named = named,
		.n_named = 2 };
	struct rv_pair_verdict v;
	int r = rv_rbac_pair(u, 0, &q, RV_PAIRING_ASSIGNMENT, arena, &v);

	(void)s;
	assert_int_equal(v.decision, r == RV_OK ? RV_ALLOW : RV_DENY);
	return r;
}

static int
ask_what_if(const struct rv_snapshot *s, const struct rv_subject_resolved *u,
    struct rv_arena *arena)
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:bob@LAB.TEST");
	const struct rv_subject subject = {
		.ids = &id, .n_ids = 1, .n_own = 1, .groups_known = true
	};
	const struct rv_row_assignment row = { .assignment_id = 9000,
		.admin_id = 2,
		.role_id = RV_SLICE_LIT("FULL"),
		.from_ms = INT64_MIN,
		.until_ms = INT64_MAX };
	const struct rv_row_assignment_scope scope = { 9000,
		RV_SLICE_LIT("EU") };
	const struct rv_row_assignment_collection collection = { 9000,
		RV_SLICE_LIT("BERLIN") };
	const uint64_t removed = 2;
	const struct rv_overlay o = { &row, 1, &scope, 1, &collection, 1,
		&removed, 1 };
	struct rv_error e;

	return rv_rbac_resolve_if(s, &subject, &o, arena, &u, &e);
}

/* Runs with ever more room until the question is answered. */
static void
fails_until_there_is_room(const struct rv_snapshot *s,
    int (*ask)(const struct rv_snapshot *, const struct rv_subject_resolved *,
	struct rv_arena *))
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:alice@LAB.TEST");
	const struct rv_subject subject = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	struct rv_arena *plenty = rv_arena_new(0);
	const struct rv_subject_resolved *u;
	int r = RV_ERR_NOMEM, refused = 0;

	assert_non_null(plenty);
	assert_int_equal(rv_rbac_resolve(s, &subject, plenty, &u), RV_OK);
	for (size_t max = 1; r != RV_OK; max += 8) {
		struct rv_arena *arena = rv_arena_new(max);

		assert_non_null(arena);
		r = ask(s, u, arena);
		if (r != RV_OK) {
			assert_int_equal(r, RV_ERR_NOMEM);
			refused++;
		}
		rv_arena_free(&arena);
	}
	assert_true(refused > 1);
	for (long nth = 0, done = 0; !done; nth++) {
		struct rv_arena *arena = rv_arena_new(0);

		assert_non_null(arena);
		countdown = OWN_MALLOC ? nth : -1;
		failed = false;
		r = ask(s, u, arena);
		countdown = -1;
		assert_int_equal(r, failed ? RV_ERR_NOMEM : RV_OK);
		done = !failed;
		rv_arena_free(&arena);
	}
	rv_arena_free(&plenty);
}

static void
test_questions_out_of_memory(void **state)
{
	struct rv_snapshot *s;
	struct world w;
	long before;

	(void)state;
	world_init(&w);
	policy_read(&w, "tests/decisions/office.policy");
	s = world_snapshot(&w);
	before = live;
	fails_until_there_is_room(s, ask_holdings);
	fails_until_there_is_room(s, ask_who);
	fails_until_there_is_room(s, ask_objects);
	fails_until_there_is_room(s, ask_pair);
	fails_until_there_is_room(s, ask_what_if);
	assert_int_equal(live, before);
	rv_snapshot_free(&s);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_of_a_load),
		cmocka_unit_test(test_check_allocates_nothing),
		cmocka_unit_test(test_list_out_of_memory),
		cmocka_unit_test(test_questions_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
