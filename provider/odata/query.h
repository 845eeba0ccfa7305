/*
 * Reading the query options of OData 4.01 (URL Conventions, section 5): text
 * to a checked tree, with limits on length, nodes and depth.  The tree
 * compiles to SQL with bound parameters (odata/sql.h) or is evaluated on a
 * body in memory (odata/eval.h).  Any thread; all memory is the arena's.
 * Pure but for now(), which becomes a value when it is read.
 */
#ifndef PROVIDER_ODATA_QUERY_H
#define PROVIDER_ODATA_QUERY_H

#include "odata/model.h"

#define RV_ODATA_TEXT_MAX 8192u /* of one option, decoded */
/*
 * Names, values and operators of all trees of one query, and how deep they
 * and $expand may be nested (parentheses, functions, not, any, all).
 */
#define RV_ODATA_NODES_MAX 100u
#define RV_ODATA_DEPTH_MAX 10u
#define RV_ODATA_IN_MAX	   150u /* values in all lists of `in`, besides */
#define RV_ODATA_LIST_MAX  100u /* properties in $select, $orderby */
#define RV_ODATA_TOP_MAX   1000000u

/* What was wrong, for the caller; text in the arena or static. */
struct rv_odata_fault {
	const char *option; /* "$filter", or NULL: the query as a whole */
	size_t at;	    /* byte in its decoded value, from 0 */
	const char *what;   /* "there is no property Nme; Name?" */
	bool unsupported;   /* of OData, but not here: 501, else 400 */
};

struct rv_odata_node; /* odata/tree.h */

/* A property, or one inside of complex ones: outermost first. */
struct rv_odata_path {
	const struct rv_odata_property *const *steps;
	size_t n;
};

struct rv_odata_order {
	struct rv_odata_path by;
	bool descending;
};

struct rv_odata_query;

struct rv_odata_expand {
	const struct rv_odata_property *to;
	const struct rv_odata_query *query; /* its own options */
};

struct rv_odata_query {
	const struct rv_odata_class *class; /* whose objects it asks for */
	const struct rv_odata_node *filter; /* boolean; NULL: none */
	const struct rv_odata_node *search; /* of terms; NULL: none */
	/* n_select 0 with select_all: no $select, or '*'. */
	bool select_all;
	const struct rv_odata_path *select;
	size_t n_select;
	const struct rv_odata_expand *expand;
	size_t n_expand;
	const struct rv_odata_order *order;
	size_t n_order;
	size_t top; /* SIZE_MAX: absent */
	size_t skip;
	bool count;
	struct rv_slice skiptoken; /* absent, or not yet opened */
};

/*
 * Reads the raw text behind '?' for a list of the class; `single` is for one
 * object, where only $select and $expand may be.  Options are decoded (RFC
 * 3986; '+' is a blank), their names without regard to case and with or
 * without '$', each once; $format is json, or left to others like options
 * that are not OData's.
 * RV_ERR_INVALID or RV_ERR_NOMEM; *ret_fault is filled on RV_ERR_INVALID.
 */
RV_MUSTUSE int rv_odata_query_read(struct rv_arena *arena,
    const struct rv_odata_class *class, bool single, struct rv_slice text,
    struct rv_odata_query *ret, struct rv_odata_fault *ret_fault);

#endif
