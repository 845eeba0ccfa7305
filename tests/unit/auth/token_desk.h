/*
 * Two issuers of the kind oidc, one of Entra, and a desk that judges what is
 * laid before it: a good token with some changes.
 */
#ifndef TESTS_UNIT_AUTH_TOKEN_DESK_H
#define TESTS_UNIT_AUTH_TOKEN_DESK_H

#include "token_kit.h"

#define NOW_S	     INT64_C(1800000000)
#define NOW_MS	     (NOW_S * 1000)
#define TENANT	     "11111111-2222-3333-4444-555555555555"
#define OTHER_TENANT "99999999-2222-3333-4444-555555555555"
#define OP	     "https://op.test"
#define RIVAL	     "https://rival.test"
#define ENTRA	     "https://login.test/{tenantid}/v2.0"
#define ENTRA_V1     "https://sts.test/{tenantid}/"
#define STS	     "https://sts.test/" TENANT "/"

/* Of an array that outlives it. */
#define WORDS(array)                                        \
	{                                                   \
		(array), sizeof(array) / sizeof((array)[0]) \
	}
static const char *const desk_audiences[] = { "reeve", "api://reeve" };
static const char *const desk_algorithms[] = { "RS256", "PS256", "ES256" };
static const char *const desk_access[] = { "at+jwt" };
static const char *const desk_jwt[] = { "JWT" };
static const char *const desk_tenants[] = { "other-tenant", TENANT };

/* Any file will do where nothing is fetched. */
#define DESK_CA "/etc/passwd"

enum {
	DESK_OP,
	DESK_RIVAL,
	DESK_ENTRA,
	DESK_ENTRA_V1,
	DESK_N
};

struct desk {
	struct rv_issuers *issuers;
	struct kit_key es, rs, rival, entra;
	/* The last judgement. */
	struct rv_evidence evidence;
	bool fetch;
	char detail[256];
};

static inline struct rv_issuer
desk_issuer(const char *source, const char *issuer, bool entra)
{
	const struct rv_issuer made = {
		.source = source,
		.issuer = issuer,
		.audiences = WORDS(desk_audiences),
		.entra = entra,
		.ca = DESK_CA,
		.algorithms = WORDS(desk_algorithms),
		.types = WORDS(desk_access),
		.groups_claim = "groups",
		.max_lifetime_ms = 86400000,
		.leeway_ms = 60000,
		.keys_refresh_ms = 86400000,
		.keys_max_age_ms = 86400000,
	};

	return made;
}

static inline void
desk_give_keys(struct desk *d)
{
	const struct kit_key of_op[] = { d->es, d->rs };
	char *op = kit_jwks(of_op, 2), *rival = kit_jwks(&d->rival, 1);
	char *entra = kit_jwks(&d->entra, 1);

	kit_give(d->issuers, DESK_OP, op);
	kit_give(d->issuers, DESK_RIVAL, rival);
	kit_give(d->issuers, DESK_ENTRA, entra);
	kit_give(d->issuers, DESK_ENTRA_V1, entra);
	free(op);
	free(rival);
	free(entra);
}

static inline void
desk_open(struct desk *d, void (*change)(struct rv_issuer *issuers))
{
	struct rv_issuer issuers[DESK_N] = {
		desk_issuer("op.conf", OP, false),
		desk_issuer("rival.conf", RIVAL, false),
		desk_issuer("entra.conf", ENTRA, true),
		desk_issuer("entra1.conf", ENTRA_V1, true),
	};
	struct rv_error e = { "" };

	for (size_t i = 0; i < DESK_N; i++) {
		if (!issuers[i].entra)
			continue;
		issuers[i].types = (struct rv_words)WORDS(desk_jwt);
		issuers[i].tenants = (struct rv_words)WORDS(desk_tenants);
	}
	if (change != NULL)
		change(issuers);
	*d = (struct desk){ .es = kit_ec("es"),
		.rs = kit_rsa("rs", 2048),
		/* the same name as a key of the first one */
		.rival = kit_ec("es"),
		.entra = kit_ec("en") };
	if (rv_issuers_new(issuers, DESK_N, &d->issuers, &e) != RV_OK)
		kit_need(false, e.text);
	desk_give_keys(d);
}

