#include "store/changes_rows.h"

#include <stdio.h>

/* ---- Columns --------------------------------------------------------------- */

#define TEXT(name)                         \
	{                                  \
		name, RV_CHANGE_TEXT, 0, 0 \
	}
#define TEXT_OR_NULL(name)                         \
	{                                          \
		name, RV_CHANGE_TEXT_OR_NULL, 0, 0 \
	}
#define TEXT_ONCE(name)                         \
	{                                       \
		name, RV_CHANGE_TEXT_ONCE, 0, 0 \
	}
#define BOOLEAN(name)                         \
	{                                     \
		name, RV_CHANGE_BOOLEAN, 0, 1 \
	}
#define IGNORED(name)                         \
	{                                     \
		name, RV_CHANGE_IGNORED, 0, 0 \
	}
#define ID32(name)                                     \
	{                                              \
		name, RV_CHANGE_INTEGER, 0, UINT32_MAX \
	}
#define ID64(name)                                    \
	{                                             \
		name, RV_CHANGE_INTEGER, 0, INT64_MAX \
	}
#define TYPE_ID                                                   \
	{                                                         \
		"object_type_id", RV_CHANGE_INTEGER, 0, INT32_MAX \
	}
#define OWN_TYPE_ID                                            \
	{                                                      \
		"own_type_id", RV_CHANGE_INTEGER, 0, INT32_MAX \
	}
#define BIT(name)                              \
	{                                      \
		name, RV_CHANGE_INTEGER, 0, 63 \
	}
#define LEVEL(name)                                        \
	{                                                  \
		name, RV_CHANGE_INTEGER, 1, RV_LEVEL_HELLO \
	}
#define INTEGER_OR_NULL(name, max)                      \
	{                                               \
		name, RV_CHANGE_INTEGER_OR_NULL, 1, max \
	}
#define RESOURCE_TYPE                                                  \
	{                                                              \
		"resource_type", RV_CHANGE_INTEGER, RV_RESOURCE_GROUP, \
		    RV_RESOURCE_DEVICE                                 \
	}

#define COLUMNS(table, ...)                                        \
	static const struct rv_change_column table##_columns[] = { \
		__VA_ARGS__, { NULL, RV_CHANGE_END, 0, 0 }         \
	}

COLUMNS(site_setting, LEVEL("minimum_level"), TEXT("deploy_pairing"),
    INTEGER_OR_NULL("revert_level", RV_LEVEL_HELLO),
    INTEGER_OR_NULL("revert_at_ms", INT64_MAX),
    INTEGER_OR_NULL("max_auth_age_s", INT32_MAX), IGNORED("singleton"),
    IGNORED("site_code"), IGNORED("site_name"));
COLUMNS(object_type, TYPE_ID, TEXT("sdk_name"), TEXT_OR_NULL("class_name"),
    TEXT("secured_by"));
COLUMNS(operation, TYPE_ID, BIT("bit"), TEXT("name"), BOOLEAN("is_type_wide"),
    BOOLEAN("is_security"));
COLUMNS(operation_need, TYPE_ID, BIT("bit"), BIT("needed_bit"));
COLUMNS(class_operation, TEXT("class_name"), TEXT("operation"), BIT("bit"),
    IGNORED("object_type_id"));
COLUMNS(default_instance, TYPE_ID, TEXT("object_key"), BIT("read_bit"),
    BIT("modify_bit"));
COLUMNS(deploy_operation, TYPE_ID, BIT("bit"), IGNORED("collection_type_id"));
/* The last three are those of the operation, see feed_poll.c. */
COLUMNS(operation_minimum, TYPE_ID, BIT("bit"), LEVEL("level"), TEXT("name"),
    BOOLEAN("is_type_wide"), BOOLEAN("is_security"));
COLUMNS(security_role, TEXT("role_id"), TEXT_ONCE("name"));
COLUMNS(role_operation, TEXT("role_id"), TYPE_ID, BIT("bit"));
COLUMNS(role_minimum, TEXT("role_id"), LEVEL("level"));
COLUMNS(security_scope, TEXT("scope_id"), IGNORED("name"));
COLUMNS(collection, TEXT("collection_id"), TEXT("kind"),
    TEXT_OR_NULL("limiting_id"), IGNORED("name"));
