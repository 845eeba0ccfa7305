#include "dpop_memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SPAN_MS	    (RV_DPOP_AGE_MS + RV_DPOP_AHEAD_MS + 1000)
#define KEPT	    16u /* octets of a hash that are kept */
#define LEAST	    1024u
#define GENERATIONS 2u

/* Open addressing; a place of zeros is free.  Half of it at most is used. */
struct generation {
	unsigned char (*places)[KEPT];
	size_t n_places; /* a power of two, or 0 */
	size_t n;
};

struct rv_dpop_memory {
	atomic_size_t refs;
	pthread_mutex_t lock; /* of everything below */
	size_t max;
	int64_t began_at_ms; /* the newer generation */
	int64_t last_ms;
	struct generation newer, older;
};

/* Where the hash is, or the free place that is its own. */
static size_t
place_of(const struct generation *g, const unsigned char hash[KEPT])
{
	static const unsigned char none[KEPT];
	uint64_t at;

	memcpy(&at, hash, sizeof(at));
	for (;; at++) {
		const unsigned char *place = g->places[at & (g->n_places - 1)];

		if (memcmp(place, hash, KEPT) == 0 ||
		    memcmp(place, none, KEPT) == 0)
			return (size_t)(at & (g->n_places - 1));
	}
}

static bool
has(const struct generation *g, const unsigned char hash[KEPT])
{
	return g->n_places > 0 &&
	       memcmp(g->places[place_of(g, hash)], hash, KEPT) == 0;
}

static bool
widen(struct generation *g)
{
	struct generation wider = {
		.n_places = g->n_places > 0 ? 2 * g->n_places : LEAST,
		.n = g->n,
	};
	static const unsigned char none[KEPT];

	wider.places = calloc(wider.n_places, KEPT);
	if (wider.places == NULL)
		return false;
	for (size_t i = 0; i < g->n_places; i++)
		if (memcmp(g->places[i], none, KEPT) != 0)
			memcpy(wider.places[place_of(&wider, g->places[i])],
			    g->places[i], KEPT);
	free(g->places);
	*g = wider;
	return true;
}

/* Forgets what is too old to be accepted anyway. */
static void
turn(struct rv_dpop_memory *memory, int64_t now_ms)
{
	if (now_ms - memory->began_at_ms < SPAN_MS)
		return;
	free(memory->older.places);
	memory->older = memory->newer;
	memory->newer = (struct generation){ 0 };
	if (now_ms - memory->began_at_ms >= (int64_t)GENERATIONS * SPAN_MS) {
		free(memory->older.places);
		memory->older = (struct generation){ 0 };
	}
	memory->began_at_ms = now_ms;
}

static int
use(struct rv_dpop_memory *memory, const unsigned char hash[KEPT],
    int64_t now_ms)
{
	struct generation *g = &memory->newer;

	if (now_ms > memory->last_ms)
		memory->last_ms = now_ms;
	turn(memory, memory->last_ms);
	if (has(&memory->newer, hash) || has(&memory->older, hash))
		return RV_ERR_EXISTS;
	if (g->n >= memory->max)
		return RV_ERR_LIMIT;
	if (2 * (g->n + 1) > g->n_places && !widen(g))
		return RV_ERR_NOMEM;
	memcpy(g->places[place_of(g, hash)], hash, KEPT);
	g->n++;
	return RV_OK;
}

int
rv_dpop_memory_use(
    struct rv_dpop_memory *memory, const unsigned char hash[32], int64_t now_ms)
{
	int r;

	RV_ASSERT(pthread_mutex_lock(&memory->lock) == 0);
	r = use(memory, hash, now_ms);
	RV_ASSERT(pthread_mutex_unlock(&memory->lock) == 0);
	return r;
}

int
rv_dpop_memory_new(size_t max, struct rv_dpop_memory **ret_memory)
{
	struct rv_dpop_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		return RV_ERR_NOMEM;
	if (pthread_mutex_init(&memory->lock, NULL) != 0) {
		free(memory);
		return RV_ERR_NOMEM;
	}
	atomic_init(&memory->refs, 1);
	memory->max = max;
	*ret_memory = memory;
	return RV_OK;
}

struct rv_dpop_memory *
rv_dpop_memory_ref(struct rv_dpop_memory *memory)
{
	atomic_fetch_add_explicit(&memory->refs, 1, memory_order_relaxed);
	return memory;
}

void
rv_dpop_memory_unref(struct rv_dpop_memory **memory)
{
	struct rv_dpop_memory *m = *memory;

	*memory = NULL;
	if (m == NULL ||
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(m->newer.places);
	free(m->older.places);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}
