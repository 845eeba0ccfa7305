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

static enum rv_table_kind
table_of(const struct rv_type *t)
{
	switch (t->object_type_id) {
	case RV_TYPE_COLLECTION:
		return RV_IN_COLLECTIONS;
	case RV_TYPE_ROLE:
		return RV_IN_ROLES;
	case RV_TYPE_ADMIN:
		return RV_IN_ADMINS;
	case RV_TYPE_SCOPE:
		return RV_IN_SCOPES;
	default:
		return RV_IN_OBJECTS;
	}
}

/* The names among which an instance is sought; NULL: they are numbers. */
static inline const struct rv_dict *
names_of(const struct rv_snapshot *s, enum rv_table_kind table)
{
	switch (table) {
	case RV_IN_OBJECTS:
		return &s->object_keys;
	case RV_IN_COLLECTIONS:
		return &s->collection_ids;
	case RV_IN_ROLES:
		return &s->role_ids;
	case RV_IN_SCOPES:
		return &s->scope_ids;
	case RV_IN_ADMINS:
	case RV_IN_RESOURCES:
		break;
	}
	return NULL;
}

void
rv_target_aim(
    const struct rv_prepared *p, struct rv_slice key, struct rv_aim *ret_aim)
{
	struct rv_aim a = { .dict = names_of(p->s, p->table) };

	a.space = p->table == RV_IN_OBJECTS ? p->base.type : 0;
	if (a.dict != NULL)
		a.hash = rv_dict_hash(a.dict, a.space, key);
	else if (rv_slice_to_u64(key, UINT32_MAX, &a.number) != RV_OK)
		a.number = UINT64_MAX;
	*ret_aim = a;
}

void
rv_target_fetch_slot(const struct rv_prepared *p, const struct rv_aim *a)
{
	if (a->dict != NULL)
		rv_dict_fetch_slot(a->dict, a->hash);
	else
		rv_intmap_fetch(p->table == RV_IN_ADMINS ? &p->s->admin_ids
							 : &p->s->resource_ids,
		    a->number);
}

void
rv_target_fetch_record(const struct rv_prepared *p, const struct rv_aim *a)
{
	uint32_t resource;

	if (a->dict != NULL) {
		rv_dict_fetch_record(a->dict, a->hash);
	} else if (p->table == RV_IN_RESOURCES) {
		resource = rv_intmap_find(&p->s->resource_ids, a->number);
		if (resource == RV_NONE)
			return;
		__builtin_prefetch(&p->s->resources[resource]);
		__builtin_prefetch(&p->s->members.first[resource]);
	}
}

static bool
find_number(const struct rv_prepared *p, uint64_t number, uint32_t *ret_object)
{
	const struct rv_snapshot *s = p->s;
	uint32_t found;

	if (number > UINT32_MAX)
		return false;
	if (p->table == RV_IN_ADMINS)
		return rv_intmap_find(&s->admin_ids, number) != RV_NONE;
	found = rv_intmap_find(&s->resource_ids, number);
	if (found == RV_NONE || !resource_is(&s->resources[found], p->kinds))
		return false;
	*ret_object = found;
	return true;
}

/*
 * Whether the instance exists; for what is secured by scope or collection
 * the target then says where.
 */
