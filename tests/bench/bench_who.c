/*
 * Who may read this application, of 100,000 administrators: how many, and
 * their ids.  The limit is an absolute time, and so these rows are no ratios.
 */
#include <string.h>

#include "bench/ask.h"
#include "bench/kit.h"
#include "bench/site/site.h"

#define LIMIT_MS  0.2
#define QUESTIONS 20

struct site {
	const char *name;
	struct bench_shape shape;
	struct rv_snapshot *s;
	uint32_t *who;
};

/* Milliseconds of a question, about other objects in each run. */
static double
measure(const struct site *site, unsigned run)
{
	struct rv_error e = { "asking" };
	size_t found = 0, n;
	struct bench_name key;
	double spent = bench_now_s();

	for (uint32_t i = 0; i < QUESTIONS; i++) {
		bench_need(bench_readers_of(site->s,
			       bench_object(&key, run * QUESTIONS + i),
			       site->who, site->shape.admins, &n),
		    &e, "who may read");
		found += n;
	}
	spent = bench_now_s() - spent;
	if (found == 0) {
		(void)fprintf(stderr, "nobody may read anything\n");
		exit(1);
	}
	(void)printf("%s: %zu of %u in the mean\n", site->name,
	    found / QUESTIONS, site->shape.admins);
	return spent * 1e3 / QUESTIONS;
}

static void
ask(struct site *site, unsigned runs)
{
	struct rv_error e = { "" };

	site->who = bench_alloc(site->shape.admins, sizeof(*site->who));
	bench_need(bench_site_build(&site->shape, &site->s, &e), &e,
	    "building the site");
	(void)measure(site, 0); /* warm */
	for (unsigned i = 1; i <= runs; i++)
		bench_print(&(struct bench_result){ .name = site->name,
		    .value = measure(site, i),
		    .unit = "ms",
		    .against = "limit",
		    .against_value = LIMIT_MS,
		    .goal = 1 });
	rv_snapshot_free(&site->s);
	free(site->who);
}

int
main(int argc, char **argv)
{
	const struct bench_shape shape = { .resources = 10000,
		.memberships = 4,
		.collections = 1000,
		.admins = 100000,
		.scopes = 100,
		.objects = 100000 };
	struct site few = { .name = "who may read, 10^5 admins, 100 scopes",
		.shape = shape };
	struct site many = { .name = "who may read, 10^5 admins, 10^4 scopes",
		.shape = shape };
	const unsigned runs = bench_runs(argc, argv);

	many.shape.scopes = 10000;
	ask(&few, runs);
	ask(&many, runs);
	return 0;
}
