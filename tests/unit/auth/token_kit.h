/*
 * An issuer of tokens for tests: keys, key sets, and tokens good and broken.
 * Ends the program when something fails.
 */
#ifndef TESTS_UNIT_AUTH_TOKEN_KIT_H
#define TESTS_UNIT_AUTH_TOKEN_KIT_H

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "issuer.h"
#include "reeve/auth_token.h"

struct kit_key {
	EVP_PKEY *key;
	const char *kid;
};

static inline void
kit_need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "token_kit: %s has failed\n", what);
	abort();
}

static inline struct kit_key
kit_ec(const char *kid)
{
	struct kit_key k = { EVP_EC_gen("P-256"), kid };

	kit_need(k.key != NULL, "making an EC key");
	return k;
}

static inline struct kit_key
kit_rsa(const char *kid, unsigned bits)
{
	struct kit_key k = { EVP_RSA_gen(bits), kid };

	kit_need(k.key != NULL, "making an RSA key");
	return k;
}

/* base64url of bytes, to be freed. */
static inline char *
kit_text(const void *bytes, size_t n)
{
	struct rv_buf out = { 0 };
	char *text;

	rv_base64url_put(&out, bytes, n);
	rv_buf_putc(&out, '\0');
	text = strdup(out.p);
	rv_buf_fini(&out);
	kit_need(text != NULL, "base64url");
	return text;
}

static inline void
kit_set_number(json_t *jwk, const char *member, EVP_PKEY *key,
    const char *param, int width)
{
	unsigned char bytes[1024];
	BIGNUM *number = NULL;
	char *text;
	int n;

	kit_need(EVP_PKEY_get_bn_param(key, param, &number) == 1, param);
	n = width > 0 ? BN_bn2binpad(number, bytes, width)
		      : BN_bn2bin(number, bytes);
	kit_need(n > 0, "a number of a key");
	text = kit_text(bytes, (size_t)n);
	kit_need(
	    json_object_set_new(jwk, member, json_string(text)) == 0, member);
	free(text);
	BN_free(number);
}

/* The public half as JSON. */
static inline json_t *
kit_jwk(const struct kit_key *k)
{
	const bool rsa = EVP_PKEY_is_a(k->key, "RSA") == 1;
	json_t *jwk = rsa ? json_pack("{s:s, s:s}", "kty", "RSA", "use", "sig")
			  : json_pack("{s:s, s:s, s:s}", "kty", "EC", "crv",
				"P-256", "use", "sig");

	kit_need(jwk != NULL, "a JWK");
	if (k->kid != NULL)
		kit_need(
		    json_object_set_new(jwk, "kid", json_string(k->kid)) == 0,
		    "kid");
	if (rsa) {
		kit_set_number(jwk, "n", k->key, OSSL_PKEY_PARAM_RSA_N, 0);
		kit_set_number(jwk, "e", k->key, OSSL_PKEY_PARAM_RSA_E, 0);
	} else {
		kit_set_number(jwk, "x", k->key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
		kit_set_number(jwk, "y", k->key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
	}
	return jwk;
}

/* A signature of JOSE over bytes; returns its size. */
static inline size_t
kit_signature(EVP_PKEY *key, const char *alg, const char *bytes, size_t n,
    unsigned char out[1024])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	const unsigned char *der = out;
	ECDSA_SIG *pair;
	size_t size = 1024;

	kit_need(EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, key) == 1,
	    "signing");
	if (strcmp(alg, "PS256") == 0)
		kit_need(EVP_PKEY_CTX_set_rsa_padding(
			     how, RSA_PKCS1_PSS_PADDING) == 1 &&
			     EVP_PKEY_CTX_set_rsa_pss_saltlen(
				 how, RSA_PSS_SALTLEN_DIGEST) == 1,
		    "PSS");
	kit_need(EVP_DigestSign(
		     ctx, out, &size, (const unsigned char *)bytes, n) == 1,
	    "signing");
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_is_a(key, "EC") != 1)
		return size;
	pair = d2i_ECDSA_SIG(NULL, &der, (long)size);
	kit_need(pair != NULL &&
		     BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, 32) == 32 &&
		     BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + 32, 32) == 32,
	    "a signature of ECDSA");
	ECDSA_SIG_free(pair);
	return 64;
}

/* header.payload of these texts, whatever they are; to be freed. */
static inline char *
kit_body(const char *header, const char *payload)
{
	char *h = kit_text(header, strlen(header));
	char *p = kit_text(payload, strlen(payload));
	char *body = NULL;

	kit_need(asprintf(&body, "%s.%s", h, p) > 0, "a body");
	free(h);
	free(p);
	return body;
}

/* A signed token of these texts; to be freed. */
static inline char *
kit_sign_text(const struct kit_key *k, const char *alg, const char *header,
    const char *payload)
{
	unsigned char signature[1024];
	char *body = kit_body(header, payload), *text, *token = NULL;
	size_t n = kit_signature(k->key, alg, body, strlen(body), signature);

	text = kit_text(signature, n);
	kit_need(asprintf(&token, "%s.%s", body, text) > 0, "a token");
	free(text);
	free(body);
	return token;
}

/* The same of objects, whose references stay the caller's. */
static inline char *
kit_sign(const struct kit_key *k, const char *alg, const json_t *header,
    const json_t *payload)
{
	char *h = json_dumps(header, JSON_COMPACT);
	char *p = json_dumps(payload, JSON_COMPACT);
	char *token = kit_sign_text(k, alg, h, p);

	free(h);
	free(p);
	return token;
}

/* {"keys": [...]} of keys, as text to be freed. */
static inline char *
kit_jwks(const struct kit_key *keys, size_t n)
{
	json_t *list = json_array(), *root;
	char *text;

	for (size_t i = 0; i < n; i++)
		kit_need(json_array_append_new(list, kit_jwk(&keys[i])) == 0,
		    "a key set");
	root = json_pack("{s:o}", "keys", list);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	kit_need(text != NULL, "a key set");
	return text;
}

/* Puts keys into an issuer as if they had been fetched now. */
static inline void
kit_give(struct rv_issuers *issuers, size_t i, const char *jwks)
{
	struct rv_issuer_entry *entry = &issuers->entries[i];
	struct rv_jwk_set *keys = NULL;
	struct rv_error e = { "" };

	if (rv_jwk_set_parse(rv_slice_of(jwks), &keys, &e) != RV_OK)
		kit_need(false, e.text);
	rv_jwk_set_unref(&entry->keys);
	entry->keys = keys;
	entry->keys_at_ms = issuers->clock();
}

#endif
