/*
 * SMS_Admin: added, changed, removed.
 */
#include "rest/admins.h"

#include <stdlib.h>
#include <string.h>

#include "rest/account.h"
#include "rest/body.h"
#include "rest/change.h"
#include "rest/permissions.h"
#include "rest/request.h"
#include "rest/routes.h"
#include "rest/write_args.h"

#define CLASS "SMS_Admin"

/* What a script that reads, changes and writes back sends along. */
#define READ_ONLY                                                            \
	{ "AccountType", NULL, JSON_NULL }, { "IsGroup", NULL, JSON_NULL },  \
	    { "IsDeleted", NULL, JSON_NULL },                                \
	    { "IsCovered", NULL, JSON_NULL },                                \
	    { "IsOrphaned", NULL, JSON_NULL }, { "Roles", NULL, JSON_NULL }, \
	    { "Categories", NULL, JSON_NULL }, { "SKey", NULL, JSON_NULL },  \
	    { "SourceSite", NULL, JSON_NULL },                               \
	    { "CreatedBy", NULL, JSON_NULL },                                \
	    { "CreatedDate", NULL, JSON_NULL },                              \
	    { "LastModifiedBy", NULL, JSON_NULL },                           \
	    { "LastModifiedDate", NULL, JSON_NULL },                         \
	    { "ExtendedData", NULL, JSON_NULL },                             \
	{                                                                    \
		"__LAZYPROPERTIES", NULL, JSON_NULL                          \
	}

void
rv_admins_begin(struct rv_exchange *x, const char *action)
{
	x->record.action = rv_slice_of(action);
	x->record.object_type = RV_SLICE_LIT(CLASS);
}

bool
rv_admins_may(struct rv_exchange *x, const char *operation)
{
	struct rv_subject caller = rv_subject_of(x->identity);
	struct rv_question q = {
		.type = RV_SLICE_LIT(CLASS),
		.operation = rv_slice_of(operation),
	};
	const struct rv_snapshot *s;
	struct rv_verdict verdict;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	rv_rbac_check(s, &caller, rv_exchange_instant(x), &q, &verdict);
	if (verdict.decision == RV_ALLOW)
		return true;
	rv_answer_denied(x, s, &q, &verdict);
	return false;
}

const char *
rv_admins_key(struct rv_exchange *x)
{
	const struct rv_snapshot *s;
	const struct rv_class *class;
	struct rv_odata_key key;
	const char *text = NULL;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return NULL;
	if (rv_class_find(s, x->arena, RV_SLICE_LIT(CLASS), false, &class) ==
	    RV_OK) {
		if (!rv_request_key(x, class, &key))
			return NULL;
		text = rv_arena_dup(x->arena, key.values[0]);
	}
	if (text == NULL)
		rv_answer_json(x, 200, NULL);
	else
		x->record.object_id = rv_slice_of(text);
	return text;
}

/* Ends an exchange that has been answered, or has no memory. */
static void
give_up(struct rv_exchange *x, json_t *args)
{
	json_decref(args);
	rv_write_change(x, NULL, NULL, NULL, NULL);
}

/* ---- Adding ----------------------------------------------------------------------- */

/* Makes one list of what is given; false: answered. */
static bool
read_permissions(struct rv_exchange *x, json_t *args)
{
	const json_t *rows = json_object_get(args, "permissions");
	const json_t *roles = json_object_get(args, "role_names");
	json_t *read;

	if (json_array_size(rows) > 0 && json_array_size(roles) > 0) {
		rv_body_bad(x, "RoleNames",
		    "says what Permissions says too: send one of them");
		return false;
	}
	if (json_array_size(roles) > 0)
		read = rv_permissions_of_names(x, roles,
		    json_object_get(args, "scope_names"),
		    json_object_get(args, "collection_names"));
	else
		read = rv_permissions_read(x, rows, "Permissions");
	if (read == NULL)
		return false;
	(void)json_object_del(args, "role_names");
	(void)json_object_del(args, "scope_names");
	(void)json_object_del(args, "collection_names");
	return json_object_set_new(args, "permissions", read) == 0;
}

/*
 * By what the account is looked up, in the arena: the DN goes before the
 * SID, that before the name, as in Configuration Manager.  NULL: answered.
 */
static const char *
take_name(struct rv_exchange *x, json_t *args)
{
	static const char *const by[] = { "dn", "sid", "logon" };
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		const char *given =
		    json_string_value(json_object_get(args, by[i]));

		if (name == NULL && given != NULL && *given != '\0') {
			name = rv_arena_dup(x->arena, rv_slice_of(given));
			if (name == NULL) {
				rv_answer_json(x, 200, NULL);
				return NULL;
			}
		}
		(void)json_object_del(args, by[i]);
	}
	if (name == NULL)
		rv_body_bad(x, "LogonName",
		    "must name the account: LAB\\alice, alice@lab.test, a "
		    "SID, a DN or a principal such as krb5:alice@LAB.TEST");
	else if (strlen(name) > RV_BODY_STRING_MAX)
		rv_body_bad(x, "LogonName", "is too long");
	return x->answered ? NULL : name;
}

