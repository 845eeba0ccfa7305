/*
 * JWS and keys: the vectors of RFC 7515, 7638 and 9449, signatures in every
 * way broken, and key sets that are not to be believed.
 */
#include "unit/unit.h"

#include "unit/auth/token_kit.h"

#include "jwk.h"

/* ---- base64url --------------------------------------------------------------- */

static void
base64url_has_one_text_for_the_same_bytes(void **state)
{
	static const struct {
		const char *text;
		int n; /* -1: refused */
	} texts[] = {
		{ "", 0 },
		{ "_w", 1 },
		{ "-_8", 2 },
		{ "AAAA", 3 },
		{ "A", -1 },	/* six bits */
		{ "_x", -1 },	/* bits behind the end */
		{ "-_9", -1 },	/* likewise */
		{ "_w==", -1 }, /* padding */
		{ "+/8", -1 },	/* the other alphabet */
		{ "AA AA", -1 },
		{ "AAAA\n", -1 },
		{ "AA\tA", -1 },
		{ "AAA.", -1 },
		{ "AAA\xff", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		unsigned char out[8];
		size_t n = 0;
		int r = rv_base64url_decode(
		    rv_slice_of(texts[i].text), out, sizeof(out), &n);

		assert_int_equal(r, texts[i].n < 0 ? RV_ERR_INVALID : RV_OK);
		if (r == RV_OK)
			assert_int_equal(n, texts[i].n);
	}
}

static void
base64url_comes_back(void **state)
{
	unsigned char bytes[67], back[67];

	(void)state;
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		char *text;

		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)(i * 37 + n);
		text = kit_text(bytes, n);
		assert_true(rv_base64url_exactly(rv_slice_of(text), back, n));
		assert_memory_equal(bytes, back, n);
		free(text);
	}
}

static void
base64url_keeps_its_bound(void **state)
{
	unsigned char out[2];
	size_t n;

	(void)state;
	assert_int_equal(
	    rv_base64url_decode(RV_SLICE_LIT("AAAA"), out, sizeof(out), &n),
	    RV_ERR_LIMIT);
}

/* ---- The vectors of the RFCs ---------------------------------------------------- */

#define RFC7515_PAYLOAD                                                        \
	".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGx" \
	"lLmNvbS9pc19yb290Ijp0cnVlfQ"

static const char rfc7515_a2_key[] =
    "{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0"
    "l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_Y"
    "pRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA"
    "9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5Ihl"
    "JH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXp"
    "oQ\",\"e\":\"AQAB\"}";
static const char rfc7515_a2[] =
    "eyJhbGciOiJSUzI1NiJ9" RFC7515_PAYLOAD
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4"
    "Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_n"
    "ZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_"
    "dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np"
    "6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

static const char rfc7515_a3_key[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\","
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}";
static const char rfc7515_a3[] =
    "eyJhbGciOiJFUzI1NiJ9" RFC7515_PAYLOAD
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfK"
    "TUJqPP3-Kg6NU1Q";

static json_t *
json(const char *text)
{
	json_t *root = json_loads(text, 0, NULL);

	assert_non_null(root);
	return root;
}

static struct rv_jwk
jwk_of(const char *text)
{
	json_t *object = json(text);
	struct rv_error e = { "" };
	struct rv_jwk jwk;

	assert_int_equal(rv_jwk_parse(object, &jwk, &e), RV_JWK_GOOD);
	json_decref(object);
	return jwk;
}

static bool
verifies(const char *key, const char *token)
{
	struct rv_jwk jwk = jwk_of(key);
	struct rv_jws jws;
	char detail[256];
	bool good;

	assert_int_equal(
	    rv_jws_parse(rv_slice_of(token), &jws, detail), RV_REFUSED_NOT);
	good = rv_jwk_verify(&jwk, &jws);
	rv_jws_fini(&jws);
	rv_jwk_fini(&jwk);
	return good;
}

static void
rfc7515_appendix_a(void **state)
{
	(void)state;
	assert_true(verifies(rfc7515_a2_key, rfc7515_a2));
	assert_true(verifies(rfc7515_a3_key, rfc7515_a3));
	/* Each by the other's key. */
	assert_false(verifies(rfc7515_a3_key, rfc7515_a2));
	assert_false(verifies(rfc7515_a2_key, rfc7515_a3));
}

static bool
has_thumbprint(const char *key, const char *expected)
{
	json_t *object = json(key);
	unsigned char is[32], should[32];
	bool same;

	assert_true(rv_base64url_exactly(rv_slice_of(expected), should, 32));
	same = rv_jwk_thumbprint(object, is) && memcmp(is, should, 32) == 0;
	json_decref(object);
	return same;
}