COLUMNS(administrative_user, ID32("admin_id"), BOOLEAN("is_group"),
    BOOLEAN("is_deleted"), BOOLEAN("is_orphaned"), TEXT("principal_id"),
    TEXT_OR_NULL("account_id"));
COLUMNS(administrative_principal, TEXT("principal_id"), ID32("admin_id"));
COLUMNS(exclusion_list, TEXT("principal_id"));
COLUMNS(assignment, ID64("assignment_id"), ID32("admin_id"), TEXT("role_id"));
COLUMNS(assignment_scope, ID64("assignment_id"), TEXT("scope_id"));
COLUMNS(assignment_collection, ID64("assignment_id"), TEXT("collection_id"));
/* The last but one is among the properties, see feed_poll.c. */
COLUMNS(
    secured_object, TYPE_ID, TEXT("object_key"), OWN_TYPE_ID, IGNORED("name"));
COLUMNS(object_scope, TYPE_ID, TEXT("object_key"), TEXT("scope_id"));
COLUMNS(resource, ID32("resource_id"), RESOURCE_TYPE, IGNORED("kind"),
    IGNORED("name"));
COLUMNS(collection_member, TEXT("collection_id"), ID32("resource_id"),
    IGNORED("kind"));

/* ---- Words ----------------------------------------------------------------- */

/* The place of a word among those known, or -1. */
static int
place_of(struct rv_slice word, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (rv_slice_eq_cstr(word, words[i]))
			return i;
	return -1;
}

static int
unknown_word(struct rv_slice word, const char *column, struct rv_error *e)
{
	rv_error_set(e, "%s is \"%.*s\", which is not known", column,
	    RV_SLICE_FMT(word));
	return RV_ERR_INVALID;
}

static int
kind_of(struct rv_slice word, enum rv_collection_kind *ret, struct rv_error *e)
{
	static const char *const words[] = {
		[RV_KIND_DEVICE] = "device",
		[RV_KIND_USER] = "user",
	};
	int at = place_of(word, words, 2);

	if (at < 0)
		return unknown_word(word, "kind", e);
	*ret = (enum rv_collection_kind)at;
	return RV_OK;
}

static int
secured_by_of(struct rv_slice word, enum rv_secured_by *ret, struct rv_error *e)
{
	static const char *const words[] = {
		[RV_SECURED_BY_ROLE] = "role",
		[RV_SECURED_BY_SCOPE] = "scope",
		[RV_SECURED_BY_COLLECTION] = "collection",
		[RV_SECURED_BY_DERIVED] = "derived",
	};
	int at = place_of(word, words, 4);

	if (at < 0)
		return unknown_word(word, "secured_by", e);
	*ret = (enum rv_secured_by)at;
	return RV_OK;
}

/* ---- Rows ------------------------------------------------------------------ */

#define NUMBER(type, i) ((type)r->v[i].n)
#define WORD(i)		(r->v[i].text)

/* A function of an entity whose row the builder takes as it is. */
#define PLAIN(verb, what, ...)                                    \
	static int verb##_##what(struct rv_builder *b,            \
	    const struct rv_change_row *r, struct rv_error *e)    \
	{                                                         \
		const struct rv_row_##what row = { __VA_ARGS__ }; \
                                                                  \
		return rv_builder_##verb##_##what(b, &row, e);    \
	}
/* The builder's functions for new rows have no verb in their names. */
#define rv_builder_add_operation	     rv_builder_operation
#define rv_builder_add_operation_need	     rv_builder_operation_need
#define rv_builder_add_class_operation	     rv_builder_class_operation
#define rv_builder_add_default_instance	     rv_builder_default_instance
#define rv_builder_add_deploy		     rv_builder_deploy
#define rv_builder_add_role_operation	     rv_builder_role_operation
#define rv_builder_add_principal	     rv_builder_principal
#define rv_builder_add_exclusion	     rv_builder_exclusion
#define rv_builder_add_assignment	     rv_builder_assignment
#define rv_builder_add_assignment_scope	     rv_builder_assignment_scope
#define rv_builder_add_assignment_collection rv_builder_assignment_collection
#define rv_builder_add_object		     rv_builder_object
#define rv_builder_add_object_scope	     rv_builder_object_scope
#define rv_builder_add_resource		     rv_builder_resource
#define rv_builder_add_member		     rv_builder_member

