/*
 * How an order is made up: three levels, the order, branches, leaves.
 * Nothing but the order itself is empty, and all are shared until they are
 * written to.
 */
#ifndef RBAC_ORDER_FORM_H
#define RBAC_ORDER_FORM_H

#include "order.h"

#define RV_ORDER_MOST 512u /* ids of a leaf, leaves of a branch */

struct rv_order_leaf {
	uint64_t n;
	uint32_t ids[];
};

struct rv_order_branch {
	uint64_t n;
	struct rv_order_leaf *leaves[];
};

struct rv_order {
	uint64_t count;
	uint64_t n;
	struct rv_order_branch *branches[];
};

/* A way down: the numbers of the branch, of the leaf in it, of the id. */
struct rv_order_way {
	size_t branch, leaf, within;
};

/* Where a name is or would be; what comes in order is found at once. */
struct rv_order_way rv_order_search(const struct rv_order *order,
    const struct rv_dict *names, struct rv_slice name);

static inline int
rv_order_compare(const struct rv_dict *names, uint32_t id, struct rv_slice name)
{
	return rv_slice_cmp(rv_dict_name(names, id), name);
}

static inline struct rv_order_branch *
rv_order_branch_at(const struct rv_order *o, struct rv_order_way w)
{
	return o->branches[w.branch];
}

static inline struct rv_order_leaf *
rv_order_leaf_at(const struct rv_order *o, struct rv_order_way w)
{
	return o->branches[w.branch]->leaves[w.leaf];
}

/* The id at a place, RV_NONE behind the last of a leaf. */
static inline uint32_t
rv_order_id_at(const struct rv_order *o, struct rv_order_way w)
{
	const struct rv_order_leaf *l = rv_order_leaf_at(o, w);

	return w.within < l->n ? l->ids[w.within] : RV_NONE;
}

static inline size_t
rv_order_bytes(size_t n)
{
	return sizeof(struct rv_order) + n * sizeof(struct rv_order_branch *);
}

static inline size_t
rv_order_branch_bytes(size_t n)
{
	return sizeof(struct rv_order_branch) +
	       n * sizeof(struct rv_order_leaf *);
}

static inline size_t
rv_order_leaf_bytes(size_t n)
{
	return sizeof(struct rv_order_leaf) + n * sizeof(uint32_t);
}

#endif
