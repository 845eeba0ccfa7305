/*
 * Waiting until this provider's own snapshot has reached a revision, with
 * a limit: so that whoever has written reads its own write afterwards.
 */
#ifndef PROVIDER_PIPELINE_WAITER_H
#define PROVIDER_PIPELINE_WAITER_H

#include "reeve/base.h"

struct event;
struct rv_lane;

/* Memory of the caller, in use until fn is called. */
struct rv_waiter {
	uint64_t revision;
	void (*fn)(void *arg, bool reached);
	void *arg;
	struct rv_lane *lane;
	struct event *timer;
	struct rv_waiter *next;
};

/*
 * Calls fn exactly once, on the lane's loop: with true as soon as a usable
 * snapshot has at least the revision, with false after timeout_ms, or at
 * once when memory is short.  It may be called before the return.
 */
void rv_waiter_start(
    struct rv_lane *lane, struct rv_waiter *waiter, int64_t timeout_ms);
/* Looks at all waiters of the lane again, after a publication. */
void rv_waiters_check(struct rv_lane *lane);

#endif
