/*
 * Refusals of callers that never authenticated: the first of each (source,
 * reason) is recorded at once, further ones within a minute are counted and
 * recorded as one.  So that a flood of bad requests is no flood of the log.
 */
#ifndef PROVIDER_PIPELINE_REFUSALS_H
#define PROVIDER_PIPELINE_REFUSALS_H

#include "reeve/base.h"

struct rv_refusals;

/* One group of equal refusals that were only counted. */
struct rv_refusal_count {
	const char *ip;
	const char *reason;
	uint64_t count;
};

/* NULL when out of memory.  One loop's thread only. */
struct rv_refusals *rv_refusals_new(void);
void rv_refusals_free(struct rv_refusals **refusals);

/*
 * True when this refusal is to be recorded by itself, false when it has
 * been counted.  With too many sources at once every one is recorded.
 */
bool rv_refusals_first(
    struct rv_refusals *refusals, const char *ip, const char *reason);

/*
 * Hands each count above zero to fn and forgets all: once a minute, and at
 * the end.
 */
void rv_refusals_flush(struct rv_refusals *refusals,
    void (*fn)(void *arg, const struct rv_refusal_count *count), void *arg);

#endif
