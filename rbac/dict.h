/*
 * Interned names: an open-addressing dictionary from (space, bytes) to dense
 * ids 0, 1, 2, ... in order of arrival.  What a name stands for lies in
 * arrays of the owner, indexed by the id.  A space keeps apart what may bear
 * equal names, as the objects of two types.
 *
 * Every lookup ends with a comparison of the whole key, so that no collision
 * of hashes can make one object pass for another.
 *
 * Adding is for one thread; any number of threads may look up afterwards.
 */
#ifndef RBAC_DICT_H
#define RBAC_DICT_H

#include "array.h"

/*
 * A name and what its owner keeps with it.  All that a lookup compares or
 * answers lies together: a record that fits into a line of 64 bytes never
 * crosses one.
 */
struct rv_dict_record {
	uint64_t value; /* the owner's, 0 at first */
	uint32_t id;
	uint32_t space;
	uint32_t n; /* bytes of the name */
	char bytes[];
};

struct rv_dict_slot {
	uint32_t tag; /* the upper half of the hash */
	uint32_t at;  /* place of the record plus one; 0 is a free slot */
};

struct rv_dict {
	uint64_t seed;
	struct rv_dict_slot *slots;
	size_t n_slots;	  /* a power of two, or 0 */
	uint32_t *places; /* of the records, by id; in words of 8 bytes */
	size_t n, cap;
	unsigned char *bytes; /* the records; a multiple of 64 is its address */
	size_t n_bytes, cap_bytes;
};

void rv_dict_init(struct rv_dict *d, uint64_t seed);
void rv_dict_fini(struct rv_dict *d);

/*
 * Finds or adds; the id is in *ret_id either way.  RV_ERR_EXISTS when it was
 * there, RV_ERR_NOMEM when there is no room, also for more than 16 GiB of
 * records.
 */
RV_MUSTUSE int rv_dict_add(
    struct rv_dict *d, uint32_t space, struct rv_slice key, uint32_t *ret_id);
/* The id, or RV_NONE. */
uint32_t rv_dict_find(
    const struct rv_dict *d, uint32_t space, struct rv_slice key);
/* The bytes of an id; absent for RV_NONE.  Borrowed. */
struct rv_slice rv_dict_name(const struct rv_dict *d, uint32_t id);
uint32_t rv_dict_space(const struct rv_dict *d, uint32_t id);
void rv_dict_set_value(struct rv_dict *d, uint32_t id, uint64_t value);
uint64_t rv_dict_value(const struct rv_dict *d, uint32_t id);
/*
 * Gives every entry a new id: order[i] is the old id of the entry i.  The
 * order holds each old id once.
 */
RV_MUSTUSE int rv_dict_reorder(struct rv_dict *d, const uint32_t *order);
/* False when an entry cannot be found under its own name. */
bool rv_dict_is_sound(const struct rv_dict *d);

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
