/*
 * The decision on a resolved question, for check and for lists.
 */
#ifndef RBAC_CHECK_H
#define RBAC_CHECK_H

#include "target.h"

/* The assignments that count for a subject, user by user. */
struct rv_walk {
	const struct rv_snapshot *s;
	const struct rv_subject *u;
	size_t next_id;
	uint32_t at, end;
};

void rv_walk_init(
    struct rv_walk *w, const struct rv_snapshot *s, const struct rv_subject *u);
/*
 * The next one, or NULL.  An assignment comes twice when the subject bears
 * its user's id twice.
 */
const struct rv_assignment *rv_walk_next(struct rv_walk *w);

/* Whether an assignment, valid now, gives one operation of a type, apart from
 * what it covers. */
bool rv_permits(const struct rv_walk *w, const struct rv_assignment *a,
    int64_t at_ms, uint32_t type, unsigned bit);

/* Fills the whole verdict. */
void rv_decide(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, const struct rv_target *t, struct rv_verdict *ret);

#endif
