#include "loop/loop.h"

#include <stdatomic.h>
#include <time.h>

static int64_t
clock_ns(clockid_t id)
{
	struct timespec ts;

	/* Cannot fail for these clocks (clock_gettime(2)). */
	RV_ASSERT(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
rv_now_ms(void)
{
	/*
	 * Process-wide on purpose: a clock that was stepped back must not
	 * revive an expired grant for any request (docs/rule.md section 2).
	 */
	static _Atomic int64_t latest;
	int64_t now = clock_ns(CLOCK_REALTIME) / 1000000;
	int64_t seen = atomic_load_explicit(&latest, memory_order_relaxed);

	while (now > seen)
		if (atomic_compare_exchange_weak_explicit(&latest, &seen, now,
			memory_order_relaxed, memory_order_relaxed))
			return now;
	return seen;
}

int64_t
rv_wall_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t
rv_boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

int64_t
rv_boot_ms(void)
{
	return rv_boot_ns() / 1000000;
}
