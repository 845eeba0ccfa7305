/*
 * From evidence to a level.  Pure: no clock, no I/O, no state.  Whatever is
 * not listed proves nothing, so that a new kind of evidence cannot raise
 * anybody before an administrator has listed it.
 */
#include "reeve/auth.h"

#include <string.h>

static bool
any_listed(const struct rv_texts *texts, const struct rv_words *names)
{
	for (size_t i = 0; i < texts->n; i++)
		if (texts->v[i][0] != '\0' &&
		    rv_words_have(names, rv_slice_of(texts->v[i])))
			return true;
	return false;
}

static bool
has_principal(const struct rv_evidence *e)
{
	return e->principal[0] != '\0' &&
	       strnlen(e->principal, RV_PRINCIPAL_MAX) < RV_PRINCIPAL_MAX;
}

/* ---- Kerberos ------------------------------------------------------------------ */

static enum rv_level
level_of_kerberos(
    const struct rv_evidence *e, const struct rv_level_policy *policy)
{
	/* What a gateway has seen, it has seen; we have not. */
	if (e->delegated)
		return RV_LEVEL_WINDOWS;
	if (any_listed(&e->indicators, &policy->hello_indicators) ||
	    any_listed(&e->sids, &policy->hello_sids))
		return RV_LEVEL_HELLO;
	if (any_listed(&e->indicators, &policy->certificate_indicators) ||
	    any_listed(&e->sids, &policy->certificate_sids))
		return RV_LEVEL_CERTIFICATE;
	return RV_LEVEL_WINDOWS;
}

/* ---- Certificates ---------------------------------------------------------------- */

static const struct rv_authority_levels *
authority_of(const struct rv_evidence *e, const struct rv_level_policy *policy)
{
	for (size_t i = 0; i < policy->n_authorities; i++)
		if (strcmp(policy->authorities[i].source, e->source) == 0)
			return &policy->authorities[i];
	return NULL;
}

/*
 * Of a known authority only.  A weak mapping that the authority is allowed
 * names the person; what it proves is the key, as a strong one does.
 */
static enum rv_level
level_of_certificate(
    const struct rv_evidence *e, const struct rv_level_policy *policy)
{
	const struct rv_authority_levels *a = authority_of(e, policy);

	if (a == NULL || e->delegated)
		return RV_LEVEL_NONE;
	if (e->strong && any_listed(&e->policies, &a->hello_policies))
		return RV_LEVEL_HELLO;
	if (a->certificate_policies.n == 0 ||
	    any_listed(&e->policies, &a->certificate_policies))
		return RV_LEVEL_CERTIFICATE;
	return RV_LEVEL_NONE;
}

/* ---- Tokens ------------------------------------------------------------------------ */

/* Every member of "hwk+mfa" must be there; an empty set is none. */
static bool
has_set(const struct rv_texts *amr, const char *set)
{
	struct rv_slice rest = rv_slice_of(set);

	if (rest.n == 0)
		return false;
	for (;;) {
		const char *plus = memchr(rest.p, '+', rest.n);
		size_t n = plus != NULL ? (size_t)(plus - rest.p) : rest.n;

		if (n == 0 ||
		    !rv_texts_have(amr, (struct rv_slice){ rest.p, n }))
			return false;
		if (plus == NULL)
			return true;
		rest.p += n + 1;
		rest.n -= n + 1;
	}
}

static bool
any_set(const struct rv_texts *amr, const struct rv_words *sets)
{
	for (size_t i = 0; i < sets->n; i++)
		if (sets->v[i] != NULL && has_set(amr, sets->v[i]))
			return true;
	return false;
}

/* acrs first, then acr, then amr: the first that speaks of a level at all. */
static bool
proves(const struct rv_evidence *e, const struct rv_words *acrs,
    const struct rv_words *acr, const struct rv_words *amr)
{
	return any_listed(&e->acrs, acrs) || any_listed(&e->acr, acr) ||
	       any_set(&e->amr, amr);
}

static const struct rv_issuer_levels *
issuer_of(const struct rv_evidence *e, const struct rv_level_policy *policy)
{
	for (size_t i = 0; i < policy->n_issuers; i++)
		if (strcmp(policy->issuers[i].source, e->source) == 0)
			return &policy->issuers[i];
	return NULL;
}

static enum rv_level
level_of_token(
    const struct rv_evidence *e, const struct rv_level_policy *policy)
{
	const struct rv_issuer_levels *i = issuer_of(e, policy);

	if (i == NULL || e->delegated)
		return RV_LEVEL_NONE;
	if (proves(e, &i->hello_acrs, &i->hello_acr, &i->hello_amr))
		return RV_LEVEL_HELLO;
	if (proves(e, &i->certificate_acrs, &i->certificate_acr,
		&i->certificate_amr))
		return RV_LEVEL_CERTIFICATE;
	return i->domain_sign_in ? RV_LEVEL_WINDOWS : RV_LEVEL_NONE;
}

enum rv_level
rv_level_of(
    const struct rv_evidence *evidence, const struct rv_level_policy *policy)
{
	if (!has_principal(evidence))
		return RV_LEVEL_NONE;
	switch (evidence->method) {
	case RV_AUTH_NONE:
		return RV_LEVEL_NONE;
	case RV_AUTH_KERBEROS:
		return level_of_kerberos(evidence, policy);
	case RV_AUTH_CERTIFICATE:
		return level_of_certificate(evidence, policy);
	case RV_AUTH_TOKEN:
		return level_of_token(evidence, policy);
	}
	return RV_LEVEL_NONE;
}
