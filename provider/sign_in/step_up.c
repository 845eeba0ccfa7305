#include "sign_in/step_up.h"

#include <string.h>

#include "config/config.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/policy.h"
#include "sign_in/signing.h"

/* ---- Ways to a level --------------------------------------------------------- */

/* Takes way; false: no memory. */
static bool
add(json_t *ways, json_t *way)
{
	return way != NULL && json_array_append_new(ways, way) == 0;
}

static json_t *
array_of(const struct rv_words *lists[], size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; a != NULL && i < n; i++)
		for (size_t k = 0; k < lists[i]->n; k++)
			if (json_array_append_new(
				a, json_string(lists[i]->v[k])) != 0) {
				json_decref(a);
				return NULL;
			}
	return a;
}

static bool
have_pkinit(const struct rv_words *words)
{
	return rv_words_have(words, RV_SLICE_LIT("pkinit"));
}

/* What proves a higher level proves this one too. */
static bool
add_kerberos(
    json_t *ways, const struct rv_level_policy *policy, enum rv_level level)
{
	const struct rv_words *indicators[] = { &policy->hello_indicators,
		&policy->certificate_indicators };
	const struct rv_words *sids[] = { &policy->hello_sids,
		&policy->certificate_sids };
	const size_t n = level == RV_LEVEL_CERTIFICATE ? 2 : 1;
	const char *how = "Get a ticket by a way that gives one of the "
			  "indicators or SIDs, and sign in again with "
			  "Negotiate.";
	size_t values = 0;

	for (size_t i = 0; i < n; i++)
		values += indicators[i]->n + sids[i]->n;
	if (level <= RV_LEVEL_WINDOWS)
		return add(ways,
		    json_pack("{s:s, s:s}", "method", "kerberos", "do",
			"Get a ticket (kinit PRINCIPAL), and sign in with "
			"Negotiate."));
	if (values == 0)
		return true;
	if (have_pkinit(indicators[n - 1]))
		how = "Get a ticket with your certificate (kinit -X "
		      "X509_user_identity=FILE:CERTIFICATE,KEY PRINCIPAL), "
		      "and sign in again with Negotiate.";
	return add(ways, json_pack("{s:s, s:s, s:o, s:o}", "method", "kerberos",
			     "do", how, "indicators", array_of(indicators, n),
			     "sids", array_of(sids, n)));
}

/*
 * acr_values are what the client asks its issuer for (OpenID Connect Core
 * section 3.1.2.1); acrs is Entra's name for the same.
 */
static bool
add_issuer(json_t *ways, const struct rv_issuer *issuer,
    const struct rv_issuer_levels *levels, enum rv_level level)
{
	const struct rv_words *acr[] = { &levels->hello_acr,
		&levels->hello_acrs, &levels->certificate_acr,
		&levels->certificate_acrs };
	const struct rv_words *amr[] = { &levels->hello_amr,
		&levels->certificate_amr };
	const size_t n = level == RV_LEVEL_CERTIFICATE ? 2 : 1;
	size_t values = 0;

	if (level <= RV_LEVEL_WINDOWS)
		return !levels->domain_sign_in ||
		       add(ways, json_pack("{s:s, s:s, s:s}", "method", "token",
				     "do", "Get a token of the issuer.",
				     "issuer", issuer->issuer));
	for (size_t i = 0; i < 2 * n; i++)
		values += acr[i]->n;
	for (size_t i = 0; i < n; i++)
		values += amr[i]->n;
	return values == 0 ||
	       add(ways,
		   json_pack("{s:s, s:s, s:s, s:o, s:o}", "method", "token",
		       "do",
		       "Get a token of the issuer with one of the acr_values "
		       "or of the sets of amr.",
		       "issuer", issuer->issuer, "acr_values",
		       array_of(acr, 2 * n), "amr", array_of(amr, n)));
}

static bool
add_issuers(
    json_t *ways, const struct rv_token_settings *tokens, enum rv_level level)
{
	for (size_t i = 0; tokens != NULL && i < tokens->n; i++)
		if (!add_issuer(
			ways, &tokens->issuers[i], &tokens->levels[i], level))
			return false;
	return true;
}

static bool
has_hello_policies(const struct rv_level_policy *policy)
{
	for (size_t i = 0; i < policy->n_authorities; i++)
		if (policy->authorities[i].hello_policies.n > 0)
			return true;
	return false;
}

static json_t *
listeners(const struct rv_config *c)
{
	const struct rv_words demanding = { c->listen_certificate.v,
		c->listen_certificate.n };
	const struct rv_words *lists[] = { &demanding };

	return array_of(lists, 1);
}