#define TYPE_AND_BIT NUMBER(uint32_t, 0), NUMBER(uint8_t, 1)

PLAIN(add, operation, TYPE_AND_BIT, WORD(2), r->v[3].n != 0, r->v[4].n != 0,
    RV_LEVEL_NONE)
PLAIN(add, operation_need, TYPE_AND_BIT, NUMBER(uint8_t, 2))
PLAIN(add, class_operation, WORD(0), WORD(1), NUMBER(uint8_t, 2))
PLAIN(add, default_instance, NUMBER(uint32_t, 0), WORD(1), NUMBER(uint8_t, 2),
    NUMBER(uint8_t, 3))
PLAIN(add, deploy, TYPE_AND_BIT)
PLAIN(add, role_operation, WORD(0), NUMBER(uint32_t, 1), NUMBER(uint8_t, 2))
PLAIN(remove, role_operation, WORD(0), NUMBER(uint32_t, 1), NUMBER(uint8_t, 2))
PLAIN(add, principal, WORD(0), NUMBER(uint32_t, 1))
PLAIN(change, principal, WORD(0), NUMBER(uint32_t, 1))
PLAIN(add, exclusion, WORD(0))
#define ASSIGNMENT                                                     \
	NUMBER(uint64_t, 0), NUMBER(uint32_t, 1), WORD(2), r->from_ms, \
	    r->until_ms
PLAIN(add, assignment, ASSIGNMENT)
PLAIN(change, assignment, ASSIGNMENT)
PLAIN(add, assignment_scope, NUMBER(uint64_t, 0), WORD(1))
PLAIN(remove, assignment_scope, NUMBER(uint64_t, 0), WORD(1))
PLAIN(add, assignment_collection, NUMBER(uint64_t, 0), WORD(1))
PLAIN(remove, assignment_collection, NUMBER(uint64_t, 0), WORD(1))
PLAIN(add, object, NUMBER(uint32_t, 0), WORD(1), NUMBER(uint32_t, 2))
PLAIN(remove, object, NUMBER(uint32_t, 0), WORD(1), NUMBER(uint32_t, 2))
PLAIN(add, object_scope, NUMBER(uint32_t, 0), WORD(1), WORD(2))
PLAIN(remove, object_scope, NUMBER(uint32_t, 0), WORD(1), WORD(2))
PLAIN(add, resource, NUMBER(uint32_t, 0), NUMBER(enum rv_resource_type, 1))
PLAIN(add, member, WORD(0), NUMBER(uint32_t, 1))
PLAIN(remove, member, WORD(0), NUMBER(uint32_t, 1))

static int
add_type(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	struct rv_row_type row = {
		.object_type_id = NUMBER(uint32_t, 0),
		.sdk_name = WORD(1),
		.class_name = WORD(2),
	};
	int failed = secured_by_of(WORD(3), &row.secured_by, e);

	return failed != RV_OK ? failed : rv_builder_type(b, &row, e);
}

static int
set_operation_minimum(struct rv_builder *b, const struct rv_change_row *r,
    enum rv_level minimum, struct rv_error *e)
{
	const struct rv_row_operation row = {
		.object_type_id = NUMBER(uint32_t, 0),
		.bit = NUMBER(uint8_t, 1),
		.name = WORD(3),
		.type_wide = r->v[4].n != 0,
		.security = r->v[5].n != 0,
		.minimum = minimum,
	};

	return rv_builder_change_operation(b, &row, e);
}

static int
add_operation_minimum(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return set_operation_minimum(b, r, NUMBER(enum rv_level, 2), e);
}

