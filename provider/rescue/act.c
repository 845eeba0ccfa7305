#include "rescue/act.h"

#include <stdlib.h>
#include <string.h>

#include "store/db.h"

json_t *
rv_rescue_refusal(const char *code, const char *detail)
{
	return json_pack(
	    "{s:b, s:s, s:s}", "ok", 0, "code", code, "detail", detail);
}

/* ---- What the store is told ---------------------------------------------- */

static char *
operator_json(const struct rv_operator *who)
{
	json_t *o = json_pack("{s:s+, s:I}", "principal", "unix:", who->name,
	    "uid", (json_int_t)who->uid);
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

static char *
request_json(const char *request_id)
{
	json_t *o = json_pack(
	    "{s:s, s:s}", "request_id", request_id, "source", "operator");
	char *text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	return text;
}

/* ---- One statement -------------------------------------------------------- */

/* The first column of the only row is JSON. */
static json_t *
answer_of(const PGresult *result)
{
	json_t *told;

	if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
		return rv_rescue_refusal("internal",
		    "The store gave no answer; see the provider's log.");
	told = json_loads(PQgetvalue(result, 0, 0), 0, NULL);
	if (!json_is_object(told) ||
	    json_object_set_new(told, "ok", json_true()) != 0) {
		json_decref(told);
		return rv_rescue_refusal(
		    "internal", "The store gave an answer that is none.");
	}
	return told;
}

static json_t *
refused(const struct rv_db *db, int r, const struct rv_error *e,
    const char **ret_code)
{
	const char *state = db != NULL ? rv_db_sqlstate(db) : "";

	*ret_code = "store_unavailable";
	if (r == RV_ERR_DENIED) {
		*ret_code = "refused";
		if (strcmp(state, "RV409") == 0)
			*ret_code = "conflict";
		else if (strcmp(state, "RV400") == 0)
			*ret_code = "malformed";
	}
	return rv_rescue_refusal(*ret_code, e->text);
}

static json_t *
ask_store(const struct rv_rescue_context *context, const char *sql, int n,
    const char *const *params, const char **ret_code)
{
	const struct rv_db_config config = {
		.conninfo = context->conninfo,
		.deadline_ms = context->deadline_ms,
		.stop_fd = context->stop_fd,
	};
	struct rv_error e = { "" };
	struct rv_db *db = NULL;
	PGresult *result = NULL;
	json_t *answer;
	int r = rv_db_open(&config, &db, &e);

	if (r == RV_OK)
		r = rv_db_query(db, sql, n, params, &result, &e);
	if (r == RV_OK) {
		*ret_code = "success";
		answer = answer_of(result);
	} else {
		answer = refused(db, r, &e, ret_code);
	}
	PQclear(result);
	rv_db_close(&db);
	return answer;
}

static json_t *
add_admin(const struct rv_rescue_context *context, const char *who,
    const char *request_text, const struct rv_rescue_request *request,
    const char **ret_code)
{
	struct rv_buf id = { .max = 1024 };
	json_t *answer = NULL;

	rv_buf_printf(&id, "krb5:%s", request->principal);
	if (rv_buf_cstr(&id) != NULL) {
		const char *params[] = { who, id.p, request->account_id,
			request->principal, request_text };

		answer = ask_store(context,
		    "SELECT to_jsonb(r) FROM reeve.rescue_admin_add("
		    "$1::jsonb, $2, $3, $4, $5::jsonb) AS r",
		    5, params, ret_code);
	}
	rv_buf_fini(&id);
	return answer;
}

static json_t *
run(const struct rv_rescue_context *context, const char *who,
    const char *request_text, const struct rv_rescue_request *request,
    const char **ret_code)
{
	const char *params[] = { who, request_text };

	switch (request->action) {
	case RV_RESCUE_STATUS:
		return ask_store(context,
		    "SELECT to_jsonb(r) FROM reeve.rescue_status() AS r", 0,
		    NULL, ret_code);
	case RV_RESCUE_LEVEL_WINDOWS:
		return ask_store(context,
		    "SELECT to_jsonb(r) FROM reeve.rescue_level_windows("
		    "$1::jsonb, $2::jsonb) AS r",
		    2, params, ret_code);
	case RV_RESCUE_ADD_ADMIN:
		break;
	}
	return add_admin(context, who, request_text, request, ret_code);
}

json_t *
rv_rescue_act(const struct rv_rescue_context *context,
    const struct rv_operator *who, const char *request_id,
    const struct rv_rescue_request *request, const char **ret_code)
{
	char *operator_text = NULL, *request_text = NULL;
	json_t *answer = NULL;

	*ret_code = "out_of_memory";
	if (request->action != RV_RESCUE_STATUS && !context->may_change) {
		*ret_code = "switched_off";
		return rv_rescue_refusal(*ret_code,
		    "Rescue is switched off in reeved.conf (rescue = off).");
	}
	operator_text = operator_json(who);
	request_text = request_json(request_id);
	if (operator_text != NULL && request_text != NULL)
		answer = run(
		    context, operator_text, request_text, request, ret_code);
	free(operator_text);
	free(request_text);
	return answer;
}
