/*
 * Random conditions over the sample class, as text of a $filter; and random
 * bodies whose values often meet theirs.
 */
#ifndef TESTS_UNIT_ODATA_RANDOM_QUERY_H
#define TESTS_UNIT_ODATA_RANDOM_QUERY_H

#include <jansson.h>

#include "unit/odata/sample.h"
#include "unit/rbac/random.h"

/* As in a query: quotes doubled, '%' escaped. */
static const struct {
	const char *query, *body;
} random_texts[] = {
	{ "", "" },
	{ "a", "a" },
	{ "A", "A" },
	{ "ab", "ab" },
	{ "aB", "aB" },
	{ "b", "b" },
	{ "a''b", "a'b" },
	{ "a%25", "a%" },
	{ "_", "_" },
	{ " a ", " a " },
	{ "\xc3\xa4", "\xc3\xa4" },
	{ "a\xc3\xa4", "a\xc3\xa4" },
	{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "a\\b", "a\\b" },
};

static const char *const random_ints[] = { "0", "1", "2", "-1", "3", "5",
	"2147483647", "-2147483648", "9007199254740993", "9007199254740992",
	"9223372036854775807", "-9223372036854775808" };

/* Those that a column of 32 bits can hold come first. */
#define RANDOM_INTS_32 8u

static const char *const random_doubles[] = { "0.0", "0.5", "1.0", "-2.25",
	"1e10", "9007199254740992.0", "1e-300", "2.5" };

static const char *const random_instants[] = { "2026-02-28T23:59:59.5Z",
	"2026-03-01T00:00:00Z", "1969-12-31T23:59:59.999999Z",
	"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
	"2024-02-29T12:34:56.000001Z", "1970-01-01T00:00:00Z",
	"2026-03-01T01:30:00Z" };

static const char *const random_dates[] = { "2026-02-28", "2026-03-01",
	"1969-12-31", "0001-01-01", "9999-12-31" };

static const char *const random_guids[] = {
	"00000000-0000-0000-0000-000000000000",
	"abcdef01-0000-1111-2222-333344445555",
	"ffffffff-ffff-ffff-ffff-ffffffffffff"
};

#define RANDOM_OF(r, list) ((list)[random_below((r), SAMPLE_COUNT(list))])

/* ---- Conditions -----------------------------------------------------------
 */

struct random_query {
	struct random *random;
	struct rv_buf *out;
	unsigned items; /* variables i1, i2 ... of Items around us */
	unsigned marks; /* variables m1 ... of texts */
	unsigned depth;
};

static inline bool
random_one_in(struct random_query *q, unsigned n)
{
	return random_below(q->random, n) == 0;
}

static inline void
random_text_literal(struct random_query *q)
{
	if (random_one_in(q, 12)) {
		rv_buf_puts(q->out, "null");
		return;
	}
	rv_buf_printf(q->out, "'%s'", RANDOM_OF(q->random, random_texts).query);
}

static inline void
random_text_path(struct random_query *q)
{
	static const char *const paths[] = { "ID", "Name", "Note", "Name",
		"Note", "Place/City", "Place/Inner/Text" };

	if (q->marks > 0 && random_one_in(q, 2))
		rv_buf_printf(
		    q->out, "m%zu", 1 + random_below(q->random, q->marks));
	else if (q->items > 0 && random_one_in(q, 2))
		rv_buf_printf(
		    q->out, "i%zu/Text", 1 + random_below(q->random, q->items));
	else
		rv_buf_puts(q->out, RANDOM_OF(q->random, paths));
}

/* As deep as q->depth allows. NOLINTBEGIN(misc-no-recursion) */
static inline void random_number(struct random_query *q);

static inline void
random_text(struct random_query *q)
{
	static const char *const simple[] = { "tolower", "toupper", "trim" };
	size_t kind = q->depth > 3 ? 0 : random_below(q->random, 12);

	q->depth++;
	if (kind == 11) {
		rv_buf_printf(q->out, "%s(", RANDOM_OF(q->random, simple));
		random_text(q);
		rv_buf_puts(q->out, ")");
	} else if (kind == 10) {
		rv_buf_puts(q->out, "concat(");
		random_text(q);
		rv_buf_puts(q->out, ",");
		random_text(q);
		rv_buf_puts(q->out, ")");
	} else if (kind == 9) {
		rv_buf_puts(q->out, "substring(");
		random_text(q);
		rv_buf_puts(q->out, ",");
		random_number(q);
		if (random_one_in(q, 2)) {
			rv_buf_puts(q->out, ",");
			random_number(q);
		}
		rv_buf_puts(q->out, ")");
	} else if (kind >= 6) {
		random_text_literal(q);
	} else {
		random_text_path(q);
	}
	q->depth--;
}

