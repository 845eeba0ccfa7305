/*
 * Who may do something.  The assignments that name a category of the object
 * are gone through by their numbers, with what is kept of each beside its
 * owner; the owners of those that give what is wanted are the answer.  Only
 * those that begin or end are looked at themselves.
 */
#include "conditions.h"
#include "own_types.h"

#include "reeve/rbac_ask.h"

struct rv_who {
	const struct rv_snapshot *s;
	struct rv_target t;
	int64_t at_ms;
	struct rv_idsum *holders; /* admin_ids */
	/* Who may author what the object is of besides; NULL: nothing. */
	struct rv_who *authors;
};

/* What is looked for: operations, and all who have each of them. */
struct hunt {
	const struct rv_who *w;
	struct rv_arena *arena;
	uint64_t wanted;
	uint64_t *given;		/* of it, by role */
	struct rv_idsum *all;		/* who has all by one assignment */
	struct rv_idsum *part[RV_BITS]; /* by operation; made when needed */
};

/* ---- Assignments one by one ------------------------------------------------ */

/* The operations that one with a beginning or an end gives now. */
static uint64_t
given_by_bounded(
    const struct rv_who *w, const struct rv_owner *owner, uint32_t number)
{
	const struct rv_admin *admin = rv_admin_at(w->s, owner->admin_id);

	for (size_t i = 0;
	     admin != NULL && admin->grants != NULL && i < admin->grants->n;
	     i++) {
		const struct rv_assignment *a = &admin->grants->p[i];

		if (a->number == number)
			return a->from_ms <= w->at_ms && w->at_ms < a->until_ms
				   ? UINT64_MAX
				   : 0;
	}
	return 0;
}

static int
note_parts(struct hunt *h, uint64_t given, uint32_t admin_id)
{
	for (; given != 0; given &= given - 1) {
		struct rv_idsum **part = &h->part[__builtin_ctzll(given)];

		if (*part == NULL)
			*part = rv_idsum_new(h->arena);
		if (*part == NULL || rv_idsum_add(*part, admin_id) != RV_OK)
			return RV_ERR_NOMEM;
	}
	return RV_OK;
}

/* One that does not simply give all that is wanted. */
static int
note_rest(struct hunt *h, const struct rv_owner *owner, uint32_t number)
{
	uint64_t given = h->given[owner->what & RV_OWNER_ROLE];

	if ((owner->what & RV_OWNER_BOUNDED) != 0)
		given &= given_by_bounded(h->w, owner, number);
	if (given == h->wanted)
		return rv_idsum_add(h->all, owner->admin_id);
	return note_parts(h, given, owner->admin_id);
}

#define RUN 256 /* assignments that are looked at together */

/*
 * What they give is as good as random: so those that give all and those that
 * give something are picked without branches, and then gone through.
 */
static int
note_run(struct hunt *h, const uint32_t *numbers,
    const struct rv_owner *const *owners, size_t n)
{
	uint32_t whole[RUN];
	uint16_t rest[RUN];
	size_t n_whole = 0, n_rest = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct rv_owner *o = owners[i];
		const bool counts =
		    (o->what & (RV_OWNER_PRESENT | RV_OWNER_BARE)) ==
		    RV_OWNER_PRESENT;
		const uint64_t given =
		    h->given[o->what & RV_OWNER_ROLE] & -(uint64_t)counts;
		const bool all =
		    (given == h->wanted) & ((o->what & RV_OWNER_BOUNDED) == 0);

		whole[n_whole] = o->admin_id;
		n_whole += all;
		rest[n_rest] = (uint16_t)i;
		n_rest += (given != 0) & !all;
	}
	r = rv_idsum_add_all(h->all, (struct rv_ids){ whole, n_whole });
	for (size_t i = 0; r == RV_OK && i < n_rest; i++)
		r = note_rest(h, owners[rest[i]], numbers[rest[i]]);
	return r;
}

static int
note_all(struct hunt *h, const struct rv_idset *assignments)
{
	const struct rv_snapshot *s = h->w->s;
	const struct rv_owner *owners[RUN], *page = NULL;
	uint32_t numbers[RUN], at = RV_NONE;
	uint64_t from = 0;
	size_t n;
	int r = RV_OK;

	while (r == RV_OK &&
	       (n = rv_idset_read(assignments, &from, numbers, RUN)) > 0) {
		for (size_t i = 0; i < n; i++) {
			if (numbers[i] >> 8 != at) {
				at = numbers[i] >> 8;
				page = rv_trie_page(&s->owners, numbers[i]);
				RV_ASSERT(page != NULL);
			}
			owners[i] = &page[numbers[i] & 255];
			__builtin_prefetch(owners[i]);
		}
		r = note_run(h, numbers, owners, n);
	}
	return r;
}

/* ---- Assignments of a category ----------------------------------------------- */

static int
of_scope(struct hunt *h, uint32_t number)
{
	const struct rv_scope *scope = rv_scope_at(h->w->s, number);

	return scope == NULL ? RV_OK : note_all(h, scope->assignments);
}

