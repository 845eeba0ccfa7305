/*
 * Names of methods and refusals: words of the audit log, so never changed
 * once released.
 */
#include "reeve/auth.h"

const char *
rv_auth_method_name(enum rv_auth_method method)
{
	switch (method) {
	case RV_AUTH_NONE:
		return "none";
	case RV_AUTH_KERBEROS:
		return "kerberos";
	case RV_AUTH_CERTIFICATE:
		return "certificate";
	case RV_AUTH_TOKEN:
		return "token";
	}
	/* An integer from elsewhere that is no method. */
	return "unknown";
}

/* In the order of enum rv_auth_refusal. */
static const char *const refusals[] = {
	[RV_REFUSED_NOT] = "not_refused",
	[RV_REFUSED_NO_CREDENTIAL] = "no_credential",
	[RV_REFUSED_SCHEME] = "scheme",
	[RV_REFUSED_MALFORMED] = "malformed",
	[RV_REFUSED_NTLM] = "ntlm",
	[RV_REFUSED_MECHANISM] = "mechanism",
	[RV_REFUSED_BAD_TOKEN] = "bad_token",
	[RV_REFUSED_WRONG_SERVICE] = "wrong_service",
	[RV_REFUSED_REPLAY] = "replay",
	[RV_REFUSED_CLOCK_SKEW] = "clock_skew",
	[RV_REFUSED_EXPIRED] = "expired",
	[RV_REFUSED_NOT_YET_VALID] = "not_yet_valid",
	[RV_REFUSED_NOT_MUTUAL] = "not_mutual",
	[RV_REFUSED_UNFINISHED] = "unfinished",
	[RV_REFUSED_ANONYMOUS] = "anonymous",
	[RV_REFUSED_REALM] = "realm",
	[RV_REFUSED_BINDING] = "channel_binding",
	[RV_REFUSED_DELEGATED] = "delegated",
	[RV_REFUSED_PAC] = "pac",
	[RV_REFUSED_UNKNOWN_ISSUER] = "unknown_issuer",
	[RV_REFUSED_UNTRUSTED] = "untrusted",
	[RV_REFUSED_REVOKED] = "revoked",
	[RV_REFUSED_NO_REVOCATION] = "no_revocation",
	[RV_REFUSED_PURPOSE] = "purpose",
	[RV_REFUSED_WEAK] = "weak",
	[RV_REFUSED_NO_NAME] = "no_name",
	[RV_REFUSED_AUDIENCE] = "audience",
	[RV_REFUSED_TENANT] = "tenant",
	[RV_REFUSED_APPLICATION] = "application",
	[RV_REFUSED_UNKNOWN_KEY] = "unknown_key",
	[RV_REFUSED_NO_KEYS] = "no_keys",
	[RV_REFUSED_NOT_BOUND] = "not_bound",
	[RV_REFUSED_TWO_IDENTITIES] = "two_identities",
	[RV_REFUSED_NO_MAPPING] = "no_mapping",
	[RV_REFUSED_SESSION_UNKNOWN] = "session_unknown",
	[RV_REFUSED_SESSION_BOUND] = "session_bound",
	[RV_REFUSED_SESSION_REVOKED] = "session_revoked",
	[RV_REFUSED_TOO_OLD] = "too_old",
	[RV_REFUSED_ACCOUNT_DISABLED] = "account_disabled",
	[RV_REFUSED_ACCOUNT_LOCKED] = "account_locked",
	[RV_REFUSED_ACCOUNT_EXPIRED] = "account_expired",
	[RV_REFUSED_PENALTY] = "penalty",
	[RV_REFUSED_INTERNAL] = "internal",
};

const char *
rv_auth_refusal_name(enum rv_auth_refusal refusal)
{
	if ((unsigned)refusal >= RV_N_REFUSALS || refusals[refusal] == NULL)
		return "unknown";
	return refusals[refusal];
}
