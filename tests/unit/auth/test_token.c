/*
 * Tokens that must not sign anybody in, each kind by its name, and what the
 * good ones prove.
 */
#include "unit/unit.h"

#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "unit/auth/token_desk.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct desk desk;

static int
open_desk(void **state)
{
	(void)state;
	desk_open(&desk, NULL);
	return 0;
}

static int
close_desk(void **state)
{
	(void)state;
	desk_close(&desk);
	return 0;
}

/* ---- Good ones ------------------------------------------------------------------- */

static void
a_good_token_says_who_it_is(void **state)
{
	const struct rv_evidence *ev = &desk.evidence;

	(void)state;
	assert_int_equal(desk_judge_text(&desk, desk_good(&desk, NULL, NULL)),
	    RV_REFUSED_NOT);
	assert_int_equal(ev->method, RV_AUTH_TOKEN);
	assert_int_equal(ev->ids.n, 1);
	assert_string_equal(ev->ids.v[0], "oidc:" OP "|alice");
	assert_string_equal(ev->principal, "oidc:" OP "|alice");
	assert_string_equal(ev->source, "op.conf");
	assert_string_equal(ev->lookup, "");
	assert_int_equal(ev->expires_at_ms, NOW_MS + 300000);
	assert_int_equal(ev->authenticated_at_ms, NOW_MS - 20000);
	assert_true(ev->has_groups);
	assert_int_equal(ev->groups.n, 2);
	assert_string_equal(ev->groups.v[0], "oidc:" OP "|g-ops");
	assert_false(ev->channel_bound);
	assert_false(ev->delegated);
	assert_string_equal(desk.detail, "");
}

static void
each_algorithm_signs_in(void **state)
{
	static const char *const algs[] = { "RS256", "PS256", "ES256" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct kit_key *key = i < 2 ? &desk.rs : &desk.es;
		json_t *header = json_pack("{s:s, s:s, s:s}", "alg", algs[i],
		    "kid", key->kid, "typ", "AT+JWT");

		assert_int_equal(
		    desk_judge_text(&desk, desk_token(key, algs[i], header,
					       NULL, desk_payload(), NULL)),
		    RV_REFUSED_NOT);
	}
}

/* ---- Changes that are refused ------------------------------------------------------ */

struct change {
	const char *what;
	const char *header, *payload;
	enum rv_auth_refusal refusal;
};

static void
refuse_all(const struct change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct change *c = &changes[i];
		enum rv_auth_refusal got = desk_judge_text(
		    &desk, desk_good(&desk, c->header, c->payload));

		if (got != c->refusal)
			print_message("%s: %s (%s)\n", c->what,
			    rv_auth_refusal_name(got), desk.detail);
		assert_int_equal(got, c->refusal);
		assert_int_equal(desk.evidence.method, RV_AUTH_NONE);
		assert_int_equal(desk.evidence.ids.n, 0);
		assert_string_not_equal(desk.detail, "");
		assert_false(desk.fetch);
	}
}

