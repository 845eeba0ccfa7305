/* Sums of sets of ids, against CRoaring's. */
#include "unit/unit.h"

#include "roaring_sets.h"

static void
assert_sum(const struct rv_idsum *sum, const roaring_bitmap_t *want,
    struct random *r, enum spread spread)
{
	const size_t n = roaring_bitmap_get_cardinality(want);
	const size_t room = 1 + random_below(r, n + 2);
	uint32_t *all = calloc(n + 1, sizeof(*all));
	uint32_t *got = calloc(n + room, sizeof(*got));
	uint64_t from = 0;
	size_t done = 0, more;
	uint32_t id;

	assert_non_null(all);
	assert_non_null(got);
	assert_int_equal(rv_idsum_count(sum), n);
	roaring_bitmap_to_uint32_array(want, all);
	while ((more = rv_idsum_read(sum, &from, got + done, room)) > 0) {
		done += more;
		assert_true(done <= n);
	}
	assert_int_equal(done, n);
	assert_memory_equal(all, got, n * sizeof(*all));
	assert_false(rv_idsum_next(sum, &from, &id));
	for (size_t i = 0; i < 200; i++) {
		id = pick(r, spread);
		assert_int_equal(
		    rv_idsum_has(sum, id), roaring_bitmap_contains(want, id));
	}
	from = 0;
	for (size_t i = 0; i < n && i < 100; i++) {
		assert_true(rv_idsum_next(sum, &from, &id));
		assert_int_equal(id, all[i]);
		assert_int_equal(from, (uint64_t)id + 1);
	}
	free(all);
	free(got);
}

static roaring_bitmap_t *
some_ids(struct random *r, enum spread spread)
{
	static const size_t sizes[] = { 0, 1, 100, 3000, 20000 };
	roaring_bitmap_t *ids = roaring_bitmap_create();
	const uint32_t first = pick(r, spread);

	assert_non_null(ids);
	/* In some, one chunk after another is nearly full. */
	if (random_chance(r, 20))
		roaring_bitmap_add_range(
		    ids, first, (uint64_t)first + random_below(r, 200000));
	for (size_t n = sizes[random_below(r, 5)]; n > 0; n--)
		roaring_bitmap_add(ids, pick(r, spread));
	return ids;
}

/* A sum and what it must be, changed in one way. */
static void
sum_step(struct rv_arena *arena, struct rv_idsum *sum, roaring_bitmap_t *want,
    struct random *r, enum spread spread)
{
	roaring_bitmap_t *other = some_ids(r, spread);
	struct rv_idset *set = set_of(NULL, other);
	struct rv_idsum *sum2 = rv_idsum_new(arena);
	const uint32_t id = pick(r, spread);
	const size_t way = random_below(r, 10);

	assert_non_null(sum2);
	assert_int_equal(rv_idsum_join(sum2, set), RV_OK);
	if (way < 4) {
		assert_int_equal(rv_idsum_join(sum, set), RV_OK);
		roaring_bitmap_or_inplace(want, other);
	} else if (way < 6) {
		assert_int_equal(rv_idsum_add(sum, id), RV_OK);
		roaring_bitmap_add(want, id);
	} else if (way < 8) {
		assert_int_equal(rv_idsum_join_sum(sum, sum2), RV_OK);
		assert_int_equal(rv_idsum_join_sum(sum, sum), RV_OK);
		roaring_bitmap_or_inplace(want, other);
	} else if (way == 8) {
		rv_idsum_meet(sum, sum2);
		rv_idsum_meet(sum, sum);
		roaring_bitmap_and_inplace(want, other);
	} else {
		rv_idsum_meet_set(sum, set);
		roaring_bitmap_and_inplace(want, other);
	}
	/* The set that took part is as it was. */
	assert_same(set, other);
	rv_idset_free(set);
	roaring_bitmap_free(other);
}

static void
test_sums(void **state)
{
	struct random r = { 31 };

	(void)state;
	for (unsigned spread = 0; spread < N_SPREADS; spread++)
		for (unsigned round = 0; round < 5; round++) {
			struct rv_arena *arena = rv_arena_new(0);
			/* Scattered ids take a row each. */
			const unsigned steps = spread == SCATTERED ? 1 : 12;
			roaring_bitmap_t *want = roaring_bitmap_create();
			struct rv_idsum *sum = rv_idsum_new(arena);

			assert_non_null(sum);
			assert_non_null(want);
			assert_sum(sum, want, &r, (enum spread)spread);
			for (unsigned i = 0; i < steps; i++) {
				sum_step(
				    arena, sum, want, &r, (enum spread)spread);
				assert_sum(sum, want, &r, (enum spread)spread);
			}
			roaring_bitmap_free(want);
			rv_arena_free(&arena);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