static int
remove_operation_minimum(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return set_operation_minimum(b, r, RV_LEVEL_NONE, e);
}

static int
set_role_minimum(struct rv_builder *b, const struct rv_change_row *r,
    enum rv_level minimum, struct rv_error *e)
{
	const struct rv_row_role row = {
		.role_id = WORD(0),
		.minimum = minimum,
	};

	return rv_builder_change_role(b, &row, e);
}

static int
add_role_minimum(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return set_role_minimum(b, r, NUMBER(enum rv_level, 1), e);
}

static int
remove_role_minimum(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return set_role_minimum(b, r, RV_LEVEL_NONE, e);
}

/*
 * Roles, administrative users and scopes are objects too, of these types
 * (reeve.feed_object).
 */
enum {
	TYPE_ROLE = 27,
	TYPE_ADMIN = 28,
	TYPE_SCOPE = 29,
};

static int
add_as_object(struct rv_builder *b, uint32_t type, struct rv_slice key,
    struct rv_error *e)
{
	const struct rv_row_object row = { type, key, 0 };

	return rv_builder_object(b, &row, e);
}

static int
remove_as_object(struct rv_builder *b, uint32_t type, struct rv_slice key,
    struct rv_error *e)
{
	const struct rv_row_object row = { type, key, 0 };

	return rv_builder_remove_object(b, &row, e);
}

static int
add_role(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	const struct rv_row_role row = { WORD(0), WORD(1), RV_LEVEL_NONE };
	int failed = rv_builder_role(b, &row, e);

	return failed != RV_OK ? failed
			       : add_as_object(b, TYPE_ROLE, WORD(0), e);
}

static int
remove_role(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	int failed = remove_as_object(b, TYPE_ROLE, WORD(0), e);

	return failed != RV_OK ? failed : rv_builder_remove_role(b, WORD(0), e);
}

static int
add_scope(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	const struct rv_row_scope row = { WORD(0) };
	int failed = rv_builder_scope(b, &row, e);

	return failed != RV_OK ? failed
			       : add_as_object(b, TYPE_SCOPE, WORD(0), e);
}

static int
remove_scope(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	int failed = remove_as_object(b, TYPE_SCOPE, WORD(0), e);

	return failed != RV_OK ? failed
			       : rv_builder_remove_scope(b, WORD(0), e);
}

static int
collection_row(const struct rv_change_row *r, struct rv_row_collection *ret,
    struct rv_error *e)
{
	ret->collection_id = WORD(0);
	ret->limiting_id = WORD(2);
	return kind_of(WORD(1), &ret->kind, e);
}

static int
add_collection(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	struct rv_row_collection row;
	int failed = collection_row(r, &row, e);

	return failed != RV_OK ? failed : rv_builder_collection(b, &row, e);
}

static int
change_collection(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	struct rv_row_collection row;
	int failed = collection_row(r, &row, e);

	return failed != RV_OK ? failed
			       : rv_builder_change_collection(b, &row, e);
}

static int
remove_collection(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return rv_builder_remove_collection(b, WORD(0), e);
}

/* The key of an administrative user as an object. */
struct admin_key {
	char text[16];
};

static struct rv_slice
admin_key(const struct rv_change_row *r, struct admin_key *room)
{
	(void)snprintf(
	    room->text, sizeof(room->text), "%u", NUMBER(uint32_t, 0));
	return rv_slice_of(room->text);
}

static struct rv_row_admin
admin_row(const struct rv_change_row *r)
{
	return (struct rv_row_admin){
		.admin_id = NUMBER(uint32_t, 0),
		.is_group = r->v[1].n != 0,
		.out = r->v[2].n != 0 || r->v[3].n != 0,
		.principal_id = WORD(4),
		.account_id = WORD(5),
	};
}

static int
add_admin(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	const struct rv_row_admin row = admin_row(r);
	struct admin_key room = { "" };
	int failed = rv_builder_admin(b, &row, e);

	return failed != RV_OK
		   ? failed
		   : add_as_object(b, TYPE_ADMIN, admin_key(r, &room), e);
}

