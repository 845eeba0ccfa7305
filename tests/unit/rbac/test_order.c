/* Ids in the order of their names, held against a sorted array. */
#include "unit/unit.h"

#include <stdio.h>

#include "order_form.h"

#define LEAF RV_ORDER_MOST

/*
 * Names whose order is that of their numbers, which are the ids: so that the
 * order of some ids is the ids sorted.
 */
static struct rv_slice
number_name(char text[24], unsigned i)
{
	(void)snprintf(text, 24, "%08u", i);
	return rv_slice_of(text);
}

static void
names_init(struct rv_dict *names, unsigned n)
{
	char text[24];
	uint32_t id;

	rv_dict_init(names, 3);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(
		    rv_dict_add(NULL, names, 0, number_name(text, i), &id),
		    RV_OK);
}

/* All ids by runs, and their number; the caller frees them. */
static uint32_t *
list(const struct rv_order *order, size_t *ret_n, size_t *ret_runs)
{
	uint32_t *ids = calloc(rv_order_count(order) + 1, sizeof(*ids));
	struct rv_order_at at = { 0 };
	const uint32_t *run;
	size_t n = 0, runs = 0, k;

	assert_non_null(ids);
	while ((k = rv_order_run(order, &at, &run)) > 0) {
		assert_true(n + k <= rv_order_count(order));
		memcpy(ids + n, run, k * sizeof(*ids));
		n += k;
		runs++;
	}
	assert_int_equal(n, rv_order_count(order));
	*ret_n = n;
	if (ret_runs != NULL)
		*ret_runs = runs;
	return ids;
}

static size_t
runs_of(const struct rv_order *order)
{
	size_t n, runs;

	free(list(order, &n, &runs));
	return runs;
}

/* Bytes of its blocks: those that an edit without it would replace. */
static size_t
bytes_of(struct rv_order *order)
{
	struct rv_edit e;
	size_t bytes;

	rv_edit_begin(&e, UINT32_MAX);
	rv_order_drop(&e, order);
	bytes = e.replaced.bytes;
	rv_edit_abort(&e);
	return bytes;
}

/* Exactly those that are marked, in order, by runs and one by one. */
static void
assert_is(const struct rv_order *order, const struct rv_dict *names,
    const bool *in, unsigned universe)
{
	struct rv_order_at at = { 0 };
	size_t n, k = 0;
	uint32_t *ids = list(order, &n, NULL);

	for (unsigned i = 0; i < universe; i++)
		if (in[i]) {
			assert_true(k < n);
			assert_int_equal(ids[k], i);
			assert_int_equal(rv_order_next(order, &at), i);
			k++;
		}
	assert_int_equal(k, n);
	assert_int_equal(rv_order_next(order, &at), RV_NONE);
	assert_int_equal(rv_order_next(order, &at), RV_NONE);
	assert_true(rv_order_is_sound(order, names));
	free(ids);
}

static void
test_empty(void **state)
{
	struct rv_order *order = NULL;
	struct rv_order_at at = { 0 };
	struct rv_dict names;
	const uint32_t *run;

	(void)state;
	names_init(&names, 3);
	assert_int_equal(rv_order_count(NULL), 0);
	assert_int_equal(rv_order_next(NULL, &at), RV_NONE);
	assert_int_equal(rv_order_run(NULL, &at, &run), 0);
	at = rv_order_after(NULL, &names, RV_SLICE_LIT("x"));
	assert_int_equal(rv_order_next(NULL, &at), RV_NONE);
	assert_true(rv_order_is_sound(NULL, &names));
	rv_order_free(NULL);
	rv_order_drop(NULL, NULL);
	assert_int_equal(
	    rv_order_remove(NULL, &order, &names, 0), RV_ERR_NOTFOUND);
	assert_int_equal(rv_order_add(NULL, &order, &names, 1), RV_OK);
	assert_int_equal(rv_order_add(NULL, &order, &names, 1), RV_ERR_EXISTS);
	for (uint32_t id = 0; id < 3; id += 2)
		assert_int_equal(
		    rv_order_remove(NULL, &order, &names, id), RV_ERR_NOTFOUND);
	assert_int_equal(rv_order_count(order), 1);
	assert_int_equal(rv_order_remove(NULL, &order, &names, 1), RV_OK);
	assert_null(order);
	rv_dict_fini(&names);
}

