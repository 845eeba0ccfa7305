/*
 * Memory of versions: whichever allocation of a change fails, the base is as
 * it was; and versions are freed as soon as nobody can see them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "naive.h"
#include "own_malloc.h"
#include "policy.h"

#define L(text) RV_SLICE_LIT(text)

#define QUESTIONS 6

/* What some users may do, in one number an answer. */
static void
ask_all(const struct rv_snapshot *s, struct rv_verdict *ret)
{
	static const struct {
		const char *who, *type, *operation, *key;
	} asked[QUESTIONS] = {
		{ "krb5:alice@LAB.TEST", "SMS_R_System", "Remote Control",
		    "16777216" },
		{ "krb5:bob@LAB.TEST", "Application", "Modify", "app-eu" },
		{ "krb5:bob@LAB.TEST", "Application", "Modify", "app-us" },
		{ "krb5:carol@LAB.TEST", "SMS_R_System", "Remote Control",
		    "16777217" },
		{ "krb5:grace@LAB.TEST", "Collection", "Delete",
		    "BERLIN-LAB-A" },
		{ "krb5:dave@LAB.TEST", "Application", "Read", "app-both" },
	};

	for (size_t i = 0; i < QUESTIONS; i++) {
		const struct rv_slice id = rv_slice_of(asked[i].who);
		const struct rv_subject u = { .ids = &id,
			.n_ids = 1,
			.n_own = 1,
			.groups_known = true,
			.level = RV_LEVEL_HELLO };
		const struct rv_question q = { rv_slice_of(asked[i].type),
			rv_slice_of(asked[i].operation),
			rv_slice_of(asked[i].key), RV_WANT_ALL };

		rv_rbac_check(s, &u, 0, &q, &ret[i]);
	}
}

static void
assert_same(const struct rv_snapshot *s, const struct rv_verdict *before)
{
	struct rv_verdict now[QUESTIONS];

	ask_all(s, now);
	for (size_t i = 0; i < QUESTIONS; i++)
		assert_true(same_verdict(&now[i], &before[i]));
}

/* The rows of an edit, as they come; the first failure ends it. */
struct edit {
	struct rv_builder *b;
	int r;
};

#define ADD(table, ...)                                              \
	do {                                                         \
		const struct rv_row_##table row = { __VA_ARGS__ };   \
                                                                     \
		if (x->r == RV_OK)                                   \
			x->r = rv_builder_##table(x->b, &row, NULL); \
	} while (0)
#define ID(call, id)                                                     \
	do {                                                             \
		if (x->r == RV_OK)                                       \
			x->r = rv_builder_remove_##call(x->b, id, NULL); \
	} while (0)

/* rv_row_* of the rows below that change something, or take it away. */
#define rv_row_remove_role_operation	    rv_row_role_operation
#define rv_row_change_collection	    rv_row_collection
#define rv_row_change_admin		    rv_row_admin
#define rv_row_change_principal		    rv_row_principal
#define rv_row_remove_assignment_scope	    rv_row_assignment_scope
#define rv_row_remove_assignment_collection rv_row_assignment_collection
#define rv_row_remove_object_scope	    rv_row_object_scope
#define rv_row_remove_object		    rv_row_object
#define rv_row_remove_member		    rv_row_member

/* Touches every table. */
static void
change_policy(struct edit *x)
{
	ADD(type, 99, L("Odd"), L("SMS_Odd"), RV_SECURED_BY_SCOPE);
	ADD(operation, .object_type_id = 99, .bit = 0, .name = L("Read"));
	ADD(operation, .object_type_id = 99, .bit = 1, .name = L("Change"));
	ADD(operation, .object_type_id = 99, .bit = 2, .name = L("Look"));
	ADD(operation_need, 99, 1, 2);
	ADD(class_operation, L("SMS_R_Odd"), L("Read"), 0);
	ADD(default_instance, 99, L("default"), 1, 2);
	ADD(role, L("NEW"), L("New"), RV_LEVEL_NONE);
	ADD(role_operation, L("NEW"), 99, 0);
	ADD(remove_role_operation, L("FULL"), 31, 0);
	ADD(scope, L("NEW-SCOPE"));
	ADD(collection, L("NEW-COLLECTION"), RV_KIND_DEVICE, L("BERLIN"));
	ADD(change_collection, L("BERLIN-LAB"), RV_KIND_DEVICE, L("PARIS"));
	ADD(admin, .admin_id = 1000, .principal_id = L("krb5:new@LAB.TEST"),
	    .account_id = L("new"));
	ADD(change_admin, .admin_id = 2, .out = true,
	    .principal_id = L("krb5:bob@LAB.TEST"));
	ADD(principal, L("cert:one"), 1000);
	ADD(principal, L("cert:two"), 1000);
	ADD(change_principal, L("cert:two"), 2);
	ADD(exclusion, L("krb5:alice@LAB.TEST"));
	ADD(exclusion, L("group:of nobody"));
	ID(principal, L("cert:one"));
	ID(exclusion, L("krb5:alice@LAB.TEST"));
	ADD(assignment, 1000, 1000, L("NEW"), INT64_MIN, INT64_MAX);
	ADD(assignment_scope, 1000, L("NEW-SCOPE"));
	ADD(assignment_collection, 1000, L("NEW-COLLECTION"));
	ADD(remove_assignment_collection, 3, L("BERLIN"));
	ADD(remove_assignment_scope, 6, L("TWIN"));
	ID(assignment, 6);
}

