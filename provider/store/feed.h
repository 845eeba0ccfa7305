/*
 * The change feed: one builder thread that loads a snapshot, publishes it,
 * and follows the site's revision: each change becomes the next version of
 * the snapshot, in proportion to its size.  Any doubt about a change means a
 * full load instead.  Readers are never blocked, and never block the builder.
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
/*
 * Ends the thread and frees all versions: after all readers ended and all
 * references were released.
 */
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

#define RV_FEED_HOLD_MS 30000

/*
 * A counted reference to a snapshot, for what outlives the turn (streams).
 * It is for 30 s at most: then its holder releases it and asks again.  One
 * that is kept longer still protects the snapshot, and is in the log.
 */
struct rv_snapshot_ref {
	const struct rv_snapshot *snapshot;
	int64_t fresh_until_boot_ms;   /* as of rv_feed_snapshot() */
	int64_t release_until_boot_ms; /* CLOCK_BOOTTIME */
	struct rv_version *version;    /* the feed's own */
};
/* As rv_feed_snapshot(), whose conditions and errors it has. */
RV_MUSTUSE int rv_feed_hold(
    struct rv_feed *feed, struct rv_snapshot_ref *ret_ref);
/* Any thread.  Zeroes the reference; one that is zero is left alone. */
void rv_feed_release(struct rv_snapshot_ref *ref);

/* For /readyz and messages: revision 0 when nothing is loaded. */
struct rv_feed_state {
	uint64_t revision;
	int64_t age_ms; /* since the last confirmation, INT64_MAX: never */
	bool usable;
	bool connected;
	char problem[256]; /* the last one, or empty */
	uint64_t loads;	   /* full ones that were published */
	uint64_t versions; /* published that came from changes */
	size_t waiting;	   /* replaced versions that are still read */
};
void rv_feed_state(struct rv_feed *feed, struct rv_feed_state *ret_state);

#endif
