/*
 * Every invariant of a snapshot that a decision relies on.  Runs after each
 * load: a snapshot that fails here is never published.
 */
#include "snapshot.h"

#include <stdio.h>

static int broken(struct rv_error *why, const char *fmt, ...) RV_PRINTF(2, 3);

static int
broken(struct rv_error *why, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	rv_error_set(why, "%s", what);
	return RV_ERR_INTERNAL;
}

static int
check_dicts(const struct rv_snapshot *s, struct rv_error *why)
{
	const struct {
		const char *name;
		const struct rv_dict *d;
	} dicts[] = {
		{ "texts", &s->texts },
		{ "type names", &s->type_names },
		{ "operation names", &s->operation_names },
		{ "classes", &s->classes },
		{ "class prefixes", &s->class_prefixes },
		{ "class operations", &s->class_operations },
		{ "default instances", &s->default_keys },
		{ "roles", &s->role_ids },
		{ "scopes", &s->scope_ids },
		{ "collections", &s->collection_ids },
		{ "principals", &s->principals },
		{ "objects", &s->object_keys },
	};

	for (size_t i = 0; i < sizeof(dicts) / sizeof(*dicts); i++)
		if (!rv_dict_is_sound(dicts[i].d))
			return broken(why, "the dictionary of %s is unsound",
			    dicts[i].name);
	if (!rv_sets_are_sound(&s->scope_sets))
		return broken(why, "the sets of scopes are unsound");
	if (!rv_sets_are_sound(&s->collection_sets))
		return broken(why, "the sets of collections are unsound");
	return RV_OK;
}

static int
check_type(const struct rv_snapshot *s, uint32_t i, struct rv_error *why)
{
	const struct rv_type *t = &s->types[i];
	const uint64_t needing = t->registered & ~t->type_wide;

	if (rv_intmap_find(&s->type_ids, t->object_type_id) != i)
		return broken(
		    why, "type %u is not found by its id", t->object_type_id);
	if (s->name_type[t->sdk_name] != i ||
	    (t->class_name != RV_NONE && s->name_type[t->class_name] != i))
		return broken(
		    why, "type %u is not found by its name", t->object_type_id);
	if (((t->type_wide | t->security | t->barred) & ~t->registered) != 0)
		return broken(why, "type %u marks a bit that it has not",
		    t->object_type_id);
	for (unsigned bit = 0; bit < RV_BITS; bit++) {
		const bool known = (t->registered & RV_BIT(bit)) != 0;
		const bool needs =
		    t->needs[bit] != 0 || (t->barred & RV_BIT(bit)) != 0;

		if (known != (t->name[bit] != RV_NONE) ||
		    t->minimum[bit] > RV_LEVEL_HELLO ||
		    (t->needs[bit] & ~t->registered) != 0 ||
		    (t->needs[bit] & (t->type_wide | RV_BIT(bit))) != 0)
			return broken(why, "type %u: bit %u is inconsistent",
			    t->object_type_id, bit);
		for (unsigned level = 0; level <= RV_LEVEL_HELLO; level++)
			if (((t->within[level] & RV_BIT(bit)) != 0) !=
			    (known && t->minimum[bit] <= level))
				return broken(why,
				    "type %u: bit %u misjudges its minimum",
				    t->object_type_id, bit);
		if (needs !=
		    ((needing & RV_BIT(bit)) != 0 && bit != t->read_bit))
			return broken(why,
			    "type %u: bit %u needs the wrong operations",
			    t->object_type_id, bit);
	}
	return RV_OK;
}

static int
check_catalogue(const struct rv_snapshot *s, struct rv_error *why)
{
	uint32_t collection = rv_intmap_find(&s->type_ids, RV_TYPE_COLLECTION);

	if (rv_dict_name(&s->texts, s->epoch).n == 0)
		return broken(why, "the site has no epoch");
	for (uint32_t i = 0; i < s->n_types; i++) {
		int r = check_type(s, i, why);

		if (r != RV_OK)
			return r;
	}
	for (uint32_t i = 0; i < s->operation_names.n; i++) {
		uint32_t type = rv_dict_space(&s->operation_names, i);

		if (type >= s->n_types || s->name_bit[i] >= RV_BITS ||
		    s->types[type].name[s->name_bit[i]] != i)
			return broken(why, "operation name %u is misplaced", i);
	}
	for (uint32_t i = 0; i < s->class_operations.n; i++)
		if (collection == RV_NONE || (s->types[collection].registered &
						 RV_BIT(s->class_bit[i])) == 0)
			return broken(why, "class operation %u has no bit", i);
	return RV_OK;
}

