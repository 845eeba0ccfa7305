/* Paths of objects as methods take them. */
#include "unit/unit.h"

#include "rest/methods_path.h"

static const struct {
	const char *text;
	int result;
	const char *class, *property, *key; /* NULL: absent */
} cases[] = {
	{ "SMS_Application", RV_OK, "SMS_Application", NULL, NULL },
	{ "SMS_Collection.CollectionID=\"SMS00001\"", RV_OK, "SMS_Collection",
	    "CollectionID", "SMS00001" },
	{ "SMS_Collection.CollectionID='SMS00001'", RV_OK, "SMS_Collection",
	    "CollectionID", "SMS00001" },
	{ "SMS_R_System.ResourceID=16777219", RV_OK, "SMS_R_System",
	    "ResourceID", "16777219" },
	{ "\\\\srv-1.lab.test\\root\\SMS\\site_RVE:SMS_Role.RoleID="
	  "\"SMS0001R\"",
	    RV_OK, "SMS_Role", "RoleID", "SMS0001R" },
	{ "root\\sms\\site_RVE:SMS_Role", RV_OK, "SMS_Role", NULL, NULL },
	{ "SMS_Role('SMS0001R')", RV_OK, "SMS_Role", NULL, "SMS0001R" },
	{ "SMS_R_System(16777219)", RV_OK, "SMS_R_System", NULL, "16777219" },
	{ "SMS_Package('it''s')", RV_OK, "SMS_Package", NULL, "it's" },
	{ "SMS_Package('(x)')", RV_OK, "SMS_Package", NULL, "(x)" },
	{ "SMS_DistributionPointInfo.ServerName=\"\\\\\\\\dp\\\"1\"", RV_OK,
	    "SMS_DistributionPointInfo", "ServerName", "\\\\dp\"1" },
	{ "SMS_Package.PackageID=\"a:b=c,d\"", RV_OK, "SMS_Package",
	    "PackageID", "a:b=c,d" },
	{ "", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "1SMS", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=\"", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=\"\"", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=\"a", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=\"a\\\"", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=\"a\"b", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=\"a\",X=1", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=SMS0001R", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=-1", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role.RoleID=01", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role()", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role('a", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role('a')x", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role('a'b')", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role(\"a\")", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role(RoleID='a')", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role x", RV_ERR_INVALID, NULL, NULL, NULL },
	{ "SMS_Role\xff", RV_ERR_INVALID, NULL, NULL, NULL },
};

static void
paths_are_read_whole_or_not_at_all(void **state)
{
	struct rv_arena *arena = rv_arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rv_object_path path;
		int r = rv_object_path_read(
		    arena, rv_slice_of(cases[i].text), &path);

		if (r != cases[i].result)
			print_message("%s\n", cases[i].text);
		assert_int_equal(r, cases[i].result);
		if (r != RV_OK)
			continue;
		assert_true(
		    rv_slice_eq(path.class, rv_slice_of(cases[i].class)));
		assert_true(
		    rv_slice_eq(path.property, rv_slice_of(cases[i].property)));
		assert_true(rv_slice_eq(path.key, rv_slice_of(cases[i].key)));
	}
	rv_arena_free(&arena);
}

static void
a_nul_is_no_text(void **state)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_object_path path;

	(void)state;
	assert_int_equal(
	    rv_object_path_read(arena, RV_SLICE_LIT("SMS_Role('a\0b')"), &path),
	    RV_ERR_INVALID);
	rv_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_read_whole_or_not_at_all),
		cmocka_unit_test(a_nul_is_no_text),
	};

	return cmocka_run_group_tests_name("methods_path", tests, NULL, NULL);
}
