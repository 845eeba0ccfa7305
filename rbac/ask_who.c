/* Who may do something, and what a subject holds. */
#include "conditions.h"

#include "reeve/rbac_ask.h"

struct who {
	const struct rv_snapshot *s;
	const struct rv_target *t;
	int64_t at_ms;
	struct rv_arena *arena;
};

/* A user asked for directly, at a level, by nobody's delegation. */
static struct rv_subject_resolved
direct(const struct who *q, int level)
{
	return (struct rv_subject_resolved){
		.s = q->s,
		.reached = level,
		.groups_known = true,
	};
}

/* Whether a user's own assignments allow it at a level; how many suffice. */
static bool
allows(
    const struct who *q, const struct rv_admin *admin, int level, size_t *ret_n)
{
	const struct rv_subject_resolved k = direct(q, level);
	const struct rv_demand d = rv_demand_of(&k, q->t);
	uint64_t met = 0;
	size_t n = 0;

	for (uint32_t i = admin[0].first; i < admin[1].first; i++)
		n += rv_suffices(&k, &q->s->assignments[i], q->at_ms, &d, &met);
	*ret_n = n;
	return n > 0 && met == q->t->needs && !q->t->barred;
}

static int
fill_holder(const struct who *q, const struct rv_admin *admin, size_t n,
    struct rv_holder *ret)
{
	const struct rv_subject_resolved k = direct(q, RV_LEVEL_HELLO);
	const struct rv_demand d = rv_demand_of(&k, q->t);
	uint64_t *ids = rv_arena_alloc(q->arena, n * sizeof(*ids));
	int level = RV_LEVEL_NONE;
	size_t at = 0, unused;
	uint64_t met = 0;

	if (ids == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t i = admin[0].first; i < admin[1].first; i++)
		if (rv_suffices(&k, &q->s->assignments[i], q->at_ms, &d, &met))
			ids[at++] = q->s->assignments[i].assignment_id;
	while (level < RV_LEVEL_HELLO && !allows(q, admin, level, &unused))
		level++;
	*ret = (struct rv_holder){
		.admin_id = admin->admin_id,
		.is_group = admin->is_group,
		.principal_id =
		    rv_dict_name(&q->s->principals, admin->principal),
		.required = (enum rv_level)level,
		.assignments = ids,
		.n_assignments = n,
	};
	return RV_OK;
}

/* Counts first, so that one array holds all. */
static int
find_holders(const struct who *q, struct rv_holders *ret)
{
	const struct rv_snapshot *s = q->s;
	uint32_t *found =
	    rv_arena_alloc(q->arena, s->n_admins * sizeof(*found));
	struct rv_holder *holders;
	size_t n = 0, suffice;

	if (found == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < s->n_admins; i++) {
		const uint32_t admin = s->admins_by_id[i];

		if (!s->admins[admin].out &&
		    allows(q, &s->admins[admin], RV_LEVEL_HELLO, &suffice))
			found[n++] = admin;
	}
	holders = rv_arena_alloc(q->arena, n * sizeof(*holders));
	if (holders == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct rv_admin *admin = &s->admins[found[i]];

		rv_ignore(allows(q, admin, RV_LEVEL_HELLO, &suffice));
		if (fill_holder(q, admin, suffice, &holders[i]) != RV_OK)
			return RV_ERR_NOMEM;
	}
	ret->p = holders;
	ret->n = n;
	return RV_OK;
}

int
rv_rbac_who(const struct rv_snapshot *s, int64_t at_ms,
    const struct rv_question *q, struct rv_arena *arena, struct rv_holders *ret)
{
	struct rv_holders holders = { 0 };
	struct who who = { .s = s, .at_ms = at_ms, .arena = arena };
	struct rv_target t;
	int r = RV_OK;

	*ret = (struct rv_holders){ .reason = RV_REASON_NOT_PERMITTED };
	rv_target_resolve(s, q, &t);
	who.t = &t;
	holders.reason = t.reason;
	if (t.reason == RV_REASON_ALLOWED)
		r = find_holders(&who, &holders);
	if (r != RV_OK)
		return r;
	if (holders.reason == RV_REASON_ALLOWED && holders.n == 0)
		holders.reason = RV_REASON_NOT_PERMITTED;
	*ret = holders;
	return RV_OK;
}

/* ---- What a subject holds ---------------------------------------------- */

static const struct rv_slice *
name_scopes(
    const struct rv_snapshot *s, struct rv_ids scopes, struct rv_arena *arena)
{
	struct rv_slice *names =
	    rv_arena_alloc(arena, scopes.n * sizeof(*names));

	for (size_t i = 0; names != NULL && i < scopes.n; i++)
		names[i] =
		    rv_dict_name(&s->scope_ids, s->scope_by_rank[scopes.p[i]]);
	return names;
}

/* They are numbered by the tree; a few of them are put in order at once. */
static const struct rv_slice *
name_collections(const struct rv_snapshot *s, struct rv_ids collections,
    struct rv_arena *arena)
{
	struct rv_slice *names =
	    rv_arena_alloc(arena, collections.n * sizeof(*names));
	size_t words = rv_words(collections.n > 32 ? s->collection_ids.n : 0);
	uint64_t *row = rv_arena_alloc(arena, words * sizeof(*row));
	size_t n = 0;

	if (names == NULL || row == NULL)
		return NULL;
	if (words == 0) {
		for (; n < collections.n; n++) {
			struct rv_slice name = rv_dict_name(&s->collection_ids,
			    s->collections[collections.p[n]].name);
			size_t k = n;

			for (; k > 0 && rv_slice_cmp(names[k - 1], name) > 0;
			     k--)
				names[k] = names[k - 1];
			names[k] = name;
		}
		return names;
	}
	for (size_t i = 0; i < collections.n; i++)
		rv_row_add(row, collections.p[i]);
	for (size_t i = 0; i < s->collection_ids.n; i++)
		if (rv_row_has(row, s->collections_by_id[i]))
			names[n++] = rv_dict_name(&s->collection_ids,
			    s->collections[s->collections_by_id[i]].name);
	return names;
}

int
rv_rbac_holdings(const struct rv_subject_resolved *u, int64_t at_ms,
    struct rv_arena *arena, const struct rv_holding **ret, size_t *ret_n)
{
	const struct rv_snapshot *s = u->s;
	struct rv_holding *all = rv_arena_alloc(arena, u->n * sizeof(*all));

	if (all == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < u->n; i++) {
		const struct rv_assignment *a = u->found[i];
		const struct rv_admin *admin = &s->admins[a->admin];

		all[i] = (struct rv_holding){
			.assignment_id = a->assignment_id,
			.admin_id = admin->admin_id,
			.is_group = admin->is_group,
			.valid = rv_in_time(a, at_ms),
			.principal_id =
			    rv_dict_name(&s->principals, admin->principal),
			.role_id = rv_dict_name(&s->role_ids, a->role),
			.minimum = (enum rv_level)a->minimum,
			.from_ms = a->from_ms,
			.until_ms = a->until_ms,
			.scopes = name_scopes(s, a->scopes, arena),
			.collections =
			    name_collections(s, a->collections, arena),
			.n_scopes = a->scopes.n,
			.n_collections = a->collections.n,
		};
		if (all[i].scopes == NULL || all[i].collections == NULL)
			return RV_ERR_NOMEM;
	}
	*ret = all;
	*ret_n = u->n;
	return RV_OK;
}
