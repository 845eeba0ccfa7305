/* Certificates of clients in the handshake, and changes while it runs. */
#include "unit/unit.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "config/config.h"
#include "transport/certified.h"
#include "transport/tls.h"
#include "unit/transport/pki.h"

#include "reeve/auth_certificate.h"

#define NOW_MS ((int64_t)time(NULL) * 1000)
#define DAY_S  86400

/* Ours; the authority; and what a client has. */
static struct pki site, authority, person;
static const struct rv_trust *trust;

static int
setup(void **state)
{
	struct rv_authority a = { .source = "people" };
	struct rv_error e;

	(void)state;
	if (!pki_init(&site))
		return -1;
	memcpy(authority.folder, site.folder, sizeof(site.folder));
	memcpy(person.folder, site.folder, sizeof(site.folder));
	if (!pki_make(&site, "site", &(struct pki_kind){ 0 }) ||
	    !pki_make(&person, "person", &(struct pki_kind){ 0 }) ||
	    !pki_make(&authority, "authority",
		&(struct pki_kind){ .is_authority = true }))
		return -1;
	a.certificate = authority.cert;
	return rv_trust_load(&a, 1, NOW_MS, &trust, &e);
}

static int
teardown(void **state)
{
	(void)state;
	rv_trust_unref(&trust);
	pki_fini(&site);
	return 0;
}

static struct rv_config
config_of(const struct pki *own, int minimum)
{
	return (struct rv_config){ .tls_certificate = own->cert,
		.tls_key = own->key,
		.tls_minimum = minimum };
}

static struct rv_tls *
tls_of(const struct rv_trust *trusted, int minimum)
{
	struct rv_config config = config_of(&site, minimum);
	struct rv_tls *tls = NULL;
	struct rv_error e = { "" };

	if (rv_tls_new(&config, &tls, &e) != RV_OK ||
	    rv_tls_reload(tls, &config, trusted, &e) != RV_OK)
		fail_msg("%s", e.text);
	return tls;
}

/* ---- A handshake in memory ------------------------------------------ */

struct pair {
	SSL *server, *client;
	SSL_CTX *ctx;
	struct rv_tls_binding binding;
};

static void
pair_init(struct pair *p, struct rv_tls *tls, bool demanding,
    const struct pki *own, int version)
{
	BIO *a = NULL, *b = NULL;

	p->server = rv_tls_accept(tls, demanding, &p->binding);
	p->ctx = SSL_CTX_new(TLS_client_method());
	p->client = SSL_new(p->ctx);
	assert_int_equal(SSL_set_max_proto_version(p->client, version), 1);
	assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
	SSL_set_bio(p->server, a, a);
	SSL_set_bio(p->client, b, b);
	SSL_set_connect_state(p->client);
	if (own == NULL)
		return;
	assert_int_equal(
	    SSL_use_certificate_file(p->client, own->cert, SSL_FILETYPE_PEM),
	    1);
	assert_int_equal(
	    SSL_use_PrivateKey_file(p->client, own->key, SSL_FILETYPE_PEM), 1);
}

/* Whether the server is content: its word is the last one. */
static bool
pair_shake(struct pair *p)
{
	bool done = false;

	for (int i = 0; i < 10 && !done; i++) {
		(void)SSL_do_handshake(p->client);
		done = SSL_do_handshake(p->server) == 1;
	}
	return done;
}

static void
pair_fini(struct pair *p)
{
	SSL_free(p->server);
	SSL_free(p->client);
	SSL_CTX_free(p->ctx);
}

static const struct rv_certified *
certified_of(struct pair *p)
{
	const struct rv_certified *certified = NULL;

	assert_int_equal(rv_certified_new(p->server, 77, &certified), RV_OK);
	return certified;
}

/* ---- Tests ---------------------------------------------------------- */

