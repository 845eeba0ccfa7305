/* Security roles and the operations that they hold. */
#include "builder.h"

#define TYPES_STEP 64u

/* Masks are as wide as types may come without making them again. */
size_t
rv_mask_words(size_t n_types)
{
	return (n_types / TYPES_STEP + 1) * TYPES_STEP;
}

int
rv_roles_widen(struct rv_builder *b)
{
	struct rv_snapshot *s = b->s;
	const size_t bytes =
	    rv_mask_words(s->catalogue->n_types) * sizeof(uint64_t);

	for (uint32_t i = 0; i < s->n_roles; i++) {
		struct rv_role *role;
		uint64_t *masks;

		if (s->roles[i].masks == NULL ||
		    rv_block_size(s->roles[i].masks) >= bytes)
			continue;
		role = rv_builder_role_at(b, i);
		if (role == NULL)
			return RV_ERR_NOMEM;
		masks = rv_block_resize(&b->edit, role->masks, bytes);
		if (masks == NULL)
			return RV_ERR_NOMEM;
		role->masks = masks;
	}
	return RV_OK;
}

struct rv_role *
rv_builder_role_at(struct rv_builder *b, uint32_t number)
{
	struct rv_snapshot *s = b->s;
	size_t room =
	    s->roles != NULL ? rv_block_size(s->roles) / sizeof(*s->roles) : 0;
	struct rv_role *roles;

	if (number >= room)
		room = number + 1 + number / 2;
	if (s->roles == NULL)
		roles = rv_block_new(&b->edit, room * sizeof(*roles));
	else if (number >= s->n_roles)
		roles =
		    rv_block_resize(&b->edit, s->roles, room * sizeof(*roles));
	else
		roles = rv_block_write(&b->edit, s->roles);
	if (roles == NULL)
		return NULL;
	s->roles = roles;
	if (number >= s->n_roles)
		s->n_roles = number + 1;
	return &roles[number];
}

int
rv_builder_role(
    struct rv_builder *b, const struct rv_row_role *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_role *role;
	uint32_t number;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_ROLE, e)) != RV_OK ||
	    (r = rv_builder_name(b, "role_id", row->role_id, e)) != RV_OK ||
	    (r = rv_builder_level(b, "role", row->minimum, e)) != RV_OK)
		return r;
	r = rv_dict_add(&b->edit, &s->role_ids, 0, row->role_id, &number);
	if ((r != RV_OK && r != RV_ERR_EXISTS) ||
	    rv_builder_touch(&b->roles, number) != RV_OK)
		return rv_builder_nomem(b, e);
	role = rv_builder_role_at(b, number);
	if (role == NULL)
		return rv_builder_nomem(b, e);
	if (role->masks != NULL)
		return rv_builder_refuse(
		    b, e, "\"%.*s\" is there twice", RV_CUT(row->role_id));
	role->masks = rv_block_new(&b->edit,
	    rv_mask_words(s->catalogue->n_types) * sizeof(*role->masks));
	if (role->masks == NULL || rv_order_add(&b->edit, &s->role_order,
				       &s->role_ids, number) != RV_OK)
		return rv_builder_nomem(b, e);
	role->minimum = (uint8_t)row->minimum;
	s->counts.roles++;
	return RV_OK;
}

/* The role of a row, to be written to; refuses one that is not there. */
static int
role_of(struct rv_builder *b, struct rv_slice id, struct rv_role **ret_role,
    struct rv_error *e)
{
	const uint32_t number = rv_role_find(b->s, id);

	if (number == RV_NONE)
		return rv_builder_refuse(
		    b, e, "there is no role \"%.*s\"", RV_CUT(id));
	*ret_role = rv_builder_role_at(b, number);
	if (*ret_role == NULL || rv_builder_touch(&b->roles, number) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

int
rv_builder_change_role(
    struct rv_builder *b, const struct rv_row_role *row, struct rv_error *e)
{
	struct rv_role *role;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_ROLE, e)) != RV_OK ||
	    (r = rv_builder_level(b, "role", row->minimum, e)) != RV_OK ||
	    (r = role_of(b, row->role_id, &role, e)) != RV_OK)
		return r;
	role->minimum = (uint8_t)row->minimum;
	return RV_OK;
}

/* What names it may still go: rv_roles_finish() looks. */
int
rv_builder_remove_role(
    struct rv_builder *b, struct rv_slice role_id, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_role *role;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_ROLE, e)) != RV_OK ||
	    (r = role_of(b, role_id, &role, e)) != RV_OK)
		return r;
	if (rv_order_remove(&b->edit, &s->role_order, &s->role_ids,
		rv_role_find(s, role_id)) != RV_OK)
		return rv_builder_nomem(b, e);
	rv_block_drop(&b->edit, role->masks);
	role->masks = NULL;
	role->security = false;
	role->minimum = 0;
	s->counts.roles--;
	return RV_OK;
}

