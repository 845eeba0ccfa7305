/*
 * Good and bad client certificates, each by its name in tests/lab/pki.py:
 * what is refused and why, and whom the good ones name.
 */
#include "unit/unit.h"

#include "unit/auth/pki_run.h"

#define DAY_MS	((int64_t)86400000)
#define HOURLY	((int64_t)3600000)
#define LIMIT_S 0.05

static const char *const domains[] = { PKI_DOMAIN };
static const char *const suffixes[] = { "LAB.TEST" };

static const struct rv_trust *strong, *weak;

/* ---- Authorities ---------------------------------------------------- */

static const char *const all_lists[] = { "users-ca.crl", "users-sub.crl",
	"revoked-sub.crl", "constrained-sub.crl", "rsa-sub.crl" };
#define N_LISTS (sizeof(all_lists) / sizeof(all_lists[0]))

struct form {
	bool weak;
	bool optional;	  /* crl_required = no */
	const char *list; /* the only one; NULL: all_lists */
	bool without_lists;
	bool without_names; /* allows no SID, no suffix, no realm */
};

static int
try_load(
    const struct form *form, const struct rv_trust **ret, struct rv_error *e)
{
	char paths[N_LISTS][128];
	const char *lists[N_LISTS];
	struct rv_authority a = { .source = "people",
		.crl_required = !form->optional,
		.alarm_before_ms = DAY_MS,
		.weak_mapping = form->weak };
	char certificate[128], chain[128];

	(void)snprintf(certificate, 128, "%s/users-ca.pem", pki_folder);
	(void)snprintf(chain, 128, "%s/chain.pem", pki_folder);
	a.certificate = certificate;
	a.chain = chain;
	for (size_t i = 0; i < N_LISTS; i++) {
		(void)snprintf(paths[i], 128, "%s/%s", pki_folder,
		    form->list != NULL ? form->list : all_lists[i]);
		lists[i] = paths[i];
	}
	a.crls = (struct rv_words){ lists, form->list != NULL ? 1 : N_LISTS };
	if (form->without_lists)
		a.crls.n = 0;
	if (!form->without_names) {
		a.sid_domains = (struct rv_words){ domains, 1 };
		a.upn_suffixes = (struct rv_words){ suffixes, 1 };
		a.realms = (struct rv_words){ suffixes, 1 };
	}
	return rv_trust_load(&a, 1, pki_now_ms(), ret, e);
}

static const struct rv_trust *
load(const struct form *form)
{
	const struct rv_trust *trust = NULL;
	struct rv_error e = { "" };

	if (try_load(form, &trust, &e) != RV_OK)
		fail_msg("%s", e.text);
	return trust;
}

static int
setup(void **state)
{
	(void)state;
	if (!pki_run())
		return -1;
	strong = load(&(struct form){ 0 });
	weak = load(&(struct form){ .weak = true });
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	rv_trust_unref(&strong);
	rv_trust_unref(&weak);
	pki_remove();
	return 0;
}

/* ---- Judging -------------------------------------------------------- */

static enum rv_auth_refusal
judge_at(const struct rv_trust *trust, const char *name, const char *chain,
    int64_t now_ms, struct rv_evidence *ret)
{
	X509 *leaf = pki_leaf(name);
	STACK_OF(X509) *sent = chain != NULL ? pki_read(chain) : NULL;
	char detail[256];
	enum rv_auth_refusal refusal =
	    rv_certificate_judge(trust, leaf, sent, now_ms, ret, detail);

	if (refusal != RV_REFUSED_NOT) {
		/* A refusal names nobody. */
		assert_int_equal(ret->method, RV_AUTH_NONE);
		assert_int_equal(ret->ids.n, 0);
		assert_string_equal(ret->principal, "");
		assert_false(ret->strong);
		if (detail[0] == '\0')
			fail_msg("%s: no word on why", name);
	}
	sk_X509_pop_free(sent, X509_free);
	X509_free(leaf);
	return refusal;
}

static enum rv_auth_refusal
judge(const struct rv_trust *trust, const char *name, const char *chain,
    struct rv_evidence *ret)
{
	return judge_at(trust, name, chain, pki_now_ms(), ret);
}

static void
check_refused(const struct rv_trust *trust, const char *name, const char *chain,
    enum rv_auth_refusal want)
{
	struct rv_evidence ev;
	enum rv_auth_refusal got = judge(trust, name, chain, &ev);

