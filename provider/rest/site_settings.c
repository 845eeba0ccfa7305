/*
 * The minima of roles and operations, the greatest age of a sign-in, and the
 * further principals of administrative users.
 */
#include "rest/body.h"
#include "rest/rest.h"
#include "rest/site.h"

#define AGE_MIN	  10
#define AGE_MAX	  31536000
#define ADMIN_MAX INT32_MAX

#define CALL(function, args)                                      \
	"SELECT revision, changed, replayed FROM reeve." function \
	"($1::jsonb, " args "::jsonb)"

/* Reads, then writes unless something was wrong. */
static void
finish(struct rv_exchange *x, json_t *body, bool ok, const char *sql,
    const char *const *args, size_t n)
{
	json_decref(body);
	if (ok) {
		rv_site_write(x, sql, args, n);
		return;
	}
	if (!x->answered)
		rv_answer_json(x, 200, NULL);
	rv_exchange_finish(x);
}

/* ---- The greatest age ------------------------------------------------------------ */

void
rv_rest_max_auth_age(struct rv_exchange *x)
{
	static const char *const members[] = { "seconds", NULL };
	json_t *body;
	const json_t *value;
	const char *args[1] = { NULL };
	bool ok;

	x->record.action = RV_SLICE_LIT("SetMaxAuthenticationAge");
	body = rv_site_body(x, members);
	value = json_object_get(body, "seconds");
	ok = json_is_null(value);
	if (json_is_integer(value) && json_integer_value(value) >= AGE_MIN &&
	    json_integer_value(value) <= AGE_MAX) {
		args[0] = rv_arena_printf(
		    x->arena, "%lld", (long long)json_integer_value(value));
		ok = args[0] != NULL;
	} else if (body != NULL && !ok) {
		rv_body_bad(x, "seconds",
		    "must be a number from 10 to 31536000, or null for no "
		    "limit");
	}
	finish(x, body, ok, CALL("max_auth_age_set", "$2::integer, $3, $4"),
	    args, 1);
}

/* ---- Minima ------------------------------------------------------------------------ */

void
rv_rest_role_minimum(struct rv_exchange *x)
{
	static const char *const members[] = { "role_id", "level", NULL };
	struct rv_slice role = RV_SLICE_NONE;
	const char *args[2] = { NULL };
	json_t *body;
	bool ok;

	x->record.action = RV_SLICE_LIT("SetRoleMinimum");
	x->record.object_type = RV_SLICE_LIT("SMS_Role");
	body = rv_site_body(x, members);
	ok = body != NULL &&
	     rv_body_string(x, body, "role_id", "role_id", &role) == RV_OK &&
	     rv_site_level(x, body, "level", &args[1]) == RV_OK;
	x->record.object_id = role;
	args[0] = role.p;
	finish(x, body, ok, CALL("role_minimum_set", "$2, $3::integer, $4, $5"),
	    args, 2);
}

void
rv_rest_operation_minimum(struct rv_exchange *x)
{
	static const char *const members[] = { "type", "operation", "level",
		NULL };
	struct rv_slice type = RV_SLICE_NONE, operation = RV_SLICE_NONE;
	const char *args[3] = { NULL };
	json_t *body;
	bool ok;

	x->record.action = RV_SLICE_LIT("SetOperationMinimum");
	body = rv_site_body(x, members);
	ok = body != NULL &&
	     rv_body_string(x, body, "type", "type", &type) == RV_OK &&
	     rv_body_string(x, body, "operation", "operation", &operation) ==
		 RV_OK &&
	     rv_site_level(x, body, "level", &args[2]) == RV_OK;
	x->record.object_type = type;
	x->record.object_id = operation;
	args[0] = type.p;
	args[1] = operation.p;
	finish(x, body, ok,
	    CALL("operation_minimum_set", "$2, $3, $4::integer, $5, $6"), args,
	    3);
}

/* ---- Principals ---------------------------------------------------------------------- */

void
rv_rest_principal_add(struct rv_exchange *x)
{
	static const char *const members[] = { "admin_id", "principal_id",
		NULL };
	struct rv_slice principal = RV_SLICE_NONE;
	const char *args[2] = { NULL };
	json_t *body;
	const json_t *admin;
	bool ok;

	x->record.action = RV_SLICE_LIT("AddPrincipal");
	x->record.object_type = RV_SLICE_LIT("SMS_Admin");
	body = rv_site_body(x, members);
	admin = json_object_get(body, "admin_id");
	ok = json_is_integer(admin) && json_integer_value(admin) > 0 &&
	     json_integer_value(admin) <= ADMIN_MAX;
	if (body != NULL && !ok)
		rv_body_bad(
		    x, "admin_id", "must be the AdminID of somebody, a number");
	ok = ok && rv_body_string(x, body, "principal_id", "principal_id",
		       &principal) == RV_OK;
	if (ok)
		args[0] = rv_arena_printf(
		    x->arena, "%lld", (long long)json_integer_value(admin));
	x->record.object_id = principal;
	args[1] = principal.p;
	finish(x, body, ok && args[0] != NULL,
	    CALL("principal_add", "$2::bigint, $3, $4, $5"), args, 2);
}

void
rv_rest_principal_remove(struct rv_exchange *x)
{
	static const char *const members[] = { "principal_id", NULL };
	struct rv_slice principal = RV_SLICE_NONE;
	const char *args[1] = { NULL };
	json_t *body;
	bool ok;

	x->record.action = RV_SLICE_LIT("RemovePrincipal");
	x->record.object_type = RV_SLICE_LIT("SMS_Admin");
	body = rv_site_body(x, members);
	ok = body != NULL && rv_body_string(x, body, "principal_id",
				 "principal_id", &principal) == RV_OK;
	x->record.object_id = principal;
	args[0] = principal.p;
	finish(x, body, ok, CALL("principal_remove", "$2, $3, $4"), args, 1);
}
