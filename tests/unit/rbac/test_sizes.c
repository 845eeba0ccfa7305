/*
 * Versions at awkward sizes: where sets change their form, ids at the ends of
 * their range, chains and sets that are long, and what a change may cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "builder.h"
#include "world.h"

#define L(text) RV_SLICE_LIT(text)
#define ROW(table, ...) \
	world_add_##table(&w, (struct rv_row_##table){ __VA_ARGS__ })

static void
assert_sound(const struct rv_snapshot *s)
{
	struct rv_error why = { "" };

	if (rv_snapshot_validate(s, &why) != RV_OK)
		print_error("unsound: %s\n", why.text);
	assert_int_equal(rv_snapshot_validate(s, &why), RV_OK);
}

static struct rv_builder *
begin(struct world *w, struct rv_snapshot *base)
{
	struct rv_builder *b = rv_builder_on(base);

	assert_non_null(b);
	w->site.revision++;
	assert_int_equal(rv_builder_site(b, &w->site, NULL), RV_OK);
	return b;
}

/* Replaces the version by the next. */
static void
end(struct rv_builder *b, struct rv_snapshot **s)
{
	struct rv_snapshot *next = NULL;
	struct rv_error e = { "" };

	if (rv_builder_finish(&b, &next, &e) != RV_OK)
		print_error("%s\n", e.text);
	assert_non_null(next);
	rv_snapshot_free(s);
	*s = next;
}

#define DO(call) assert_int_equal(rv_builder_##call, RV_OK)

static enum rv_decision
decide(const struct rv_snapshot *s, const char *type, struct rv_slice key)
{
	const struct rv_slice id = RV_SLICE_LIT("krb5:x@LAB.TEST");
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_question q = { rv_slice_of(type), L("Read"), key,
		RV_WANT_ALL };
	struct rv_verdict v;

	rv_rbac_check(s, &u, 0, &q, &v);
	return v.decision;
}

/* One user with one assignment of one role, which may read. */
static void
small_world(struct world *to)
{
	struct world w;

	world_init(&w);
	ROW(type, 1, L("Collection"), RV_SLICE_NONE, RV_SECURED_BY_COLLECTION);
	ROW(type, 31, L("Application"), RV_SLICE_NONE, RV_SECURED_BY_SCOPE);
	ROW(operation, .object_type_id = 1, .bit = 0, .name = L("Read"));
	ROW(operation, .object_type_id = 31, .bit = 0, .name = L("Read"));
	ROW(class_operation, L("SMS_R_System"), L("Read"), 0);
	ROW(role, L("R"), L("R"), RV_LEVEL_NONE);
	ROW(role_operation, L("R"), 1, 0);
	ROW(role_operation, L("R"), 31, 0);
	ROW(collection, L("SMS00001"), RV_KIND_DEVICE, RV_SLICE_NONE);
	ROW(admin, .admin_id = UINT32_MAX,
	    .principal_id = L("krb5:x@LAB.TEST"));
	ROW(assignment, 1, UINT32_MAX, L("R"), INT64_MIN, INT64_MAX);
	*to = w;
}

/* ---- Members ------------------------------------------------------------- */

static void
assert_members(const struct rv_snapshot *s, size_t n, uint32_t first)
{
	const struct rv_collection *c =
	    rv_collection_at(s, rv_collection_find(s, L("C")));

	assert_non_null(c);
	assert_sound(s);
	assert_int_equal(rv_idset_count(c->members), n);
	for (size_t i = 0; i < n; i++)
		if (!rv_idset_has(c->members, first + (uint32_t)i))
			fail_msg("%zu of %zu is missing", i, n);
}

