/*
 * Conditions.  Each is written for one of two readers: one that asks only
 * whether it is true (WHERE, AND, OR: null and false are the same, and an
 * index can serve the comparison), or one that needs the value exactly.
 */
#include "odata/reader.h"
#include "odata/sql_put.h"
#include "odata/value.h"

#define PLACE_MAX 1000000000 /* in a text; none is as long */

struct writer {
	struct rv_arena *arena;
	struct rv_odata_sql *sql;
	const struct rv_odata_class *class;
};

/*
 * A tree has at most RV_ODATA_NODES_MAX nodes: no way down is longer.
 * NOLINTBEGIN(misc-no-recursion)
 */
static int put(struct writer *w, const struct rv_odata_node *node, bool truth);

static void
text(struct writer *w, const char *s)
{
	rv_buf_puts(&w->sql->text, s);
}

/* before a between b after. */
static int
put_two(struct writer *w, const char *before, const struct rv_odata_node *a,
    const char *between, const struct rv_odata_node *b, const char *after)
{
	int r;

	text(w, before);
	r = put(w, a, false);
	text(w, between);
	if (r == RV_OK)
		r = put(w, b, false);
	text(w, after);
	return r;
}

static int
put_one(struct writer *w, const char *before, const struct rv_odata_node *a,
    const char *after)
{
	int r;

	text(w, before);
	r = put(w, a, false);
	text(w, after);
	return r;
}

/* ---- Comparisons ----------------------------------------------------------
 */

static bool
is_value(const struct rv_odata_node *node)
{
	return node->kind == RV_ODATA_LITERAL && node->type != RV_ODATA_NULL;
}

static bool
is_literal_null(const struct rv_odata_node *node)
{
	return node->type == RV_ODATA_NULL;
}

static bool
is_literal_true(const struct rv_odata_node *node)
{
	return node->kind == RV_ODATA_LITERAL && node->type == RV_ODATA_BOOL &&
	       node->value.i != 0;
}

static int
put_null_test(struct writer *w, const struct rv_odata_node *a, bool equal)
{
	return put_one(w, "(", a, equal ? " IS NULL)" : " IS NOT NULL)");
}

/* eq and ne are never null. */
static int
put_equal(struct writer *w, const struct rv_odata_node *node, bool truth)
{
	const struct rv_odata_node *a = node->args[0], *b = node->args[1];
	bool equal = node->kind == RV_ODATA_EQ;

	if (is_literal_null(b))
		return put_null_test(w, a, equal);
	if (is_literal_null(a))
		return put_null_test(w, b, equal);
	/* "startswith(Name,'All') eq true" is "startswith(Name,'All')". */
	if (truth && equal && is_literal_true(b))
		return put(w, a, true);
	if (truth && equal && (is_value(a) || is_value(b)))
		return put_two(w, "(", a, " = ", b, ")");
	return put_two(w, "(", a,
	    equal ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ", b, ")");
}

static const char *
order_operator(enum rv_odata_kind kind)
{
	return kind == RV_ODATA_GT   ? " > "
	       : kind == RV_ODATA_GE ? " >= "
	       : kind == RV_ODATA_LT ? " < "
				     : " <= ";
}

static int
put_less_or_greater(
    struct writer *w, const struct rv_odata_node *node, bool truth)
{
	const struct rv_odata_node *a = node->args[0], *b = node->args[1];

	if (is_literal_null(a) || is_literal_null(b)) {
		text(w, "false");
		return RV_OK;
	}
	return put_two(w, truth ? "(" : "coalesce(", a,
	    order_operator(node->kind), b, truth ? ")" : ", false)");
}

/* Like eq with each: null is in a list that has it. */
static int
put_in(struct writer *w, const struct rv_odata_node *node, bool truth)
{
	size_t values = 0, n = 0;
	bool has_null;
	int r;

	for (size_t i = 1; i < node->n_args; i++)
		values += !is_literal_null(node->args[i]);
	has_null = values < node->n_args - 1;
	/* SQL has no empty list. */
	if (values == 0)
		return put_null_test(w, node->args[0], true);
	text(w, truth && !has_null ? "(" : "coalesce(");
	r = put(w, node->args[0], false);
	text(w, " IN (");
	for (size_t i = 1; r == RV_OK && i < node->n_args; i++) {
		if (is_literal_null(node->args[i]))
			continue;
		text(w, n++ > 0 ? ", " : "");
		r = put(w, node->args[i], false);
	}
	text(w, ")");
	if (truth && !has_null)
		text(w, ")");
	else
		text(w, has_null ? ", true)" : ", false)");
	return r;
}

/* ---- Functions ------------------------------------------------------------
 */

/* A known prefix is a range of an index on (column COLLATE "C"). */
static int
put_prefix(struct writer *w, const struct rv_odata_node *a,
    const struct rv_odata_node *prefix)
{
	struct rv_slice end = RV_SLICE_NONE;
	int r = rv_odata_prefix_end(w->arena, prefix->value.text, &end);

	if (r != RV_OK)
		return r;
	r = put_two(w, "(", a, " >= ", prefix, "");
	if (r == RV_OK && end.p != NULL) {
		r = put_one(w, " AND ", a, " < ");
		if (r == RV_OK)
			r = rv_odata_put_param(w->sql, RV_ODATA_STRING, end.p);
	}
	text(w, ")");
	return r;
}

