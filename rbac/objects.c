/* Secured objects, other than collections and resources, and their scopes. */
#include "builder.h"
#include "own_types.h"

#include <stdlib.h>

static struct rv_scoping *
scoping_room(struct rv_builder *b, uint32_t object)
{
	return rv_trie_put(
	    &b->edit, &b->s->scopings, object, sizeof(struct rv_scoping));
}

static struct rv_idset **
scope_set_room(struct rv_builder *b, uint32_t object)
{
	return rv_trie_put(
	    &b->edit, &b->s->scope_sets, object, sizeof(struct rv_idset *));
}

/* It is there, and carries nothing. */
static const struct rv_scoping unscoped = { RV_NONE, RV_NONE };

/*
 * The number of an object's name, to be written to: on a base its record does
 * not say any more how it is scoped.
 */
static int
object_name(struct rv_builder *b, uint32_t type, struct rv_slice key,
    uint32_t *ret_object)
{
	int r =
	    rv_dict_add(&b->edit, &b->s->object_keys, type, key, ret_object);

	if (r != RV_OK && r != RV_ERR_EXISTS)
		return RV_ERR_NOMEM;
	if (b->base != NULL)
		rv_dict_set_moved(&b->s->object_keys, *ret_object);
	return RV_OK;
}

/* ---- The order of the keys of a type ------------------------------------- */

static struct rv_order **
order_of(struct rv_builder *b, uint32_t type)
{
	struct rv_snapshot *s = b->s;
	const size_t n = s->catalogue->n_types;
	struct rv_order **orders;

	if (s->object_orders == NULL)
		orders = rv_block_new(&b->edit, n * sizeof(struct rv_order *));
	else if (s->n_object_orders < n)
		orders = rv_block_resize(
		    &b->edit, s->object_orders, n * sizeof(struct rv_order *));
	else
		orders = rv_block_write(&b->edit, s->object_orders);
	if (orders == NULL)
		return NULL;
	s->object_orders = orders;
	s->n_object_orders = n;
	return &orders[type];
}

static int
order_add(struct rv_builder *b, uint32_t object)
{
	const struct rv_dict *keys = &b->s->object_keys;
	struct rv_order **order = order_of(b, rv_dict_space(keys, object));
	int r = RV_ERR_NOMEM;

	if (order != NULL)
		r = rv_order_add(&b->edit, order, keys, object);
	RV_ASSERT(r == RV_OK || r == RV_ERR_NOMEM);
	return r;
}

static int
order_remove(struct rv_builder *b, uint32_t object)
{
	const struct rv_dict *keys = &b->s->object_keys;
	struct rv_order **order = order_of(b, rv_dict_space(keys, object));
	int r = RV_ERR_NOMEM;

	if (order != NULL)
		r = rv_order_remove(&b->edit, order, keys, object);
	RV_ASSERT(r == RV_OK || r == RV_ERR_NOMEM);
	return r;
}

/* ---- Objects ------------------------------------------------------------- */

static bool
is_gone(const struct rv_builder *b, uint32_t object)
{
	return b->n_gone_objects > 0 &&
	       rv_intmap_find(&b->gone_objects, object) == 1;
}

/* Notes that an object is gone while rows still say what it carries. */
static int
set_gone(struct rv_builder *b, uint32_t object, bool gone)
{
	const int r = rv_intmap_add(&b->gone_objects, object, gone);

	if (r == RV_ERR_NOMEM)
		return r;
	if (r == RV_ERR_EXISTS)
		(void)rv_intmap_set(&b->gone_objects, object, gone);
	b->n_gone_objects += gone ? 1 : SIZE_MAX;
	return RV_OK;
}