/* n members; one more, in the middle one less, then none at all. */
static void
try_members(size_t n, uint32_t first)
{
	struct rv_snapshot *s;
	struct rv_builder *b;
	struct world w;

	small_world(&w);
	ROW(collection, L("C"), RV_KIND_DEVICE, L("SMS00001"));
	ROW(assignment_collection, 1, L("C"));
	for (size_t i = 0; i <= n; i++)
		ROW(resource, first + (uint32_t)i, RV_RESOURCE_DEVICE);
	for (size_t i = 0; i < n; i++)
		ROW(member, L("C"), first + (uint32_t)i);
	s = world_snapshot(&w);
	assert_members(s, n, first);
	b = begin(&w, s);
	DO(member(
	    b, &(struct rv_row_member){ L("C"), first + (uint32_t)n }, NULL));
	end(b, &s);
	assert_members(s, n + 1, first);
	assert_int_equal(decide(s, "SMS_R_System",
			     world_name(&w, "%u", first + (uint32_t)n)),
	    RV_ALLOW);
	b = begin(&w, s);
	DO(remove_member(
	    b, &(struct rv_row_member){ L("C"), first + (uint32_t)n }, NULL));
	end(b, &s);
	assert_members(s, n, first);
	assert_int_equal(decide(s, "SMS_R_System",
			     world_name(&w, "%u", first + (uint32_t)n)),
	    RV_DENY);
	b = begin(&w, s);
	for (size_t i = n; i-- > 0;)
		DO(remove_member(b, &w.member[i], NULL));
	for (size_t i = 0; i <= n; i++)
		DO(remove_resource(b, w.resource[i].resource_id, NULL));
	end(b, &s);
	assert_members(s, 0, first);
	rv_snapshot_free(&s);
	world_fini(&w);
}

static void
test_members(void **state)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 65, 255, 256, 257, 65535,
		65536, 65537 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const uint32_t n = (uint32_t)sizes[i];

		try_members(n, 0);
		try_members(n, UINT32_C(1) << 31);
		try_members(n, UINT32_MAX - n);
	}
}

/* ---- Long chains and long sets ------------------------------------------- */

