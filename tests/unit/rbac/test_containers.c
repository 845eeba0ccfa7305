/* The engine's own containers: dictionary, map, sets, groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "dict.h"
#include "groups.h"
#include "intmap.h"
#include "sets.h"

static struct rv_slice
number_name(char text[24], unsigned i)
{
	(void)snprintf(text, 24, "name-%u", i * 2654435761u);
	return rv_slice_of(text);
}

static void
test_dict(void **state)
{
	const unsigned n = 50000;
	struct rv_dict d;
	char text[24];
	uint32_t id;

	(void)state;
	rv_dict_init(&d, 42);
	assert_int_equal(rv_dict_find(&d, 0, RV_SLICE_LIT("x")), RV_NONE);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(
		    rv_dict_add(&d, i % 3, number_name(text, i), &id), RV_OK);
		assert_int_equal(id, i);
	}
	for (unsigned i = 0; i < n; i++) {
		struct rv_slice name = number_name(text, i);

		assert_int_equal(rv_dict_find(&d, i % 3, name), i);
		assert_int_equal(rv_dict_find(&d, (i + 1) % 3, name), RV_NONE);
		assert_true(rv_slice_eq(rv_dict_name(&d, i), name));
		assert_int_equal(
		    rv_dict_add(&d, i % 3, name, &id), RV_ERR_EXISTS);
		assert_int_equal(id, i);
	}
	assert_true(rv_dict_is_sound(&d));
	assert_null(rv_dict_name(&d, RV_NONE).p);
	rv_dict_fini(&d);
}

/* Keys that differ in one byte only, or in their length only. */
static void
test_dict_compares_whole_keys(void **state)
{
	struct rv_dict d;
	char key[64] = { 0 };
	uint32_t id;

	(void)state;
	rv_dict_init(&d, 0);
	for (size_t n = 0; n <= sizeof(key); n++) {
		assert_int_equal(
		    rv_dict_add(&d, 0, (struct rv_slice){ key, n }, &id),
		    RV_OK);
		assert_int_equal(id, n);
	}
	for (size_t i = 0; i < sizeof(key); i++) {
		key[i] = 1;
		assert_int_equal(
		    rv_dict_find(&d, 0, (struct rv_slice){ key, sizeof(key) }),
		    RV_NONE);
		key[i] = 0;
	}
	rv_dict_fini(&d);
}

/*
 * Even when every hash is the same, each key finds its own entry: the tags
 * and slots are overwritten as a collision of 64 bits would leave them.
 */
static void
test_dict_survives_collisions(void **state)
{
	struct rv_dict d;
	uint32_t id;

	(void)state;
	rv_dict_init(&d, 1);
	assert_int_equal(rv_dict_add(&d, 0, RV_SLICE_LIT("one"), &id), RV_OK);
	/* Another key under the hash of "one". */
	((struct rv_dict_record *)(void *)(d.bytes + d.places[0] * 8))
	    ->bytes[0] = 'O';
	assert_int_equal(rv_dict_find(&d, 0, RV_SLICE_LIT("one")), RV_NONE);
	assert_false(rv_dict_is_sound(&d));
	rv_dict_fini(&d);
}

static void
test_hash_spreads(void **state)
{
	const uint64_t base = rv_hash(1, RV_SLICE_LIT("abcdefghijklmnopqrst"));
	char key[] = "abcdefghijklmnopqrst";
	int least = 64;

	(void)state;
	for (size_t i = 0; i < sizeof(key) - 1; i++) {
		uint64_t changed;
		int bits;

		key[i] ^= 1;
		changed = rv_hash(1, (struct rv_slice){ key, sizeof(key) - 1 });
		bits = __builtin_popcountll(changed ^ base);
		least = bits < least ? bits : least;
		key[i] ^= 1;
	}
	assert_true(least >= 12);
	assert_true(
	    rv_hash(1, RV_SLICE_LIT("a")) != rv_hash(2, RV_SLICE_LIT("a")));
}

