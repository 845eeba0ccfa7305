/*
 * The clock that deadlines are measured with: it never steps.
 */
#ifndef AUTH_CLOCK_H
#define AUTH_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "reeve/base.h"

static inline int64_t
rv_monotonic_ms(void)
{
	struct timespec now;

	/* Fails only for a clock that does not exist. */
	RV_ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
