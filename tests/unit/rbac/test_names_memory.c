/*
 * Memory that runs out while names are added and put in order: whichever
 * allocation fails, nothing has changed, the same works when there is room
 * again, and nothing is leaked.
 */
#include "unit/unit.h"

#include <stdio.h>

#include "own_malloc.h"

#include "order.h"

/*
 * Slots grow with the 65th name.  The order is full up to the last leaf of
 * its branch: 511 ids in all leaves but the last, which has 512.
 */
enum {
	NAMES = 63,
	MORE = 8,
	LEAF = 512
};
enum {
	FULL = (LEAF - 1) * (LEAF - 1) + LEAF
};

static struct rv_slice
number_name(char text[24], unsigned i)
{
	(void)snprintf(text, 24, "%08u", i);
	return rv_slice_of(text);
}

/* One allocation fails, after nth others. */
static void
fail_after(long nth)
{
	failed = false;
	countdown = nth;
}

/* Adds a name, again when it failed for lack of memory. */
static void
add_name(struct rv_edit *e, struct rv_dict *d, unsigned i)
{
	const struct rv_dict before = *d;
	char text[24];
	const struct rv_slice name = number_name(text, i);
	uint32_t id = RV_NONE;
	int r = rv_dict_add(e, d, 0, name, &id);

	if (r != RV_OK) {
		assert_int_equal(r, RV_ERR_NOMEM);
		assert_true(failed);
		assert_int_equal(d->n, before.n);
		assert_int_equal(rv_dict_find(d, 0, name), RV_NONE);
		assert_true(rv_dict_is_sound(d));
		assert_int_equal(rv_dict_add(e, d, 0, name, &id), RV_OK);
	}
	assert_int_equal(id, i);
}

/* A load whose nth allocation fails; false when there were not so many. */
static bool
load_names(long nth)
{
	struct rv_dict d;
	uint32_t id;
	bool did;

	fail_after(nth);
	rv_dict_init(&d, 1);
	if (failed) {
		/* It will say so as soon as there is something to keep. */
		assert_true(rv_dict_is_sound(&d));
		assert_int_equal(
		    rv_dict_add(NULL, &d, 0, RV_SLICE_LIT("x"), &id),
		    RV_ERR_NOMEM);
		assert_int_equal(
		    rv_dict_find(&d, 0, RV_SLICE_LIT("x")), RV_NONE);
		rv_dict_fini(&d);
		return true;
	}
	for (unsigned i = 0; i < 2000; i++)
		add_name(NULL, &d, i);
	did = failed;
	countdown = -1;
	assert_true(rv_dict_is_sound(&d));
	rv_dict_fini(&d);
	return did;
}

static void
test_load_of_names(void **state)
{
	const long before = live;
	long nth = 0;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	for (; load_names(nth); nth++)
		assert_int_equal(live, before);
	assert_int_equal(live, before);
	assert_true(nth > 8);
}

/* An edit behind one that was given up, whose names it takes over. */
static bool
edit_names(long nth)
{
	struct rv_dict d, next;
	struct rv_blocks replaced;
	struct rv_edit e;
	bool did;

	rv_dict_init(&d, 2);
	for (unsigned i = 0; i < NAMES; i++)
		add_name(NULL, &d, i);
	next = d;
	rv_edit_begin(&e, 1);
	for (unsigned i = NAMES; i < NAMES + MORE; i++)
		add_name(&e, &next, i);
	rv_edit_abort(&e);

	next = d;
	rv_edit_begin(&e, 2);
	fail_after(nth);
	for (unsigned i = NAMES + MORE; i < 200; i++)
		add_name(&e, &next, i);
	did = failed;
	countdown = -1;
	assert_int_equal(next.n, 200);
	assert_true(rv_dict_is_sound(&next));
	assert_true(rv_dict_is_sound(&d));
	if (nth % 2 == 0) {
		replaced = rv_edit_commit(&e);
		rv_blocks_free(&replaced);
		rv_dict_fini(&next);
	} else {
		rv_edit_abort(&e);
		rv_dict_fini(&d);
	}
	return did;
}

static void
test_edit_of_names(void **state)
{
	const long before = live;
	long nth = 0;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	for (; edit_names(nth); nth++)
		assert_int_equal(live, before);
	assert_int_equal(live, before);
	assert_true(nth > 1);
}

/* ---- Orders ------------------------------------------------------------- */

