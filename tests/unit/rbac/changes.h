/*
 * Random changes of a site, made to a world and to a builder at once: what
 * the builder makes has to be what a load of the world makes.  For test
 * programs only.
 */
#ifndef TESTS_UNIT_RBAC_CHANGES_H
#define TESTS_UNIT_RBAC_CHANGES_H

#include "random_world.h"

struct changes {
	struct world *w;
	struct random *r;
	struct rv_builder *b;
	struct rv_error e;
	const char *what;
};

/* Every row that is made here has to be taken. */
static inline void
change_did(struct changes *c, int r)
{
	if (r == RV_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", c->what, c->e.text);
	abort();
}

#define DID(call)                                 \
	do {                                      \
		c->what = #call;                  \
		change_did(c, rv_builder_##call); \
	} while (0)

/* Random worlds have some rows twice; what changes has each once. */
#define DROP_TWICE(w, table, same)                                        \
	for (size_t i_ = 0; i_ < (w)->n_##table; i_++)                    \
		for (size_t k_ = i_ + 1; k_ < (w)->n_##table;) {          \
			const struct rv_row_##table *x = &(w)->table[i_]; \
			const struct rv_row_##table *y = &(w)->table[k_]; \
                                                                          \
			if (same)                                         \
				world_drop_##table((w), k_);              \
			else                                              \
				k_++;                                     \
		}

static inline void
change_tidy(struct world *w)
{
	DROP_TWICE(w, exclusion, rv_slice_eq(x->principal_id, y->principal_id))
	DROP_TWICE(w, assignment_scope,
	    x->assignment_id == y->assignment_id &&
		rv_slice_eq(x->scope_id, y->scope_id))
	DROP_TWICE(w, assignment_collection,
	    x->assignment_id == y->assignment_id &&
		rv_slice_eq(x->collection_id, y->collection_id))
	DROP_TWICE(w, object_scope,
	    x->object_type_id == y->object_type_id &&
		rv_slice_eq(x->key, y->key) &&
		rv_slice_eq(x->scope_id, y->scope_id))
	DROP_TWICE(w, member,
	    x->resource_id == y->resource_id &&
		rv_slice_eq(x->collection_id, y->collection_id))
}

/* A name that no change has used. */
static inline struct rv_slice
change_name(struct changes *c, const char *prefix)
{
	return world_name(c->w, "%s%llx", prefix,
	    (unsigned long long)random_next(c->r) & 0xffffffffffff);
}

static inline enum rv_level
change_level(struct changes *c)
{
	return random_chance(c->r, 70) ? RV_LEVEL_NONE
				       : (enum rv_level)random_below(c->r, 4);
}

/* Takes out of a table, in both, the rows that fulfil a condition on `x`. */
#define TAKE_OUT(table, condition)                                 \
	for (size_t i_ = c->w->n_##table; i_-- > 0;) {             \
		const struct rv_row_##table *x = &c->w->table[i_]; \
                                                                   \
		if (condition) {                                   \
			DID(remove_##table(c->b, x, &c->e));       \
			world_drop_##table(c->w, i_);              \
		}                                                  \
	}

static inline void
change_scopes(struct changes *c)
{
	const size_t i = 1 + random_below(c->r, c->w->n_scope);
	const bool late = random_chance(c->r, 50);
	struct rv_slice id;

	if (i >= c->w->n_scope || random_chance(c->r, 50)) {
		const struct rv_row_scope row = { change_name(c, "S") };

		world_add_scope(c->w, row);
		DID(scope(c->b, &row, &c->e));
		return;
	}
	id = c->w->scope[i].scope_id;
	if (!late)
		DID(remove_scope(c->b, id, &c->e));
	TAKE_OUT(assignment_scope, rv_slice_eq(x->scope_id, id))
	TAKE_OUT(object_scope, rv_slice_eq(x->scope_id, id))
	if (late)
		DID(remove_scope(c->b, id, &c->e));
	world_drop_scope(c->w, i);
}

static inline void
change_drop_assignment(struct changes *c, size_t i)
{
	const uint64_t id = c->w->assignment[i].assignment_id;
	const bool late = random_chance(c->r, 50);

	if (!late)
		DID(remove_assignment(c->b, id, &c->e));
	TAKE_OUT(assignment_scope, x->assignment_id == id)
	TAKE_OUT(assignment_collection, x->assignment_id == id)
	if (late)
		DID(remove_assignment(c->b, id, &c->e));
	world_drop_assignment(c->w, i);
}

static inline void
change_drop_role(struct changes *c, size_t i)
{
	const struct rv_slice id = c->w->role[i].role_id;
	const bool late = random_chance(c->r, 50);

	if (!late)
		DID(remove_role(c->b, id, &c->e));
	for (size_t k = c->w->n_assignment; k-- > 0;)
		if (rv_slice_eq(c->w->assignment[k].role_id, id))
			change_drop_assignment(c, k);
	TAKE_OUT(role_operation, rv_slice_eq(x->role_id, id))
	if (late)
		DID(remove_role(c->b, id, &c->e));
	world_drop_role(c->w, i);
}

static inline void
change_roles(struct changes *c)
{
	const size_t i = random_below(c->r, c->w->n_role);
	const struct rv_row_operation *o = PICK(c->w, c->r, operation);
	struct rv_row_role row = { .minimum = change_level(c) };
	struct rv_row_role_operation has = {
		.object_type_id = o->object_type_id, .bit = o->bit
	};

	if (random_chance(c->r, 20) && c->w->n_role > 1) {
		change_drop_role(c, i);
	} else if (random_chance(c->r, 30)) {
		row.role_id = row.name = change_name(c, "R");
		world_add_role(c->w, row);
		DID(role(c->b, &row, &c->e));
	} else if (random_chance(c->r, 40)) {
		row.role_id = row.name = c->w->role[i].role_id;
		c->w->role[i] = row;
		DID(change_role(c->b, &row, &c->e));
	} else {
		has.role_id = c->w->role[i].role_id;
		if (random_has_operation(
			c->w, has.role_id, has.object_type_id, has.bit)) {
			TAKE_OUT(role_operation,
			    rv_slice_eq(x->role_id, has.role_id) &&
				x->object_type_id == has.object_type_id &&
				x->bit == has.bit)
		} else {
			world_add_role_operation(c->w, has);
			DID(role_operation(c->b, &has, &c->e));
		}
	}
}

static inline const struct rv_row_collection *
change_find(const struct world *w, struct rv_slice id)
{
	for (size_t i = 0; i < w->n_collection; i++)
		if (rv_slice_eq(w->collection[i].collection_id, id))
			return &w->collection[i];
	return NULL;
}

static inline bool
change_is_under(const struct world *w, struct rv_slice id, struct rv_slice of)
{
	while (id.n > 0 && !rv_slice_eq(id, of))
		id = change_find(w, id)->limiting_id;
	return id.n > 0;
}

static inline void
change_drop_collection(struct changes *c, size_t i)
{
	const struct rv_slice id = c->w->collection[i].collection_id;
	const bool late = random_chance(c->r, 50);

	for (size_t k = 0; k < c->w->n_collection; k++)
		if (rv_slice_eq(c->w->collection[k].limiting_id, id))
			return; /* not while others are limited to it */
	if (!late)
		DID(remove_collection(c->b, id, &c->e));
	TAKE_OUT(assignment_collection, rv_slice_eq(x->collection_id, id))
	TAKE_OUT(member, rv_slice_eq(x->collection_id, id))
	if (late)
		DID(remove_collection(c->b, id, &c->e));
	world_drop_collection(c->w, i);
}

static inline void
change_collections(struct changes *c)
{
	const size_t i = random_below(c->r, c->w->n_collection);
	const struct rv_row_collection *up = PICK(c->w, c->r, collection);
	struct rv_row_collection row = { .kind = up->kind,
		.limiting_id = up->collection_id };

	if (random_chance(c->r, 40)) {
		row.collection_id = change_name(c, "C");
		world_add_collection(c->w, row);
		DID(collection(c->b, &row, &c->e));
	} else if (i < 2) {
		return; /* the roots stay as they are */
	} else if (random_chance(c->r, 40)) {
		change_drop_collection(c, i);
	} else {
		row.collection_id = c->w->collection[i].collection_id;
		if (row.kind != c->w->collection[i].kind ||
		    change_is_under(c->w, row.limiting_id, row.collection_id))
			return;
		c->w->collection[i] = row;
		DID(change_collection(c->b, &row, &c->e));
	}
}

static inline void
change_drop_principal(struct changes *c, size_t i)
{
	DID(remove_principal(c->b, c->w->principal[i].principal_id, &c->e));
	world_drop_principal(c->w, i);
}

static inline void
change_drop_principals_of(struct changes *c, uint32_t admin_id)
{
	for (size_t i = c->w->n_principal; i-- > 0;)
		if (c->w->principal[i].admin_id == admin_id)
			change_drop_principal(c, i);
}

/* A new one, one that goes, or one that goes over to somebody else. */
static inline void
change_principals(struct changes *c)
{
	const struct rv_row_admin *admin = PICK(c->w, c->r, admin);
	const size_t i = random_below(c->r, c->w->n_principal);
	struct rv_row_principal row = { .admin_id = admin->admin_id };

	if (c->w->n_principal > 0 && random_chance(c->r, 30)) {
		change_drop_principal(c, i);
	} else if (admin->is_group) {
		return;
	} else if (c->w->n_principal == 0 || random_chance(c->r, 50)) {
		row.principal_id = change_name(c, "cert:");
		world_add_principal(c->w, row);
		DID(principal(c->b, &row, &c->e));
	} else {
		row.principal_id = c->w->principal[i].principal_id;
		c->w->principal[i] = row;
		DID(change_principal(c->b, &row, &c->e));
	}
}

static inline void
change_exclusions(struct changes *c)
{
	struct rv_row_exclusion row = {
		c->w->n_principal > 0 && random_chance(c->r, 40)
		    ? PICK(c->w, c->r, principal)->principal_id
		    : PICK(c->w, c->r, admin)->principal_id
	};

	for (size_t i = 0; i < c->w->n_exclusion; i++)
		if (rv_slice_eq(
			c->w->exclusion[i].principal_id, row.principal_id)) {
			DID(remove_exclusion(c->b, row.principal_id, &c->e));
			world_drop_exclusion(c->w, i);
			return;
		}
	world_add_exclusion(c->w, row);
	DID(exclusion(c->b, &row, &c->e));
}

static inline void
change_drop_admin(struct changes *c, size_t i)
{
	const uint32_t id = c->w->admin[i].admin_id;
	const bool late = random_chance(c->r, 50);

	if (!late)
		DID(remove_admin(c->b, id, &c->e));
	change_drop_principals_of(c, id);
	for (size_t k = c->w->n_assignment; k-- > 0;)
		if (c->w->assignment[k].admin_id == id)
			change_drop_assignment(c, k);
	if (late)
		DID(remove_admin(c->b, id, &c->e));
	world_drop_admin(c->w, i);
}

/* Those that are out may bear the principal of another. */
static inline void
change_admins(struct changes *c)
{
	const size_t i = random_below(c->r, c->w->n_admin);
	struct rv_row_admin row = { .is_group = random_chance(c->r, 40),
		.out = random_chance(c->r, 40) };

	row.principal_id = row.out ? PICK(c->w, c->r, admin)->principal_id
				   : change_name(c, "krb5:");
	if (random_chance(c->r, 50))
		row.account_id = change_name(c, "account");
	if (random_chance(c->r, 20) && c->w->n_admin > 1) {
		change_drop_admin(c, i);
	} else if (random_chance(c->r, 50)) {
		row.admin_id = (uint32_t)random_next(c->r) | 0x80000000;
		world_add_admin(c->w, row);
		DID(admin(c->b, &row, &c->e));
	} else {
		row.admin_id = c->w->admin[i].admin_id;
		if (row.is_group)
			change_drop_principals_of(c, row.admin_id);
		c->w->admin[i] = row;
		DID(change_admin(c->b, &row, &c->e));
	}
}

/* Puts a scope in, or takes it out. */
static inline void
change_scope_of(struct changes *c, uint64_t assignment_id)
{
	const struct rv_row_assignment_scope row = { assignment_id,
		PICK(c->w, c->r, scope)->scope_id };

	if (random_has_scope(c->w, assignment_id, row.scope_id)) {
		TAKE_OUT(assignment_scope,
		    x->assignment_id == row.assignment_id &&
			rv_slice_eq(x->scope_id, row.scope_id))
	} else {
		world_add_assignment_scope(c->w, row);
		DID(assignment_scope(c->b, &row, &c->e));
	}
}

static inline void
change_collection_of(struct changes *c, uint64_t assignment_id)
{
	const struct rv_row_assignment_collection row = { assignment_id,
		PICK(c->w, c->r, collection)->collection_id };
	const size_t before = c->w->n_assignment_collection;

	TAKE_OUT(assignment_collection,
	    x->assignment_id == row.assignment_id &&
		rv_slice_eq(x->collection_id, row.collection_id))
	if (c->w->n_assignment_collection == before) {
		world_add_assignment_collection(c->w, row);
		DID(assignment_collection(c->b, &row, &c->e));
	}
}

static inline void
change_assignments(struct changes *c)
{
	const size_t i = random_below(c->r, c->w->n_assignment);
	struct rv_row_assignment row = { .role_id =
					     PICK(c->w, c->r, role)->role_id,
		.from_ms = random_chance(c->r, 75)
			       ? INT64_MIN
			       : (int64_t)random_below(c->r, 20),
		.until_ms = random_chance(c->r, 75)
				? INT64_MAX
				: (int64_t)random_below(c->r, 20) + 20 };

	if (c->w->n_assignment == 0 || random_chance(c->r, 35)) {
		row.assignment_id = random_next(c->r) >> 1;
		row.admin_id = PICK(c->w, c->r, admin)->admin_id;
		world_add_assignment(c->w, row);
		DID(assignment(c->b, &row, &c->e));
	} else if (random_chance(c->r, 25)) {
		change_drop_assignment(c, i);
		return;
	} else {
		row.assignment_id = c->w->assignment[i].assignment_id;
		row.admin_id = c->w->assignment[i].admin_id;
		c->w->assignment[i] = row;
		DID(change_assignment(c->b, &row, &c->e));
	}
	for (size_t n = random_below(c->r, 4); n > 0; n--)
		change_scope_of(c, row.assignment_id);
	for (size_t n = random_below(c->r, 4); n > 0; n--)
		change_collection_of(c, row.assignment_id);
}

static inline void
change_drop_object(struct changes *c, size_t i)
{
	const struct rv_row_object row = c->w->object[i];
	const bool late = random_chance(c->r, 50);

	if (!late)
		DID(remove_object(c->b, &row, &c->e));
	TAKE_OUT(object_scope, x->object_type_id == row.object_type_id &&
				   rv_slice_eq(x->key, row.key))
	if (late)
		DID(remove_object(c->b, &row, &c->e));
	world_drop_object(c->w, i);
}

/* Puts an object into a scope, or takes it out. */
static inline void
change_carried(struct changes *c, const struct rv_row_object *o)
{
	struct rv_row_object_scope row = { o->object_type_id, o->key,
		RV_SLICE_NONE };
	const size_t before = c->w->n_object_scope;

	if (c->w->n_scope < 2 || row.object_type_id == 26 ||
	    row.object_type_id == 200)
		return;
	row.scope_id =
	    c->w->scope[1 + random_below(c->r, c->w->n_scope - 1)].scope_id;
	TAKE_OUT(object_scope, x->object_type_id == row.object_type_id &&
				   rv_slice_eq(x->key, row.key) &&
				   rv_slice_eq(x->scope_id, row.scope_id))
	if (c->w->n_object_scope == before) {
		world_add_object_scope(c->w, row);
		DID(object_scope(c->b, &row, &c->e));
	}
}

static inline void
change_objects(struct changes *c)
{
	static const uint32_t types[] = { 26, 31, 31, 38, 200, 6, 43, 226, 11,
		48 };
	const size_t i = random_below(c->r, c->w->n_object);
	struct rv_row_object row = { .object_type_id =
					 types[random_below(c->r, 10)] };

	if (c->w->n_object > 0 && random_chance(c->r, 30)) {
		change_drop_object(c, i);
		return;
	}
	if (c->w->n_object == 0 || random_chance(c->r, 40)) {
		bool known = false;

		row.key = random_chance(c->r, 80) ? change_name(c, "o")
						  : RV_SLICE_LIT("1");
		for (size_t k = 0; k < c->w->n_object; k++)
			known |= c->w->object[k].object_type_id ==
				     row.object_type_id &&
				 rv_slice_eq(c->w->object[k].key, row.key);
		if (known)
			return;
		row.own_type_id = random_own_type(c->r, row.object_type_id);
		world_add_object(c->w, row);
		DID(object(c->b, &row, &c->e));
	} else {
		row = c->w->object[i];
	}
	for (size_t n = random_below(c->r, 6); n > 0; n--)
		change_carried(c, &row);
}

static inline void
change_drop_resource(struct changes *c, size_t i)
{
	const uint32_t id = c->w->resource[i].resource_id;
	const bool late = random_chance(c->r, 50);

	if (!late)
		DID(remove_resource(c->b, id, &c->e));
	TAKE_OUT(member, x->resource_id == id)
	if (late)
		DID(remove_resource(c->b, id, &c->e));
	world_drop_resource(c->w, i);
}

static inline void
change_members(struct changes *c, const struct rv_row_resource *res)
{
	const struct rv_row_collection *of = PICK(c->w, c->r, collection);
	const struct rv_row_member row = { of->collection_id,
		res->resource_id };
	const size_t before = c->w->n_member;

	if (of->limiting_id.n == 0 ||
	    (of->kind == RV_KIND_DEVICE) != (res->type == RV_RESOURCE_DEVICE))
		return;
	TAKE_OUT(member, x->resource_id == row.resource_id &&
			     rv_slice_eq(x->collection_id, row.collection_id))
	if (c->w->n_member == before) {
		world_add_member(c->w, row);
		DID(member(c->b, &row, &c->e));
	}
}

static inline void
change_resources(struct changes *c)
{
	static const uint32_t near[] = { 0, UINT32_C(1) << 31, UINT32_MAX - 300,
		16777216 };
	struct rv_row_resource row = { 0, RV_RESOURCE_DEVICE };
	bool known = false;

	if (c->w->n_resource > 0 && random_chance(c->r, 60)) {
		const size_t i = random_below(c->r, c->w->n_resource);

		row = c->w->resource[i];
		if (random_chance(c->r, 20)) {
			change_drop_resource(c, i);
			return;
		}
	} else {
		row.resource_id = near[random_below(c->r, 4)] +
				  (uint32_t)random_below(c->r, 300);
		if (random_chance(c->r, 40))
			row.type = random_chance(c->r, 50) ? RV_RESOURCE_USER
							   : RV_RESOURCE_GROUP;
		for (size_t k = 0; k < c->w->n_resource; k++)
			known |=
			    c->w->resource[k].resource_id == row.resource_id;
		if (known)
			return;
		world_add_resource(c->w, row);
		DID(resource(c->b, &row, &c->e));
	}
	for (size_t n = random_below(c->r, 6); n > 0; n--)
		change_members(c, &row);
}

/* A type with operations, a class, a default instance. */
static inline void
change_add_type(struct changes *c)
{
	const uint32_t id = (uint32_t)random_next(c->r) | 0x40000000;
	const struct rv_row_type type = { id, change_name(c, "T"),
		change_name(c, "SMS_T"), RV_SECURED_BY_SCOPE };
	static const char *const names[] = { "Read", "Modify", "Act", "Read It",
		"Modify It" };
	const struct rv_row_operation_need need = { id, 2, 1 };
	const struct rv_row_default_instance d = { id, change_name(c, "d"), 3,
		4 };
	const struct rv_row_deploy deploy = { id, 16 };
	const struct rv_row_class_operation class = { change_name(c, "SMS_R_"),
		RV_SLICE_LIT("Read"), 0 };

	world_add_type(c->w, type);
	DID(type(c->b, &type, &c->e));
	for (uint8_t bit = 0; bit < 5; bit++) {
		const struct rv_row_operation o = { .object_type_id = id,
			.bit = bit,
			.name = rv_slice_of(names[bit]),
			.security = bit == 2,
			.minimum = change_level(c) };

		world_add_operation(c->w, o);
		DID(operation(c->b, &o, &c->e));
	}
	world_add_operation_need(c->w, need);
	DID(operation_need(c->b, &need, &c->e));
	world_add_default_instance(c->w, d);
	DID(default_instance(c->b, &d, &c->e));
	world_add_deploy(c->w, deploy);
	DID(deploy(c->b, &deploy, &c->e));
	world_add_class_operation(c->w, class);
	DID(class_operation(c->b, &class, &c->e));
}

static inline void
change_catalogue(struct changes *c)
{
	struct rv_row_operation *o = PICK(c->w, c->r, operation);

	if (random_chance(c->r, 50)) {
		change_add_type(c);
		return;
	}
	o->minimum = change_level(c);
	DID(change_operation(c->b, o, &c->e));
}

/* The row of the site, and n changes after it. */
static inline void
change_some(struct world *w, struct random *r, struct rv_builder *b, size_t n)
{
	static void (*const kinds[])(struct changes *) = {
		change_scopes,
		change_roles,
		change_collections,
		change_admins,
		change_principals,
		change_principals,
		change_exclusions,
		change_assignments,
		change_assignments,
		change_objects,
		change_objects,
		change_resources,
		change_resources,
	};
	struct changes changes = { .w = w, .r = r, .b = b };
	struct changes *c = &changes;

	w->site.revision += 1 + random_below(r, 3);
	if (random_chance(r, 10))
		w->site.minimum = (enum rv_level)random_below(r, 3);
	if (random_chance(r, 20)) {
		w->site.revert_at_ms = (int64_t)random_below(r, 40);
		w->site.revert_level = (enum rv_level)random_below(r, 4);
		w->site.max_auth_age_s = (uint32_t)random_below(r, 3) * 60;
	}
	w->site.pairing =
	    random_chance(r, 50) ? RV_PAIRING_ASSIGNMENT : RV_PAIRING_USER;
	DID(site(b, &w->site, &c->e));
	for (; n > 0; n--)
		if (random_chance(r, 4))
			change_catalogue(c);
		else
			kinds[random_below(r, sizeof(kinds) / sizeof(*kinds))](
			    c);
}

#endif
