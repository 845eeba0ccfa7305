/*
 * Memory that runs out in an edit: whichever allocation fails, what is being
 * edited is as it was before the step, other versions are untouched, and
 * nothing is leaked.
 */
#include "unit/unit.h"

#include "own_malloc.h"

#include "idset_form.h"
#include "resources.h"

/* A set in each form at the border of another, a column, resources. */
enum form {
	EMPTY,	   /* none to list */
	LIST_END,  /* list to chunks */
	CHUNK_END, /* chunks to list */
	ARRAY_END, /* array to bits */
	ROW_END,   /* bits to array */
	N_FORMS
};

struct things {
	struct rv_idset *sets[N_FORMS];
	struct rv_trie column, resources;
};

static uint32_t numbers[RV_ARRAY_MAX + 2];

static struct rv_ids
first_numbers(size_t n)
{
	return (struct rv_ids){ numbers, n };
}

/* Edition 1. */
static void
things_init(struct things *t)
{
	struct rv_blocks replaced;
	struct rv_edit e;
	int r = RV_OK;

	*t = (struct things){ 0 };
	for (uint32_t i = 0; i < RV_ARRAY_MAX + 2; i++)
		numbers[i] = i;
	rv_edit_begin(&e, 1);
	r |= rv_idset_make(&e, first_numbers(RV_LIST_MAX), &t->sets[LIST_END]);
	r |= rv_idset_make(
	    &e, first_numbers(RV_LIST_MAX + 1), &t->sets[CHUNK_END]);
	for (uint32_t i = RV_LIST_MAX; i > RV_LIST_MIN; i--)
		r |= rv_idset_remove(&e, &t->sets[CHUNK_END], i);
	r |=
	    rv_idset_make(&e, first_numbers(RV_ARRAY_MAX), &t->sets[ARRAY_END]);
	r |= rv_idset_make(
	    &e, first_numbers(RV_ARRAY_MAX + 1), &t->sets[ROW_END]);
	for (uint32_t i = RV_ARRAY_MAX; i > RV_ARRAY_MIN; i--)
		r |= rv_idset_remove(&e, &t->sets[ROW_END], i);
	for (uint32_t id = 0; id < 300; id++) {
		r |= rv_resource_add(&e, &t->resources, id, RV_RESOURCE_DEVICE);
		r |= rv_resource_join(&e, &t->resources, id, id);
	}
	assert_non_null(rv_trie_put(&e, &t->column, 5, 8));
	assert_int_equal(r, RV_OK);
	replaced = rv_edit_commit(&e);
	rv_blocks_free(&replaced);
}

static void
things_fini(struct things *t)
{
	for (size_t i = 0; i < N_FORMS; i++)
		rv_idset_free(t->sets[i]);
	rv_trie_free(&t->column);
	rv_resources_free(&t->resources);
}

static uint64_t
mix(uint64_t h, uint64_t x)
{
	return (h ^ x) * UINT64_C(0x9e3779b97f4a7c15) ^ h >> 29;
}

/* A number that stands for all that can be read. */
static uint64_t
digest(const struct things *t)
{
	uint64_t h = 1, from;
	uint32_t id, ids[300];

	for (size_t i = 0; i < N_FORMS; i++) {
		assert_true(rv_idset_is_sound(t->sets[i]));
		h = mix(h, rv_idset_count(t->sets[i]));
		for (from = 0; rv_idset_next(t->sets[i], &from, &id);)
			h = mix(h, id);
	}
	for (id = 0; rv_trie_next_page(&t->column, &id) != NULL; id++) {
		const uint64_t *x = rv_trie_get(&t->column, id, 8);

		if (*x != 0)
			h = mix(mix(h, id), *x);
	}
	assert_true(rv_resources_are_sound(&t->resources));
	for (from = 0; rv_resource_next(&t->resources, &from, &id);) {
		const size_t n =
		    rv_resource_collections(&t->resources, id, ids, 300);

		h = mix(mix(h, id), rv_resource_type(&t->resources, id));
		for (size_t i = 0; i < n; i++)
			h = mix(h, ids[i]);
	}
	return h;
}

static int
remake(struct rv_edit *e, struct rv_idset **set, size_t n)
{
	struct rv_idset *made;
	int r = rv_idset_make(e, first_numbers(n), &made);

	if (r == RV_OK) {
		rv_idset_drop(e, *set);
		*set = made;
	}
	return r;
}

