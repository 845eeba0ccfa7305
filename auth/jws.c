#include "jws.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "reeve/auth_token.h"

#define DEPTH_MAX 32

/* ---- Words ----------------------------------------------------------------- */

static const char *const names[RV_JWS_N_ALGS] = {
	[RV_JWS_NO_ALG] = "none of ours",
	[RV_JWS_RS256] = "RS256",
	[RV_JWS_PS256] = "PS256",
	[RV_JWS_ES256] = "ES256",
};

enum rv_jws_alg
rv_jws_alg_of(struct rv_slice name)
{
	for (unsigned i = RV_JWS_RS256; i < RV_JWS_N_ALGS; i++)
		if (rv_slice_eq_cstr(name, names[i]))
			return (enum rv_jws_alg)i;
	return RV_JWS_NO_ALG;
}

const char *
rv_jws_alg_name(enum rv_jws_alg alg)
{
	return names[(unsigned)alg < RV_JWS_N_ALGS ? alg : RV_JWS_NO_ALG];
}

struct rv_jws_quoted
rv_jws_quote(struct rv_slice text)
{
	struct rv_jws_quoted quoted = { "" };
	size_t n = text.n;

	if (n > sizeof(quoted.text) - 4)
		n = sizeof(quoted.text) - 4;
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)text.p[i];

		quoted.text[i] = c > ' ' && c < 0x7f ? (char)c : '?';
	}
	if (n < text.n)
		memcpy(quoted.text + n, "...", 3);
	return quoted;
}

enum rv_auth_refusal
rv_jws_refuse(
    char detail[256], enum rv_auth_refusal refusal, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(detail, 256, fmt, args);
	va_end(args);
	return refusal;
}

/* ---- JSON ------------------------------------------------------------------- */

/* Counted before it is parsed, since a parser recurses. */
static bool
is_shallow(struct rv_slice text)
{
	unsigned depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < text.n; i++) {
		const char c = text.p[i];

		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '{' || c == '['))
			depth++;
		else if (!in_text && (c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > DEPTH_MAX)
			return false;
	}
	return true;
}

json_t *
rv_jws_json(struct rv_slice text)
{
	if (text.n == 0 || !is_shallow(text))
		return NULL;
	return json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
}

struct rv_slice
rv_jws_text(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	if (!json_is_string(value))
		return RV_SLICE_NONE;
	return (struct rv_slice){ json_string_value(value),
		json_string_length(value) };
}

/* A part of the token that must be a JSON object; NULL: it is none. */
static json_t *
object_of(struct rv_slice part)
{
	char *bytes = malloc(part.n + 1);
	json_t *object = NULL;
	size_t n = 0;

	if (bytes == NULL)
		return NULL;
	if (rv_base64url_decode(part, bytes, part.n, &n) == RV_OK)
		object = rv_jws_json((struct rv_slice){ bytes, n });
	free(bytes);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

/* ---- Parts -------------------------------------------------------------------- */

/* Exactly three, none of them empty. */
static bool
split(struct rv_slice token, struct rv_slice parts[3])
{
	for (unsigned i = 0; i < 3; i++) {
		const char *dot =
		    token.n > 0 ? memchr(token.p, '.', token.n) : NULL;
		size_t n = dot != NULL ? (size_t)(dot - token.p) : token.n;

		if (n == 0 || (dot == NULL) != (i == 2))
			return false;
		parts[i] = (struct rv_slice){ token.p, n };
		if (dot != NULL) {
			token.p += n + 1;
			token.n -= n + 1;
		}
	}
	return true;
}

static enum rv_auth_refusal
check_header(struct rv_jws *jws, char detail[256])
{
	static const char *const never[] = { "crit", "zip", "enc", "b64" };
	struct rv_slice alg = rv_jws_text(jws->header, "alg");

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (json_object_get(jws->header, never[i]) != NULL)
			return rv_jws_refuse(detail, RV_REFUSED_MALFORMED,
			    "the header has '%s', which is not supported",
			    never[i]);
	jws->alg = rv_jws_alg_of(alg);
	if (jws->alg == RV_JWS_NO_ALG)
		return rv_jws_refuse(detail, RV_REFUSED_WEAK,
		    "the algorithm '%s' is none of RS256, PS256, ES256",
		    rv_jws_quote(alg).text);
	return RV_REFUSED_NOT;
}

static enum rv_auth_refusal
take_apart(struct rv_slice token, struct rv_jws *jws, char detail[256])
{
	struct rv_slice parts[3];

	if (token.n > RV_TOKEN_MAX)
		return rv_jws_refuse(detail, RV_REFUSED_MALFORMED,
		    "the token has %zu bytes, more than %d", token.n,
		    RV_TOKEN_MAX);
	if (!split(token, parts))
		return rv_jws_refuse(detail, RV_REFUSED_MALFORMED,
		    "this is no JWS of three parts");
	if (rv_base64url_decode(parts[2], jws->signature,
		sizeof(jws->signature), &jws->n_signature) != RV_OK)
		return rv_jws_refuse(detail, RV_REFUSED_MALFORMED,
		    "the signature is no strict base64url of 1 KiB or less");
	jws->header = object_of(parts[0]);
	jws->payload = object_of(parts[1]);
	if (jws->header == NULL || jws->payload == NULL)
		return rv_jws_refuse(detail, RV_REFUSED_MALFORMED,
		    "the %s is no strict base64url of one JSON object",
		    jws->header == NULL ? "header" : "payload");
	jws->signed_part =
	    (struct rv_slice){ token.p, parts[0].n + 1 + parts[1].n };
	return check_header(jws, detail);
}

enum rv_auth_refusal
rv_jws_parse(struct rv_slice token, struct rv_jws *ret, char detail[256])
{
	struct rv_jws jws = { 0 };
	enum rv_auth_refusal refusal = take_apart(token, &jws, detail);

	if (refusal != RV_REFUSED_NOT)
		rv_jws_fini(&jws);
	*ret = jws;
	return refusal;
}

void
rv_jws_fini(struct rv_jws *jws)
{
	json_decref(jws->header);
	json_decref(jws->payload);
	*jws = (struct rv_jws){ 0 };
}

json_t *
rv_jws_peek(struct rv_slice token)
{
	struct rv_slice parts[3];

	if (token.n > RV_TOKEN_MAX || !split(token, parts))
		return NULL;
	return object_of(parts[1]);
}
