#include "order_form.h"

#include <string.h>

/*
 * An edit first makes the way down its own, then splits what is full.  Both
 * change nothing that can be seen, so that it may stop anywhere.
 */

/* To write to, with room for so many, up to the most. */
static struct rv_order_branch *
own_branch(struct rv_edit *e, struct rv_order_branch *b, size_t n)
{
	return rv_block_room(
	    e, b, rv_order_branch_bytes(n < RV_ORDER_MOST ? n : RV_ORDER_MOST));
}

static struct rv_order_leaf *
own_leaf(struct rv_edit *e, struct rv_order_leaf *l, size_t n)
{
	return rv_block_room(
	    e, l, rv_order_leaf_bytes(n < RV_ORDER_MOST ? n : RV_ORDER_MOST));
}

/*
 * The way down becomes the edit's own, each with room for one more, as far
 * as that is allowed.
 */
static int
own_way(struct rv_edit *e, struct rv_order **order, struct rv_order_way w)
{
	struct rv_order *o =
	    rv_block_room(e, *order, rv_order_bytes((*order)->n + 1));
	struct rv_order_branch *b;
	struct rv_order_leaf *l;

	if (o == NULL)
		return RV_ERR_NOMEM;
	*order = o;
	b = rv_order_branch_at(o, w);
	b = own_branch(e, b, b->n + 1);
	if (b == NULL)
		return RV_ERR_NOMEM;
	o->branches[w.branch] = b;
	l = rv_order_leaf_at(o, w);
	l = own_leaf(e, l, l->n + 1);
	if (l == NULL)
		return RV_ERR_NOMEM;
	b->leaves[w.leaf] = l;
	return RV_OK;
}

/*
 * How many stay when a full one is split.  What comes in order goes to the
 * end, and all but the last stay, since the rest will not fill up again.
 */
static size_t
stay(bool at_end)
{
	return at_end ? RV_ORDER_MOST - 1 : RV_ORDER_MOST / 2;
}

static int
split_branch(struct rv_edit *e, struct rv_order *o, struct rv_order_way *w)
{
	struct rv_order_branch *b = rv_order_branch_at(o, *w), *right;
	const size_t n = stay(w->branch == o->n - 1 && w->leaf == b->n - 1);

	right = rv_block_new(e, rv_order_branch_bytes(RV_ORDER_MOST));
	if (right == NULL)
		return RV_ERR_NOMEM;
	right->n = b->n - n;
	memcpy(right->leaves, b->leaves + n, right->n * sizeof(*b->leaves));
	b->n = n;
	memmove(o->branches + w->branch + 2, o->branches + w->branch + 1,
	    (o->n - w->branch - 1) * sizeof(struct rv_order_branch *));
	o->branches[w->branch + 1] = right;
	o->n++;
	if (w->leaf >= n) {
		w->branch++;
		w->leaf -= n;
	}
	return RV_OK;
}

static int
split_leaf(struct rv_edit *e, struct rv_order_branch *b, bool last,
    struct rv_order_way *w)
{
	struct rv_order_leaf *l = b->leaves[w->leaf], *right;
	const size_t n = stay(last && w->leaf == b->n - 1 && w->within == l->n);

	right = rv_block_new(e, rv_order_leaf_bytes(RV_ORDER_MOST));
	if (right == NULL)
		return RV_ERR_NOMEM;
	right->n = l->n - n;
	memcpy(right->ids, l->ids + n, right->n * sizeof(*l->ids));
	l->n = n;
	memmove(b->leaves + w->leaf + 2, b->leaves + w->leaf + 1,
	    (b->n - w->leaf - 1) * sizeof(struct rv_order_leaf *));
	b->leaves[w->leaf + 1] = right;
	b->n++;
	if (w->within > n) {
		w->leaf++;
		w->within -= n;
	}
	return RV_OK;
}

/* Splits what is full on a way that is the edit's own. */
static int
make_room(struct rv_edit *e, struct rv_order *o, struct rv_order_way *w)
{
	if (rv_order_leaf_at(o, *w)->n < RV_ORDER_MOST)
		return RV_OK;
	if (rv_order_branch_at(o, *w)->n == RV_ORDER_MOST &&
	    split_branch(e, o, w) != RV_OK)
		return RV_ERR_NOMEM;
	return split_leaf(
	    e, rv_order_branch_at(o, *w), w->branch == o->n - 1, w);
}

static int
first(struct rv_edit *e, struct rv_order **order, uint32_t id)
{
	struct rv_order *o = rv_block_new(e, rv_order_bytes(1));
	struct rv_order_branch *b = rv_block_new(e, rv_order_branch_bytes(1));
	struct rv_order_leaf *l = rv_block_new(e, rv_order_leaf_bytes(6));

	if (o == NULL || b == NULL || l == NULL) {
		rv_block_drop(e, o);
		rv_block_drop(e, b);
		rv_block_drop(e, l);
		return RV_ERR_NOMEM;
	}
	o->count = o->n = b->n = l->n = 1;
	o->branches[0] = b;
	b->leaves[0] = l;
	l->ids[0] = id;
	*order = o;
	return RV_OK;
}