static void
change_things(struct edit *x)
{
	ADD(object, 31, L("new-object"), 0);
	ADD(object, 11, L("new-profile"), 52);
	ADD(object_scope, 31, L("new-object"), L("NEW-SCOPE"));
	ADD(object_scope, 31, L("app-eu"), L("US"));
	ADD(object_scope, 31, L("app-eu"), L("TWIN"));
	ADD(object_scope, 31, L("app-eu"), L("NEW-SCOPE"));
	ADD(remove_object_scope, 31, L("app-both"), L("EU"));
	ADD(remove_object, 31, L("app-us"), 0);
	ADD(remove_object_scope, 31, L("app-us"), L("US"));
	ADD(resource, 5, RV_RESOURCE_DEVICE);
	ADD(member, L("NEW-COLLECTION"), 5);
	ADD(remove_member, L("BERLIN"), 16777218);
	ID(resource, 16777219);
	ADD(remove_member, L("PARIS"), 16777219);
}

static int
change(struct rv_snapshot *base, struct rv_snapshot **ret, uint64_t revision)
{
	const struct rv_row_site site = { .revision = revision,
		.epoch = rv_snapshot_epoch(base),
		.minimum = RV_LEVEL_WINDOWS };
	struct edit edit = { .b = rv_builder_on(base) }, *x = &edit;

	if (x->b == NULL)
		return RV_ERR_NOMEM;
	x->r = rv_builder_site(x->b, &site, NULL);
	change_policy(x);
	change_things(x);
	if (x->r != RV_OK) {
		rv_builder_free(&x->b);
		return x->r;
	}
	return rv_builder_finish(&x->b, ret, NULL);
}

static struct rv_snapshot *
office(struct world *w)
{
	world_init(w);
	policy_read(w, "tests/decisions/office.policy");
	return world_snapshot(w);
}

/* The n-th allocation of a change fails, if it has as many. */
static void
fail_nth(long nth, struct rv_snapshot **base, const struct rv_verdict *before)
{
	struct rv_snapshot *s = NULL;
	struct rv_error why;
	int r;

	countdown = nth;
	failed = false;
	r = change(*base, &s, 8);
	countdown = -1;
	assert_same(*base, before);
	assert_int_equal(rv_snapshot_validate(*base, &why), RV_OK);
	if (r == RV_OK) { /* some of what is asked for need not be had */
		assert_int_equal(rv_snapshot_validate(s, &why), RV_OK);
		rv_snapshot_free(base);
		*base = s;
		return;
	}
	assert_true(failed);
	assert_int_equal(r, RV_ERR_NOMEM);
	assert_null(s);
}

static void
test_every_allocation_of_a_change(void **state)
{
	struct rv_verdict before[QUESTIONS];
	const long none = live;
	long nth = 0;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	do {
		struct rv_snapshot *base;
		struct world w;

		/* On one base as long as it is none the wiser. */
		base = office(&w);
		ask_all(base, before);
		do
			fail_nth(nth++, &base, before);
		while (failed && rv_snapshot_revision(base) == 7);
		rv_snapshot_free(&base);
		world_fini(&w);
		assert_int_equal(live, none);
	} while (failed && nth < 100000);
	assert_false(failed);
	assert_true(nth > 100);
	print_message("# %ld allocations failed in turn\n", nth - 1);
}

