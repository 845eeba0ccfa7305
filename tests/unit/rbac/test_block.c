/* Blocks: what an edit makes, copies, gives up and hands over. */
#include "unit/unit.h"

#include "block.h"

#define HEAD sizeof(struct rv_block_head)

static void
test_new(void **state)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 9, 4096, 100001 };
	struct rv_edit e;
	size_t bytes = 0;

	(void)state;
	rv_edit_begin(&e, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		const size_t rounded = (sizes[i] + 7) / 8 * 8;
		unsigned char *p = rv_block_new(&e, sizes[i]);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 8, 0);
		assert_int_equal(rv_block_size(p), rounded);
		for (size_t k = 0; k < rounded; k++)
			assert_int_equal(p[k], 0);
		memset(p, 0xff, rounded);
		bytes += HEAD + rounded;
		assert_int_equal(e.made.bytes, bytes);
	}
	assert_int_equal(e.replaced.bytes, 0);
	rv_edit_abort(&e);
	assert_int_equal(e.made.bytes, 0);
	assert_null(e.made.first);
}

/* Sizes that cannot be written down are refused, not cut. */
static void
test_too_large(void **state)
{
	const size_t max = UINT32_MAX * sizeof(uint64_t);
	struct rv_edit e;
	uint64_t *p;

	(void)state;
	rv_edit_begin(&e, 1);
	assert_null(rv_block_new(&e, max + 1));
	assert_null(rv_block_new(&e, SIZE_MAX));
	assert_null(rv_block_new(&e, SIZE_MAX - 7));
	p = rv_block_new(&e, 8);
	assert_non_null(p);
	*p = 42;
	assert_null(rv_block_resize(&e, p, max + 1));
	assert_null(rv_block_resize(&e, p, SIZE_MAX));
	assert_null(rv_block_room(&e, p, SIZE_MAX));
	assert_null(rv_block_room(&e, p, SIZE_MAX / 8 * 7));
	assert_int_equal(*p, 42);
	assert_int_equal(e.made.bytes, HEAD + 8);
	rv_edit_abort(&e);
}

/* A committed block of 16 bytes: 1, 2. */
static uint64_t *
committed(uint32_t edition)
{
	struct rv_blocks replaced;
	struct rv_edit e;
	uint64_t *p;

	rv_edit_begin(&e, edition);
	p = rv_block_new(&e, 16);
	assert_non_null(p);
	p[0] = 1;
	p[1] = 2;
	replaced = rv_edit_commit(&e);
	assert_null(replaced.first);
	assert_null(e.made.first);
	assert_int_equal(e.made.bytes, 0);
	return p;
}

static void
test_write(void **state)
{
	uint64_t *old = committed(1), *p;
	struct rv_blocks replaced;
	struct rv_edit e;

	(void)state;
	rv_edit_begin(&e, 2);
	p = rv_block_write(&e, old);
	assert_non_null(p);
	assert_ptr_not_equal(p, old);
	assert_ptr_equal(rv_block_write(&e, p), p);
	assert_int_equal(rv_block_size(p), 16);
	assert_int_equal(p[1], 2);
	p[0] = 7;
	assert_int_equal(old[0], 1);
	assert_int_equal(e.made.bytes, HEAD + 16);
	assert_int_equal(e.replaced.bytes, HEAD + 16);
	/* The old version has it until the list is freed. */
	replaced = rv_edit_commit(&e);
	assert_int_equal(replaced.bytes, HEAD + 16);
	assert_int_equal(old[0], 1);
	rv_blocks_free(&replaced);
	assert_null(replaced.first);
	assert_int_equal(replaced.bytes, 0);
	/* And what was committed last is no longer to be written to. */
	rv_edit_begin(&e, 3);
	old = p;
	p = rv_block_write(&e, old);
	assert_ptr_not_equal(p, old);
	rv_edit_abort(&e);
	assert_int_equal(old[0], 7);
	rv_block_free(old);
}

/* After an edit that is given up all is as before it, and can be edited. */
static void
test_abort(void **state)
{
	uint64_t *old = committed(1), *other = committed(1), *p;
	struct rv_blocks replaced;
	struct rv_edit e;

	(void)state;
	for (int round = 0; round < 3; round++) {
		rv_edit_begin(&e, 2);
		p = rv_block_write(&e, old);
		assert_non_null(p);
		p[0] = 99;
		assert_non_null(rv_block_resize(&e, p, 4000));
		rv_block_drop(&e, other);
		assert_non_null(rv_block_new(&e, 5));
		rv_edit_abort(&e);
		assert_int_equal(e.replaced.bytes, 0);
		assert_int_equal(old[0], 1);
		assert_int_equal(other[1], 2);
	}
	rv_edit_begin(&e, 2);
	rv_block_drop(&e, other);
	rv_block_drop(&e, old);
	replaced = rv_edit_commit(&e);
	assert_int_equal(replaced.bytes, 2 * (HEAD + 16));
	rv_blocks_free(&replaced);
}

