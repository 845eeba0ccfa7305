/* Pieces of SQL that conditions and orders share.  Pure. */
#ifndef PROVIDER_ODATA_SQL_PUT_H
#define PROVIDER_ODATA_SQL_PUT_H

#include "odata/sql.h"
#include "odata/tree.h"

/* The SQL type of parameters of the type. */
const char *rv_odata_sql_type(enum rv_odata_type type);
/* "$7::bigint": a parameter of the type with this text. */
RV_MUSTUSE int rv_odata_put_param(
    struct rv_odata_sql *sql, enum rv_odata_type type, const char *value);
/* The parameter with the text of a value. */
RV_MUSTUSE int rv_odata_put_value(struct rv_arena *arena,
    struct rv_odata_sql *sql, const struct rv_odata_value *value);
/*
 * The single value at the end of a path from the row, or from the variable:
 * a column, or typed out of one with JSON; strings COLLATE "C".
 */
void rv_odata_put_path(struct rv_odata_sql *sql,
    const struct rv_odata_path *path, const struct rv_odata_variable *from);
/* Rows v<depth>(v) of the elements of the collection there. */
void rv_odata_put_elements(struct rv_odata_sql *sql,
    const struct rv_odata_path *path, const struct rv_odata_variable *from,
    unsigned depth);

#endif
