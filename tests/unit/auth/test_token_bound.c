/*
 * Tokens that only the holder of a key may use: by the certificate of the
 * connection, and by proofs (DPoP) that are good for one request.
 */
#include "unit/unit.h"

#include <openssl/sha.h>

#include "dpop_memory.h"
#include "unit/auth/token_desk.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define URL  "https://reeve.test/AdminService/wmi/SMS_Role"

static struct desk desk;
static struct kit_key holder; /* of the key that tokens are bound to */

static void
demand_bound_tokens(struct rv_issuer *issuers)
{
	issuers[DESK_RIVAL].require_sender_constraint = true;
}

static int
open_desk(void **state)
{
	(void)state;
	desk_open(&desk, demand_bound_tokens);
	holder = kit_ec(NULL);
	return 0;
}

static int
close_desk(void **state)
{
	(void)state;
	desk_close(&desk);
	EVP_PKEY_free(holder.key);
	return 0;
}

/* ---- Certificates ----------------------------------------------------------------- */

static const unsigned char mine[32] = { 1, 2, 3 }, other[32] = { 1, 2, 4 };

static char *
bound_to(const unsigned char hash[32])
{
	char *text = kit_text(hash, 32), *changes, *token;

	assert_true(
	    asprintf(&changes, "{\"cnf\":{\"x5t#S256\":\"%s\"}}", text) > 0);
	token = desk_good(&desk, NULL, changes);
	free(changes);
	free(text);
	return token;
}

static enum rv_auth_refusal
judge_with(const char *token, const unsigned char *certificate)
{
	struct rv_token_request request = desk_request(rv_slice_of(token));

	request.certificate_sha256 = certificate;
	return desk_ask(&desk, &request);
}

static void
a_token_of_a_certificate_wants_that_certificate(void **state)
{
	char *token = bound_to(mine);

	(void)state;
	assert_int_equal(judge_with(token, mine), RV_REFUSED_NOT);
	assert_true(desk.evidence.channel_bound);
	assert_int_equal(judge_with(token, other), RV_REFUSED_NOT_BOUND);
	assert_int_equal(judge_with(token, NULL), RV_REFUSED_NOT_BOUND);
	free(token);
	/* One that is not bound may come over any connection. */
	token = desk_good(&desk, NULL, NULL);
	assert_int_equal(judge_with(token, other), RV_REFUSED_NOT);
	assert_false(desk.evidence.channel_bound);
	free(token);
}

static void
what_is_bound_by_something_unknown_is_refused(void **state)
{
	static const char *const unknown[] = { "{\"cnf\":{}}",
		"{\"cnf\":{\"kid\":\"x\"}}", "{\"cnf\":{\"jwk\":{}}}",
		"{\"cnf\":\"x\"}", "{\"cnf\":[]}", "{\"cnf\":true}",
		"{\"cnf\":{\"x5t#S256\":1}}", "{\"cnf\":{\"x5t#S256\":\"\"}}",
		"{\"cnf\":{\"x5t#S256\":\"AQID\"}}",
		/* the right one, and something else besides */
		("{\"cnf\":{\"x5t#S256\":"
		 "\"AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
		 "\"jku\":\"x\"}}"),
		"{\"cnf\":{\"jkt\":\"x\"}}" };

	(void)state;
	for (size_t i = 0; i < N(unknown); i++) {
		char *token = desk_good(&desk, NULL, unknown[i]);

		assert_int_equal(judge_with(token, mine), RV_REFUSED_NOT_BOUND);
		assert_int_equal(desk.evidence.method, RV_AUTH_NONE);
		free(token);
	}
}

static void
an_issuer_may_demand_bound_tokens(void **state)
{
	(void)state;
	assert_int_equal(
	    desk_judge_text(&desk,
		desk_token(&desk.rival, "ES256", desk_header("es", "at+jwt"),
		    NULL, desk_payload(), "{\"iss\":\"" RIVAL "\"}")),
	    RV_REFUSED_NOT_BOUND);
}

/* ---- Proofs ------------------------------------------------------------------------------ */

static char *
jkt_of(const struct kit_key *key)
{
	unsigned char thumbprint[32];
	json_t *jwk = kit_jwk(key);

	assert_true(rv_jwk_thumbprint(jwk, thumbprint));
	json_decref(jwk);
	return kit_text(thumbprint, 32);
}

static char *
bound_token(void)
{
	char *jkt = jkt_of(&holder), *changes, *token;

	assert_true(asprintf(&changes, "{\"cnf\":{\"jkt\":\"%s\"}}", jkt) > 0);
	token = desk_good(&desk, NULL, changes);
	free(changes);
	free(jkt);
	return token;
}

