/* The engine's own containers: dictionary, map, groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "groups.h"
#include "intmap.h"

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
	assert_true(rv_ids_ascend(rv_groups_get(&groups, 2)));
	assert_int_equal(rv_groups_get(&groups, 3).n, 0);
	rv_groups_fini(&groups);
	rv_pairs_fini(&pairs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intmap),
		cmocka_unit_test(test_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