/* SQL's NULL of a known type: null itself has none. */
static int
put_strings(struct writer *w, const char *before, const struct rv_odata_node *a,
    const char *between, const struct rv_odata_node *b, const char *after)
{
	static const char as_text[] = "::text COLLATE \"C\")";
	int r;

	text(w, before);
	r = put_one(w, "(", a, as_text);
	text(w, between);
	if (r == RV_OK && b != NULL)
		r = put_one(w, "(", b, as_text);
	text(w, after);
	return r;
}

/*
 * A place in a text or its length: below 0 it is 0, beyond any text it is a
 * number that fits.  least() and greatest() would pass null over.
 */
static int
put_place(struct writer *w, const struct rv_odata_node *node)
{
	static const char clamp[] =
	    "(SELECT CASE WHEN p IS NOT NULL THEN least(greatest(p, 0), ";
	static const char of[] = ")::integer END FROM (SELECT ";
	struct rv_odata_value value = node->value;
	int r;

	if (is_value(node)) {
		value.i = value.i < 0 ? 0 : value.i;
		value.i = value.i > PLACE_MAX ? PLACE_MAX : value.i;
		r = rv_odata_put_value(w->arena, w->sql, &value);
		text(w, "::integer");
		return r;
	}
	text(w, clamp);
	rv_buf_printf(&w->sql->text, "%d", PLACE_MAX);
	text(w, of);
	return put_one(w, "(", node, ")::bigint AS p) AS q)");
}

static int
put_substring(struct writer *w, const struct rv_odata_node *node)
{
	int r = put_strings(w, "substr(", node->args[0], ", (", NULL, "");

	if (r == RV_OK)
		r = put_place(w, node->args[1]);
	text(w, ") + 1");
	if (r == RV_OK && node->n_args == 3) {
		text(w, ", ");
		r = put_place(w, node->args[2]);
	}
	text(w, ")");
	return r;
}

/* A part of a date: those of a date with a time are UTC's. */
static int
put_part(struct writer *w, const char *part, const struct rv_odata_node *a)
{
	int r;

	text(w, "floor(extract(");
	text(w, part);
	r = put_one(w, " FROM ", a, "");
	if (a->type == RV_ODATA_INSTANT)
		text(w, " AT TIME ZONE 'UTC'");
	/* null has no type of its own. */
	if (a->type == RV_ODATA_NULL)
		text(w, "::timestamp");
	text(w, "))::bigint");
	return r;
}

static int
put_date_function(struct writer *w, const struct rv_odata_node *node)
{
	const struct rv_odata_node *a = node->args[0];

	switch ((int)node->function) {
	case RV_ODATA_F_YEAR:
		return put_part(w, "year", a);
	case RV_ODATA_F_MONTH:
		return put_part(w, "month", a);
	case RV_ODATA_F_DAY:
		return put_part(w, "day", a);
	case RV_ODATA_F_HOUR:
		return put_part(w, "hour", a);
	case RV_ODATA_F_MINUTE:
		return put_part(w, "minute", a);
	case RV_ODATA_F_SECOND:
		return put_part(w, "second", a);
	default:
		break;
	}
	return put_one(w, "((", a, ")::timestamptz AT TIME ZONE 'UTC')::date");
}

static int
put_call(struct writer *w, const struct rv_odata_node *node)
{
	const struct rv_odata_node *a = node->args[0];
	const struct rv_odata_node *b = node->n_args > 1 ? node->args[1] : NULL;

	switch ((int)node->function) {
	case RV_ODATA_F_CONTAINS:
		return put_strings(w, "(strpos(", a, ", ", b, ") > 0)");
	case RV_ODATA_F_STARTSWITH:
		if (b != NULL && is_value(b) && a->kind == RV_ODATA_PATH)
			return put_prefix(w, a, b);
		return put_strings(w, "starts_with(", a, ", ", b, ")");
	case RV_ODATA_F_ENDSWITH:
		text(w, "(");
		return put_strings(
		    w, "starts_with(reverse(", a, "), reverse(", b, ")))");
	case RV_ODATA_F_TOLOWER:
		return put_strings(w, "lower(", a, "", NULL, ")");
	case RV_ODATA_F_TOUPPER:
		return put_strings(w, "upper(", a, "", NULL, ")");
	case RV_ODATA_F_LENGTH:
		return put_strings(w, "length(", a, "", NULL, ")::bigint");
	case RV_ODATA_F_INDEXOF:
		return put_strings(w, "(strpos(", a, ", ", b, ") - 1)::bigint");
	case RV_ODATA_F_SUBSTRING:
		return put_substring(w, node);
	case RV_ODATA_F_CONCAT:
		return put_strings(w, "(", a, " || ", b, ")");
	case RV_ODATA_F_TRIM:
		return put_strings(
		    w, "btrim(", a, ", E' \\t\\n\\r\\f\\v'", NULL, ")");
	default:
		break;
	}
	return put_date_function(w, node);
}