static int
check_roles(const struct rv_snapshot *s, struct rv_error *why)
{
	for (uint32_t role = 0; role < s->role_ids.n; role++) {
		bool security = false;

		for (uint32_t type = 0; type < s->n_types; type++) {
			uint64_t mask = rv_role_mask(s, role, type);

			if ((mask & ~s->types[type].registered) != 0)
				return broken(why,
				    "role %u has an unknown bit of type %u",
				    role, s->types[type].object_type_id);
			security |= (mask & s->types[type].security) != 0;
		}
		if (security != s->roles[role].security ||
		    s->roles[role].minimum > RV_LEVEL_HELLO)
			return broken(why, "role %u is inconsistent", role);
	}
	for (size_t i = 1; i < s->role_ids.n; i++)
		if (rv_slice_cmp(
			rv_dict_name(&s->role_ids, s->roles_by_id[i - 1]),
			rv_dict_name(&s->role_ids, s->roles_by_id[i])) >= 0)
			return broken(why, "the roles are out of order");
	return RV_OK;
}

static int
check_scopes(const struct rv_snapshot *s, struct rv_error *why)
{
	for (uint32_t rank = 0; rank < s->scope_ids.n; rank++) {
		uint32_t scope = s->scope_by_rank[rank];
		struct rv_slice name = rv_dict_name(&s->scope_ids, scope);

		if (s->scope_rank[scope] != rank ||
		    (rank > 0 && rv_slice_cmp(rv_dict_name(&s->scope_ids,
						  s->scope_by_rank[rank - 1]),
				     name) >= 0))
			return broken(why, "scope %u is out of order", scope);
		if (rv_slice_eq(name, RV_SCOPE_ALL) != (rank == s->all_scopes))
			return broken(why, "SMS00ALL is not known as such");
	}
	return RV_OK;
}

static int
check_collections(const struct rv_snapshot *s, struct rv_error *why)
{
	for (uint32_t i = 0; i < s->collection_ids.n; i++) {
		const struct rv_collection *c = &s->collections[i];
		const struct rv_collection *p;

		if (s->collection_number[c->name] != i || c->last < i ||
		    c->last >= s->collection_ids.n)
			return broken(why, "collection %u is misnumbered", i);
		if ((c->parent == RV_NONE) !=
		    (i == s->root_devices || i == s->root_users))
			return broken(why, "collection %u is a false root", i);
		if (c->parent == RV_NONE)
			continue;
		if (c->parent >= i)
			return broken(
			    why, "collection %u precedes its parent", i);
		/* In preorder the parent is the last one that reaches here. */
		p = &s->collections[i - 1];
		while (p->last < i && p->parent != RV_NONE)
			p = &s->collections[p->parent];
		if (p != &s->collections[c->parent] || p->last < c->last ||
		    p->kind != c->kind)
			return broken(
			    why, "collection %u is not in its parent", i);
	}
	return RV_OK;
}

static bool
is_set(const struct rv_sets *sets, uint32_t set, struct rv_ids ids)
{
	struct rv_ids of;

	if (set >= sets->n)
		return false;
	of = rv_sets_get(sets, set);
	return of.p == ids.p && of.n == ids.n;
}

/* Whether a row, where there is one, holds exactly the scopes. */
static bool
row_is(const struct rv_snapshot *s, const uint64_t *row, struct rv_ids scopes)
{
	size_t n = 0;

	if (row == NULL)
		return true;
	for (size_t i = 0; i < rv_words(s->scope_ids.n); i++)
		n += (size_t)__builtin_popcountll(row[i]);
	for (size_t i = 0; i < scopes.n; i++)
		if (!rv_row_has(row, scopes.p[i]))
			return false;
	return n == scopes.n;
}