/* Hostile input 56. */
static void
alg_none_in_any_case_or_absent(void **state)
{
	static const struct change changes[] = {
		{ "none", "{\"alg\":\"none\"}", NULL, RV_REFUSED_WEAK },
		{ "None", "{\"alg\":\"None\"}", NULL, RV_REFUSED_WEAK },
		{ "nOnE", "{\"alg\":\"nOnE\"}", NULL, RV_REFUSED_WEAK },
		{ "empty", "{\"alg\":\"\"}", NULL, RV_REFUSED_WEAK },
		{ "absent", "{\"alg\":null}", NULL, RV_REFUSED_WEAK },
		{ "a number", "{\"alg\":256}", NULL, RV_REFUSED_WEAK },
		{ "a list", "{\"alg\":[\"ES256\"]}", NULL, RV_REFUSED_WEAK },
		{ "es256", "{\"alg\":\"es256\"}", NULL, RV_REFUSED_WEAK },
		{ "RS1", "{\"alg\":\"RS1\"}", NULL, RV_REFUSED_WEAK },
		{ "HS256", "{\"alg\":\"HS256\"}", NULL, RV_REFUSED_WEAK },
		{ "EdDSA", "{\"alg\":\"EdDSA\"}", NULL, RV_REFUSED_WEAK },
		/* the key is one of ES256 */
		{ "another of ours", "{\"alg\":\"RS256\"}", NULL,
		    RV_REFUSED_UNKNOWN_KEY },
	};
	char *token = desk_good(&desk, "{\"alg\":\"none\"}", NULL);

	(void)state;
	for (size_t i = 0; i + 1 < N(changes); i++)
		refuse_all(&changes[i], 1);
	/* RS256 with the name of the key of ES256 may be a newer key. */
	assert_int_equal(
	    desk_judge_text(
		&desk, desk_good(&desk, changes[N(changes) - 1].header, NULL)),
	    RV_REFUSED_UNKNOWN_KEY);
	/* Without a signature at all, with the dot and without. */
	*(strrchr(token, '.') + 1) = '\0';
	assert_int_equal(
	    desk_judge(&desk, rv_slice_of(token)), RV_REFUSED_MALFORMED);
	*strrchr(token, '.') = '\0';
	assert_int_equal(
	    desk_judge(&desk, rv_slice_of(token)), RV_REFUSED_MALFORMED);
	free(token);
}

/* Hostile input 57: the public key as the secret of a MAC. */
static void
hs256_with_the_rsa_public_key(void **state)
{
	BIO *bio = BIO_new(BIO_s_mem());
	unsigned char *der = NULL, mac[32];
	struct {
		const void *p;
		int n;
	} secrets[3];
	char *pem, *body, *text, *token;
	int n_pem;

	(void)state;
	assert_int_equal(PEM_write_bio_PUBKEY(bio, desk.rs.key), 1);
	n_pem = (int)BIO_get_mem_data(bio, &pem);
	secrets[0].p = pem, secrets[0].n = n_pem;
	secrets[1].p = pem, secrets[1].n = n_pem - 1; /* no newline */
	secrets[2].n = i2d_PUBKEY(desk.rs.key, &der), secrets[2].p = der;
	body = kit_body("{\"alg\":\"HS256\",\"kid\":\"rs\",\"typ\":\"at+jwt\"}",
	    "{\"iss\":\"" OP "\",\"sub\":\"alice\",\"aud\":\"reeve\","
	    "\"exp\":1800000300}");
	for (size_t i = 0; i < 3; i++) {
		assert_non_null(HMAC(EVP_sha256(), secrets[i].p, secrets[i].n,
		    (unsigned char *)body, strlen(body), mac, NULL));
		text = kit_text(mac, sizeof(mac));
		assert_true(asprintf(&token, "%s.%s", body, text) > 0);
		assert_int_equal(
		    desk_judge_text(&desk, token), RV_REFUSED_WEAK);
		free(text);
	}
	free(body);
	OPENSSL_free(der);
	BIO_free(bio);
}

/* Hostile input 58. */
static void
es256_signature_of_zeros(void **state)
{
	static const unsigned char zeros[64];
	char *token = desk_good(&desk, NULL, NULL), *text = kit_text(zeros, 64);

	(void)state;
	memcpy(strrchr(token, '.') + 1, text, strlen(text));
	assert_int_equal(desk_judge_text(&desk, token), RV_REFUSED_BAD_TOKEN);
	free(text);
}

