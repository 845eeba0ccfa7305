/* From the folder of issuers to what judges their tokens. */
#include "unit/unit.h"

#include "tokens/issuers.h"

static const char text[] = "issuer = https://login.test/{tenantid}/v2.0\n"
			   "kind = entra\n"
			   "audience = reeve api://reeve\n"
			   "tenants = t1 t2\n"
			   "ca = /etc/passwd\n"
			   "types = JWT\n"
			   "algorithms = ES256\n"
			   "groups_claim = groups\n"
			   "lookup_claim = onprem_sid\n"
			   "directory_realm = LAB.TEST\n"
			   "principal_claim = preferred_username\n"
			   "max_age = 1h\n"
			   "max_lifetime = 2h\n"
			   "leeway = 5s\n"
			   "keys_refresh = 10m\n"
			   "keys_max_age = 3h\n"
			   "sender_constrained = require\n"
			   "domain_sign_in = yes\n"
			   "certificate_acrs = c1\n"
			   "hello_acr = phr phrh\n"
			   "hello_amr = hwk+mfa\n";

static struct rv_issuers_config *
load(const char *from)
{
	struct rv_issuers_config *config = NULL;
	struct rv_error e = { "" };

	if (rv_issuers_parse(rv_slice_of(from), "login", "/x/login.conf",
		&config, &e) != RV_OK)
		fail_msg("%s", e.text);
	return config;
}

static void
every_parameter_arrives(void **state)
{
	struct rv_issuers_config *config = load(text);
	struct rv_token_settings *settings = NULL;
	const struct rv_issuer *i;
	const struct rv_issuer_levels *l;

	(void)state;
	assert_int_equal(rv_token_settings_new(config, &settings), RV_OK);
	assert_int_equal(settings->n, 1);
	i = &settings->issuers[0];
	assert_string_equal(i->source, "login");
	assert_string_equal(i->issuer, "https://login.test/{tenantid}/v2.0");
	assert_true(i->entra);
	assert_int_equal(i->audiences.n, 2);
	assert_string_equal(i->tenants.v[1], "t2");
	assert_string_equal(i->ca, "/etc/passwd");
	assert_int_equal(i->algorithms.n, 1);
	assert_string_equal(i->types.v[0], "JWT");
	assert_string_equal(i->groups_claim, "groups");
	assert_string_equal(i->lookup_claim, "onprem_sid");
	assert_string_equal(i->directory_realm, "LAB.TEST");
	assert_string_equal(i->principal_claim, "preferred_username");
	assert_int_equal(i->max_age_ms, 3600000);
	assert_int_equal(i->max_lifetime_ms, 7200000);
	assert_int_equal(i->leeway_ms, 5000);
	assert_int_equal(i->keys_refresh_ms, 600000);
	assert_int_equal(i->keys_max_age_ms, 10800000);
	assert_true(i->require_sender_constraint);
	l = &settings->levels[0];
	assert_string_equal(l->source, "login");
	assert_true(l->domain_sign_in);
	assert_string_equal(l->certificate_acrs.v[0], "c1");
	assert_int_equal(l->hello_acr.n, 2);
	assert_string_equal(l->hello_amr.v[0], "hwk+mfa");
	assert_int_equal(l->hello_acrs.n + l->certificate_acr.n, 0);
	assert_int_equal(rv_token_settings_find(settings, "login"), 0);
	assert_int_equal(rv_token_settings_find(settings, "other"), 1);
	rv_token_settings_free(&settings);
	rv_issuers_config_free(&config);
}

/* What the smallest file says by default can judge tokens. */
static void
defaults_are_accepted_by_the_judge(void **state)
{
	struct rv_issuers_config *config = load(
	    "issuer = https://login.test\naudience = a\nca = /etc/passwd\n");
	struct rv_token_settings *settings = NULL;
	struct rv_issuers *issuers = NULL;
	struct rv_error e = { "" };

	(void)state;
	assert_int_equal(rv_token_settings_new(config, &settings), RV_OK);
	assert_false(settings->levels[0].domain_sign_in);
	assert_false(settings->issuers[0].require_sender_constraint);
	assert_null(settings->issuers[0].groups_claim);
	if (rv_issuers_new(settings->issuers, 1, &issuers, &e) != RV_OK)
		fail_msg("%s", e.text);
	rv_issuers_unref(&issuers);
	rv_token_settings_free(&settings);
	rv_issuers_config_free(&config);
}

static void
no_issuers_are_no_settings(void **state)
{
	struct rv_issuers_config *config = NULL;
	struct rv_token_settings *settings = NULL;
	struct rv_issuers *issuers = NULL;
	struct rv_error e = { "" };

	(void)state;
	assert_int_equal(rv_issuers_load(NULL, &config, &e), RV_OK);
	assert_int_equal(rv_token_settings_new(config, &settings), RV_OK);
	assert_int_equal(settings->n, 0);
	assert_int_equal(
	    rv_issuers_new(settings->issuers, 0, &issuers, &e), RV_OK);
	assert_true(rv_issuers_refresh(issuers) >= 1000);
	rv_issuers_unref(&issuers);
	rv_token_settings_free(&settings);
	rv_issuers_config_free(&config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_parameter_arrives),
		cmocka_unit_test(defaults_are_accepted_by_the_judge),
		cmocka_unit_test(no_issuers_are_no_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
