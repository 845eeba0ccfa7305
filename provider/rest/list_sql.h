/*
 * The statements that read rows of classes: constants of ours, columns of
 * the class's view and numbers of parameters (odata/sql.h).
 */
#ifndef PROVIDER_REST_LIST_SQL_H
#define PROVIDER_REST_LIST_SQL_H

#include "odata/key.h"
#include "odata/sql.h"
#include "rest/classes.h"

/* What narrows the rows besides the query. */
struct rv_list_where {
	const char *scopes; /* text[], or NULL: any */
	/* Only where this column's text is in values, a JSON array. */
	const char *column, *values;
	const struct rv_odata_key *key; /* only this row; NULL: any */
	/* Behind this row: sort values and key; NULL: from the beginning. */
	const struct rv_slice *after;
	size_t n_after;
};

/*
 * Rows in the order of the query, RV_ROW_COLUMNS of rest/rows.h first, then
 * the sort values as a JSON array of texts, then the text of each navigation
 * column of the query's $expand (of `where->column`, where there is one,
 * before them).  At most `limit` rows.  RV_ERR_LIMIT, RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_list_sql_rows(struct rv_arena *arena,
    const struct rv_class *class, const struct rv_odata_query *query,
    const struct rv_list_where *where, size_t limit, struct rv_odata_sql *ret);

/* How many rows the query has, for a caller who sees all of them. */
RV_MUSTUSE int rv_list_sql_count(struct rv_arena *arena,
    const struct rv_class *class, const struct rv_odata_query *query,
    struct rv_odata_sql *ret);

/* The same rows without bodies, to be judged and counted. */
RV_MUSTUSE int rv_list_sql_objects(struct rv_arena *arena,
    const struct rv_class *class, const struct rv_odata_query *query,
    const struct rv_list_where *where, size_t limit, struct rv_odata_sql *ret);

#endif
