#include "odata/sql_put.h"

#include "odata/value.h"

const char *
rv_odata_sql_type(enum rv_odata_type type)
{
	switch (type) {
	case RV_ODATA_STRING:
	case RV_ODATA_NULL:
		return "text";
	case RV_ODATA_BOOL:
		return "boolean";
	case RV_ODATA_INT:
		return "bigint";
	case RV_ODATA_DOUBLE:
		return "double precision";
	case RV_ODATA_INSTANT:
		return "timestamptz";
	case RV_ODATA_DATE:
		return "date";
	case RV_ODATA_GUID:
		return "uuid";
	case RV_ODATA_OBJECT:
		break;
	}
	return "jsonb";
}

/* Names are ours; a table with another one is a fault of ours. */
static void
put_name(struct rv_odata_sql *sql, const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		RV_ASSERT((*c >= 'a' && *c <= 'z') || *c == '_' ||
			  (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9'));
	rv_buf_puts(&sql->text, name);
}

int
rv_odata_put_param(
    struct rv_odata_sql *sql, enum rv_odata_type type, const char *value)
{
	if (sql->n_params >= RV_ODATA_PARAMS_MAX)
		return RV_ERR_LIMIT;
	if (value == NULL)
		return RV_ERR_NOMEM;
	rv_buf_printf(&sql->text, "$%u::%s", sql->first + sql->n_params,
	    rv_odata_sql_type(type));
	sql->params[sql->n_params++] = value;
	return RV_OK;
}

int
rv_odata_put_value(struct rv_arena *arena, struct rv_odata_sql *sql,
    const struct rv_odata_value *value)
{
	int r;

	if (value->type == RV_ODATA_NULL) {
		rv_buf_puts(&sql->text, "NULL");
		return RV_OK;
	}
	if (value->type == RV_ODATA_STRING)
		rv_buf_putc(&sql->text, '(');
	r = rv_odata_put_param(
	    sql, value->type, rv_odata_value_text(arena, value));
	if (value->type == RV_ODATA_STRING)
		rv_buf_puts(&sql->text, " COLLATE \"C\")");
	return r;
}

/* Where the path begins: the row's column or the variable. */
static void
put_root(struct rv_odata_sql *sql, const struct rv_odata_path *path,
    const struct rv_odata_variable *from)
{
	if (from != NULL) {
		rv_buf_printf(&sql->text, "v%u.v", from->depth);
		return;
	}
	/* Reading refuses what the view does not have. */
	RV_ASSERT(path->n > 0 && path->steps[0]->column != NULL);
	rv_buf_puts(&sql->text, "r.");
	put_name(sql, path->steps[0]->column);
}

/* The steps behind the root inside of JSON; the last as text or as JSON. */
static void
put_steps(struct rv_odata_sql *sql, const struct rv_odata_path *path,
    const struct rv_odata_variable *from, bool as_text)
{
	put_root(sql, path, from);
	for (size_t i = from == NULL ? 1 : 0; i < path->n; i++) {
		bool last = i + 1 == path->n;

		rv_buf_puts(&sql->text, last && as_text ? "->>'" : "->'");
		put_name(sql, path->steps[i]->name);
		rv_buf_putc(&sql->text, '\'');
	}
}

/* Whether the value there is in JSON, not an SQL value of its own. */
static bool
is_in_json(
    const struct rv_odata_path *path, const struct rv_odata_variable *from)
{
	return path->n > (from == NULL ? 1u : 0u);
}

void
rv_odata_put_path(struct rv_odata_sql *sql, const struct rv_odata_path *path,
    const struct rv_odata_variable *from)
{
	const struct rv_odata_property *last =
	    path->n > 0 ? path->steps[path->n - 1] : from->of;
	enum rv_odata_type type = rv_odata_type_of(last);
	bool in_json = is_in_json(path, from);
	bool cast = in_json && type != RV_ODATA_STRING;

	if (cast || type == RV_ODATA_STRING)
		rv_buf_putc(&sql->text, '(');
	if (in_json)
		rv_buf_putc(&sql->text, '(');
	put_steps(sql, path, from, true);
	if (in_json)
		rv_buf_putc(&sql->text, ')');
	if (cast)
		rv_buf_printf(&sql->text, "::%s)", rv_odata_sql_type(type));
	else if (type == RV_ODATA_STRING)
		rv_buf_puts(&sql->text, " COLLATE \"C\")");
}

/*
 * Elements of primitives are SQL values whether they come of an array or of
 * JSON, so that the variable is one in both.
 */
void
rv_odata_put_elements(struct rv_odata_sql *sql,
    const struct rv_odata_path *path, const struct rv_odata_variable *from,
    unsigned depth)
{
	static const char elements[] = "(SELECT e::";
	const struct rv_odata_property *last = path->steps[path->n - 1];
	enum rv_odata_type type = rv_odata_type_of(last);

	if (type != RV_ODATA_OBJECT && !is_in_json(path, from)) {
		rv_buf_puts(&sql->text, "unnest(");
		put_root(sql, path, from);
		rv_buf_printf(&sql->text, ") AS v%u(v)", depth);
		return;
	}
	if (type != RV_ODATA_OBJECT) {
		rv_buf_puts(&sql->text, elements);
		rv_buf_puts(&sql->text, rv_odata_sql_type(type));
		rv_buf_puts(&sql->text, " FROM jsonb_array_elements_text(");
	} else {
		rv_buf_puts(&sql->text, "jsonb_array_elements(");
	}
	rv_buf_puts(&sql->text, "CASE jsonb_typeof(");
	put_steps(sql, path, from, false);
	rv_buf_puts(&sql->text, ") WHEN 'array' THEN ");
	put_steps(sql, path, from, false);
	rv_buf_puts(&sql->text, " END)");
	if (type != RV_ODATA_OBJECT)
		rv_buf_puts(&sql->text, " AS e)");
	rv_buf_printf(&sql->text, " AS v%u(v)", depth);
}