/* A proof for a token, with a jti of its own, and some changes. */
static char *
proof_of(const struct kit_key *key, const char *token,
    const char *header_changes, const char *payload_changes)
{
	static unsigned count;
	unsigned char hash[32];
	char jti[16], *ath, *proof;
	json_t *jwk = kit_jwk(key), *header, *payload;

	(void)SHA256((const unsigned char *)token, strlen(token), hash);
	ath = kit_text(hash, 32);
	(void)snprintf(jti, sizeof(jti), "j%u", count++);
	header = json_pack("{s:s, s:s, s:o}", "typ", "dpop+jwt", "alg",
	    EVP_PKEY_is_a(key->key, "RSA") == 1 ? "RS256" : "ES256", "jwk",
	    jwk);
	payload = json_pack("{s:s, s:s, s:s, s:I, s:s}", "jti", jti, "htm",
	    "GET", "htu", URL, "iat", (json_int_t)NOW_S, "ath", ath);
	proof = desk_token(
	    key, "ES256", header, header_changes, payload, payload_changes);
	free(ath);
	return proof;
}

static enum rv_auth_refusal
judge_proof(const char *token, const char *proof)
{
	struct rv_token_request request = desk_request(rv_slice_of(token));

	request.is_dpop = true;
	request.proof = rv_slice_of(proof);
	request.url = RV_SLICE_LIT(URL);
	return desk_ask(&desk, &request);
}

/* Judges and frees the proof. */
static enum rv_auth_refusal
judge_this(const char *token, char *proof)
{
	enum rv_auth_refusal refusal = judge_proof(token, proof);

	free(proof);
	return refusal;
}

static void
a_proof_is_good_once(void **state)
{
	char *token = bound_token();
	char *proof = proof_of(&holder, token, NULL, NULL);

	(void)state;
	assert_int_equal(judge_proof(token, proof), RV_REFUSED_NOT);
	assert_int_equal(judge_proof(token, proof), RV_REFUSED_REPLAY);
	assert_int_equal(desk.evidence.method, RV_AUTH_NONE);
	assert_int_equal(
	    judge_this(token, proof_of(&holder, token, NULL, NULL)),
	    RV_REFUSED_NOT);
	free(proof);
	free(token);
}

static void
a_bound_token_does_without_no_proof(void **state)
{
	char *token = bound_token(), *plain = desk_good(&desk, NULL, NULL);
	char *proof = proof_of(&holder, token, NULL, NULL);
	struct rv_token_request request = desk_request(rv_slice_of(token));

	(void)state;
	assert_int_equal(judge_proof(token, NULL), RV_REFUSED_NOT_BOUND);
	/* as Bearer, with a proof and without */
	assert_int_equal(desk_ask(&desk, &request), RV_REFUSED_NOT_BOUND);
	request.url = RV_SLICE_LIT(URL);
	request.proof = rv_slice_of(proof);
	assert_int_equal(desk_ask(&desk, &request), RV_REFUSED_NOT_BOUND);
	free(proof);
	/* A token of nobody's key does not become better by a proof. */
	assert_int_equal(
	    judge_this(plain, proof_of(&holder, plain, NULL, NULL)),
	    RV_REFUSED_NOT_BOUND);
	free(plain);
	free(token);
}

static void
a_proof_of_another_key_is_none(void **state)
{
	struct kit_key thief = kit_ec(NULL), rsa = kit_rsa(NULL, 2048);
	char *token = bound_token(), *proof;
	json_t *jwk = kit_jwk(&holder);
	char *claimed = NULL, *text = json_dumps(jwk, JSON_COMPACT);

	(void)state;
	assert_int_equal(judge_this(token, proof_of(&thief, token, NULL, NULL)),
	    RV_REFUSED_NOT_BOUND);
	proof = proof_of(&rsa, token, NULL, NULL);
	assert_int_equal(judge_this(token, proof), RV_REFUSED_NOT_BOUND);
	/* signed by the thief, with the holder's key in the header */
	assert_true(asprintf(&claimed, "{\"jwk\":%s}", text) > 0);
	assert_int_equal(
	    judge_this(token, proof_of(&thief, token, claimed, NULL)),
	    RV_REFUSED_NOT_BOUND);
	free(claimed);
	free(text);
	json_decref(jwk);
	free(token);
	EVP_PKEY_free(thief.key);
	EVP_PKEY_free(rsa.key);
}

