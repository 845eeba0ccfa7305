/*
 * Classes without a type (devices, users, inventory), and instances that
 * are secured by role only (docs/rule.md section 1).
 */
#include "builder.h"

/* Finds or adds the class of a row, a prefix when it ends in '*'. */
static int
class_add(struct rv_builder *b, struct rv_slice name, uint32_t *ret_space,
    struct rv_error *e)
{
	struct rv_catalogue *c = b->s->catalogue;
	const bool prefix = name.p[name.n - 1] == '*';
	struct rv_slice stem = { name.p, name.n - (prefix ? 1 : 0) };
	uint32_t class;
	int r;

	if (stem.n == 0 || (stem.p[0] >= '0' && stem.p[0] <= '9'))
		return rv_builder_refuse(b, e,
		    "\"%.*s\" cannot be the name of a class", RV_CUT(name));
	r = rv_dict_add(
	    NULL, prefix ? &c->class_prefixes : &c->classes, 0, stem, &class);
	if (r != RV_OK && r != RV_ERR_EXISTS)
		return rv_builder_nomem(b, e);
	if (class >= RV_SPACE_PREFIX)
		return rv_builder_refuse(b, e, "too many classes");
	*ret_space = prefix ? class | RV_SPACE_PREFIX : class;
	return RV_OK;
}

/*
 * The bit has to be one of type 1 that is meant for resources: with Modify or
 * Delete of the collection itself, the right to delete a collection would
 * delete devices.
 */
static int
check_class_bit(struct rv_builder *b, const struct rv_row_class_operation *row,
    struct rv_error *e)
{
	const struct rv_catalogue *c = b->s->catalogue;
	const uint32_t type = rv_intmap_find(&c->type_ids, RV_TYPE_COLLECTION);
	struct rv_slice name;

	if (type == RV_NONE)
		return rv_builder_refuse(b, e, "there is no type 1");
	if (row->bit >= RV_BITS ||
	    (c->types[type].registered & RV_BIT(row->bit)) == 0)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" on \"%.*s\": type 1 has no bit %u",
		    RV_CUT(row->operation), RV_CUT(row->class_name), row->bit);
	name = rv_dict_name(&c->operation_names, c->types[type].name[row->bit]);
	if (rv_slice_eq_cstr(name, "Modify") ||
	    rv_slice_eq_cstr(name, "Delete") ||
	    (c->types[type].type_wide & RV_BIT(row->bit)) != 0)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" on \"%.*s\": \"%.*s\" is about collections",
		    RV_CUT(row->operation), RV_CUT(row->class_name),
		    RV_CUT(name));
	return RV_OK;
}

int
rv_builder_class_operation(struct rv_builder *b,
    const struct rv_row_class_operation *row, struct rv_error *e)
{
	struct rv_catalogue *c;
	uint32_t space = 0, operation;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_CLASS_OPERATION, e)) != RV_OK ||
	    (r = rv_builder_name(b, "class_name", row->class_name, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "operation", row->operation, e)) != RV_OK ||
	    (r = check_class_bit(b, row, e)) != RV_OK)
		return r;
	c = rv_builder_catalogue(b);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	r = class_add(b, row->class_name, &space, e);
	if (r != RV_OK)
		return r;
	r = rv_dict_add(
	    NULL, &c->class_operations, space, row->operation, &operation);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" on \"%.*s\" is there twice",
		    RV_CUT(row->operation), RV_CUT(row->class_name));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	rv_dict_set_value(&c->class_operations, operation, row->bit);
	return RV_OK;
}

/* Two operations of a type on its instances. */
static bool
are_two_on_instances(const struct rv_type *t, uint8_t a, uint8_t b)
{
	const uint64_t usable = t->registered & ~t->type_wide;

	return a < RV_BITS && b < RV_BITS && a != b &&
	       (usable & RV_BIT(a)) != 0 && (usable & RV_BIT(b)) != 0;
}

int
rv_builder_default_instance(struct rv_builder *b,
    const struct rv_row_default_instance *row, struct rv_error *e)
{
	struct rv_default *defaults;
	struct rv_catalogue *c;
	struct rv_type *t;
	uint32_t type, id;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_DEFAULT_INSTANCE, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "key", row->key, e)) != RV_OK)
		return r;
	c = rv_builder_catalogue(b);
	if (c == NULL)
		return rv_builder_nomem(b, e);
	t = &c->types[type];
	if (t->secured_by != RV_SECURED_BY_SCOPE &&
	    t->secured_by != RV_SECURED_BY_ROLE)
		return rv_builder_refuse(b, e,
		    "type %u cannot have an instance secured by role",
		    row->object_type_id);
	if (!are_two_on_instances(t, row->read_bit, row->modify_bit))
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": bits %u and %u are not two of its "
		    "operations on instances",
		    row->object_type_id, RV_CUT(row->key), row->read_bit,
		    row->modify_bit);
	defaults = rv_array_room(c->defaults, c->default_keys.n,
	    &c->cap_defaults, sizeof(*defaults));
	if (defaults == NULL)
		return rv_builder_nomem(b, e);
	c->defaults = defaults;
	r = rv_dict_add(NULL, &c->default_keys, type, row->key, &id);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is there twice", row->object_type_id,
		    RV_CUT(row->key));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	defaults[id] = (struct rv_default){ row->read_bit, row->modify_bit };
	t->has_defaults = true;
	return RV_OK;
}
