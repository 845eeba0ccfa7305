/*
 * What one event loop carries: its connections to the store, its place in
 * the audit log, its listener, its counters.  Only that loop's thread uses
 * it, except where a member says otherwise.
 */
#ifndef PROVIDER_PIPELINE_LANE_H
#define PROVIDER_PIPELINE_LANE_H

#include <stdatomic.h>

#include "rest/page_token.h"
#include "loop/loop.h"

struct event;
struct list;
struct rv_listener;
struct rv_audit_entry;
struct rv_group_sets;
struct rv_pg;
struct rv_provider;
struct rv_reading;
struct rv_refusals;
struct rv_housekeeping;
struct rv_upkeep;
struct rv_sessions_lane;
struct rv_waiter;

struct rv_lane {
	struct rv_provider *provider;
	struct rv_loop *loop;
	struct rv_pg *pg;
	struct rv_listener *listener;
	struct rv_refusals *refusals;
	struct rv_group_sets *group_sets;
	struct rv_upkeep *upkeep;	      /* of the first lane alone */
	struct rv_housekeeping *housekeeping; /* likewise */
	struct rv_sessions_lane *sessions;
	struct rv_waiter *waiters;   /* for a revision */
	struct rv_page_key page_key; /* rest/list_link.c */
	bool has_page_key;
	/* rest/reading_turns.c */
	struct rv_reading *readings, *waiting_readings;
	bool giving_turns;
	struct event *audit_ready;
	struct event *tick;		/* each second */
	struct rv_task published;	/* posted by the builder thread */
	atomic_bool published_posted;	/* any thread */
	atomic_size_t exchanges;	/* in work; any thread may read */
	_Atomic int64_t ticked_boot_ms; /* the last tick; any thread */
	unsigned ticks;
	int64_t orphaned_boot_ms; /* the last attempt of orphan.c */
	size_t own_in_flight;	  /* records of the lane, not of an exchange */
};

/*
 * Makes the lane of a loop that does not run yet: store connections, audit
 * descriptor, timer.  The listener is put in by the provider.
 */
RV_MUSTUSE int rv_lane_new(struct rv_provider *provider, unsigned index,
    struct rv_lane **ret_lane, struct rv_error *e);
/*
 * Hands over a record that belongs to no exchange; takes it (malloc'ed).
 * RV_ERR_NOMEM when it is incomplete: it is freed then.
 */
RV_MUSTUSE int rv_lane_submit(
    struct rv_lane *lane, struct rv_audit_entry *entry);

/*
 * Writes the refusals that were only counted, after the loop has stopped;
 * waits for the log, with a limit.
 */
void rv_lane_finish(struct rv_lane *lane);
/* After its loop has stopped.  *lane may be NULL and becomes NULL. */
void rv_lane_free(struct rv_lane **lane);

/* Tells the lane that a newer snapshot is published.  Any thread. */
void rv_lane_published(struct rv_lane *lane);

/* The lane of a loop. */
struct rv_lane *rv_lane_of(const struct rv_loop *loop);

#endif
