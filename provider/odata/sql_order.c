/* Orders, and where the next page begins. */
#include "odata/sql_put.h"

/* The key of a row, by which the order ends. */
static const char key[] = "(r.key COLLATE \"C\")";

static const struct rv_odata_property *
leaf(const struct rv_odata_order *order)
{
	return order->by.steps[order->by.n - 1];
}

/* What is inside of JSON may be missing there. */
static bool
may_be_null(const struct rv_odata_order *order)
{
	return order->by.n > 1 || leaf(order)->nullable;
}

int
rv_odata_sql_order(struct rv_arena *arena, const struct rv_odata_query *query,
    struct rv_odata_sql *sql)
{
	(void)arena;
	rv_buf_puts(&sql->text, "ORDER BY ");
	for (size_t i = 0; i < query->n_order; i++) {
		const struct rv_odata_order *order = &query->order[i];

		rv_odata_put_path(sql, &order->by, NULL);
		rv_buf_puts(&sql->text, order->descending ? " DESC" : "");
		/* Null is before all else; said only where it can be. */
		if (may_be_null(order))
			rv_buf_puts(&sql->text, order->descending
						    ? " NULLS LAST, "
						    : " NULLS FIRST, ");
		else
			rv_buf_puts(&sql->text, ", ");
	}
	rv_buf_puts(&sql->text, key);
	return sql->text.failed ? RV_ERR_NOMEM : RV_OK;
}

int
rv_odata_sql_sort_values(
    const struct rv_odata_query *query, struct rv_odata_sql *sql)
{
	rv_buf_puts(&sql->text, "ARRAY[");
	for (size_t i = 0; i < query->n_order; i++) {
		rv_odata_put_path(sql, &query->order[i].by, NULL);
		rv_buf_puts(&sql->text, "::text, ");
	}
	rv_buf_puts(&sql->text, key);
	rv_buf_puts(&sql->text, "]");
	return sql->text.failed ? RV_ERR_NOMEM : RV_OK;
}

/*
 * The parameters of the last row: numbered once, used more than once.  A
 * null has none: the conditions with it name it.
 */
static int
bind(struct rv_arena *arena, const struct rv_slice *last, size_t n,
    struct rv_odata_sql *sql, unsigned *ret_first)
{
	*ret_first = sql->first + sql->n_params;
	for (size_t i = 0; i < n; i++) {
		char *value;

		if (last[i].p == NULL)
			continue;
		if (sql->n_params >= RV_ODATA_PARAMS_MAX)
			return RV_ERR_LIMIT;
		value = rv_arena_dup(arena, last[i]);
		if (value == NULL)
			return RV_ERR_NOMEM;
		sql->params[sql->n_params++] = value;
	}
	return RV_OK;
}

struct after {
	const struct rv_odata_query *query;
	const struct rv_slice *last;
	struct rv_odata_sql *sql;
	unsigned first; /* number of the first parameter of `last` */
};

/* The number of the parameter of last[i], which is not null. */
static unsigned
number_of(const struct after *a, size_t i)
{
	unsigned number = a->first;

	for (size_t j = 0; j < i; j++)
		number += a->last[j].p != NULL;
	return number;
}

static void
put_key(const struct after *a, const char *op)
{
	rv_buf_printf(&a->sql->text, "%s%s$%u::text", key, op,
	    number_of(a, a->query->n_order));
}

static const char *
cast_of(const struct rv_odata_order *order)
{
	return rv_odata_sql_type(rv_odata_type_of(leaf(order)));
}

/* "path OP $n::type" */
static void
put_compared(const struct after *a, size_t i, const char *op)
{
	const struct rv_odata_order *order = &a->query->order[i];

	rv_odata_put_path(a->sql, &order->by, NULL);
	rv_buf_printf(
	    &a->sql->text, "%s$%u::%s", op, number_of(a, i), cast_of(order));
}

/* That the row is behind the last one by this part of the order alone. */
static void
put_behind(const struct after *a, size_t i)
{
	const struct rv_odata_order *order = &a->query->order[i];
	bool was_null = a->last[i].p == NULL;

	if (was_null && order->descending) {
		/* Null is the end: nothing is behind it. */
		rv_buf_puts(&a->sql->text, "false");
		return;
	}
	if (was_null) {
		rv_odata_put_path(a->sql, &order->by, NULL);
		rv_buf_puts(&a->sql->text, " IS NOT NULL");
		return;
	}
	put_compared(a, i, order->descending ? " < " : " > ");
	if (order->descending && may_be_null(order)) {
		rv_buf_puts(&a->sql->text, " OR ");
		rv_odata_put_path(a->sql, &order->by, NULL);
		rv_buf_puts(&a->sql->text, " IS NULL");
	}
}

static void
put_same(const struct after *a, size_t i)
{
	if (a->last[i].p != NULL) {
		put_compared(a, i, " = ");
		return;
	}
	rv_odata_put_path(a->sql, &a->query->order[i].by, NULL);
	rv_buf_puts(&a->sql->text, " IS NULL");
}

/* (behind1 OR (same1 AND (behind2 OR (same2 AND key > last)))) */
static void
put_step_by_step(const struct after *a)
{
	for (size_t i = 0; i < a->query->n_order; i++) {
		rv_buf_puts(&a->sql->text, "(");
		put_behind(a, i);
		rv_buf_puts(&a->sql->text, " OR (");
		put_same(a, i);
		rv_buf_puts(&a->sql->text, " AND ");
	}
	put_key(a, " > ");
	for (size_t i = 0; i < a->query->n_order; i++)
		rv_buf_puts(&a->sql->text, "))");
}

/* All upwards and never null: one comparison of rows, which an index has. */
static bool
is_plain(const struct rv_odata_query *query, const struct rv_slice *last)
{
	for (size_t i = 0; i < query->n_order; i++)
		if (query->order[i].descending ||
		    may_be_null(&query->order[i]) || last[i].p == NULL)
			return false;
	return true;
}

static void
put_as_row(const struct after *a)
{
	const struct rv_odata_query *query = a->query;

	rv_buf_puts(&a->sql->text, "(");
	for (size_t i = 0; i < query->n_order; i++) {
		rv_odata_put_path(a->sql, &query->order[i].by, NULL);
		rv_buf_puts(&a->sql->text, ", ");
	}
	rv_buf_printf(&a->sql->text, "%s) > (", key);
	for (size_t i = 0; i < query->n_order; i++)
		rv_buf_printf(&a->sql->text, "$%u::%s, ", number_of(a, i),
		    cast_of(&query->order[i]));
	rv_buf_printf(
	    &a->sql->text, "$%u::text)", number_of(a, query->n_order));
}

int
rv_odata_sql_after(struct rv_arena *arena, const struct rv_odata_query *query,
    const struct rv_slice *last, size_t n, struct rv_odata_sql *sql)
{
	struct after a = { query, last, sql, 0 };
	int r;

	if (n == 0) {
		rv_buf_puts(&sql->text, "true");
		return sql->text.failed ? RV_ERR_NOMEM : RV_OK;
	}
	if (n != query->n_order + 1 || last[n - 1].p == NULL)
		return RV_ERR_INVALID;
	r = bind(arena, last, n, sql, &a.first);
	if (r != RV_OK)
		return r;
	if (query->n_order == 0)
		put_key(&a, " > ");
	else if (is_plain(query, last))
		put_as_row(&a);
	else
		put_step_by_step(&a);
	return sql->text.failed ? RV_ERR_NOMEM : RV_OK;
}
