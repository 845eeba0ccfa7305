/*
 * Interned names: an open-addressing dictionary from (space, bytes) to dense
 * ids 0, 1, 2, ... in order of arrival.  A space keeps apart what may bear
 * equal names, as the objects of two types.
 *
 * Names are only ever added, and the versions of a line share them: that a
 * name is here says nothing about whether what it names is there; ask the
 * column of the version.  An id is never used for another name.
 *
 * Every lookup ends with a comparison of the whole key, so that no collision
 * of hashes can make one object pass for another.
 *
 * One thread adds while any number look up, in this or an older version.
 */
#ifndef RBAC_DICT_H
#define RBAC_DICT_H

#include "array.h"
#include "block.h"

/*
 * A name and what its owner keeps with it.  All that a lookup compares or
 * answers lies together: a record that fits into a line of 64 bytes never
 * crosses one.
 */
struct rv_dict_record {
	/* The owner's: of the first edition, and never changed after it. */
	uint64_t value;
	uint32_t id;
	uint32_t space;
	uint16_t n; /* bytes of the name */
	/* Not 0: the value may be another now, ask the column (atomic). */
	uint16_t moved;
	char bytes[];
};

struct rv_dict_names; /* the records; one for all versions */

struct rv_dict {
	uint64_t seed;
	uint64_t *slots; /* a block; upper hash bits, place; 0 is free */
	size_t n_slots;	 /* a power of two, or 0 */
	size_t n;	 /* names; those with higher ids are not of this */
	struct rv_dict_names *names;
};

/* When out of memory every rv_dict_add() will say so. */
void rv_dict_init(struct rv_dict *d, uint64_t seed);
/* Frees it with all its names: for the last version, or a builder's own. */
void rv_dict_fini(struct rv_dict *d);

/*
 * Finds or adds; the id is in *ret_id either way.  e may be NULL while
 * nobody else has the dictionary.  RV_ERR_EXISTS when it was there,
 * RV_ERR_LIMIT for a key of more than 65,535 bytes, RV_ERR_INVALID for an
 * absent one, RV_ERR_NOMEM when there is no room, also for more than 30 GiB
 * of records or 2^28 names; then nothing has been added.  What an edit that is given up
 * has added keeps its ids, unseen by the versions before, and is there again
 * for the edit that adds next.
 */
RV_MUSTUSE int rv_dict_add(struct rv_edit *e, struct rv_dict *d, uint32_t space,
    struct rv_slice key, uint32_t *ret_id);
/* The id, or RV_NONE. */
uint32_t rv_dict_find(
    const struct rv_dict *d, uint32_t space, struct rv_slice key);
/* The bytes of an id; absent for RV_NONE.  Borrowed. */
struct rv_slice rv_dict_name(const struct rv_dict *d, uint32_t id);
uint32_t rv_dict_space(const struct rv_dict *d, uint32_t id);
/* Only while nobody else has the dictionary. */
void rv_dict_set_value(struct rv_dict *d, uint32_t id, uint64_t value);
uint64_t rv_dict_value(const struct rv_dict *d, uint32_t id);
/* From now on the value of an id is in a column; any readers. */
void rv_dict_set_moved(struct rv_dict *d, uint32_t id);
static inline bool
rv_dict_has_moved(const struct rv_dict_record *record)
{
	return __atomic_load_n(&record->moved, __ATOMIC_RELAXED) != 0;
}
/* False when an entry cannot be found under its own name. */
bool rv_dict_is_sound(const struct rv_dict *d);
/* Bytes of memory, slots and records. */
size_t rv_dict_bytes(const struct rv_dict *d);

/*
 * A lookup in steps, for those who have many to do: the hash, then the slot,
 * then the record, each fetched while others are looked at.
 */
uint64_t rv_dict_hash(
    const struct rv_dict *d, uint32_t space, struct rv_slice key);
void rv_dict_fetch_slot(const struct rv_dict *d, uint64_t hash);
void rv_dict_fetch_record(const struct rv_dict *d, uint64_t hash);
/* NULL when it is not there, or when the key is absent. */
const struct rv_dict_record *rv_dict_get(const struct rv_dict *d, uint64_t hash,
    uint32_t space, struct rv_slice key);

/* A 64-bit hash of bytes; equal seeds and bytes give equal hashes. */
uint64_t rv_hash(uint64_t seed, struct rv_slice key);

#endif
