/* What a load refuses, and in which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy.h"

/* A small sound site; each test spoils one thing. */
static void
sound_world(struct world *w)
{
	world_init(w);
	policy_read(w, "tests/decisions/office.policy");
}

/* The load is refused with a line that holds the words. */
static void
assert_refused(struct world *w, const char *words)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };
	int r = world_build(w, &s, &e);

	if (r != RV_ERR_INVALID || strstr(e.text, words) == NULL)
		print_error("expected \"%s\", got %s: \"%s\"\n", words,
		    rv_strerr(r), e.text);
	assert_int_equal(r, RV_ERR_INVALID);
	assert_non_null(strstr(e.text, words));
	assert_null(s);
	/* Nobody has to listen. */
	assert_int_equal(world_build(w, &s, NULL), RV_ERR_INVALID);
	world_fini(w);
}

#define REFUSES(name, words, ...)                     \
	static void test_refuses_##name(void **state) \
	{                                             \
		struct world w;                       \
                                                      \
		(void)state;                          \
		sound_world(&w);                      \
		__VA_ARGS__;                          \
		assert_refused(&w, words);            \
	}

#define L(text) RV_SLICE_LIT(text)
#define ROW(table, ...) \
	world_add_##table(&w, (struct rv_row_##table){ __VA_ARGS__ })

REFUSES(no_epoch, "table site: epoch is empty", w.site.epoch = RV_SLICE_NONE)
REFUSES(bad_site_level, "no authentication level",
    w.site.minimum = (enum rv_level)4)
REFUSES(type_twice, "table type: type 31 is there twice",
    ROW(type, 31, L("Other"), L("SMS_Other"), RV_SECURED_BY_SCOPE))
REFUSES(type_name_twice, "\"SMS_Application\" names type 31 and type 99",
    ROW(type, 99, L("Other"), L("SMS_Application"), RV_SECURED_BY_SCOPE))
REFUSES(type_sdk_as_class, "\"Application\" names type 31 and type 99",
    ROW(type, 99, L("Other"), L("Application"), RV_SECURED_BY_SCOPE))
REFUSES(type_number_as_name, "\"7\" of type 99 is a number",
    ROW(type, 99, L("7"), RV_SLICE_NONE, RV_SECURED_BY_SCOPE))
REFUSES(type_without_name, "table type: name is empty",
    ROW(type, 99, RV_SLICE_NONE, RV_SLICE_NONE, RV_SECURED_BY_SCOPE))
REFUSES(type_secured_oddly, "type 99 cannot be secured in the way 4",
    ROW(type, 99, L("Odd"), RV_SLICE_NONE, (enum rv_secured_by)4))
REFUSES(second_collection_type, "type 99 cannot be secured",
    ROW(type, 99, L("Odd"), RV_SLICE_NONE, RV_SECURED_BY_COLLECTION))
REFUSES(collections_by_scope, "type 1 cannot be secured",
    w.type[0].secured_by = RV_SECURED_BY_SCOPE)
REFUSES(text_not_utf8, "table type: name is not UTF-8 text",
    ROW(type, 99, L("\xff"), RV_SLICE_NONE, RV_SECURED_BY_SCOPE))
REFUSES(nul_in_key, "key is not UTF-8 text", ROW(object, 31, L("a\0b"), 0))
REFUSES(operation_of_no_type, "there is no type 99",
    ROW(operation, .object_type_id = 99, .name = L("Read")))
REFUSES(bit_64, "type 31: the bit 64 is over 63",
    ROW(operation, .object_type_id = 31, .bit = 64, .name = L("Odd")))
REFUSES(bit_twice, "type 31: bit 0 is there twice",
    ROW(operation, .object_type_id = 31, .bit = 0, .name = L("Odd")))
REFUSES(operation_twice, "type 31: \"Read\" is there twice",
    ROW(operation, .object_type_id = 31, .bit = 50, .name = L("Read")))
REFUSES(operation_level, "operation: the minimum -1 is no",
    w.operation[0].minimum = (enum rv_level) - 1)
REFUSES(need_of_no_bit, "type 31 has not both bit 50 and bit 0",
    ROW(operation_need, 31, 50, 0))
REFUSES(need_of_bit_70, "type 31 has not both bit 1 and bit 70",
    ROW(operation_need, 31, 1, 70))
REFUSES(need_of_read, "type 31: bit 0 cannot need bit 1",
    ROW(operation_need, 31, 0, 1))
REFUSES(need_of_type_wide, "type 31: bit 10 cannot need bit 0",
    ROW(operation_need, 31, 10, 0))
REFUSES(need_twice, "type 31: bit 63 is there twice",
    ROW(operation_need, 31, 63, 1))
REFUSES(need_in_a_circle, "needs itself", ROW(operation_need, 31, 11, 63))
REFUSES(need_of_itself, "needs itself", ROW(operation_need, 31, 1, 1))
REFUSES(class_operation_twice, "\"Read\" on \"SMS_R_System\" is there twice",
    ROW(class_operation, L("SMS_R_System"), L("Read"), 0))
