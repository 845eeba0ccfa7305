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

static enum rv_level
level_of_kerberos(
    const struct rv_evidence *evidence, const struct rv_level_policy *policy)
{
	if (evidence->principal[0] == '\0' ||
	    strnlen(evidence->principal, RV_PRINCIPAL_MAX) == RV_PRINCIPAL_MAX)
		return RV_LEVEL_NONE;
	if (any_listed(&evidence->indicators, &policy->hello_indicators))
		return RV_LEVEL_HELLO;
	if (any_listed(&evidence->indicators, &policy->certificate_indicators))
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
	case RV_AUTH_CERTIFICATE:
	case RV_AUTH_TOKEN:
		break;
	}
	return RV_LEVEL_NONE;
}
