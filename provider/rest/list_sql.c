#include "rest/list_sql.h"

#include "rest/rows.h"

/* Binds a value of ours; the number of its parameter. */
static unsigned
bind(struct rv_odata_sql *sql, const char *value)
{
	if (sql->n_params == RV_ODATA_PARAMS_MAX || value == NULL) {
		sql->text.failed = true;
		return 0;
	}
	sql->params[sql->n_params++] = value;
	return sql->first + sql->n_params - 1;
}

static void
begin(struct rv_odata_sql *sql)
{
	*sql = (struct rv_odata_sql){ .first = 1 };
	rv_buf_init(&sql->text, 0);
}

static int
finish(struct rv_odata_sql *sql, int r)
{
	if (r == RV_OK && sql->text.failed)
		r = RV_ERR_NOMEM;
	if (r != RV_OK)
		rv_buf_fini(&sql->text);
	return r;
}

static const char *
type_of(enum rv_edm type)
{
	if (type == RV_EDM_INT32 || type == RV_EDM_INT64)
		return "bigint";
	return type == RV_EDM_GUID ? "uuid" : "text";
}

/* By the columns that have indexes, not by the text of all. */
static void
put_key(const struct rv_class *class, const struct rv_odata_key *key,
    struct rv_odata_sql *sql)
{
	size_t n = 0;

	for (size_t i = 0; i < class->odata.n_properties; i++) {
		const struct rv_odata_property *p = &class->odata.properties[i];

		if (!p->is_key || n == key->n)
			continue;
		rv_buf_printf(&sql->text, "r.%s = $%u::%s AND ", p->column,
		    bind(sql, key->values[n].p), type_of(p->type));
		n++;
	}
}

/*
 * Objects of a type are found by the index of their scopes: the array of each
 * is not made to look into it.
 */
static void
put_scopes(
    const struct rv_class *class, const char *scopes, struct rv_odata_sql *sql)
{
	const unsigned number = bind(sql, scopes);

	if (class->object_type_id != 0)
		/* SQL of constants: the scopes are bound */
		rv_buf_printf(&sql->text,
		    "(r.object_type, r.object_key) IN (SELECT "
		    "s.object_type_id, s.object_key FROM "
		    "reeve.feed_object_scope s WHERE "
		    "s.scope_id = ANY ($%u::text[])) AND ",
		    number);
	else
		rv_buf_printf(&sql->text,
		    "(r.scopes IS NULL OR r.scopes && $%u::text[]) AND ",
		    number);
}

static int
put_where(struct rv_arena *arena, const struct rv_class *class,
    const struct rv_odata_query *query, const struct rv_list_where *where,
    struct rv_odata_sql *sql)
{
	int r;

	rv_buf_printf(&sql->text, " FROM reeve.%s r WHERE ", class->odata.view);
	if (class->object_type_id != 0)
		rv_buf_printf(&sql->text, "r.object_type = $%u::integer AND ",
		    bind(sql, rv_arena_printf(arena, "%u",
				  (unsigned)class->object_type_id)));
	if (where->scopes != NULL)
		put_scopes(class, where->scopes, sql);
	if (where->values != NULL)
		/* SQL of constants, the column's name among them */
		rv_buf_printf(&sql->text,
		    "r.%s::text = ANY (ARRAY(SELECT "
		    "jsonb_array_elements_text($%u::jsonb))) AND ",
		    where->column, bind(sql, where->values));
	if (where->key != NULL)
		put_key(class, where->key, sql);
	r = rv_odata_sql_where(arena, query, sql);
	if (r == RV_OK && where->after != NULL) {
		rv_buf_puts(&sql->text, " AND ");
		r = rv_odata_sql_after(
		    arena, query, where->after, where->n_after, sql);
	}
	return r;
}

static void
put_limit(struct rv_arena *arena, size_t limit, struct rv_odata_sql *sql)
{
	rv_buf_printf(&sql->text, " LIMIT $%u::bigint",
	    bind(sql, rv_arena_printf(arena, "%zu", limit)));
}

/* The columns by which other rows are found. */
static void
put_links(const struct rv_odata_query *query, const struct rv_list_where *where,
    struct rv_odata_sql *sql)
{
	if (where->values != NULL)
		rv_buf_printf(&sql->text, ", r.%s::text", where->column);
	for (size_t i = 0; i < query->n_expand; i++) {
		const struct rv_odata_property *to = query->expand[i].to;

		rv_buf_printf(&sql->text, ", r.%s::text",
		    to->is_collection ? "key" : to->column);
	}
}

int
rv_list_sql_rows(struct rv_arena *arena, const struct rv_class *class,
    const struct rv_odata_query *query, const struct rv_list_where *where,
    size_t limit, struct rv_odata_sql *ret)
{
	int r;

	begin(ret);
	/* SQL of constants: what callers wrote is bound */
	rv_buf_puts(&ret->text,
	    "SELECT r.key, r.etag, r.object_type::text, r.object_key, "
	    "r.body::text, to_json(");
	r = rv_odata_sql_sort_values(query, ret);
	rv_buf_puts(&ret->text, ")::text");
	put_links(query, where, ret);
	if (r == RV_OK)
		r = put_where(arena, class, query, where, ret);
	rv_buf_putc(&ret->text, ' ');
	if (r == RV_OK)
		r = rv_odata_sql_order(arena, query, ret);
	put_limit(arena, limit, ret);
	return finish(ret, r);
}

int
rv_list_sql_count(struct rv_arena *arena, const struct rv_class *class,
    const struct rv_odata_query *query, struct rv_odata_sql *ret)
{
	const struct rv_list_where all = { .scopes = NULL };
	int r;

	begin(ret);
	/* SQL of constants: what callers wrote is bound */
	rv_buf_puts(&ret->text, "SELECT count(*)");
	r = put_where(arena, class, query, &all, ret);
	return finish(ret, r);
}

int
rv_list_sql_objects(struct rv_arena *arena, const struct rv_class *class,
    const struct rv_odata_query *query, const struct rv_list_where *where,
    size_t limit, struct rv_odata_sql *ret)
{
	int r;

	begin(ret);
	/* SQL of constants: what callers wrote is bound */
	rv_buf_puts(&ret->text,
	    "SELECT NULL, NULL, r.object_type::text, r.object_key, NULL");
	r = put_where(arena, class, query, where, ret);
	put_limit(arena, limit, ret);
	return finish(ret, r);
}
