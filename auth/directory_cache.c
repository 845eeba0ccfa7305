#include "directory_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "clock.h"
#include "group_walk.h"

struct entry {
	TAILQ_ENTRY(entry) by_age; /* oldest first */
	struct entry *next;	   /* in its bucket */
	int64_t put_ms;
	struct rv_account account;
	char who[];
};

struct rv_directory_cache {
	pthread_mutex_t lock;
	size_t max, n, n_buckets;
	int64_t ms;
	TAILQ_HEAD(entries, entry) by_age;
	struct entry **buckets;
};

/* gcc 12 loses an element of an array in the heap by a variable index. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static bool
copy_groups(const struct rv_account *from, struct rv_account *to)
{
	to->groups = calloc(from->n_groups + 1, sizeof(char *));
	if (to->groups == NULL)
		return false;
	for (; to->n_groups < from->n_groups; to->n_groups++) {
		to->groups[to->n_groups] = strdup(from->groups[to->n_groups]);
		if (to->groups[to->n_groups] == NULL)
			return false;
	}
	return true;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

static bool
copy_account(const struct rv_account *from, struct rv_account *to)
{
	*to = *from;
	to->account_id = NULL;
	to->groups = NULL;
	to->n_groups = 0;
	if (from->account_id != NULL &&
	    (to->account_id = strdup(from->account_id)) == NULL)
		return false;
	return copy_groups(from, to);
}

static void
entry_free(struct entry *e)
{
	rv_account_fini(&e->account);
	free(e);
}

/* ---- With the lock held --------------------------------------------------------- */

static struct entry **
find(struct rv_directory_cache *cache, const char *who)
{
	uint32_t h = 2166136261u;
	struct entry **at;

	/* Names of people who have proved them: not for attackers. */
	for (const char *p = who; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	at = &cache->buckets[h & (cache->n_buckets - 1)];
	while (*at != NULL && strcmp((*at)->who, who) != 0)
		at = &(*at)->next;
	return at;
}

/* Out of the cache; the caller frees it without the lock. */
static struct entry *
take_out(struct rv_directory_cache *cache, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	TAILQ_REMOVE(&cache->by_age, e, by_age);
	cache->n--;
	return e;
}

static void
insert(struct rv_directory_cache *cache, struct entry *e)
{
	struct entry **at = find(cache, e->who);

	e->next = *at;
	*at = e;
	TAILQ_INSERT_TAIL(&cache->by_age, e, by_age);
	cache->n++;
}

/* ---- Without ----------------------------------------------------------------------- */

int
rv_directory_cache_new(
    size_t max, int64_t ms, struct rv_directory_cache **ret_cache)
{
	struct rv_directory_cache *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return RV_ERR_NOMEM;
	c->max = max;
	c->ms = ms;
	c->n_buckets = 64;
	while (c->n_buckets < max)
		c->n_buckets *= 2;
	TAILQ_INIT(&c->by_age);
	c->buckets = calloc(c->n_buckets, sizeof(struct entry *));
	if (c->buckets == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
		free(c->buckets);
		free(c);
		return RV_ERR_NOMEM;
	}
	*ret_cache = c;
	return RV_OK;
}

void
rv_directory_cache_free(struct rv_directory_cache **cache)
{
	struct rv_directory_cache *c = *cache;
	struct entry *e;

	*cache = NULL;
	if (c == NULL)
		return;
	while ((e = TAILQ_FIRST(&c->by_age)) != NULL) {
		TAILQ_REMOVE(&c->by_age, e, by_age);
		entry_free(e);
	}
	pthread_mutex_destroy(&c->lock);
	free(c->buckets);
	free(c);
}

static struct entry *
entry_new(const char *who, const struct rv_account *account)
{
	const size_t n = strlen(who) + 1;
	struct entry *e = calloc(1, sizeof(*e) + n);

	if (e == NULL)
		return NULL;
	memcpy(e->who, who, n);
	e->put_ms = rv_monotonic_ms();
	if (copy_account(account, &e->account))
		return e;
	entry_free(e);
	return NULL;
}

void
rv_directory_cache_put(struct rv_directory_cache *cache, const char *who,
    const struct rv_account *account)
{
	/* Whoever was let in again, or was made, is so at once. */
	const bool is_good = account->known && account->found &&
			     !account->disabled && !account->locked &&
			     !account->expired;
	struct entry *e, *old = NULL, *oldest = NULL, **at;

	/* What could not be found out takes nothing back. */
	if (!account->known)
		return;
	e = is_good ? entry_new(who, account) : NULL;
	pthread_mutex_lock(&cache->lock);
	at = find(cache, who);
	if (*at != NULL)
		old = take_out(cache, at);
	else if (e != NULL && cache->n == cache->max)
		oldest = take_out(
		    cache, find(cache, TAILQ_FIRST(&cache->by_age)->who));
	if (e != NULL)
		insert(cache, e);
	pthread_mutex_unlock(&cache->lock);
	if (old != NULL)
		entry_free(old);
	if (oldest != NULL)
		entry_free(oldest);
}

bool
rv_directory_cache_get(struct rv_directory_cache *cache, const char *who,
    struct rv_account *ret_account)
{
	const struct entry *e;
	bool found = false;

	pthread_mutex_lock(&cache->lock);
	e = *find(cache, who);
	if (e != NULL && rv_monotonic_ms() - e->put_ms < cache->ms) {
		found = copy_account(&e->account, ret_account);
		if (!found)
			rv_account_fini(ret_account);
	}
	pthread_mutex_unlock(&cache->lock);
	return found;
}
