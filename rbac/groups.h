/*
 * Pairs (owner, item) turned into one ascending list of items an owner: how
 * the rows of every many-to-many table become part of a snapshot.
 */
#ifndef RBAC_GROUPS_H
#define RBAC_GROUPS_H

#include "idset.h"

struct rv_pair {
	uint32_t owner, item;
};

/* Zeroed memory is an empty list of pairs. */
struct rv_pairs {
	struct rv_pair *p;
	size_t n, cap;
};

RV_MUSTUSE int rv_pairs_add(
    struct rv_pairs *pairs, uint32_t owner, uint32_t item);
void rv_pairs_fini(struct rv_pairs *pairs);

struct rv_groups {
	uint32_t *first; /* owners + 1 items: where each list begins */
	uint32_t *items;
	size_t n_owners;
};

/* Duplicates are dropped.  Every owner is below n_owners. */
RV_MUSTUSE int rv_groups_make(const struct rv_pairs *pairs, size_t n_owners,
    struct rv_groups *ret_groups);
/*
 * The same of owners that are no positions but any ids: `owners` has them,
 * ascending, and the list of the i-th is that of the i-th id.  Sorts the
 * pairs.
 */
RV_MUSTUSE int rv_groups_of(
    struct rv_pairs *pairs, struct rv_ids owners, struct rv_groups *ret_groups);
/*
 * The other way round: per item, of which there are n_items, the ids of the
 * owners that have it.
 */
RV_MUSTUSE int rv_groups_turn(const struct rv_groups *groups,
    struct rv_ids owners, size_t n_items, struct rv_groups *ret_groups);
void rv_groups_fini(struct rv_groups *groups);
struct rv_ids rv_groups_get(const struct rv_groups *groups, uint32_t owner);

#endif
