/* How people name somebody in the exclusion list, and what is stored. */
#include "unit/unit.h"

#include "rest/level_ids.h"

static void
assert_put(const char *name, const char *expected)
{
	struct rv_buf out = { 0 };

	rv_buf_putc(&out, '{');
	assert_int_equal(
	    rv_level_id_put(rv_slice_of(name), &out), expected != NULL);
	if (expected != NULL)
		assert_string_equal(rv_buf_cstr(&out), expected);
	rv_buf_fini(&out);
}

static void
test_names(void **state)
{
	(void)state;
	assert_put("alice@LAB.TEST", "{\"krb5:alice@LAB.TEST\"");
	assert_put("S-1-5-21-1-2-3-1104",
	    "{\"sid:s-1-5-21-1-2-3-1104\",\"group:s-1-5-21-1-2-3-1104\"");
	assert_put("sid:s-1-5-18", "{\"sid:s-1-5-18\"");
	assert_put("group:x y", "{\"group:x y\"");
	assert_put("oidc:https://i|a\"b\\c", "{\"oidc:https://i|a\\\"b\\\\c\"");
}

static void
test_no_names(void **state)
{
	static const char *const none[] = { "", "alice", "Domain Admins",
		"LAB\\alice", "@LAB.TEST", "alice@", "a b@LAB.TEST", "S-1-",
		"S-1-5-", "S-1-x", "krb5:", "group:", "mailto:a@b" };

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_put(none[i], NULL);
}

static void
test_several(void **state)
{
	struct rv_buf out = { 0 };

	(void)state;
	rv_buf_putc(&out, '{');
	assert_true(rv_level_id_put(RV_SLICE_LIT("a@B"), &out));
	assert_true(rv_level_id_put(RV_SLICE_LIT("c@D"), &out));
	assert_string_equal(rv_buf_cstr(&out), "{\"krb5:a@B\",\"krb5:c@D\"");
	rv_buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
