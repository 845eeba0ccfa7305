/* Each limit of a query, at it and one beyond. */
#include "unit/unit.h"

#include "odata/query.h"
#include "unit/odata/sample.h"

/* Reads the text and frees it; fault is a part of what must be said. */
static void
expect(struct rv_buf *text, const char *fault)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_query query;
	struct rv_odata_fault f = { 0 };
	int r = rv_odata_query_read(
	    arena, &sample, false, rv_slice_of(rv_buf_cstr(text)), &query, &f);

	if (fault == NULL) {
		if (r != RV_OK)
			print_error("%s\n", f.what);
		assert_int_equal(r, RV_OK);
	} else {
		assert_int_equal(r, RV_ERR_INVALID);
		assert_non_null(strstr(f.what, fault));
		assert_false(f.unsupported);
	}
	rv_arena_free(&arena);
	rv_buf_fini(text);
}

static void
put_times(struct rv_buf *text, const char *what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rv_buf_puts(text, what);
}

/* 96: 101 nodes are too many, 100 are not. */
static void
test_nodes(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct rv_buf text = { 0 };

		/* 33 * 3 nodes, one `or` fewer than conditions are in it. */
		rv_buf_puts(&text, "$filter=");
		put_times(&text, "Small eq 1 or ", 24);
		rv_buf_puts(&text, "Flag or Flag");
		rv_buf_puts(&text, more > 0 ? "&$search=a b" : "&$search=a");
		/* 24 * 4 + 3 = 99, and 1 or 3 of the search */
		expect(&text, more > 0 ? "too large" : NULL);
	}
}

/* 96: depth 11 is too deep, 10 is not; of all that nests. */
static void
test_depth(void **state)
{
	static const struct {
		const char *open, *inner, *close;
	} kinds[] = {
		{ "(", "Flag", ")" },
		{ "not ", "Flag", "" },
		{ "not(", "Flag", ")" },
		{ "tolower(", "Name", ")" },
	};

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(kinds); i++) {
		/* `not` and its parentheses are two levels. */
		size_t most = strcmp(kinds[i].open, "not(") == 0 ? 5 : 10;

		for (size_t more = 0; more < 2; more++) {
			struct rv_buf text = { 0 };

			rv_buf_puts(&text, "$filter=");
			put_times(&text, kinds[i].open, most + more);
			rv_buf_puts(&text, kinds[i].inner);
			put_times(&text, kinds[i].close, most + more);
			if (strcmp(kinds[i].inner, "Name") == 0)
				rv_buf_puts(&text, " eq 'x'");
			expect(&text, more > 0 ? "too deeply" : NULL);
		}
	}
	for (size_t more = 0; more < 2; more++) {
		struct rv_buf text = { 0 };

		rv_buf_puts(&text, "$search=");
		put_times(&text, "(", 10 + more);
		rv_buf_puts(&text, "a");
		put_times(&text, ")", 10 + more);
		expect(&text, more > 0 ? "too deeply" : NULL);
	}
}

/* 10,000 parentheses are refused as soon as 11 are, with no deep stack. */
static void
test_depth_far_beyond(void **state)
{
	struct rv_buf text = { 0 };

	(void)state;
	rv_buf_puts(&text, "$filter=");
	put_times(&text, "(", 8000);
	expect(&text, "too deeply");
	rv_buf_puts(&text, "$expand=");
	put_times(&text, "Others($expand=", 500);
	expect(&text, "do not end");
}

static void
test_list_of_in(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct rv_buf text = { 0 };

		rv_buf_puts(&text, "$filter=Small in (1");
		put_times(&text, ",2", RV_ODATA_IN_MAX - 2);
		rv_buf_puts(&text, ") or Small in (3");
		put_times(&text, ",4", more);
		rv_buf_puts(&text, ")");
		expect(&text, more > 0 ? "more than 150 values" : NULL);
	}
}

static void
test_lists(void **state)
{
	static const char *const names[] = { "$select", "$orderby" };

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(names); i++) {
		for (size_t more = 0; more < 2; more++) {
			struct rv_buf text = { 0 };

			rv_buf_puts(&text, names[i]);
			rv_buf_puts(&text, "=Name");
			put_times(
			    &text, ",Place/City", RV_ODATA_LIST_MAX - 1 + more);
			expect(&text,
			    more > 0 ? "more than 100 properties" : NULL);
		}
	}
}

static void
test_length(void **state)
{
	static const char before[] = "Name eq '";

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		struct rv_buf text = { 0 };

		rv_buf_puts(&text, "$filter=");
		rv_buf_puts(&text, before);
		/* Decoded bytes count. */
		put_times(&text, "%41",
		    RV_ODATA_TEXT_MAX - strlen(before) - 1 + more);
		rv_buf_puts(&text, "'");
		expect(&text, more > 0 ? "longer than 8192" : NULL);
	}
}

static void
test_top(void **state)
{
	struct rv_buf text = { 0 };

	(void)state;
	rv_buf_puts(&text, "$top=1000000");
	expect(&text, NULL);
	rv_buf_puts(&text, "$skip=1000001");
	expect(&text, "to 1000000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_depth_far_beyond),
		cmocka_unit_test(test_list_of_in),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_top),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
