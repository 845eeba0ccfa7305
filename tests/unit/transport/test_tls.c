/* What the TLS context takes and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ssl.h>

#include "config/config.h"
#include "transport/tls.h"
#include "unit/transport/pki.h"

#define REQUIRE	     2
#define WHEN_OFFERED 1

static struct pki pki;

static int
setup(void **state)
{
	(void)state;
	return pki_init(&pki) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	pki_fini(&pki);
	return 0;
}

static struct rv_config
config_of(const struct pki_kind *kind)
{
	assert_true(pki_make(&pki, "t", kind));
	return (struct rv_config){
		.tls_certificate = pki.cert,
		.tls_key = pki.key,
		.channel_binding = WHEN_OFFERED,
	};
}

static void
check_refused(const struct rv_config *config, int want, const char *word)
{
	struct rv_tls *tls = NULL;
	struct rv_error e = { "" };

	assert_int_equal(rv_tls_new(config, &tls, &e), want);
	assert_null(tls);
	if (strstr(e.text, word) == NULL)
		fail_msg("\"%s\" is not in: %s", word, e.text);
}

static void
bad_certificates_are_refused(void **state)
{
	struct rv_config config;
	char other[96];

	(void)state;
	config = config_of(&(struct pki_kind){ .from_s = -20, .until_s = -10 });
	check_refused(&config, RV_ERR_INVALID, "expired");
	config =
	    config_of(&(struct pki_kind){ .from_s = 3600, .until_s = 7200 });
	check_refused(&config, RV_ERR_INVALID, "not valid yet");
	config = config_of(
	    &(struct pki_kind){ .algorithm = "RSA", .rsa_bits = 1024 });
	check_refused(&config, RV_ERR_INVALID, "tls_certificate");
	config = config_of(&(struct pki_kind){ 0 });
	assert_true(pki_make(&pki, "other", &(struct pki_kind){ 0 }));
	(void)snprintf(other, sizeof(other), "%s/other.key", pki.folder);
	config.tls_key = other;
	(void)snprintf(pki.cert, sizeof(pki.cert), "%s/t.crt", pki.folder);
	check_refused(&config, RV_ERR_INVALID, "is not the key of");
	config = config_of(&(struct pki_kind){ 0 });
	config.tls_certificate = "/nonexistent";
	check_refused(&config, RV_ERR_INVALID, "/nonexistent");
	config = config_of(&(struct pki_kind){ 0 });
	config.tls_key = "/nonexistent";
	check_refused(&config, RV_ERR_IO, "/nonexistent");
	config.tls_key = NULL;
	check_refused(&config, RV_ERR_INVALID, "must be set");
}

static void
keys_must_be_private(void **state)
{
	static const mode_t open_to_others[] = { 0604, 0602, 0660, 0666 };
	struct rv_config config = config_of(&(struct pki_kind){ 0 });
	FILE *f;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(chmod(pki.key, open_to_others[i]), 0);
		check_refused(&config, RV_ERR_INVALID, "nobody but its owner");
	}
	config.tls_key = pki.folder;
	check_refused(&config, RV_ERR_INVALID, "must be a file");
	config = config_of(&(struct pki_kind){ 0 });
	f = fopen(pki.key, "we");
	assert_non_null(f);
	(void)fputs("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
		    "-----END ENCRYPTED PRIVATE KEY-----\n",
	    f);
	(void)fclose(f);
	check_refused(&config, RV_ERR_INVALID, "passphrase");
}

static struct rv_tls *
tls_of(const struct rv_config *config)
{
	struct rv_tls *tls = NULL;
	struct rv_error e = { "" };

	if (rv_tls_new(config, &tls, &e) != RV_OK)
		fail_msg("%s", e.text);
	return tls;
}

/* RFC 5929 section 4.1, computed here from the file. */
static void
check_binding(const struct pki_kind *kind, const EVP_MD *hash)
{
	struct rv_config config = config_of(kind);
	struct rv_tls *tls = tls_of(&config);
	struct rv_tls_binding binding = rv_tls_binding(tls);
	unsigned char want[21 + EVP_MAX_MD_SIZE] = "tls-server-end-point:";
	unsigned char der[4096], *p = der;
	unsigned n = 0;
	FILE *f = fopen(pki.cert, "re");
	X509 *cert = f != NULL ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
	int der_n = i2d_X509(cert, NULL);

	assert_true(der_n > 0 && der_n < (int)sizeof(der));
	(void)i2d_X509(cert, &p);
	assert_int_equal(
	    EVP_Digest(der, (size_t)der_n, want + 21, &n, hash, NULL), 1);
	assert_int_equal(binding.n, 21 + n);
	assert_memory_equal(binding.v, want, binding.n);
	(void)fclose(f);
	X509_free(cert);
	rv_tls_free(&tls);
}

