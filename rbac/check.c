/*
 * The rule itself: docs/rule.md section 3.  A first pass over the
 * assignments of the subject finds those that suffice.  Only when nobody
 * does, a second finds for each the set of conditions that it fails, and
 * keeps those whose set is smallest: the nearest miss.
 */
#include "conditions.h"

struct rv_subject_resolved
rv_subject_walking(const struct rv_snapshot *s, const struct rv_subject *u)
{
	const int level = (int)u->level;

	return (struct rv_subject_resolved){
		.s = s,
		.u = u,
		/* A level that we do not know reaches no minimum, not even
		 * none. */
		.reached = level >= RV_LEVEL_NONE && level <= RV_LEVEL_HELLO
			       ? level
			       : -1,
		.groups_known = u->groups_known,
		.delegated = u->delegated,
		.bounded = true,
	};
}

bool
rv_walk_user(struct rv_walk *w)
{
	const struct rv_snapshot *s = w->k->s;
	const struct rv_subject *u = w->k->u;
	size_t n_ids = u->n_ids;

	/* Groups that are not known for certain give nothing. */
	if (!u->groups_known && u->n_own < n_ids)
		n_ids = u->n_own;
	while (w->next < n_ids) {
		uint32_t principal =
		    rv_dict_find(&s->principals, 0, u->ids[w->next++]);
		const struct rv_admin *admin;

		if (principal == RV_NONE)
			continue;
		admin = &s->admins[s->principal_admin[principal]];
		w->at = admin->first;
		w->end = admin[1].first;
		if (!admin->out && w->at < w->end)
			return true;
	}
	w->at = w->end;
	return false;
}

/*
 * In the set without what lies inside others, at most one collection covers
 * o: the last one that is numbered up to o.
 */
bool
rv_covers_collection(const struct rv_snapshot *s, const struct rv_assignment *a,
    uint32_t o, bool below)
{
	size_t n = rv_ids_upto(a->outer, o);
	uint32_t c;

	if (n == 0)
		return false;
	c = a->outer.p[n - 1];
	return o <= s->collections[c].last && (!below || c != o);
}

bool
rv_covers_resource(const struct rv_snapshot *s, const struct rv_assignment *a,
    uint32_t resource)
{
	if (s->resources[resource].type == RV_RESOURCE_DEVICE ? a->all_devices
							      : a->all_users)
		return true;
	return rv_ids_intersect(
	    a->collections, rv_groups_get(&s->members, resource));
}

void
rv_keep_id(struct rv_kept *kept, uint64_t id)
{
	uint64_t *ids = kept->ids;
	size_t i = kept->n;

	while (i > 0 && ids[i - 1] > id)
		i--;
	if (i > 0 && ids[i - 1] == id)
		return;
	if (kept->n == RV_VERDICT_ASSIGNMENTS) {
		kept->cut = true;
		if (i == RV_VERDICT_ASSIGNMENTS)
			return;
		kept->n--;
	}
	for (size_t k = kept->n; k > i; k--)
		ids[k] = ids[k - 1];
	ids[i] = id;
	kept->n++;
}

/* After how many of the assignments in order the search may stop. */
#define STRIDE 8

/*
 * Those that suffice, among assignments found and in order.  met is what
 * they all together give of the needed operations.
 */
static void
find_in_order(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_demand *d, struct rv_kept *kept, uint64_t *met)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct rv_assignment *a = k->found[i];
		const bool suffices = rv_suffices(k, a, at_ms, d, met);

		if (kept->n < RV_VERDICT_ASSIGNMENTS) {
			kept->ids[kept->n] = a->assignment_id;
			kept->n += suffices;
		} else {
			kept->cut |= suffices;
		}
	}
}

/* The first of them; one too many may have been looked at. */
static void
find_first(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_demand *d, struct rv_kept *kept, uint64_t *met)
{
	for (size_t i = 0; i < k->n; i += STRIDE) {
		const size_t end = k->n - i < STRIDE ? k->n : i + STRIDE;
		uint64_t first = UINT64_MAX;

		for (size_t at = i; at < end; at++) {
			const struct rv_assignment *a = k->found[at];
			const uint64_t none =
			    (uint64_t)rv_suffices(k, a, at_ms, d, met) - 1;
			const uint64_t id = a->assignment_id | none;

			first = id < first ? id : first;
		}
		if (kept->n == 0 && first != UINT64_MAX)
			kept->ids[kept->n++] = first;
		if (kept->n > 0 && *met == d->t->needs)
			return;
	}
}

static void
find_walking(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_demand *d, struct rv_kept *kept, uint64_t *met)
{
	const struct rv_assignment *a;
	struct rv_walk w;

	rv_walk_init(&w, k);
	while ((a = rv_walk_next(&w)) != NULL)
		if (rv_suffices(k, a, at_ms, d, met))
			rv_keep_id(kept, a->assignment_id);
}

/* The smallest sets so far. */
struct nearest {
	unsigned size; /* conditions in the smallest set */
	bool level_known;
	struct rv_kept kept;
	struct rv_verdict *v;
};

