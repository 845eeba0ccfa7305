#include "rest/collections.h"

#include <string.h>

#include "rest/body.h"
#include "rest/change.h"
#include "rest/query_rule.h"
#include "rest/roles.h"
#include "rest/routes.h"
#include "rest/write_args.h"

#define CLASS "SMS_Collection"

/* What a script that reads, changes and writes back sends along. */
#define READ_ONLY                                                  \
	{ "LimitToCollectionName", NULL, JSON_NULL },              \
	    { "IsBuiltIn", NULL, JSON_NULL },                      \
	    { "MemberCount", NULL, JSON_NULL },                    \
	    { "MemberClassName", NULL, JSON_NULL },                \
	    { "CurrentStatus", NULL, JSON_NULL },                  \
	    { "RefreshType", NULL, JSON_NULL },                    \
	    { "IncludeExcludeCollectionsCount", NULL, JSON_NULL }, \
	    { "LastChangeTime", NULL, JSON_NULL },                 \
	    { "LocalMemberCount", NULL, JSON_NULL },               \
	    { "OwnedByThisSite", NULL, JSON_NULL },                \
	    { "ReplicateToSubSites", NULL, JSON_NULL },            \
	    { "CollectionVariablesCount", NULL, JSON_NULL },       \
	    { "ServiceWindowsCount", NULL, JSON_NULL },            \
	    { "PowerConfigsCount", NULL, JSON_NULL },              \
	{                                                          \
		"__LAZYPROPERTIES", NULL, JSON_NULL                \
	}

static void
begin(struct rv_exchange *x, const char *action)
{
	x->record.action = rv_slice_of(action);
	x->record.object_type = RV_SLICE_LIT(CLASS);
}

/* ---- Rules ----------------------------------------------------------------------- */

/* Whether the member is there, and what a reader may not see is not. */
static bool
says(const json_t *one, const char *member)
{
	const json_t *value = json_object_get(one, member);

	return value != NULL && !json_is_null(value) &&
	       !(json_is_string(value) && json_string_length(value) == 0);
}

static json_t *
direct(const json_t *one, json_t *name)
{
	const json_t *id = json_object_get(one, "ResourceID");

	if (!json_is_integer(id))
		return NULL;
	return json_pack("{s:s, s:O*, s:o}", "rule", "direct", "name", name,
	    "resource_id",
	    json_sprintf("%lld", (long long)json_integer_value(id)));
}

static json_t *
link_to(const json_t *one, json_t *name, const char *rule, const char *member)
{
	json_t *id = json_object_get(one, member);

	if (!json_is_string(id))
		return NULL;
	return json_pack(
	    "{s:s, s:O*, s:O}", "rule", rule, "name", name, "other_id", id);
}

/* A rule as the store takes it; NULL: it is none. */
static json_t *
rule_of(const json_t *one)
{
	json_t *name = json_object_get(one, "RuleName");

	if (name != NULL && !json_is_string(name))
		return NULL;
	if (says(one, "ResourceID"))
		return direct(one, name);
	if (says(one, "IncludeCollectionID"))
		return link_to(one, name, "include", "IncludeCollectionID");
	if (says(one, "ExcludeCollectionID"))
		return link_to(one, name, "exclude", "ExcludeCollectionID");
	if (says(one, "QueryExpression"))
		return rv_query_rule(
		    name, json_object_get(one, "QueryExpression"));
	return NULL;
}

/* One that its reader was not to see: it has a kind, and nothing else. */
static bool
is_opaque(const json_t *one)
{
	return json_object_get(one, "RuleName") != NULL &&
	       !says(one, "RuleName") &&
	       (json_object_get(one, "ResourceID") != NULL ||
		   json_object_get(one, "IncludeCollectionID") != NULL ||
		   json_object_get(one, "ExcludeCollectionID") != NULL);
}

