/*
 * Names, and the level that evidence proves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "reeve/auth.h"

static const char *const certificate[] = { "pkinit", "smartcard" };
static const char *const hello[] = { "passkey" };

/* As it is shipped. */
static const struct rv_level_policy shipped = {
	.certificate_indicators = certificate,
	.n_certificate_indicators = 1,
	.hello_indicators = hello,
	.n_hello_indicators = 1,
};

static struct rv_evidence
evidence_with(const char *first, const char *second)
{
	struct rv_evidence e = {
		.method = RV_AUTH_KERBEROS,
		.principal = "alice@LAB.TEST",
	};

	if (first != NULL)
		(void)snprintf(e.indicators[e.n_indicators++], RV_INDICATOR_MAX,
		    "%s", first);
	if (second != NULL)
		(void)snprintf(e.indicators[e.n_indicators++], RV_INDICATOR_MAX,
		    "%s", second);
	return e;
}

static void
test_table(void **state)
{
	static const struct {
		const char *first, *second;
		enum rv_level level;
	} rows[] = {
		{ NULL, NULL, RV_LEVEL_WINDOWS },
		{ "pkinit", NULL, RV_LEVEL_CERTIFICATE },
		{ "spake", "pkinit", RV_LEVEL_CERTIFICATE },
		{ "passkey", NULL, RV_LEVEL_HELLO },
		{ "pkinit", "passkey", RV_LEVEL_HELLO },
		{ "passkey", "pkinit", RV_LEVEL_HELLO },
		/* None of these is in a list that is shipped. */
		{ "otp", "hardware", RV_LEVEL_WINDOWS },
		{ "radius", "idp", RV_LEVEL_WINDOWS },
		{ "spake", "fast", RV_LEVEL_WINDOWS },
		{ "hardened", "smartcard", RV_LEVEL_WINDOWS },
		/* Nearly is not. */
		{ "PKINIT", "pkini", RV_LEVEL_WINDOWS },
		{ "pkinit ", "passkeys", RV_LEVEL_WINDOWS },
		{ "", "", RV_LEVEL_WINDOWS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rv_evidence e =
		    evidence_with(rows[i].first, rows[i].second);

		assert_int_equal(rv_level_of(&e, &shipped), rows[i].level);
	}
}

static void
test_empty_lists_reach_nothing(void **state)
{
	const struct rv_level_policy empty = { .n_hello_indicators = 0 };
	struct rv_evidence e = evidence_with("passkey", "pkinit");

	(void)state;
	assert_int_equal(rv_level_of(&e, &empty), RV_LEVEL_WINDOWS);
}

static void
test_odd_policies(void **state)
{
	static const char *const odd[] = { NULL, "" };
	const struct rv_level_policy policy = {
		.certificate_indicators = odd,
		.n_certificate_indicators = 2,
		.hello_indicators = NULL,
		.n_hello_indicators = 3,
	};
	struct rv_evidence e = evidence_with("", "passkey");

	(void)state;
	assert_int_equal(rv_level_of(&e, &policy), RV_LEVEL_WINDOWS);
}

static void
test_broken_evidence_proves_nothing(void **state)
{
	struct rv_evidence e = evidence_with("passkey", NULL);

	(void)state;
	e.method = RV_AUTH_NONE;
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_NONE);
	e.method = (enum rv_auth_method)77;
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_NONE);

	e = evidence_with("passkey", NULL);
	e.principal[0] = '\0';
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_NONE);
	memset(e.principal, 'a', sizeof(e.principal));
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_NONE);

	e = evidence_with("passkey", NULL);
	e.n_indicators = RV_EVIDENCE_INDICATORS + 1;
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_NONE);

	/* An indicator without an end. */
	e = evidence_with(NULL, NULL);
	memset(e.indicators[0], 'x', RV_INDICATOR_MAX);
	e.n_indicators = 1;
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_WINDOWS);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(rv_auth_method_name(RV_AUTH_NONE), "none");
	assert_string_equal(rv_auth_method_name(RV_AUTH_KERBEROS), "kerberos");
	assert_string_equal(
	    rv_auth_method_name((enum rv_auth_method)9), "unknown");
	/* All different, none empty. */
	for (int i = RV_REFUSED_NOT; i <= RV_REFUSED_INTERNAL; i++) {
		const char *name =
		    rv_auth_refusal_name((enum rv_auth_refusal)i);

		assert_string_not_equal(name, "");
		assert_string_not_equal(name, "unknown");
		for (int k = RV_REFUSED_NOT; k < i; k++)
			assert_string_not_equal(name,
			    rv_auth_refusal_name((enum rv_auth_refusal)k));
	}
	assert_string_equal(
	    rv_auth_refusal_name((enum rv_auth_refusal)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_empty_lists_reach_nothing),
		cmocka_unit_test(test_odd_policies),
		cmocka_unit_test(test_broken_evidence_proves_nothing),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
