#include "own_types.h"

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

#define DIGITS 10 /* of a number of 32 bits */

/*
 * As rv_slice_to_u64(), without a jump a digit: a number of 32 bits, or
 * UINT64_MAX.
 */
static uint64_t
number_of(struct rv_slice key)
{
	uint64_t number = 0;
	bool wrong = false;

	if (key.n == 0 || key.n > DIGITS || (key.p[0] == '0' && key.n > 1))
		return UINT64_MAX;
	for (size_t i = 0; i < key.n; i++) {
		const unsigned digit = (unsigned char)key.p[i] - (unsigned)'0';

		wrong |= digit > 9;
		number = number * 10 + digit;
	}
	return wrong || number > UINT32_MAX ? UINT64_MAX : number;
}

void
rv_target_aim(
    const struct rv_prepared *p, struct rv_slice key, struct rv_aim *ret_aim)
{
	struct rv_aim a = { .dict = names_of(p->s, p->table) };

	a.space = p->table == RV_IN_OBJECTS ? p->base.type : 0;
	if (a.dict != NULL)
		a.hash = rv_dict_hash(a.dict, a.space, key);
	else
		a.number = number_of(key);
	*ret_aim = a;
}

void
rv_target_fetch_slot(const struct rv_aim *a)
{
	if (a->dict != NULL)
		rv_dict_fetch_slot(a->dict, a->hash);
}

void
rv_target_fetch_record(const struct rv_prepared *p, const struct rv_aim *a)
{
	if (a->dict != NULL)
		rv_dict_fetch_record(a->dict, a->hash);
	else if (p->table == RV_IN_RESOURCES && a->number <= UINT32_MAX)
		rv_resource_fetch(&p->s->resources, (uint32_t)a->number);
}

static bool
find_number(const struct rv_prepared *p, uint64_t number, struct rv_target *t)
{
	unsigned type;

	if (number > UINT32_MAX)
		return false;
	if (p->table == RV_IN_ADMINS)
		return rv_admin_at(p->s, (uint32_t)number) != NULL;
	type = rv_resource_type(&p->s->resources, (uint32_t)number);
	if (!rv_target_is_of(p, type))
		return false;
	t->object = (uint32_t)number;
	t->resource_type = type;
	return true;
}

/* Whether what a name stands for is there in this version. */
static bool
is_there(const struct rv_prepared *p, const struct rv_dict_record *record,
    struct rv_target *t)
{
	const struct rv_snapshot *s = p->s;

	t->object = record->id;
	switch (p->table) {
	case RV_IN_OBJECTS:
		t->scoping = rv_scoping_of(s, record);
		return rv_scoping_is_object(t->scoping);
	case RV_IN_COLLECTIONS:
		return rv_collection_at(s, record->id) != NULL;
	case RV_IN_ROLES:
		return record->id < s->n_roles &&
		       s->roles[record->id].masks != NULL;
	case RV_IN_SCOPES:
		return rv_scope_at(s, record->id) != NULL;
	case RV_IN_ADMINS:
	case RV_IN_RESOURCES:
		break;
	}
	return false;
}

/*
 * Whether the instance exists; for what is secured by scope or collection
 * the target then says where.
 */