static void
bindings_are_those_of_the_standard(void **state)
{
	struct rv_config config;
	struct rv_tls *tls;

	(void)state;
	check_binding(&(struct pki_kind){ 0 }, EVP_sha256());
	check_binding(&(struct pki_kind){ .hash = EVP_sha384() }, EVP_sha384());
	check_binding(
	    &(struct pki_kind){
		.algorithm = "RSA", .rsa_bits = 2048, .hash = EVP_sha512() },
	    EVP_sha512());
	config = config_of(&(struct pki_kind){ .algorithm = "ED25519" });
	tls = tls_of(&config);
	assert_int_equal(rv_tls_binding(tls).n, 0);
	rv_tls_free(&tls);
	config.channel_binding = REQUIRE;
	check_refused(&config, RV_ERR_INVALID, "RFC 5929");
}

/* ---- Handshakes in memory ------------------------------------------- */

struct pair {
	struct rv_tls *tls;
	SSL *server;
	SSL_CTX *ctx;
	SSL *client;
};

static void
pair_init(struct pair *p, int minimum)
{
	struct rv_config config = config_of(&(struct pki_kind){ 0 });
	struct rv_tls_binding binding;
	BIO *a = NULL, *b = NULL;

	config.tls_minimum = minimum;
	p->tls = tls_of(&config);
	p->server = rv_tls_accept(p->tls, false, &binding);
	p->ctx = SSL_CTX_new(TLS_client_method());
	/* The old protocols need it to be offered at all. */
	SSL_CTX_set_security_level(p->ctx, 0);
	p->client = SSL_new(p->ctx);
	assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
	SSL_set_bio(p->server, a, a);
	SSL_set_bio(p->client, b, b);
	SSL_set_connect_state(p->client);
}

static void
pair_fini(struct pair *p)
{
	SSL_free(p->server);
	SSL_free(p->client);
	SSL_CTX_free(p->ctx);
	rv_tls_free(&p->tls);
}

static bool
shake(struct pair *p)
{
	bool client = false, server = false;

	for (int i = 0; i < 10 && !(client && server); i++) {
		client = SSL_do_handshake(p->client) == 1;
		server = SSL_do_handshake(p->server) == 1;
	}
	return client && server && rv_tls_is_good(p->server);
}

static void
limit_to(SSL *client, int version)
{
	assert_int_equal(SSL_set_min_proto_version(client, version), 1);
	assert_int_equal(SSL_set_max_proto_version(client, version), 1);
}

static void
old_protocols_are_refused(void **state)
{
	static const int old[] = { TLS1_VERSION, TLS1_1_VERSION,
		TLS1_2_VERSION };
	struct pair p;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		pair_init(&p, 0);
		limit_to(p.client, old[i]);
		assert_false(shake(&p));
		pair_fini(&p);
	}
	for (size_t i = 0; i < 2; i++) {
		pair_init(&p, 1);
		limit_to(p.client, old[i]);
		assert_false(shake(&p));
		pair_fini(&p);
	}
	pair_init(&p, 0);
	assert_true(shake(&p));
	assert_string_equal(SSL_get_version(p.server), "TLSv1.3");
	pair_fini(&p);
}

