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

/*
 * Runs the steps, each a SELECT of (revision, changed, replayed), with room
 * reserved in the audit log; answers with the revision once this provider
 * has it, or with what the store refused; finishes the exchange.  The steps
 * are copied.
 */
void rv_write_run(
    struct rv_exchange *x, const struct rv_pg_step *steps, size_t n_steps);

#endif