REFUSES(class_delete_collection, "\"Delete\" is about collections",
    ROW(class_operation, L("SMS_R_User"), L("Delete"), 2))
REFUSES(class_modify_collection, "\"Modify\" is about collections",
    ROW(class_operation, L("SMS_R_User"), L("Change"), 1))
REFUSES(class_create, "\"Create\" is about collections",
    ROW(class_operation, L("SMS_R_User"), L("Create"), 10))
REFUSES(class_without_bit, "type 1 has no bit 33",
    ROW(class_operation, L("SMS_R_User"), L("Odd"), 33))
REFUSES(class_everything, "\"*\" cannot be the name of a class",
    ROW(class_operation, L("*"), L("Read"), 0))
REFUSES(class_is_type, "\"SMS_Application\" names type 31",
    ROW(class_operation, L("SMS_Application"), L("Read"), 0))
REFUSES(class_prefix_is_type, "\"SMS_Admin\" names type 28",
    ROW(class_operation, L("SMS_Adm*"), L("Read"), 0))
REFUSES(default_of_collection, "type 1 cannot have an instance",
    ROW(default_instance, 1, L("x"), 0, 1))
REFUSES(default_of_no_bit, "bits 0 and 60 are not two",
    ROW(default_instance, 31, L("x"), 0, 60))
REFUSES(default_of_one_bit, "bits 0 and 0 are not two",
    ROW(default_instance, 31, L("x"), 0, 0))
REFUSES(default_type_wide, "bits 10 and 1 are not two",
    ROW(default_instance, 31, L("x"), 10, 1))
REFUSES(default_twice, "type 38: \"1\" is there twice",
    ROW(default_instance, 38, L("1"), 18, 21))
REFUSES(role_twice, "table role: \"FULL\" is there twice",
    ROW(role, L("FULL"), L("Full"), RV_LEVEL_NONE))
REFUSES(role_level, "role: the minimum 9 is no",
    w.role[0].minimum = (enum rv_level)9)
REFUSES(grant_of_no_role, "there is no role \"NONE\"",
    ROW(role_operation, L("NONE"), 31, 0))
REFUSES(grant_of_no_bit, "role \"FULL\": type 31 has no bit 60",
    ROW(role_operation, L("FULL"), 31, 60))
REFUSES(grant_of_no_type, "there is no type 77",
    ROW(role_operation, L("FULL"), 77, 0))
REFUSES(scope_twice, "table scope: \"EU\" is there twice", ROW(scope, L("EU")))
REFUSES(collection_twice, "table collection: \"PARIS\" is there twice",
    ROW(collection, L("PARIS"), RV_KIND_DEVICE, L("SMS00001")))
REFUSES(collection_kind, "\"ODD\" is of no known kind (2)",
    ROW(collection, L("ODD"), (enum rv_collection_kind)2, L("SMS00001")))
REFUSES(third_root, "\"ODD\" has no limiting collection",
    ROW(collection, L("ODD"), RV_KIND_DEVICE, RV_SLICE_NONE))
REFUSES(limited_root, "\"SMS00001\" is a root and has",
    w.collection[0].limiting_id = L("PARIS"))
REFUSES(root_of_wrong_kind, "\"SMS00004\" is of the wrong kind",
    w.collection[1].kind = RV_KIND_DEVICE)
REFUSES(lost_collection, "\"ODD\" is limited to \"NONE\", which is not there",
    ROW(collection, L("ODD"), RV_KIND_DEVICE, L("NONE")))
REFUSES(mixed_collection, "\"ODD\" is limited to \"PARIS\", which is of the",
    ROW(collection, L("ODD"), RV_KIND_USER, L("PARIS")))
REFUSES(own_limit, "\"ODD\" is limited to itself through a cycle",
    ROW(collection, L("ODD"), RV_KIND_DEVICE, L("ODD")))
REFUSES(cycle, "is limited to itself through a cycle",
	ROW(collection, L("A"), RV_KIND_DEVICE, L("B"));
	ROW(collection, L("B"), RV_KIND_DEVICE, L("C"));
	ROW(collection, L("C"), RV_KIND_DEVICE, L("B")))
REFUSES(admin_twice, "table admin: 2 is there twice",
    ROW(admin, .admin_id = 2, .principal_id = L("krb5:x@LAB.TEST")))
REFUSES(principal_twice, "\"krb5:bob@LAB.TEST\" is the principal of 2 and of",
    ROW(admin, .admin_id = 99, .principal_id = L("krb5:bob@LAB.TEST")))
REFUSES(assignment_twice, "table assignment: 3 is there twice",
    ROW(assignment, 3, 2, L("FULL"), 0, 1))
REFUSES(assignment_of_nobody, "99: there is no administrative user 98",
    ROW(assignment, 99, 98, L("FULL"), 0, 1))
REFUSES(assignment_of_no_role, "99: there is no role \"NONE\"",
    ROW(assignment, 99, 2, L("NONE"), 0, 1))
REFUSES(empty_validity, "99: it ends before it begins",
    ROW(assignment, 99, 2, L("FULL"), 5, 5))
REFUSES(no_assignment, "there is no assignment 99",
    ROW(assignment_scope, 99, L("EU")))