/* Adds or removes an id, again when it failed for lack of memory. */
static void
change(struct rv_edit *e, struct rv_order **order, const struct rv_dict *names,
    uint32_t id, bool add)
{
	int (*const f)(struct rv_edit *, struct rv_order **,
	    const struct rv_dict *, uint32_t) =
	    add ? rv_order_add : rv_order_remove;
	const size_t before = rv_order_count(*order);
	int r = f(e, order, names, id);

	if (r != RV_OK) {
		assert_int_equal(r, RV_ERR_NOMEM);
		assert_true(failed);
		assert_int_equal(rv_order_count(*order), before);
		assert_true(rv_order_is_sound(*order, names));
		assert_int_equal(f(e, order, names, id), RV_OK);
	}
	assert_int_equal(rv_order_count(*order), add ? before + 1 : before - 1);
}

struct step {
	uint32_t id;
	bool add;
};

/*
 * Makes some changes with each allocation failing in turn, in edits which
 * are all given up.  Returns how many allocations there were.
 */
static long
change_and_fail(struct rv_order *order, const struct rv_dict *names,
    const struct step *steps, size_t n_steps)
{
	const size_t count = rv_order_count(order);
	const long before = live;
	long nth = 0;

	do {
		struct rv_order *next = order;
		struct rv_edit e;

		rv_edit_begin(&e, 7);
		fail_after(nth);
		for (size_t i = 0; i < n_steps; i++)
			change(&e, &next, names, steps[i].id, steps[i].add);
		countdown = -1;
		assert_true(rv_order_is_sound(next, names));
		rv_edit_abort(&e);
		assert_int_equal(live, before);
		assert_int_equal(rv_order_count(order), count);
		assert_true(rv_order_is_sound(order, names));
	} while (failed && nth++ < 100);
	assert_false(failed);
	return nth;
}

static void
test_edits_of_orders(void **state)
{
	/* In the middle of a leaf that two fill, and at the end. */
	static const struct step splits[] = { { 100001, true },
		{ 100003, true } };
	static const struct step end = { FULL * 2, true };
	static const struct step removes[] = { { 0, false }, { 2, false } };
	static const struct step first = { 0, true };
	const long before = live;
	struct rv_order *order = NULL;
	struct rv_dict names;
	char text[24];
	uint32_t id;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	rv_dict_init(&names, 3);
	for (unsigned i = 0; i <= FULL * 2; i++)
		assert_int_equal(
		    rv_dict_add(NULL, &names, 0, number_name(text, i), &id),
		    RV_OK);
	for (unsigned i = 0; i < FULL; i++)
		assert_int_equal(
		    rv_order_add(NULL, &order, &names, i * 2), RV_OK);
	/* The way down, and the right halves of a branch and of a leaf. */
	assert_true(change_and_fail(order, &names, splits, 2) >= 5);
	assert_true(change_and_fail(order, &names, &end, 1) >= 5);
	assert_int_equal(change_and_fail(order, &names, removes, 2), 3);
	assert_int_equal(change_and_fail(NULL, &names, &first, 1), 3);
	rv_order_free(order);
	/* The first by an owner that nobody shares it with. */
	order = NULL;
	for (long nth = 0; nth < 3; nth++) {
		const long without = live;

		fail_after(nth);
		assert_int_equal(
		    rv_order_add(NULL, &order, &names, 0), RV_ERR_NOMEM);
		assert_null(order);
		assert_int_equal(live, without);
	}
	rv_dict_fini(&names);
	assert_int_equal(live, before);
}

/* Two leaves that could become one stay two when there is no room for it. */
static void
test_leaves_that_cannot_join(void **state)
{
	struct rv_order *order = NULL;
	struct rv_dict names;
	char text[24];
	uint32_t id;

	(void)state;
	if (!OWN_MALLOC)
		skip();
	rv_dict_init(&names, 4);
	for (unsigned i = 0; i < LEAF + 10; i++) {
		assert_int_equal(
		    rv_dict_add(NULL, &names, 0, number_name(text, i), &id),
		    RV_OK);
		assert_int_equal(rv_order_add(NULL, &order, &names, i), RV_OK);
	}
	for (unsigned left = LEAF + 10, i = 0; left > 2; i++, left--) {
		const struct step step = { i, false };

		if (left % 50 == 0 || left < LEAF / 2 + 12)
			change_and_fail(order, &names, &step, 1);
		assert_int_equal(
		    rv_order_remove(NULL, &order, &names, i), RV_OK);
	}
	assert_int_equal(rv_order_count(order), 2);
	assert_true(rv_order_is_sound(order, &names));
	rv_order_free(order);
	rv_dict_fini(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load_of_names),
		cmocka_unit_test(test_edit_of_names),
		cmocka_unit_test(test_edits_of_orders),
		cmocka_unit_test(test_leaves_that_cannot_join),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
