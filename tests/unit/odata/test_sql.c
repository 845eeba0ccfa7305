/* Reading a filter and compiling it: what is asked, never what is written. */
#include "unit/unit.h"

#include "odata/sql.h"
#include "unit/odata/sample.h"

struct row {
	const char *query;
	const char *sql;
	const char *params; /* each followed by '|' */
};

/* Texts of parameters one behind the other. */
static void
put_params(struct rv_buf *out, const struct rv_odata_sql *sql)
{
	for (unsigned i = 0; i < sql->n_params; i++)
		rv_buf_printf(out, "%s|", sql->params[i]);
}

static void
check(const struct row *row)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_sql sql = { .first = 3 };
	struct rv_buf params = { 0 };
	struct rv_odata_query query;
	int r = rv_odata_query_read(
	    arena, &sample, false, rv_slice_of(row->query), &query, &fault);

	if (r != RV_OK)
		print_error(
		    "%s: at %zu: %s\n", row->query, fault.at, fault.what);
	assert_int_equal(r, RV_OK);
	assert_int_equal(rv_odata_sql_where(arena, &query, &sql), RV_OK);
	put_params(&params, &sql);
	rv_buf_puts(&params, "");
	assert_string_equal(rv_buf_cstr(&sql.text), row->sql);
	assert_string_equal(
	    params.n > 0 ? rv_buf_cstr(&params) : "", row->params);
	rv_buf_fini(&params);
	rv_buf_fini(&sql.text);
	rv_arena_free(&arena);
}

static void
check_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

#define NAME  "(r.name COLLATE \"C\")"
#define NOTE  "(r.note COLLATE \"C\")"
#define TEXT3 "($3::text COLLATE \"C\")"
#define TEXT4 "($4::text COLLATE \"C\")"