static void
try_depth(uint32_t depth)
{
	struct rv_row_collection up = { L("C0"), RV_KIND_DEVICE, L("C1") };
	struct rv_snapshot *s, *none = NULL;
	struct rv_error e = { "" };
	struct rv_builder *b;
	struct world w;

	small_world(&w);
	ROW(collection, L("C0"), RV_KIND_DEVICE, L("SMS00001"));
	ROW(collection, L("OTHER"), RV_KIND_DEVICE, L("SMS00001"));
	ROW(assignment_collection, 1, L("OTHER"));
	s = world_snapshot(&w);
	b = begin(&w, s);
	for (uint32_t i = 1; i <= depth; i++)
		DO(collection(b,
		    &(struct rv_row_collection){ world_name(&w, "C%u", i),
			RV_KIND_DEVICE, world_name(&w, "C%u", i - 1) },
		    NULL));
	end(b, &s);
	assert_sound(s);
	assert_int_equal(
	    decide(s, "Collection", world_name(&w, "C%u", depth)), RV_DENY);
	b = begin(&w, s);
	up.limiting_id = L("OTHER");
	DO(change_collection(b, &up, NULL));
	end(b, &s);
	assert_sound(s);
	assert_int_equal(
	    decide(s, "Collection", world_name(&w, "C%u", depth)), RV_ALLOW);
	b = begin(&w, s);
	up.limiting_id = world_name(&w, "C%u", depth);
	DO(change_collection(b, &up, NULL));
	assert_int_equal(rv_builder_finish(&b, &none, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "a cycle"));
	assert_int_equal(
	    decide(s, "Collection", world_name(&w, "C%u", depth)), RV_ALLOW);
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* One more than may be, by new rows and by a move of what is above. */
static void
try_deeper(void)
{
	struct rv_row_collection up = { L("C0"), RV_KIND_DEVICE, L("OTHER") };
	struct rv_snapshot *s, *none = NULL;
	struct rv_error e = { "" };
	struct rv_builder *b;
	struct world w;

	small_world(&w);
	ROW(collection, L("C0"), RV_KIND_DEVICE, L("SMS00001"));
	ROW(collection, L("OTHER"), RV_KIND_DEVICE, L("SMS00001"));
	for (uint32_t i = 1; i < RV_CHAIN_MAX - 1; i++)
		ROW(collection, world_name(&w, "C%u", i), RV_KIND_DEVICE,
		    world_name(&w, "C%u", i - 1));
	s = world_snapshot(&w);
	b = begin(&w, s);
	DO(collection(b,
	    &(struct rv_row_collection){ L("DEEPER"), RV_KIND_DEVICE,
		world_name(&w, "C%d", RV_CHAIN_MAX - 2) },
	    NULL));
	assert_int_equal(rv_builder_finish(&b, &none, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "is longer than 64"));
	b = begin(&w, s);
	DO(change_collection(b, &up, NULL));
	assert_int_equal(rv_builder_finish(&b, &none, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "is longer than 64"));
	assert_sound(s);
	rv_snapshot_free(&s);
	world_fini(&w);
}

static void
test_depth(void **state)
{
	(void)state;
	try_depth(1);
	/* C0 and another are above the first, and the root. */
	try_depth(RV_CHAIN_MAX - 3);
	try_deeper();
}

#define SCOPES UINT32_C(100000)

/* An object in 10^5 scopes, an assignment of as many, in one change each. */
static void
test_many_scopes(void **state)
{
	struct rv_row_object_scope carried = { 31, L("o"), RV_SLICE_NONE };
	struct rv_row_assignment_scope named = { 1, RV_SLICE_NONE };
	struct rv_snapshot *s;
	struct rv_builder *b;
	struct world w;

	(void)state;
	small_world(&w);
	ROW(scope, L("SMS00ALL"));
	for (uint32_t i = 0; i < SCOPES; i++)
		ROW(scope, world_name(&w, "S%u", i));
	ROW(object, 31, L("o"), 0);
	s = world_snapshot(&w);
	b = begin(&w, s);
	for (uint32_t i = SCOPES; i >= 1; i--) {
		carried.scope_id = named.scope_id = w.scope[i].scope_id;
		DO(object_scope(b, &carried, NULL));
		DO(assignment_scope(b, &named, NULL));
	}
	end(b, &s);
	assert_sound(s);
	assert_int_equal(decide(s, "Application", L("o")), RV_ALLOW);
	/* All but one are taken from either: another one from each. */
	b = begin(&w, s);
	for (uint32_t i = 1; i <= SCOPES; i++) {
		carried.scope_id = named.scope_id = w.scope[i].scope_id;
		if (i != 7)
			DO(remove_object_scope(b, &carried, NULL));
		if (i != 8)
			DO(remove_assignment_scope(b, &named, NULL));
	}
	end(b, &s);
	assert_sound(s);
	assert_int_equal(decide(s, "Application", L("o")), RV_DENY);
	b = begin(&w, s);
	carried.scope_id = w.scope[8].scope_id;
	DO(object_scope(b, &carried, NULL));
	end(b, &s);
	assert_sound(s);
	assert_int_equal(decide(s, "Application", L("o")), RV_ALLOW);
	rv_snapshot_free(&s);
	world_fini(&w);
}

/* ---- What a change may cost ---------------------------------------------- */

#define DEVICES UINT32_C(200000)

static void
test_cost(void **state)
{
	struct rv_row_member row = { L("C"), 0 };
	struct rv_snapshot_counts counts;
	struct rv_snapshot *s;
	struct rv_builder *b;
	struct world w;

	(void)state;
	small_world(&w);
	for (uint32_t i = 0; i < 100; i++)
		ROW(collection, world_name(&w, "C%u", i), RV_KIND_DEVICE,
		    L("SMS00001"));
	ROW(collection, L("C"), RV_KIND_DEVICE, L("SMS00001"));
	for (uint32_t i = 0; i < DEVICES; i++) {
		ROW(resource, i * 3, RV_RESOURCE_DEVICE);
		for (uint32_t k = 0; k < 4; k++)
			ROW(member,
			    w.collection[1 + (i * 7 + k * 25) % 100]
				.collection_id,
			    i * 3);
	}
	s = world_snapshot(&w);
	rv_snapshot_count(s, &counts);
	/* One row copies a few pages; ten thousand in a row not much more. */
	b = begin(&w, s);
	DO(member(b, &row, NULL));
	assert_true(b->edit.made.bytes < 40000);
	end(b, &s);
	b = begin(&w, s);
	for (uint32_t i = 1; i <= 10000; i++) {
		row.resource_id = i * 3;
		DO(member(b, &row, NULL));
	}
	assert_true(b->edit.made.bytes < counts.bytes * 3 / 10);
	end(b, &s);
	assert_sound(s);
	/* 200,000 resources and 800,000 memberships. */
	print_message("# %zu bytes\n", counts.bytes);
	assert_true(counts.bytes < DEVICES * 40);
	rv_snapshot_free(&s);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_many_scopes),
		cmocka_unit_test(test_cost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
