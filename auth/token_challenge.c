/* Telling a caller with a token how to come back stronger. */
#include <openssl/evp.h>
#include <string.h>

#include "jws.h"
#include "reeve/auth_token.h"

/* Where Entra's libraries are sent (its claims challenge names one for all). */
static const char authorize[] =
    "https://login.microsoftonline.com/common/oauth2/authorize";

/* acr values stand between blanks in a quoted text. */
static bool
is_quotable(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '"' || *c == '\\')
			return false;
	return *value != '\0';
}

static void
put_values(const struct rv_words *values, bool *any, struct rv_buf *out)
{
	for (size_t i = 0; i < values->n; i++) {
		if (!is_quotable(values->v[i]))
			continue;
		rv_buf_puts(out, *any ? " " : ", acr_values=\"");
		rv_buf_puts(out, values->v[i]);
		*any = true;
	}
}

static void
put_step_up(const struct rv_issuer_levels *levels, enum rv_level level,
    int64_t max_age_s, struct rv_buf *out)
{
	bool any = false;

	rv_buf_puts(out,
	    "Bearer error=\"insufficient_user_authentication\", "
	    "error_description=\"A stronger or more recent sign-in is "
	    "needed\"");
	/* Whatever reaches a higher level reaches the lower one too. */
	if (level == RV_LEVEL_CERTIFICATE)
		put_values(&levels->certificate_acr, &any, out);
	if (level >= RV_LEVEL_CERTIFICATE)
		put_values(&levels->hello_acr, &any, out);
	if (any)
		rv_buf_putc(out, '"');
	if (max_age_s >= 0)
		rv_buf_printf(out, ", max_age=%lld", (long long)max_age_s);
	rv_buf_putc(out, '\n');
}

/* The authentication context that Entra is asked for; NULL: none is set. */
static const char *
context_of(const struct rv_issuer_levels *levels, enum rv_level level)
{
	const struct rv_words *lists[] = { &levels->certificate_acrs,
		&levels->hello_acrs };

	for (size_t i = level == RV_LEVEL_CERTIFICATE ? 0 : 1; i < 2; i++)
		for (size_t j = 0; j < lists[i]->n; j++)
			if (is_quotable(lists[i]->v[j]))
				return lists[i]->v[j];
	return NULL;
}

static void
put_base64(struct rv_slice bytes, struct rv_buf *out)
{
	unsigned char text[512];

	if (bytes.n > sizeof(text) / 4 * 3 - 3) {
		out->failed = true;
		return;
	}
	rv_buf_put(out, text,
	    (size_t)EVP_EncodeBlock(
		text, (const unsigned char *)bytes.p, (int)bytes.n));
}

static void
put_claims(const char *context, struct rv_buf *out)
{
	struct rv_buf claims = { 0 };

	rv_buf_printf(&claims,
	    "{\"access_token\":{\"acrs\":{\"essential\":true,"
	    "\"value\":\"%s\"}}}",
	    context);
	rv_buf_printf(out,
	    "Bearer realm=\"\", authorization_uri=\"%s\", "
	    "error=\"insufficient_claims\", claims=\"",
	    authorize);
	put_base64(rv_buf_slice(&claims), out);
	rv_buf_puts(out, "\"\n");
	out->failed |= claims.failed;
	rv_buf_fini(&claims);
}

void
rv_token_challenge(const struct rv_issuer *issuer,
    const struct rv_issuer_levels *levels, enum rv_level level,
    int64_t max_age_s, bool client_takes_claims, struct rv_buf *out)
{
	const char *context = NULL;

	put_step_up(levels, level, max_age_s, out);
	if (issuer->entra && client_takes_claims &&
	    level >= RV_LEVEL_CERTIFICATE)
		context = context_of(levels, level);
	if (context != NULL)
		put_claims(context, out);
}

bool
rv_token_takes_claims(struct rv_slice token)
{
	json_t *claims = rv_jws_peek(token);
	const json_t *list = json_object_get(claims, "xms_cc");
	const json_t *one;
	bool takes = rv_slice_eq_cstr(rv_jws_text(claims, "xms_cc"), "cp1");
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), "cp1") == 0)
			takes = true;
	}
	json_decref(claims);
	return takes;
}
