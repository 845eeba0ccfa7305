#include "token_claims.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* The end of the year 9999. */
#define LAST_SECOND INT64_C(253402300799)

static struct rv_slice
text_of(const struct rv_token_case *c, const char *claim)
{
	return rv_jws_text(c->jws->payload, claim);
}

static const json_t *
claim_of(const struct rv_token_case *c, const char *claim)
{
	return json_object_get(c->jws->payload, claim);
}

static enum rv_auth_refusal
refuse(const struct rv_token_case *c, enum rv_auth_refusal refusal,
    const char *what)
{
	return rv_jws_refuse(c->detail, refusal, "%s", what);
}

bool
rv_token_says(const json_t *claim, const char *text)
{
	const json_t *one;
	size_t i;

	if (json_is_string(claim))
		return strcmp(json_string_value(claim), text) == 0;
	json_array_foreach(claim, i, one)
	{
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), text) == 0)
			return true;
	}
	return false;
}

/* ---- What kind of token --------------------------------------------------------- */

/* Media types are compared without case, "application/" may be left out. */
static bool
is_type(struct rv_slice typ, const char *name)
{
	static const char prefix[] = "application/";
	const size_t n = sizeof(prefix) - 1;

	if (typ.n > n && strncasecmp(typ.p, prefix, n) == 0) {
		typ.p += n;
		typ.n -= n;
	}
	return rv_slice_ieq(typ, rv_slice_of(name));
}

/*
 * Where access tokens have the type "JWT" too, as Entra's, these tell the
 * others: nonce and hashes those of sign-ins (OpenID Connect Core section
 * 3.3.2.11), events logout and security events (RFC 8417).
 */
static const char *
foreign_claim(const struct rv_token_case *c)
{
	static const char *const never[] = { "nonce", "at_hash", "c_hash",
		"s_hash", "events", "logout_token" };

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (claim_of(c, never[i]) != NULL)
			return never[i];
	return NULL;
}

enum rv_auth_refusal
rv_token_check_type(const struct rv_token_case *c)
{
	struct rv_slice typ = rv_jws_text(c->jws->header, "typ");
	const char *foreign = foreign_claim(c);
	bool known = false;

	for (size_t i = 0; i < c->issuer->types.n; i++)
		known |= typ.p != NULL && is_type(typ, c->issuer->types.v[i]);
	if (!known)
		return rv_jws_refuse(c->detail, RV_REFUSED_PURPOSE,
		    "a token of type '%s' is not for signing in here",
		    rv_jws_quote(typ).text);
	if (foreign != NULL)
		return rv_jws_refuse(c->detail, RV_REFUSED_PURPOSE,
		    "a token with '%s' is no access token", foreign);
	return RV_REFUSED_NOT;
}

/* ---- Audience --------------------------------------------------------------------- */

static enum rv_auth_refusal
check_audience(const struct rv_token_case *c)
{
	const json_t *aud = claim_of(c, "aud");

	for (size_t i = 0; i < c->issuer->audiences.n; i++)
		if (rv_token_says(aud, c->issuer->audiences.v[i]))
			return RV_REFUSED_NOT;
	return rv_jws_refuse(c->detail, RV_REFUSED_AUDIENCE,
	    "the token is for '%s'", rv_jws_quote(text_of(c, "aud")).text);
}

/* ---- Times ------------------------------------------------------------------------ */

bool
rv_token_time(const struct rv_token_case *c, const char *claim,
    int64_t absent_ms, int64_t *ret_ms)
{
	const json_t *value = claim_of(c, claim);
	double seconds;

	if (value == NULL) {
		*ret_ms = absent_ms;
		return true;
	}
	if (!json_is_number(value))
		return false;
	seconds = json_number_value(value);
	if (!isfinite(seconds) || seconds < 0 || seconds > (double)LAST_SECOND)
		return false;
	*ret_ms = (int64_t)(seconds * 1000);
	return true;
}

/* The longest life is counted from iat, or from now when there is none. */
static enum rv_auth_refusal
check_lifetime(const struct rv_token_case *c, int64_t iat_ms, int64_t exp_ms)
{
	if (exp_ms - iat_ms > c->issuer->max_lifetime_ms)
		return refuse(c, RV_REFUSED_TOO_OLD,
		    "the token lives longer than max_lifetime");
	return RV_REFUSED_NOT;
}

/* How long ago the person signed in, where the issuer's file limits it. */
static enum rv_auth_refusal
check_age(const struct rv_token_case *c)
{
	const int64_t now_ms = c->request->now_ms;
	int64_t at_ms;

	if (!rv_token_time(c, "auth_time", -1, &at_ms) ||
	    at_ms > now_ms + c->issuer->leeway_ms)
		return refuse(
		    c, RV_REFUSED_MALFORMED, "auth_time is no proper time");
	if (c->issuer->max_age_ms == 0)
		return RV_REFUSED_NOT;
	if (at_ms < 0)
		return refuse(c, RV_REFUSED_TOO_OLD,
		    "the token does not say when its person signed in "
		    "(auth_time), which max_age asks for");
	if (now_ms - at_ms > c->issuer->max_age_ms + c->issuer->leeway_ms)
		return refuse(
		    c, RV_REFUSED_TOO_OLD, "the sign-in is older than max_age");
	return RV_REFUSED_NOT;
}

