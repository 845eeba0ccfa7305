/* Expressions of $filter (URL Conventions, section 5.1.1). */
#include "odata/reader.h"

static const struct {
	const char *word;
	enum rv_odata_kind kind;
} comparisons[] = {
	{ "eq", RV_ODATA_EQ },
	{ "ne", RV_ODATA_NE },
	{ "gt", RV_ODATA_GT },
	{ "ge", RV_ODATA_GE },
	{ "lt", RV_ODATA_LT },
	{ "le", RV_ODATA_LE },
};

/* Arithmetic and enumerations, which no class of ours needs. */
static const char *const elsewhere[] = { "has", "add", "sub", "mul", "div",
	"divby", "mod" };

/*
 * What is in parentheses, below not and in a list is read like all else, at
 * most RV_ODATA_DEPTH_MAX deep.  NOLINTBEGIN(misc-no-recursion)
 */
static int read_unary(struct rv_odata_reader *r, struct rv_odata_node **ret);

/* ---- any() and all() ------------------------------------------------------
 */

static int
read_variable(struct rv_odata_reader *r, const struct rv_odata_node *of,
    struct rv_odata_variable **ret_variable)
{
	const struct rv_odata_variable *outer = r->variable;
	struct rv_odata_variable *v;

	if (r->token.kind != RV_ODATA_T_WORD)
		return rv_odata_unexpected(r, "the name of a variable");
	for (; outer != NULL; outer = outer->outer)
		if (rv_slice_ieq(outer->name, r->token.text))
			return rv_odata_fail(
			    r, r->token.at, "this variable is in use already");
	v = rv_arena_alloc(r->arena, sizeof(*v));
	if (v == NULL)
		return RV_ERR_NOMEM;
	*v = (struct rv_odata_variable){ .name = r->token.text,
		.of = of->path.steps[of->path.n - 1],
		.depth = r->variable != NULL ? r->variable->depth + 1 : 1,
		.outer = r->variable };
	*ret_variable = v;
	return rv_odata_next(r);
}

/* "x: condition", between the parentheses. */
static int
read_lambda_body(struct rv_odata_reader *r, struct rv_odata_node *lambda)
{
	struct rv_odata_variable *v = NULL;
	struct rv_odata_node *body = NULL;
	int result = read_variable(r, lambda->args[0], &v);

	if (result == RV_OK)
		result = rv_odata_expect(r, ':');
	if (result != RV_OK)
		return result;
	RV_ASSERT(v != NULL);
	r->variable = v;
	result = rv_odata_read_expression(r, &body);
	r->variable = v->outer;
	if (result == RV_OK)
		result = rv_odata_check_condition(r, body);
	if (result == RV_OK) {
		lambda->variable = v;
		lambda->args[1] = body;
		lambda->n_args = 2;
	}
	return result;
}

/* The current token is '(' behind any or all. */
static int
read_lambda_parentheses(struct rv_odata_reader *r, struct rv_odata_node *lambda)
{
	int result = rv_odata_enter(r);

	if (result == RV_OK)
		result = rv_odata_expect(r, '(');
	lambda->n_args = 1;
	if (result == RV_OK &&
	    (lambda->kind == RV_ODATA_ALL || !rv_odata_at_punct(r, ')')))
		result = read_lambda_body(r, lambda);
	if (result == RV_OK)
		result = rv_odata_expect(r, ')');
	rv_odata_leave(r);
	return result;
}

/* The current token is the '/' before any or all. */
static int
read_lambda(struct rv_odata_reader *r, struct rv_odata_node **node)
{
	struct rv_odata_node *lambda = NULL;
	enum rv_odata_kind kind;
	int result = rv_odata_next(r);

	if (result != RV_OK)
		return result;
	kind = rv_odata_at_word(r, "any") ? RV_ODATA_ANY : RV_ODATA_ALL;
	if (!(*node)->is_collection)
		return rv_odata_fail(r, r->token.at,
		    "any() and all() look into collections, not into %s",
		    rv_odata_type_name((*node)->type));
	result = rv_odata_node_new(r, kind, (*node)->at, 2, &lambda);
	if (result == RV_OK)
		result = rv_odata_next(r);
	if (result != RV_OK)
		return result;
	lambda->args[0] = *node;
	*node = lambda;
	return read_lambda_parentheses(r, lambda);
}

