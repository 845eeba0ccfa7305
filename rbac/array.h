/*
 * Growing arrays for the builder.  An index into any array of a snapshot is
 * a uint32_t; RV_NONE is no index.
 */
#ifndef RBAC_ARRAY_H
#define RBAC_ARRAY_H

#include "reeve/base.h"

#define RV_NONE UINT32_MAX

/*
 * Makes room for one item behind the first n of the array p, which has room
 * for *cap items of the given size.  Returns the array, which may have moved;
 * NULL when out of memory or beyond RV_NONE items, and then p is as it was.
 */
void *rv_array_room(void *p, size_t n, size_t *cap, size_t size);

/* Zeroed room for n items, never NULL for n = 0; NULL when out of memory. */
void *rv_array_new(size_t n, size_t size);

#endif
