/*
 * Who may read this application, of 100,000 administrators.  The limit is an
 * absolute time, and so the one row here that is no ratio.
 */
#include "bench/ask.h"
#include "bench/kit.h"
#include "bench/site/site.h"

#define LIMIT_MS  0.2
#define QUESTIONS 20

struct site {
	struct rv_snapshot *s;
	struct rv_slice *admins;
	uint32_t n, *who;
};

/* Milliseconds of a question, about other objects in each run. */
static double
measure(const struct site *site, unsigned run)
{
	struct bench_name key;
	size_t found = 0;
	double spent = bench_now_s();

	for (uint32_t i = 0; i < QUESTIONS; i++)
		found += bench_readers_of(site->s, site->admins, site->n,
		    bench_object(&key, run * QUESTIONS + i), site->who);
	spent = bench_now_s() - spent;
	if (found == 0) {
		(void)fprintf(stderr, "nobody may read anything\n");
		exit(1);
	}
	return spent * 1e3 / QUESTIONS;
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
	const unsigned runs = bench_runs(argc, argv);
	struct bench_name *names = bench_alloc(shape.admins, sizeof(*names));
	struct site site = { .n = shape.admins };
	struct rv_error e = { "" };

	site.admins = bench_alloc(shape.admins, sizeof(*site.admins));
	site.who = bench_alloc(shape.admins, sizeof(*site.who));
	bench_need(
	    bench_site_build(&shape, &site.s, &e), &e, "building the site");
	for (uint32_t i = 0; i < shape.admins; i++)
		site.admins[i] = bench_admin(&names[i], i);
	(void)measure(&site, 0); /* warm */
	for (unsigned i = 1; i <= runs; i++)
		bench_print(
		    &(struct bench_result){ .name = "who may read, 10^5 admins",
			.value = measure(&site, i),
			.unit = "ms",
			.against = "limit",
			.against_value = LIMIT_MS,
			.goal = 1 });
	rv_snapshot_free(&site.s);
	free(site.who);
	free(site.admins);
	free(names);
	return 0;
}
