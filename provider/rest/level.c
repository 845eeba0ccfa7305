/*
 * SMS_Site.SetAuthenticationLevel and .GetAuthenticationLevel, as the
 * AdminService has them, with a list of exceptions and a time in which the
 * change has to be confirmed.
 */
#include <inttypes.h>
#include <string.h>

#include "pipeline/lane.h"
#include "rest/body.h"
#include "rest/level_ids.h"
#include "rest/rest.h"
#include "rest/site.h"
#include "rest/store_write.h"
#include "rest/timestamp.h"

#define SITE	       "SMS_Site"
#define EXCEPTIONS_MAX 1000u
#define KEY_SUFFIX     "#exceptions"
#define KEY_ROOM       240u
#define SECONDS_MIN    10u
#define SECONDS_MAX    86400u

/* What a caller wants; texts as the store takes them. */
struct wanted {
	const char *level;	/* NULL: stays */
	const char *confirm_s;	/* NULL: needs no confirmation */
	const char *exceptions; /* NULL: stay; else a text[] literal */
};

/* ---- Reading ------------------------------------------------------------------- */

/* Configuration Manager's numbers. */
static bool
read_level(struct rv_exchange *x, const json_t *body, struct wanted *w)
{
	static const char *const levels[] = { "1", "2", "3" };
	const json_t *value = json_object_get(body, "AuthenticationLevel");
	const json_int_t n = json_integer_value(value);

	if (value == NULL)
		return true;
	if (json_is_integer(value) && (n == 0 || n == 10 || n == 20)) {
		w->level = levels[n / 10];
		return true;
	}
	rv_body_bad(x, "AuthenticationLevel",
	    "must be 0 (Windows authentication), 10 (certificate) or 20 "
	    "(Windows Hello for Business)");
	return false;
}

/* "90s", "10m", "2h". */
static bool
read_confirm(struct rv_exchange *x, const json_t *body, struct wanted *w)
{
	const json_t *value = json_object_get(body, "confirmWithin");
	struct rv_slice text = { json_string_value(value),
		json_string_length(value) };
	uint64_t n = 0, unit = 0;

	if (value == NULL || json_is_null(value))
		return true;
	if (json_is_string(value) && text.n >= 2) {
		const char last = text.p[text.n - 1];

		unit = last == 's'   ? 1
		       : last == 'm' ? 60
		       : last == 'h' ? 3600
				     : 0;
		text.n--;
	}
	if (unit == 0 || rv_slice_to_u64(text, SECONDS_MAX, &n) != RV_OK ||
	    n * unit < SECONDS_MIN || n * unit > SECONDS_MAX ||
	    w->level == NULL) {
		rv_body_bad(x, "confirmWithin",
		    "must be a time from \"10s\" to \"24h\", beside "
		    "AuthenticationLevel");
		return false;
	}
	w->confirm_s = rv_arena_printf(x->arena, "%" PRIu64, n * unit);
	return w->confirm_s != NULL;
}

static bool
read_exceptions(struct rv_exchange *x, const json_t *body, struct wanted *w)
{
	const json_t *list = json_object_get(body, "ExceptionList"), *one;
	struct rv_buf ids = { 0 };
	bool ok =
	    json_is_array(list) && json_array_size(list) <= EXCEPTIONS_MAX;
	size_t i;

	if (list == NULL)
		return true;
	rv_buf_putc(&ids, '{');
	json_array_foreach(list, i, one) ok =
	    ok && rv_level_id_put((struct rv_slice){ json_string_value(one),
				      json_string_length(one) },
		      &ids);
	rv_buf_putc(&ids, '}');
	if (ok)
		w->exceptions = rv_arena_dup(x->arena, rv_buf_slice(&ids));
	else
		rv_body_bad(x, "ExceptionList",
		    "must hold at most 1000 SIDs (S-1-...), principals "
		    "(NAME@REALM) or principal ids (krb5:, sid:, cert:, oidc:, "
		    "oidc-app:, group:)");
	rv_buf_fini(&ids);
	return ok && w->exceptions != NULL;
}

static bool
read_wanted(struct rv_exchange *x, struct wanted *w)
{
	static const char *const members[] = { "AuthenticationLevel",
		"ExceptionList", "confirmWithin", NULL };
	json_t *body = rv_site_body(x, members);
	bool ok;

	if (body == NULL)
		return false;
	ok = read_level(x, body, w) && read_confirm(x, body, w) &&
	     read_exceptions(x, body, w);
	if (ok && w->level == NULL && w->exceptions == NULL) {
		rv_body_bad(x, "AuthenticationLevel", "is missing");
		ok = false;
	}
	json_decref(body);
	if (!ok && !x->answered)
		rv_answer_json(x, 200, NULL);
	return ok;
}

