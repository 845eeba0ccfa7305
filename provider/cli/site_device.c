/* A token by the device code flow (RFC 8628). */
#include <string.h>
#include <time.h>

#include "cli/site.h"

#define LONGEST_S 1800
#define PAUSE_S	  5

/* What polling needs of the first answer; borrowed from it. */
struct flow {
	const char *code;
	json_int_t pause_s, until_s; /* until: of the monotonic clock */
};

static json_int_t
clock_s(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Percent-encoded, as a form has it. */
static void
put_encoded(struct rv_buf *out, const char *value)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (const char *c = value; *c != '\0'; c++) {
		if (strchr(plain, *c) != NULL)
			rv_buf_putc(out, *c);
		else
			rv_buf_printf(out, "%%%02X", (unsigned char)*c);
	}
}

static void
put_field(struct rv_buf *out, const char *name, const char *value)
{
	rv_buf_printf(out, "%s%s=", out->n > 0 ? "&" : "", name);
	put_encoded(out, value);
}

/* The JSON of an answer, whatever its status; NULL: a line in *e. */
static json_t *
post(const struct rv_site *site, const char *url, struct rv_buf *form,
    long *ret_status, struct rv_error *e)
{
	struct rv_buf body = { .max = 65536 };
	const char *text = rv_buf_cstr(form);
	json_t *answer = NULL;

	if (text == NULL)
		rv_error_set(e, "out of memory");
	else if (rv_issuer_post(&site->settings->issuers[0], url, text,
		     ret_status, &body, e) == RV_OK) {
		answer = json_loadb(body.n > 0 ? body.p : "", body.n,
		    JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_object(answer)) {
			json_decref(answer);
			answer = NULL;
			rv_error_set(e,
			    "%s: status %ld, with nothing that this command "
			    "understands",
			    url, *ret_status);
		}
	}
	rv_buf_fini(&body);
	return answer;
}

/* For Entra the scope says for whom the token is to be. */
static void
put_scope(const struct rv_site *site, struct rv_buf *form)
{
	const struct rv_cli_site_options *o = site->options;
	struct rv_buf scope = { 0 };

	if (o->scope != NULL)
		rv_buf_puts(&scope, o->scope);
	else if (site->entra)
		rv_buf_printf(&scope, "%s/.default openid", o->audiences[0]);
	else
		rv_buf_puts(&scope, "openid");
	if (rv_buf_cstr(&scope) != NULL)
		put_field(form, "scope", rv_buf_cstr(&scope));
	form->failed |= scope.failed;
	rv_buf_fini(&scope);
}

static json_t *
begin(const struct rv_site *site, struct rv_error *e)
{
	struct rv_buf form = { 0 };
	long status = 0;
	json_t *answer;

	put_field(&form, "client_id", site->options->client);
	put_scope(site, &form);
	answer = post(site, site->look.device_endpoint, &form, &status, e);
	rv_buf_fini(&form);
	if (answer == NULL ||
	    (status == 200 && *rv_cli_text(answer, "device_code") != '\0' &&
		*rv_cli_text(answer, "user_code") != '\0'))
		return answer;
	rv_error_set(e, "the issuer starts no device code flow: %s %s",
	    rv_cli_text(answer, "error"),
	    rv_cli_text(answer, "error_description"));
	json_decref(answer);
	return NULL;
}

static void
tell(const json_t *begun)
{
	const char *where = rv_cli_text(begun, "verification_uri");

	if (*where == '\0')
		where = rv_cli_text(begun, "verification_url");
	(void)fputs("\nSign in at ", stderr);
	rv_cli_print(stderr, where);
	(void)fputs(" with the code ", stderr);
	rv_cli_print(stderr, rv_cli_text(begun, "user_code"));
	(void)fputs("\nwaiting ...\n", stderr);
}

/* RV_ERR_AGAIN: not yet. */
static int
judge_answer(const json_t *answer, struct flow *flow, struct rv_buf *ret_token,
    struct rv_error *e)
{
	const char *token = rv_cli_text(answer, "access_token");
	const char *error = rv_cli_text(answer, "error");

	if (*token != '\0') {
		rv_buf_puts(ret_token, token);
		return ret_token->failed ? RV_ERR_LIMIT : RV_OK;
	}
	if (strcmp(error, "slow_down") == 0)
		flow->pause_s += PAUSE_S;
	else if (strcmp(error, "authorization_pending") != 0) {
		rv_error_set(e, "the sign-in did not succeed: %s", error);
		return RV_ERR_DENIED;
	}
	if (clock_s() + flow->pause_s < flow->until_s)
		return RV_ERR_AGAIN;
	rv_error_set(e, "nobody signed in in time");
	return RV_ERR_DENIED;
}

static int
poll_once(const struct rv_site *site, struct flow *flow,
    struct rv_buf *ret_token, struct rv_error *e)
{
	const struct timespec pause = { .tv_sec = flow->pause_s };
	struct rv_buf form = { 0 };
	long status = 0;
	json_t *answer;
	int r;

	(void)nanosleep(&pause, NULL);
	put_field(&form, "grant_type",
	    "urn:ietf:params:oauth:grant-type:device_code");
	put_field(&form, "client_id", site->options->client);
	put_field(&form, "device_code", flow->code);
	answer = post(site, site->look.token_endpoint, &form, &status, e);
	rv_buf_fini(&form);
	if (answer == NULL)
		return RV_ERR_UNAVAILABLE;
	r = judge_answer(answer, flow, ret_token, e);
	json_decref(answer);
	return r;
}

/* A number of an answer within bounds; absent: the default. */
static json_int_t
number(const json_t *answer, const char *member, json_int_t absent,
    json_int_t most)
{
	const json_t *value = json_object_get(answer, member);
	json_int_t n =
	    json_is_integer(value) ? json_integer_value(value) : absent;

	if (n < 1)
		n = 1;
	return n < most ? n : most;
}

int
rv_site_device(
    const struct rv_site *site, struct rv_buf *ret_token, struct rv_error *e)
{
	struct flow flow;
	json_t *begun;
	int r = RV_ERR_AGAIN;

	if (site->look.device_endpoint == NULL ||
	    site->look.token_endpoint == NULL) {
		rv_error_set(e,
		    "the issuer offers no device code flow: bring a token "
		    "with --token-file");
		return RV_ERR_UNAVAILABLE;
	}
	begun = begin(site, e);
	if (begun == NULL)
		return RV_ERR_UNAVAILABLE;
	tell(begun);
	flow.code = rv_cli_text(begun, "device_code");
	flow.pause_s = number(begun, "interval", PAUSE_S, 60);
	flow.until_s =
	    clock_s() + number(begun, "expires_in", LONGEST_S, LONGEST_S);
	while (r == RV_ERR_AGAIN)
		r = poll_once(site, &flow, ret_token, e);
	json_decref(begun);
	return r;
}
