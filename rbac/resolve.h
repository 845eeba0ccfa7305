/*
 * How a resolved subject is made, for what is and for what if.
 */
#ifndef RBAC_RESOLVE_H
#define RBAC_RESOLVE_H

#include "check.h"

/* Assignments on their way into a resolved subject. */
struct rv_found {
	const struct rv_assignment **p;
	const struct rv_assignment **spare; /* as much room, to sort with */
	size_t n, room;
};

/* Finds the subject's assignments and leaves room for more. */
RV_MUSTUSE int rv_subject_find(const struct rv_snapshot *s,
    const struct rv_subject *u, size_t extra, struct rv_arena *arena,
    struct rv_found *ret_found);
/* Sorts by id, drops what comes twice, makes the claims.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_subject_finish(const struct rv_snapshot *s,
    const struct rv_subject *u, struct rv_found *f, struct rv_arena *arena,
    const struct rv_subject_resolved **ret_subject);

#endif
