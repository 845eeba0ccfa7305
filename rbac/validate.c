/*
 * Every invariant of a snapshot that a decision relies on.  Runs after each
 * load: a snapshot that fails here is never published.  This file: the
 * catalogue, the policy, the names; validate_members.c has the rest.
 */
#include "builder.h"

#include <stdio.h>
#include <stdlib.h>

int
rv_broken(struct rv_error *why, const char *fmt, ...)
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
	const struct rv_catalogue *c = s->catalogue;
	const struct {
		const char *name;
		const struct rv_dict *d;
	} dicts[] = {
		{ "texts", &s->texts },
		{ "type names", &c->type_names },
		{ "operation names", &c->operation_names },
		{ "classes", &c->classes },
		{ "class prefixes", &c->class_prefixes },
		{ "class operations", &c->class_operations },
		{ "default instances", &c->default_keys },
		{ "roles", &s->role_ids },
		{ "scopes", &s->scope_ids },
		{ "collections", &s->collection_ids },
		{ "principals", &s->principals },
		{ "assignments", &s->assignment_ids },
		{ "objects", &s->object_keys },
	};

	for (size_t i = 0; i < sizeof(dicts) / sizeof(*dicts); i++)
		if (!rv_dict_is_sound(dicts[i].d))
			return rv_broken(why, "the dictionary of %s is unsound",
			    dicts[i].name);
	return RV_OK;
}

/* ---- The catalogue ------------------------------------------------------- */

static int
check_bit(const struct rv_type *t, unsigned bit, struct rv_error *why)
{
	const uint64_t needing = t->registered & ~t->type_wide;
	const bool known = (t->registered & RV_BIT(bit)) != 0;
	const bool needs = t->needs[bit] != 0 || (t->barred & RV_BIT(bit)) != 0;

	if (known != (t->name[bit] != RV_NONE) ||
	    t->minimum[bit] > RV_LEVEL_HELLO ||
	    (t->needs[bit] & ~t->registered) != 0 ||
	    (t->needs[bit] & (t->type_wide | RV_BIT(bit))) != 0)
		return rv_broken(why, "type %u: bit %u is inconsistent",
		    t->object_type_id, bit);
	for (unsigned level = 0; level <= RV_LEVEL_HELLO; level++)
		if (((t->within[level] & RV_BIT(bit)) != 0) !=
		    (known && t->minimum[bit] <= level))
			return rv_broken(why,
			    "type %u: bit %u misjudges its minimum",
			    t->object_type_id, bit);
	if (needs != ((needing & RV_BIT(bit)) != 0 && bit != t->read_bit))
		return rv_broken(why,
		    "type %u: bit %u needs the wrong operations",
		    t->object_type_id, bit);
	return RV_OK;
}

static bool
names_type(const struct rv_catalogue *c, uint32_t name, uint32_t type)
{
	return name < c->type_names.n &&
	       rv_dict_value(&c->type_names, name) == type;
}

static int
check_type(const struct rv_catalogue *c, uint32_t i, struct rv_error *why)
{
	const struct rv_type *t = &c->types[i];
	int r = RV_OK;

	if (rv_intmap_find(&c->type_ids, t->object_type_id) != i)
		return rv_broken(
		    why, "type %u is not found by its id", t->object_type_id);
	if (!names_type(c, t->sdk_name, i) ||
	    (t->class_name != RV_NONE && !names_type(c, t->class_name, i)))
		return rv_broken(
		    why, "type %u is not found by its name", t->object_type_id);
	if (((t->type_wide | t->security | t->barred) & ~t->registered) != 0)
		return rv_broken(why, "type %u marks a bit that it has not",
		    t->object_type_id);
	for (unsigned bit = 0; r == RV_OK && bit < RV_BITS; bit++)
		r = check_bit(t, bit, why);
	return r;
}

static int
check_type_names(const struct rv_catalogue *c, struct rv_error *why)
{
	for (uint32_t i = 0; i < c->type_names.n; i++) {
		const uint64_t type = rv_dict_value(&c->type_names, i);

		if (type >= c->n_types || (c->types[type].sdk_name != i &&
					      c->types[type].class_name != i))
			return rv_broken(why, "type name %u is misplaced", i);
	}
	for (uint32_t i = 0; i < c->operation_names.n; i++) {
		const uint32_t type = rv_dict_space(&c->operation_names, i);
		const uint64_t bit = rv_dict_value(&c->operation_names, i);

		if (type >= c->n_types || bit >= RV_BITS ||
		    c->types[type].name[bit] != i)
			return rv_broken(
			    why, "operation name %u is misplaced", i);
	}
	return RV_OK;
}

