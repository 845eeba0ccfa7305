/* Queries of membership rules: to predicates, or to faults with a place. */
#include "unit/unit.h"

#include "wql/wql.h"

#define S "select * from SMS_R_System where "

struct good {
	const char *text;
	const char *where; /* compact JSON; NULL: every resource */
};

struct bad {
	const char *text;
	size_t at;
	bool unsupported;
};

static const struct good goods[] = {
	{ "SELECT * FROM sms_r_system", NULL },
	{ "select distinct SMS_R_User.Name, Mail from SMS_R_User", NULL },
	{ S "Name = 'a'", "[\"=\",\"Name\",\"a\"]" },
	{ S "sms_r_system.Name != \"it's\"", "[\"<>\",\"Name\",\"it's\"]" },
	{ S "a<>-1", "[\"<>\",\"a\",-1]" },
	{ S "a<=1 and b>=2 And c<3", "[\"and\",[\"<=\",\"a\",1],"
				     "[\">=\",\"b\",2],[\"<\",\"c\",3]]" },
	{ S "a=1 or b=2 and c>3",
	    "[\"or\",[\"=\",\"a\",1],"
	    "[\"and\",[\"=\",\"b\",2],[\">\",\"c\",3]]]" },
	{ S "(a=1 or b=2) and c=3", "[\"and\",[\"or\",[\"=\",\"a\",1],"
				    "[\"=\",\"b\",2]],[\"=\",\"c\",3]]" },
	{ S "not a is null", "[\"not\",[\"null\",\"a\"]]" },
	{ S "a is not null", "[\"not\",[\"null\",\"a\"]]" },
	{ S "a not like 'x[a-c]_%'",
	    "[\"not\",[\"like\",\"a\",\"x[a-c]_%\"]]" },
	{ S "a in ('x', 2)", "[\"in\",\"a\",[\"x\",2]]" },
	{ S "a not in (1)", "[\"not\",[\"in\",\"a\",[1]]]" },
	{ S "a = 'd\\\\u\\'q\\n'", "[\"=\",\"a\",\"d\\\\u'q\\\\n\"]" },
	{ S "a = ''", "[\"=\",\"a\",\"\"]" },
	{ S "a like '%%%%%%%%%%%%%%%%b'",
	    "[\"like\",\"a\",\"%%%%%%%%%%%%%%%%b\"]" },
	{ S "a = '; drop table x --'", "[\"=\",\"a\",\"; drop table x --\"]" },
};

static const struct bad bads[] = {
	{ "", 0, false },
	{ "select", 6, false },
	{ "select * from", 13, false },
	{ "select * from SMS_G_System_CPU", 14, true },
	{ "select * from SMS_R_System inner join x", 27, true },
	{ "select * from SMS_R_System, SMS_R_User", 26, true },
	{ "select SMS_R_User.Name from SMS_R_System", 7, true },
	{ S, 33, false },
	{ S "a", 34, false },
	{ S "a = ", 37, false },
	{ S "a = b", 37, true },
	{ S "a = 'x", 37, false },
	{ S "a = 'x\\'", 37, false },
	{ S "a = 1x", 37, false },
	{ S "a = -", 37, false },
	{ S "a = 9223372036854775808", 37, false },
	{ S "a = 1 b", 39, false },
	{ S "a not = 1", 41, false },
	{ S "a not is null", 42, false },
	{ S "a like 1", 40, false },
	{ S "a like 'a%a%a%a%a%a%a%a%a%a'", 40, false },
	{ S "a in ()", 39, false },
	{ S "a in (select b from c)", 39, true },
	{ S "(select x from y)", 34, true },
	{ S "upper(a) = 'X'", 33, true },
	{ S "a = 1)", 38, false },
	{ S "(a = 1", 39, false },
	{ S "((((((((((( a=1 )))))))))))", 43, false },
	{ S "not not not not not not not not not not not a=1", 73, false },
};

static void
test_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		struct rv_wql_fault fault = { 0 };
		struct rv_wql wql;
		char *where;
		int e = rv_wql_read(rv_slice_of(goods[i].text), &wql, &fault);

		if (e != RV_OK)
			print_error("%s: %s\n", goods[i].text, fault.what);
		assert_int_equal(e, RV_OK);
		where = wql.where ? json_dumps(wql.where, JSON_COMPACT) : NULL;
		if (goods[i].where == NULL)
			assert_null(where);
		else
			assert_string_equal(where, goods[i].where);
		free(where);
		rv_wql_fini(&wql);
	}
}

static void
test_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct rv_wql_fault fault = { 0 };
		struct rv_wql wql;
		int e = rv_wql_read(rv_slice_of(bads[i].text), &wql, &fault);

		if (e != RV_ERR_INVALID || fault.at != bads[i].at)
			print_error("%s: %s at %zu\n", bads[i].text, fault.what,
			    fault.at);
		assert_int_equal(e, RV_ERR_INVALID);
		assert_int_equal(fault.at, bads[i].at);
		assert_int_equal(fault.unsupported, bads[i].unsupported);
		assert_null(wql.where);
		assert_null(wql.columns);
	}
}

/* S, the part n times with the word between them, and what closes it. */
static int
read_many(const char *open, const char *part, size_t n, const char *close)
{
	struct rv_buf text = { 0 };
	struct rv_wql_fault fault = { 0 };
	struct rv_wql wql;
	int e;

	rv_buf_puts(&text, open);
	for (size_t i = 0; i < n; i++)
		rv_buf_puts(&text, part);
	rv_buf_puts(&text, close);
	e = rv_wql_read(rv_buf_slice(&text), &wql, &fault);
	rv_wql_fini(&wql);
	rv_buf_fini(&text);
	return e;
}

static void
test_limits(void **state)
{
	(void)state;
	assert_int_equal(read_many(S, "a=1 or ", 99, "a=1"), RV_OK);
	assert_int_equal(read_many(S, "a=1 or ", 100, "a=1"), RV_ERR_INVALID);
	assert_int_equal(read_many(S "a in (", "1,", 149, "1)"), RV_OK);
	assert_int_equal(
	    read_many(S "a in (", "1,", 150, "1)"), RV_ERR_INVALID);
	assert_int_equal(
	    read_many(S "a='", "x", RV_WQL_TEXT_MAX - 37, "'"), RV_OK);
	assert_int_equal(
	    read_many(S "a='", "x", RV_WQL_TEXT_MAX - 36, "'"), RV_ERR_INVALID);
	assert_int_equal(read_many(S, "(", 8000, ""), RV_ERR_INVALID);
	assert_int_equal(read_many(S "a='", "\xff", 1, "'"), RV_ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