/* ---- What stands alone ----------------------------------------------------
 */

static int
read_parentheses(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	int result = rv_odata_enter(r);

	if (result == RV_OK)
		result = rv_odata_expect(r, '(');
	if (result == RV_OK)
		result = rv_odata_read_expression(r, ret);
	if (result == RV_OK)
		result = rv_odata_expect(r, ')');
	rv_odata_leave(r);
	return result;
}

/* A name: of a function when '(' follows, else where a path begins. */
static int
read_named(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	struct rv_odata_token name = r->token;
	struct rv_odata_reader before = *r;
	int result = rv_odata_next(r);

	if (result != RV_OK)
		return result;
	if (rv_odata_at_punct(r, '('))
		return rv_odata_read_call(r, name, ret);
	r->at = before.at;
	r->token = name;
	result = rv_odata_read_path(r, ret);
	if (result == RV_OK && rv_odata_at_punct(r, '/'))
		result = read_lambda(r, ret);
	return result;
}

static int
read_primary(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	int result;

	if (rv_odata_at_punct(r, '('))
		return read_parentheses(r, ret);
	if (rv_odata_at_punct(r, '-'))
		return rv_odata_fail_unsupported(
		    r, r->token.at, "arithmetic is not supported");
	result = rv_odata_read_literal(r, ret);
	if (result != RV_ERR_NOTFOUND)
		return result;
	if (r->token.kind == RV_ODATA_T_WORD)
		return read_named(r, ret);
	return rv_odata_unexpected(r, "a property, a value or a function");
}

/* `not` binds before all comparisons. */
static int
read_not(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	struct rv_odata_node *node = NULL, *arg = NULL;
	int result = rv_odata_node_new(r, RV_ODATA_NOT, r->token.at, 1, &node);

	if (result == RV_OK)
		result = rv_odata_enter(r);
	if (result != RV_OK)
		return result;
	result = rv_odata_next(r);
	if (result == RV_OK)
		result = read_unary(r, &arg);
	rv_odata_leave(r);
	if (result != RV_OK)
		return result;
	RV_ASSERT(arg != NULL);
	if (arg->kind == RV_ODATA_PATH && arg->type != RV_ODATA_BOOL)
		return rv_odata_fail(r, arg->at,
		    "`not` binds before comparisons: they stand in "
		    "parentheses");
	result = rv_odata_check_condition(r, arg);
	if (result == RV_OK) {
		node->args[0] = arg;
		*ret = node;
	}
	return result;
}

static int
read_unary(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	if (rv_odata_at_word(r, "not"))
		return read_not(r, ret);
	return read_primary(r, ret);
}

/* ---- Operators ------------------------------------------------------------
 */

/* Values of "in (...)" count by themselves: a list is one thing. */
static int
read_listed(struct rv_odata_reader *r, struct rv_odata_node *in)
{
	struct rv_odata_node *value = NULL;
	size_t at = r->token.at;
	unsigned nodes = r->nodes;
	int result;

	if (r->listed >= RV_ODATA_IN_MAX)
		return rv_odata_fail(r, at,
		    "there are more than %u values in lists", RV_ODATA_IN_MAX);
	r->nodes = 0;
	result = rv_odata_read_literal(r, &value);
	r->nodes = nodes;
	if (result == RV_ERR_NOTFOUND)
		result = rv_odata_unexpected(r, "a value of the list");
	if (result == RV_OK)
		result = rv_odata_check_pair(r, at, in->args[0], value);
	if (result == RV_OK) {
		r->listed++;
		in->args[in->n_args++] = value;
	}
	return result;
}

static int
read_list(struct rv_odata_reader *r, struct rv_odata_node *in)
{
	int result = rv_odata_expect(r, '(');

	while (result == RV_OK) {
		result = read_listed(r, in);
		if (result != RV_OK || !rv_odata_at_punct(r, ','))
			break;
		result = rv_odata_next(r);
	}
	if (result == RV_OK)
		result = rv_odata_expect(r, ')');
	return result;
}

