#include "unit/config/folder.h"

#include "config/authority.h"

#define MINIMUM                   \
	"certificate = /ca.pem\n" \
	"crl = /ca.crl\n"

static struct rv_authorities_config *
load(const struct folder *f)
{
	struct rv_authorities_config *all = NULL;
	struct rv_error e;

	if (rv_authorities_load(f->path, &all, &e) != RV_OK)
		fail_msg("%s", e.text);
	assert_string_equal(e.text, "");
	return all;
}

/* ---- Good files -------------------------------------------------------- */

static void
test_defaults(void **state)
{
	struct folder f;
	struct rv_authorities_config *all;
	const struct rv_authority_config *a;

	(void)state;
	folder_make(&f);
	folder_put(&f, "users.conf", MINIMUM);
	all = load(&f);
	assert_int_equal(all->n, 1);
	a = &all->v[0];
	assert_string_equal(a->name, "users");
	assert_string_equal(a->file, folder_path(&f, "users.conf"));
	assert_string_equal(a->certificate, "/ca.pem");
	assert_null(a->chain);
	assert_int_equal(a->crl.n, 1);
	assert_int_equal(a->crl_required, RV_AUTHORITY_CRL_REQUIRED);
	assert_int_equal(a->mapping, RV_AUTHORITY_MAPPING_STRONG);
	assert_int_equal(a->upn_suffixes.n, 0);
	assert_int_equal(a->realms.n, 0);
	assert_int_equal(a->sid_domains.n, 0);
	assert_int_equal(a->ocsp, RV_AUTHORITY_OCSP_OFF);
	assert_null(a->ocsp_url);
	assert_int_equal(a->ocsp_timeout, 3000);
	assert_int_equal(a->certificate_policies.n, 0);
	assert_int_equal(a->hello_policies.n, 0);
	assert_int_equal(a->alarm_before, 24 * 3600 * 1000);
	rv_authorities_config_free(&all);
	assert_null(all);
	rv_authorities_config_free(&all);
	folder_remove(&f);
}

static void
test_values(void **state)
{
	struct folder f;
	struct rv_authorities_config *all;
	const struct rv_authority_config *a;

	(void)state;
	folder_make(&f);
	folder_put(&f, "a.conf",
	    "certificate = /ca.pem\n"
	    "chain = /chain.pem\n"
	    "crl = /one.crl \"/and two.crl\"\n"
	    "crl_required = no\n"
	    "mapping = weak\n"
	    "upn_suffixes = example.org corp.example.org\n"
	    "realms = EXAMPLE.ORG\n"
	    "sid_domains = S-1-5-21-1-2-4294967295\n"
	    "ocsp = hard\n"
	    "ocsp_url = http://ocsp.example.org\n"
	    "ocsp_timeout = 500ms\n"
	    "certificate_policies = 1.3.6.1.4.1.311.21.8.1 2.5.29.32.0\n"
	    "hello_policies = 1.2.3\n"
	    "alarm_before = 2d\n");
	all = load(&f);
	a = &all->v[0];
	assert_string_equal(a->chain, "/chain.pem");
	assert_string_equal(a->crl.v[1], "/and two.crl");
	assert_int_equal(a->crl_required, RV_AUTHORITY_CRL_OPTIONAL);
	assert_int_equal(a->mapping, RV_AUTHORITY_MAPPING_WEAK);
	assert_string_equal(a->upn_suffixes.v[1], "corp.example.org");
	assert_string_equal(a->realms.v[0], "EXAMPLE.ORG");
	assert_int_equal(a->sid_domains.n, 1);
	assert_int_equal(a->ocsp, RV_AUTHORITY_OCSP_HARD);
	assert_string_equal(a->ocsp_url, "http://ocsp.example.org");
	assert_int_equal(a->ocsp_timeout, 500);
	assert_string_equal(a->certificate_policies.v[1], "2.5.29.32.0");
	assert_string_equal(a->hello_policies.v[0], "1.2.3");
	assert_int_equal(a->alarm_before, 2 * 86400 * 1000);
	rv_authorities_config_free(&all);
	folder_remove(&f);
}

/* The constants of authority.h are indices into these. */
static void
test_choices(void **state)
{
	const struct rv_param_set *set = &rv_authority_params;

	(void)state;
	assert_string_equal(choice_values(set, "crl_required"), "yes|no");
	assert_string_equal(choice_values(set, "mapping"), "strong|weak");
	assert_string_equal(choice_values(set, "ocsp"), "off|soft|hard");
}