	if (got != want)
		fail_msg("%s: %s, not %s", name, rv_auth_refusal_name(got),
		    rv_auth_refusal_name(want));
}

static const struct {
	const char *name;
	const char *chain; /* that the client sends */
	enum rv_auth_refusal want;
} bad[] = {
	/* dates */
	{ "expired", NULL, RV_REFUSED_EXPIRED },
	{ "not-yet", NULL, RV_REFUSED_NOT_YET_VALID },
	/* authorities */
	{ "of-stranger", NULL, RV_REFUSED_UNKNOWN_ISSUER },
	{ "of-stranger", "strange-ca.pem", RV_REFUSED_UNKNOWN_ISSUER },
	{ "of-imposter", NULL, RV_REFUSED_UNKNOWN_ISSUER },
	{ "of-imposter", "imposter-ca.pem", RV_REFUSED_UNKNOWN_ISSUER },
	{ "of-no-authority", "no-authority.pem", RV_REFUSED_UNTRUSTED },
	{ "constrained", "constrained-sub.pem", RV_REFUSED_UNTRUSTED },
	{ "critical", NULL, RV_REFUSED_UNTRUSTED },
	/* revocation, of the certificate and above it */
	{ "revoked", NULL, RV_REFUSED_REVOKED },
	{ "revoked-by-sub", NULL, RV_REFUSED_REVOKED },
	{ "of-revoked-sub", "revoked-sub.pem", RV_REFUSED_REVOKED },
	{ "of-no-list", "no-list-sub.pem", RV_REFUSED_NO_REVOCATION },
	/* purposes */
	{ "server-only", NULL, RV_REFUSED_PURPOSE },
	{ "no-eku", NULL, RV_REFUSED_PURPOSE },
	{ "any-eku", NULL, RV_REFUSED_PURPOSE },
	{ "no-signing", NULL, RV_REFUSED_PURPOSE },
	{ "no-usage", NULL, RV_REFUSED_PURPOSE },
	{ "is-authority", NULL, RV_REFUSED_PURPOSE },
	/* algorithms and keys */
	{ "sha1", NULL, RV_REFUSED_WEAK },
	{ "md5", "rsa-sub.pem", RV_REFUSED_WEAK },
	{ "rsa-1024", NULL, RV_REFUSED_WEAK },
	/* names */
	{ "upn-nul", NULL, RV_REFUSED_MALFORMED },
	{ "upn-latin", NULL, RV_REFUSED_MALFORMED },
	{ "upn-t61", NULL, RV_REFUSED_MALFORMED },
	{ "upn-twice", NULL, RV_REFUSED_MALFORMED },
	{ "dns-nul", NULL, RV_REFUSED_MALFORMED },
	{ "sid-malformed", NULL, RV_REFUSED_MALFORMED },
	{ "sid-twice", NULL, RV_REFUSED_MALFORMED },
};

