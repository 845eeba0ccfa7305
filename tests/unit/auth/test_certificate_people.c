/* Certificates of people: which are refused, and whom the others name. */
#include "unit/unit.h"

#include "unit/auth/people.h"

#include "certificate_names.h"

static const char *const all_crls[] = { "root.crl", "intermediate.crl",
	"constrained.crl", NULL };

/* ---- A trust for a test --------------------------------------------- */

static const struct rv_trust *
trust_of(const struct rv_authority *authorities, size_t n)
{
	const struct rv_trust *trust = NULL;
	struct rv_error e = { "" };

	if (rv_trust_load(authorities, n, people_now(), &trust, &e) != RV_OK)
		fail_msg("%s", e.text);
	return trust;
}

static void
check(const struct rv_trust *trust, const char *name, int64_t now_ms,
    enum rv_auth_refusal want, struct rv_evidence *ret)
{
	struct person p = person_open(name);
	struct rv_evidence ev;
	char detail[256] = "";
	enum rv_auth_refusal got =
	    rv_certificate_judge(trust, p.leaf, p.sent, now_ms, &ev, detail);

	if (got != want)
		fail_msg("%s: wanted %s, got %s (%s)", name,
		    rv_auth_refusal_name(want), rv_auth_refusal_name(got),
		    detail);
	if (want != RV_REFUSED_NOT) {
		assert_int_equal(ev.method, RV_AUTH_NONE);
		assert_int_equal(ev.ids.n, 0);
		assert_true(strlen(detail) > 0);
	}
	person_close(&p);
	if (ret != NULL)
		*ret = ev;
	else
		rv_evidence_fini(&ev);
}

static void
check_refused(
    const struct rv_trust *trust, const char *name, enum rv_auth_refusal want)
{
	check(trust, name, people_now(), want, NULL);
}

/* ---- Refused by what they are --------------------------------------- */

static void
bad_certificates_are_refused(void **state)
{
	static const struct {
		const char *name;
		enum rv_auth_refusal want;
	} cases[] = {
		{ "good", RV_REFUSED_NOT },
		{ "expired", RV_REFUSED_EXPIRED },
		{ "early", RV_REFUSED_NOT_YET_VALID },
		{ "stranger", RV_REFUSED_UNKNOWN_ISSUER },
		/* An authority that calls itself by the name of ours. */
		{ "impostors", RV_REFUSED_UNKNOWN_ISSUER },
		{ "revoked", RV_REFUSED_REVOKED },
		{ "server", RV_REFUSED_PURPOSE },
		{ "no-eku", RV_REFUSED_PURPOSE },
		{ "any-eku", RV_REFUSED_PURPOSE },
		{ "no-signing", RV_REFUSED_PURPOSE },
		{ "authority-itself", RV_REFUSED_PURPOSE },
		{ "below-no-authority", RV_REFUSED_UNTRUSTED },
		{ "constrained-name", RV_REFUSED_UNTRUSTED },
		{ "sha1", RV_REFUSED_WEAK },
		{ "md5", RV_REFUSED_WEAK },
		{ "rsa-1024", RV_REFUSED_WEAK },
		{ "upn-nul", RV_REFUSED_MALFORMED },
		{ "upn-no-utf8", RV_REFUSED_MALFORMED },
		{ "upn-no-string", RV_REFUSED_MALFORMED },
		{ "upn-two-parts", RV_REFUSED_MALFORMED },
		{ "two-upns", RV_REFUSED_MALFORMED },
		{ "dns-nul", RV_REFUSED_MALFORMED },
		{ "mail-nul", RV_REFUSED_MALFORMED },
		{ "kerberos-slash", RV_REFUSED_MALFORMED },
		{ "kerberos-twice", RV_REFUSED_MALFORMED },
		{ "kerberos-broken", RV_REFUSED_MALFORMED },
		{ "sid-differs", RV_REFUSED_MALFORMED },
		{ "sid-broken", RV_REFUSED_MALFORMED },
		{ "sid-nul", RV_REFUSED_MALFORMED },
		{ "sid-no-name", RV_REFUSED_MALFORMED },
	};
	struct issuer i;
	const struct rv_trust *trust;

	(void)state;
	issuer_init(&i, "root.pem", all_crls);
	i.a.crl_required = false; /* one list is of an intermediate unused */
	trust = trust_of(&i.a, 1);
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		check_refused(trust, cases[k].name, cases[k].want);
	rv_trust_unref(&trust);
	assert_null(trust);
}

