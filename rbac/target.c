#include "target.h"

/* Whether a resource is of the kinds that its class holds. */
static bool
resource_is(const struct rv_resource *r, unsigned kinds)
{
	switch (r->type) {
	case RV_RESOURCE_DEVICE:
		return (kinds & RV_CLASS_DEVICES) != 0;
	case RV_RESOURCE_USER:
		return (kinds & RV_CLASS_USERS) != 0;
	case RV_RESOURCE_GROUP:
		return (kinds & RV_CLASS_GROUPS) != 0;
	}
	return false;
}

static bool
find_resource(const struct rv_snapshot *s, struct rv_slice class,
    struct rv_slice key, uint32_t *ret_resource)
{
	uint64_t id;
	uint32_t resource;

	if (rv_slice_to_u64(key, UINT32_MAX, &id) != RV_OK)
		return false;
	resource = rv_intmap_find(&s->resource_ids, id);
	if (resource == RV_NONE ||
	    !resource_is(&s->resources[resource], rv_class_kinds(class)))
		return false;
	*ret_resource = resource;
	return true;
}

/*
 * Whether the instance exists; for what is secured by scope or collection
 * *ret_object then says where.
 */
static bool
find_instance(const struct rv_snapshot *s, uint32_t type, struct rv_slice key,
    uint32_t *ret_object)
{
	uint32_t found;
	uint64_t id;

	switch (s->types[type].object_type_id) {
	case RV_TYPE_COLLECTION:
		found = rv_dict_find(&s->collection_ids, 0, key);
		if (found != RV_NONE)
			*ret_object = s->collection_number[found];
		return found != RV_NONE;
	case RV_TYPE_ROLE:
		return rv_dict_find(&s->role_ids, 0, key) != RV_NONE;
	case RV_TYPE_ADMIN:
		return rv_slice_to_u64(key, UINT32_MAX, &id) == RV_OK &&
		       rv_intmap_find(&s->admin_ids, id) != RV_NONE;
	case RV_TYPE_SCOPE:
		return rv_dict_find(&s->scope_ids, 0, key) != RV_NONE;
	default:
		found = rv_dict_find(&s->object_keys, type, key);
		if (found != RV_NONE)
			*ret_object = s->object_scopes[found];
		return found != RV_NONE;
	}
}

static enum rv_cover
cover_of(enum rv_secured_by secured_by)
{
	switch (secured_by) {
	case RV_SECURED_BY_SCOPE:
		return RV_COVER_SCOPE;
	case RV_SECURED_BY_COLLECTION:
		return RV_COVER_COLLECTION;
	case RV_SECURED_BY_ROLE:
	case RV_SECURED_BY_DERIVED:
		break;
	}
	return RV_COVER_NOTHING;
}

static void
set_operation(struct rv_target *t, uint8_t bit)
{
	t->bit = bit;
	t->needs = t->t->needs[bit];
	t->barred = (t->t->barred & RV_BIT(bit)) != 0;
}

/*
 * An instance secured by role only: Read and Modify mean Read Default and
 * Modify Default, and nothing else is possible.
 */
static void
resolve_default(const struct rv_default *d, struct rv_target *t)
{
	t->cover = t->need_cover = RV_COVER_NOTHING;
	t->barred = false;
	if (t->bit == t->t->read_bit) {
		t->bit = d->read_bit;
		t->needs = 0;
	} else if (t->bit == t->t->modify_bit) {
		t->bit = d->modify_bit;
		t->needs = RV_BIT(d->read_bit);
	} else {
		t->reason = RV_REASON_OP_NOT_APPLICABLE;
	}
}

/*
 * A type-wide operation asks for no category, but when it names an instance
 * the subject has to be able to read that one.
 */
static void
resolve_type_wide(struct rv_target *t, bool instance_named)
{
	const uint8_t read = t->t->read_bit;

	t->cover = RV_COVER_NOTHING;
	t->needs = 0;
	t->barred = false;
	if (!instance_named)
		return;
	if (read == RV_NO_BIT)
		t->barred = true;
	else
		t->needs = RV_BIT(read) | t->t->needs[read];
}

