/*
 * Sessions: from a random token to an identity.
 *
 * Only the SHA-256 of a token is kept, so that a copy of this memory gives
 * nobody a session.  The table is cut into shards by that hash, each with a
 * mutex of its own; no call holds two of them.
 */
#include "reeve/auth.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define N_SHARDS      16
#define FIRST_BUCKETS 16
#define HASH_SIZE     32
#define TOKEN_PREFIX  "rvs1_"
#define TOKEN_BYTES   32

struct session {
	struct session *next; /* in its bucket */
	unsigned char hash[HASH_SIZE];
	char id[RV_SESSION_ID_SIZE];
	const struct rv_identity *identity;
	int64_t began_at_ms;
	int64_t expires_at_ms;
	bool over; /* was seen ended: a clock set back revives nothing */
};

struct shard {
	pthread_mutex_t lock;
	struct session **buckets;
	size_t n_buckets; /* a power of two */
	size_t n;
};

struct rv_sessions {
	size_t max;
	atomic_size_t live; /* over all shards, places being taken included */
	size_t n_shards;    /* that have a mutex */
	struct shard shards[N_SHARDS];
};

/* ---- Hashes and tokens ------------------------------------------------- */

static bool
hash_token(struct rv_slice token, unsigned char hash[HASH_SIZE])
{
	return token.n == RV_SESSION_TOKEN_SIZE - 1 &&
	       rv_slice_has_prefix(token, RV_SLICE_LIT(TOKEN_PREFIX)) &&
	       EVP_Digest(token.p, token.n, hash, NULL, EVP_sha256(), NULL) ==
		   1;
}

/* 32 random bytes as 43 letters of base64url (RFC 4648 section 5). */
static int
make_token(char token[RV_SESSION_TOKEN_SIZE])
{
	unsigned char raw[TOKEN_BYTES], text[4 * ((TOKEN_BYTES + 2) / 3) + 1];
	const size_t n_prefix = sizeof(TOKEN_PREFIX) - 1;
	const size_t n_text = RV_SESSION_TOKEN_SIZE - 1 - n_prefix;
	int r = RV_ERR_INTERNAL;

	if (RAND_priv_bytes(raw, sizeof(raw)) != 1)
		goto out;
	rv_ignore(EVP_EncodeBlock(text, raw, sizeof(raw))); /* cannot fail */
	for (size_t i = 0; i < n_text; i++) {
		if (text[i] == '+')
			text[i] = '-';
		else if (text[i] == '/')
			text[i] = '_';
	}
	memcpy(token, TOKEN_PREFIX, n_prefix);
	memcpy(token + n_prefix, text, n_text);
	token[n_prefix + n_text] = '\0';
	r = RV_OK;
out:
	OPENSSL_cleanse(raw, sizeof(raw));
	OPENSSL_cleanse(text, sizeof(text));
	return r;
}