/* A chain of 50, and one that goes round, cost next to nothing. */
static void
long_and_cyclic_chains_are_refused_at_once(void **state)
{
	static const char *const names[] = { "chain-of-50", "chain-of-5",
		"cyclic" };
	struct issuer i;
	const struct rv_trust *trust;
	struct timespec begin, end;

	(void)state;
	issuer_init(&i, "root.pem", all_crls);
	i.a.crl_required = false;
	trust = trust_of(&i.a, 1);
	for (size_t k = 0; k < 3; k++) {
		struct person p = person_open(names[k]);
		struct rv_evidence ev;
		char detail[256];

		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
		assert_int_not_equal(rv_certificate_judge(trust, p.leaf, p.sent,
					 people_now(), &ev, detail),
		    RV_REFUSED_NOT);
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
		assert_true((end.tv_sec - begin.tv_sec) * 1000000000 +
				end.tv_nsec - begin.tv_nsec <
			    50000000);
		person_close(&p);
	}
	rv_trust_unref(&trust);
}

/* ---- CRLs ----------------------------------------------------------- */

static void
check_crls(const char *const *crls, bool required, const char *name,
    enum rv_auth_refusal want)
{
	struct issuer i;
	const struct rv_trust *trust;

	issuer_init(&i, "root.pem", crls);
	i.a.crl_required = required;
	trust = trust_of(&i.a, 1);
	check_refused(trust, name, want);
	rv_trust_unref(&trust);
}

#define CRLS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
lists_of_revocation_are_needed(void **state)
{
	(void)state;
	check_crls(
	    CRLS("root.crl", "intermediate.crl"), true, "good", RV_REFUSED_NOT);
	check_crls(CRLS("root.crl.der", "intermediate.crl.der"), true, "good",
	    RV_REFUSED_NOT);
	check_crls(CRLS("root.crl", "intermediate.crl"), true, "revoked",
	    RV_REFUSED_REVOKED);
	check_crls(
	    CRLS("intermediate.crl"), true, "good", RV_REFUSED_NO_REVOCATION);
	check_crls(CRLS("root.crl"), true, "good", RV_REFUSED_NO_REVOCATION);
	check_crls(CRLS("root.crl", "expired.crl"), true, "good",
	    RV_REFUSED_NO_REVOCATION);
	check_crls(CRLS("root.crl", "early.crl"), true, "good",
	    RV_REFUSED_NO_REVOCATION);
	check_crls(CRLS("root-revokes.crl", "intermediate.crl"), true, "good",
	    RV_REFUSED_REVOKED);
	/* Of an old list and its successor the newer one counts. */
	check_crls(CRLS("root.crl", "expired.crl", "intermediate.crl"), true,
	    "good", RV_REFUSED_NOT);
}

static void
lists_may_be_optional(void **state)
{
	(void)state;
	check_crls(CRLS("root.crl"), false, "good", RV_REFUSED_NOT);
	check_crls(CRLS("root.crl"), false, "revoked", RV_REFUSED_NOT);
	check_crls(CRLS("expired.crl"), false, "good", RV_REFUSED_NOT);
	/* What it says still holds. */
	check_crls(CRLS("expired.crl"), false, "revoked", RV_REFUSED_REVOKED);
	check_crls(
	    CRLS("intermediate.crl"), false, "revoked", RV_REFUSED_REVOKED);
}