static int
set_element(struct rv_edit *e, struct rv_trie *column, uint32_t id)
{
	uint64_t *x = rv_trie_put(e, column, id, sizeof(*x));

	if (x == NULL)
		return RV_ERR_NOMEM;
	*x = id + UINT64_C(1);
	return RV_OK;
}

#define STEPS 36u

/* The steps of an edit; RV_ERR_INVALID: there is no such step. */
static int
step(struct rv_edit *e, struct things *t, unsigned i)
{
	const uint32_t far = UINT32_MAX - 7;

	if (i < N_FORMS) /* a new chunk, or into the list */
		return rv_idset_add(e, &t->sets[i], far);
	if (i < 2 * N_FORMS) /* changes the form of some */
		return rv_idset_add(e, &t->sets[i - N_FORMS], 60000);
	if (i < 3 * N_FORMS)
		return rv_idset_remove(e, &t->sets[i - 2 * N_FORMS], far);
	if (i < 4 * N_FORMS)
		return rv_idset_remove(e, &t->sets[i - 3 * N_FORMS], 60000);
	switch (i - 4 * N_FORMS) {
	case 0:
	case 1:
		return rv_idset_remove(e, &t->sets[CHUNK_END], i);
	case 2:
	case 3:
		return rv_idset_remove(e, &t->sets[ROW_END], i);
	case 4:
		return remake(e, &t->sets[LIST_END], RV_ARRAY_MAX + 1);
	case 5:
		return set_element(e, &t->column, 7);
	case 6:
		return set_element(e, &t->column, 70000);
	case 7:
		return rv_resource_add(
		    e, &t->resources, 77777777, RV_RESOURCE_USER);
	case 8:
		return rv_resource_join(e, &t->resources, 77777777, 5);
	case 9:
		return rv_resource_join(e, &t->resources, 3, 65536);
	case 10:
		return rv_resource_leave(e, &t->resources, 299, 299);
	case 11:
		return rv_resource_remove(e, &t->resources, 10);
	case 12:
		return rv_resource_join(e, &t->resources, 299, 1);
	case 13:
		return rv_resource_remove(e, &t->resources, 77777777);
	case 14:
		return set_element(e, &t->column, 70000);
	case 15:
		return rv_idset_add(e, &t->sets[EMPTY], 1);
	default:
		return RV_ERR_INVALID;
	}
}

/* What all steps come to when nothing fails. */
static uint64_t
digest_of_steps(const struct things *base)
{
	struct things t = *base;
	struct rv_edit e;
	uint64_t h;

	rv_edit_begin(&e, 2);
	for (unsigned i = 0; i < STEPS; i++)
		assert_int_equal(step(&e, &t, i), RV_OK);
	assert_int_equal(step(&e, &t, STEPS), RV_ERR_INVALID);
	h = digest(&t);
	rv_edit_abort(&e);
	return h;
}

/*
 * The steps, with the nth allocation failing: the step it hits changes
 * nothing, and goes through when it is tried again.
 */
static void
try_again(struct rv_edit *e, struct things *t, long nth)
{
	countdown = nth;
	failed = false;
	for (unsigned i = 0; i < STEPS; i++) {
		const long rest = countdown;
		uint64_t before;
		int r;

		countdown = -1;
		before = digest(t);
		countdown = rest;
		r = step(e, t, i);
		if (r == RV_OK)
			continue;
		assert_int_equal(r, RV_ERR_NOMEM);
		assert_true(failed);
		countdown = -1;
		assert_int_equal(digest(t), before);
		assert_int_equal(step(e, t, i), RV_OK);
	}
	countdown = -1;
}

static void
test_steps(void **state)
{
	const long none = live;
	struct things base, t;
	uint64_t before, after;
	long kept, nth = 0;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	things_init(&base);
	kept = live;
	before = digest(&base);
	after = digest_of_steps(&base);
	assert_int_not_equal(before, after);
	do {
		struct rv_edit e;

		t = base;
		rv_edit_begin(&e, 2);
		try_again(&e, &t, nth++);
		assert_int_equal(digest(&t), after);
		assert_int_equal(digest(&base), before);
		rv_edit_abort(&e);
		assert_int_equal(live, kept);
	} while (failed && nth < 10000);
	print_message("# %ld allocations failed in turn\n", nth - 1);
	assert_true(nth > 30 && nth < 10000);
	assert_int_equal(digest(&base), before);
	things_fini(&base);
	assert_int_equal(live, none);
}

