/*
 * What a snapshot weighs: a site of 10^6 devices in four collections each,
 * of 200 and of 10^5 collections; all of it by device, and of the two indices
 * of memberships what each takes by itself.  Heap in use, as the allocator
 * counts it: its own overhead is in.  Then the most that is in use while one
 * change is applied and the version before is still held.
 */
#include <malloc.h>

#include "idset.h"
#include "resources.h"

#include "bench/kit.h"
#include "bench/site/site.h"

#define DEVICES	    1000000u
#define MEMBERSHIPS 4u

static double
in_use(void)
{
	const struct mallinfo2 m = mallinfo2();

	return (double)(m.uordblks + m.hblkhd);
}

static void
say(const char *name, double value, double limit)
{
	bench_print(&(struct bench_result){ .name = name,
	    .value = value,
	    .unit = "bytes",
	    .against = "limit",
	    .against_value = limit,
	    .goal = 1 });
}

static struct rv_snapshot *
build(const struct bench_shape *shape)
{
	struct rv_error e = { "" };
	struct rv_snapshot *s = NULL;

	bench_need(bench_site_build(shape, &s, &e), &e, "building the site");
	return s;
}

/* ---- One index alone ----------------------------------------------------- */

/* Four different collections for each device, as the site draws them. */
struct drawn {
	uint32_t *of_device;	 /* MEMBERSHIPS each, ascending */
	uint32_t *first, *items; /* by collection: devices, ascending */
	uint32_t collections;
};

static void
draw_device(uint32_t *to, uint32_t collections, uint64_t *random)
{
	uint32_t n = 0;

	while (n < MEMBERSHIPS) {
		const uint32_t c = bench_below(random, collections);
		uint32_t at = n;

		while (at > 0 && to[at - 1] > c)
			at--;
		if (at > 0 && to[at - 1] == c)
			continue;
		for (uint32_t k = n; k > at; k--)
			to[k] = to[k - 1];
		to[at] = c;
		n++;
	}
}

static struct drawn
draw(uint32_t collections)
{
	struct drawn d = { .collections = collections };
	uint64_t random = 11;

	d.of_device = bench_alloc(DEVICES * MEMBERSHIPS, sizeof(*d.of_device));
	d.first = bench_alloc(collections + 2, sizeof(*d.first));
	d.items = bench_alloc(DEVICES * MEMBERSHIPS, sizeof(*d.items));
	for (uint32_t i = 0; i < DEVICES; i++) {
		uint32_t *to = d.of_device + (size_t)i * MEMBERSHIPS;

		draw_device(to, collections, &random);
		for (uint32_t k = 0; k < MEMBERSHIPS; k++)
			d.first[to[k] + 2]++;
	}
	for (uint32_t c = 2; c < collections + 2; c++)
		d.first[c] += d.first[c - 1];
	for (uint32_t i = 0; i < DEVICES * MEMBERSHIPS; i++)
		d.items[d.first[d.of_device[i] + 1]++] =
		    BENCH_FIRST_RESOURCE + i / MEMBERSHIPS;
	return d;
}

static double
weigh_forward(const struct drawn *d)
{
	struct rv_idset **sets = bench_alloc(d->collections, sizeof(*sets));
	struct rv_error e = { "out of memory" };
	double before = in_use(), weight;

	for (uint32_t c = 0; c < d->collections; c++) {
		const struct rv_ids ids = { d->items + d->first[c],
			d->first[c + 1] - d->first[c] };

		bench_need(rv_idset_make(NULL, ids, &sets[c]), &e, "sets");
	}
	weight = in_use() - before;
	for (uint32_t c = 0; c < d->collections; c++)
		rv_idset_free(sets[c]);
	free(sets);
	return weight / (DEVICES * MEMBERSHIPS);
}

/* What the lists add to the pages, which hold the types in any case. */
static double
weigh_reverse(const struct drawn *d)
{
	uint32_t *ids = bench_alloc(DEVICES, sizeof(*ids));
	uint32_t *first = bench_alloc(DEVICES + 1, sizeof(*first));
	struct rv_error e = { "out of memory" };
	struct rv_trie pages = { NULL };
	double before, weight;

	for (uint32_t i = 0; i < DEVICES; i++) {
		ids[i] = BENCH_FIRST_RESOURCE + i;
		first[i + 1] = (i + 1) * MEMBERSHIPS;
		bench_need(
		    rv_resource_add(NULL, &pages, ids[i], RV_RESOURCE_DEVICE),
		    &e, "resources");
	}
	before = in_use();
	bench_need(
	    rv_resource_fill(NULL, &pages, ids, DEVICES, first, d->of_device),
	    &e, "lists");
	weight = in_use() - before;
	rv_resources_free(&pages);
	free(first);
	free(ids);
	return weight / (DEVICES * MEMBERSHIPS);
}

static void
weigh_indices(uint32_t collections, const char *forward, double forward_limit,
    const char *reverse)
{
	struct drawn d = draw(collections);

	say(forward, weigh_forward(&d), forward_limit);
	say(reverse, weigh_reverse(&d), 5);
	free(d.of_device);
	free(d.first);
	free(d.items);
}

/* ---- The whole ------------------------------------------------------------ */

/* A new device, in a large collection; the version before is held. */
static struct rv_snapshot *
change(struct rv_snapshot *base)
{
	const struct rv_row_site site = { .revision = 2,
		.epoch = rv_snapshot_epoch(base),
		.minimum = rv_snapshot_site_level(base) };
	const struct rv_row_resource device = { BENCH_FIRST_RESOURCE + DEVICES,
		RV_RESOURCE_DEVICE };
	const struct rv_row_member row = { RV_SLICE_LIT("BC000000"),
		device.resource_id };
	struct rv_builder *b = rv_builder_on(base);
	struct rv_error e = { "out of memory" };
	struct rv_snapshot *next = NULL;

	RV_ASSERT(b != NULL);
	bench_need(rv_builder_site(b, &site, &e), &e, "site");
	bench_need(rv_builder_resource(b, &device, &e), &e, "a device");
	bench_need(rv_builder_member(b, &row, &e), &e, "its membership");
	bench_need(rv_builder_finish(&b, &next, &e), &e, "finishing");
	return next;
}

static void
weigh_site(uint32_t collections, const char *name, const char *peak)
{
	const struct bench_shape shape = { DEVICES, MEMBERSHIPS, collections,
		1000, 100, 10000 };
	double before = in_use(), weight, both;
	struct rv_snapshot *s = build(&shape), *next;

	weight = in_use() - before;
	say(name, weight / DEVICES, 128);
	next = change(s);
	both = in_use() - before;
	bench_print(&(struct bench_result){ .name = peak,
	    .value = both / 1e6,
	    .unit = "MB",
	    .against = "before the change",
	    .against_value = weight / 1e6,
	    .goal = 1.3 });
	rv_snapshot_free(&s);
	rv_snapshot_free(&next);
}

int
main(int argc, char **argv)
{
	const unsigned runs = bench_runs(argc, argv);

	for (unsigned i = 0; i < runs; i++) {
		weigh_site(200, "memory a device, 200 collections",
		    "peak of a change, 200 collections");
		weigh_site(100000, "memory a device, 10^5 collections",
		    "peak of a change, 10^5 collections");
		weigh_indices(200, "memory a membership, 200 collections", 2.5,
		    "reverse index, 200 collections");
		weigh_indices(100000, "memory a membership, 10^5 collections",
		    8, "reverse index, 10^5 collections");
	}
	return 0;
}