static int
change_admin(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	const struct rv_row_admin row = admin_row(r);

	return rv_builder_change_admin(b, &row, e);
}

static int
remove_admin(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	struct admin_key room = { "" };
	int failed = remove_as_object(b, TYPE_ADMIN, admin_key(r, &room), e);

	return failed != RV_OK
		   ? failed
		   : rv_builder_remove_admin(b, NUMBER(uint32_t, 0), e);
}

static int
remove_principal(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return rv_builder_remove_principal(b, WORD(0), e);
}

static int
remove_exclusion(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return rv_builder_remove_exclusion(b, WORD(0), e);
}

static int
remove_assignment(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return rv_builder_remove_assignment(b, NUMBER(uint64_t, 0), e);
}

static int
remove_resource(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	return rv_builder_remove_resource(b, NUMBER(uint32_t, 0), e);
}

/* They are in the row of the site, the builder's first. */
static int
change_settings(
    struct rv_builder *b, const struct rv_change_row *r, struct rv_error *e)
{
	(void)b;
	(void)r;
	(void)e;
	return RV_OK;
}

/* ---- Entities -------------------------------------------------------------- */

#define NO_EFFECT(table)                            \
	{                                           \
		table, true, NULL, NULL, NULL, NULL \
	}
#define ENTITY(table, add, change, remove)                          \
	{                                                           \
#table, false, table##_columns, add, change, remove \
	}

const struct rv_change_entity rv_change_entities[] = {
	ENTITY(site_setting, NULL, change_settings, NULL),
	ENTITY(object_type, add_type, NULL, NULL),
	ENTITY(operation, add_operation, NULL, NULL),
	ENTITY(operation_need, add_operation_need, NULL, NULL),
	ENTITY(class_operation, add_class_operation, NULL, NULL),
	ENTITY(default_instance, add_default_instance, NULL, NULL),
	ENTITY(deploy_operation, add_deploy, NULL, NULL),
	ENTITY(operation_minimum, add_operation_minimum, add_operation_minimum,
	    remove_operation_minimum),
	ENTITY(security_role, add_role, NULL, remove_role),
	ENTITY(role_operation, add_role_operation, NULL, remove_role_operation),
	ENTITY(role_minimum, add_role_minimum, add_role_minimum,
	    remove_role_minimum),
	ENTITY(security_scope, add_scope, NULL, remove_scope),
	ENTITY(
	    collection, add_collection, change_collection, remove_collection),
	ENTITY(administrative_user, add_admin, change_admin, remove_admin),
	ENTITY(administrative_principal, add_principal, change_principal,
	    remove_principal),
	ENTITY(exclusion_list, add_exclusion, NULL, remove_exclusion),
	ENTITY(
	    assignment, add_assignment, change_assignment, remove_assignment),
	ENTITY(assignment_scope, add_assignment_scope, NULL,
	    remove_assignment_scope),
	ENTITY(assignment_collection, add_assignment_collection, NULL,
	    remove_assignment_collection),
	ENTITY(secured_object, add_object, NULL, remove_object),
	ENTITY(object_scope, add_object_scope, NULL, remove_object_scope),
	ENTITY(resource, add_resource, NULL, remove_resource),
	ENTITY(collection_member, add_member, NULL, remove_member),

	/* The stored membership counts, not how it came about. */
	NO_EFFECT("collection_rule"),
	NO_EFFECT("role_unknown_bits"),
	NO_EFFECT("class_property"),
	NO_EFFECT("audit_message"),
	/* Who registered what; the types themselves are above. */
	NO_EFFECT("application_type"),
	NO_EFFECT("application_operation"),
	NO_EFFECT("audit_only"),
	NO_EFFECT("approval"),
	NO_EFFECT("approval_setting"),
	/* No part of the rule; deployments are judged by what they join. */
	NO_EFFECT("deployment"),
	NO_EFFECT("reporting_login"),
};
const size_t rv_change_n_entities =
    sizeof(rv_change_entities) / sizeof(rv_change_entities[0]);
