#include "rest/represent.h"

#include <stdlib.h>
#include <string.h>

#include "rest/list_sql.h"
#include "rest/prefer.h"
#include "rest/reading.h"
#include "rest/request.h"
#include "rest/rows.h"

struct representation {
	struct rv_exchange *x;
	const struct rv_class *class;
	struct rv_odata_query query; /* of everything */
	struct rv_odata_key key;
	struct rv_reading reading;
	/* What the change has said, whatever becomes of the reading. */
	struct rv_answer answer;
	uint64_t revision;
	int64_t fresh_until_boot_ms;
	void (*done)(struct rv_exchange *x);
};

static void
finish(struct representation *p)
{
	struct rv_exchange *x = p->x;
	void (*done)(struct rv_exchange * x) = p->done;

	x->answer = p->answer;
	x->answered = true;
	x->revision = p->revision;
	x->fresh_until_boot_ms = p->fresh_until_boot_ms;
	free(p);
	done(x);
}

static void
on_failed(void *owner)
{
	finish(owner);
}

/* ---- The row ----------------------------------------------------------------------- */

/* What is said of the change, without what names the object. */
static int
add_facts(const struct representation *p, json_t *body)
{
	const struct rv_slice said = p->answer.body;
	json_t *facts = json_loadb(said.p, said.n, 0, NULL), *value;
	const char *name;
	int r = facts != NULL ? RV_OK : RV_ERR_NOMEM;

	json_object_foreach(facts, name, value)
	{
		const bool is_fact = name[0] == '@' ||
				     strcmp(name, "ReturnValue") == 0 ||
				     strcmp(name, "unknown") == 0;

		if (is_fact && json_object_get(body, name) == NULL &&
		    json_object_set(body, name, value) != 0)
			r = RV_ERR_NOMEM;
	}
	json_decref(facts);
	return r;
}

static json_t *
with_facts(const struct representation *p, json_t *object)
{
	json_t *body = json_pack("{s:o}", "@odata.context",
	    rv_request_context(p->x, p->class, "/$entity"));

	if (body != NULL && (json_object_update(body, object) != 0 ||
				add_facts(p, body) != RV_OK)) {
		json_decref(body);
		body = NULL;
	}
	return body;
}

static bool
has_field(const struct rv_exchange *x, const char *name)
{
	for (size_t i = 0; i < x->answer.n_fields; i++)
		if (rv_slice_eq_cstr(x->answer.fields[i].name, name))
			return true;
	return false;
}

static void
put_object(struct representation *p, const struct rv_list_row *row)
{
	struct rv_exchange *x = p->x;
	json_t *object = rv_list_row_body(p->class, &p->query, true, row);
	json_t *body = object != NULL ? with_facts(p, object) : NULL;
	const int status = p->answer.status;

	json_decref(object);
	if (body == NULL)
		return;
	x->answer = p->answer;
	rv_request_answer(x, status, body);
	if (x->answer.status != status)
		return;
	if (rv_slice_eq_cstr(rv_prefer(x, "return"), "representation"))
		rv_answer_field(
		    x, "Preference-Applied", "return=representation");
	if (!has_field(x, "ETag"))
		rv_answer_field(x, "ETag",
		    rv_arena_printf(
			x->arena, "W/\"%.*s\"", RV_SLICE_FMT(row->etag)));
	p->answer = x->answer;
}

static void
on_row(void *arg, const PGresult *const *results, size_t n)
{
	struct representation *p = arg;
	const struct rv_snapshot *s;
	struct rv_list_row row;

	(void)n;
	if (PQntuples(results[0]) == 1 &&
	    rv_exchange_snapshot(p->x, &s) == RV_OK) {
		rv_list_row_read(results[0], 0, &row);
		if (rv_list_row_visible(p->x, s, p->class, &row))
			put_object(p, &row);
	}
	rv_reading_end(&p->reading);
	finish(p);
}

static void
read_row(struct representation *p)
{
	const struct rv_list_where where = { .key = &p->key };
	struct rv_odata_sql sql;
	struct rv_pg_step step;

	if (rv_list_sql_rows(
		p->x->arena, p->class, &p->query, &where, 1, &sql) != RV_OK) {
		finish(p);
		return;
	}
	step = (struct rv_pg_step){ .sql = rv_buf_cstr(&sql.text),
		.n_params = (int)sql.n_params,
		.params = sql.params };
	rv_reading_begin(&p->reading, &step, 1, on_row, p);
	rv_buf_fini(&sql.text);
}

/* ---- What is asked -------------------------------------------------------------------- */

/* The key between the parentheses of a path. */
static struct rv_slice
key_in_path(
    struct rv_arena *arena, const struct rv_class *class, struct rv_slice key)
{
	size_t n_keys = 0;
	bool is_text = false;
	struct rv_buf out = { 0 };
	struct rv_slice path;

	for (size_t i = 0; i < class->odata.n_properties; i++)
		if (class->odata.properties[i].is_key) {
			n_keys++;
			is_text =
			    class->odata.properties[i].type == RV_EDM_STRING;
		}
	if (n_keys != 1 || !is_text)
		return rv_slice_of(rv_arena_dup(arena, key));
	rv_buf_putc(&out, '\'');
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '\'')
			rv_buf_putc(&out, '\'');
		rv_buf_putc(&out, key.p[i]);
	}
	rv_buf_putc(&out, '\'');
	path = rv_slice_of(
	    out.failed ? NULL : rv_arena_dup(arena, rv_buf_slice(&out)));
	rv_buf_fini(&out);
	return path;
}

/* False: it cannot be read now. */
static bool
find(struct representation *p, struct rv_slice class, struct rv_slice key)
{
	struct rv_arena *arena = p->x->arena;
	const struct rv_snapshot *s;
	struct rv_odata_fault fault;

	return rv_exchange_snapshot(p->x, &s) == RV_OK &&
	       rv_class_find(s, arena, class, false, &p->class) == RV_OK &&
	       rv_odata_query_read(arena, &p->class->odata, true,
		   (struct rv_slice){ "", 0 }, &p->query, &fault) == RV_OK &&
	       rv_odata_key_read(arena, &p->class->odata,
		   key_in_path(arena, p->class, key), &p->key, &fault) == RV_OK;
}

void
rv_represent(struct rv_exchange *x, struct rv_slice class, struct rv_slice key,
    void (*done)(struct rv_exchange *x))
{
	struct representation *p = calloc(1, sizeof(*p));

	if (p == NULL) {
		done(x);
		return;
	}
	*p = (struct representation){ .x = x,
		.reading = { .x = x,
		    .quiet = true,
		    .failed = on_failed,
		    .owner = p },
		.answer = x->answer,
		.revision = x->revision,
		.fresh_until_boot_ms = x->fresh_until_boot_ms,
		.done = done };
	if (find(p, class, key))
		read_row(p);
	else
		finish(p);
}