int
rv_catalogue_check(const struct rv_snapshot *s, struct rv_error *why)
{
	const struct rv_catalogue *c = s->catalogue;
	const uint32_t collection =
	    rv_intmap_find(&c->type_ids, RV_TYPE_COLLECTION);
	int r = check_type_names(c, why);

	for (uint32_t i = 0; r == RV_OK && i < c->n_types; i++)
		r = check_type(c, i, why);
	for (uint32_t i = 0; r == RV_OK && i < c->class_operations.n; i++) {
		const uint64_t bit = rv_dict_value(&c->class_operations, i);

		if (collection == RV_NONE || bit >= RV_BITS ||
		    (c->types[collection].registered & RV_BIT(bit)) == 0)
			r = rv_broken(why, "class operation %u has no bit", i);
	}
	for (uint32_t i = 0; r == RV_OK && i < c->default_keys.n; i++) {
		const uint32_t type = rv_dict_space(&c->default_keys, i);
		const struct rv_default *d = &c->defaults[i];

		if (type >= c->n_types || !c->types[type].has_defaults ||
		    d->read_bit >= RV_BITS || d->modify_bit >= RV_BITS)
			r = rv_broken(why, "default instance %u is unsound", i);
	}
	return r;
}

/* ---- Roles, scopes, collections ------------------------------------------ */

static int
check_role(const struct rv_snapshot *s, uint32_t number, struct rv_error *why)
{
	const struct rv_catalogue *c = s->catalogue;
	const struct rv_role *role = &s->roles[number];
	bool security = false;

	if (role->masks == NULL)
		return role->assignments == NULL
			   ? RV_OK
			   : rv_broken(
				 why, "role %u is gone, and given", number);
	if (rv_block_size(role->masks) <
	    rv_mask_words(c->n_types) * sizeof(*role->masks))
		return rv_broken(why, "role %u lacks types", number);
	for (uint32_t type = 0; type < c->n_types; type++) {
		if ((role->masks[type] & ~c->types[type].registered) != 0)
			return rv_broken(why,
			    "role %u has an unknown bit of type %u", number,
			    c->types[type].object_type_id);
		security |= (role->masks[type] & c->types[type].security) != 0;
	}
	if (security != role->security || role->minimum > RV_LEVEL_HELLO ||
	    number >= s->role_ids.n || !rv_idset_is_sound(role->assignments))
		return rv_broken(why, "role %u is inconsistent", number);
	return RV_OK;
}

/* An order is sound, and has as many as it should. */
static int
check_order(const struct rv_order *order, const struct rv_dict *names, size_t n,
    const char *of, struct rv_error *why)
{
	if (!rv_order_is_sound(order, names) || rv_order_count(order) != n)
		return rv_broken(why, "the %s are out of order", of);
	return RV_OK;
}

static int
check_roles(const struct rv_snapshot *s, struct rv_error *why)
{
	struct rv_order_at at = { 0 };
	size_t n = 0;
	uint32_t id;
	int r = RV_OK;

	for (uint32_t i = 0; r == RV_OK && i < s->n_roles; i++) {
		r = check_role(s, i, why);
		n += s->roles[i].masks != NULL;
	}
	if (r == RV_OK && n != s->counts.roles)
		r = rv_broken(why, "the roles are miscounted");
	if (r == RV_OK)
		r = check_order(s->role_order, &s->role_ids, n, "roles", why);
	while (
	    r == RV_OK && (id = rv_order_next(s->role_order, &at)) != RV_NONE)
		if (id >= s->n_roles || s->roles[id].masks == NULL)
			r = rv_broken(why, "role %u is in the order", id);
	return r;
}

static int
check_scopes(const struct rv_snapshot *s, struct rv_error *why)
{
	struct rv_order_at at = { 0 };
	size_t n = 0;
	uint32_t id;

	for (uint32_t i = 0; i < s->scope_ids.n; i++) {
		const struct rv_scope *scope =
		    rv_trie_get(&s->scopes, i, sizeof(*scope));
		const bool all =
		    rv_slice_eq(rv_dict_name(&s->scope_ids, i), RV_SCOPE_ALL);

		if (scope == NULL || !scope->present) {
			if ((scope != NULL && scope->assignments != NULL) ||
			    i == s->all_scopes)
				return rv_broken(
				    why, "scope %u is gone, and given", i);
			continue;
		}
		if (i == 0 || !rv_idset_is_sound(scope->assignments))
			return rv_broken(why, "scope %u is inconsistent", i);
		if (all != (i == s->all_scopes))
			return rv_broken(why, "SMS00ALL is not known as such");
		n++;
	}
	if (n != s->counts.scopes)
		return rv_broken(why, "the scopes are miscounted");
	while ((id = rv_order_next(s->scope_order, &at)) != RV_NONE)
		if (rv_scope_at(s, id) == NULL)
			return rv_broken(why, "scope %u is in the order", id);
	return check_order(s->scope_order, &s->scope_ids, n, "scopes", why);
}

