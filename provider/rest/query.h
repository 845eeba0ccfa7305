/* The query part of an OData URL: the options that lists support.  Pure. */
#ifndef PROVIDER_REST_QUERY_H
#define PROVIDER_REST_QUERY_H

#include "reeve/base.h"

struct rv_query {
	size_t top;	       /* $top; SIZE_MAX when absent */
	struct rv_slice token; /* $skiptoken, absent on the first page */
};

/*
 * Reads $top and $skiptoken, each at most once; decoded values are in the
 * arena.  RV_ERR_INVALID for what is malformed, RV_ERR_NOTFOUND for another
 * option of OData (which must fail when it is not supported: OData 4.01
 * protocol, section 11.2.1), RV_ERR_NOMEM.  *ret_option is then the name of
 * the option, or absent when there is none to name.
 */
RV_MUSTUSE int rv_query_parse(struct rv_arena *arena, struct rv_slice text,
    struct rv_query *ret_query, struct rv_slice *ret_option);

#endif