/* By bytes, a prefix first, and those above 127 last. */
static void
test_orders_by_bytes(void **state)
{
	static const char *const sorted[] = { "", "A", "AA", "AB", "B", "a",
		"a\x01", "\x7f", "\x80", "\xc3\xa4", "\xff\xff" };
	const uint32_t n = sizeof(sorted) / sizeof(sorted[0]);
	struct rv_order *order = NULL;
	struct rv_order_at at = { 0 };
	struct rv_dict names;
	uint32_t id;

	(void)state;
	rv_dict_init(&names, 4);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(rv_dict_add(NULL, &names, 0,
				     rv_slice_of(sorted[i * 7 % n]), &id),
		    RV_OK);
		assert_int_equal(rv_order_add(NULL, &order, &names, id), RV_OK);
	}
	for (uint32_t i = 0; i < n; i++)
		assert_true(rv_slice_eq_cstr(
		    rv_dict_name(&names, rv_order_next(order, &at)),
		    sorted[i]));
	rv_order_free(order);
	rv_dict_fini(&names);
}

/*
 * The same name in another space is another id, but has no second place in
 * an order: one order is of one space.
 */
static void
test_equal_names_of_two_spaces(void **state)
{
	struct rv_order *order = NULL;
	struct rv_dict names;
	uint32_t a, b;

	(void)state;
	rv_dict_init(&names, 5);
	assert_int_equal(
	    rv_dict_add(NULL, &names, 1, RV_SLICE_LIT("x"), &a), RV_OK);
	assert_int_equal(
	    rv_dict_add(NULL, &names, 2, RV_SLICE_LIT("x"), &b), RV_OK);
	assert_int_equal(rv_order_add(NULL, &order, &names, a), RV_OK);
	assert_int_equal(rv_order_add(NULL, &order, &names, b), RV_ERR_EXISTS);
	assert_int_equal(
	    rv_order_remove(NULL, &order, &names, b), RV_ERR_NOTFOUND);
	assert_int_equal(rv_order_count(order), 1);
	rv_order_free(order);
	rv_dict_fini(&names);
}

/* What comes sorted lies densely; what comes backwards at least half so. */
static void
test_density(void **state)
{
	const unsigned n = 300000; /* more than a branch has */
	struct rv_order *up = NULL, *down = NULL;
	struct rv_dict names;

	(void)state;
	names_init(&names, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(rv_order_add(NULL, &up, &names, i), RV_OK);
		assert_int_equal(
		    rv_order_add(NULL, &down, &names, n - 1 - i), RV_OK);
	}
	assert_int_equal(rv_order_count(up), n);
	assert_true(rv_order_is_sound(up, &names));
	assert_true(rv_order_is_sound(down, &names));
	assert_true(runs_of(up) <= n / (LEAF - 1) + 1);
	assert_true(runs_of(down) <= n / (LEAF / 2) + 1);
	assert_true(bytes_of(up) < (size_t)n * 9 / 2);
	/* What is left lies together, whichever end goes first. */
	for (unsigned i = 0; i < n; i++) {
		if (i % 1000 != 0)
			assert_int_equal(
			    rv_order_remove(NULL, &down, &names, i), RV_OK);
		if ((n - 1 - i) % 1000 != 0)
			assert_int_equal(
			    rv_order_remove(NULL, &up, &names, n - 1 - i),
			    RV_OK);
	}
	assert_int_equal(rv_order_count(up), n / 1000);
	assert_int_equal(rv_order_count(down), n / 1000);
	assert_true(rv_order_is_sound(up, &names));
	assert_true(rv_order_is_sound(down, &names));
	assert_true(bytes_of(up) < 12000);
	assert_true(bytes_of(down) < 12000);
	rv_order_free(up);
	rv_order_free(down);
	rv_dict_fini(&names);
}

