/* The query options of lists: what is understood, refused, ignored. */
#include "unit/unit.h"

#include "rest/query.h"

static const struct {
	const char *text;
	int result;
	size_t top;
	const char *token; /* NULL: absent */
} cases[] = {
	{ "", RV_OK, SIZE_MAX, NULL },
	{ "$top=5", RV_OK, 5, NULL },
	{ "%24top=5", RV_OK, 5, NULL },
	{ "$TOP=0", RV_OK, 0, NULL },
	{ "top=7&mine=1", RV_OK, 7, NULL },
	{ "$skiptoken=a-b_c", RV_OK, SIZE_MAX, "a-b_c" },
	{ "$top=1&$skiptoken=x%2By", RV_OK, 1, "x+y" },
	{ "&&mine&", RV_OK, SIZE_MAX, NULL },
	{ "$top=", RV_ERR_INVALID, 0, NULL },
	{ "$top", RV_ERR_INVALID, 0, NULL },
	{ "$top=-1", RV_ERR_INVALID, 0, NULL },
	{ "$top=1.5", RV_ERR_INVALID, 0, NULL },
	{ "$top=01", RV_ERR_INVALID, 0, NULL },
	{ "$top=99999999999999999999", RV_ERR_INVALID, 0, NULL },
	{ "$top=1&$top=2", RV_ERR_INVALID, 0, NULL },
	{ "$skiptoken=a&skiptoken=b", RV_ERR_INVALID, 0, NULL },
	{ "%zz=1", RV_ERR_INVALID, 0, NULL },
	{ "a=%", RV_ERR_INVALID, 0, NULL },
	{ "a=%2", RV_ERR_INVALID, 0, NULL },
	{ "a=%00", RV_ERR_INVALID, 0, NULL },
	{ "a=%ff", RV_ERR_INVALID, 0, NULL },
	{ "$filter=1 eq 1", RV_ERR_NOTFOUND, 0, NULL },
	{ "filter=1", RV_ERR_NOTFOUND, 0, NULL },
	{ "$Select=Name", RV_ERR_NOTFOUND, 0, NULL },
	{ "$nonsense=1", RV_ERR_NOTFOUND, 0, NULL },
};

static void
each_query_has_its_answer(void **state)
{
	struct rv_arena *arena = rv_arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rv_query q = { 0 };
		struct rv_slice option;

		assert_int_equal(rv_query_parse(arena,
				     rv_slice_of(cases[i].text), &q, &option),
		    cases[i].result);
		if (cases[i].result != RV_OK)
			continue;
		assert_int_equal(q.top, cases[i].top);
		assert_true(rv_slice_eq(q.token, rv_slice_of(cases[i].token)));
	}
	rv_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_query_has_its_answer),
	};

	return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
