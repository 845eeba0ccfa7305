/*
 * The rows of types and of their operations, and what an operation needs
 * besides (docs/rule.md sections 1 and 3).
 */
#include "builder.h"
#include "own_types.h"

#include <string.h>

/* Type 26 alone has something that stands for Read; see section 3. */
static struct rv_slice
read_name(const struct rv_type *t)
{
	return t->object_type_id == RV_TYPE_SOFTWARE_TITLES
		   ? RV_SLICE_LIT("View Asset Intelligence")
		   : RV_SLICE_LIT("Read");
}

/* What follows from the rows of a type, and is made again after them. */
static void
thaw(struct rv_catalogue *c, uint32_t type)
{
	struct rv_type *t = &c->types[type];

	t->read_bit = rv_operation_find(c, type, read_name(t));
	t->barred = 0;
	memset(t->needs, 0, sizeof(t->needs));
}

struct rv_catalogue *
rv_builder_catalogue(struct rv_builder *b)
{
	struct rv_catalogue *c = b->s->catalogue;

	if (b->base == NULL || c != b->base->catalogue)
		return c;
	c = rv_catalogue_copy(c);
	if (c == NULL)
		return NULL;
	for (uint32_t type = 0; type < c->n_types; type++)
		thaw(c, type);
	b->s->catalogue = c;
	return c;
}

static bool
is_digits(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* One table maps names to types, so one name may not mean two. */
static int
name_type(struct rv_builder *b, struct rv_slice name, uint32_t type,
    uint32_t *ret_name, struct rv_error *e)
{
	struct rv_catalogue *c = b->s->catalogue;
	uint32_t other;
	int r = rv_builder_name(b, "name", name, e);

	if (r != RV_OK)
		return r;
	if (is_digits(name))
		return rv_builder_refuse(b, e,
		    "the name \"%.*s\" of type %u is a number", RV_CUT(name),
		    c->types[type].object_type_id);
	r = rv_dict_add(NULL, &c->type_names, 0, name, ret_name);
	if (r != RV_OK && r != RV_ERR_EXISTS)
		return rv_builder_nomem(b, e);
	other = (uint32_t)rv_dict_value(&c->type_names, *ret_name);
	if (r == RV_ERR_EXISTS && other != type)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" names type %u and type %u", RV_CUT(name),
		    c->types[other].object_type_id,
		    c->types[type].object_type_id);
	rv_dict_set_value(&c->type_names, *ret_name, type);
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

static void
type_init(struct rv_type *t, const struct rv_row_type *row)
{
	*t = (struct rv_type){
		.object_type_id = row->object_type_id,
		.class_name = RV_NONE,
		.secured_by = row->secured_by,
		.read_bit = RV_NO_BIT,
		.modify_bit = RV_NO_BIT,
		.deploy_bit = RV_NO_BIT,
	};
	memset(t->need, RV_NO_BIT, sizeof(t->need));
	for (unsigned bit = 0; bit < RV_BITS; bit++)
		t->name[bit] = RV_NONE;
}

int
rv_builder_type(
    struct rv_builder *b, const struct rv_row_type *row, struct rv_error *e)
{
	struct rv_catalogue *c;
	struct rv_type *types;
	uint32_t type;
	int r = rv_builder_enter(b, RV_TABLE_TYPE, e);

	if (r != RV_OK)
		return r;
	if (!secured_as_ruled(row))
		return rv_builder_refuse(b, e,
		    "type %u cannot be secured in the way %d",
		    row->object_type_id, (int)row->secured_by);
	c = rv_builder_catalogue(b);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	type = (uint32_t)c->n_types;
	types = rv_array_room(c->types, type, &c->cap_types, sizeof(*types));
	if (types == NULL)
		return rv_builder_nomem(b, e);
	c->types = types;
	r = rv_intmap_add(&c->type_ids, row->object_type_id, type);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(
		    b, e, "type %u is there twice", row->object_type_id);
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	type_init(&types[type], row);
	c->n_types++;
	if (rv_roles_widen(b) != RV_OK)
		return rv_builder_nomem(b, e);
	r = name_type(b, row->sdk_name, type, &types[type].sdk_name, e);
	if (r == RV_OK && row->class_name.n > 0)
		r = name_type(
		    b, row->class_name, type, &types[type].class_name, e);
	return r;
}

static void
set_minimum(struct rv_type *t, uint8_t bit, enum rv_level minimum)
{
	t->minimum[bit] = (uint8_t)minimum;
	for (int level = RV_LEVEL_NONE; level <= RV_LEVEL_HELLO; level++)
		if (level < (int)minimum)
			t->within[level] &= ~RV_BIT(bit);
		else
			t->within[level] |= RV_BIT(bit);
}

static void
operation_init(
    struct rv_type *t, const struct rv_row_operation *row, uint32_t name)
{
	t->name[row->bit] = name;
	t->registered |= RV_BIT(row->bit);
	if (row->type_wide)
		t->type_wide |= RV_BIT(row->bit);
	if (row->security)
		t->security |= RV_BIT(row->bit);
	set_minimum(t, row->bit, row->minimum);
	if (rv_slice_eq(row->name, read_name(t)))
		t->read_bit = row->bit;
	if (rv_slice_eq_cstr(row->name, "Modify"))
		t->modify_bit = row->bit;
	/* Nobody changes what was given to him, only what is below it. */
	if (t->object_type_id == RV_TYPE_COLLECTION &&
	    (rv_slice_eq_cstr(row->name, "Modify") ||
		rv_slice_eq_cstr(row->name, "Delete")))
		t->below |= RV_BIT(row->bit);
	if (rv_may_have_own_type(t->object_type_id) &&
	    (rv_slice_eq_cstr(row->name, "Create") ||
		rv_slice_eq_cstr(row->name, "Modify") ||
		rv_slice_eq_cstr(row->name, "Delete")))
		t->authored |= RV_BIT(row->bit);
}

int
rv_builder_operation(struct rv_builder *b, const struct rv_row_operation *row,
    struct rv_error *e)
{
	struct rv_catalogue *c;
	uint32_t type, name;
	struct rv_type *t;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OPERATION, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "name", row->name, e)) != RV_OK ||
	    (r = rv_builder_level(b, "operation", row->minimum, e)) != RV_OK)
		return r;
	c = rv_builder_catalogue(b);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	t = &c->types[type];
	if (row->bit >= RV_BITS)
		return rv_builder_refuse(b, e, "type %u: the bit %u is over 63",
		    row->object_type_id, row->bit);
	if ((t->registered & RV_BIT(row->bit)) != 0)
		return rv_builder_refuse(b, e, "type %u: bit %u is there twice",
		    row->object_type_id, row->bit);
	r = rv_dict_add(NULL, &c->operation_names, type, row->name, &name);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is there twice", row->object_type_id,
		    RV_CUT(row->name));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	rv_dict_set_value(&c->operation_names, name, row->bit);
	operation_init(t, row, name);
	c->n_operations++;
	return RV_OK;
}

