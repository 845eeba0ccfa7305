/*
 * Tokens of OpenID Connect issuers, Entra ID among them: signed JWTs, and
 * the proofs that bind them to their sender.
 *
 * Sources: RFC 7515, 7517, 7519 (JWS, JWK, JWT), RFC 8725 (best practice),
 * RFC 9068 (access tokens), RFC 8705 (certificate-bound), RFC 9449 (DPoP),
 * RFC 9470 (step-up).
 */
#ifndef REEVE_AUTH_TOKEN_H
#define REEVE_AUTH_TOKEN_H

#include "reeve/auth_evidence.h"

#define RV_TOKEN_MAX 16384

/* One issuer as configured; borrowed by rv_issuers_new(), which copies. */
struct rv_issuer {
	const char *source; /* name of its file */
	/*
	 * Exact iss.  For Entra it may contain "{tenantid}" once: then there
	 * is one iss for each item of tenants, which must not be empty.
	 */
	const char *issuer;
	struct rv_words audiences;
	struct rv_words tenants; /* tid; empty: not asked for */
	bool entra;
	const char *jwks_uri;	   /* NULL: by discovery */
	const char *discovery_uri; /* NULL: the well-known one of issuer */
	const char *ca;		   /* PEM; NULL: the system's */
	/* "sha256:BASE64" of the SubjectPublicKeyInfo of some certificate in
	 * the verified chain; empty: any chain */
	struct rv_words ca_pins;
	struct rv_words algorithms; /* of RS256, PS256, ES256 */
	struct rv_words types;	    /* of "at+jwt", "JWT" */
	const char *subject_claim; /* NULL: "sub"; Entra: tid and oid, always */
	const char *principal_claim; /* shown name; NULL: none */
	/*
	 * Who it is in the directory: a SID, or a name in directory_realm
	 * (with "@REALM" behind it, or without).  NULL: in none.  Name only a
	 * claim that people cannot change by themselves.
	 */
	const char *lookup_claim;
	const char *directory_realm; /* NULL: SIDs only */
	const char *groups_claim;    /* NULL: brings no groups */
	int64_t max_lifetime_ms;     /* from iat to exp; longer: refused */
	int64_t max_age_ms;	     /* since auth_time; 0: not asked for */
	int64_t leeway_ms;	     /* for exp, nbf and iat; 60 s at most */
	int64_t keys_refresh_ms, keys_max_age_ms;
	bool require_sender_constraint;
};

/* All issuers with their keys, counted.  All threads. */
struct rv_issuers;

/*
 * Copies the settings and reads the files of authorities: afterwards no file
 * is opened any more.  Fetches nothing.  RV_ERR_INVALID names the issuer and
 * what is wrong.
 */
RV_MUSTUSE int rv_issuers_new(const struct rv_issuer *issuers, size_t n,
    struct rv_issuers **ret_issuers, struct rv_error *e);
/*
 * Takes over from another set, after a reload: the keys of issuers whose
 * addresses and authorities are the same, and the memory of DPoP proofs,
 * which both share from now on.  Before others see `issuers`.
 */
void rv_issuers_inherit(struct rv_issuers *issuers, struct rv_issuers *from);
struct rv_issuers *rv_issuers_ref(struct rv_issuers *issuers);
/* *issuers may be NULL and becomes NULL. */
void rv_issuers_unref(struct rv_issuers **issuers);

/* What came with one request; borrowed. */
struct rv_token_request {
	struct rv_slice token;
	bool is_dpop;		/* the scheme was DPoP, not Bearer */
	struct rv_slice proof;	/* field DPoP; absent: none */
	struct rv_slice method; /* "POST" */
	struct rv_slice url;	/* htu: scheme, host, path, no query */
	/* SHA-256 of the DER of the peer's certificate, or NULL */
	const unsigned char *certificate_sha256;
	int64_t now_ms; /* UTC; never earlier than the last one used */
};

/*
 * Judges a token with the keys that are at hand; does not block.  A refusal
 * comes with the operator's text in detail and leaves the evidence empty.
 * *ret_fetch: the answer may differ once rv_issuers_fetch() has been called;
 * said at most once per issuer in 30 s, and for the two after it who may
 * wait.  Judge again only once.
 *
 * A token bound to a key (cnf) whose key is not proved is refused, whatever
 * the scheme; so is one that is bound by something unknown.
 */
enum rv_auth_refusal rv_token_judge(struct rv_issuers *issuers,
    const struct rv_token_request *request, struct rv_evidence *ret_evidence,
    bool *ret_fetch, char detail[256]);

/*
 * Fetches the keys of the issuer that the token names.  Blocks up to 5 s; any
 * thread; of several at once one does it, two may wait for it, and for
 * others it returns at once.
 */
void rv_issuers_fetch(struct rv_issuers *issuers, struct rv_slice token);
/*
 * Fetches what is due, each up to 5 s: for a worker, at the start and then
 * after the milliseconds that it returns, which are 1000 at least.
 */
int64_t rv_issuers_refresh(struct rv_issuers *issuers);
/*
 * Calls fn for each issuer: whether it has keys that count, how old they are
 * (-1: none), and what went wrong the last time ("": nothing).
 */
void rv_issuers_state(struct rv_issuers *issuers,
    void (*fn)(void *arg, const char *source, bool has_keys, int64_t age_ms,
	const char *last_error),
    void *arg);

/*
 * The value of WWW-Authenticate that asks for a stronger or newer sign-in
 * (RFC 9470; for Entra its claims challenge as a second one): written to
 * *out, each with a newline behind it.  level: what is needed; max_age_s <
 * 0: any age.
 */
void rv_token_challenge(const struct rv_issuer *issuer,
    const struct rv_issuer_levels *levels, enum rv_level level,
    int64_t max_age_s, bool client_takes_claims, struct rv_buf *out);
/*
 * Whether the client behind a token says that it takes claims challenges
 * (Entra's xms_cc with cp1).  Looks at no signature: for tokens that have
 * been judged.
 */
bool rv_token_takes_claims(struct rv_slice token);

#endif
