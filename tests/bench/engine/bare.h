/*
 * A bare loop that answers the questions of bench_check.c from plain arrays
 * made for them alone: only the look-ups that a decision cannot do without,
 * no reasons, no times, no levels.  What a subject may is added up
 * beforehand, for each combination of its assignments.
 */
#ifndef TESTS_BENCH_ENGINE_BARE_H
#define TESTS_BENCH_ENGINE_BARE_H

#include "world.h"

/* A question by keys, and the same by numbers for those who prepare. */
struct bench_request {
	char subject[KEY + 4], object[KEY + 4];
	uint32_t n_object; /* bytes of its key */
	uint32_t u, type, operation;
};

struct bare;

/* Of the objects of a world, or of its devices. */
struct bare *bare_new(const struct bench_world *w);
void bare_free(struct bare **b);

/* The number of a subject by its key; it has to be there. */
uint32_t bare_subject(const struct bare *b, const char *key);
/* Whether one is allowed. */
bool bare_allows(const struct bare *b, const struct bench_request *r);
/* How many of n are allowed, asked one by one, or in groups with prefetch. */
size_t bare_run(
    const struct bare *b, const struct bench_request *requests, size_t n);
size_t bare_run_groups(const struct bare *b,
    const struct bench_request *requests, size_t n, size_t group);

#endif
