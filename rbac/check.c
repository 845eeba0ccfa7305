/*
 * The rule itself: docs/rule.md section 3.  For each assignment of the
 * subject the set of conditions that it fails; those whose set is smallest
 * are the answer: an empty one suffices, others are the nearest miss.
 */
#include "own_types.h"
#include "verdict.h"

#include <limits.h>
#include <string.h>

/* A row of scopes of which none is in it. */
static const uint64_t no_row[1];

struct rv_subject_resolved
rv_subject_asking(const struct rv_snapshot *s, const struct rv_subject *u)
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
	};
}

struct rv_claim
rv_claim_of(const struct rv_subject_resolved *k, const struct rv_assignment *a)
{
	const struct rv_role *role = &k->s->roles[a->role];
	const bool delegated = k->delegated & role->security;
	const bool reaches = k->reached >= (int)role->minimum && !delegated;

	return (struct rv_claim){
		.from_ms = a->from_ms,
		.until_ms = a->until_ms,
		.assignment_id = a->assignment_id,
		.masks = role->masks,
		.row = a->scope_row != NULL ? a->scope_row : no_row,
		.a = a,
		.row_bits = a->scope_row != NULL ? a->scope_row_bits : 0,
		.minimum = role->minimum,
		.delegated = delegated,
		.reaches = reaches,
		.bare = a->bare,
		.usable = reaches && !a->bare,
		.searched = a->scope_row == NULL && a->scopes.n > 0,
		.all_scopes = a->all_scopes,
	};
}

static void
mark(uint16_t *row, uint16_t bit, bool set)
{
	*row = (uint16_t)(*row | (set ? bit : 0));
}

void
rv_subject_settle(struct rv_subject_resolved *k, const struct rv_claim *claims)
{
	k->u = NULL;
	k->claims = claims;
	k->few = k->n <= RV_VERDICT_ASSIGNMENTS;
	for (size_t i = 0; i < k->n; i++) {
		k->bounded |= claims[i].from_ms != INT64_MIN ||
			      claims[i].until_ms != INT64_MAX;
		k->few &= !claims[i].searched;
	}
	for (size_t i = 0; k->n <= RV_VERDICT_ASSIGNMENTS && i < k->n; i++) {
		const struct rv_claim *c = &claims[i];
		const uint16_t bit = (uint16_t)(1u << (k->n - 1 - i));

		mark(&k->everywhere, bit, c->all_scopes);
		mark(&k->devices, bit, c->a->all_devices);
		mark(&k->users, bit, c->a->all_users);
		mark(&k->low, bit, !c->reaches);
	}
}

const struct rv_grants *
rv_walk_user(struct rv_walk *w)
{
	const struct rv_subject *u = w->u;
	size_t n_ids = u->n_ids;

	/* Groups that are not known for certain give nothing. */
	if (!u->groups_known && u->n_own < n_ids)
		n_ids = u->n_own;
	while (w->next < n_ids) {
		const struct rv_admin *admin =
		    rv_subject_admin(w->s, u, w->next++);

		if (admin != NULL && !admin->out && admin->grants != NULL)
			return admin->grants;
	}
	return NULL;
}

/* ---- What covers ---------------------------------------------------------- */

bool
rv_covers_many(
    const struct rv_snapshot *s, const struct rv_claim *c, uint32_t object)
{
	const struct rv_idset *carried = rv_scoping_set(s, object);
	uint64_t from = 0;
	uint32_t scope;

	/* The shorter of the two is gone through. */
	if (rv_idset_count(carried) > c->a->scopes.n)
		return rv_idset_meets(carried, c->a->scopes);
	while (rv_idset_next(carried, &from, &scope))
		if (rv_has_scope(c, scope))
			return true;
	return false;
}

/* The number of the collection above, or RV_NONE. */
static uint32_t
above(const struct rv_snapshot *s, uint32_t number)
{
	const struct rv_collection *c = rv_collection_at(s, number);

	return c != NULL ? c->parent : RV_NONE;
}

