/*
 * Versions of the snapshot: one is published, those before it wait until
 * nobody reads them any more.
 */
#ifndef PROVIDER_STORE_FEED_VERSION_H
#define PROVIDER_STORE_FEED_VERSION_H

#include <stdatomic.h>
#include <urcu/urcu-qsbr.h>

#include "reeve/rbac.h"

struct rv_version {
	struct rv_snapshot *snapshot;
	/* CLOCK_BOOTTIME before the poll was sent that last confirmed it */
	_Atomic int64_t confirmed_ms;

	_Atomic unsigned holders; /* counted references */
	/* CLOCK_BOOTTIME when the youngest of them ends */
	_Atomic int64_t held_until_ms;
	bool overdue; /* it has been said that one did not end (builder) */

	/* Replaced, and no reader is in the turn in which it read it. */
	atomic_bool unread;
	struct rcu_head rcu;
	struct rv_version *next; /* older one that was replaced (builder) */
};

/*
 * For one thread, the builder: the publishing thread registers with QSBR
 * and is offline except in rv_versions_replace().
 */
struct rv_versions {
	_Atomic(struct rv_version *) current;
	struct rv_version *replaced; /* the youngest first */
};

/*
 * One without a snapshot, so that once there is one nothing can fail: a
 * snapshot that joined its line must be published.  NULL when out of memory.
 */
struct rv_version *rv_version_new(void);
/* Frees one that was not published, and its snapshot; *v becomes NULL. */
void rv_version_free(struct rv_version **v);
struct rv_version *rv_versions_current(const struct rv_versions *versions);
/* Publishes it, or with NULL none; never waits. */
void rv_versions_replace(
    struct rv_versions *versions, struct rv_version *version);
/* Frees what nobody reads any more; returns how many wait. */
size_t rv_versions_reap(struct rv_versions *versions);
/* Frees all; after all readers ended.  Any thread, when the builder has. */
void rv_versions_fini(struct rv_versions *versions);

#endif
