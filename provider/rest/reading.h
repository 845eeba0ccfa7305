/*
 * One transaction that reads rows of classes for a caller: rules are never
 * older than data.  It reads the revision first; what it has read is handed
 * out once this provider has a snapshot of at least that revision.
 */
#ifndef PROVIDER_REST_READING_H
#define PROVIDER_REST_READING_H

#include "pipeline/exchange.h"
#include "pipeline/waiter.h"
#include "store/pg.h"

struct rv_reading;

/*
 * With the results of the steps that were run, one a step.  Only when all of
 * them succeeded.
 */
typedef void rv_reading_rows(
    void *arg, const PGresult *const *results, size_t n);

/* In the arena of its exchange; of its lane's loop. */
struct rv_reading {
	struct rv_exchange *x;
	/* The reading is over; the exchange has been answered with 503. */
	void (*failed)(void *owner);
	void *owner;
	bool quiet; /* it has not: there is an answer without what is read */

	struct rv_pg_lease *lease;
	struct rv_waiter waiter;
	rv_reading_rows *rows;
	void *arg;
	const struct rv_pg_answer *reply; /* while it is there */
	bool *caught_up;
	PGresult **kept; /* until the snapshot has caught up */
	size_t n_kept;

	/* rest/reading_turns.c */
	struct rv_reading *next; /* of those in work, or of those who wait */
	int64_t until_boot_ms;	 /* waits no longer */
	void (*start)(struct rv_reading *r);
	void (*refuse)(struct rv_reading *r);
	struct rv_pg_step *steps; /* that it will begin with */
	size_t n_steps;
};

/*
 * Begins the transaction, tells the store who reads, and runs the first
 * steps in the same round; rows or failed is called later, or at once.  When
 * the caller, or everybody, reads too much at once it waits for its turn; 503
 * when that does not come soon.  The steps are copied.
 */
void rv_reading_begin(struct rv_reading *r, const struct rv_pg_step *steps,
    size_t n, rv_reading_rows *rows, void *arg);
/* More of the same transaction; from within rows, or later. */
void rv_reading_go_on(struct rv_reading *r, const struct rv_pg_step *steps,
    size_t n, rv_reading_rows *rows, void *arg);
/*
 * Ends the transaction; what was read stays true if that fails.  Nothing is
 * called any more.  Must be called once, but not after failed.
 */
void rv_reading_end(struct rv_reading *r);

#endif
