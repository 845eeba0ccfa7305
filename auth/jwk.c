/* One public key: from JSON to what OpenSSL verifies with. */
#include "jwk.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192
#define COORDINATE   32u /* octets of P-256 */

static enum rv_jwk_kind
bad(struct rv_error *e, const char *what)
{
	rv_error_set(e, "%s", what);
	return RV_JWK_BAD;
}

/* ---- To EVP_PKEY --------------------------------------------------------------- */

static EVP_PKEY *
key_of(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *made = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY_CTX *checked = NULL;
	EVP_PKEY *key = NULL;

	if (made == NULL || params == NULL ||
	    EVP_PKEY_fromdata_init(made) <= 0 ||
	    EVP_PKEY_fromdata(made, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		key = NULL;
	if (key != NULL)
		checked = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	if (checked == NULL || EVP_PKEY_public_check(checked) <= 0) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	EVP_PKEY_CTX_free(checked);
	EVP_PKEY_CTX_free(made);
	ERR_clear_error();
	return key;
}

/* A number of an RSA key; NULL when it is none, or longer than max. */
static BIGNUM *
number_of(const json_t *object, const char *member, size_t max)
{
	unsigned char bytes[RSA_BITS_MAX / 8 + 1];
	size_t n = 0;

	if (max > sizeof(bytes) ||
	    rv_base64url_decode(rv_jws_text(object, member), bytes, max, &n) !=
		RV_OK ||
	    n == 0 || bytes[0] == 0)
		return NULL;
	return BN_bin2bn(bytes, (int)n, NULL);
}

static enum rv_jwk_kind
take_rsa(const json_t *object, struct rv_jwk *jwk, struct rv_error *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = number_of(object, "n", RSA_BITS_MAX / 8);
	BIGNUM *exponent = number_of(object, "e", 4);
	OSSL_PARAM *params = NULL;
	enum rv_jwk_kind kind = RV_JWK_GOOD;

	if (n == NULL || exponent == NULL)
		kind = bad(e, "an RSA key without a proper n and e");
	else if (BN_num_bits(n) < RSA_BITS_MIN)
		kind = bad(e, "an RSA key of less than 2048 bits");
	if (kind == RV_JWK_GOOD && build != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (kind == RV_JWK_GOOD)
		jwk->key = key_of("RSA", params);
	if (kind == RV_JWK_GOOD && jwk->key == NULL)
		kind = bad(e, "an RSA key that is none");
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(exponent);
	BN_free(n);
	return kind;
}

static enum rv_jwk_kind
take_ec(const json_t *object, struct rv_jwk *jwk, struct rv_error *e)
{
	/* 4: an uncompressed point (SEC 1) */
	unsigned char point[1 + 2 * COORDINATE] = { 4 };
	char group[] = "P-256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(
		    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};

	if (!rv_slice_eq_cstr(rv_jws_text(object, "crv"), "P-256")) {
		rv_error_set(e, "a key on another curve than P-256");
		return RV_JWK_OTHER;
	}
	if (!rv_base64url_exactly(
		rv_jws_text(object, "x"), point + 1, COORDINATE) ||
	    !rv_base64url_exactly(
		rv_jws_text(object, "y"), point + 1 + COORDINATE, COORDINATE))
		return bad(e, "an EC key without a proper x and y");
	jwk->key = key_of("EC", params);
	if (jwk->key == NULL)
		return bad(e, "an EC key that is no point of P-256");
	return RV_JWK_GOOD;
}

/* ---- What a key says of itself ------------------------------------------------- */

/* Text of a member that may be absent; false when it is no proper text. */
static bool
take_text(const json_t *object, const char *member, size_t max, char **ret)
{
	struct rv_slice text = rv_jws_text(object, member);

	if (json_object_get(object, member) == NULL)
		return true;
	if (text.p == NULL || text.n == 0 || text.n > max)
		return false;
	*ret = rv_slice_dup(text);
	return *ret != NULL;
}

static bool
is_for_verifying(const json_t *operations)
{
	const json_t *one;
	size_t i;

	if (operations == NULL)
		return true;
	json_array_foreach(operations, i, one)
	{
		const char *name = json_string_value(one);

		if (name != NULL && strcmp(name, "verify") == 0)
			return true;
	}
	return false;
}

/* Before the numbers are looked at. */
static enum rv_jwk_kind
judge_use(const json_t *object, struct rv_jwk *jwk, struct rv_error *e)
{
	const json_t *use = json_object_get(object, "use");
	const json_t *alg = json_object_get(object, "alg");
	struct rv_slice kty = rv_jws_text(object, "kty");

	if (!json_is_object(object) || kty.p == NULL)
		return bad(e, "something that is no key");
	if (rv_slice_eq_cstr(kty, "oct") ||
	    json_object_get(object, "k") != NULL)
		return bad(e, "a symmetric key");
	if (json_object_get(object, "d") != NULL)
		return bad(e, "a private key");
	if (use != NULL && !json_is_string(use))
		return bad(e, "a key whose use is no text");
	jwk->alg = rv_jws_alg_of(rv_jws_text(object, "alg"));
	if ((use != NULL &&
		!rv_slice_eq_cstr(rv_jws_text(object, "use"), "sig")) ||
	    !is_for_verifying(json_object_get(object, "key_ops")) ||
	    (alg != NULL && jwk->alg == RV_JWS_NO_ALG)) {
		rv_error_set(e, "a key for another use or algorithm");
		return RV_JWK_OTHER;
	}
	return RV_JWK_GOOD;
}

/* ---- Ready to verify ------------------------------------------------------------ */

static EVP_PKEY_CTX *
make_ready(EVP_PKEY *key, enum rv_jws_alg alg)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) > 0;

	if (ok && alg == RV_JWS_RS256)
		ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0 &&
		     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0;
	if (ok && alg == RV_JWS_PS256)
		ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) >
			 0 &&
		     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
		     EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(
			 ctx, RSA_PSS_SALTLEN_DIGEST) > 0;
	if (ok)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

