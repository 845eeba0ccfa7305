/* Interned names: one dictionary. */
#include "unit/unit.h"

#include "numbered.h"

#define LONGEST 65535

/* More names than a segment of places has. */
static void
test_adds_and_finds(void **state)
{
	const unsigned n = (1u << 18) + 100;
	struct rv_dict d;
	char text[24];
	uint32_t id;

	(void)state;
	rv_dict_init(&d, 42);
	assert_int_equal(rv_dict_find(&d, 0, RV_SLICE_LIT("x")), RV_NONE);
	assert_true(rv_dict_is_sound(&d));
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(
		    rv_dict_add(NULL, &d, i % 3, number_name(text, i), &id),
		    RV_OK);
		assert_int_equal(id, i);
	}
	for (unsigned i = 0; i < n; i++) {
		const struct rv_slice name = number_name(text, i);

		assert_int_equal(rv_dict_find(&d, i % 3, name), i);
		assert_int_equal(rv_dict_find(&d, (i + 1) % 3, name), RV_NONE);
		assert_true(rv_slice_eq(rv_dict_name(&d, i), name));
		assert_int_equal(rv_dict_space(&d, i), i % 3);
		assert_int_equal(
		    rv_dict_add(NULL, &d, i % 3, name, &id), RV_ERR_EXISTS);
		assert_int_equal(id, i);
	}
	assert_int_equal(d.n, n);
	assert_true(rv_dict_is_sound(&d));
	assert_null(rv_dict_name(&d, RV_NONE).p);
	rv_dict_fini(&d);
}