/* ---- any() and all() ------------------------------------------------------
 */

static int
put_lambda(struct writer *w, const struct rv_odata_node *node)
{
	static const char exists[] = "EXISTS (SELECT FROM ";
	bool all = node->kind == RV_ODATA_ALL;
	const struct rv_odata_node *of = node->args[0];
	unsigned depth = 1;
	int r = RV_OK;

	for (const struct rv_odata_variable *v = of->variable; v != NULL;
	     v = v->outer)
		depth++;
	if (node->variable != NULL)
		depth = node->variable->depth;
	text(w, all ? "(NOT " : "(");
	text(w, exists);
	rv_odata_put_elements(w->sql, &of->path, of->variable, depth);
	if (node->n_args == 2) {
		text(w, all ? " WHERE (" : " WHERE ");
		r = put(w, node->args[1], true);
		text(w, all ? ") IS NOT TRUE" : "");
	}
	text(w, "))");
	return r;
}

/* ---- $search --------------------------------------------------------------
 */

/* One parameter, looked for in each property; letters in any case. */
static int
put_term(struct writer *w, const struct rv_odata_node *node)
{
	static const char look[] = "strpos(lower(";
	const char *word = rv_odata_value_text(w->arena, &node->value);
	unsigned number = w->sql->first + w->sql->n_params;
	size_t n = 0;

	if (w->sql->n_params >= RV_ODATA_PARAMS_MAX)
		return RV_ERR_LIMIT;
	if (word == NULL)
		return RV_ERR_NOMEM;
	w->sql->params[w->sql->n_params++] = word;
	text(w, "(");
	for (size_t i = 0; i < w->class->n_properties; i++) {
		const struct rv_odata_property *p = &w->class->properties[i];
		const struct rv_odata_path path = { &p, 1 };

		if (!rv_odata_is_searched(p))
			continue;
		text(w, n++ > 0 ? " OR coalesce(" : "coalesce(");
		text(w, look);
		rv_odata_put_path(w->sql, &path, NULL);
		rv_buf_printf(&w->sql->text,
		    "), lower($%u::text COLLATE \"C\")) > 0, false)", number);
	}
	text(w, n == 0 ? "false)" : ")");
	return RV_OK;
}

/* ---- All ------------------------------------------------------------------
 */

static int
put_joined(struct writer *w, const struct rv_odata_node *node, bool truth)
{
	int r;

	text(w, "(");
	r = put(w, node->args[0], truth);
	text(w, node->kind == RV_ODATA_AND ? " AND " : " OR ");
	if (r == RV_OK)
		r = put(w, node->args[1], truth);
	text(w, ")");
	return r;
}

/* A null condition alone has no type that AND could join. */
static int
put_literal(struct writer *w, const struct rv_odata_node *node)
{
	return rv_odata_put_value(w->arena, w->sql, &node->value);
}

static int
put(struct writer *w, const struct rv_odata_node *node, bool truth)
{
	RV_ASSERT(node != NULL);
	switch (node->kind) {
	case RV_ODATA_LITERAL:
		return put_literal(w, node);
	case RV_ODATA_PATH:
		rv_odata_put_path(w->sql, &node->path, node->variable);
		return RV_OK;
	case RV_ODATA_EQ:
	case RV_ODATA_NE:
		return put_equal(w, node, truth);
	case RV_ODATA_GT:
	case RV_ODATA_GE:
	case RV_ODATA_LT:
	case RV_ODATA_LE:
		return put_less_or_greater(w, node, truth);
	case RV_ODATA_IN:
		return put_in(w, node, truth);
	case RV_ODATA_AND:
	case RV_ODATA_OR:
		return put_joined(w, node, truth);
	case RV_ODATA_NOT:
		return put_one(w, "(NOT ", node->args[0], ")");
	case RV_ODATA_CALL:
		return put_call(w, node);
	case RV_ODATA_ANY:
	case RV_ODATA_ALL:
		return put_lambda(w, node);
	case RV_ODATA_TERM:
		return put_term(w, node);
	}
	return RV_ERR_INTERNAL;
}

/* NOLINTEND(misc-no-recursion) */

int
rv_odata_sql_where(struct rv_arena *arena, const struct rv_odata_query *query,
    struct rv_odata_sql *sql)
{
	struct writer w = { arena, sql, query->class };
	int r = RV_OK;

	if (query->filter == NULL && query->search == NULL)
		text(&w, "true");
	if (query->filter != NULL)
		r = put(&w, query->filter, true);
	if (query->filter != NULL && query->search != NULL)
		text(&w, " AND ");
	if (r == RV_OK && query->search != NULL)
		r = put(&w, query->search, true);
	if (r == RV_OK && sql->text.failed)
		r = RV_ERR_NOMEM;
	return r;
}
