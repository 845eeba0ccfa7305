/*
 * $expand: the objects that those of an answer refer to, read in the same
 * transaction, a statement for each property, judged as in lists of their
 * own class.
 */
#ifndef PROVIDER_REST_EXPAND_H
#define PROVIDER_REST_EXPAND_H

#include <jansson.h>

#include "odata/query.h"
#include "rest/reading.h"

struct rv_expand {
	struct rv_reading *reading;
	const struct rv_odata_query *query; /* of the objects */
	json_t *objects; /* an array of them, which get members; borrowed */
	/* For each object an array of texts, one for each $expand: by what its
	 * own are found (rv_list_sql_rows()); borrowed. */
	json_t *links;
	/* All is there, or the exchange has been answered with why not. */
	void (*done)(void *owner, bool there);
	void *owner;
	size_t i; /* of query->expand, in work */
};

/* In the arena of the exchange; calls done, now or later. */
void rv_expand_run(struct rv_expand *e);

#endif
