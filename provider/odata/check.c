/* Types of the two sides of a comparison, and of conditions. */
#include "odata/reader.h"
#include "odata/value.h"

static bool
is_number(enum rv_odata_type type)
{
	return type == RV_ODATA_INT || type == RV_ODATA_DOUBLE;
}

static const char *
name_of(const struct rv_odata_node *node)
{
	return node->is_collection ? "a collection"
				   : rv_odata_type_name(node->type);
}

/* A date beside a date with a time is its midnight, UTC. */
static void
widen(struct rv_odata_node *node)
{
	node->type = RV_ODATA_INSTANT;
	node->value.type = RV_ODATA_INSTANT;
	node->value.i *= RV_ODATA_DAY_SEC * RV_ODATA_MICROS;
}

int
rv_odata_check_pair(struct rv_odata_reader *r, size_t at,
    const struct rv_odata_node *a, struct rv_odata_node *b)
{
	if (a->type == RV_ODATA_INSTANT && b->type == RV_ODATA_DATE &&
	    b->kind == RV_ODATA_LITERAL)
		widen(b);
	if (a->is_collection || b->is_collection ||
	    a->type == RV_ODATA_OBJECT || b->type == RV_ODATA_OBJECT)
		return rv_odata_fail(r, at, "%s does not compare with %s",
		    name_of(a), name_of(b));
	if (a->type == b->type || a->type == RV_ODATA_NULL ||
	    b->type == RV_ODATA_NULL ||
	    (is_number(a->type) && is_number(b->type)))
		return RV_OK;
	return rv_odata_fail(
	    r, at, "%s does not compare with %s", name_of(a), name_of(b));
}

int
rv_odata_check_condition(
    struct rv_odata_reader *r, const struct rv_odata_node *node)
{
	if (!node->is_collection &&
	    (node->type == RV_ODATA_BOOL || node->type == RV_ODATA_NULL))
		return RV_OK;
	return rv_odata_fail(
	    r, node->at, "a condition is needed here, not %s", name_of(node));
}