static bool
is_default(const struct rv_catalogue *c, uint32_t type, struct rv_slice key)
{
	return c->types[type].has_defaults &&
	       rv_dict_find(&c->default_keys, type, key) != RV_NONE;
}

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
		known = rv_role_find(s, row->key) != RV_NONE;
	else if (row->object_type_id == RV_TYPE_SCOPE)
		known = rv_scope_find(s, row->key) != RV_NONE;
	else if (row->object_type_id == RV_TYPE_ADMIN)
		known = rv_slice_to_u64(row->key, UINT32_MAX, &id) == RV_OK &&
			rv_admin_at(s, (uint32_t)id) != NULL;
	if (!known)
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is not in the table of its type",
		    row->object_type_id, RV_CUT(row->key));
	return RV_OK;
}

/* That an object may be of the own type of its row. */
static int
check_own_type(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e)
{
	if (row->own_type_id == 0 ||
	    rv_own_place(row->object_type_id, row->own_type_id) < RV_OWN_TYPES)
		return RV_OK;
	return rv_builder_refuse(b, e,
	    "type %u: \"%.*s\" cannot be of type %u besides",
	    row->object_type_id, RV_CUT(row->key), row->own_type_id);
}

/* Notes the own type of an object that came. */
static int
set_own_type(
    struct rv_builder *b, const struct rv_row_object *row, uint32_t object)
{
	unsigned place;

	if (row->own_type_id == 0)
		return RV_OK;
	place = rv_own_place(row->object_type_id, row->own_type_id);
	return rv_idset_add(&b->edit, &b->s->own[place], object) == RV_OK
		   ? RV_OK
		   : RV_ERR_NOMEM;
}

/* An object went, with its own type. */
static int
drop_own_type(struct rv_builder *b, uint32_t object)
{
	const unsigned place = rv_own_place_of(b->s, object);

	if (place == RV_OWN_TYPES)
		return RV_OK;
	return rv_idset_remove(&b->edit, &b->s->own[place], object) == RV_OK
		   ? RV_OK
		   : RV_ERR_NOMEM;
}

/* One that is there: refused, unless it is only implied, or just gone. */
static int
object_again(struct rv_builder *b, const struct rv_row_object *row,
    uint32_t object, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;

	if (is_gone(b, object)) {
		if (set_gone(b, object, false) != RV_OK ||
		    set_own_type(b, row, object) != RV_OK ||
		    order_add(b, object) != RV_OK)
			return rv_builder_nomem(b, e);
	} else if (rv_idset_has(s->implied, object)) {
		if (rv_idset_remove(&b->edit, &s->implied, object) != RV_OK)
			return rv_builder_nomem(b, e);
	} else {
		return rv_builder_refuse(b, e,
		    "type %u: \"%.*s\" is there twice", row->object_type_id,
		    RV_CUT(row->key));
	}
	s->counts.objects++;
	return RV_OK;
}

int
rv_builder_object(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e)
{
	struct rv_scoping *scoping;
	uint32_t type, object;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OBJECT, e)) != RV_OK ||
	    (r = rv_builder_type_of(b, row->object_type_id, &type, e)) !=
		RV_OK ||
	    (r = rv_builder_name(b, "key", row->key, e)) != RV_OK ||
	    (r = check_own_type(b, row, e)) != RV_OK ||
	    (r = check_known(b, row, e)) != RV_OK)
		return r;
	if (object_name(b, type, row->key, &object) != RV_OK)
		return rv_builder_nomem(b, e);
	if (rv_scoping_is_object(rv_scoping_at(b->s, object)))
		return object_again(b, row, object, e);
	scoping = scoping_room(b, object);
	if (scoping == NULL || set_own_type(b, row, object) != RV_OK)
		return rv_builder_nomem(b, e);
	*scoping = unscoped;
	/* The first version puts all of them in order at its end. */
	if (b->base != NULL && order_add(b, object) != RV_OK)
		return rv_builder_nomem(b, e);
	b->s->counts.objects++;
	return RV_OK;
}

