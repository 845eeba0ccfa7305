/*
 * Sessions: a token of 256 random bits in place of the sign-in that was
 * behind it.  Only the SHA-256 of a token is kept.
 *
 * Each provider holds the sessions that it has issued, and those of others
 * that it has seen; the store carries them from one to the other.
 */
#ifndef REEVE_AUTH_SESSION_H
#define REEVE_AUTH_SESSION_H

#include "reeve/auth_identity.h"

/* "rvs1_" and 256 random bits in base64url, and a NUL. */
#define RV_SESSION_TOKEN_SIZE (5 + 43 + 1)
/* A short public name of a session for logs and lists, and a NUL. */
#define RV_SESSION_ID_SIZE   17
#define RV_SESSION_HASH_SIZE 32

enum rv_session_binding {
	RV_SESSION_BOUND_ADDRESS,
	RV_SESSION_BOUND_CONNECTION, /* RFC 9266 tls-exporter */
	RV_SESSION_BOUND_NOTHING,
};

/* Where a request comes from. */
struct rv_session_place {
	const char *address;	       /* "192.0.2.1" */
	const unsigned char *exporter; /* 32 bytes, or NULL */
};

/* A session as others may see it; borrowed from nobody. */
struct rv_session {
	char id[RV_SESSION_ID_SIZE];
	unsigned char hash[RV_SESSION_HASH_SIZE];
	const struct rv_identity *identity; /* a reference of the holder */
	enum rv_session_binding binding;
	char address[46];
	unsigned char exporter[32];
	int64_t began_at_ms;
	int64_t expires_at_ms;
	int64_t used_at_ms;
	bool local; /* issued here */
};
/* Gives the reference up. */
void rv_session_fini(struct rv_session *session);

struct rv_sessions;

/* max: live sessions in all; max_per_person: beyond, the oldest ends. */
RV_MUSTUSE int rv_sessions_new(size_t max, size_t max_per_person,
    enum rv_session_binding binding, struct rv_sessions **ret_sessions);
void rv_sessions_free(struct rv_sessions **sessions);

/*
 * Starts a session that ends at min(identity's end, now + lifetime).
 * RV_ERR_LIMIT when there are too many.  *ret is filled for the store; the
 * caller gives it up.
 */
RV_MUSTUSE int rv_session_start(struct rv_sessions *sessions,
    const struct rv_identity *identity, const struct rv_session_place *place,
    int64_t now_ms, int64_t lifetime_ms, char ret_token[RV_SESSION_TOKEN_SIZE],
    struct rv_session *ret);

/* The hash by which the store knows a token; false: it is none of ours. */
bool rv_session_hash(
    struct rv_slice token, unsigned char ret_hash[RV_SESSION_HASH_SIZE]);

/*
 * RV_OK and *ret, which the caller gives up; RV_ERR_NOTFOUND when it is not
 * here (the store may have it); RV_ERR_TIMEOUT when it has ended;
 * RV_ERR_DENIED when it is used from elsewhere; RV_ERR_STALE when it was
 * revoked.
 */
RV_MUSTUSE int rv_session_find(struct rv_sessions *sessions,
    struct rv_slice token, const struct rv_session_place *place, int64_t now_ms,
    struct rv_session *ret);

/* Takes in a session that another provider issued. */
RV_MUSTUSE int rv_session_adopt(
    struct rv_sessions *sessions, const struct rv_session *session);

/* Puts a newer identity of the same person behind a session. */
void rv_session_update(struct rv_sessions *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE],
    const struct rv_identity *identity);
/* Ends one; the reason is told to whoever still uses it.  False: not here. */
bool rv_session_end(struct rv_sessions *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE], bool revoked);
/* The same by public name. */
bool rv_session_end_id(
    struct rv_sessions *sessions, const char *id, bool revoked);
/* Ends all of one person; returns how many. */
size_t rv_session_end_person(
    struct rv_sessions *sessions, const char *principal, bool revoked);

/* Calls fn for each live one, in no order, without a lock held over it. */
RV_MUSTUSE int rv_sessions_each(struct rv_sessions *sessions, int64_t now_ms,
    void (*fn)(void *arg, const struct rv_session *session), void *arg);

/* Drops those that ended; a timer calls it.  Returns how many live on. */
size_t rv_sessions_sweep(struct rv_sessions *sessions, int64_t now_ms);

#endif
