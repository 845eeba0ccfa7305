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

#endif