/* The object of a row of a table, which has to be there by a row. */
static int
object_of(struct rv_builder *b, uint32_t object_type_id, struct rv_slice key,
    uint32_t *ret_object, struct rv_error *e)
{
	uint32_t type = RV_NONE, object;
	int r = rv_builder_type_of(b, object_type_id, &type, e);

	if (r != RV_OK)
		return r;
	object = rv_dict_find(&b->s->object_keys, type, key);
	if (object == RV_NONE ||
	    !rv_scoping_is_object(rv_scoping_at(b->s, object)) ||
	    rv_idset_has(b->s->implied, object))
		return rv_builder_refuse(b, e, "type %u has no object \"%.*s\"",
		    object_type_id, RV_CUT(key));
	if (b->base != NULL)
		rv_dict_set_moved(&b->s->object_keys, object);
	*ret_object = object;
	return RV_OK;
}

/* What it carries may still go: rv_objects_finish() looks. */
int
rv_builder_remove_object(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;
	struct rv_scoping *scoping;
	uint32_t object;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_OBJECT, e)) != RV_OK ||
	    (r = object_of(b, row->object_type_id, row->key, &object, e)) !=
		RV_OK)
		return r;
	if (is_gone(b, object))
		return rv_builder_refuse(b, e, "type %u has no object \"%.*s\"",
		    row->object_type_id, RV_CUT(row->key));
	scoping = scoping_room(b, object);
	if (scoping == NULL || drop_own_type(b, object) != RV_OK)
		return rv_builder_nomem(b, e);
	s->counts.objects--;
	if (scoping->b != RV_NONE)
		r = set_gone(b, object, true);
	else if (is_default(s->catalogue,
		     rv_dict_space(&s->object_keys, object), row->key))
		return rv_idset_add(&b->edit, &s->implied, object) == RV_OK
			   ? RV_OK
			   : rv_builder_nomem(b, e);
	else
		*scoping = (struct rv_scoping){ 0, 0 };
	if (r != RV_OK || order_remove(b, object) != RV_OK)
		return rv_builder_nomem(b, e);
	return RV_OK;
}

/* ---- What they carry ----------------------------------------------------- */

/* A scope comes to those of an object; RV_ERR_EXISTS. */
static int
carry(struct rv_builder *b, uint32_t object, uint32_t scope)
{
	struct rv_scoping *s = scoping_room(b, object);
	struct rv_idset **set = NULL;
	uint32_t three[3];

	if (s == NULL)
		return RV_ERR_NOMEM;
	if (s->b == RV_NONE) {
		*s = (struct rv_scoping){ scope, scope };
		return RV_OK;
	}
	if (s->b == RV_SCOPES_MANY) {
		set = scope_set_room(b, object);
		return set != NULL ? rv_idset_add(&b->edit, set, scope)
				   : RV_ERR_NOMEM;
	}
	if (scope == s->a || scope == s->b)
		return RV_ERR_EXISTS;
	if (s->a == s->b) {
		if (scope < s->a)
			s->a = scope;
		else
			s->b = scope;
		return RV_OK;
	}
	set = scope_set_room(b, object);
	if (set == NULL)
		return RV_ERR_NOMEM;
	three[0] = scope < s->a ? scope : s->a;
	three[1] = scope < s->a ? s->a : scope < s->b ? scope : s->b;
	three[2] = scope < s->b ? s->b : scope;
	if (rv_idset_make(&b->edit, (struct rv_ids){ three, 3 }, set) != RV_OK)
		return RV_ERR_NOMEM;
	*s = (struct rv_scoping){ 0, RV_SCOPES_MANY };
	return RV_OK;
}

/* Two of many are left: they are kept in place. */
static int
carry_two(struct rv_builder *b, struct rv_scoping *s, struct rv_idset **set)
{
	uint32_t two[3] = { 0, 0, 0 };
	uint64_t from = 0;

	if (rv_idset_count(*set) > 2)
		return RV_OK;
	RV_ASSERT(rv_idset_read(*set, &from, two, 3) == 2);
	rv_idset_drop(&b->edit, *set);
	*set = NULL;
	*s = (struct rv_scoping){ two[0], two[1] };
	return RV_OK;
}

