/*
 * SMS_Role: made, copied, changed, deleted.  What a caller may do, and what
 * a change may give to whom, is decided in the store (docs/rule.md sections
 * 6 and 7).
 */
#include "rest/roles.h"

#include <string.h>

#include "rest/body.h"
#include "rest/write_args.h"

#define CLASS	"SMS_Role"
#define KEY_MAX 64u

/* What a script that reads, changes and writes back sends along. */
#define READ_ONLY                                    \
	{ "IsBuiltIn", NULL, JSON_NULL },            \
	    { "IsSecAdminRole", NULL, JSON_NULL },   \
	    { "NumberOfAdmins", NULL, JSON_NULL },   \
	    { "CreatedBy", NULL, JSON_NULL },        \
	    { "CreatedDate", NULL, JSON_NULL },      \
	    { "LastModifiedBy", NULL, JSON_NULL },   \
	    { "LastModifiedDate", NULL, JSON_NULL }, \
	    { "SourceSite", NULL, JSON_NULL },       \
	{                                            \
		"__LAZYPROPERTIES", NULL, JSON_NULL  \
	}

const char *
rv_roles_key(struct rv_exchange *x)
{
	const struct rv_slice raw = x->params.key;

	if (raw.n > 2 && raw.n <= KEY_MAX && raw.p[0] == '\'' &&
	    raw.p[raw.n - 1] == '\'' &&
	    memchr(raw.p + 1, '\'', raw.n - 2) == NULL) {
		const char *key = rv_arena_dup(
		    x->arena, (struct rv_slice){ raw.p + 1, raw.n - 2 });

		if (key == NULL)
			rv_answer_json(x, 200, NULL);
		x->record.object_id = rv_slice_of(key);
		return key;
	}
	rv_answer_error(x, 400, "bad_key",
	    "The key in the path is a text in single quotes, such as "
	    "('SMS0001R').");
	return NULL;
}

static void
begin(struct rv_exchange *x, const char *action)
{
	x->record.action = rv_slice_of(action);
	x->record.object_type = RV_SLICE_LIT(CLASS);
}

/* Ends an exchange that has been answered, or has no memory. */
static void
give_up(struct rv_exchange *x, json_t *args)
{
	json_decref(args);
	rv_write_change(x, NULL, NULL, NULL, NULL);
}

/* ---- Operations ------------------------------------------------------------------- */

static bool
is_mask(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0 &&
	       json_integer_value(value) <= UINT32_MAX;
}

/* One SMS_ARoleOperation as the store takes it; NULL: answered. */
static json_t *
wish_of(struct rv_exchange *x, const json_t *one)
{
	static const char *const known[] = { "ObjectTypeID",
		"GrantedOperations", "ReeveOperations",
		"ReeveUnknownOperations" };
	const json_t *type = json_object_get(one, known[0]);
	json_t *mask = json_object_get(one, known[1]);
	json_t *names = json_object_get(one, known[2]);
	json_t *wish;
	size_t n = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		n += json_object_get(one, known[i]) != NULL;
	if (json_object_size(one) != n || !json_is_integer(type) ||
	    (mask != NULL && !is_mask(mask)) ||
	    (names != NULL && !json_is_array(names))) {
		rv_body_bad(x, "Operations",
		    "must hold objects with ObjectTypeID (number), "
		    "GrantedOperations (32 bits) and perhaps ReeveOperations "
		    "(names)");
		return NULL;
	}
	wish = json_pack("{s:I, s:O?, s:O?}", "type", json_integer_value(type),
	    "mask", mask, "names", names);
	if (wish == NULL)
		rv_answer_json(x, 200, NULL);
	return wish;
}

/* Replaces SMS_ARoleOperation[] by what the store takes; false: answered. */
static bool
read_operations(struct rv_exchange *x, json_t *args)
{
	const json_t *given = json_object_get(args, "operations");
	json_t *wishes, *one;
	size_t i;

	if (given == NULL)
		return true;
	wishes = json_array();
	json_array_foreach(given, i, one)
	{
		json_t *wish = wish_of(x, one);

		if (wish == NULL || json_array_append_new(wishes, wish) != 0) {
			json_decref(wishes);
			return false;
		}
	}
	return json_object_set_new(args, "operations", wishes) == 0;
}

/* ---- Making ------------------------------------------------------------------------- */

