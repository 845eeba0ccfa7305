/*
 * On which instances of a type a subject may do something.  What each wanted
 * operation reaches is a row of bits, over scopes, collections or resources,
 * joined over all assignments; an instance is in the answer when all of them
 * reach it.
 */
#include "conditions.h"

#include "reeve/rbac_ask.h"

#include <string.h>

/* What one operation reaches, by whatever assignments. */
struct reach {
	bool all;
	uint64_t *row;
};

struct search {
	const struct rv_subject_resolved *k;
	int64_t at_ms;
	const struct rv_prepared *p;
	struct rv_arena *arena;
	size_t items; /* of a row */
	struct reach own;
	struct reach needs[RV_BITS];
	size_t n_needs;
};

static size_t
universe_of(const struct rv_prepared *p)
{
	const struct rv_snapshot *s = p->s;

	switch (p->table) {
	case RV_IN_OBJECTS:
		return s->type_first[p->base.type + 1] -
		       s->type_first[p->base.type];
	case RV_IN_COLLECTIONS:
		return s->collection_ids.n;
	case RV_IN_ROLES:
		return s->role_ids.n;
	case RV_IN_ADMINS:
		return s->n_admins;
	case RV_IN_SCOPES:
		return s->scope_ids.n;
	case RV_IN_RESOURCES:
		return s->n_resources;
	}
	return 0;
}

/* ---- What an operation reaches ----------------------------------------- */

static void
join_words(uint64_t *row, const uint64_t *more, size_t items)
{
	for (size_t i = 0; i < rv_words(items); i++)
		row[i] |= more[i];
}

static void
add_range(uint64_t *row, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to;) {
		const bool whole = i % RV_BITS == 0 && to - i >= RV_BITS;

		if (whole)
			row[i / RV_BITS] = UINT64_MAX;
		else
			rv_row_add(row, i);
		i += whole ? RV_BITS : 1;
	}
}

static void
reach_scopes(
    const struct search *q, const struct rv_assignment *a, struct reach *r)
{
	r->all |= a->all_scopes;
	if (r->all)
		return;
	if (a->scope_row != NULL) {
		join_words(r->row, a->scope_row, q->items);
		return;
	}
	for (size_t i = 0; i < a->scopes.n; i++)
		rv_row_add(r->row, a->scopes.p[i]);
}

static void
reach_collections(const struct search *q, const struct rv_assignment *a,
    bool below, struct reach *r)
{
	for (size_t i = 0; i < a->outer.n; i++) {
		const uint32_t c = a->outer.p[i];

		add_range(r->row, below ? c + 1 : c,
		    q->k->s->collections[c].last + 1);
	}
}

static void
reach_resources(
    const struct search *q, const struct rv_assignment *a, struct reach *r)
{
	const struct rv_snapshot *s = q->k->s;

	if (a->all_devices)
		join_words(
		    r->row, rv_kind_row(s, RV_RESOURCE_DEVICE), q->items);
	if (a->all_users) {
		join_words(r->row, rv_kind_row(s, RV_RESOURCE_USER), q->items);
		join_words(r->row, rv_kind_row(s, RV_RESOURCE_GROUP), q->items);
	}
	for (size_t i = 0; i < a->collections.n; i++) {
		const enum rv_collection_kind kind =
		    s->collections[a->collections.p[i]].kind;

		if (kind == RV_KIND_DEVICE ? !a->all_devices : !a->all_users)
			rv_members_join(
			    &s->inside, a->collections.p[i], r->row);
	}
}

static int
reach_operation(struct search *q, unsigned bit, enum rv_cover cover, bool below,
    struct reach *ret)
{
	const struct rv_target *t = &q->p->base;
	struct reach r = { 0 };

	r.row = rv_arena_alloc(q->arena, rv_words(q->items) * sizeof(*r.row));
	if (r.row == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < q->k->n && !t->never; i++) {
		const struct rv_assignment *a = q->k->found[i];

		if ((rv_permitted(q->k, a, q->at_ms, t->type) & RV_BIT(bit)) ==
		    0)
			continue;
		switch (cover) {
		case RV_COVER_NOTHING:
			r.all = true;
			break;
		case RV_COVER_SCOPE:
			reach_scopes(q, a, &r);
			break;
		case RV_COVER_COLLECTION:
			reach_collections(q, a, below, &r);
			break;
		case RV_COVER_RESOURCE:
			reach_resources(q, a, &r);
			break;
		}
	}
	*ret = r;
	return RV_OK;
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
		return p->s->n_resources;
	case RV_COVER_NOTHING:
		break;
	}
	return 0;
}

