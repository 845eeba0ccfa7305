/*
 * What a decision costs as a site grows in one way, against what the bare
 * look-ups cost then: (large / small of ours) / (large / small of theirs),
 * both by names, at random, and with the same answers.
 */
#include "bench/kit.h"
#include "bench/site/bare.h"
#include "bench/site/site.h"

#define QUESTIONS UINT32_C(1000000)
#define NOW_MS	  INT64_C(1760000000000)
#define GOAL	  1.5

enum about {
	ABOUT_DEVICES,
	ABOUT_OBJECTS
};

struct ask {
	struct bench_name admin, key;
	struct rv_slice admin_id, key_id;
};

/* A site as both know it, and the questions about it. */
struct site {
	struct bench_shape shape;
	enum about about;
	struct rv_snapshot *s;
	struct bare_site *bare;
	struct ask *asks;
};

static struct ask *
make_questions(const struct bench_shape *shape, enum about about)
{
	struct ask *asks = bench_alloc(QUESTIONS, sizeof(*asks));
	uint64_t random = 7;

	for (uint32_t i = 0; i < QUESTIONS; i++) {
		struct ask *a = &asks[i];

		a->admin_id =
		    bench_admin(&a->admin, bench_below(&random, shape->admins));
		a->key_id = about == ABOUT_DEVICES
				? bench_resource(&a->key,
				      bench_below(&random, shape->resources))
				: bench_object(&a->key,
				      bench_below(&random, shape->objects));
	}
	return asks;
}

/* Nanoseconds of one decision, and how many of them allow. */
static double
measure(const struct site *site, uint32_t *ret_allowed)
{
	struct rv_question q = { .type = RV_SLICE_LIT("SMS_R_System"),
		.operation = RV_SLICE_LIT("Read"),
		.want = RV_WANT_FIRST };
	struct rv_verdict v;
	uint32_t allowed = 0;
	double spent;

	if (site->about == ABOUT_OBJECTS)
		q.type = RV_SLICE_LIT("SMS_Application");
	spent = bench_now_s();
	for (uint32_t i = 0; i < QUESTIONS; i++) {
		const struct rv_subject u = { .ids = &site->asks[i].admin_id,
			.n_ids = 1,
			.n_own = 1,
			.groups_known = true,
			.level = RV_LEVEL_HELLO };

		q.key = site->asks[i].key_id;
		rv_rbac_check(site->s, &u, NOW_MS, &q, &v);
		allowed += v.decision == RV_ALLOW;
	}
	*ret_allowed = allowed;
	return (bench_now_s() - spent) * 1e9 / QUESTIONS;
}

static double
measure_bare(const struct site *site, uint32_t *ret_allowed)
{
	uint32_t allowed = 0;
	double spent = bench_now_s();

	for (uint32_t i = 0; i < QUESTIONS; i++) {
		const struct ask *a = &site->asks[i];

		allowed +=
		    site->about == ABOUT_OBJECTS
			? bare_reads_object(site->bare, a->admin_id, a->key_id)
			: bare_reads_device(site->bare, a->admin_id, a->key_id);
	}
	*ret_allowed = allowed;
	return (bench_now_s() - spent) * 1e9 / QUESTIONS;
}

static struct site
open_site(struct bench_shape shape, enum about about)
{
	struct site site = { .shape = shape, .about = about };
	struct rv_error e = { "" };

	bench_need(
	    bench_site_build(&shape, &site.s, &e), &e, "building the site");
	site.bare = bare_site_new(&shape);
	site.asks = make_questions(&shape, about);
	return site;
}

static void
close_site(struct site *site)
{
	rv_snapshot_free(&site->s);
	bare_site_free(&site->bare);
	free(site->asks);
}

/* Ours and theirs, in turns. */
static void
ask_both(const struct site *site, double *ret_ours, double *ret_bare)
{
	uint32_t ours, bare;

	*ret_ours = measure(site, &ours);
	*ret_bare = measure_bare(site, &bare);
	if (ours != bare || ours == 0 || ours == QUESTIONS) {
		(void)fprintf(
		    stderr, "%u are allowed, and %u by arrays\n", ours, bare);
		exit(1);
	}
}

static void
compare(const char *name, const struct site *small, const struct site *large)
{
	double ours[2], bare[2];

	ask_both(small, &ours[0], &bare[0]);
	ask_both(large, &ours[1], &bare[1]);
	(void)printf("%s: %.0f to %.0f ns, bare %.0f to %.0f ns\n", name,
	    ours[0], ours[1], bare[0], bare[1]);
	bench_print(&(struct bench_result){ .name = name,
	    .value = ours[1] / ours[0],
	    .unit = "x",
	    .against = "growth of the bare look-ups",
	    .against_value = bare[1] / bare[0],
	    .goal = GOAL });
}

int
main(int argc, char **argv)
{
	const struct bench_shape base = { 10000, 4, 1000, 1000, 100, 10000 };
	struct {
		const char *name;
		enum about about;
		struct bench_shape shape;
	} grown[] = {
		{ "growth, 100x administrators", ABOUT_OBJECTS, base },
		{ "growth, 100x scopes", ABOUT_OBJECTS, base },
		{ "growth, 100x collections", ABOUT_DEVICES, base },
		{ "growth, 1,000x applications", ABOUT_OBJECTS, base },
		{ "growth, 1,000x devices", ABOUT_DEVICES, base },
	};
	const unsigned runs = bench_runs(argc, argv);

	grown[0].shape.admins = 100000;
	grown[1].shape.scopes = 10000;
	grown[2].shape.collections = 100000;
	grown[3].shape.objects = 10000000;
	grown[4].shape.resources = 10000000;
	for (size_t i = 0; i < sizeof(grown) / sizeof(*grown); i++) {
		struct site small = open_site(base, grown[i].about);
		struct site large = open_site(grown[i].shape, grown[i].about);

		for (unsigned run = 0; run < runs; run++)
			compare(grown[i].name, &small, &large);
		close_site(&small);
		close_site(&large);
	}
	return 0;
}
