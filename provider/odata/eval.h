/*
 * Trees on one body in memory: for lists that are not rows of the store, and
 * as the oracle of what is compiled to SQL.  Pure; any thread.
 */
#ifndef PROVIDER_ODATA_EVAL_H
#define PROVIDER_ODATA_EVAL_H

#include <jansson.h>

#include "odata/query.h"

/* Whether the body satisfies the filter and $search of the query. */
bool rv_odata_matches(const struct rv_odata_query *query,
    const struct rv_odata_class *class, const json_t *body);
/* <0, 0, >0 as $orderby says; null is before all else. */
int rv_odata_compare(
    const struct rv_odata_query *query, const json_t *a, const json_t *b);
/*
 * The body with only what $select names (keys and annotations stay); a new
 * reference, NULL when out of memory.
 */
json_t *rv_odata_select(const struct rv_odata_query *query,
    const struct rv_odata_class *class, const json_t *body);

#endif