/* An authority need not be a root; no list is asked about itself. */
static void
an_intermediate_may_be_the_authority(void **state)
{
	struct issuer i;
	const struct rv_trust *trust;

	(void)state;
	issuer_init(&i, "intermediate.pem", CRLS("intermediate.crl"));
	trust = trust_of(&i.a, 1);
	check_refused(trust, "good", RV_REFUSED_NOT);
	check_refused(trust, "revoked", RV_REFUSED_REVOKED);
	check_refused(trust, "stranger", RV_REFUSED_UNKNOWN_ISSUER);
	rv_trust_unref(&trust);
}

/* What a caller does not send may be in a file. */
static void
intermediates_may_be_configured(void **state)
{
	struct issuer i;
	const struct rv_trust *trust;
	struct person p = person_open("good");
	struct rv_evidence ev;
	char detail[256];

	(void)state;
	issuer_init(&i, "root.pem", CRLS("root.crl", "intermediate.crl"));
	trust = trust_of(&i.a, 1);
	assert_int_equal(rv_certificate_judge(
			     trust, p.leaf, NULL, people_now(), &ev, detail),
	    RV_REFUSED_UNKNOWN_ISSUER);
	rv_trust_unref(&trust);
	(void)snprintf(
	    i.chain, sizeof(i.chain), "%s/intermediate.pem", people_folder);
	i.a.chain = i.chain;
	trust = trust_of(&i.a, 1);
	assert_int_equal(rv_certificate_judge(
			     trust, p.leaf, NULL, people_now(), &ev, detail),
	    RV_REFUSED_NOT);
	rv_evidence_fini(&ev);
	rv_trust_unref(&trust);
	person_close(&p);
}

/* At the end of a list everybody whom it covers is refused: with no event. */
static void
lists_end_while_connections_live(void **state)
{
	struct issuer i;
	const struct rv_trust *trust;
	struct rv_evidence ev;
	int64_t now = people_now();

	(void)state;
	issuer_init(&i, "root.pem", CRLS("root.crl", "intermediate.crl"));
	trust = trust_of(&i.a, 1);
	check(trust, "good", now, RV_REFUSED_NOT, &ev);
	assert_true(ev.expires_at_ms > now + 6 * DAY_MS);
	assert_true(ev.expires_at_ms <= now + 7 * DAY_MS);
	rv_evidence_fini(&ev);
	check(trust, "good", now + 8 * DAY_MS, RV_REFUSED_NO_REVOCATION, NULL);
	rv_trust_unref(&trust);
}

/* ---- Files ---------------------------------------------------------- */

static void
check_unloadable(const struct issuer *i, const char *word)
{
	const struct rv_trust *trust = NULL;
	struct rv_error e = { "" };

	assert_int_equal(
	    rv_trust_load(&i->a, 1, people_now(), &trust, &e), RV_ERR_INVALID);
	assert_null(trust);
	if (strstr(e.text, word) == NULL || strstr(e.text, "people") == NULL)
		fail_msg("\"%s\" is not in: %s", word, e.text);
}

static void
bad_files_are_refused(void **state)
{
	static const char *const none[] = { NULL };
	struct issuer i;

	(void)state;
	issuer_init(&i, "root.pem", CRLS("forged.crl"));
	/* The intermediate is known, so that the lie shows at once. */
	(void)snprintf(
	    i.chain, sizeof(i.chain), "%s/intermediate.pem", people_folder);
	i.a.chain = i.chain;
	check_unloadable(&i, "bad signature");
	issuer_init(&i, "root.pem", CRLS("delta.crl"));
	check_unloadable(&i, "delta");
	issuer_init(&i, "root.pem", CRLS("root.pem"));
	check_unloadable(&i, "no revocation list");
	issuer_init(&i, "root.pem", CRLS("nothing.crl"));
	check_unloadable(&i, "nothing.crl");
	issuer_init(&i, "nothing.pem", none);
	check_unloadable(&i, "nothing.pem");
	issuer_init(&i, "root.key", none);
	check_unloadable(&i, "no good certificate");
	issuer_init(&i, "good.pem", none);
	check_unloadable(&i, "several certificates");
	issuer_init(&i, "false-authority.pem", none);
	check_unloadable(&i, "CA:TRUE");
	issuer_init(&i, "root.pem", none);
	i.a.ocsp = RV_OCSP_HARD;
	i.a.ocsp_url = "https://127.0.0.1/";
	check_unloadable(&i, "http://");
	assert_int_equal(chmod(i.certificate, 0666), 0);
	i.a.ocsp = RV_OCSP_OFF;
	check_unloadable(&i, "written by others");
	assert_int_equal(chmod(i.certificate, 0644), 0);
}