static void
a_proof_is_for_one_request(void **state)
{
	static const struct {
		const char *header, *payload;
		enum rv_auth_refusal refusal;
	} wrong[] = {
#define CLAIM(x) NULL, "{" x "}", RV_REFUSED_NOT_BOUND
		{ CLAIM("\"htm\":\"POST\"") },
		{ CLAIM("\"htm\":\"get\"") },
		{ CLAIM("\"htm\":null") },
		{ CLAIM("\"htu\":null") },
		{ CLAIM("\"htu\":\"" URL "x\"") },
		{ CLAIM("\"htu\":\"http://reeve.test/AdminService/wmi/"
			"SMS_Role\"") },
		{ CLAIM("\"htu\":\"https://evil.test/AdminService/wmi/"
			"SMS_Role\"") },
		{ CLAIM("\"htu\":\"https://reeve.test\"") },
		{ CLAIM("\"ath\":null") },
		{ CLAIM("\"ath\":\"AAAA\"") },
		{ CLAIM("\"jti\":null") },
		{ CLAIM("\"jti\":\"\"") },
		{ CLAIM("\"iat\":null") },
		{ CLAIM("\"iat\":\"1800000000\"") },
		{ CLAIM("\"iat\":1799999938") },
		{ CLAIM("\"iat\":1800000061") },
		{ CLAIM("\"iat\":-1") },
		{ "{\"typ\":\"JWT\"}", NULL, RV_REFUSED_NOT_BOUND },
		{ "{\"typ\":null}", NULL, RV_REFUSED_NOT_BOUND },
		{ "{\"jwk\":null}", NULL, RV_REFUSED_NOT_BOUND },
		{ "{\"alg\":\"none\"}", NULL, RV_REFUSED_WEAK },
		{ "{\"alg\":\"HS256\"}", NULL, RV_REFUSED_WEAK },
		{ "{\"crit\":[]}", NULL, RV_REFUSED_MALFORMED },
	};
	char *token = bound_token();

	(void)state;
	for (size_t i = 0; i < N(wrong); i++)
		assert_int_equal(
		    judge_this(token, proof_of(&holder, token, wrong[i].header,
					  wrong[i].payload)),
		    wrong[i].refusal);
	free(token);
}

static void
a_proof_of_another_token_is_none(void **state)
{
	char *token = bound_token();

	(void)state;
	assert_int_equal(
	    judge_this(token, proof_of(&holder, "x.y.z", NULL, NULL)),
	    RV_REFUSED_NOT_BOUND);
	free(token);
}

/* RFC 9449 section 4.3: what of a URL does not count. */
static void
urls_are_compared_as_urls(void **state)
{
	static const char *const same[] = { "{\"htu\":\"" URL "?a=b\"}",
		"{\"htu\":\"" URL "#x\"}",
		"{\"htu\":\"HTTPS://Reeve.Test/AdminService/wmi/SMS_Role\"}",
		"{\"htu\":\"https://reeve.test:443/AdminService/wmi/"
		"SMS_Role\"}",
		"{\"iat\":1799999941}", "{\"iat\":1800000060}" };
	char *token = bound_token();

	(void)state;
	for (size_t i = 0; i < N(same); i++)
		assert_int_equal(
		    judge_this(token, proof_of(&holder, token, NULL, same[i])),
		    RV_REFUSED_NOT);
	free(token);
}

/* A proof with the private key in it has been told to everybody. */
static void
a_proof_with_a_private_key_is_refused(void **state)
{
	char *token = bound_token(), *text, *changes;
	json_t *jwk = kit_jwk(&holder);

	(void)state;
	assert_int_equal(json_object_set_new(jwk, "d", json_string("AAAA")), 0);
	text = json_dumps(jwk, JSON_COMPACT);
	assert_true(asprintf(&changes, "{\"jwk\":%s}", text) > 0);
	assert_int_equal(
	    judge_this(token, proof_of(&holder, token, changes, NULL)),
	    RV_REFUSED_NOT_BOUND);
	free(changes);
	free(text);
	json_decref(jwk);
	free(token);
}

/* A refused token uses no proof up, nor does a refused proof. */
static void
only_what_is_accepted_is_used_up(void **state)
{
	char *token = bound_token();
	char *proof = proof_of(&holder, token, NULL, NULL);
	struct rv_token_request request = desk_request(rv_slice_of(token));

	(void)state;
	request.is_dpop = true;
	request.proof = rv_slice_of(proof);
	request.url = RV_SLICE_LIT("https://reeve.test/elsewhere");
	assert_int_equal(desk_ask(&desk, &request), RV_REFUSED_NOT_BOUND);
	assert_int_equal(judge_proof(token, proof), RV_REFUSED_NOT);
	free(proof);
	free(token);
}