static inline void
random_instant(struct random_query *q)
{
	static const char *const paths[] = { "Changed", "Place/Since" };

	rv_buf_puts(q->out, random_one_in(q, 3)
				? RANDOM_OF(q->random, random_instants)
				: RANDOM_OF(q->random, paths));
}

/* Whole numbers; broken ones are in comparisons only. */
static inline void
random_number(struct random_query *q)
{
	static const char *const paths[] = { "Small", "Big", "Place/Zip",
		"Place/Inner/Number" };
	static const char *const parts[] = { "year", "month", "day", "hour",
		"minute", "second" };
	size_t kind = random_below(q->random, 10);

	q->depth++;
	if (kind == 9 && q->depth < 4) {
		rv_buf_puts(q->out, "length(");
		random_text(q);
		rv_buf_puts(q->out, ")");
	} else if (kind == 8 && q->depth < 4) {
		rv_buf_puts(q->out, "indexof(");
		random_text(q);
		rv_buf_puts(q->out, ",");
		random_text(q);
		rv_buf_puts(q->out, ")");
	} else if (kind == 7) {
		rv_buf_printf(q->out, "%s(", RANDOM_OF(q->random, parts));
		random_instant(q);
		rv_buf_puts(q->out, ")");
	} else if (kind >= 4) {
		rv_buf_puts(q->out, random_one_in(q, 12)
					? "null"
					: RANDOM_OF(q->random, random_ints));
	} else if (q->items > 0 && random_one_in(q, 2)) {
		rv_buf_printf(q->out, "i%zu/Number",
		    1 + random_below(q->random, q->items));
	} else {
		rv_buf_puts(q->out, RANDOM_OF(q->random, paths));
	}
	q->depth--;
}

static inline void
random_broken(struct random_query *q)
{
	if (random_one_in(q, 3))
		random_number(q);
	else
		rv_buf_puts(q->out, random_one_in(q, 2)
					? "Ratio"
					: RANDOM_OF(q->random, random_doubles));
}

static inline void random_condition(struct random_query *q);

static inline void
random_boolean(struct random_query *q)
{
	static const char *const plain[] = { "Flag", "true", "false", "null" };

	if (random_one_in(q, 2)) {
		rv_buf_puts(q->out, RANDOM_OF(q->random, plain));
		return;
	}
	rv_buf_puts(q->out, "(");
	random_condition(q);
	rv_buf_puts(q->out, ")");
}

static inline void
random_comparison(struct random_query *q)
{
	static const char *const operators[] = { " eq ", " ne ", " gt ", " ge ",
		" lt ", " le " };
	static void (*const operands[])(struct random_query *) = { random_text,
		random_text, random_number, random_broken, random_instant,
		random_boolean };
	size_t kind = random_below(q->random, SAMPLE_COUNT(operands));

	operands[kind](q);
	rv_buf_puts(q->out, RANDOM_OF(q->random, operators));
	operands[kind](q);
}

static inline void
random_other_comparison(struct random_query *q)
{
	switch (random_below(q->random, 4)) {
	case 0:
		rv_buf_printf(
		    q->out, "Guid ne %s", RANDOM_OF(q->random, random_guids));
		break;
	case 1:
		rv_buf_printf(
		    q->out, "Guid lt %s", RANDOM_OF(q->random, random_guids));
		break;
	case 2:
		rv_buf_puts(q->out, "date(");
		random_instant(q);
		rv_buf_printf(
		    q->out, ") le %s", RANDOM_OF(q->random, random_dates));
		break;
	default:
		rv_buf_printf(q->out, "Changed ge %s",
		    RANDOM_OF(q->random, random_dates));
		break;
	}
}

static inline void
random_list(struct random_query *q)
{
	bool texts = random_one_in(q, 2);
	size_t n = 1 + random_below(q->random, 4);

	if (texts)
		random_text(q);
	else
		random_number(q);
	rv_buf_puts(q->out, " in (");
	for (size_t i = 0; i < n; i++) {
		rv_buf_puts(q->out, i > 0 ? "," : "");
		if (texts)
			random_text_literal(q);
		else
			rv_buf_puts(
			    q->out, random_one_in(q, 5)
					? RANDOM_OF(q->random, random_doubles)
					: RANDOM_OF(q->random, random_ints));
	}
	rv_buf_puts(q->out, ")");
}

static inline void
random_text_function(struct random_query *q)
{
	static const char *const names[] = { "contains", "startswith",
		"endswith" };

	rv_buf_printf(q->out, "%s(", RANDOM_OF(q->random, names));
	random_text(q);
	rv_buf_puts(q->out, ",");
	random_text(q);
	rv_buf_puts(q->out, ")");
	if (random_one_in(q, 3))
		rv_buf_puts(
		    q->out, random_one_in(q, 2) ? " eq true" : " ne true");
}

