/* Functions on values in memory.  Pure; any thread. */
#ifndef PROVIDER_ODATA_EVAL_CALL_H
#define PROVIDER_ODATA_EVAL_CALL_H

#include <jansson.h>

#include "odata/tree.h"

#define RV_ODATA_ARGS_MAX 3u
/* Bytes that the functions of one query may make of one body. */
#define RV_ODATA_EVAL_MAX ((size_t)16 << 20)

/*
 * The function of arguments that are of its types, none null.
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_odata_call(struct rv_arena *arena,
    enum rv_odata_function function, const struct rv_odata_value *args,
    size_t n_args, struct rv_odata_value *ret);

/* <0, 0, >0 of values of comparable types, none null. */
int rv_odata_value_compare(
    const struct rv_odata_value *a, const struct rv_odata_value *b);

/* Whether the part is in the whole, ASCII letters in any case. */
bool rv_odata_find_folded(struct rv_slice whole, struct rv_slice part);

/* What stands at the end of the path, NULL: nothing; borrowed. */
const json_t *rv_odata_at_path(
    const json_t *json, const struct rv_odata_path *path);

#endif
