/* How a verdict begins and ends, for the ways to decide. */
#ifndef RBAC_VERDICT_H
#define RBAC_VERDICT_H

#include "conditions.h"

/* One by one: to clear the ids as well costs as much as to judge. */
static inline void
rv_verdict_begin(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, struct rv_verdict *v)
{
	v->decision = RV_DENY;
	v->reason = t->reason;
	v->revision = k->s->revision;
	v->evaluated_at_ms = at_ms;
	v->valid_until_ms = INT64_MAX;
	v->object_type_id = t->t != NULL ? t->t->object_type_id : 0;
	v->bit = t->bit;
	v->own_type = false;
	v->missing = 0;
	v->level_needed = RV_LEVEL_NONE;
	v->n_assignments = 0;
	v->assignments_cut = false;
	if (k->u != NULL)
		v->valid_until_ms = rv_walk_boundary(k, at_ms);
	else if (k->bounded)
		v->valid_until_ms = rv_next_boundary(k, at_ms);
}

/*
 * Lowers *level to the one that takes `level` out of a claim's set.  Where
 * delegation is the obstacle, no level helps.
 */
static inline void
rv_lower_level(
    const struct rv_claim *c, const struct rv_target *t, unsigned *level)
{
	const unsigned minimum = rv_minimum_of(c, t->t, t->bit);

	if (!c->delegated && minimum < *level)
		*level = minimum;
}

/* The smallest sets: what is in them, and of how many claims they are. */
struct rv_nearest {
	unsigned size; /* conditions in each; 0: they suffice */
	unsigned missing;
	size_t n; /* whose ids are in the verdict */
	bool cut;
};

/*
 * Makes the verdict of what is nearest.  Allowed or not is not guessed: a
 * jump on it would be wrong half the time.
 */
static inline void
rv_verdict_conclude(const struct rv_subject_resolved *k,
    const struct rv_nearest *n, bool read_failed, enum rv_want want,
    struct rv_verdict *v)
{
	const bool allowed = (n->size == 0) & !read_failed;
	const bool first = allowed & (want == RV_WANT_FIRST);

	_Static_assert(RV_REASON_ALLOWED == 0, "masked below");
	v->decision = (enum rv_decision)(
	    (unsigned)RV_DENY ^
	    (((unsigned)RV_DENY ^ (unsigned)RV_ALLOW) & -(unsigned)allowed));
	v->reason = (enum rv_reason)(
	    (unsigned)RV_REASON_NOT_PERMITTED & ((unsigned)allowed - 1));
	v->missing = n->missing | (unsigned)read_failed * RV_MISSING_READ;
	v->n_assignments = first | (n->n & ((size_t)first - 1));
	v->assignments_cut = n->cut & !first;
	if (k->groups_known && n->n > 0)
		return;
	if (allowed)
		return;
	v->reason = k->groups_known ? RV_REASON_NO_ASSIGNMENT
				    : RV_REASON_GROUPS_UNKNOWN;
	v->missing = 0;
	v->level_needed = RV_LEVEL_NONE;
	v->n_assignments = 0;
	v->assignments_cut = false;
}

#endif
