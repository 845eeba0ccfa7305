#include "transport/tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "config/config.h"

#define BINDING_PREFIX "tls-server-end-point:"
/* The indices of the choices in params.h. */
#define TLS_MINIMUM_1_2		1
#define CHANNEL_BINDING_REQUIRE 2

struct rv_tls {
	SSL_CTX *ctx;
	size_t binding_n;
	char binding[sizeof(BINDING_PREFIX) - 1 + EVP_MAX_MD_SIZE];
};

/* The word of OpenSSL on what went wrong. */
static const char *
ssl_reason(void)
{
	/* Of several, the first is the cause: the last only says "system". */
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_SYSTEM_ERROR(code)
				 ? strerrordesc_np(ERR_GET_REASON(code))
				 : ERR_reason_error_string(code);

	return reason != NULL ? reason : "unknown error";
}

/* ---- Key and certificate -------------------------------------------- */

/*
 * Only the owner may read a key; a group may, where root owns the file and
 * so decides who is in that group.
 */
static bool
is_private(const struct stat *st)
{
	mode_t others = st->st_mode & (S_IRWXG | S_IRWXO);

	if (!S_ISREG(st->st_mode))
		return false;
	return others == 0 ||
	       (st->st_uid == 0 && (others & ~(mode_t)S_IRGRP) == 0);
}

/* Nobody is there to type a passphrase: never ask on the terminal. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int
read_key(const char *path, EVP_PKEY **ret_key, struct rv_error *e)
{
	int r = RV_ERR_INVALID;
	struct stat st;
	/* Checked and read through one descriptor: no other file between. */
	FILE *f = fopen(path, "re");

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		rv_error_set(
		    e, "tls_key: cannot read %s: %s", path, strerror(errno));
		r = RV_ERR_IO;
		goto out;
	}
	if (!is_private(&st)) {
		rv_error_set(e,
		    "tls_key: %s must be a file that nobody but its owner "
		    "can read: chmod 600",
		    path);
		goto out;
	}
	*ret_key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	if (*ret_key == NULL) {
		rv_error_set(e,
		    "tls_key: %s has no private key in PEM without a "
		    "passphrase: %s",
		    path, ssl_reason());
		goto out;
	}
	r = RV_OK;
out:
	if (f != NULL)
		(void)fclose(f);
	return r;
}

