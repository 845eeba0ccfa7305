/*
 * Sessions: from a random token to an identity.
 *
 * Only the SHA-256 of a token is kept, so that a copy of this memory gives
 * nobody a session.  The table is cut into shards by that hash, each with a
 * mutex of its own; no call holds two of them.  Who holds one may take that
 * of the persons, and nothing behind it.
 *
 * A session that was revoked stays until its end, so that who still uses it
 * is told why.
 */
#include "reeve/auth_session.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "session_person.h"
#include "session_token.h"

#define N_SHARDS      16
#define FIRST_BUCKETS 16
#define HASH_SIZE     RV_SESSION_HASH_SIZE

struct session {
	struct session *next; /* in its bucket */
	struct rv_session shown;
	struct rv_session_place_of place;
	bool over; /* was seen ended: a clock set back revives nothing */
	bool revoked;
};

struct shard {
	pthread_mutex_t lock;
	struct session **buckets;
	size_t n_buckets; /* a power of two */
	size_t n;
};

struct rv_sessions {
	size_t max;
	enum rv_session_binding binding;
	struct rv_session_persons *persons;
	atomic_size_t held; /* over all shards, places being taken included */
	size_t n_shards;    /* that have a mutex */
	struct shard shards[N_SHARDS];
};

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

	while (*at != NULL &&
	       CRYPTO_memcmp((*at)->shown.hash, hash, HASH_SIZE) != 0)
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
			at = bucket_of(shard, s->shown.hash);
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
	at = bucket_of(shard, s->shown.hash);
	s->next = *at;
	*at = s;
	shard->n++;
}

static void
session_free(struct session *s)
{
	rv_session_fini(&s->shown);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

static void
drop(struct rv_sessions *sessions, struct shard *shard, struct session **at)
{
	struct session *s = *at;

	*at = s->next;
	shard->n--;
	atomic_fetch_sub(&sessions->held, 1);
	rv_session_persons_remove(sessions->persons, &s->place);
	session_free(s);
}

static bool
has_ended(struct session *s, int64_t now_ms)
{
	if (now_ms >= s->shown.expires_at_ms)
		s->over = true;
	return s->over;
}

static bool
is_live(struct session *s, int64_t now_ms)
{
	return !s->revoked && !has_ended(s, now_ms);
}

/* ---- The table ---------------------------------------------------------- */

static int
shards_init(struct rv_sessions *sessions)
{
	for (size_t i = 0; i < N_SHARDS; i++) {
		struct shard *shard = &sessions->shards[i];

		if (pthread_mutex_init(&shard->lock, NULL) != 0)
			return RV_ERR_NOMEM;
		sessions->n_shards++;
		shard->n_buckets = FIRST_BUCKETS;
		shard->buckets =
		    calloc(FIRST_BUCKETS, sizeof(struct session *));
		if (shard->buckets == NULL)
			return RV_ERR_NOMEM;
	}
	return RV_OK;
}

int
rv_sessions_new(size_t max, size_t max_per_person,
    enum rv_session_binding binding, struct rv_sessions **ret_sessions)
{
	struct rv_sessions *sessions = calloc(1, sizeof(*sessions));
	int r = RV_ERR_NOMEM;

	if (sessions == NULL)
		return r;
	sessions->max = max;
	sessions->binding = binding;
	atomic_init(&sessions->held, 0);
	r = rv_session_persons_new(max_per_person, &sessions->persons);
	if (r == RV_OK)
		r = shards_init(sessions);
	if (r == RV_OK)
		*ret_sessions = sessions;
	else
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
	rv_session_persons_free(&(*sessions)->persons);
	free(*sessions);
	*sessions = NULL;
}

void
rv_session_fini(struct rv_session *session)
{
	rv_identity_unref(&session->identity);
	OPENSSL_cleanse(session, sizeof(*session));
}

/* ---- Where a request comes from ------------------------------------------ */

static void
bind_to(struct rv_session *s, const struct rv_session_place *place)
{
	size_t n = strnlen(place->address, sizeof(s->address) - 1);

	memcpy(s->address, place->address, n);
	if (place->exporter != NULL)
		memcpy(s->exporter, place->exporter, sizeof(s->exporter));
}

/* Without what it is bound to, a session cannot be used at all. */
static bool
is_there(const struct rv_session *s, const struct rv_session_place *place)
{
	switch (s->binding) {
	case RV_SESSION_BOUND_ADDRESS:
		return strcmp(s->address, place->address) == 0;
	case RV_SESSION_BOUND_CONNECTION:
		return place->exporter != NULL &&
		       CRYPTO_memcmp(s->exporter, place->exporter,
			   sizeof(s->exporter)) == 0;
	case RV_SESSION_BOUND_NOTHING:
		return true;
	}
	return false;
}

/* ---- Beginning -------------------------------------------------------------- */

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
	if (atomic_fetch_add(&sessions->held, 1) < sessions->max)
		return RV_OK;
	atomic_fetch_sub(&sessions->held, 1);
	return RV_ERR_LIMIT;
}