/* Hostile input 59: cut, with bits behind the end, padded; in each part. */
static void
signature_cut_or_with_trailing_bits_or_padded(void **state)
{
	char *good = desk_good(&desk, NULL, NULL);
	const size_t n = strlen(good);
	char *longer = NULL;

	(void)state;
	assert_int_equal(desk_judge(&desk, rv_slice_of(good)), RV_REFUSED_NOT);
	for (size_t cut = 1; cut < n; cut++)
		assert_int_not_equal(
		    desk_judge(&desk, (struct rv_slice){ good, n - cut }),
		    RV_REFUSED_NOT);
	for (const char *tail = "=\n \tA.-_%"; *tail != '\0'; tail++) {
		assert_true(asprintf(&longer, "%s%c", good, *tail) > 0);
		assert_int_not_equal(
		    desk_judge_text(&desk, longer), RV_REFUSED_NOT);
	}
	/* 64 octets leave four bits in the last letter; all must be zero. */
	good[n - 1]++;
	assert_int_equal(
	    desk_judge(&desk, rv_slice_of(good)), RV_REFUSED_MALFORMED);
	free(good);
}

/* '=' behind each part, as many as a decoder that pads would want. */
static void
padding_anywhere(void **state)
{
	char *good = desk_good(&desk, NULL, NULL);
	const char *first = strchr(good, '.');
	const char *second = strchr(first + 1, '.');

	(void)state;
	for (unsigned mask = 1; mask < 27; mask++) {
		char *padded;

		assert_true(
		    asprintf(&padded, "%.*s%.*s%.*s%.*s%s%.*s",
			(int)(first - good), good, (int)(mask % 3),
			"==", (int)(second - first), first, (int)(mask / 3 % 3),
			"==", second, (int)(mask / 9), "==") > 0);
		assert_int_equal(
		    desk_judge_text(&desk, padded), RV_REFUSED_MALFORMED);
	}
	free(good);
}

static void
every_letter_of_a_token_counts(void **state)
{
	char *good = desk_good(&desk, NULL, NULL);

	(void)state;
	for (char *c = good; *c != '\0'; c++) {
		const char kept = *c;

		*c = kept == 'A' ? 'B' : 'A';
		assert_int_not_equal(
		    desk_judge(&desk, rv_slice_of(good)), RV_REFUSED_NOT);
		*c = kept;
	}
	free(good);
}

/* Hostile input 60: the name of a key is a name and nothing else. */
static void
kid_as_path_or_sql_or_too_long(void **state)
{
	static const char *const kids[] = { "../../dev/null", "/dev/null",
		"' OR 1=1 --", "es\\u0001", "ES", "es ", "" };
	char header[128], *long_kid;

	(void)state;
	for (size_t i = 0; i < N(kids); i++) {
		(void)snprintf(
		    header, sizeof(header), "{\"kid\":\"%s\"}", kids[i]);
		assert_int_equal(
		    desk_judge_text(&desk, desk_good(&desk, header, NULL)),
		    RV_REFUSED_UNKNOWN_KEY);
	}
	assert_true(asprintf(&long_kid, "{\"kid\":\"%08192d\"}", 0) > 0);
	assert_int_equal(
	    desk_judge_text(&desk, desk_good(&desk, long_kid, NULL)),
	    RV_REFUSED_UNKNOWN_KEY);
	assert_false(desk.fetch);
	free(long_kid);
	assert_int_equal(
	    desk_judge_text(&desk, desk_good(&desk, "{\"kid\":null}", NULL)),
	    RV_REFUSED_UNKNOWN_KEY);
	assert_false(desk.fetch);
	/* A NUL is no JSON text of ours. */
	assert_int_equal(
	    desk_judge_text(&desk, kit_sign_text(&desk.es, "ES256",
				       "{\"alg\":\"ES256\",\"typ\":\"at+jwt\","
				       "\"kid\":\"es\\u0000\"}",
				       "{\"iss\":\"" OP "\"}")),
	    RV_REFUSED_MALFORMED);
}