static void
test_comparisons(void **state)
{
	static const struct row rows[] = {
		{ "", "true", "" },
		{ "$filter=Name eq 'x'", "(" NAME " = " TEXT3 ")", "x|" },
		{ "$filter=Name%20ne%20'x'",
		    "(" NAME " IS DISTINCT FROM " TEXT3 ")", "x|" },
		{ "$filter='x'+lt+Name", "(" TEXT3 " < " NAME ")", "x|" },
		{ "filter=small le -2147483648", "(r.small <= $3::bigint)",
		    "-2147483648|" },
		{ "FILTER=Big GT 9223372036854775807", "(r.big > $3::bigint)",
		    "9223372036854775807|" },
		{ "$filter=Ratio ge 1.5e1", "(r.ratio >= $3::double precision)",
		    "15|" },
		{ "$filter=Changed lt 2026-02-28T23:59:59.1234567%2B02:00",
		    "(r.changed < $3::timestamptz)",
		    "2026-02-28T21:59:59.123456Z|" },
		{ "$filter=Changed ge 2024-02-29",
		    "(r.changed >= $3::timestamptz)",
		    "2024-02-29T00:00:00.000000Z|" },
		{ "$filter=Guid eq ABCDEF01-0000-1111-2222-333344445555",
		    "(r.guid = $3::uuid)",
		    "abcdef01-0000-1111-2222-333344445555|" },
		{ "$filter=Note eq null", "(" NOTE " IS NULL)", "" },
		{ "$filter=null ne Note", "(" NOTE " IS NOT NULL)", "" },
		{ "$filter=Note gt null", "false", "" },
		{ "$filter=Name eq Note",
		    "(" NAME " IS NOT DISTINCT FROM " NOTE ")", "" },
		{ "$filter=Small in (1, 2,null)",
		    "coalesce(r.small IN ($3::bigint, $4::bigint), true)",
		    "1|2|" },
		{ "$filter=Small in (null,null)", "(r.small IS NULL)", "" },
		{ "$filter=Flag", "r.flag", "" },
		{ "$filter=Flag eq true", "r.flag", "" },
		/* What is null is not false. */
		{ "$filter=Flag ne false",
		    "(r.flag IS DISTINCT FROM $3::boolean)", "false|" },
		{ "$filter=Place/City eq 'x'",
		    "(((r.place->>'City') COLLATE \"C\") = " TEXT3 ")", "x|" },
		{ "$filter=place/inner/NUMBER eq 1",
		    "(((r.place->'Inner'->>'Number')::bigint) = $3::bigint)",
		    "1|" },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static void
test_logic(void **state)
{
	static const struct row rows[] = {
		/* and before or; not before both, and exact below it */
		{ "$filter=Flag or Flag and not (Small eq 1)",
		    "(r.flag OR (r.flag AND (NOT "
		    "(r.small IS NOT DISTINCT FROM $3::bigint))))",
		    "1|" },
		{ "$filter=(Flag or Flag) and Flag",
		    "((r.flag OR r.flag) AND r.flag)", "" },
		{ "$filter=not (Small gt 1)",
		    "(NOT coalesce(r.small > $3::bigint, false))", "1|" },
		{ "$filter=not (Small in (1))",
		    "(NOT coalesce(r.small IN ($3::bigint), false))", "1|" },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static void
test_functions(void **state)
{
	static const struct row rows[] = {
		/* As scripts for the AdminService write it: an index serves. */
		{ "$filter=startswith(Name,'All') eq true",
		    "(" NAME " >= " TEXT3 " AND " NAME " < $4::text)",
		    "All|Alm|" },
		{ "$filter=startswith(Name,'a_%25')",
		    "(" NAME " >= " TEXT3 " AND " NAME " < $4::text)",
		    "a_%|a_&|" },
		/* Behind U+D7FF comes U+E000; behind the last, nothing. */
		{ "$filter=startswith(Name,'%ED%9F%BF')",
		    "(" NAME " >= " TEXT3 " AND " NAME " < $4::text)",
		    "\xed\x9f\xbf|\xee\x80\x80|" },
		{ "$filter=startswith(Name,'a%F4%8F%BF%BF')",
		    "(" NAME " >= " TEXT3 " AND " NAME " < $4::text)",
		    "a\xf4\x8f\xbf\xbf|b|" },
		{ "$filter=startswith(Name,'%F4%8F%BF%BF')",
		    "(" NAME " >= " TEXT3 ")", "\xf4\x8f\xbf\xbf|" },
		{ "$filter=contains(tolower(Name),'x')",
		    "(strpos((lower((" NAME "::text COLLATE \"C\"))::text "
		    "COLLATE \"C\"), (" TEXT3 "::text COLLATE \"C\")) > 0)",
		    "x|" },
		{ "$filter=year(Changed) eq 2026",
		    "(floor(extract(year FROM r.changed AT TIME ZONE 'UTC'))"
		    "::bigint = $3::bigint)",
		    "2026|" },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static void
test_collections(void **state)
{
	static const struct row rows[] = {
		{ "$filter=Tags/any()",
		    "(EXISTS (SELECT FROM unnest(r.tags) AS v1(v)))", "" },
		{ "$filter=Tags/any(t: t eq 'x')",
		    "(EXISTS (SELECT FROM unnest(r.tags) AS v1(v) WHERE "
		    "((v1.v COLLATE \"C\") = " TEXT3 ")))",
		    "x|" },
		{ "$filter=Numbers/all(n:n gt Small)",
		    "(NOT EXISTS (SELECT FROM unnest(r.numbers) AS v1(v) WHERE "
		    "((v1.v > r.small)) IS NOT TRUE))",
		    "" },
		{ "$filter=Items/any(i:i/Marks/any(m:m eq i/Text))",
		    "(EXISTS (SELECT FROM jsonb_array_elements(CASE "
		    "jsonb_typeof(r.items) WHEN 'array' THEN r.items END) AS "
		    "v1(v) WHERE (EXISTS (SELECT FROM (SELECT e::text FROM "
		    "jsonb_array_elements_text(CASE "
		    "jsonb_typeof(v1.v->'Marks') WHEN 'array' THEN "
		    "v1.v->'Marks' END) AS e) AS v2(v) WHERE "
		    "((v2.v COLLATE \"C\") IS NOT DISTINCT FROM "
		    "((v1.v->>'Text') COLLATE \"C\"))))))",
		    "" },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

/* 97: "$filter=Name eq 'x'' or 1 eq 1'" is one literal text. */
static void
test_quotes_stay_in_parameters(void **state)
{
	static const struct row rows[] = {
		{ "$filter=Name eq 'x'' or 1 eq 1'", "(" NAME " = " TEXT3 ")",
		    "x' or 1 eq 1|" },
		{ "$filter=Name eq '''); DROP TABLE x; --'",
		    "(" NAME " = " TEXT3 ")", "'); DROP TABLE x; --|" },
		{ "$search=\"'); --\"",
		    "(coalesce(strpos(lower((r.id COLLATE \"C\")), "
		    "lower($3::text COLLATE \"C\")) > 0, false) OR "
		    "coalesce(strpos(lower(" NAME "), "
		    "lower($3::text COLLATE \"C\")) > 0, false) OR "
		    "coalesce(strpos(lower(" NOTE "), "
		    "lower($3::text COLLATE \"C\")) > 0, false))",
		    "'); --|" },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static void
read_ok(struct rv_arena *arena, const char *text, struct rv_odata_query *query)
{
	struct rv_odata_fault fault = { 0 };

	assert_int_equal(rv_odata_query_read(arena, &sample, false,
			     rv_slice_of(text), query, &fault),
	    RV_OK);
}

#define SMALL_KEY "(r.key COLLATE \"C\")"

static void
test_order(void **state)
{
	static const struct row rows[] = {
		{ "", "ORDER BY " SMALL_KEY, "" },
		{ "$orderby=Name", "ORDER BY " NAME ", " SMALL_KEY, "" },
		{ "$orderby=note desc,Small asc,Changed,place/zip",
		    "ORDER BY " NOTE " DESC NULLS LAST, r.small, r.changed "
		    "NULLS FIRST, ((r.place->>'Zip')::bigint) NULLS "
		    "FIRST, " SMALL_KEY,
		    "" },
	};

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(rows); i++) {
		struct rv_arena *arena = rv_arena_new(0);
		struct rv_odata_sql sql = { .first = 1 };
		struct rv_odata_query query;

		read_ok(arena, rows[i].query, &query);
		assert_int_equal(
		    rv_odata_sql_order(arena, &query, &sql), RV_OK);
		assert_string_equal(rv_buf_cstr(&sql.text), rows[i].sql);
		rv_buf_fini(&sql.text);
		rv_arena_free(&arena);
	}
}

static void
check_after(const char *text, const struct rv_slice *last, size_t n,
    const char *expected)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_sql sql = { .first = 5 };
	unsigned values = 0;
	struct rv_odata_query query;

	read_ok(arena, text, &query);
	assert_int_equal(
	    rv_odata_sql_after(arena, &query, last, n, &sql), RV_OK);
	assert_string_equal(rv_buf_cstr(&sql.text), expected);
	for (size_t i = 0; i < n; i++)
		values += last[i].p != NULL;
	assert_int_equal(sql.n_params, values);
	rv_buf_fini(&sql.text);
	rv_arena_free(&arena);
}

static void
test_after(void **state)
{
	const struct rv_slice key[] = { RV_SLICE_LIT("k") };
	const struct rv_slice two[] = { RV_SLICE_LIT("a"), RV_SLICE_LIT("k") };
	const struct rv_slice none[] = { RV_SLICE_NONE, RV_SLICE_LIT("k") };

	(void)state;
	check_after("", NULL, 0, "true");
	check_after("", key, 1, SMALL_KEY " > $5::text");
	check_after("$orderby=Name", two, 2,
	    "(" NAME ", " SMALL_KEY ") > ($5::text, $6::text)");
	check_after("$orderby=Name desc", two, 2,
	    "(" NAME " < $5::text OR (" NAME " = $5::text AND " SMALL_KEY
	    " > $6::text))");
	check_after("$orderby=Note", none, 2,
	    "(" NOTE " IS NOT NULL OR (" NOTE " IS NULL AND " SMALL_KEY
	    " > $5::text))");
	check_after("$orderby=Note desc", two, 2,
	    "(" NOTE " < $5::text OR " NOTE " IS NULL OR (" NOTE
	    " = $5::text AND " SMALL_KEY " > $6::text))");
	check_after("$orderby=Note desc", none, 2,
	    "(false OR (" NOTE " IS NULL AND " SMALL_KEY " > $5::text))");
}

/* Whoever forges a token does not get a statement with holes. */
static void
test_after_refuses(void **state)
{
	const struct rv_slice bad[] = { RV_SLICE_LIT("a"), RV_SLICE_NONE };
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_sql sql = { .first = 1 };
	struct rv_odata_query query;

	(void)state;
	read_ok(arena, "$orderby=Name", &query);
	assert_int_equal(
	    rv_odata_sql_after(arena, &query, bad, 1, &sql), RV_ERR_INVALID);
	assert_int_equal(
	    rv_odata_sql_after(arena, &query, bad, 2, &sql), RV_ERR_INVALID);
	sql.n_params = RV_ODATA_PARAMS_MAX - 1;
	assert_int_equal(
	    rv_odata_sql_after(arena, &query,
		(struct rv_slice[]){ RV_SLICE_LIT("a"), RV_SLICE_LIT("k") }, 2,
		&sql),
	    RV_ERR_LIMIT);
	rv_buf_fini(&sql.text);
	read_ok(arena, "$filter=Small eq 1", &query);
	sql.n_params = RV_ODATA_PARAMS_MAX;
	assert_int_equal(rv_odata_sql_where(arena, &query, &sql), RV_ERR_LIMIT);
	rv_buf_fini(&sql.text);
	rv_arena_free(&arena);
}

static void
test_sort_values(void **state)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_sql sql = { .first = 1 };
	struct rv_odata_query query;

	(void)state;
	read_ok(arena, "$orderby=Small,Name desc", &query);
	assert_int_equal(rv_odata_sql_sort_values(&query, &sql), RV_OK);
	assert_string_equal(rv_buf_cstr(&sql.text),
	    "ARRAY[r.small::text, " NAME "::text, " SMALL_KEY "]");
	rv_buf_fini(&sql.text);
	rv_arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_comparisons),
		cmocka_unit_test(test_logic),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_collections),
		cmocka_unit_test(test_quotes_stay_in_parameters),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_after),
		cmocka_unit_test(test_after_refuses),
		cmocka_unit_test(test_sort_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
