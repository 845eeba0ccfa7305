/* Security roles and the operations that they hold. */
#include "builder.h"

#include <string.h>

/* One row of masks, a type each, at the end of the matrix. */
static int
masks_room(struct rv_builder *b, uint32_t role)
{
	struct rv_snapshot *s = b->s;
	size_t row = s->n_types * sizeof(*s->role_masks);
	uint64_t *masks;

	if (s->n_types == 0)
		return RV_OK;
	masks = rv_array_room(s->role_masks, role, &s->cap_role_masks, row);
	if (masks == NULL)
		return RV_ERR_NOMEM;
	s->role_masks = masks;
	memset(masks + (size_t)role * s->n_types, 0, row);
	return RV_OK;
}

int
rv_builder_role(
    struct rv_builder *b, const struct rv_row_role *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_role *roles;
	uint32_t role;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_ROLE, e)) != RV_OK ||
	    (r = rv_builder_name(b, "role_id", row->role_id, e)) != RV_OK ||
	    (r = rv_builder_level(b, "role", row->minimum, e)) != RV_OK)
		return r;
	roles = rv_array_room(
	    s->roles, s->role_ids.n, &s->cap_roles, sizeof(*roles));
	if (roles == NULL)
		return rv_builder_nomem(b, e);
	s->roles = roles;
	if (masks_room(b, (uint32_t)s->role_ids.n) != RV_OK)
		return rv_builder_nomem(b, e);
	r = rv_dict_add(&s->role_ids, 0, row->role_id, &role);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" is there twice", RV_CUT(row->role_id));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	roles[role] = (struct rv_role){ .minimum = (uint8_t)row->minimum };
	return RV_OK;
}

int
rv_builder_role_operation(struct rv_builder *b,
    const struct rv_row_role_operation *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t type, role;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_ROLE_OPERATION, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) != RV_OK)
		return r;
	role = rv_dict_find(&s->role_ids, 0, row->role_id);
	if (role == RV_NONE)
		return rv_builder_refuse(
		    b, e, "there is no role \"%.*s\"", RV_CUT(row->role_id));
	if (row->bit >= RV_BITS ||
	    (s->types[type].registered & RV_BIT(row->bit)) == 0)
		return rv_builder_refuse(b, e,
		    "role \"%.*s\": type %u has no bit %u",
		    RV_CUT(row->role_id), row->object_type_id, row->bit);
	s->role_masks[(size_t)role * s->n_types + type] |= RV_BIT(row->bit);
	if ((s->types[type].security & RV_BIT(row->bit)) != 0)
		s->roles[role].security = true;
	return RV_OK;
}

int
rv_roles_freeze(struct rv_builder *b, struct rv_error *e)
{
	b->s->roles_by_id = rv_names_in_order(&b->s->role_ids);
	if (b->s->roles_by_id == NULL)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_rbac_roles_giving(const struct rv_snapshot *s, uint32_t object_type_id,
    uint8_t bit, struct rv_arena *arena, const struct rv_slice **ret_roles,
    size_t *ret_n)
{
	uint32_t type = rv_intmap_find(&s->type_ids, object_type_id);
	struct rv_slice *roles;
	size_t n = 0;

	roles = rv_arena_alloc(arena, s->role_ids.n * sizeof(*roles));
	if (roles == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0;
	     type != RV_NONE && bit < RV_BITS && i < s->role_ids.n; i++) {
		uint32_t role = s->roles_by_id[i];

		if ((rv_role_mask(s, role, type) & RV_BIT(bit)) != 0)
			roles[n++] = rv_dict_name(&s->role_ids, role);
	}
	*ret_roles = roles;
	*ret_n = n;
	return RV_OK;
}
