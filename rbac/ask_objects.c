/* On which instances of a type a subject may do something. */
#include "conditions.h"
#include "own_types.h"
#include "reached.h"

struct search {
	const struct rv_subject_resolved *k;
	int64_t at_ms;
	const struct rv_prepared *p;
	struct rv_arena *arena;
	uint64_t within;
	struct rv_reached *r;
};

static size_t
universe_of(const struct rv_prepared *p)
{
	const struct rv_snapshot *s = p->s;
	size_t n = 0;

	switch (p->table) {
	case RV_IN_OBJECTS:
	case RV_IN_COLLECTIONS:
	case RV_IN_ROLES:
	case RV_IN_SCOPES:
		return rv_order_count(rv_reached_order(p));
	case RV_IN_ADMINS:
		return (size_t)rv_idset_count(s->admin_ids);
	case RV_IN_RESOURCES:
		break;
	}
	if ((p->kinds & RV_CLASS_DEVICES) != 0)
		n += rv_idset_count(rv_kind_set(s, RV_RESOURCE_DEVICE));
	if ((p->kinds & RV_CLASS_USERS) != 0)
		n += rv_idset_count(rv_kind_set(s, RV_RESOURCE_USER));
	if ((p->kinds & RV_CLASS_GROUPS) != 0)
		n += rv_idset_count(rv_kind_set(s, RV_RESOURCE_GROUP));
	return n;
}

/* ---- What an operation reaches ----------------------------------------- */

static void
reach_scopes(const struct rv_claim *c, struct rv_reach *r)
{
	const struct rv_ids scopes = c->a->scopes;

	r->all |= c->all_scopes;
	for (size_t i = 0; i < scopes.n && !r->all; i++)
		rv_row_add(r->row, scopes.p[i]);
}

/* The collections of a kind: nothing else is in a root of it. */
static int
join_members(const struct search *q, const struct rv_claim *c,
    enum rv_collection_kind kind, struct rv_reach *r)
{
	const struct rv_ids ids = c->a->collections;
	int e = RV_OK;

	for (size_t i = 0; e == RV_OK && i < ids.n; i++) {
		const struct rv_collection *one =
		    rv_collection_at(q->k->s, ids.p[i]);

		if (one != NULL && one->kind == kind)
			e = rv_idsum_join(r->sum, one->members);
	}
	return e;
}

static int
join_kind(const struct search *q, unsigned kind, enum rv_resource_type type,
    struct rv_reach *r)
{
	if ((q->p->kinds & kind) == 0)
		return RV_OK;
	return rv_idsum_join(r->sum, rv_kind_set(q->k->s, type));
}

/* Of the kinds that the class has not, some may be joined, too. */
static int
reach_resources(
    const struct search *q, const struct rv_claim *c, struct rv_reach *r)
{
	const bool users =
	    (q->p->kinds & (RV_CLASS_USERS | RV_CLASS_GROUPS)) != 0;
	int e = RV_OK;

	if (c->a->all_devices)
		e = join_kind(q, RV_CLASS_DEVICES, RV_RESOURCE_DEVICE, r);
	else if ((q->p->kinds & RV_CLASS_DEVICES) != 0)
		e = join_members(q, c, RV_KIND_DEVICE, r);
	if (e != RV_OK || !users)
		return e;
	if (!c->a->all_users)
		return join_members(q, c, RV_KIND_USER, r);
	e = join_kind(q, RV_CLASS_USERS, RV_RESOURCE_USER, r);
	return e != RV_OK ? e
			  : join_kind(q, RV_CLASS_GROUPS, RV_RESOURCE_GROUP, r);
}

static uint32_t
parent_of(const struct rv_snapshot *s, uint32_t number)
{
	const struct rv_collection *c = rv_collection_at(s, number);

	return c != NULL ? c->parent : RV_NONE;
}

/*
 * From the collections in the row to all that are limited to them: each is
 * looked at once, with the way up to the next that was.
 */
