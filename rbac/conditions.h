/*
 * The conditions of docs/rule.md section 3, one by one, for an assignment
 * and a target.  They are inline, and hardly branch: which of them holds is
 * as good as random, and a wrong guess costs more than all of them.
 */
#ifndef RBAC_CONDITIONS_H
#define RBAC_CONDITIONS_H

#include "check.h"

static inline bool
rv_in_time(const struct rv_assignment *a, int64_t at_ms)
{
	return (a->from_ms <= at_ms) & (at_ms < a->until_ms);
}

/* Whether no level helps, because the subject is delegated. */
static inline bool
rv_bars_delegated(
    const struct rv_subject_resolved *k, const struct rv_assignment *a)
{
	return k->delegated & a->security;
}

/* The level of the assignment's role; not that of the operation. */
static inline bool
rv_level_of_role(
    const struct rv_subject_resolved *k, const struct rv_assignment *a)
{
	return (k->reached >= (int)a->minimum) & !rv_bars_delegated(k, a);
}

/* The operations of a type whose own minimum the subject reaches. */
static inline uint64_t
rv_within_level(const struct rv_subject_resolved *k, const struct rv_type *t)
{
	return k->reached < 0 ? 0 : t->within[k->reached];
}

/* The level that an operation asks for in the hands of an assignment. */
static inline unsigned
rv_minimum_of(
    const struct rv_assignment *a, const struct rv_type *t, unsigned bit)
{
	return a->minimum > t->minimum[bit] ? a->minimum : t->minimum[bit];
}

/*
 * The operations that an assignment gives at an instant, apart from what it
 * covers; within is rv_within_level() of the type.
 */
static inline uint64_t
rv_usable(const struct rv_subject_resolved *k, const struct rv_assignment *a,
    int64_t at_ms, uint32_t type, uint64_t within)
{
	const bool counts =
	    !a->bare & rv_in_time(a, at_ms) & rv_level_of_role(k, a);

	return a->masks[type] & within & -(uint64_t)counts;
}

/* The same for one that needs no `within`. */
static inline uint64_t
rv_permitted(const struct rv_subject_resolved *k, const struct rv_assignment *a,
    int64_t at_ms, uint32_t type)
{
	return rv_usable(
	    k, a, at_ms, type, rv_within_level(k, &k->s->types[type]));
}

static inline bool
rv_has_scope(const struct rv_assignment *a, uint32_t rank)
{
	if (a->scope_row != NULL)
		return rv_row_has(a->scope_row, rank);
	return rv_ids_contain(a->scopes, rank);
}

static inline bool
rv_covers_scopes(const struct rv_snapshot *s, const struct rv_assignment *a,
    struct rv_scoping carried)
{
	struct rv_ids ids;

	if (carried.b < RV_SCOPES_MANY)
		return a->all_scopes | rv_has_scope(a, carried.a) |
		       rv_has_scope(a, carried.b);
	if (a->all_scopes || carried.b == RV_NONE)
		return a->all_scopes;
	ids = rv_sets_get(&s->scope_sets, carried.a);
	for (size_t i = 0; i < ids.n; i++)
		if (rv_has_scope(a, ids.p[i]))
			return true;
	return false;
}

/* Whether a collection of the assignment is o, or one above it. */
bool rv_covers_collection(const struct rv_snapshot *s,
    const struct rv_assignment *a, uint32_t o, bool below);
bool rv_covers_resource(const struct rv_snapshot *s,
    const struct rv_assignment *a, uint32_t resource);

/* Whether a category of the assignment covers what the target is about. */
static inline bool
rv_covers(const struct rv_snapshot *s, const struct rv_assignment *a,
    enum rv_cover cover, const struct rv_target *t, bool below)
{
	bool covers = true;

	switch (cover) {
	case RV_COVER_NOTHING:
		break;
	case RV_COVER_SCOPE:
		covers = rv_covers_scopes(s, a, t->scoping);
		break;
	case RV_COVER_COLLECTION:
		covers = rv_covers_collection(s, a, t->object, below);
		break;
	case RV_COVER_RESOURCE:
		covers = rv_covers_resource(s, a, t->object);
		break;
	}
	return covers & !a->bare;
}

/* What a target asks of every assignment, worked out once. */
struct rv_demand {
	const struct rv_target *t;
	uint64_t within;
	unsigned uncovered; /* the condition that fails then */
	bool same_cover;    /* what is needed asks for the same cover */
};

static inline struct rv_demand
rv_demand_of(const struct rv_subject_resolved *k, const struct rv_target *t)
{
	return (struct rv_demand){
		.t = t,
		.within = t->never ? 0 : rv_within_level(k, t->t),
		.uncovered = t->cover == RV_COVER_COLLECTION ||
				     t->cover == RV_COVER_RESOURCE
				 ? RV_MISSING_COLLECTION
				 : RV_MISSING_SCOPE,
		.same_cover = t->cover == t->need_cover && !t->below,
	};
}

/*
 * Whether one assignment suffices, `read` apart; *met gains those of the
 * needed operations that it gives on the object.
 */
static inline bool
rv_suffices(const struct rv_subject_resolved *k, const struct rv_assignment *a,
    int64_t at_ms, const struct rv_demand *d, uint64_t *met)
{
	const struct rv_target *t = d->t;
	const uint64_t usable = rv_usable(k, a, at_ms, t->type, d->within);
	const bool covered = rv_covers(k->s, a, t->cover, t, t->below);
	bool need_covered = covered;

	if (!d->same_cover)
		need_covered = rv_covers(k->s, a, t->need_cover, t, false);
	*met |= usable & t->needs & -(uint64_t)need_covered;
	return (usable >> t->bit & 1) & covered;
}

/* The conditions that one assignment fails, `read` apart. */
static inline unsigned
rv_failed_by(const struct rv_subject_resolved *k, const struct rv_assignment *a,
    int64_t at_ms, const struct rv_demand *d)
{
	const struct rv_target *t = d->t;
	const bool holds = (a->masks[t->type] >> t->bit & 1) & !t->never;
	const bool level =
	    rv_level_of_role(k, a) & (k->reached >= (int)t->t->minimum[t->bit]);
	const bool covered = rv_covers(k->s, a, t->cover, t, t->below);

	return (unsigned)!holds * RV_MISSING_OPERATION |
	       (unsigned)!covered * d->uncovered |
	       (unsigned)!level * RV_MISSING_LEVEL |
	       (unsigned)!rv_in_time(a, at_ms) * RV_MISSING_TIME;
}

/* The number of conditions in a set of them. */
static inline unsigned
rv_conditions(unsigned failed)
{
	/* Two bits for each number of three bits: how many are set. */
	const unsigned of_three = 0xe994; /* 3 2 2 1 2 1 1 0 */

	return (of_three >> (failed & 7) * 2 & 3) +
	       (of_three >> (failed >> 3 & 7) * 2 & 3);
}

/* Lowers *until_ms to the next instant at which it begins or ends. */
static inline void
rv_keep_boundary(
    const struct rv_assignment *a, int64_t at_ms, int64_t *until_ms)
{
	if (a->from_ms > at_ms && a->from_ms < *until_ms)
		*until_ms = a->from_ms;
	if (a->until_ms > at_ms && a->until_ms < *until_ms)
		*until_ms = a->until_ms;
}

#endif
