/*
 * @odata.nextLink: where a list goes on.  It repeats the query; what only the
 * provider knows is sealed in $skiptoken, which is good for the same caller,
 * class and query alone.
 */
#ifndef PROVIDER_REST_LIST_LINK_H
#define PROVIDER_REST_LIST_LINK_H

#include "odata/query.h"
#include "pipeline/exchange.h"

#define RV_LIST_VALUES_MAX (RV_ODATA_LIST_MAX + 1u)

/* Where a list goes on. */
struct rv_list_place {
	struct rv_slice after[RV_LIST_VALUES_MAX]; /* absent: null */
	size_t n_after;				   /* 0: the beginning */
	size_t skip; /* rows that are still to be left out */
	size_t top;  /* rows that are still wanted; SIZE_MAX: all */
};

/*
 * Makes sure that this lane has the site's key for tokens, then calls `then`,
 * at once where it has; known false: the exchange has been answered with 503.
 */
void rv_list_key(
    struct rv_exchange *x, void (*then)(void *arg, bool known), void *arg);

/*
 * The place that the query asks for: of its $skiptoken, else the beginning.
 * RV_ERR_INVALID: a token that was not given to this caller for this query;
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_list_place_read(struct rv_exchange *x, const char *class,
    const struct rv_odata_query *query, struct rv_list_place *ret);

/*
 * The link to a place, in the arena; NULL when out of memory.  values: the
 * sort values of the last row, as the JSON array of texts that the store made.
 */
const char *rv_list_link(struct rv_exchange *x, const char *class,
    struct rv_slice values, const struct rv_list_place *place);

#endif
