/*
 * Interned sets of dense ids: equal sets are one set with one number, so
 * that a million objects in a few thousand combinations of scopes cost four
 * bytes each.  Set 0 is the empty set.
 *
 * A set is a sorted array and a 64-bit summary with the bit (id mod 64) of
 * each member.  Disjoint summaries prove disjoint sets; below 65 possible
 * ids the summary is the set.
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
	uint64_t *summary;
	size_t cap_summary;
	uint32_t *slots; /* set number plus one; 0 is free */
	size_t n_slots;	 /* a power of two */
};

RV_MUSTUSE int rv_sets_init(struct rv_sets *sets, size_t universe);
void rv_sets_fini(struct rv_sets *sets);
/* ids are ascending, without duplicates, below the universe. */
RV_MUSTUSE int rv_sets_intern(
    struct rv_sets *sets, struct rv_ids ids, uint32_t *ret_set);
struct rv_ids rv_sets_get(const struct rv_sets *sets, uint32_t set);
bool rv_sets_intersect(const struct rv_sets *sets, uint32_t a, uint32_t b);
/* False when a set is out of order or of range, or its summary is wrong. */
bool rv_sets_are_sound(const struct rv_sets *sets);

bool rv_ids_contain(struct rv_ids ids, uint32_t id);
/* The number of ids that are not greater than id. */
size_t rv_ids_upto(struct rv_ids ids, uint32_t id);
bool rv_ids_intersect(struct rv_ids a, struct rv_ids b);
bool rv_ids_ascend(struct rv_ids ids, size_t universe);

#endif
