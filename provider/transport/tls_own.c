#include "transport/tls_own.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "config/config.h"

#define BINDING_PREFIX "tls-server-end-point:"
/* The index of the choice in params.h. */
#define CHANNEL_BINDING_REQUIRE 2

_Static_assert(sizeof(((struct rv_tls_binding *)0)->v) >=
		   sizeof(BINDING_PREFIX) - 1 + EVP_MAX_MD_SIZE,
    "every binding fits");

/* The word of OpenSSL on what went wrong. */
const char *
rv_tls_reason(void)
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
int
rv_tls_no_passphrase(char *buf, int size, int writing, void *arg)
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
	*ret_key = PEM_read_PrivateKey(f, NULL, rv_tls_no_passphrase, NULL);
	if (*ret_key == NULL) {
		rv_error_set(e,
		    "tls_key: %s has no private key in PEM without a "
		    "passphrase: %s",
		    path, rv_tls_reason());
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

int
rv_tls_use_own(SSL_CTX *ctx, const struct rv_config *config, struct rv_error *e)
{
	const char *path = config->tls_certificate;
	EVP_PKEY *key = NULL;
	int r;

	if (path == NULL || config->tls_key == NULL) {
		rv_error_set(e, "tls_certificate and tls_key must be set");
		return RV_ERR_INVALID;
	}
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, path) != 1) {
		rv_error_set(e, "tls_certificate: cannot use %s: %s", path,
		    rv_tls_reason());
		return RV_ERR_INVALID;
	}
	r = check_dates(SSL_CTX_get0_certificate(ctx), path, e);
	if (r != RV_OK)
		goto out;
	r = read_key(config->tls_key, &key, e);
	if (r != RV_OK)
		goto out;
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1) {
		rv_error_set(e, "tls_key: %s is not the key of %s: %s",
		    config->tls_key, path, rv_tls_reason());
		r = RV_ERR_INVALID;
	}
out:
	EVP_PKEY_free(key);
	return r;
}

int
rv_tls_use_same(SSL_CTX *ctx, SSL_CTX *other, struct rv_error *e)
{
	STACK_OF(X509) *chain = NULL;

	if (SSL_CTX_get0_chain_certs(other, &chain) == 1 &&
	    SSL_CTX_use_certificate(ctx, SSL_CTX_get0_certificate(other)) ==
		1 &&
	    SSL_CTX_use_PrivateKey(ctx, SSL_CTX_get0_privatekey(other)) == 1 &&
	    SSL_CTX_set1_chain(ctx, chain) == 1)
		return RV_OK;
	rv_error_set(e, "cannot set up TLS: %s", rv_tls_reason());
	return RV_ERR_INTERNAL;
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

int
rv_tls_bind(SSL_CTX *ctx, const struct rv_config *config,
    struct rv_tls_binding *ret_binding, struct rv_error *e)
{
	const size_t prefix_n = sizeof(BINDING_PREFIX) - 1;
	X509 *cert = SSL_CTX_get0_certificate(ctx);
	const EVP_MD *hash = binding_hash(cert);
	unsigned n = 0;

	ret_binding->n = 0;
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
	memcpy(ret_binding->v, BINDING_PREFIX, prefix_n);
	if (X509_digest(cert, hash, (unsigned char *)ret_binding->v + prefix_n,
		&n) != 1) {
		rv_error_set(e, "tls_certificate: cannot hash %s: %s",
		    config->tls_certificate, rv_tls_reason());
		return RV_ERR_INTERNAL;
	}
	ret_binding->n = prefix_n + n;
	return RV_OK;
}
