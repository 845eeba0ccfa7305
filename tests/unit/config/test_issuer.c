#include "unit/config/folder.h"

#include "config/issuer.h"

#define MINIMUM                                \
	"issuer = https://login.example.org\n" \
	"audience = https://reeve.example.org\n"
#define HASH "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"

static struct rv_issuers_config *
load(const struct folder *f)
{
	struct rv_issuers_config *all = NULL;
	struct rv_error e;

	if (rv_issuers_load(f->path, &all, &e) != RV_OK)
		fail_msg("%s", e.text);
	assert_string_equal(e.text, "");
	return all;
}

/* ---- Good files -------------------------------------------------------- */

static void
assert_default_keys(const struct rv_issuer_config *c)
{
	assert_null(c->jwks_uri);
	assert_null(c->discovery_uri);
	assert_null(c->ca);
	assert_int_equal(c->ca_pins.n, 0);
	assert_int_equal(c->keys_refresh, 3600 * 1000);
	assert_int_equal(c->keys_max_age, 24 * 3600 * 1000);
	assert_int_equal(c->algorithms.n, 3);
	assert_string_equal(c->algorithms.v[0], "RS256");
	assert_string_equal(c->algorithms.v[1], "PS256");
	assert_string_equal(c->algorithms.v[2], "ES256");
	assert_int_equal(c->types.n, 2);
	assert_string_equal(c->types.v[0], "at+jwt");
	assert_string_equal(c->types.v[1], "JWT");
}

/* Shipped settings give no level, no account and no groups. */
static void
assert_default_people(const struct rv_issuer_config *c)
{
	assert_string_equal(c->subject_claim, "sub");
	assert_null(c->principal_claim);
	assert_null(c->lookup_claim);
	assert_null(c->directory_realm);
	assert_null(c->groups_claim);
	assert_int_equal(c->domain_sign_in, RV_ISSUER_DOMAIN_SIGN_IN_NO);
	assert_int_equal(c->certificate_acrs.n, 0);
	assert_int_equal(c->certificate_acr.n, 0);
	assert_int_equal(c->certificate_amr.n, 0);
	assert_int_equal(c->hello_acrs.n, 0);
	assert_int_equal(c->hello_acr.n, 0);
	assert_int_equal(c->hello_amr.n, 0);
}

static void
test_defaults(void **state)
{
	struct folder f;
	struct rv_issuers_config *all;
	const struct rv_issuer_config *c;

	(void)state;
	folder_make(&f);
	folder_put(&f, "example.conf", MINIMUM);
	all = load(&f);
	assert_int_equal(all->n, 1);
	c = &all->v[0];
	assert_string_equal(c->name, "example");
	assert_string_equal(c->file, folder_path(&f, "example.conf"));
	assert_string_equal(c->issuer, "https://login.example.org");
	assert_string_equal(c->audience.v[0], "https://reeve.example.org");
	assert_int_equal(c->tenants.n, 0);
	assert_int_equal(c->kind, RV_ISSUER_OIDC);
	assert_default_keys(c);
	assert_default_people(c);
	assert_int_equal(c->max_lifetime, 24 * 3600 * 1000);
	assert_int_equal(c->max_age, 0);
	assert_int_equal(c->leeway, 60000);
	assert_int_equal(c->sender_constrained, RV_ISSUER_SENDER_WHEN_OFFERED);
	rv_issuers_config_free(&all);
	assert_null(all);
	rv_issuers_config_free(&all);
	folder_remove(&f);
}

static void
test_values(void **state)
{
	struct folder f;
	struct rv_issuers_config *all;
	const struct rv_issuer_config *c;

	(void)state;
	folder_make(&f);
	folder_put(&f, "entra.conf",
	    "issuer = https://login.example.org/{tenantid}/v2.0\n"
	    "kind = entra\n"
	    "audience = api://reeve other\n"
	    "tenants = t1 t2\n"
	    "discovery_uri = https://login.example.org/d\n"
	    "ca = /ca.pem\n"
	    "ca_pins = sha256:" HASH
	    " sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	    "algorithms = ES256\n"
	    "types = at+jwt\n"
	    "domain_sign_in = yes\n"
	    "hello_amr = hwk+mfa face\n"
	    "max_age = 1h\n"
	    "leeway = 30s\n"
	    "sender_constrained = require\n");
	all = load(&f);
	c = &all->v[0];
	assert_int_equal(c->kind, RV_ISSUER_ENTRA);
	assert_string_equal(c->audience.v[1], "other");
	assert_string_equal(c->tenants.v[1], "t2");
	assert_string_equal(c->discovery_uri, "https://login.example.org/d");
	assert_string_equal(c->ca, "/ca.pem");
	assert_int_equal(c->ca_pins.n, 2);
	assert_int_equal(c->algorithms.n, 1);
	assert_int_equal(c->types.n, 1);
	assert_int_equal(c->domain_sign_in, RV_ISSUER_DOMAIN_SIGN_IN_YES);
	assert_string_equal(c->hello_amr.v[0], "hwk+mfa");
	assert_string_equal(c->hello_amr.v[1], "face");
	assert_int_equal(c->max_age, 3600 * 1000);
	assert_int_equal(c->leeway, 30000);
	assert_int_equal(c->sender_constrained, RV_ISSUER_SENDER_REQUIRE);
	rv_issuers_config_free(&all);
	folder_remove(&f);
}