/* Hostile input 61: keys that the token brings along are not looked at. */
static void
jku_x5u_jwk_x5c_in_the_header(void **state)
{
	static const char *const changes[] = {
		"{\"jku\":\"https://evil.test/jwks\"}",
		"{\"x5u\":\"https://evil.test/cert\"}",
		"{\"x5c\":[\"MIIB\"]}",
	};
	struct kit_key own = kit_ec("es");
	json_t *header = desk_header("es", "at+jwt"), *jwk = kit_jwk(&own);

	(void)state;
	for (size_t i = 0; i < N(changes); i++)
		assert_int_equal(
		    desk_judge_text(&desk, desk_good(&desk, changes[i], NULL)),
		    RV_REFUSED_NOT);
	assert_int_equal(json_object_set_new(header, "jwk", jwk), 0);
	assert_int_equal(
	    desk_judge_text(&desk,
		desk_token(&own, "ES256", header, NULL, desk_payload(), NULL)),
	    RV_REFUSED_BAD_TOKEN);
	assert_false(desk.fetch);
	EVP_PKEY_free(own.key);
}

/* Hostile input 62, and what else a header could switch on. */
static void
unknown_crit(void **state)
{
	static const struct change changes[] = {
		{ "unknown", "{\"crit\":[\"x\"],\"x\":1}", NULL,
		    RV_REFUSED_MALFORMED },
		{ "known", "{\"crit\":[\"exp\"],\"exp\":1}", NULL,
		    RV_REFUSED_MALFORMED },
		{ "empty", "{\"crit\":[]}", NULL, RV_REFUSED_MALFORMED },
		{ "b64", "{\"b64\":false}", NULL, RV_REFUSED_MALFORMED },
		{ "zip", "{\"zip\":\"DEF\"}", NULL, RV_REFUSED_MALFORMED },
		{ "enc", "{\"enc\":\"A256GCM\"}", NULL, RV_REFUSED_MALFORMED },
	};

	(void)state;
	refuse_all(changes, N(changes));
}

/* Hostile input 63. */
static void
aud_missing_other_list_or_substring(void **state)
{
#define AUD(x) NULL, "{\"aud\":" x "}", RV_REFUSED_AUDIENCE
	static const struct change changes[] = {
		{ "missing", AUD("null") },
		{ "other", AUD("\"other\"") },
		{ "empty", AUD("\"\"") },
		{ "list", AUD("[\"a\",\"b\"]") },
		{ "empty list", AUD("[]") },
		{ "substring", AUD("\"reev\"") },
		{ "longer", AUD("\"reeve2\"") },
		{ "case", AUD("\"Reeve\"") },
		{ "object", AUD("{\"reeve\":1}") },
		{ "number", AUD("1") },
		{ "list in list", AUD("[[\"reeve\"]]") },
	};

	(void)state;
	refuse_all(changes, N(changes));
	assert_int_equal(
	    desk_judge_text(&desk,
		desk_good(&desk, NULL, "{\"aud\":[\"x\",\"api://reeve\"]}")),
	    RV_REFUSED_NOT);
}

/* Hostile input 64. */
static void
iss_with_slash_scheme_or_case_changed(void **state)
{
#define ISS(x) NULL, "{\"iss\":" x "}", RV_REFUSED_UNKNOWN_ISSUER
	static const struct change changes[] = {
		{ "slash", ISS("\"" OP "/\"") },
		{ "http", ISS("\"http://op.test\"") },
		{ "case", ISS("\"https://OP.test\"") },
		{ "port", ISS("\"https://op.test:443\"") },
		{ "blank", ISS("\"" OP " \"") },
		{ "shorter", ISS("\"https://op.tes\"") },
		{ "missing", ISS("null") },
		{ "list", ISS("[\"" OP "\"]") },
		{ "template", ISS("\"" ENTRA "\"") },
		{ "tenant that is not listed",
		    ISS("\"https://login.test/" OTHER_TENANT "/v2.0\"") },
	};

	(void)state;
	refuse_all(changes, N(changes));
}

