/*
 * Classes without a type (devices, users, inventory), and instances that
 * are secured by role only (docs/rule.md section 1).
 */
#include "builder.h"

uint32_t
rv_class_find(const struct rv_snapshot *s, struct rv_slice name)
{
	uint32_t known = rv_dict_find(&s->classes, 0, name);
	size_t longest = 0;

	if (known != RV_NONE)
		return known;
	for (uint32_t i = 0; i < s->class_prefixes.n; i++) {
		struct rv_slice prefix = rv_dict_name(&s->class_prefixes, i);

		if (prefix.n > longest && name.n > prefix.n &&
		    rv_slice_has_prefix(name, prefix)) {
			longest = prefix.n;
			known = RV_SPACE_PREFIX | i;
		}
	}
	return known;
}

unsigned
rv_class_kinds(struct rv_slice name)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} exact[] = {
		{ "SMS_R_System", RV_CLASS_DEVICES },
		{ "SMS_CombinedDeviceResources", RV_CLASS_DEVICES },
		{ "SMS_R_User", RV_CLASS_USERS },
		{ "SMS_R_UserGroup", RV_CLASS_GROUPS },
		{ "SMS_CombinedUserResources",
		    RV_CLASS_USERS | RV_CLASS_GROUPS },
	};

	for (size_t i = 0; i < sizeof(exact) / sizeof(*exact); i++)
		if (rv_slice_eq_cstr(name, exact[i].name))
			return exact[i].kinds;
	if (rv_slice_has_prefix(name, RV_SLICE_LIT("SMS_G_System_")))
		return RV_CLASS_DEVICES;
	return RV_CLASS_ANY;
}

/* Finds or adds the class of a row, a prefix when it ends in '*'. */
static int
class_add(struct rv_builder *b, struct rv_slice name, uint32_t *ret_space,
    struct rv_error *e)
{
	const bool prefix = name.p[name.n - 1] == '*';
	struct rv_slice stem = { name.p, name.n - (prefix ? 1 : 0) };
	uint32_t class;
	int r;

	if (stem.n == 0 || (stem.p[0] >= '0' && stem.p[0] <= '9'))
		return rv_builder_refuse(b, e,
		    "\"%.*s\" cannot be the name of a class", RV_CUT(name));
	r = rv_dict_add(
	    prefix ? &b->s->class_prefixes : &b->s->classes, 0, stem, &class);
	if (r == RV_ERR_NOMEM)
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
	struct rv_snapshot *s = b->s;
	uint32_t type = rv_intmap_find(&s->type_ids, RV_TYPE_COLLECTION);
	struct rv_slice name;

	if (type == RV_NONE)
		return rv_builder_refuse(b, e, "there is no type 1");
	if (row->bit >= RV_BITS ||
	    (s->types[type].registered & RV_BIT(row->bit)) == 0)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" on \"%.*s\": type 1 has no bit %u",
		    RV_CUT(row->operation), RV_CUT(row->class_name), row->bit);
	name = rv_dict_name(&s->operation_names, s->types[type].name[row->bit]);
	if (rv_slice_eq_cstr(name, "Modify") ||
	    rv_slice_eq_cstr(name, "Delete") ||
	    (s->types[type].type_wide & RV_BIT(row->bit)) != 0)
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
	struct rv_snapshot *s = b->s;
	uint32_t space = 0, operation;
	uint8_t *class_bit;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_CLASS_OPERATION, e)) != RV_OK ||
	    (r = rv_builder_name(b, "class_name", row->class_name, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "operation", row->operation, e)) != RV_OK ||
	    (r = check_class_bit(b, row, e)) != RV_OK ||
	    (r = class_add(b, row->class_name, &space, e)) != RV_OK)
		return r;
	class_bit = rv_array_room(s->class_bit, s->class_operations.n,
	    &s->cap_class_bit, sizeof(*class_bit));
	if (class_bit == NULL)
		return rv_builder_nomem(b, e);
	s->class_bit = class_bit;
	r = rv_dict_add(
	    &s->class_operations, space, row->operation, &operation);
	if (r == RV_ERR_EXISTS)
		return rv_builder_refuse(b, e,
		    "\"%.*s\" on \"%.*s\" is there twice",
		    RV_CUT(row->operation), RV_CUT(row->class_name));
	if (r != RV_OK)
		return rv_builder_nomem(b, e);
	class_bit[operation] = row->bit;
	return RV_OK;
}

int
rv_builder_default_instance(struct rv_builder *b,
    const struct rv_row_default_instance *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_default *defaults;
	struct rv_type *t;
	uint32_t type, id;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_DEFAULT_INSTANCE, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "key", row->key, e)) != RV_OK)
		return r;
	t = &s->types[type];
	if (t->secured_by != RV_SECURED_BY_SCOPE &&
	    t->secured_by != RV_SECURED_BY_ROLE)
		return rv_builder_refuse(b, e,
		    "type %u cannot have an instance secured by role",
		    row->object_type_id);
	if (row->read_bit >= RV_BITS || row->modify_bit >= RV_BITS ||
	    row->read_bit == row->modify_bit ||
	    (t->registered & RV_BIT(row->read_bit)) == 0 ||
	    (t->registered & RV_BIT(row->modify_bit)) == 0 ||
	    (t->type_wide & RV_BIT(row->read_bit)) != 0 ||
	    (t->type_wide & RV_BIT(row->modify_bit)) != 0)
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": bits %u and %u are not two of its "
		    "operations on instances",
		    row->object_type_id, RV_CUT(row->key), row->read_bit,
		    row->modify_bit);
	defaults = rv_array_room(s->defaults, s->default_keys.n,
	    &s->cap_defaults, sizeof(*defaults));
	if (defaults == NULL)
		return rv_builder_nomem(b, e);
	s->defaults = defaults;
	r = rv_dict_add(&s->default_keys, type, row->key, &id);
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