static inline void
desk_close(struct desk *d)
{
	rv_evidence_fini(&d->evidence);
	rv_issuers_unref(&d->issuers);
	EVP_PKEY_free(d->es.key);
	EVP_PKEY_free(d->rs.key);
	EVP_PKEY_free(d->rival.key);
	EVP_PKEY_free(d->entra.key);
}

static inline json_t *
desk_header(const char *kid, const char *typ)
{
	return json_pack(
	    "{s:s, s:s, s:s}", "alg", "ES256", "kid", kid, "typ", typ);
}

static inline json_t *
desk_payload(void)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:[s,s]}", "iss",
	    OP, "sub", "alice", "aud", "reeve", "iat", (json_int_t)NOW_S - 10,
	    "exp", (json_int_t)NOW_S + 300, "auth_time", (json_int_t)NOW_S - 20,
	    "client_id", "cli", "groups", "g-ops", "g-admins");
}

/* A token of Entra's, version 2 or 1. */
static inline json_t *
desk_entra_payload(bool v1)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I}",
	    "iss", v1 ? STS : "https://login.test/" TENANT "/v2.0", "ver",
	    v1 ? "1.0" : "2.0", "tid", TENANT, "oid", "oid-alice", "sub",
	    "pairwise", v1 ? "appid" : "azp", "cli", "scp", "access_as_user",
	    "aud", "reeve", "iat", (json_int_t)NOW_S - 10, "exp",
	    (json_int_t)NOW_S + 300);
}

/* Sets the members of changes, a text of JSON; those that are null go. */
static inline void
desk_change(json_t *object, const char *changes)
{
	json_t *all, *value;
	const char *name;
	void *next;

	if (changes == NULL)
		return;
	all = json_loads(changes, 0, NULL);
	kit_need(all != NULL, changes);
	json_object_foreach_safe(all, next, name, value)
	{
		if (json_is_null(value))
			(void)json_object_del(object, name);
		else
			kit_need(
			    json_object_set(object, name, value) == 0, name);
	}
	json_decref(all);
}

/* Signs what is left after the changes; takes both objects. */
static inline char *
desk_token(const struct kit_key *key, const char *alg, json_t *header,
    const char *header_changes, json_t *payload, const char *payload_changes)
{
	char *token;

	desk_change(header, header_changes);
	desk_change(payload, payload_changes);
	token = kit_sign(key, alg, header, payload);
	json_decref(header);
	json_decref(payload);
	return token;
}

/* A good token of the first issuer with these changes. */
static inline char *
desk_good(const struct desk *d, const char *header_changes,
    const char *payload_changes)
{
	return desk_token(&d->es, "ES256", desk_header("es", "at+jwt"),
	    header_changes, desk_payload(), payload_changes);
}

static inline char *
desk_entra(const struct desk *d, bool v1, const char *payload_changes)
{
	return desk_token(&d->entra, "ES256", desk_header("en", "JWT"), NULL,
	    desk_entra_payload(v1), payload_changes);
}

/* A request that has nothing but a token. */
static inline struct rv_token_request
desk_request(struct rv_slice token)
{
	return (struct rv_token_request){ .token = token,
		.method = RV_SLICE_LIT("GET"),
		.url = RV_SLICE_LIT("https://reeve.test/x"),
		.now_ms = NOW_MS };
}

static inline enum rv_auth_refusal
desk_ask(struct desk *d, const struct rv_token_request *request)
{
	rv_evidence_fini(&d->evidence);
	return rv_token_judge(
	    d->issuers, request, &d->evidence, &d->fetch, d->detail);
}

static inline enum rv_auth_refusal
desk_judge(struct desk *d, struct rv_slice token)
{
	const struct rv_token_request request = desk_request(token);

	return desk_ask(d, &request);
}

/* Takes the token. */
static inline enum rv_auth_refusal
desk_judge_text(struct desk *d, char *token)
{
	enum rv_auth_refusal refusal = desk_judge(d, rv_slice_of(token));

	free(token);
	return refusal;
}

#endif