/* Type-wide operations are about the type, with Read of the instance. */
static int
reach_all(struct search *q)
{
	const struct rv_target *t = &q->p->base;
	const uint8_t read = t->t->read_bit;
	uint64_t needs = t->needs;
	int r;

	if (q->p->type_wide && read != RV_NO_BIT)
		needs = RV_BIT(read) | t->t->needs[read];
	q->items = items_of(q->p);
	r = reach_operation(q, t->bit,
	    q->p->type_wide ? RV_COVER_NOTHING : t->cover, t->below, &q->own);
	for (; r == RV_OK && needs != 0; needs &= needs - 1)
		r = reach_operation(q, (unsigned)__builtin_ctzll(needs),
		    t->need_cover, false, &q->needs[q->n_needs++]);
	return r;
}

/* ---- Which instances are reached ---------------------------------------- */

static inline bool
reaches_scoping(
    const struct search *q, const struct reach *r, struct rv_scoping carried)
{
	struct rv_ids ids;

	if (r->all)
		return true;
	if (carried.b < RV_SCOPES_MANY)
		return rv_row_has(r->row, carried.a) |
		       rv_row_has(r->row, carried.b);
	if (carried.b == RV_NONE)
		return false;
	ids = rv_sets_get(&q->k->s->scope_sets, carried.a);
	for (size_t i = 0; i < ids.n; i++)
		if (rv_row_has(r->row, ids.p[i]))
			return true;
	return false;
}

/* Up to 64 instances secured by scope, from the position `at` on. */
static uint64_t
scoped_word(const struct search *q, size_t at, size_t n)
{
	const struct rv_scoping *carried =
	    q->k->s->object_scopes + q->k->s->type_first[q->p->base.type] + at;
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++) {
		bool in = reaches_scoping(q, &q->own, carried[i]);

		for (size_t k = 0; k < q->n_needs; k++)
			in &= reaches_scoping(q, &q->needs[k], carried[i]);
		word |= (uint64_t)in << i;
	}
	return word;
}

/* A row of which each reach has its own: the ones in all of them. */
static uint64_t
row_word(const struct search *q, size_t i)
{
	uint64_t word = q->own.all ? UINT64_MAX : q->own.row[i];

	for (size_t k = 0; k < q->n_needs; k++)
		if (!q->needs[k].all)
			word &= q->needs[k].row[i];
	return word;
}

static uint64_t
resource_word(const struct search *q, size_t i)
{
	const struct rv_snapshot *s = q->k->s;
	uint64_t kinds = 0;

	if ((q->p->kinds & RV_CLASS_DEVICES) != 0)
		kinds |= rv_kind_row(s, RV_RESOURCE_DEVICE)[i];
	if ((q->p->kinds & RV_CLASS_USERS) != 0)
		kinds |= rv_kind_row(s, RV_RESOURCE_USER)[i];
	if ((q->p->kinds & RV_CLASS_GROUPS) != 0)
		kinds |= rv_kind_row(s, RV_RESOURCE_GROUP)[i];
	return row_word(q, i) & kinds;
}

/* Collections are numbered otherwise than their ids are ordered. */
static uint64_t
collection_word(const struct search *q, size_t at, size_t n)
{
	const struct rv_snapshot *s = q->k->s;
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++) {
		const uint32_t c = s->collections_by_id[at + i];

		word |= (row_word(q, c / RV_BITS) >> c % RV_BITS & 1) << i;
	}
	return word;
}

/* What is secured by role only is reached wholly or not at all. */
static uint64_t
role_word(const struct search *q, size_t n)
{
	bool all = q->own.all;

	for (size_t k = 0; k < q->n_needs; k++)
		all &= q->needs[k].all;
	if (!all)
		return 0;
	return n == RV_BITS ? UINT64_MAX : RV_BIT(n) - 1;
}

