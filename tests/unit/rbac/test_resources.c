/* Resources against a naive model: a table of types and memberships. */
#include "unit/unit.h"

#include "random.h"
#include "resource_page.h"

#define RESOURCES   1024u
#define COLLECTIONS 120u

/* The model: resources and collections by their numbers in it. */
struct model {
	unsigned char type[RESOURCES];
	bool in[RESOURCES][COLLECTIONS];
};

/* How ids and numbers of collections are made of those of the model. */
struct shape {
	uint32_t first, step; /* ids */
	uint32_t far;	      /* numbers from 100 on are so much greater */
};

static uint32_t
id_of(const struct shape *s, uint32_t resource)
{
	return s->first + resource * s->step;
}

static uint32_t
number_of(const struct shape *s, uint32_t collection)
{
	return collection < 100 ? collection : collection + s->far;
}

static void
assert_collections(const struct rv_trie *t, const struct model *m,
    const struct shape *s, uint32_t resource)
{
	uint32_t got[COLLECTIONS + 1] = { 0 }, few[3] = { 7, 7, 7 };
	const size_t n = rv_resource_collections(
	    t, id_of(s, resource), got, COLLECTIONS + 1);
	size_t k = 0;

	for (uint32_t c = 0; c < COLLECTIONS; c++)
		if (m->in[resource][c]) {
			assert_true(k < n);
			assert_int_equal(got[k++], number_of(s, c));
		}
	assert_int_equal(k, n);
	/* As many as fit, and no more. */
	assert_int_equal(
	    rv_resource_collections(t, id_of(s, resource), few, 2), n);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(few[i], i < n && i < 2 ? got[i] : 7);
	assert_int_equal(
	    rv_resource_collections(t, id_of(s, resource), NULL, 0), n);
}

/* Questions with few and with many collections. */
static void
assert_is_in(const struct rv_trie *t, const struct model *m,
    const struct shape *s, uint32_t resource, struct random *r)
{
	static const unsigned percents[] = { 1, 3, 30, 90 };
	const unsigned percent = percents[random_below(r, 4)];
	uint32_t list[COLLECTIONS];
	bool want = false;
	size_t n = 0;

	for (uint32_t c = 0; c < COLLECTIONS; c++)
		if (random_chance(r, percent)) {
			list[n++] = number_of(s, c);
			want |= m->in[resource][c];
		}
	assert_int_equal(rv_resource_is_in(
			     t, id_of(s, resource), (struct rv_ids){ list, n }),
	    want);
	rv_resource_fetch(t, id_of(s, resource));
}

static void
assert_same(const struct rv_trie *t, const struct model *m,
    const struct shape *s, struct random *r)
{
	uint64_t from = 0;
	uint32_t id;

	assert_true(rv_resources_are_sound(t));
	for (uint32_t i = 0; i < RESOURCES; i++) {
		assert_int_equal(rv_resource_type(t, id_of(s, i)), m->type[i]);
		assert_collections(t, m, s, i);
		assert_is_in(t, m, s, i, r);
		if (m->type[i] == 0)
			continue;
		assert_true(rv_resource_next(t, &from, &id));
		assert_int_equal(id, id_of(s, i));
		assert_int_equal(from, (uint64_t)id + 1);
	}
	assert_false(rv_resource_next(t, &from, &id));
}

static void
membership(struct rv_edit *e, struct rv_trie *t, struct model *m,
    const struct shape *s, struct random *r, uint32_t resource)
{
	const uint32_t c = (uint32_t)random_below(r, COLLECTIONS);
	bool *in = &m->in[resource][c];
	const uint32_t id = id_of(s, resource);

	if (random_chance(r, 75)) {
		assert_int_equal(rv_resource_join(e, t, id, number_of(s, c)),
		    m->type[resource] == 0 ? RV_ERR_NOTFOUND
		    : *in		   ? RV_ERR_EXISTS
					   : RV_OK);
		*in = m->type[resource] != 0;
	} else {
		assert_int_equal(rv_resource_leave(e, t, id, number_of(s, c)),
		    *in ? RV_OK : RV_ERR_NOTFOUND);
		*in = false;
	}
}

