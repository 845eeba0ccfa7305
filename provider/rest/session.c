/*
 * Sessions over REST: one's own, and for who administers them, everybody's.
 */
#include <string.h>

#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "rest/body.h"
#include "rest/rest.h"
#include "rest/timestamp.h"
#include "sessions/sessions.h"
#include "store/pg.h"

#define TYPE	    "RVE_Session"
#define PAGE_MAX    1000u
#define PAGE	    100u
#define REVOKED_MAX 1000u

/* False: the exchange has been answered. */
static bool
may(struct rv_exchange *x, struct rv_slice operation)
{
	struct rv_subject caller = rv_subject_of(x->identity);
	const struct rv_question q = {
		.type = RV_SLICE_LIT(TYPE),
		.operation = operation,
	};
	const struct rv_snapshot *s;
	struct rv_verdict verdict;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	rv_rbac_check(s, &caller, rv_exchange_instant(x), &q, &verdict);
	rv_exchange_record_verdict(x, &verdict);
	if (verdict.decision == RV_ALLOW)
		return true;
	rv_answer_denied(x, s, &q, &verdict);
	return false;
}

/* ---- One's own ---------------------------------------------------------------- */

static json_t *
own_ids(const struct rv_identity *id)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < id->n_own; i++)
		if (json_array_append_new(
			list, json_stringn(id->ids[i].p, id->ids[i].n)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *
session_json(struct rv_exchange *x)
{
	if (x->session_id[0] == '\0')
		return json_null();
	return json_pack("{s:s, s:s*}", "id", x->session_id, "expires_at",
	    rv_timestamp(x->arena, x->session_ends_at_ms));
}

void
rv_rest_session(struct rv_exchange *x)
{
	const struct rv_identity *id = x->identity;

	rv_answer_json(x, 200,
	    json_pack("{s:s, s:s, s:s, s:o, s:b, s:s*, s:s*, s:s*, s:o}",
		"principal", id->principal, "method",
		rv_auth_method_name(id->method), "level",
		rv_level_name(id->level), "ids", own_ids(id), "groups_known",
		id->groups_known, "authenticated_at",
		id->authenticated_at_ms > 0
		    ? rv_timestamp(x->arena, id->authenticated_at_ms)
		    : NULL,
		"expires_at", rv_timestamp(x->arena, id->expires_at_ms),
		"delegated_by", id->delegated ? id->delegated_by : NULL,
		"session", session_json(x)));
	rv_exchange_finish(x);
}

static void
on_signed_out(void *arg, int result, uint64_t ended)
{
	struct rv_exchange *x = arg;

	(void)ended;
	/* Here it is over in any case. */
	if (result == RV_OK)
		rv_answer_json(x, 200, json_pack("{s:b}", "ended", 1));
	else
		rv_answer_unavailable(x, "store_unavailable",
		    "The session has ended at this provider; the others "
		    "could not be told. Try again.");
	rv_exchange_finish(x);
}

void
rv_rest_session_delete(struct rv_exchange *x)
{
	const char *const ids[] = { x->session_id };
	const struct rv_sessions_end end = {
		.ids = ids,
		.n_ids = 1,
		.by = x->identity->principal,
	};

	if (x->session_id[0] == '\0') {
		rv_answer_error(x, 404, "no_session",
		    "This request came without the token of a session.");
		rv_exchange_finish(x);
		return;
	}
	(void)rv_session_end(
	    x->lane->provider->sessions, x->session_hash, true);
	rv_sessions_lane_end(x->lane->sessions, &end, on_signed_out, x);
}

/* ---- Everybody's ------------------------------------------------------------------ */

struct page {
	struct rv_exchange *x;
	const char *after;
	uint64_t limit;
};

static bool
is_session_id(struct rv_slice id)
{
	if (id.n != RV_SESSION_ID_SIZE - 1)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if ((id.p[i] < '0' || id.p[i] > '9') &&
		    (id.p[i] < 'a' || id.p[i] > 'f'))
			return false;
	return true;
}

static bool
take_option(struct page *p, struct rv_slice option)
{
	const struct rv_slice after = RV_SLICE_LIT("after=");
	const struct rv_slice limit = RV_SLICE_LIT("limit=");

	if (rv_slice_has_prefix(option, after)) {
		option.p += after.n;
		option.n -= after.n;
		p->after = rv_arena_dup(p->x->arena, option);
		return is_session_id(option) && p->after != NULL;
	}
	if (rv_slice_has_prefix(option, limit)) {
		option.p += limit.n;
		option.n -= limit.n;
		return rv_slice_to_u64(option, PAGE_MAX, &p->limit) == RV_OK &&
		       p->limit > 0;
	}
	return false;
}

/* False: the exchange has been answered. */
static bool
read_query(struct page *p)
{
	struct rv_slice rest = p->x->request.query;

	while (rest.n > 0) {
		const char *end = memchr(rest.p, '&', rest.n);
		size_t n = end != NULL ? (size_t)(end - rest.p) : rest.n;

		if (!take_option(p, (struct rv_slice){ rest.p, n })) {
			rv_answer_error(p->x, 400, "bad_request",
			    "The query takes after=ID of a session, and "
			    "limit=1 to 1000.");
			return false;
		}
		n += end != NULL;
		rest.p += n;
		rest.n -= n;
	}
	return true;
}

static json_t *
row_json(struct rv_exchange *x, const PGresult *rows, int i)
{
	static const char *const names[] = { "id", "node", "principal",
		"method" };
	json_t *row = json_object();
	uint64_t number = 0;
	int r = row != NULL ? 0 : -1;

	for (int k = 0; r == 0 && k < 4; k++)
		r = json_object_set_new(
		    row, names[k], json_string(PQgetvalue(rows, i, k)));
	if (rv_slice_to_u64(rv_slice_of(PQgetvalue(rows, i, 4)), RV_LEVEL_HELLO,
		&number) != RV_OK)
		number = RV_LEVEL_NONE;
	if (r == 0)
		r = json_object_set_new(row, "level",
		    json_string(rv_level_name((enum rv_level)number)));
	if (r == 0)
		r = json_object_set_new(
		    row, "address", json_string(PQgetvalue(rows, i, 5)));
	for (int k = 6; r == 0 && k < 8; k++) {
		const char *at = NULL;

		if (rv_slice_to_u64(rv_slice_of(PQgetvalue(rows, i, k)),
			INT64_MAX, &number) == RV_OK)
			at = rv_timestamp(x->arena, (int64_t)number);
		r = json_object_set_new(row, k == 6 ? "began_at" : "expires_at",
		    at != NULL ? json_string(at) : json_null());
	}
	if (r == 0)
		return row;
	json_decref(row);
	return NULL;
}

static void
answer_page(const struct page *p, const PGresult *rows)
{
	json_t *list = json_array();
	const int n = PQntuples(rows), most = (int)p->limit;
	const char *next = NULL;

	for (int i = 0; list != NULL && i < n && i < most; i++)
		if (json_array_append_new(list, row_json(p->x, rows, i)) != 0) {
			json_decref(list);
			list = NULL;
		}
	if (n > most)
		next = PQgetvalue(rows, most - 1, 0);
	p->x->record.count = n < most ? n : most;
	rv_answer_json(p->x, 200,
	    list != NULL
		? json_pack("{s:o, s:s*}", "sessions", list, "next_after", next)
		: NULL);
}

static void
on_rows(void *arg, const struct rv_pg_answer *answer)
{
	const struct page *p = arg;

	if (answer->outcome == RV_PG_DONE)
		answer_page(p, answer->results[0]);
	else
		rv_answer_unavailable(p->x, "store_unavailable",
		    "The site's store cannot be reached. Try again.");
	rv_exchange_finish(p->x);
}

void
rv_rest_sessions(struct rv_exchange *x)
{
	struct page *p = rv_arena_alloc(x->arena, sizeof(*p));
	const char *params[2];
	const struct rv_pg_step step = {
		.sql = "SELECT * FROM reeve.session_list($1, $2::integer)",
		.n_params = 2,
		.params = params,
	};

	if (p == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	*p = (struct page){ .x = x, .after = "", .limit = PAGE };
	if (!may(x, RV_SLICE_LIT("Read")) || !read_query(p)) {
		rv_exchange_finish(x);
		return;
	}
	params[0] = p->after;
	params[1] =
	    rv_arena_printf(x->arena, "%llu", (unsigned long long)p->limit + 1);
	rv_pg_run(x->lane->pg, &step, 1, false, on_rows, p);
}

/* ---- Revoking ------------------------------------------------------------------------ */

static void
on_revoked(void *arg, int result, uint64_t ended)
{
	struct rv_exchange *x = arg;

	if (result == RV_OK) {
		x->record.count = (int64_t)ended;
		rv_answer_json(
		    x, 200, json_pack("{s:I}", "revoked", (json_int_t)ended));
	} else {
		rv_answer_unavailable(x, "store_unavailable",
		    "The site's store cannot be reached; whether the "
		    "sessions have ended is not known. Try again.");
	}
	rv_exchange_finish(x);
}

/* False: the exchange has been answered. */
static bool
read_texts(struct rv_exchange *x, const json_t *root, const char *member,
    const char *const **ret_texts, size_t *ret_n)
{
	const json_t *list = json_object_get(root, member);
	const size_t n = json_array_size(list);
	const char **texts;

	*ret_n = 0;
	if (list == NULL)
		return true;
	texts = rv_arena_alloc(x->arena, n * sizeof(*texts));
	if (!json_is_array(list) || n > REVOKED_MAX || texts == NULL) {
		rv_body_bad(x, member, "must be an array of at most 1000");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const json_t *text = json_array_get(list, i);

		if (!json_is_string(text) ||
		    json_string_length(text) >= RV_PRINCIPAL_MAX ||
		    json_string_length(text) == 0) {
			rv_body_bad(x, member, "must hold names");
			return false;
		}
		texts[i] = rv_arena_dup(
		    x->arena, rv_slice_of(json_string_value(text)));
		if (texts[i] == NULL) {
			rv_answer_json(x, 200, NULL);
			return false;
		}
	}
	*ret_texts = texts;
	*ret_n = n;
	return true;
}

/* Each under the name of what it is; false when out of memory. */
static bool
record_end(struct rv_exchange *x, const struct rv_sessions_end *end)
{
	const size_t n = end->n_ids + end->n_principals;
	struct rv_audit_item *items =
	    rv_arena_alloc(x->arena, n * sizeof(*items));

	if (items == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		items[i] = (struct rv_audit_item){
			.reason = "revoked",
			.object_type = i < end->n_ids
					   ? RV_SLICE_LIT("session")
					   : RV_SLICE_LIT("principal"),
			.object_id = rv_slice_of(
			    i < end->n_ids ? end->ids[i]
					   : end->principals[i - end->n_ids]),
			.action = RV_SLICE_LIT("Revoke"),
		};
	x->record.items = items;
	x->record.n_items = n;
	return true;
}

static bool
read_end(struct rv_exchange *x, struct rv_sessions_end *end)
{
	json_t *root = rv_body_object(x);
	bool ok;

	if (root == NULL)
		return false;
	ok = read_texts(x, root, "sessions", &end->ids, &end->n_ids) &&
	     read_texts(
		 x, root, "principals", &end->principals, &end->n_principals);
	json_decref(root);
	if (ok && end->n_ids + end->n_principals == 0) {
		rv_body_bad(
		    x, "sessions", "or principals must name whose are to end");
		ok = false;
	}
	if (ok && !record_end(x, end)) {
		rv_answer_json(x, 200, NULL);
		ok = false;
	}
	return ok;
}

void
rv_rest_sessions_revoke(struct rv_exchange *x)
{
	struct rv_sessions_end end = { .by = x->identity->principal };

	x->record.action = RV_SLICE_LIT("Revoke");
	if (!may(x, RV_SLICE_LIT("Revoke")) || !read_end(x, &end)) {
		rv_exchange_finish(x);
		return;
	}
	rv_sessions_lane_end(x->lane->sessions, &end, on_revoked, x);
}
