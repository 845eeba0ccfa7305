/*
 * What the questions about many things cost: devices by their collections,
 * objects by their scopes, and who of 100,000 users may read an object.  The
 * limits are absolute times, and so these rows are no ratios.
 */
#include "world.h"

#define USERS	    100000
#define ASSIGNMENTS 3 /* a user */
#define SCOPES_EACH 5
#define ASKED	    10 /* questions a run */

/* One collection ten times as large as each of the other eight. */
#define SMALL	   8
#define LARGE_PART 4  /* one device in so many is in the large one */
#define SMALL_PART 40 /* ... and in a small one */

static void
print(const char *name, size_t n, double ms, double limit_ms)
{
	char row[96];

	(void)snprintf(row, sizeof(row), "%s, %zu", name, n);
	bench_print(&(struct bench_result){ .name = row,
	    .value = ms,
	    .unit = "ms",
	    .against = "limit",
	    .against_value = limit_ms,
	    .goal = n <= 1000000 ? 1 : 0 });
}

static const struct rv_subject_resolved *
resolve(const struct rv_snapshot *s, struct rv_slice id, struct rv_arena *arena)
{
	const struct rv_subject u = { .ids = &id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	const struct rv_subject_resolved *k;
	struct rv_error e = { "" };

	bench_need(rv_rbac_resolve(s, &u, arena, &k), &e, "resolve");
	return k;
}

/* Milliseconds of a list with an arena of its own, as a request has. */
static double
list_ms(const struct rv_subject_resolved *u, const char *type, uint32_t *ids,
    size_t room, size_t *ret_n)
{
	const double begin = world_cpu_s();
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_cursor at = { 0 };
	struct rv_object_set set;
	struct rv_error e = { "" };

	if (arena == NULL)
		abort();
	bench_need(rv_rbac_objects(u, 0, rv_slice_of(type),
		       RV_SLICE_LIT("Read"), ids == NULL, arena, &set),
	    &e, "objects");
	if (ids != NULL && rv_object_set_ids(&set, &at, ids, room) != set.n)
		abort();
	rv_arena_free(&arena);
	*ret_n = set.n;
	return (world_cpu_s() - begin) * 1e3;
}

/* ---- Devices ---------------------------------------------------------------- */

static struct rv_builder *
begin_site(struct bench_world *w)
{
	struct rv_builder *b = rv_builder_new(1);

	if (b == NULL)
		abort();
	for (size_t r = 0; r < ROLES; r++)
		for (size_t t = 0; t < TYPES; t++)
			w->role_masks[r][t] = 1;
	bench_catalogue(w, b);
	return b;
}

static struct rv_snapshot *
finish_site(struct rv_builder *b)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };

	bench_need(rv_builder_finish(&b, &s, &e), &e, "finish");
	return s;
}

/* One user of nine collections; *ret_n devices are in some of them. */
static struct rv_snapshot *
make_devices(size_t n, size_t *ret_n)
{
	struct bench_world w = { .state = WORLD_SEED };
	struct rv_builder *b = begin_site(&w);
	uint32_t *in = bench_alloc(n, sizeof(*in));
	char name[48];

	for (size_t c = 0; c <= SMALL; c++)
		BENCH_ROW(b, collection,
		    .collection_id = bench_text(name, "C%08zu", c),
		    .kind = RV_KIND_DEVICE,
		    .limiting_id = RV_SLICE_LIT("SMS00001"));
	BENCH_ROW(b, admin, .admin_id = 1, .principal_id = RV_SLICE_LIT("u"));
	BENCH_ROW(b, assignment, .assignment_id = 1, .admin_id = 1,
	    .role_id = RV_SLICE_LIT("ROLE0"), .from_ms = INT64_MIN,
	    .until_ms = INT64_MAX);
	for (size_t c = 0; c <= SMALL; c++)
		BENCH_ROW(b, assignment_collection, .assignment_id = 1,
		    .collection_id = bench_text(name, "C%08zu", c));
	for (size_t i = 0; i < n; i++)
		BENCH_ROW(b, resource,
		    .resource_id = FIRST_DEVICE + (uint32_t)i,
		    .type = RV_RESOURCE_DEVICE);
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c <= SMALL; c++)
			if (world_below(&w, c == 0 ? LARGE_PART : SMALL_PART) ==
			    0) {
				BENCH_ROW(b, member,
				    .collection_id =
					bench_text(name, "C%08zu", c),
				    .resource_id = FIRST_DEVICE + (uint32_t)i);
				in[i] = 1;
			}
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		*ret_n += in[i];
	free(in);
	return finish_site(b);
}

static void
measure_devices(size_t n, unsigned runs)
{
	uint32_t *ids = bench_alloc(n, sizeof(*ids));
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *u;
	size_t expected, count, listed;
	struct rv_snapshot *s = make_devices(n, &expected);

	if (arena == NULL)
		abort();
	memset(ids, 0xff, n * sizeof(*ids));
	u = resolve(s, RV_SLICE_LIT("u"), arena);
	for (unsigned i = 0; i < runs; i++) {
		print("list of devices, count", n,
		    list_ms(u, "SMS_R_System", NULL, 0, &count), 1);
		print("list of devices, ids", n,
		    list_ms(u, "SMS_R_System", ids, n, &listed), 1);
		if (count != expected || listed != expected) {
			(void)fprintf(
			    stderr, "%zu devices, not %zu\n", count, expected);
			exit(1);
		}
	}
	rv_arena_free(&arena);
	rv_snapshot_free(&s);
	free(ids);
}

