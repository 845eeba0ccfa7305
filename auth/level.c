/*
 * From evidence to a level.  Pure: no clock, no I/O, no state.  Whatever is
 * not listed proves nothing, so that a new kind of evidence cannot raise
 * anybody before an administrator has listed it.
 */
#include "reeve/auth.h"

#include <string.h>

/* An empty name in a list is a mistake of configuration: it never counts. */
static bool
is_listed(const char *indicator, const char *const *list, size_t n)
{
	size_t len = strnlen(indicator, RV_INDICATOR_MAX);

	if (len == 0 || len == RV_INDICATOR_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (list[i] != NULL && strcmp(list[i], indicator) == 0)
			return true;
	}
	return false;
}

static bool
any_listed(
    const struct rv_evidence *evidence, const char *const *list, size_t n)
{
	if (list == NULL)
		return false;
	for (size_t i = 0; i < evidence->n_indicators; i++) {
		if (is_listed(evidence->indicators[i], list, n))
			return true;
	}
	return false;
}

static enum rv_level
level_of_kerberos(
    const struct rv_evidence *evidence, const struct rv_level_policy *policy)
{
	/* Evidence may have crossed a process boundary: look before use. */
	if (evidence->n_indicators > RV_EVIDENCE_INDICATORS)
		return RV_LEVEL_NONE;
	if (evidence->principal[0] == '\0' ||
	    strnlen(evidence->principal, RV_PRINCIPAL_MAX) == RV_PRINCIPAL_MAX)
		return RV_LEVEL_NONE;

	if (any_listed(
		evidence, policy->hello_indicators, policy->n_hello_indicators))
		return RV_LEVEL_HELLO;
	if (any_listed(evidence, policy->certificate_indicators,
		policy->n_certificate_indicators))
		return RV_LEVEL_CERTIFICATE;
	return RV_LEVEL_WINDOWS;
}

enum rv_level
rv_level_of(
    const struct rv_evidence *evidence, const struct rv_level_policy *policy)
{
	switch (evidence->method) {
	case RV_AUTH_NONE:
		return RV_LEVEL_NONE;
	case RV_AUTH_KERBEROS:
		return level_of_kerberos(evidence, policy);
	}
	return RV_LEVEL_NONE;
}