static void
a_certificate_is_optional(void **state)
{
	struct rv_tls *tls = tls_of(trust, 0);
	const struct rv_certified *certified;
	struct pair p;

	(void)state;
	pair_init(&p, tls, false, NULL, 0);
	assert_true(pair_shake(&p));
	assert_null(certified_of(&p));
	pair_fini(&p);
	pair_init(&p, tls, false, &person, 0);
	assert_true(pair_shake(&p));
	certified = certified_of(&p);
	assert_non_null(certified);
	pair_fini(&p); /* a request outlives its connection */
	assert_string_equal(certified->subject, "CN=localhost");
	assert_int_equal(certified->proved_at_ms, 77);
	assert_int_equal(X509_get_version(certified->leaf), 2);
	rv_certified_unref(&certified);
	assert_null(certified);
	rv_certified_unref(&certified); /* nothing to do */
	rv_tls_free(&tls);
}

static void
the_names_of_authorities_are_sent(void **state)
{
	struct rv_tls *tls = tls_of(trust, 0);
	struct pair p;

	(void)state;
	pair_init(&p, tls, false, &person, 0);
	assert_true(pair_shake(&p));
	assert_int_equal(sk_X509_NAME_num(SSL_get0_peer_CA_list(p.client)), 1);
	pair_fini(&p);
	rv_tls_free(&tls);
}

static void
without_authorities_none_is_asked_for(void **state)
{
	struct rv_tls *tls = tls_of(NULL, 0);
	struct pair p;

	(void)state;
	pair_init(&p, tls, false, &person, 0);
	assert_true(pair_shake(&p));
	assert_null(certified_of(&p));
	pair_fini(&p);
	rv_tls_free(&tls);
}

static void
tls_1_2_carries_none(void **state)
{
	struct rv_tls *tls = tls_of(trust, 1);
	struct pair p;

	(void)state;
	pair_init(&p, tls, false, &person, TLS1_2_VERSION);
	assert_true(pair_shake(&p));
	assert_string_equal(SSL_get_version(p.server), "TLSv1.2");
	assert_null(certified_of(&p));
	pair_fini(&p);
	pair_init(&p, tls, true, &person, TLS1_2_VERSION);
	assert_false(pair_shake(&p));
	pair_fini(&p);
	rv_tls_free(&tls);
}

static void
one_may_be_demanded(void **state)
{
	struct rv_tls *tls = tls_of(trust, 0);
	const struct rv_certified *certified;
	struct pair p;

	(void)state;
	pair_init(&p, tls, true, NULL, 0);
	assert_false(pair_shake(&p));
	pair_fini(&p);
	pair_init(&p, tls, true, &person, 0);
	assert_true(pair_shake(&p));
	certified = certified_of(&p);
	assert_non_null(certified);
	rv_certified_unref(&certified);
	pair_fini(&p);
	rv_tls_free(&tls);
}

/* The second connection begins where the first has left off, if it may. */
static void
nothing_is_resumed(void **state)
{
	struct rv_tls *tls = tls_of(trust, 0);
	SSL_SESSION *session;
	struct pair p;
	char byte;

	(void)state;
	pair_init(&p, tls, false, &person, 0);
	assert_true(pair_shake(&p));
	assert_int_equal(SSL_write(p.server, "x", 1), 1);
	assert_int_equal(SSL_read(p.client, &byte, 1), 1);
	session = SSL_get1_session(p.client);
	pair_fini(&p);
	pair_init(&p, tls, false, NULL, 0);
	(void)SSL_set_session(p.client, session);
	(void)SSL_set_tlsext_host_name(p.client, "elsewhere.test");
	assert_true(pair_shake(&p));
	assert_int_equal(SSL_session_reused(p.server), 0);
	assert_null(certified_of(&p));
	SSL_SESSION_free(session);
	pair_fini(&p);
	rv_tls_free(&tls);
}

/* RFC 9266: both ends know the same, and no two connections do. */
static void
connections_have_exporters(void **state)
{
	struct rv_tls *tls = tls_of(NULL, 0);
	unsigned char ours[2][32], theirs[32];
	struct pair p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		pair_init(&p, tls, false, NULL, 0);
		assert_true(pair_shake(&p));
		assert_true(rv_tls_export(p.server, ours[i]));
		assert_int_equal(SSL_export_keying_material(p.client, theirs,
				     32, "EXPORTER-Channel-Binding", 24,
				     (const unsigned char *)"", 0, 1),
		    1);
		assert_memory_equal(ours[i], theirs, 32);
		pair_fini(&p);
	}
	assert_memory_not_equal(ours[0], ours[1], 32);
	rv_tls_free(&tls);
}