/* ---- Setting -------------------------------------------------------------------- */

/* The list first: whoever is on it is to get through at the new level. */
static void
write_both(struct rv_exchange *x, const struct wanted *w, const char *key)
{
	const char *actor = rv_exchange_actor_json(x);
	const char *request = rv_exchange_request_json(x);
	const char *list_key =
	    key == NULL ? NULL
			: rv_arena_printf(x->arena, "%s" KEY_SUFFIX, key);
	const char *list[] = { actor, w->exceptions, list_key, request };
	const char *level[] = { actor, w->level, w->confirm_s, key, request };
	struct rv_pg_step steps[2];
	size_t n = 0;

	if (w->exceptions != NULL)
		steps[n++] = (struct rv_pg_step){
			.sql = "SELECT revision, changed, replayed FROM "
			       "reeve.exclusion_set($1::jsonb, $2::text[], $3, "
			       "$4::jsonb)",
			.n_params = 4,
			.params = list,
		};
	if (w->level != NULL)
		steps[n++] = (struct rv_pg_step){
			.sql = "SELECT revision, changed, replayed FROM "
			       "reeve.site_level_set($1::jsonb, $2::integer, "
			       "$3::integer, $4, $5::jsonb)",
			.n_params = 5,
			.params = level,
		};
	if (actor == NULL || request == NULL ||
	    (key != NULL && list_key == NULL)) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	rv_write_run(x, steps, n, NULL, NULL);
}

void
rv_rest_set_level(struct rv_exchange *x)
{
	struct wanted w = { .level = NULL };
	const char *key;

	x->record.action = RV_SLICE_LIT("SetAuthenticationLevel");
	x->record.object_type = RV_SLICE_LIT(SITE);
	if (!read_wanted(x, &w) || !rv_write_key(x, &key)) {
		rv_exchange_finish(x);
		return;
	}
	x->record.object_id = rv_slice_of(w.level);
	if (key != NULL && strlen(key) > KEY_ROOM) {
		rv_answer_error(x, 400, "bad_idempotency_key",
		    "The field Idempotency-Key may have 240 bytes here.");
		rv_exchange_finish(x);
	} else {
		write_both(x, &w, key);
	}
}

/* ---- Getting -------------------------------------------------------------------- */

static json_t *
pending_json(struct rv_exchange *x, const struct rv_snapshot *s)
{
	struct rv_level_pending p;

	if (!rv_snapshot_level_pending(s, &p))
		return json_null();
	return json_pack("{s:s, s:s, s:s?}", "level", rv_level_name(p.level),
	    "reverts_to", rv_level_name(p.revert_level), "reverts_at",
	    rv_timestamp(x->arena, p.revert_at_ms));
}

static json_t *
list_json(const PGresult *rows)
{
	json_t *list = json_array();

	for (int i = 0; list != NULL && i < PQntuples(rows); i++)
		if (json_array_append_new(
			list, json_string(PQgetvalue(rows, i, 0))) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static void
on_list(void *arg, const struct rv_pg_answer *reply)
{
	struct rv_exchange *x = arg;
	const struct rv_snapshot *s;
	enum rv_level level;

	if (reply->outcome != RV_PG_DONE) {
		rv_answer_unavailable(x, "store_unavailable",
		    "The site's store cannot be reached; try again.");
	} else if (rv_exchange_snapshot(x, &s) == RV_OK) {
		level = rv_snapshot_site_level_at(s, rv_exchange_instant(x));
		x->record.outcome = RV_SLICE_LIT("allow");
		x->record.count = PQntuples(reply->results[0]);
		rv_answer_json(x, 200,
		    json_pack("{s:i, s:o, s:s, s:o, s:I}",
			"AuthenticationLevel", ((int)level - 1) * 10,
			"ExceptionList", list_json(reply->results[0]),
			"@reeve.level", rv_level_name(level), "@reeve.pending",
			pending_json(x, s), "@reeve.max_age",
			(json_int_t)rv_snapshot_max_auth_age_s(s)));
	}
	rv_exchange_finish(x);
}

void
rv_rest_get_level(struct rv_exchange *x)
{
	const struct rv_pg_step step = {
		.sql = "SELECT principal_id FROM reeve.feed_exclusion "
		       "ORDER BY principal_id COLLATE \"C\"",
	};

	x->record.action = RV_SLICE_LIT("GetAuthenticationLevel");
	x->record.object_type = RV_SLICE_LIT(SITE);
	if (rv_site_may_read(x, SITE))
		rv_pg_run(x->lane->pg, &step, 1, false, on_list, x);
	else
		rv_exchange_finish(x);
}