/* The constants of issuer.h are indices into these. */
static void
test_choices(void **state)
{
	const struct rv_param_set *set = &rv_issuer_params;

	(void)state;
	assert_string_equal(choice_values(set, "kind"), "oidc|entra");
	assert_string_equal(choice_values(set, "domain_sign_in"), "no|yes");
	assert_string_equal(
	    choice_values(set, "sender_constrained"), "when_offered|require");
}

/* ---- Bad files --------------------------------------------------------- */

#define PIN_TAKES \
	"ca_pins takes sha256: with 32 bytes in base64 or hexadecimal, not "
#define METHODS "sets of methods, each written a+b+c, not "

static const struct {
	const char *text;
	const char *want;
} bad[] = {
	{ "", "x.conf: issuer, audience are required" },
	{ MINIMUM "subject_claim = \"\"\nalgorithms =\ntypes =\n",
	    "x.conf: subject_claim, algorithms, types are required" },
	{ MINIMUM "audience = b\n",
	    "x.conf:3:1: audience was already set in line 2" },
	{ MINIMUM "algorithm = ES256\n",
	    "x.conf:3:1: unknown parameter 'algorithm'; did you mean "
	    "'algorithms'?" },
	{ MINIMUM "leeway = 61s\n",
	    "x.conf:3:10: leeway must be 0ms to 1m, not '61s'" },
	{ MINIMUM "algorithms = ES256 none\n",
	    "x.conf:3:1: algorithms takes RS256, PS256 and ES256, not "
	    "'none'" },
	{ MINIMUM "algorithms = HS256\n",
	    "x.conf:3:1: algorithms takes RS256, PS256 and ES256, not "
	    "'HS256'" },
	{ MINIMUM "types = dpop+jwt\n",
	    "x.conf:3:1: types takes at+jwt and JWT, not 'dpop+jwt'" },
	{ MINIMUM "jwks_uri = http://login.example.org/keys\n",
	    "x.conf:3:1: jwks_uri takes a URL that begins with https://, not "
	    "'http://login.example.org/keys'" },
	{ MINIMUM "discovery_uri = https:///x\n",
	    "x.conf:3:1: discovery_uri takes a URL that begins with https://, "
	    "not 'https:///x'" },
	{ MINIMUM "jwks_uri = https://a\ndiscovery_uri = https://b\n",
	    "x.conf:3:1: jwks_uri and discovery_uri exclude each other" },
	{ "issuer = urn:example\naudience = a\n",
	    "x.conf:1:1: issuer does not begin with https://: set jwks_uri or "
	    "discovery_uri, for its keys" },
	{ MINIMUM "ca_pins = " HASH "\n",
	    "x.conf:3:1: " PIN_TAKES
	    "'0123456789abcdef0123456789ABCDEF01234567...'" },
	{ MINIMUM "ca_pins = sha256:abcd\n",
	    "x.conf:3:1: " PIN_TAKES "'sha256:abcd'" },
	{ MINIMUM "ca_pins = sha1:2jmj7l5rSw0yVb/vlWAYkK/YBwk=\n",
	    "x.conf:3:1: " PIN_TAKES "'sha1:2jmj7l5rSw0yVb/vlWAYkK/YBwk='" },
	{ MINIMUM "certificate_amr = hwk+\n",
	    "x.conf:3:1: certificate_amr takes " METHODS "'hwk+'" },
	{ MINIMUM "hello_amr = hwk a++b\n",
	    "x.conf:3:1: hello_amr takes " METHODS "'a++b'" },
	{ MINIMUM "directory_realm = @X\n",
	    "x.conf:3:1: directory_realm takes the name of a realm, not "
	    "'@X'" },
	{ MINIMUM "keys_refresh = 2d\n",
	    "x.conf:3:1: keys_refresh must not be longer than keys_max_age" },
	{ "issuer = https://h/{tenantid}\naudience = a\ntenants = t\n",
	    "x.conf:1:1: issuer may contain {tenantid} only when kind is "
	    "entra" },
	{ "issuer = https://h/{tenantid}\naudience = a\nkind = entra\n",
	    "x.conf: tenants is required because issuer contains "
	    "{tenantid}" },
	{ "issuer = https://{tenantid}/{tenantid}\naudience = a\n"
	  "tenants = t\nkind = entra\n",
	    "x.conf:1:1: issuer may contain {tenantid} only once" },
};

static void
test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rv_issuer_config room = { 0 };

		assert_refused(
		    &rv_issuer_params, &room, bad[i].text, bad[i].want);
	}
}

static void
test_twins(void **state)
{
	struct folder f;
	struct rv_issuers_config *all = NULL;
	struct rv_error e;
	char want[256];

	(void)state;
	folder_make(&f);
	folder_put(&f, "a.conf", MINIMUM);
	folder_put(
	    &f, "b.conf", "issuer = https://other.example.org\naudience = a\n");
	folder_put(&f, "c.conf", MINIMUM);
	assert_int_equal(rv_issuers_load(f.path, &all, &e), RV_ERR_INVALID);
	assert_null(all);
	(void)snprintf(want, sizeof(want),
	    "%s/c.conf: issuer is the same as in %s/a.conf", f.path, f.path);
	assert_string_equal(e.text, want);
	folder_remove(&f);
}

static void
test_example(void **state)
{
	struct rv_issuer_config room = { 0 };

	(void)state;
	assert_complete(&rv_issuer_params, &room, "docs/issuer.conf.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_twins),
		cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