static uint64_t
word_at(const struct search *q, size_t at, size_t n)
{
	switch (q->p->base.need_cover) {
	case RV_COVER_NOTHING:
		return role_word(q, n);
	case RV_COVER_SCOPE:
		return scoped_word(q, at, n);
	case RV_COVER_COLLECTION:
		return collection_word(q, at, n);
	case RV_COVER_RESOURCE:
		return resource_word(q, at / RV_BITS);
	}
	return 0;
}

/* Fills the words, where there are any, and counts. */
static size_t
count_words(const struct search *q, size_t universe, uint64_t *words)
{
	size_t n = 0;

	for (size_t at = 0; at < universe; at += RV_BITS) {
		const size_t left = universe - at;
		const uint64_t word =
		    word_at(q, at, left < RV_BITS ? left : RV_BITS);

		n += (size_t)__builtin_popcountll(word);
		if (words != NULL)
			words[at / RV_BITS] = word;
	}
	return n;
}

/*
 * Default instances follow a rule of their own; each is asked for, and the
 * count is put right.
 */
static size_t
settle_defaults(const struct search *q, uint64_t *words, size_t n)
{
	const struct rv_snapshot *s = q->k->s;

	for (uint32_t i = 0; i < s->default_keys.n; i++) {
		const uint32_t type = rv_dict_space(&s->default_keys, i);
		const struct rv_slice key = rv_dict_name(&s->default_keys, i);
		struct rv_verdict v;
		uint32_t at;

		if (type != q->p->base.type)
			continue;
		at = rv_dict_find(&s->object_keys, type, key) -
		     s->type_first[type];
		rv_rbac_check_prepared(
		    q->k, q->at_ms, q->p, key, RV_WANT_FIRST, &v);
		n -= rv_row_has(words, at);
		words[at / RV_BITS] &= ~RV_BIT(at % RV_BITS);
		n += v.decision == RV_ALLOW;
		if (v.decision == RV_ALLOW)
			rv_row_add(words, at);
	}
	return n;
}

static bool
is_barred(const struct rv_prepared *p)
{
	return p->base.barred ||
	       (p->type_wide && p->base.t->read_bit == RV_NO_BIT);
}

static int
find(struct search *q, bool count_only, struct rv_object_set *set)
{
	const bool defaults = q->p->base.t->has_defaults;
	uint64_t *words = NULL;

	if (!count_only || defaults) {
		words = rv_arena_alloc(
		    q->arena, rv_words(set->universe) * sizeof(*words));
		if (words == NULL)
			return RV_ERR_NOMEM;
	}
	if (!is_barred(q->p)) {
		if (reach_all(q) != RV_OK)
			return RV_ERR_NOMEM;
		set->n = count_words(q, set->universe, words);
	}
	if (defaults)
		set->n = settle_defaults(q, words, set->n);
	set->bits = count_only ? NULL : words;
	return RV_OK;
}

int
rv_rbac_objects(const struct rv_subject_resolved *u, int64_t at_ms,
    struct rv_slice type, struct rv_slice operation, bool count_only,
    struct rv_arena *arena, struct rv_object_set *ret)
{
	struct rv_object_set set = { .valid_until_ms = INT64_MAX };
	struct search *q = rv_arena_alloc(arena, sizeof(*q));
	int r;

	*ret = set;
	ret->reason = RV_REASON_NOT_PERMITTED;
	if (q == NULL)
		return RV_ERR_NOMEM;
	*q = (struct search){ .k = u, .at_ms = at_ms, .arena = arena };
	r = rv_rbac_prepare(u->s, type, operation, arena, &q->p);
	if (r != RV_OK)
		return r;
	set.about = q->p;
	for (size_t i = 0; u->bounded && i < u->n; i++)
		rv_keep_boundary(u->found[i], at_ms, &set.valid_until_ms);
	set.reason = q->p->base.reason;
	if (set.reason == RV_REASON_ALLOWED) {
		set.universe = universe_of(q->p);
		r = find(q, count_only, &set);
		if (set.n == 0)
			set.reason = RV_REASON_NOT_PERMITTED;
		if (!u->groups_known && (set.n == 0 || set.n < set.universe)) {
			set.reason = RV_REASON_GROUPS_UNKNOWN;
			set.n = 0;
			set.bits = NULL;
		}
	}
	if (r == RV_OK)
		*ret = set;
	return r;
}