bool
rv_covers_collection(const struct rv_snapshot *s, const struct rv_claim *c,
    const struct rv_demand *d, bool below)
{
	const struct rv_ids ids = c->a->collections;

	if (ids.n == 0)
		return false;
	for (size_t i = below; i < d->n_near; i++)
		if (rv_ids_contain(ids, d->near[i]))
			return true;
	for (uint32_t o = d->beyond; o != RV_NONE; o = above(s, o))
		if (rv_ids_contain(ids, o))
			return true;
	return false;
}

bool
rv_covers_resource(const struct rv_snapshot *s, const struct rv_claim *c,
    const struct rv_demand *d)
{
	const struct rv_ids near = { d->near, d->n_near };

	if (d->t->resource_type == RV_RESOURCE_DEVICE ? c->a->all_devices
						      : c->a->all_users)
		return true;
	if (d->beyond != RV_NONE)
		return rv_resource_is_in(
		    &s->resources, d->t->object, c->a->collections);
	return rv_ids_intersect(c->a->collections, near);
}

static void
find_chain(struct rv_demand *d, const struct rv_snapshot *s)
{
	uint32_t o = d->t->object;

	for (; o != RV_NONE && d->n_near < RV_NEAR; o = above(s, o))
		d->near[d->n_near++] = o;
	d->beyond = o;
}

static void
find_memberships(struct rv_demand *d, const struct rv_snapshot *s)
{
	const size_t n = rv_resource_collections(
	    &s->resources, d->t->object, d->near, RV_NEAR);

	d->n_near = n < RV_NEAR ? n : RV_NEAR;
	d->beyond = n > RV_NEAR ? d->near[RV_NEAR - 1] : RV_NONE;
}

