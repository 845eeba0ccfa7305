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

struct rv_dict_entry {
	uint32_t off, n; /* in bytes */
	uint32_t space;
};

struct rv_dict_slot {
	uint32_t tag;	/* the upper half of the hash */
	uint32_t entry; /* its id plus one; 0 is a free slot */
};

struct rv_dict {
	uint64_t seed;
	struct rv_dict_slot *slots;
	size_t n_slots; /* a power of two, or 0 */
	struct rv_dict_entry *entries;
	size_t n, cap;
	char *bytes;
	size_t n_bytes, cap_bytes;
};

void rv_dict_init(struct rv_dict *d, uint64_t seed);
void rv_dict_fini(struct rv_dict *d);

/*
 * Finds or adds; the id is in *ret_id either way.  RV_ERR_EXISTS when it was
 * there, RV_ERR_NOMEM when there is no room, also for more than 4 GiB of
 * names.
 */
RV_MUSTUSE int rv_dict_add(
    struct rv_dict *d, uint32_t space, struct rv_slice key, uint32_t *ret_id);
/* The id, or RV_NONE. */
uint32_t rv_dict_find(
    const struct rv_dict *d, uint32_t space, struct rv_slice key);
/* The bytes of an id; absent for RV_NONE.  Borrowed. */
struct rv_slice rv_dict_name(const struct rv_dict *d, uint32_t id);
/* False when an entry cannot be found under its own name. */
bool rv_dict_is_sound(const struct rv_dict *d);

/* A 64-bit hash of bytes; equal seeds and bytes give equal hashes. */
uint64_t rv_hash(uint64_t seed, struct rv_slice key);

#endif
