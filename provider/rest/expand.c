#include "rest/expand.h"

#include <stdlib.h>

#include "rest/list_sql.h"
#include "rest/rows.h"

#define ROWS_MAX 10000u
#define LINK	 (RV_ROW_COLUMNS + 1) /* behind the sort values */

static const struct rv_odata_expand *
current(const struct rv_expand *e)
{
	return &e->query->expand[e->i];
}

static const struct rv_class *
target(const struct rv_expand *e)
{
	/* The first member of each. */
	return (const struct rv_class *)(const void *)current(e)->to->of;
}

static void
give_up(struct rv_expand *e)
{
	if (!e->reading->x->answered)
		rv_answer_json(e->reading->x, 200, NULL);
	e->done(e->owner, false);
}

/* ---- Rows to their objects --------------------------------------------------------- */

/* {link: [body, ...]} of what the caller may see; NULL when out of memory. */
static json_t *
by_link(struct rv_expand *e, const struct rv_snapshot *s, const PGresult *rows)
{
	json_t *found = json_object();

	for (int i = 0; found != NULL && i < PQntuples(rows); i++) {
		const char *link = PQgetvalue(rows, i, LINK);
		json_t *list = json_object_get(found, link);
		struct rv_list_row row;
		bool ok = true;

		rv_list_row_read(rows, i, &row);
		if (!rv_list_row_visible(e->reading->x, s, target(e), &row))
			continue;
		if (list == NULL) {
			list = json_array();
			ok = json_object_set_new(found, link, list) == 0;
		}
		if (!ok || json_array_append_new(list,
			       rv_list_row_body(target(e), current(e)->query,
				   false, &row)) != 0) {
			json_decref(found);
			found = NULL;
		}
	}
	return found;
}

/* What of a list the options of the property itself let through. */
static json_t *
cut(const struct rv_odata_query *query, json_t *list)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach(list, i,
	    one) if (i >= query->skip &&
		     (query->top == SIZE_MAX || i - query->skip < query->top))(
	    void) json_array_append(out, one);
	return out;
}

static bool
give(struct rv_expand *e, const json_t *found)
{
	const struct rv_odata_property *to = current(e)->to;
	json_t *object;
	size_t i;

	json_array_foreach(e->objects, i, object)
	{
		const char *link = json_string_value(
		    json_array_get(json_array_get(e->links, i), e->i));
		json_t *list =
		    link != NULL ? json_object_get(found, link) : NULL;
		json_t *one = json_array_get(list, 0), *value;

		if (to->is_collection)
			value = cut(current(e)->query, list);
		else
			value = one != NULL ? json_incref(one) : json_null();
		if (json_object_set_new(object, to->name, value) != 0)
			return false;
	}
	return true;
}

/* ---- One property after the other ------------------------------------------------------ */

static void read_next(struct rv_expand *e);

static void
on_rows(void *arg, const PGresult *const *results, size_t n)
{
	struct rv_expand *e = arg;
	struct rv_exchange *x = e->reading->x;
	const struct rv_snapshot *s;
	json_t *found;

	(void)n;
	if (PQntuples(results[0]) > (int)ROWS_MAX) {
		rv_answer_error(x, 400, "expand_too_large",
		    "$expand would add more than 10000 objects; ask for fewer "
		    "with $top, or list that class itself.");
		give_up(e);
		return;
	}
	if (rv_exchange_snapshot(x, &s) != RV_OK) {
		give_up(e);
		return;
	}
	found = by_link(e, s, results[0]);
	if (found == NULL || !give(e, found)) {
		json_decref(found);
		give_up(e);
		return;
	}
	json_decref(found);
	e->i++;
	read_next(e);
}

/* The links of the objects, each once, as JSON text in the arena. */
static const char *
links_json(struct rv_expand *e)
{
	json_t *once = json_object(), *all = json_array(), *links;
	const char *link, *kept = NULL;
	char *text = NULL;
	size_t i;
	json_t *value;

	json_array_foreach(e->links, i, links)
	{
		link = json_string_value(json_array_get(links, e->i));
		if (link != NULL)
			(void)json_object_set_new(once, link, json_true());
	}
	json_object_foreach(once, link, value)(void)
	    json_array_append_new(all, json_string(link));
	text = json_dumps(all, JSON_COMPACT);
	if (text != NULL)
		kept = rv_arena_dup(e->reading->x->arena, rv_slice_of(text));
	free(text);
	json_decref(all);
	json_decref(once);
	return kept;
}

static void
read_rows(struct rv_expand *e, const struct rv_list_sight *sight)
{
	const struct rv_odata_property *to = current(e)->to;
	const struct rv_list_where where = {
		.scopes = sight->scopes,
		.column = to->is_collection ? to->column : "key",
		.values = links_json(e),
	};
	struct rv_odata_sql sql;
	struct rv_pg_step step;

	if (where.values == NULL ||
	    rv_list_sql_rows(e->reading->x->arena, target(e), current(e)->query,
		&where, ROWS_MAX + 1, &sql) != RV_OK) {
		give_up(e);
		return;
	}
	step = (struct rv_pg_step){ .sql = rv_buf_cstr(&sql.text),
		.n_params = (int)sql.n_params,
		.params = sql.params };
	rv_reading_go_on(e->reading, &step, 1, on_rows, e);
	rv_buf_fini(&sql.text);
}

static void
read_next(struct rv_expand *e)
{
	struct rv_exchange *x = e->reading->x;
	struct rv_list_sight sight;

	if (e->i == e->query->n_expand || json_array_size(e->objects) == 0) {
		e->done(e->owner, true);
		return;
	}
	if (current(e)->query->n_expand > 0) {
		rv_answer_error(x, 501, "not_implemented",
		    "$expand inside of $expand is not supported here.");
		give_up(e);
	} else if (rv_list_sight_of(x, target(e), &sight)) {
		read_rows(e, &sight);
	} else {
		give_up(e);
	}
}

void
rv_expand_run(struct rv_expand *e)
{
	e->i = 0;
	read_next(e);
}
