/*
 * Which proofs have been used: two generations of hashes.  A proof counts
 * for two minutes at most, and a generation for as long, so that what has
 * been forgotten is too old by itself.
 */
#ifndef AUTH_DPOP_MEMORY_H
#define AUTH_DPOP_MEMORY_H

#include "dpop.h"

/*
 * Remembers; RV_ERR_EXISTS when it was there; RV_ERR_LIMIT when there is no
 * room, RV_ERR_NOMEM: nothing was remembered then, and the proof is not to be
 * accepted.  A now_ms earlier than the last one counts as the last one.
 */
RV_MUSTUSE int rv_dpop_memory_use(struct rv_dpop_memory *memory,
    const unsigned char hash[32], int64_t now_ms);

#endif
