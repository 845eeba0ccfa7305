#include "store/feed_internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log.h"
#include "loop/loop.h"
#include "store/conninfo.h"

/* ---- Readers ---- */

static bool
is_fresh(const struct rv_feed *feed, int64_t confirmed_ms)
{
	return rv_boot_ms() - confirmed_ms <= feed->config.max_staleness_ms;
}

/* The version to decide on, in this turn. */
static int
usable_version(struct rv_feed *feed, struct rv_version **ret_version,
    int64_t *ret_fresh_until_boot_ms)
{
	struct rv_version *v =
	    atomic_load_explicit(&feed->versions.current, memory_order_acquire);
	int64_t confirmed_ms;

	if (v == NULL)
		return RV_ERR_STALE;
	confirmed_ms =
	    atomic_load_explicit(&v->confirmed_ms, memory_order_relaxed);
	if (!is_fresh(feed, confirmed_ms))
		return RV_ERR_STALE;
	*ret_version = v;
	*ret_fresh_until_boot_ms = confirmed_ms + feed->config.max_staleness_ms;
	return RV_OK;
}

int
rv_feed_snapshot(struct rv_feed *feed, const struct rv_snapshot **ret_snapshot,
    int64_t *ret_fresh_until_boot_ms)
{
	struct rv_version *v;
	int r = usable_version(feed, &v, ret_fresh_until_boot_ms);

	if (r == RV_OK)
		*ret_snapshot = v->snapshot;
	return r;
}

int
rv_feed_hold(struct rv_feed *feed, struct rv_snapshot_ref *ret_ref)
{
	struct rv_snapshot_ref ref = { .release_until_boot_ms =
					   rv_boot_ms() + RV_FEED_HOLD_MS };
	int r = usable_version(feed, &ref.version, &ref.fresh_until_boot_ms);

	if (r != RV_OK)
		return r;
	/* In the turn in which it was read: it cannot be freed before. */
	atomic_store_explicit(&ref.version->held_until_ms,
	    ref.release_until_boot_ms, memory_order_relaxed);
	atomic_fetch_add_explicit(
	    &ref.version->holders, 1, memory_order_acq_rel);
	ref.snapshot = ref.version->snapshot;
	*ret_ref = ref;
	return RV_OK;
}

void
rv_feed_release(struct rv_snapshot_ref *ref)
{
	struct rv_version *v = ref->version;

	*ref = (struct rv_snapshot_ref){ .version = NULL };
	if (v != NULL)
		RV_ASSERT(atomic_fetch_sub_explicit(
			      &v->holders, 1, memory_order_acq_rel) > 0);
}

void
rv_feed_state(struct rv_feed *feed, struct rv_feed_state *ret_state)
{
	int64_t confirmed_ms;

	(void)pthread_mutex_lock(&feed->lock);
	*ret_state = feed->state;
	confirmed_ms = feed->confirmed_ms;
	(void)pthread_mutex_unlock(&feed->lock);

	ret_state->age_ms =
	    confirmed_ms == INT64_MIN ? INT64_MAX : rv_boot_ms() - confirmed_ms;
	ret_state->usable =
	    confirmed_ms != INT64_MIN && is_fresh(feed, confirmed_ms);
}

/* ---- What the builder reports ---- */

void
rv_feed_report_connected(struct rv_feed *feed, bool connected)
{
	(void)pthread_mutex_lock(&feed->lock);
	feed->state.connected = connected;
	(void)pthread_mutex_unlock(&feed->lock);
}

void
rv_feed_report_problem(struct rv_feed *feed, const char *text)
{
	bool fresh;

	(void)pthread_mutex_lock(&feed->lock);
	fresh = strncmp(feed->state.problem, text,
		    sizeof(feed->state.problem) - 1) != 0;
	(void)snprintf(
	    feed->state.problem, sizeof(feed->state.problem), "%s", text);
	(void)pthread_mutex_unlock(&feed->lock);
	if (fresh)
		rv_log(RV_LOG_WARNING, "change feed: %s", text);
}

void
rv_feed_report_confirmed(struct rv_feed *feed, uint64_t revision, int64_t at_ms)
{
	bool recovered;

	(void)pthread_mutex_lock(&feed->lock);
	recovered = feed->state.problem[0] != '\0';
	feed->state.problem[0] = '\0';
	feed->state.revision = revision;
	feed->confirmed_ms = at_ms;
	(void)pthread_mutex_unlock(&feed->lock);
	feed->failures = 0;
	if (recovered)
		rv_log(RV_LOG_INFO, "change feed: recovered, revision %llu",
		    (unsigned long long)revision);
}

/* ---- Life ---- */

/* Signals are for the main thread. */
static int
start_thread(struct rv_feed *feed)
{
	sigset_t all, before;
	int failed;

	(void)sigfillset(&all);
	failed = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (failed == 0) {
		failed =
		    pthread_create(&feed->thread, NULL, rv_feed_build, feed);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	feed->running = failed == 0;
	return failed;
}

int
rv_feed_start(const struct rv_feed_config *config, struct rv_feed **ret_feed,
    struct rv_error *e)
{
	struct rv_feed *feed = NULL;
	int failed, r = rv_conninfo_check(config->conninfo, e);

	if (r != RV_OK)
		return r;
	feed = calloc(1, sizeof(*feed));
	if (feed == NULL) {
		rv_error_set(e, "change feed: out of memory");
		return RV_ERR_NOMEM;
	}
	feed->config = *config;
	feed->confirmed_ms = INT64_MIN;
	(void)pthread_mutex_init(&feed->lock, NULL);
	feed->conninfo = strdup(config->conninfo);
	feed->config.conninfo = feed->conninfo;
	feed->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	failed = feed->conninfo == NULL ? ENOMEM
		 : feed->stop_fd < 0	? errno
					: start_thread(feed);
	if (failed != 0) {
		rv_error_set(e, "change feed: %s", strerror(failed));
		rv_feed_stop(&feed);
		return RV_ERR_IO;
	}
	*ret_feed = feed;
	return RV_OK;
}

void
rv_feed_stop(struct rv_feed **feed_p)
{
	struct rv_feed *feed = *feed_p;

	*feed_p = NULL;
	if (feed == NULL)
		return;
	atomic_store(&feed->stopping, true);
	if (feed->running) {
		/* The counter of a new eventfd has room for a 1. */
		RV_ASSERT(eventfd_write(feed->stop_fd, 1) == 0);
		(void)pthread_join(feed->thread, NULL);
	}
	rv_versions_fini(&feed->versions);
	if (feed->stop_fd >= 0)
		(void)close(feed->stop_fd);
	(void)pthread_mutex_destroy(&feed->lock);
	free(feed->conninfo);
	free(feed);
}
