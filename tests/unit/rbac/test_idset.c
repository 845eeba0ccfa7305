/*
 * Sets of ids against CRoaring's: random changes over several distributions
 * of ids, with older versions looked at again after newer ones were made; the
 * sizes and ids at which forms turn over.
 */
#include "unit/unit.h"

#include "roaring_sets.h"

/* ---- Changes and versions ------------------------------------------------ */

#define VERSIONS 4u

/* The newest versions of a line, with what each must stay equal to. */
struct line {
	struct rv_idset *set[VERSIONS];
	roaring_bitmap_t *want[VERSIONS];
	struct rv_blocks retired[VERSIONS]; /* by the version after it */
	uint32_t newest;
};

static void
line_leave(struct line *l, uint32_t version)
{
	const uint32_t i = version % VERSIONS;

	if (l->want[i] == NULL)
		return;
	assert_same(l->set[i], l->want[i]);
	roaring_bitmap_free(l->want[i]);
	l->want[i] = NULL;
	if (version == l->newest)
		rv_idset_free(l->set[i]);
	else
		rv_blocks_free(&l->retired[i]);
}

static void
line_end(struct line *l)
{
	for (uint32_t i = 1; i <= VERSIONS; i++)
		line_leave(l, l->newest + i - VERSIONS);
}

/* One id, or a run of neighbours, comes or goes. */
static void
change(struct rv_edit *e, struct rv_idset **set, roaring_bitmap_t *want,
    struct random *r, enum spread spread, bool add)
{
	uint32_t id = pick(r, spread);
	uint32_t run = random_chance(r, 1) ? 300 : 1;

	for (; run > 0; run--, id++) {
		const bool has = roaring_bitmap_contains(want, id);

		assert_int_equal(rv_idset_has(*set, id), has);
		if (add) {
			assert_int_equal(rv_idset_add(e, set, id),
			    has ? RV_ERR_EXISTS : RV_OK);
			roaring_bitmap_add(want, id);
		} else {
			assert_int_equal(rv_idset_remove(e, set, id),
			    has ? RV_OK : RV_ERR_NOTFOUND);
			roaring_bitmap_remove(want, id);
		}
		assert_int_equal(rv_idset_has(*set, id), add);
	}
}

/* To empty a set at random one has to know what is in it. */
static void
remove_some(struct rv_edit *e, struct rv_idset **set, roaring_bitmap_t *want,
    uint32_t about)
{
	uint64_t from = about;
	uint32_t id;

	if (*set == NULL)
		return;
	if (!rv_idset_next(*set, &from, &id)) {
		from = 0;
		assert_true(rv_idset_next(*set, &from, &id));
	}
	assert_true(roaring_bitmap_contains(want, id));
	assert_int_equal(rv_idset_remove(e, set, id), RV_OK);
	assert_int_equal(rv_idset_remove(e, set, id), RV_ERR_NOTFOUND);
	roaring_bitmap_remove(want, id);
}

/* The next version, or an attempt at one that is given up. */
static void
line_step(struct line *l, struct random *r, enum spread spread, bool grow)
{
	static const size_t sizes[] = { 1, 2, 30, 3000 };
	const uint32_t now = l->newest % VERSIONS;
	const uint32_t next = (l->newest + 1) % VERSIONS;
	roaring_bitmap_t *want = roaring_bitmap_copy(l->want[now]);
	struct rv_idset *set = l->set[now];
	struct rv_edit e;

	assert_non_null(want);
	rv_edit_begin(&e, l->newest + 1);
	for (size_t n = sizes[random_below(r, 4)]; n > 0; n--)
		if (random_chance(r, 70) == grow)
			change(&e, &set, want, r, spread,
			    random_chance(r, grow ? 95 : 40));
		else if (!grow)
			remove_some(&e, &set, want, pick(r, spread));
	if (random_chance(r, 20)) {
		rv_edit_abort(&e);
		roaring_bitmap_free(want);
		assert_same(l->set[now], l->want[now]);
		return;
	}
	line_leave(l, l->newest + 1 - VERSIONS);
	l->retired[now] = rv_edit_commit(&e);
	l->newest++;
	l->set[next] = set;
	l->want[next] = want;
}

static void
test_changes(void **state)
{
	(void)state;
	for (unsigned spread = 0; spread < N_SPREADS; spread++) {
		struct random r = { 11 + spread };
		struct line l = { .newest = VERSIONS };

		l.want[0] = roaring_bitmap_create();
		assert_non_null(l.want[0]);
		for (unsigned step = 0; step < 160; step++)
			line_step(&l, &r, (enum spread)spread, step % 80 < 40);
		line_end(&l);
	}
}

/* Up to the last id and down to none, one by one, each way. */
static void
test_there_and_back(void **state)
{
	static const uint32_t steps[] = { 1, 7, 65536, 300000 };

	(void)state;
	for (size_t s = 0; s < 4; s++)
		for (int backwards = 0; backwards < 2; backwards++) {
			roaring_bitmap_t *want = roaring_bitmap_create();
			struct rv_idset *set = NULL;
			const uint32_t n = 6000;

			for (uint32_t i = 0; i < n; i++) {
				const uint32_t id =
				    (backwards != 0 ? n - 1 - i : i) * steps[s];

				assert_int_equal(
				    rv_idset_add(NULL, &set, id), RV_OK);
				roaring_bitmap_add(want, id);
				if (i % 500 == 0 || i == 2047 || i == 2048)
					assert_same(set, want);
			}
			assert_same(set, want);
			for (uint32_t i = 0; i < n; i++) {
				assert_true(rv_idset_is_sound(set));
				assert_int_equal(
				    rv_idset_remove(NULL, &set, i * steps[s]),
				    RV_OK);
			}
			assert_null(set);
			roaring_bitmap_free(want);
		}
}