static void
bad_certificates_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		check_refused(strong, bad[i].name, bad[i].chain, bad[i].want);
		check_refused(weak, bad[i].name, bad[i].chain, bad[i].want);
	}
}

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* A chain of 50, and one that goes round: refused, and soon. */
static void
chains_without_end_cost_little(void **state)
{
	static const struct {
		const char *name, *chain;
	} cases[] = { { "long", "long-chain.pem" },
		{ "cyclic", "cyclic-chain.pem" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		X509 *leaf = pki_leaf(cases[i].name);
		STACK_OF(X509) *sent = pki_read(cases[i].chain);
		struct rv_evidence ev;
		char detail[256];
		double spent = now_s();
		enum rv_auth_refusal refusal = rv_certificate_judge(
		    strong, leaf, sent, pki_now_ms(), &ev, detail);

		spent = now_s() - spent;
		assert_true(refusal == RV_REFUSED_UNTRUSTED ||
			    refusal == RV_REFUSED_UNKNOWN_ISSUER);
		assert_int_equal(ev.ids.n, 0);
		if (spent > LIMIT_S)
			fail_msg("%s took %g s", cases[i].name, spent);
		sk_X509_pop_free(sent, X509_free);
		X509_free(leaf);
	}
}

/* ---- Names ---------------------------------------------------------- */

static bool
has_form(const struct rv_evidence *ev, const char *form)
{
	for (size_t i = 0; i < ev->ids.n; i++)
		if (rv_slice_has_prefix(
			rv_slice_of(ev->ids.v[i]), rv_slice_of(form)))
			return true;
	return false;
}

static const struct {
	const char *name;
	const char *chain;
	const char *with_strong; /* the id besides cert:..., or NULL */
	const char *with_weak;
} good[] = {
	{ "sid", NULL, PKI_SID, PKI_SID },
	{ "sid-uri", NULL, PKI_SID, PKI_SID },
	{ "by-sub", NULL, PKI_SID, PKI_SID },
	{ "by-sub", "users-sub.pem", PKI_SID, PKI_SID },
	{ "by-rsa-sub", "rsa-sub.pem", PKI_SID, PKI_SID },
	{ "rsa-2048", NULL, PKI_SID, PKI_SID },
	/* SIDs that the authority may not give */
	{ "sid-foreign", NULL, NULL, NULL },
	{ "sid-builtin", NULL, NULL, NULL },
	{ "upn", NULL, NULL, PKI_ALICE },
	{ "upn-evil", NULL, NULL, NULL },
	{ "upn-longer", NULL, NULL, NULL },
	{ "pkinit", NULL, NULL, PKI_ALICE },
	{ "pkinit-evil", NULL, NULL, NULL },
	/* what never names anybody */
	{ "cn", NULL, NULL, NULL },
	{ "email", NULL, NULL, NULL },
	{ "dns", NULL, NULL, NULL },
};

static void
check_named(const struct rv_trust *trust, size_t i, const char *want)
{
	struct rv_evidence ev;
	enum rv_auth_refusal refusal =
	    judge(trust, good[i].name, good[i].chain, &ev);

	if (refusal != RV_REFUSED_NOT)
		fail_msg("%s: %s", good[i].name, rv_auth_refusal_name(refusal));
	assert_int_equal(ev.method, RV_AUTH_CERTIFICATE);
	assert_string_equal(ev.source, "people");
	assert_true(has_form(&ev, "cert:key:"));
	assert_true(has_form(&ev, "cert:serial:"));
	assert_true(has_form(&ev, "cert:ski:"));
	if (ev.ids.n != (want != NULL ? 4 : 3))
		fail_msg("%s: %zu ids", good[i].name, ev.ids.n);
	if (want != NULL && !rv_texts_have(&ev.ids, rv_slice_of(want)))
		fail_msg("%s: no %s", good[i].name, want);
	/* Strong: it rests on nothing that may be given to another. */
	assert_int_equal(
	    ev.strong, want == NULL || strcmp(want, PKI_ALICE) != 0);
	rv_evidence_fini(&ev);
}

static void
good_certificates_name_whom_they_may(void **state)
{
	const struct rv_trust *nameless =
	    load(&(struct form){ .weak = true, .without_names = true });

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		check_named(strong, i, good[i].with_strong);
		check_named(weak, i, good[i].with_weak);
		/* What is not listed may not be said. */
		check_named(nameless, i, NULL);
	}
	rv_trust_unref(&nameless);
}

/* The ids as the store has them, computed here from the file. */
static void
ids_are_those_of_the_store(void **state)
{
	X509 *leaf = pki_leaf("sid");
	unsigned char hash[EVP_MAX_MD_SIZE], *der = NULL;
	struct rv_evidence ev;
	char want[160] = "cert:key:";
	size_t at = strlen(want);
	unsigned n = 0;
	int der_n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &der);

	(void)state;
	assert_int_equal(
	    EVP_Digest(der, (size_t)der_n, hash, &n, EVP_sha256(), NULL), 1);
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(want + at + 2 * i, 3, "%02x", hash[i]);
	assert_int_equal(judge(strong, "sid", NULL, &ev), RV_REFUSED_NOT);
	assert_true(rv_texts_have(&ev.ids, rv_slice_of(want)));
	rv_evidence_fini(&ev);
	OPENSSL_free(der);
	X509_free(leaf);
}

/* ---- Policies and dates --------------------------------------------- */