/* RFC 7638 section 3.1, RFC 9449 section 6.1. */
static void
thumbprints_of_the_rfcs(void **state)
{
	(void)state;
	assert_true(has_thumbprint(
	    "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiA"
	    "FbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV"
	    "4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YG"
	    "jQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n"
	    "91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
	    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\","
	    "\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}",
	    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
	assert_true(has_thumbprint(
	    "{\"kty\":\"EC\","
	    "\"x\":\"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs\","
	    "\"y\":\"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA\","
	    "\"crv\":\"P-256\"}",
	    "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"));
}

/* ---- Signatures -------------------------------------------------------------------- */

struct signer {
	const char *alg;
	struct kit_key key;
	struct rv_jwk jwk;
};

static void
make_signers(struct signer signers[3])
{
	static const char *const algs[] = { "RS256", "PS256", "ES256" };

	for (size_t i = 0; i < 3; i++) {
		json_t *object;
		struct rv_error e;

		signers[i].alg = algs[i];
		signers[i].key = i < 2 ? kit_rsa("k", 2048) : kit_ec("k");
		object = kit_jwk(&signers[i].key);
		assert_int_equal(
		    rv_jwk_parse(object, &signers[i].jwk, &e), RV_JWK_GOOD);
		json_decref(object);
	}
}

static void
free_signers(struct signer signers[3])
{
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY_free(signers[i].key.key);
		rv_jwk_fini(&signers[i].jwk);
	}
}

static struct rv_jws
good_jws(const struct signer *s, char **ret_token)
{
	char header[64], detail[256];
	struct rv_jws jws;

	(void)snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", s->alg);
	*ret_token = kit_sign_text(&s->key, s->alg, header, "{\"a\":1}");
	assert_int_equal(rv_jws_parse(rv_slice_of(*ret_token), &jws, detail),
	    RV_REFUSED_NOT);
	return jws;
}

static void
every_bit_of_a_signature_counts(void **state)
{
	struct signer signers[3];

	(void)state;
	make_signers(signers);
	for (size_t i = 0; i < 3; i++) {
		char *token;
		struct rv_jws jws = good_jws(&signers[i], &token);

		assert_true(rv_jwk_verify(&signers[i].jwk, &jws));
		for (size_t bit = 0; bit < 8 * jws.n_signature; bit += 7) {
			jws.signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
			assert_false(rv_jwk_verify(&signers[i].jwk, &jws));
			jws.signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		assert_true(rv_jwk_verify(&signers[i].jwk, &jws));
		rv_jws_fini(&jws);
		free(token);
	}
	free_signers(signers);
}

/* Shorter, longer, empty, with a zero before: none is the signature. */
static void
signatures_of_another_length_are_refused(void **state)
{
	struct signer signers[3];

	(void)state;
	make_signers(signers);
	for (size_t i = 0; i < 3; i++) {
		char *token;
		struct rv_jws jws = good_jws(&signers[i], &token);
		const size_t n = jws.n_signature;
		static const int other[] = { -64, -32, -2, -1, 1, 2, 32 };

		for (size_t k = 0; k < sizeof(other) / sizeof(other[0]); k++) {
			jws.n_signature = n + (size_t)other[k];
			assert_false(rv_jwk_verify(&signers[i].jwk, &jws));
		}
		memmove(jws.signature + 1, jws.signature, n);
		jws.signature[0] = 0;
		jws.n_signature = n + 1;
		assert_false(rv_jwk_verify(&signers[i].jwk, &jws));
		rv_jws_fini(&jws);
		free(token);
	}
	free_signers(signers);
}

/* The order n of P-256, by which r and s must be smaller. */
static const unsigned char order[32] = { 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
	0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25,
	0x51 };

/* Hostile input 58: "psychic signatures", and their relatives. */
static void
es256_with_r_and_s_of_zero_is_refused(void **state)
{
	static const unsigned char zero[32],
	    one[32] = { [31] = 1 }, *const numbers[] = { zero, one, order };
	struct signer signers[3];
	struct rv_jws jws;
	char *token;

	(void)state;
	make_signers(signers);
	jws = good_jws(&signers[2], &token);
	for (size_t r = 0; r < 3; r++) {
		for (size_t s = 0; s < 3; s++) {
			memcpy(jws.signature, numbers[r], 32);
			memcpy(jws.signature + 32, numbers[s], 32);
			assert_false(rv_jwk_verify(&signers[2].jwk, &jws));
		}
	}
	rv_jws_fini(&jws);
	free(token);
	free_signers(signers);
}

/* The DER that OpenSSL itself would take. */
static void
es256_in_der_is_refused(void **state)
{
	struct signer signers[3];
	struct rv_jws jws;
	unsigned char *der = jws.signature;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	char *token;
	int n;

	(void)state;
	make_signers(signers);
	jws = good_jws(&signers[2], &token);
	assert_int_equal(
	    ECDSA_SIG_set0(pair, BN_bin2bn(jws.signature, 32, NULL),
		BN_bin2bn(jws.signature + 32, 32, NULL)),
	    1);
	n = i2d_ECDSA_SIG(pair, &der);
	assert_true(n > 64);
	jws.n_signature = (size_t)n;
	assert_false(rv_jwk_verify(&signers[2].jwk, &jws));
	ECDSA_SIG_free(pair);
	rv_jws_fini(&jws);
	free(token);
	free_signers(signers);
}

static void
algorithms_are_not_mixed(void **state)
{
	struct signer signers[3];

	(void)state;
	make_signers(signers);
	for (size_t i = 0; i < 3; i++) {
		char *token;
		struct rv_jws jws = good_jws(&signers[i], &token);
		const enum rv_jws_alg own = jws.alg;

		for (unsigned a = 0; a < RV_JWS_N_ALGS; a++) {
			jws.alg = (enum rv_jws_alg)a;
			assert_int_equal(rv_jwk_verify(&signers[i].jwk, &jws),
			    jws.alg == own);
		}
		rv_jws_fini(&jws);
		free(token);
	}
	free_signers(signers);
}

/* PS256 is with a salt of 32 octets (RFC 7518 section 3.5). */
static void
a_key_bound_to_one_algorithm_takes_no_other(void **state)
{
	struct signer signers[3];
	struct rv_error e = { "" };
	struct rv_jwk only;
	struct rv_jws jws;
	json_t *object;
	char *token;

	(void)state;
	make_signers(signers);
	object = kit_jwk(&signers[0].key);
	assert_int_equal(
	    json_object_set_new(object, "alg", json_string("PS256")), 0);
	assert_int_equal(rv_jwk_parse(object, &only, &e), RV_JWK_GOOD);
	jws = good_jws(&signers[0], &token);
	assert_true(rv_jwk_verify(&signers[0].jwk, &jws));
	assert_false(rv_jwk_verify(&only, &jws));
	rv_jwk_fini(&only);
	json_decref(object);
	rv_jws_fini(&jws);
	free(token);
	free_signers(signers);
}

/* ---- Key sets ------------------------------------------------------------------------ */

static int
parse_set(const char *text, size_t *ret_n, struct rv_error *e)
{
	struct rv_jwk_set *set = NULL;
	int r = rv_jwk_set_parse(rv_slice_of(text), &set, e);

	*ret_n = set != NULL ? rv_jwk_set_size(set) : 0;
	rv_jwk_set_unref(&set);
	return r;
}

/* A good key, and beside it whatever is said. */
static char *
beside_a_good_one(json_t *other)
{
	struct kit_key good = kit_ec("good");
	json_t *root = json_pack("{s:[o,o]}", "keys", kit_jwk(&good), other);
	char *text = json_dumps(root, JSON_COMPACT);

	assert_non_null(text);
	json_decref(root);
	EVP_PKEY_free(good.key);
	return text;
}

static json_t *
with(json_t *jwk, const char *member, json_t *value)
{
	assert_int_equal(json_object_set_new(jwk, member, value), 0);
	return jwk;
}

static void
assert_spoils(json_t *key, const char *named)
{
	char *text = beside_a_good_one(key);
	struct rv_error e = { "" };
	size_t n;

	assert_int_equal(parse_set(text, &n, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, named));
	assert_int_equal(n, 0);
	free(text);
}

static void
assert_passed_over(json_t *key)
{
	char *text = beside_a_good_one(key);
	struct rv_error e = { "" };
	size_t n;

	assert_int_equal(parse_set(text, &n, &e), RV_OK);
	assert_int_equal(n, 1);
	free(text);
}

static void
one_bad_key_spoils_a_set(void **state)
{
	struct kit_key ec = kit_ec("k"), twin = kit_ec("good");
	struct kit_key weak = kit_rsa("weak", 1024);

	(void)state;
	assert_spoils(json_pack("{s:s, s:s, s:s}", "kty", "oct", "k",
			  "c2VjcmV0", "kid", "s"),
	    "symmetric");
	assert_spoils(
	    with(kit_jwk(&ec), "k", json_string("c2VjcmV0")), "symmetric");
	assert_spoils(with(kit_jwk(&ec), "d", json_string("AAAA")), "private");
	assert_spoils(kit_jwk(&weak), "2048");
	assert_spoils(kit_jwk(&twin), "two keys of one kid");
	assert_spoils(with(kit_jwk(&ec), "y", json_string("AAAA")), "x and y");
	/* 32 octets, but no point of the curve */
	assert_spoils(with(kit_jwk(&ec), "y",
			  json_string("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				      "AAAAAA")),
	    "no point");
	assert_spoils(with(kit_jwk(&ec), "kid", json_integer(7)), "kid");
	assert_spoils(with(kit_jwk(&ec), "use", json_integer(7)), "use");
	assert_spoils(
	    with(kit_jwk(&ec), "alg", json_string("RS256")), "algorithm");
	assert_spoils(json_string("a key"), "no key");
	assert_spoils(json_object(), "no key");
	EVP_PKEY_free(ec.key);
	EVP_PKEY_free(twin.key);
	EVP_PKEY_free(weak.key);
}

/* RFC 7517 section 5: of kinds that we do not know, and for other uses. */
static void
keys_for_others_are_passed_over(void **state)
{
	struct kit_key ec = kit_ec("k");

	(void)state;
	assert_passed_over(with(kit_jwk(&ec), "use", json_string("enc")));
	assert_passed_over(with(kit_jwk(&ec), "alg", json_string("ES384")));
	assert_passed_over(with(kit_jwk(&ec), "crv", json_string("P-384")));
	assert_passed_over(with(kit_jwk(&ec), "kty", json_string("OKP")));
	assert_passed_over(
	    with(kit_jwk(&ec), "key_ops", json_pack("[s]", "deriveKey")));
	EVP_PKEY_free(ec.key);
}

static void
sets_beyond_the_limits_are_refused(void **state)
{
	struct kit_key ec = kit_ec("k");
	json_t *many = json_array(), *root;
	struct rv_error e = { "" };
	char *text, *long_one;
	size_t n;

	(void)state;
	for (unsigned i = 0; i < RV_JWK_SET_KEYS_MAX + 1; i++)
		assert_int_equal(
		    json_array_append_new(many,
			with(kit_jwk(&ec), "kid", json_sprintf("k%u", i))),
		    0);
	root = json_pack("{s:o}", "keys", many);
	text = json_dumps(root, JSON_COMPACT);
	assert_int_equal(parse_set(text, &n, &e), RV_ERR_LIMIT);
	assert_int_equal(json_array_remove(many, 0), 0);
	free(text);
	text = json_dumps(root, JSON_COMPACT);
	assert_int_equal(parse_set(text, &n, &e), RV_OK);
	assert_int_equal(n, RV_JWK_SET_KEYS_MAX);

	assert_true(
	    asprintf(&long_one, "%s%*s", text,
		(int)(RV_JWK_SET_BYTES_MAX - strlen(text) + 1), "") > 0);
	assert_int_equal(parse_set(long_one, &n, &e), RV_ERR_LIMIT);
	long_one[RV_JWK_SET_BYTES_MAX] = '\0';
	assert_int_equal(parse_set(long_one, &n, &e), RV_OK);
	free(long_one);
	free(text);
	json_decref(root);
	EVP_PKEY_free(ec.key);
}

static void
what_is_no_set_is_refused(void **state)
{
	static const char *const texts[] = { "", "{}", "[]", "null",
		"{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[],\"keys\":[]}",
		"<html></html>", "{\"keys\":[" };
	struct rv_error e;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_not_equal(parse_set(texts[i], &n, &e), RV_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64url_has_one_text_for_the_same_bytes),
		cmocka_unit_test(base64url_comes_back),
		cmocka_unit_test(base64url_keeps_its_bound),
		cmocka_unit_test(rfc7515_appendix_a),
		cmocka_unit_test(thumbprints_of_the_rfcs),
		cmocka_unit_test(every_bit_of_a_signature_counts),
		cmocka_unit_test(signatures_of_another_length_are_refused),
		cmocka_unit_test(es256_with_r_and_s_of_zero_is_refused),
		cmocka_unit_test(es256_in_der_is_refused),
		cmocka_unit_test(algorithms_are_not_mixed),
		cmocka_unit_test(a_key_bound_to_one_algorithm_takes_no_other),
		cmocka_unit_test(one_bad_key_spoils_a_set),
		cmocka_unit_test(keys_for_others_are_passed_over),
		cmocka_unit_test(sets_beyond_the_limits_are_refused),
		cmocka_unit_test(what_is_no_set_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
