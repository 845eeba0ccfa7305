/* What the field Reeve-At-Least may say. */
#include "unit/unit.h"

#include "pipeline/at_least.h"

static void
a_number_alone(void **state)
{
	struct rv_at_least a;

	(void)state;
	assert_int_equal(rv_at_least_parse(RV_SLICE_LIT("17"), &a), RV_OK);
	assert_int_equal(a.revision, 17);
	assert_null(a.epoch.p);
	assert_int_equal(rv_at_least_parse(RV_SLICE_LIT("0"), &a), RV_OK);
	assert_int_equal(
	    rv_at_least_parse(RV_SLICE_LIT("9223372036854775807"), &a), RV_OK);
	assert_int_equal(a.revision, INT64_MAX);
}

static void
as_an_answer_has_it(void **state)
{
	struct rv_at_least a;

	(void)state;
	assert_int_equal(
	    rv_at_least_parse(RV_SLICE_LIT("17; epoch=0a-F9"), &a), RV_OK);
	assert_int_equal(a.revision, 17);
	assert_true(rv_slice_eq_cstr(a.epoch, "0a-F9"));
}

/* Its id has one character more than 64. */
static const char too_long[] = "1; epoch=0123456789012345678901234567890123"
			       "4567890123456789012345678901234";

static void
all_else_is_refused(void **state)
{
	static const char *const wrong[] = { "", " ", "-1", "+1", "01", "1 ",
		" 1", "1.0", "1,2", "0x1", "one", "9223372036854775808",
		"18446744073709551617", "1;", "1; ", "1;epoch=a",
		"1; epoch=", "1; epoch=a b", "1; epoch=a;", "1; Epoch=a",
		"1; epoch=\"a\"", "1; epoch=a; epoch=b", "; epoch=a", "1\x01",
		too_long };
	struct rv_at_least a;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(rv_at_least_parse(rv_slice_of(wrong[i]), &a),
		    RV_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_alone),
		cmocka_unit_test(as_an_answer_has_it),
		cmocka_unit_test(all_else_is_refused),
	};

	return cmocka_run_group_tests_name("at least", tests, NULL, NULL);
}
