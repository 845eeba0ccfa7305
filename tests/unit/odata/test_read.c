/* What of a query is read, what is refused, and how it is said. */
#include "unit/unit.h"

#include <stdio.h>

#include "odata/tree.h"
#include "unit/odata/sample.h"

struct read {
	struct rv_arena *arena;
	struct rv_odata_query query;
	struct rv_odata_fault fault;
	int r;
};

static void
begin(struct read *t, const char *text, bool single)
{
	*t = (struct read){ .arena = rv_arena_new(0) };
	assert_non_null(t->arena);
	t->r = rv_odata_query_read(
	    t->arena, &sample, single, rv_slice_of(text), &t->query, &t->fault);
}

static void
end(struct read *t)
{
	rv_arena_free(&t->arena);
}

struct refused {
	const char *query;
	const char *option;
	size_t at;
	const char *what; /* a part of it */
	bool unsupported;
};

static void
check_refused(const struct refused *row)
{
	struct read t;

	begin(&t, row->query, false);
	if (t.r != RV_ERR_INVALID)
		print_error("%s: %d\n", row->query, t.r);
	assert_int_equal(t.r, RV_ERR_INVALID);
	if (strstr(t.fault.what, row->what) == NULL || t.fault.at != row->at ||
	    t.fault.unsupported != row->unsupported)
		print_error(
		    "%s: at %zu: %s\n", row->query, t.fault.at, t.fault.what);
	assert_non_null(strstr(t.fault.what, row->what));
	assert_int_equal(t.fault.at, row->at);
	assert_int_equal(t.fault.unsupported, row->unsupported);
	if (row->option == NULL)
		assert_null(t.fault.option);
	else
		assert_string_equal(t.fault.option, row->option);
	end(&t);
}

static void
check_all(const struct refused *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_refused(&rows[i]);
}

