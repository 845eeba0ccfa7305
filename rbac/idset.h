/*
 * Sets of 32-bit ids, immutable and shared between versions: a sorted list
 * while there are few, else chunks of 65,536 ids, each a sorted list of their
 * lower halves or a bit for each.  NULL is the empty set, and no other is.
 *
 * Why not CRoaring: docs/architecture.md, section 5.
 */
#ifndef RBAC_IDSET_H
#define RBAC_IDSET_H

#include "array.h"
#include "block.h"

/* Borrowed; ascending without duplicates. */
struct rv_ids {
	const uint32_t *p;
	size_t n;
};

bool rv_ids_contain(struct rv_ids ids, uint32_t id);
/* The number of ids that are not greater than id. */
size_t rv_ids_upto(struct rv_ids ids, uint32_t id);
bool rv_ids_intersect(struct rv_ids a, struct rv_ids b);
bool rv_ids_ascend(struct rv_ids ids);

struct rv_idset;

bool rv_idset_has(const struct rv_idset *set, uint32_t id);
/* 2^32 at most. */
uint64_t rv_idset_count(const struct rv_idset *set);
/*
 * The smallest member that is *from or greater, and *from moved behind it;
 * false when there is none.  Start with *from = 0.
 */
bool rv_idset_next(const struct rv_idset *set, uint64_t *from, uint32_t *ret);
/* As many members as fit, from *from on, which moves behind them. */
size_t rv_idset_read(
    const struct rv_idset *set, uint64_t *from, uint32_t *ids, size_t room);
bool rv_idset_meets(const struct rv_idset *set, struct rv_ids ids);

/*
 * Editing: *set is replaced.  RV_ERR_EXISTS, RV_ERR_NOTFOUND or RV_ERR_NOMEM,
 * and then nothing has changed.
 */
RV_MUSTUSE int rv_idset_add(
    struct rv_edit *e, struct rv_idset **set, uint32_t id);
RV_MUSTUSE int rv_idset_remove(
    struct rv_edit *e, struct rv_idset **set, uint32_t id);
/* A new set of ascending ids, exactly as large as it has to be. */
RV_MUSTUSE int rv_idset_make(
    struct rv_edit *e, struct rv_ids ids, struct rv_idset **ret_set);
/* It is no part of the new version. */
void rv_idset_drop(struct rv_edit *e, struct rv_idset *set);
/* Frees one that no version sees any more. */
void rv_idset_free(struct rv_idset *set);
/* False when anything about its form is wrong. */
bool rv_idset_is_sound(const struct rv_idset *set);

/*
 * Sums of sets, in an arena: a bit for each id of the chunks that are in
 * it.  Made empty, joined with sets and ranges, cut down, read.
 */
struct rv_idsum;

/* NULL when out of memory; so below where a pointer is returned. */
struct rv_idsum *rv_idsum_new(struct rv_arena *arena);
RV_MUSTUSE int rv_idsum_join(struct rv_idsum *sum, const struct rv_idset *set);
RV_MUSTUSE int rv_idsum_add(struct rv_idsum *sum, uint32_t id);
/* In any order; fastest when neighbours are near each other. */
RV_MUSTUSE int rv_idsum_add_all(struct rv_idsum *sum, struct rv_ids ids);
RV_MUSTUSE int rv_idsum_join_sum(
    struct rv_idsum *sum, const struct rv_idsum *other);
/* Keeps what is in the other too. */
void rv_idsum_meet(struct rv_idsum *sum, const struct rv_idsum *other);
void rv_idsum_meet_set(struct rv_idsum *sum, const struct rv_idset *set);
/* Keeps what is not in the set. */
void rv_idsum_leave(struct rv_idsum *sum, const struct rv_idset *set);
bool rv_idsum_has(const struct rv_idsum *sum, uint32_t id);
uint64_t rv_idsum_count(const struct rv_idsum *sum);
bool rv_idsum_next(const struct rv_idsum *sum, uint64_t *from, uint32_t *ret);
size_t rv_idsum_read(
    const struct rv_idsum *sum, uint64_t *from, uint32_t *ids, size_t room);

#endif
