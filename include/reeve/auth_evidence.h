/*
 * What one authentication proved, whatever the method, and the level that
 * it reaches.  Each method makes a record of evidence; one pure function
 * judges all of them.
 *
 * docs/rule.md section 9; RFC 8129 (indicators), RFC 5280 section 4.2.1.4
 * (policies), OpenID Connect Core section 2 (acr, amr).
 */
#ifndef REEVE_AUTH_EVIDENCE_H
#define REEVE_AUTH_EVIDENCE_H

#include "reeve/base.h"
#include "reeve/level.h"

enum rv_auth_method {
	RV_AUTH_NONE = 0,
	RV_AUTH_KERBEROS,
	RV_AUTH_CERTIFICATE,
	RV_AUTH_TOKEN,
};

/* "none", "kerberos", "certificate", "token"; never NULL. */
const char *rv_auth_method_name(enum rv_auth_method method);

/*
 * Why a credential was refused.  The caller is told 401 and nothing more;
 * the reason goes to the audit log under rv_auth_refusal_name().
 */
enum rv_auth_refusal {
	RV_REFUSED_NOT = 0,
	RV_REFUSED_NO_CREDENTIAL,    /* none was sent */
	RV_REFUSED_SCHEME,	     /* a scheme that we do not speak */
	RV_REFUSED_MALFORMED,	     /* no base64, no token, oversize */
	RV_REFUSED_NTLM,	     /* NTLM, raw or inside SPNEGO */
	RV_REFUSED_MECHANISM,	     /* SPNEGO without krb5, raw krb5, ... */
	RV_REFUSED_BAD_TOKEN,	     /* corrupt, wrong key, bad signature */
	RV_REFUSED_WRONG_SERVICE,    /* a ticket for another service */
	RV_REFUSED_REPLAY,	     /* the same proof again */
	RV_REFUSED_CLOCK_SKEW,	     /* RFC 4120 KRB_AP_ERR_SKEW */
	RV_REFUSED_EXPIRED,	     /* it has ended */
	RV_REFUSED_NOT_YET_VALID,    /* it has not begun */
	RV_REFUSED_NOT_MUTUAL,	     /* no mutual authentication asked */
	RV_REFUSED_UNFINISHED,	     /* the exchange wants another leg */
	RV_REFUSED_ANONYMOUS,	     /* anonymous PKINIT */
	RV_REFUSED_REALM,	     /* realm not on the list */
	RV_REFUSED_BINDING,	     /* channel binding wrong, or missing */
	RV_REFUSED_DELEGATED,	     /* S4U, and the service is no gateway */
	RV_REFUSED_PAC,		     /* the PAC is damaged */
	RV_REFUSED_UNKNOWN_ISSUER,   /* of a certificate or a token */
	RV_REFUSED_UNTRUSTED,	     /* no chain to an authority of ours */
	RV_REFUSED_REVOKED,	     /* CRL or OCSP */
	RV_REFUSED_NO_REVOCATION,    /* CRL missing or old, OCSP silent */
	RV_REFUSED_PURPOSE,	     /* key usage, EKU, typ of a token */
	RV_REFUSED_WEAK,	     /* algorithm or key too weak */
	RV_REFUSED_NO_NAME,	     /* nothing in it that may name anybody */
	RV_REFUSED_AUDIENCE,	     /* a token for somebody else */
	RV_REFUSED_TENANT,	     /* tid not on the list */
	RV_REFUSED_APPLICATION,	     /* app-only token, not registered */
	RV_REFUSED_UNKNOWN_KEY,	     /* kid in no key set of the issuer */
	RV_REFUSED_NO_KEYS,	     /* the issuer's keys cannot be had */
	RV_REFUSED_NOT_BOUND,	     /* cnf not met: no proof of possession */
	RV_REFUSED_TWO_IDENTITIES,   /* certificate and token disagree */
	RV_REFUSED_NO_MAPPING,	     /* the mapping to a person is gone */
	RV_REFUSED_SESSION_UNKNOWN,  /* no such session token */
	RV_REFUSED_SESSION_BOUND,    /* used from elsewhere */
	RV_REFUSED_SESSION_REVOKED,  /* ended by an administrator */
	RV_REFUSED_TOO_OLD,	     /* older than the site allows (max_age) */
	RV_REFUSED_ACCOUNT_DISABLED, /* the directory says so */
	RV_REFUSED_ACCOUNT_LOCKED,
	RV_REFUSED_ACCOUNT_EXPIRED,
	RV_REFUSED_PENALTY,  /* too many failures: not even looked at */
	RV_REFUSED_INTERNAL, /* a failure of our own: still refused */
	RV_N_REFUSALS,
};
/* "no_credential", "bad_token", ...; never NULL. */
const char *rv_auth_refusal_name(enum rv_auth_refusal refusal);

