/* Sizes far from those of a usual site: the answers stay right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

#include "reeve/rbac_ask.h"

#define SCOPES 100000
#define DEPTH  (RV_CHAIN_MAX - 1)

#define L(text) RV_SLICE_LIT(text)
#define ROW(table, ...) \
	world_add_##table(w, (struct rv_row_##table){ __VA_ARGS__ })

/* Two types, one role with Read on both, and two users. */
static void
begin(struct world *w)
{
	world_init(w);
	ROW(type, 1, L("Collection"), RV_SLICE_NONE, RV_SECURED_BY_COLLECTION);
	ROW(type, 31, L("Application"), RV_SLICE_NONE, RV_SECURED_BY_SCOPE);
	for (uint32_t type = 1; type <= 31; type += 30) {
		ROW(operation, .object_type_id = type, .name = L("Read"));
		ROW(role_operation, L("R"), type, 0);
	}
	ROW(role, L("R"), L("R"), RV_LEVEL_NONE);
	ROW(admin, .admin_id = 1, .principal_id = L("in"));
	ROW(admin, .admin_id = 2, .principal_id = L("not"));
	for (uint64_t i = 1; i <= 2; i++)
		ROW(assignment, i, (uint32_t)i, L("R"), INT64_MIN, INT64_MAX);
}

static void
expect(const struct rv_snapshot *s, struct rv_slice type, struct rv_slice key)
{
	const struct rv_question q = {
		.type = type, .operation = L("Read"), .key = key
	};
	struct rv_arena *arena = rv_arena_new(0);
	const char *const ids[] = { "in", "not" };
	struct rv_holders who;
	uint32_t holder = 0;
	uint64_t from = 0;

	assert_non_null(arena);
	for (size_t i = 0; i < 2; i++) {
		const struct rv_slice id = rv_slice_of(ids[i]);
		const struct rv_subject u = { &id, 1, 1, true, false,
			RV_LEVEL_HELLO };
		const struct rv_subject_resolved *k;
		struct rv_object_set set;
		struct rv_verdict v;

		rv_rbac_check(s, &u, 0, &q, &v);
		assert_int_equal(v.decision, i == 0 ? RV_ALLOW : RV_DENY);
		assert_int_equal(rv_rbac_resolve(s, &u, arena, &k), RV_OK);
		rv_rbac_check_resolved(k, 0, &q, &v);
		assert_int_equal(v.decision, i == 0 ? RV_ALLOW : RV_DENY);
		assert_int_equal(
		    rv_rbac_objects(k, 0, type, L("Read"), true, arena, &set),
		    RV_OK);
		assert_int_equal(set.n == set.universe, i == 0);
	}
	assert_int_equal(rv_rbac_who(s, 0, &q, arena, &who), RV_OK);
	assert_int_equal(who.n, 1);
	assert_int_equal(rv_holders_ids(&who, &from, &holder, 1), 1);
	assert_int_equal(holder, 1);
	rv_arena_free(&arena);
}

/* One object in so many scopes; the last of them is somebody's. */
static void
test_many_scopes(void **state)
{
	struct world world, *w = &world;
	struct rv_snapshot *s;

	(void)state;
	begin(w);
	for (size_t i = 0; i <= SCOPES; i++)
		ROW(scope, world_name(w, "S%06zu", i));
	ROW(assignment_scope, 1, w->scope[SCOPES - 1].scope_id);
	ROW(assignment_scope, 2, w->scope[SCOPES].scope_id);
	ROW(object, 31, L("app"), 0);
	for (size_t i = 0; i < SCOPES; i++)
		ROW(object_scope, 31, L("app"), w->scope[i].scope_id);
	s = world_snapshot(w);
	expect(s, L("Application"), L("app"));
	rv_snapshot_free(&s);
	world_fini(w);
}

/* A chain of limiting collections under one user's; another has one beside. */
static void
test_deep_chain(void **state)
{
	struct world world, *w = &world;
	struct rv_snapshot *s;

	(void)state;
	begin(w);
	ROW(collection, L("SMS00001"), RV_KIND_DEVICE, RV_SLICE_NONE);
	for (size_t i = 0; i < DEPTH; i++)
		ROW(collection, world_name(w, "C%04zu", i), RV_KIND_DEVICE,
		    w->collection[i].collection_id);
	ROW(collection, L("BESIDE"), RV_KIND_DEVICE, L("SMS00001"));
	ROW(assignment_collection, 1, L("SMS00001"));
	ROW(assignment_collection, 2, L("BESIDE"));
	s = world_snapshot(w);
	expect(s, L("Collection"), world_name(w, "C%04d", DEPTH - 1));
	rv_snapshot_free(&s);
	world_fini(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_scopes),
		cmocka_unit_test(test_deep_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
