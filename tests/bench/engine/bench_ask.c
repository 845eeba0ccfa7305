/*
 * What the questions about many things cost: a million devices by their
 * collections, a million objects by their scopes, and who of a hundred
 * thousand users may do something.  Medians, in processor time.
 *
 * gcc -std=c11 -D_GNU_SOURCE -O2 -Iinclude -Irbac -o /tmp/bench_ask
 *     tests/bench/engine/bench_ask.c $(find rbac -name '*.c')
 * /tmp/bench_ask [things [runs]]
 */
#include "world.h"

#define COLLECTIONS 64
#define USERS	    100000
#define HELD_BY_ONE 10 /* collections of the subject */
#define RUNS_MOST   101

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Runs a statement and prints the median in milliseconds. */
#define MEASURE(runs, what, n, statement)                                     \
	do {                                                                  \
		double ms_[RUNS_MOST];                                        \
                                                                              \
		for (size_t r_ = 0; r_ < (runs); r_++) {                      \
			double begin_ = bench_now();                          \
                                                                              \
			statement;                                            \
			ms_[r_] = (bench_now() - begin_) * 1e3;               \
		}                                                             \
		qsort(ms_, (runs), sizeof(double), compare);                  \
		printf("  %-46s %8.3f ms  (%.3f to %.3f), %zu found\n", what, \
		    ms_[(runs) / 2], ms_[0], ms_[(runs)-1], (size_t)(n));     \
	} while (0)

static struct rv_builder *
begin_site(void)
{
	struct rv_builder *b = rv_builder_new();

	if (b == NULL)
		abort();
	BENCH_ROW(b, site, .revision = 1,
	    .epoch = RV_SLICE_LIT("5f0c7a4e-9d1b-4c52-8f13-2b60c1f6a917"));
	BENCH_ROW(b, type, .object_type_id = 1,
	    .sdk_name = RV_SLICE_LIT("Collection"),
	    .secured_by = RV_SECURED_BY_COLLECTION);
	BENCH_ROW(b, operation, .object_type_id = 1, .bit = 0,
	    .name = RV_SLICE_LIT("Read"));
	BENCH_ROW(b, operation, .object_type_id = 1, .bit = 5,
	    .name = RV_SLICE_LIT("Remote Control"));
	BENCH_ROW(b, class_operation,
	    .class_name = RV_SLICE_LIT("SMS_R_System"),
	    .operation = RV_SLICE_LIT("Read"), .bit = 0);
	BENCH_ROW(b, class_operation,
	    .class_name = RV_SLICE_LIT("SMS_R_System"),
	    .operation = RV_SLICE_LIT("Remote Control"), .bit = 5);
	BENCH_ROW(b, role, .role_id = RV_SLICE_LIT("OPERATOR"),
	    .name = RV_SLICE_LIT("OPERATOR"));
	for (uint8_t bit = 0; bit <= 5; bit += 5)
		BENCH_ROW(b, role_operation,
		    .role_id = RV_SLICE_LIT("OPERATOR"), .object_type_id = 1,
		    .bit = bit);
	return b;
}

/* Sparse, middling and dense collections, in the manner of a site. */
static size_t
one_in(size_t collection)
{
	return collection < 16 ? 2 : collection < 48 ? 50 : 1000;
}

static struct rv_snapshot *
make_devices(struct bench_world *w, size_t n, size_t *ret_members)
{
	struct rv_builder *b = begin_site();
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };
	char name[48];

	BENCH_ROW(b, collection, .collection_id = RV_SLICE_LIT("SMS00001"),
	    .kind = RV_KIND_DEVICE);
	for (size_t i = 0; i < COLLECTIONS; i++)
		BENCH_ROW(b, collection,
		    .collection_id = bench_text(name, "C%07zu", i),
		    .kind = RV_KIND_DEVICE,
		    .limiting_id = RV_SLICE_LIT("SMS00001"));
	for (uint32_t i = 1; i <= USERS; i++)
		BENCH_ROW(b, admin, .admin_id = i,
		    .principal_id = bench_text(name, "krb5:%zu@LAB.TEST", i));
	for (uint32_t i = 1; i <= USERS; i++)
		BENCH_ROW(b, assignment, .assignment_id = i, .admin_id = i,
		    .role_id = RV_SLICE_LIT("OPERATOR"), .from_ms = INT64_MIN,
		    .until_ms = INT64_MAX);
	/* User 1: ten middling ones.  User 2: all.  The others: one. */
	for (size_t i = 0; i < HELD_BY_ONE; i++)
		BENCH_ROW(b, assignment_collection, .assignment_id = 1,
		    .collection_id = bench_text(name, "C%07zu", 16 + i));
	BENCH_ROW(b, assignment_collection, .assignment_id = 2,
	    .collection_id = RV_SLICE_LIT("SMS00001"));
	for (uint32_t i = 3; i <= USERS; i++)
		BENCH_ROW(b, assignment_collection, .assignment_id = i,
		    .collection_id = bench_text(
			name, "C%07zu", bench_below(w, COLLECTIONS)));
	for (size_t i = 0; i < n; i++)
		BENCH_ROW(b, resource, .resource_id = (uint32_t)(16777216 + i),
		    .type = RV_RESOURCE_DEVICE);
	*ret_members = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < COLLECTIONS; c++)
			if (bench_below(w, one_in(c)) == 0) {
				BENCH_ROW(b, member,
				    .collection_id =
					bench_text(name, "C%07zu", c),
				    .resource_id = (uint32_t)(16777216 + i));
				++*ret_members;
			}
	bench_must(rv_builder_finish(&b, &s, &e), &e);
	return s;
}