/* A new list; NULL: answered. */
static json_t *
rules_of(struct rv_exchange *x, const json_t *given)
{
	json_t *rules = json_array(), *one;
	size_t i;

	json_array_foreach(given, i, one)
	{
		json_t *rule = rule_of(one);

		if (rule == NULL && is_opaque(one))
			continue;
		if (rule == NULL) {
			rv_body_bad(x, "CollectionRules",
			    "must hold rules with ResourceID (number), "
			    "IncludeCollectionID, ExcludeCollectionID or "
			    "QueryExpression");
			json_decref(rules);
			return NULL;
		}
		if (json_array_append_new(rules, rule) != 0) {
			json_decref(rules);
			rules = NULL;
			break;
		}
	}
	if (rules == NULL)
		rv_answer_json(x, 200, NULL);
	return rules;
}

/* Replaces CollectionRules by what the store takes; false: answered. */
static bool
read_rules(struct rv_exchange *x, json_t *args)
{
	const json_t *given = json_object_get(args, "rules");
	json_t *rules;

	if (given == NULL)
		return true;
	rules = rules_of(x, given);
	return rules != NULL && json_object_set_new(args, "rules", rules) == 0;
}

/* ---- Making and changing ------------------------------------------------------------ */

/* 1 users, 2 devices, as Configuration Manager has it; false: answered. */
static bool
read_kind(struct rv_exchange *x, json_t *args)
{
	const json_t *given = json_object_get(args, "type");
	const json_int_t type = json_integer_value(given);
	bool ok = true;

	if (given != NULL && (type == 1 || type == 2))
		ok = rv_write_set(
		    x, args, "kind", type == 2 ? "device" : "user");
	else if (given != NULL) {
		rv_body_bad(
		    x, "CollectionType", "must be 1 (users) or 2 (devices)");
		ok = false;
	}
	(void)json_object_del(args, "type");
	return ok;
}

static void
answer_created(
    struct rv_exchange *x, const struct rv_written *written, void *arg)
{
	const char *key = json_string_value(
	    json_object_get(rv_written_result(written, 0), "key"));

	(void)arg;
	/* A CollectionID has no character to be escaped. */
	rv_answer_field(x, "Location",
	    rv_arena_printf(
		x->arena, RV_WMI CLASS "('%s')", key != NULL ? key : ""));
	x->record.object_id = rv_slice_of(
	    key != NULL ? rv_arena_dup(x->arena, rv_slice_of(key)) : NULL);
	rv_answer_json(x, 201,
	    json_pack("{s:s?, s:I, s:b, s:b}", "CollectionID", key,
		"@reeve.revision", (json_int_t)written->revision,
		"@reeve.in_force", written->in_force, "@reeve.replayed",
		written->replayed));
}

void
rv_rest_collection_create(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "Name", "name", JSON_STRING },
		{ "Comment", "comment", JSON_STRING },
		{ "CollectionType", "type", JSON_INTEGER },
		{ "LimitToCollectionID", "limiting_id", JSON_STRING },
		{ "CollectionRules", "rules", JSON_ARRAY },
		{ "CollectionID", NULL, JSON_NULL },
		READ_ONLY,
		{ NULL, NULL, JSON_NULL },
	};
	json_t *args;

	begin(x, "Create");
	args = rv_write_args(x, members);
	if (args != NULL && (!read_kind(x, args) || !read_rules(x, args))) {
		json_decref(args);
		args = NULL;
	}
	rv_write_change(x, "collection_create", args, answer_created, NULL);
}

/* A body that names another object than the path is a mistake. */
static bool
is_about(struct rv_exchange *x, json_t *args, const char *key)
{
	const char *named =
	    json_string_value(json_object_get(args, "collection_id"));

	if (named != NULL && strcmp(named, key) != 0) {
		rv_body_bad(x, "CollectionID", "is not that of the path");
		return false;
	}
	return rv_write_set(x, args, "collection_id", key);
}