static void
test_types(void **state)
{
	static const struct refused rows[] = {
		{ "$filter=Name eq 5", "$filter", 5,
		    "a string does not compare with a whole number", false },
		{ "$filter=5.5 eq Name", "$filter", 4,
		    "a number does not compare with a string", false },
		{ "$filter=Small eq '5'", "$filter", 6,
		    "a whole number does not compare with a string", false },
		{ "$filter=Small in (1,'5')", "$filter", 12, "does not compare",
		    false },
		{ "$filter=Flag eq 1", "$filter", 5, "a boolean", false },
		{ "$filter=Guid eq 'x'", "$filter", 5, "a GUID", false },
		{ "$filter=date(Changed) eq Changed", "$filter", 14,
		    "a date with a time", false },
		{ "$filter=Name", "$filter", 0, "a condition is needed",
		    false },
		{ "$filter=Flag and Name", "$filter", 9,
		    "a condition is needed", false },
		{ "$filter=not Name eq 'x'", "$filter", 4, "parentheses",
		    false },
		{ "$filter=contains(Small,'x')", "$filter", 9,
		    "contains() takes a string here, not a whole number",
		    false },
		{ "$filter=contains(Tags,'x')", "$filter", 9,
		    "not a collection", false },
		{ "$filter=Tags eq 'x'", "$filter", 5,
		    "a collection does not compare", false },
		{ "$filter=Place eq null", "$filter", 6,
		    "an object does not compare", false },
		{ "$filter=Tags/all(t:t)", "$filter", 11,
		    "a condition is needed", false },
		{ "$filter=hour(2026-01-01) eq 1", "$filter", 5,
		    "hour() takes a date with a time", false },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static void
test_syntax(void **state)
{
	static const struct refused rows[] = {
		{ "$filter=", "$filter", 0, "the text ends", false },
		{ "$filter", "$filter", 0, "the text ends", false },
		{ "$filter=Name", "$filter", 0, "condition", false },
		{ "$filter=Name eq", "$filter", 7, "the text ends", false },
		{ "$filter=Name eq 'x", "$filter", 8, "does not end", false },
		{ "$filter=Name eq x", "$filter", 8,
		    "SMS_Sample has no property x", false },
		{ "$filter=Nme eq 'x'", "$filter", 0, "no property Nme",
		    false },
		{ "$filter=Nam eq 'x'", "$filter", 0, "did you mean Name?",
		    false },
		{ "$filter=(Flag", "$filter", 5, "')' is expected", false },
		{ "$filter=Flag)", "$filter", 4, "the end is expected, not ')'",
		    false },
		{ "$filter=Flag Flag", "$filter", 5,
		    "the end is expected, not Flag", false },
		{ "$filter=Small eq 1 eq 1", "$filter", 11, "the end", false },
		{ "$filter=Small in ()", "$filter", 10, "a value", false },
		{ "$filter=Small in (Small)", "$filter", 10, "a value", false },
		{ "$filter=Name/x eq 1", "$filter", 4, "has no properties",
		    false },
		{ "$filter=Place/x eq 1", "$filter", 6, "Place has no property",
		    false },
		{ "$filter=Items/Text eq 'x'", "$filter", 5, "any()", false },
		{ "$filter=Name/any(x:true)", "$filter", 5, "not into a string",
		    false },
		{ "$filter=Tags/all()", "$filter", 9, "a variable", false },
		{ "$filter=Tags/any(t:Tags/any(t:true))", "$filter", 20,
		    "in use already", false },
		{ "$filter=Tags/any(t:t/x eq 1)", "$filter", 12,
		    "have no properties", false },
		{ "$filter=Tags/any(t:true) and t eq 'x'", "$filter", 21,
		    "no property t", false },
		{ "$filter=length() eq 1", "$filter", 7, "is expected", false },
		{ "$filter=contains(Name) eq true", "$filter", 13,
		    "takes 2 arguments", false },
		{ "$filter=length(Name,Name) eq 1", "$filter", 12,
		    "no more than 1", false },
		{ "$filter=nothing(Name)", "$filter", 0,
		    "there is no function nothing()", false },
		{ "$filter=Name eq \"x\"", "$filter", 8, "'\"'", false },
		{ "$filter=%C3%A4 eq 1", "$filter", 0, "in quotes only",
		    false },
		{ "$filter=Small eq 1x", "$filter", 9, "is no number", false },
		{ "$filter=Small eq 1.", "$filter", 9, "is no number", false },
		{ "$filter=Changed gt 2026-01-01T00:00:00", "$filter", 11,
		    "and zone", false },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static const char long_number[] = "999999999999999999999999999999999999"
				  "999999999999999999999999999999999999";

/* 92: 1e999, -0 and 2^63 are no numbers of ours; dates that are none. */
static void
test_numbers_out_of_range(void **state)
{
	static const char *const values[] = { "1e999", "-1e999", "-0", "-0.0",
		"9223372036854775808", "-9223372036854775809", long_number,
		"2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01",
		"2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z", "2026-01-01T00:00:00%2B15:00",
		"0001-01-01T00:00:00%2B00:01", "9999-12-31T23:59:59-00:01" };

	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(values); i++) {
		char query[160];
		struct refused row = { query, "$filter", 4, "out of range",
			false };

		(void)snprintf(
		    query, sizeof(query), "$filter=Big eq %s", values[i]);
		row.at = 7;
		check_refused(&row);
	}
}

/* Of OData, but not here: 501, said apart from what is wrong. */
static void
test_unsupported(void **state)
{
	static const struct refused rows[] = {
		{ "$apply=x", "$apply", 0, "not supported", true },
		{ "COMPUTE=x", "$compute", 0, "not supported", true },
		{ "$deltatoken=x", "$deltatoken", 0, "not supported", true },
		{ "$nothing=x", "$nothing", 0, "not supported", true },
		{ "@p=1", "@p", 0, "not supported", true },
		{ "$format=xml", "$format", 0, "json", true },
		{ "$filter=round(Ratio) eq 1", "$filter", 0, "round()", true },
		{ "$filter=cast(Name,Edm.String) eq 'x'", "$filter", 0,
		    "cast()", true },
		{ "$filter=Small add 1 eq 2", "$filter", 6, "add", true },
		{ "$filter=-Small eq 1", "$filter", 0, "arithmetic", true },
		{ "$filter=Small has 1", "$filter", 6, "has", true },
		{ "$filter=Ratio eq INF", "$filter", 9, "INF", true },
		{ "$filter=$it/Name eq 'x'", "$filter", 0, "$it", true },
		{ "$filter=Name eq @p", "$filter", 8, "@p", true },
		{ "$filter=Tags/$count eq 1", "$filter", 4, "$count", true },
		{ "$filter=Absent eq 'x'", "$filter", 0,
		    "Absent is not supported", true },
		{ "$orderby=length(Name)", "$orderby", 0, "no property",
		    false },
		{ "$expand=*", "$expand", 0, "'*'", true },
		{ "$expand=Others/$ref", "$expand", 6, "paths", true },
		{ "$expand=Others($levels=2)", "$expand", 7, "not supported",
		    true },
		{ "$select=Place($select=City)", "$select", 5, "options",
		    true },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

/* 98: what may not be filtered by cannot be ordered by, nor looked into. */
static void
test_forbidden_properties(void **state)
{
	static const struct refused rows[] = {
		{ "$filter=Secret eq 'x'", "$filter", 0, "cannot stand",
		    false },
		{ "$orderby=Secret", "$orderby", 0, "cannot stand", false },
		{ "$filter=contains(SECRET,'x')", "$filter", 9, "cannot stand",
		    false },
		{ "$filter=Place/Inner/Hidden eq 'x'", "$filter", 12,
		    "cannot stand", false },
		{ "$filter=Items/any(i:i/Hidden eq 'x')", "$filter", 14,
		    "cannot stand", false },
		{ "$orderby=Place/Inner/Hidden", "$orderby", 12, "cannot stand",
		    false },
		{ "$filter=Others/any()", "$filter", 0, "cannot stand", false },
		{ "$select=Nothing", "$select", 0, "no property Nothing",
		    false },
		{ "$select=Place/Nothing", "$select", 6,
		    "Place has no property", false },
		{ "$expand=Name", "$expand", 0, "no other objects", false },
		{ "$expand=Nothing", "$expand", 0, "no property", false },
		{ "$expand=Others($filter=Nothing eq 1)", "$expand", 15,
		    "Other has no property Nothing", false },
		{ "$orderby=Tags", "$orderby", 0, "no single value", false },
		{ "$orderby=Place", "$orderby", 0, "no single value", false },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static void
test_options(void **state)
{
	static const struct refused rows[] = {
		{ "$top=1&TOP=1", "$top", 0, "twice", false },
		{ "$top=", "$top", 0, "whole number", false },
		{ "$top=-1", "$top", 0, "whole number", false },
		{ "$skip=1.5", "$skip", 0, "whole number", false },
		{ "$top=18446744073709551616", "$top", 0, "1000000", false },
		{ "$count=yes", "$count", 0, "true or false", false },
		{ "$orderby=Name,", "$orderby", 5, "name of a property",
		    false },
		{ "$orderby=Name up", "$orderby", 5, "the end", false },
		{ "$select=", "$select", 0, "name of a property", false },
		{ "$expand=Others,others", "$expand", 7, "twice", false },
		{ "$expand=Others($top=1;$top=1)", "$expand", 14, "twice",
		    false },
		{ "$expand=Others($top=1", "$expand", 6, "do not end", false },
		{ "$expand=Others($skiptoken=x)", "$expand", 7, "no option",
		    false },
		{ "$expand=Others(x)", "$expand", 7, "'='", false },
		{ "$search=", "$search", 0, "a word", false },
		{ "$search=a AND", "$search", 5, "a word", false },
		{ "$search=(a", "$search", 2, "')'", false },
		{ "$search=a)", "$search", 1, "closes nothing", false },
		{ "$search=\"a", "$search", 0, "does not end", false },
		{ "$search=\"\"", "$search", 0, "nothing between", false },
		{ "$search=NOT OR", "$search", 4, "a word", false },
		{ "$filter=%zz", "$filter", 0, "percent escape", false },
		{ "$filter=%ff", "$filter", 0, "UTF-8", false },
		{ "$filter=Name eq '%00'", "$filter", 0, "control", false },
		{ "%f=1", NULL, 0, "decoded", false },
	};

	(void)state;
	check_all(rows, SAMPLE_COUNT(rows));
}

static void
test_plain_options(void **state)
{
	struct read t;

	(void)state;
	begin(&t,
	    "$top=0&skip=1000000&$Count=TRUE&$skiptoken=a%2Bb&dryRun=true&"
	    "x=%25&&$format=application/json;odata.metadata=minimal",
	    false);
	assert_int_equal(t.r, RV_OK);
	assert_int_equal(t.query.top, 0);
	assert_int_equal(t.query.skip, 1000000);
	assert_true(t.query.count);
	assert_true(rv_slice_eq_cstr(t.query.skiptoken, "a+b"));
	assert_true(t.query.select_all);
	assert_null(t.query.filter);
	assert_ptr_equal(t.query.class, &sample);
	end(&t);
	begin(&t, "", true);
	assert_int_equal(t.r, RV_OK);
	assert_true(t.query.top == SIZE_MAX);
	end(&t);
}

static void
test_one_object(void **state)
{
	static const char *const lists[] = { "$filter=Flag", "$orderby=Name",
		"$top=1", "$skip=1", "$count=true", "$search=x",
		"$skiptoken=x" };
	struct read t;

	(void)state;
	begin(&t, "$select=Name&$expand=Others&$format=json&x=y", true);
	assert_int_equal(t.r, RV_OK);
	end(&t);
	for (size_t i = 0; i < SAMPLE_COUNT(lists); i++) {
		begin(&t, lists[i], true);
		assert_int_equal(t.r, RV_ERR_INVALID);
		assert_non_null(strstr(t.fault.what, "not for one object"));
		assert_false(t.fault.unsupported);
		end(&t);
	}
}

static void
test_select_and_expand(void **state)
{
	const struct rv_odata_query *inner;
	struct read t;

	(void)state;
	begin(&t,
	    "$select=*,long,Place/Inner/Text,Items/*&"
	    "$expand=others($select=Title;$top=2;$filter=Title eq 'a;b)c';"
	    "$orderby=Number desc;$count=true;$search=\"x)\")",
	    false);
	assert_int_equal(t.r, RV_OK);
	assert_true(t.query.select_all);
	assert_int_equal(t.query.n_select, 3);
	assert_string_equal(t.query.select[0].steps[0]->name, "Long");
	assert_int_equal(t.query.select[1].n, 3);
	assert_int_equal(t.query.select[2].n, 1);
	assert_int_equal(t.query.n_expand, 1);
	inner = t.query.expand[0].query;
	assert_ptr_equal(inner->class, &sample_other);
	assert_int_equal(inner->n_select, 1);
	assert_int_equal(inner->top, 2);
	assert_true(inner->count);
	assert_true(inner->order[0].descending);
	assert_true(
	    rv_slice_eq_cstr(inner->filter->args[1]->value.text, "a;b)c"));
	assert_true(rv_slice_eq_cstr(inner->search->value.text, "x)"));
	end(&t);
}

/* now() is a time near to ours, the same in all of one query. */
static void
test_now(void **state)
{
	struct read t;
	const struct rv_odata_node *f;

	(void)state;
	begin(&t, "$filter=Changed lt now() and now() gt Changed", false);
	assert_int_equal(t.r, RV_OK);
	f = t.query.filter;
	assert_int_equal(f->args[0]->args[1]->type, RV_ODATA_INSTANT);
	assert_true(f->args[0]->args[1]->value.i >
		    INT64_C(1700000000) * INT64_C(1000000));
	assert_true(
	    f->args[0]->args[1]->value.i == f->args[1]->args[0]->value.i);
	end(&t);
}

/* Any allocation may fail: it is said, and nothing else. */
static void
test_memory(void **state)
{
	const struct rv_slice text = RV_SLICE_LIT(
	    "$filter=contains(Name,'a') and Small in (1,2) and "
	    "Items/any(i:i/Text eq 'x')&$orderby=Note&$select=Name&"
	    "$expand=Others($top=1)&$search=a b");
	bool done = false;

	(void)state;
	for (size_t max = 1; !done; max += 64) {
		struct rv_arena *arena = rv_arena_new(max);
		struct rv_odata_fault fault;
		struct rv_odata_query query;
		int r = rv_odata_query_read(
		    arena, &sample, false, text, &query, &fault);

		assert_true(r == RV_OK || r == RV_ERR_NOMEM);
		done = r == RV_OK;
		rv_arena_free(&arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_numbers_out_of_range),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_forbidden_properties),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_plain_options),
		cmocka_unit_test(test_one_object),
		cmocka_unit_test(test_select_and_expand),
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