static void
show(const struct session *s, struct rv_session *ret)
{
	*ret = s->shown;
	ret->identity = rv_identity_ref(s->shown.identity);
}

/* Takes over s, also on failure.  The oldest of too many ends. */
static int
put(struct rv_sessions *sessions, struct session *s)
{
	unsigned char oldest[HASH_SIZE];
	struct shard *shard = shard_of(sessions, s->shown.hash);
	bool is_over = false;
	int r = RV_ERR_EXISTS;

	memcpy(s->place.hash, s->shown.hash, HASH_SIZE);
	pthread_mutex_lock(&shard->lock);
	if (*find(shard, s->shown.hash) == NULL)
		r = rv_session_persons_add(sessions->persons,
		    s->shown.identity->principal, &s->place, &is_over, oldest);
	if (r == RV_OK)
		insert(shard, s);
	pthread_mutex_unlock(&shard->lock);
	if (r != RV_OK) {
		atomic_fetch_sub(&sessions->held, 1);
		session_free(s);
	} else if (is_over) {
		/* Revoked: forgotten, the store would bring it back. */
		(void)rv_session_end(sessions, oldest, true);
	}
	return r;
}

int
rv_session_start(struct rv_sessions *sessions,
    const struct rv_identity *identity, const struct rv_session_place *place,
    int64_t now_ms, int64_t lifetime_ms, char ret_token[RV_SESSION_TOKEN_SIZE],
    struct rv_session *ret)
{
	struct session *s = NULL;
	int64_t end_ms;
	int r;

	if (sessions->binding == RV_SESSION_BOUND_CONNECTION &&
	    place->exporter == NULL)
		return RV_ERR_DENIED;
	r = end_of(identity, now_ms, lifetime_ms, &end_ms);
	if (r == RV_OK)
		r = take_place(sessions);
	if (r != RV_OK)
		return r;
	s = calloc(1, sizeof(*s));
	r = s != NULL ? rv_session_make_token(ret_token) : RV_ERR_NOMEM;
	if (r == RV_OK)
		r = rv_session_make_id(s->shown.id);
	if (r == RV_OK &&
	    !rv_session_hash(rv_slice_of(ret_token), s->shown.hash))
		r = RV_ERR_INTERNAL;
	if (r != RV_OK) {
		atomic_fetch_sub(&sessions->held, 1);
		free(s);
		goto out;
	}
	s->shown.identity = rv_identity_ref(identity);
	s->shown.binding = sessions->binding;
	s->shown.began_at_ms = s->shown.used_at_ms = now_ms;
	s->shown.expires_at_ms = end_ms;
	s->shown.local = true;
	bind_to(&s->shown, place);
	show(s, ret);
	r = put(sessions, s);
	if (r != RV_OK)
		rv_session_fini(ret);
out:
	if (r != RV_OK)
		OPENSSL_cleanse(ret_token, RV_SESSION_TOKEN_SIZE);
	return r;
}

int
rv_session_adopt(struct rv_sessions *sessions, const struct rv_session *session)
{
	struct session *s;
	int r = take_place(sessions);

	if (r != RV_OK)
		return r;
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		atomic_fetch_sub(&sessions->held, 1);
		return RV_ERR_NOMEM;
	}
	s->shown = *session;
	s->shown.identity = rv_identity_ref(session->identity);
	s->shown.local = false;
	return put(sessions, s);
}

/* ---- Use ----------------------------------------------------------------------- */

int
rv_session_find(struct rv_sessions *sessions, struct rv_slice token,
    const struct rv_session_place *place, int64_t now_ms,
    struct rv_session *ret)
{
	unsigned char hash[HASH_SIZE];
	struct shard *shard;
	struct session *s;
	int r = RV_OK;

	if (!rv_session_hash(token, hash))
		return RV_ERR_NOTFOUND;
	shard = shard_of(sessions, hash);
	pthread_mutex_lock(&shard->lock);
	s = *find(shard, hash);
	if (s == NULL)
		r = RV_ERR_NOTFOUND;
	else if (s->revoked)
		r = RV_ERR_STALE;
	else if (has_ended(s, now_ms))
		r = RV_ERR_TIMEOUT;
	else if (!is_there(&s->shown, place))
		r = RV_ERR_DENIED;
	if (r == RV_OK) {
		s->shown.used_at_ms = now_ms;
		show(s, ret);
	}
	pthread_mutex_unlock(&shard->lock);
	return r;
}

void
rv_session_update(struct rv_sessions *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE],
    const struct rv_identity *identity)
{
	const struct rv_identity *old = NULL;
	struct shard *shard = shard_of(sessions, hash);
	struct session *s;

	pthread_mutex_lock(&shard->lock);
	s = *find(shard, hash);
	if (s != NULL) {
		old = s->shown.identity;
		RV_ASSERT(strcmp(old->principal, identity->principal) == 0);
		s->shown.identity = rv_identity_ref(identity);
		/* A session never outlives the sign-in behind it. */
		if (s->shown.expires_at_ms > identity->expires_at_ms)
			s->shown.expires_at_ms = identity->expires_at_ms;
	}
	pthread_mutex_unlock(&shard->lock);
	rv_identity_unref(&old);
}

