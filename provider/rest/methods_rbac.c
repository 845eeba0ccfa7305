/*
 * Methods of SMS_RbacSecuredObject that ask what the caller may do:
 * UserHasPermissions, GetCollectionsWithResourcePermissions,
 * GetAvailableScopes.
 */
#include <string.h>

#include "pipeline/lane.h"
#include "reeve/rbac_ask.h"
#include "rest/body.h"
#include "rest/methods_object.h"
#include "rest/rest.h"
#include "store/pg.h"

/* Takes the reference; NULL is out of memory. */
static void
answer(struct rv_exchange *x, json_t *body)
{
	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	rv_answer_json(x, 200, body);
	rv_exchange_finish(x);
}

static void
fail_memory(struct rv_exchange *x)
{
	rv_answer_json(x, 200, NULL);
	rv_exchange_finish(x);
}

static void
fail_store(struct rv_exchange *x)
{
	rv_answer_unavailable(x, "store_unavailable",
	    "The site's store cannot be reached; try again.");
	rv_exchange_finish(x);
}

/* A list that unknown groups could add to is none.  False: answered. */
static bool
has_groups(struct rv_exchange *x)
{
	if (x->identity->groups_known)
		return true;
	rv_answer_unavailable(x, "groups_unknown",
	    "Your groups could not be read from the directory, so that not "
	    "all of your assignments are known. Try again.");
	return false;
}

/* The caller in the snapshot of this turn.  False: answered. */
static bool
resolve_caller(
    struct rv_exchange *x, const struct rv_subject_resolved **ret_caller)
{
	const struct rv_subject me = rv_subject_of(x->identity);
	const struct rv_snapshot *s;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	if (rv_rbac_resolve(s, &me, x->arena, ret_caller) == RV_OK)
		return true;
	rv_answer_json(x, 200, NULL);
	return false;
}

/* ---- UserHasPermissions ------------------------------------------------------------- */

/* What is asked for lives in the arena: the object may have to be looked up. */
static void
decide_object(
    struct rv_exchange *x, const struct rv_question *object, void *arg)
{
	const uint64_t *asked = arg;
	const struct rv_subject_resolved *caller;
	struct rv_operations may;
	uint64_t has;

	if (!resolve_caller(x, &caller)) {
		rv_exchange_finish(x);
		return;
	}
	rv_rbac_operations(
	    caller, rv_exchange_instant(x), object->type, object->key, &may);
	has = may.reason == RV_REASON_ALLOWED ? may.allowed & *asked : 0;
	/* A missing object and one that may not be read are answered alike. */
	answer(x, json_pack("{s:b, s:I}", "ReturnValue", has == *asked,
		      "Permissions", (json_int_t)has));
}

void
rv_rest_user_has_permissions(struct rv_exchange *x)
{
	static const char *const members[] = { "ObjectPath", "Permissions",
		NULL };
	uint64_t *asked = rv_arena_alloc(x->arena, sizeof(*asked));
	json_t *body = rv_method_body(x, members);

	x->record.action = RV_SLICE_LIT("UserHasPermissions");
	if (body != NULL && asked != NULL &&
	    rv_method_mask(x, body, "Permissions", asked) == RV_OK) {
		rv_method_object(x, body, decide_object, asked);
	} else {
		if (!x->answered)
			rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
	}
	json_decref(body);
}

/* ---- GetCollectionsWithResourcePermissions ------------------------------------------ */

struct of_resource {
	struct rv_exchange *x;
	uint64_t asked;
	const char *id;
};

static bool
holds_on(const struct rv_subject_resolved *caller, int64_t at_ms,
    struct rv_slice collection, uint64_t asked)
{
	struct rv_operations may;

	rv_rbac_operations(
	    caller, at_ms, RV_SLICE_LIT("SMS_Collection"), collection, &may);
	/* Whatever it is, it is of no use on what one may not read. */
	return may.reason == RV_REASON_ALLOWED && (may.allowed & 1) != 0 &&
	       (may.allowed & asked) == asked;
}

static void
on_collections(void *arg, const struct rv_pg_answer *reply)
{
	struct of_resource *of = arg;
	struct rv_exchange *x = of->x;
	const struct rv_subject_resolved *caller;
	json_t *ids;
	const PGresult *rows;

	if (reply->outcome != RV_PG_DONE) {
		fail_store(x);
		return;
	}
	if (!resolve_caller(x, &caller)) {
		rv_exchange_finish(x);
		return;
	}
	rows = reply->results[0];
	ids = json_array();
	for (int i = 0; ids != NULL && i < PQntuples(rows); i++) {
		const struct rv_slice id = { PQgetvalue(rows, i, 0),
			(size_t)PQgetlength(rows, i, 0) };

		if (holds_on(caller, rv_exchange_instant(x), id, of->asked) &&
		    json_array_append_new(ids, json_stringn(id.p, id.n)) != 0) {
			json_decref(ids);
			ids = NULL;
		}
	}
	x->record.count = (int64_t)json_array_size(ids);
	answer(x, ids != NULL ? json_pack("{s:i, s:o}", "ReturnValue", 0,
				    "CollectionIDs", ids)
			      : NULL);
}

static bool
read_resource(struct rv_exchange *x, const json_t *body, const char **ret_id)
{
	const json_t *value = json_object_get(body, "ResourceID");
	const json_int_t id = json_integer_value(value);

	if (!json_is_integer(value) || id < 1 || id > UINT32_MAX) {
		rv_body_bad(x, "ResourceID",
		    "must be the number of a resource, from 1 to 4294967295");
		return false;
	}
	*ret_id = rv_arena_printf(x->arena, "%lld", (long long)id);
	return *ret_id != NULL;
}