/* ---- The memory of proofs ------------------------------------------------------------------- */

static void
put_hash(unsigned char hash[32], unsigned i)
{
	(void)SHA256((const unsigned char *)&i, sizeof(i), hash);
}

static void
proofs_are_remembered_while_they_count(void **state)
{
	struct rv_dpop_memory *memory;
	unsigned char hash[32];

	(void)state;
	assert_int_equal(rv_dpop_memory_new(100000, &memory), RV_OK);
	for (unsigned i = 0; i < 20000; i++) {
		put_hash(hash, i);
		assert_int_equal(
		    rv_dpop_memory_use(memory, hash, NOW_MS + i), RV_OK);
	}
	for (unsigned i = 0; i < 20000; i++) {
		put_hash(hash, i);
		assert_int_equal(rv_dpop_memory_use(
				     memory, hash, NOW_MS + i + RV_DPOP_AGE_MS),
		    RV_ERR_EXISTS);
	}
	/* From the end of a generation, the clock stepped back or not. */
	put_hash(hash, 19999);
	assert_int_equal(
	    rv_dpop_memory_use(memory, hash, NOW_MS + 135000), RV_ERR_EXISTS);
	assert_int_equal(
	    rv_dpop_memory_use(memory, hash, NOW_MS), RV_ERR_EXISTS);
	/* Long after all of it nothing is kept. */
	assert_int_equal(
	    rv_dpop_memory_use(memory, hash, NOW_MS + 1000000), RV_OK);
	rv_dpop_memory_unref(&memory);
}

static void
without_room_no_proof_is_accepted(void **state)
{
	struct rv_dpop_memory *memory;
	unsigned char hash[32];

	(void)state;
	assert_int_equal(rv_dpop_memory_new(10, &memory), RV_OK);
	for (unsigned i = 0; i < 10; i++) {
		put_hash(hash, i);
		assert_int_equal(
		    rv_dpop_memory_use(memory, hash, NOW_MS), RV_OK);
	}
	put_hash(hash, 10);
	assert_int_equal(
	    rv_dpop_memory_use(memory, hash, NOW_MS), RV_ERR_LIMIT);
	assert_int_equal(
	    rv_dpop_memory_use(memory, hash, NOW_MS + 121000), RV_OK);
	rv_dpop_memory_unref(&memory);
}

/* A reload forgets no proof. */
static void
proofs_outlive_a_reload(void **state)
{
	char *token = bound_token();
	char *proof = proof_of(&holder, token, NULL, NULL);
	struct rv_issuers *old = desk.issuers, *fresh = NULL;
	struct rv_issuer settings = desk_issuer("op.conf", OP, false);
	struct rv_error e = { "" };

	(void)state;
	assert_int_equal(judge_proof(token, proof), RV_REFUSED_NOT);
	assert_int_equal(rv_issuers_new(&settings, 1, &fresh, &e), RV_OK);
	rv_issuers_inherit(fresh, old);
	desk.issuers = fresh;
	/* The keys came along too. */
	assert_int_equal(judge_proof(token, proof), RV_REFUSED_REPLAY);
	desk.issuers = old;
	rv_issuers_unref(&fresh);
	free(proof);
	free(token);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_token_of_a_certificate_wants_that_certificate),
		cmocka_unit_test(what_is_bound_by_something_unknown_is_refused),
		cmocka_unit_test(an_issuer_may_demand_bound_tokens),
		cmocka_unit_test(a_proof_is_good_once),
		cmocka_unit_test(a_bound_token_does_without_no_proof),
		cmocka_unit_test(a_proof_of_another_key_is_none),
		cmocka_unit_test(a_proof_is_for_one_request),
		cmocka_unit_test(a_proof_of_another_token_is_none),
		cmocka_unit_test(urls_are_compared_as_urls),
		cmocka_unit_test(a_proof_with_a_private_key_is_refused),
		cmocka_unit_test(only_what_is_accepted_is_used_up),
		cmocka_unit_test(proofs_are_remembered_while_they_count),
		cmocka_unit_test(without_room_no_proof_is_accepted),
		cmocka_unit_test(proofs_outlive_a_reload),
	};

	return cmocka_run_group_tests(tests, open_desk, close_desk);
}