static int
of_collection(struct hunt *h, uint32_t number)
{
	const struct rv_collection *c = rv_collection_at(h->w->s, number);

	return c == NULL ? RV_OK : note_all(h, c->assignments);
}

static int
of_scopes(struct hunt *h)
{
	const struct rv_snapshot *s = h->w->s;
	const struct rv_scoping carried = h->w->t.scoping;
	uint64_t from = 0;
	uint32_t scope;
	int r = of_scope(h, s->all_scopes);

	if (carried.b == RV_SCOPES_MANY) {
		const struct rv_idset *many = rv_scoping_set(s, h->w->t.object);

		while (r == RV_OK && rv_idset_next(many, &from, &scope))
			r = of_scope(h, scope);
		return r;
	}
	if (r == RV_OK)
		r = of_scope(h, carried.a);
	if (r == RV_OK && carried.b != carried.a)
		r = of_scope(h, carried.b);
	return r;
}

static int
of_chain(struct hunt *h, bool below)
{
	uint32_t o = h->w->t.object;
	int r = RV_OK;

	for (bool skip = below; r == RV_OK && o != RV_NONE; skip = false) {
		const struct rv_collection *c = rv_collection_at(h->w->s, o);

		if (c == NULL)
			break;
		if (!skip)
			r = note_all(h, c->assignments);
		o = c->parent;
	}
	return r;
}

static int
of_resource(struct hunt *h)
{
	const struct rv_snapshot *s = h->w->s;
	const uint32_t id = h->w->t.object;
	const size_t n = rv_resource_collections(&s->resources, id, NULL, 0);
	uint32_t *in = rv_arena_alloc(h->arena, n * sizeof(*in));
	int r;

	if (in == NULL)
		return RV_ERR_NOMEM;
	r = of_collection(h, h->w->t.resource_type == RV_RESOURCE_DEVICE
				 ? s->root_devices
				 : s->root_users);
	(void)rv_resource_collections(&s->resources, id, in, n);
	for (size_t i = 0; r == RV_OK && i < n; i++)
		r = of_collection(h, in[i]);
	return r;
}

/* The role decides: all that have one which gives something of it. */
static int
of_roles(struct hunt *h)
{
	const struct rv_snapshot *s = h->w->s;
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < s->n_roles; i++)
		if (h->given[i] != 0)
			r = note_all(h, s->roles[i].assignments);
	return r;
}

/* ---- Who has all of it ------------------------------------------------------- */

/* What each role gives of the wanted operations. */
static int
weigh_roles(struct hunt *h)
{
	const struct rv_snapshot *s = h->w->s;

	h->given = rv_arena_alloc(h->arena, s->n_roles * sizeof(*h->given));
	for (size_t i = 0; h->given != NULL && i < s->n_roles; i++)
		if (s->roles[i].masks != NULL)
			h->given[i] =
			    s->roles[i].masks[h->w->t.type] & h->wanted;
	return h->given != NULL ? RV_OK : RV_ERR_NOMEM;
}

/* Those who have each wanted operation, by whatever assignments. */
static int
hunt(struct hunt *h, enum rv_cover cover, bool below,
    struct rv_idsum **ret_found)
{
	struct rv_idsum *found = NULL;
	int r = RV_OK;

	h->all = rv_idsum_new(h->arena);
	if (h->all == NULL || weigh_roles(h) != RV_OK)
		return RV_ERR_NOMEM;
	switch (cover) {
	case RV_COVER_NOTHING:
		r = of_roles(h);
		break;
	case RV_COVER_SCOPE:
		r = of_scopes(h);
		break;
	case RV_COVER_COLLECTION:
		r = of_chain(h, below);
		break;
	case RV_COVER_RESOURCE:
		r = of_resource(h);
		break;
	}
	for (uint64_t left = h->wanted; r == RV_OK && left != 0;
	     left &= left - 1) {
		struct rv_idsum *part = h->part[__builtin_ctzll(left)];

		if (part == NULL)
			found = h->all; /* nobody else has this one */
		else
			r = rv_idsum_join_sum(part, h->all);
	}
	for (uint64_t left = h->wanted; r == RV_OK && found != h->all;
	     left &= left - 1) {
		struct rv_idsum *part;

		if (left == 0)
			break;
		part = h->part[__builtin_ctzll(left)];
		if (found == NULL)
			found = part;
		else
			rv_idsum_meet(found, part);
	}
	*ret_found = found;
	return r;
}

static int
find_holders(struct rv_who *w, struct rv_arena *arena)
{
	const struct rv_target *t = &w->t;
	const bool together = t->cover == t->need_cover && !t->below;
	struct hunt *h = rv_arena_alloc(arena, 2 * sizeof(*h));
	struct rv_idsum *needed = NULL;
	int r;

	if (h == NULL)
		return RV_ERR_NOMEM;
	h[0] = (struct hunt){ .w = w,
		.arena = arena,
		.wanted = RV_BIT(t->bit) | (together ? t->needs : 0) };
	h[1] = (struct hunt){ .w = w, .arena = arena, .wanted = t->needs };
	r = hunt(&h[0], t->cover, t->below, &w->holders);
	if (r == RV_OK && !together && t->needs != 0) {
		r = hunt(&h[1], t->need_cover, false, &needed);
		if (r == RV_OK)
			rv_idsum_meet(w->holders, needed);
	}
	if (r == RV_OK)
		rv_idsum_leave(w->holders, w->s->out_ids);
	return r;
}