static void
tls_1_2_is_limited(void **state)
{
	static const char *const bad[] = { "AES128-SHA", "AES128-GCM-SHA256",
		"ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA",
		"ADH-AES128-GCM-SHA256", "eNULL", "DHE-RSA-AES128-GCM-SHA256" };
	struct pair p;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		pair_init(&p, 1);
		limit_to(p.client, TLS1_2_VERSION);
		if (SSL_set_cipher_list(p.client, bad[i]) == 1)
			assert_false(shake(&p));
		pair_fini(&p);
	}
	pair_init(&p, 1);
	limit_to(p.client, TLS1_2_VERSION);
	assert_true(shake(&p));
	assert_string_equal(SSL_get_version(p.server), "TLSv1.2");
	pair_fini(&p);
	pair_init(&p, 1);
	limit_to(p.client, TLS1_2_VERSION);
	SSL_set_options(p.client, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	assert_false(shake(&p));
	pair_fini(&p);
}

static void
protocols_are_negotiated(void **state)
{
	static const struct {
		const char *offered;
		bool good;
	} cases[] = {
		{ "\x08http/1.1", true },
		{ "\x02h2\x08http/1.1", true },
		{ "\x02h2", false },
		{ "\x08http/1.0", false },
		{ "\x07http/1.", false },
		{ "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const unsigned char *chosen = NULL;
		struct pair p;
		unsigned n = 0;

		pair_init(&p, 0);
		(void)SSL_set_alpn_protos(p.client,
		    (const unsigned char *)cases[i].offered,
		    (unsigned)strlen(cases[i].offered));
		assert_int_equal(shake(&p), cases[i].good);
		SSL_get0_alpn_selected(p.client, &chosen, &n);
		if (cases[i].good && cases[i].offered[0] != '\0') {
			assert_int_equal(n, 8);
			assert_memory_equal(chosen, "http/1.1", 8);
		}
		pair_fini(&p);
	}
}

static void
check_not_resumable(int version)
{
	struct pair p;
	char byte;

	pair_init(&p, 1);
	limit_to(p.client, version);
	assert_true(shake(&p));
	assert_int_equal(SSL_write(p.server, "x", 1), 1);
	assert_int_equal(SSL_read(p.client, &byte, 1), 1);
	assert_false(SSL_SESSION_is_resumable(SSL_get_session(p.client)) == 1 &&
		     SSL_SESSION_has_ticket(SSL_get_session(p.client)));
	assert_int_equal(SSL_get_max_early_data(p.server), 0);
	pair_fini(&p);
}

static void
sessions_are_not_resumed(void **state)
{
	(void)state;
	check_not_resumable(TLS1_3_VERSION);
	check_not_resumable(TLS1_2_VERSION);
}

static void
renegotiation_is_refused(void **state)
{
	struct pair p;
	char byte;

	(void)state;
	pair_init(&p, 1);
	limit_to(p.client, TLS1_2_VERSION);
	assert_true(shake(&p));
	if (SSL_renegotiate(p.client) == 1) {
		(void)SSL_do_handshake(p.client);
		(void)SSL_read(p.server, &byte, 1);
		assert_int_not_equal(SSL_do_handshake(p.client), 1);
	}
	pair_fini(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_certificates_are_refused),
		cmocka_unit_test(keys_must_be_private),
		cmocka_unit_test(bindings_are_those_of_the_standard),
		cmocka_unit_test(old_protocols_are_refused),
		cmocka_unit_test(tls_1_2_is_limited),
		cmocka_unit_test(protocols_are_negotiated),
		cmocka_unit_test(sessions_are_not_resumed),
		cmocka_unit_test(renegotiation_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
