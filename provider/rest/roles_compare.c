/* Two roles compared, and the roles that are most like one. */
#include "pipeline/lane.h"
#include "rest/roles.h"
#include "rest/site.h"
#include "store/pg.h"
#include "rest/write_args.h"

#define ROLE	    "SMS_Role"
#define SIMILAR	    10
#define SIMILAR_MAX 100

static void
begin(struct rv_exchange *x, const char *action)
{
	x->record.action = rv_slice_of(action);
	x->record.object_type = RV_SLICE_LIT(ROLE);
}

static void
on_read(void *arg, const struct rv_pg_answer *reply)
{
	struct rv_exchange *x = arg;
	const PGresult *row;

	if (reply->outcome != RV_PG_DONE || PQntuples(reply->results[0]) > 1) {
		rv_answer_unavailable(x, "store_unavailable",
		    "The site's store cannot be reached; try again.");
		rv_exchange_finish(x);
		return;
	}
	row = reply->results[0];
	if (PQntuples(row) == 0 || PQgetisnull(row, 0, 0)) {
		rv_answer_error(x, 404, "no_such_object",
		    "There is no such security role.");
	} else {
		x->record.outcome = RV_SLICE_LIT("allow");
		x->record.reason = RV_SLICE_LIT("allowed");
		rv_answer_json(
		    x, 200, json_loads(PQgetvalue(row, 0, 0), 0, NULL));
	}
	rv_exchange_finish(x);
}

static void
read_store(struct rv_exchange *x, const char *sql, const char *a, const char *b)
{
	const char *params[2] = { a, b };
	const struct rv_pg_step step = {
		.sql = sql,
		.n_params = 2,
		.params = params,
	};

	if (a == NULL || b == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
	} else {
		rv_pg_run(x->lane->pg, &step, 1, false, on_read, x);
	}
}

/* A member of args in the arena; NULL: answered. */
static const char *
text(struct rv_exchange *x, const json_t *args, const char *member)
{
	const char *value = json_string_value(json_object_get(args, member));

	if (value != NULL)
		return rv_arena_dup(x->arena, rv_slice_of(value));
	rv_answer_error(x, 400, "bad_request",
	    "The body names the roles by their RoleIDs.");
	return NULL;
}

void
rv_rest_roles_compare(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "a", "a", JSON_STRING },
		{ "b", "b", JSON_STRING },
		{ NULL, NULL, JSON_NULL },
	};
	const char *a = NULL, *b = NULL;
	json_t *args;

	begin(x, "CompareRoles");
	args = rv_write_args(x, members);
	if (args != NULL && (a = text(x, args, "a")) != NULL)
		b = text(x, args, "b");
	json_decref(args);
	if (b == NULL || !rv_site_may_read(x, ROLE)) {
		if (!x->answered)
			rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	read_store(x, "SELECT reeve.role_compare($1, $2)", a, b);
}

void
rv_rest_roles_similar(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "role_id", "role_id", JSON_STRING },
		{ "limit", "limit", JSON_INTEGER },
		{ NULL, NULL, JSON_NULL },
	};
	const char *role = NULL;
	json_int_t limit = SIMILAR;
	json_t *args;

	begin(x, "SimilarRoles");
	args = rv_write_args(x, members);
	if (args != NULL)
		role = text(x, args, "role_id");
	if (role != NULL && json_object_get(args, "limit") != NULL)
		limit = json_integer_value(json_object_get(args, "limit"));
	json_decref(args);
	if (role != NULL && (limit < 1 || limit > SIMILAR_MAX))
		rv_answer_error(x, 400, "bad_request",
		    "The member limit of the body must be from 1 to 100.");
	if (role == NULL || x->answered || !rv_site_may_read(x, ROLE)) {
		if (!x->answered)
			rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	read_store(x, "SELECT reeve.role_similar($1, $2::integer)", role,
	    rv_arena_printf(x->arena, "%lld", (long long)limit));
}
