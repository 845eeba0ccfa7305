/*
 * The decision on a resolved question, for checks and lists.
 */
#ifndef RBAC_CHECK_H
#define RBAC_CHECK_H

#include "target.h"

/*
 * What a check reads of one assignment of the subject, in one line of memory:
 * of its role as well, so that the loop over them touches no other table.
 */
struct rv_claim {
	int64_t from_ms, until_ms;
	uint64_t assignment_id;
	const uint64_t *masks; /* of the role, by type */
	const uint64_t *row;   /* a bit a scope, for the first row_bits */
	const struct rv_assignment *a;
	uint32_t row_bits;
	uint8_t minimum; /* of the role */
	bool delegated;	 /* no level helps: the subject is delegated */
	bool reaches;	 /* the subject reaches the role's minimum */
	bool bare;	 /* it names no category: has no permission */
	bool usable;	 /* it reaches, and is not bare */
	bool searched;	 /* scopes are searched for: there is no row */
	bool all_scopes;
};

/*
 * Who asks.  Either the claims are found already, each once and in ascending
 * order of their assignments' ids; or they are found on the way, by the ids.
 */
struct rv_subject_resolved {
	const struct rv_snapshot *s;
	const struct rv_subject *u; /* NULL: they are found */
	const struct rv_claim *claims;
	size_t n;
	int reached; /* the level; -1 when it is none that we know */
	bool groups_known, delegated;
	bool bounded; /* some assignment has a beginning or an end */
	bool few;     /* as many as a verdict names, all with rows or none */
	/*
	 * Where claims are as many as a verdict names: a bit each, the first
	 * one highest, of those that have all scopes, devices or users, and of
	 * those whose minimum the subject does not reach.
	 */
	uint16_t everywhere, devices, users, low;
	/* Which claims name a collection; NULL when that was not worked out. */
	const struct rv_places *places;
	uint32_t n_places; /* a power of two */
};

/*
 * Places of a table by collections.  All of one line are compared, so that
 * nothing is guessed; a free one has no claims.
 */
#define RV_PLACES 4
struct rv_places {
	uint32_t collections[RV_PLACES];
	uint32_t claims[RV_PLACES]; /* a bit each, as above */
};

static inline uint32_t
rv_places_of(uint32_t collection, uint32_t n_places)
{
	return (uint32_t)((uint64_t)(collection * UINT32_C(0x9e3779b1)) *
			      n_places >>
			  32);
}

/* A subject of which nothing is found yet. */
struct rv_subject_resolved rv_subject_asking(
    const struct rv_snapshot *s, const struct rv_subject *u);
/* What an assignment is in the hands of a subject. */
struct rv_claim rv_claim_of(
    const struct rv_subject_resolved *k, const struct rv_assignment *a);
/* Takes n claims that are found, and notes what they have in common. */
void rv_subject_settle(
    struct rv_subject_resolved *k, const struct rv_claim *claims);

/* The assignments of a subject, user by user; zeroed but for k and u. */
struct rv_walk {
	const struct rv_snapshot *s;
	const struct rv_subject *u;
	size_t next; /* of the ids */
	const struct rv_grants *grants;
	size_t at; /* of the grants */
};

/* The assignments of the next user that counts, or NULL. */
const struct rv_grants *rv_walk_user(struct rv_walk *w);

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
/* Whether Author Policy of the own type at a place is allowed; own_types.h. */
bool rv_may_author(
    const struct rv_subject_resolved *k, int64_t at_ms, unsigned place);
/* The next boundary of assignments that are found on the way. */
int64_t rv_walk_boundary(const struct rv_subject_resolved *k, int64_t at_ms);

/* The same as rv_decide() for a plain question; see plain.c. */
void rv_decide_plain(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_prepared *p, const struct rv_carrier *o, enum rv_want want,
    struct rv_verdict *ret);
/* Of a plain question about a resource; the subject has places. */
void rv_decide_resource(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_prepared *p, uint64_t number, enum rv_want want,
    struct rv_verdict *ret);

#endif