static int
check_collection(const struct rv_snapshot *s, uint32_t i,
    const struct rv_collection *c, struct rv_error *why)
{
	const struct rv_slice name = rv_dict_name(&s->collection_ids, i);
	const struct rv_collection *parent;

	if (rv_slice_eq(name, RV_ROOT_DEVICES) != (i == s->root_devices) ||
	    rv_slice_eq(name, RV_ROOT_USERS) != (i == s->root_users) ||
	    (c->parent == RV_NONE) !=
		(i == s->root_devices || i == s->root_users))
		return rv_broken(why, "collection %u is a false root", i);
	if (!rv_idset_is_sound(c->members) ||
	    !rv_idset_is_sound(c->assignments) || c->kind > RV_KIND_USER)
		return rv_broken(why, "collection %u is inconsistent", i);
	if (c->parent == RV_NONE)
		return RV_OK;
	parent = rv_collection_at(s, c->parent);
	if (parent == NULL || parent->kind != c->kind)
		return rv_broken(why, "collection %u is not in its parent", i);
	return RV_OK;
}

/* One that is not there has nothing left. */
static bool
is_void(const struct rv_collection *c)
{
	return c == NULL || (c->members == NULL && c->assignments == NULL &&
				c->n_children == 0);
}

/* Counts children, and takes leaves away until nothing is left: no cycle. */
static int
check_forest(
    const struct rv_snapshot *s, uint32_t *children, struct rv_error *why)
{
	const size_t n = s->collection_ids.n;
	size_t left = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct rv_collection *c = rv_collection_at(s, i);

		left += c != NULL;
		if (c != NULL && c->parent != RV_NONE)
			children[c->parent]++;
	}
	if (left != s->counts.collections)
		return rv_broken(why, "the collections are miscounted");
	for (uint32_t i = 0; i < n; i++) {
		const struct rv_collection *c = rv_collection_at(s, i);

		if (c != NULL && c->n_children != children[i])
			return rv_broken(
			    why, "collection %u miscounts its children", i);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct rv_collection *c = rv_collection_at(s, i);

		for (uint32_t k = i; c != NULL && children[k] == 0;) {
			children[k] = RV_NONE; /* away */
			left--;
			if (c->parent == RV_NONE)
				break;
			k = c->parent;
			children[k]--;
			/* What comes later is begun with later. */
			c = k <= i ? rv_collection_at(s, k) : NULL;
		}
	}
	return left == 0 ? RV_OK
			 : rv_broken(why, "collections are limited in a cycle");
}

static int
check_collections(const struct rv_snapshot *s, struct rv_error *why)
{
	const size_t n = s->collection_ids.n;
	uint32_t *children = rv_array_new(n, sizeof(*children));
	struct rv_order_at at = { 0 };
	uint32_t id;
	int r = RV_OK;

	if (children == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t i = 0; r == RV_OK && i < n; i++) {
		const struct rv_collection *c =
		    rv_trie_get(&s->collections, i, sizeof(*c));

		if (c != NULL && c->present)
			r = check_collection(s, i, c, why);
		else if (!is_void(c) || i == s->root_devices ||
			 i == s->root_users)
			r = rv_broken(
			    why, "collection %u is gone, and named", i);
	}
	if (r == RV_OK)
		r = check_forest(s, children, why);
	while (r == RV_OK &&
	       (id = rv_order_next(s->collection_order, &at)) != RV_NONE)
		if (rv_collection_at(s, id) == NULL)
			r = rv_broken(why, "collection %u is in the order", id);
	if (r == RV_OK)
		r = check_order(s->collection_order, &s->collection_ids,
		    s->counts.collections, "collections", why);
	free(children);
	return r;
}

int
rv_policy_check(const struct rv_snapshot *s, struct rv_error *why)
{
	int r;

	if ((r = check_roles(s, why)) != RV_OK ||
	    (r = check_scopes(s, why)) != RV_OK)
		return r;
	return check_collections(s, why);
}

int
rv_snapshot_validate(const struct rv_snapshot *s, struct rv_error *why)
{
	static int (*const checks[])(
	    const struct rv_snapshot *, struct rv_error *) = {
		check_dicts,
		rv_catalogue_check,
		rv_policy_check,
		rv_subjects_check,
		rv_objects_check,
		rv_members_check,
	};
	int r = RV_OK;

	if (s->magic != RV_SNAPSHOT_MAGIC)
		return rv_broken(why, "this is no snapshot");
	if (s->epoch[0] == '\0' || s->catalogue == NULL)
		return rv_broken(why, "the site has no epoch");
	for (size_t i = 0; r == RV_OK && i < sizeof(checks) / sizeof(*checks);
	     i++)
		r = checks[i](s, why);
	if (r == RV_ERR_NOMEM)
		rv_error_set(why, "out of memory");
	return r;
}
