/* The leaves of a filter: literals and paths; and types. */
#include <string.h>

#include "odata/reader.h"
#include "odata/value.h"

enum rv_odata_type
rv_odata_type_of(const struct rv_odata_property *property)
{
	switch (property->type) {
	case RV_EDM_STRING:
		return RV_ODATA_STRING;
	case RV_EDM_BOOLEAN:
		return RV_ODATA_BOOL;
	case RV_EDM_INT32:
	case RV_EDM_INT64:
		return RV_ODATA_INT;
	case RV_EDM_DOUBLE:
		return RV_ODATA_DOUBLE;
	case RV_EDM_DATE_TIME_OFFSET:
		return RV_ODATA_INSTANT;
	case RV_EDM_GUID:
		return RV_ODATA_GUID;
	case RV_EDM_COMPLEX:
		break;
	}
	return RV_ODATA_OBJECT;
}

const char *
rv_odata_type_name(enum rv_odata_type type)
{
	switch (type) {
	case RV_ODATA_NULL:
		return "null";
	case RV_ODATA_STRING:
		return "a string";
	case RV_ODATA_BOOL:
		return "a boolean";
	case RV_ODATA_INT:
		return "a whole number";
	case RV_ODATA_DOUBLE:
		return "a number";
	case RV_ODATA_INSTANT:
		return "a date with a time";
	case RV_ODATA_DATE:
		return "a date";
	case RV_ODATA_GUID:
		return "a GUID";
	case RV_ODATA_OBJECT:
		break;
	}
	return "an object";
}

/* ---- Literals -------------------------------------------------------------
 */

/* What stands there without quotes and with a digit. */
static int
read_digits(struct rv_odata_reader *r, struct rv_odata_value *ret)
{
	struct rv_slice s = r->token.text;
	int result = rv_odata_value_number(s, ret);

	if (result == RV_ERR_INVALID)
		result = rv_odata_value_date(s, ret);
	if (result == RV_ERR_INVALID)
		result = rv_odata_value_instant(s, ret);
	if (result == RV_ERR_INVALID)
		result = rv_odata_value_guid(r->arena, s, ret);
	if (result == RV_ERR_LIMIT)
		return rv_odata_fail(r, r->token.at,
		    "%.*s is out of range (whole numbers have 64 bits, years "
		    "are 0001 to 9999)",
		    s.n < 40 ? (int)s.n : 40, s.p);
	if (result == RV_ERR_INVALID)
		return rv_odata_fail(r, r->token.at,
		    "%.*s is no number, no date (2026-01-31), no date with a "
		    "time and zone (2026-01-31T08:00:00Z) and no GUID; texts "
		    "are in single quotes",
		    s.n < 40 ? (int)s.n : 40, s.p);
	return result;
}

/* null, true, false, INF, NaN; RV_ERR_NOTFOUND for another word. */
static int
read_word(struct rv_odata_reader *r, struct rv_odata_value *ret)
{
	bool yes = rv_odata_at_word(r, "true");

	if (rv_odata_at_word(r, "inf") || rv_odata_at_word(r, "nan"))
		return rv_odata_fail_unsupported(
		    r, r->token.at, "INF and NaN are not supported");
	if (yes || rv_odata_at_word(r, "false"))
		*ret =
		    (struct rv_odata_value){ .type = RV_ODATA_BOOL, .i = yes };
	else if (rv_odata_at_word(r, "null"))
		*ret = (struct rv_odata_value){ .type = RV_ODATA_NULL };
	else
		return RV_ERR_NOTFOUND;
	return RV_OK;
}

int
rv_odata_read_literal(
    struct rv_odata_reader *r, struct rv_odata_node **ret_node)
{
	struct rv_odata_value value = { .type = RV_ODATA_STRING };
	struct rv_odata_node *node = NULL;
	size_t at = r->token.at;
	int result = RV_ERR_NOTFOUND;

	switch (r->token.kind) {
	case RV_ODATA_T_STRING:
		value.text = r->token.text;
		result = RV_OK;
		break;
	case RV_ODATA_T_LITERAL:
		result = read_digits(r, &value);
		break;
	case RV_ODATA_T_WORD:
		result = read_word(r, &value);
		break;
	case RV_ODATA_T_END:
	case RV_ODATA_T_PUNCT:
		break;
	}
	if (result == RV_OK)
		result = rv_odata_node_new(r, RV_ODATA_LITERAL, at, 0, &node);
	if (result == RV_OK) {
		node->value = value;
		node->type = value.type;
		*ret_node = node;
		result = rv_odata_next(r);
	}
	return result;
}

/* ---- Paths ----------------------------------------------------------------
 */

/* How many of the first bytes are alike, without regard to case. */
static size_t
alike(struct rv_slice a, const char *b)
{
	size_t n = 0;

	while (n < a.n && b[n] != '\0' &&
	       rv_slice_ieq((struct rv_slice){ a.p + n, 1 },
		   (struct rv_slice){ b + n, 1 }))
		n++;
	return n;
}

/* A property that the name may have meant, or NULL. */
static const struct rv_odata_property *
nearest(const struct rv_odata_class *class, struct rv_slice name)
{
	const struct rv_odata_property *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < class->n_properties; i++) {
		const struct rv_odata_property *p = &class->properties[i];
		size_t n = alike(name, p->name);

		if (n > most) {
			most = n;
			best = p;
		}
	}
	return most >= 2 || most == name.n ? best : NULL;
}

