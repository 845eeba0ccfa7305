/*
 * A map from 64-bit numbers to indices, open addressing, for ids that the
 * store gives as numbers.  Adding is for one thread; any number may look up
 * afterwards.
 */
#ifndef RBAC_INTMAP_H
#define RBAC_INTMAP_H

#include "array.h"

struct rv_intmap_slot {
	uint64_t key;
	uint32_t value;
	bool used;
};

/* Zeroed memory is an empty map. */
struct rv_intmap {
	struct rv_intmap_slot *slots;
	size_t n_slots; /* a power of two, or 0 */
	size_t n;
};

void rv_intmap_fini(struct rv_intmap *m);
/* RV_ERR_EXISTS, and nothing changed, when the key is there. */
RV_MUSTUSE int rv_intmap_add(struct rv_intmap *m, uint64_t key, uint32_t value);
/* Replaces the value of a key that is there; returns the old one. */
uint32_t rv_intmap_set(struct rv_intmap *m, uint64_t key, uint32_t value);
/* The value, or RV_NONE. */
uint32_t rv_intmap_find(const struct rv_intmap *m, uint64_t key);

#endif