static int
check_assignment(const struct rv_snapshot *s, uint32_t i, struct rv_error *why)
{
	const struct rv_assignment *a = &s->assignments[i];
	const struct rv_ids scopes = a->scopes, collections = a->collections;
	const struct rv_ids outer = a->outer;

	if (a->role >= s->role_ids.n || a->from_ms >= a->until_ms ||
	    !is_set(&s->scope_sets, a->scope_set, scopes) ||
	    !is_set(&s->collection_sets, a->collection_set, collections) ||
	    !is_set(&s->collection_sets, a->outer_set, outer))
		return broken(why, "assignment %llu is inconsistent",
		    (unsigned long long)a->assignment_id);
	if (a->masks != s->role_masks + (size_t)a->role * s->n_types ||
	    a->minimum != s->roles[a->role].minimum ||
	    a->security != s->roles[a->role].security ||
	    !row_is(s, a->scope_row, scopes))
		return broken(why, "assignment %llu misjudges its role",
		    (unsigned long long)a->assignment_id);
	if (a->bare != (scopes.n == 0 && collections.n == 0) ||
	    a->all_scopes != rv_ids_contain(scopes, s->all_scopes) ||
	    a->all_devices != rv_ids_contain(collections, s->root_devices) ||
	    a->all_users != rv_ids_contain(collections, s->root_users))
		return broken(why, "assignment %llu misjudges its categories",
		    (unsigned long long)a->assignment_id);
	/* Each has its place in exactly one of the outer ones. */
	for (size_t k = 0; k < collections.n; k++) {
		size_t n = rv_ids_upto(outer, collections.p[k]);

		if (n == 0 ||
		    s->collections[outer.p[n - 1]].last < collections.p[k])
			return broken(why, "assignment %llu loses a collection",
			    (unsigned long long)a->assignment_id);
	}
	for (size_t k = 0; k < outer.n; k++)
		if (!rv_ids_contain(collections, outer.p[k]) ||
		    (k > 0 &&
			s->collections[outer.p[k - 1]].last >= outer.p[k]))
			return broken(why, "assignment %llu gains a collection",
			    (unsigned long long)a->assignment_id);
	return RV_OK;
}

static int
check_subjects(const struct rv_snapshot *s, struct rv_error *why)
{
	if (s->admins[0].first != 0 ||
	    s->admins[s->n_admins].first != s->n_assignments)
		return broken(why, "assignments without a user");
	for (uint32_t i = 0; i < s->n_admins; i++) {
		const struct rv_admin *admin = &s->admins[i];
		uint32_t end = s->admins[i + 1].first;
		uint32_t holder = s->principal_admin[admin->principal];

		if (rv_intmap_find(&s->admin_ids, admin->admin_id) != i ||
		    s->admins[holder].principal != admin->principal ||
		    (holder != i && !admin->out) || admin->first > end)
			return broken(why, "administrative user %u is lost",
			    admin->admin_id);
		for (uint32_t k = admin->first; k < end; k++) {
			int r = check_assignment(s, k, why);

			if (r != RV_OK)
				return r;
			if (s->assignments[k].admin != i ||
			    (k > admin->first &&
				s->assignments[k - 1].assignment_id >=
				    s->assignments[k].assignment_id))
				return broken(why,
				    "the assignments of administrative user "
				    "%u are out of order",
				    admin->admin_id);
		}
	}
	return RV_OK;
}

/* The scopes of an object, in the form that fits their number. */
static bool
scoping_is_sound(
    const struct rv_snapshot *s, uint32_t type, struct rv_scoping carried)
{
	struct rv_ids ids;

	if (carried.b == RV_NONE)
		return carried.a == RV_NONE;
	if (s->types[type].secured_by != RV_SECURED_BY_SCOPE)
		return false;
	if (carried.b != RV_SCOPES_MANY)
		return carried.a <= carried.b && carried.b < s->scope_ids.n &&
		       carried.a != s->all_scopes && carried.b != s->all_scopes;
	if (carried.a >= s->scope_sets.n)
		return false;
	ids = rv_sets_get(&s->scope_sets, carried.a);
	return ids.n > 2 && !rv_ids_contain(ids, s->all_scopes);
}

static int
check_object(const struct rv_snapshot *s, uint32_t i, struct rv_error *why)
{
	const uint32_t type = rv_dict_space(&s->object_keys, i);

	if (type >= s->n_types || i < s->type_first[type] ||
	    i >= s->type_first[type + 1])
		return broken(why, "object %u is inconsistent", i);
	if (i > s->type_first[type] &&
	    rv_slice_cmp(rv_dict_name(&s->object_keys, i - 1),
		rv_dict_name(&s->object_keys, i)) >= 0)
		return broken(why, "object %u is out of order", i);
	if (!scoping_is_sound(s, type, s->object_scopes[i]) ||
	    rv_dict_value(&s->object_keys, i) !=
		rv_scoping_pack(s->object_scopes[i]))
		return broken(why, "object %u carries false scopes", i);
	return RV_OK;
}

static int
check_objects(const struct rv_snapshot *s, struct rv_error *why)
{
	if (s->type_first[0] != 0 ||
	    s->type_first[s->n_types] != s->object_keys.n)
		return broken(why, "objects without a type");
	for (uint32_t i = 0; i < s->object_keys.n; i++) {
		int r = check_object(s, i, why);

		if (r != RV_OK)
			return r;
	}
	for (uint32_t i = 0; i < s->default_keys.n; i++) {
		uint32_t type = rv_dict_space(&s->default_keys, i);
		const struct rv_default *d = &s->defaults[i];

		if (type >= s->n_types || !s->types[type].has_defaults ||
		    d->read_bit >= RV_BITS || d->modify_bit >= RV_BITS)
			return broken(why, "default instance %u is unsound", i);
	}
	return RV_OK;
}

