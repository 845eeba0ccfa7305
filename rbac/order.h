/*
 * Ids in the order of their names, by bytes: leaves of up to 512 ids under
 * one directory, shared between versions.  NULL is the empty order.
 */
#ifndef RBAC_ORDER_H
#define RBAC_ORDER_H

#include "dict.h"

struct rv_order;

/* RV_ERR_EXISTS, RV_ERR_NOTFOUND or RV_ERR_NOMEM: nothing has changed. */
RV_MUSTUSE int rv_order_add(struct rv_edit *e, struct rv_order **order,
    const struct rv_dict *names, uint32_t id);
RV_MUSTUSE int rv_order_remove(struct rv_edit *e, struct rv_order **order,
    const struct rv_dict *names, uint32_t id);
size_t rv_order_count(const struct rv_order *order);

/* A place; zeroed it is before the first. */
struct rv_order_at {
	uint32_t leaf, within;
};
/* The id at the place, and the place moved behind it; RV_NONE: no more. */
uint32_t rv_order_next(const struct rv_order *order, struct rv_order_at *at);
/*
 * A run of ids that lie together, from the place on, and the place moved
 * behind them; returns how many, 0: no more.
 */
size_t rv_order_run(const struct rv_order *order, struct rv_order_at *at,
    const uint32_t **ret_ids);
/* The place behind a name, which need not be there. */
struct rv_order_at rv_order_after(const struct rv_order *order,
    const struct rv_dict *names, struct rv_slice name);

void rv_order_drop(struct rv_edit *e, struct rv_order *order);
void rv_order_free(struct rv_order *order);
bool rv_order_is_sound(
    const struct rv_order *order, const struct rv_dict *names);

#endif
