/*
 * Two tables of failures, by source and by principal.  An entry is a count
 * that decays: what it was at an instant, and the instant.  The tables are
 * bounded; when one is full the entry that was touched longest ago goes,
 * which an attacker can only do to others by failing from many places.
 *
 * A principal that is attacked costs its own next sign-in nothing but time:
 * its delay has the same ceiling as that of a source, and good credentials
 * are never held back.
 */
#include "reeve/auth_penalty.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "penalty_network.h"

#define KEY_SIZE   16
#define LEAST_ROOM 64u
#define COUNT_MAX  64.0
/* Beyond so many undecayed failures a source is not looked at. */
#define COUNT_CLOSED 40.0

struct entry {
	TAILQ_ENTRY(entry) used; /* by the last touch */
	struct entry *next;	 /* in its bucket */
	unsigned char key[KEY_SIZE];
	double count;
	int64_t at_ms;
	bool in;
};
TAILQ_HEAD(entries, entry);

struct table {
	struct entry *pool;
	struct entry **buckets;
	size_t n_buckets;
	struct entries used; /* oldest first */
};

struct rv_penalties {
	pthread_mutex_t lock;
	/* Nobody outside knows in which bucket an entry comes. */
	unsigned char secret[KEY_SIZE];
	int64_t delay_ms, max_delay_ms, decay_ms;
	struct rv_network *exempt;
	size_t n_exempt;
	struct table sources, principals;
};

/* ---- Tables, with the lock held --------------------------------------------- */