static int
check_resource(const struct rv_snapshot *s, uint32_t i, struct rv_error *why)
{
	const struct rv_resource *r = &s->resources[i];
	struct rv_ids in;

	if (s->members.first[i] > s->members.first[i + 1] ||
	    rv_intmap_find(&s->resource_ids, r->resource_id) != i ||
	    (i > 0 && s->resources[i - 1].resource_id >= r->resource_id) ||
	    !rv_row_has(rv_kind_row(s, r->type), i))
		return broken(why, "resource %u is lost", r->resource_id);
	in = rv_groups_get(&s->members, i);
	if (!rv_ids_ascend(in, s->collection_ids.n))
		return broken(why, "resource %u: memberships", r->resource_id);
	for (size_t k = 0; k < in.n; k++) {
		const struct rv_collection *c = &s->collections[in.p[k]];

		if (c->parent == RV_NONE || (c->kind == RV_KIND_DEVICE) !=
						(r->type == RV_RESOURCE_DEVICE))
			return broken(why,
			    "resource %u is a member of collection %u, which "
			    "cannot be",
			    r->resource_id, in.p[k]);
		if (!rv_members_has(&s->inside, in.p[k], i))
			return broken(why, "collection %u misses resource %u",
			    in.p[k], r->resource_id);
	}
	return RV_OK;
}

static size_t
count_bits(const uint64_t *row, size_t items)
{
	size_t n = 0;

	for (size_t i = 0; i < rv_words(items); i++)
		n += (size_t)__builtin_popcountll(row[i]);
	return n;
}

static int
check_resources(const struct rv_snapshot *s, struct rv_error *why)
{
	size_t members = 0, kinds = 0;

	if (s->members.n_owners != s->n_resources || s->members.first[0] != 0)
		return broken(why, "memberships without a resource");
	for (uint32_t i = 0; i < s->n_resources; i++) {
		int r = check_resource(s, i, why);

		if (r != RV_OK)
			return r;
	}
	for (size_t i = 0; i < s->inside.n_sets; i++) {
		const struct rv_member_set *set = &s->inside.sets[i];

		members += set->row != NULL
			       ? count_bits(set->row, s->n_resources)
			       : set->n;
	}
	for (int type = RV_RESOURCE_GROUP; type <= RV_RESOURCE_DEVICE; type++)
		kinds += count_bits(rv_kind_row(s, (enum rv_resource_type)type),
		    s->n_resources);
	if (members != s->members.first[s->n_resources] ||
	    kinds != s->n_resources)
		return broken(why, "collections have members too many");
	return RV_OK;
}

/* Every array that puts something in order holds all of it, in order. */
static int
check_orders(const struct rv_snapshot *s, struct rv_error *why)
{
	for (size_t i = 1; i < s->n_admins; i++)
		if (s->admins[s->admins_by_id[i - 1]].admin_id >=
		    s->admins[s->admins_by_id[i]].admin_id)
			return broken(why, "the users are out of order");
	for (size_t i = 0; i < s->collection_ids.n; i++) {
		uint32_t id = s->collections[s->collections_by_id[i]].name;

		if (rv_dict_value(&s->collection_ids, id) !=
			s->collection_number[id] ||
		    (i > 0 &&
			rv_slice_cmp(
			    rv_dict_name(&s->collection_ids,
				s->collections[s->collections_by_id[i - 1]]
				    .name),
			    rv_dict_name(&s->collection_ids, id)) >= 0))
			return broken(why, "the collections are out of order");
	}
	return RV_OK;
}

int
rv_snapshot_validate(const struct rv_snapshot *s, struct rv_error *why)
{
	static int (*const checks[])(
	    const struct rv_snapshot *, struct rv_error *) = {
		check_dicts,
		check_catalogue,
		check_roles,
		check_scopes,
		check_collections,
		check_subjects,
		check_objects,
		check_resources,
		check_orders,
	};
	int r = RV_OK;

	if (s->magic != RV_SNAPSHOT_MAGIC)
		return broken(why, "this is no snapshot");
	for (size_t i = 0; r == RV_OK && i < sizeof(checks) / sizeof(*checks);
	     i++)
		r = checks[i](s, why);
	return r;
}
