/* Keys in paths. */
#include "unit/unit.h"

#include "odata/key.h"
#include "unit/odata/sample.h"

struct row {
	const struct rv_odata_class *class;
	const char *text;
	const char *values; /* each followed by '|'; NULL: refused */
	const char *what;   /* a part of the fault */
};

static void
check(const struct row *row)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_key key;
	struct rv_buf values = { 0 };
	int r = rv_odata_key_read(
	    arena, row->class, rv_slice_of(row->text), &key, &fault);
	const char *what = fault.what != NULL ? fault.what : "";

	if (r != (row->values != NULL ? RV_OK : RV_ERR_INVALID))
		print_error("%s: %s\n", row->text, what);
	if (row->values == NULL) {
		assert_int_equal(r, RV_ERR_INVALID);
		if (strstr(what, row->what) == NULL)
			print_error("%s: %s\n", row->text, what);
		assert_non_null(strstr(what, row->what));
		assert_null(fault.option);
	} else {
		assert_int_equal(r, RV_OK);
		for (size_t i = 0; i < key.n; i++) {
			rv_buf_put_slice(&values, key.values[i]);
			rv_buf_putc(&values, '|');
		}
		assert_string_equal(rv_buf_cstr(&values), row->values);
	}
	rv_buf_fini(&values);
	rv_arena_free(&arena);
}

static const struct rv_odata_property number_key[] = {
	{ .name = "Number", .type = RV_EDM_INT32, .is_key = true },
};

static const struct rv_odata_class numbered = {
	.name = "Numbered",
	.properties = number_key,
	.n_properties = 1,
};

static const struct rv_odata_class keyless = {
	.name = "Keyless",
	.properties = sample_inner_properties,
	.n_properties = SAMPLE_COUNT(sample_inner_properties),
};

static void
test_one(void **state)
{
	static const struct row rows[] = {
		{ &sample, "'SMS0001R'", "SMS0001R|", NULL },
		{ &sample, "ID='SMS0001R'", "SMS0001R|", NULL },
		{ &sample, "id = 'x'", "x|", NULL },
		{ &sample, "''", "|", NULL },
		{ &sample, "'O''Neil, ID=''y'''", "O'Neil, ID='y'|", NULL },
		{ &sample, "'\xc3\xa4 (1)/2'", "\xc3\xa4 (1)/2|", NULL },
		{ &numbered, "16777219", "16777219|", NULL },
		{ &numbered, "-2147483648", "-2147483648|", NULL },
		{ &numbered, "Number=007", "7|", NULL },
		{ &numbered, "2147483648", NULL, "32 bits" },
		{ &numbered, "9223372036854775808", NULL, "out of range" },
		{ &numbered, "'1'", NULL,
		    "Number is a whole number, not a string" },
		{ &numbered, "1.0", NULL, "not a number" },
		{ &numbered, "null", NULL, "not null" },
		{ &sample, "5", NULL, "ID is a string, not a whole number" },
		{ &sample, "", NULL, "a value of the key is expected" },
		{ &sample, "SMS0001R", NULL, "a value of the key" },
		{ &sample, "'x", NULL, "does not end" },
		{ &sample, "'x' or 1 eq 1", NULL, "the end is expected" },
		{ &sample, "'x','y'", NULL, "the end is expected" },
		{ &sample, "Name='x'", NULL, "Name is no key of SMS_Sample" },
		{ &sample, "Nothing='x'", NULL, "no property Nothing" },
		{ &sample, "ID='x',ID='y'", NULL, "twice" },
		{ &sample, "ID=", NULL, "a value of the key" },
		{ &sample, "\xff", NULL, "UTF-8" },
		{ &keyless, "'x'", NULL, "a key of 0 properties" },
	};

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(rows); i++)
		check(&rows[i]);
}

static void
test_several(void **state)
{
	static const struct row rows[] = {
		{ &sample_other, "Number=1,Kind='x'", "1|x|", NULL },
		{ &sample_other, "KIND='a,b', number=1", "1|a,b|", NULL },
		{ &sample_other, "1", NULL, "a key of 2 properties" },
		{ &sample_other, "1,'x'", NULL, "a key of 2 properties" },
		{ &sample_other, "Number=1", NULL, "a key of 2 properties" },
		{ &sample_other, "Number=1,Number=1", NULL, "twice" },
		{ &sample_other, "Number=1,Kind='x',Kind='x'", NULL, "twice" },
		{ &sample_other, "Number=1,'x'", NULL, "name of a property" },
		{ &sample_other, "Number=1,Kind='x'x", NULL, "the end" },
	};

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(rows); i++)
		check(&rows[i]);
}

/* Each spelling of a key is one text, which reads as the same key. */
static void
check_text(
    const struct rv_odata_class *class, const char *text, const char *expected)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_key key;
	struct rv_slice out;

	assert_int_equal(
	    rv_odata_key_read(arena, class, rv_slice_of(text), &key, &fault),
	    RV_OK);
	assert_int_equal(rv_odata_key_text(arena, class, &key, &out), RV_OK);
	assert_string_equal(out.p, expected);
	if (key.n > 1) {
		assert_int_equal(
		    rv_odata_key_read(arena, class, out, &key, &fault), RV_OK);
		assert_int_equal(
		    rv_odata_key_text(arena, class, &key, &out), RV_OK);
		assert_string_equal(out.p, expected);
	}
	rv_arena_free(&arena);
}

static void
test_text(void **state)
{
	(void)state;
	check_text(&sample, "ID='a''b'", "a'b");
	check_text(&sample, "''", "");
	check_text(&numbered, "007", "7");
	check_text(&sample_other, "kind='O''Neil, x=1', NUMBER=-1",
	    "Number=-1,Kind='O''Neil, x=1'");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