static int
table_init(struct table *t, size_t n)
{
	n = n < LEAST_ROOM ? LEAST_ROOM : n;
	TAILQ_INIT(&t->used);
	t->n_buckets = LEAST_ROOM;
	while (t->n_buckets < n)
		t->n_buckets *= 2;
	t->pool = calloc(n, sizeof(*t->pool));
	t->buckets = calloc(t->n_buckets, sizeof(struct entry *));
	if (t->pool == NULL || t->buckets == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		TAILQ_INSERT_TAIL(&t->used, &t->pool[i], used);
	return RV_OK;
}

static void
table_fini(struct table *t)
{
	free(t->pool);
	free(t->buckets);
}

static struct entry **
bucket_of(const struct table *t, const unsigned char key[KEY_SIZE])
{
	uint64_t h;

	memcpy(&h, key, sizeof(h));
	return &t->buckets[h & (t->n_buckets - 1)];
}

static struct entry *
table_find(const struct table *t, const unsigned char key[KEY_SIZE])
{
	struct entry *e = *bucket_of(t, key);

	while (e != NULL && memcmp(e->key, key, KEY_SIZE) != 0)
		e = e->next;
	return e;
}

static void
table_remove(struct table *t, struct entry *e)
{
	struct entry **at = bucket_of(t, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	e->in = false;
	e->count = 0;
}

static struct entry *
table_take(struct table *t, const unsigned char key[KEY_SIZE])
{
	struct entry *e = table_find(t, key), **at;

	if (e == NULL) {
		e = TAILQ_FIRST(&t->used);
		if (e->in)
			table_remove(t, e);
		memcpy(e->key, key, KEY_SIZE);
		at = bucket_of(t, key);
		e->next = *at;
		*at = e;
		e->in = true;
	}
	TAILQ_REMOVE(&t->used, e, used);
	TAILQ_INSERT_TAIL(&t->used, e, used);
	return e;
}

/* What is left of the count now. */
static double
left_of(const struct rv_penalties *p, const struct entry *e, int64_t now_ms)
{
	double gone = (double)(now_ms - e->at_ms) / (double)p->decay_ms;

	if (gone < 0)
		gone = 0;
	return e->count > gone ? e->count - gone : 0;
}

static double
count_one(const struct rv_penalties *p, struct table *t,
    const unsigned char key[KEY_SIZE], int64_t now_ms)
{
	struct entry *e = table_take(t, key);

	e->count = left_of(p, e, now_ms) + 1;
	if (e->count > COUNT_MAX)
		e->count = COUNT_MAX;
	e->at_ms = now_ms;
	return e->count;
}

/* The first costs delay_ms, each further one twice as much. */
static int64_t
delay_of(const struct rv_penalties *p, double count)
{
	int64_t delay = p->delay_ms;

	for (int i = 1; i < (int)count && delay < p->max_delay_ms; i++)
		delay *= 2;
	return delay < p->max_delay_ms ? delay : p->max_delay_ms;
}

/* ---- Keys -------------------------------------------------------------------- */

/* SHA-256 over the secret, a letter for the table, and the text. */
static bool
hash_key(const struct rv_penalties *p, char table, const void *text, size_t n,
    unsigned char key[KEY_SIZE])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
		  EVP_DigestUpdate(ctx, p->secret, sizeof(p->secret)) &&
		  EVP_DigestUpdate(ctx, &table, 1) &&
		  EVP_DigestUpdate(ctx, text, n) &&
		  EVP_DigestFinal_ex(ctx, hash, NULL);

	EVP_MD_CTX_free(ctx);
	if (ok)
		memcpy(key, hash, KEY_SIZE);
	return ok;
}

static bool
is_exempt(const struct rv_penalties *p, const unsigned char address[16])
{
	for (size_t i = 0; i < p->n_exempt; i++)
		if (rv_network_has(&p->exempt[i], address))
			return true;
	return false;
}

/* False: nothing is counted for it.  What is no address counts as one. */
static bool
source_key(const struct rv_penalties *p, const char *address,
    unsigned char key[KEY_SIZE])
{
	unsigned char binary[16], source[16];

	if (address == NULL || !rv_address_read(address, binary))
		memset(binary, 0, sizeof(binary));
	if (is_exempt(p, binary))
		return false;
	rv_address_source(binary, source);
	return hash_key(p, 's', source, sizeof(source), key);
}

static bool
principal_key(const struct rv_penalties *p, const char *principal,
    unsigned char key[KEY_SIZE])
{
	return principal != NULL && principal[0] != '\0' &&
	       hash_key(p, 'p', principal, strlen(principal), key);
}

/* ---- Settings ------------------------------------------------------------------ */

static int
read_exempt(const struct rv_penalty_config *config,
    struct rv_network **ret_exempt, struct rv_error *e)
{
	struct rv_network *v;

	v = calloc(config->n_exempt > 0 ? config->n_exempt : 1, sizeof(*v));
	if (v == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	for (size_t i = 0; i < config->n_exempt; i++) {
		if (!rv_network_read(config->exempt[i], &v[i])) {
			rv_error_set(e,
			    "penalty_exempt: \"%.64s\" is no address and no "
			    "network ADDRESS/BITS",
			    config->exempt[i]);
			free(v);
			return RV_ERR_INVALID;
		}
	}
	*ret_exempt = v;
	return RV_OK;
}

int
rv_penalties_configure(struct rv_penalties *penalties,
    const struct rv_penalty_config *config, struct rv_error *e)
{
	struct rv_network *exempt, *old;
	int r = read_exempt(config, &exempt, e);

	if (r != RV_OK)
		return r;
	pthread_mutex_lock(&penalties->lock);
	old = penalties->exempt;
	penalties->exempt = exempt;
	penalties->n_exempt = config->n_exempt;
	penalties->delay_ms = config->delay_ms;
	penalties->max_delay_ms = config->max_delay_ms > config->delay_ms
				      ? config->max_delay_ms
				      : config->delay_ms;
	penalties->decay_ms = config->decay_ms > 0 ? config->decay_ms : 1;
	pthread_mutex_unlock(&penalties->lock);
	free(old);
	return RV_OK;
}

int
rv_penalties_new(const struct rv_penalty_config *config,
    struct rv_penalties **ret_penalties, struct rv_error *e)
{
	struct rv_penalties *p = calloc(1, sizeof(*p));
	int r = RV_ERR_NOMEM;

	rv_error_set(e, "out of memory");
	if (p == NULL || pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p);
		return r;
	}
	if (RAND_bytes(p->secret, sizeof(p->secret)) == 1 &&
	    table_init(&p->sources, config->max_entries) == RV_OK &&
	    table_init(&p->principals, config->max_entries) == RV_OK)
		r = rv_penalties_configure(p, config, e);
	if (r == RV_OK)
		*ret_penalties = p;
	else
		rv_penalties_free(&p);
	return r;
}

void
rv_penalties_free(struct rv_penalties **penalties)
{
	struct rv_penalties *p = *penalties;

	*penalties = NULL;
	if (p == NULL)
		return;
	table_fini(&p->sources);
	table_fini(&p->principals);
	free(p->exempt);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* ---- Counting -------------------------------------------------------------------- */

bool
rv_penalty_admits(
    struct rv_penalties *penalties, const char *address, int64_t now_ms)
{
	unsigned char key[KEY_SIZE];
	const struct entry *e;
	bool admitted = true;

	pthread_mutex_lock(&penalties->lock);
	if (source_key(penalties, address, key)) {
		e = table_find(&penalties->sources, key);
		admitted =
		    e == NULL || left_of(penalties, e, now_ms) < COUNT_CLOSED;
	}
	pthread_mutex_unlock(&penalties->lock);
	return admitted;
}

int64_t
rv_penalty_refused(struct rv_penalties *penalties, const char *address,
    const char *principal, int64_t now_ms)
{
	unsigned char key[KEY_SIZE];
	int64_t delay_ms;
	double count = 1, other;

	pthread_mutex_lock(&penalties->lock);
	if (source_key(penalties, address, key)) {
		count = count_one(penalties, &penalties->sources, key, now_ms);
		if (principal_key(penalties, principal, key)) {
			other = count_one(
			    penalties, &penalties->principals, key, now_ms);
			count = other > count ? other : count;
		}
	}
	delay_ms = delay_of(penalties, count);
	pthread_mutex_unlock(&penalties->lock);
	return delay_ms;
}

void
rv_penalty_accepted(
    struct rv_penalties *penalties, const char *principal, int64_t now_ms)
{
	unsigned char key[KEY_SIZE];
	struct entry *e;

	if (!principal_key(penalties, principal, key))
		return;
	pthread_mutex_lock(&penalties->lock);
	e = table_find(&penalties->principals, key);
	if (e != NULL) {
		e->count = 0;
		e->at_ms = now_ms;
	}
	pthread_mutex_unlock(&penalties->lock);
}
