/*
 * HTTPS with Kerberos by libcurl: the ticket signs in the first request, the
 * session of its answer the others.
 */
#include "cli/cli.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX	(64u << 20)
#define CONNECT_SECONDS 10L
#define TOTAL_SECONDS	60L

struct rv_cli_http {
	CURL *curl;
	char *url;
	const char *at_least;
	char *session;	/* the whole field Authorization */
	char *revision; /* of the answer that is being read */
	struct rv_buf body;
};

static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct rv_buf *body = arg;

	rv_buf_put(body, bytes, size * n);
	return body->failed ? 0 : size * n;
}

/* The value of a field, when the line is that field. */
static char *
value_of(struct rv_slice line, const char *name)
{
	const size_t n = strlen(name);

	if (line.n <= n || strncasecmp(line.p, name, n) != 0 ||
	    line.p[n] != ':')
		return NULL;
	line.p += n + 1;
	line.n -= n + 1;
	while (line.n > 0 && (*line.p == ' ' || *line.p == '\t')) {
		line.p++;
		line.n--;
	}
	while (line.n > 0 && strchr("\r\n \t", line.p[line.n - 1]) != NULL)
		line.n--;
	return rv_slice_dup(line);
}

static void
replace(char **kept, char *value)
{
	if (value == NULL)
		return;
	free(*kept);
	*kept = value;
}

static size_t
on_field(char *bytes, size_t size, size_t n, void *arg)
{
	struct rv_cli_http *http = arg;
	const struct rv_slice line = { bytes, size * n };
	char *token = value_of(line, "Reeve-Session");

	replace(&http->revision, value_of(line, "Reeve-Revision"));
	if (token != NULL) {
		struct rv_buf field = { 0 };

		rv_buf_printf(&field, "Authorization: Bearer %s", token);
		if (rv_buf_cstr(&field) != NULL)
			replace(
			    &http->session, rv_slice_dup(rv_buf_slice(&field)));
		rv_buf_fini(&field);
		free(token);
	}
	return size * n;
}

static bool
set_up(struct rv_cli_http *http, const struct rv_cli_options *o)
{
	CURL *c = http->curl;

	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_TIMEOUT, TOTAL_SECONDS) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_WRITEDATA, &http->body) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_field) ==
		   CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_HEADERDATA, http) == CURLE_OK &&
	       curl_easy_setopt(c, CURLOPT_USERPWD, ":") == CURLE_OK &&
	       (o->ca == NULL || *o->ca == '\0' ||
		   curl_easy_setopt(c, CURLOPT_CAINFO, o->ca) == CURLE_OK);
}

static int
check_url(const char *url, struct rv_error *e)
{
	if (url == NULL || *url == '\0')
		rv_error_set(e,
		    "no provider is named: set REEVE_URL, or give --url "
		    "https://HOST[:PORT]");
	else if (strncmp(url, "https://", 8) != 0 || url[8] == '\0')
		rv_error_set(
		    e, "%s is no https URL: give https://HOST[:PORT]", url);
	else
		return RV_OK;
	return RV_ERR_INVALID;
}

int
rv_cli_http_new(const struct rv_cli_options *options,
    struct rv_cli_http **ret_http, struct rv_error *e)
{
	struct rv_cli_http *http;
	size_t n;

	if (check_url(options->url, e) != RV_OK)
		return RV_ERR_INVALID;
	http = calloc(1, sizeof(*http));
	if (http == NULL)
		goto out;
	rv_buf_init(&http->body, BODY_MAX);
	http->at_least = options->at_least;
	n = strlen(options->url);
	while (n > 8 && options->url[n - 1] == '/')
		n--;
	http->url = rv_slice_dup((struct rv_slice){ options->url, n });
	http->curl = curl_easy_init();
	if (http->url == NULL || http->curl == NULL || !set_up(http, options))
		goto out;
	*ret_http = http;
	return RV_OK;
out:
	rv_cli_http_free(&http);
	rv_error_set(e, "libcurl cannot be set up, or memory is short");
	return RV_ERR_NOMEM;
}

void
rv_cli_http_free(struct rv_cli_http **http)
{
	struct rv_cli_http *h = *http;

	*http = NULL;
	if (h == NULL)
		return;
	if (h->curl != NULL)
		curl_easy_cleanup(h->curl);
	rv_buf_fini(&h->body);
	free(h->url);
	free(h->session);
	free(h->revision);
	free(h);
}