/* ---- Sizes and ids at the borders ------------------------------------------ */

static void
check_range(uint32_t first, uint32_t n)
{
	roaring_bitmap_t *want =
	    roaring_bitmap_from_range(first, (uint64_t)first + n, 1);
	struct rv_idset *made, *grown = NULL;
	uint64_t from = 0;
	uint32_t id;

	assert_non_null(want);
	made = set_of(NULL, want);
	assert_same(made, want);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(rv_idset_add(NULL, &grown, first + i), RV_OK);
	assert_same(grown, want);
	assert_false(rv_idset_has(made, first - 1));
	assert_true(rv_idset_has(made, first));
	assert_true(rv_idset_has(made, first + n - 1));
	assert_false(rv_idset_has(made, first + n));
	assert_true(rv_idset_next(made, &from, &id));
	assert_int_equal(id, first);
	from = (uint64_t)first + n - 1;
	assert_true(rv_idset_next(made, &from, &id));
	assert_int_equal(id, first + n - 1);
	assert_int_equal(from, (uint64_t)first + n);
	assert_false(rv_idset_next(made, &from, &id));
	from = UINT64_MAX;
	assert_false(rv_idset_next(made, &from, &id));
	assert_int_equal(from, UINT64_MAX);
	rv_idset_free(made);
	rv_idset_free(grown);
	roaring_bitmap_free(want);
}

static void
test_sizes(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 1023, 1024, 1025, 2047, 2048,
		2049, 3071, 3072, 4095, 4096, 4097, 65535, 65536, 65537 };
	static const uint32_t firsts[] = { 0, 1, 65535, 65536, 0x7fffffff,
		0x80000000, 0x80000001 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (size_t k = 0; k < sizeof(firsts) / sizeof(*firsts); k++)
			check_range(firsts[k], sizes[i]);
		check_range(UINT32_MAX - sizes[i] + 1, sizes[i]);
	}
}

/* Nothing is in the empty set, and one id is one id wherever it is. */
static void
test_few(void **state)
{
	static const uint32_t ids[] = { 0, 1, 65535, 65536, 0x7fffffff,
		0x80000000, 0xfffffffe, 0xffffffff };
	struct rv_idset *set = NULL;
	uint32_t got[16];
	uint64_t from = 0;

	(void)state;
	assert_false(rv_idset_has(NULL, 0));
	assert_int_equal(rv_idset_count(NULL), 0);
	assert_int_equal(rv_idset_read(NULL, &from, got, 16), 0);
	assert_int_equal(rv_idset_remove(NULL, &set, 0), RV_ERR_NOTFOUND);
	assert_int_equal(
	    rv_idset_make(NULL, (struct rv_ids){ NULL, 0 }, &set), RV_OK);
	assert_null(set);
	rv_idset_drop(NULL, NULL);
	rv_idset_free(NULL);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(rv_idset_add(NULL, &set, ids[7 - i]), RV_OK);
	assert_int_equal(rv_idset_read(set, &from, got, 0), 0);
	assert_int_equal(rv_idset_read(set, &from, got, 16), 8);
	assert_memory_equal(got, ids, sizeof(ids));
	assert_int_equal(from, UINT64_C(1) << 32);
	assert_int_equal(rv_idset_read(set, &from, got, 16), 0);
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(rv_idset_remove(NULL, &set, ids[i]), RV_OK);
	assert_null(set);
}

static void
test_meets(void **state)
{
	struct random r = { 5 };

	(void)state;
	for (unsigned spread = 0; spread < N_SPREADS; spread++)
		for (unsigned round = 0; round < 40; round++) {
			roaring_bitmap_t *a = roaring_bitmap_create();
			roaring_bitmap_t *b = roaring_bitmap_create();
			const size_t n = random_below(&r, 6000);
			const size_t m = random_below(&r, 40);
			uint32_t ids[40];
			struct rv_idset *set;

			for (size_t i = 0; i < n; i++)
				roaring_bitmap_add(
				    a, pick(&r, (enum spread)spread));
			for (size_t i = 0; i < m; i++)
				roaring_bitmap_add(
				    b, pick(&r, (enum spread)spread));
			set = set_of(NULL, a);
			roaring_bitmap_to_uint32_array(b, ids);
			assert_int_equal(
			    rv_idset_meets(
				set, (struct rv_ids){ ids,
					 roaring_bitmap_get_cardinality(b) }),
			    roaring_bitmap_intersect(a, b));
			rv_idset_free(set);
			roaring_bitmap_free(a);
			roaring_bitmap_free(b);
		}
	assert_false(rv_idset_meets(NULL, (struct rv_ids){ NULL, 0 }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_meets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