void
rv_rest_collections_with_permissions(struct rv_exchange *x)
{
	static const char *const members[] = { "ResourceID", "Permissions",
		NULL };
	static const char sql[] =
	    "SELECT collectionid FROM reeve.list_sms_fullcollectionmembership"
	    " WHERE resourceid = $1::bigint ORDER BY collectionid"
	    " COLLATE \"C\"";
	struct of_resource *of = rv_arena_alloc(x->arena, sizeof(*of));
	json_t *body = rv_method_body(x, members);
	const bool ok =
	    of != NULL && body != NULL && read_resource(x, body, &of->id) &&
	    rv_method_mask(x, body, "Permissions", &of->asked) == RV_OK;

	json_decref(body);
	x->record.action =
	    RV_SLICE_LIT("GetCollectionsWithResourcePermissions");
	if (!ok) {
		if (!x->answered)
			rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	of->x = x;
	x->record.object_type = RV_SLICE_LIT("SMS_Resource");
	x->record.object_id = rv_slice_of(of->id);
	rv_pg_run(x->lane->pg,
	    &(struct rv_pg_step){
		.sql = sql, .n_params = 1, .params = &of->id },
	    1, false, on_collections, of);
}

/* ---- GetAvailableScopes ---------------------------------------------------------------- */

static int
append_text(json_t *array, const PGresult *rows, int row, int column)
{
	return json_array_append_new(
	    array, json_stringn(PQgetvalue(rows, row, column),
		       (size_t)PQgetlength(rows, row, column)));
}

static void
on_scopes(void *arg, const struct rv_pg_answer *reply)
{
	struct rv_exchange *x = arg;
	json_t *ids, *names;
	const PGresult *rows;
	int failed = 0;

	if (reply->outcome != RV_PG_DONE) {
		fail_store(x);
		return;
	}
	rows = reply->results[0];
	ids = json_array();
	names = json_array();
	for (int i = 0; failed == 0 && i < PQntuples(rows); i++)
		failed = append_text(ids, rows, i, 0) |
			 append_text(names, rows, i, 1);
	if (failed != 0 || ids == NULL || names == NULL) {
		json_decref(ids);
		json_decref(names);
		fail_memory(x);
		return;
	}
	x->record.count = PQntuples(rows);
	answer(x, json_pack("{s:i, s:o, s:o}", "ReturnValue", 0, "ScopeIDs",
		      ids, "ScopeNames", names));
}

static bool
is_role_id(const json_t *role)
{
	const char *id = json_string_value(role);

	if (id == NULL || json_string_length(role) != 8)
		return false;
	for (; *id != '\0'; id++)
		if ((*id < 'A' || *id > 'Z') && (*id < '0' || *id > '9'))
			return false;
	return true;
}

/* As an array of the store: nothing in an id has to be quoted. */
static const char *
read_roles(struct rv_exchange *x, const json_t *roles)
{
	struct rv_buf b = { 0 };
	const char *text = NULL;
	bool ok = json_is_array(roles) && json_array_size(roles) <= 1000;
	json_t *role;
	size_t i;

	rv_buf_putc(&b, '{');
	json_array_foreach(roles, i, role)
	{
		if (!ok || !is_role_id(role)) {
			ok = false;
			break;
		}
		rv_buf_printf(
		    &b, "%s%s", i > 0 ? "," : "", json_string_value(role));
	}
	rv_buf_putc(&b, '}');
	if (!ok)
		rv_body_bad(x, "RoleIDs",
		    "must be an array of at most 1000 role ids, such as "
		    "\"SMS0001R\"");
	else if (!b.failed)
		text = rv_arena_dup(x->arena, rv_buf_slice(&b));
	rv_buf_fini(&b);
	return text;
}

static const char *
read_category_type(struct rv_exchange *x, const json_t *value)
{
	const json_int_t type = value == NULL ? 29 : json_integer_value(value);

	if ((value == NULL || json_is_integer(value)) &&
	    (type == 29 || type == 1))
		return type == 29 ? "29" : "1";
	rv_body_bad(
	    x, "ScopeTypeID", "must be 29, security scopes, or 1, collections");
	return NULL;
}

void
rv_rest_available_scopes(struct rv_exchange *x)
{
	static const char *const members[] = { "RoleIDs", "ScopeTypeID", NULL };
	static const char sql[] =
	    "SELECT id, name FROM reeve.available_categories($1::jsonb,"
	    " $2::bigint, $3::text[], $4::integer) ORDER BY id COLLATE \"C\"";
	const char *params[4] = { rv_exchange_actor_json(x),
		rv_arena_printf(
		    x->arena, "%lld", (long long)rv_exchange_instant(x)) };
	json_t *body = rv_method_body(x, members);

	x->record.action = RV_SLICE_LIT("GetAvailableScopes");
	if (body != NULL)
		params[2] = read_roles(x, json_object_get(body, "RoleIDs"));
	if (params[2] != NULL)
		params[3] =
		    read_category_type(x, json_object_get(body, "ScopeTypeID"));
	json_decref(body);
	if (params[0] == NULL || params[1] == NULL || params[3] == NULL ||
	    !has_groups(x)) {
		if (!x->answered)
			rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	rv_pg_run(x->lane->pg,
	    &(struct rv_pg_step){ .sql = sql, .n_params = 4, .params = params },
	    1, false, on_scopes, x);
}
