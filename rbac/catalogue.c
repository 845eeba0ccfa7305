/*
 * The catalogue: types, their operations, and what an operation needs
 * besides (docs/rule.md sections 1 and 3).
 */
#include "builder.h"

#include <string.h>

static bool
is_digits(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

uint32_t
rv_type_find(const struct rv_snapshot *s, struct rv_slice name)
{
	uint64_t id;
	uint32_t known = rv_dict_find(&s->type_names, 0, name);

	if (known != RV_NONE)
		return s->name_type[known];
	if (rv_slice_to_u64(name, UINT32_MAX, &id) != RV_OK)
		return RV_NONE;
	return rv_intmap_find(&s->type_ids, id);
}

struct rv_slice
rv_type_name(const struct rv_snapshot *s, const struct rv_type *t)
{
	return rv_dict_name(&s->type_names,
	    t->class_name != RV_NONE ? t->class_name : t->sdk_name);
}

/* One table maps names to types, so one name may not mean two. */
static int
name_type(struct rv_builder *b, struct rv_slice name, uint32_t type,
    uint32_t *ret_name, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t *name_types;
	int r = rv_builder_name(b, "name", name, e);

	if (r != RV_OK)
		return r;
	if (is_digits(name))
		return rv_builder_refuse(b, e,
		    "the name \"%.*s\" of type %u is a number", RV_CUT(name),
		    s->types[type].object_type_id);
	name_types = rv_array_room(s->name_type, s->type_names.n,
	    &s->cap_name_type, sizeof(*name_types));
	if (name_types == NULL)
		return rv_builder_nomem(b, e);
	s->name_type = name_types;
	r = rv_dict_add(&s->type_names, 0, name, ret_name);
	if (r == RV_ERR_NOMEM)
		return rv_builder_nomem(b, e);
	if (r == RV_ERR_EXISTS && name_types[*ret_name] != type)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" names type %u and type %u", RV_CUT(name),
		    s->types[name_types[*ret_name]].object_type_id,
		    s->types[type].object_type_id);
	name_types[*ret_name] = type;
	return RV_OK;
}

/* What the rule itself says about a type it knows. */
static bool
secured_as_ruled(const struct rv_row_type *row)
{
	switch (row->object_type_id) {
	case RV_TYPE_COLLECTION:
		return row->secured_by == RV_SECURED_BY_COLLECTION;
	case RV_TYPE_ROLE:
	case RV_TYPE_ADMIN:
	case RV_TYPE_SCOPE:
		return row->secured_by == RV_SECURED_BY_ROLE;
	default:
		return row->secured_by == RV_SECURED_BY_ROLE ||
		       row->secured_by == RV_SECURED_BY_SCOPE ||
		       row->secured_by == RV_SECURED_BY_DERIVED;
	}
}

/* Makes room for the type at the end of its arrays, without counting it. */
static struct rv_type *
type_room(struct rv_builder *b)
{
	struct rv_snapshot *s = b->s;
	struct rv_type *types =
	    rv_array_room(s->types, s->n_types, &s->cap_types, sizeof(*types));
	uint8_t(*need)[RV_BITS];

	if (types == NULL)
		return NULL;
	s->types = types;
	need = rv_array_room(b->need, s->n_types, &b->cap_need, sizeof(*need));
	if (need == NULL)
		return NULL;
	b->need = need;
	memset(need[s->n_types], RV_NO_BIT, sizeof(*need));
	return &types[s->n_types];
}

int
rv_builder_type(
    struct rv_builder *b, const struct rv_row_type *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t index = (uint32_t)s->n_types;
	struct rv_type *t;
	int r = rv_builder_enter(b, RV_TABLE_TYPE, e);

	if (r != RV_OK)
		return r;
	if (!secured_as_ruled(row))
		return rv_builder_refuse(b, e,
		    "type %u cannot be secured in the way %d",
		    row->object_type_id, (int)row->secured_by);
	t = type_room(b);
	if (t == NULL)
		return rv_builder_nomem(b, e);
	r = rv_intmap_add(&s->type_ids, row->object_type_id, index);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(
		    b, e, "type %u is there twice", row->object_type_id);
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	*t = (struct rv_type){
		.object_type_id = row->object_type_id,
		.class_name = RV_NONE,
		.secured_by = row->secured_by,
		.read_bit = RV_NO_BIT,
		.modify_bit = RV_NO_BIT,
	};
	for (unsigned bit = 0; bit < RV_BITS; bit++)
		t->name[bit] = RV_NONE;
	s->n_types++;
	r = name_type(b, row->sdk_name, index, &t->sdk_name, e);
	if (r == RV_OK && row->class_name.n > 0)
		r = name_type(b, row->class_name, index, &t->class_name, e);
	return r;
}