static void
change(struct rv_edit *e, struct rv_trie *t, struct model *m,
    const struct shape *s, struct random *r)
{
	const uint32_t resource = (uint32_t)random_below(r, RESOURCES);
	const unsigned type = 3 + (unsigned)random_below(r, 3);
	unsigned char *has = &m->type[resource];

	if (random_chance(r, 5)) {
		assert_int_equal(rv_resource_add(e, t, id_of(s, resource),
				     (enum rv_resource_type)type),
		    *has != 0 ? RV_ERR_EXISTS : RV_OK);
		if (*has == 0)
			*has = (unsigned char)type;
	} else if (random_chance(r, 1)) {
		assert_int_equal(rv_resource_remove(e, t, id_of(s, resource)),
		    *has != 0 ? RV_OK : RV_ERR_NOTFOUND);
		*has = 0;
		memset(m->in[resource], 0, sizeof(m->in[resource]));
	} else {
		membership(e, t, m, s, r, resource);
	}
}

/* Versions of a line: what is given up, and what comes after, is not seen. */
static void
check_shape(const struct shape *s)
{
	struct model *now = calloc(1, sizeof(*now));
	struct model *old = calloc(1, sizeof(*old));
	struct rv_trie t = { 0 };
	struct random r = { 21 };

	assert_non_null(now);
	assert_non_null(old);
	for (uint32_t edition = 1; edition < 40; edition++) {
		const struct rv_trie before = t;
		struct rv_blocks replaced;
		struct rv_edit e;

		*old = *now;
		rv_edit_begin(&e, edition);
		for (size_t n = edition % 4 == 0 ? 3 : 5000; n > 0; n--)
			change(&e, &t, now, s, &r);
		assert_same(&t, now, s, &r);
		assert_same(&before, old, s, &r);
		if (edition % 5 == 0) {
			rv_edit_abort(&e);
			t = before;
			*now = *old;
		} else {
			replaced = rv_edit_commit(&e);
			rv_blocks_free(&replaced);
		}
	}
	/* All go: nothing is left, not even a page. */
	for (uint32_t i = 0; i < RESOURCES; i++)
		assert_int_equal(rv_resource_remove(NULL, &t, id_of(s, i)),
		    now->type[i] != 0 ? RV_OK : RV_ERR_NOTFOUND);
	assert_null(rv_trie_next_page(&t, &(uint32_t){ 0 }));
	memset(now, 0, sizeof(*now));
	assert_same(&t, now, s, &r);
	rv_resources_free(&t);
	free(now);
	free(old);
}

