#include "dpop.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>

#include "base64url.h"
#include "dpop_memory.h"

#define JTI_MAX 256u

static enum rv_auth_refusal
not_bound(char detail[256], const char *what)
{
	return rv_jws_refuse(
	    detail, RV_REFUSED_NOT_BOUND, "the DPoP proof %s", what);
}

/* base64url(SHA-256(bytes)) == text */
static bool
is_hash_of(struct rv_slice text, struct rv_slice bytes)
{
	unsigned char said[32], is[32];

	return rv_base64url_exactly(text, said, sizeof(said)) &&
	       SHA256((const unsigned char *)bytes.p, bytes.n, is) != NULL &&
	       CRYPTO_memcmp(said, is, sizeof(is)) == 0;
}

/*
 * RFC 9449 section 4.3: without query and fragment, scheme and host in any
 * case, the default port said or not.
 */
static struct rv_slice
without_query(struct rv_slice url)
{
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] == '?' || url.p[i] == '#')
			url.n = i;
	return url;
}

static struct rv_slice
behind(struct rv_slice s, size_t n)
{
	return (struct rv_slice){ s.p + n, s.n - n };
}

/* Cuts "https://HOST[:PORT]" off; false: it has no such beginning. */
static bool
cut_origin(struct rv_slice *url, struct rv_slice *ret_host)
{
	static const char scheme[] = "https://";
	const size_t n = sizeof(scheme) - 1;
	const char *slash;

	if (url->n <= n || strncasecmp(url->p, scheme, n) != 0)
		return false;
	*url = behind(*url, n);
	slash = memchr(url->p, '/', url->n);
	*ret_host = (struct rv_slice){ url->p,
		slash != NULL ? (size_t)(slash - url->p) : url->n };
	*url = behind(*url, ret_host->n);
	if (url->n == 0)
		*url = RV_SLICE_LIT("/");
	if (ret_host->n > 4 &&
	    memcmp(ret_host->p + ret_host->n - 4, ":443", 4) == 0)
		ret_host->n -= 4;
	return true;
}

static bool
is_this_url(struct rv_slice htu, struct rv_slice url)
{
	struct rv_slice said, is;

	htu = without_query(htu);
	url = without_query(url);
	return cut_origin(&htu, &said) && cut_origin(&url, &is) &&
	       rv_slice_ieq(said, is) && rv_slice_eq(htu, url);
}

static bool
is_media_type(struct rv_slice typ)
{
	return rv_slice_ieq(typ, RV_SLICE_LIT("dpop+jwt")) ||
	       rv_slice_ieq(typ, RV_SLICE_LIT("application/dpop+jwt"));
}

static enum rv_auth_refusal
check_time(const json_t *iat, int64_t now_ms, char detail[256])
{
	int64_t at_ms;

	/* Seconds up to the year 9999. */
	if (!json_is_integer(iat) || json_integer_value(iat) < 0 ||
	    json_integer_value(iat) > INT64_C(253402300799))
		return not_bound(detail, "says no proper iat");
	at_ms = json_integer_value(iat) * 1000;
	if (at_ms < now_ms - RV_DPOP_AGE_MS - 999 ||
	    at_ms > now_ms + RV_DPOP_AHEAD_MS)
		return not_bound(detail, "is too old, or ahead of its time");
	return RV_REFUSED_NOT;
}

static enum rv_auth_refusal
check_claims(const struct rv_jws *proof, const struct rv_token_request *request,
    char detail[256])
{
	const json_t *claims = proof->payload;
	struct rv_slice jti = rv_jws_text(claims, "jti");

	if (!is_media_type(rv_jws_text(proof->header, "typ")))
		return not_bound(detail, "is not of type dpop+jwt");
	if (jti.n == 0 || jti.n > JTI_MAX)
		return not_bound(detail, "has no jti of at most 256 octets");
	if (!rv_slice_eq(rv_jws_text(claims, "htm"), request->method))
		return not_bound(detail, "is for another method");
	if (!is_this_url(rv_jws_text(claims, "htu"), request->url))
		return not_bound(detail, "is for another URL");
	if (!is_hash_of(rv_jws_text(claims, "ath"), request->token))
		return not_bound(detail, "is for another token");
	return check_time(
	    json_object_get(claims, "iat"), request->now_ms, detail);
}

/* The key is in the proof itself; that it is the right one says jkt. */
static enum rv_auth_refusal
check_key(const struct rv_jws *proof, struct rv_slice jkt,
    unsigned char ret_thumbprint[32], char detail[256])
{
	const json_t *object = json_object_get(proof->header, "jwk");
	unsigned char said[32];
	struct rv_error e = { "" };
	struct rv_jwk jwk;
	bool good;

	if (!rv_base64url_exactly(jkt, said, sizeof(said)) ||
	    !json_is_object(object) ||
	    !rv_jwk_thumbprint(object, ret_thumbprint) ||
	    CRYPTO_memcmp(said, ret_thumbprint, sizeof(said)) != 0)
		return not_bound(
		    detail, "has another key than the token is bound to");
	if (rv_jwk_parse(object, &jwk, &e) != RV_JWK_GOOD)
		return rv_jws_refuse(detail, RV_REFUSED_NOT_BOUND,
		    "the DPoP proof has %s", e.text);
	good = rv_jwk_verify(&jwk, proof);
	rv_jwk_fini(&jwk);
	return good ? RV_REFUSED_NOT
		    : not_bound(detail, "is not signed with its key");
}

/* Once for each key and jti (RFC 9449 section 11.1). */
static enum rv_auth_refusal
use_once(struct rv_dpop_memory *memory, const unsigned char thumbprint[32],
    struct rv_slice jti, int64_t now_ms, char detail[256])
{
	unsigned char both[32 + JTI_MAX], hash[32];

	memcpy(both, thumbprint, 32);
	memcpy(both + 32, jti.p, jti.n);
	if (SHA256(both, 32 + jti.n, hash) == NULL)
		return rv_jws_refuse(
		    detail, RV_REFUSED_INTERNAL, "SHA-256 has failed");
	switch (rv_dpop_memory_use(memory, hash, now_ms)) {
	case RV_OK:
		return RV_REFUSED_NOT;
	case RV_ERR_EXISTS:
		return rv_jws_refuse(detail, RV_REFUSED_REPLAY,
		    "the DPoP proof has been used before");
	default:
		return rv_jws_refuse(detail, RV_REFUSED_INTERNAL,
		    "there is no room to remember the DPoP proof");
	}
}

enum rv_auth_refusal
rv_dpop_judge(struct rv_dpop_memory *memory,
    const struct rv_token_request *request, struct rv_slice jkt,
    char detail[256])
{
	unsigned char thumbprint[32];
	struct rv_jws proof = { 0 };
	enum rv_auth_refusal refusal;
	char why[256] = "";

	if (request->proof.p == NULL)
		return not_bound(detail, "is missing");
	refusal = rv_jws_parse(request->proof, &proof, why);
	if (refusal != RV_REFUSED_NOT)
		return rv_jws_refuse(
		    detail, refusal, "the DPoP proof: %.200s", why);
	refusal = check_claims(&proof, request, detail);
	if (refusal == RV_REFUSED_NOT)
		refusal = check_key(&proof, jkt, thumbprint, detail);
	if (refusal == RV_REFUSED_NOT)
		refusal = use_once(memory, thumbprint,
		    rv_jws_text(proof.payload, "jti"), request->now_ms, detail);
	rv_jws_fini(&proof);
	return refusal;
}