static bool
make_all_ready(struct rv_jwk *jwk)
{
	const bool rsa = EVP_PKEY_is_a(jwk->key, "RSA") == 1;
	bool any = false;

	for (unsigned i = RV_JWS_RS256; i < RV_JWS_N_ALGS; i++) {
		const enum rv_jws_alg alg = (enum rv_jws_alg)i;

		if (rsa == (alg == RV_JWS_ES256) ||
		    (jwk->alg != RV_JWS_NO_ALG && jwk->alg != alg))
			continue;
		jwk->ready[i] = make_ready(jwk->key, alg);
		any |= jwk->ready[i] != NULL;
	}
	return any;
}

enum rv_jwk_kind
rv_jwk_parse(const json_t *object, struct rv_jwk *ret, struct rv_error *e)
{
	struct rv_slice kty = rv_jws_text(object, "kty");
	struct rv_jwk jwk = { 0 };
	enum rv_jwk_kind kind = judge_use(object, &jwk, e);

	if (kind == RV_JWK_GOOD &&
	    (!take_text(object, "kid", RV_JWK_KID_MAX, &jwk.kid) ||
		!take_text(object, "issuer", 1024, &jwk.issuer)))
		kind = bad(e, "a key whose kid or issuer is no proper text");
	if (kind == RV_JWK_GOOD && rv_slice_eq_cstr(kty, "RSA")) {
		kind = take_rsa(object, &jwk, e);
	} else if (kind == RV_JWK_GOOD && rv_slice_eq_cstr(kty, "EC")) {
		kind = take_ec(object, &jwk, e);
	} else if (kind == RV_JWK_GOOD) {
		rv_error_set(e, "a key of another kind than RSA and EC");
		kind = RV_JWK_OTHER;
	}
	if (kind == RV_JWK_GOOD && !make_all_ready(&jwk))
		kind = bad(e, "a key that does not fit its algorithm");
	if (kind != RV_JWK_GOOD)
		rv_jwk_fini(&jwk);
	*ret = jwk;
	return kind;
}