/* The public name is drawn apart: it tells nothing about the token. */
static int
make_id(char id[RV_SESSION_ID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[(RV_SESSION_ID_SIZE - 1) / 2];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return RV_ERR_INTERNAL;
	for (size_t i = 0; i < sizeof(raw); i++) {
		id[2 * i] = digits[raw[i] >> 4];
		id[2 * i + 1] = digits[raw[i] & 15];
	}
	id[RV_SESSION_ID_SIZE - 1] = '\0';
	return RV_OK;
}

/* ---- One shard, with its lock held ------------------------------------- */

static struct shard *
shard_of(struct rv_sessions *sessions, const unsigned char *hash)
{
	return &sessions->shards[hash[0] % N_SHARDS];
}

static struct session **
bucket_of(const struct shard *shard, const unsigned char *hash)
{
	uint64_t h;

	/* The first byte chose the shard. */
	memcpy(&h, hash + 1, sizeof(h));
	return &shard->buckets[h & (shard->n_buckets - 1)];
}

/* The link that points to the session; it points to NULL when none is. */
static struct session **
find(const struct shard *shard, const unsigned char *hash)
{
	struct session **at = bucket_of(shard, hash);

	while (*at != NULL && CRYPTO_memcmp((*at)->hash, hash, HASH_SIZE) != 0)
		at = &(*at)->next;
	return at;
}

/* Twice the buckets; without memory the chains just become longer. */
static void
widen(struct shard *shard)
{
	size_t n_old = shard->n_buckets;
	struct session **old = shard->buckets, **wider;

	wider = calloc(n_old * 2, sizeof(struct session *));
	if (wider == NULL)
		return;
	shard->buckets = wider;
	shard->n_buckets = n_old * 2;
	for (size_t i = 0; i < n_old; i++) {
		while (old[i] != NULL) {
			struct session *s = old[i], **at;

			old[i] = s->next;
			at = bucket_of(shard, s->hash);
			s->next = *at;
			*at = s;
		}
	}
	free(old);
}

static void
insert(struct shard *shard, struct session *s)
{
	struct session **at;

	if (shard->n >= shard->n_buckets && shard->n_buckets <= SIZE_MAX / 32)
		widen(shard);
	at = bucket_of(shard, s->hash);
	s->next = *at;
	*at = s;
	shard->n++;
}

static void
session_free(struct session *s)
{
	rv_identity_unref(&s->identity);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

static void
drop(struct rv_sessions *sessions, struct shard *shard, struct session **at)
{
	struct session *s = *at;

	*at = s->next;
	shard->n--;
	atomic_fetch_sub(&sessions->live, 1);
	session_free(s);
}

static bool
has_ended(struct session *s, int64_t now_ms)
{
	if (now_ms >= s->expires_at_ms)
		s->over = true;
	return s->over;
}

/* ---- The table ---------------------------------------------------------- */

int
rv_sessions_new(size_t max, size_t max_per_person,
    enum rv_session_binding binding, struct rv_sessions **ret_sessions)
{
	struct rv_sessions *sessions = calloc(1, sizeof(*sessions));
	int r = RV_ERR_NOMEM;

	(void)max_per_person;
	(void)binding;
	if (sessions == NULL)
		goto out;
	sessions->max = max;
	atomic_init(&sessions->live, 0);
	for (size_t i = 0; i < N_SHARDS; i++) {
		struct shard *shard = &sessions->shards[i];

		if (pthread_mutex_init(&shard->lock, NULL) != 0)
			goto out;
		sessions->n_shards++;
		shard->n_buckets = FIRST_BUCKETS;
		shard->buckets =
		    calloc(FIRST_BUCKETS, sizeof(struct session *));
		if (shard->buckets == NULL)
			goto out;
	}
	*ret_sessions = sessions;
	sessions = NULL;
	r = RV_OK;
out:
	rv_sessions_free(&sessions);
	return r;
}

static void
shard_fini(struct rv_sessions *sessions, struct shard *shard)
{
	for (size_t i = 0; shard->buckets != NULL && i < shard->n_buckets;
	     i++) {
		while (shard->buckets[i] != NULL)
			drop(sessions, shard, &shard->buckets[i]);
	}
	free(shard->buckets);
	pthread_mutex_destroy(&shard->lock);
}

void
rv_sessions_free(struct rv_sessions **sessions)
{
	if (*sessions == NULL)
		return;
	for (size_t i = 0; i < (*sessions)->n_shards; i++)
		shard_fini(*sessions, &(*sessions)->shards[i]);
	free(*sessions);
	*sessions = NULL;
}

/* The end of a new session; RV_ERR_TIMEOUT when there would be no life. */
static int
end_of(const struct rv_identity *identity, int64_t now_ms, int64_t lifetime_ms,
    int64_t *ret_end_ms)
{
	int64_t end_ms;

	if (__builtin_add_overflow(now_ms, lifetime_ms, &end_ms))
		end_ms = INT64_MAX;
	if (end_ms > identity->expires_at_ms)
		end_ms = identity->expires_at_ms;
	if (end_ms <= now_ms)
		return RV_ERR_TIMEOUT;
	*ret_end_ms = end_ms;
	return RV_OK;
}

/* Takes a place first, so that two threads cannot share the last one. */
static int
take_place(struct rv_sessions *sessions)
{
	if (atomic_fetch_add(&sessions->live, 1) < sessions->max)
		return RV_OK;
	atomic_fetch_sub(&sessions->live, 1);
	return RV_ERR_LIMIT;
}

/* A session that is in no table yet; writes its token. */
static int
session_new(const struct rv_identity *identity, int64_t end_ms,
    char token[RV_SESSION_TOKEN_SIZE], struct session **ret_session)
{
	struct session *s = calloc(1, sizeof(*s));
	int r = RV_ERR_NOMEM;

	if (s == NULL)
		return r;
	r = make_token(token);
	if (r == RV_OK)
		r = make_id(s->id);
	if (r == RV_OK && !hash_token(rv_slice_of(token), s->hash))
		r = RV_ERR_INTERNAL;
	if (r != RV_OK) {
		session_free(s);
		return r;
	}
	s->expires_at_ms = end_ms;
	s->identity = rv_identity_ref(identity);
	*ret_session = s;
	return RV_OK;
}

void
rv_session_fini(struct rv_session *session)
{
	rv_identity_unref(&session->identity);
	OPENSSL_cleanse(session, sizeof(*session));
}

static void
show(const struct session *s, struct rv_session *ret)
{
	*ret = (struct rv_session){
		.identity = rv_identity_ref(s->identity),
		.binding = RV_SESSION_BOUND_NOTHING,
		.began_at_ms = s->began_at_ms,
		.expires_at_ms = s->expires_at_ms,
		.local = true,
	};
	memcpy(ret->id, s->id, sizeof(s->id));
	memcpy(ret->hash, s->hash, sizeof(s->hash));
}

bool
rv_session_hash(
    struct rv_slice token, unsigned char ret_hash[RV_SESSION_HASH_SIZE])
{
	return hash_token(token, ret_hash);
}

int
rv_session_start(struct rv_sessions *sessions,
    const struct rv_identity *identity, const struct rv_session_place *place,
    int64_t now_ms, int64_t lifetime_ms, char ret_token[RV_SESSION_TOKEN_SIZE],
    struct rv_session *ret)
{
	char token[RV_SESSION_TOKEN_SIZE];
	struct session *s;
	struct shard *shard;
	int64_t end_ms;
	int r;

	(void)place;
	r = end_of(identity, now_ms, lifetime_ms, &end_ms);
	if (r == RV_OK)
		r = take_place(sessions);
	if (r != RV_OK)
		return r;
	r = session_new(identity, end_ms, token, &s);
	if (r != RV_OK) {
		atomic_fetch_sub(&sessions->live, 1);
		goto out;
	}
	s->began_at_ms = now_ms;
	memcpy(ret_token, token, sizeof(token));
	show(s, ret);
	shard = shard_of(sessions, s->hash);
	pthread_mutex_lock(&shard->lock);
	insert(shard, s);
	pthread_mutex_unlock(&shard->lock);
out:
	OPENSSL_cleanse(token, sizeof(token));
	return r;
}

int
rv_session_find(struct rv_sessions *sessions, struct rv_slice token,
    const struct rv_session_place *place, int64_t now_ms,
    struct rv_session *ret)
{
	unsigned char hash[HASH_SIZE];
	int r = RV_ERR_NOTFOUND;
	struct shard *shard;
	struct session *s;

	(void)place;
	if (!hash_token(token, hash))
		return RV_ERR_NOTFOUND;
	shard = shard_of(sessions, hash);
	pthread_mutex_lock(&shard->lock);
	s = *find(shard, hash);
	if (s == NULL)
		goto out;
	r = RV_ERR_TIMEOUT;
	if (has_ended(s, now_ms))
		goto out;
	show(s, ret);
	r = RV_OK;
out:
	pthread_mutex_unlock(&shard->lock);
	return r;
}

void
rv_session_update(struct rv_sessions *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE],
    const struct rv_identity *identity)
{
	const struct rv_identity *old = NULL;
	struct shard *shard;
	struct session *s;

	shard = shard_of(sessions, hash);
	pthread_mutex_lock(&shard->lock);
	s = *find(shard, hash);
	if (s != NULL) {
		RV_ASSERT(
		    strcmp(s->identity->principal, identity->principal) == 0);
		old = s->identity;
		s->identity = rv_identity_ref(identity);
		/* A session never outlives the sign-in behind it. */
		if (s->expires_at_ms > identity->expires_at_ms)
			s->expires_at_ms = identity->expires_at_ms;
	}
	pthread_mutex_unlock(&shard->lock);
	rv_identity_unref(&old);
}

bool
rv_session_end(struct rv_sessions *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE], bool revoked)
{
	struct session **at;
	struct shard *shard;
	bool was_there;

	(void)revoked;
	shard = shard_of(sessions, hash);
	pthread_mutex_lock(&shard->lock);
	at = find(shard, hash);
	was_there = *at != NULL;
	if (was_there)
		drop(sessions, shard, at);
	pthread_mutex_unlock(&shard->lock);
	return was_there;
}

static size_t
sweep_shard(struct rv_sessions *sessions, struct shard *shard, int64_t now_ms)
{
	size_t n;

	pthread_mutex_lock(&shard->lock);
	for (size_t i = 0; i < shard->n_buckets; i++) {
		struct session **at = &shard->buckets[i];

		while (*at != NULL) {
			if (has_ended(*at, now_ms))
				drop(sessions, shard, at);
			else
				at = &(*at)->next;
		}
	}
	n = shard->n;
	pthread_mutex_unlock(&shard->lock);
	return n;
}

size_t
rv_sessions_sweep(struct rv_sessions *sessions, int64_t now_ms)
{
	size_t live = 0;

	for (size_t i = 0; i < N_SHARDS; i++)
		live += sweep_shard(sessions, &sessions->shards[i], now_ms);
	return live;
}