static void
answer_created(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const char *key = json_string_value(
	    json_object_get(rv_written_result(written, 0), "key"));
	const int64_t id = key != NULL ? strtoll(key, NULL, 10) : 0;

	(void)arg;
	rv_answer_field(x, "Location",
	    rv_arena_printf(
		x->arena, RV_WMI CLASS "(%s)", key != NULL ? key : ""));
	x->record.object_id = rv_slice_of(
	    key != NULL ? rv_arena_dup(x->arena, rv_slice_of(key)) : NULL);
	rv_answer_json(x, 201,
	    json_pack("{s:I, s:I, s:b, s:b}", "AdminID", (json_int_t)id,
		"@reeve.revision", (json_int_t)written->revision,
		"@reeve.in_force", written->in_force, "@reeve.replayed",
		written->replayed));
}

/* arg: the arguments that were in the body, as JSON text in the arena. */
static void
create(struct rv_exchange *x, const struct rv_account_named *account, void *arg)
{
	json_t *args = json_loads(arg, 0, NULL);
	json_t *named = json_pack("{s:s, s:s?, s:s, s:s, s:b}", "principal_id",
	    account->principal, "account_id", account->account_id, "logon_name",
	    account->logon_name, "distinguished_name", account->dn, "is_group",
	    account->is_group);

	if (json_string_length(json_object_get(args, "display_name")) == 0 &&
	    !rv_write_set(x, args, "display_name", account->display_name)) {
		json_decref(args);
		args = NULL;
	}
	if (named == NULL || args == NULL ||
	    json_object_update(args, named) != 0) {
		json_decref(args);
		args = NULL;
	}
	json_decref(named);
	rv_write_change(x, "admin_create", args, answer_created, NULL);
}

void
rv_rest_admin_create(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "LogonName", "logon", JSON_STRING },
		{ "AdminSid", "sid", JSON_STRING },
		{ "DistinguishedName", "dn", JSON_STRING },
		{ "DisplayName", "display_name", JSON_STRING },
		{ "Permissions", "permissions", JSON_ARRAY },
		{ "RoleNames", "role_names", JSON_ARRAY },
		{ "CategoryNames", "scope_names", JSON_ARRAY },
		{ "CollectionNames", "collection_names", JSON_ARRAY },
		{ "AdminID", NULL, JSON_NULL },
		READ_ONLY,
		{ NULL, NULL, JSON_NULL },
	};
	const char *name = NULL;
	json_t *args = NULL;
	char *text = NULL, *kept = NULL;

	rv_admins_begin(x, "Add");
	/* Who may not add anybody is told nothing of the directory. */
	if (rv_admins_may(x, "Add"))
		args = rv_write_args(x, members);
	if (args != NULL)
		name = take_name(x, args);
	if (name != NULL && read_permissions(x, args))
		text = json_dumps(args, JSON_COMPACT);
	json_decref(args);
	if (text != NULL)
		kept = rv_arena_dup(x->arena, rv_slice_of(text));
	free(text);
	if (kept == NULL)
		give_up(x, NULL);
	else
		rv_account_resolve(x, name, create, kept);
}

/* ---- Changing ------------------------------------------------------------------------ */

/* A body that names another object than the path is a mistake. */
static bool
is_about(struct rv_exchange *x, json_t *args, const char *key)
{
	const json_t *named = json_object_get(args, "admin_id");

	if (named != NULL &&
	    json_integer_value(named) != strtoll(key, NULL, 10)) {
		rv_body_bad(x, "AdminID", "is not that of the path");
		return false;
	}
	return rv_write_set(x, args, "admin_id", key);
}

/* PATCH changes what is sent, PUT all that is the caller's to say. */
static void
change(struct rv_exchange *x, const struct rv_write_whole *whole)
{
	static const struct rv_write_member members[] = {
		{ "AdminID", "admin_id", JSON_INTEGER },
		{ "DisplayName", "display_name", JSON_STRING },
		{ "Permissions", "permissions", JSON_ARRAY },
		{ "LogonName", NULL, JSON_NULL },
		{ "AdminSid", NULL, JSON_NULL },
		{ "DistinguishedName", NULL, JSON_NULL },
		{ "RoleNames", NULL, JSON_NULL },
		{ "CategoryNames", NULL, JSON_NULL },
		{ "CollectionNames", NULL, JSON_NULL },
		READ_ONLY,
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;
	bool ok;

	rv_admins_begin(x, "Modify");
	key = rv_admins_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	ok = args != NULL && rv_write_whole(x, args, whole) &&
	     is_about(x, args, key);
	if (ok && json_object_get(args, "permissions") != NULL)
		ok = read_permissions(x, args);
	if (ok)
		rv_write_change(x, "admin_change", args, NULL, NULL);
	else
		give_up(x, args);
}

void
rv_rest_admin_change(struct rv_exchange *x)
{
	change(x, NULL);
}

void
rv_rest_admin_replace(struct rv_exchange *x)
{
	static const struct rv_write_whole whole[] = {
		{ "DisplayName", "display_name", false },
		{ "Permissions", "permissions", true },
		{ NULL, NULL, false },
	};

	change(x, whole);
}

void
rv_rest_admin_delete(struct rv_exchange *x)
{
	const char *key;
	json_t *args = NULL;

	rv_admins_begin(x, "Remove");
	key = rv_admins_key(x);
	if (key != NULL)
		args = json_pack("{s:s}", "admin_id", key);
	rv_write_change(x, "admin_delete", args, rv_write_removed, NULL);
}

void
rv_rest_admin_add_principal(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "PrincipalID", "principal_id", JSON_STRING },
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;

	rv_admins_begin(x, "AddPrincipal");
	key = rv_admins_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args == NULL || !rv_write_set(x, args, "admin_id", key))
		give_up(x, args);
	else
		rv_write_change(x, "admin_principal_add", args, NULL, NULL);
}
