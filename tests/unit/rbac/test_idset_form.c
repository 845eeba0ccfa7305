/* Sets of ids: plain lists, what is not sound, how much memory they take. */
#include "unit/unit.h"

#include "idset_form.h"
#include "roaring_sets.h"

/* ---- Plain lists ---------------------------------------------------------- */

/* Every pair of subsets of a few ids. */
static void
test_lists(void **state)
{
	static const uint32_t picks[] = { 0, 1, 63, 64, 65536, 0x7fffffff,
		0x80000000, 0xffffffff };
	uint32_t lists[256][8];
	size_t n[256];

	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		n[bits] = 0;
		for (unsigned i = 0; i < 8; i++)
			if ((bits & 1u << i) != 0)
				lists[bits][n[bits]++] = picks[i];
	}
	for (unsigned a = 0; a < 256; a++) {
		const struct rv_ids list = { lists[a], n[a] };

		assert_true(rv_ids_ascend(list));
		for (unsigned b = 0; b < 256; b++)
			assert_int_equal(rv_ids_intersect(list,
					     (struct rv_ids){ lists[b], n[b] }),
			    (a & b) != 0);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(
			    rv_ids_contain(list, picks[i]), (a & 1u << i) != 0);
	}
	assert_false(
	    rv_ids_ascend((struct rv_ids){ (const uint32_t[]){ 1, 2, 2 }, 3 }));
	assert_false(rv_ids_ascend(
	    (struct rv_ids){ (const uint32_t[]){ 0x80000000, 1 }, 2 }));
}

/* A short list against a long one takes another way. */
static void
test_unequal_lists(void **state)
{
	uint32_t big[1000], one;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		big[i] = i * 2;
	for (one = 0; one < 2010; one++) {
		struct rv_ids a = { &one, 1 }, b = { big, 1000 };
		const bool in = one < 2000 && one % 2 == 0;

		assert_int_equal(rv_ids_intersect(a, b), in);
		assert_int_equal(rv_ids_intersect(b, a), in);
		assert_int_equal(rv_ids_contain(b, one), in);
		assert_int_equal(
		    rv_ids_upto(b, one), one >= 2000 ? 1000 : one / 2 + 1);
	}
	assert_false(rv_ids_intersect(
	    (struct rv_ids){ NULL, 0 }, (struct rv_ids){ big, 1000 }));
}

/* ---- Soundness --------------------------------------------------------------- */

/* What has been damaged in one place is not sound. */
static void
assert_unsound_with(
    const struct rv_idset *set, void *place, size_t size, uint64_t value)
{
	uint64_t old = 0;

	memcpy(&old, place, size);
	assert_true(rv_idset_is_sound(set));
	memcpy(place, &value, size);
	assert_false(rv_idset_is_sound(set));
	memcpy(place, &old, size);
	assert_true(rv_idset_is_sound(set));
}

static void
test_unsound_lists(void **state)
{
	const uint32_t ids[] = { 3, 5, 8 };
	struct rv_idset *set;

	(void)state;
	assert_true(rv_idset_is_sound(NULL));
	assert_int_equal(
	    rv_idset_make(NULL, (struct rv_ids){ ids, 3 }, &set), RV_OK);
	assert_unsound_with(set, &rv_idset_ids(set)[1], 4, 3);
	assert_unsound_with(set, &rv_idset_ids(set)[2], 4, 4);
	assert_unsound_with(set, &set->more, 4, 4);
	assert_unsound_with(set, &set->more, 4, UINT32_MAX);
	rv_idset_free(set);
}

/* One chunk of bits, one array. */
static void
test_unsound_chunks(void **state)
{
	roaring_bitmap_t *ids = roaring_bitmap_from_range(0, 10000, 2);
	struct rv_idset *set;
	struct rv_chunk *c;

	(void)state;
	assert_non_null(ids);
	roaring_bitmap_add_range(ids, 100000, 100100);
	set = set_of(NULL, ids);
	c = rv_idset_chunks(set);
	assert_int_equal(set->n_chunks, 2);
	assert_true(c[0].bits != 0 && c[1].bits == 0);
	assert_unsound_with(set, &set->more, 4, set->more - 1);
	assert_unsound_with(set, &set->n_chunks, 4, 1);
	assert_unsound_with(set, &set->n_chunks, 4, 3);
	assert_unsound_with(set, &set->n_chunks, 4, 65537);
	assert_unsound_with(set, &c[1].key, 2, 0);
	assert_unsound_with(set, &c[1].n, 4, 0);
	assert_unsound_with(set, &c[1].n, 4, 200);
	assert_unsound_with(set, &c[1].n, 4, RV_ARRAY_MAX + 1);
	assert_unsound_with(set, &c[1].bits, 2, 1);
	assert_unsound_with(set, &c[0].bits, 2, 0);
	assert_unsound_with(set, &c[0].n, 4, 4999);
	assert_unsound_with(set, &c[0].at.row[5], 8, 0);
	assert_unsound_with(set, &c[1].at.array[5], 2, 0);
	assert_unsound_with(set, &c[1].at.block, sizeof(void *), 0);
	rv_idset_free(set);
	roaring_bitmap_free(ids);
}

