/*
 * Answers that are given at a certain time, so that the time tells nothing
 * about what was found out meanwhile.
 */
#ifndef PROVIDER_PIPELINE_HOLD_H
#define PROVIDER_PIPELINE_HOLD_H

#include "pipeline/exchange.h"

/*
 * Finishes the exchange, which has been answered, at an instant of
 * CLOCK_BOOTTIME; at once where that is over, or where no memory is left for
 * a timer.  A connection that goes meanwhile changes nothing: the record is
 * written all the same.
 */
void rv_hold_until(struct rv_exchange *x, int64_t boot_ms);

/*
 * The same at the next whole step of RV_HOLD_STEP_MS since the request began:
 * for what there is not, or what the caller may not know of, after the store
 * was asked, which takes longer to refuse the one than the other.
 */
#define RV_HOLD_STEP_MS 40
void rv_hold_in_steps(struct rv_exchange *x);

#endif
