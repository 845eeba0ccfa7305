/*
 * Names, and the level that evidence proves: one table, to be read by whoever
 * decides what a sign-in is worth.
 */
#include <stdio.h>

#include "unit/unit.h"

#include "reeve/auth_evidence.h"

#define WORDS(...)                                                  \
	{                                                           \
		.v = (const char *const[]){ __VA_ARGS__ },          \
		.n = sizeof((const char *const[]){ __VA_ARGS__ }) / \
		     sizeof(const char *),                          \
	}

/* The lists of indicators and SIDs are as they are shipped. */
static const struct rv_authority_levels authorities[] = {
	{ .source = "corp" },
	{ .source = "cards",
	    .certificate_policies = WORDS("1.2.3.4", "1.2.3.5"),
	    .hello_policies = WORDS("1.2.3.9") },
};
static const struct rv_issuer_levels issuers[] = {
	{ .source = "entra",
	    .certificate_acrs = WORDS("c1"),
	    .hello_acrs = WORDS("c2"),
	    .hello_amr = WORDS("hwk+mfa", "fido") },
	{ .source = "adfs",
	    .domain_sign_in = true,
	    .certificate_acr = WORDS("urn:x509"),
	    .hello_acr = WORDS("phrh"),
	    .certificate_amr = WORDS("sc") },
	{ .source = "plain" },
};
static const struct rv_level_policy shipped = {
	.certificate_indicators = WORDS("pkinit"),
	.hello_indicators = WORDS("passkey"),
	.certificate_sids = WORDS("S-1-5-21-1-2-3-700"),
	.hello_sids = WORDS("S-1-18-5"),
	.authorities = authorities,
	.n_authorities = sizeof(authorities) / sizeof(authorities[0]),
	.issuers = issuers,
	.n_issuers = sizeof(issuers) / sizeof(issuers[0]),
};

#define K  RV_AUTH_KERBEROS
#define C  RV_AUTH_CERTIFICATE
#define T  RV_AUTH_TOKEN
#define NO RV_LEVEL_NONE
#define WI RV_LEVEL_WINDOWS
#define CE RV_LEVEL_CERTIFICATE
#define HE RV_LEVEL_HELLO