static inline bool
find_instance(const struct rv_prepared *p, struct rv_slice key,
    const struct rv_aim *a, struct rv_target *t)
{
	const struct rv_dict_record *record;

	if (a->dict == NULL)
		return find_number(p, a->number, t);
	record = rv_dict_get(a->dict, a->hash, a->space, key);
	return record != NULL && is_there(p, record, t);
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

/* Whether it needs one operation besides, or none. */
static bool
needs_one(const struct rv_target *t)
{
	return (t->needs & (t->needs - 1)) == 0;
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
	const struct rv_catalogue *c = p->s->catalogue;
	const uint32_t d = rv_dict_find(&c->default_keys, t->type, key);

	if (d == RV_NONE)
		return false;
	resolve_default(&c->defaults[d], t);
	return true;
}

/* As in struct rv_target. */
static unsigned
own_of(const struct rv_snapshot *s, uint32_t object)
{
	const unsigned place = rv_own_place_of(s, object);

	return place < RV_OWN_TYPES ? place + 1 : 0;
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
	else if (p->authored && key.p != NULL)
		t->own = own_of(p->s, t->object);
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
	p->authored = (t->t->authored & RV_BIT(bit)) != 0;
	p->plain = p->table == RV_IN_OBJECTS && t->cover == RV_COVER_SCOPE &&
		   !p->type_wide && !t->below && !t->t->has_defaults &&
		   !p->authored && needs_one(t);
}

/* Finds the type or the class; false when there is neither. */
static bool
resolve_name(const struct rv_snapshot *s, struct rv_slice name,
    uint32_t *ret_class, struct rv_prepared *p)
{
	const struct rv_catalogue *c = s->catalogue;
	struct rv_target t = { .reason = RV_REASON_ALLOWED, .bit = RV_NO_BIT };

	*p = (struct rv_prepared){ .s = s };
	t.type = rv_type_find(c, name);
	*ret_class = RV_NONE;
	if (t.type == RV_NONE) {
		*ret_class = rv_class_space(c, name);
		/* The builder takes no class before type 1 is there. */
		if (*ret_class != RV_NONE)
			t.type =
			    rv_intmap_find(&c->type_ids, RV_TYPE_COLLECTION);
	}
	if (t.type == RV_NONE) {
		t.reason = RV_REASON_UNKNOWN_TYPE;
	} else {
		t.t = &c->types[t.type];
		p->table =
		    *ret_class != RV_NONE ? RV_IN_RESOURCES : table_of(t.t);
	}
	if (*ret_class != RV_NONE)
		p->kinds = rv_class_kinds(name);
	p->base = t;
	return t.t != NULL;
}

static uint8_t
class_bit(const struct rv_catalogue *c, uint32_t class, struct rv_slice name)
{
	const uint32_t id = rv_dict_find(&c->class_operations, class, name);

	return id == RV_NONE ? RV_NO_BIT
			     : (uint8_t)rv_dict_value(&c->class_operations, id);
}

/* A class without a type is type 1's, with the operation translated. */
static void
prepare_class(struct rv_prepared *p, uint32_t class, struct rv_slice operation)
{
	const uint8_t bit = class_bit(p->s->catalogue, class, operation);

	if (bit == RV_NO_BIT) {
		p->base.reason = RV_REASON_OP_NOT_APPLICABLE;
		return;
	}
	set_operation(&p->base, bit);
	p->base.cover = p->base.need_cover = RV_COVER_RESOURCE;
	p->plain_resource = needs_one(&p->base);
}

void
rv_target_prepare(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_slice operation, struct rv_prepared *ret_prepared)
{
	struct rv_prepared *p = ret_prepared;
	uint32_t class;
	uint8_t bit;

	if (!resolve_name(s, type, &class, p))
		return;
	if (class != RV_NONE) {
		prepare_class(p, class, operation);
		return;
	}
	bit = rv_operation_find(s->catalogue, p->base.type, operation);
	if (bit == RV_NO_BIT)
		p->base.reason = RV_REASON_UNKNOWN_OPERATION;
	else
		set_typed(p, bit);
}

void
rv_target_prepare_bit(const struct rv_snapshot *s, uint32_t type, uint8_t bit,
    struct rv_prepared *ret_prepared)
{
	const struct rv_type *t = &s->catalogue->types[type];
	struct rv_prepared *p = ret_prepared;

	RV_ASSERT(type < s->catalogue->n_types && bit < RV_BITS &&
		  (t->registered & RV_BIT(bit)) != 0);
	*p = (struct rv_prepared){
		.s = s,
		.base = { .reason = RV_REASON_ALLOWED, .t = t, .type = type },
		.table = table_of(t),
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
	t->is_default =
	    t->t->has_defaults && rv_dict_find(&p->s->catalogue->default_keys,
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
	uint32_t class;
	uint8_t bit;
	const bool known = resolve_name(s, type, &class, &p);

	*t = p.base;
	if (!known)
		return;
	if (class != RV_NONE) {
		bit = class_bit(s->catalogue, class, RV_SLICE_LIT("Read"));
		if (bit == RV_NO_BIT)
			t->reason = RV_REASON_OP_NOT_APPLICABLE;
		else
			set_operation(t, bit);
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
