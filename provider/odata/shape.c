/* $select, $orderby and $expand: which parts, in which order. */
#include <string.h>

#include "odata/reader.h"

/* ---- $select --------------------------------------------------------------
 */

/* A/B/C; "A/" and '*' are all of A. */
static int
read_selected(struct rv_odata_reader *r, struct rv_odata_path *ret)
{
	const struct rv_odata_class *class = r->class;
	const struct rv_odata_property **steps;
	const struct rv_odata_property *step = NULL;
	int result;

	steps = rv_arena_alloc(
	    r->arena, RV_ODATA_DEPTH_MAX * sizeof(struct rv_odata_property *));
	if (steps == NULL)
		return RV_ERR_NOMEM;
	*ret = (struct rv_odata_path){ steps, 0 };
	for (;;) {
		if (ret->n == RV_ODATA_DEPTH_MAX)
			return rv_odata_fail(
			    r, r->token.at, "the path is too long");
		result = rv_odata_read_property(r, class, &step);
		if (result != RV_OK)
			return result;
		steps[ret->n++] = step;
		if (!rv_odata_at_punct(r, '/'))
			return RV_OK;
		if (step->of == NULL)
			return rv_odata_fail(
			    r, r->token.at, "%s has no properties", step->name);
		class = step->of;
		result = rv_odata_next(r);
		if (result != RV_OK || rv_odata_at_punct(r, '*'))
			break;
	}
	return result == RV_OK ? rv_odata_next(r) : result;
}

int
rv_odata_read_select(struct rv_odata_reader *r, struct rv_odata_query *query)
{
	struct rv_odata_path *list = rv_arena_alloc(
	    r->arena, RV_ODATA_LIST_MAX * sizeof(struct rv_odata_path));
	int result = list == NULL ? RV_ERR_NOMEM : RV_OK;

	query->select = list;
	query->select_all = false;
	while (result == RV_OK) {
		if (rv_odata_at_punct(r, '*')) {
			query->select_all = true;
			result = rv_odata_next(r);
		} else if (query->n_select == RV_ODATA_LIST_MAX) {
			result = rv_odata_fail(r, r->token.at,
			    "there are more than %u properties",
			    RV_ODATA_LIST_MAX);
		} else {
			result = read_selected(r, &list[query->n_select]);
			query->n_select++;
		}
		if (result == RV_OK && rv_odata_at_punct(r, '('))
			result = rv_odata_fail_unsupported(r, r->token.at,
			    "options of what is selected are not supported");
		if (result != RV_OK || !rv_odata_at_punct(r, ','))
			break;
		result = rv_odata_next(r);
	}
	return result;
}

/* ---- $orderby -------------------------------------------------------------
 */

static int
read_ordered(struct rv_odata_reader *r, struct rv_odata_order *ret)
{
	struct rv_odata_node *node = NULL;
	/* The list has a limit of its own. */
	unsigned nodes = r->nodes;
	int result = RV_OK;

	if (r->token.kind != RV_ODATA_T_WORD)
		return rv_odata_unexpected(r, "the name of a property");
	r->nodes = 0;
	result = rv_odata_read_path(r, &node);
	r->nodes = nodes;
	if (result != RV_OK)
		return result;
	if (rv_odata_at_punct(r, '('))
		return rv_odata_fail_unsupported(r, r->token.at,
		    "only properties can be ordered by, not functions");
	if (node->is_collection || node->type == RV_ODATA_OBJECT)
		return rv_odata_fail(r, node->at,
		    "%s is no single value: it has no order",
		    node->path.steps[node->path.n - 1]->name);
	ret->by = node->path;
	ret->descending = rv_odata_at_word(r, "desc");
	if (ret->descending || rv_odata_at_word(r, "asc"))
		result = rv_odata_next(r);
	return result;
}

int
rv_odata_read_order(struct rv_odata_reader *r, struct rv_odata_query *query)
{
	struct rv_odata_order *list = rv_arena_alloc(
	    r->arena, RV_ODATA_LIST_MAX * sizeof(struct rv_odata_order));
	int result = list == NULL ? RV_ERR_NOMEM : RV_OK;

	query->order = list;
	while (result == RV_OK) {
		if (query->n_order == RV_ODATA_LIST_MAX)
			return rv_odata_fail(r, r->token.at,
			    "there are more than %u properties",
			    RV_ODATA_LIST_MAX);
		result = read_ordered(r, &list[query->n_order]);
		if (result != RV_OK)
			break;
		query->n_order++;
		if (!rv_odata_at_punct(r, ','))
			break;
		result = rv_odata_next(r);
	}
	return result;
}

/* ---- $expand --------------------------------------------------------------
 */

/*
 * The end of one option from `from` on: the ';' or the ')' that is in no
 * quotes and no parentheses of its own; SIZE_MAX where there is none.
 */
static size_t
option_end(struct rv_slice text, size_t from)
{
	unsigned open = 0;
	char quote = '\0';

	for (size_t i = from; i < text.n; i++) {
		char c = text.p[i];

		if (quote != '\0') {
			quote = c == quote ? '\0' : quote;
			continue;
		}
		if (c == '\'' || c == '"')
			quote = c;
		if (open == 0 && (c == ';' || c == ')'))
			return i;
		if (c == '(')
			open++;
		if (c == ')')
			open--;
	}
	return SIZE_MAX;
}

