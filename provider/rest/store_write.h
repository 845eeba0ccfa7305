/*
 * One change in the store: calls of its write functions in one transaction,
 * which decides again (docs/rule.md section 7), and the answer.
 */
#ifndef PROVIDER_REST_STORE_WRITE_H
#define PROVIDER_REST_STORE_WRITE_H

#include "pipeline/exchange.h"
#include "store/pg.h"

/*
 * The field Idempotency-Key in the arena, or NULL where there is none.
 * False: the exchange has been answered (not finished).
 */
bool rv_write_key(struct rv_exchange *x, const char **ret_key);

/* What comes behind an answerer; it finishes the exchange.  NULL: nothing. */
struct rv_written_next {
	void (*go_on)(struct rv_exchange *x, void *arg);
	void *arg; /* lives as long as the exchange */
};

/* What has been written. */
struct rv_written {
	uint64_t revision; /* the current one where nothing was kept */
	uint64_t changed;  /* rows of policy, by all steps together */
	bool replayed;	   /* by an earlier request with the same key */
	bool in_force;	   /* this provider decides by it already */
	json_t *result;	   /* of the last step; borrowed, NULL for none */
	/* Where the answerer may say how it goes on; NULL: it cannot. */
	struct rv_written_next *next;
};

/* Fills the answer; the exchange is finished after it returns. */
typedef void rv_write_answer(
    struct rv_exchange *x, const struct rv_written *written, void *arg);

/*
 * Runs the steps, each a SELECT of (revision, changed, replayed) and perhaps
 * of result (JSON), with room reserved in the audit log; has the answer
 * filled once this provider has the revision, or answers what the store
 * refused; finishes the exchange.  answer NULL: the plain one.  The steps
 * are copied; arg lives as long as the exchange.
 */
void rv_write_run(struct rv_exchange *x, const struct rv_pg_step *steps,
    size_t n_steps, rv_write_answer *answer, void *arg);

#endif
