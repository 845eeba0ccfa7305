/*
 * An administrative user whose directory account is no longer the one that
 * it was made with: it is marked orphaned in the store, so that it gives
 * nothing any more on any provider (docs/rule.md section 10).
 */
#ifndef PROVIDER_PIPELINE_ORPHAN_H
#define PROVIDER_PIPELINE_ORPHAN_H

#include "reeve/base.h"

struct rv_exchange;

/*
 * Tells the store in the background, and the operator; the refusal of the
 * request does not wait for it.  At most one attempt a lane and second, so
 * that refused requests are no load for the store.
 */
void rv_orphan_mark(struct rv_exchange *x, struct rv_slice principal_id,
    const char *seen_account_id);

#endif
