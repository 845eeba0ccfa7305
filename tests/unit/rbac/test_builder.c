/* What a sound load becomes, and that validation sees a broken snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "builder.h"
#include "catalogue.h"
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
	struct rv_builder *b = rv_builder_new(1);
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

	b = rv_builder_new(1);
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

	b = rv_builder_new(1);
	assert_non_null(b);
	assert_int_equal(rv_builder_site(b, &w.site, &e), RV_OK);
	assert_int_equal(rv_builder_site(b, &w.site, &e), RV_ERR_INVALID);
	rv_builder_free(&b);

	/* Nothing at all is no site. */
	b = rv_builder_new(1);
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

/* The seed is the caller's alone, whatever the rows say. */
static void
test_seed(void **state)
{
	const uint64_t seeds[] = { 1, UINT64_C(0xfedcba9876543210) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rv_builder *b = rv_builder_new(seeds[i]);
		const struct rv_row_site site = { .revision = 1,
			.epoch = L("e"),
			.minimum = RV_LEVEL_WINDOWS };
		struct rv_error e = { "" };

		assert_non_null(b);
		assert_int_equal(rv_builder_site(b, &site, &e), RV_OK);
		assert_true(b->s->object_keys.seed == seeds[i]);
		assert_true(b->s->texts.seed == seeds[i]);
		assert_true(b->s->catalogue->type_names.seed == seeds[i]);
		rv_builder_free(&b);
	}
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
		if (i < RV_CHAIN_MAX)
			ROW(collection, world_name(&w, "D%zu", i),
			    RV_KIND_DEVICE,
			    i == 1 ? L("SMS00001")
				   : world_name(&w, "D%zu", i - 1));
		ROW(collection, world_name(&w, "B%zu", i), RV_KIND_DEVICE,
		    L("D5"));
	}
	ROW(collection, L("SMS00001"), RV_KIND_DEVICE, RV_SLICE_NONE);
	ROW(admin, .admin_id = 1, .principal_id = id);
	ROW(assignment, 1, 1, L("R"), INT64_MIN, INT64_MAX);
	ROW(assignment_collection, 1, L("D7"));
	s = world_snapshot(&w);
	q.key = L("D63");
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

/* Elements of columns, to be spoilt. */
#define AT(column, type, id) \
	((type *)(uintptr_t)rv_trie_get(&s->column, (id), sizeof(type)))

