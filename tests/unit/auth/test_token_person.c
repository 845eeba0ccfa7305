/*
 * Whom a good token stands for: Entra's two versions, tenants, applications,
 * groups known and unknown, factors, names in the directory; and how a caller
 * is told to come back stronger.
 */
#include "unit/unit.h"

#include "unit/auth/token_desk.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct desk desk;

static void
name_people_and_look_them_up(struct rv_issuer *issuers)
{
	issuers[DESK_RIVAL].principal_claim = "preferred_username";
	issuers[DESK_RIVAL].subject_claim = "employee";
	issuers[DESK_RIVAL].lookup_claim = "upn";
	issuers[DESK_RIVAL].directory_realm = "LAB.TEST";
	issuers[DESK_RIVAL].groups_claim = NULL;
	issuers[DESK_RIVAL].max_age_ms = 3600000;
	issuers[DESK_ENTRA].lookup_claim = "onprem_sid";
}

static int
open_desk(void **state)
{
	(void)state;
	desk_open(&desk, name_people_and_look_them_up);
	return 0;
}

static int
close_desk(void **state)
{
	(void)state;
	desk_close(&desk);
	return 0;
}

static const struct rv_evidence *
good(const char *changes)
{
	assert_int_equal(
	    desk_judge_text(&desk, desk_good(&desk, NULL, changes)),
	    RV_REFUSED_NOT);
	return &desk.evidence;
}

static const struct rv_evidence *
good_entra(bool v1, const char *changes)
{
	assert_int_equal(desk_judge_text(&desk, desk_entra(&desk, v1, changes)),
	    RV_REFUSED_NOT);
	return &desk.evidence;
}

static char *
rival(const char *changes)
{
	json_t *payload = desk_payload();

	desk_change(payload, "{\"iss\":\"" RIVAL "\",\"employee\":\"e-17\","
			     "\"preferred_username\":\"Alice\"}");
	return desk_token(&desk.rival, "ES256", desk_header("es", "at+jwt"),
	    NULL, payload, changes);
}

static const struct rv_evidence *
good_rival(const char *changes)
{
	assert_int_equal(
	    desk_judge_text(&desk, rival(changes)), RV_REFUSED_NOT);
	return &desk.evidence;
}

/* ---- Entra ------------------------------------------------------------------------- */

static void
entra_people_are_tid_and_oid(void **state)
{
	(void)state;
	assert_string_equal(good_entra(false, NULL)->ids.v[0],
	    "oidc:https://login.test/" TENANT "/v2.0|" TENANT ":oid-alice");
	assert_string_equal(good_entra(true, NULL)->ids.v[0],
	    "oidc:" STS "|" TENANT ":oid-alice");
	/* Names that people can change make no difference. */
	assert_string_equal(
	    good_entra(false,
		"{\"preferred_username\":\"bob@x\",\"upn\":\"bob@x\","
		"\"email\":\"bob@x\",\"sub\":\"x\"}")
		->ids.v[0],
	    "oidc:https://login.test/" TENANT "/v2.0|" TENANT ":oid-alice");
	assert_int_equal(
	    desk_judge_text(&desk, desk_entra(&desk, false, "{\"oid\":null}")),
	    RV_REFUSED_NO_NAME);
}

static void
entra_tenant_issuer_and_version_belong_together(void **state)
{
	static const struct {
		bool v1;
		const char *changes;
		enum rv_auth_refusal refusal;
	} wrong[] = {
		{ false, "{\"tid\":null}", RV_REFUSED_TENANT },
		{ false, "{\"tid\":\"" OTHER_TENANT "\"}", RV_REFUSED_TENANT },
		/* listed, but not the one of iss */
		{ false, "{\"tid\":\"other-tenant\"}", RV_REFUSED_TENANT },
		{ false, "{\"ver\":\"1.0\"}", RV_REFUSED_TENANT },
		{ true, "{\"ver\":\"2.0\"}", RV_REFUSED_TENANT },
		{ false, "{\"ver\":null}", RV_REFUSED_TENANT },
		{ false, "{\"ver\":2.0}", RV_REFUSED_TENANT },
		{ false, "{\"iss\":\"https://login.test/" TENANT "/v2.0/\"}",
		    RV_REFUSED_UNKNOWN_ISSUER },
		{ false, "{\"iss\":\"https://login.test//v2.0\"}",
		    RV_REFUSED_UNKNOWN_ISSUER },
		{ false, "{\"scp\":null}", RV_REFUSED_PURPOSE },
		{ false, "{\"scp\":\"\"}", RV_REFUSED_PURPOSE },
		{ false, "{\"idtyp\":\"device\"}", RV_REFUSED_PURPOSE },
	};

	(void)state;
	for (size_t i = 0; i < N(wrong); i++)
		assert_int_equal(
		    desk_judge_text(&desk,
			desk_entra(&desk, wrong[i].v1, wrong[i].changes)),
		    wrong[i].refusal);
}