static void
test_intmap(void **state)
{
	struct rv_intmap m = { 0 };

	(void)state;
	assert_int_equal(rv_intmap_find(&m, 0), RV_NONE);
	for (uint32_t i = 0; i < 30000; i++)
		assert_int_equal(
		    rv_intmap_add(&m, (uint64_t)i << 33, i), RV_OK);
	assert_int_equal(rv_intmap_add(&m, UINT64_MAX, 5), RV_OK);
	assert_int_equal(rv_intmap_add(&m, 0, 7), RV_ERR_EXISTS);
	assert_int_equal(rv_intmap_find(&m, 0), 0);
	for (uint32_t i = 0; i < 30000; i++) {
		assert_int_equal(rv_intmap_find(&m, (uint64_t)i << 33), i);
		assert_int_equal(
		    rv_intmap_find(&m, ((uint64_t)i << 33) + 1), RV_NONE);
	}
	assert_int_equal(rv_intmap_find(&m, UINT64_MAX), 5);
	rv_intmap_fini(&m);
}

/* Every pair of subsets of a few ids, in universes around one word. */
static void
test_sets(void **state)
{
	static const uint32_t picks[] = { 0, 1, 62, 63, 64, 65, 127, 128 };

	(void)state;
	for (size_t universe = 63; universe <= 129; universe += 33) {
		struct rv_sets sets;
		uint32_t number[256];
		unsigned members[256];
		size_t n = 0;

		assert_int_equal(rv_sets_init(&sets, universe), RV_OK);
		for (unsigned bits = 0; bits < 256; bits++) {
			uint32_t ids[8];
			size_t k = 0;
			bool fits = true;

			for (unsigned i = 0; i < 8; i++)
				if ((bits & 1u << i) != 0) {
					fits &= picks[i] < universe;
					ids[k++] = picks[i];
				}
			if (!fits)
				continue;
			members[n] = bits;
			for (int again = 0; again < 2; again++)
				assert_int_equal(
				    rv_sets_intern(&sets,
					(struct rv_ids){ ids, k }, &number[n]),
				    RV_OK);
			assert_int_equal(
			    number[n], n); /* each once, in order */
			n++;
		}
		for (size_t a = 0; a < n; a++)
			for (size_t b = 0; b < n; b++)
				assert_int_equal(
				    rv_ids_intersect(
					rv_sets_get(&sets, number[a]),
					rv_sets_get(&sets, number[b])),
				    (members[a] & members[b]) != 0);
		assert_true(rv_sets_are_sound(&sets));
		rv_sets_fini(&sets);
	}
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

static void
test_groups(void **state)
{
	struct rv_pairs pairs = { 0 };
	struct rv_groups groups;

	(void)state;
	assert_int_equal(rv_groups_make(&pairs, 0, &groups), RV_OK);
	rv_groups_fini(&groups);
	/* Owner 0 nothing, 1 few in disorder and twice, 2 many, 3 nothing. */
	for (uint32_t i = 100; i > 0; i--) {
		assert_int_equal(rv_pairs_add(&pairs, 2, i % 50), RV_OK);
		if (i % 33 == 0)
			assert_int_equal(rv_pairs_add(&pairs, 1, i), RV_OK);
	}
	assert_int_equal(rv_pairs_add(&pairs, 1, 66), RV_OK);
	assert_int_equal(rv_groups_make(&pairs, 4, &groups), RV_OK);
	assert_int_equal(rv_groups_get(&groups, 0).n, 0);
	assert_int_equal(rv_groups_get(&groups, 1).n, 3);
	assert_int_equal(rv_groups_get(&groups, 1).p[1], 66);
	assert_int_equal(rv_groups_get(&groups, 2).n, 50);
	assert_true(rv_ids_ascend(rv_groups_get(&groups, 2), 50));
	assert_int_equal(rv_groups_get(&groups, 3).n, 0);
	rv_groups_fini(&groups);
	rv_pairs_fini(&pairs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dict),
		cmocka_unit_test(test_dict_compares_whole_keys),
		cmocka_unit_test(test_dict_survives_collisions),
		cmocka_unit_test(test_hash_spreads),
		cmocka_unit_test(test_intmap),
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_unequal_lists),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
