/* Refusals: the first is recorded, the rest are counted, none is lost. */
#include "unit/unit.h"

#include <stdio.h>

#include "pipeline/refusals.h"

struct sum {
	uint64_t total;
	size_t groups;
	char last[64];
};

static void
add(void *arg, const struct rv_refusal_count *count)
{
	struct sum *sum = arg;

	sum->total += count->count;
	sum->groups++;
	(void)snprintf(
	    sum->last, sizeof(sum->last), "%s %s", count->ip, count->reason);
}

static void
the_first_of_each_is_recorded(void **state)
{
	struct rv_refusals *r = rv_refusals_new();
	struct sum sum = { 0 };

	(void)state;
	assert_true(rv_refusals_first(r, "192.0.2.1", "ntlm"));
	assert_false(rv_refusals_first(r, "192.0.2.1", "ntlm"));
	assert_false(rv_refusals_first(r, "192.0.2.1", "ntlm"));
	assert_true(rv_refusals_first(r, "192.0.2.1", "replay"));
	assert_true(rv_refusals_first(r, "192.0.2.2", "ntlm"));
	rv_refusals_flush(r, add, &sum);
	assert_int_equal(sum.total, 2);
	assert_int_equal(sum.groups, 1);
	assert_string_equal(sum.last, "192.0.2.1 ntlm");
	rv_refusals_free(&r);
	assert_null(r);
}

static void
a_minute_later_it_is_the_first_again(void **state)
{
	struct rv_refusals *r = rv_refusals_new();
	struct sum sum = { 0 };

	(void)state;
	assert_true(rv_refusals_first(r, "192.0.2.1", "ntlm"));
	rv_refusals_flush(r, add, &sum);
	assert_int_equal(sum.groups, 0);
	assert_true(rv_refusals_first(r, "192.0.2.1", "ntlm"));
	rv_refusals_free(&r);
}

/* Whatever the number of sources: recorded + counted = happened. */
static void
a_flood_of_sources_loses_none(void **state)
{
	struct rv_refusals *r = rv_refusals_new();
	struct sum sum = { 0 };
	uint64_t recorded = 0;
	char ip[46];

	(void)state;
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < 5000; i++) {
			(void)snprintf(
			    ip, sizeof(ip), "10.%u.%u.1", i / 256, i % 256);
			if (rv_refusals_first(r, ip, "no_credential"))
				recorded++;
		}
	rv_refusals_flush(r, add, &sum);
	assert_int_equal(recorded + sum.total, 15000);
	assert_true(sum.total > 0);
	rv_refusals_free(&r);
}

static void
long_words_are_kept_apart_from_short_ones(void **state)
{
	struct rv_refusals *r = rv_refusals_new();

	(void)state;
	assert_true(rv_refusals_first(r, "2001:db8::1",
	    "a_reason_that_is_longer_than_the_slot_has_room_for"));
	assert_false(rv_refusals_first(r, "2001:db8::1",
	    "a_reason_that_is_longer_than_the_slot_has_room_for"));
	assert_true(rv_refusals_first(r, "2001:db8::1", "a_reason"));
	rv_refusals_free(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_of_each_is_recorded),
		cmocka_unit_test(a_minute_later_it_is_the_first_again),
		cmocka_unit_test(a_flood_of_sources_loses_none),
		cmocka_unit_test(long_words_are_kept_apart_from_short_ones),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
