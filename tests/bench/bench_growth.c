/*
 * What a decision costs on a large site (10^7 devices, 10^6 applications,
 * 10^5 collections and administrators, 10^4 scopes) against a small one,
 * asked at random about devices and about applications, all by names.
 */
#include "bench/kit.h"
#include "bench/site/site.h"

#define QUESTIONS UINT32_C(1000000)
#define NOW_MS	  INT64_C(1760000000000)

enum about {
	ABOUT_DEVICES,
	ABOUT_OBJECTS
};

struct ask {
	struct bench_name admin, key;
	struct rv_slice admin_id, key_id;
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

/* Nanoseconds of one decision. */
static double
measure(const struct rv_snapshot *s, const struct bench_shape *shape,
    enum about about)
{
	struct ask *asks = make_questions(shape, about);
	struct rv_question q = { .type = RV_SLICE_LIT("SMS_R_System"),
		.operation = RV_SLICE_LIT("Read"),
		.want = RV_WANT_FIRST };
	struct rv_verdict v;
	uint32_t allowed = 0;
	double spent;

	if (about == ABOUT_OBJECTS)
		q.type = RV_SLICE_LIT("SMS_Application");
	spent = bench_now_s();
	for (uint32_t i = 0; i < QUESTIONS; i++) {
		const struct rv_subject u = { .ids = &asks[i].admin_id,
			.n_ids = 1,
			.n_own = 1,
			.groups_known = true,
			.level = RV_LEVEL_HELLO };

		q.key = asks[i].key_id;
		rv_rbac_check(s, &u, NOW_MS, &q, &v);
		allowed += v.decision == RV_ALLOW;
	}
	spent = bench_now_s() - spent;
	free(asks);
	if (allowed == 0 || allowed == QUESTIONS) {
		(void)fprintf(stderr, "all answers are the same\n");
		exit(1);
	}
	return spent * 1e9 / QUESTIONS;
}

static struct rv_snapshot *
build(const struct bench_shape *shape)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };

	bench_need(bench_site_build(shape, &s, &e), &e, "building the site");
	return s;
}

int
main(int argc, char **argv)
{
	const struct bench_shape small = { 10000, 4, 100, 100, 10, 10000 };
	const struct bench_shape large = { 10000000, 4, 100000, 100000, 10000,
		1000000 };
	const unsigned runs = bench_runs(argc, argv);
	struct rv_snapshot *a = build(&small), *b = build(&large);

	for (unsigned i = 0; i < runs; i++) {
		bench_print(&(struct bench_result){ .name = "growth, device",
		    .value = measure(b, &large, ABOUT_DEVICES),
		    .unit = "ns",
		    .against = "10^4 devices, 10^2 collections and admins",
		    .against_value = measure(a, &small, ABOUT_DEVICES) });
		bench_print(
		    &(struct bench_result){ .name = "growth, application",
			.value = measure(b, &large, ABOUT_OBJECTS),
			.unit = "ns",
			.against = "10^4 applications, 10 scopes, 10^2 admins",
			.against_value = measure(a, &small, ABOUT_OBJECTS) });
	}
	rv_snapshot_free(&a);
	rv_snapshot_free(&b);
	return 0;
}