/* A scope leaves those of an object; RV_ERR_NOTFOUND. */
static int
uncarry(struct rv_builder *b, uint32_t object, uint32_t scope)
{
	struct rv_scoping *s = scoping_room(b, object);
	struct rv_idset **set;
	int r;

	if (s == NULL)
		return RV_ERR_NOMEM;
	if (s->b == RV_SCOPES_MANY) {
		set = scope_set_room(b, object);
		if (set == NULL)
			return RV_ERR_NOMEM;
		r = rv_idset_remove(&b->edit, set, scope);
		return r == RV_OK ? carry_two(b, s, set) : r;
	}
	if (s->b == RV_NONE || (scope != s->a && scope != s->b))
		return RV_ERR_NOTFOUND;
	if (s->a == s->b)
		*s = unscoped;
	else if (scope == s->a)
		s->a = s->b;
	else
		s->b = s->a;
	return RV_OK;
}

/* The object of a row that says what it carries. */
static int
carrier_of(struct rv_builder *b, const struct rv_row_object_scope *row,
    uint32_t *ret_object, struct rv_error *e)
{
	uint32_t type;
	int r = rv_builder_type_of(b, row->object_type_id, &type, e);

	if (r != RV_OK)
		return r;
	if (b->s->catalogue->types[type].secured_by != RV_SECURED_BY_SCOPE)
		return rv_builder_refuse(b, e,
		    "\"%.*s\": type %u is not secured by scope",
		    RV_CUT(row->key), row->object_type_id);
	return object_of(b, row->object_type_id, row->key, ret_object, e);
}

/* Of the four things that can be wrong with a row, the one that is. */
static int
refuse_scope(struct rv_builder *b, const struct rv_row_object_scope *row,
    const char *why, struct rv_error *e)
{
	return rv_builder_refuse(b, e, "type %u, \"%.*s\": scope \"%.*s\" %s",
	    row->object_type_id, RV_CUT(row->key), RV_CUT(row->scope_id), why);
}

int
rv_builder_object_scope(struct rv_builder *b,
    const struct rv_row_object_scope *row, struct rv_error *e)
{
	uint32_t object, scope;
	int r;

	if ((r = rv_builder_enter(b, RV_TABLE_OBJECT_SCOPE, e)) != RV_OK ||
	    (r = carrier_of(b, row, &object, e)) != RV_OK)
		return r;
	if (is_gone(b, object))
		return rv_builder_refuse(b, e, "type %u has no object \"%.*s\"",
		    row->object_type_id, RV_CUT(row->key));
	scope = rv_scope_find(b->s, row->scope_id);
	if (scope == RV_NONE)
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": there is no scope \"%.*s\"",
		    row->object_type_id, RV_CUT(row->key),
		    RV_CUT(row->scope_id));
	if (scope == b->s->all_scopes)
		return rv_builder_refuse(b, e,
		    "type %u, \"%.*s\": no object carries SMS00ALL",
		    row->object_type_id, RV_CUT(row->key));
	r = carry(b, object, scope);
	if (r == RV_ERR_EXISTS)
		return b->base == NULL
			   ? RV_OK
			   : refuse_scope(b, row, "is there twice", e);
	return r == RV_OK ? RV_OK : rv_builder_nomem(b, e);
}

int
rv_builder_remove_object_scope(struct rv_builder *b,
    const struct rv_row_object_scope *row, struct rv_error *e)
{
	uint32_t object, scope;
	int r;

	if ((r = rv_builder_enter_change(b, RV_TABLE_OBJECT_SCOPE, e)) !=
		RV_OK ||
	    (r = carrier_of(b, row, &object, e)) != RV_OK)
		return r;
	/* The scope itself may be gone by now. */
	scope = rv_dict_find(&b->s->scope_ids, 0, row->scope_id);
	r = scope != RV_NONE ? uncarry(b, object, scope) : RV_ERR_NOTFOUND;
	if (r == RV_ERR_NOTFOUND)
		return refuse_scope(b, row, "is not there", e);
	return r == RV_OK ? RV_OK : rv_builder_nomem(b, e);
}

