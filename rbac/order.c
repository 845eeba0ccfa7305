#include "order_form.h"

size_t
rv_order_count(const struct rv_order *order)
{
	return order == NULL ? 0 : order->count;
}

static uint32_t
last_id(const struct rv_order *order)
{
	const struct rv_order_branch *b = order->branches[order->n - 1];
	const struct rv_order_leaf *l = b->leaves[b->n - 1];

	return l->ids[l->n - 1];
}

/* The first place whose id is not before the name. */
static size_t
search_leaf(const struct rv_order_leaf *l, const struct rv_dict *names,
    struct rv_slice name)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (rv_order_compare(names, l->ids[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last leaf that begins at or before the name, or the first. */
static size_t
search_branch(const struct rv_order_branch *b, const struct rv_dict *names,
    struct rv_slice name)
{
	size_t low = 1, high = b->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (rv_order_compare(names, b->leaves[middle]->ids[0], name) <=
		    0)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

/* The same with branches. */
static size_t
search_order(
    const struct rv_order *o, const struct rv_dict *names, struct rv_slice name)
{
	size_t low = 1, high = o->n;

	while (low < high) {
		const size_t middle = (low + high) / 2;
		const struct rv_order_leaf *first =
		    o->branches[middle]->leaves[0];

		if (rv_order_compare(names, first->ids[0], name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

struct rv_order_way
rv_order_search(
    const struct rv_order *o, const struct rv_dict *names, struct rv_slice name)
{
	const struct rv_order_branch *b;
	struct rv_order_way w;

	if (rv_order_compare(names, last_id(o), name) < 0) {
		b = o->branches[o->n - 1];
		return (struct rv_order_way){ o->n - 1, b->n - 1,
			b->leaves[b->n - 1]->n };
	}
	w.branch = search_order(o, names, name);
	b = o->branches[w.branch];
	w.leaf = search_branch(b, names, name);
	w.within = search_leaf(b->leaves[w.leaf], names, name);
	return w;
}

size_t
rv_order_run(const struct rv_order *order, struct rv_order_at *at,
    const uint32_t **ret_ids)
{
	struct rv_order_way w = { at->leaf / RV_ORDER_MOST,
		at->leaf % RV_ORDER_MOST, at->within };
	const struct rv_order_leaf *l = NULL;

	for (; order != NULL && w.branch < order->n; w.branch++, w.leaf = 0) {
		for (; w.leaf < rv_order_branch_at(order, w)->n;
		     w.leaf++, w.within = 0) {
			l = rv_order_leaf_at(order, w);
			if (w.within < l->n) {
				*at = (struct rv_order_at){
					(uint32_t)(w.branch * RV_ORDER_MOST +
						   w.leaf),
					(uint32_t)l->n
				};
				*ret_ids = l->ids + w.within;
				return l->n - w.within;
			}
		}
	}
	return 0;
}

uint32_t
rv_order_next(const struct rv_order *order, struct rv_order_at *at)
{
	const uint32_t *ids;
	const size_t n = rv_order_run(order, at, &ids);

	if (n == 0)
		return RV_NONE;
	at->within -= (uint32_t)(n - 1);
	return ids[0];
}

struct rv_order_at
rv_order_after(const struct rv_order *order, const struct rv_dict *names,
    struct rv_slice name)
{
	struct rv_order_way w;
	uint32_t id;

	if (order == NULL)
		return (struct rv_order_at){ 0, 0 };
	w = rv_order_search(order, names, name);
	id = rv_order_id_at(order, w);
	if (id != RV_NONE && rv_order_compare(names, id, name) == 0)
		w.within++;
	return (
	    struct rv_order_at){ (uint32_t)(w.branch * RV_ORDER_MOST + w.leaf),
		(uint32_t)w.within };
}

/* Whether the ids of a leaf come after *last, the id before them, in order. */
static bool
leaf_is_sound(
    const struct rv_order_leaf *l, const struct rv_dict *names, uint32_t *last)
{
	if (l->n == 0 || l->n > RV_ORDER_MOST ||
	    rv_order_leaf_bytes(l->n) > rv_block_size(l))
		return false;
	for (size_t i = 0; i < l->n; i++) {
		if (l->ids[i] >= names->n)
			return false;
		if (*last != RV_NONE &&
		    rv_order_compare(
			names, *last, rv_dict_name(names, l->ids[i])) >= 0)
			return false;
		*last = l->ids[i];
	}
	return true;
}

bool
rv_order_is_sound(const struct rv_order *order, const struct rv_dict *names)
{
	uint32_t last = RV_NONE;
	size_t count = 0;

	if (order == NULL)
		return true;
	if (order->n == 0 || rv_order_bytes(order->n) > rv_block_size(order))
		return false;
	for (size_t i = 0; i < order->n; i++) {
		const struct rv_order_branch *b = order->branches[i];

		if (b->n == 0 || b->n > RV_ORDER_MOST ||
		    rv_order_branch_bytes(b->n) > rv_block_size(b))
			return false;
		for (size_t k = 0; k < b->n; k++) {
			if (!leaf_is_sound(b->leaves[k], names, &last))
				return false;
			count += b->leaves[k]->n;
		}
	}
	return count == order->count;
}