static const struct rv_subject_resolved *
resolve(const struct rv_snapshot *s, const char *id, struct rv_arena *arena)
{
	const struct rv_slice name = rv_slice_of(id);
	const struct rv_subject u = { .ids = &name,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_subject_resolved *k;
	struct rv_error e = { "" };

	bench_must(rv_rbac_resolve(s, &u, arena, &k), &e);
	return k;
}

/* A question with an arena of its own, as a request has. */
static struct rv_object_set
objects(const struct rv_subject_resolved *u, const char *type,
    const char *operation, bool count_only, uint32_t *ids, size_t room)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_object_set set;
	struct rv_error e = { "" };
	size_t at = 0;

	if (arena == NULL)
		abort();
	bench_must(rv_rbac_objects(u, 0, rv_slice_of(type),
		       rv_slice_of(operation), count_only, arena, &set),
	    &e);
	if (ids != NULL && rv_object_set_ids(&set, &at, ids, room) != set.n)
		abort();
	rv_arena_free(&arena);
	return set;
}

static size_t
who(const struct rv_snapshot *s)
{
	const struct rv_question q = { .type = RV_SLICE_LIT("SMS_R_System"),
		.operation = RV_SLICE_LIT("Remote Control"),
		.key = RV_SLICE_LIT("16777217") };
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_holders holders;
	struct rv_error e = { "" };

	if (arena == NULL)
		abort();
	bench_must(rv_rbac_who(s, 0, &q, arena, &holders), &e);
	rv_arena_free(&arena);
	return holders.n;
}

static void
measure_devices(struct bench_world *w, size_t n, size_t runs)
{
	uint32_t *ids = bench_room(n, sizeof(*ids));
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *some, *all;
	struct rv_object_set set = { 0 };
	struct rv_snapshot *s;
	size_t members, holders = 0;

	s = make_devices(w, n, &members);
	printf("%zu devices, %zu memberships, %d users\n", n, members, USERS);
	if (arena == NULL)
		abort();
	some = resolve(s, "krb5:1@LAB.TEST", arena);
	all = resolve(s, "krb5:2@LAB.TEST", arena);
	MEASURE(runs, "devices of 10 collections, counted", set.n,
	    set = objects(some, "SMS_R_System", "Read", true, NULL, 0));
	MEASURE(runs, "the same, as ids", set.n,
	    set = objects(some, "SMS_R_System", "Read", false, ids, n));
	MEASURE(runs, "the same, Remote Control, as ids", set.n,
	    set =
		objects(some, "SMS_R_System", "Remote Control", false, ids, n));
	MEASURE(runs, "all devices, counted", set.n,
	    set =
		objects(all, "SMS_R_System", "Remote Control", true, NULL, 0));
	MEASURE(runs, "all devices, as ids", set.n,
	    set =
		objects(all, "SMS_R_System", "Remote Control", false, ids, n));
	MEASURE(runs, "who may remote-control one device", holders,
	    holders = who(s));
	rv_arena_free(&arena);
	rv_snapshot_free(&s);
	free(ids);
}

static void
measure_objects(size_t n, size_t runs)
{
	struct bench_world *w = bench_room(1, sizeof(*w));
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *u;
	struct rv_object_set set = { 0 };
	char id[KEY + 1] = { 0 };

	if (arena == NULL)
		abort();
	bench_make(w, n, 100, 30);
	printf("%zu objects of %d types\n", n, TYPES);
	memcpy(id, w->subject_keys[0], KEY);
	u = resolve(w->s, id, arena);
	MEASURE(runs, "objects of one type, counted", set.n,
	    set = objects(u, "SMS_Type3", "Read", true, NULL, 0));
	MEASURE(runs, "the same, as bits", set.n,
	    set = objects(u, "SMS_Type3", "Read", false, NULL, 0));
	rv_arena_free(&arena);
	bench_free(w);
	free(w);
}

int
main(int argc, char **argv)
{
	struct bench_world w = { .state = 88172645463325252 };
	size_t things = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 21;

	if (runs < 1 || runs > RUNS_MOST || things < 1)
		return 2;
	measure_devices(&w, things, runs);
	measure_objects(things, runs);
	return 0;
}