static int
spread(const struct search *q, struct rv_reach *r)
{
	const struct rv_snapshot *s = q->k->s;
	uint64_t *known = rv_arena_alloc(
	    q->arena, rv_words(q->r->items + 1) * sizeof(*known));
	struct rv_order_at at = { 0 };
	uint32_t id;

	if (known == NULL)
		return RV_ERR_NOMEM;
	while ((id = rv_order_next(s->collection_order, &at)) != RV_NONE) {
		uint32_t top = id, up;
		bool in;

		while (!rv_row_has(known, top) && !rv_row_has(r->row, top) &&
		       (up = parent_of(s, top)) != RV_NONE)
			top = up;
		in = rv_row_has(r->row, top);
		rv_row_add(known, top);
		for (uint32_t o = id; o != top; o = parent_of(s, o)) {
			rv_row_add(known, o);
			if (in)
				rv_row_add(r->row, o);
		}
	}
	return RV_OK;
}

static int
reach_claim(const struct search *q, const struct rv_claim *c,
    enum rv_cover cover, struct rv_reach *r)
{
	switch (cover) {
	case RV_COVER_NOTHING:
		r->all = true;
		break;
	case RV_COVER_SCOPE:
		reach_scopes(c, r);
		break;
	case RV_COVER_COLLECTION:
		for (size_t i = 0; i < c->a->collections.n; i++)
			rv_row_add(r->row, c->a->collections.p[i]);
		break;
	case RV_COVER_RESOURCE:
		return reach_resources(q, c, r);
	}
	return RV_OK;
}

static int
reach_operation(
    const struct search *q, unsigned bit, enum rv_cover cover, bool below)
{
	const struct rv_target *t = &q->p->base;
	struct rv_reach *r = &q->r->reaches[q->r->n_reaches++];
	int e = RV_OK;

	*r = (struct rv_reach){ .below = below };
	r->row = rv_arena_alloc(
	    q->arena, rv_words(q->r->items + 1) * sizeof(*r->row));
	if (r->row == NULL)
		return RV_ERR_NOMEM;
	if (cover == RV_COVER_RESOURCE) {
		r->sum = rv_idsum_new(q->arena);
		if (r->sum == NULL)
			return RV_ERR_NOMEM;
	}
	for (size_t i = 0; e == RV_OK && i < q->k->n; i++) {
		const struct rv_claim *c = &q->k->claims[i];

		if ((rv_usable(c, q->at_ms, t->type, q->within) &
			RV_BIT(bit)) != 0)
			e = reach_claim(q, c, cover, r);
	}
	if (e == RV_OK && cover == RV_COVER_COLLECTION)
		e = spread(q, r);
	return e;
}

static size_t
items_of(const struct rv_prepared *p)
{
	switch (p->base.need_cover) {
	case RV_COVER_SCOPE:
		return p->s->scope_ids.n;
	case RV_COVER_COLLECTION:
		return p->s->collection_ids.n;
	case RV_COVER_RESOURCE:
	case RV_COVER_NOTHING:
		break;
	}
	return 0;
}

/* Whether whatever gives one operation gives the other: it reaches as far. */
static bool
goes_with(const struct search *q, unsigned bit, unsigned other)
{
	for (size_t i = 0; i < q->k->n; i++) {
		const uint64_t given = rv_usable(
		    &q->k->claims[i], q->at_ms, q->p->base.type, q->within);

		if ((given >> bit & 1) > (given >> other & 1))
			return false;
	}
	return true;
}

/* Type-wide operations are about the type, with Read of the instance. */
static int
reach_all(const struct search *q)
{
	const struct rv_target *t = &q->p->base;
	const uint8_t read = t->t->read_bit;
	const enum rv_cover own = q->p->type_wide ? RV_COVER_NOTHING : t->cover;
	uint64_t needs = t->needs;
	int e;

	if (q->p->type_wide && read != RV_NO_BIT)
		needs = RV_BIT(read) | t->t->needs[read];
	q->r->items = items_of(q->p);
	e = reach_operation(q, t->bit, own, t->below);
	for (; e == RV_OK && needs != 0; needs &= needs - 1) {
		const unsigned bit = (unsigned)__builtin_ctzll(needs);

		if (own != t->need_cover || !goes_with(q, t->bit, bit))
			e = reach_operation(q, bit, t->need_cover, false);
	}
	return e;
}

