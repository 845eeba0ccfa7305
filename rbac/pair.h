/* The halves of an operation on more than one thing, resolved. */
#ifndef RBAC_PAIR_H
#define RBAC_PAIR_H

#include "target.h"

#include "reeve/rbac_pair.h"

struct rv_halves {
	struct rv_target *targets;
	struct rv_pair_half *halves;
	size_t n, room;
	bool any; /* they need not come from one assignment */
};

/* Spells out the row of the table for a question; RV_ERR_NOMEM. */
RV_MUSTUSE int rv_halves_make(const struct rv_snapshot *s,
    const struct rv_pair_question *q, struct rv_arena *arena,
    struct rv_halves *ret_halves);

#endif
