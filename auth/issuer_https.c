#include "issuer_https.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

#define PIN_PREFIX "sha256:"

/* What the callbacks of libcurl and OpenSSL work on. */
struct call {
	const struct rv_https *https;
	struct rv_buf *body;
	bool too_long;
	bool not_pinned;
};

/* ---- The chain ------------------------------------------------------------------ */

static bool
pin_of_base64(const char *text, unsigned char ret[32])
{
	unsigned char bytes[33];

	if (strlen(text) != 44 || text[43] != '=' || text[42] == '=' ||
	    EVP_DecodeBlock(bytes, (const unsigned char *)text, 44) != 33)
		return false;
	memcpy(ret, bytes, 32);
	return true;
}

static bool
pin_of_hex(const char *text, unsigned char ret[32])
{
	size_t n = 0;

	return strlen(text) == 64 && strchr(text, ':') == NULL &&
	       OPENSSL_hexstr2buf_ex(ret, 32, &n, text, '\0') == 1 && n == 32;
}

bool
rv_https_pin(const char *pin, unsigned char ret[32])
{
	const size_t n = sizeof(PIN_PREFIX) - 1;

	return strncmp(pin, PIN_PREFIX, n) == 0 &&
	       (pin_of_base64(pin + n, ret) || pin_of_hex(pin + n, ret));
}

/* SHA-256 over its SubjectPublicKeyInfo; false: it cannot be had. */
static bool
hash_of(X509 *certificate, unsigned char hash[32])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	bool ok = n > 0 && EVP_Digest(der, (size_t)n, hash, NULL, EVP_sha256(),
			       NULL) == 1;

	OPENSSL_free(der);
	return ok;
}

static bool
is_pinned(const struct rv_words *pins, const unsigned char hash[32])
{
	unsigned char pin[32];

	for (size_t i = 0; i < pins->n; i++)
		if (rv_https_pin(pins->v[i], pin) &&
		    memcmp(pin, hash, sizeof(pin)) == 0)
			return true;
	return pins->n == 0;
}

static bool
tell_certificate(const struct rv_https *https, X509 *certificate,
    const unsigned char hash[32])
{
	char name[256] = "", pin[64] = PIN_PREFIX;

	if (https->subjects == NULL)
		return true;
	(void)EVP_EncodeBlock(
	    (unsigned char *)pin + sizeof(PIN_PREFIX) - 1, hash, 32);
	(void)X509_NAME_oneline(
	    X509_get_subject_name(certificate), name, sizeof(name));
	return rv_texts_add(https->subjects, rv_slice_of(name)) == RV_OK &&
	       rv_texts_add(https->chain_pins, rv_slice_of(pin)) == RV_OK;
}

/* After the chain was found good: is a pinned key in it? */
static bool
look_at_chain(struct call *call, STACK_OF(X509) * chain)
{
	bool pinned = false;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		X509 *certificate = sk_X509_value(chain, i);
		unsigned char hash[32];

		if (!hash_of(certificate, hash) ||
		    !tell_certificate(call->https, certificate, hash))
			return false;
		pinned |= is_pinned(call->https->pins, hash);
	}
	call->not_pinned = !pinned;
	return pinned;
}

static int
on_verify(X509_STORE_CTX *ctx, void *arg)
{
	if (X509_verify_cert(ctx) != 1)
		return 0;
	if (look_at_chain(arg, X509_STORE_CTX_get0_chain(ctx)))
		return 1;
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* libcurl compares the name of the host itself. */
static CURLcode
on_context(CURL *curl, void *ssl_ctx, void *arg)
{
	(void)curl;
	SSL_CTX_set_cert_verify_callback(ssl_ctx, on_verify, arg);
	return CURLE_OK;
}

/* ---- The request ------------------------------------------------------------------ */

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct call *call = arg;

	if (size * n > call->https->max - call->body->n) {
		call->too_long = true;
		return 0;
	}
	rv_buf_put(call->body, bytes, size * n);
	return call->body->failed ? 0 : size * n;
}

/* Names the first option that this libcurl does not take. */
#define SET(option, value)                                         \
	do {                                                       \
		if (r == CURLE_OK)                                 \
			r = curl_easy_setopt(curl, option, value); \
	} while (0)

static CURLcode
set_limits(CURL *curl, const struct rv_https *https)
{
	CURLcode r = CURLE_OK;

	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)https->timeout_ms);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)https->timeout_ms);
	SET(CURLOPT_MAXFILESIZE, (long)https->max);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	return r;
}

static CURLcode
set_tls(CURL *curl, struct call *call)
{
	struct curl_blob ca = {
		/* Copied by libcurl, which has no const there. */
		.data = (void *)(uintptr_t)call->https->ca.p,
		.len = call->https->ca.n,
		.flags = CURL_BLOB_COPY,
	};
	CURLcode r = CURLE_OK;

	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAINFO_BLOB, &ca);
	SET(CURLOPT_SSL_CTX_FUNCTION, on_context);
	SET(CURLOPT_SSL_CTX_DATA, call);
	return r;
}

static CURLcode
set_request(CURL *curl, struct call *call, char why[CURL_ERROR_SIZE])
{
	CURLcode r = CURLE_OK;

	SET(CURLOPT_ERRORBUFFER, why);
	SET(CURLOPT_URL, call->https->url);
	SET(CURLOPT_USERAGENT, "reeve");
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, call);
	if (call->https->form != NULL)
		SET(CURLOPT_COPYPOSTFIELDS, call->https->form);
	return r;
}

static int
tell_failure(
    const struct call *call, CURLcode r, const char *why, struct rv_error *e)
{
	const char *url = call->https->url;

	if (call->too_long || r == CURLE_FILESIZE_EXCEEDED) {
		rv_error_set(e, "%s: the answer has more than %zu octets", url,
		    call->https->max);
		return RV_ERR_LIMIT;
	}
	if (call->not_pinned)
		rv_error_set(
		    e, "%s: no certificate of the chain has a pinned key", url);
	else
		rv_error_set(e, "%s: %s", url,
		    why[0] != '\0' ? why : curl_easy_strerror(r));
	return RV_ERR_UNAVAILABLE;
}

int
rv_https_ask(const struct rv_https *https, long *ret_status,
    struct rv_buf *body, struct rv_error *e)
{
	struct call call = { .https = https, .body = body };
	char why[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	CURLcode r = CURLE_OUT_OF_MEMORY;

	rv_buf_reset(body);
	if (curl != NULL)
		r = set_limits(curl, https);
	if (r == CURLE_OK)
		r = set_tls(curl, &call);
	if (r == CURLE_OK)
		r = set_request(curl, &call, why);
	if (r == CURLE_OK)
		r = curl_easy_perform(curl);
	if (r == CURLE_OK)
		r = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
	curl_easy_cleanup(curl);
	ERR_clear_error();
	return r == CURLE_OK ? RV_OK : tell_failure(&call, r, why, e);
}