/* ---- Counting -------------------------------------------------------------- */

/* The sum of all reaches is what all of them have in common. */
static int
meet_resources(const struct search *q)
{
	struct rv_reached *r = q->r;
	const unsigned kinds = q->p->kinds;
	const unsigned people = RV_CLASS_USERS | RV_CLASS_GROUPS;

	r->resources = r->reaches[0].sum;
	for (size_t i = 1; i < r->n_reaches; i++)
		rv_idsum_meet(r->resources, r->reaches[i].sum);
	/* Collections of users hold groups, too. */
	if ((kinds & people) == RV_CLASS_USERS &&
	    (kinds & RV_CLASS_DEVICES) == 0)
		rv_idsum_meet_set(
		    r->resources, rv_kind_set(q->k->s, RV_RESOURCE_USER));
	if ((kinds & people) == RV_CLASS_GROUPS &&
	    (kinds & RV_CLASS_DEVICES) == 0)
		rv_idsum_meet_set(
		    r->resources, rv_kind_set(q->k->s, RV_RESOURCE_GROUP));
	return RV_OK;
}

/* Of a run of objects secured by scope, those that one reach has. */
static size_t
count_reached(const struct rv_reached *r, const uint32_t *ids, size_t n)
{
	const struct rv_snapshot *s = r->p->s;
	const uint64_t *row = r->reaches[0].row;
	const struct rv_scoping *page = NULL;
	uint32_t at = RV_NONE;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct rv_scoping carried;

		if (ids[i] >> 8 != at) {
			at = ids[i] >> 8;
			page = rv_trie_page(&s->scopings, ids[i]);
		}
		if (page == NULL)
			continue;
		carried = page[ids[i] & 255];
		if (carried.b == RV_SCOPES_MANY)
			count += rv_reached_has(r, ids[i]);
		else
			count += (size_t)(rv_reach_item(r, row, carried.a) |
					  rv_reach_item(r, row, carried.b));
	}
	return count;
}

/* Those of an order that are in the set, exceptions apart. */
static size_t
count_order(const struct rv_reached *r, const struct rv_order *order)
{
	const bool scoped = r->p->base.need_cover == RV_COVER_SCOPE;
	struct rv_order_at at = { 0 };
	const uint32_t *ids;
	size_t n, count = 0;
	bool all = r->n_reaches > 0;

	for (size_t i = 0; i < r->n_reaches; i++)
		all &= r->reaches[i].all;
	if (r->n_exceptions == 0 && r->own_denied == 0 &&
	    (all || r->n_reaches == 0))
		return all ? rv_order_count(order) : 0;
	while ((n = rv_order_run(order, &at, &ids)) > 0) {
		if (scoped && r->n_reaches == 1 && r->n_exceptions == 0 &&
		    r->own_denied == 0)
			count += count_reached(r, ids, n);
		else
			for (size_t i = 0; i < n; i++)
				count += rv_reached_has(r, ids[i]);
	}
	return count;
}

static size_t
count(const struct search *q, size_t universe)
{
	const struct rv_reached *r = q->r;

	switch (q->p->table) {
	case RV_IN_RESOURCES:
		return r->resources == NULL
			   ? 0
			   : (size_t)rv_idsum_count(r->resources);
	case RV_IN_ADMINS:
		return rv_reached_has(r, 0) ? universe : 0;
	case RV_IN_OBJECTS:
	case RV_IN_COLLECTIONS:
	case RV_IN_ROLES:
	case RV_IN_SCOPES:
		break;
	}
	return count_order(r, rv_reached_order(q->p));
}

