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
		uint32_t type = s->operation_names.entries[i].space;

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

static int
check_assignment(const struct rv_snapshot *s, uint32_t i, struct rv_error *why)
{
	const struct rv_assignment *a = &s->assignments[i];
	struct rv_ids scopes, collections, outer;

	if (a->role >= s->role_ids.n || a->from_ms >= a->until_ms ||
	    a->scopes >= s->scope_sets.n ||
	    a->collections >= s->collection_sets.n ||
	    a->outer >= s->collection_sets.n)
		return broken(why, "assignment %llu is inconsistent",
		    (unsigned long long)a->assignment_id);
	scopes = rv_sets_get(&s->scope_sets, a->scopes);
	collections = rv_sets_get(&s->collection_sets, a->collections);
	outer = rv_sets_get(&s->collection_sets, a->outer);
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

static int
check_objects(const struct rv_snapshot *s, struct rv_error *why)
{
	for (uint32_t i = 0; i < s->object_keys.n; i++) {
		uint32_t type = s->object_keys.entries[i].space;
		uint32_t set = s->object_scopes[i];

		if (type >= s->n_types || set >= s->scope_sets.n)
			return broken(why, "object %u is inconsistent", i);
		if (set != 0 &&
		    s->types[type].secured_by != RV_SECURED_BY_SCOPE)
			return broken(why, "object %u carries scopes", i);
		if (rv_ids_contain(
			rv_sets_get(&s->scope_sets, set), s->all_scopes))
			return broken(why, "object %u carries SMS00ALL", i);
	}
	for (uint32_t i = 0; i < s->default_keys.n; i++) {
		uint32_t type = s->default_keys.entries[i].space;
		const struct rv_default *d = &s->defaults[i];

		if (type >= s->n_types || !s->types[type].has_defaults ||
		    d->read_bit >= RV_BITS || d->modify_bit >= RV_BITS)
			return broken(why, "default instance %u is unsound", i);
	}
	return RV_OK;
}

static int
check_resources(const struct rv_snapshot *s, struct rv_error *why)
{
	if (s->members.n_owners != s->n_resources || s->members.first[0] != 0)
		return broken(why, "memberships without a resource");
	for (uint32_t i = 0; i < s->n_resources; i++) {
		const struct rv_resource *r = &s->resources[i];
		struct rv_ids in;

		if (s->members.first[i] > s->members.first[i + 1] ||
		    rv_intmap_find(&s->resource_ids, r->resource_id) != i)
			return broken(
			    why, "resource %u is lost", r->resource_id);
		in = rv_groups_get(&s->members, i);
		if (!rv_ids_ascend(in, s->collection_ids.n))
			return broken(
			    why, "resource %u: memberships", r->resource_id);
		for (size_t k = 0; k < in.n; k++) {
			const struct rv_collection *c =
			    &s->collections[in.p[k]];

			if (c->parent == RV_NONE ||
			    (c->kind == RV_KIND_DEVICE) !=
				(r->type == RV_RESOURCE_DEVICE))
				return broken(why,
				    "resource %u is a member of collection "
				    "%u, which cannot be",
				    r->resource_id, in.p[k]);
		}
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
	};
	int r = RV_OK;

	if (s->magic != RV_SNAPSHOT_MAGIC)
		return broken(why, "this is no snapshot");
	for (size_t i = 0; r == RV_OK && i < sizeof(checks) / sizeof(*checks);
	     i++)
		r = checks[i](s, why);
	return r;
}