void
rv_demand_init(struct rv_demand *d, const struct rv_subject_resolved *k,
    const struct rv_target *t)
{
	const enum rv_cover cover =
	    t->cover == RV_COVER_NOTHING ? t->need_cover : t->cover;

	d->t = t;
	d->within = t->never ? 0 : rv_within_level(k, t->t);
	d->uncovered =
	    t->cover == RV_COVER_COLLECTION || t->cover == RV_COVER_RESOURCE
		? RV_MISSING_COLLECTION
		: RV_MISSING_SCOPE;
	d->level = t->bit < RV_BITS && k->reached >= (int)t->t->minimum[t->bit];
	d->same_cover = t->cover == t->need_cover && !t->below;
	d->n_near = 0;
	d->beyond = RV_NONE;
	if (cover == RV_COVER_COLLECTION)
		find_chain(d, k->s);
	else if (cover == RV_COVER_RESOURCE)
		find_memberships(d, k->s);
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

/* ---- Who is nearest ------------------------------------------------------- */

/* The smallest sets so far: of whom, and what is in them. */
struct search {
	struct rv_nearest nearest;
	unsigned level; /* lowest that would help; UINT_MAX: none would */
	struct rv_kept kept;
	uint64_t met; /* of what is needed besides, by whatever assignment */
};

#define FEW RV_VERDICT_ASSIGNMENTS

/*
 * A set of failed conditions with its size above it, so that the smallest
 * set is a smallest number; without the set, the size alone.
 */
#define SIZE_SHIFT    6
#define ONE	      (1u << SIZE_SHIFT)
#define SIZE_OF(code) ((code) >> SIZE_SHIFT)
#define SET_OF(code)  ((code) & (ONE - 1))

/* Keeps the claims whose sets are smallest.  n is at most FEW. */
static inline struct rv_nearest
keep_smallest(const struct rv_claim *claims, size_t n, const uint16_t *codes,
    unsigned smallest, uint64_t *ids)
{
	struct rv_nearest nearest = { .size = smallest };

	for (size_t i = 0; i < n; i++) {
		const bool keep = SIZE_OF(codes[i]) == smallest;

		ids[nearest.n] = claims[i].assignment_id;
		nearest.n += keep;
		nearest.missing |= SET_OF(codes[i]) & -(unsigned)keep;
	}
	return nearest;
}

/* The level that helps one of those that are kept, where one does. */
static void
find_level(const struct rv_claim *claims, size_t n, const uint16_t *codes,
    unsigned smallest, const struct rv_target *t, struct rv_verdict *v)
{
	unsigned level = UINT_MAX;

	for (size_t i = 0; i < n; i++)
		if (SIZE_OF(codes[i]) == smallest &&
		    (codes[i] & RV_MISSING_LEVEL) != 0)
			rv_lower_level(&claims[i], t, &level);
	if (level != UINT_MAX)
		v->level_needed = (enum rv_level)level;
}

/* Few claims, found: all of them at once, with hardly a branch. */
static void
judge_few(const struct rv_subject_resolved *k, const struct rv_demand *d,
    enum rv_want want, struct rv_verdict *v)
{
	unsigned smallest = UINT_MAX;
	uint16_t codes[FEW];
	struct rv_nearest n;
	uint64_t met = 0;

	for (size_t i = 0; i < k->n; i++) {
		const unsigned failed =
		    rv_failed_by(k, &k->claims[i], v->evaluated_at_ms, d, &met);
		const unsigned size = rv_conditions(failed);

		codes[i] = (uint16_t)(size * ONE | failed);
		smallest = size < smallest ? size : smallest;
	}
	n = keep_smallest(k->claims, k->n, codes, smallest, v->assignments);
	if ((n.missing & RV_MISSING_LEVEL) != 0)
		find_level(k->claims, k->n, codes, smallest, d->t, v);
	rv_verdict_conclude(k, &n, d->t->barred || met != d->t->needs, want, v);
}

/* One more of many. */
static void
judge_one(const struct rv_subject_resolved *k, const struct rv_claim *c,
    const struct rv_demand *d, int64_t at_ms, struct search *q)
{
	const unsigned failed = rv_failed_by(k, c, at_ms, d, &q->met);
	const unsigned size = rv_conditions(failed);

	if (size > q->nearest.size)
		return;
	if (size < q->nearest.size) {
		q->nearest = (struct rv_nearest){ .size = size };
		q->kept.n = 0;
		q->kept.cut = false;
		q->level = UINT_MAX;
	}
	if ((failed & RV_MISSING_LEVEL) != 0)
		rv_lower_level(c, d->t, &q->level);
	q->nearest.missing |= failed;
	rv_keep_id(&q->kept, c->assignment_id);
}

/* Any number of claims, found or on the way. */
static void
judge_many(const struct rv_subject_resolved *k, const struct rv_demand *d,
    enum rv_want want, struct rv_verdict *v)
{
	const int64_t at_ms = v->evaluated_at_ms;
	struct search q = { .nearest = { .size = UINT_MAX },
		.level = UINT_MAX,
		.kept = { .ids = v->assignments } };
	struct rv_walk w = { .s = k->s, .u = k->u };
	const struct rv_grants *grants;

	for (size_t i = 0; k->u == NULL && i < k->n; i++) {
		judge_one(k, &k->claims[i], d, at_ms, &q);
		if (want == RV_WANT_FIRST && q.nearest.size == 0 &&
		    q.met == d->t->needs && !d->t->barred)
			break;
	}
	while (k->u != NULL && (grants = rv_walk_user(&w)) != NULL)
		for (size_t i = 0; i < grants->n; i++) {
			const struct rv_claim c = rv_claim_of(k, &grants->p[i]);

			judge_one(k, &c, d, at_ms, &q);
		}
	if (q.level != UINT_MAX)
		v->level_needed = (enum rv_level)q.level;
	q.nearest.n = q.kept.n;
	q.nearest.cut = q.kept.cut;
	rv_verdict_conclude(
	    k, &q.nearest, d->t->barred || q.met != d->t->needs, want, v);
}

/* ---- Decisions ------------------------------------------------------------ */

int64_t
rv_walk_boundary(const struct rv_subject_resolved *k, int64_t at_ms)
{
	struct rv_walk w = { .s = k->s, .u = k->u };
	const struct rv_grants *grants;
	int64_t until_ms = INT64_MAX;

	while ((grants = rv_walk_user(&w)) != NULL)
		for (size_t i = 0; i < grants->n; i++) {
			const struct rv_claim c = rv_claim_of(k, &grants->p[i]);

			rv_keep_boundary(&c, at_ms, &until_ms);
		}
	return until_ms;
}

/* All but what an own type of the object asks for besides. */
static void
decide_itself(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, enum rv_want want, struct rv_verdict *ret)
{
	struct rv_demand d;

	rv_verdict_begin(k, at_ms, t, ret);
	if (t->reason == RV_REASON_ALLOWED) {
		rv_demand_init(&d, k, t);
		if (k->u == NULL && k->n <= FEW)
			judge_few(k, &d, want, ret);
		else
			judge_many(k, &d, want, ret);
	} else if (t->reason == RV_REASON_NO_SUCH_OBJECT && !k->groups_known) {
		ret->reason = RV_REASON_GROUPS_UNKNOWN;
	}
}

bool
rv_may_author(
    const struct rv_subject_resolved *k, int64_t at_ms, unsigned place)
{
	struct rv_target author;
	struct rv_verdict v;

	rv_own_target(k->s, place, &author);
	decide_itself(k, at_ms, &author, RV_WANT_FIRST, &v);
	return v.decision == RV_ALLOW;
}

void
rv_decide(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_target *t, enum rv_want want, struct rv_verdict *ret)
{
	struct rv_verdict own;
	struct rv_target author;

	decide_itself(k, at_ms, t, want, ret);
	if (t->own == 0 || ret->decision != RV_ALLOW)
		return;
	rv_own_target(k->s, t->own - 1, &author);
	decide_itself(k, at_ms, &author, want, &own);
	if (own.decision == RV_ALLOW)
		return;
	*ret = own;
	ret->own_type = true;
}

static inline void
check_prepared(const struct rv_subject_resolved *k, int64_t at_ms,
    const struct rv_prepared *p, struct rv_slice key, enum rv_want want,
    struct rv_verdict *ret)
{
	struct rv_carrier o;
	struct rv_target t;
	struct rv_aim a;

	if (p->plain_resource && k->places != NULL) {
		rv_target_aim(p, key, &a);
		rv_decide_resource(k, at_ms, p, a.number, want, ret);
		return;
	}
	if (p->plain && key.p != NULL) {
		rv_target_find_plain(p, key,
		    rv_dict_hash(&p->s->object_keys, p->base.type, key), &o);
		rv_decide_plain(k, at_ms, p, &o, want, ret);
		return;
	}
	rv_target_aim(p, key, &a);
	rv_target_find(p, key, &a, &t);
	rv_decide(k, at_ms, &t, want, ret);
}

/*
 * Finds the claims of a subject that has few of them; false when there are
 * more.  Each once, by id.
 */
static bool
find_few(struct rv_subject_resolved *k, struct rv_claim *claims)
{
	struct rv_walk w = { .s = k->s, .u = k->u };
	const struct rv_grants *grants;

	while ((grants = rv_walk_user(&w)) != NULL)
		for (size_t i = 0; i < grants->n; i++) {
			const struct rv_assignment *a = &grants->p[i];
			size_t at = k->n;

			while (at > 0 &&
			       claims[at - 1].assignment_id > a->assignment_id)
				at--;
			if (at > 0 && claims[at - 1].a == a)
				continue;
			if (k->n == FEW)
				return false;
			memmove(&claims[at + 1], &claims[at],
			    (k->n++ - at) * sizeof(*claims));
			claims[at] = rv_claim_of(k, a);
		}
	return true;
}

void
rv_rbac_check(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, const struct rv_question *q, struct rv_verdict *ret)
{
	struct rv_subject_resolved k = rv_subject_asking(s, u);
	struct rv_claim claims[FEW];
	struct rv_prepared p;

	if (find_few(&k, claims))
		rv_subject_settle(&k, claims);
	rv_target_prepare(s, q->type, q->operation, &p);
	check_prepared(&k, at_ms, &p, q->key, q->want, ret);
}

void
rv_rbac_check_resolved(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_question *q, struct rv_verdict *ret)
{
	struct rv_prepared p;

	rv_target_prepare(u->s, q->type, q->operation, &p);
	check_prepared(u, at_ms, &p, q->key, q->want, ret);
}

void
rv_rbac_check_prepared(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_prepared *p, struct rv_slice key, enum rv_want want,
    struct rv_verdict *ret)
{
	RV_ASSERT(p->s == u->s);
	check_prepared(u, at_ms, p, key, want, ret);
}