/* ---- One request --------------------------------------------------------------- */

/* Appends; a failure leaves NULL, and what there was is freed. */
static void
add_field(struct curl_slist **fields, bool *ok, const char *field)
{
	struct curl_slist *longer;

	if (!*ok || field == NULL)
		return;
	longer = curl_slist_append(*fields, field);
	if (longer == NULL)
		*ok = false;
	else
		*fields = longer;
}

static struct curl_slist *
fields_of(const struct rv_cli_http *http, bool has_body)
{
	struct curl_slist *fields = NULL;
	struct rv_buf at_least = { 0 };
	bool ok = true;

	if (has_body)
		add_field(&fields, &ok, "Content-Type: application/json");
	add_field(&fields, &ok, "Expect:");
	add_field(&fields, &ok, http->session);
	if (http->at_least != NULL) {
		rv_buf_printf(&at_least, "Reeve-At-Least: %s", http->at_least);
		if (rv_buf_cstr(&at_least) == NULL)
			ok = false;
		add_field(&fields, &ok, at_least.p);
	}
	rv_buf_fini(&at_least);
	if (!ok) {
		curl_slist_free_all(fields);
		fields = NULL;
	}
	return fields;
}

static CURLcode
perform(struct rv_cli_http *http, const char *url, const char *text,
    struct curl_slist *fields)
{
	const long auth = http->session == NULL ? (long)CURLAUTH_NEGOTIATE
						: (long)CURLAUTH_NONE;
	CURL *c = http->curl;
	CURLcode r;

	r = curl_easy_setopt(c, CURLOPT_URL, url);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_HTTPAUTH, auth);
	if (r == CURLE_OK)
		r = curl_easy_setopt(c, CURLOPT_HTTPHEADER, fields);
	if (r == CURLE_OK && text == NULL)
		r = curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	if (r == CURLE_OK && text != NULL)
		r = curl_easy_setopt(
		    c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(text));
	if (r == CURLE_OK && text != NULL)
		r = curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS, text);
	if (r == CURLE_OK)
		r = curl_easy_perform(c);
	return r;
}

static void
tell_failure(const struct rv_cli_http *http, CURLcode r, struct rv_error *e)
{
	const char *what = "";

	if (r == CURLE_PEER_FAILED_VERIFICATION ||
	    r == CURLE_SSL_CACERT_BADFILE)
		what = "; name the site's certificate authority with REEVE_CA "
		       "or --ca";
	else if (r == CURLE_COULDNT_CONNECT || r == CURLE_COULDNT_RESOLVE_HOST)
		what = "; is the provider running, and REEVE_URL right?";
	rv_error_set(e, "%s: %s%s", http->url, curl_easy_strerror(r), what);
}

int
rv_cli_http_ask(struct rv_cli_http *http, const char *path, const json_t *body,
    struct rv_cli_answer *ret_answer, struct rv_error *e)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct curl_slist *fields = fields_of(http, body != NULL);
	struct rv_cli_answer answer = { 0 };
	struct rv_buf url = { 0 };
	CURLcode done = CURLE_OUT_OF_MEMORY;
	int r = RV_ERR_UNAVAILABLE;

	rv_buf_printf(&url, "%s%s", http->url, path);
	rv_buf_reset(&http->body);
	free(http->revision);
	http->revision = NULL;
	if (rv_buf_cstr(&url) != NULL && fields != NULL &&
	    (body == NULL || text != NULL))
		done = perform(http, rv_buf_cstr(&url), text, fields);
	if (done == CURLE_OK)
		done = curl_easy_getinfo(
		    http->curl, CURLINFO_RESPONSE_CODE, &answer.status);
	if (done != CURLE_OK) {
		tell_failure(http, done, e);
	} else {
		answer.body = json_loadb(http->body.n > 0 ? http->body.p : "",
		    http->body.n, JSON_REJECT_DUPLICATES, NULL);
		answer.revision = http->revision;
		http->revision = NULL;
		*ret_answer = answer;
		r = RV_OK;
	}
	(void)curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(fields);
	rv_buf_fini(&url);
	free(text);
	return r;
}

void
rv_cli_answer_fini(struct rv_cli_answer *answer)
{
	json_decref(answer->body);
	free(answer->revision);
	*answer = (struct rv_cli_answer){ 0 };
}
