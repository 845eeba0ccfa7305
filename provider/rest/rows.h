/*
 * Rows of classes: whether a caller may list a class, whether it may see a
 * row, and what it sees of it.
 */
#ifndef PROVIDER_REST_ROWS_H
#define PROVIDER_REST_ROWS_H

#include <jansson.h>
#include <libpq-fe.h>

#include "odata/query.h"
#include "pipeline/exchange.h"
#include "rest/classes.h"

/* What a caller may see of a class, in the terms of one turn. */
struct rv_list_sight {
	/* Not every row: the list says so. */
	bool filtered;
	/* Scopes that narrow the candidates: a text[] in the arena, or NULL. */
	const char *scopes;
};

/*
 * Whether the caller may list the class at all (docs/rule.md section 8): 403
 * with what is missing, or 503; false: answered.
 */
bool rv_list_sight_of(struct rv_exchange *x, const struct rv_class *class,
    struct rv_list_sight *ret);

/* Columns of every statement that reads rows, in this order. */
enum rv_row_column {
	RV_ROW_KEY,
	RV_ROW_ETAG,
	RV_ROW_TYPE,
	RV_ROW_OBJECT,
	RV_ROW_BODY,
	RV_ROW_COLUMNS,
};

/* A row as the store gave it; borrowed from a result. */
struct rv_list_row {
	struct rv_slice key, etag, object, body; /* object absent: NULL */
	struct rv_slice type;			 /* absent: NULL */
};
void rv_list_row_read(const PGresult *rows, int i, struct rv_list_row *ret);

/* The engine's last word on a row. */
bool rv_list_row_visible(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_class *class, const struct rv_list_row *row);

/*
 * The body as a new object: with @odata.etag first, then what the query
 * selects; in a list (not single) lazy properties only by name.  NULL when
 * out of memory.
 */
json_t *rv_list_row_body(const struct rv_class *class,
    const struct rv_odata_query *query, bool single,
    const struct rv_list_row *row);

#endif
