/*
 * "Decide by revision R or a later one": the field Reeve-At-Least of a
 * request, which takes what an answer's field Reeve-Revision gave.
 */
#ifndef PROVIDER_PIPELINE_AT_LEAST_H
#define PROVIDER_PIPELINE_AT_LEAST_H

#include "reeve/base.h"

struct rv_exchange;

#define RV_AT_LEAST_EPOCH_MAX 64

/* A revision, and the history that it belongs to (absent: this one). */
struct rv_at_least {
	uint64_t revision;
	struct rv_slice epoch; /* borrowed from the text */
};

/*
 * "17", or "17; epoch=ID" with an ID of letters, digits and '-'.
 * RV_ERR_INVALID for everything else.
 */
RV_MUSTUSE int rv_at_least_parse(
    struct rv_slice text, struct rv_at_least *ret_wanted);

/*
 * Goes on with next() once this provider's snapshot has the revision that
 * the request wants, which is at once where it wants none; else answers and
 * finishes: 503 when it has not come in time, 409 when it is of another
 * history, 400 when it is malformed.
 */
void rv_at_least(struct rv_exchange *x, void (*next)(struct rv_exchange *x));

#endif