/* Hostile input 65. */
static void
times_past_future_or_no_times(void **state)
{
#define BAD(x)	 NULL, "{" x "}", RV_REFUSED_MALFORMED
#define LATER(x) NULL, "{" x "}", RV_REFUSED_NOT_YET_VALID
	static const struct change changes[] = {
		{ "exp past", NULL, "{\"exp\":1799999940,\"iat\":1}",
		    RV_REFUSED_EXPIRED },
		{ "exp long past", NULL, "{\"exp\":1,\"iat\":0}",
		    RV_REFUSED_EXPIRED },
		{ "exp missing", BAD("\"exp\":null") },
		{ "exp text", BAD("\"exp\":\"1800000300\"") },
		{ "exp negative", BAD("\"exp\":-1800000300") },
		{ "exp huge", BAD("\"exp\":1e300") },
		{ "exp true", BAD("\"exp\":true") },
		{ "nbf text", BAD("\"nbf\":\"0\"") },
		{ "iat negative", BAD("\"iat\":-1") },
		{ "auth_time text", BAD("\"auth_time\":\"0\"") },
		{ "auth_time future", BAD("\"auth_time\":1800000061") },
		{ "nbf future", LATER("\"nbf\":1800000061") },
		{ "iat future", LATER("\"iat\":1800000061") },
		{ "iat tomorrow",
		    LATER("\"iat\":1800086400,\"exp\":1800086700") },
		{ "too long a life", NULL, "{\"exp\":1800086400}",
		    RV_REFUSED_TOO_OLD },
		{ "too long a life without iat", NULL,
		    "{\"exp\":1800086401,\"iat\":null}", RV_REFUSED_TOO_OLD },
	};

	(void)state;
	refuse_all(changes, N(changes));
	/* 1e400 is no number of JSON at all. */
	assert_int_equal(
	    desk_judge_text(&desk,
		kit_sign_text(&desk.es, "ES256",
		    "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"es\"}",
		    "{\"iss\":\"" OP "\",\"sub\":\"alice\","
		    "\"aud\":\"reeve\",\"exp\":1e400}")),
	    RV_REFUSED_MALFORMED);
}

static void
clocks_may_differ_by_the_leeway(void **state)
{
	static const char *const fine[] = { "{\"exp\":1799999941,\"iat\":null}",
		"{\"nbf\":1800000060}", "{\"iat\":1800000060}",
		"{\"exp\":1800000300.5}" };

	(void)state;
	for (size_t i = 0; i < N(fine); i++)
		assert_int_equal(
		    desk_judge_text(&desk, desk_good(&desk, NULL, fine[i])),
		    RV_REFUSED_NOT);
}

/* Hostile input 66. */
static void
id_token_or_logout_token_as_access_token(void **state)
{
#define TYPE(x) "{\"typ\":" x "}", NULL, RV_REFUSED_PURPOSE
	static const struct change changes[] = {
		{ "JWT", TYPE("\"JWT\"") },
		{ "absent", TYPE("null") },
		{ "logout", TYPE("\"logout+jwt\"") },
		{ "proof", TYPE("\"dpop+jwt\"") },
		{ "longer", TYPE("\"at+jwt2\"") },
		{ "number", TYPE("1") },
		{ "nonce of a sign-in", NULL, "{\"nonce\":\"n\"}",
		    RV_REFUSED_PURPOSE },
		{ "at_hash", NULL, "{\"at_hash\":\"h\"}", RV_REFUSED_PURPOSE },
		{ "events", NULL, "{\"events\":{}}", RV_REFUSED_PURPOSE },
	};

	(void)state;
	refuse_all(changes, N(changes));
	/* Entra's have the type JWT, all of them. */
	assert_int_equal(
	    desk_judge_text(
		&desk, desk_entra(&desk, false, "{\"scp\":null,\"azp\":null}")),
	    RV_REFUSED_PURPOSE);
	assert_int_equal(desk_judge_text(&desk,
			     desk_entra(&desk, false, "{\"nonce\":\"n\"}")),
	    RV_REFUSED_PURPOSE);
}