/* ---- The end ------------------------------------------------------------- */

int
rv_objects_check_gone(struct rv_builder *b, uint32_t object_type_id,
    struct rv_slice key, struct rv_error *e)
{
	const struct rv_snapshot *s = b->s;
	const uint32_t type =
	    rv_intmap_find(&s->catalogue->type_ids, object_type_id);
	const uint32_t object = type != RV_NONE
				    ? rv_dict_find(&s->object_keys, type, key)
				    : RV_NONE;

	if (object == RV_NONE ||
	    !rv_scoping_is_object(rv_scoping_at(s, object)))
		return RV_OK;
	return rv_builder_refuse(b, e,
	    "object: type %u: \"%.*s\" is not in the table of its type",
	    object_type_id, RV_CUT(key));
}

/* Objects that were removed before what they carry. */
static int
end_gone(struct rv_builder *b, struct rv_error *e)
{
	struct rv_snapshot *s = b->s;

	for (size_t i = 0; i < b->gone_objects.n_slots; i++) {
		const struct rv_intmap_slot *slot = &b->gone_objects.slots[i];
		const uint32_t object = (uint32_t)slot->key;
		struct rv_scoping *scoping;

		if (!slot->used || slot->value != 1)
			continue;
		scoping = scoping_room(b, object);
		if (scoping == NULL)
			return rv_builder_nomem(b, e);
		if (scoping->b != RV_NONE)
			return rv_builder_refuse(b, e,
			    "object: \"%.*s\" is gone, and carries scopes",
			    RV_CUT(rv_dict_name(&s->object_keys, object)));
		*scoping = (struct rv_scoping){ 0, 0 };
	}
	return RV_OK;
}

/* Default instances are there always, whether or not a row says so. */
static int
add_defaults(struct rv_builder *b)
{
	struct rv_snapshot *s = b->s;
	const struct rv_dict *keys = &s->catalogue->default_keys;

	for (uint32_t i = 0; i < keys->n; i++) {
		struct rv_scoping *scoping;
		uint32_t object;

		if (object_name(b, rv_dict_space(keys, i),
			rv_dict_name(keys, i), &object) != RV_OK)
			return RV_ERR_NOMEM;
		if (rv_scoping_is_object(rv_scoping_at(s, object)))
			continue;
		scoping = scoping_room(b, object);
		if (scoping == NULL ||
		    rv_idset_add(&b->edit, &s->implied, object) != RV_OK)
			return RV_ERR_NOMEM;
		*scoping = unscoped;
		if (b->base != NULL && order_add(b, object) != RV_OK)
			return RV_ERR_NOMEM;
	}
	return RV_OK;
}

/* What the records of the first version answer at once. */
static void
fill_records(struct rv_snapshot *s)
{
	for (uint32_t i = 0; i < s->object_keys.n; i++)
		rv_dict_set_value(
		    &s->object_keys, i, rv_scoping_pack(rv_scoping_at(s, i)));
}

static int
order_all(struct rv_builder *b)
{
	uint32_t *ids;
	int r = rv_names_in_order(&b->s->object_keys, &ids);

	for (size_t i = 0; r == RV_OK && i < b->s->object_keys.n; i++)
		r = order_add(b, ids[i]);
	free(ids);
	return r;
}

int
rv_objects_finish(struct rv_builder *b, struct rv_error *e)
{
	int r = end_gone(b, e);

	if (r != RV_OK)
		return r;
	if ((b->base == NULL || b->s->catalogue != b->base->catalogue ||
		b->gone_objects.n > 0) &&
	    add_defaults(b) != RV_OK)
		return rv_builder_nomem(b, e);
	if (b->base != NULL)
		return RV_OK;
	if (order_all(b) != RV_OK)
		return rv_builder_nomem(b, e);
	fill_records(b->s);
	return RV_OK;
}