static inline bool
find_instance(const struct rv_prepared *p, struct rv_slice key,
    const struct rv_aim *a, struct rv_target *t)
{
	const struct rv_dict_record *r;

	if (a->dict == NULL)
		return find_number(p, a->number, &t->object);
	r = rv_dict_get(a->dict, a->hash, a->space, key);
	if (r == NULL)
		return false;
	if (p->table == RV_IN_OBJECTS)
		t->scoping = rv_scoping_unpack(r->value);
	else
		t->object = (uint32_t)r->value;
	return true;
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
	t->is_default = true;
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

/* True when the key is that of an instance secured by role only. */
static bool
find_default(
    const struct rv_prepared *p, struct rv_slice key, struct rv_target *t)
{
	uint32_t d = rv_dict_find(&p->s->default_keys, t->type, key);

	if (d == RV_NONE)
		return false;
	resolve_default(&p->s->defaults[d], t);
	return true;
}

void
rv_target_find(const struct rv_prepared *p, struct rv_slice key,
    const struct rv_aim *a, struct rv_target *ret_target)
{
	struct rv_target *t = ret_target;

	*t = p->base;
	if (t->reason != RV_REASON_ALLOWED)
		return;
	if (t->t->has_defaults && find_default(p, key, t))
		return;
	if (p->type_wide)
		resolve_type_wide(t, key.p != NULL);
	if (key.p == NULL ? !p->type_wide && t->need_cover != RV_COVER_NOTHING
			  : !find_instance(p, key, a, t))
		t->reason = RV_REASON_NO_SUCH_OBJECT;
}

static void
set_typed(struct rv_prepared *p, uint8_t bit)
{
	struct rv_target *t = &p->base;

	set_operation(t, bit);
	t->cover = t->need_cover = cover_of(t->t->secured_by);
	t->never = t->t->secured_by == RV_SECURED_BY_DERIVED;
	p->type_wide = (t->t->type_wide & RV_BIT(bit)) != 0;
	t->below = (t->t->below & RV_BIT(bit)) != 0;
}

/* Finds the type or the class; false when there is neither. */
static bool
resolve_name(const struct rv_snapshot *s, struct rv_slice name,
    uint32_t *ret_class, struct rv_prepared *p)
{
	struct rv_target t = { .reason = RV_REASON_ALLOWED, .bit = RV_NO_BIT };

	*p = (struct rv_prepared){ .s = s };
	t.type = rv_type_find(s, name);
	*ret_class = RV_NONE;
	if (t.type == RV_NONE) {
		*ret_class = rv_class_find(s, name);
		/* The builder takes no class before type 1 is there. */
		if (*ret_class != RV_NONE)
			t.type =
			    rv_intmap_find(&s->type_ids, RV_TYPE_COLLECTION);
	}
	if (t.type == RV_NONE) {
		t.reason = RV_REASON_UNKNOWN_TYPE;
	} else {
		t.t = &s->types[t.type];
		p->table =
		    *ret_class != RV_NONE ? RV_IN_RESOURCES : table_of(t.t);
	}
	if (*ret_class != RV_NONE)
		p->kinds = rv_class_kinds(name);
	p->base = t;
	return t.t != NULL;
}

/* A class without a type is type 1's, with the operation translated. */
static void
prepare_class(struct rv_prepared *p, uint32_t class, struct rv_slice operation)
{
	uint32_t name = rv_dict_find(&p->s->class_operations, class, operation);

	if (name == RV_NONE) {
		p->base.reason = RV_REASON_OP_NOT_APPLICABLE;
		return;
	}
	set_operation(&p->base, p->s->class_bit[name]);
	p->base.cover = p->base.need_cover = RV_COVER_RESOURCE;
}

void
rv_target_prepare(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_slice operation, struct rv_prepared *ret_prepared)
{
	struct rv_prepared *p = ret_prepared;
	uint32_t class, name;

	if (!resolve_name(s, type, &class, p))
		return;
	if (class != RV_NONE) {
		prepare_class(p, class, operation);
		return;
	}
	name = rv_dict_find(&s->operation_names, p->base.type, operation);
	if (name == RV_NONE)
		p->base.reason = RV_REASON_UNKNOWN_OPERATION;
	else
		set_typed(p, s->name_bit[name]);
}

void
rv_target_prepare_bit(const struct rv_snapshot *s, uint32_t type, uint8_t bit,
    struct rv_prepared *ret_prepared)
{
	struct rv_prepared *p = ret_prepared;

	RV_ASSERT(type < s->n_types && bit < RV_BITS &&
		  (s->types[type].registered & RV_BIT(bit)) != 0);
	*p = (struct rv_prepared){
		.s = s,
		.base = { .reason = RV_REASON_ALLOWED,
		    .t = &s->types[type],
		    .type = type },
		.table = table_of(&s->types[type]),
	};
	set_typed(p, bit);
}

uint32_t
rv_target_prepare_name(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_prepared *ret_prepared)
{
	struct rv_prepared *p = ret_prepared;
	uint32_t class;

	if (!resolve_name(s, type, &class, p))
		return RV_NONE;
	p->base.cover = p->base.need_cover =
	    class != RV_NONE ? RV_COVER_RESOURCE
			     : cover_of(p->base.t->secured_by);
	p->base.never =
	    class == RV_NONE && p->base.t->secured_by == RV_SECURED_BY_DERIVED;
	return class;
}

bool
rv_target_find_any(const struct rv_prepared *p, struct rv_slice key,
    struct rv_target *ret_target)
{
	struct rv_target *t = ret_target;
	struct rv_aim a;

	*t = p->base;
	if (t->t == NULL || key.p == NULL)
		return false;
	t->is_default = t->t->has_defaults && rv_dict_find(&p->s->default_keys,
						  t->type, key) != RV_NONE;
	rv_target_aim(p, key, &a);
	return t->is_default || find_instance(p, key, &a, t);
}

void
rv_target_resolve(const struct rv_snapshot *s, const struct rv_question *q,
    struct rv_target *ret_target)
{
	struct rv_prepared p;
	struct rv_aim a;

	rv_target_prepare(s, q->type, q->operation, &p);
	rv_target_aim(&p, q->key, &a);
	rv_target_find(&p, q->key, &a, ret_target);
}

int
rv_rbac_prepare(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_slice operation, struct rv_arena *arena,
    const struct rv_prepared **ret_prepared)
{
	struct rv_prepared *p = rv_arena_alloc(arena, sizeof(*p));

	if (p == NULL)
		return RV_ERR_NOMEM;
	rv_target_prepare(s, type, operation, p);
	*ret_prepared = p;
	return RV_OK;
}

void
rv_target_resolve_read(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_target *ret_target)
{
	struct rv_target *t = ret_target;
	struct rv_prepared p;
	uint32_t class, operation;
	const bool known = resolve_name(s, type, &class, &p);

	*t = p.base;
	if (!known)
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
	struct rv_prepared p;
	struct rv_target t;

	rv_target_prepare_name(s, type, &p);
	return rv_target_find_any(&p, key, &t);
}
