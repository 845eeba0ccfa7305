/*
 * What failed sign-ins cost, and whom.
 */
#include <stdio.h>

#include "unit/unit.h"

#include "penalty_network.h"
#include "reeve/auth_penalty.h"

#define NOW 1000000

static const char *const exempt[] = { "198.51.100.0/24", "2001:db8:1::/48" };
static const struct rv_penalty_config config = {
	.delay_ms = 100,
	.max_delay_ms = 8000,
	.decay_ms = 60000,
	.exempt = exempt,
	.n_exempt = 2,
	.max_entries = 64,
};

static struct rv_penalties *
penalties_new(void)
{
	struct rv_penalties *p = NULL;
	struct rv_error e;

	assert_int_equal(rv_penalties_new(&config, &p, &e), RV_OK);
	return p;
}

static void
test_grows_and_is_forgotten(void **state)
{
	struct rv_penalties *p = penalties_new();
	int64_t expected = 100;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(
		    rv_penalty_refused(p, "192.0.2.1", NULL, NOW), expected);
		expected = expected * 2 < 8000 ? expected * 2 : 8000;
	}
	/* Another source pays the first price. */
	assert_int_equal(rv_penalty_refused(p, "192.0.2.2", NULL, NOW), 100);
	/* One failure is forgotten in a minute, ten in ten. */
	assert_int_equal(
	    rv_penalty_refused(p, "192.0.2.1", NULL, NOW + 600000), 100);
	/* A clock that was set back forgives nothing. */
	assert_int_equal(
	    rv_penalty_refused(p, "192.0.2.2", NULL, NOW - 900000), 200);
	rv_penalties_free(&p);
	assert_null(p);
}

static void
test_principal(void **state)
{
	struct rv_penalties *p = penalties_new();
	char source[32];

	(void)state;
	/* From everywhere at one account: the principal counts. */
	for (int i = 0; i < 5; i++) {
		(void)snprintf(source, sizeof(source), "192.0.2.%d", 10 + i);
		assert_int_equal(
		    rv_penalty_refused(p, source, "alice@LAB.TEST", NOW),
		    100 << i);
	}
	/* She signs in: nobody is locked out, and she is forgiven. */
	assert_true(rv_penalty_admits(p, "192.0.2.77", NOW));
	rv_penalty_accepted(p, "alice@LAB.TEST", NOW);
	assert_int_equal(
	    rv_penalty_refused(p, "192.0.2.99", "alice@LAB.TEST", NOW), 100);
	/* But not the sources. */
	assert_int_equal(rv_penalty_refused(p, "192.0.2.10", NULL, NOW), 200);
	rv_penalties_free(&p);
}

static void
test_admits(void **state)
{
	struct rv_penalties *p = penalties_new();

	(void)state;
	assert_true(rv_penalty_admits(p, "192.0.2.1", NOW));
	for (int i = 0; i < 100; i++)
		(void)rv_penalty_refused(p, "192.0.2.1", NULL, NOW);
	assert_false(rv_penalty_admits(p, "192.0.2.1", NOW));
	assert_true(rv_penalty_admits(p, "192.0.2.2", NOW));
	/* What has piled up has an end. */
	assert_true(rv_penalty_admits(p, "192.0.2.1", NOW + 64 * 60000));
	rv_penalties_free(&p);
}

static void
test_exempt_and_networks(void **state)
{
	struct rv_penalties *p = penalties_new();

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(
		    rv_penalty_refused(p, "198.51.100.7", "a@X", NOW), 100);
		assert_int_equal(
		    rv_penalty_refused(p, "2001:db8:1::7", NULL, NOW), 100);
	}
	assert_true(rv_penalty_admits(p, "198.51.100.7", NOW));
	/* Nobody's failures behind a gateway count against the person. */
	assert_int_equal(rv_penalty_refused(p, "192.0.2.1", "a@X", NOW), 100);
	/* A subscriber of IPv6 has a whole /64. */
	assert_int_equal(
	    rv_penalty_refused(p, "2001:db8:2::1", NULL, NOW), 100);
	assert_int_equal(
	    rv_penalty_refused(p, "2001:db8:2::2", NULL, NOW), 200);
	assert_int_equal(
	    rv_penalty_refused(p, "2001:db8:2:1::1", NULL, NOW), 100);
	/* IPv4 in IPv6 is the same source. */
	assert_int_equal(
	    rv_penalty_refused(p, "::ffff:192.0.2.1", NULL, NOW), 200);
	rv_penalties_free(&p);
}

/* More sources than there is room for: the oldest are forgotten. */
static void
test_bounded(void **state)
{
	struct rv_penalties *p = penalties_new();
	char source[32];

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		(void)snprintf(source, sizeof(source), "10.0.%u.%u",
		    i / 256 % 256, i % 256);
		assert_int_equal(rv_penalty_refused(p, source, NULL, NOW), 100);
	}
	assert_int_equal(rv_penalty_refused(p, source, NULL, NOW), 200);
	rv_penalties_free(&p);
}

static void
test_settings(void **state)
{
	const char *const wrong[] = { "10.0.0.0/33", "10.0.0/8", "x", "",
		"2001:db8::/129", "10.0.0.0/-1", "10.0.0.0/" };
	struct rv_penalties *p = penalties_new(), *none = NULL;
	struct rv_penalty_config changed = config;
	struct rv_error e;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		changed.exempt = &wrong[i];
		changed.n_exempt = 1;
		assert_int_equal(
		    rv_penalties_new(&changed, &none, &e), RV_ERR_INVALID);
		assert_non_null(strstr(e.text, "penalty_exempt"));
		assert_int_equal(
		    rv_penalties_configure(p, &changed, &e), RV_ERR_INVALID);
	}
	/* What was counted outlives a reload. */
	(void)rv_penalty_refused(p, "192.0.2.1", NULL, NOW);
	changed = config;
	changed.delay_ms = 1000;
	assert_int_equal(rv_penalties_configure(p, &changed, &e), RV_OK);
	assert_int_equal(rv_penalty_refused(p, "192.0.2.1", NULL, NOW), 2000);
	rv_penalties_free(&p);
	rv_penalties_free(&none);
}

static void
test_network(void **state)
{
	static const struct {
		const char *network, *address;
		bool has;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.0.1", true },
		{ "10.0.0.0/8", "11.0.0.1", false },
		{ "10.0.0.0/9", "10.128.0.1", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "0.0.0.0/0", "192.0.2.2", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "192.0.2.2", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned char address[16];
		struct rv_network network;

		assert_true(rv_network_read(rows[i].network, &network));
		assert_true(rv_address_read(rows[i].address, address));
		assert_int_equal(
		    rv_network_has(&network, address), rows[i].has);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_is_forgotten),
		cmocka_unit_test(test_principal),
		cmocka_unit_test(test_admits),
		cmocka_unit_test(test_exempt_and_networks),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
