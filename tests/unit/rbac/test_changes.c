/*
 * Changes that a builder on a base refuses, in which words, and that the base
 * is as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"
#include "snapshot.h"

#define L(text) RV_SLICE_LIT(text)

struct edit {
	struct world w;
	struct rv_snapshot *base;
	struct rv_builder *b;
	struct rv_error e;
	int r; /* of the first row that failed */
};

static void
edit_begin(struct edit *x)
{
	*x = (struct edit){ .r = RV_OK };
	world_init(&x->w);
	policy_read(&x->w, "tests/decisions/office.policy");
	x->base = world_snapshot(&x->w);
	x->b = rv_builder_on(x->base);
	assert_non_null(x->b);
	x->w.site.revision++;
}

static void
assert_sound(const struct rv_snapshot *s)
{
	struct rv_error why = { "" };

	if (rv_snapshot_validate(s, &why) != RV_OK)
		print_error("unsound: %s\n", why.text);
	assert_int_equal(rv_snapshot_validate(s, &why), RV_OK);
}

/* It failed with the words, and left nothing behind. */
static void
assert_refused(struct edit *x, const char *words)
{
	struct rv_snapshot *s = NULL, *other;
	struct rv_snapshot_counts before, after;
	int r = rv_builder_finish(&x->b, &s, &x->e);

	if (r != RV_ERR_INVALID || strstr(x->e.text, words) == NULL)
		print_error("expected \"%s\", got %s: \"%s\"\n", words,
		    rv_strerr(r), x->e.text);
	assert_int_equal(r, RV_ERR_INVALID);
	assert_true(x->r == RV_OK || x->r == r);
	assert_non_null(strstr(x->e.text, words));
	assert_null(s);
	assert_null(x->b);
	assert_sound(x->base);
	other = world_snapshot(&x->w);
	rv_snapshot_count(x->base, &before);
	rv_snapshot_count(other, &after);
	before.bytes = after.bytes = 0;
	assert_memory_equal(&before, &after, sizeof(before));
	rv_snapshot_free(&other);
	rv_snapshot_free(&x->base);
	world_fini(&x->w);
}

/* Rows of an edit; after the first that fails the others do not matter. */
#define ADD(table, ...)                                            \
	do {                                                       \
		const struct rv_row_##table row = { __VA_ARGS__ }; \
                                                                   \
		if (x.r == RV_OK)                                  \
			x.r = rv_builder_##table(x.b, &row, &x.e); \
	} while (0)
#define CHANGE(table, ...)                                                \
	do {                                                              \
		const struct rv_row_##table row = { __VA_ARGS__ };        \
                                                                          \
		if (x.r == RV_OK)                                         \
			x.r = rv_builder_change_##table(x.b, &row, &x.e); \
	} while (0)
#define REMOVE(table, ...)                                                \
	do {                                                              \
		const struct rv_row_##table row = { __VA_ARGS__ };        \
                                                                          \
		if (x.r == RV_OK)                                         \
			x.r = rv_builder_remove_##table(x.b, &row, &x.e); \
	} while (0)
#define REMOVE_ID(table, id)                                            \
	do {                                                            \
		if (x.r == RV_OK)                                       \
			x.r = rv_builder_remove_##table(x.b, id, &x.e); \
	} while (0)
#define SITE() x.r = rv_builder_site(x.b, &x.w.site, &x.e)

#define REFUSES(name, words, ...)                     \
	static void test_refuses_##name(void **state) \
	{                                             \
		struct edit x;                        \
                                                      \
		(void)state;                          \
		edit_begin(&x);                       \
		__VA_ARGS__;                          \
		assert_refused(&x, words);            \
	}
/* The same behind the row of the site. */
#define REFUSES_CHANGE(name, words, ...) \
	REFUSES(name, words, SITE(); __VA_ARGS__)

REFUSES(no_site, "the row of the site is first", ADD(scope, L("NEW")))
REFUSES(nothing_at_all, "the row of the site is first", (void)0)
REFUSES(revision_again, "revision 7 does not come after revision 7",
	x.w.site.revision--;
	SITE(); x.w.site.revision++)
REFUSES(other_epoch, "is not that of the version before", {
	struct rv_slice epoch = x.w.site.epoch;

	x.w.site.epoch = L("00000000-0000-4000-8000-000000000002");
	SITE();
	x.w.site.epoch = epoch;
})
REFUSES(bad_pairing, "9 is no way of pairing",
	x.w.site.pairing = (enum rv_pairing)9;
	SITE(); x.w.site.pairing = RV_PAIRING_ASSIGNMENT)