static void
test_changes(void **state)
{
	static const struct shape shapes[] = {
		{ 0, 1, 0 },
		{ 16777216, 1, 70000 },
		{ 3, 4194301, 65435 }, /* 65,535 and on */
		{ UINT32_MAX - RESOURCES + 1, 1, 0 },
		{ UINT32_C(0x80000000) - RESOURCES / 2, 1, UINT32_MAX - 200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		check_shape(&shapes[i]);
}

/* Numbers and places at which pages change their form. */
static void
test_forms(void **state)
{
	static const uint32_t numbers[] = { 0, 65534, 65535, 65536, 0x7fffffff,
		0x80000000, UINT32_MAX };
	struct rv_trie t = { 0 };
	uint32_t got[8];

	(void)state;
	assert_int_equal(rv_resource_add(NULL, &t, 9, RV_RESOURCE_USER), 0);
	assert_int_equal(rv_resource_add(NULL, &t, 10, RV_RESOURCE_GROUP), 0);
	for (size_t i = 0; i < 7; i++) {
		assert_int_equal(
		    rv_resource_join(NULL, &t, 9, numbers[i]), RV_OK);
		assert_int_equal(
		    rv_resource_join(NULL, &t, 10, numbers[6 - i]), RV_OK);
		assert_true(rv_resources_are_sound(&t));
	}
	for (uint32_t id = 9; id < 11; id++) {
		assert_int_equal(rv_resource_collections(&t, id, got, 8), 7);
		assert_memory_equal(got, numbers, sizeof(numbers));
	}
	assert_int_equal(rv_resource_type(&t, 9), RV_RESOURCE_USER);
	assert_int_equal(rv_resource_type(&t, 10), RV_RESOURCE_GROUP);
	rv_resources_free(&t);
}

/* A page of 257 * 64 numbers and more: beyond 16,383 places take four bytes. */
static void
test_large_page(void **state)
{
	const uint32_t n = 70;
	struct rv_trie t = { 0 };
	uint32_t got[70];

	(void)state;
	for (uint32_t id = 256; id < 512; id++)
		assert_int_equal(
		    rv_resource_add(NULL, &t, id, RV_RESOURCE_DEVICE), RV_OK);
	for (uint32_t c = 0; c < n; c++)
		for (uint32_t id = 256; id < 512; id++) {
			assert_int_equal(
			    rv_resource_join(NULL, &t, id, c), RV_OK);
			if (c == 63)
				assert_true(rv_resources_are_sound(&t));
		}
	for (uint32_t id = 256; id < 512; id++) {
		assert_int_equal(rv_resource_type(&t, id), RV_RESOURCE_DEVICE);
		assert_int_equal(rv_resource_collections(&t, id, got, n), n);
		assert_int_equal(got[n - 1], n - 1);
		assert_true(rv_resource_is_in(
		    &t, id, (struct rv_ids){ (const uint32_t[]){ 69 }, 1 }));
		assert_false(rv_resource_is_in(
		    &t, id, (struct rv_ids){ (const uint32_t[]){ 70 }, 1 }));
	}
	for (uint32_t id = 256; id < 511; id++)
		assert_int_equal(rv_resource_remove(NULL, &t, id), RV_OK);
	assert_true(rv_resources_are_sound(&t));
	assert_int_equal(rv_resource_collections(&t, 511, got, n), n);
	rv_resources_free(&t);
}

/* One collection against very many, and one question against many of them. */
static void
test_unequal(void **state)
{
	struct rv_trie t = { 0 };
	uint32_t all[3000], few[40];

	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		all[i] = i * 3;
	for (uint32_t id = 0; id < 3; id++)
		assert_int_equal(
		    rv_resource_add(NULL, &t, id, RV_RESOURCE_DEVICE), RV_OK);
	for (uint32_t i = 0; i < 3000; i++)
		assert_int_equal(rv_resource_join(NULL, &t, 1, i * 3), RV_OK);
	for (uint32_t c = 0; c < 9010; c++) {
		const bool in = c < 9000 && c % 3 == 0;

		assert_int_equal(
		    rv_resource_is_in(&t, 1, (struct rv_ids){ &c, 1 }), in);
		assert_false(
		    rv_resource_is_in(&t, 0, (struct rv_ids){ &c, 1 }));
		assert_int_equal(rv_resource_join(NULL, &t, 2, c), RV_OK);
		assert_int_equal(
		    rv_resource_is_in(&t, 2, (struct rv_ids){ all, 3000 }), in);
		assert_int_equal(rv_resource_leave(NULL, &t, 2, c), RV_OK);
	}
	/* Of forty the last alone, or none. */
	for (uint32_t i = 0; i < 40; i++)
		few[i] = i * 3 + 1;
	assert_false(rv_resource_is_in(&t, 1, (struct rv_ids){ few, 40 }));
	few[39] = 8997;
	assert_true(rv_resource_is_in(&t, 1, (struct rv_ids){ few, 40 }));
	assert_false(rv_resource_is_in(&t, 1, (struct rv_ids){ NULL, 0 }));
	assert_false(
	    rv_resource_is_in(&t, 70000, (struct rv_ids){ all, 3000 }));
	rv_resource_fetch(&t, 70000);
	rv_resources_free(&t);
}

/* ---- Filling at once ------------------------------------------------------- */

/*
 * So many resources and memberships of each, filled at once or joined one by
 * one; returns the bytes of the pages.
 */
static size_t
world(struct rv_edit *e, struct rv_trie *t, uint32_t n, uint32_t each,
    uint32_t collections, bool fill)
{
	uint32_t *ids = calloc(n, sizeof(*ids));
	uint32_t *first = calloc(n + 1, sizeof(*first));
	uint32_t *items = calloc((size_t)n * each, sizeof(*items));
	struct random r = { 77 };
	size_t at = 0;

	assert_non_null(ids);
	assert_non_null(first);
	assert_non_null(items);
	rv_edit_begin(e, 1);
	for (uint32_t i = 0; i < n; i++) {
		ids[i] = 16777216 + i + i / 1000 * 300;
		/* Some have none. */
		for (uint32_t k = 0; k < each && i % 50 != 49; k++)
			items[at++] =
			    collections / each * k +
			    (uint32_t)random_below(&r, collections / each);
		first[i + 1] = (uint32_t)at;
		assert_int_equal(rv_resource_add(e, t, ids[i],
				     (enum rv_resource_type)(3 + i % 3)),
		    RV_OK);
		for (size_t k = first[i]; !fill && k < at; k++)
			assert_int_equal(
			    rv_resource_join(e, t, ids[i], items[k]), RV_OK);
	}
	if (fill)
		assert_int_equal(
		    rv_resource_fill(e, t, ids, n, first, items), RV_OK);
	free(items);
	free(first);
	free(ids);
	return e->made.bytes;
}

static void
test_fill(void **state)
{
	/* The last: more numbers in a page than its short form takes. */
	static const uint32_t of[][2] = { { 4, 200 }, { 4, 100000 },
		{ 100, 300 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct rv_trie filled = { 0 }, joined = { 0 };
		struct rv_edit e, f;
		uint64_t from = 0, from2 = 0;
		uint32_t id, id2, a[100], b[100];

		world(&e, &filled, 4000, of[i][0], of[i][1], true);
		world(&f, &joined, 4000, of[i][0], of[i][1], false);
		assert_true(e.made.bytes < f.made.bytes);
		assert_true(rv_resources_are_sound(&filled));
		while (rv_resource_next(&filled, &from, &id)) {
			const size_t n =
			    rv_resource_collections(&filled, id, a, 100);

			assert_true(rv_resource_next(&joined, &from2, &id2));
			assert_int_equal(id, id2);
			assert_int_equal(rv_resource_type(&filled, id),
			    rv_resource_type(&joined, id));
			assert_int_equal(
			    rv_resource_collections(&joined, id, b, 100), n);
			assert_memory_equal(a, b, n * sizeof(*a));
		}
		assert_false(rv_resource_next(&joined, &from2, &id2));
		rv_edit_abort(&e);
		rv_edit_abort(&f);
	}
}

/* The reverse index: 5 bytes a membership at most, all heads included. */
static void
test_memory(void **state)
{
	static const uint32_t collections[] = { 200, 100000 };
	const uint32_t n = 100000;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rv_trie t = { 0 };
		struct rv_edit e;
		const size_t bytes = world(&e, &t, n, 4, collections[i], true);
		size_t blocks = 0;
		double each;

		for (const struct rv_block_head *h = e.made.first; h != NULL;
		     h = h->next)
			blocks++;
		each = (double)(bytes + blocks * 16) / (n * 4 * 0.98);
		print_message("# %u collections: %.2f bytes a membership\n",
		    collections[i], each);
		assert_true(each <= 5);
		rv_edit_abort(&e);
	}
}

/* ---- Soundness --------------------------------------------------------------- */

static void
assert_unsound_with(const struct rv_trie *t, uint16_t *place, uint16_t value)
{
	const uint16_t old = *place;

	assert_true(rv_resources_are_sound(t));
	*place = value;
	assert_false(rv_resources_are_sound(t));
	*place = old;
	assert_true(rv_resources_are_sound(t));
}

static void
test_unsound(void **state)
{
	const uint16_t device = 3 * RV_SHORT_PLACES;
	struct rv_resource_page *page;
	struct rv_trie t = { 0 };
	uint16_t *slots, *numbers;

	(void)state;
	assert_true(rv_resources_are_sound(&t));
	for (uint32_t id = 5; id < 7; id++) {
		assert_int_equal(
		    rv_resource_add(NULL, &t, id, RV_RESOURCE_DEVICE), RV_OK);
		assert_int_equal(rv_resource_join(NULL, &t, id, 10), RV_OK);
		assert_int_equal(rv_resource_join(NULL, &t, id, 20), RV_OK);
	}
	page = *rv_trie_place(NULL, &t, 5);
	slots = rv_page_slots(page);
	numbers = rv_page_numbers(page);
	assert_unsound_with(&t, &numbers[0], 20);
	assert_unsound_with(&t, &numbers[1], 9);
	assert_unsound_with(&t, &slots[5], 0);		/* no resource */
	assert_unsound_with(&t, &slots[4], 1);		/* nor here */
	assert_unsound_with(&t, &slots[6], device + 5); /* too far */
	assert_unsound_with(&t, &slots[6], device + 0x3fff);
	assert_unsound_with(&t, &slots[0], 1);
	assert_unsound_with(&t, &slots[256], 3);
	assert_unsound_with(&t, &slots[256], device + 4);
	page->n = 5;
	assert_false(rv_resources_are_sound(&t));
	page->n = 1000;
	assert_false(rv_resources_are_sound(&t));
	page->n = 4;
	page->wide_slots = true;
	assert_false(rv_resources_are_sound(&t));
	page->wide_slots = false;
	assert_true(rv_resources_are_sound(&t));
	rv_resources_free(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_large_page),
		cmocka_unit_test(test_unequal),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_unsound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
