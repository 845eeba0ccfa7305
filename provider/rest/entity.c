#include "rest/rest.h"

#include <stdlib.h>
#include <string.h>

#include "pipeline/hold.h"
#include "rest/expand.h"
#include "rest/list_sql.h"
#include "rest/request.h"
#include "rest/rows.h"

struct entity {
	struct rv_exchange *x;
	const struct rv_class *class;
	struct rv_odata_query query;
	struct rv_odata_key key;
	struct rv_reading reading;
	struct rv_expand expand;
	const char *etag;
	json_t *objects, *links;
};

static void
finish(struct entity *e)
{
	struct rv_exchange *x = e->x;

	json_decref(e->objects);
	json_decref(e->links);
	free(e);
	if (x->answer.status == 404)
		rv_hold_in_steps(x);
	else
		rv_exchange_finish(x);
}

static void
on_failed(void *owner)
{
	finish(owner);
}

/* ---- The answer ------------------------------------------------------------------- */

/* RFC 9110 section 13.1.2: weak comparison. */
static bool
is_known_to_caller(const struct entity *e)
{
	const struct rv_slice field =
	    rv_request_field(&e->x->request, "if-none-match", NULL);

	if (field.p == NULL)
		return false;
	return rv_slice_eq_cstr(field, "*") ||
	       (e->etag != NULL &&
		   memmem(field.p, field.n, e->etag, strlen(e->etag)) != NULL);
}

static void
put_fields(struct entity *e)
{
	struct rv_exchange *x = e->x;

	if (e->etag != NULL)
		rv_answer_field(
		    x, "ETag", rv_arena_printf(x->arena, "W/%s", e->etag));
}

static void
answer(struct entity *e)
{
	struct rv_exchange *x = e->x;
	json_t *object = json_array_get(e->objects, 0);
	json_t *body;

	put_fields(e);
	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	if (is_known_to_caller(e)) {
		x->answer.status = 304;
		x->answered = true;
		return;
	}
	body = json_pack("{s:o, s:I}", "@odata.context",
	    rv_request_context(x, e->class, "/$entity"), "@reeve.revision",
	    (json_int_t)x->revision);
	if (body != NULL && json_object_update(body, object) != 0) {
		json_decref(body);
		body = NULL;
	}
	rv_request_answer(x, 200, body);
}

static void
on_expanded(void *owner, bool there)
{
	struct entity *e = owner;

	rv_reading_end(&e->reading);
	if (there)
		answer(e);
	finish(e);
}

/* ---- The row ------------------------------------------------------------------------ */

static json_t *
links_of(const struct entity *e, const PGresult *rows)
{
	json_t *links = json_array(), *all = json_array();

	for (size_t k = 0; k < e->query.n_expand; k++) {
		const int column = RV_ROW_COLUMNS + 1 + (int)k;

		(void)json_array_append_new(
		    links, PQgetisnull(rows, 0, column)
			       ? json_null()
			       : json_string(PQgetvalue(rows, 0, column)));
	}
	(void)json_array_append_new(all, links);
	return all;
}

static bool
take_row(struct entity *e, const PGresult *rows, const struct rv_list_row *row)
{
	e->etag =
	    rv_arena_printf(e->x->arena, "\"%.*s\"", RV_SLICE_FMT(row->etag));
	e->objects = json_array();
	e->links = links_of(e, rows);
	return e->etag != NULL &&
	       json_array_append_new(e->objects,
		   rv_list_row_body(e->class, &e->query, true, row)) == 0;
}

/*
 * The same for what there is not as for what the caller may not see, and at
 * the same time.
 */
static void
answer_none(struct entity *e)
{
	e->x->record.outcome = RV_SLICE_LIT("deny");
	rv_answer_error(e->x, 404, "no_such_object",
	    "There is no such object, or it is outside your administrative "
	    "scope.");
}

static void
on_row(void *arg, const PGresult *const *results, size_t n)
{
	struct entity *e = arg;
	const struct rv_snapshot *s;
	struct rv_list_row row;

	(void)n;
	if (rv_exchange_snapshot(e->x, &s) != RV_OK)
		goto over;
	if (PQntuples(results[0]) == 0) {
		answer_none(e);
		goto over;
	}
	rv_list_row_read(results[0], 0, &row);
	e->x->record.object_id =
	    rv_slice_of(rv_arena_dup(e->x->arena, row.key));
	if (!rv_list_row_visible(e->x, s, e->class, &row)) {
		answer_none(e);
		goto over;
	}
	if (!take_row(e, results[0], &row)) {
		rv_answer_json(e->x, 200, NULL);
		goto over;
	}
	e->expand = (struct rv_expand){ .reading = &e->reading,
		.query = &e->query,
		.objects = e->objects,
		.links = e->links,
		.done = on_expanded,
		.owner = e };
	rv_expand_run(&e->expand);
	return;
over:
	rv_reading_end(&e->reading);
	finish(e);
}

static void
read_row(struct entity *e)
{
	const struct rv_list_where where = { .key = &e->key };
	struct rv_odata_sql sql;
	struct rv_pg_step step;

	if (rv_list_sql_rows(
		e->x->arena, e->class, &e->query, &where, 1, &sql) != RV_OK) {
		rv_answer_json(e->x, 200, NULL);
		finish(e);
		return;
	}
	step = (struct rv_pg_step){ .sql = rv_buf_cstr(&sql.text),
		.n_params = (int)sql.n_params,
		.params = sql.params };
	rv_reading_begin(&e->reading, &step, 1, on_row, e);
	rv_buf_fini(&sql.text);
}

/* ---- What is asked ---------------------------------------------------------------------- */

void
rv_rest_entity(struct rv_exchange *x)
{
	struct entity *e = calloc(1, sizeof(*e));
	struct rv_list_sight sight;

	if (e == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	e->x = x;
	e->reading =
	    (struct rv_reading){ .x = x, .failed = on_failed, .owner = e };
	if (rv_request_class(x, &e->class) &&
	    rv_request_query(x, e->class, true, &e->query) &&
	    rv_request_key(x, e->class, &e->key) &&
	    rv_list_sight_of(x, e->class, &sight))
		read_row(e);
	else
		finish(e);
}
