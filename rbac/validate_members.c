/* Objects and their scopes, resources and their collections. */
#include "builder.h"
#include "own_types.h"

#include <stdlib.h>

/* ---- Objects ------------------------------------------------------------- */

/* The scopes of an object, in the form that fits their number. */
static bool
scoping_is_sound(
    const struct rv_snapshot *s, uint32_t object, struct rv_scoping carried)
{
	const struct rv_idset *set = rv_scoping_set(s, object);
	const uint32_t type = rv_dict_space(&s->object_keys, object);
	uint64_t from = 0;
	uint32_t scope;

	if (carried.b != RV_SCOPES_MANY && set != NULL)
		return false;
	if (carried.b == RV_NONE)
		return carried.a == RV_NONE;
	if (s->catalogue->types[type].secured_by != RV_SECURED_BY_SCOPE)
		return false;
	if (carried.b != RV_SCOPES_MANY)
		return carried.a <= carried.b &&
		       rv_scope_at(s, carried.a) != NULL &&
		       rv_scope_at(s, carried.b) != NULL &&
		       carried.a != s->all_scopes && carried.b != s->all_scopes;
	if (!rv_idset_is_sound(set) || rv_idset_count(set) <= 2)
		return false;
	while (rv_idset_next(set, &from, &scope))
		if (rv_scope_at(s, scope) == NULL || scope == s->all_scopes)
			return false;
	return true;
}

static int
check_object(
    const struct rv_snapshot *s, uint32_t i, size_t *n, struct rv_error *why)
{
	const struct rv_slice key = rv_dict_name(&s->object_keys, i);
	const uint32_t type = rv_dict_space(&s->object_keys, i);
	const struct rv_scoping carried = rv_scoping_at(s, i);
	const struct rv_dict_record *record;
	struct rv_scoping said;

	if (type >= s->catalogue->n_types)
		return rv_broken(why, "object %u has no type", i);
	record = rv_dict_get(&s->object_keys,
	    rv_dict_hash(&s->object_keys, type, key), type, key);
	if (record == NULL || record->id != i)
		return rv_broken(why, "object %u is lost", i);
	said = rv_scoping_of(s, record);
	if (said.a != carried.a || said.b != carried.b)
		return rv_broken(why, "object %u carries false scopes", i);
	if (!rv_scoping_is_object(carried))
		return rv_scoping_set(s, i) == NULL
			   ? RV_OK
			   : rv_broken(
				 why, "object %u is gone, with scopes", i);
	*n += 1;
	if (!scoping_is_sound(s, i, carried))
		return rv_broken(why, "object %u carries false scopes", i);
	return RV_OK;
}

/* Each order has objects of its type that are there, and all have them. */
static int
check_orders(const struct rv_snapshot *s, size_t n, struct rv_error *why)
{
	const struct rv_dict *keys = &s->object_keys;

	for (uint32_t type = 0; type < s->n_object_orders; type++) {
		const struct rv_order *order = s->object_orders[type];
		struct rv_order_at at = { 0 };
		uint32_t id;

		if (!rv_order_is_sound(order, keys))
			return rv_broken(why,
			    "the objects of type number %u are out of order",
			    type);
		while ((id = rv_order_next(order, &at)) != RV_NONE)
			if (id >= keys->n || rv_dict_space(keys, id) != type ||
			    !rv_scoping_is_object(rv_scoping_at(s, id)))
				return rv_broken(
				    why, "object %u is in an order", id);
		n -= rv_order_count(order);
	}
	return n == 0 ? RV_OK
		      : rv_broken(why, "objects are in no order, or in two");
}

static int
check_implied(const struct rv_snapshot *s, size_t n, struct rv_error *why)
{
	const struct rv_catalogue *c = s->catalogue;
	uint64_t from = 0;
	uint32_t id;

	if (!rv_idset_is_sound(s->implied))
		return rv_broken(why, "the implied objects are unsound");
	while (rv_idset_next(s->implied, &from, &id))
		if (id >= s->object_keys.n ||
		    rv_scoping_at(s, id).b != RV_NONE ||
		    rv_dict_find(&c->default_keys,
			rv_dict_space(&s->object_keys, id),
			rv_dict_name(&s->object_keys, id)) == RV_NONE)
			return rv_broken(why, "object %u is not implied", id);
	for (uint32_t i = 0; i < c->default_keys.n; i++) {
		id = rv_dict_find(&s->object_keys,
		    rv_dict_space(&c->default_keys, i),
		    rv_dict_name(&c->default_keys, i));
		if (id == RV_NONE ||
		    !rv_scoping_is_object(rv_scoping_at(s, id)))
			return rv_broken(
			    why, "default instance %u is not there", i);
	}
	if (n - rv_idset_count(s->implied) != s->counts.objects)
		return rv_broken(why, "the objects are miscounted");
	return RV_OK;
}