static inline void
random_lambda(struct random_query *q)
{
	const char *which = random_one_in(q, 2) ? "any" : "all";
	bool items = q->items < 2 && random_one_in(q, 2);
	unsigned *n = items ? &q->items : &q->marks;

	if (random_one_in(q, 8)) {
		rv_buf_puts(q->out, "Numbers/any()");
		return;
	}
	if (items)
		rv_buf_puts(q->out, "Items/");
	else if (q->items > 0 && random_one_in(q, 2))
		rv_buf_printf(q->out, "i%u/Marks/", q->items);
	else
		rv_buf_puts(q->out,
		    random_one_in(q, 2) ? "Tags/" : "Place/Inner/Marks/");
	++*n;
	rv_buf_printf(q->out, "%s(%c%u:", which, items ? 'i' : 'm', *n);
	random_condition(q);
	rv_buf_puts(q->out, ")");
	--*n;
}

static inline void
random_condition(struct random_query *q)
{
	size_t kind = random_below(q->random, q->depth > 3 ? 7 : 12);

	q->depth++;
	if (kind < 3) {
		random_comparison(q);
	} else if (kind == 3) {
		random_other_comparison(q);
	} else if (kind == 4) {
		random_list(q);
	} else if (kind < 7) {
		random_text_function(q);
	} else if (kind == 7) {
		random_lambda(q);
	} else if (kind == 8) {
		rv_buf_puts(q->out, "not (");
		random_condition(q);
		rv_buf_puts(q->out, ")");
	} else {
		rv_buf_puts(q->out, "(");
		random_condition(q);
		rv_buf_puts(q->out, kind == 9 ? ") or (" : ") and (");
		random_condition(q);
		rv_buf_puts(q->out, ")");
	}
	q->depth--;
}

/* NOLINTEND(misc-no-recursion) */

/* ---- Bodies ---------------------------------------------------------------
 */

static inline json_t *
random_json_text(struct random *r)
{
	return json_string(RANDOM_OF(r, random_texts).body);
}

static inline json_t *
random_json_int(struct random *r, bool wide)
{
	size_t n = wide ? SAMPLE_COUNT(random_ints) : RANDOM_INTS_32;

	return json_integer(strtoll(random_ints[random_below(r, n)], NULL, 10));
}

static inline json_t *
random_json_texts(struct random *r)
{
	json_t *list = json_array();

	for (size_t n = random_below(r, 4); n > 0; n--)
		(void)json_array_append_new(list,
		    random_chance(r, 15) ? json_null() : random_json_text(r));
	return list;
}

/* Sometimes null, sometimes not there at all: both are null. */
static inline void
random_json_set(struct random *r, json_t *object, const char *name, json_t *v)
{
	if (random_chance(r, 15)) {
		json_decref(v);
		v = random_chance(r, 50) ? json_null() : NULL;
	}
	if (v != NULL)
		(void)json_object_set_new(object, name, v);
}

static inline json_t *
random_json_inner(struct random *r)
{
	json_t *inner = json_object();

	random_json_set(r, inner, "Text", random_json_text(r));
	random_json_set(r, inner, "Number", random_json_int(r, true));
	random_json_set(r, inner, "Marks", random_json_texts(r));
	return inner;
}

static inline json_t *
random_json_place(struct random *r)
{
	json_t *place = json_object();

	random_json_set(r, place, "City", random_json_text(r));
	random_json_set(r, place, "Zip", random_json_int(r, false));
	random_json_set(
	    r, place, "Since", json_string(RANDOM_OF(r, random_instants)));
	random_json_set(r, place, "Inner", random_json_inner(r));
	return place;
}

static inline json_t *
random_body(struct random *r, const char *id)
{
	json_t *body = json_object(), *items = json_array(),
	       *numbers = json_array();

	for (size_t n = random_below(r, 3); n > 0; n--)
		(void)json_array_append_new(items, random_json_inner(r));
	for (size_t n = random_below(r, 3); n > 0; n--)
		(void)json_array_append_new(numbers, random_json_int(r, false));
	(void)json_object_set_new(body, "ID", json_string(id));
	(void)json_object_set_new(body, "Name", random_json_text(r));
	(void)json_object_set_new(body, "Small", random_json_int(r, false));
	random_json_set(r, body, "Note", random_json_text(r));
	random_json_set(r, body, "Flag", json_boolean(random_chance(r, 50)));
	random_json_set(r, body, "Big", random_json_int(r, true));
	random_json_set(r, body, "Ratio",
	    json_real(strtod(RANDOM_OF(r, random_doubles), NULL)));
	random_json_set(
	    r, body, "Changed", json_string(RANDOM_OF(r, random_instants)));
	random_json_set(
	    r, body, "Guid", json_string(RANDOM_OF(r, random_guids)));
	random_json_set(r, body, "Tags", random_json_texts(r));
	random_json_set(r, body, "Numbers", numbers);
	random_json_set(r, body, "Place", random_json_place(r));
	random_json_set(r, body, "Items", items);
	return body;
}

#endif