/* An edit that went on after a failure can be committed as any other. */
static void
test_commit(void **state)
{
	const long none = live;
	long nth = 0;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	do {
		struct rv_blocks replaced;
		struct things base, t;
		uint64_t before, after;
		struct rv_edit e;

		things_init(&base);
		before = digest(&base);
		after = digest_of_steps(&base);
		t = base;
		rv_edit_begin(&e, 2);
		try_again(&e, &t, nth++);
		replaced = rv_edit_commit(&e);
		assert_int_equal(digest(&base), before);
		rv_blocks_free(&replaced);
		assert_int_equal(digest(&t), after);
		things_fini(&t);
		assert_int_equal(live, none);
	} while (failed && nth < 10000);
	assert_true(nth > 30 && nth < 10000);
}

/* A set that cannot be made leaves nothing behind, nor does a filling. */
static void
test_making(void **state)
{
	static const uint32_t ids[] = { 5, 6, 300, 70000 };
	static const uint32_t first[] = { 0, 2, 2, 3, 4 };
	static const uint32_t items[] = { 1, 2, 9, 70000 };
	long nth = 0;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	do {
		const long before = live;
		struct rv_trie t = { 0 };
		struct rv_idset *set;
		uint32_t far[3000];
		struct rv_edit e;
		long kept;
		int r = RV_OK;

		for (uint32_t i = 0; i < 3000; i++)
			far[i] = i * 1000;
		rv_edit_begin(&e, 1);
		for (size_t i = 0; i < 4; i++)
			r |= rv_resource_add(&e, &t, ids[i], RV_RESOURCE_GROUP);
		assert_int_equal(r, RV_OK);
		kept = live;
		failed = false;
		countdown = nth++;
		r = rv_idset_make(&e, (struct rv_ids){ far, 3000 }, &set);
		if (r != RV_OK)
			assert_int_equal(live, kept);
		if (r == RV_OK)
			r = rv_resource_fill(&e, &t, ids, 4, first, items);
		countdown = -1;
		assert_int_equal(r, failed ? RV_ERR_NOMEM : RV_OK);
		assert_true(rv_resources_are_sound(&t));
		rv_edit_abort(&e);
		assert_int_equal(live, before);
	} while (failed && nth < 10000);
	assert_true(nth > 40 && nth < 10000);
}

/* Sums: of a list, of chunks, of a sum; and what was said stays said. */
static int
sum_up(struct rv_arena *arena, const struct rv_idset *list,
    const struct rv_idset *chunks)
{
	struct rv_idsum *a = rv_idsum_new(arena), *b;

	if (a == NULL || rv_idsum_join(a, list) != RV_OK)
		return RV_ERR_NOMEM;
	b = rv_idsum_new(arena);
	if (b == NULL || rv_idsum_join(b, chunks) != RV_OK ||
	    rv_idsum_add(b, UINT32_MAX) != RV_OK)
		return RV_ERR_NOMEM;
	return rv_idsum_join_sum(a, b);
}

static void
test_sums(void **state)
{
	uint32_t ids[3000];
	struct rv_idset *list, *chunks;
	int refused = 0, r;

	(void)state;
	for (uint32_t i = 0; i < 3000; i++)
		ids[i] = i * 1000;
	assert_int_equal(
	    rv_idset_make(NULL, (struct rv_ids){ ids, 500 }, &list), RV_OK);
	assert_int_equal(
	    rv_idset_make(NULL, (struct rv_ids){ ids, 3000 }, &chunks), RV_OK);
	for (size_t max = 1;; max += 512) {
		struct rv_arena *arena = rv_arena_new(max);

		assert_non_null(arena);
		r = sum_up(arena, list, chunks);
		rv_arena_free(&arena);
		if (r == RV_OK)
			break;
		assert_int_equal(r, RV_ERR_NOMEM);
		refused++;
	}
	assert_true(refused > 100);
	assert_true(rv_idset_is_sound(list) && rv_idset_is_sound(chunks));
	rv_idset_free(list);
	rv_idset_free(chunks);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_commit),
		cmocka_unit_test(test_making),
		cmocka_unit_test(test_sums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