/* Hostile input 67. */
static void
duplicate_claims(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}",
		"{\"alg\":\"none\",\"alg\":\"ES256\",\"kid\":\"es\","
		"\"typ\":\"at+jwt\"}",
	};
	static const char *const payloads[] = {
		"{\"iss\":\"" OP "\",\"sub\":\"bob\",\"sub\":\"alice\","
		"\"aud\":\"reeve\",\"exp\":1800000300}",
		"{\"iss\":\"" OP "\",\"sub\":\"alice\",\"aud\":\"reeve\","
		"\"exp\":1800000300}",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    desk_judge_text(&desk, kit_sign_text(&desk.es, "ES256",
					       headers[i], payloads[i])),
		    RV_REFUSED_MALFORMED);
	assert_int_equal(desk_judge_text(&desk, kit_sign_text(&desk.es, "ES256",
						    headers[0], payloads[1])),
	    RV_REFUSED_NOT);
}

/* Hostile input 68. */
static void
equal_sub_of_another_issuer_is_another_person(void **state)
{
	(void)state;
	assert_int_equal(
	    desk_judge_text(&desk,
		desk_token(&desk.rival, "ES256", desk_header("es", "at+jwt"),
		    NULL, desk_payload(), "{\"iss\":\"" RIVAL "\"}")),
	    RV_REFUSED_NOT);
	assert_string_equal(desk.evidence.ids.v[0], "oidc:" RIVAL "|alice");
	assert_string_equal(desk.evidence.source, "rival.conf");
	/* Nor can it assert groups of the other. */
	assert_string_equal(desk.evidence.groups.v[0], "oidc:" RIVAL "|g-ops");
}

/* Hostile input 69: both have a key of the name "es". */
static void
key_of_one_issuer_claims_of_another(void **state)
{
	(void)state;
	assert_int_equal(
	    desk_judge_text(&desk,
		desk_token(&desk.rival, "ES256", desk_header("es", "at+jwt"),
		    NULL, desk_payload(), NULL)),
	    RV_REFUSED_BAD_TOKEN);
	assert_int_equal(desk_judge_text(&desk,
			     desk_good(&desk, NULL, "{\"iss\":\"" RIVAL "\"}")),
	    RV_REFUSED_BAD_TOKEN);
}

/* Hostile input 70. */
static void
jwe_four_parts_or_zip(void **state)
{
	char *good = desk_good(&desk, NULL, NULL), *other;

	(void)state;
	assert_true(asprintf(&other, "%s.AAAA", good) > 0);
	assert_int_equal(desk_judge_text(&desk, other), RV_REFUSED_MALFORMED);
	assert_true(asprintf(&other, "%s.AAAA.AAAA", good) > 0);
	assert_int_equal(desk_judge_text(&desk, other), RV_REFUSED_MALFORMED);
	assert_true(asprintf(&other, ".%s", good) > 0);
	assert_int_equal(desk_judge_text(&desk, other), RV_REFUSED_MALFORMED);
	free(good);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
		    desk_judge(&desk, (struct rv_slice){ "....", i }),
		    RV_REFUSED_MALFORMED);
	assert_int_equal(
	    desk_judge(&desk, RV_SLICE_NONE), RV_REFUSED_MALFORMED);
}

/* Hostile input 71. */
static void
token_of_16_kib_and_one(void **state)
{
	char *pad, *token;
	size_t n = 11000;

	(void)state;
	/* The one before fits, or the test would show nothing. */
	for (;; n++) {
		assert_true(
		    asprintf(&pad, "{\"pad\":\"%0*d\"}", (int)n, 0) > 0);
		token = desk_good(&desk, NULL, pad);
		free(pad);
		if (strlen(token) > RV_TOKEN_MAX)
			break;
		if (strlen(token) > RV_TOKEN_MAX - 4)
			assert_int_equal(desk_judge(&desk, rv_slice_of(token)),
			    RV_REFUSED_NOT);
		free(token);
		if (n < 11700)
			n += 50;
	}
	assert_int_equal(desk_judge_text(&desk, token), RV_REFUSED_MALFORMED);
	assert_non_null(strstr(desk.detail, "16384"));
}