static bool
is_possible(const struct rv_target *t)
{
	return t->reason == RV_REASON_ALLOWED && !t->never && !t->barred;
}

/* Keeps those who have Author Policy of the own type of the object, too. */
static int
keep_authors(struct rv_who *w, struct rv_arena *arena)
{
	struct rv_who *authors;
	int r = RV_OK;

	if (w->t.own == 0)
		return RV_OK;
	authors = rv_arena_alloc(arena, sizeof(*authors));
	if (authors == NULL)
		return RV_ERR_NOMEM;
	*authors = (struct rv_who){ .s = w->s, .at_ms = w->at_ms };
	rv_own_target(w->s, w->t.own - 1, &authors->t);
	authors->holders = rv_idsum_new(arena);
	if (authors->holders == NULL)
		return RV_ERR_NOMEM;
	if (is_possible(&authors->t))
		r = find_holders(authors, arena);
	if (r != RV_OK)
		return r;
	rv_idsum_meet(w->holders, authors->holders);
	w->authors = authors;
	return RV_OK;
}

int
rv_rbac_who(const struct rv_snapshot *s, int64_t at_ms,
    const struct rv_question *q, struct rv_arena *arena, struct rv_holders *ret)
{
	struct rv_holders holders = { .reason = RV_REASON_NOT_PERMITTED };
	struct rv_who *w = rv_arena_alloc(arena, sizeof(*w));
	int r;

	*ret = holders;
	if (w == NULL)
		return RV_ERR_NOMEM;
	w->s = s;
	w->at_ms = at_ms;
	rv_target_resolve(s, q, &w->t);
	if (w->t.reason != RV_REASON_ALLOWED) {
		ret->reason = w->t.reason;
		return RV_OK;
	}
	if (!is_possible(&w->t))
		return RV_OK;
	r = find_holders(w, arena);
	if (r == RV_OK)
		r = keep_authors(w, arena);
	if (r != RV_OK)
		return r;
	holders.n = (size_t)rv_idsum_count(w->holders);
	if (holders.n > 0) {
		holders.reason = RV_REASON_ALLOWED;
		holders.who = w;
	}
	*ret = holders;
	return RV_OK;
}

/* ---- Going through them --------------------------------------------------------- */

/*
 * Whether a user's own assignments allow it at a level, asked for directly;
 * the ids of those that suffice, and their number.
 */
static bool
allows(const struct rv_who *w, const struct rv_grants *grants, int level,
    uint64_t *ids, size_t *ret_n)
{
	const struct rv_subject_resolved k = {
		.s = w->s, .reached = level, .groups_known = true
	};
	struct rv_demand d;
	uint64_t met = 0;
	size_t n = 0;

	rv_demand_init(&d, &k, &w->t);
	for (size_t i = 0; i < grants->n; i++) {
		const struct rv_claim c = rv_claim_of(&k, &grants->p[i]);

		if (rv_failed_by(&k, &c, w->at_ms, &d, &met) == 0)
			ids[n++] = c.assignment_id;
	}
	*ret_n = n;
	return n > 0 && met == w->t.needs && !w->t.barred;
}

int
rv_holders_next(const struct rv_holders *holders, uint64_t *from,
    struct rv_arena *arena, struct rv_holder *ret, bool *ret_found)
{
	const struct rv_who *w = holders->who;
	const struct rv_admin *admin;
	struct rv_holder h = { .required = RV_LEVEL_HELLO };
	uint64_t at = *from, *ids, *fewer;
	bool held;
	size_t n;

	*ret_found = false;
	if (w == NULL || !rv_idsum_next(w->holders, &at, &h.admin_id))
		return RV_OK;
	admin = rv_admin_at(w->s, h.admin_id);
	RV_ASSERT(admin != NULL && admin->grants != NULL);
	ids = rv_arena_alloc(arena, admin->grants->n * sizeof(*ids) * 2);
	if (ids == NULL)
		return RV_ERR_NOMEM;
	fewer = ids + admin->grants->n;
	/* Else it would not be among them. */
	held = allows(w, admin->grants, RV_LEVEL_HELLO, ids, &h.n_assignments);
	RV_ASSERT(held);
	while (h.required > RV_LEVEL_NONE &&
	       allows(w, admin->grants, (int)h.required - 1, fewer, &n) &&
	       (w->authors == NULL || allows(w->authors, admin->grants,
					  (int)h.required - 1, fewer, &n)))
		h.required--;
	h.is_group = admin->is_group;
	h.principal_id = rv_dict_name(&w->s->principals, admin->principal);
	h.assignments = ids;
	*ret = h;
	*from = at;
	*ret_found = true;
	return RV_OK;
}

size_t
rv_holders_ids(const struct rv_holders *holders, uint64_t *from, uint32_t *ids,
    size_t room)
{
	if (holders->who == NULL)
		return 0;
	return rv_idsum_read(holders->who->holders, from, ids, room);
}