/* Keys that differ in one byte only, or in their length only. */
static void
test_compares_whole_keys(void **state)
{
	struct rv_dict d;
	char key[64] = { 0 };
	uint32_t id;

	(void)state;
	rv_dict_init(&d, 0);
	for (size_t n = 0; n <= sizeof(key); n++) {
		assert_int_equal(
		    rv_dict_add(NULL, &d, 0, (struct rv_slice){ key, n }, &id),
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

/* Even when all that is kept of a hash is the same, and where it begins. */
static void
test_keeps_equal_hashes_apart(void **state)
{
	struct rv_dict_record *record;
	struct rv_slice name;
	struct rv_dict d;
	char other[24];

	(void)state;
	rv_dict_init(&d, 1);
	assert_int_equal(add_number(NULL, &d, 0), 0);
	/* Another key under the hash of the first. */
	memcpy(other, rv_dict_name(&d, 0).p, rv_dict_name(&d, 0).n);
	((char *)(uintptr_t)rv_dict_name(&d, 0).p)[0] = 'N';
	assert_int_equal(find_number(&d, 0), RV_NONE);
	assert_false(rv_dict_is_sound(&d));
	/* With that under it as well, each is found. */
	assert_int_equal(add_number(NULL, &d, 0), 1);
	assert_int_equal(find_number(&d, 0), 1);
	assert_memory_equal(rv_dict_name(&d, 1).p, other, 5);
	/* And one that begins with it. */
	name = number_name(other, 0);
	record = (struct rv_dict_record *)(uintptr_t)rv_dict_get(
	    &d, rv_dict_hash(&d, 0, name), 0, name);
	assert_non_null(record);
	record->n++;
	assert_int_equal(find_number(&d, 0), RV_NONE);
	rv_dict_fini(&d);
}

static int
compare_hashes(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Among so many names are some with equal tags; all were found. */
static void
test_meets_equal_tags(void **state)
{
	const unsigned n = 400000;
	uint64_t *hashes = calloc(n, sizeof(*hashes));
	unsigned equal = 0;
	struct rv_dict d;
	char text[24];

	(void)state;
	assert_non_null(hashes);
	rv_dict_init(&d, 99);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(add_number(NULL, &d, i), i);
	for (unsigned i = 0; i < n; i++) {
		hashes[i] = rv_dict_hash(&d, 0, number_name(text, i)) >> 32;
		assert_int_equal(find_number(&d, i), i);
		assert_int_equal(find_number(&d, n + i), RV_NONE);
	}
	qsort(hashes, n, sizeof(*hashes), compare_hashes);
	for (unsigned i = 1; i < n; i++)
		equal += hashes[i] == hashes[i - 1];
	assert_true(equal > 0);
	free(hashes);
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

/* The longest keys, which do not fit the first segment; and none beyond. */
static void
test_long_keys(void **state)
{
	char *key = calloc(1, LONGEST + 1);
	struct rv_dict d;
	uint32_t id;

	(void)state;
	assert_non_null(key);
	rv_dict_init(&d, 5);
	for (uint32_t i = 0; i < 100; i++) {
		memcpy(key, &i, sizeof(i));
		assert_int_equal(rv_dict_add(NULL, &d, 0,
				     (struct rv_slice){ key, LONGEST }, &id),
		    RV_OK);
		assert_int_equal(id, i * 2);
		assert_int_equal(add_number(NULL, &d, i), i * 2 + 1);
	}
	assert_int_equal(rv_dict_add(NULL, &d, 0,
			     (struct rv_slice){ key, LONGEST + 1 }, &id),
	    RV_ERR_LIMIT);
	assert_int_equal(
	    rv_dict_find(&d, 0, (struct rv_slice){ key, LONGEST + 1 }),
	    RV_NONE);
	assert_int_equal(
	    rv_dict_add(NULL, &d, 0, RV_SLICE_NONE, &id), RV_ERR_INVALID);
	assert_int_equal(d.n, 200);
	for (uint32_t i = 0; i < 100; i++) {
		memcpy(key, &i, sizeof(i));
		assert_int_equal(
		    rv_dict_find(&d, 0, (struct rv_slice){ key, LONGEST }),
		    i * 2);
		assert_int_equal(rv_dict_name(&d, i * 2).n, LONGEST);
		assert_int_equal(find_number(&d, i), i * 2 + 1);
	}
	assert_true(rv_dict_is_sound(&d));
	assert_true(rv_dict_bytes(&d) >= 100 * (size_t)LONGEST);
	rv_dict_fini(&d);
	free(key);
}

/* Whatever lies before it, a record that fits a line lies in one. */
static void
test_short_records_lie_in_a_line(void **state)
{
	const size_t head = offsetof(struct rv_dict_record, bytes);
	struct rv_dict d;
	char key[80] = { 0 };
	unsigned inside = 0;
	uint32_t id;

	(void)state;
	rv_dict_init(&d, 6);
	for (uint32_t i = 0; i < 5000; i++) {
		const size_t n = 8 + i * 7 % 72;
		const struct rv_slice name = { key, n };
		uintptr_t at;

		memcpy(key, &i, sizeof(i));
		assert_int_equal(rv_dict_add(NULL, &d, 0, name, &id), RV_OK);
		at = (uintptr_t)rv_dict_get(
		    &d, rv_dict_hash(&d, 0, name), 0, name);
		if (head + n <= 64) {
			assert_int_equal(at / 64, (at + head + n - 1) / 64);
			inside++;
		}
	}
	assert_true(inside > 1000);
	rv_dict_fini(&d);
}

/* The lookup in steps, with values, and the mark that they have moved. */
static void
test_records(void **state)
{
	const struct rv_slice one = RV_SLICE_LIT("one");
	const struct rv_dict_record *r;
	struct rv_dict d;
	uint64_t h;
	uint32_t id;

	(void)state;
	rv_dict_init(&d, 7);
	h = rv_dict_hash(&d, 3, one);
	rv_dict_fetch_slot(&d, h);
	rv_dict_fetch_record(&d, h);
	assert_null(rv_dict_get(&d, h, 3, one));
	assert_int_equal(rv_dict_add(NULL, &d, 3, one, &id), RV_OK);
	assert_int_equal(rv_dict_value(&d, id), 0);
	rv_dict_set_value(&d, id, UINT64_MAX - 1);
	rv_dict_fetch_slot(&d, h);
	rv_dict_fetch_record(&d, h);
	r = rv_dict_get(&d, h, 3, one);
	assert_non_null(r);
	assert_int_equal(r->id, id);
	assert_int_equal(r->space, 3);
	assert_true(rv_dict_value(&d, id) == UINT64_MAX - 1);
	assert_true(r->value == UINT64_MAX - 1);
	assert_false(rv_dict_has_moved(r));
	rv_dict_set_moved(&d, id);
	assert_true(rv_dict_has_moved(r));
	assert_null(rv_dict_get(&d, h, 4, one));
	assert_null(rv_dict_get(&d, h, 3, RV_SLICE_NONE));
	rv_dict_fini(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_and_finds),
		cmocka_unit_test(test_compares_whole_keys),
		cmocka_unit_test(test_keeps_equal_hashes_apart),
		cmocka_unit_test(test_meets_equal_tags),
		cmocka_unit_test(test_hash_spreads),
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_short_records_lie_in_a_line),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