/* What may stand in the parentheses of an $expand. */
static int
check_nested(struct rv_odata_reader *r, enum rv_odata_option option, size_t at)
{
	if (option == RV_ODATA_O_UNSUPPORTED)
		return rv_odata_fail_unsupported(
		    r, at, "this option is not supported");
	if (option == RV_ODATA_O_OTHER || option == RV_ODATA_O_SKIPTOKEN ||
	    option == RV_ODATA_O_FORMAT)
		return rv_odata_fail(
		    r, at, "this is no option of what is expanded");
	return RV_OK;
}

/* One "name=value" at text[from, to) of r. */
static int
read_nested(struct rv_odata_reader *r, const struct rv_odata_class *class,
    size_t from, size_t to, unsigned *seen, struct rv_odata_query *query)
{
	struct rv_odata_reader inner = *r;
	const char *equals = memchr(r->text.p + from, '=', to - from);
	const char *name = NULL;
	struct rv_slice value;
	enum rv_odata_option option;
	size_t at;
	int result;

	if (equals == NULL)
		return rv_odata_fail(r, from, "'=' is expected");
	at = (size_t)(equals - r->text.p);
	option = rv_odata_option_of(
	    (struct rv_slice){ r->text.p + from, at - from }, &name);
	result = check_nested(r, option, from);
	if (result == RV_OK && (*seen & 1u << option) != 0)
		result = rv_odata_fail(r, from, "%s is there twice", name);
	if (result != RV_OK)
		return result;
	*seen |= 1u << option;
	inner.class = class;
	inner.variable = NULL;
	value = (struct rv_slice){ equals + 1, to - at - 1 };
	result = rv_odata_read_option(
	    &inner, option, value, r->base + at + 1, query);
	r->nodes = inner.nodes;
	r->listed = inner.listed;
	r->now = inner.now;
	return result;
}

/* From behind '(' to the ')', which is passed over. */
static int
read_nested_all(struct rv_odata_reader *r, const struct rv_odata_class *class,
    struct rv_odata_query *query)
{
	size_t from = r->token.at + 1, to = from;
	unsigned seen = 0;
	int result = rv_odata_enter(r);

	while (result == RV_OK) {
		while (from < r->text.n && r->text.p[from] == ' ')
			from++;
		to = option_end(r->text, from);
		if (to == SIZE_MAX)
			result = rv_odata_fail(
			    r, r->token.at, "the parentheses do not end");
		else
			result = read_nested(r, class, from, to, &seen, query);
		if (result != RV_OK || r->text.p[to] == ')')
			break;
		from = to + 1;
	}
	rv_odata_leave(r);
	if (result != RV_OK)
		return result;
	r->at = to + 1;
	return rv_odata_next(r);
}

static int
read_expanded(struct rv_odata_reader *r, struct rv_odata_expand *ret)
{
	struct rv_odata_query *inner;
	size_t at = r->token.at;
	int result;

	if (rv_odata_at_punct(r, '*'))
		return rv_odata_fail_unsupported(
		    r, at, "name what to expand: '*' is not supported");
	result = rv_odata_read_property(r, r->class, &ret->to);
	if (result != RV_OK)
		return result;
	if (!ret->to->is_navigation || ret->to->of == NULL)
		return rv_odata_fail(r, at,
		    "%s leads to no other objects: it is not to be expanded",
		    ret->to->name);
	if (rv_odata_at_punct(r, '/'))
		return rv_odata_fail_unsupported(r, r->token.at,
		    "paths behind what is expanded are not supported");
	inner = rv_arena_alloc(r->arena, sizeof(*inner));
	if (inner == NULL)
		return RV_ERR_NOMEM;
	rv_odata_query_init(inner, ret->to->of);
	ret->query = inner;
	if (rv_odata_at_punct(r, '('))
		result = read_nested_all(r, ret->to->of, inner);
	return result;
}

/* Whether the one behind the list is in it already. */
static bool
is_twice(const struct rv_odata_expand *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].to == list[n].to)
			return true;
	return false;
}

int
rv_odata_read_expand(struct rv_odata_reader *r, struct rv_odata_query *query)
{
	struct rv_odata_expand *list = rv_arena_alloc(
	    r->arena, RV_ODATA_LIST_MAX * sizeof(struct rv_odata_expand));
	int result = list == NULL ? RV_ERR_NOMEM : RV_OK;

	query->expand = list;
	while (result == RV_OK) {
		size_t at = r->token.at;

		if (query->n_expand == RV_ODATA_LIST_MAX)
			return rv_odata_fail(r, at,
			    "there are more than %u properties",
			    RV_ODATA_LIST_MAX);
		result = read_expanded(r, &list[query->n_expand]);
		if (result == RV_OK && is_twice(list, query->n_expand))
			result = rv_odata_fail(r, at, "%s is there twice",
			    list[query->n_expand].to->name);
		if (result != RV_OK)
			break;
		query->n_expand++;
		if (!rv_odata_at_punct(r, ','))
			break;
		result = rv_odata_next(r);
	}
	return result;
}
