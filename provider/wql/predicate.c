/* Predicates: or, and, not, parentheses and comparisons. */
#include <string.h>

#include "wql/reader.h"

/* Puts the reference into a new array behind its operator. */
static int
wrap(const char *op, json_t **node)
{
	json_t *list = json_array();

	if (json_array_append_new(list, json_string(op)) != 0 ||
	    json_array_append(list, *node) != 0) {
		json_decref(list);
		return RV_ERR_NOMEM;
	}
	json_decref(*node);
	*node = list;
	return RV_OK;
}

static int
count_node(struct rv_wql_reader *r)
{
	if (++r->nodes > RV_WQL_NODES_MAX)
		return rv_wql_fail(r, false, "the query has too many parts");
	return RV_OK;
}

static int
check_pattern(struct rv_wql_reader *r)
{
	unsigned runs = 0;

	if (r->kind != RV_WQL_T_STRING)
		return rv_wql_fail(r, false, "a pattern is a string");
	for (size_t i = 0; i < r->token.n; i++) {
		if (r->token.p[i] == '%' && r->token.p[i - 1] != '%')
			runs++;
	}
	if (runs > RV_WQL_WILDCARDS_MAX)
		return rv_wql_fail(r, false, "the pattern has too many '%'");
	return RV_OK;
}

static int
read_list(struct rv_wql_reader *r, json_t **ret)
{
	json_t *list = json_array();
	json_t *value = NULL;
	int e = rv_wql_expect(r, "(");

	while (e == RV_OK) {
		if (++r->listed > RV_WQL_IN_MAX)
			e = rv_wql_fail(r, false, "too many values in lists");
		else
			e = rv_wql_read_value(r, &value);
		if (e == RV_OK && json_array_append_new(list, value) != 0)
			e = RV_ERR_NOMEM;
		if (e != RV_OK || !rv_wql_at(r, ","))
			break;
		e = rv_wql_next(r);
	}
	if (e == RV_OK)
		e = rv_wql_expect(r, ")");
	if (e != RV_OK) {
		json_decref(list);
		list = NULL;
	}
	*ret = list;
	return e;
}

/* is [not] null, the word `is` passed over. */
static int
read_null(struct rv_wql_reader *r, bool *ret_negated)
{
	int e = RV_OK;

	*ret_negated = rv_wql_at(r, "not");
	if (*ret_negated)
		e = rv_wql_next(r);
	return e == RV_OK ? rv_wql_expect(r, "null") : e;
}

/* The operator at the token, NULL: none. */
static const char *
operator_at(const struct rv_wql_reader *r)
{
	static const char *const all[] = { "=", "<>", "<", ">",
		"<=", ">=", "like", "in", "is" };

	if (rv_wql_at(r, "!="))
		return "<>";
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (rv_wql_at(r, all[i]))
			return all[i];
	}
	return NULL;
}

/* What stands behind the operator; NULL behind `is`. */
static int
read_operand(
    struct rv_wql_reader *r, const char *op, bool *negated, json_t **ret)
{
	int e = RV_OK;

	*ret = NULL;
	if (strcmp(op, "is") == 0)
		return *negated ? rv_wql_fail(r, false, "not before 'is'")
				: read_null(r, negated);
	if (strcmp(op, "in") == 0)
		return read_list(r, ret);
	if (strcmp(op, "like") == 0)
		e = check_pattern(r);
	else if (*negated)
		e = rv_wql_fail(r, false, "'like' or 'in' is expected");
	return e == RV_OK ? rv_wql_read_value(r, ret) : e;
}

static int
make_leaf(const char *op, struct rv_slice name, json_t *operand, json_t **ret)
{
	json_t *leaf = json_array();
	int bad = json_array_append_new(
	    leaf, json_string(strcmp(op, "is") == 0 ? "null" : op));

	bad |= json_array_append_new(leaf, json_stringn(name.p, name.n));
	if (operand != NULL)
		bad |= json_array_append(leaf, operand);
	if (bad != 0) {
		json_decref(leaf);
		return RV_ERR_NOMEM;
	}
	*ret = leaf;
	return RV_OK;
}

static int
read_leaf(struct rv_wql_reader *r, json_t **ret)
{
	struct rv_slice name;
	json_t *operand = NULL;
	const char *op;
	bool negated = false;
	int e = rv_wql_read_name(r, &name);

	if (e == RV_OK && rv_wql_at(r, "not")) {
		negated = true;
		e = rv_wql_next(r);
	}
	if (e != RV_OK)
		return e;
	op = operator_at(r);
	if (op == NULL)
		return rv_wql_fail(r, false, "an operator is expected");
	e = rv_wql_next(r);
	if (e == RV_OK)
		e = read_operand(r, op, &negated, &operand);
	if (e == RV_OK)
		e = make_leaf(op, name, operand, ret);
	if (e == RV_OK && negated)
		e = wrap("not", ret);
	json_decref(operand);
	return e;
}

/*
 * not p, (p) or a comparison; at most RV_WQL_DEPTH_MAX deep.
 * NOLINTBEGIN(misc-no-recursion)
 */
static int
read_term(struct rv_wql_reader *r, json_t **ret)
{
	bool negated = rv_wql_at(r, "not");
	int e = count_node(r);

	if (e == RV_OK && !negated && !rv_wql_at(r, "("))
		return read_leaf(r, ret);
	if (e == RV_OK && ++r->depth > RV_WQL_DEPTH_MAX)
		e = rv_wql_fail(r, false, "the query is nested too deeply");
	if (e == RV_OK)
		e = rv_wql_next(r);
	if (e == RV_OK && rv_wql_at(r, "select"))
		e = rv_wql_fail(r, true, "subselects are not done");
	if (e == RV_OK)
		e = negated ? read_term(r, ret) : rv_wql_read_any(r, ret);
	if (e == RV_OK)
		e = negated ? wrap("not", ret) : rv_wql_expect(r, ")");
	r->depth--;
	return e;
}

/* NOLINTEND(misc-no-recursion) */

/* One or more of `part` with the word between them, as one flat node. */
static int
read_joined(struct rv_wql_reader *r, const char *word,
    int (*part)(struct rv_wql_reader *, json_t **), json_t **ret)
{
	json_t *more;
	int e = part(r, ret);

	if (e == RV_OK && rv_wql_at(r, word))
		e = wrap(word, ret);
	while (e == RV_OK && rv_wql_at(r, word)) {
		more = NULL;
		e = rv_wql_next(r);
		if (e == RV_OK)
			e = part(r, &more);
		if (e == RV_OK && json_array_append(*ret, more) != 0)
			e = RV_ERR_NOMEM;
		json_decref(more);
	}
	return e;
}

static int
read_all(struct rv_wql_reader *r, json_t **ret)
{
	return read_joined(r, "and", read_term, ret);
}

int
rv_wql_read_any(struct rv_wql_reader *r, json_t **ret)
{
	return read_joined(r, "or", read_all, ret);
}
