/* Conditions on a body in memory: what sql_where.c says to the store. */
#include "odata/eval.h"

#include <string.h>

#include "odata/eval_call.h"
#include "odata/reader.h"
#include "odata/value.h"

/* The elements that the variables are bound to, the innermost first. */
struct binding {
	const struct rv_odata_variable *variable;
	const json_t *element;
	const struct binding *outer;
};

struct eval {
	struct rv_arena *arena; /* of texts that functions make */
	const struct rv_odata_class *class;
	const json_t *body;
	bool failed; /* out of memory: nothing matches */
};

static const struct rv_odata_value null_value = { .type = RV_ODATA_NULL };

/*
 * A tree has at most RV_ODATA_NODES_MAX nodes: no way down is longer.
 * NOLINTBEGIN(misc-no-recursion)
 */
static struct rv_odata_value eval(struct eval *e,
    const struct rv_odata_node *node, const struct binding *bound);

static struct rv_odata_value
boolean(bool yes)
{
	return (struct rv_odata_value){ .type = RV_ODATA_BOOL, .i = yes };
}

static bool
is_true(struct rv_odata_value v)
{
	return v.type == RV_ODATA_BOOL && v.i != 0;
}

/* ---- Values of bodies -----------------------------------------------------
 */

static struct rv_odata_value
text_value(struct eval *e, enum rv_odata_type type, struct rv_slice s)
{
	struct rv_odata_value value = null_value;
	int r = RV_OK;

	if (type == RV_ODATA_STRING)
		value = (struct rv_odata_value){ .type = type, .text = s };
	else if (type == RV_ODATA_INSTANT)
		r = rv_odata_value_instant(s, &value);
	else if (type == RV_ODATA_GUID)
		r = rv_odata_value_guid(e->arena, s, &value);
	e->failed = e->failed || r == RV_ERR_NOMEM;
	return r == RV_OK ? value : null_value;
}

/* What is not of the property's type counts as null. */
static struct rv_odata_value
value_of(struct eval *e, enum rv_odata_type type, const json_t *json)
{
	if (json_is_string(json))
		return text_value(e, type,
		    (struct rv_slice){
			json_string_value(json), json_string_length(json) });
	if (json_is_boolean(json) && type == RV_ODATA_BOOL)
		return boolean(json_is_true(json));
	if (json_is_integer(json) && type == RV_ODATA_INT)
		return (struct rv_odata_value){ .type = type,
			.i = json_integer_value(json) };
	if (json_is_number(json) && type == RV_ODATA_DOUBLE)
		return (struct rv_odata_value){ .type = type,
			.d = json_number_value(json) };
	return null_value;
}

static const json_t *
element_of(
    const struct rv_odata_variable *variable, const struct binding *bound)
{
	while (bound != NULL && bound->variable != variable)
		bound = bound->outer;
	return bound != NULL ? bound->element : NULL;
}

const json_t *
rv_odata_at_path(const json_t *json, const struct rv_odata_path *path)
{
	for (size_t i = 0; i < path->n; i++)
		json = json_object_get(json, path->steps[i]->name);
	return json;
}

static const json_t *
at_node(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	const json_t *from = node->variable == NULL
				 ? e->body
				 : element_of(node->variable, bound);

	return rv_odata_at_path(from, &node->path);
}

/* ---- Comparisons ----------------------------------------------------------
 */

static int
sign(bool greater, bool less)
{
	return (int)greater - (int)less;
}

int
rv_odata_value_compare(
    const struct rv_odata_value *a, const struct rv_odata_value *b)
{
	if (a->type == RV_ODATA_STRING || a->type == RV_ODATA_GUID)
		return rv_slice_cmp(a->text, b->text);
	if (a->type == RV_ODATA_DOUBLE || b->type == RV_ODATA_DOUBLE) {
		double x = a->type == RV_ODATA_DOUBLE ? a->d : (double)a->i;
		double y = b->type == RV_ODATA_DOUBLE ? b->d : (double)b->i;

		return sign(x > y, x < y);
	}
	return sign(a->i > b->i, a->i < b->i);
}

static bool
are_equal(const struct rv_odata_value *a, const struct rv_odata_value *b)
{
	if (a->type == RV_ODATA_NULL || b->type == RV_ODATA_NULL)
		return a->type == b->type;
	return rv_odata_value_compare(a, b) == 0;
}

static struct rv_odata_value
eval_comparison(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	struct rv_odata_value a = eval(e, node->args[0], bound);
	struct rv_odata_value b = eval(e, node->args[1], bound);
	int order;

	if (node->kind == RV_ODATA_EQ || node->kind == RV_ODATA_NE)
		return boolean(
		    are_equal(&a, &b) == (node->kind == RV_ODATA_EQ));
	if (a.type == RV_ODATA_NULL || b.type == RV_ODATA_NULL)
		return boolean(false);
	order = rv_odata_value_compare(&a, &b);
	if (node->kind == RV_ODATA_GT)
		return boolean(order > 0);
	if (node->kind == RV_ODATA_GE)
		return boolean(order >= 0);
	return boolean(node->kind == RV_ODATA_LT ? order < 0 : order <= 0);
}

/* In a list with a broken number all are: SQL has one type for a list. */
static bool
has_double(const struct rv_odata_node *in)
{
	for (size_t i = 1; i < in->n_args; i++)
		if (in->args[i]->type == RV_ODATA_DOUBLE)
			return true;
	return false;
}