/* Into a dense order everywhere, so that branches in the middle split. */
static void
test_splits_in_the_middle(void **state)
{
	const unsigned n = 560000;
	bool *in = calloc(n, sizeof(*in));
	struct rv_order *order = NULL;
	struct rv_dict names;
	unsigned seed = 12;

	(void)state;
	assert_non_null(in);
	names_init(&names, n);
	for (unsigned i = 0; i < n; i += 2) {
		assert_int_equal(rv_order_add(NULL, &order, &names, i), RV_OK);
		in[i] = true;
	}
	for (unsigned i = 0; i < 200000; i++) {
		const uint32_t id = (uint32_t)rand_r(&seed) % n;

		assert_int_equal(rv_order_add(NULL, &order, &names, id),
		    in[id] ? RV_ERR_EXISTS : RV_OK);
		in[id] = true;
	}
	assert_is(order, &names, in, n);
	/* And away again, all but some, which then lie together. */
	for (unsigned i = 0; i < n; i++)
		if (in[i] && i % 1000 != 0) {
			assert_int_equal(
			    rv_order_remove(NULL, &order, &names, i), RV_OK);
			in[i] = false;
		}
	assert_is(order, &names, in, n);
	assert_true(runs_of(order) <= n / 1000 / (LEAF / 4) + 1);
	rv_order_free(order);
	rv_dict_fini(&names);
	free(in);
}

/* ---- Seeking ------------------------------------------------------------ */

/* Behind names that are there, that were never, before and after all. */
static void
test_seeks(void **state)
{
	const unsigned n = 5000;
	struct rv_order *order = NULL;
	struct rv_dict names;
	char text[24];

	(void)state;
	names_init(&names, n);
	for (unsigned i = 3; i < n; i += 3)
		assert_int_equal(rv_order_add(NULL, &order, &names, i), RV_OK);
	for (unsigned i = 0; i <= n; i++) {
		const struct rv_slice name = number_name(text, i);
		struct rv_order_at at = rv_order_after(order, &names, name);
		const unsigned after = i / 3 * 3 + 3;
		const uint32_t expected = after < n ? after : RV_NONE;
		struct rv_order_at again = at;
		const uint32_t *run;

		assert_int_equal(rv_order_next(order, &at), expected);
		if (rv_order_run(order, &again, &run) > 0)
			assert_int_equal(run[0], expected);
		else
			assert_int_equal(expected, RV_NONE);
	}
	{
		struct rv_order_at at =
		    rv_order_after(order, &names, RV_SLICE_LIT(""));

		assert_int_equal(rv_order_next(order, &at), 3);
		at = rv_order_after(order, &names, RV_SLICE_LIT("00000003x"));
		assert_int_equal(rv_order_next(order, &at), 6);
	}
	rv_order_free(order);
	rv_dict_fini(&names);
}

/* ---- Versions ----------------------------------------------------------- */

enum {
	UNIVERSE = 4000,
	KEPT = 24
};

struct version {
	struct rv_order *order;
	bool in[UNIVERSE];
};

/* Some additions and removals, also of what is there or is not. */
static void
change(struct rv_edit *e, struct version *v, const struct rv_dict *names,
    unsigned *seed, bool grow)
{
	unsigned n = (unsigned)rand_r(seed) % 200;

	while (n-- > 0) {
		const uint32_t id = (uint32_t)rand_r(seed) % UNIVERSE;
		const bool add = (rand_r(seed) % 4 != 0) == grow;
		const bool there = v->in[id];

		if (add)
			assert_int_equal(rv_order_add(e, &v->order, names, id),
			    there ? RV_ERR_EXISTS : RV_OK);
		else
			assert_int_equal(
			    rv_order_remove(e, &v->order, names, id),
			    there ? RV_OK : RV_ERR_NOTFOUND);
		v->in[id] = add;
	}
}

/*
 * A line of versions that grows and shrinks: each stays as it was until what
 * its successor replaced is freed, and edits given up leave no trace.
 */
static void
test_versions(void **state)
{
	struct version *v = calloc(KEPT, sizeof(*v));
	struct rv_blocks retired[KEPT] = { 0 };
	struct rv_dict names;
	unsigned seed = 77;
	uint32_t edition = 0;

	(void)state;
	assert_non_null(v);
	names_init(&names, UNIVERSE);
	for (unsigned k = 1; k < 400; k++) {
		struct version *old = &v[(k - 1) % KEPT], *new = &v[k % KEPT];
		struct rv_edit e;

		rv_blocks_free(&retired[k % KEPT]); /* what `new` was */
		do {
			*new = *old;
			rv_edit_begin(&e, ++edition);
			change(&e, new, &names, &seed, k / 100 % 2 == 0);
			assert_true(rv_order_is_sound(new->order, &names));
		} while (rand_r(&seed) % 3 == 0 && (rv_edit_abort(&e), true));
		retired[(k - 1) % KEPT] = rv_edit_commit(&e);
		if (k % KEPT == 0)
			for (unsigned i = 0; i < KEPT; i++)
				assert_is(
				    v[i].order, &names, v[i].in, UNIVERSE);
	}
	for (unsigned i = 0; i < KEPT; i++)
		rv_blocks_free(&retired[i]);
	rv_order_free(v[399 % KEPT].order);
	rv_dict_fini(&names);
	free(v);
}

