/*
 * What AuthZEN's three searches have in common: the request, its page, the
 * token of the next page, the answer.
 */
#ifndef PROVIDER_REST_SEARCH_H
#define PROVIDER_REST_SEARCH_H

#include <jansson.h>

#include "rest/question.h"

#define RV_SEARCH_PAGE 1000u /* rows of a page, at most and by default */

struct rv_search;
struct rv_search_kind {
	const char *name; /* "resource": what a page token is bound to */
	unsigned entities;
	bool simulate; /* needs Simulate even about oneself */
	/* Fills results, context and the rest; in the turn of the snapshot. */
	int (*find)(struct rv_search *search, const struct rv_snapshot *s);
};

/* One search; in the arena of the exchange. */
struct rv_search {
	const struct rv_search_kind *kind;
	struct rv_exchange *x;
	struct rv_people *people;
	struct rv_item item;
	struct rv_slice subject_type; /* where only that is asked for */
	size_t limit;
	bool count_only;
	struct rv_slice after; /* where the last page ended; absent: first */
	/* By find(): */
	json_t *results, *context; /* references; context may stay NULL */
	const char *reason;	   /* a word of rv_reason_name(), or a gate's */
	struct rv_buf last;	   /* of the last row, when there are more */
	bool more, has_total;
	size_t count, total;
	int64_t valid_until_ms;
};

void rv_search_run(struct rv_exchange *x, const struct rv_search_kind *kind);

/* Who is asked about. */
const struct rv_person *rv_search_person(const struct rv_search *search);
/* Appends one row to an array; takes the reference of the row. */
RV_MUSTUSE int rv_search_append(json_t *array, json_t *row);

#endif
