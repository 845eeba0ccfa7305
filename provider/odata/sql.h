/*
 * Trees to SQL: text made only of constants of ours, names of columns from
 * the class and numbered parameters; what the caller wrote is only ever in
 * parameters.  Pure; any thread.
 */
#ifndef PROVIDER_ODATA_SQL_H
#define PROVIDER_ODATA_SQL_H

#include "odata/query.h"

#define RV_ODATA_PARAMS_MAX 300u

/* A condition or list under construction. */
struct rv_odata_sql {
	struct rv_buf text;
	const char *params[RV_ODATA_PARAMS_MAX]; /* in the arena */
	unsigned n_params;
	unsigned first; /* number of params[0] in the whole statement */
};

/*
 * Appends the filter (and $search) as one boolean expression over the row
 * alias `r`, "true" where there is none.  NULL compares as OData does
 * (null eq null; other comparisons with null are false).  Strings compare by
 * bytes, COLLATE "C"; a name's prefix can use an index on (column COLLATE
 * "C").  RV_ERR_LIMIT: too many parameters; RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_sql_where(struct rv_arena *arena,
    const struct rv_odata_query *query, struct rv_odata_sql *sql);

/*
 * Appends ORDER BY with the row's key (r.key) last, and the condition that
 * continues behind the row whose sort values (text, absent for null) are
 * `last`, n of them (n_order and its key); none: from the beginning.  Null
 * comes before all else.  RV_ERR_INVALID: another number of values, or no
 * key; RV_ERR_LIMIT, RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_sql_order(struct rv_arena *arena,
    const struct rv_odata_query *query, struct rv_odata_sql *sql);
RV_MUSTUSE int rv_odata_sql_after(struct rv_arena *arena,
    const struct rv_odata_query *query, const struct rv_slice *last, size_t n,
    struct rv_odata_sql *sql);

/*
 * Appends one expression, a text[] of the row's sort values and its key: what
 * `last` above is made of.  The session that reads it and the one that gets
 * it back have the same DateStyle and TimeZone.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_sql_sort_values(
    const struct rv_odata_query *query, struct rv_odata_sql *sql);

#endif