/* A key that Entra marks as one tenant's signs for no other. */
static void
entra_key_of_one_tenant_signs_for_no_other(void **state)
{
	static const struct {
		const char *issuer;
		enum rv_auth_refusal refusal;
	} keys[] = {
		{ "https://login.test/{tenantid}/v2.0", RV_REFUSED_NOT },
		{ "https://login.test/" TENANT "/v2.0", RV_REFUSED_NOT },
		{ "https://login.test/" OTHER_TENANT "/v2.0",
		    RV_REFUSED_UNKNOWN_KEY },
		{ "https://sts.test/{tenantid}/", RV_REFUSED_UNKNOWN_KEY },
	};

	(void)state;
	for (size_t i = 0; i < N(keys); i++) {
		json_t *jwk = kit_jwk(&desk.entra), *root;
		char *text;

		assert_int_equal(json_object_set_new(jwk, "issuer",
				     json_string(keys[i].issuer)),
		    0);
		root = json_pack("{s:[o]}", "keys", jwk);
		text = json_dumps(root, JSON_COMPACT);
		kit_give(desk.issuers, DESK_ENTRA, text);
		assert_int_equal(
		    desk_judge_text(&desk, desk_entra(&desk, false, NULL)),
		    keys[i].refusal);
		free(text);
		json_decref(root);
	}
	desk_give_keys(&desk);
}

/* ---- Applications -------------------------------------------------------------------- */

static void
an_application_is_nobody_but_itself(void **state)
{
	static const char *const ways[] = { "{\"sub\":\"cli\"}",
		"{\"idtyp\":\"app\"}", "{\"gty\":\"client-credentials\"}" };
	const struct rv_evidence *ev;

	(void)state;
	for (size_t i = 0; i < N(ways); i++) {
		ev = good(ways[i]);
		assert_int_equal(ev->ids.n, 1);
		assert_string_equal(ev->ids.v[0], "oidc-app:" OP "|cli");
		assert_false(ev->has_groups);
		assert_int_equal(ev->groups.n, 0);
	}
	ev = good_entra(false,
	    "{\"scp\":null,\"idtyp\":\"app\",\"roles\":[\"x\"],"
	    "\"onprem_sid\":\"S-1-5-21-1\",\"acrs\":[\"c1\"],"
	    "\"groups\":[\"g\"]}");
	assert_string_equal(
	    ev->ids.v[0], "oidc-app:https://login.test/" TENANT "/v2.0|cli");
	assert_string_equal(ev->lookup, "");
	assert_int_equal(ev->acrs.n, 0);
	assert_false(ev->has_groups);
}

/* ---- Groups ----------------------------------------------------------------------------- */

static void
groups_that_are_not_all_there_are_unknown(void **state)
{
	static const char *const unknown[] = { "{\"groups\":null}",
		"{\"hasgroups\":true}", "{\"hasgroups\":\"true\"}",
		"{\"_claim_names\":{\"groups\":\"src1\"}}",
		("{\"groups\":null,\"_claim_names\":{\"groups\":\"src1\"},"
		 "\"_claim_sources\":{\"src1\":{\"endpoint\":"
		 "\"https://graph.test/x\"}}}"),
		"{\"_claim_names\":\"groups\"}", "{\"groups\":\"g-ops\"}",
		"{\"groups\":[\"a\",1]}", "{\"groups\":[\"a\",\"\"]}" };

	(void)state;
	for (size_t i = 0; i < N(unknown); i++) {
		const struct rv_evidence *ev = good(unknown[i]);

		assert_false(ev->has_groups);
		assert_int_equal(ev->groups.n, 0);
	}
	assert_true(good("{\"groups\":[]}")->has_groups);
	assert_true(
	    good("{\"_claim_names\":{\"photos\":\"src1\"}}")->has_groups);
	/* An issuer that is not asked brings none. */
	assert_false(good_rival(NULL)->has_groups);
}

/* ---- Names --------------------------------------------------------------------------------- */

static void
the_shown_name_never_stands_alone(void **state)
{
	(void)state;
	assert_string_equal(
	    good_rival(NULL)->principal, "Alice (oidc:" RIVAL "|e-17)");
	assert_string_equal(
	    good_rival("{\"preferred_username\":\"a\\nb\"}")->principal,
	    "oidc:" RIVAL "|e-17");
	assert_string_equal(
	    good_rival("{\"preferred_username\":[\"a\"]}")->principal,
	    "oidc:" RIVAL "|e-17");
}