/* Each object is of one own type at most, and of one that it may have. */
static int
check_own_types(const struct rv_snapshot *s, struct rv_error *why)
{
	for (unsigned place = 0; place < RV_OWN_TYPES; place++) {
		uint64_t from = 0;
		uint32_t id;

		if (!rv_idset_is_sound(s->own[place]))
			return rv_broken(
			    why, "the objects of an own type are unsound");
		while (rv_idset_next(s->own[place], &from, &id))
			if (id >= s->object_keys.n ||
			    !rv_scoping_is_object(rv_scoping_at(s, id)) ||
			    rv_own_place_of(s, id) != place ||
			    !rv_own_place_is_of(place,
				s->catalogue
				    ->types[rv_dict_space(&s->object_keys, id)]
				    .object_type_id))
				return rv_broken(
				    why, "object %u has a wrong own type", id);
	}
	return RV_OK;
}

int
rv_objects_check(const struct rv_snapshot *s, struct rv_error *why)
{
	size_t n = 0;
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < s->object_keys.n; i++)
		r = check_object(s, i, &n, why);
	if (r == RV_OK)
		r = check_orders(s, n, why);
	if (r == RV_OK)
		r = check_implied(s, n, why);
	if (r == RV_OK)
		r = check_own_types(s, why);
	return r;
}

/* ---- Resources ----------------------------------------------------------- */

/*
 * Resources are walked by id, and so are the members of every collection
 * along with them: each membership has to be the next one of its collection.
 * A few members are read ahead, and memberships are looked at some at a time
 * after what is read for them was fetched: the walk is one through memory
 * that no cache holds.
 */
#define AHEAD	12
#define WAITING 64

struct ahead {
	uint64_t from;
	uint32_t ids[AHEAD];
	uint8_t n, at;
};

enum {
	OF_NONE, /* it is not there, or a root */
	OF_DEVICES,
	OF_OTHERS
};

struct walk {
	const struct rv_snapshot *s;
	size_t n_collections;
	struct ahead *ahead; /* by collection */
	uint8_t *kinds;	     /* by collection: which resources it may have */
	uint32_t *in;	     /* collections of one resource */
	size_t cap_in;
	uint64_t memberships;
	struct rv_pair waiting[WAITING]; /* resource, collection */
	size_t n_waiting;
};

static void
walk_fini(struct walk *w)
{
	free(w->ahead);
	free(w->kinds);
	free(w->in);
}

static int
walk_init(struct walk *w, const struct rv_snapshot *s)
{
	const size_t n = s->collection_ids.n;

	*w = (struct walk){ .s = s, .n_collections = n, .cap_in = 64 };
	w->ahead = rv_array_new(n, sizeof(*w->ahead));
	w->kinds = rv_array_new(n, sizeof(*w->kinds));
	w->in = rv_array_new(w->cap_in, sizeof(*w->in));
	if (w->ahead == NULL || w->kinds == NULL || w->in == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++) {
		const struct rv_collection *c = rv_collection_at(s, i);

		if (c != NULL && c->parent != RV_NONE)
			w->kinds[i] =
			    c->kind == RV_KIND_DEVICE ? OF_DEVICES : OF_OTHERS;
	}
	return RV_OK;
}

static bool
is_next(struct walk *w, uint32_t collection, uint32_t id)
{
	struct ahead *a = &w->ahead[collection];

	if (a->at == a->n) {
		const struct rv_collection *c =
		    rv_collection_at(w->s, collection);

		a->at = a->n = 0;
		if (c != NULL)
			a->n = (uint8_t)rv_idset_read(
			    c->members, &a->from, a->ids, AHEAD);
	}
	return a->at < a->n && a->ids[a->at++] == id;
}

