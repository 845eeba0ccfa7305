/* What a sound load becomes, and that validation sees a broken snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"
#include "snapshot.h"

/* A small sound site. */
static void
sound_world(struct world *w)
{
	world_init(w);
	policy_read(w, "tests/decisions/office.policy");
}

#define L(text) RV_SLICE_LIT(text)
#define ROW(table, ...) \
	world_add_##table(&w, (struct rv_row_##table){ __VA_ARGS__ })

/* A row that is out of its place, and what comes after a failure. */
static void
test_order_and_stickiness(void **state)
{
	const struct rv_row_scope scope = { RV_SLICE_LIT("EU") };
	const struct rv_row_role role = { RV_SLICE_LIT("R"), RV_SLICE_LIT("R"),
		RV_LEVEL_NONE };
	struct rv_builder *b = rv_builder_new();
	struct rv_snapshot *s = NULL;
	struct rv_error e, first;
	struct world w;

	(void)state;
	world_init(&w);
	assert_non_null(b);
	assert_int_equal(rv_builder_scope(b, &scope, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "the row of the site is first"));
	rv_builder_free(&b);
	assert_null(b);
	rv_builder_free(&b);

	b = rv_builder_new();
	assert_non_null(b);
	assert_int_equal(rv_builder_site(b, &w.site, &e), RV_OK);
	assert_int_equal(rv_builder_scope(b, &scope, &e), RV_OK);
	assert_int_equal(rv_builder_role(b, &role, &first), RV_ERR_INVALID);
	assert_non_null(strstr(first.text, "a row of the table role came"));
	/* It stays failed, and says the same. */
	assert_int_equal(rv_builder_scope(b, &scope, &e), RV_ERR_INVALID);
	assert_string_equal(e.text, first.text);
	assert_int_equal(rv_builder_finish(&b, &s, &e), RV_ERR_INVALID);
	assert_string_equal(e.text, first.text);
	assert_null(b);
	assert_null(s);

	b = rv_builder_new();
	assert_non_null(b);
	assert_int_equal(rv_builder_site(b, &w.site, &e), RV_OK);
	assert_int_equal(rv_builder_site(b, &w.site, &e), RV_ERR_INVALID);
	rv_builder_free(&b);

	/* Nothing at all is no site. */
	b = rv_builder_new();
	assert_non_null(b);
	assert_int_equal(rv_builder_finish(&b, &s, &e), RV_ERR_INVALID);
	assert_null(s);
	world_fini(&w);
}

