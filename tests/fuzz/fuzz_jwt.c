/*
 * Tokens, key sets and proofs from strangers.  The first byte says what the
 * rest is:
 *
 *   t  a whole token: nobody can sign one, so none is accepted
 *   p  a payload, which is then signed by the issuer's own key
 *   h  a header for a good payload, signed likewise
 *   e  a payload of Entra's
 *   k  a key set
 *   d  the payload of a proof of possession, signed by its holder
 *
 * What is accepted has exactly one own id, of this issuer.
 */
#include "../unit/auth/token_desk.h"
#include "jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct desk *
the_desk(void)
{
	static struct desk desk;
	static bool open;

	if (!open)
		desk_open(&desk, NULL);
	open = true;
	return &desk;
}

static void
check_evidence(const struct rv_evidence *ev)
{
	RV_ASSERT(ev->method == RV_AUTH_TOKEN);
	RV_ASSERT(ev->ids.n == 1);
	RV_ASSERT(strstr(ev->ids.v[0], ":https://") != NULL &&
		  strchr(ev->ids.v[0], '|') != NULL);
	RV_ASSERT(strnlen(ev->principal, RV_PRINCIPAL_MAX) > 0 &&
		  strnlen(ev->principal, RV_PRINCIPAL_MAX) < RV_PRINCIPAL_MAX);
	RV_ASSERT(ev->has_groups || ev->groups.n == 0);
	for (size_t i = 0; i < ev->groups.n; i++)
		RV_ASSERT(strncmp(ev->groups.v[i], "oidc:https://", 13) == 0);
}

static void
judge(struct desk *desk, const struct rv_token_request *request, bool may)
{
	enum rv_auth_refusal refusal = desk_ask(desk, request);

	RV_ASSERT(strnlen(desk->detail, 256) < 256);
	if (refusal != RV_REFUSED_NOT) {
		RV_ASSERT(desk->evidence.method == RV_AUTH_NONE);
		RV_ASSERT(desk->evidence.ids.n == 0);
		return;
	}
	RV_ASSERT(may);
	check_evidence(&desk->evidence);
}

static void
try_signed(const struct kit_key *key, const char *header, const char *payload)
{
	struct desk *desk = the_desk();
	char *token = kit_sign_text(key, "ES256", header, payload);
	const struct rv_token_request request =
	    desk_request(rv_slice_of(token));

	judge(desk, &request, true);
	(void)rv_token_takes_claims(rv_slice_of(token));
	free(token);
}

/* What is taken apart goes together again: there is one text for a token. */
static void
try_token(struct rv_slice token)
{
	struct desk *desk = the_desk();
	const struct rv_token_request request = desk_request(token);
	struct rv_jws jws;
	struct rv_buf text = { 0 };
	char detail[256];

	if (rv_jws_parse(token, &jws, detail) == RV_REFUSED_NOT) {
		rv_buf_put_slice(&text, jws.signed_part);
		rv_buf_putc(&text, '.');
		rv_base64url_put(&text, jws.signature, jws.n_signature);
		RV_ASSERT(rv_slice_eq(rv_buf_slice(&text), token));
		rv_jws_fini(&jws);
	}
	rv_buf_fini(&text);
	judge(desk, &request, false);
	(void)rv_token_takes_claims(token);
}

static void
try_keys(struct rv_slice text)
{
	struct rv_jwk_set *keys = NULL;
	struct rv_error e = { "" };

	if (rv_jwk_set_parse(text, &keys, &e) != RV_OK) {
		RV_ASSERT(keys == NULL);
		return;
	}
	RV_ASSERT(rv_jwk_set_size(keys) > 0 &&
		  rv_jwk_set_size(keys) <= RV_JWK_SET_KEYS_MAX);
	for (size_t i = 0; i < rv_jwk_set_size(keys); i++)
		RV_ASSERT(
		    EVP_PKEY_get_bits(rv_jwk_set_at(keys, i)->key) >= 256);
	rv_jwk_set_unref(&keys);
}

static void
try_proof(const char *payload)
{
	struct desk *desk = the_desk();
	json_t *jwk = kit_jwk(&desk->es);
	json_t *header = json_pack(
	    "{s:s, s:s, s:O}", "typ", "dpop+jwt", "alg", "ES256", "jwk", jwk);
	char *head = json_dumps(header, JSON_COMPACT), *jkt, *changes;
	unsigned char thumbprint[32];
	struct rv_token_request request;
	char *proof = kit_sign_text(&desk->es, "ES256", head, payload);

	kit_need(rv_jwk_thumbprint(jwk, thumbprint), "a thumbprint");
	jkt = kit_text(thumbprint, 32);
	kit_need(
	    asprintf(&changes, "{\"cnf\":{\"jkt\":\"%s\"}}", jkt) > 0, "text");
	request = desk_request(RV_SLICE_NONE);
	request.token = rv_slice_of(desk_good(desk, NULL, changes));
	request.is_dpop = true;
	request.proof = rv_slice_of(proof);
	/* The hash of the token is of a fresh signature each time. */
	judge(desk, &request, false);
	free((void *)(uintptr_t)request.token.p);
	free(changes);
	free(jkt);
	free(proof);
	free(head);
	json_decref(header);
	json_decref(jwk);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] =
	    "{\"alg\":\"ES256\",\"kid\":\"es\",\"typ\":\"at+jwt\"}";
	static const char entra[] =
	    "{\"alg\":\"ES256\",\"kid\":\"en\",\"typ\":\"JWT\"}";
	static const char payload[] =
	    "{\"iss\":\"" OP "\",\"sub\":\"alice\",\"aud\":\"reeve\","
	    "\"exp\":1800000300}";
	struct rv_slice rest;
	char *text;

	if (size == 0)
		return 0;
	rest = (struct rv_slice){ (const char *)data + 1, size - 1 };
	text = rv_slice_dup(rest);
	kit_need(text != NULL, "memory");
	switch (data[0]) {
	case 't':
		try_token(rest);
		break;
	case 'p':
		try_signed(&the_desk()->es, header, text);
		break;
	case 'h':
		try_signed(&the_desk()->es, text, payload);
		break;
	case 'e':
		try_signed(&the_desk()->entra, entra, text);
		break;
	case 'k':
		try_keys(rest);
		break;
	case 'd':
		try_proof(text);
		break;
	default:
		break;
	}
	free(text);
	return 0;
}
