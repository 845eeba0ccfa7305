#include "rest/list_count.h"

#include <stdlib.h>

#include "rest/list_sql.h"
#include "rest/request.h"
#include "rest/rest.h"

#define JUDGED_MAX 50000u

static void
on_number(void *arg, const PGresult *const *results, size_t n)
{
	struct rv_list_count *c = arg;
	uint64_t number;

	(void)n;
	if (rv_slice_to_u64(rv_slice_of(PQgetvalue(results[0], 0, 0)),
		INT64_MAX, &number) != RV_OK) {
		rv_answer_json(c->reading->x, 200, NULL);
		c->done(c->owner, false);
		return;
	}
	c->n = (int64_t)number;
	c->done(c->owner, true);
}

static void
on_objects(void *arg, const PGresult *const *results, size_t n)
{
	struct rv_list_count *c = arg;
	struct rv_exchange *x = c->reading->x;
	const struct rv_snapshot *s;
	struct rv_list_row row;

	(void)n;
	if (PQntuples(results[0]) > (int)JUDGED_MAX) {
		rv_answer_error(x, 501, "count_too_large",
		    "This many objects are not counted for a caller who may "
		    "not see all of them; narrow the list with $filter.");
		c->done(c->owner, false);
		return;
	}
	if (rv_exchange_snapshot(x, &s) != RV_OK) {
		c->done(c->owner, false);
		return;
	}
	c->n = 0;
	for (int i = 0; i < PQntuples(results[0]); i++) {
		rv_list_row_read(results[0], i, &row);
		c->n += rv_list_row_visible(x, s, c->class, &row);
	}
	c->done(c->owner, true);
}

void
rv_list_count_run(struct rv_list_count *c)
{
	struct rv_arena *arena = c->reading->x->arena;
	const struct rv_list_where where = { .scopes = c->sight->scopes };
	struct rv_odata_sql sql;
	struct rv_pg_step step;
	int r;

	if (c->sight->filtered)
		r = rv_list_sql_objects(
		    arena, c->class, c->query, &where, JUDGED_MAX + 1, &sql);
	else
		r = rv_list_sql_count(arena, c->class, c->query, &sql);
	if (r != RV_OK) {
		rv_answer_json(c->reading->x, 200, NULL);
		c->done(c->owner, false);
		return;
	}
	step = (struct rv_pg_step){ .sql = rv_buf_cstr(&sql.text),
		.n_params = (int)sql.n_params,
		.params = sql.params };
	rv_reading_go_on(c->reading, &step, 1,
	    c->sight->filtered ? on_objects : on_number, c);
	rv_buf_fini(&sql.text);
}

/* ---- The path with /$count ------------------------------------------------------- */

struct counting {
	struct rv_exchange *x;
	const struct rv_class *class;
	struct rv_odata_query query;
	struct rv_list_sight sight;
	struct rv_reading reading;
	struct rv_list_count count;
};

static void
counting_failed(void *owner)
{
	struct counting *c = owner;

	rv_exchange_finish(c->x);
}

/* OData 4.01 protocol, section 11.2.10: the number as plain text. */
static void
counting_done(void *owner, bool counted)
{
	struct counting *c = owner;
	struct rv_exchange *x = c->x;
	const char *text;

	rv_reading_end(&c->reading);
	text = counted
		   ? rv_arena_printf(x->arena, "%lld", (long long)c->count.n)
		   : NULL;
	if (text != NULL) {
		x->record.outcome = RV_SLICE_LIT("allow");
		x->record.reason = RV_SLICE_LIT("allowed");
		x->record.count = c->count.n;
		x->answer.status = 200;
		x->answer.content_type = "text/plain;charset=utf-8";
		x->answer.body = rv_slice_of(text);
		x->answered = true;
	} else if (!x->answered) {
		rv_answer_json(x, 200, NULL);
	}
	rv_exchange_finish(x);
}

static void
counting_begun(void *arg, const PGresult *const *results, size_t n)
{
	struct counting *c = arg;

	(void)results;
	(void)n;
	rv_list_count_run(&c->count);
}

void
rv_rest_count(struct rv_exchange *x)
{
	struct counting *c = rv_arena_alloc(x->arena, sizeof(*c));

	if (c == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	c->x = x;
	c->reading = (struct rv_reading){
		.x = x, .failed = counting_failed, .owner = c
	};
	if (!rv_request_class(x, &c->class) ||
	    !rv_request_query(x, c->class, false, &c->query) ||
	    !rv_list_sight_of(x, c->class, &c->sight)) {
		rv_exchange_finish(x);
		return;
	}
	c->count = (struct rv_list_count){ .reading = &c->reading,
		.class = c->class,
		.query = &c->query,
		.sight = &c->sight,
		.done = counting_done,
		.owner = c };
	rv_reading_begin(&c->reading, NULL, 0, counting_begun, c);
}