static int
check_waiting(struct walk *w, struct rv_error *why)
{
	for (size_t i = 0; i < w->n_waiting; i++) {
		const struct rv_pair *p = &w->waiting[i];

		if (!is_next(w, p->item, p->owner))
			return rv_broken(why,
			    "collection %u misses resource %u, or has one "
			    "too many before it",
			    p->item, p->owner);
	}
	w->n_waiting = 0;
	return RV_OK;
}

/* Reads all collections of a resource, making room for them. */
static int
read_collections(struct walk *w, uint32_t id, size_t *ret_n)
{
	const struct rv_trie *resources = &w->s->resources;

	*ret_n = rv_resource_collections(resources, id, w->in, w->cap_in);
	if (*ret_n <= w->cap_in)
		return RV_OK;
	free(w->in);
	w->cap_in = *ret_n;
	w->in = rv_array_new(w->cap_in, sizeof(*w->in));
	if (w->in == NULL)
		return RV_ERR_NOMEM;
	*ret_n = rv_resource_collections(resources, id, w->in, w->cap_in);
	return RV_OK;
}

static int
check_resource(struct walk *w, uint32_t id, struct rv_error *why)
{
	const unsigned type = rv_resource_type(&w->s->resources, id);
	const uint8_t kind =
	    type == RV_RESOURCE_DEVICE ? OF_DEVICES : OF_OTHERS;
	size_t n;
	int r = RV_OK;

	if (type < RV_RESOURCE_GROUP || type > RV_RESOURCE_DEVICE ||
	    !rv_idset_has(rv_kind_set(w->s, (enum rv_resource_type)type), id))
		return rv_broken(why, "resource %u is lost", id);
	if (read_collections(w, id, &n) != RV_OK)
		return RV_ERR_NOMEM;
	w->memberships += n;
	for (size_t k = 0; r == RV_OK && k < n; k++) {
		const uint32_t in = w->in[k];

		if (in >= w->n_collections || w->kinds[in] != kind)
			return rv_broken(why,
			    "resource %u is a member of collection %u, which "
			    "cannot be",
			    id, in);
		__builtin_prefetch(&w->ahead[in], 1);
		w->waiting[w->n_waiting++] = (struct rv_pair){ id, in };
		if (w->n_waiting == WAITING)
			r = check_waiting(w, why);
	}
	return r;
}

static uint64_t
sum_members(const struct rv_snapshot *s)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < s->collection_ids.n; i++) {
		const struct rv_collection *c = rv_collection_at(s, i);

		if (c != NULL)
			n += rv_idset_count(c->members);
	}
	return n;
}

static int
check_counts(const struct walk *w, size_t resources, struct rv_error *why)
{
	const struct rv_snapshot *s = w->s;
	uint64_t kinds = 0;

	for (int type = RV_RESOURCE_GROUP; type <= RV_RESOURCE_DEVICE; type++)
		kinds +=
		    rv_idset_count(rv_kind_set(s, (enum rv_resource_type)type));
	if (resources != s->counts.resources || kinds != resources)
		return rv_broken(why, "the resources are miscounted");
	if (sum_members(s) != w->memberships ||
	    s->counts.memberships != w->memberships)
		return rv_broken(why, "collections have members too many");
	return RV_OK;
}

int
rv_members_check(const struct rv_snapshot *s, struct rv_error *why)
{
	size_t resources = 0;
	uint64_t from = 0;
	struct walk w;
	uint32_t id;
	int r = walk_init(&w, s);

	if (r != RV_OK)
		goto out;
	if (!rv_resources_are_sound(&s->resources))
		r = rv_broken(why, "the pages of resources are unsound");
	for (size_t i = 0; r == RV_OK && i < 3; i++)
		if (!rv_idset_is_sound(s->kinds[i]))
			r = rv_broken(why, "a set of resources is unsound");
	while (r == RV_OK && rv_resource_next(&s->resources, &from, &id)) {
		resources++;
		r = check_resource(&w, id, why);
	}
	if (r == RV_OK)
		r = check_waiting(&w, why);
	if (r == RV_OK)
		r = check_counts(&w, resources, why);
out:
	walk_fini(&w);
	return r;
}
