/*
 * When the keys of an issuer are fetched.  Whatever callers send, an issuer
 * is asked at most once in 30 s on their behalf, by one thread at a time; a
 * fetch that fails leaves the last good keys in force until they are too old.
 */
#include "issuer.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "issuer_fetch.h"

/* After the second failure and so on, up to this. */
#define PAUSE_MAX_MS 600000
/* Longer than a fetch may last. */
#define WAIT_MS	   (RV_ISSUER_FETCH_MS + 1000)
#define SOONEST_MS 1000
#define LATEST_MS  60000

static void
lock(struct rv_issuer_entry *entry)
{
	RV_ASSERT(pthread_mutex_lock(&entry->lock) == 0);
}

static void
unlock(struct rv_issuer_entry *entry)
{
	RV_ASSERT(pthread_mutex_unlock(&entry->lock) == 0);
}

static bool
are_good(const struct rv_issuer_entry *entry, int64_t clock_ms)
{
	return entry->keys != NULL &&
	       clock_ms - entry->keys_at_ms <= entry->settings.keys_max_age_ms;
}

struct rv_jwk_set *
rv_issuer_keys(struct rv_issuer_entry *entry, int64_t clock_ms)
{
	struct rv_jwk_set *keys = NULL;

	lock(entry);
	if (are_good(entry, clock_ms))
		keys = rv_jwk_set_ref(entry->keys);
	unlock(entry);
	return keys;
}

/* ---- Kids that are known to be unknown ----------------------------------------------- */

static bool
hash_of(struct rv_slice kid, unsigned char ret[SHA256_DIGEST_LENGTH])
{
	return kid.p != NULL &&
	       SHA256((const unsigned char *)kid.p, kid.n, ret) != NULL;
}

static bool
is_unknown(
    const struct rv_issuer_entry *entry, struct rv_slice kid, int64_t clock_ms)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];

	if (!hash_of(kid, hash))
		return false;
	for (unsigned i = 0; i < RV_ISSUER_UNKNOWN; i++)
		if (entry->unknown[i].until_ms > clock_ms &&
		    memcmp(entry->unknown[i].hash, hash,
			sizeof(entry->unknown[i].hash)) == 0)
			return true;
	return false;
}

/* After a fetch that did not bring it. */
static void
remember_unknown(
    struct rv_issuer_entry *entry, struct rv_slice kid, int64_t clock_ms)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	struct rv_unknown_kid *place = &entry->unknown[entry->next_unknown];

	if (!hash_of(kid, hash))
		return;
	memcpy(place->hash, hash, sizeof(place->hash));
	place->until_ms = clock_ms + RV_ISSUER_UNKNOWN_MS;
	entry->next_unknown = (entry->next_unknown + 1) % RV_ISSUER_UNKNOWN;
}

/* ---- May, must ------------------------------------------------------------------------- */

static bool
has_paused(const struct rv_issuer_entry *entry, int64_t clock_ms)
{
	return entry->tried_at_ms == RV_ISSUER_NEVER ||
	       clock_ms - entry->tried_at_ms >= RV_ISSUER_PAUSE_MS;
}

/* With the lock held. */
static bool
may_fetch(
    const struct rv_issuer_entry *entry, struct rv_slice kid, int64_t clock_ms)
{
	if (are_good(entry, clock_ms) && is_unknown(entry, kid, clock_ms))
		return false;
	if (entry->fetching)
		return entry->n_waiting < RV_ISSUER_WAITERS;
	return has_paused(entry, clock_ms);
}

bool
rv_issuer_may_fetch(
    struct rv_issuer_entry *entry, struct rv_slice kid, int64_t clock_ms)
{
	bool may;

	lock(entry);
	may = may_fetch(entry, kid, clock_ms);
	unlock(entry);
	return may;
}

/* The pause doubles with each failure in a row. */
static int64_t
pause_ms(const struct rv_issuer_entry *entry)
{
	int64_t pause = RV_ISSUER_PAUSE_MS;

	for (unsigned i = 1; i < entry->n_failed && pause < PAUSE_MAX_MS; i++)
		pause *= 2;
	if (!entry->keys || pause > PAUSE_MAX_MS)
		pause = entry->keys ? PAUSE_MAX_MS : RV_ISSUER_PAUSE_MS;
	return pause;
}

