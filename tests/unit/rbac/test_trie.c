/* Columns: elements, pages of a form of their own, versions. */
#include "unit/unit.h"

#include "trie.h"

/* Where bytes of an id turn over. */
static const uint32_t ids[] = { 0, 1, 255, 256, 65535, 65536, 65537, 0xffffff,
	0x1000000, 0x1000001, 0x7fffffff, 0x80000000, 0x80000100, 0xffffff00,
	0xffffffff };
#define N_IDS (sizeof(ids) / sizeof(*ids))

static uint64_t
get(const struct rv_trie *t, uint32_t id)
{
	const uint64_t *x = rv_trie_get(t, id, sizeof(*x));

	return x != NULL ? *x : 0;
}

static void
put(struct rv_edit *e, struct rv_trie *t, uint32_t id, uint64_t value)
{
	uint64_t *x = rv_trie_put(e, t, id, sizeof(*x));

	assert_non_null(x);
	assert_ptr_equal(x, rv_trie_get(t, id, sizeof(*x)));
	*x = value;
}

static void
test_elements(void **state)
{
	struct rv_trie t = { 0 };
	struct rv_blocks replaced;
	struct rv_edit e;

	(void)state;
	rv_edit_begin(&e, 1);
	for (size_t i = 0; i < N_IDS; i++)
		assert_null(rv_trie_get(&t, ids[i], 8));
	for (size_t i = 0; i < N_IDS; i++)
		put(&e, &t, ids[i], i + 1);
	for (size_t i = 0; i < N_IDS; i++)
		assert_int_equal(get(&t, ids[i]), i + 1);
	/* What shares a page with them is zero, and other pages are not. */
	assert_int_equal(get(&t, 2), 0);
	assert_non_null(rv_trie_get(&t, 2, 8));
	assert_null(rv_trie_page(&t, 512));
	assert_null(rv_trie_page(&t, 0x2000000));
	assert_null(rv_trie_page(&t, 0x1010000));
	replaced = rv_edit_commit(&e);
	assert_null(replaced.first);
	rv_trie_free(&t);
	assert_null(t.root);
	rv_trie_free(&t);
}

/* Elements of one byte, and of many. */
static void
test_sizes(void **state)
{
	static const size_t sizes[] = { 1, 4, 8, 24, 4096 };

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		struct rv_trie t = { 0 };

		for (uint32_t id = 250; id < 262; id++) {
			unsigned char *p = rv_trie_put(NULL, &t, id, sizes[s]);

			assert_non_null(p);
			memset(p, (int)(id & 0xff), sizes[s]);
		}
		for (uint32_t id = 250; id < 262; id++) {
			const unsigned char *p = rv_trie_get(&t, id, sizes[s]);

			assert_int_equal(p[0], id & 0xff);
			assert_int_equal(p[sizes[s] - 1], id & 0xff);
		}
		rv_trie_free(&t);
	}
}

/* Every version keeps what it had; one change copies four blocks. */
static void
test_versions(void **state)
{
	struct rv_trie versions[N_IDS + 1] = { 0 };
	struct rv_blocks replaced[N_IDS + 1] = { 0 };
	const size_t node = sizeof(struct rv_block_head) + 2048;
	struct rv_edit e;

	(void)state;
	for (uint32_t v = 1; v <= N_IDS; v++) {
		struct rv_trie given_up = versions[v - 1];

		rv_edit_begin(&e, v);
		put(&e, &given_up, ids[v - 1], 77);
		put(&e, &given_up, 512, 78);
		rv_edit_abort(&e);
		rv_edit_begin(&e, v);
		versions[v] = versions[v - 1];
		put(&e, &versions[v], ids[v - 1], v);
		put(&e, &versions[v], 0, 100 + v);
		replaced[v] = rv_edit_commit(&e);
	}
	/* The root, and for each of the two ids what lies below it. */
	assert_int_equal(replaced[N_IDS].bytes, 7 * node);
	for (uint32_t v = 1; v <= N_IDS; v++) {
		for (uint32_t i = 1; i < N_IDS; i++)
			assert_int_equal(
			    get(&versions[v], ids[i]), i < v ? i + 1 : 0);
		assert_int_equal(get(&versions[v], 0), 100 + v);
		assert_int_equal(get(&versions[v], 512), 0);
	}
	for (uint32_t v = 1; v <= N_IDS; v++) {
		rv_blocks_free(&replaced[v]);
		assert_int_equal(get(&versions[N_IDS], 0), 100 + N_IDS);
	}
	rv_trie_free(&versions[N_IDS]);
}

static void
test_next_page(void **state)
{
	struct rv_trie t = { 0 };
	uint32_t id = 7;

	(void)state;
	assert_null(rv_trie_next_page(&t, &id));
	assert_int_equal(id, 7);
	for (size_t i = 0; i < N_IDS; i++)
		put(NULL, &t, ids[i], 1);
	for (size_t i = 0; i < N_IDS; i++) {
		/* From itself, and from where the page before it ends. */
		id = ids[i];
		assert_ptr_equal(
		    rv_trie_next_page(&t, &id), rv_trie_page(&t, ids[i]));
		assert_int_equal(id, ids[i]);
		if (i == 0 || ids[i] / 256 == ids[i - 1] / 256)
			continue;
		id = (ids[i - 1] | 255) + 1;
		assert_ptr_equal(
		    rv_trie_next_page(&t, &id), rv_trie_page(&t, ids[i]));
		assert_int_equal(id, ids[i] & ~UINT32_C(255));
	}
	rv_trie_free(&t);
	/* Nothing above. */
	put(NULL, &t, 5, 1);
	id = 256;
	assert_null(rv_trie_next_page(&t, &id));
	id = UINT32_MAX;
	assert_null(rv_trie_next_page(&t, &id));
	rv_trie_free(&t);
}

/* A page that its owner has taken away is skipped, its nodes are not seen. */
static void
test_place(void **state)
{
	struct rv_trie t = { 0 }, old;
	struct rv_blocks replaced;
	struct rv_edit e;
	uint32_t id = 0;
	void **place;

	(void)state;
	rv_edit_begin(&e, 1);
	place = rv_trie_place(&e, &t, 70000);
	assert_non_null(place);
	assert_null(*place);
	assert_null(rv_trie_next_page(&t, &id));
	*place = rv_block_new(&e, 3);
	assert_ptr_equal(rv_trie_page(&t, 70000), *place);
	assert_ptr_equal(rv_trie_page(&t, 70000 | 255), *place);
	assert_ptr_equal(rv_trie_place(&e, &t, 70000), place);
	replaced = rv_edit_commit(&e);
	assert_null(replaced.first);

	old = t;
	rv_edit_begin(&e, 2);
	place = rv_trie_place(&e, &t, 70000);
	assert_non_null(place);
	rv_block_drop(&e, *place);
	*place = NULL;
	assert_null(rv_trie_next_page(&t, &id));
	assert_non_null(rv_trie_next_page(&old, &id));
	assert_int_equal(id, 70000 & ~255);
	replaced = rv_edit_commit(&e);
	rv_blocks_free(&replaced);
	rv_trie_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_next_page),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
