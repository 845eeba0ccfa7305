/*
 * Random sites and questions, the same for the same seed.  Sizes are those
 * at which tables, words of bits and lists turn over; questions lean towards
 * what is just allowed or just not.  For test programs only.
 */
#ifndef TESTS_UNIT_RBAC_RANDOM_WORLD_H
#define TESTS_UNIT_RBAC_RANDOM_WORLD_H

#include "random.h"
#include "world.h"

static inline size_t
random_size(struct random *r)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 5, 8, 63, 64, 65 };

	return sizes[random_below(r, sizeof(sizes) / sizeof(*sizes))];
}

#define PICK(w, r, table) (&(w)->table[random_below(r, (w)->n_##table)])

/* The catalogue: one type of each way of securing, and each exception. */
static inline void
random_operations(struct world *w, struct random *r, uint32_t type,
    const char *const *names, const uint8_t *bits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		world_add_operation(w,
		    (struct rv_row_operation){ .object_type_id = type,
			.bit = bits[i],
			.name = rv_slice_of(names[i]),
			.type_wide = strcmp(names[i], "Create") == 0,
			.security = strcmp(names[i], "Grant") == 0,
			.minimum = random_chance(r, 85)
				       ? RV_LEVEL_NONE
				       : (enum rv_level)random_below(r, 4) });
}

static inline void
random_catalogue(struct world *w, struct random *r)
{
	static const struct {
		uint32_t id;
		const char *sdk, *class;
		enum rv_secured_by by;
	} types[] = {
		{ 1, "Collection", "SMS_Collection", RV_SECURED_BY_COLLECTION },
		{ 26, "SoftwareTitles", NULL, RV_SECURED_BY_ROLE },
		{ 27, "SecurityRoles", "SMS_Role", RV_SECURED_BY_ROLE },
		{ 28, "Users", "SMS_Admin", RV_SECURED_BY_ROLE },
		{ 29, "SecurityScopes", "SMS_SecuredCategory",
		    RV_SECURED_BY_ROLE },
		{ 31, "Application", "SMS_Application", RV_SECURED_BY_SCOPE },
		{ 6, "Site", "SMS_Site", RV_SECURED_BY_SCOPE },
		{ 38, "ClientSettings", "SMS_ClientSettings",
		    RV_SECURED_BY_SCOPE },
		{ 43, "PointGroup", "SMS_DistributionPointGroup",
		    RV_SECURED_BY_SCOPE },
		{ 226, "Folder", "SMS_ObjectContainerNode",
		    RV_SECURED_BY_SCOPE },
		{ 200, "CIAssignment", "SMS_CIAssignment",
		    RV_SECURED_BY_DERIVED },
		{ 11, "ConfigurationItem", "SMS_ConfigurationItem",
		    RV_SECURED_BY_SCOPE },
		{ 48, "ConfigurationPolicy", "SMS_ConfigurationPolicy",
		    RV_SECURED_BY_SCOPE },
		{ 52, "UserState", NULL, RV_SECURED_BY_ROLE },
		{ 57, "WirelessProfile", NULL, RV_SECURED_BY_ROLE },
		{ 59, "RemoteConnection", NULL, RV_SECURED_BY_ROLE },
	};
	static const char *const usual[] = { "Read", "Modify", "Delete",
		"Create", "Act", "Grant", "Last" };
	static const uint8_t usual_bits[] = { 0, 1, 2, 10, 31, 32, 63 };
	static const char *const titles[] = { "Modify", "Manage",
		"View Asset Intelligence" };
	static const uint8_t titles_bits[] = { 1, 26, 27 };
	static const char *const defaults[] = { "Read Default",
		"Modify Default" };
	static const uint8_t defaults_bits[] = { 18, 21 };
	static const char *const on_collections[] = { "Modify Resource",
		"Read Resource", "Deploy Client Settings",
		"Deploy Applications" };
	static const uint8_t on_collections_bits[] = { 7, 12, 16, 20 };
	static const char *const on_content[] = { "Move Object",
		"Modify Folder" };
	static const uint8_t on_content_bits[] = { 13, 17 };
	static const char *const import = "Import Computer Entry";
	static const char *const copy = "Copy to Distribution Point";
	static const char *const author = "Author Policy";
	static const uint8_t import_bit = 19, copy_bit = 3, author_bit = 20;

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		world_add_type(
		    w, (struct rv_row_type){ types[i].id,
			   rv_slice_of(types[i].sdk),
			   rv_slice_of(types[i].class), types[i].by });
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (types[i].id == 26)
			random_operations(w, r, 26, titles, titles_bits, 3);
		else if (types[i].id > 48 && types[i].id < 60)
			random_operations(
			    w, r, types[i].id, usual, usual_bits, 1);
		else if (types[i].id == 11 || types[i].id == 48)
			random_operations(
			    w, r, types[i].id, usual, usual_bits, 4);
		else
			random_operations(
			    w, r, types[i].id, usual, usual_bits, 7);
	}
	random_operations(w, r, 38, defaults, defaults_bits, 2);
	random_operations(w, r, 1, on_collections, on_collections_bits, 4);
	random_operations(w, r, 31, on_content, on_content_bits, 2);
	random_operations(w, r, 6, &import, &import_bit, 1);
	random_operations(w, r, 43, &copy, &copy_bit, 1);
	random_operations(w, r, 52, &author, &author_bit, 1);
	random_operations(w, r, 57, &author, &author_bit, 1);
	world_add_deploy(w, (struct rv_row_deploy){ 31, 20 });
	world_add_deploy(w, (struct rv_row_deploy){ 38, 16 });
	world_add_operation_need(
	    w, (struct rv_row_operation_need){ 26, 1, 27 });
	world_add_operation_need(
	    w, (struct rv_row_operation_need){ 26, 26, 27 });
	world_add_operation_need(
	    w, (struct rv_row_operation_need){ 31, 63, 31 });
	world_add_default_instance(w,
	    (struct rv_row_default_instance){ 38, RV_SLICE_LIT("1"), 18, 21 });
}

