/* Secured objects, other than collections and resources, and their scopes. */
#include "builder.h"

#include <stdlib.h>

/*
 * Roles, scopes and administrative users have tables of their own, which say
 * what is there; a row here may repeat one of them but adds none.
 */
static int
check_known(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e)
{
	const struct rv_snapshot *s = b->s;
	uint64_t id;
	bool known = true;

	if (row->object_type_id == RV_TYPE_COLLECTION)
		return rv_builder_refuse(b, e,
		    "\"%.*s\": collections have a table of their own",
		    RV_CUT(row->key));
	if (row->object_type_id == RV_TYPE_ROLE)
		known = rv_dict_find(&s->role_ids, 0, row->key) != RV_NONE;
	else if (row->object_type_id == RV_TYPE_SCOPE)
		known = rv_dict_find(&s->scope_ids, 0, row->key) != RV_NONE;
	else if (row->object_type_id == RV_TYPE_ADMIN)
		known = rv_slice_to_u64(row->key, UINT32_MAX, &id) == RV_OK &&
			rv_intmap_find(&s->admin_ids, id) != RV_NONE;
	if (!known)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is not in the table of its type",
		    row->object_type_id, RV_CUT(row->key));
	return RV_OK;
}

int
rv_builder_object(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e)
{
	uint32_t type, object;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OBJECT, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "key", row->key, e)) != RV_OK ||
	    (r = check_known(b, row, e)) != RV_OK)
		return r;
	r = rv_dict_add(&b->s->object_keys, type, row->key, &object);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is there twice", row->object_type_id,
		    RV_CUT(row->key));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_builder_object_scope(struct rv_builder *b,
    const struct rv_row_object_scope *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t type, object, scope;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OBJECT_SCOPE, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) != RV_OK)
		return r;
	if (s->types[type].secured_by != RV_SECURED_BY_SCOPE)
		return rv_builder_refuse(b, e,
		    "\"%.*s\": type %u is not secured by scope",
		    RV_CUT(row->key), row->object_type_id);
	object = rv_dict_find(&s->object_keys, type, row->key);
	if (object == RV_NONE)
		return rv_builder_refuse(b, e, "type %u has no object \"%.*s\"",
		    row->object_type_id, RV_CUT(row->key));
	scope = rv_dict_find(&s->scope_ids, 0, row->scope_id);
	if (scope == RV_NONE)
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": there is no scope \"%.*s\"",
		    row->object_type_id, RV_CUT(row->key),
		    RV_CUT(row->scope_id));
	if (rv_slice_eq(row->scope_id, RV_SCOPE_ALL))
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": no object carries SMS00ALL",
		    row->object_type_id, RV_CUT(row->key));
	if (rv_pairs_add(&b->object_scopes, object, scope) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_objects_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	const size_t n = s->object_keys.n;
	struct rv_groups scopes = { 0 };
	int r = RV_ERR_NOMEM;

	for (size_t i = 0; i < b->object_scopes.n; i++)
		b->object_scopes.p[i].item =
		    s->scope_rank[b->object_scopes.p[i].item];
	s->object_scopes = rv_array_new(n, sizeof(*s->object_scopes));
	if (s->object_scopes == NULL ||
	    rv_groups_make(&b->object_scopes, n, &scopes) != RV_OK)
		goto out;
	for (uint32_t i = 0; i < n; i++)
		if (rv_sets_intern(&s->scope_sets, rv_groups_get(&scopes, i),
			&s->object_scopes[i]) != RV_OK)
			goto out;
	r = RV_OK;
out:
	rv_groups_fini(&scopes);
	return r == RV_OK ? RV_OK : rv_builder_nomem(b, e);
}