/* ---- Ends ------------------------------------------------------------------------ */

/* With the lock of the shard held. */
static void
end(struct rv_sessions *sessions, struct shard *shard, struct session **at,
    bool revoked)
{
	if (!revoked) {
		drop(sessions, shard, at);
		return;
	}
	rv_session_persons_remove(sessions->persons, &(*at)->place);
	(*at)->revoked = true;
}

bool
rv_session_end(struct rv_sessions *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE], bool revoked)
{
	struct shard *shard = shard_of(sessions, hash);
	struct session **at;
	bool was_there;

	pthread_mutex_lock(&shard->lock);
	at = find(shard, hash);
	was_there = *at != NULL && !(*at)->revoked;
	if (was_there)
		end(sessions, shard, at, revoked);
	pthread_mutex_unlock(&shard->lock);
	return was_there;
}

/* Which sessions; a member that is NULL is any. */
struct wanted {
	const char *id, *principal;
};

static bool
is_wanted(const struct session *s, const struct wanted *w)
{
	return !s->revoked &&
	       (w->id == NULL || strcmp(s->shown.id, w->id) == 0) &&
	       (w->principal == NULL ||
		   strcmp(s->shown.identity->principal, w->principal) == 0);
}

static size_t
end_in(struct rv_sessions *sessions, struct shard *shard,
    const struct wanted *w, bool revoked)
{
	size_t ended = 0;

	pthread_mutex_lock(&shard->lock);
	for (size_t i = 0; i < shard->n_buckets; i++) {
		struct session **at = &shard->buckets[i];

		while (*at != NULL) {
			const bool ends = is_wanted(*at, w);

			if (ends) {
				end(sessions, shard, at, revoked);
				ended++;
			}
			if (!ends || revoked) /* it stays in the list */
				at = &(*at)->next;
		}
	}
	pthread_mutex_unlock(&shard->lock);
	return ended;
}

static size_t
end_all(struct rv_sessions *sessions, const struct wanted *w, bool revoked)
{
	size_t ended = 0;

	for (size_t i = 0; i < N_SHARDS; i++)
		ended += end_in(sessions, &sessions->shards[i], w, revoked);
	return ended;
}

bool
rv_session_end_id(struct rv_sessions *sessions, const char *id, bool revoked)
{
	const struct wanted w = { .id = id };

	return end_all(sessions, &w, revoked) > 0;
}

size_t
rv_session_end_person(
    struct rv_sessions *sessions, const char *principal, bool revoked)
{
	const struct wanted w = { .principal = principal };

	return end_all(sessions, &w, revoked);
}

/* ---- All of them -------------------------------------------------------------------- */

/* Copies of the live ones of a shard; NULL with *ret_n != 0: no memory. */
static struct rv_session *
copy_shard(struct shard *shard, int64_t now_ms, size_t *ret_n)
{
	struct rv_session *copies = NULL;
	size_t n = 0;

	pthread_mutex_lock(&shard->lock);
	*ret_n = shard->n;
	if (shard->n > 0)
		copies = calloc(shard->n, sizeof(*copies));
	for (size_t i = 0; copies != NULL && i < shard->n_buckets; i++)
		for (struct session *s = shard->buckets[i]; s != NULL;
		     s = s->next)
			if (is_live(s, now_ms))
				show(s, &copies[n++]);
	if (copies != NULL)
		*ret_n = n;
	pthread_mutex_unlock(&shard->lock);
	return copies;
}

int
rv_sessions_each(struct rv_sessions *sessions, int64_t now_ms,
    void (*fn)(void *arg, const struct rv_session *session), void *arg)
{
	for (size_t i = 0; i < N_SHARDS; i++) {
		size_t n;
		struct rv_session *copies =
		    copy_shard(&sessions->shards[i], now_ms, &n);

		if (copies == NULL && n > 0)
			return RV_ERR_NOMEM;
		for (size_t k = 0; k < n; k++) {
			fn(arg, &copies[k]);
			rv_session_fini(&copies[k]);
		}
		free(copies);
	}
	return RV_OK;
}

static size_t
sweep_shard(struct rv_sessions *sessions, struct shard *shard, int64_t now_ms)
{
	size_t live = 0;

	pthread_mutex_lock(&shard->lock);
	for (size_t i = 0; i < shard->n_buckets; i++) {
		struct session **at = &shard->buckets[i];

		while (*at != NULL) {
			if (has_ended(*at, now_ms)) {
				drop(sessions, shard, at);
			} else {
				live += !(*at)->revoked;
				at = &(*at)->next;
			}
		}
	}
	pthread_mutex_unlock(&shard->lock);
	return live;
}

size_t
rv_sessions_sweep(struct rv_sessions *sessions, int64_t now_ms)
{
	size_t live = 0;

	for (size_t i = 0; i < N_SHARDS; i++)
		live += sweep_shard(sessions, &sessions->shards[i], now_ms);
	return live;
}