static void
count_alarm(void *arg, const char *source, const char *file, int64_t ends_at_ms)
{
	assert_string_equal(source, "people");
	assert_non_null(strstr(file, "expired.crl"));
	assert_true(ends_at_ms < people_now());
	++*(unsigned *)arg;
}

static void
old_lists_raise_an_alarm(void **state)
{
	struct issuer i;
	const struct rv_trust *trust;
	unsigned n = 0;

	(void)state;
	issuer_init(&i, "root.pem", CRLS("root.crl", "expired.crl"));
	trust = trust_of(&i.a, 1);
	rv_trust_alarms(trust, people_now(), count_alarm, &n);
	assert_int_equal(n, 1);
	rv_trust_unref(&trust);
}

/* ---- Names ---------------------------------------------------------- */

static bool
has_id(const struct rv_evidence *ev, const char *prefix)
{
	for (size_t i = 0; i < ev->ids.n; i++)
		if (strncmp(ev->ids.v[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

struct named {
	const char *name;
	const char *id;			/* NULL: none but those of the key */
	const char *principal, *lookup; /* NULL: that of the key; "" */
};

static void
check_named(const struct rv_trust *trust, const struct named *c)
{
	struct rv_evidence ev;

	check(trust, c->name, people_now(), RV_REFUSED_NOT, &ev);
	assert_int_equal(ev.method, RV_AUTH_CERTIFICATE);
	assert_string_equal(ev.source, "people");
	assert_true(has_id(&ev, "cert:key:"));
	assert_true(has_id(&ev, "cert:serial:"));
	assert_true(has_id(&ev, "cert:ski:"));
	if (c->id == NULL) {
		if (ev.ids.n != 3)
			fail_msg("%s has an id too many", c->name);
		assert_string_equal(ev.principal, ev.ids.v[0]);
		assert_string_equal(ev.lookup, "");
	} else {
		if (!rv_texts_have(&ev.ids, rv_slice_of(c->id)))
			fail_msg("%s lacks %s", c->name, c->id);
		assert_string_equal(ev.principal, c->principal);
		assert_string_equal(ev.lookup, c->lookup);
	}
	assert_int_equal(ev.strong, !has_id(&ev, "krb5:"));
	rv_evidence_fini(&ev);
}

#define SID_ID "sid:s-1-5-21-1000-2000-3000-1104"

static void
strong_names_need_the_word_of_the_operator(void **state)
{
	static const struct named cases[] = {
		{ "sid", SID_ID, SID_ID, SID_ID },
		{ "sid-uri", SID_ID, SID_ID, SID_ID },
		{ "sid-both", SID_ID, SID_ID, SID_ID },
		{ .name = "sid-elsewhere" },
		{ .name = "sid-longer" },
		{ .name = "sid-below" },
		/* Names that are no names here. */
		{ .name = "good" },
		{ .name = "name-only" },
		{ .name = "mail" },
		/* Weak ones of an authority that is not marked for them. */
		{ .name = "upn" },
		{ .name = "kerberos" },
		{ .name = "kerberos-other" },
	};
	static const char *const domains[] = { SIDS };
	static const char *const suffixes[] = { "LAB.TEST" };
	struct issuer i;
	const struct rv_trust *trust;

	(void)state;
	issuer_init(&i, "root.pem", CRLS("root.crl", "intermediate.crl"));
	i.a.sid_domains = (struct rv_words){ domains, 1 };
	i.a.upn_suffixes = (struct rv_words){ suffixes, 1 };
	i.a.realms = (struct rv_words){ suffixes, 1 };
	trust = trust_of(&i.a, 1);
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		check_named(trust, &cases[k]);
	rv_trust_unref(&trust);
	/* Without domains no SID counts. */
	i.a.sid_domains.n = 0;
	trust = trust_of(&i.a, 1);
	check_named(trust, &(struct named){ .name = "sid" });
	rv_trust_unref(&trust);
}

static void
weak_names_need_more(void **state)
{
#define ALICE "krb5:alice@LAB.TEST", "alice@LAB.TEST", "alice@LAB.TEST"
	static const struct named cases[] = {
		{ "upn", ALICE },
		{ "kerberos", ALICE },
		{ "kerberos-service", "krb5:web/host@LAB.TEST",
		    "web/host@LAB.TEST", "web/host@LAB.TEST" },
		{ .name = "upn-elsewhere" },
		{ .name = "upn-below" },
		{ .name = "kerberos-elsewhere" },
		{ .name = "name-only" },
		{ .name = "mail" },
		{ .name = "sid" },
	};
	static const char *const suffixes[] = { "LAB.TEST" };
	struct issuer i;
	const struct rv_trust *trust;

	(void)state;
	issuer_init(&i, "root.pem", CRLS("root.crl", "intermediate.crl"));
	i.a.weak_mapping = true;
	i.a.upn_suffixes = (struct rv_words){ suffixes, 1 };
	i.a.realms = (struct rv_words){ suffixes, 1 };
	trust = trust_of(&i.a, 1);
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		check_named(trust, &cases[k]);
	/* bob by one name and alice by another is nobody. */
	check_refused(trust, "kerberos-other", RV_REFUSED_MALFORMED);
	rv_trust_unref(&trust);
	/* Nothing is allowed that is not listed. */
	i.a.upn_suffixes.n = i.a.realms.n = 0;
	trust = trust_of(&i.a, 1);
	check_named(trust, &(struct named){ .name = "upn" });
	check_named(trust, &(struct named){ .name = "kerberos" });
	rv_trust_unref(&trust);
}

/* The ids of two people differ, and those of one stay. */
static void
keys_are_ids(void **state)
{
	struct issuer i;
	const struct rv_trust *trust;
	struct rv_evidence one, two, again;

	(void)state;
	issuer_init(&i, "root.pem", CRLS("root.crl", "intermediate.crl"));
	trust = trust_of(&i.a, 1);
	check(trust, "good", people_now(), RV_REFUSED_NOT, &one);
	check(trust, "mail", people_now(), RV_REFUSED_NOT, &two);
	check(trust, "good", people_now(), RV_REFUSED_NOT, &again);
	for (size_t k = 0; k < 3; k++) {
		assert_string_equal(one.ids.v[k], again.ids.v[k]);
		assert_string_not_equal(one.ids.v[k], two.ids.v[k]);
	}
	rv_evidence_fini(&one);
	rv_evidence_fini(&two);
	rv_evidence_fini(&again);
	rv_trust_unref(&trust);
}

/* ---- Several authorities -------------------------------------------- */

/* The nearest one speaks for a certificate, and says what it may be. */
static void
the_nearest_authority_decides(void **state)
{
	static const char *const domains[] = { SIDS };
	struct issuer root, near;
	struct rv_authority both[2];
	const struct rv_trust *trust;
	struct rv_evidence ev;

	(void)state;
	issuer_init(&root, "root.pem", CRLS("root.crl", "intermediate.crl"));
	root.a.source = "root";
	root.a.sid_domains = (struct rv_words){ domains, 1 };
	issuer_init(&near, "intermediate.pem", CRLS("intermediate.crl"));
	for (int order = 0; order < 2; order++) {
		both[order] = root.a;
		both[!order] = near.a;
		trust = trust_of(both, 2);
		check(trust, "sid", people_now(), RV_REFUSED_NOT, &ev);
		assert_string_equal(ev.source, "people");
		assert_false(has_id(&ev, "sid:"));
		rv_evidence_fini(&ev);
		check_refused(trust, "revoked", RV_REFUSED_REVOKED);
		check_refused(trust, "stranger", RV_REFUSED_UNKNOWN_ISSUER);
		rv_trust_unref(&trust);
	}
}

/* One must not speak for what another has signed, by taking its name. */
static void
authorities_of_one_name_give_no_ids_by_issuer(void **state)
{
	struct issuer root, other;
	struct rv_authority both[2];
	const struct rv_trust *trust;
	struct rv_evidence ev;

	(void)state;
	issuer_init(&root, "root.pem", CRLS("root.crl"));
	(void)snprintf(root.chain, sizeof(root.chain), "%s/intermediate.pem",
	    people_folder);
	root.a.chain = root.chain;
	root.a.source = "root";
	issuer_init(&other, "intermediate.pem", CRLS("intermediate.crl"));
	both[0] = root.a;
	both[1] = other.a;
	trust = trust_of(both, 2);
	check(trust, "good", people_now(), RV_REFUSED_NOT, &ev);
	assert_true(has_id(&ev, "cert:key:"));
	assert_false(has_id(&ev, "cert:serial:"));
	assert_false(has_id(&ev, "cert:ski:"));
	rv_evidence_fini(&ev);
	rv_trust_unref(&trust);
}

/* ---- Policies ------------------------------------------------------- */

static void
policies_are_those_of_the_whole_path(void **state)
{
	static const char policy[] = "1.3.6.1.4.1.99999.1";
	static const char other[] = "1.3.6.1.4.1.99999.2";
	struct issuer i;
	const struct rv_trust *trust;
	struct rv_evidence ev;

	(void)state;
	/* Below the authority itself: its certificate limits nothing. */
	issuer_init(&i, "intermediate.pem", CRLS("intermediate.crl"));
	trust = trust_of(&i.a, 1);
	check(trust, "policy", people_now(), RV_REFUSED_NOT, &ev);
	assert_int_equal(ev.policies.n, 2);
	assert_true(rv_texts_have(&ev.policies, rv_slice_of(policy)));
	rv_evidence_fini(&ev);
	check(trust, "good", people_now(), RV_REFUSED_NOT, &ev);
	assert_int_equal(ev.policies.n, 0);
	rv_evidence_fini(&ev);
	rv_trust_unref(&trust);
	/* An intermediate without policies has none to give. */
	issuer_init(&i, "root.pem", CRLS("root.crl", "intermediate.crl"));
	trust = trust_of(&i.a, 1);
	check(trust, "policy", people_now(), RV_REFUSED_NOT, &ev);
	assert_int_equal(ev.policies.n, 0);
	rv_evidence_fini(&ev);
	rv_trust_unref(&trust);
	/* And one with another policy does not give this one. */
	issuer_init(&i, "root.pem", CRLS("root.crl", "unpoliced.crl"));
	trust = trust_of(&i.a, 1);
	check(trust, "policy-not-above", people_now(), RV_REFUSED_NOT, &ev);
	assert_int_equal(ev.policies.n, 1);
	assert_true(rv_texts_have(&ev.policies, rv_slice_of(other)));
	rv_evidence_fini(&ev);
	rv_trust_unref(&trust);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_certificates_are_refused),
		cmocka_unit_test(long_and_cyclic_chains_are_refused_at_once),
		cmocka_unit_test(lists_of_revocation_are_needed),
		cmocka_unit_test(lists_may_be_optional),
		cmocka_unit_test(an_intermediate_may_be_the_authority),
		cmocka_unit_test(intermediates_may_be_configured),
		cmocka_unit_test(lists_end_while_connections_live),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(old_lists_raise_an_alarm),
		cmocka_unit_test(strong_names_need_the_word_of_the_operator),
		cmocka_unit_test(weak_names_need_more),
		cmocka_unit_test(keys_are_ids),
		cmocka_unit_test(the_nearest_authority_decides),
		cmocka_unit_test(authorities_of_one_name_give_no_ids_by_issuer),
		cmocka_unit_test(policies_are_those_of_the_whole_path),
	};

	return cmocka_run_group_tests(tests, people_setup, people_teardown);
}