static inline void
random_classes(struct world *w)
{
	static const struct {
		const char *class, *operation;
		uint8_t bit;
	} rows[] = {
		{ "SMS_R_System", "Read", 0 },
		{ "SMS_R_System", "Act", 31 },
		{ "SMS_R_System", "Delete", 63 },
		{ "SMS_R_System", "Modify", 7 },
		{ "SMS_R_User", "Read", 0 },
		{ "SMS_R_UserGroup", "Read", 0 },
		{ "SMS_R_UserGroup", "Act", 31 },
		{ "SMS_G_System_*", "Read", 31 },
		{ "SMS_G_System_X*", "Read", 63 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		world_add_class_operation(w,
		    (struct rv_row_class_operation){ rv_slice_of(rows[i].class),
			rv_slice_of(rows[i].operation), rows[i].bit });
}

static inline void
random_roles(struct world *w, struct random *r)
{
	size_t n = 1 + random_size(r) % 12;

	for (size_t i = 0; i < n; i++) {
		unsigned percent = (unsigned)random_below(r, 90) + 10;
		struct rv_slice id = world_name(w, "ROLE%zu", i);

		world_add_role(
		    w, (struct rv_row_role){ id, id,
			   random_chance(r, 70)
			       ? RV_LEVEL_NONE
			       : (enum rv_level)random_below(r, 4) });
		for (size_t k = 0; k < w->n_operation; k++)
			if (random_chance(r, percent))
				world_add_role_operation(
				    w, (struct rv_row_role_operation){ id,
					   w->operation[k].object_type_id,
					   w->operation[k].bit });
	}
}

/* Scopes and collections share their ids on purpose. */
static inline void
random_categories(struct world *w, struct random *r)
{
	size_t n = random_size(r);

	world_add_scope(w, (struct rv_row_scope){ RV_SLICE_LIT("SMS00ALL") });
	for (size_t i = 0; i < n; i++)
		world_add_scope(
		    w, (struct rv_row_scope){ world_name(w, "ID%zu", i) });
	world_add_collection(
	    w, (struct rv_row_collection){
		   RV_SLICE_LIT("SMS00001"), RV_KIND_DEVICE, RV_SLICE_NONE });
	world_add_collection(
	    w, (struct rv_row_collection){
		   RV_SLICE_LIT("SMS00004"), RV_KIND_USER, RV_SLICE_NONE });
	n = random_size(r);
	for (size_t i = 0; i < n; i++) {
		/* Chains as well as broad trees. */
		size_t up = random_chance(r, 50)
				? w->n_collection - 1
				: random_below(r, w->n_collection);

		world_add_collection(
		    w, (struct rv_row_collection){ world_name(w, "ID%zu", i),
			   w->collection[up].kind,
			   w->collection[up].collection_id });
	}
}

static inline void
random_assignment(
    struct world *w, struct random *r, uint64_t id, uint32_t admin_id)
{
	struct rv_row_assignment a = { .assignment_id = id,
		.admin_id = admin_id,
		/* There is one. NOLINTNEXTLINE(clang-analyzer-core.*) */
		.role_id = PICK(w, r, role)->role_id,
		.from_ms = INT64_MIN,
		.until_ms = INT64_MAX };
	size_t scopes = random_below(r, 4), collections = random_below(r, 4);

	if (random_chance(r, 25))
		a.from_ms = (int64_t)random_below(r, 20);
	if (random_chance(r, 25))
		a.until_ms = (int64_t)random_below(r, 20) + 20;
	world_add_assignment(w, a);
	for (size_t i = 0; i < scopes; i++)
		world_add_assignment_scope(
		    w, (struct rv_row_assignment_scope){
			   id, PICK(w, r, scope)->scope_id });
	for (size_t i = 0; i < collections; i++)
		world_add_assignment_collection(
		    w, (struct rv_row_assignment_collection){
			   id, PICK(w, r, collection)->collection_id });
}

static inline void
random_subjects(struct world *w, struct random *r)
{
	size_t n = 1 + random_below(r, 6);
	uint64_t id = 1000;

	for (size_t i = 0; i < n; i++) {
		const bool group = random_chance(r, 40);
		size_t assignments =
		    random_chance(r, 10) ? random_size(r) : random_below(r, 4);

		world_add_admin(
		    w, (struct rv_row_admin){ .admin_id = (uint32_t)(100 - i),
			   .is_group = group,
			   .out = random_chance(r, 10),
			   .principal_id = world_name(
			       w, "%s:%zu", group ? "group" : "krb5", i) });
		for (; assignments > 0; assignments--) {
			/* Neither in order nor without gaps. */
			id += 1 + random_below(r, 5);
			random_assignment(
			    w, r, id ^ 0x155, (uint32_t)(100 - i));
		}
	}
}

/* Further principals, of users that are out too, and the exclusion list. */
static inline void
random_principals(struct world *w, struct random *r)
{
	const size_t n = w->n_admin;

	for (size_t i = 0; i < n; i++)
		for (size_t k = random_below(r, 3);
		     !w->admin[i].is_group && k > 0; k--)
			world_add_principal(
			    w, (struct rv_row_principal){
				   world_name(w, "cert:%zu:%zu", i, k),
				   w->admin[i].admin_id });
	for (size_t i = 0; i < n; i++)
		if (random_chance(r, 20))
			world_add_exclusion(w, (struct rv_row_exclusion){
						   w->admin[i].principal_id });
	for (size_t i = 0; i < w->n_principal; i++)
		if (random_chance(r, 10))
			world_add_exclusion(
			    w, (struct rv_row_exclusion){
				   w->principal[i].principal_id });
	if (random_chance(r, 30)) {
		w->site.revert_at_ms = 1 + (int64_t)random_below(r, 40);
		w->site.revert_level = (enum rv_level)(1 + random_below(r, 3));
	}
	w->site.minimum = (enum rv_level)(1 + random_below(r, 3));
	w->site.max_auth_age_s = (uint32_t)random_below(r, 3) * 600;
}

/* Of 59 and 56 the catalogue has not what is asked for. */
static inline uint32_t
random_own_type(struct random *r, uint32_t type)
{
	static const uint32_t of_items[] = { 0, 52, 52, 52, 59 };
	static const uint32_t of_policies[] = { 0, 56, 57, 57, 57 };
	const size_t i = random_below(r, 5);

	return type == 11 ? of_items[i] : type == 48 ? of_policies[i] : 0;
}

static inline void
random_objects(struct world *w, struct random *r)
{
	static const uint32_t types[] = { 26, 31, 31, 31, 38, 200, 6, 43, 226,
		226, 11, 11, 48 };
	size_t n = random_size(r);

	for (size_t i = 0; i < n; i++) {
		uint32_t type = types[random_below(r, 13)];
		size_t scopes = random_below(r, 4);
		/* Keys repeat between types. */
		struct rv_slice key = world_name(w, "o%zu", i / 2 * 2 + i % 2);

		world_add_object(w, (struct rv_row_object){
					type, key, random_own_type(r, type) });
		for (;
		     type != 26 && type != 200 && w->n_scope > 1 && scopes > 0;
		     scopes--)
			world_add_object_scope(
			    w, (struct rv_row_object_scope){ type, key,
				   w->scope[1 + random_below(r, w->n_scope - 1)]
				       .scope_id });
	}
}

static inline void
random_resources(struct world *w, struct random *r)
{
	size_t n = random_size(r);

	for (size_t i = 0; i < n; i++) {
		static const enum rv_resource_type types[] = {
			RV_RESOURCE_DEVICE, RV_RESOURCE_DEVICE,
			RV_RESOURCE_USER, RV_RESOURCE_GROUP
		};
		struct rv_row_resource res = { (uint32_t)(16777216 + i * 7),
			types[random_below(r, 4)] };
		size_t members = random_below(r, 5);

		world_add_resource(w, res);
		for (; members > 0; members--) {
			const struct rv_row_collection *c =
			    PICK(w, r, collection);

			if (c->limiting_id.p != NULL &&
			    (c->kind == RV_KIND_DEVICE) ==
				(res.type == RV_RESOURCE_DEVICE))
				world_add_member(
				    w, (struct rv_row_member){
					   c->collection_id, res.resource_id });
		}
	}
}

static inline void
random_world(struct world *w, struct random *r)
{
	world_init(w);
	random_catalogue(w, r);
	random_classes(w);
	random_roles(w, r);
	random_categories(w, r);
	random_subjects(w, r);
	random_principals(w, r);
	random_objects(w, r);
	random_resources(w, r);
}

/* Behind the own ids mostly a group's, but not always. */
static inline struct rv_slice
random_id(struct world *w, struct random *r, bool own)
{
	const struct rv_row_admin *admin = PICK(w, r, admin);

	if (random_chance(r, 5))
		return RV_SLICE_LIT("krb5:nobody@LAB.TEST");
	if (w->n_principal > 0 && random_chance(r, own ? 25 : 8))
		return PICK(w, r, principal)->principal_id;
	for (int tries = 0; !own && !admin->is_group && tries < 4; tries++)
		admin = PICK(w, r, admin);
	return admin->principal_id;
}

/* A subject of up to five ids, one of which may be nobody's. */
struct random_subject {
	struct rv_subject u;
	struct rv_slice ids[5];
};

static inline void
random_subject(struct world *w, struct random *r, struct random_subject *s)
{
	s->u = (struct rv_subject){ .ids = s->ids,
		.n_ids = 1 + random_below(r, 4),
		.groups_known = random_chance(r, 90),
		.delegated = random_chance(r, 7),
		.level = random_chance(r, 75)
			     ? RV_LEVEL_HELLO
			     : (enum rv_level)random_below(r, 5) };
	s->u.n_own = random_below(r, s->u.n_ids) + 1;
	for (size_t i = 0; i < s->u.n_ids; i++)
		s->ids[i] = random_id(w, r, i < s->u.n_own);
}

/* A type-1 operation by name for a class, and the class itself. */
static inline struct rv_question
random_resource_question(struct world *w, struct random *r)
{
	static const char *const classes[] = { "SMS_R_System", "SMS_R_User",
		"SMS_R_UserGroup", "SMS_G_System_DISK", "SMS_G_System_XRAY" };
	static const char *const operations[] = { "Read", "Read", "Read", "Act",
		"Delete", "Modify" };
	struct rv_question q = { .type =
				     rv_slice_of(classes[random_below(r, 5)]),
		.operation = rv_slice_of(operations[random_below(r, 6)]) };
	const struct rv_row_resource *res;

	if (w->n_resource == 0)
		return q;
	res = PICK(w, r, resource);
	q.key = world_name(w, "%u", res->resource_id);
	if (random_chance(r, 85)) /* the class that fits */
		q.type =
		    rv_slice_of(res->type == RV_RESOURCE_DEVICE
				    ? classes[random_chance(r, 70) ? 0 : 3]
				: res->type == RV_RESOURCE_USER ? classes[1]
								: classes[2]);
	return q;
}

static inline struct rv_slice
random_key(struct world *w, struct random *r, uint32_t type)
{
	const struct rv_row_object *o;

	switch (type) {
	case 1:
		return PICK(w, r, collection)->collection_id;
	case 27:
		return PICK(w, r, role)->role_id;
	case 28:
		return world_name(w, "%u", PICK(w, r, admin)->admin_id);
	case 29:
		return PICK(w, r, scope)->scope_id;
	default:
		break;
	}
	if ((type == 38 && random_chance(r, 40)) || w->n_object == 0)
		return RV_SLICE_LIT("1");
	for (int tries = 0; tries < 24; tries++) {
		o = PICK(w, r, object);
		if (o->object_type_id == type)
			return o->key;
	}
	return PICK(w, r, object)->key;
}

static inline struct rv_question
random_question(struct world *w, struct random *r)
{
	const struct rv_row_operation *o = PICK(w, r, operation);
	struct rv_question q = { .want = RV_WANT_ALL };
	size_t name = random_below(r, 10);

	if (random_chance(r, 20))
		return random_resource_question(w, r);
	if (random_chance(r, 20))
		o = &w->operation[0]; /* Collection, Read */
	q.operation = random_chance(r, 97) ? o->name : RV_SLICE_LIT("Nothing");
	q.type = RV_SLICE_LIT("SMS_Nothing");
	for (size_t i = 0; i < w->n_type && name > 0; i++)
		if (w->type[i].object_type_id == o->object_type_id)
			q.type = name < 4 ? w->type[i].sdk_name
				 : name == 4
				     ? world_name(w, "%u", o->object_type_id)
				 : w->type[i].class_name.n > 0
				     ? w->type[i].class_name
				     : w->type[i].sdk_name;
	q.key = random_key(w, r, o->object_type_id);
	if (random_chance(r, o->type_wide ? 70 : 4))
		q.key = RV_SLICE_NONE;
	else if (random_chance(r, 4))
		q.key = RV_SLICE_LIT("no-such-thing");
	return q;
}

static inline bool
random_has_operation(
    const struct world *w, struct rv_slice role, uint32_t type, uint8_t bit)
{
	for (size_t i = 0; i < w->n_role_operation; i++)
		if (w->role_operation[i].object_type_id == type &&
		    w->role_operation[i].bit == bit &&
		    rv_slice_eq(w->role_operation[i].role_id, role))
			return true;
	return false;
}

static inline bool
random_has_scope(
    const struct world *w, uint64_t assignment, struct rv_slice scope)
{
	for (size_t i = 0; i < w->n_assignment_scope; i++)
		if (w->assignment_scope[i].assignment_id == assignment &&
		    rv_slice_eq(w->assignment_scope[i].scope_id, scope))
			return true;
	return false;
}

/*
 * Guides a subject and a question to an assignment: its user, an operation
 * of its role, an object that it may cover.
 */
static inline void
random_guided(struct world *w, struct random *r, struct random_subject *s,
    struct rv_question *q)
{
	const struct rv_row_assignment *a;
	const struct rv_row_operation *o;
	size_t start = random_below(r, w->n_operation);

	if (w->n_assignment == 0)
		return;
	a = PICK(w, r, assignment);
	for (size_t i = 0; i < w->n_admin; i++)
		if (w->admin[i].admin_id == a->admin_id)
			s->ids[0] = w->admin[i].principal_id;
	for (size_t i = 0; i < w->n_principal; i++)
		if (w->principal[i].admin_id == a->admin_id &&
		    random_chance(r, 30))
			s->ids[0] = w->principal[i].principal_id;
	for (size_t i = 0; i < w->n_operation; i++) {
		o = &w->operation[(start + i) % w->n_operation];
		if (!random_has_operation(
			w, a->role_id, o->object_type_id, o->bit))
			continue;
		/* Without Read there is nothing but what is type-wide. */
		if (!random_has_operation(
			w, a->role_id, o->object_type_id, 0) &&
		    random_chance(r, 90))
			continue;
		q->operation = o->name;
		q->type = world_name(w, "%u", o->object_type_id);
		q->key = o->type_wide ? RV_SLICE_NONE
				      : random_key(w, r, o->object_type_id);
		break;
	}
	for (size_t i = 0; i < w->n_object_scope; i++) {
		const struct rv_row_object_scope *os = PICK(w, r, object_scope);

		/* It is set above. NOLINTNEXTLINE(clang-analyzer-core.*) */
		if (rv_slice_eq(
			q->type, world_name(w, "%u", os->object_type_id)) &&
		    (random_chance(r, 30) ||
			random_has_scope(w, a->assignment_id, os->scope_id)))
			q->key = os->key;
	}
}

#endif
