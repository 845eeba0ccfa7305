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
	}
	/* An integer from elsewhere that is no method. */
	return "unknown";
}

const char *
rv_auth_refusal_name(enum rv_auth_refusal refusal)
{
	switch (refusal) {
	case RV_REFUSED_NOT:
		return "not_refused";
	case RV_REFUSED_NO_CREDENTIAL:
		return "no_credential";
	case RV_REFUSED_SCHEME:
		return "scheme";
	case RV_REFUSED_MALFORMED:
		return "malformed";
	case RV_REFUSED_NTLM:
		return "ntlm";
	case RV_REFUSED_MECHANISM:
		return "mechanism";
	case RV_REFUSED_BAD_TOKEN:
		return "bad_token";
	case RV_REFUSED_WRONG_SERVICE:
		return "wrong_service";
	case RV_REFUSED_REPLAY:
		return "replay";
	case RV_REFUSED_CLOCK_SKEW:
		return "clock_skew";
	case RV_REFUSED_EXPIRED:
		return "expired";
	case RV_REFUSED_NOT_MUTUAL:
		return "not_mutual";
	case RV_REFUSED_UNFINISHED:
		return "unfinished";
	case RV_REFUSED_ANONYMOUS:
		return "anonymous";
	case RV_REFUSED_REALM:
		return "realm";
	case RV_REFUSED_BINDING:
		return "channel_binding";
	case RV_REFUSED_DELEGATED:
		return "delegated";
	case RV_REFUSED_SESSION_UNKNOWN:
		return "session_unknown";
	case RV_REFUSED_ACCOUNT_DISABLED:
		return "account_disabled";
	case RV_REFUSED_INTERNAL:
		return "internal";
	}
	return "unknown";
}
