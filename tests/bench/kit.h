/*
 * What the programs of tests/bench share: a clock, numbers that are the same
 * in every run, and the line that run.py reads.  For programs only: they end
 * with a message when something fails.
 */
#ifndef TESTS_BENCH_KIT_H
#define TESTS_BENCH_KIT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "reeve/base.h"

static inline double
bench_now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* splitmix64: one state, good enough to spread things. */
static inline uint64_t
bench_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline uint32_t
bench_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(bench_random(state) % n);
}

static inline void
bench_need(int r, const struct rv_error *e, const char *what)
{
	if (r == RV_OK)
		return;
	(void)fprintf(stderr, "%s: %s: %s\n", what, rv_strerr(r), e->text);
	exit(1);
}

static inline void *
bench_alloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL) {
		(void)fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

/* The number of runs that a program is told as its only argument. */
static inline unsigned
bench_runs(int argc, char **argv)
{
	uint64_t runs = 0;

	if (argc != 2 ||
	    rv_slice_to_u64(rv_slice_of(argv[1]), 1000, &runs) != RV_OK ||
	    runs == 0) {
		(void)fprintf(stderr, "usage: %s RUNS\n", argv[0]);
		exit(2);
	}
	return (unsigned)runs;
}

/* One measured ratio; see "What a program prints" in docs/benchmarks.md. */
struct bench_result {
	const char *name;
	double value;
	const char *unit;
	const char *against;
	double against_value;
	double goal; /* of value / against_value; 0: none */
	bool higher_is_better;
};

static inline void
bench_print(const struct bench_result *b)
{
	char goal[32] = "";

	if (b->goal > 0)
		(void)snprintf(goal, sizeof(goal), "%g", b->goal);
	(void)printf("%s\t%.6g\t%s\t%s\t%.6g\t%.6g\t%s\t%s\n", b->name,
	    b->value, b->unit, b->against, b->against_value,
	    b->value / b->against_value, goal,
	    b->higher_is_better ? "true" : "false");
	(void)fflush(stdout);
}

#endif