REFUSES_CHANGE(site_twice, "a second row of the site", SITE())

REFUSES_CHANGE(role_twice, "\"FULL\" is there twice",
    ADD(role, L("FULL"), L("Full"), RV_LEVEL_NONE))
REFUSES_CHANGE(no_role_to_change, "there is no role \"NONE\"",
    CHANGE(role, L("NONE"), L("None"), RV_LEVEL_NONE))
REFUSES_CHANGE(
    no_role_to_remove, "there is no role \"NONE\"", REMOVE_ID(role, L("NONE")))
REFUSES_CHANGE(role_given, "role: \"FULL\" is gone, and an assignment names",
    REMOVE_ID(role, L("FULL")))
REFUSES_CHANGE(operation_held, "type 31, bit 0 is there twice",
    ADD(role_operation, L("FULL"), 31, 0))
REFUSES_CHANGE(operation_not_held, "does not hold type 31, bit 2",
    REMOVE(role_operation, L("READER"), 31, 2))
REFUSES_CHANGE(operation_of_no_role, "there is no role \"NONE\"",
    REMOVE(role_operation, L("NONE"), 31, 0))

REFUSES_CHANGE(scope_twice, "\"EU\" is there twice", ADD(scope, L("EU")))
REFUSES_CHANGE(
    no_scope, "there is no scope \"NONE\"", REMOVE_ID(scope, L("NONE")))
REFUSES_CHANGE(scope_given, "scope: \"TWIN\" is gone, and an assignment names",
    REMOVE_ID(scope, L("TWIN")))
REFUSES_CHANGE(
    all_scopes, "\"SMS00ALL\" cannot go", REMOVE_ID(scope, L("SMS00ALL")))

REFUSES_CHANGE(collection_twice, "\"PARIS\" is there twice",
    ADD(collection, L("PARIS"), RV_KIND_DEVICE, L("SMS00001")))
REFUSES_CHANGE(lost_collection, "\"ODD\" is limited to \"NONE\", which is not",
    ADD(collection, L("ODD"), RV_KIND_DEVICE, L("NONE")))
REFUSES_CHANGE(mixed_collection, "\"ODD\" is limited to \"PARIS\", which is of",
    ADD(collection, L("ODD"), RV_KIND_USER, L("PARIS")))
REFUSES_CHANGE(third_root, "\"ODD\" has no limiting collection",
    ADD(collection, L("ODD"), RV_KIND_DEVICE, RV_SLICE_NONE))
REFUSES_CHANGE(new_root, "\"PARIS\" has no limiting collection",
    CHANGE(collection, L("PARIS"), RV_KIND_DEVICE, RV_SLICE_NONE))
REFUSES_CHANGE(limited_root, "\"SMS00001\" is a root and has",
    CHANGE(collection, L("SMS00001"), RV_KIND_DEVICE, L("PARIS")))
REFUSES_CHANGE(other_kind, "\"PARIS\" cannot become of another kind",
    CHANGE(collection, L("PARIS"), RV_KIND_USER, L("SMS00004")))
REFUSES_CHANGE(cycle, "limited to itself through a cycle",
    CHANGE(collection, L("BERLIN"), RV_KIND_DEVICE, L("BERLIN-LAB-A")))
REFUSES_CHANGE(own_limit, "\"PARIS\" is limited to itself through a cycle",
    CHANGE(collection, L("PARIS"), RV_KIND_DEVICE, L("PARIS")))
REFUSES_CHANGE(no_collection, "there is no collection \"NONE\"",
    REMOVE_ID(collection, L("NONE")))
REFUSES_CHANGE(root_removed, "\"SMS00004\" cannot go",
    REMOVE_ID(collection, L("SMS00004")))
REFUSES_CHANGE(limiting_removed, "and collections are limited to it",
    REMOVE_ID(collection, L("BERLIN")))
REFUSES_CHANGE(members_left, "and resources are members of it",
    REMOVE_ID(collection, L("SMS00002")))
REFUSES_CHANGE(collection_given, "\"TWIN\" is gone, and assignments name it",
    REMOVE_ID(collection, L("TWIN")))

REFUSES_CHANGE(admin_twice, "2 is there twice",
    ADD(admin, .admin_id = 2, .principal_id = L("krb5:x@LAB.TEST")))
REFUSES_CHANGE(principal_twice, "is the principal of 2 and of 99",
    ADD(admin, .admin_id = 99, .principal_id = L("krb5:bob@LAB.TEST")))
REFUSES_CHANGE(principal_taken, "is the principal of 2 and of 3",
    CHANGE(admin, .admin_id = 3, .principal_id = L("krb5:bob@LAB.TEST")))