/* ---- Changes -------------------------------------------------------- */

static void
a_new_certificate_takes_over(void **state)
{
	struct rv_tls *tls = tls_of(NULL, 0);
	struct rv_config config = config_of(&person, 0);
	struct rv_error e;
	struct pair before, after;

	(void)state;
	pair_init(&before, tls, false, NULL, 0);
	assert_int_equal(rv_tls_reload(tls, &config, trust, &e), RV_OK);
	pair_init(&after, tls, false, &person, 0);
	/* One that had begun goes on with what it has begun with. */
	assert_true(pair_shake(&before));
	assert_true(pair_shake(&after));
	assert_int_not_equal(X509_cmp(SSL_get0_peer_certificate(before.client),
				 SSL_get0_peer_certificate(after.client)),
	    0);
	assert_memory_not_equal(
	    before.binding.v, after.binding.v, before.binding.n);
	pair_fini(&before);
	pair_fini(&after);
	rv_tls_free(&tls);
}

static void
a_failed_change_changes_nothing(void **state)
{
	struct rv_tls *tls = tls_of(trust, 0);
	struct rv_tls_binding before = rv_tls_binding(tls), after;
	struct rv_config config = config_of(&site, 0);
	const struct rv_certified *certified;
	struct rv_error e = { "" };
	struct pair p;

	(void)state;
	config.tls_key = person.key;
	assert_int_equal(rv_tls_reload(tls, &config, NULL, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "is not the key of"));
	after = rv_tls_binding(tls);
	assert_memory_equal(before.v, after.v, before.n);
	pair_init(&p, tls, false, &person, 0);
	assert_true(pair_shake(&p));
	certified = certified_of(&p);
	assert_non_null(certified);
	rv_certified_unref(&certified);
	pair_fini(&p);
	rv_tls_free(&tls);
}

/* Where the key cannot be read any more, trust still can change. */
static void
trust_changes_by_itself(void **state)
{
	struct rv_tls *tls = tls_of(NULL, 1);
	struct rv_tls_binding before = rv_tls_binding(tls);
	const struct rv_certified *certified;
	struct rv_error e;
	struct pair p;

	(void)state;
	assert_int_equal(rv_tls_set_trust(tls, trust, &e), RV_OK);
	pair_init(&p, tls, false, &person, 0);
	assert_true(pair_shake(&p));
	assert_memory_equal(before.v, p.binding.v, before.n);
	certified = certified_of(&p);
	assert_non_null(certified);
	rv_certified_unref(&certified);
	pair_fini(&p);
	pair_init(&p, tls, false, NULL, TLS1_2_VERSION);
	assert_true(pair_shake(&p));
	pair_fini(&p);
	rv_tls_free(&tls);
}

static void
the_end_of_our_certificate_is_announced(void **state)
{
	static const struct {
		long days;
		int alarm;
	} cases[] = { { 31, -1 }, { 29, 30 }, { 6, 7 }, { 0, 1 } };
	struct rv_tls *tls = NULL;
	int64_t end = 0;
	struct rv_error e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pki own = site;
		struct rv_config config;

		assert_true(pki_make(&own, "ends",
		    &(struct pki_kind){ .from_s = -1,
			.until_s = cases[i].days * DAY_S + 3600 }));
		config = config_of(&own, 0);
		assert_int_equal(rv_tls_new(&config, &tls, &e), RV_OK);
		assert_int_equal(
		    rv_tls_alarm(tls, NOW_MS, &end), cases[i].alarm);
		assert_int_equal(rv_tls_alarm(tls, end, &end), 0);
		rv_tls_free(&tls);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_optional),
		cmocka_unit_test(the_names_of_authorities_are_sent),
		cmocka_unit_test(without_authorities_none_is_asked_for),
		cmocka_unit_test(tls_1_2_carries_none),
		cmocka_unit_test(one_may_be_demanded),
		cmocka_unit_test(nothing_is_resumed),
		cmocka_unit_test(connections_have_exporters),
		cmocka_unit_test(a_new_certificate_takes_over),
		cmocka_unit_test(a_failed_change_changes_nothing),
		cmocka_unit_test(trust_changes_by_itself),
		cmocka_unit_test(the_end_of_our_certificate_is_announced),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