/* ---- Bad files --------------------------------------------------------- */

static const struct {
	const char *text;
	const char *want;
} bad[] = {
	{ "", "x.conf: certificate is required" },
	{ "certificate = /ca.pem\n",
	    "x.conf: crl is required because crl_required is yes" },
	{ MINIMUM "ocsp = soft\n",
	    "x.conf: ocsp_url is required because ocsp is not off" },
	{ MINIMUM "crl = /b.crl\n",
	    "x.conf:3:1: crl was already set in line 2" },
	{ MINIMUM "hello_policy = 1.2.3\n",
	    "x.conf:3:1: unknown parameter 'hello_policy'; did you mean "
	    "'hello_policies'?" },
	/* of other tables */
	{ MINIMUM "keytab = /k\n",
	    "x.conf:3:1: unknown parameter 'keytab'; see reeved.conf(5)" },
	{ MINIMUM "chain = chain.pem\n",
	    "x.conf:3:9: chain must be an absolute path, not 'chain.pem'" },
	{ "certificate = /ca.pem\ncrl = /a.crl b.crl\n",
	    "x.conf:2:1: crl takes absolute paths, not 'b.crl'" },
	{ MINIMUM "mapping = any\n",
	    "x.conf:3:11: mapping must be one of strong|weak, not 'any'" },
	{ MINIMUM "ocsp_timeout = 31s\n",
	    "x.conf:3:16: ocsp_timeout must be 100ms to 30s, not '31s'" },
	{ MINIMUM "ocsp_url = ldap://h\n",
	    "x.conf:3:1: ocsp_url takes a URL that begins with http:// or "
	    "https://, not 'ldap://h'" },
	{ MINIMUM "upn_suffixes = @example.org\n",
	    "x.conf:3:1: upn_suffixes takes what follows the @, without it, "
	    "not '@example.org'" },
	{ MINIMUM "realms = A \"B C\"\n",
	    "x.conf:3:1: realms takes names of realms, not 'B C'" },
	{ MINIMUM "sid_domains = S-1-5-21-1-2\n",
	    "x.conf:3:1: sid_domains takes domains as S-1-5-21-A-B-C, not "
	    "'S-1-5-21-1-2'" },
	{ MINIMUM "sid_domains = S-1-5-21-1-2-4294967296\n",
	    "x.conf:3:1: sid_domains takes domains as S-1-5-21-A-B-C, not "
	    "'S-1-5-21-1-2-4294967296'" },
	{ MINIMUM "sid_domains = S-1-5-21-1-2-3-500\n",
	    "x.conf:3:1: sid_domains takes domains as S-1-5-21-A-B-C, not "
	    "'S-1-5-21-1-2-3-500'" },
	{ MINIMUM "hello_policies = 1.2.3 smartcard\n",
	    "x.conf:3:1: hello_policies takes OIDs such as "
	    "1.3.6.1.4.1.311.21.8.1, not 'smartcard'" },
	{ MINIMUM "certificate_policies = 1..2\n",
	    "x.conf:3:1: certificate_policies takes OIDs such as "
	    "1.3.6.1.4.1.311.21.8.1, not '1..2'" },
	{ MINIMUM "certificate_policies = 1.02\n",
	    "x.conf:3:1: certificate_policies takes OIDs such as "
	    "1.3.6.1.4.1.311.21.8.1, not '1.02'" },
	{ MINIMUM "certificate_policies = 1.2.\n",
	    "x.conf:3:1: certificate_policies takes OIDs such as "
	    "1.3.6.1.4.1.311.21.8.1, not '1.2.'" },
	{ MINIMUM "certificate_policies = 3.2\n",
	    "x.conf:3:1: certificate_policies takes OIDs such as "
	    "1.3.6.1.4.1.311.21.8.1, not '3.2'" },
	{ MINIMUM "certificate_policies = 1\n",
	    "x.conf:3:1: certificate_policies takes OIDs such as "
	    "1.3.6.1.4.1.311.21.8.1, not '1'" },
};

static void
test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rv_authority_config room = { 0 };

		assert_refused(
		    &rv_authority_params, &room, bad[i].text, bad[i].want);
	}
}

static void
test_example(void **state)
{
	struct rv_authority_config room = { 0 };

	(void)state;
	assert_complete(
	    &rv_authority_params, &room, "docs/authority.conf.example");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
