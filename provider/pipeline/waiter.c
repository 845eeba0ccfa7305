#include "pipeline/waiter.h"

#include <event2/event.h>

#include "loop/loop.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "store/feed.h"

static bool
reached(struct rv_lane *lane, uint64_t revision)
{
	const struct rv_snapshot *snapshot;
	int64_t fresh_until;

	rv_loop_online(lane->loop);
	if (rv_feed_snapshot(lane->provider->feed, &snapshot, &fresh_until) !=
	    RV_OK)
		return false;
	return rv_snapshot_revision(snapshot) >= revision;
}

static void
finish(struct rv_waiter *waiter, bool result)
{
	if (waiter->timer != NULL)
		event_free(waiter->timer);
	waiter->timer = NULL;
	waiter->fn(waiter->arg, result);
}

static void
on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct rv_waiter *waiter = arg;
	struct rv_waiter **at = &waiter->lane->waiters;

	(void)fd;
	(void)what;
	while (*at != waiter)
		at = &(*at)->next;
	*at = waiter->next;
	finish(waiter, false);
}

void
rv_waiter_start(
    struct rv_lane *lane, struct rv_waiter *waiter, int64_t timeout_ms)
{
	struct timeval tv = {
		.tv_sec = timeout_ms / 1000,
		.tv_usec = timeout_ms % 1000 * 1000,
	};

	waiter->lane = lane;
	waiter->timer = NULL;
	if (reached(lane, waiter->revision)) {
		finish(waiter, true);
		return;
	}
	waiter->timer =
	    evtimer_new(rv_loop_base(lane->loop), on_timeout, waiter);
	if (waiter->timer == NULL || evtimer_add(waiter->timer, &tv) != 0) {
		finish(waiter, false);
		return;
	}
	waiter->next = lane->waiters;
	lane->waiters = waiter;
}

void
rv_waiters_check(struct rv_lane *lane)
{
	struct rv_waiter *list = lane->waiters;

	/* fn may start another wait: work on a list taken out whole. */
	lane->waiters = NULL;
	while (list != NULL) {
		struct rv_waiter *waiter = list;

		list = waiter->next;
		if (reached(lane, waiter->revision)) {
			finish(waiter, true);
		} else {
			waiter->next = lane->waiters;
			lane->waiters = waiter;
		}
	}
}