/* Lists are separated by blanks; "by": a gateway acts for the person. */
static const struct row {
	enum rv_auth_method method;
	const char *source, *indicators, *sids, *policies, *acrs, *acr, *amr;
	const char *is; /* "strong", "by", "" */
	enum rv_level level;
} rows[] = {
	/* --- A ticket: what it is signed in with -------------------------- */
	{ K, "", "", "", "", "", "", "", "", WI },
	{ K, "", "pkinit", "", "", "", "", "", "", CE },
	{ K, "", "spake pkinit", "", "", "", "", "", "", CE },
	{ K, "", "passkey", "", "", "", "", "", "", HE },
	{ K, "", "pkinit passkey", "", "", "", "", "", "", HE },
	{ K, "", "passkey pkinit", "", "", "", "", "", "", HE },
	/* None of these is in a list that is shipped. */
	{ K, "", "otp hardware", "", "", "", "", "", "", WI },
	{ K, "", "radius idp", "", "", "", "", "", "", WI },
	{ K, "", "spake fast", "", "", "", "", "", "", WI },
	{ K, "", "hardened smartcard hwkey", "", "", "", "", "", "", WI },
	/* Nearly is not. */
	{ K, "", "PKINIT pkini", "", "", "", "", "", "", WI },
	{ K, "", "passkeys xpasskey", "", "", "", "", "", "", WI },
	/* SIDs of the PAC. */
	{ K, "", "", "S-1-18-1", "", "", "", "", "", WI },
	{ K, "", "", "S-1-18-5", "", "", "", "", "", HE },
	{ K, "", "", "s-1-18-5", "", "", "", "", "", WI },
	{ K, "", "", "S-1-18-4 S-1-18-3", "", "", "", "", "", WI },
	{ K, "", "", "S-1-5-21-1-2-3-700", "", "", "", "", "", CE },
	{ K, "", "pkinit", "S-1-18-5", "", "", "", "", "", HE },
	/* A gateway's word is worth windows, whatever it has seen. */
	{ K, "", "passkey", "S-1-18-5", "", "", "", "", "by", WI },
	{ K, "", "pkinit", "", "", "", "", "", "by", WI },
	/* What belongs to another method says nothing. */
	{ K, "", "", "", "1.2.3.9", "c2", "phrh", "hwk mfa", "strong", WI },

	/* --- A client certificate ------------------------------------------ */
	{ C, "corp", "", "", "", "", "", "", "strong", CE },
	{ C, "corp", "", "", "", "", "", "", "", CE },
	{ C, "corp", "", "", "1.2.3.9", "", "", "", "strong", CE },
	{ C, "cards", "", "", "", "", "", "", "strong", NO },
	{ C, "cards", "", "", "1.2.3.4", "", "", "", "strong", CE },
	{ C, "cards", "", "", "1.2.3", "", "", "", "strong", NO },
	{ C, "cards", "", "", "1.2.3.9", "", "", "", "strong", HE },
	/* hello needs a mapping that cannot be re-used. */
	{ C, "cards", "", "", "1.2.3.9", "", "", "", "", NO },
	{ C, "cards", "", "", "1.2.3.9 1.2.3.5", "", "", "", "", CE },
	{ C, "unknown", "", "", "1.2.3.9", "", "", "", "strong", NO },
	{ C, "", "", "", "", "", "", "", "strong", NO },
	{ C, "corp", "passkey", "S-1-18-5", "", "c2", "", "", "strong", CE },
	{ C, "corp", "", "", "", "", "", "", "by", NO },

	/* --- A token --------------------------------------------------------- */
	{ T, "plain", "", "", "", "", "", "", "", NO },
	{ T, "plain", "", "", "", "c2", "phrh", "hwk mfa", "", NO },
	{ T, "adfs", "", "", "", "", "", "", "", WI },
	{ T, "adfs", "", "", "", "", "urn:x509", "", "", CE },
	{ T, "adfs", "", "", "", "", "phrh", "", "", HE },
	{ T, "adfs", "", "", "", "", "phr", "", "", WI },
	{ T, "adfs", "", "", "", "", "", "sc pin", "", CE },
	/* Entra's amr shows mfa for an authenticator app too. */
	{ T, "entra", "", "", "", "", "", "rsa mfa", "", NO },
	{ T, "entra", "", "", "", "c1", "", "", "", CE },
	{ T, "entra", "", "", "", "c1 c2", "", "", "", HE },
	{ T, "entra", "", "", "", "c22", "", "", "", NO },
	{ T, "entra", "", "", "", "", "", "hwk", "", NO },
	{ T, "entra", "", "", "", "", "", "mfa", "", NO },
	{ T, "entra", "", "", "", "", "", "mfa pin hwk", "", HE },
	{ T, "entra", "", "", "", "", "", "fido", "", HE },
	{ T, "unknown", "", "", "", "c2", "", "", "", NO },
	{ T, "adfs", "", "", "", "", "phrh", "", "by", NO },
	{ T, "adfs", "passkey", "S-1-18-5", "1.2.3.9", "", "", "", "", WI },

	/* --- Nothing ----------------------------------------------------------- */
	{ RV_AUTH_NONE, "corp", "passkey", "S-1-18-5", "1.2.3.9", "c2", "phrh",
	    "fido", "strong", NO },
	{ (enum rv_auth_method)77, "corp", "passkey", "", "", "c2", "", "",
	    "strong", NO },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

static void
add_all(struct rv_texts *texts, const char *list)
{
	while (*list != '\0') {
		size_t n = strcspn(list, " ");

		assert_int_equal(
		    rv_texts_add(texts, (struct rv_slice){ list, n }), RV_OK);
		list += n + (list[n] == ' ');
	}
}

static struct rv_evidence
evidence_of(const struct row *row)
{
	struct rv_evidence e = {
		.method = row->method,
		.principal = "alice@LAB.TEST",
		.strong = strcmp(row->is, "strong") == 0,
		.delegated = strcmp(row->is, "by") == 0,
	};

	(void)snprintf(e.source, sizeof(e.source), "%s", row->source);
	add_all(&e.indicators, row->indicators);
	add_all(&e.sids, row->sids);
	add_all(&e.policies, row->policies);
	add_all(&e.acrs, row->acrs);
	add_all(&e.acr, row->acr);
	add_all(&e.amr, row->amr);
	return e;
}

static size_t
count_wrong(const struct rv_level_policy *policy, bool tell)
{
	size_t wrong = 0;

	for (size_t i = 0; i < N_ROWS; i++) {
		struct rv_evidence e = evidence_of(&rows[i]);
		enum rv_level level = rv_level_of(&e, policy);

		if (level != rows[i].level) {
			wrong++;
			if (tell)
				(void)printf("# row %zu: %s, not %s\n", i,
				    rv_level_name(level),
				    rv_level_name(rows[i].level));
		}
		rv_evidence_fini(&e);
	}
	return wrong;
}

static void
test_table(void **state)
{
	(void)state;
	assert_int_equal(count_wrong(&shipped, true), 0);
}

/* The table notices a list that is longer, shorter, or in another's place. */
static void
test_table_notices(void **state)
{
	struct rv_level_policy flawed;

	(void)state;
	flawed = shipped;
	flawed.hello_indicators = (struct rv_words)WORDS("passkey", "otp");
	assert_true(count_wrong(&flawed, false) > 0);
	flawed = shipped;
	flawed.hello_indicators = shipped.certificate_indicators;
	assert_true(count_wrong(&flawed, false) > 0);
	flawed = shipped;
	flawed.hello_sids.n = 0;
	assert_true(count_wrong(&flawed, false) > 0);
	flawed = shipped;
	flawed.certificate_sids.n = 0;
	assert_true(count_wrong(&flawed, false) > 0);
	flawed = shipped;
	flawed.n_authorities = 1;
	assert_true(count_wrong(&flawed, false) > 0);
	flawed = shipped;
	flawed.n_issuers = 1;
	assert_true(count_wrong(&flawed, false) > 0);
}

/* With empty lists there is no way above what a method is by itself. */
static void
test_empty_lists_reach_nothing(void **state)
{
	const struct rv_level_policy empty = { .n_issuers = 0 };

	(void)state;
	for (size_t i = 0; i < N_ROWS; i++) {
		struct rv_evidence e = evidence_of(&rows[i]);
		enum rv_level most =
		    rows[i].method == K ? RV_LEVEL_WINDOWS : RV_LEVEL_NONE;

		assert_int_equal(rv_level_of(&e, &empty), most);
		rv_evidence_fini(&e);
	}
}

static void
test_odd_policies(void **state)
{
	const struct rv_level_policy policy = {
		.certificate_indicators = { (const char *const[]){ NULL, "" },
		    2 },
	};
	struct rv_evidence e = { .method = K, .principal = "a@B" };

	(void)state;
	add_all(&e.indicators, "x");
	assert_int_equal(rv_texts_add(&e.indicators, RV_SLICE_LIT("")), RV_OK);
	assert_int_equal(rv_level_of(&e, &policy), RV_LEVEL_WINDOWS);
	rv_evidence_fini(&e);
}

static void
test_nobody_has_no_level(void **state)
{
	struct rv_evidence e = evidence_of(&rows[3]);

	(void)state;
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_HELLO);
	e.principal[0] = '\0';
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_NONE);
	memset(e.principal, 'a', sizeof(e.principal));
	assert_int_equal(rv_level_of(&e, &shipped), RV_LEVEL_NONE);
	rv_evidence_fini(&e);
	assert_int_equal(e.method, RV_AUTH_NONE);
}