/* PATCH changes what is sent, PUT all that is the caller's to say. */
static void
change(struct rv_exchange *x, const struct rv_write_whole *whole)
{
	static const struct rv_write_member members[] = {
		{ "CollectionID", "collection_id", JSON_STRING },
		{ "Name", "name", JSON_STRING },
		{ "Comment", "comment", JSON_STRING },
		{ "LimitToCollectionID", "limiting_id", JSON_STRING },
		{ "CollectionRules", "rules", JSON_ARRAY },
		{ "CollectionType", NULL, JSON_NULL },
		READ_ONLY,
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;

	begin(x, "Modify");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args != NULL &&
	    (!rv_write_whole(x, args, whole) || !is_about(x, args, key) ||
		!read_rules(x, args))) {
		json_decref(args);
		args = NULL;
	}
	rv_write_change(x, "collection_change", args, NULL, NULL);
}

void
rv_rest_collection_change(struct rv_exchange *x)
{
	change(x, NULL);
}

void
rv_rest_collection_replace(struct rv_exchange *x)
{
	static const struct rv_write_whole whole[] = {
		{ "Name", "name", true },
		{ "Comment", "comment", false },
		{ "LimitToCollectionID", "limiting_id", true },
		{ "CollectionRules", "rules", true },
		{ NULL, NULL, false },
	};

	change(x, whole);
}

void
rv_rest_collection_delete(struct rv_exchange *x)
{
	const char *key;
	json_t *args = NULL;

	begin(x, "Delete");
	key = rv_roles_key(x);
	if (key != NULL)
		args = json_pack("{s:s}", "collection_id", key);
	rv_write_change(x, "collection_delete", args, rv_write_removed, NULL);
}

/* ---- Methods ------------------------------------------------------------------------- */

/* One rule, or a list of some, as the store takes them; NULL: answered. */
static json_t *
named_rules(struct rv_exchange *x, bool list)
{
	static const struct rv_write_member one[] = {
		{ "collectionRule", "rule", JSON_OBJECT },
		{ NULL, NULL, JSON_NULL },
	};
	static const struct rv_write_member some[] = {
		{ "collectionRules", "rules", JSON_ARRAY },
		{ NULL, NULL, JSON_NULL },
	};
	json_t *args = rv_write_args(x, list ? some : one), *given = NULL;
	json_t *rules = NULL;

	if (args == NULL)
		return NULL;
	if (list)
		given = json_incref(json_object_get(args, "rules"));
	else if (json_object_get(args, "rule") != NULL)
		given = json_pack("[O]", json_object_get(args, "rule"));
	if (given != NULL)
		rules = rules_of(x, given);
	else
		rv_body_bad(x, list ? "collectionRules" : "collectionRule",
		    "is missing");
	json_decref(given);
	json_decref(args);
	return rules;
}

static void
write_rules(
    struct rv_exchange *x, const char *action, const char *how, bool list)
{
	json_t *rules = NULL, *args = NULL;
	const char *key;

	begin(x, action);
	key = rv_roles_key(x);
	if (key != NULL)
		rules = named_rules(x, list);
	if (rules != NULL)
		args =
		    json_pack("{s:s, s:o}", "collection_id", key, how, rules);
	rv_write_change(x, "collection_change", args, NULL, NULL);
}

void
rv_rest_collection_add_rule(struct rv_exchange *x)
{
	write_rules(x, "AddMembershipRule", "add_rules", false);
}

void
rv_rest_collection_add_rules(struct rv_exchange *x)
{
	write_rules(x, "AddMembershipRules", "add_rules", true);
}

void
rv_rest_collection_drop_rule(struct rv_exchange *x)
{
	write_rules(x, "DeleteMembershipRule", "drop_rules", false);
}

void
rv_rest_collection_drop_rules(struct rv_exchange *x)
{
	write_rules(x, "DeleteMembershipRules", "drop_rules", true);
}

void
rv_rest_collection_refresh(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;

	begin(x, "RequestRefresh");
	key = rv_roles_key(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args != NULL && !rv_write_set(x, args, "collection_id", key)) {
		json_decref(args);
		args = NULL;
	}
	rv_write_change(x, "collection_refresh", args, NULL, NULL);
}
