/* Random numbers, the same for the same seed.  For test programs only. */
#ifndef TESTS_UNIT_RBAC_RANDOM_H
#define TESTS_UNIT_RBAC_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled", 2016. */
static inline uint64_t
random_next(struct random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline size_t
random_below(struct random *r, size_t n)
{
	return n == 0 ? 0 : (size_t)((random_next(r) >> 16) % n);
}

static inline bool
random_chance(struct random *r, unsigned percent)
{
	return random_below(r, 100) < percent;
}

#endif
