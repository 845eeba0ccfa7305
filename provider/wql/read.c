/* The query as a whole. */
#include <string.h>

#include "wql/reader.h"

/* The class behind `from`, found first: names before it depend on it. */
static int
find_class(struct rv_wql_reader r, const char **ret_class)
{
	static const char *const all[] = { "SMS_R_System", "SMS_R_User",
		"SMS_R_UserGroup" };
	int e = RV_OK;

	while (e == RV_OK && r.kind != RV_WQL_T_END && !rv_wql_at(&r, "from"))
		e = rv_wql_next(&r);
	if (e == RV_OK)
		e = rv_wql_expect(&r, "from");
	if (e != RV_OK)
		return e;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (rv_wql_at(&r, all[i])) {
			*ret_class = all[i];
			return RV_OK;
		}
	}
	return rv_wql_fail(&r, r.kind == RV_WQL_T_WORD,
	    "the class is SMS_R_System, SMS_R_User or SMS_R_UserGroup");
}

static int
read_columns(struct rv_wql_reader *r, json_t *columns)
{
	struct rv_slice name;
	int e = RV_OK;

	if (rv_wql_at(r, "*"))
		return rv_wql_next(r);
	for (;;) {
		if (json_array_size(columns) >= RV_WQL_COLUMNS_MAX)
			return rv_wql_fail(r, false, "too many columns");
		e = rv_wql_read_name(r, &name);
		if (e != RV_OK)
			return e;
		if (json_array_append_new(
			columns, json_stringn(name.p, name.n)) != 0)
			return RV_ERR_NOMEM;
		if (!rv_wql_at(r, ","))
			return RV_OK;
		e = rv_wql_next(r);
		if (e != RV_OK)
			return e;
	}
}

static int
read_where(struct rv_wql_reader *r, json_t **ret_where)
{
	int e;

	if (r->kind == RV_WQL_T_END)
		return RV_OK;
	if (!rv_wql_at(r, "where"))
		return rv_wql_fail(r,
		    r->kind == RV_WQL_T_WORD || rv_wql_at(r, ","),
		    "after the class: only 'where', no join");
	e = rv_wql_next(r);
	if (e == RV_OK)
		e = rv_wql_read_any(r, ret_where);
	if (e == RV_OK && r->kind != RV_WQL_T_END)
		e = rv_wql_fail(r, false, "the query should end here");
	return e;
}

static int
read_query(struct rv_wql_reader *r, struct rv_wql *wql)
{
	int e = rv_wql_next(r);

	if (e == RV_OK)
		e = rv_wql_expect(r, "select");
	if (e == RV_OK && rv_wql_at(r, "distinct"))
		e = rv_wql_next(r);
	if (e == RV_OK)
		e = find_class(*r, &wql->class);
	r->class = wql->class;
	if (e == RV_OK)
		e = read_columns(r, wql->columns);
	if (e == RV_OK)
		e = rv_wql_expect(r, "from");
	if (e == RV_OK)
		e = rv_wql_expect(r, wql->class);
	return e == RV_OK ? read_where(r, &wql->where) : e;
}

int
rv_wql_read(
    struct rv_slice text, struct rv_wql *ret, struct rv_wql_fault *ret_fault)
{
	struct rv_wql_reader r = { .text = text, .fault = ret_fault };
	int e;

	*ret = (struct rv_wql){ .columns = json_array() };
	if (ret->columns == NULL)
		e = RV_ERR_NOMEM;
	else if (text.n > RV_WQL_TEXT_MAX)
		e = rv_wql_fail(&r, false, "the query is too long");
	else if (!rv_slice_is_text(text))
		e = rv_wql_fail(&r, false, "the query is not UTF-8 text");
	else
		e = read_query(&r, ret);
	if (e != RV_OK)
		rv_wql_fini(ret);
	return e;
}

void
rv_wql_fini(struct rv_wql *wql)
{
	json_decref(wql->columns);
	json_decref(wql->where);
	*wql = (struct rv_wql){ 0 };
}