/* A site without anything denies, and does not fall over. */
static void
test_empty_site(void **state)
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:x@LAB.TEST");
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_question q = { RV_SLICE_LIT("SMS_Application"),
		RV_SLICE_LIT("Read"), RV_SLICE_LIT("x"), RV_WANT_ALL };
	struct rv_snapshot_counts counts;
	struct rv_snapshot *s;
	struct rv_verdict v;
	struct world w;

	(void)state;
	world_init(&w);
	s = world_snapshot(&w);
	rv_rbac_check(s, &u, 0, &q, &v);
	assert_int_equal(v.decision, RV_DENY);
	assert_int_equal(v.reason, RV_REASON_UNKNOWN_TYPE);
	rv_snapshot_count(s, &counts);
	assert_int_equal(
	    counts.types + counts.operations + counts.roles + counts.scopes +
		counts.collections + counts.admins + counts.assignments +
		counts.objects + counts.resources + counts.memberships,
	    0);
	rv_snapshot_free(&s);
	assert_null(s);
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* A deep chain and a broad tree: no recursion, no quadratic walk. */
static void
test_deep_and_broad(void **state)
{
	const size_t n = 20000;
	const struct rv_slice id = RV_SLICE_LIT("krb5:x@LAB.TEST");
	const struct rv_subject u = {
		.ids = &id, .n_ids = 1, .n_own = 1, .groups_known = true
	};
	struct rv_question q = { RV_SLICE_LIT("Collection"),
		RV_SLICE_LIT("Modify"), RV_SLICE_NONE, RV_WANT_ALL };
	struct rv_snapshot *s;
	struct rv_verdict v;
	struct world w;

	(void)state;
	world_init(&w);
	ROW(type, 1, L("Collection"), RV_SLICE_NONE, RV_SECURED_BY_COLLECTION);
	ROW(operation, .object_type_id = 1, .bit = 0, .name = L("Read"));
	ROW(operation, .object_type_id = 1, .bit = 1, .name = L("Modify"));
	ROW(role, L("R"), L("R"), RV_LEVEL_NONE);
	ROW(role_operation, L("R"), 1, 0);
	ROW(role_operation, L("R"), 1, 1);
	for (size_t i = n; i > 0; i--) { /* children before parents */
		ROW(collection, world_name(&w, "D%zu", i), RV_KIND_DEVICE,
		    i == 1 ? L("SMS00001") : world_name(&w, "D%zu", i - 1));
		ROW(collection, world_name(&w, "B%zu", i), RV_KIND_DEVICE,
		    L("D5"));
	}
	ROW(collection, L("SMS00001"), RV_KIND_DEVICE, RV_SLICE_NONE);
	ROW(admin, .admin_id = 1, .principal_id = id);
	ROW(assignment, 1, 1, L("R"), INT64_MIN, INT64_MAX);
	ROW(assignment_collection, 1, L("D7"));
	s = world_snapshot(&w);
	q.key = L("D20000");
	rv_rbac_check(s, &u, 0, &q, &v);
	assert_int_equal(v.decision, RV_ALLOW);
	q.key = L("D7");
	rv_rbac_check(s, &u, 0, &q, &v);
	assert_int_equal(v.missing, RV_MISSING_COLLECTION);
	q.key = L("D6");
	rv_rbac_check(s, &u, 0, &q, &v);
	assert_int_equal(v.missing, RV_MISSING_COLLECTION | RV_MISSING_READ);
	q.key = L("B9");
	rv_rbac_check(s, &u, 0, &q, &v);
	assert_int_equal(v.decision, RV_DENY);
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* An old row of an account that is out gives way to the one that is in. */
static void
test_principal_of_one_that_is_out(void **state)
{
	struct rv_snapshot *s;
	struct world w;

	(void)state;
	for (int order = 0; order < 2; order++) {
		world_init(&w);
		for (int i = 0; i < 2; i++) {
			const bool old = i == order;

			ROW(admin, .admin_id = old ? 1 : 2, .out = old,
			    .principal_id = L("krb5:x@LAB.TEST"),
			    .account_id = old ? L("old") : L("new"));
		}
		s = world_snapshot(&w);
		assert_true(rv_slice_eq_cstr(
		    rv_snapshot_account_id(s, L("krb5:x@LAB.TEST")), "new"));
		rv_snapshot_free(&s);
		world_fini(&w);
	}
}

/* Validation sees each of these; without it they would be wrong answers. */
static void
test_validation(void **state)
{
	struct rv_snapshot *s;
	struct rv_error why;
	struct world w;

	(void)state;
	sound_world(&w);
	s = world_snapshot(&w);
	assert_int_equal(rv_snapshot_validate(s, &why), RV_OK);
#define BREAKS(lvalue, bad)                                                 \
	do {                                                                \
		__typeof__(lvalue) good = (lvalue);                         \
                                                                            \
		(lvalue) = (bad);                                           \
		assert_int_not_equal(rv_snapshot_validate(s, &why), RV_OK); \
		assert_true(why.text[0] != '\0');                           \
		(lvalue) = good;                                            \
	} while (0)
	BREAKS(s->magic, 1);
	BREAKS(s->all_scopes, RV_NONE);
	BREAKS(s->root_devices, RV_NONE);
	BREAKS(s->roles[0].security, false);
	BREAKS(s->roles[1].security, true);
	BREAKS(s->role_masks[0], UINT64_MAX);
	BREAKS(s->types[0].needs[1], 0);
	BREAKS(s->types[0].type_wide, UINT64_MAX);
	BREAKS(s->types[0].read_bit, 3);
	BREAKS(s->types[5].minimum[0], 9);
	BREAKS(s->name_bit[0], 1);
	BREAKS(s->name_type[0], 3);
	BREAKS(s->class_bit[0], 63);
	BREAKS(s->scope_rank[0], s->scope_rank[0] ^ 1);
	BREAKS(s->collections[2].parent, 3);
	BREAKS(s->collections[0].last, 0);
	BREAKS(s->collections[1].last, (uint32_t)s->collection_ids.n);
	BREAKS(s->collection_number[0], s->collection_number[0] ^ 1);
	BREAKS(s->assignments[0].role, 999);
	BREAKS(s->assignments[0].admin, 3);
	BREAKS(s->assignments[0].all_scopes, !s->assignments[0].all_scopes);
	BREAKS(s->assignments[0].bare, true);
	BREAKS(s->assignments[0].until_ms, s->assignments[0].from_ms);
	BREAKS(s->assignments[0].outer_set, 0);
	BREAKS(s->assignments[0].scope_set, 9999);
	BREAKS(s->assignments[0].outer.n, 0);
	BREAKS(s->assignments[0].scopes.p, NULL);
	BREAKS(s->assignments[0].masks, s->role_masks + s->n_types);
	BREAKS(s->assignments[0].minimum, 3);
	BREAKS(s->assignments[0].security, false);
	BREAKS(s->scope_rows[0], 0);
	BREAKS(s->admins_by_id[0], s->admins_by_id[1]);
	BREAKS(s->collections_by_id[0], s->collections_by_id[1]);
	BREAKS(s->type_first[s->n_types], 0);
	BREAKS(s->admins[1].first, 0);
	BREAKS(s->principal_admin[0], 1);
	BREAKS(s->object_scopes[0].a, 9999);
	BREAKS(s->object_scopes[0].b, RV_SCOPES_MANY);
	BREAKS(s->resources[0].resource_id, 5);
	BREAKS(s->resources[1].type, RV_RESOURCE_USER);
	BREAKS(s->members.items[0], 0);
	BREAKS(s->collection_sets.ids[0], 9999);
	BREAKS(s->object_keys.places[0], s->object_keys.places[0] + 1);
	BREAKS(s->inside.rows[0], s->inside.rows[0] ^ 1);
	BREAKS(s->kind_rows[0], s->kind_rows[0] + 1);
	BREAKS(s->role_ids.slots[0].at, s->role_ids.slots[0].at ^ 1);
#undef BREAKS
	assert_int_equal(rv_snapshot_validate(s, &why), RV_OK);
	rv_snapshot_free(&s);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_stickiness),
		cmocka_unit_test(test_empty_site),
		cmocka_unit_test(test_deep_and_broad),
		cmocka_unit_test(test_principal_of_one_that_is_out),
		cmocka_unit_test(test_validation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