int
rv_builder_operation(struct rv_builder *b, const struct rv_row_operation *row,
    struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	uint32_t type, name;
	uint8_t *name_bit;
	struct rv_type *t;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OPERATION, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "name", row->name, e)) != RV_OK ||
	    (r = rv_builder_level(b, "operation", row->minimum, e)) != RV_OK)
		return r;
	t = &s->types[type];
	if (row->bit >= RV_BITS)
		return rv_builder_refuse(b, e, "type %u: the bit %u is over 63",
		    row->object_type_id, row->bit);
	if ((t->registered & RV_BIT(row->bit)) != 0)
		return rv_builder_refuse(b, e, "type %u: bit %u is there twice",
		    row->object_type_id, row->bit);
	name_bit = rv_array_room(s->name_bit, s->operation_names.n,
	    &s->cap_name_bit, sizeof(*name_bit));
	if (name_bit == NULL)
		return rv_builder_nomem(b, e);
	s->name_bit = name_bit;
	r = rv_dict_add(&s->operation_names, type, row->name, &name);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is there twice", row->object_type_id,
		    RV_CUT(row->name));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	name_bit[name] = row->bit;
	t->name[row->bit] = name;
	t->registered |= RV_BIT(row->bit);
	if (row->type_wide)
		t->type_wide |= RV_BIT(row->bit);
	if (row->security)
		t->security |= RV_BIT(row->bit);
	t->minimum[row->bit] = (uint8_t)row->minimum;
	if (rv_slice_eq_cstr(row->name, "Read"))
		t->read_bit = row->bit;
	if (rv_slice_eq_cstr(row->name, "Modify"))
		t->modify_bit = row->bit;
	/* Nobody changes what was given to him, only what is below it. */
	if (t->object_type_id == RV_TYPE_COLLECTION &&
	    (rv_slice_eq_cstr(row->name, "Modify") ||
		rv_slice_eq_cstr(row->name, "Delete")))
		t->below |= RV_BIT(row->bit);
	for (unsigned level = row->minimum; level <= RV_LEVEL_HELLO; level++)
		t->within[level] |= RV_BIT(row->bit);
	s->n_operations++;
	return RV_OK;
}

int
rv_builder_operation_need(struct rv_builder *b,
    const struct rv_row_operation_need *row, struct rv_error *e)
{
	const struct rv_type *t;
	uint32_t type;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OPERATION_NEED, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) != RV_OK)
		return r;
	t = &b->s->types[type];
	if (row->bit >= RV_BITS || row->needed_bit >= RV_BITS ||
	    (t->registered & RV_BIT(row->bit)) == 0 ||
	    (t->registered & RV_BIT(row->needed_bit)) == 0)
		return rv_builder_refuse(b, e,
		    "type %u has not both bit %u and bit %u",
		    row->object_type_id, row->bit, row->needed_bit);
	if (row->bit == t->read_bit ||
	    (t->type_wide & (RV_BIT(row->bit) | RV_BIT(row->needed_bit))) != 0)
		return rv_builder_refuse(b, e,
		    "type %u: bit %u cannot need bit %u: Read and type-wide "
		    "operations neither need nor are needed so",
		    row->object_type_id, row->bit, row->needed_bit);
	if (b->need[type][row->bit] != RV_NO_BIT)
		return rv_builder_refuse(b, e, "type %u: bit %u is there twice",
		    row->object_type_id, row->bit);
	b->need[type][row->bit] = row->needed_bit;
	return RV_OK;
}

/*
 * A type without Read of its own names what stands for it in its exceptions:
 * they all need one and the same operation.
 */
static uint8_t
stand_in_for_read(const uint8_t need[RV_BITS])
{
	uint8_t stands_for = RV_NO_BIT;

	for (unsigned bit = 0; bit < RV_BITS; bit++) {
		if (need[bit] == RV_NO_BIT)
			continue;
		if (stands_for != RV_NO_BIT && need[bit] != stands_for)
			return RV_NO_BIT;
		stands_for = need[bit];
	}
	return stands_for;
}

/* Follows the needs of one operation to Read, which needs nothing. */
static int
close_needs(
    struct rv_builder *b, struct rv_type *t, unsigned bit, struct rv_error *e)
{
	const uint8_t *need = b->need[t - b->s->types];
	unsigned at = bit;

	if ((t->type_wide & RV_BIT(bit)) != 0)
		return RV_OK;
	while (at != t->read_bit) {
		unsigned next = need[at] != RV_NO_BIT ? need[at] : t->read_bit;

		if (next == RV_NO_BIT) {
			t->barred |= RV_BIT(bit);
			return RV_OK;
		}
		if (next == bit || (t->needs[bit] & RV_BIT(next)) != 0)
			return rv_builder_refuse(b, e,
			    "operation_need: type %u: bit %u needs itself",
			    t->object_type_id, bit);
		t->needs[bit] |= RV_BIT(next);
		at = next;
	}
	return RV_OK;
}

/* Names that would mean a type and a class of resources at once. */
static int
check_names(struct rv_builder *b, struct rv_error *e)
{
	const struct rv_snapshot *s = b->s;

	for (uint32_t i = 0; i < s->type_names.n; i++) {
		struct rv_slice name = rv_dict_name(&s->type_names, i);

		if (rv_class_find(s, name) != RV_NONE)
			return rv_builder_refuse(b, e,
			    "class_operation: \"%.*s\" names type %u",
			    RV_CUT(name),
			    s->types[s->name_type[i]].object_type_id);
	}
	return RV_OK;
}

int
rv_catalogue_freeze(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	int r = check_names(b, e);

	for (uint32_t i = 0; r == RV_OK && i < s->n_types; i++) {
		struct rv_type *t = &s->types[i];

		if (t->read_bit == RV_NO_BIT)
			t->read_bit = stand_in_for_read(b->need[i]);
		for (unsigned bit = 0; r == RV_OK && bit < RV_BITS; bit++)
			if ((t->registered & RV_BIT(bit)) != 0)
				r = close_needs(b, t, bit, e);
	}
	return r;
}