/* The mask that a row is about; refuses what the type has not. */
static int
mask_of(struct rv_builder *b, const struct rv_row_role_operation *row,
    uint64_t **ret_mask, struct rv_error *e)
{
	const struct rv_catalogue *c = b->s->catalogue;
	struct rv_role *role;
	uint64_t *masks;
	uint32_t type;
	int r;

	if ((r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = role_of(b, row->role_id, &role, e)) != RV_OK)
		return r;
	if (row->bit >= RV_BITS ||
	    (c->types[type].registered & RV_BIT(row->bit)) == 0)
		return rv_builder_refuse(b, e,
		    "role \"%.*s\": type %u has no bit %u",
		    RV_CUT(row->role_id), row->object_type_id, row->bit);
	masks = rv_block_write(&b->edit, role->masks);
	if (masks == NULL)
		return rv_builder_nomem(b, e);
	role->masks = masks;
	*ret_mask = &masks[type];
	return RV_OK;
}

int
rv_builder_role_operation(struct rv_builder *b,
    const struct rv_row_role_operation *row, struct rv_error *e)
{
	uint64_t *mask;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_ROLE_OPERATION, e)) != RV_OK ||
	    (r = mask_of(b, row, &mask, e)) != RV_OK)
		return r;
	if (b->base != NULL && (*mask & RV_BIT(row->bit)) != 0)
		return rv_builder_refuse(b, e,
		    "role \"%.*s\": type %u, bit %u is there twice",
		    RV_CUT(row->role_id), row->object_type_id, row->bit);
	*mask |= RV_BIT(row->bit);
	return RV_OK;
}

/* Whether this edit has removed a role: it took its operations along. */
static bool
is_gone(const struct rv_builder *b, struct rv_slice role_id)
{
	const uint32_t number = rv_dict_find(&b->s->role_ids, 0, role_id);

	if (number >= b->s->n_roles || b->s->roles[number].masks != NULL)
		return false;
	for (size_t i = 0; i < b->roles.n; i++)
		if (b->roles.p[i] == number)
			return true;
	return false;
}

int
rv_builder_remove_role_operation(struct rv_builder *b,
    const struct rv_row_role_operation *row, struct rv_error *e)
{
	uint64_t *mask = NULL;
	int r = rv_builder_enter_change(b, RV_TABLE_ROLE_OPERATION, e);

	if (r != RV_OK || is_gone(b, row->role_id))
		return r;
	if ((r = mask_of(b, row, &mask, e)) != RV_OK)
		return r;
	if ((*mask & RV_BIT(row->bit)) == 0)
		return rv_builder_refuse(b, e,
		    "role \"%.*s\" does not hold type %u, bit %u",
		    RV_CUT(row->role_id), row->object_type_id, row->bit);
	*mask &= ~RV_BIT(row->bit);
	return RV_OK;
}

static void
judge_security(const struct rv_catalogue *c, struct rv_role *role)
{
	role->security = false;
	for (size_t type = 0; type < c->n_types; type++)
		role->security |=
		    (role->masks[type] & c->types[type].security) != 0;
}

int
rv_roles_finish(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	int r = RV_OK;

	for (size_t i = 0; r == RV_OK && i < b->roles.n; i++) {
		const uint32_t number = b->roles.p[i];
		const struct rv_slice id = rv_dict_name(&s->role_ids, number);
		struct rv_role *role = &s->roles[number];

		if (role->masks != NULL)
			judge_security(s->catalogue, role);
		else if (role->assignments != NULL)
			r = rv_builder_refuse(b, e,
			    "role: \"%.*s\" is gone, and an assignment names "
			    "it",
			    RV_CUT(id));
		else
			r = rv_objects_check_gone(b, RV_TYPE_ROLE, id, e);
	}
	return r;
}

int
rv_rbac_roles_giving(const struct rv_snapshot *s, uint32_t object_type_id,
    uint8_t bit, struct rv_arena *arena, const struct rv_slice **ret_roles,
    size_t *ret_n)
{
	const uint32_t type =
	    rv_intmap_find(&s->catalogue->type_ids, object_type_id);
	struct rv_order_at at = { 0 };
	struct rv_slice *roles;
	uint32_t role;
	size_t n = 0;

	roles = rv_arena_alloc(
	    arena, rv_order_count(s->role_order) * sizeof(*roles));
	if (roles == NULL)
		return RV_ERR_NOMEM;
	while (type != RV_NONE && bit < RV_BITS &&
	       (role = rv_order_next(s->role_order, &at)) != RV_NONE)
		if ((s->roles[role].masks[type] & RV_BIT(bit)) != 0)
			roles[n++] = rv_dict_name(&s->role_ids, role);
	*ret_roles = roles;
	*ret_n = n;
	return RV_OK;
}
