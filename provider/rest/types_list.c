/*
 * What applications have registered, and which custom roles lack operations
 * that a version brought.
 */
#include <string.h>

#include "pipeline/lane.h"
#include "provider.h"
#include "rest/types.h"
#include "store/pg.h"

#define ROWS_MAX 1000

struct rows {
	struct rv_exchange *x;
	const char *member; /* of the answer, that holds the rows */
	const char *type;   /* of a report: only this class, or NULL */
	const char *since;  /* and only later versions, or NULL */
};

/* ---- The answer ---------------------------------------------------------------- */

static json_t *
rows_json(const PGresult *rows, int n)
{
	json_t *list = json_array();

	for (int i = 0; list != NULL && i < n; i++)
		if (json_array_append_new(list,
			json_loads(PQgetvalue(rows, i, 0), 0, NULL)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static void
on_rows(void *arg, const struct rv_pg_answer *answer)
{
	const struct rows *r = arg;
	json_t *list;
	int n;

	if (answer->outcome == RV_PG_DONE) {
		n = PQntuples(answer->results[0]);
		list =
		    rows_json(answer->results[0], n < ROWS_MAX ? n : ROWS_MAX);
		r->x->record.count = n < ROWS_MAX ? n : ROWS_MAX;
		rv_answer_json(r->x, 200,
		    list != NULL ? json_pack("{s:o, s:b}", r->member, list,
				       "more", n > ROWS_MAX)
				 : NULL);
	} else {
		rv_answer_unavailable(r->x, "store_unavailable",
		    "The site's store cannot be reached. Try again.");
	}
	rv_exchange_finish(r->x);
}

/* ---- The query ------------------------------------------------------------------- */

static bool
is_name(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "abcdefghijklmnopqrstuvwxyz0123456789_",
			s.p[i]) == NULL ||
		    s.p[i] == '\0')
			return false;
	return s.n > 0;
}

/* One option, NAME=VALUE.  False: it is none. */
static bool
read_option(struct rows *r, struct rv_slice option)
{
	const struct rv_slice type = RV_SLICE_LIT("type=");
	const struct rv_slice since = RV_SLICE_LIT("since=");
	struct rv_slice value = option;
	uint64_t version;

	if (rv_slice_has_prefix(option, type) && r->type == NULL) {
		value.p += type.n;
		value.n -= type.n;
		if (is_name(value))
			r->type = rv_arena_dup(r->x->arena, value);
		return r->type != NULL;
	}
	if (!rv_slice_has_prefix(option, since) || r->since != NULL)
		return false;
	value.p += since.n;
	value.n -= since.n;
	if (rv_slice_to_u64(value, INT32_MAX, &version) != RV_OK)
		return false;
	r->since = rv_arena_dup(r->x->arena, value);
	return r->since != NULL;
}

static bool
read_query(struct rows *r)
{
	struct rv_slice query = r->x->request.query;

	while (query.n > 0) {
		const char *amp = memchr(query.p, '&', query.n);
		const size_t n =
		    amp != NULL ? (size_t)(amp - query.p) : query.n;

		if (!read_option(r, (struct rv_slice){ query.p, n })) {
			rv_answer_error(r->x, 400, "bad_query",
			    "The query has type=CLASS and since=VERSION, each "
			    "once at most.");
			return false;
		}
		query.p += amp != NULL ? n + 1 : n;
		query.n -= amp != NULL ? n + 1 : n;
	}
	return true;
}

/* ---- Routes ------------------------------------------------------------------------ */

static struct rows *
begin(struct rv_exchange *x, const char *type, const char *member)
{
	struct rows *r = NULL;

	x->record.action = RV_SLICE_LIT("Read");
	if (!rv_types_may(x, type, "Read", RV_SLICE_NONE))
		return NULL;
	r = rv_arena_alloc(x->arena, sizeof(*r));
	if (r == NULL)
		rv_answer_json(x, 200, NULL);
	else
		*r = (struct rows){ .x = x, .member = member };
	return r;
}

void
rv_rest_types(struct rv_exchange *x)
{
	static const struct rv_pg_step step = {
		.sql = "SELECT body::text FROM reeve.list_rve_applicationtype"
		       " ORDER BY key LIMIT 1001",
	};
	struct rows *r = begin(x, RV_TYPES_CLASS, "types");

	if (r == NULL) {
		rv_exchange_finish(x);
		return;
	}
	rv_pg_run(x->lane->pg, &step, 1, false, on_rows, r);
}

/* Roles are told of, and so it is Read on roles that this needs. */
void
rv_rest_types_missing(struct rv_exchange *x)
{
	const char *params[2];
	const struct rv_pg_step step = {
		.sql = "SELECT m::text FROM reeve.missing_operations($1,"
		       " $2::integer, 1001) AS m",
		.n_params = 2,
		.params = params,
	};
	struct rows *r = begin(x, "SMS_Role", "missing");

	if (r == NULL || !read_query(r)) {
		rv_exchange_finish(x);
		return;
	}
	params[0] = r->type;
	params[1] = r->since;
	rv_pg_run(x->lane->pg, &step, 1, false, on_rows, r);
}