static bool
add_certificate(json_t *ways, const struct rv_exchange *x, enum rv_level level)
{
	const char *how =
	    "Connect with a client certificate of an authority of this site, "
	    "and send no Authorization.";

	if (x->policy->trust == NULL ||
	    (level == RV_LEVEL_HELLO &&
		!has_hello_policies(&x->policy->levels)))
		return true;
	if (level == RV_LEVEL_HELLO)
		how = "Connect with a client certificate that was issued under "
		      "a policy for the level hello, and send no "
		      "Authorization.";
	return add(
	    ways, json_pack("{s:s, s:s, s:o}", "method", "certificate", "do",
		      how, "listeners", listeners(x->lane->provider->config)));
}

/* NULL when out of memory. */
static json_t *
ways_to(struct rv_exchange *x, enum rv_level level)
{
	json_t *ways = json_array();

	if (ways == NULL)
		return NULL;
	if (!add_kerberos(ways, &x->policy->levels, level) ||
	    !add_certificate(ways, x, level) ||
	    !add_issuers(ways, x->policy->tokens, level)) {
		json_decref(ways);
		return NULL;
	}
	return ways;
}

/* ---- Challenges for tokens --------------------------------------------------- */

/* Each line as a field of its own. */
static void
put_lines(struct rv_exchange *x, struct rv_slice lines)
{
	while (lines.n > 0) {
		const char *end = memchr(lines.p, '\n', lines.n);
		const size_t n =
		    end != NULL ? (size_t)(end - lines.p) : lines.n;

		rv_answer_field(x, "WWW-Authenticate",
		    rv_arena_dup(x->arena, (struct rv_slice){ lines.p, n }));
		lines.p += n + (end != NULL);
		lines.n -= n + (end != NULL);
	}
}

static bool
takes_claims(const struct rv_exchange *x)
{
	return x->signing != NULL && x->signing->credential.n > 0 &&
	       rv_token_takes_claims(x->signing->credential);
}

/*
 * RFC 9470 and Entra ID's, where the caller came with a token; max_age_s < 0:
 * of any age.  False: it did not.
 */
static bool
challenge_token(struct rv_exchange *x, enum rv_level level, int64_t max_age_s)
{
	const struct rv_token_settings *t = x->policy->tokens;
	struct rv_buf lines = { 0 };
	size_t at;

	if (x->identity->method != RV_AUTH_TOKEN || t == NULL)
		return false;
	at = rv_token_settings_find(t, x->identity->source);
	if (at == t->n)
		return false;
	rv_token_challenge(&t->issuers[at], &t->levels[at], level, max_age_s,
	    takes_claims(x), &lines);
	if (!lines.failed)
		put_lines(x, rv_buf_slice(&lines));
	rv_buf_fini(&lines);
	return true;
}

/* ---- Answers ------------------------------------------------------------------ */

void
rv_step_up_level(struct rv_exchange *x, enum rv_level needed)
{
	const char *name = rv_level_name(needed);
	const char *detail = rv_arena_printf(x->arena,
	    "This site asks for the authentication level %s; you signed in "
	    "at %s. Sign in again in one of the ways in missing.step_up.",
	    name, rv_level_name(x->identity->level));
	/* Clients of tokens look for challenges, which come with 401. */
	const bool challenged = challenge_token(x, needed, -1);
	const struct rv_problem p = {
		.status = challenged ? 401 : 403,
		.code = "level_too_low",
		.detail = detail != NULL ? detail : name,
		.missing = json_pack("{s:s, s:o*}", "level", name, "step_up",
		    ways_to(x, needed)),
	};

	rv_answer_problem(x, &p);
}

/*
 * Negotiate has no parameters (RFC 4559): the age stands in a challenge of
 * the scheme that sessions are used with (RFC 9470 section 3).
 */
static void
challenge_age(struct rv_exchange *x, uint32_t max_age_s)
{
	rv_answer_field(x, "WWW-Authenticate", "Negotiate");
	rv_answer_field(x, "WWW-Authenticate",
	    rv_arena_printf(x->arena,
		"Bearer error=\"insufficient_user_authentication\", "
		"error_description=\"The sign-in is older than this site "
		"allows\", max_age=\"%u\"",
		(unsigned)max_age_s));
}

void
rv_step_up_age(struct rv_exchange *x, enum rv_level needed, uint32_t max_age_s)
{
	const char *detail = rv_arena_printf(x->arena,
	    "You signed in longer ago than this site allows (%u s). Sign in "
	    "anew: with Kerberos, get a new ticket first (kinit).",
	    (unsigned)max_age_s);
	struct rv_problem p = {
		.status = 401,
		.code = rv_auth_refusal_name(RV_REFUSED_TOO_OLD),
		.detail = detail != NULL ? detail : "Sign in anew.",
	};

	p.missing = json_pack("{s:I, s:s}", "max_age", (json_int_t)max_age_s,
	    "level", rv_level_name(needed));
	x->answer.n_fields = 0;
	if (!challenge_token(x, needed, max_age_s))
		challenge_age(x, max_age_s);
	rv_answer_problem(x, &p);
}
