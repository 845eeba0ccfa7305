#include "ocsp_http.h"

#include <curl/curl.h>
#include <string.h>

/* A response with some certificates has about 3 KiB. */
#define ANSWER_MAX (64u << 10)

static size_t
on_bytes(char *p, size_t size, size_t n, void *arg)
{
	struct rv_buf *body = arg;

	rv_buf_put(body, p, size * n);
	return body->failed ? 0 : size * n;
}

static CURLcode
configure(CURL *curl, const char *url, struct rv_slice request,
    int64_t timeout_ms, struct rv_buf *body)
{
	CURLcode r = CURLE_OK;

#define SET(option, value) \
	if (r == CURLE_OK) \
	r = curl_easy_setopt(curl, (option), (value))
	SET(CURLOPT_URL, url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	SET(CURLOPT_POSTFIELDS, request.p);
	SET(CURLOPT_POSTFIELDSIZE, (long)request.n);
	SET(CURLOPT_WRITEFUNCTION, on_bytes);
	SET(CURLOPT_WRITEDATA, body);
#undef SET
	return r;
}

/* What has come, once it has come. */
static int
check(CURL *curl, const char *url, struct rv_error *e)
{
	const char *type = NULL;
	long status = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	if (status == 200 && type != NULL &&
	    strncmp(type, "application/ocsp-response", 25) == 0)
		return RV_OK;
	rv_error_set(
	    e, "%s: status %ld, which is no answer of OCSP", url, status);
	return RV_ERR_UNAVAILABLE;
}

int
rv_ocsp_post(const char *url, struct rv_slice request, int64_t timeout_ms,
    struct rv_buf *body, struct rv_error *e)
{
	CURL *curl = curl_easy_init();
	struct curl_slist *fields =
	    curl_slist_append(NULL, "Content-Type: application/ocsp-request");
	int r = RV_ERR_NOMEM;
	CURLcode code;

	rv_error_set(e, "out of memory");
	if (curl == NULL || fields == NULL)
		goto out;
	rv_buf_init(body, ANSWER_MAX);
	code = configure(curl, url, request, timeout_ms, body);
	if (code == CURLE_OK)
		code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
	if (code == CURLE_OK)
		code = curl_easy_perform(curl);
	if (code != CURLE_OK) {
		rv_error_set(e, "%s: %s", url, curl_easy_strerror(code));
		r = RV_ERR_UNAVAILABLE;
		goto out;
	}
	r = check(curl, url, e);
out:
	curl_slist_free_all(fields);
	curl_easy_cleanup(curl);
	return r;
}