static void
test_texts(void **state)
{
	struct rv_texts t = { NULL, 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		char text[8];

		(void)snprintf(text, sizeof(text), "t%d", i);
		assert_int_equal(rv_texts_add(&t, rv_slice_of(text)), RV_OK);
	}
	assert_true(rv_texts_have(&t, RV_SLICE_LIT("t99")));
	assert_false(rv_texts_have(&t, RV_SLICE_LIT("t")));
	assert_int_equal(
	    rv_texts_add(&t, RV_SLICE_LIT("a\0b")), RV_ERR_INVALID);
	assert_int_equal(
	    rv_texts_add(&t, RV_SLICE_LIT("\xff")), RV_ERR_INVALID);
	assert_int_equal(t.n, 100);
	rv_texts_fini(&t);
	assert_int_equal(t.n, 0);
}

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(rv_auth_method_name(K), "kerberos");
	assert_string_equal(rv_auth_method_name(C), "certificate");
	assert_string_equal(rv_auth_method_name(T), "token");
	assert_string_equal(rv_auth_method_name(RV_AUTH_NONE), "none");
	assert_string_equal(
	    rv_auth_method_name((enum rv_auth_method)77), "unknown");
	for (int i = 0; i < RV_N_REFUSALS; i++) {
		const char *name =
		    rv_auth_refusal_name((enum rv_auth_refusal)i);

		assert_string_not_equal(name, "unknown");
		for (int k = 0; k < i; k++)
			assert_string_not_equal(name,
			    rv_auth_refusal_name((enum rv_auth_refusal)k));
	}
	assert_string_equal(
	    rv_auth_refusal_name((enum rv_auth_refusal) - 1), "unknown");
	assert_string_equal(rv_auth_refusal_name(RV_N_REFUSALS), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_notices),
		cmocka_unit_test(test_empty_lists_reach_nothing),
		cmocka_unit_test(test_odd_policies),
		cmocka_unit_test(test_nobody_has_no_level),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
