/*
 * Reading the query of a membership rule: a subset of WQL over one class of
 * resources, text to a predicate.  The predicate is plain data (JSON); it is
 * never made into SQL.  Names of properties are not looked up here.  Pure;
 * any thread.
 */
#ifndef PROVIDER_WQL_WQL_H
#define PROVIDER_WQL_WQL_H

#include <jansson.h>

#include "odata/query.h"

/* The limits of filters hold for rules as well. */
#define RV_WQL_TEXT_MAX	     RV_ODATA_TEXT_MAX
#define RV_WQL_NODES_MAX     RV_ODATA_NODES_MAX
#define RV_WQL_DEPTH_MAX     RV_ODATA_DEPTH_MAX
#define RV_WQL_IN_MAX	     RV_ODATA_IN_MAX
#define RV_WQL_COLUMNS_MAX   RV_ODATA_LIST_MAX
#define RV_WQL_WILDCARDS_MAX 8u /* runs of '%' in one pattern */

/* What was wrong, for the caller. */
struct rv_wql_fault {
	size_t at; /* byte in the text, from 0 */
	char what[160];
	bool unsupported; /* of WQL, but not here: 501, else 400 */
};

struct rv_wql {
	const char *class; /* "SMS_R_System", static */
	json_t *columns;   /* names as written; empty: all */
	/*
	 * NULL: every resource.  Else one of ["and", p...], ["or", p...],
	 * ["not", p], ["null", name], ["like", name, pattern],
	 * ["in", name, [value...]], [operator, name, value] with the operators
	 * = <> < > <= >=; a value is a string or an integer.
	 */
	json_t *where;
};

/*
 * Reads `select [distinct] * | columns from class [where predicate]`.
 * On RV_OK the caller owns *ret (rv_wql_fini()); else it is empty.
 * RV_ERR_INVALID with *ret_fault, RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_wql_read(
    struct rv_slice text, struct rv_wql *ret, struct rv_wql_fault *ret_fault);
/* Releases what a query holds and leaves it empty. */
void rv_wql_fini(struct rv_wql *wql);

#endif
