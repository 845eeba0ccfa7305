/*
 * The change feed: one builder thread that loads a snapshot, publishes it,
 * and follows the site's revision.  Readers are never blocked.
 */
#ifndef PROVIDER_STORE_FEED_H
#define PROVIDER_STORE_FEED_H

#include "reeve/base.h"
#include "reeve/rbac.h"

struct rv_feed;

struct rv_feed_config {
	const char *conninfo;
	int64_t deadline_ms; /* of one poll or one statement of a load */
	int64_t max_staleness_ms;
	/* Told on the builder thread after each publication. */
	void (*published)(void *arg, uint64_t revision);
	void *arg;
};

/* Starts the thread; returns at once, with nothing published yet. */
RV_MUSTUSE int rv_feed_start(const struct rv_feed_config *config,
    struct rv_feed **ret_feed, struct rv_error *e);
/* Ends the thread and frees the last snapshot: after all readers ended. */
void rv_feed_stop(struct rv_feed **feed);

/*
 * The snapshot to decide on: RV_ERR_STALE when there is none, when its last
 * confirmation is older than max_staleness, or when the history of the
 * database broke (lower revision, other epoch).  The caller has called
 * rv_loop_online() and keeps the pointer for this turn only.
 * ret_confirmed_until_ms is CLOCK_BOOTTIME.
 */
RV_MUSTUSE int rv_feed_snapshot(struct rv_feed *feed,
    const struct rv_snapshot **ret_snapshot, int64_t *ret_fresh_until_boot_ms);

/* For /readyz and messages: revision 0 when nothing is loaded. */
struct rv_feed_state {
	uint64_t revision;
	int64_t age_ms; /* since the last confirmation, INT64_MAX: never */
	bool usable;
	bool connected;
	char problem[256]; /* the last one, or empty */
};
void rv_feed_state(struct rv_feed *feed, struct rv_feed_state *ret_state);

#endif