int
rv_builder_change_operation(struct rv_builder *b,
    const struct rv_row_operation *row, struct rv_error *e)
{
	struct rv_catalogue *c;
	struct rv_type *t;
	uint32_t type;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_OPERATION, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_level(b, "operation", row->minimum, e)) != RV_OK)
		return r;
	c = rv_builder_catalogue(b);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	t = &c->types[type];
	if (row->bit >= RV_BITS ||
	    rv_operation_find(c, type, row->name) != row->bit)
		return rv_builder_refuse(b, e,
		    "type %u has no operation \"%.*s\" with bit %u",
		    row->object_type_id, RV_CUT(row->name), row->bit);
	if (((t->type_wide & RV_BIT(row->bit)) != 0) != row->type_wide ||
	    ((t->security & RV_BIT(row->bit)) != 0) != row->security)
		return rv_builder_refuse(b, e,
		    "type %u: only the minimum of \"%.*s\" can change",
		    row->object_type_id, RV_CUT(row->name));
	set_minimum(t, row->bit, row->minimum);
	return RV_OK;
}

int
rv_builder_operation_need(struct rv_builder *b,
    const struct rv_row_operation_need *row, struct rv_error *e)
{
	struct rv_catalogue *c;
	struct rv_type *t;
	uint32_t type;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OPERATION_NEED, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) != RV_OK)
		return r;
	c = rv_builder_catalogue(b);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	t = &c->types[type];
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
	if (t->need[row->bit] != RV_NO_BIT)
		return rv_builder_refuse(b, e, "type %u: bit %u is there twice",
		    row->object_type_id, row->bit);
	t->need[row->bit] = row->needed_bit;
	return RV_OK;
}

/* ---- What follows from the rows ------------------------------------------ */

/* Follows the needs of one operation to Read, which needs nothing. */
static int
close_needs(
    struct rv_builder *b, struct rv_type *t, unsigned bit, struct rv_error *e)
{
	unsigned at = bit;

	if ((t->type_wide & RV_BIT(bit)) != 0)
		return RV_OK;
	while (at != t->read_bit) {
		unsigned next =
		    t->need[at] != RV_NO_BIT ? t->need[at] : t->read_bit;

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
	const struct rv_catalogue *c = b->s->catalogue;

	for (uint32_t i = 0; i < c->type_names.n; i++) {
		struct rv_slice name = rv_dict_name(&c->type_names, i);
		uint64_t type = rv_dict_value(&c->type_names, i);

		if (rv_class_space(c, name) != RV_NONE)
			return rv_builder_refuse(b, e,
			    "class_operation: \"%.*s\" names type %u",
			    RV_CUT(name), c->types[type].object_type_id);
	}
	return RV_OK;
}

static int
freeze_types(struct rv_builder *b, struct rv_error *e)
{
	struct rv_catalogue *c = b->s->catalogue;
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < c->n_types; i++) {
		struct rv_type *t = &c->types[i];

		for (unsigned bit = 0; r == RV_OK && bit < RV_BITS; bit++)
			if ((t->registered & RV_BIT(bit)) != 0)
				r = close_needs(b, t, bit, e);
	}
	return r;
}

int
rv_catalogue_finish(struct rv_builder *b, struct rv_error *e)
{
	struct rv_error why;
	int r;

	if (b->base != NULL && b->s->catalogue == b->base->catalogue)
		return RV_OK;
	if ((r = check_names(b, e)) != RV_OK ||
	    (r = freeze_types(b, e)) != RV_OK)
		return r;
	if (b->base != NULL && rv_catalogue_check(b->s, &why) != RV_OK)
		return rv_builder_refuse(
		    b, e, "the catalogue is unsound: %s", why.text);
	return RV_OK;
}