/* An edit that drops an order leaves it to the versions before. */
static void
test_drop(void **state)
{
	struct rv_order *order = NULL;
	struct rv_blocks replaced;
	bool in[2000] = { false };
	struct rv_dict names;
	struct rv_edit e;

	(void)state;
	names_init(&names, 2000);
	for (unsigned i = 0; i < 2000; i++) {
		assert_int_equal(rv_order_add(NULL, &order, &names, i), RV_OK);
		in[i] = true;
	}
	rv_edit_begin(&e, 1);
	rv_order_drop(&e, order);
	rv_edit_abort(&e);
	assert_is(order, &names, in, 2000);
	rv_edit_begin(&e, 2);
	rv_order_drop(&e, order);
	replaced = rv_edit_commit(&e);
	assert_is(order, &names, in, 2000);
	rv_blocks_free(&replaced); /* nothing is left of it */
	rv_dict_fini(&names);
}

/* A change of one id copies one way down, whatever the size. */
static void
test_edits_are_small(void **state)
{
	const unsigned n = 400000;
	struct rv_order *order = NULL, *next;
	struct rv_blocks replaced;
	struct rv_dict names;
	struct rv_edit e;

	(void)state;
	names_init(&names, n);
	for (unsigned i = 0; i < n; i += 2)
		assert_int_equal(rv_order_add(NULL, &order, &names, i), RV_OK);
	for (uint32_t k = 0; k < 200; k++) {
		next = order;
		rv_edit_begin(&e, k + 1);
		assert_int_equal(
		    rv_order_add(&e, &next, &names, k * 1999 / 2 * 2 + 1),
		    RV_OK);
		assert_true(e.made.bytes < 20000);
		replaced = rv_edit_commit(&e);
		assert_true(replaced.bytes < 20000);
		rv_blocks_free(&replaced);
		order = next;
	}
	assert_int_equal(rv_order_count(order), n / 2 + 200);
	assert_true(rv_order_is_sound(order, &names));
	rv_order_free(order);
	rv_dict_fini(&names);
}

/* ---- Soundness ---------------------------------------------------------- */

static void
test_notices_disorder(void **state)
{
	struct rv_order *order = NULL;
	struct rv_order_at at = { 0 };
	struct rv_dict names;
	const uint32_t *run;
	uint32_t *ids, kept;

	(void)state;
	names_init(&names, 1200);
	for (unsigned i = 0; i < 1200; i++)
		assert_int_equal(rv_order_add(NULL, &order, &names, i), RV_OK);
	assert_true(rv_order_run(order, &at, &run) > 10);
	assert_true(rv_order_run(order, &at, &run) > 10); /* the second */
	ids = (uint32_t *)(uintptr_t)run;
	assert_true(rv_order_is_sound(order, &names));
	kept = ids[0];
	ids[0] = 0; /* before the last of the first leaf */
	assert_false(rv_order_is_sound(order, &names));
	ids[0] = kept;
	kept = ids[5];
	ids[5] = ids[4]; /* twice */
	assert_false(rv_order_is_sound(order, &names));
	ids[5] = 1200; /* no name */
	assert_false(rv_order_is_sound(order, &names));
	ids[5] = kept;
	assert_true(rv_order_is_sound(order, &names));
	order->count++;
	assert_false(rv_order_is_sound(order, &names));
	rv_order_free(order);
	rv_dict_fini(&names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_orders_by_bytes),
		cmocka_unit_test(test_equal_names_of_two_spaces),
		cmocka_unit_test(test_density),
		cmocka_unit_test(test_splits_in_the_middle),
		cmocka_unit_test(test_seeks),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_drop),
		cmocka_unit_test(test_edits_are_small),
		cmocka_unit_test(test_notices_disorder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
