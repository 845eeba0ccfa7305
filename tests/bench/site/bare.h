/*
 * A made-up site as the plainest arrays, and the one question "may this
 * administrator read that?" answered from them: only the look-ups that it
 * cannot do without.  What growth is measured against.
 */
#ifndef TESTS_BENCH_SITE_BARE_H
#define TESTS_BENCH_SITE_BARE_H

#include "bench/site/site.h"

struct bare_site;

/* Ends the program when memory runs out. */
struct bare_site *bare_site_new(const struct bench_shape *shape);
void bare_site_free(struct bare_site **b);
/* All by their names, as the engine is asked. */
bool bare_reads_object(
    const struct bare_site *b, struct rv_slice admin, struct rv_slice object);
bool bare_reads_device(
    const struct bare_site *b, struct rv_slice admin, struct rv_slice device);

#endif