int
rv_order_add(struct rv_edit *e, struct rv_order **order,
    const struct rv_dict *names, uint32_t id)
{
	const struct rv_slice name = rv_dict_name(names, id);
	struct rv_order_leaf *l;
	struct rv_order_way w;
	uint32_t there;

	if (*order == NULL)
		return first(e, order, id);
	w = rv_order_search(*order, names, name);
	there = rv_order_id_at(*order, w);
	if (there != RV_NONE && rv_order_compare(names, there, name) == 0)
		return RV_ERR_EXISTS;
	if (own_way(e, order, w) != RV_OK || make_room(e, *order, &w) != RV_OK)
		return RV_ERR_NOMEM;
	l = rv_order_leaf_at(*order, w);
	memmove(l->ids + w.within + 1, l->ids + w.within,
	    (l->n - w.within) * sizeof(*l->ids));
	l->ids[w.within] = id;
	l->n++;
	(*order)->count++;
	return RV_OK;
}

/* Moves the leaf behind another into it where both are small together. */
static void
join_leaves(struct rv_edit *e, struct rv_order_branch *b, size_t at)
{
	struct rv_order_leaf *l, *right;

	if (at + 1 >= b->n ||
	    b->leaves[at]->n + b->leaves[at + 1]->n > RV_ORDER_MOST / 2)
		return;
	right = b->leaves[at + 1];
	l = own_leaf(e, b->leaves[at], b->leaves[at]->n + right->n);
	if (l == NULL)
		return; /* it is only a matter of space */
	memcpy(l->ids + l->n, right->ids, right->n * sizeof(*l->ids));
	l->n += right->n;
	b->leaves[at] = l;
	b->n--;
	memmove(b->leaves + at + 1, b->leaves + at + 2,
	    (b->n - at - 1) * sizeof(struct rv_order_leaf *));
	rv_block_drop(e, right);
}

static void
join_branches(struct rv_edit *e, struct rv_order *o, size_t at)
{
	struct rv_order_branch *b, *right;

	if (at + 1 >= o->n ||
	    o->branches[at]->n + o->branches[at + 1]->n > RV_ORDER_MOST / 2)
		return;
	right = o->branches[at + 1];
	b = own_branch(e, o->branches[at], o->branches[at]->n + right->n);
	if (b == NULL)
		return;
	memcpy(b->leaves + b->n, right->leaves,
	    right->n * sizeof(struct rv_order_leaf *));
	b->n += right->n;
	o->branches[at] = b;
	o->n--;
	memmove(o->branches + at + 1, o->branches + at + 2,
	    (o->n - at - 1) * sizeof(struct rv_order_branch *));
	rv_block_drop(e, right);
}

/* An empty leaf goes, with a branch that it leaves empty. */
static void
drop_leaf(struct rv_edit *e, struct rv_order **order, struct rv_order_way w)
{
	struct rv_order *o = *order;
	struct rv_order_branch *b = rv_order_branch_at(o, w);

	rv_block_drop(e, b->leaves[w.leaf]);
	b->n--;
	memmove(b->leaves + w.leaf, b->leaves + w.leaf + 1,
	    (b->n - w.leaf) * sizeof(struct rv_order_leaf *));
	if (b->n > 0)
		return;
	rv_block_drop(e, b);
	o->n--;
	memmove(o->branches + w.branch, o->branches + w.branch + 1,
	    (o->n - w.branch) * sizeof(struct rv_order_branch *));
	if (o->n == 0) {
		rv_block_drop(e, o);
		*order = NULL;
	}
}

/* Keeps a way dense from which an id is gone. */
static void
tidy(struct rv_edit *e, struct rv_order **order, struct rv_order_way w)
{
	struct rv_order *o = *order;
	struct rv_order_branch *b = rv_order_branch_at(o, w);

	if (rv_order_leaf_at(o, w)->n == 0) {
		drop_leaf(e, order, w);
		return;
	}
	join_leaves(e, b, w.leaf);
	if (w.leaf > 0)
		join_leaves(e, b, w.leaf - 1);
	join_branches(e, o, w.branch);
	if (w.branch > 0)
		join_branches(e, o, w.branch - 1);
}

int
rv_order_remove(struct rv_edit *e, struct rv_order **order,
    const struct rv_dict *names, uint32_t id)
{
	struct rv_order_leaf *l;
	struct rv_order_way w;

	if (*order == NULL)
		return RV_ERR_NOTFOUND;
	w = rv_order_search(*order, names, rv_dict_name(names, id));
	if (rv_order_id_at(*order, w) != id)
		return RV_ERR_NOTFOUND;
	if (own_way(e, order, w) != RV_OK)
		return RV_ERR_NOMEM;
	l = rv_order_leaf_at(*order, w);
	l->n--;
	memmove(l->ids + w.within, l->ids + w.within + 1,
	    (l->n - w.within) * sizeof(*l->ids));
	(*order)->count--;
	tidy(e, order, w);
	return RV_OK;
}

void
rv_order_drop(struct rv_edit *e, struct rv_order *order)
{
	for (size_t i = 0; order != NULL && i < order->n; i++) {
		for (size_t k = 0; k < order->branches[i]->n; k++)
			rv_block_drop(e, order->branches[i]->leaves[k]);
		rv_block_drop(e, order->branches[i]);
	}
	rv_block_drop(e, order);
}

void
rv_order_free(struct rv_order *order)
{
	rv_order_drop(NULL, order);
}