static void
who_has_no_name_is_nobody(void **state)
{
	static const char *const without[] = { "{\"employee\":null}",
		"{\"employee\":\"\"}", "{\"employee\":17}" };
	char *changes;

	(void)state;
	for (size_t i = 0; i < N(without); i++)
		assert_int_equal(desk_judge_text(&desk, rival(without[i])),
		    RV_REFUSED_NO_NAME);
	/* Nor is a name cut, which may then be another's. */
	assert_true(asprintf(&changes, "{\"employee\":\"%0600d\"}", 0) > 0);
	assert_int_equal(
	    desk_judge_text(&desk, rival(changes)), RV_REFUSED_NO_NAME);
	free(changes);
}

static void
names_are_looked_up_in_one_realm_alone(void **state)
{
	static const struct {
		const char *changes, *lookup;
	} names[] = {
		{ "{\"upn\":\"alice\"}", "alice@LAB.TEST" },
		{ "{\"upn\":\"alice@LAB.TEST\"}", "alice@LAB.TEST" },
		{ "{\"upn\":\"alice@lab.test\"}", "alice@LAB.TEST" },
		{ "{\"upn\":\"alice@EVIL.TEST\"}", "" },
		{ "{\"upn\":\"alice@EVIL@LAB.TEST\"}", "" },
		{ "{\"upn\":\"@LAB.TEST\"}", "" },
		{ "{\"upn\":\"a\\u0001b\"}", "" },
		{ "{\"upn\":1}", "" },
		{ "{\"upn\":\"S-1-5-21-1-2-3-1104\"}",
		    "sid:s-1-5-21-1-2-3-1104" },
	};

	(void)state;
	for (size_t i = 0; i < N(names); i++)
		assert_string_equal(
		    good_rival(names[i].changes)->lookup, names[i].lookup);
	/* Without a realm there are SIDs only. */
	assert_string_equal(
	    good_entra(false, "{\"onprem_sid\":\"S-1-5-21-7\"}")->lookup,
	    "sid:s-1-5-21-7");
	assert_string_equal(
	    good_entra(false, "{\"onprem_sid\":\"alice\"}")->lookup, "");
	assert_string_equal(
	    good_entra(false, "{\"onprem_sid\":\"S-1-x\"}")->lookup, "");
}

/* ---- Age and factors ---------------------------------------------------------------------- */

static void
an_issuer_may_limit_the_age_of_a_sign_in(void **state)
{
	(void)state;
	assert_int_equal(good_rival(NULL)->authenticated_at_ms, NOW_MS - 20000);
	assert_int_equal(
	    desk_judge_text(&desk, rival("{\"auth_time\":1799996339}")),
	    RV_REFUSED_TOO_OLD);
	assert_int_equal(desk_judge_text(&desk, rival("{\"auth_time\":null}")),
	    RV_REFUSED_TOO_OLD);
	/* Where it is not limited it may be unknown. */
	assert_int_equal(good("{\"auth_time\":null}")->authenticated_at_ms, 0);
}

static void
factors_are_told_as_they_are(void **state)
{
	const struct rv_evidence *ev =
	    good("{\"acrs\":[\"c1\",\"c2\"],\"acr\":\"phr\","
		 "\"amr\":[\"hwk\",\"mfa\"]}");

	(void)state;
	assert_int_equal(ev->acrs.n, 2);
	assert_string_equal(ev->acrs.v[1], "c2");
	assert_int_equal(ev->acr.n, 1);
	assert_string_equal(ev->acr.v[0], "phr");
	assert_int_equal(ev->amr.n, 2);
	/* Of another form: nothing. */
	ev = good("{\"acrs\":{\"c1\":1},\"acr\":[\"phr\"],\"amr\":\"mfa\"}");
	assert_int_equal(ev->acrs.n + ev->acr.n + ev->amr.n, 0);
	assert_int_equal(good("{\"acrs\":\"c1\"}")->acrs.n, 1);
}

/* ---- Challenges --------------------------------------------------------------------------------- */

static const char *const c1[] = { "c1" }, *const c3[] = { "c3", "c4" };
static const char *const phr[] = { "phr" }, *const phrh[] = { "phrh" };
static const struct rv_issuer_levels levels = {
	.source = "x",
	.certificate_acrs = WORDS(c1),
	.certificate_acr = WORDS(phr),
	.hello_acrs = WORDS(c3),
	.hello_acr = WORDS(phrh),
};

