/*
 * The rule itself: docs/rule.md section 3.  One pass over the assignments of
 * the subject finds for each the set of conditions that it fails, keeps those
 * whose set is smallest, and so knows at its end who allows, or what was
 * nearest to it.
 */
#include "check.h"

void
rv_walk_init(
    struct rv_walk *w, const struct rv_snapshot *s, const struct rv_subject *u)
{
	*w = (struct rv_walk){ .s = s, .u = u };
}

const struct rv_assignment *
rv_walk_next(struct rv_walk *w)
{
	const struct rv_snapshot *s = w->s;
	size_t n_ids = w->u->n_ids;

	/* Groups that are not known for certain give nothing. */
	if (!w->u->groups_known && w->u->n_own < n_ids)
		n_ids = w->u->n_own;
	while (w->at == w->end) {
		uint32_t principal, admin;

		if (w->next_id >= n_ids)
			return NULL;
		principal =
		    rv_dict_find(&s->principals, 0, w->u->ids[w->next_id++]);
		if (principal == RV_NONE)
			continue;
		admin = s->principal_admin[principal];
		if (s->admins[admin].out)
			continue;
		w->at = s->admins[admin].first;
		w->end = s->admins[admin + 1].first;
	}
	return &s->assignments[w->at++];
}

static bool
in_time(const struct rv_assignment *a, int64_t at_ms)
{
	return a->from_ms <= at_ms && at_ms < a->until_ms;
}

/* The level that an operation asks for in the hands of a role. */
static unsigned
minimum_of(
    const struct rv_snapshot *s, uint32_t role, uint32_t type, unsigned bit)
{
	unsigned of_role = s->roles[role].minimum;
	unsigned of_operation = s->types[type].minimum[bit];

	return of_role > of_operation ? of_role : of_operation;
}

/* A level that we do not know reaches no minimum, not even none. */
static bool
reaches(enum rv_level level, unsigned minimum)
{
	switch (level) {
	case RV_LEVEL_NONE:
	case RV_LEVEL_WINDOWS:
	case RV_LEVEL_CERTIFICATE:
	case RV_LEVEL_HELLO:
		return (unsigned)level >= minimum;
	}
	return false;
}

static bool
level_suffices(const struct rv_walk *w, const struct rv_assignment *a,
    uint32_t type, unsigned bit)
{
	if (w->u->delegated && w->s->roles[a->role].security)
		return false;
	return reaches(w->u->level, minimum_of(w->s, a->role, type, bit));
}

bool
rv_permits(const struct rv_walk *w, const struct rv_assignment *a,
    int64_t at_ms, uint32_t type, unsigned bit)
{
	return !a->bare && in_time(a, at_ms) &&
	       (rv_role_mask(w->s, a->role, type) & RV_BIT(bit)) != 0 &&
	       level_suffices(w, a, type, bit);
}

/*
 * In the set without what lies inside others, at most one collection covers
 * o: the last one that is numbered up to o.
 */
static bool
covers_collection(const struct rv_snapshot *s, const struct rv_assignment *a,
    uint32_t o, bool below)
{
	struct rv_ids outer = rv_sets_get(&s->collection_sets, a->outer);
	size_t n = rv_ids_upto(outer, o);
	uint32_t c;

	if (n == 0)
		return false;
	c = outer.p[n - 1];
	return o <= s->collections[c].last && (!below || c != o);
}

static bool
covers_resource(const struct rv_snapshot *s, const struct rv_assignment *a,
    uint32_t resource)
{
	if (s->resources[resource].type == RV_RESOURCE_DEVICE ? a->all_devices
							      : a->all_users)
		return true;
	return rv_ids_intersect(
	    rv_sets_get(&s->collection_sets, a->collections),
	    rv_groups_get(&s->members, resource));
}

static bool
covers(const struct rv_snapshot *s, const struct rv_assignment *a,
    enum rv_cover cover, uint32_t object, bool below)
{
	if (a->bare)
		return false;
	switch (cover) {
	case RV_COVER_NOTHING:
		return true;
	case RV_COVER_SCOPE:
		return a->all_scopes ||
		       rv_sets_intersect(&s->scope_sets, a->scopes, object);
	case RV_COVER_COLLECTION:
		return covers_collection(s, a, object, below);
	case RV_COVER_RESOURCE:
		return covers_resource(s, a, object);
	}
	return false;
}

static unsigned
uncovered(enum rv_cover cover)
{
	switch (cover) {
	case RV_COVER_COLLECTION:
	case RV_COVER_RESOURCE:
		return RV_MISSING_COLLECTION;
	case RV_COVER_NOTHING:
	case RV_COVER_SCOPE:
		break;
	}
	return RV_MISSING_SCOPE;
}

/* The conditions that one assignment fails, `read` apart. */
static unsigned
failed_by(const struct rv_walk *w, const struct rv_assignment *a, int64_t at_ms,
    const struct rv_target *t, bool covered)
{
	unsigned failed = 0;

	if (t->never ||
	    (rv_role_mask(w->s, a->role, t->type) & RV_BIT(t->bit)) == 0)
		failed |= RV_MISSING_OPERATION;
	if (!covered)
		failed |= uncovered(t->cover);
	if (!level_suffices(w, a, t->type, t->bit))
		failed |= RV_MISSING_LEVEL;
	if (!in_time(a, at_ms))
		failed |= RV_MISSING_TIME;
	return failed;
}

/* The smallest sets so far; the answer when everything was seen. */
struct nearest {
	bool any; /* some assignment names the subject */
	int size; /* conditions in the smallest set */
	bool level_known;
	struct rv_verdict *v;
};