/* Default instances follow a rule of their own: each is asked for. */
static int
find_exceptions(const struct search *q)
{
	const struct rv_dict *keys = &q->k->s->catalogue->default_keys;
	const struct rv_dict *names = rv_reached_names(q->p);
	struct rv_exception *e = rv_arena_alloc(q->arena, keys->n * sizeof(*e));

	if (e == NULL)
		return RV_ERR_NOMEM;
	q->r->exceptions = e;
	for (uint32_t i = 0; i < keys->n; i++) {
		const struct rv_slice key = rv_dict_name(keys, i);
		const uint32_t type = rv_dict_space(keys, i);
		struct rv_verdict v;
		uint32_t object;

		if (type != q->p->base.type || names == NULL)
			continue;
		object = rv_dict_find(
		    names, q->p->table == RV_IN_OBJECTS ? type : 0, key);
		rv_rbac_check_prepared(
		    q->k, q->at_ms, q->p, key, RV_WANT_FIRST, &v);
		q->r->exceptions[q->r->n_exceptions++] =
		    (struct rv_exception){ object, v.decision == RV_ALLOW };
	}
	return RV_OK;
}

/* Own types of which there are objects, and whose Author Policy lacks. */
static void
find_own_denied(const struct search *q)
{
	const struct rv_snapshot *s = q->k->s;
	unsigned places = rv_own_places(q->p);

	for (; places != 0; places &= places - 1) {
		const unsigned place = (unsigned)__builtin_ctz(places);

		if (s->own[place] != NULL &&
		    !rv_may_author(q->k, q->at_ms, place))
			q->r->own_denied |= 1u << place;
	}
}

static bool
is_barred(const struct rv_prepared *p)
{
	return p->base.barred || p->base.never ||
	       (p->type_wide && p->base.t->read_bit == RV_NO_BIT);
}

static int
find(const struct search *q)
{
	int e = RV_OK;

	if (!is_barred(q->p))
		e = reach_all(q);
	find_own_denied(q);
	if (e == RV_OK && q->p->base.t->has_defaults)
		e = find_exceptions(q);
	if (e == RV_OK && q->p->table == RV_IN_RESOURCES && q->r->n_reaches > 0)
		e = meet_resources(q);
	return e;
}

static int
answer(struct search *q, struct rv_object_set *set)
{
	int e;

	q->r = rv_arena_alloc(q->arena, sizeof(*q->r));
	if (q->r == NULL)
		return RV_ERR_NOMEM;
	q->r->p = q->p;
	q->within = rv_within_level(q->k, q->p->base.t);
	e = find(q);
	if (e != RV_OK)
		return e;
	set->universe = universe_of(q->p);
	set->n = count(q, set->universe);
	set->reached = q->r;
	if (set->n == 0)
		set->reason = RV_REASON_NOT_PERMITTED;
	if (!q->k->groups_known && (set->n == 0 || set->n < set->universe)) {
		set->reason = RV_REASON_GROUPS_UNKNOWN;
		set->n = 0;
	}
	return RV_OK;
}

int
rv_rbac_objects(const struct rv_subject_resolved *u, int64_t at_ms,
    struct rv_slice type, struct rv_slice operation, bool count_only,
    struct rv_arena *arena, struct rv_object_set *ret)
{
	struct rv_object_set set = { .valid_until_ms =
					 rv_next_boundary(u, at_ms) };
	struct search q = { .k = u, .at_ms = at_ms, .arena = arena };
	int e;

	*ret = (struct rv_object_set){ .reason = RV_REASON_NOT_PERMITTED,
		.valid_until_ms = INT64_MAX };
	e = rv_rbac_prepare(u->s, type, operation, arena, &q.p);
	if (e != RV_OK)
		return e;
	set.reason = q.p->base.reason;
	if (set.reason == RV_REASON_ALLOWED)
		e = answer(&q, &set);
	if (count_only || set.reason != RV_REASON_ALLOWED)
		set.reached = NULL;
	if (e == RV_OK)
		*ret = set;
	return e;
}
