/*
 * Judging a token, in the order of RFC 8725: form, algorithm, issuer, type,
 * key, signature; then what it says; then whether its sender holds the key
 * that it is bound to.
 */
#include "token_claims.h"

#include <string.h>

static enum rv_auth_refusal
refuse(const struct rv_token_case *c, enum rv_auth_refusal refusal,
    const char *what)
{
	return rv_jws_refuse(c->detail, refusal, "%s", what);
}

/* Is the algorithm one of this issuer's? */
static bool
is_allowed(const struct rv_token_case *c)
{
	return rv_words_have(
	    &c->issuer->algorithms, rv_slice_of(rv_jws_alg_name(c->jws->alg)));
}

/* Entra's keys may be for one tenant alone: "{tenantid}" in them is any. */
static bool
is_key_of_issuer(const struct rv_token_case *c, const struct rv_jwk *jwk)
{
	static const char any[] = "{tenantid}";
	const size_t n = sizeof(any) - 1;
	struct rv_slice tid = rv_jws_text(c->jws->payload, "tid");
	struct rv_slice iss = rv_jws_text(c->jws->payload, "iss");
	const char *at;
	struct rv_buf expanded = { 0 };
	bool same;

	if (!c->issuer->entra || jwk->issuer == NULL)
		return true;
	at = strstr(jwk->issuer, any);
	if (at == NULL)
		return rv_slice_eq_cstr(iss, jwk->issuer);
	rv_buf_put(&expanded, jwk->issuer, (size_t)(at - jwk->issuer));
	rv_buf_put_slice(&expanded, tid);
	rv_buf_puts(&expanded, at + n);
	same = !expanded.failed && rv_slice_eq(iss, rv_buf_slice(&expanded));
	rv_buf_fini(&expanded);
	return same;
}

static enum rv_auth_refusal
check_signature(const struct rv_token_case *c, const struct rv_jwk_set *keys,
    struct rv_slice kid)
{
	const struct rv_jwk *jwk = rv_jwk_set_find(keys, kid, c->jws->alg);

	if (jwk == NULL)
		return rv_jws_refuse(c->detail, RV_REFUSED_UNKNOWN_KEY,
		    "the issuer has no %s key '%s'",
		    rv_jws_alg_name(c->jws->alg), rv_jws_quote(kid).text);
	if (!is_key_of_issuer(c, jwk))
		return refuse(c, RV_REFUSED_UNKNOWN_KEY,
		    "the key is for tokens of another tenant");
	if (!rv_jwk_verify(jwk, c->jws))
		return refuse(
		    c, RV_REFUSED_BAD_TOKEN, "the signature is wrong");
	return RV_REFUSED_NOT;
}

/* The key by its name from this issuer's set alone, and the signature. */
static enum rv_auth_refusal
verify(const struct rv_token_case *c, struct rv_issuers *issuers,
    struct rv_issuer_entry *entry, bool *ret_fetch)
{
	struct rv_slice kid = rv_jws_text(c->jws->header, "kid");
	const int64_t clock_ms = issuers->clock();
	struct rv_jwk_set *keys;
	enum rv_auth_refusal refusal;

	if (kid.p == NULL || kid.n == 0 || kid.n > RV_JWK_KID_MAX)
		return refuse(c, RV_REFUSED_UNKNOWN_KEY,
		    "the header has no kid of at most 256 octets");
	keys = rv_issuer_keys(entry, clock_ms);
	refusal = keys != NULL ? check_signature(c, keys, kid)
			       : refuse(c, RV_REFUSED_NO_KEYS,
				     "the keys of the issuer are not known");
	/* Whether this set knows the name, for other algorithms or tenants,
	 * makes no difference: a newer one may know more. */
	if (refusal == RV_REFUSED_UNKNOWN_KEY || refusal == RV_REFUSED_NO_KEYS)
		*ret_fetch = rv_issuer_may_fetch(entry, kid, clock_ms);
	rv_jwk_set_unref(&keys);
	return refusal;
}

static enum rv_auth_refusal
judge(const struct rv_token_case *c, struct rv_issuers *issuers,
    struct rv_issuer_entry *entry, struct rv_evidence *ret_evidence,
    bool *ret_fetch)
{
	struct rv_evidence evidence = { .method = RV_AUTH_NONE };
	enum rv_auth_refusal refusal;
	bool bound = false;

	if (!is_allowed(c))
		return rv_jws_refuse(c->detail, RV_REFUSED_WEAK,
		    "%s is no algorithm of this issuer",
		    rv_jws_alg_name(c->jws->alg));
	refusal = rv_token_check_type(c);
	if (refusal == RV_REFUSED_NOT)
		refusal = verify(c, issuers, entry, ret_fetch);
	if (refusal == RV_REFUSED_NOT)
		refusal = rv_token_check_claims(c);
	if (refusal == RV_REFUSED_NOT)
		refusal = rv_token_evidence(c, &evidence);
	/* Last, since a proof is used up by being looked at. */
	if (refusal == RV_REFUSED_NOT)
		refusal = rv_token_check_bound(c, &bound);
	if (refusal != RV_REFUSED_NOT) {
		rv_evidence_fini(&evidence);
		return refusal;
	}
	evidence.channel_bound = bound;
	*ret_evidence = evidence;
	return RV_REFUSED_NOT;
}

enum rv_auth_refusal
rv_token_judge(struct rv_issuers *issuers,
    const struct rv_token_request *request, struct rv_evidence *ret_evidence,
    bool *ret_fetch, char detail[256])
{
	struct rv_jws jws;
	struct rv_token_case c = { request, NULL, RV_SLICE_NONE, &jws,
		issuers->proofs, detail };
	struct rv_issuer_named named;
	enum rv_auth_refusal refusal;

	*ret_evidence = (struct rv_evidence){ .method = RV_AUTH_NONE };
	*ret_fetch = false;
	detail[0] = '\0';
	refusal = rv_jws_parse(request->token, &jws, detail);
	if (refusal != RV_REFUSED_NOT)
		return refusal;
	named = rv_issuers_find(issuers, rv_jws_text(jws.payload, "iss"));
	if (named.entry == NULL) {
		refusal = rv_jws_refuse(detail, RV_REFUSED_UNKNOWN_ISSUER,
		    "'%s' is no issuer of ours",
		    rv_jws_quote(rv_jws_text(jws.payload, "iss")).text);
	} else {
		c.issuer = &named.entry->settings;
		c.tenant = named.tenant;
		refusal =
		    judge(&c, issuers, named.entry, ret_evidence, ret_fetch);
	}
	rv_jws_fini(&jws);
	return refusal;
}
