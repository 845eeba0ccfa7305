/* Security scopes. */
#include "builder.h"

struct rv_scope *
rv_builder_scope_at(struct rv_builder *b, uint32_t number)
{
	return rv_trie_put(
	    &b->edit, &b->s->scopes, number, sizeof(struct rv_scope));
}

int
rv_builder_scope(
    struct rv_builder *b, const struct rv_row_scope *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_scope *scope;
	uint32_t number;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_SCOPE, e)) != RV_OK ||
	    (r = rv_builder_name(b, "scope_id", row->scope_id, e)) != RV_OK)
		return r;
	r = rv_dict_add(&b->edit, &s->scope_ids, 0, row->scope_id, &number);
	if (r != RV_OK && r != RV_ERR_EXISTS)
		return rv_builder_nomem(b, e);
	scope = rv_builder_scope_at(b, number);
	if (scope == NULL)
		return rv_builder_nomem(b, e);
	if (scope->present)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" is there twice", RV_CUT(row->scope_id));
	scope->present = true;
	if (rv_order_add(&b->edit, &s->scope_order, &s->scope_ids, number) !=
	    RV_OK)
		return rv_builder_nomem(b, e);
	if (rv_slice_eq(row->scope_id, RV_SCOPE_ALL))
		s->all_scopes = number;
	s->counts.scopes++;
	return RV_OK;
}

/* What names it may still go: rv_scopes_finish() looks. */
int
rv_builder_remove_scope(
    struct rv_builder *b, struct rv_slice scope_id, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_scope *scope;
	uint32_t number;
	int r = rv_builder_enter_change(b, RV_TABLE_SCOPE, e);

	if (r != RV_OK)
		return r;
	number = rv_scope_find(s, scope_id);
	if (number == RV_NONE)
		return rv_builder_refuse(
		    b, e, "there is no scope \"%.*s\"", RV_CUT(scope_id));
	if (number == s->all_scopes)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" cannot go", RV_CUT(scope_id));
	scope = rv_builder_scope_at(b, number);
	if (scope == NULL || rv_builder_touch(&b->scopes, number) != RV_OK ||
	    rv_order_remove(&b->edit, &s->scope_order, &s->scope_ids, number) !=
		RV_OK)
		return rv_builder_nomem(b, e);
	scope->present = false;
	s->counts.scopes--;
	return RV_OK;
}

/*
 * Which objects carry a scope is not known without looking at all of them.
 * That none carries a scope that is gone is the store's promise, by its
 * foreign key; and one that did would be none the easier to reach, since no
 * assignment names the scope, now or later.
 */
int
rv_scopes_finish(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < b->scopes.n; i++) {
		const uint32_t number = b->scopes.p[i];
		const struct rv_slice id = rv_dict_name(&s->scope_ids, number);
		const struct rv_scope *scope =
		    rv_trie_get(&s->scopes, number, sizeof(*scope));

		if (scope == NULL || scope->present)
			continue;
		if (scope->assignments != NULL)
			r = rv_builder_refuse(b, e,
			    "scope: \"%.*s\" is gone, and an assignment names "
			    "it",
			    RV_CUT(id));
		else
			r = rv_objects_check_gone(b, RV_TYPE_SCOPE, id, e);
	}
	return r;
}