/* Shrunk and grown again, what comes new is zero. */
static void
test_resize(void **state)
{
	uint64_t *old = committed(1), *p, *grown;
	struct rv_edit e;

	(void)state;
	rv_edit_begin(&e, 2);
	grown = rv_block_resize(&e, old, 800);
	assert_non_null(grown);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(grown[i], i < 2 ? i + 1 : 0);
		grown[i] = UINT64_MAX;
	}
	assert_int_equal(e.replaced.bytes, HEAD + 16);
	p = rv_block_resize(&e, grown, 24);
	assert_non_null(p);
	assert_int_equal(rv_block_size(p), 24);
	assert_int_equal(e.made.bytes, HEAD + 24);
	p = rv_block_resize(&e, p, 800);
	assert_non_null(p);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(p[i], i < 3 ? UINT64_MAX : 0);
	assert_int_equal(e.made.bytes, HEAD + 800);
	/* A copy may be smaller too; once replaced is enough. */
	assert_int_equal(e.replaced.bytes, HEAD + 16);
	rv_edit_abort(&e);
	rv_edit_begin(&e, 2);
	p = rv_block_resize(&e, old, 3);
	assert_non_null(p);
	assert_int_equal(rv_block_size(p), 8);
	assert_int_equal(p[0], 1);
	rv_edit_abort(&e);
	rv_block_free(old);
}

/* Freed wherever in the list it is: the first, the last, one between. */
static void
test_drop_of_own(void **state)
{
	(void)state;
	for (size_t gone = 0; gone < 4; gone++) {
		struct rv_edit e;
		void *p[4];

		rv_edit_begin(&e, 1);
		for (size_t i = 0; i < 4; i++) {
			p[i] = rv_block_new(&e, 8 * i);
			assert_non_null(p[i]);
		}
		rv_block_drop(&e, NULL);
		rv_block_drop(&e, p[gone]);
		assert_int_equal(e.made.bytes, 4 * HEAD + 48 - HEAD - 8 * gone);
		p[gone] = rv_block_new(&e, 80);
		assert_non_null(p[gone]);
		for (size_t i = 0; i < 4; i++)
			rv_block_drop(&e, p[i]);
		assert_int_equal(e.made.bytes, 0);
		assert_null(e.made.first);
		assert_null(e.made.last);
		assert_int_equal(e.replaced.bytes, 0);
	}
}

/* Room for one more, a thousand times, is not a thousand moves. */
static void
test_room(void **state)
{
	unsigned char *old = rv_block_new(NULL, 40), *p;
	struct rv_edit e;
	size_t sizes = 0;

	(void)state;
	assert_non_null(old);
	memset(old, 5, 40);
	rv_edit_begin(&e, 2);
	p = rv_block_room(&e, old, 41);
	assert_non_null(p);
	assert_int_equal(rv_block_size(p), 48); /* a copy: no more */
	assert_int_equal(p[39], 5);
	assert_int_equal(p[40], 0);
	assert_ptr_equal(rv_block_room(&e, p, 48), p);
	assert_ptr_equal(rv_block_room(&e, p, 1), p);
	assert_int_equal(rv_block_size(p), 48);
	for (size_t n = 49; n < 20000; n++) {
		const size_t before = rv_block_size(p);

		p = rv_block_room(&e, p, n);
		assert_non_null(p);
		assert_true(rv_block_size(p) >= n);
		assert_true(rv_block_size(p) <= n + n / 4 + 8);
		sizes += rv_block_size(p) != before;
	}
	assert_true(sizes < 40);
	assert_int_equal(p[39], 5);
	p = rv_block_trim(&e, p, rv_block_size(p) / 2);
	assert_true(rv_block_size(p) > 16000);
	p = rv_block_trim(&e, p, 41);
	assert_int_equal(rv_block_size(p), 48);
	assert_int_equal(p[39], 5);
	assert_int_equal(e.made.bytes, HEAD + 48);
	rv_edit_abort(&e);
	rv_block_free(old);
}

/* Without an edit a block belongs to who made it. */
static void
test_without_edit(void **state)
{
	uint64_t *p = rv_block_new(NULL, 8), *copy;
	struct rv_blocks replaced;
	struct rv_edit e;

	(void)state;
	assert_non_null(p);
	*p = 3;
	assert_ptr_equal(rv_block_write(NULL, p), p);
	p = rv_block_resize(NULL, p, 8000);
	assert_non_null(p);
	assert_int_equal(p[0], 3);
	assert_int_equal(p[999], 0);
	rv_edit_begin(&e, 1);
	copy = rv_block_resize(&e, p, 8);
	assert_non_null(copy);
	replaced = rv_edit_commit(&e);
	assert_int_equal(replaced.bytes, HEAD + 8000);
	rv_blocks_free(&replaced);
	rv_block_drop(NULL, copy);
	rv_block_drop(NULL, NULL);
	rv_block_free(NULL);
}

static void
test_join(void **state)
{
	struct rv_blocks all = { 0 }, none = { 0 }, lists[3];
	size_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		uint64_t *a = committed(1), *b = committed(1);
		struct rv_edit e;

		rv_edit_begin(&e, 2);
		rv_block_drop(&e, a);
		rv_block_drop(&e, b);
		lists[i] = rv_edit_commit(&e);
	}
	rv_blocks_join(&all, &none);
	assert_null(all.first);
	for (uint32_t i = 0; i < 3; i++) {
		rv_blocks_join(&all, &lists[i]);
		rv_blocks_join(&all, &none);
		assert_null(lists[i].first);
		assert_int_equal(lists[i].bytes, 0);
		assert_int_equal(all.bytes, (i + 1) * 2 * (HEAD + 16));
	}
	for (struct rv_block_head *h = all.first; h != NULL; h = h->next) {
		assert_ptr_equal(h->next != NULL ? h->next->prev : all.last, h);
		n++;
	}
	assert_int_equal(n, 6);
	rv_blocks_free(&all);
	assert_null(all.last);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_drop_of_own),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_without_edit),
		cmocka_unit_test(test_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