REFUSES_CHANGE(no_admin, "there is no administrative user 99",
    CHANGE(admin, .admin_id = 99, .principal_id = L("krb5:x@LAB.TEST")))
REFUSES_CHANGE(no_admin_to_remove, "there is no administrative user 99",
    REMOVE_ID(admin, 99))
REFUSES_CHANGE(admin_given, "admin: 2 is gone, and an assignment names it",
    REMOVE_ID(admin, 2))

REFUSES_CHANGE(assignment_twice, "3 is there twice",
    ADD(assignment, 3, 2, L("FULL"), 0, 1))
REFUSES_CHANGE(other_user, "3 cannot become another user's",
    CHANGE(assignment, 3, 2, L("FULL"), 0, 1))
REFUSES_CHANGE(empty_validity, "3: it ends before it begins",
    CHANGE(assignment, 3, 3, L("FULL"), 5, 5))
REFUSES_CHANGE(role_unknown, "3: there is no role \"NONE\"",
    CHANGE(assignment, 3, 3, L("NONE"), 0, 5))
REFUSES_CHANGE(
    no_assignment, "there is no assignment 99", REMOVE_ID(assignment, 99))
REFUSES_CHANGE(no_assignment_to_widen, "there is no assignment 99",
    ADD(assignment_scope, 99, L("EU")))
REFUSES_CHANGE(scope_left, "assignment: 2 is gone, and names \"EU\"",
    REMOVE_ID(assignment, 2))
REFUSES_CHANGE(collection_left, "assignment: 7 is gone, and names \"TWIN\"",
    REMOVE_ID(assignment, 7))
REFUSES_CHANGE(scope_named_twice, "assignment: 2: \"EU\" is there twice",
    ADD(assignment_scope, 2, L("EU")))
REFUSES_CHANGE(scope_not_named, "assignment: 2: \"US\" is not there",
    REMOVE(assignment_scope, 2, L("US")))
REFUSES_CHANGE(scope_removed_twice, "assignment: 2: \"EU\" is not there",
	       REMOVE(assignment_scope, 2, L("EU"));
	       REMOVE(assignment_scope, 2, L("EU")))
REFUSES_CHANGE(collection_not_named, "assignment: 2: \"PARIS\" is not there",
    REMOVE(assignment_collection, 2, L("PARIS")))
REFUSES_CHANGE(
    row_of_removed, "there is no assignment 2", REMOVE_ID(assignment, 2);
    ADD(assignment_scope, 2, L("US")))

REFUSES_CHANGE(object_twice, "type 31: \"app-eu\" is there twice",
    ADD(object, 31, L("app-eu"), 0))
REFUSES_CHANGE(no_object, "type 31 has no object \"none\"",
    REMOVE(object, 31, L("none"), 0))
REFUSES_CHANGE(default_is_no_row, "type 38 has no object \"1\"",
    REMOVE(object, 38, L("1"), 0))
REFUSES_CHANGE(scopes_left, "object: \"app-eu\" is gone, and carries scopes",
    REMOVE(object, 31, L("app-eu"), 0))
REFUSES_CHANGE(object_gone_twice, "type 31 has no object \"app-eu\"",
	       REMOVE(object, 31, L("app-eu"), 0);
	       REMOVE(object, 31, L("app-eu"), 0))
REFUSES_CHANGE(scope_of_gone, "type 31 has no object \"app-eu\"",
	       REMOVE(object, 31, L("app-eu"), 0);
	       ADD(object_scope, 31, L("app-eu"), L("US")))
REFUSES_CHANGE(scope_carried, "scope \"EU\" is there twice",
    ADD(object_scope, 31, L("app-eu"), L("EU")))
REFUSES_CHANGE(scope_not_carried, "scope \"US\" is not there",
    REMOVE(object_scope, 31, L("app-eu"), L("US")))
REFUSES_CHANGE(object_in_all, "no object carries SMS00ALL",
    ADD(object_scope, 31, L("app-eu"), L("SMS00ALL")))
REFUSES_CHANGE(role_of_object_gone, "type 27: \"NEW\" is not in the table",
	       ADD(role, L("NEW"), L("New"), RV_LEVEL_NONE);
	       ADD(object, 27, L("NEW"), 0); REMOVE_ID(role, L("NEW")))

REFUSES_CHANGE(resource_twice, "16777216 is there twice",
    ADD(resource, 16777216, RV_RESOURCE_DEVICE))
REFUSES_CHANGE(no_resource, "there is no resource 5", REMOVE_ID(resource, 5))
REFUSES_CHANGE(memberships_left, "resource: 16777217 is gone, and a member",
    REMOVE_ID(resource, 16777217))