void
rv_jwk_fini(struct rv_jwk *jwk)
{
	for (unsigned i = 0; i < RV_JWS_N_ALGS; i++)
		EVP_PKEY_CTX_free(jwk->ready[i]);
	EVP_PKEY_free(jwk->key);
	free(jwk->kid);
	free(jwk->issuer);
	*jwk = (struct rv_jwk){ 0 };
}

/* ---- Thumbprint ------------------------------------------------------------------ */

bool
rv_jwk_thumbprint(const json_t *object, unsigned char ret[32])
{
	static const char *const of_rsa[] = { "e", "kty", "n", NULL };
	static const char *const of_ec[] = { "crv", "kty", "x", "y", NULL };
	const bool rsa = rv_slice_eq_cstr(rv_jws_text(object, "kty"), "RSA");
	struct rv_buf text = { 0 };
	bool ok = true;

	/* The required members alone, by name, without blanks.  All are
	 * base64url or fixed words, which need no escapes. */
	for (const char *const *name = rsa ? of_rsa : of_ec; *name != NULL;
	     name++) {
		struct rv_slice value = rv_jws_text(object, *name);

		ok &= value.p != NULL &&
		      memchr(value.p, '"', value.n) == NULL &&
		      memchr(value.p, '\\', value.n) == NULL;
		rv_buf_printf(&text, "%s\"%s\":\"%.*s\"",
		    text.n == 0 ? "{" : ",", *name, RV_SLICE_FMT(value));
	}
	rv_buf_putc(&text, '}');
	ok = ok && !text.failed &&
	     EVP_Digest(text.p, text.n, ret, NULL, EVP_sha256(), NULL) == 1;
	rv_buf_fini(&text);
	return ok;
}

/* ---- Verifying -------------------------------------------------------------------- */

/* r or s as a DER INTEGER; returns its size, 0 when it is zero. */
static size_t
put_integer(unsigned char *out, const unsigned char number[COORDINATE])
{
	size_t zeros = 0, n;

	while (zeros < COORDINATE && number[zeros] == 0)
		zeros++;
	if (zeros == COORDINATE)
		return 0;
	n = COORDINATE - zeros;
	out[0] = 2;
	out[2] = 0; /* before a first octet that would look negative */
	out[1] = (unsigned char)(n + (number[zeros] >= 0x80));
	memcpy(out + 2 + (number[zeros] >= 0x80), number + zeros, n);
	return 2u + out[1];
}

/*
 * From r || s (RFC 7518 section 3.4) to the DER that OpenSSL takes.  Zeros
 * are refused here: no signature has them, and implementations that take
 * them take them for everything.
 */
static bool
der_of(const struct rv_jws *jws, unsigned char der[80], size_t *ret_n)
{
	size_t n_r, n_s;

	if (jws->n_signature != 2 * COORDINATE)
		return false;
	n_r = put_integer(der + 2, jws->signature);
	n_s = put_integer(der + 2 + n_r, jws->signature + COORDINATE);
	if (n_r == 0 || n_s == 0)
		return false;
	der[0] = 0x30;
	der[1] = (unsigned char)(n_r + n_s);
	*ret_n = 2 + n_r + n_s;
	return true;
}

bool
rv_jwk_verify(const struct rv_jwk *jwk, const struct rv_jws *jws)
{
	const unsigned char *signature = jws->signature;
	size_t n_signature = jws->n_signature;
	unsigned char der[80], digest[32];
	EVP_PKEY_CTX *ctx;
	bool good;

	if (jws->alg == RV_JWS_NO_ALG || jwk->ready[jws->alg] == NULL ||
	    EVP_Digest(jws->signed_part.p, jws->signed_part.n, digest, NULL,
		EVP_sha256(), NULL) != 1)
		return false;
	if (jws->alg == RV_JWS_ES256) {
		if (!der_of(jws, der, &n_signature))
			return false;
		signature = der;
	}
	ctx = EVP_PKEY_CTX_dup(jwk->ready[jws->alg]);
	good = ctx != NULL && EVP_PKEY_verify(ctx, signature, n_signature,
				  digest, sizeof(digest)) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (!good)
		ERR_clear_error();
	return good;
}
