/*
 * One change applied to a site of 10^7 devices: from its first row to the
 * next version, validated and ready to be published, and what it replaced
 * freed.  The limit is an absolute time: these rows are no ratios.
 */
#include "bench/kit.h"
#include "bench/site/site.h"

#define LIMIT_US 100.0
#define CHANGES	 200

enum kind {
	JOIN,	/* a device joins a collection */
	LEAVE,	/* and leaves it */
	DEVICE, /* a new device */
	OBJECT, /* a new application in a scope */
	SCOPE,	/* an application gets a scope more */
	GRANT,	/* an assignment of a role in a scope */
	KINDS
};

static const char *const names[KINDS] = {
	[JOIN] = "one change: a device joins a collection",
	[LEAVE] = "one change: a device leaves a collection",
	[DEVICE] = "one change: a new device",
	[OBJECT] = "one change: a new application",
	[SCOPE] = "one change: a scope on an application",
	[GRANT] = "one change: an assignment",
};

struct line {
	struct rv_snapshot *s;
	struct bench_shape shape;
	uint64_t random;
	uint32_t serial; /* of new things */
};

/* What a change is about, drawn before the clock runs. */
struct about {
	struct bench_name key;
	struct rv_row_member member;
	struct rv_row_resource resource;
	struct rv_row_object object;
	struct rv_row_object_scope scope;
	struct rv_row_assignment assignment;
	struct rv_row_assignment_scope assignment_scope;
};

/* Made for this: the site's own are on nobody knows which objects. */
#define OWN RV_SLICE_LIT("BENCHOWN")

static void
draw(struct line *l, enum kind kind, struct about *a)
{
	const uint32_t device = BENCH_FIRST_RESOURCE +
				bench_below(&l->random, 1000) * 9973 +
				l->serial % 9973;

	l->serial++;
	a->member = (struct rv_row_member){ OWN, device };
	a->resource = (struct rv_row_resource){
		BENCH_FIRST_RESOURCE + l->shape.resources + l->serial,
		RV_RESOURCE_DEVICE
	};
	a->object.object_type_id = BENCH_TYPE_APP;
	a->object.key = bench_object(
	    &a->key, kind == OBJECT ? l->shape.objects + l->serial
				    : l->serial % l->shape.objects);
	a->scope =
	    (struct rv_row_object_scope){ BENCH_TYPE_APP, a->object.key, OWN };
	a->assignment =
	    (struct rv_row_assignment){ .assignment_id = 100000000 + l->serial,
		    .admin_id = BENCH_FIRST_ADMIN +
				bench_below(&l->random, l->shape.admins),
		    .role_id = RV_SLICE_LIT("BR000000"),
		    .from_ms = INT64_MIN,
		    .until_ms = INT64_MAX };
	a->assignment_scope =
	    (struct rv_row_assignment_scope){ a->assignment.assignment_id,
		    OWN };
}

static int
put(struct rv_builder *b, enum kind kind, const struct about *a,
    struct rv_error *e)
{
	int r;

	switch (kind) {
	case JOIN:
		return rv_builder_member(b, &a->member, e);
	case LEAVE:
		return rv_builder_remove_member(b, &a->member, e);
	case DEVICE:
		return rv_builder_resource(b, &a->resource, e);
	case OBJECT:
		r = rv_builder_object(b, &a->object, e);
		return r == RV_OK ? rv_builder_object_scope(b, &a->scope, e)
				  : r;
	case SCOPE:
		return rv_builder_object_scope(b, &a->scope, e);
	case GRANT:
		r = rv_builder_assignment(b, &a->assignment, e);
		return r == RV_OK ? rv_builder_assignment_scope(
					b, &a->assignment_scope, e)
				  : r;
	case KINDS:
		break;
	}
	return RV_ERR_INTERNAL;
}

static struct rv_builder *
begin(const struct line *l, struct rv_error *e)
{
	const struct rv_row_site site = {
		.revision = rv_snapshot_revision(l->s) + 1,
		.epoch = rv_snapshot_epoch(l->s),
		.minimum = rv_snapshot_site_level(l->s),
	};
	struct rv_builder *b = rv_builder_on(l->s);

	RV_ASSERT(b != NULL);
	bench_need(rv_builder_site(b, &site, e), e, "site");
	return b;
}

static void
end(struct line *l, struct rv_builder *b, struct rv_error *e, const char *what)
{
	struct rv_snapshot *next = NULL;

	bench_need(rv_builder_finish(&b, &next, e), e, what);
	rv_snapshot_free(&l->s);
	l->s = next;
}

static void
make_own(struct line *l)
{
	const struct rv_row_scope scope = { OWN };
	const struct rv_row_collection collection = { OWN, RV_KIND_DEVICE,
		RV_SLICE_LIT("SMS00001") };
	struct rv_error e = { "out of memory" };
	struct rv_builder *b = begin(l, &e);

	bench_need(rv_builder_scope(b, &scope, &e), &e, "a scope");
	bench_need(
	    rv_builder_collection(b, &collection, &e), &e, "a collection");
	end(l, b, &e, "a scope and a collection");
}

/* Microseconds. */
static double
apply(struct line *l, enum kind kind, const struct about *a)
{
	struct rv_error e = { "out of memory" };
	double start = bench_now_s();
	struct rv_builder *b = begin(l, &e);

	bench_need(put(b, kind, a, &e), &e, names[kind]);
	end(l, b, &e, names[kind]);
	start = bench_now_s() - start;
	return start * 1e6;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Joins and leaves are of the same devices, in turns. */
static void
measure(struct line *l, double spent[KINDS])
{
	static double us[KINDS][CHANGES];

	for (uint32_t i = 0; i < CHANGES; i++) {
		struct about about = { .key = { "" } };

		for (enum kind kind = JOIN; kind < KINDS; kind++) {
			if (kind != LEAVE)
				draw(l, kind, &about);
			us[kind][i] = apply(l, kind, &about);
		}
	}
	for (enum kind kind = JOIN; kind < KINDS; kind++) {
		qsort(us[kind], CHANGES, sizeof(us[kind][0]), compare);
		spent[kind] = us[kind][CHANGES / 2];
	}
}

int
main(int argc, char **argv)
{
	struct line l = { .shape = { 10000000, 4, 100000, 100000, 100,
			      1000000 },
		.random = 3 };
	const unsigned runs = bench_runs(argc, argv);
	struct rv_error e = { "" };
	double spent[KINDS];

	bench_need(bench_site_build(&l.shape, &l.s, &e), &e, "building");
	make_own(&l);
	measure(&l, spent); /* warm */
	for (unsigned i = 0; i < runs; i++) {
		measure(&l, spent);
		for (enum kind kind = JOIN; kind < KINDS; kind++)
			bench_print(&(struct bench_result){ .name = names[kind],
			    .value = spent[kind],
			    .unit = "us",
			    .against = "limit",
			    .against_value = LIMIT_US,
			    .goal = 1 });
	}
	rv_snapshot_free(&l.s);
	return 0;
}
