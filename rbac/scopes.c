/*
 * Security scopes.  Sets hold the rank of a scope among the sorted ids, so
 * that a union comes out in the order of the ids.
 */
#include "builder.h"

int
rv_builder_scope(
    struct rv_builder *b, const struct rv_row_scope *row, struct rv_error *e)
{
	uint32_t scope;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_SCOPE, e)) != RV_OK ||
	    (r = rv_builder_name(b, "scope_id", row->scope_id, e)) != RV_OK)
		return r;
	r = rv_dict_add(&b->s->scope_ids, 0, row->scope_id, &scope);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" is there twice", RV_CUT(row->scope_id));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_scopes_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t all = rv_dict_find(&s->scope_ids, 0, RV_SCOPE_ALL);

	s->scope_by_rank = rv_names_in_order(&s->scope_ids);
	s->scope_rank = rv_array_new(s->scope_ids.n, sizeof(*s->scope_rank));
	if (s->scope_by_rank == NULL || s->scope_rank == NULL ||
	    rv_sets_init(&s->scope_sets, s->scope_ids.n) != RV_OK)
		return rv_builder_nomem(b, e);
	for (uint32_t rank = 0; rank < s->scope_ids.n; rank++)
		s->scope_rank[s->scope_by_rank[rank]] = rank;
	if (all != RV_NONE)
		s->all_scopes = s->scope_rank[all];
	return RV_OK;
}