/* ---- Lists of text ------------------------------------------------------ */

/* Borrowed; such as a list of the configuration. */
struct rv_words {
	const char *const *v;
	size_t n;
};
bool rv_words_have(const struct rv_words *names, struct rv_slice name);

/* Owned: NUL-terminated copies. */
struct rv_texts {
	char **v;
	size_t n;
};
/* More than anybody has: RV_ERR_LIMIT. */
#define RV_TEXTS_MAX 16384u
/* RV_ERR_NOMEM; RV_ERR_INVALID for text with a NUL or that is no UTF-8. */
RV_MUSTUSE int rv_texts_add(struct rv_texts *texts, struct rv_slice text);
bool rv_texts_have(const struct rv_texts *texts, struct rv_slice text);
void rv_texts_fini(struct rv_texts *texts);

/* ---- Evidence ----------------------------------------------------------- */

#define RV_PRINCIPAL_MAX 512

/*
 * Owned by whoever made it, to be given up by rv_evidence_fini().  Times are
 * UTC milliseconds.
 *
 * ids are the names under which the evidence presents its person, each of a
 * form that is never used again for somebody else (docs/store.md):
 *   krb5:alice@LAB.TEST            a full principal
 *   sid:s-1-5-21-1-2-3-1104        lower case
 *   cert:key:<hex>                 SHA-256 of the SubjectPublicKeyInfo
 *   cert:serial:<hex>:<hex>        SHA-256 of the issuer's DER name, serial
 *   cert:ski:<hex>:<hex>           SHA-256 of the issuer's DER name, key id
 *   oidc:<iss>|<sub>               Entra: oidc:<iss>|<tid>:<oid>
 *   oidc-app:<iss>|<client id>     an application, not a person
 */
struct rv_evidence {
	enum rv_auth_method method;
	/* How logs and answers call the person; NUL-terminated. */
	char principal[RV_PRINCIPAL_MAX];
	struct rv_texts ids;
	/*
	 * Whom to look up in the directory: "alice@LAB.TEST",
	 * "sid:s-1-5-21-..."; "" when nothing in the evidence says.
	 */
	char lookup[RV_PRINCIPAL_MAX];

	int64_t authenticated_at_ms; /* initial sign-in; 0: not known */
	int64_t expires_at_ms;	     /* clock skew already subtracted */
	bool channel_bound;
	bool mutual;
	/* S4U: a listed gateway acts for the person. */
	bool delegated;
	char delegated_by[RV_PRINCIPAL_MAX];

	/* Groups that the evidence itself brings, all of them, as the ids of
	 * the directory ("s-1-5-21-..."), without "group:". */
	bool has_groups;
	struct rv_texts groups;

	/* What counts for a level. */
	struct rv_texts indicators; /* authenticated and complete ones */
	struct rv_texts sids;	    /* of the PAC, allowed domains only, and
				       well-known ones; upper case "S-1-..." */
	struct rv_texts policies;   /* OIDs valid for the whole path */
	struct rv_texts acrs;	    /* Entra's authentication contexts */
	struct rv_texts acr;	    /* none or one */
	struct rv_texts amr;
	bool strong; /* a certificate mapped by what cannot be re-used */
	/* The file of the authority or issuer: which lists apply. */
	char source[64];
};
/* Leaves an empty record of method none. */
void rv_evidence_fini(struct rv_evidence *evidence);

/* ---- Level -------------------------------------------------------------- */

/* Of one authority; the policies are OIDs. */
struct rv_authority_levels {
	const char *source;
	struct rv_words certificate_policies; /* empty: any path of it */
	struct rv_words hello_policies;
};

/* Of one issuer.  An item of amr is a set, "hwk+mfa": all must be there. */
struct rv_issuer_levels {
	const char *source;
	bool domain_sign_in; /* its tokens count as windows */
	struct rv_words certificate_acrs, certificate_acr, certificate_amr;
	struct rv_words hello_acrs, hello_acr, hello_amr;
};

/*
 * What counts for which level; borrowed.  An empty list: the level cannot be
 * reached that way.
 */
struct rv_level_policy {
	struct rv_words certificate_indicators, hello_indicators;
	struct rv_words certificate_sids, hello_sids;
	const struct rv_authority_levels *authorities;
	size_t n_authorities;
	const struct rv_issuer_levels *issuers;
	size_t n_issuers;
};

/*
 * The level that the evidence proves; anything unknown proves none, and
 * what came by delegation windows at most.  Pure.
 */
enum rv_level rv_level_of(
    const struct rv_evidence *evidence, const struct rv_level_policy *policy);

#endif
