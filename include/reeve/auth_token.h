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
	const char *issuer; /* exact iss */
	struct rv_words audiences;
	struct rv_words tenants; /* tid; empty: not asked for */
	bool entra;
	const char *jwks_uri; /* NULL: by discovery */
	const char *discovery_uri;
	const char *ca; /* PEM; NULL: the system's */
	struct rv_words ca_pins;
	struct rv_words algorithms; /* of RS256, PS256, ES256 */
	struct rv_words types;	    /* of "at+jwt", "JWT" */
	const char *subject_claim;
	const char *principal_claim; /* shown name; NULL: the subject */
	const char *lookup_claim;    /* principal in the directory, or NULL */
	const char *directory_realm;
	const char *groups_claim; /* NULL: brings no groups */
	int64_t max_lifetime_ms, max_age_ms, leeway_ms;
	int64_t keys_refresh_ms, keys_max_age_ms;
	bool require_sender_constraint;
};

/* All issuers with their keys.  All threads. */
struct rv_issuers;
RV_MUSTUSE int rv_issuers_new(const struct rv_issuer *issuers, size_t n,
    struct rv_issuers **ret_issuers, struct rv_error *e);
struct rv_issuers *rv_issuers_ref(struct rv_issuers *issuers);
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
	int64_t now_ms;
};

/*
 * Judges a token with the keys that are at hand; does not block.
 * *ret_fetch: the answer may differ once rv_issuers_fetch() has been
 * called, which it says at most once per issuer in 30 s.
 */
enum rv_auth_refusal rv_token_judge(struct rv_issuers *issuers,
    const struct rv_token_request *request, struct rv_evidence *ret_evidence,
    bool *ret_fetch, char detail[256]);

/*
 * Fetches the keys of the issuer that the token names.  Blocks up to 5 s; any
 * thread; of several at once one does it and the others wait for it.
 */
void rv_issuers_fetch(
    struct rv_issuers *issuers, struct rv_slice token, int64_t now_ms);
/*
 * Fetches what is due: for a worker, once a minute or so.  Returns the
 * milliseconds until the next is.
 */
int64_t rv_issuers_refresh(struct rv_issuers *issuers, int64_t now_ms);
/* Calls fn for each issuer: whether it has keys, and how old they are. */
void rv_issuers_state(struct rv_issuers *issuers, int64_t now_ms,
    void (*fn)(void *arg, const char *source, bool has_keys, int64_t age_ms,
	const char *last_error),
    void *arg);

/*
 * The value of WWW-Authenticate that asks for a stronger or newer sign-in
 * (RFC 9470; for Entra its claims challenge as a second one): written to
 * *out one per line.  level: what is needed; max_age_s < 0: any age.
 */
void rv_token_challenge(const struct rv_issuer *issuer,
    const struct rv_issuer_levels *levels, enum rv_level level,
    int64_t max_age_s, bool client_takes_claims, struct rv_buf *out);

#endif
