/* Going through a set of instances, in the order of their keys. */
#include "own_types.h"
#include "reached.h"

#include <stdio.h>

const struct rv_order *
rv_reached_order(const struct rv_prepared *p)
{
	switch (p->table) {
	case RV_IN_OBJECTS:
		return rv_object_order(p->s, p->base.type);
	case RV_IN_COLLECTIONS:
		return p->s->collection_order;
	case RV_IN_ROLES:
		return p->s->role_order;
	case RV_IN_SCOPES:
		return p->s->scope_order;
	case RV_IN_ADMINS:
	case RV_IN_RESOURCES:
		break;
	}
	return NULL;
}

const struct rv_dict *
rv_reached_names(const struct rv_prepared *p)
{
	switch (p->table) {
	case RV_IN_OBJECTS:
		return &p->s->object_keys;
	case RV_IN_COLLECTIONS:
		return &p->s->collection_ids;
	case RV_IN_ROLES:
		return &p->s->role_ids;
	case RV_IN_SCOPES:
		return &p->s->scope_ids;
	case RV_IN_ADMINS:
	case RV_IN_RESOURCES:
		break;
	}
	return NULL;
}

static bool
has_scope_of(
    const struct rv_reached *r, const struct rv_reach *reach, uint32_t object)
{
	const struct rv_snapshot *s = r->p->s;
	const struct rv_scoping carried = rv_scoping_at(s, object);
	const struct rv_idset *many;
	uint64_t from = 0;
	uint32_t scope;

	if (carried.b != RV_SCOPES_MANY)
		return rv_reach_item(r, reach->row, carried.a) ||
		       rv_reach_item(r, reach->row, carried.b);
	many = rv_scoping_set(s, object);
	while (rv_idset_next(many, &from, &scope))
		if (rv_reach_item(r, reach->row, scope))
			return true;
	return false;
}

/* By a row of collections that has all below those in it as well. */
static bool
has_collection(
    const struct rv_reached *r, const struct rv_reach *reach, uint32_t number)
{
	const struct rv_collection *c = rv_collection_at(r->p->s, number);

	if (c == NULL)
		return false;
	if (!reach->below)
		return rv_row_has(reach->row, number);
	return c->parent != RV_NONE && rv_row_has(reach->row, c->parent);
}

/* Whether it is of an own type whose Author Policy is lacking. */
static bool
is_own_denied(const struct rv_reached *r, uint32_t id)
{
	unsigned place = RV_OWN_TYPES;

	if (r->own_denied != 0)
		place = rv_own_place_of(r->p->s, id);
	return place < RV_OWN_TYPES && (r->own_denied >> place & 1) != 0;
}

bool
rv_reached_has(const struct rv_reached *r, uint32_t id)
{
	const enum rv_cover cover = r->p->base.need_cover;
	bool in = r->n_reaches > 0;

	for (size_t i = 0; i < r->n_exceptions; i++)
		if (r->exceptions[i].object == id)
			return r->exceptions[i].in;
	for (size_t i = 0; in && i < r->n_reaches; i++) {
		const struct rv_reach *reach = &r->reaches[i];

		if (reach->all)
			continue;
		if (cover == RV_COVER_SCOPE)
			in = has_scope_of(r, reach, id);
		else if (cover == RV_COVER_COLLECTION)
			in = has_collection(r, reach, id);
		else
			in = false;
	}
	return in && !is_own_denied(r, id);
}

/* ---- Numbers ---------------------------------------------------------------- */

static bool
next_number(const struct rv_reached *r, uint64_t *from, uint32_t *ret)
{
	if (r->p->table == RV_IN_RESOURCES)
		return r->resources != NULL &&
		       rv_idsum_next(r->resources, from, ret);
	return rv_reached_has(r, 0) &&
	       rv_idset_next(r->p->s->admin_ids, from, ret);
}

static bool
is_of_numbers(const struct rv_reached *r)
{
	return r->p->table == RV_IN_RESOURCES || r->p->table == RV_IN_ADMINS;
}

/* ---- Going through ------------------------------------------------------------ */

bool
rv_object_set_next(const struct rv_object_set *set, struct rv_cursor *cursor,
    char room[RV_KEY_ROOM], struct rv_slice *ret_key)
{
	const struct rv_reached *r = set->reached;
	struct rv_order_at at = { cursor->leaf, cursor->within };
	const struct rv_order *order;
	uint32_t id;

	if (r == NULL)
		return false;
	if (is_of_numbers(r)) {
		int n;

		if (!next_number(r, &cursor->at, &id))
			return false;
		n = snprintf(room, RV_KEY_ROOM, "%u", id);
		*ret_key = (struct rv_slice){ room, (size_t)n };
		return true;
	}
	order = rv_reached_order(r->p);
	while ((id = rv_order_next(order, &at)) != RV_NONE)
		if (rv_reached_has(r, id))
			break;
	cursor->leaf = at.leaf;
	cursor->within = at.within;
	if (id == RV_NONE)
		return false;
	*ret_key = rv_dict_name(rv_reached_names(r->p), id);
	return true;
}

size_t
rv_object_set_ids(const struct rv_object_set *set, struct rv_cursor *cursor,
    uint32_t *ids, size_t room)
{
	const struct rv_reached *r = set->reached;

	if (r == NULL || !is_of_numbers(r))
		return 0;
	if (r->p->table == RV_IN_RESOURCES)
		return r->resources == NULL ? 0
					    : rv_idsum_read(r->resources,
						  &cursor->at, ids, room);
	return rv_reached_has(r, 0)
		   ? rv_idset_read(r->p->s->admin_ids, &cursor->at, ids, room)
		   : 0;
}

struct rv_cursor
rv_object_set_after(const struct rv_object_set *set, struct rv_slice key)
{
	const struct rv_reached *r = set->reached;
	struct rv_cursor cursor = { 0 };
	struct rv_order_at at;
	uint64_t number;

	if (r == NULL)
		return cursor;
	if (!is_of_numbers(r)) {
		at = rv_order_after(
		    rv_reached_order(r->p), rv_reached_names(r->p), key);
		cursor.leaf = at.leaf;
		cursor.within = at.within;
		return cursor;
	}
	/* What is no number is behind none. */
	switch (rv_slice_to_u64(key, UINT32_MAX, &number)) {
	case RV_OK:
		cursor.at = number + 1;
		break;
	case RV_ERR_LIMIT:
		cursor.at = UINT64_MAX;
		break;
	default:
		break;
	}
	return cursor;
}
