/*
 * The conditions of docs/rule.md section 3, one by one, for a claim and a
 * target.  They are inline, and hardly branch: which of them holds is as
 * good as random, and a wrong guess costs more than all of them.
 */
#ifndef RBAC_CONDITIONS_H
#define RBAC_CONDITIONS_H

#include "check.h"

static inline bool
rv_in_time(const struct rv_claim *c, int64_t at_ms)
{
	return (c->from_ms <= at_ms) & (at_ms < c->until_ms);
}

/* The operations of a type whose own minimum the subject reaches. */
static inline uint64_t
rv_within_level(const struct rv_subject_resolved *k, const struct rv_type *t)
{
	return k->reached < 0 ? 0 : t->within[k->reached];
}

/* The level that an operation asks for in the hands of an assignment. */
static inline unsigned
rv_minimum_of(const struct rv_claim *c, const struct rv_type *t, unsigned bit)
{
	return c->minimum > t->minimum[bit] ? c->minimum : t->minimum[bit];
}

/*
 * The operations that a claim gives at an instant, apart from what it covers;
 * within is rv_within_level() of the type.
 */
static inline uint64_t
rv_usable(
    const struct rv_claim *c, int64_t at_ms, uint32_t type, uint64_t within)
{
	const bool counts = c->usable & rv_in_time(c, at_ms);

	return c->masks[type] & within & -(uint64_t)counts;
}

/* A scope that is in the row, or beyond it: not in it. */
static inline bool
rv_in_row(const struct rv_claim *c, uint32_t scope)
{
	const bool within = scope < c->row_bits;
	const uint32_t at = within ? scope : 0;

	return within & (c->row[at / RV_BITS] >> at % RV_BITS & 1);
}

/* The same for one without a row; number 0 and RV_NONE are in no set. */
static inline bool
rv_has_scope(const struct rv_claim *c, uint32_t scope)
{
	return rv_in_row(c, scope) ||
	       (c->searched && rv_ids_contain(c->a->scopes, scope));
}

/* Of an object with any number of scopes. */
bool rv_covers_many(
    const struct rv_snapshot *s, const struct rv_claim *c, uint32_t object);

/* By a set of scopes; that there is a category at all is not asked. */
static inline bool
rv_covers_scopes(const struct rv_snapshot *s, const struct rv_claim *c,
    uint32_t object, struct rv_scoping carried)
{
	bool covers =
	    c->all_scopes | rv_in_row(c, carried.a) | rv_in_row(c, carried.b);

	if (carried.b == RV_SCOPES_MANY)
		return c->all_scopes || rv_covers_many(s, c, object);
	if (c->searched)
		covers |= rv_ids_contain(c->a->scopes, carried.a) ||
			  rv_ids_contain(c->a->scopes, carried.b);
	return covers;
}

#define RV_NEAR 24

/* What a target asks of every claim, worked out once. */
struct rv_demand {
	const struct rv_target *t;
	uint64_t within;
	unsigned uncovered; /* the condition that fails then */
	bool level;	    /* the subject reaches that of the operation */
	bool same_cover;    /* what is needed asks for the same cover */
	/*
	 * Collections: the object itself and those above it, from below, and
	 * the next above; or those that a resource is a member of, ascending,
	 * of which there may be more.
	 */
	uint32_t near[RV_NEAR];
	size_t n_near;
	uint32_t beyond; /* RV_NONE: no more */
};

void rv_demand_init(struct rv_demand *d, const struct rv_subject_resolved *k,
    const struct rv_target *t);

/* Whether a collection of the claim is the object, or one above it. */
bool rv_covers_collection(const struct rv_snapshot *s, const struct rv_claim *c,
    const struct rv_demand *d, bool below);
bool rv_covers_resource(const struct rv_snapshot *s, const struct rv_claim *c,
    const struct rv_demand *d);

/* Whether a category of the claim covers what the target is about. */
static inline bool
rv_covers(const struct rv_snapshot *s, const struct rv_claim *c,
    enum rv_cover cover, const struct rv_demand *d, bool below)
{
	bool covers = true;

	switch (cover) {
	case RV_COVER_NOTHING:
		break;
	case RV_COVER_SCOPE:
		covers = rv_covers_scopes(s, c, d->t->object, d->t->scoping);
		break;
	case RV_COVER_COLLECTION:
		covers = rv_covers_collection(s, c, d, below);
		break;
	case RV_COVER_RESOURCE:
		covers = rv_covers_resource(s, c, d);
		break;
	}
	return covers & !c->bare;
}

/*
 * The conditions that one claim fails, `read` apart; *met gains those of the
 * needed operations that it gives on the object.
 */
static inline unsigned
rv_failed_by(const struct rv_subject_resolved *k, const struct rv_claim *c,
    int64_t at_ms, const struct rv_demand *d, uint64_t *met)
{
	const struct rv_target *t = d->t;
	const uint64_t mask = t->never ? 0 : c->masks[t->type];
	const bool in_time = rv_in_time(c, at_ms);
	const bool covered = rv_covers(k->s, c, t->cover, d, t->below);
	const bool counts = c->usable & in_time;
	bool need_covered = covered;

	if (!d->same_cover)
		need_covered = rv_covers(k->s, c, t->need_cover, d, false);
	*met |=
	    mask & d->within & t->needs & -(uint64_t)(counts & need_covered);
	return (unsigned)!(mask >> t->bit & 1) * RV_MISSING_OPERATION |
	       (unsigned)!covered * d->uncovered |
	       (unsigned)!(c->reaches & d->level) * RV_MISSING_LEVEL |
	       (unsigned)!in_time * RV_MISSING_TIME;
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
rv_keep_boundary(const struct rv_claim *c, int64_t at_ms, int64_t *until_ms)
{
	if (c->from_ms > at_ms && c->from_ms < *until_ms)
		*until_ms = c->from_ms;
	if (c->until_ms > at_ms && c->until_ms < *until_ms)
		*until_ms = c->until_ms;
}

/* The next boundary of all claims that are found. */
static inline int64_t
rv_next_boundary(const struct rv_subject_resolved *k, int64_t at_ms)
{
	int64_t until_ms = INT64_MAX;

	for (size_t i = 0; k->bounded && i < k->n; i++)
		rv_keep_boundary(&k->claims[i], at_ms, &until_ms);
	return until_ms;
}

#endif