int64_t
rv_issuer_due_ms(struct rv_issuer_entry *entry, int64_t clock_ms)
{
	int64_t due = clock_ms;

	lock(entry);
	if (entry->n_failed > 0)
		due = entry->tried_at_ms + pause_ms(entry);
	else if (entry->keys != NULL)
		due = entry->keys_at_ms + entry->settings.keys_refresh_ms;
	unlock(entry);
	return due;
}

/* ---- The fetch ---------------------------------------------------------------------------- */

/* With the lock held; it is given up meanwhile. */
static void
wait_for_other(struct rv_issuer_entry *entry)
{
	struct timespec until;
	int r = 0;

	RV_ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += WAIT_MS / 1000;
	entry->n_waiting++;
	while (entry->fetching && r == 0)
		r = pthread_cond_timedwait(
		    &entry->fetched, &entry->lock, &until);
	entry->n_waiting--;
}

static bool
have(const struct rv_issuer_entry *entry, struct rv_slice kid)
{
	if (entry->keys == NULL || kid.p == NULL)
		return entry->keys != NULL;
	for (unsigned a = RV_JWS_RS256; a < RV_JWS_N_ALGS; a++)
		if (rv_jwk_set_find(entry->keys, kid, (enum rv_jws_alg)a))
			return true;
	return false;
}

/* With the lock held: what a fetch has brought. */
static void
take(struct rv_issuer_entry *entry, int r, struct rv_jwk_set *keys,
    const struct rv_error *e, int64_t clock_ms)
{
	entry->tried_at_ms = clock_ms;
	if (r != RV_OK) {
		entry->n_failed++;
		(void)snprintf(entry->last_error, sizeof(entry->last_error),
		    "%.250s", e->text[0] != '\0' ? e->text : rv_strerr(r));
		return;
	}
	entry->n_failed = 0;
	entry->last_error[0] = '\0';
	rv_jwk_set_unref(&entry->keys);
	entry->keys = keys;
	entry->keys_at_ms = clock_ms;
}

void
rv_issuer_fetch(struct rv_issuers *issuers, struct rv_issuer_entry *entry,
    struct rv_slice kid)
{
	const int64_t began_ms = issuers->clock();
	struct rv_jwk_set *keys = NULL;
	struct rv_error e = { "" };
	int r;

	lock(entry);
	if (kid.p != NULL && !may_fetch(entry, kid, began_ms)) {
		unlock(entry);
		return;
	}
	if (entry->fetching) {
		if (kid.p != NULL)
			wait_for_other(entry);
		unlock(entry);
		return;
	}
	entry->fetching = true;
	unlock(entry);

	r = rv_issuer_fetch_keys(&entry->settings, entry->ca, NULL, &keys, &e);

	lock(entry);
	/* As old as the question, so that nothing looks fresher than it is. */
	take(entry, r, keys, &e, began_ms);
	if (r == RV_OK && !have(entry, kid))
		remember_unknown(entry, kid, began_ms);
	entry->fetching = false;
	RV_ASSERT(pthread_cond_broadcast(&entry->fetched) == 0);
	unlock(entry);
}

void
rv_issuers_fetch(struct rv_issuers *issuers, struct rv_slice token)
{
	struct rv_jws jws;
	struct rv_issuer_named named;
	struct rv_slice kid;
	char detail[256];

	if (rv_jws_parse(token, &jws, detail) != RV_REFUSED_NOT)
		return;
	named = rv_issuers_find(issuers, rv_jws_text(jws.payload, "iss"));
	kid = rv_jws_text(jws.header, "kid");
	if (named.entry != NULL && kid.p != NULL && kid.n <= RV_JWK_KID_MAX)
		rv_issuer_fetch(issuers, named.entry, kid);
	rv_jws_fini(&jws);
}

int64_t
rv_issuers_refresh(struct rv_issuers *issuers)
{
	int64_t next = LATEST_MS;

	for (size_t i = 0; i < issuers->n; i++) {
		struct rv_issuer_entry *entry = &issuers->entries[i];
		int64_t clock_ms = issuers->clock(), left;

		if (rv_issuer_due_ms(entry, clock_ms) <= clock_ms)
			rv_issuer_fetch(issuers, entry, RV_SLICE_NONE);
		clock_ms = issuers->clock();
		left = rv_issuer_due_ms(entry, clock_ms) - clock_ms;
		if (left < next)
			next = left;
	}
	return next > SOONEST_MS ? next : SOONEST_MS;
}