/* Says what is wrong with a snapshot in which the lvalue is another. */
#define BREAKS(lvalue, bad)                                                 \
	do {                                                                \
		__typeof__(lvalue) *at = &(lvalue), good = *at;             \
                                                                            \
		*at = (bad);                                                \
		if (rv_snapshot_validate(s, &why) == RV_OK)                 \
			print_error("not seen: %s\n", #lvalue);             \
		assert_int_not_equal(rv_snapshot_validate(s, &why), RV_OK); \
		assert_true(why.text[0] != '\0');                           \
		*at = good;                                                 \
	} while (0)

/* The first slot of a dictionary that is taken. */
static uint64_t *
slot(const struct rv_dict *d)
{
	size_t i = 0;

	while (d->slots[i] == 0)
		i++;
	return &d->slots[i];
}

static void
break_catalogue(struct rv_snapshot *s)
{
	struct rv_catalogue *c = s->catalogue;
	struct rv_error why;

	BREAKS(s->magic, 1);
	BREAKS(s->epoch[0], '\0');
	BREAKS(c->types[0].needs[1], 0);
	BREAKS(c->types[0].type_wide, UINT64_MAX);
	BREAKS(c->types[0].read_bit, 3);
	BREAKS(c->types[0].within[1], 0);
	BREAKS(c->types[5].minimum[0], 9);
	BREAKS(c->types[0].name[0], c->types[0].name[1]);
	BREAKS(c->types[0].sdk_name, c->types[1].sdk_name);
	BREAKS(c->types[0].object_type_id, 77);
	BREAKS(c->types[0].registered, 1);
	BREAKS(c->defaults[0].read_bit, 64);
	BREAKS(*slot(&c->type_names), 0);
	BREAKS(c->default_keys.n, 0);
}

static void
break_policy(struct rv_snapshot *s)
{
	const uint32_t paris = rv_collection_find(s, L("PARIS"));
	const uint32_t eu = rv_scope_find(s, L("EU"));
	struct rv_collection *c = AT(collections, struct rv_collection, paris);
	struct rv_scope *scope = AT(scopes, struct rv_scope, eu);
	struct rv_error why;

	BREAKS(s->all_scopes, RV_NONE);
	BREAKS(s->root_devices, RV_NONE);
	BREAKS(s->root_users, s->root_devices);
	BREAKS(s->roles[0].security, false);
	BREAKS(s->roles[1].security, true);
	BREAKS(s->roles[0].masks[0], UINT64_MAX);
	BREAKS(s->roles[0].minimum, 4);
	BREAKS(s->roles[0].assignments, NULL);
	BREAKS(s->roles[1].masks, NULL);
	BREAKS(s->role_order, NULL);
	BREAKS(*slot(&s->role_ids), 0);
	BREAKS(scope->assignments, NULL);
	BREAKS(scope->present, false);
	BREAKS(s->scope_order, NULL);
	BREAKS(c->parent, paris);
	BREAKS(c->parent, RV_NONE);
	BREAKS(c->parent, s->root_users);
	BREAKS(c->kind, RV_KIND_USER);
	BREAKS(c->n_children, c->n_children + 1);
	BREAKS(c->present, false);
	BREAKS(c->members, NULL);
	BREAKS(c->members, s->kinds[0]);
	BREAKS(s->collection_order, s->role_order);
	BREAKS(s->counts.roles, 0);
	BREAKS(s->counts.scopes, 0);
	BREAKS(s->counts.collections, 0);
}

static void
break_subjects(struct rv_snapshot *s)
{
	struct rv_admin *bob = AT(admins, struct rv_admin, 2);
	struct rv_assignment *a = &bob->grants->p[0];
	struct rv_owner *owner = AT(owners, struct rv_owner, a->number);
	struct rv_principal *p =
	    AT(principal_admins, struct rv_principal, bob->principal);
	struct rv_error why;

	BREAKS(a->role, 999);
	BREAKS(a->role, a->role + 1);
	BREAKS(a->admin_id, 3);
	BREAKS(a->number, a->number + 1);
	BREAKS(a->assignment_id, 999);
	BREAKS(a->all_scopes, !a->all_scopes);
	BREAKS(a->all_devices, !a->all_devices);
	BREAKS(a->all_users, !a->all_users);
	BREAKS(a->bare, !a->bare);
	BREAKS(a->until_ms, a->from_ms);
	BREAKS(a->scopes.n, a->scopes.n - 1);
	BREAKS(a->scope_row, NULL);
	BREAKS(a->scope_row_bits, 0);
	BREAKS(owner->admin_id, 3);
	BREAKS(owner->what, owner->what ^ RV_OWNER_PRESENT);
	BREAKS(owner->what, owner->what + 1);
	BREAKS(owner->what, owner->what ^ RV_OWNER_BOUNDED);
	BREAKS(owner->what, owner->what ^ RV_OWNER_BARE);
	BREAKS(p->admin_id, 3);
	BREAKS(p->present, false);
	BREAKS(p->n_out, 1);
	BREAKS(bob->principal, bob->principal + 1);
	BREAKS(bob->present, false);
	BREAKS(bob->out, true);
	BREAKS(bob->grants, NULL);
	BREAKS(s->admin_ids, s->kinds[0]);
	BREAKS(s->counts.admins, 0);
	BREAKS(s->counts.assignments, 0);
}

static void
break_things(struct rv_snapshot *s)
{
	const uint32_t type = rv_type_find(s->catalogue, L("Application"));
	const uint32_t object =
	    rv_dict_find(&s->object_keys, type, L("app-eu"));
	struct rv_scoping *scoping = AT(scopings, struct rv_scoping, object);
	struct rv_error why;

	BREAKS(scoping->a, 9999);
	BREAKS(scoping->b, RV_SCOPES_MANY);
	BREAKS(*scoping, ((struct rv_scoping){ 0, 0 }));
	BREAKS(*scoping, ((struct rv_scoping){ RV_NONE, RV_NONE }));
	BREAKS(s->object_orders[type], NULL);
	BREAKS(s->implied, s->kinds[2]);
	BREAKS(s->kinds[0], NULL);
	BREAKS(s->kinds[2], s->kinds[1]);
	BREAKS(s->resources.root, NULL);
	BREAKS(s->counts.objects, 0);
	BREAKS(s->counts.resources, 0);
	BREAKS(s->counts.memberships, 0);
	BREAKS(*slot(&s->object_keys), 0);
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
	break_catalogue(s);
	break_policy(s);
	break_subjects(s);
	break_things(s);
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
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_deep_and_broad),
		cmocka_unit_test(test_principal_of_one_that_is_out),
		cmocka_unit_test(test_validation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