REFUSES_CHANGE(resource_gone_twice, "there is no resource 16777217",
	       REMOVE_ID(resource, 16777217);
	       REMOVE_ID(resource, 16777217))
REFUSES_CHANGE(member_twice, "resource 16777217 is there twice",
    ADD(member, L("BERLIN"), 16777217))
REFUSES_CHANGE(member_that_is_not, "does not have resource 16777217",
    REMOVE(member, L("PARIS"), 16777217))
REFUSES_CHANGE(member_of_nothing, "\"NONE\" does not have resource 16777217",
    REMOVE(member, L("NONE"), 16777217))
REFUSES_CHANGE(member_of_root, "membership of a root is by definition",
    ADD(member, L("SMS00001"), 16777216))
REFUSES_CHANGE(member_of_other_kind, "are of different kinds",
    ADD(member, L("PARIS"), 2063597568))
REFUSES_CHANGE(member_of_gone, "there is no resource 16777217",
	       REMOVE_ID(resource, 16777217);
	       ADD(member, L("PARIS"), 16777217))

REFUSES_CHANGE(type_twice, "type 31 is there twice",
    ADD(type, 31, L("Other"), L("SMS_Other"), RV_SECURED_BY_SCOPE))
REFUSES_CHANGE(no_operation, "type 31 has no operation \"Odd\" with bit 0",
    CHANGE(operation, .object_type_id = 31, .name = L("Odd")))
REFUSES_CHANGE(only_the_minimum, "only the minimum of \"Read\" can change",
    CHANGE(
	operation, .object_type_id = 31, .name = L("Read"), .type_wide = true))
REFUSES_CHANGE(
    need_in_a_circle, "needs itself", ADD(operation_need, 31, 11, 63))
REFUSES_CHANGE(class_is_type, "\"SMS_Application\" names type 31",
    ADD(class_operation, L("SMS_Application"), L("Read"), 0))

/* The first version has nothing that could change. */
static void
test_first_version_changes_nothing(void **state)
{
	struct rv_builder *b = rv_builder_new(1);
	struct rv_error e;
	struct world w;

	(void)state;
	world_init(&w);
	assert_non_null(b);
	assert_int_equal(rv_builder_site(b, &w.site, &e), RV_OK);
	assert_int_equal(
	    rv_builder_remove_scope(b, L("EU"), &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "the first version"));
	rv_builder_free(&b);
	world_fini(&w);
}

#define R(name) cmocka_unit_test(test_refuses_##name)

static const struct CMUnitTest tests[] = {
	R(no_site),
	R(nothing_at_all),
	R(revision_again),
	R(other_epoch),
	R(bad_pairing),
	R(site_twice),
	R(role_twice),
	R(no_role_to_change),
	R(no_role_to_remove),
	R(role_given),
	R(operation_held),
	R(operation_not_held),
	R(operation_of_no_role),
	R(scope_twice),
	R(no_scope),
	R(scope_given),
	R(all_scopes),
	R(collection_twice),
	R(lost_collection),
	R(mixed_collection),
	R(third_root),
	R(new_root),
	R(limited_root),
	R(other_kind),
	R(cycle),
	R(own_limit),
	R(no_collection),
	R(root_removed),
	R(limiting_removed),
	R(members_left),
	R(collection_given),
	R(admin_twice),
	R(principal_twice),
	R(principal_taken),
	R(no_admin),
	R(no_admin_to_remove),
	R(admin_given),
	R(assignment_twice),
	R(other_user),
	R(empty_validity),
	R(role_unknown),
	R(no_assignment),
	R(no_assignment_to_widen),
	R(scope_left),
	R(collection_left),
	R(scope_named_twice),
	R(scope_not_named),
	R(scope_removed_twice),
	R(collection_not_named),
	R(row_of_removed),
	R(object_twice),
	R(no_object),
	R(default_is_no_row),
	R(scopes_left),
	R(object_gone_twice),
	R(scope_of_gone),
	R(scope_carried),
	R(scope_not_carried),
	R(object_in_all),
	R(role_of_object_gone),
	R(resource_twice),
	R(no_resource),
	R(memberships_left),
	R(resource_gone_twice),
	R(member_twice),
	R(member_that_is_not),
	R(member_of_nothing),
	R(member_of_root),
	R(member_of_other_kind),
	R(member_of_gone),
	R(type_twice),
	R(no_operation),
	R(only_the_minimum),
	R(need_in_a_circle),
	R(class_is_type),
	cmocka_unit_test(test_first_version_changes_nothing),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