/* The current token is `in`. */
static int
read_in(struct rv_odata_reader *r, struct rv_odata_node *left,
    struct rv_odata_node **ret)
{
	struct rv_odata_node *in = NULL;
	int result = rv_odata_node_new(
	    r, RV_ODATA_IN, r->token.at, RV_ODATA_IN_MAX + 1, &in);

	if (result == RV_OK)
		result = rv_odata_next(r);
	if (result != RV_OK)
		return result;
	in->args[0] = left;
	in->n_args = 1;
	*ret = in;
	return read_list(r, in);
}

/* The current token is the operator. */
static int
read_pair(struct rv_odata_reader *r, enum rv_odata_kind kind,
    struct rv_odata_node *left, struct rv_odata_node **ret)
{
	struct rv_odata_node *node = NULL, *right = NULL;
	size_t at = r->token.at;
	int result = rv_odata_node_new(r, kind, at, 2, &node);

	if (result == RV_OK)
		result = rv_odata_next(r);
	if (result == RV_OK)
		result = read_unary(r, &right);
	if (result != RV_OK)
		return result;
	RV_ASSERT(right != NULL);
	/* A date on the left is one as well. */
	if (left->kind == RV_ODATA_LITERAL && right->type == RV_ODATA_INSTANT)
		result = rv_odata_check_pair(r, at, right, left);
	else
		result = rv_odata_check_pair(r, at, left, right);
	node->args[0] = left;
	node->args[1] = right;
	*ret = node;
	return result;
}

static int
read_comparison(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	struct rv_odata_node *left = NULL;
	int result = read_unary(r, &left);

	if (result != RV_OK)
		return result;
	RV_ASSERT(left != NULL);
	*ret = left;
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		if (rv_odata_at_word(r, elsewhere[i]))
			return rv_odata_fail_unsupported(r, r->token.at,
			    "the operator %s is not supported", elsewhere[i]);
	if (rv_odata_at_word(r, "in"))
		return read_in(r, left, ret);
	for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]);
	     i++)
		if (rv_odata_at_word(r, comparisons[i].word))
			return read_pair(r, comparisons[i].kind, left, ret);
	return RV_OK;
}

/* Conditions joined by one word, from the left. */
static int
read_joined(struct rv_odata_reader *r, const char *word,
    enum rv_odata_kind kind,
    int (*read)(struct rv_odata_reader *, struct rv_odata_node **),
    struct rv_odata_node **ret)
{
	struct rv_odata_node *left = NULL, *right = NULL, *node = NULL;
	int result = read(r, &left);

	while (result == RV_OK && rv_odata_at_word(r, word)) {
		result = rv_odata_check_condition(r, left);
		if (result == RV_OK)
			result =
			    rv_odata_node_new(r, kind, r->token.at, 2, &node);
		if (result == RV_OK)
			result = rv_odata_next(r);
		if (result == RV_OK)
			result = read(r, &right);
		if (result == RV_OK)
			result = rv_odata_check_condition(r, right);
		if (result != RV_OK)
			return result;
		node->args[0] = left;
		node->args[1] = right;
		left = node;
	}
	if (result == RV_OK)
		*ret = left;
	return result;
}

static int
read_and(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	return read_joined(r, "and", RV_ODATA_AND, read_comparison, ret);
}

int
rv_odata_read_expression(struct rv_odata_reader *r, struct rv_odata_node **ret)
{
	return read_joined(r, "or", RV_ODATA_OR, read_and, ret);
}

int
rv_odata_read_filter(
    struct rv_odata_reader *r, const struct rv_odata_node **ret_node)
{
	struct rv_odata_node *node = NULL;
	int result = rv_odata_read_expression(r, &node);

	if (result == RV_OK)
		result = rv_odata_check_condition(r, node);
	if (result == RV_OK)
		*ret_node = node;
	return result;
}
/* NOLINTEND(misc-no-recursion) */