REFUSES(collection_as_scope, "2: there is no scope \"PARIS\"",
    ROW(assignment_scope, 2, L("PARIS")))
REFUSES(scope_as_collection, "2: there is no collection \"EU\"",
    ROW(assignment_collection, 2, L("EU")))
REFUSES(object_twice, "type 31: \"app-eu\" is there twice",
    ROW(object, 31, L("app-eu"), 0))
REFUSES(collection_as_object, "collections have a table of their own",
    ROW(object, 1, L("PARIS"), 0))
REFUSES(unknown_role_object, "type 27: \"NONE\" is not in the table",
    ROW(object, 27, L("NONE"), 0))
REFUSES(unknown_admin_object, "type 28: \"999\" is not in the table",
    ROW(object, 28, L("999"), 0))
REFUSES(unknown_scope_object, "type 29: \"NONE\" is not in the table",
    ROW(object, 29, L("NONE"), 0))
REFUSES(own_type_of_others, "type 31: \"x\" cannot be of type 52 besides",
    ROW(object, 31, L("x"), 52))
REFUSES(own_type_of_item, "type 11: \"x\" cannot be of type 56 besides",
    ROW(object, 11, L("x"), 56))
REFUSES(own_type_of_policy, "type 48: \"x\" cannot be of type 48 besides",
    ROW(object, 48, L("x"), 48))
REFUSES(scope_of_no_object, "type 31 has no object \"none\"",
    ROW(object_scope, 31, L("none"), L("EU")))
REFUSES(object_in_no_scope, "\"app-eu\": there is no scope \"NONE\"",
    ROW(object_scope, 31, L("app-eu"), L("NONE")))
REFUSES(object_in_all, "no object carries SMS00ALL",
    ROW(object_scope, 31, L("app-eu"), L("SMS00ALL")))
REFUSES(scope_of_role_secured, "type 45 is not secured by scope",
    ROW(object_scope, 45, L("net-1"), L("EU")))
REFUSES(resource_twice, "16777216 is there twice",
    ROW(resource, 16777216, RV_RESOURCE_DEVICE))
REFUSES(resource_type, "1 is of no known type (6)",
    ROW(resource, 1, (enum rv_resource_type)6))
REFUSES(member_of_nothing, "there is no collection \"EU\"",
    ROW(member, L("EU"), 16777216))
REFUSES(
    member_that_is_not, "there is no resource 1", ROW(member, L("PARIS"), 1))
REFUSES(member_of_root, "membership of a root is by definition",
    ROW(member, L("SMS00001"), 16777216))
REFUSES(member_of_other_kind, "are of different kinds",
    ROW(member, L("PARIS"), 2063597568))

#define R(name) cmocka_unit_test(test_refuses_##name)

static const struct CMUnitTest refusals[] = {
	R(no_epoch),
	R(bad_site_level),
	R(type_twice),
	R(type_name_twice),
	R(type_sdk_as_class),
	R(type_number_as_name),
	R(type_without_name),
	R(type_secured_oddly),
	R(second_collection_type),
	R(collections_by_scope),
	R(text_not_utf8),
	R(nul_in_key),
	R(operation_of_no_type),
	R(bit_64),
	R(bit_twice),
	R(operation_twice),
	R(operation_level),
	R(need_of_no_bit),
	R(need_of_bit_70),
	R(need_of_read),
	R(need_of_type_wide),
	R(need_twice),
	R(need_in_a_circle),
	R(need_of_itself),
	R(class_operation_twice),
	R(class_delete_collection),
	R(class_modify_collection),
	R(class_create),
	R(class_without_bit),
	R(class_everything),
	R(class_is_type),
	R(class_prefix_is_type),
	R(default_of_collection),
	R(default_of_no_bit),
	R(default_of_one_bit),
	R(default_type_wide),
	R(default_twice),
	R(role_twice),
	R(role_level),
	R(grant_of_no_role),
	R(grant_of_no_bit),
	R(grant_of_no_type),
	R(scope_twice),
	R(collection_twice),
	R(collection_kind),
	R(third_root),
	R(limited_root),
	R(root_of_wrong_kind),
	R(lost_collection),
	R(mixed_collection),
	R(own_limit),
	R(cycle),
	R(admin_twice),
	R(principal_twice),
	R(assignment_twice),
	R(assignment_of_nobody),
	R(assignment_of_no_role),
	R(empty_validity),
	R(no_assignment),
	R(collection_as_scope),
	R(scope_as_collection),
	R(object_twice),
	R(collection_as_object),
	R(unknown_role_object),
	R(unknown_admin_object),
	R(unknown_scope_object),
	R(own_type_of_others),
	R(own_type_of_item),
	R(own_type_of_policy),
	R(scope_of_no_object),
	R(object_in_no_scope),
	R(object_in_all),
	R(scope_of_role_secured),
	R(resource_twice),
	R(resource_type),
	R(member_of_nothing),
	R(member_that_is_not),
	R(member_of_root),
	R(member_of_other_kind),
};

int
main(void)
{
	return cmocka_run_group_tests(refusals, NULL, NULL);
}