static struct rv_odata_value
eval_in(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	struct rv_odata_value a = eval(e, node->args[0], bound);

	if (a.type == RV_ODATA_INT && has_double(node))
		a = (struct rv_odata_value){ .type = RV_ODATA_DOUBLE,
			.d = (double)a.i };
	for (size_t i = 1; i < node->n_args; i++)
		if (are_equal(&a, &node->args[i]->value))
			return boolean(true);
	return boolean(false);
}

/* ---- Logic ----------------------------------------------------------------
 */

/* Three values: a null decides nothing. */
static struct rv_odata_value
eval_joined(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	bool decides = node->kind == RV_ODATA_OR;
	struct rv_odata_value a = eval(e, node->args[0], bound), b;

	if (a.type == RV_ODATA_BOOL && (a.i != 0) == decides)
		return a;
	b = eval(e, node->args[1], bound);
	if (b.type == RV_ODATA_BOOL && (b.i != 0) == decides)
		return b;
	return a.type == RV_ODATA_NULL ? a : b;
}

static struct rv_odata_value
eval_not(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	struct rv_odata_value a = eval(e, node->args[0], bound);

	return a.type == RV_ODATA_NULL ? a : boolean(a.i == 0);
}

/* any() is whether one is true; all() whether none is not. */
static struct rv_odata_value
eval_lambda(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	const json_t *list = at_node(e, node->args[0], bound);
	bool all = node->kind == RV_ODATA_ALL;

	if (!json_is_array(list))
		return boolean(all);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct binding one = { node->variable, json_array_get(list, i),
			bound };

		if (node->n_args < 2 ||
		    is_true(eval(e, node->args[1], &one)) != all)
			return boolean(!all);
	}
	return boolean(all);
}

/* ---- Functions, and $search -----------------------------------------------
 */

static struct rv_odata_value
eval_call(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	struct rv_odata_value args[RV_ODATA_ARGS_MAX], value = null_value;

	for (size_t i = 0; i < node->n_args; i++) {
		args[i] = eval(e, node->args[i], bound);
		if (args[i].type == RV_ODATA_NULL)
			return null_value;
	}
	if (rv_odata_call(
		e->arena, node->function, args, node->n_args, &value) != RV_OK)
		e->failed = true;
	return value;
}

static struct rv_odata_value
eval_term(struct eval *e, const struct rv_odata_node *node)
{
	for (size_t i = 0; i < e->class->n_properties; i++) {
		const struct rv_odata_property *p = &e->class->properties[i];
		const json_t *json = json_object_get(e->body, p->name);

		if (rv_odata_is_searched(p) && json_is_string(json) &&
		    rv_odata_find_folded(
			(struct rv_slice){
			    json_string_value(json), json_string_length(json) },
			node->value.text))
			return boolean(true);
	}
	return boolean(false);
}

static struct rv_odata_value
eval(struct eval *e, const struct rv_odata_node *node,
    const struct binding *bound)
{
	switch (node->kind) {
	case RV_ODATA_LITERAL:
		return node->value;
	case RV_ODATA_PATH:
		return value_of(e, node->type, at_node(e, node, bound));
	case RV_ODATA_EQ:
	case RV_ODATA_NE:
	case RV_ODATA_GT:
	case RV_ODATA_GE:
	case RV_ODATA_LT:
	case RV_ODATA_LE:
		return eval_comparison(e, node, bound);
	case RV_ODATA_IN:
		return eval_in(e, node, bound);
	case RV_ODATA_AND:
	case RV_ODATA_OR:
		return eval_joined(e, node, bound);
	case RV_ODATA_NOT:
		return eval_not(e, node, bound);
	case RV_ODATA_CALL:
		return eval_call(e, node, bound);
	case RV_ODATA_ANY:
	case RV_ODATA_ALL:
		return eval_lambda(e, node, bound);
	case RV_ODATA_TERM:
		return eval_term(e, node);
	}
	return null_value;
}

/* NOLINTEND(misc-no-recursion) */

bool
rv_odata_matches(const struct rv_odata_query *query,
    const struct rv_odata_class *class, const json_t *body)
{
	struct eval e = { .arena = rv_arena_new(RV_ODATA_EVAL_MAX),
		.class = class,
		.body = body };
	bool match = e.arena != NULL;

	if (match && query->filter != NULL)
		match = is_true(eval(&e, query->filter, NULL));
	if (match && query->search != NULL)
		match = is_true(eval(&e, query->search, NULL));
	match = match && !e.failed;
	rv_arena_free(&e.arena);
	return match;
}

/* ---- Order ----------------------------------------------------------------
 */

static int
compare_by(struct eval *e, const struct rv_odata_path *by, const json_t *a,
    const json_t *b)
{
	enum rv_odata_type type = rv_odata_type_of(by->steps[by->n - 1]);
	struct rv_odata_value x = value_of(e, type, rv_odata_at_path(a, by));
	struct rv_odata_value y = value_of(e, type, rv_odata_at_path(b, by));

	if (x.type == RV_ODATA_NULL || y.type == RV_ODATA_NULL)
		return sign(x.type != RV_ODATA_NULL, y.type != RV_ODATA_NULL);
	return rv_odata_value_compare(&x, &y);
}

int
rv_odata_compare(
    const struct rv_odata_query *query, const json_t *a, const json_t *b)
{
	struct eval e = { .arena = rv_arena_new(RV_ODATA_EVAL_MAX) };
	int order = 0;

	for (size_t i = 0; e.arena != NULL && order == 0 && i < query->n_order;
	     i++) {
		order = compare_by(&e, &query->order[i].by, a, b);
		if (query->order[i].descending)
			order = -order;
	}
	rv_arena_free(&e.arena);
	return order;
}
