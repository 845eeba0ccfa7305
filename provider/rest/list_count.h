/*
 * How many rows a query has for its caller: counted in the store where the
 * caller sees all, else judged one by one, up to a bound.
 */
#ifndef PROVIDER_REST_LIST_COUNT_H
#define PROVIDER_REST_LIST_COUNT_H

#include "rest/reading.h"
#include "rest/rows.h"

struct rv_list_count {
	struct rv_reading *reading;
	const struct rv_class *class;
	const struct rv_odata_query *query;
	const struct rv_list_sight *sight;
	/* It is counted, or the exchange has been answered with why not. */
	void (*done)(void *owner, bool counted);
	void *owner;
	int64_t n;
};

/* In a reading that has begun; calls done, now or later. */
void rv_list_count_run(struct rv_list_count *c);

#endif