/* Keeps the smallest ids, ascending, each once. */
static void
keep_id(struct rv_verdict *v, uint64_t id)
{
	size_t i = v->n_assignments;

	while (i > 0 && v->assignments[i - 1] > id)
		i--;
	if (i > 0 && v->assignments[i - 1] == id)
		return;
	if (v->n_assignments == RV_VERDICT_ASSIGNMENTS) {
		v->assignments_cut = true;
		if (i == RV_VERDICT_ASSIGNMENTS)
			return;
		v->n_assignments--;
	}
	for (size_t k = v->n_assignments; k > i; k--)
		v->assignments[k] = v->assignments[k - 1];
	v->assignments[i] = id;
	v->n_assignments++;
}

/* The lowest level that takes `level` out of one of the nearest sets. */
static void
keep_level(struct nearest *n, const struct rv_walk *w,
    const struct rv_assignment *a, const struct rv_target *t)
{
	unsigned minimum = minimum_of(w->s, a->role, t->type, t->bit);

	/* Where delegation is the obstacle, no level helps. */
	if ((w->u->delegated && w->s->roles[a->role].security) ||
	    (n->level_known && minimum >= (unsigned)n->v->level_needed))
		return;
	n->level_known = true;
	n->v->level_needed = (enum rv_level)minimum;
}

static void
keep_nearest(struct nearest *n, const struct rv_walk *w,
    const struct rv_assignment *a, const struct rv_target *t, unsigned failed)
{
	struct rv_verdict *v = n->v;
	const int size = __builtin_popcount(failed);

	if (n->any && size > n->size)
		return;
	if (!n->any || size < n->size) {
		v->n_assignments = 0;
		v->assignments_cut = false;
		v->missing = 0;
		v->level_needed = RV_LEVEL_NONE;
		n->level_known = false;
		n->size = size;
		n->any = true;
	}
	v->missing |= failed;
	if ((failed & RV_MISSING_LEVEL) != 0)
		keep_level(n, w, a, t);
	keep_id(v, a->assignment_id);
}

static void
keep_boundary(struct rv_verdict *v, const struct rv_assignment *a)
{
	if (a->from_ms > v->evaluated_at_ms && a->from_ms < v->valid_until_ms)
		v->valid_until_ms = a->from_ms;
	if (a->until_ms > v->evaluated_at_ms && a->until_ms < v->valid_until_ms)
		v->valid_until_ms = a->until_ms;
}

/* Those of the needed operations that one assignment gives on the object. */
static uint64_t
needs_met(const struct rv_walk *w, const struct rv_assignment *a, int64_t at_ms,
    const struct rv_target *t, bool covered)
{
	uint64_t met = 0;

	if (t->needs == 0 || t->never)
		return 0;
	if (t->cover != t->need_cover || t->below)
		covered = covers(w->s, a, t->need_cover, t->object, false);
	if (!covered)
		return 0;
	for (uint64_t left = t->needs; left != 0; left &= left - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(left);

		if (rv_permits(w, a, at_ms, t->type, bit))
			met |= RV_BIT(bit);
	}
	return met;
}

/* Takes back what must not be said when there is no nearest assignment. */
static void
deny_without_assignments(struct rv_verdict *v, enum rv_reason reason)
{
	v->decision = RV_DENY;
	v->reason = reason;
	v->missing = 0;
	v->level_needed = RV_LEVEL_NONE;
	v->n_assignments = 0;
	v->assignments_cut = false;
}

/* Turns the nearest sets into the answer. */
static void
conclude(struct nearest *n, const struct rv_subject *u, bool read_failed)
{
	struct rv_verdict *v = n->v;

	if (!n->any) {
		deny_without_assignments(v, RV_REASON_NO_ASSIGNMENT);
	} else if (n->size == 0 && !read_failed) {
		v->decision = RV_ALLOW;
		v->reason = RV_REASON_ALLOWED;
	} else {
		v->reason = RV_REASON_NOT_PERMITTED;
		if (read_failed)
			v->missing |= RV_MISSING_READ;
	}
	if (v->decision != RV_ALLOW && !u->groups_known)
		deny_without_assignments(v, RV_REASON_GROUPS_UNKNOWN);
}

void
rv_decide(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, const struct rv_target *t, struct rv_verdict *ret)
{
	struct nearest n = { .v = ret };
	const struct rv_assignment *a;
	struct rv_walk w;
	uint64_t met = 0;

	*ret = (struct rv_verdict){
		.decision = RV_DENY,
		.reason = t->reason,
		.revision = s->revision,
		.evaluated_at_ms = at_ms,
		.valid_until_ms = INT64_MAX,
		.object_type_id = t->t != NULL ? t->t->object_type_id : 0,
		.bit = t->bit,
	};
	rv_walk_init(&w, s, u);
	while ((a = rv_walk_next(&w)) != NULL) {
		bool covered;

		keep_boundary(ret, a);
		if (t->reason != RV_REASON_ALLOWED)
			continue;
		covered = covers(s, a, t->cover, t->object, t->below);
		met |= needs_met(&w, a, at_ms, t, covered);
		keep_nearest(&n, &w, a, t, failed_by(&w, a, at_ms, t, covered));
	}
	if (t->reason == RV_REASON_ALLOWED)
		conclude(&n, u, t->barred || met != t->needs);
	else if (t->reason == RV_REASON_NO_SUCH_OBJECT && !u->groups_known)
		ret->reason = RV_REASON_GROUPS_UNKNOWN;
}

void
rv_rbac_check(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, const struct rv_question *q, struct rv_verdict *ret)
{
	struct rv_target t;

	rv_target_resolve(s, q, &t);
	rv_decide(s, u, at_ms, &t, ret);
}