/* The lowest level that takes `level` out of one of the nearest sets. */
static void
keep_level(struct nearest *n, const struct rv_subject_resolved *k,
    const struct rv_assignment *a, const struct rv_target *t)
{
	unsigned minimum = rv_minimum_of(a, t->t, t->bit);

	/* Where delegation is the obstacle, no level helps. */
	if (rv_bars_delegated(k, a) ||
	    (n->level_known && minimum >= (unsigned)n->v->level_needed))
		return;
	n->level_known = true;
	n->v->level_needed = (enum rv_level)minimum;
}

static inline void
keep_nearest(struct nearest *n, const struct rv_subject_resolved *k,
    const struct rv_assignment *a, const struct rv_target *t, unsigned failed)
{
	const unsigned size = rv_conditions(failed);

	if (size > n->size)
		return;
	if (size < n->size) {
		n->size = size;
		n->kept.n = 0;
		n->kept.cut = false;
		n->level_known = false;
		n->v->missing = 0;
		n->v->level_needed = RV_LEVEL_NONE;
	}
	n->v->missing |= failed;
	if ((failed & RV_MISSING_LEVEL) != 0)
		keep_level(n, k, a, t);
	rv_keep_id(&n->kept, a->assignment_id);
}

/* Says who was nearest, or that nothing names the subject. */
static void
explain(const struct rv_subject_resolved *k, const struct rv_demand *d,
    bool read_failed, struct rv_verdict *v)
{
	struct nearest n = {
		.size = UINT32_MAX, .kept = { .ids = v->assignments }, .v = v
	};
	const struct rv_assignment *a;
	struct rv_walk w;

	if (!k->groups_known) {
		v->reason = RV_REASON_GROUPS_UNKNOWN;
		return;
	}
	rv_walk_init(&w, k);
	while ((a = rv_walk_next(&w)) != NULL)
		keep_nearest(
		    &n, k, a, d->t, rv_failed_by(k, a, v->evaluated_at_ms, d));
	v->n_assignments = n.kept.n;
	v->assignments_cut = n.kept.cut;
	if (n.size == UINT32_MAX) {
		v->reason = RV_REASON_NO_ASSIGNMENT;
		return;
	}
	v->reason = RV_REASON_NOT_PERMITTED;
	if (read_failed)
		v->missing |= RV_MISSING_READ;
}

static void
judge(const struct rv_subject_resolved *k, const struct rv_target *t,
    enum rv_want want, struct rv_verdict *v)
{
	const struct rv_demand d = rv_demand_of(k, t);
	const int64_t at_ms = v->evaluated_at_ms;
	struct rv_kept kept = { .ids = v->assignments };
	uint64_t met = 0;
	bool read_failed;

	if (k->u != NULL)
		find_walking(k, at_ms, &d, &kept, &met);
	else if (want == RV_WANT_FIRST)
		find_first(k, at_ms, &d, &kept, &met);
	else
		find_in_order(k, at_ms, &d, &kept, &met);
	read_failed = t->barred || met != t->needs;
	if (kept.n == 0 || read_failed) {
		explain(k, &d, read_failed, v);
		return;
	}
	v->decision = RV_ALLOW;
	v->n_assignments = want == RV_WANT_FIRST ? 1 : kept.n;
	v->assignments_cut = want != RV_WANT_FIRST && kept.cut;
}

static void
find_boundary(
    const struct rv_subject_resolved *k, int64_t at_ms, int64_t *ret_until_ms)
{
	const struct rv_assignment *a;
	struct rv_walk w;

	rv_walk_init(&w, k);
	while ((a = rv_walk_next(&w)) != NULL)
		rv_keep_boundary(a, at_ms, ret_until_ms);
}

void
rv_decide(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, enum rv_want want, struct rv_verdict *ret)
{
	/* One by one: to clear the ids as well costs as much as to judge. */
	ret->decision = RV_DENY;
	ret->reason = t->reason;
	ret->revision = k->s->revision;
	ret->evaluated_at_ms = at_ms;
	ret->valid_until_ms = INT64_MAX;
	ret->object_type_id = t->t != NULL ? t->t->object_type_id : 0;
	ret->bit = t->bit;
	ret->missing = 0;
	ret->level_needed = RV_LEVEL_NONE;
	ret->n_assignments = 0;
	ret->assignments_cut = false;
	if (k->bounded)
		find_boundary(k, at_ms, &ret->valid_until_ms);
	if (t->reason == RV_REASON_ALLOWED)
		judge(k, t, want, ret);
	else if (t->reason == RV_REASON_NO_SUCH_OBJECT && !k->groups_known)
		ret->reason = RV_REASON_GROUPS_UNKNOWN;
}

void
rv_rbac_check(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, const struct rv_question *q, struct rv_verdict *ret)
{
	const struct rv_subject_resolved k = rv_subject_walking(s, u);
	struct rv_target t;

	rv_target_resolve(s, q, &t);
	rv_decide(&k, at_ms, &t, q->want, ret);
}

void
rv_rbac_check_resolved(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_question *q, struct rv_verdict *ret)
{
	struct rv_target t;

	rv_target_resolve(u->s, q, &t);
	rv_decide(u, at_ms, &t, q->want, ret);
}

void
rv_rbac_check_prepared(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_prepared *p, struct rv_slice key, enum rv_want want,
    struct rv_verdict *ret)
{
	struct rv_target t;
	struct rv_aim a;

	RV_ASSERT(p->s == u->s);
	rv_target_aim(p, key, &a);
	rv_target_find(p, key, &a, &t);
	rv_decide(u, at_ms, &t, want, ret);
}
