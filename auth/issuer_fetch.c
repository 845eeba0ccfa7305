#include "issuer_fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "issuer_https.h"

#define DISCOVERY_BYTES_MAX (256u << 10)
#define CA_BYTES_MAX	    (4u << 20)
#define POST_BYTES_MAX	    (64u << 10)

static const char well_known[] = "/.well-known/openid-configuration";
static const char any_tenant[] = "{tenantid}";

/* ---- The authorities --------------------------------------------------------------- */

static int
read_file(const char *path, struct rv_buf *out, struct rv_error *e)
{
	char piece[8192];
	FILE *f = fopen(path, "rbe");
	bool ok;
	size_t n;

	if (f == NULL) {
		rv_error_set(e, "%s: %s", path, strerror(errno));
		return RV_ERR_IO;
	}
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0 && !out->failed)
		rv_buf_put(out, piece, n);
	ok = ferror(f) == 0;
	(void)fclose(f);
	if (ok && !out->failed && out->n > 0)
		return RV_OK;
	rv_error_set(e, "%s cannot be read, or is empty or too long", path);
	return RV_ERR_IO;
}

int
rv_issuer_read_ca(
    const struct rv_issuer *issuer, struct rv_buf *ret_pem, struct rv_error *e)
{
	const char *path = issuer->ca;

	if (path == NULL)
		path = curl_version_info(CURLVERSION_NOW)->cainfo;
	if (path == NULL) {
		rv_error_set(e,
		    "%s: the system has no list of authorities; "
		    "name one with ca",
		    issuer->source);
		return RV_ERR_INVALID;
	}
	rv_buf_init(ret_pem, CA_BYTES_MAX);
	return read_file(path, ret_pem, e);
}

/* ---- Discovery ----------------------------------------------------------------------- */

/*
 * OpenID Connect Discovery section 4: behind the issuer without its last
 * slash.  For all tenants at once Entra has "organizations".
 */
static int
discovery_uri(const struct rv_issuer *issuer, struct rv_buf *out)
{
	struct rv_slice base = rv_slice_of(issuer->issuer);
	const char *tenant = strstr(issuer->issuer, any_tenant);

	if (issuer->discovery_uri != NULL) {
		rv_buf_puts(out, issuer->discovery_uri);
		return rv_buf_cstr(out) != NULL ? RV_OK : RV_ERR_NOMEM;
	}
	if (base.n > 0 && base.p[base.n - 1] == '/')
		base.n--;
	if (tenant != NULL) {
		const size_t before = (size_t)(tenant - base.p);
		const size_t behind = before + sizeof(any_tenant) - 1;

		rv_buf_put(out, base.p, before);
		rv_buf_puts(out, "organizations");
		rv_buf_put(out, base.p + behind, base.n - behind);
	} else {
		rv_buf_put_slice(out, base);
	}
	rv_buf_puts(out, well_known);
	return rv_buf_cstr(out) != NULL ? RV_OK : RV_ERR_NOMEM;
}

/* What has to be asked, with the time that is left. */
struct fetch {
	const struct rv_issuer *issuer;
	struct rv_slice ca;
	struct rv_issuer_look *look;
	int64_t until_ms; /* of the monotonic clock */
};

/* Asks, and accepts nothing but 200. */
static int
get(const struct fetch *fetch, const char *url, size_t max, struct rv_buf *body,
    struct rv_error *e)
{
	/* The chain is told once. */
	const bool told = fetch->look == NULL || fetch->look->pins.n > 0;
	const struct rv_https https = {
		.url = url,
		.ca = fetch->ca,
		.pins = &fetch->issuer->ca_pins,
		.timeout_ms = fetch->until_ms - rv_monotonic_ms(),
		.max = max,
		.subjects = told ? NULL : &fetch->look->subjects,
		.chain_pins = told ? NULL : &fetch->look->pins,
	};
	long status = 0;
	int r;

	if (https.timeout_ms <= 0) {
		rv_error_set(e, "%s: no time is left", url);
		return RV_ERR_UNAVAILABLE;
	}
	r = rv_https_ask(&https, &status, body, e);
	if (r == RV_OK && status != 200) {
		rv_error_set(e, "%s: status %ld%s", url, status,
		    status >= 300 && status < 400
			? "; redirects are not followed"
			: "");
		r = RV_ERR_UNAVAILABLE;
	}
	return r;
}

static bool
is_https(struct rv_slice url)
{
	return rv_slice_has_prefix(url, RV_SLICE_LIT("https://")) &&
	       url.n > 8 && url.n < 2048;
}

static char *
endpoint(const json_t *document, const char *member)
{
	struct rv_slice url = rv_jws_text(document, member);

	return url.p != NULL && is_https(url) ? rv_slice_dup(url) : NULL;
}

static int
take_discovery(const struct fetch *fetch, const json_t *document,
    char **ret_jwks_uri, struct rv_error *e)
{
	struct rv_slice issuer = rv_jws_text(document, "issuer");

	if (!rv_slice_eq_cstr(issuer, fetch->issuer->issuer)) {
		rv_error_set(e, "%s: discovery names another issuer, '%s'",
		    fetch->issuer->issuer, rv_jws_quote(issuer).text);
		return RV_ERR_INVALID;
	}
	*ret_jwks_uri = endpoint(document, "jwks_uri");
	if (*ret_jwks_uri == NULL) {
		rv_error_set(e, "%s: discovery has no jwks_uri with https",
		    fetch->issuer->issuer);
		return RV_ERR_INVALID;
	}
	if (fetch->look != NULL) {
		fetch->look->device_endpoint =
		    endpoint(document, "device_authorization_endpoint");
		fetch->look->token_endpoint =
		    endpoint(document, "token_endpoint");
	}
	return RV_OK;
}

