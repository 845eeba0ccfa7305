/* What a subject holds. */
#include "conditions.h"

#include "reeve/rbac_ask.h"

#define FEW 32 /* names that are put in order one by one */

/* The names of numbers, in their own order. */
static int
names_of(const struct rv_dict *dict, const struct rv_order *order,
    struct rv_ids ids, struct rv_arena *arena, const struct rv_slice **ret)
{
	struct rv_slice *names = rv_arena_alloc(arena, ids.n * sizeof(*names));
	struct rv_order_at at = { 0 };
	size_t n = 0;
	uint32_t id;

	if (names == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; ids.n <= FEW && i < ids.n; i++) {
		const struct rv_slice name = rv_dict_name(dict, ids.p[i]);

		for (n = i; n > 0 && rv_slice_cmp(names[n - 1], name) > 0; n--)
			names[n] = names[n - 1];
		names[n] = name;
	}
	/* Of many, the order of all is gone through. */
	while (ids.n > FEW && n < ids.n &&
	       (id = rv_order_next(order, &at)) != RV_NONE)
		if (rv_ids_contain(ids, id))
			names[n++] = rv_dict_name(dict, id);
	*ret = names;
	return RV_OK;
}

static int
fill(const struct rv_subject_resolved *u, const struct rv_claim *c,
    int64_t at_ms, struct rv_arena *arena, struct rv_holding *ret)
{
	const struct rv_snapshot *s = u->s;
	const struct rv_assignment *a = c->a;
	const struct rv_admin *admin = rv_admin_at(s, a->admin_id);
	int r;

	RV_ASSERT(admin != NULL);
	*ret = (struct rv_holding){
		.assignment_id = a->assignment_id,
		.admin_id = a->admin_id,
		.is_group = admin->is_group,
		.valid = rv_in_time(c, at_ms),
		.principal_id = rv_dict_name(&s->principals, admin->principal),
		.role_id = rv_dict_name(&s->role_ids, a->role),
		.minimum = (enum rv_level)c->minimum,
		.from_ms = a->from_ms,
		.until_ms = a->until_ms,
		.n_scopes = a->scopes.n,
		.n_collections = a->collections.n,
	};
	r = names_of(
	    &s->scope_ids, s->scope_order, a->scopes, arena, &ret->scopes);
	if (r != RV_OK)
		return r;
	return names_of(&s->collection_ids, s->collection_order, a->collections,
	    arena, &ret->collections);
}

int
rv_rbac_holdings(const struct rv_subject_resolved *u, int64_t at_ms,
    struct rv_arena *arena, const struct rv_holding **ret, size_t *ret_n)
{
	struct rv_holding *all = rv_arena_alloc(arena, u->n * sizeof(*all));
	int r = all == NULL ? RV_ERR_NOMEM : RV_OK;

	for (size_t i = 0; r == RV_OK && i < u->n; i++)
		r = fill(u, &u->claims[i], at_ms, arena, &all[i]);
	if (r != RV_OK)
		return r;
	*ret = all;
	*ret_n = u->n;
	return RV_OK;
}