static enum rv_auth_refusal
check_times(const struct rv_token_case *c)
{
	const int64_t now_ms = c->request->now_ms;
	const int64_t leeway_ms = c->issuer->leeway_ms;
	int64_t exp_ms, nbf_ms, iat_ms;
	enum rv_auth_refusal refusal;

	if (claim_of(c, "exp") == NULL || !rv_token_time(c, "exp", 0, &exp_ms))
		return refuse(c, RV_REFUSED_MALFORMED, "exp is no proper time");
	if (!rv_token_time(c, "nbf", 0, &nbf_ms) ||
	    !rv_token_time(c, "iat", now_ms, &iat_ms))
		return refuse(
		    c, RV_REFUSED_MALFORMED, "nbf or iat is no proper time");
	if (exp_ms + leeway_ms <= now_ms)
		return refuse(c, RV_REFUSED_EXPIRED, "the token has ended");
	if (nbf_ms > now_ms + leeway_ms || iat_ms > now_ms + leeway_ms)
		return refuse(c, RV_REFUSED_NOT_YET_VALID,
		    "the token is of the future: compare the clocks");
	refusal = check_lifetime(c, iat_ms, exp_ms);
	return refusal == RV_REFUSED_NOT ? check_age(c) : refusal;
}

/* ---- Tenant and kind --------------------------------------------------------------- */

/* tid is the one that iss names, where iss names one, and is listed. */
static enum rv_auth_refusal
check_tenant(const struct rv_token_case *c)
{
	struct rv_slice tid = text_of(c, "tid");

	if (c->issuer->tenants.n == 0 && !c->issuer->entra)
		return RV_REFUSED_NOT;
	if (tid.n == 0 ||
	    (c->issuer->tenants.n > 0 &&
		!rv_words_have(&c->issuer->tenants, tid)) ||
	    (c->tenant.p != NULL && !rv_slice_eq(c->tenant, tid)))
		return rv_jws_refuse(c->detail, RV_REFUSED_TENANT,
		    "the tenant '%s' is none of ours", rv_jws_quote(tid).text);
	return RV_REFUSED_NOT;
}

static bool
ends_with(struct rv_slice s, const char *end)
{
	const size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* v1 tokens come from another iss than v2 tokens, and both from their tenant's. */
static enum rv_auth_refusal
check_version(const struct rv_token_case *c)
{
	struct rv_slice iss = text_of(c, "iss"), tid = text_of(c, "tid");
	const bool v2 = ends_with(iss, "/v2.0");
	struct rv_buf tail = { 0 };
	bool ok;

	rv_buf_printf(&tail, "/%.*s%s", RV_SLICE_FMT(tid), v2 ? "/v2.0" : "/");
	ok = !tail.failed && ends_with(iss, rv_buf_cstr(&tail)) &&
	     rv_slice_eq_cstr(text_of(c, "ver"), v2 ? "2.0" : "1.0");
	rv_buf_fini(&tail);
	if (ok)
		return RV_REFUSED_NOT;
	return refuse(c, RV_REFUSED_TENANT,
	    "iss, tid and ver of the token do not belong together");
}

/* Its client, as the three kinds of issuers name it. */
static struct rv_slice
client_of(const struct rv_token_case *c)
{
	struct rv_slice client = text_of(c, "azp");

	if (client.p == NULL)
		client = text_of(c, "appid");
	return client.p != NULL ? client : text_of(c, "client_id");
}

/*
 * Entra says it in idtyp.  RFC 9068 section 2.2: without a person sub is the
 * client; some issuers write it otherwise, and say so in gty.
 */
bool
rv_token_is_application(const struct rv_token_case *c)
{
	struct rv_slice sub = text_of(c, "sub"), client = client_of(c);

	if (rv_slice_eq_cstr(text_of(c, "idtyp"), "app"))
		return true;
	if (c->issuer->entra)
		return false;
	return (sub.n > 0 && (rv_slice_eq(sub, client) ||
				 rv_slice_eq(sub, text_of(c, "client_id")))) ||
	       rv_token_says(claim_of(c, "gty"), "client-credentials");
}

/*
 * Entra's tokens for people have scp; those without it are of applications,
 * or no access tokens at all.  Only the optional claim idtyp tells which.
 */
static enum rv_auth_refusal
check_kind(const struct rv_token_case *c)
{
	struct rv_slice idtyp = text_of(c, "idtyp");

	if (idtyp.p != NULL && !rv_slice_eq_cstr(idtyp, "user") &&
	    !rv_slice_eq_cstr(idtyp, "app"))
		return refuse(c, RV_REFUSED_PURPOSE,
		    "the token is neither a person's nor an application's");
	if (c->issuer->entra && !rv_slice_eq_cstr(idtyp, "app") &&
	    text_of(c, "scp").n == 0)
		return refuse(c, RV_REFUSED_PURPOSE,
		    "the token has no scp and is not marked as an "
		    "application's: ask for the optional claim idtyp");
	return RV_REFUSED_NOT;
}

enum rv_auth_refusal
rv_token_check_claims(const struct rv_token_case *c)
{
	enum rv_auth_refusal refusal = check_audience(c);

	if (refusal == RV_REFUSED_NOT)
		refusal = check_times(c);
	if (refusal == RV_REFUSED_NOT)
		refusal = check_tenant(c);
	if (refusal == RV_REFUSED_NOT && c->issuer->entra)
		refusal = check_version(c);
	if (refusal == RV_REFUSED_NOT)
		refusal = check_kind(c);
	return refusal;
}