static int
check_dates(const X509 *cert, const char *path, struct rv_error *e)
{
	/* X509_cmp_current_time(): 0 is an error, which must not pass. */
	if (X509_cmp_current_time(X509_get0_notBefore(cert)) >= 0) {
		rv_error_set(e,
		    "tls_certificate: %s is not valid yet: check the clock",
		    path);
		return RV_ERR_INVALID;
	}
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0) {
		rv_error_set(
		    e, "tls_certificate: %s has expired: renew it", path);
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

static int
use_certificate(
    struct rv_tls *tls, const struct rv_config *config, struct rv_error *e)
{
	const char *path = config->tls_certificate;
	EVP_PKEY *key = NULL;
	int r;

	if (path == NULL || config->tls_key == NULL) {
		rv_error_set(e, "tls_certificate and tls_key must be set");
		return RV_ERR_INVALID;
	}
	if (SSL_CTX_use_certificate_chain_file(tls->ctx, path) != 1) {
		rv_error_set(e, "tls_certificate: cannot use %s: %s", path,
		    ssl_reason());
		return RV_ERR_INVALID;
	}
	r = check_dates(SSL_CTX_get0_certificate(tls->ctx), path, e);
	if (r != RV_OK)
		goto out;
	r = read_key(config->tls_key, &key, e);
	if (r != RV_OK)
		goto out;
	if (SSL_CTX_use_PrivateKey(tls->ctx, key) != 1 ||
	    SSL_CTX_check_private_key(tls->ctx) != 1) {
		rv_error_set(e, "tls_key: %s is not the key of %s: %s",
		    config->tls_key, path, ssl_reason());
		r = RV_ERR_INVALID;
	}
out:
	EVP_PKEY_free(key);
	return r;
}

/* ---- Channel binding ------------------------------------------------ */

/* RFC 5929 section 4.1: the hash of the signature, but never MD5 or SHA-1. */
static const EVP_MD *
binding_hash(X509 *cert)
{
	int hash = NID_undef;

	if (X509_get_signature_info(cert, &hash, NULL, NULL, NULL) != 1 ||
	    hash == NID_undef)
		return NULL;
	if (hash == NID_md5 || hash == NID_sha1)
		return EVP_sha256();
	return EVP_get_digestbynid(hash);
}

static int
compute_binding(
    struct rv_tls *tls, const struct rv_config *config, struct rv_error *e)
{
	const size_t prefix_n = sizeof(BINDING_PREFIX) - 1;
	X509 *cert = SSL_CTX_get0_certificate(tls->ctx);
	const EVP_MD *hash = binding_hash(cert);
	unsigned n = 0;

	if (hash == NULL) {
		if (config->channel_binding != CHANNEL_BINDING_REQUIRE)
			return RV_OK;
		rv_error_set(e,
		    "tls_certificate: RFC 5929 defines no channel binding "
		    "for the signature of %s; use one signed with ECDSA or "
		    "RSA, or do not set channel_binding = require",
		    config->tls_certificate);
		return RV_ERR_INVALID;
	}
	memcpy(tls->binding, BINDING_PREFIX, prefix_n);
	if (X509_digest(cert, hash, (unsigned char *)tls->binding + prefix_n,
		&n) != 1) {
		rv_error_set(e, "tls_certificate: cannot hash %s: %s",
		    config->tls_certificate, ssl_reason());
		return RV_ERR_INTERNAL;
	}
	tls->binding_n = prefix_n + n;
	return RV_OK;
}

struct rv_slice
rv_tls_binding(const struct rv_tls *tls)
{
	if (tls->binding_n == 0)
		return RV_SLICE_NONE;
	return (struct rv_slice){ tls->binding, tls->binding_n };
}

/* ---- Context -------------------------------------------------------- */

/* RFC 7301: a client that names protocols must name ours. */
static int
choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_n,
    const unsigned char *in, unsigned in_n, void *arg)
{
	static const unsigned char http1[] = "\x08http/1.1";

	(void)ssl;
	(void)arg;
	for (unsigned i = 0; i < in_n; i += 1u + in[i]) {
		if (in_n - i < sizeof(http1) - 1 ||
		    memcmp(in + i, http1, sizeof(http1) - 1) != 0)
			continue;
		*out = in + i + 1;
		*out_n = in[i];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool
restrict_protocol(SSL_CTX *ctx, bool with_1_2)
{
	int lowest = with_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;

	SSL_CTX_set_security_level(ctx, 2);
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	return SSL_CTX_set_min_proto_version(ctx, lowest) == 1 &&
	       SSL_CTX_set_max_early_data(ctx, 0) == 1 &&
	       SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_cipher_list(
		   ctx, "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK:!aNULL") == 1 &&
	       SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384") == 1;
}

/*
 * Buffers go when a connection is idle; one read() takes header and body
 * of a record, and those after it; a write may end anywhere and go on from
 * a buffer that has moved.
 */
static void
tune(SSL_CTX *ctx)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
				  SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
}

int
rv_tls_new(
    const struct rv_config *config, struct rv_tls **ret_tls, struct rv_error *e)
{
	struct rv_tls *tls = calloc(1, sizeof(*tls));
	int r = RV_ERR_NOMEM;

	ERR_clear_error();
	if (tls != NULL)
		tls->ctx = SSL_CTX_new(TLS_server_method());
	if (tls == NULL || tls->ctx == NULL) {
		rv_error_set(e, "cannot set up TLS: out of memory");
		goto out;
	}
	tune(tls->ctx);
	if (!restrict_protocol(
		tls->ctx, config->tls_minimum == TLS_MINIMUM_1_2)) {
		rv_error_set(e, "cannot set up TLS: %s", ssl_reason());
		r = RV_ERR_INTERNAL;
		goto out;
	}
	r = use_certificate(tls, config, e);
	if (r != RV_OK)
		goto out;
	r = compute_binding(tls, config, e);
	if (r != RV_OK)
		goto out;
	*ret_tls = tls;
	tls = NULL;
out:
	ERR_clear_error();
	rv_tls_free(&tls);
	return r;
}

void
rv_tls_free(struct rv_tls **tls)
{
	if (*tls == NULL)
		return;
	SSL_CTX_free((*tls)->ctx);
	free(*tls);
	*tls = NULL;
}

SSL *
rv_tls_accept(const struct rv_tls *tls)
{
	SSL *ssl = SSL_new(tls->ctx);

	if (ssl != NULL)
		SSL_set_accept_state(ssl);
	return ssl;
}

bool
rv_tls_is_good(SSL *ssl)
{
	return SSL_version(ssl) >= TLS1_3_VERSION ||
	       SSL_get_extms_support(ssl) == 1;
}
