/*
 * Interned sets of dense ids: equal sets are one set with one number, so
 * that a hundred thousand assignments over a few hundred combinations of
 * collections cost four bytes each.  Set 0 is the empty set.
 */
#ifndef RBAC_SETS_H
#define RBAC_SETS_H

#include "array.h"

/* Borrowed; ascending without duplicates. */
struct rv_ids {
	const uint32_t *p;
	size_t n;
};

struct rv_sets {
	size_t universe; /* all ids are below it */
	uint32_t *ids;	 /* of all sets, one after the other */
	size_t n_ids, cap_ids;
	uint32_t *first; /* n + 1 items: where each set begins */
	size_t n, cap_first;
	uint32_t *slots; /* set number plus one; 0 is free */
	size_t n_slots;	 /* a power of two */
};

RV_MUSTUSE int rv_sets_init(struct rv_sets *sets, size_t universe);
void rv_sets_fini(struct rv_sets *sets);
/* ids are ascending, without duplicates, below the universe. */
RV_MUSTUSE int rv_sets_intern(
    struct rv_sets *sets, struct rv_ids ids, uint32_t *ret_set);
struct rv_ids rv_sets_get(const struct rv_sets *sets, uint32_t set);
/* False when a set is out of order or of range, or is not found. */
bool rv_sets_are_sound(const struct rv_sets *sets);

bool rv_ids_contain(struct rv_ids ids, uint32_t id);
/* The number of ids that are not greater than id. */
size_t rv_ids_upto(struct rv_ids ids, uint32_t id);
bool rv_ids_intersect(struct rv_ids a, struct rv_ids b);
bool rv_ids_ascend(struct rv_ids ids, size_t universe);

#endif