int
rv_odata_read_property(struct rv_odata_reader *r,
    const struct rv_odata_class *class,
    const struct rv_odata_property **ret_property)
{
	const struct rv_odata_property *found, *near;
	struct rv_slice name = r->token.text;

	if (r->token.kind != RV_ODATA_T_WORD)
		return rv_odata_unexpected(r, "the name of a property");
	if (name.p[0] == '$' || name.p[0] == '@')
		return rv_odata_fail_unsupported(r, r->token.at,
		    "%.*s is not supported here",
		    name.n < 40 ? (int)name.n : 40, name.p);
	found = rv_odata_property_find(class, name);
	if (found == NULL) {
		near = nearest(class, name);
		return rv_odata_fail(r, r->token.at,
		    "%s has no property %.*s%s%s%s", class->name,
		    name.n < 40 ? (int)name.n : 40, name.p,
		    near != NULL ? "; did you mean " : "",
		    near != NULL ? near->name : "", near != NULL ? "?" : "");
	}
	*ret_property = found;
	return rv_odata_next(r);
}

static const struct rv_odata_variable *
variable_named(const struct rv_odata_reader *r, struct rv_slice name)
{
	const struct rv_odata_variable *v = r->variable;

	while (v != NULL && !rv_slice_ieq(v->name, name))
		v = v->outer;
	return v;
}

/* Whether this word follows the '/' that stands here. */
static bool
is_ahead(const struct rv_odata_reader *r, const char *word)
{
	struct rv_odata_reader ahead = *r;

	return rv_odata_next(&ahead) == RV_OK && rv_odata_at_word(&ahead, word);
}

/* Why no step can follow this one. */
static int
fail_behind(struct rv_odata_reader *r, const struct rv_odata_property *step)
{
	if (is_ahead(r, "$count"))
		return rv_odata_fail_unsupported(
		    r, r->token.at, "/$count is not supported here");
	if (step->is_collection)
		return rv_odata_fail(r, r->token.at,
		    "%s is a collection: any() or all() look into it",
		    step->name);
	return rv_odata_fail(
	    r, r->token.at, "%s has no properties", step->name);
}

/* One more step; the current token is its name. */
static int
read_step(struct rv_odata_reader *r, const struct rv_odata_class *class,
    bool of_row, const struct rv_odata_property **ret_step)
{
	const struct rv_odata_property *p = NULL;
	size_t at = r->token.at;
	int result = rv_odata_read_property(r, class, &p);

	if (result != RV_OK)
		return result;
	RV_ASSERT(p != NULL);
	if (!p->filterable)
		return rv_odata_fail(
		    r, at, "%s cannot stand in $filter or $orderby", p->name);
	if (of_row && p->column == NULL)
		return rv_odata_fail_unsupported(
		    r, at, "%s is not supported here", p->name);
	*ret_step = p;
	return RV_OK;
}

/* Steps from a class to the end of the path. */
static int
read_steps(struct rv_odata_reader *r, const struct rv_odata_class *class,
    struct rv_odata_node *node)
{
	const struct rv_odata_property *step = NULL;
	const struct rv_odata_property **steps;
	size_t n = 0;
	int result;

	steps = rv_arena_alloc(
	    r->arena, RV_ODATA_DEPTH_MAX * sizeof(struct rv_odata_property *));
	if (steps == NULL)
		return RV_ERR_NOMEM;
	node->path.steps = steps;
	for (;;) {
		if (n == RV_ODATA_DEPTH_MAX)
			return rv_odata_fail(
			    r, r->token.at, "the path is too long");
		result = read_step(
		    r, class, n == 0 && node->variable == NULL, &step);
		if (result != RV_OK)
			return result;
		RV_ASSERT(step != NULL);
		steps[n++] = step;
		node->path.n = n;
		if (!rv_odata_at_punct(r, '/') || is_ahead(r, "any") ||
		    is_ahead(r, "all"))
			break;
		if (step->of == NULL || step->is_collection)
			return fail_behind(r, step);
		class = step->of;
		result = rv_odata_next(r);
		if (result != RV_OK)
			return result;
	}
	node->type = rv_odata_type_of(step);
	node->is_collection = step->is_collection;
	return RV_OK;
}

/* From a variable: the element itself, or a property of it. */
static int
read_from_variable(struct rv_odata_reader *r, struct rv_odata_node *node)
{
	int result = rv_odata_next(r);

	if (result != RV_OK)
		return result;
	node->type = rv_odata_type_of(node->variable->of);
	if (!rv_odata_at_punct(r, '/'))
		return RV_OK;
	if (node->variable->of->of == NULL)
		return rv_odata_fail(r, r->token.at,
		    "the elements of %s have no properties",
		    node->variable->of->name);
	result = rv_odata_next(r);
	if (result == RV_OK)
		result = read_steps(r, node->variable->of->of, node);
	return result;
}

int
rv_odata_read_path(struct rv_odata_reader *r, struct rv_odata_node **ret_node)
{
	struct rv_odata_node *node = NULL;
	int result = rv_odata_node_new(r, RV_ODATA_PATH, r->token.at, 0, &node);

	if (result != RV_OK)
		return result;
	node->variable = variable_named(r, r->token.text);
	if (node->variable != NULL)
		result = read_from_variable(r, node);
	else
		result = read_steps(r, r->class, node);
	if (result == RV_OK)
		*ret_node = node;
	return result;
}