/* Freed in any order, the last one takes everything along. */
static void
test_nothing_is_left(void **state)
{
	static const int orders[][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		const long none = live;
		struct rv_snapshot *s[3] = { NULL };
		struct rv_error e = { "" };
		struct rv_builder *b;
		struct world w;

		s[0] = office(&w);
		assert_int_equal(change(s[0], &s[1], 8), RV_OK);
		b = rv_builder_on(s[1]);
		assert_non_null(b);
		w.site.revision = 9;
		assert_int_equal(rv_builder_site(b, &w.site, &e), RV_OK);
		assert_int_equal(rv_builder_scope(b,
				     &(struct rv_row_scope){ L("THIRD") }, &e),
		    RV_OK);
		assert_int_equal(rv_builder_finish(&b, &s[2], &e), RV_OK);
		world_fini(&w);
		for (size_t k = 0; k < 3; k++)
			rv_snapshot_free(&s[orders[i][k]]);
		if (OWN_MALLOC)
			assert_int_equal(live, none);
	}
}

/* The next version: a device comes to a collection, or leaves it. */
static struct rv_snapshot *
next(struct rv_snapshot *base)
{
	const struct rv_row_member row = { L("PARIS"), 16777216 };
	const uint64_t revision = rv_snapshot_revision(base) + 1;
	const struct rv_row_site site = { .revision = revision,
		.epoch = rv_snapshot_epoch(base),
		.minimum = RV_LEVEL_WINDOWS };
	struct rv_builder *b = rv_builder_on(base);
	struct rv_snapshot *s = NULL;

	assert_non_null(b);
	assert_int_equal(rv_builder_site(b, &site, NULL), RV_OK);
	assert_int_equal(revision % 2 == 0
			     ? rv_builder_member(b, &row, NULL)
			     : rv_builder_remove_member(b, &row, NULL),
	    RV_OK);
	assert_int_equal(rv_builder_finish(&b, &s, NULL), RV_OK);
	return s;
}

static struct rv_snapshot *
run(struct rv_snapshot *s, size_t n)
{
	while (n-- > 0) {
		struct rv_snapshot *newer = next(s);

		rv_snapshot_free(&s);
		s = newer;
	}
	return s;
}

/* A long line takes no more than its newest version, unless one is held. */
static void
test_freed_early(void **state)
{
	struct rv_verdict before[QUESTIONS];
	struct rv_snapshot_counts few, many;
	struct rv_snapshot *s, *held;
	struct world w;
	long once;

	(void)state;
	s = run(office(&w), 10);
	once = live;
	rv_snapshot_count(s, &few);
	s = run(s, 1000);
	rv_snapshot_count(s, &many);
	assert_int_equal(few.bytes, many.bytes);
	if (OWN_MALLOC)
		assert_int_equal(live, once);
	held = s;
	ask_all(held, before);
	s = run(next(s), 99);
	assert_same(held, before);
	if (OWN_MALLOC)
		assert_true(live > once + 99);
	rv_snapshot_free(&held);
	if (OWN_MALLOC)
		assert_int_equal(live, once);
	/* Those before it go at once, those after it wait for it. */
	held = next(s);
	rv_snapshot_free(&s);
	s = next(held);
	once = live;
	s = run(s, 10);
	if (OWN_MALLOC)
		assert_true(live > once);
	rv_snapshot_free(&s);
	rv_snapshot_free(&held);
	world_fini(&w);
}

/* The base may be given up while a builder is on it. */
static void
test_base_given_up(void **state)
{
	const long none = live;
	struct rv_builder *b;
	struct rv_snapshot *s;
	struct world w;

	(void)state;
	for (int finish = 0; finish < 2; finish++) {
		s = office(&w);
		b = rv_builder_on(s);
		assert_non_null(b);
		w.site.revision++;
		rv_snapshot_free(&s);
		assert_int_equal(rv_builder_site(b, &w.site, NULL), RV_OK);
		if (finish)
			assert_int_equal(
			    rv_builder_finish(&b, &s, NULL), RV_OK);
		rv_builder_free(&b);
		if (finish)
			assert_int_equal(
			    rv_snapshot_revision(s), w.site.revision);
		rv_snapshot_free(&s);
		world_fini(&w);
		if (OWN_MALLOC)
			assert_int_equal(live, none);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_of_a_change),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_freed_early),
		cmocka_unit_test(test_base_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
