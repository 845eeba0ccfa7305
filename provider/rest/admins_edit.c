/*
 * One thing given to or taken from an administrative user: roles, scopes and
 * collections, as the cmdlets do it.
 */
#include "rest/admins.h"

#include <string.h>

#include "rest/body.h"
#include "rest/permissions.h"
#include "rest/write_args.h"

/* What is done, and which members of the body say with what. */
struct edit {
	const char *op, *action;
	const char *const *members;
	int type_id; /* of the category; 0: there is none */
	bool needs_role, needs_category;
};

static bool
is_member(const struct edit *edit, const char *name)
{
	for (const char *const *m = edit->members; *m != NULL; m++)
		if (strcmp(*m, name) == 0)
			return true;
	return false;
}

/* "Categories": the scopes and collections of a role that is added. */
static bool
take_categories(struct rv_exchange *x, json_t *value, json_t *given)
{
	json_t *read;

	if (!json_is_array(value)) {
		rv_body_bad(x, "Categories", "must be an array");
		return false;
	}
	read = rv_permissions_read(x, value, "Categories");
	return read != NULL &&
	       json_object_set_new(given, "categories", read) == 0;
}

static bool
take(struct rv_exchange *x, const struct edit *edit, const char *name,
    json_t *value, json_t *given)
{
	if (strchr(name, '@') != NULL)
		return true;
	if (!is_member(edit, name)) {
		rv_body_bad(x, rv_arena_dup(x->arena, rv_slice_of(name)),
		    "is not known here");
		return false;
	}
	if (strcmp(name, "Categories") == 0)
		return take_categories(x, value, given);
	return rv_permission_take(x, "", name, value, given);
}

static bool
has(const json_t *given, const char *id, const char *name)
{
	return json_object_get(given, id) != NULL ||
	       json_object_get(given, name) != NULL;
}

/* What is edited, as the store takes it; NULL: answered, or no memory. */
static json_t *
read_edit(struct rv_exchange *x, const struct edit *edit)
{
	json_t *body = rv_body_object(x), *given = json_object(), *value;
	const char *name;
	bool ok = body != NULL && given != NULL;

	json_object_foreach(body, name, value)
	{
		ok = ok && take(x, edit, name, value, given);
	}
	json_decref(body);
	if (ok && edit->type_id != 0)
		ok = json_object_set_new(given, "category_type_id",
			 json_integer(edit->type_id)) == 0;
	if (ok && edit->needs_role && !has(given, "role_id", "role_name")) {
		rv_body_bad(x, "RoleID", "is missing, or RoleName");
		ok = false;
	}
	if (ok && edit->needs_category &&
	    !has(given, "category_id", "category_name")) {
		rv_body_bad(x, edit->members[0], "is missing, or its name");
		ok = false;
	}
	if (ok)
		return given;
	json_decref(given);
	return NULL;
}

static void
run(struct rv_exchange *x, const struct edit *edit)
{
	json_t *given = NULL, *args = NULL;
	const char *key;

	rv_admins_begin(x, edit->action);
	key = rv_admins_key(x);
	if (key != NULL)
		given = read_edit(x, edit);
	if (given != NULL)
		args =
		    json_pack("{s:s, s:o}", "admin_id", key, edit->op, given);
	rv_write_change(x, "admin_change", args, NULL, NULL);
}

/* ---- Roles -------------------------------------------------------------------- */

void
rv_rest_admin_add_role(struct rv_exchange *x)
{
	static const char *const members[] = { "RoleID", "RoleName",
		"Categories", "ValidFrom", "ValidUntil", NULL };
	static const struct edit edit = { .op = "add_role",
		.action = "AddRole",
		.members = members,
		.needs_role = true };

	run(x, &edit);
}

void
rv_rest_admin_remove_role(struct rv_exchange *x)
{
	static const char *const members[] = { "RoleID", "RoleName", NULL };
	static const struct edit edit = { .op = "remove",
		.action = "RemoveRole",
		.members = members,
		.needs_role = true };

	run(x, &edit);
}

/* ---- Scopes and collections ------------------------------------------------------ */

static const char *const scope_members[] = { "CategoryID", "CategoryName",
	"RoleID", "RoleName", NULL };
static const char *const collection_members[] = { "CollectionID",
	"CollectionName", "RoleID", "RoleName", NULL };

void
rv_rest_admin_add_scope(struct rv_exchange *x)
{
	static const struct edit edit = { "add_category", "AddScope",
		scope_members, 29, false, true };

	run(x, &edit);
}

void
rv_rest_admin_remove_scope(struct rv_exchange *x)
{
	static const struct edit edit = { "remove", "RemoveScope",
		scope_members, 29, false, true };

	run(x, &edit);
}

void
rv_rest_admin_add_collection(struct rv_exchange *x)
{
	static const struct edit edit = { "add_category", "AddCollection",
		collection_members, 1, false, true };

	run(x, &edit);
}

void
rv_rest_admin_remove_collection(struct rv_exchange *x)
{
	static const struct edit edit = { "remove", "RemoveCollection",
		collection_members, 1, false, true };

	run(x, &edit);
}