static void
policies_hold_for_the_whole_path(void **state)
{
	static const struct {
		const char *name, *chain;
		size_t n;
	} cases[] = {
		{ "policy", NULL, 1 },
		{ "policy-by-sub", NULL, 1 },
		{ "policy-lost", "constrained-sub.pem", 0 },
		{ "sid", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rv_evidence ev;

		assert_int_equal(
		    judge(strong, cases[i].name, cases[i].chain, &ev),
		    RV_REFUSED_NOT);
		if (ev.policies.n != cases[i].n)
			fail_msg(
			    "%s: %zu policies", cases[i].name, ev.policies.n);
		if (cases[i].n > 0)
			assert_string_equal(ev.policies.v[0], PKI_POLICY);
		rv_evidence_fini(&ev);
	}
}

static void
evidence_ends_with_the_list(void **state)
{
	struct rv_evidence ev;
	int64_t now = pki_now_ms();

	(void)state;
	/* The lists end in 30 days, the certificate years later. */
	assert_int_equal(judge(strong, "sid", NULL, &ev), RV_REFUSED_NOT);
	assert_true(ev.expires_at_ms > now + 29 * DAY_MS);
	assert_true(ev.expires_at_ms < now + 30 * DAY_MS + HOURLY);
	rv_evidence_fini(&ev);
	assert_int_equal(judge_at(strong, "sid", NULL, now + 29 * DAY_MS, &ev),
	    RV_REFUSED_NOT);
	rv_evidence_fini(&ev);
	assert_int_equal(judge_at(strong, "sid", NULL, now + 31 * DAY_MS, &ev),
	    RV_REFUSED_NO_REVOCATION);
	assert_int_equal(judge_at(strong, "sid", NULL, now - 2 * DAY_MS, &ev),
	    RV_REFUSED_NO_REVOCATION);
}

/* ---- Lists ---------------------------------------------------------- */

static void
lists_must_be_there_and_in_force(void **state)
{
	const struct form required[] = { { .without_lists = true },
		{ .list = "old.crl" } };
	const struct form optional[] = { { .without_lists = true,
					     .optional = true },
		{ .list = "old.crl", .optional = true } };
	struct rv_evidence ev;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct rv_trust *trust = load(&required[i]);

		check_refused(trust, "sid", NULL, RV_REFUSED_NO_REVOCATION);
		rv_trust_unref(&trust);
		trust = load(&optional[i]);
		assert_int_equal(
		    judge(trust, "sid", NULL, &ev), RV_REFUSED_NOT);
		rv_evidence_fini(&ev);
		rv_trust_unref(&trust);
	}
	/* An old list still refuses whom it names. */
	{
		const struct rv_trust *trust = load(&optional[1]);

		check_refused(trust, "revoked", NULL, RV_REFUSED_REVOKED);
		rv_trust_unref(&trust);
	}
}

static void
bad_files_are_not_taken(void **state)
{
	static const char *const lists[] = { "sha1.crl", "imposter-ca.crl",
		"sid.pem", "nothing.crl" };
	const struct rv_trust *trust = NULL;
	struct rv_error e;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct form form = { .list = lists[i] };

		e.text[0] = '\0';
		assert_int_not_equal(try_load(&form, &trust, &e), RV_OK);
		assert_null(trust);
		if (strstr(e.text, lists[i]) == NULL)
			fail_msg("%s is not in: %s", lists[i], e.text);
	}
}

static void
on_alarm(void *arg, const char *source, const char *file, int64_t ends_at_ms)
{
	unsigned *n = arg;

	assert_string_equal(source, "people");
	assert_non_null(strstr(file, "old.crl"));
	assert_true(ends_at_ms > 0 && ends_at_ms < pki_now_ms());
	(*n)++;
}

static void
old_lists_are_told(void **state)
{
	const struct rv_trust *trust =
	    load(&(struct form){ .list = "old.crl" });
	unsigned n = 0;

	(void)state;
	rv_trust_alarms(trust, pki_now_ms(), on_alarm, &n);
	assert_int_equal(n, 1);
	rv_trust_unref(&trust);
	n = 0;
	rv_trust_alarms(strong, pki_now_ms(), on_alarm, &n);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_certificates_are_refused),
		cmocka_unit_test(chains_without_end_cost_little),
		cmocka_unit_test(good_certificates_name_whom_they_may),
		cmocka_unit_test(ids_are_those_of_the_store),
		cmocka_unit_test(policies_hold_for_the_whole_path),
		cmocka_unit_test(evidence_ends_with_the_list),
		cmocka_unit_test(lists_must_be_there_and_in_force),
		cmocka_unit_test(bad_files_are_not_taken),
		cmocka_unit_test(old_lists_are_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
