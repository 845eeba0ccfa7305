#include "pipeline/hold.h"

#include <event2/event.h>

#include "loop/loop.h"
#include "pipeline/lane.h"

/* In the arena of its exchange. */
struct hold {
	struct rv_exchange *x;
	struct event *timer;
};

static void
on_time(evutil_socket_t fd, short what, void *arg)
{
	struct hold *h = arg;
	struct rv_exchange *x = h->x;

	(void)fd;
	(void)what;
	event_free(h->timer);
	rv_exchange_finish(x);
}

void
rv_hold_until(struct rv_exchange *x, int64_t boot_ms)
{
	/* Whole milliseconds that have begun count: never too early. */
	const int64_t wait_us = (boot_ms + 1) * 1000 - rv_boot_ns() / 1000;
	struct timeval tv = {
		.tv_sec = wait_us / 1000000,
		.tv_usec = wait_us % 1000000,
	};
	struct hold *h = rv_arena_alloc(x->arena, sizeof(*h));

	if (wait_us <= 0 || h == NULL) {
		rv_exchange_finish(x);
		return;
	}
	h->x = x;
	h->timer = evtimer_new(rv_loop_base(x->lane->loop), on_time, h);
	if (h->timer != NULL && evtimer_add(h->timer, &tv) == 0)
		return;
	if (h->timer != NULL)
		event_free(h->timer);
	rv_exchange_finish(x);
}

void
rv_hold_in_steps(struct rv_exchange *x)
{
	const int64_t began = x->began_boot_ns / 1000000;
	const int64_t spent = rv_boot_ms() - began;

	rv_hold_until(
	    x, began + (spent / RV_HOLD_STEP_MS + 1) * RV_HOLD_STEP_MS);
}
