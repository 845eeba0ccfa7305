/* Conditions, orders and $select on bodies in memory. */
#include "unit/unit.h"

#include "odata/eval.h"
#include "unit/odata/sample.h"

static const char body_text[] =
    "{\"@odata.etag\":\"1\",\"ID\":\"a\",\"Name\":\"Alle \xc3\x84pfel\","
    "\"Note\":null,\"Flag\":true,\"Small\":5,\"Big\":9007199254740993,"
    "\"Ratio\":0.5,\"Changed\":\"2026-01-31T23:30:00.25Z\","
    "\"Guid\":\"ABCDEF01-0000-1111-2222-333344445555\","
    "\"Tags\":[\"x\",\"y\"],\"Numbers\":[],"
    "\"Place\":{\"City\":\"Ulm\",\"Zip\":null,"
    "\"Inner\":{\"Text\":\"t\",\"Marks\":[\"m\"],\"Hidden\":\"h\"}},"
    "\"Items\":[{\"Text\":\"one\",\"Number\":1,\"Hidden\":\"h\"},"
    "{\"Text\":\"two\",\"Number\":2,\"Marks\":[\"x\"]}],"
    "\"Secret\":\"s\",\"Long\":\"l\",\"Unknown\":1,"
    "\"Others\":[{\"Number\":1,\"Kind\":\"k\",\"Title\":\"t\"}]}";

static json_t *
body_new(const char *text)
{
	json_t *body = json_loads(text, 0, NULL);

	assert_non_null(body);
	return body;
}

static void
read_ok(struct rv_arena *arena, const char *text, struct rv_odata_query *query)
{
	struct rv_odata_fault fault = { 0 };
	int r = rv_odata_query_read(
	    arena, &sample, false, rv_slice_of(text), query, &fault);

	if (r != RV_OK)
		print_error("%s: at %zu: %s\n", text, fault.at, fault.what);
	assert_int_equal(r, RV_OK);
}

static void
check_match(const json_t *body, const char *text, bool expected)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_query query;

	read_ok(arena, text, &query);
	if (rv_odata_matches(&query, &sample, body) != expected)
		print_error("%s\n", text);
	assert_int_equal(rv_odata_matches(&query, &sample, body), expected);
	rv_arena_free(&arena);
}

static void
test_true(void **state)
{
	static const char *const queries[] = { "", "$filter=true",
		"$filter=Note eq null", "$filter=not (Note gt 'a')",
		"$filter=Note ne 'a'", "$filter=Note in ('a',null)",
		"$filter=startswith(Name,'All') eq true",
		"$filter=endswith(Name,'pfel')",
		"$filter=contains(toupper(Name),'PFEL')",
		"$filter=length(Name) eq 10",
		"$filter=indexof(Name,'pfel') eq 6",
		"$filter=indexof(Name,'z') eq -1",
		"$filter=substring(Name,5,1) eq '%C3%84'",
		"$filter=substring(Name,100) eq ''",
		"$filter=substring(Name,-3,4) eq 'Alle'",
		"$filter=concat(ID,'b') eq 'ab'", "$filter=trim(' x ') eq 'x'",
		"$filter=year(Changed) eq 2026 and month(Changed) eq 1",
		"$filter=day(Changed) eq 31 and hour(Changed) eq 23",
		"$filter=minute(Changed) eq 30 and second(Changed) eq 0",
		"$filter=date(Changed) eq 2026-01-31",
		"$filter=Changed gt 2026-01-31T23:30:00Z",
		"$filter=Changed lt 2026-02-01T01:30:01%2B02:00",
		"$filter=Changed lt now()",
		"$filter=Guid eq abcdef01-0000-1111-2222-333344445555",
		"$filter=Big eq 9007199254740993",
		"$filter=Big ne 9007199254740992", "$filter=Small lt 5.5",
		"$filter=Tags/any(t:t eq 'y')", "$filter=Numbers/all(n:n gt 9)",
		"$filter=not Numbers/any()", "$filter=Place/City eq 'Ulm'",
		"$filter=Place/Inner/Marks/any(m:m eq 'm')",
		"$filter=Items/any(i:i/Text eq 'two' and i/Number eq 2)",
		"$filter=Items/any(i:i/Marks/any(m:Tags/any(t:t eq m)))",
		"$filter=Place/Inner/Number eq null", "$search=alle",
		"$search=nothing OR ALLE", "$search=\"alle \xc3\x84\" NOT x",
		"$search=alle PFEL" };
	json_t *body = body_new(body_text);

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(queries); i++)
		check_match(body, queries[i], true);
	json_decref(body);
}

static void
test_false(void **state)
{
	static const char *const queries[] = { "$filter=false", "$filter=null",
		"$filter=not null", "$filter=Note gt 'a'",
		"$filter=Note le null", "$filter=Note eq 'a'",
		/* A null is neither: nor is what is not it. */
		"$filter=contains(Note,'a')", "$filter=not contains(Note,'a')",
		"$filter=name eq 'alle \xc3\x84pfel'", "$filter=Numbers/any()",
		"$filter=Items/all(i:i/Number gt 1)",
		"$filter=Items/any(i:i/Text eq 'one' and i/Number eq 2)",
		"$filter=Changed gt 2026-02-01", "$search=NOT alle",
		"$search=alle AND nothing",
		/* What is not for filtering is not searched. */
		"$search=Ulm", "$search=s" };
	json_t *body = body_new(body_text);

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(queries); i++)
		check_match(body, queries[i], false);
	json_decref(body);
}