static int
discover(const struct fetch *fetch, char **ret_jwks_uri, struct rv_error *e)
{
	struct rv_buf url = { 0 }, body = { .max = DISCOVERY_BYTES_MAX };
	json_t *document = NULL;
	int r = discovery_uri(fetch->issuer, &url);

	if (r == RV_OK)
		r = get(
		    fetch, rv_buf_cstr(&url), DISCOVERY_BYTES_MAX, &body, e);
	if (r == RV_OK) {
		document = rv_jws_json(rv_buf_slice(&body));
		if (document == NULL) {
			rv_error_set(e, "%s: this is no JSON", url.p);
			r = RV_ERR_INVALID;
		}
	}
	if (r == RV_OK)
		r = take_discovery(fetch, document, ret_jwks_uri, e);
	json_decref(document);
	rv_buf_fini(&body);
	rv_buf_fini(&url);
	return r;
}

/* ---- Keys -------------------------------------------------------------------------------- */

int
rv_issuer_fetch_keys(const struct rv_issuer *issuer, struct rv_slice ca,
    struct rv_issuer_look *look, struct rv_jwk_set **ret_keys,
    struct rv_error *e)
{
	const struct fetch fetch = {
		.issuer = issuer,
		.ca = ca,
		.look = look,
		.until_ms = rv_monotonic_ms() + RV_ISSUER_FETCH_MS,
	};
	struct rv_buf body = { .max = RV_JWK_SET_BYTES_MAX };
	struct rv_error why = { "" };
	char *jwks_uri = NULL;
	int r = RV_OK;

	if (issuer->jwks_uri == NULL || look != NULL)
		r = discover(&fetch, &jwks_uri, e);
	if (r == RV_OK && issuer->jwks_uri != NULL) {
		free(jwks_uri);
		jwks_uri = rv_slice_dup(rv_slice_of(issuer->jwks_uri));
	}
	if (r == RV_OK && jwks_uri == NULL)
		r = RV_ERR_NOMEM;
	if (r == RV_OK)
		r = get(&fetch, jwks_uri, RV_JWK_SET_BYTES_MAX, &body, e);
	if (r == RV_OK) {
		r = rv_jwk_set_parse(rv_buf_slice(&body), ret_keys, &why);
		if (r != RV_OK)
			rv_error_set(e, "%s: %s", jwks_uri, why.text);
	}
	rv_buf_fini(&body);
	if (look != NULL)
		look->jwks_uri = jwks_uri;
	else
		free(jwks_uri);
	return r;
}

/* ---- Before it is configured ------------------------------------------------------------- */

/* "KID ALG ALG" of each key. */
static int
tell_keys(const struct rv_jwk_set *keys, struct rv_texts *ret)
{
	int r = RV_OK;

	for (size_t i = 0; i < rv_jwk_set_size(keys) && r == RV_OK; i++) {
		const struct rv_jwk *jwk = rv_jwk_set_at(keys, i);
		struct rv_buf text = { 0 };

		rv_buf_puts(&text, jwk->kid != NULL ? jwk->kid : "-");
		for (unsigned a = RV_JWS_RS256; a < RV_JWS_N_ALGS; a++)
			if (jwk->ready[a] != NULL)
				rv_buf_printf(&text, " %s",
				    rv_jws_alg_name((enum rv_jws_alg)a));
		r = text.failed ? RV_ERR_NOMEM
				: rv_texts_add(ret, rv_buf_slice(&text));
		rv_buf_fini(&text);
	}
	return r;
}

int
rv_issuer_look(const struct rv_issuer *issuer, struct rv_issuer_look *ret_look,
    struct rv_error *e)
{
	struct rv_issuer_look look = { 0 };
	struct rv_jwk_set *keys = NULL;
	struct rv_buf ca = { 0 };
	int r = rv_issuer_read_ca(issuer, &ca, e);

	if (r == RV_OK)
		r = rv_issuer_fetch_keys(
		    issuer, rv_buf_slice(&ca), &look, &keys, e);
	if (r == RV_OK)
		r = tell_keys(keys, &look.keys);
	rv_jwk_set_unref(&keys);
	rv_buf_fini(&ca);
	if (r != RV_OK)
		rv_issuer_look_fini(&look);
	*ret_look = look;
	return r;
}

void
rv_issuer_look_fini(struct rv_issuer_look *look)
{
	free(look->jwks_uri);
	free(look->device_endpoint);
	free(look->token_endpoint);
	rv_texts_fini(&look->keys);
	rv_texts_fini(&look->subjects);
	rv_texts_fini(&look->pins);
	*look = (struct rv_issuer_look){ 0 };
}

int
rv_issuer_post(const struct rv_issuer *issuer, const char *url,
    const char *form, long *ret_status, struct rv_buf *body, struct rv_error *e)
{
	struct rv_buf ca = { 0 };
	int r = rv_issuer_read_ca(issuer, &ca, e);
	const struct rv_https https = {
		.url = url,
		.form = form,
		.ca = rv_buf_slice(&ca),
		.pins = &issuer->ca_pins,
		.timeout_ms = RV_ISSUER_FETCH_MS,
		.max = POST_BYTES_MAX,
	};

	if (r == RV_OK)
		r = rv_https_ask(&https, ret_status, body, e);
	rv_buf_fini(&ca);
	return r;
}
