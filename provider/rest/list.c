/*
 * Lists of the AdminService's classes: the caller's rights over a class from
 * the snapshot, rows by the query from the store, and the engine has the last
 * word on each row.
 */
#include <stdlib.h>
#include <string.h>

#include "rest/expand.h"
#include "rest/list_count.h"
#include "rest/list_link.h"
#include "rest/list_page.h"
#include "rest/list_sql.h"
#include "rest/prefer.h"
#include "rest/rest.h"
#include "rest/request.h"
#include "rest/rows.h"

#define PAGE_ROWS      1000u
#define BATCH_ROWS     (PAGE_ROWS + 1)
#define CANDIDATES_MAX 50000u
#define PAGE_BYTES     (4u << 20)

struct list {
	struct rv_exchange *x;
	const struct rv_class *class;
	struct rv_odata_query query;
	struct rv_list_place place;
	struct rv_list_sight sight;
	struct rv_reading reading;
	struct rv_expand expand;
	struct rv_list_count count;
	struct rv_list_page page;
	size_t page_rows; /* at most */
	/* Sort values: of the last candidate; of the last row for the caller. */
	struct rv_buf last, shown;
	size_t candidates, wanted;
	bool seen_next; /* a row for the caller behind the page */
	bool more;
};

static void
list_free(struct list *l)
{
	rv_list_page_fini(&l->page);
	rv_buf_fini(&l->last);
	rv_buf_fini(&l->shown);
	free(l);
}

/* Ends the list; the exchange has been answered. */
static void
finish(struct list *l)
{
	struct rv_exchange *x = l->x;

	list_free(l);
	rv_exchange_finish(x);
}

static void
fail_memory(struct list *l)
{
	rv_reading_end(&l->reading);
	if (!l->x->answered)
		rv_answer_json(l->x, 200, NULL);
	finish(l);
}

static void
on_failed(void *owner)
{
	finish(owner);
}

/* ---- The answer ----------------------------------------------------------- */

static void
record(struct list *l)
{
	struct rv_exchange *x = l->x;

	x->record.outcome = RV_SLICE_LIT("allow");
	x->record.reason = RV_SLICE_LIT("allowed");
	x->record.count = (int64_t)l->page.n;
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	x->record.ids_hash = rv_list_page_hash(&l->page, x->arena);
}

static bool
put_next_link(struct list *l, json_t *body)
{
	struct rv_list_place next = { .skip = l->place.skip,
		.top = l->place.top };
	const char *link;

	if (next.top != SIZE_MAX)
		next.top -= l->page.n;
	link = rv_list_link(l->x, l->class->odata.name,
	    rv_buf_slice(l->seen_next ? &l->shown : &l->last), &next);
	return link != NULL && json_object_set_new(body, "@odata.nextLink",
				   json_string(link)) == 0;
}

static void
answer(struct list *l)
{
	json_t *body = json_pack("{s:o, s:b, s:I}", "@odata.context",
	    rv_request_context(l->x, l->class, NULL), "@reeve.filtered",
	    l->sight.filtered, "@reeve.revision", (json_int_t)l->x->revision);
	struct rv_slice text = RV_SLICE_NONE;
	bool ok = body != NULL;

	if (l->query.count)
		ok = ok && json_object_set_new(body, "@odata.count",
			       json_integer(l->count.n)) == 0;
	if (l->more)
		ok = ok && put_next_link(l, body);
	if (ok)
		text = rv_list_page_text(&l->page, l->x->arena, body);
	json_decref(body);
	rv_request_answer_text(l->x, 200, text);
	if (text.p != NULL)
		record(l);
	finish(l);
}

static void
on_expanded(void *owner, bool there)
{
	struct list *l = owner;

	rv_reading_end(&l->reading);
	if (there)
		answer(l);
	else
		finish(l);
}

static void
on_counted(void *owner, bool counted)
{
	struct list *l = owner;

	if (!counted) {
		rv_reading_end(&l->reading);
		finish(l);
		return;
	}
	l->expand = (struct rv_expand){ .reading = &l->reading,
		.query = &l->query,
		.objects = l->page.objects,
		.links = l->page.links,
		.done = on_expanded,
		.owner = l };
	rv_expand_run(&l->expand);
}

static void
count_and_answer(struct list *l)
{
	l->count = (struct rv_list_count){ .reading = &l->reading,
		.class = l->class,
		.query = &l->query,
		.sight = &l->sight,
		.done = on_counted,
		.owner = l };
	if (l->query.count)
		rv_list_count_run(&l->count);
	else
		on_counted(l, true);
}

/* ---- Rows ------------------------------------------------------------------ */

static void
take_row(
    struct list *l, const PGresult *rows, int i, const struct rv_list_row *row)
{
	if (l->place.skip > 0) {
		l->place.skip--;
		return;
	}
	rv_list_page_add(&l->page, rows, i, row);
}

/* By rows or by bytes: a page with long rows ends early. */
static bool
is_full(const struct list *l)
{
	return l->page.n >= l->wanted || l->page.bytes > PAGE_BYTES;
}

/* All that was asked for is here: there may be more, not wanted. */
static bool
has_top(const struct list *l)
{
	return l->place.top != SIZE_MAX && l->page.n >= l->place.top;
}

static void
keep_place(struct rv_buf *place, const PGresult *rows, int i)
{
	rv_buf_reset(place);
	rv_buf_put_slice(
	    place, (struct rv_slice){ PQgetvalue(rows, i, RV_ROW_COLUMNS),
		       (size_t)PQgetlength(rows, i, RV_ROW_COLUMNS) });
}

/*
 * Judges the rows of one batch.  A full page has another behind it only when
 * there is another row that the caller may see: whether there are others is
 * none of the caller's business, since what they hold can be asked for by
 * $filter.
 */