/* A value of another type than the class says is none. */
static void
test_wrong_types(void **state)
{
	static const char *const queries[] = { "$filter=Name eq null",
		"$filter=Small eq null", "$filter=Changed eq null",
		"$filter=Guid eq null", "$filter=Flag eq null",
		"$filter=not Tags/any()", "$filter=Place/City eq null" };
	json_t *body =
	    body_new("{\"Name\":1,\"Small\":\"1\",\"Changed\":\"soon\","
		     "\"Guid\":\"x\",\"Flag\":0,\"Tags\":\"x\",\"Place\":1}");

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(queries); i++)
		check_match(body, queries[i], true);
	json_decref(body);
}

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
check_order(const char *text, const char *a, const char *b, int expected)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_query query;
	json_t *x = body_new(a), *y = body_new(b);

	read_ok(arena, text, &query);
	assert_int_equal(sign(rv_odata_compare(&query, x, y)), expected);
	assert_int_equal(sign(rv_odata_compare(&query, y, x)), -expected);
	json_decref(x);
	json_decref(y);
	rv_arena_free(&arena);
}

static void
test_order(void **state)
{
	(void)state;
	check_order(
	    "$orderby=Name", "{\"Name\":\"Z\"}", "{\"Name\":\"a\"}", -1);
	check_order("$orderby=Note", "{\"Note\":null}", "{\"Note\":\"\"}", -1);
	check_order(
	    "$orderby=Note desc", "{\"Note\":null}", "{\"Note\":\"\"}", 1);
	check_order("$orderby=Small,Big desc", "{\"Small\":1,\"Big\":2}",
	    "{\"Small\":1,\"Big\":1}", -1);
	check_order("$orderby=Changed",
	    "{\"Changed\":\"2026-01-01T01:00:00+02:00\"}",
	    "{\"Changed\":\"2026-01-01T00:00:00Z\"}", -1);
	check_order("$orderby=Place/Zip", "{\"Place\":null}",
	    "{\"Place\":{\"Zip\":1}}", -1);
	check_order("", "{\"Small\":1}", "{\"Small\":2}", 0);
}

static void
check_select(const char *text, const char *expected)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_query query;
	json_t *body = body_new(body_text), *out;
	char *dump;

	read_ok(arena, text, &query);
	out = rv_odata_select(&query, &sample, body);
	assert_non_null(out);
	dump = json_dumps(out, JSON_COMPACT);
	assert_string_equal(dump, expected);
	free(dump);
	json_decref(out);
	json_decref(body);
	rv_arena_free(&arena);
}

#define HEAD "{\"@odata.etag\":\"1\",\"ID\":\"a\""

static void
test_select(void **state)
{
	(void)state;
	check_select(
	    "$select=Name,NAME", HEAD ",\"Name\":\"Alle \xc3\x84pfel\"}");
	check_select("$select=Long", HEAD ",\"Long\":\"l\"}");
	check_select("$select=Place/Inner/Text,Place/City",
	    HEAD ",\"Place\":{\"City\":\"Ulm\",\"Inner\":{\"Text\":\"t\"}}}");
	check_select("$select=Items/Number",
	    HEAD ",\"Items\":[{\"Number\":1},{\"Number\":2}]}");
	check_select("$select=Place/Inner/Text,Place", HEAD
	    ",\"Place\":{\"City\":\"Ulm\",\"Zip\":null,\"Inner\":{\"Text\":"
	    "\"t\",\"Marks\":[\"m\"],\"Hidden\":\"h\"}}}");
	check_select("$select=ID&$expand=Others($select=Title)", HEAD
	    ",\"Others\":[{\"Number\":1,\"Kind\":\"k\",\"Title\":\"t\"}]}");
	check_select("$select=ID&$expand=Others($select=Kind)",
	    HEAD ",\"Others\":[{\"Number\":1,\"Kind\":\"k\"}]}");
}

/* Lazy properties and other objects come only when they are named. */
static void
test_select_all(void **state)
{
	static const char *const texts[] = { "", "$select=*" };

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(texts); i++) {
		struct rv_arena *arena = rv_arena_new(0);
		struct rv_odata_query query;
		json_t *body = body_new(body_text), *out;

		read_ok(arena, texts[i], &query);
		out = rv_odata_select(&query, &sample, body);
		assert_non_null(json_object_get(out, "Secret"));
		assert_non_null(json_object_get(out, "Items"));
		assert_null(json_object_get(out, "Long"));
		assert_null(json_object_get(out, "Others"));
		assert_null(json_object_get(out, "Unknown"));
		json_decref(out);
		json_decref(body);
		rv_arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_true),
		cmocka_unit_test(test_false),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_select_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