/* ---- Memory ------------------------------------------------------------------ */

/* A bound on what the allocator adds to a block. */
#define ALLOCATOR 16u

static double
bytes_each(const struct rv_edit *e, size_t memberships)
{
	size_t blocks = 0;

	for (const struct rv_block_head *h = e->made.first; h != NULL;
	     h = h->next)
		blocks++;
	return (double)(e->made.bytes + blocks * ALLOCATOR) /
	       (double)memberships;
}

/* Collections of so many members each, of 10^6 resources. */
static double
memory_of(uint32_t collections, uint32_t members, bool one_by_one)
{
	struct random r = { 3 };
	struct rv_edit e;
	size_t memberships = 0;
	double bytes;

	rv_edit_begin(&e, 1);
	for (uint32_t c = 0; c < collections; c++) {
		roaring_bitmap_t *ids = roaring_bitmap_create();
		struct rv_idset *set = NULL;

		for (uint32_t i = 0; i < members; i++) {
			const uint32_t id = pick(&r, WIDE);

			if (one_by_one)
				rv_ignore(rv_idset_add(&e, &set, id));
			roaring_bitmap_add(ids, id);
		}
		if (!one_by_one)
			set = set_of(&e, ids);
		memberships += rv_idset_count(set);
		assert_int_equal(
		    rv_idset_count(set), roaring_bitmap_get_cardinality(ids));
		roaring_bitmap_free(ids);
	}
	bytes = bytes_each(&e, memberships);
	print_message("# %u x %u %s: %.2f bytes a membership\n", collections,
	    members, one_by_one ? "grown" : "made", bytes);
	rv_edit_abort(&e);
	return bytes;
}

static void
test_memory(void **state)
{
	const double large = memory_of(20, 20000, false);
	const double small = memory_of(2000, 40, false);

	(void)state;
	assert_true(large <= 2.5);
	assert_true(small <= 8);
	assert_true(memory_of(20, 20000, true) <= 1.5 * large);
	assert_true(memory_of(2000, 40, true) <= 1.5 * small);
}

/* What is made at once has no room to spare. */
static void
test_made_exactly(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 2047, 2048, 2049, 9999 };

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		/* About a hundred in every chunk. */
		roaring_bitmap_t *ids =
		    roaring_bitmap_from_range(0, (uint64_t)sizes[i] * 655, 655);
		struct rv_idset *set = set_of(NULL, ids);
		const size_t chunks = ((sizes[i] - 1) * 655 >> 16) + 1;
		const size_t want = sizes[i] > RV_LIST_MAX
					? rv_idset_chunks_bytes(chunks)
					: rv_idset_list_bytes(sizes[i]);

		assert_int_equal(rv_idset_count(set), sizes[i]);
		assert_true(rv_block_size(set) < want + 8);
		for (uint32_t k = 0; k < set->n_chunks; k++) {
			const struct rv_chunk *c = &rv_idset_chunks(set)[k];

			assert_true(rv_block_size(c->at.block) < c->n * 2 + 8);
		}
		rv_idset_free(set);
		roaring_bitmap_free(ids);
	}
}

/* One change of a large set copies its directory and one chunk. */
static void
test_a_change_is_small(void **state)
{
	struct random r = { 8 };
	roaring_bitmap_t *ids = roaring_bitmap_create();
	struct rv_blocks replaced;
	struct rv_idset *set;
	struct rv_edit e;

	(void)state;
	for (unsigned i = 0; i < 20000; i++)
		roaring_bitmap_add(ids, pick(&r, WIDE));
	rv_edit_begin(&e, 1);
	set = set_of(&e, ids);
	replaced = rv_edit_commit(&e);
	assert_null(replaced.first);
	rv_edit_begin(&e, 2);
	while (rv_idset_add(&e, &set, pick(&r, WIDE)) != RV_OK)
		;
	assert_true(e.made.bytes < 4000);
	assert_true(e.replaced.bytes < 4000);
	replaced = rv_edit_commit(&e);
	rv_blocks_free(&replaced);
	rv_idset_free(set);
	roaring_bitmap_free(ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_unequal_lists),
		cmocka_unit_test(test_unsound_lists),
		cmocka_unit_test(test_unsound_chunks),
		cmocka_unit_test(test_made_exactly),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_a_change_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