static void
take_rows(struct list *l, const struct rv_snapshot *s, const PGresult *rows)
{
	for (int i = 0; i < PQntuples(rows) && !has_top(l); i++) {
		struct rv_list_row row;

		rv_list_row_read(rows, i, &row);
		l->candidates++;
		keep_place(&l->last, rows, i);
		if (!rv_list_row_visible(l->x, s, l->class, &row)) {
			/* rights may have shrunk since the first look */
			l->sight.filtered = true;
			continue;
		}
		l->seen_next = is_full(l);
		if (l->seen_next)
			return;
		take_row(l, rows, i, &row);
		keep_place(&l->shown, rows, i);
	}
}

static void read_batch(struct list *l, bool first);

/* One more than the page, to know whether there is more. */
static size_t
batch_rows(const struct list *l)
{
	const size_t whole = l->place.skip + l->wanted + 1;

	return l->sight.filtered || whole > BATCH_ROWS ? BATCH_ROWS : whole;
}

static void
on_batch(void *arg, const PGresult *const *results, size_t n)
{
	struct list *l = arg;
	const struct rv_snapshot *s;
	const int rows = PQntuples(results[0]);
	const size_t asked = batch_rows(l);

	(void)n;
	if (rv_exchange_snapshot(l->x, &s) != RV_OK) {
		rv_reading_end(&l->reading);
		finish(l);
		return;
	}
	take_rows(l, s, results[0]);
	if (l->page.failed || l->last.failed || l->shown.failed) {
		fail_memory(l);
		return;
	}
	l->more = !has_top(l) && (l->seen_next || (size_t)rows == asked);
	if (l->more && !l->seen_next && l->candidates < CANDIDATES_MAX) {
		read_batch(l, false);
		return;
	}
	count_and_answer(l);
}

/* Where the next batch begins: behind the last candidate. */
static int
place_after(struct list *l)
{
	struct rv_list_place *place = &l->place;
	const json_t *value;
	json_t *values = json_loadb(l->last.p, l->last.n, 0, NULL);
	size_t i;
	int r = values != NULL ? RV_OK : RV_ERR_NOMEM;

	json_array_foreach(values, i, value)
	{
		const struct rv_slice s = { json_string_value(value),
			json_string_length(value) };

		place->after[i] = RV_SLICE_NONE;
		if (json_is_null(value))
			continue;
		place->after[i] =
		    (struct rv_slice){ rv_arena_dup(l->x->arena, s), s.n };
		if (place->after[i].p == NULL)
			r = RV_ERR_NOMEM;
	}
	place->n_after = json_array_size(values);
	json_decref(values);
	return r;
}

static void
read_batch(struct list *l, bool first)
{
	struct rv_list_where where = { .scopes = l->sight.scopes };
	struct rv_odata_sql sql;
	struct rv_pg_step step;
	int r = first ? RV_OK : place_after(l);

	if (l->place.n_after > 0) {
		where.after = l->place.after;
		where.n_after = l->place.n_after;
	}
	if (r == RV_OK)
		r = rv_list_sql_rows(l->x->arena, l->class, &l->query, &where,
		    batch_rows(l), &sql);
	if (r != RV_OK) {
		if (first) {
			rv_answer_json(l->x, 200, NULL);
			finish(l);
		} else {
			fail_memory(l);
		}
		return;
	}
	step = (struct rv_pg_step){ .sql = rv_buf_cstr(&sql.text),
		.n_params = (int)sql.n_params,
		.params = sql.params };
	if (first)
		rv_reading_begin(&l->reading, &step, 1, on_batch, l);
	else
		rv_reading_go_on(&l->reading, &step, 1, on_batch, l);
	rv_buf_fini(&sql.text);
}

/* ---- What is asked ------------------------------------------------------------- */

/* False: the exchange has been answered. */
static bool
read_place(struct list *l)
{
	const int r = rv_list_place_read(
	    l->x, l->class->odata.name, &l->query, &l->place);

	if (r == RV_ERR_INVALID)
		rv_answer_error(l->x, 400, "bad_skiptoken",
		    "The $skiptoken is not one that this site gave you for "
		    "this class and query; begin the list anew.");
	else if (r != RV_OK)
		rv_answer_json(l->x, 200, NULL);
	l->wanted = l->place.top < l->page_rows ? l->place.top : l->page_rows;
	return r == RV_OK;
}

static struct list *
list_new(struct rv_exchange *x)
{
	struct list *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->x = x;
	l->reading =
	    (struct rv_reading){ .x = x, .failed = on_failed, .owner = l };
	l->page_rows = PAGE_ROWS;
	return l;
}

/* False: the exchange has been answered. */
static bool
begin_page(struct list *l)
{
	const bool ok =
	    rv_list_page_init(&l->page, l->class, &l->query) == RV_OK;

	if (!ok)
		rv_answer_json(l->x, 200, NULL);
	return ok;
}

static void
on_key(void *arg, bool known)
{
	struct list *l = arg;

	if (known && read_place(l))
		read_batch(l, true);
	else
		finish(l);
}

void
rv_rest_list(struct rv_exchange *x)
{
	struct list *l = list_new(x);

	if (l == NULL) {
		rv_answer_json(x, 200, NULL);
		rv_exchange_finish(x);
		return;
	}
	if (rv_request_class(x, &l->class) &&
	    rv_request_query(x, l->class, false, &l->query) &&
	    rv_prefer_page(x, &l->page_rows) &&
	    rv_list_sight_of(x, l->class, &l->sight) && begin_page(l))
		rv_list_key(x, on_key, l);
	else
		finish(l);
}