void
rv_rest_role_create(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "RoleName", "name", JSON_STRING },
		{ "RoleDescription", "description", JSON_STRING },
		{ "CopiedFromID", "copied_from_id", JSON_STRING },
		{ "Operations", "operations", JSON_ARRAY },
		{ "RoleID", NULL, JSON_NULL },
		READ_ONLY,
		{ NULL, NULL, JSON_NULL },
	};
	static char class[] = CLASS;
	json_t *args;

	begin(x, "Create");
	args = rv_write_args(x, members);
	if (args == NULL || !read_operations(x, args))
		give_up(x, args);
	else
		rv_write_change(
		    x, "role_create", args, rv_write_created, class);
}

void
rv_rest_role_copy(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "Name", "name", JSON_STRING },
		{ "Description", "description", JSON_STRING },
		{ NULL, NULL, JSON_NULL },
	};
	static char class[] = CLASS;
	const char *key;
	json_t *args;

	begin(x, "Copy");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args == NULL || !rv_write_set(x, args, "copied_from_id", key))
		give_up(x, args);
	else
		rv_write_change(
		    x, "role_create", args, rv_write_created, class);
}

/* ---- Changing ------------------------------------------------------------------------ */

/* A body that names another object than the path is a mistake. */
static bool
is_about(struct rv_exchange *x, json_t *args, const char *key)
{
	const char *named = json_string_value(json_object_get(args, "role_id"));

	if (named != NULL && strcmp(named, key) != 0) {
		rv_body_bad(x, "RoleID", "is not that of the path");
		return false;
	}
	return rv_write_set(x, args, "role_id", key);
}

/* PATCH changes what is sent, PUT all that is the caller's to say. */
static void
change(struct rv_exchange *x, const struct rv_write_whole *whole)
{
	static const struct rv_write_member members[] = {
		{ "RoleID", "role_id", JSON_STRING },
		{ "RoleName", "name", JSON_STRING },
		{ "RoleDescription", "description", JSON_STRING },
		{ "Operations", "operations", JSON_ARRAY },
		{ "CopiedFromID", NULL, JSON_NULL },
		READ_ONLY,
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;

	begin(x, "Modify");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args == NULL || !rv_write_whole(x, args, whole) ||
	    !is_about(x, args, key) || !read_operations(x, args))
		give_up(x, args);
	else
		rv_write_change(x, "role_change", args, NULL, NULL);
}

void
rv_rest_role_change(struct rv_exchange *x)
{
	change(x, NULL);
}

void
rv_rest_role_replace(struct rv_exchange *x)
{
	static const struct rv_write_whole whole[] = {
		{ "RoleName", "name", true },
		{ "RoleDescription", "description", false },
		{ "Operations", "operations", true },
		{ NULL, NULL, false },
	};

	change(x, whole);
}

/* "Create, Delete", as the cmdlet takes them, as a list. */
static json_t *
split_names(const json_t *text)
{
	const char *p = json_string_value(text);
	json_t *list = json_array();

	while (list != NULL && *p != '\0') {
		size_t n;

		p += strspn(p, " ,");
		n = strcspn(p, ",");
		while (n > 0 && p[n - 1] == ' ')
			n--;
		if (n > 0 &&
		    json_array_append_new(list, json_stringn(p, n)) != 0) {
			json_decref(list);
			return NULL;
		}
		p += n + strspn(p + n, " ");
	}
	return list;
}

/* Texts in a RolePermission become lists; false: no memory. */
static bool
read_permission(json_t *args)
{
	json_t *permission = json_object_get(args, "permission"), *value;
	const char *type;
	void *next;

	json_object_foreach_safe(permission, next, type, value)
	{
		if (json_is_string(value) && json_object_set_new(permission,
						 type, split_names(value)) != 0)
			return false;
	}
	return true;
}

void
rv_rest_role_set_permission(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "RolePermission", "permission", JSON_OBJECT },
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;

	begin(x, "SetPermission");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args != NULL && json_object_get(args, "permission") == NULL)
		rv_body_bad(x, "RolePermission", "is missing");
	if (args == NULL || x->answered ||
	    !rv_write_set(x, args, "role_id", key) || !read_permission(args))
		give_up(x, args);
	else
		rv_write_change(x, "role_change", args, NULL, NULL);
}

void
rv_rest_role_delete(struct rv_exchange *x)
{
	const char *key;
	json_t *args = NULL;

	begin(x, "Delete");
	key = rv_roles_key(x);
	if (key != NULL)
		args = json_pack("{s:s}", "role_id", key);
	rv_write_change(x, "role_delete", args, rv_write_removed, NULL);
}