static char *
challenge(bool entra, enum rv_level level, int64_t max_age_s, bool takes)
{
	const struct rv_issuer issuer = { .entra = entra };
	struct rv_buf out = { 0 };
	char *text;

	rv_token_challenge(&issuer, &levels, level, max_age_s, takes, &out);
	text = rv_slice_dup(rv_buf_slice(&out));
	rv_buf_fini(&out);
	assert_non_null(text);
	return text;
}

#define STEP_UP                                               \
	"Bearer error=\"insufficient_user_authentication\", " \
	"error_description=\"A stronger or more recent sign-in is needed\""
#define CLAIMS                                                  \
	"Bearer realm=\"\", authorization_uri=\"https://"       \
	"login.microsoftonline.com/common/oauth2/authorize\", " \
	"error=\"insufficient_claims\", claims=\""

static void
a_caller_is_told_how_to_come_back(void **state)
{
	static const struct {
		bool entra, takes;
		enum rv_level level;
		int64_t max_age_s;
		const char *text;
	} cases[] = {
		{ false, true, RV_LEVEL_HELLO, -1,
		    STEP_UP ", acr_values=\"phrh\"\n" },
		{ false, false, RV_LEVEL_CERTIFICATE, 300,
		    STEP_UP ", acr_values=\"phr phrh\", max_age=300\n" },
		{ false, false, RV_LEVEL_WINDOWS, 0, STEP_UP ", max_age=0\n" },
		{ true, false, RV_LEVEL_HELLO, -1,
		    STEP_UP ", acr_values=\"phrh\"\n" },
		/* {"access_token":{"acrs":{"essential":true,"value":"c3"}}} */
		{ true, true, RV_LEVEL_HELLO, -1,
		    STEP_UP ", acr_values=\"phrh\"\n" CLAIMS
			    "eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiO"
			    "nRydWUsInZhbHVlIjoiYzMifX19\"\n" },
		{ true, true, RV_LEVEL_WINDOWS, 60, STEP_UP ", max_age=60\n" },
	};

	(void)state;
	for (size_t i = 0; i < N(cases); i++) {
		char *text = challenge(cases[i].entra, cases[i].level,
		    cases[i].max_age_s, cases[i].takes);

		assert_string_equal(text, cases[i].text);
		free(text);
	}
}

/* What is configured cannot end the field and begin another. */
static void
a_challenge_has_no_quotes_of_others(void **state)
{
	static const char *const odd[] = { "a\"b", "a b", "a\nb", "", "good" };
	const struct rv_issuer_levels l = { .hello_acr = WORDS(odd),
		.hello_acrs = WORDS(odd) };
	const struct rv_issuer issuer = { .entra = true };
	struct rv_buf out = { 0 };

	(void)state;
	rv_token_challenge(&issuer, &l, RV_LEVEL_HELLO, -1, false, &out);
	assert_string_equal(
	    rv_buf_cstr(&out), STEP_UP ", acr_values=\"good\"\n");
	rv_buf_fini(&out);
}

static void
a_client_says_whether_it_takes_claims(void **state)
{
	static const struct {
		const char *changes;
		bool takes;
	} clients[] = {
		{ NULL, false },
		{ "{\"xms_cc\":[\"cp1\"]}", true },
		{ "{\"xms_cc\":\"cp1\"}", true },
		{ "{\"xms_cc\":[\"cp2\",1]}", false },
	};

	(void)state;
	for (size_t i = 0; i < N(clients); i++) {
		char *token = desk_entra(&desk, false, clients[i].changes);

		assert_int_equal(rv_token_takes_claims(rv_slice_of(token)),
		    clients[i].takes);
		free(token);
	}
	assert_false(rv_token_takes_claims(RV_SLICE_LIT("a.b.c")));
	assert_false(rv_token_takes_claims(RV_SLICE_NONE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entra_people_are_tid_and_oid),
		cmocka_unit_test(
		    entra_tenant_issuer_and_version_belong_together),
		cmocka_unit_test(entra_key_of_one_tenant_signs_for_no_other),
		cmocka_unit_test(an_application_is_nobody_but_itself),
		cmocka_unit_test(groups_that_are_not_all_there_are_unknown),
		cmocka_unit_test(the_shown_name_never_stands_alone),
		cmocka_unit_test(who_has_no_name_is_nobody),
		cmocka_unit_test(names_are_looked_up_in_one_realm_alone),
		cmocka_unit_test(an_issuer_may_limit_the_age_of_a_sign_in),
		cmocka_unit_test(factors_are_told_as_they_are),
		cmocka_unit_test(a_caller_is_told_how_to_come_back),
		cmocka_unit_test(a_challenge_has_no_quotes_of_others),
		cmocka_unit_test(a_client_says_whether_it_takes_claims),
	};

	return cmocka_run_group_tests(tests, open_desk, close_desk);
}
