/*
 * The resources inside each collection, as sets of dense numbers: a list
 * while there are few, a bit for each resource once that takes less room.
 */
#ifndef RBAC_MEMBERS_H
#define RBAC_MEMBERS_H

#include "groups.h"

struct rv_member_set {
	const uint32_t *list; /* ascending; NULL when there is a row */
	const uint64_t *row;  /* a bit a resource */
	uint32_t n;
};

struct rv_members {
	struct rv_member_set *sets;
	size_t n_sets;
	size_t n_resources;
	uint32_t *lists;
	uint64_t *rows;
};

/* Turns resource -> collections round. */
RV_MUSTUSE int rv_members_make(
    struct rv_members *m, const struct rv_groups *groups, size_t n_collections);
void rv_members_fini(struct rv_members *m);
/* Adds the members of one collection to a row of all resources. */
void rv_members_join(
    const struct rv_members *m, uint32_t collection, uint64_t *row);
bool rv_members_has(
    const struct rv_members *m, uint32_t collection, uint32_t resource);

#endif