/* No recursion that a token could steer. */
static void
json_of_ten_thousand_levels(void **state)
{
	char *deep = calloc(1, 10001);

	(void)state;
	assert_non_null(deep);
	memset(deep, '[', 10000);
	assert_int_equal(
	    desk_judge_text(&desk,
		kit_sign_text(&desk.es, "ES256", "{\"alg\":\"ES256\"}", deep)),
	    RV_REFUSED_MALFORMED);
	free(deep);
	assert_int_equal(
	    desk_judge_text(&desk,
		desk_good(&desk, NULL,
		    "{\"x\":[[[[[[[[[[[[[[[[[[[[\"[[[[[[[[[[[[[[[[[[[[[[\"]"
		    "]]]]]]]]]]]]]]]]]]]}")),
	    RV_REFUSED_NOT);
}

/* ---- Algorithms of one issuer ---------------------------------------------------------- */

static void
allow_rs256_alone(struct rv_issuer *issuers)
{
	static const char *const rs256[] = { "RS256" };

	issuers[DESK_OP].algorithms = (struct rv_words)WORDS(rs256);
}

static void
an_issuer_may_allow_fewer_algorithms(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, allow_rs256_alone);
	assert_int_equal(
	    desk_judge_text(&d, desk_good(&d, NULL, NULL)), RV_REFUSED_WEAK);
	desk_close(&d);
}

/* ---- What is unknown is asked for once ------------------------------------------------- */

static void
only_an_unknown_key_is_worth_a_fetch(void **state)
{
	(void)state;
	assert_int_equal(
	    desk_judge_text(&desk, desk_good(&desk, "{\"kid\":\"new\"}", NULL)),
	    RV_REFUSED_UNKNOWN_KEY);
	assert_true(desk.fetch);
	assert_int_equal(
	    desk_judge_text(&desk, desk_good(&desk, "{\"kid\":\"new\"}",
				       "{\"iss\":\"https://nobody.test\"}")),
	    RV_REFUSED_UNKNOWN_ISSUER);
	assert_false(desk.fetch);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_token_says_who_it_is),
		cmocka_unit_test(each_algorithm_signs_in),
		cmocka_unit_test(alg_none_in_any_case_or_absent),
		cmocka_unit_test(hs256_with_the_rsa_public_key),
		cmocka_unit_test(es256_signature_of_zeros),
		cmocka_unit_test(signature_cut_or_with_trailing_bits_or_padded),
		cmocka_unit_test(padding_anywhere),
		cmocka_unit_test(every_letter_of_a_token_counts),
		cmocka_unit_test(kid_as_path_or_sql_or_too_long),
		cmocka_unit_test(jku_x5u_jwk_x5c_in_the_header),
		cmocka_unit_test(unknown_crit),
		cmocka_unit_test(aud_missing_other_list_or_substring),
		cmocka_unit_test(iss_with_slash_scheme_or_case_changed),
		cmocka_unit_test(times_past_future_or_no_times),
		cmocka_unit_test(clocks_may_differ_by_the_leeway),
		cmocka_unit_test(id_token_or_logout_token_as_access_token),
		cmocka_unit_test(duplicate_claims),
		cmocka_unit_test(equal_sub_of_another_issuer_is_another_person),
		cmocka_unit_test(key_of_one_issuer_claims_of_another),
		cmocka_unit_test(jwe_four_parts_or_zip),
		cmocka_unit_test(token_of_16_kib_and_one),
		cmocka_unit_test(json_of_ten_thousand_levels),
		cmocka_unit_test(an_issuer_may_allow_fewer_algorithms),
		cmocka_unit_test(only_an_unknown_key_is_worth_a_fetch),
	};

	return cmocka_run_group_tests(tests, open_desk, close_desk);
}