/* ---- Objects ----------------------------------------------------------------- */

static void
measure_objects(size_t n, unsigned runs)
{
	struct bench_world *w = bench_alloc(1, sizeof(*w));
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *u;
	size_t count;

	if (arena == NULL)
		abort();
	bench_make(w, n, 100, 30);
	u = resolve(w->s, bench_slice(w->subject_keys[0]), arena);
	for (unsigned i = 0; i < runs; i++) {
		double ms = 0;

		for (size_t t = 0; t < TYPES; t++) {
			char type[48];

			(void)bench_text(type, "SMS_Type%zu", t);
			ms += list_ms(u, type, NULL, 0, &count);
		}
		print("list of objects, all types, count", n, ms, 3);
	}
	rv_arena_free(&arena);
	bench_free(w);
	free(w);
}

/* ---- Who --------------------------------------------------------------------- */

static struct rv_snapshot *
make_users(size_t scopes)
{
	struct bench_world w = { .n_categories = scopes, .state = WORLD_SEED };
	struct rv_builder *b = begin_site(&w);
	char name[48], role[48];

	for (uint32_t i = 1; i <= USERS; i++)
		BENCH_ROW(b, admin, .admin_id = i,
		    .principal_id = bench_text(name, "u%zu", i));
	for (uint32_t i = 0; i < USERS * ASSIGNMENTS; i++)
		BENCH_ROW(b, assignment, .assignment_id = i + 1,
		    .admin_id = i / ASSIGNMENTS + 1,
		    .role_id =
			bench_text(role, "ROLE%zu", world_below(&w, ROLES)),
		    .from_ms = INT64_MIN, .until_ms = INT64_MAX);
	for (uint32_t i = 0; i < USERS * ASSIGNMENTS; i++)
		for (size_t k = 0; k < SCOPES_EACH; k++)
			BENCH_ROW(b, assignment_scope, .assignment_id = i + 1,
			    .scope_id = bench_text(name, "S%08zu",
				(i * 7 + k * 13 + i / scopes) % scopes));
	for (size_t i = 0; i < ASKED; i++) {
		BENCH_ROW(b, object, .object_type_id = 100,
		    .key = bench_text(name, "o%zu", i));
	}
	for (size_t i = 0; i < ASKED; i++)
		for (size_t k = 0; k < 2; k++)
			BENCH_ROW(b, object_scope, .object_type_id = 100,
			    .key = bench_text(name, "o%zu", i),
			    .scope_id = bench_text(
				role, "S%08zu", (i * 11 + k * 3) % scopes));
	return finish_site(b);
}

static double
who_ms(const struct rv_snapshot *s, size_t *ret_n)
{
	const double begin = world_cpu_s();
	struct rv_error e = { "" };

	*ret_n = 0;
	for (size_t i = 0; i < ASKED; i++) {
		char key[48];
		const struct rv_question q = { .type =
						   RV_SLICE_LIT("SMS_Type0"),
			.operation = RV_SLICE_LIT("Read"),
			.key = bench_text(key, "o%zu", i) };
		struct rv_arena *arena = rv_arena_new(0);
		struct rv_holders holders;

		if (arena == NULL)
			abort();
		bench_need(rv_rbac_who(s, 0, &q, arena, &holders), &e, "who");
		*ret_n += holders.n;
		rv_arena_free(&arena);
	}
	return (world_cpu_s() - begin) * 1e3 / ASKED;
}

static void
measure_who(size_t scopes, unsigned runs, const char *name)
{
	struct rv_snapshot *s = make_users(scopes);
	size_t n = 0;

	for (unsigned i = 0; i < runs; i++) {
		print(name, USERS, who_ms(s, &n), 0.2);
		if (n == 0)
			exit(1);
	}
	(void)printf("%s: %zu of %d\n", name, n / ASKED, USERS);
	rv_snapshot_free(&s);
}

int
main(int argc, char **argv)
{
	uint64_t things = 0, runs = 0;

	if (argc != 3 ||
	    rv_slice_to_u64(rv_slice_of(argv[1]), 100000000, &things) !=
		RV_OK ||
	    rv_slice_to_u64(rv_slice_of(argv[2]), 1000, &runs) != RV_OK ||
	    things == 0 || runs == 0) {
		(void)fprintf(stderr, "usage: %s THINGS RUNS\n", argv[0]);
		return 2;
	}
	measure_devices(things, (unsigned)runs);
	measure_objects(things, (unsigned)runs);
	measure_who(100, (unsigned)runs, "who may read, 100 scopes, users");
	measure_who(10000, (unsigned)runs, "who may read, 10^4 scopes, users");
	return 0;
}