static void
resolve_instance(
    const struct rv_snapshot *s, struct rv_slice key, struct rv_target *t)
{
	const bool type_wide = (t->t->type_wide & RV_BIT(t->bit)) != 0;

	if (t->t->has_defaults && key.p != NULL) {
		uint32_t d = rv_dict_find(&s->default_keys, t->type, key);

		if (d != RV_NONE) {
			resolve_default(&s->defaults[d], t);
			return;
		}
	}
	if (type_wide)
		resolve_type_wide(t, key.p != NULL);
	if (key.p == NULL ? !type_wide && t->need_cover != RV_COVER_NOTHING
			  : !find_instance(s, t->type, key, &t->object))
		t->reason = RV_REASON_NO_SUCH_OBJECT;
}

static void
resolve_typed(const struct rv_snapshot *s, const struct rv_question *q,
    struct rv_target *t)
{
	uint32_t name =
	    rv_dict_find(&s->operation_names, t->type, q->operation);

	if (name == RV_NONE) {
		t->reason = RV_REASON_UNKNOWN_OPERATION;
		return;
	}
	set_operation(t, s->name_bit[name]);
	t->cover = t->need_cover = cover_of(t->t->secured_by);
	t->never = t->t->secured_by == RV_SECURED_BY_DERIVED;
	/* Nobody changes what was given to him, only what is below it. */
	t->below = t->t->object_type_id == RV_TYPE_COLLECTION &&
		   (rv_slice_eq_cstr(q->operation, "Modify") ||
		       rv_slice_eq_cstr(q->operation, "Delete"));
	resolve_instance(s, q->key, t);
}

/* A class without a type is type 1's, with the operation translated. */
static void
resolve_class(const struct rv_snapshot *s, const struct rv_question *q,
    uint32_t class, struct rv_target *t)
{
	uint32_t operation =
	    rv_dict_find(&s->class_operations, class, q->operation);

	if (operation == RV_NONE) {
		t->reason = RV_REASON_OP_NOT_APPLICABLE;
		return;
	}
	set_operation(t, s->class_bit[operation]);
	t->cover = t->need_cover = RV_COVER_RESOURCE;
	if (!find_resource(s, q->type, q->key, &t->object))
		t->reason = RV_REASON_NO_SUCH_OBJECT;
}

/* Finds the type or the class; false when there is neither. */
static bool
resolve_name(const struct rv_snapshot *s, struct rv_slice name,
    uint32_t *ret_class, struct rv_target *ret_target)
{
	struct rv_target t = { .reason = RV_REASON_ALLOWED, .bit = RV_NO_BIT };

	t.type = rv_type_find(s, name);
	*ret_class = RV_NONE;
	if (t.type == RV_NONE) {
		*ret_class = rv_class_find(s, name);
		/* The builder takes no class before type 1 is there. */
		if (*ret_class != RV_NONE)
			t.type =
			    rv_intmap_find(&s->type_ids, RV_TYPE_COLLECTION);
	}
	if (t.type == RV_NONE)
		t.reason = RV_REASON_UNKNOWN_TYPE;
	else
		t.t = &s->types[t.type];
	*ret_target = t;
	return t.t != NULL;
}

void
rv_target_resolve(const struct rv_snapshot *s, const struct rv_question *q,
    struct rv_target *ret_target)
{
	uint32_t class;

	if (!resolve_name(s, q->type, &class, ret_target))
		return;
	if (class != RV_NONE)
		resolve_class(s, q, class, ret_target);
	else
		resolve_typed(s, q, ret_target);
}

void
rv_target_resolve_read(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_target *ret_target)
{
	struct rv_target *t = ret_target;
	uint32_t class, operation;

	if (!resolve_name(s, type, &class, t))
		return;
	if (class != RV_NONE) {
		operation = rv_dict_find(
		    &s->class_operations, class, RV_SLICE_LIT("Read"));
		if (operation == RV_NONE)
			t->reason = RV_REASON_OP_NOT_APPLICABLE;
		else
			set_operation(t, s->class_bit[operation]);
	} else if (t->t->read_bit == RV_NO_BIT) {
		t->reason = RV_REASON_UNKNOWN_OPERATION;
	} else {
		set_operation(t, t->t->read_bit);
		t->never = t->t->secured_by == RV_SECURED_BY_DERIVED;
	}
}

bool
rv_snapshot_has_object(
    const struct rv_snapshot *s, struct rv_slice type, struct rv_slice key)
{
	struct rv_target t;
	uint32_t class;

	if (!resolve_name(s, type, &class, &t))
		return false;
	if (class != RV_NONE)
		return find_resource(s, type, key, &t.object);
	if (t.t->has_defaults &&
	    rv_dict_find(&s->default_keys, t.type, key) != RV_NONE)
		return true;
	return find_instance(s, t.type, key, &t.object);
}
