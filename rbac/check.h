/*
 * The decision on a resolved question, for checks and lists.
 */
#ifndef RBAC_CHECK_H
#define RBAC_CHECK_H

#include "target.h"

/*
 * Who asks.  Either the assignments are found already, each once and in
 * ascending order of their ids; or they are found on the way, by the ids.
 */
struct rv_subject_resolved {
	const struct rv_snapshot *s;
	const struct rv_subject *u; /* NULL: they are found */
	const struct rv_assignment *const *found;
	size_t n;
	int reached; /* the level; -1 when it is none that we know */
	bool groups_known, delegated;
	bool bounded; /* some assignment has a beginning or an end */
};

/* One that finds its assignments on the way; allocates nothing. */
struct rv_subject_resolved rv_subject_walking(
    const struct rv_snapshot *s, const struct rv_subject *u);

/* The assignments that count for a subject. */
struct rv_walk {
	const struct rv_subject_resolved *k;
	size_t next; /* of the ids, or of the assignments */
	uint32_t at, end;
};

static inline void
rv_walk_init(struct rv_walk *w, const struct rv_subject_resolved *k)
{
	*w = (struct rv_walk){ .k = k };
}

/* The next user's assignments, on the way; false when there is none. */
bool rv_walk_user(struct rv_walk *w);

/*
 * The next one, or NULL.  On the way an assignment comes twice when the
 * subject bears its user's id twice.
 */
static inline const struct rv_assignment *
rv_walk_next(struct rv_walk *w)
{
	if (w->k->u == NULL)
		return w->next < w->k->n ? w->k->found[w->next++] : NULL;
	if (w->at == w->end && !rv_walk_user(w))
		return NULL;
	return &w->k->s->assignments[w->at++];
}

/* The smallest ids that were kept, ascending, each once. */
struct rv_kept {
	uint64_t *ids; /* room for RV_VERDICT_ASSIGNMENTS */
	size_t n;
	bool cut; /* there were more */
};
void rv_keep_id(struct rv_kept *kept, uint64_t id);

/* Fills the whole verdict. */
void rv_decide(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, enum rv_want want, struct rv_verdict *ret);

#endif
