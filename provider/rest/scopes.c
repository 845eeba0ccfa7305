/* SMS_SecuredCategory: security scopes made, changed and deleted. */
#include <string.h>

#include "rest/body.h"
#include "rest/roles.h"
#include "rest/write_args.h"

#define CLASS "SMS_SecuredCategory"

static const struct rv_write_member members[] = {
	{ "CategoryID", "scope_id", JSON_STRING },
	{ "CategoryName", "name", JSON_STRING },
	{ "CategoryDescription", "description", JSON_STRING },
	/* What a script that reads, changes and writes back sends along. */
	{ "IsBuiltIn", NULL, JSON_NULL },
	{ "NumberOfAdmins", NULL, JSON_NULL },
	{ "NumberOfObjects", NULL, JSON_NULL },
	{ "CreatedBy", NULL, JSON_NULL },
	{ "CreatedDate", NULL, JSON_NULL },
	{ "LastModifiedBy", NULL, JSON_NULL },
	{ "LastModifiedDate", NULL, JSON_NULL },
	{ "SourceSite", NULL, JSON_NULL },
	{ NULL, NULL, JSON_NULL },
};

static void
begin(struct rv_exchange *x, const char *action)
{
	x->record.action = rv_slice_of(action);
	x->record.object_type = RV_SLICE_LIT(CLASS);
}

static void
give_up(struct rv_exchange *x, json_t *args)
{
	json_decref(args);
	rv_write_change(x, NULL, NULL, NULL, NULL);
}

/* The site gives the CategoryID: one that is sent along is not looked at. */
void
rv_rest_scope_create(struct rv_exchange *x)
{
	static char class[] = CLASS;

	begin(x, "Create");
	rv_write_change(x, "scope_create", rv_write_args(x, members),
	    rv_write_created, class);
}

/* PATCH changes what is sent, PUT all that is the caller's to say. */
static void
change(struct rv_exchange *x, const struct rv_write_whole *whole)
{
	const char *key, *named;
	json_t *args;

	begin(x, "Modify");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	named = json_string_value(json_object_get(args, "scope_id"));
	if (named != NULL && key != NULL && strcmp(named, key) != 0)
		rv_body_bad(x, "CategoryID", "is not that of the path");
	if (args == NULL || x->answered || !rv_write_whole(x, args, whole) ||
	    !rv_write_set(x, args, "scope_id", key))
		give_up(x, args);
	else
		rv_write_change(x, "scope_change", args, NULL, NULL);
}

void
rv_rest_scope_change(struct rv_exchange *x)
{
	change(x, NULL);
}

void
rv_rest_scope_replace(struct rv_exchange *x)
{
	static const struct rv_write_whole whole[] = {
		{ "CategoryName", "name", true },
		{ "CategoryDescription", "description", false },
		{ NULL, NULL, false },
	};

	change(x, whole);
}

void
rv_rest_scope_delete(struct rv_exchange *x)
{
	const char *key;
	json_t *args = NULL;

	begin(x, "Delete");
	key = rv_roles_key(x);
	if (key != NULL)
		args = json_pack("{s:s}", "scope_id", key);
	rv_write_change(x, "scope_delete", args, rv_write_removed, NULL);
}

void
rv_rest_scope_delete_moving(struct rv_exchange *x)
{
	static const struct rv_write_member own[] = {
		{ "MoveTo", "move_to", JSON_STRING },
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;

	begin(x, "DeleteAndMove");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, own) : NULL;
	if (args != NULL && json_object_get(args, "move_to") == NULL)
		rv_body_bad(x, "MoveTo", "is missing");
	if (args == NULL || x->answered ||
	    !rv_write_set(x, args, "scope_id", key))
		give_up(x, args);
	else
		rv_write_change(
		    x, "scope_delete", args, rv_write_removed, NULL);
}
