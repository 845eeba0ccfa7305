#include "store/feed.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <urcu/urcu-qsbr.h>

#include "log.h"
#include "loop/loop.h"
#include "store/conninfo.h"
#include "store/db.h"
#include "store/load.h"
#include "store/schema.h"

#define POLL_MS	       1000
#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS   2000

/* What is published; freed a grace period after it was replaced. */
struct version {
	struct rv_snapshot *snapshot;
	/* CLOCK_BOOTTIME before the poll was sent that last confirmed it */
	_Atomic int64_t confirmed_ms;
};

/* What the database says of itself. */
struct site {
	uint64_t revision;
	char epoch[64];
};

struct rv_feed {
	struct rv_feed_config config;
	char *conninfo;
	int stop_fd;
	atomic_bool stopping;
	pthread_t thread;
	bool running;
	_Atomic(struct version *) current;

	pthread_mutex_t lock; /* guards what rv_feed_state() shows */
	struct rv_feed_state state;
	int64_t confirmed_ms; /* INT64_MIN: never */

	/* The builder's own. */
	struct rv_db *db;
	char system_id[32]; /* of the database behind `current`, or "" */
	unsigned failures;
};

/* ---- Readers ---- */

static bool
is_fresh(const struct rv_feed *feed, int64_t confirmed_ms)
{
	return rv_boot_ms() - confirmed_ms <= feed->config.max_staleness_ms;
}

int
rv_feed_snapshot(struct rv_feed *feed, const struct rv_snapshot **ret_snapshot,
    int64_t *ret_fresh_until_boot_ms)
{
	struct version *v =
	    atomic_load_explicit(&feed->current, memory_order_acquire);
	int64_t confirmed_ms;

	if (v == NULL)
		return RV_ERR_STALE;
	confirmed_ms =
	    atomic_load_explicit(&v->confirmed_ms, memory_order_relaxed);
	if (!is_fresh(feed, confirmed_ms))
		return RV_ERR_STALE;
	*ret_snapshot = v->snapshot;
	*ret_fresh_until_boot_ms = confirmed_ms + feed->config.max_staleness_ms;
	return RV_OK;
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

static void
set_connected(struct rv_feed *feed, bool connected)
{
	(void)pthread_mutex_lock(&feed->lock);
	feed->state.connected = connected;
	(void)pthread_mutex_unlock(&feed->lock);
}

/* Said once: the same again and again at each attempt is noise. */
static void
report_problem(struct rv_feed *feed, const char *text)
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

static void
report_confirmed(struct rv_feed *feed, uint64_t revision, int64_t at_ms)
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

/* ---- Publication (builder) ---- */

static struct version *
published(struct rv_feed *feed)
{
	return atomic_load_explicit(&feed->current, memory_order_relaxed);
}

static void
version_free(struct version **version)
{
	struct version *v = *version;

	*version = NULL;
	if (v == NULL)
		return;
	rv_snapshot_free(&v->snapshot);
	free(v);
}

/* Frees it once no reader is in the turn in which it read the pointer. */
static void
retire(struct version *v)
{
	if (v == NULL)
		return;
	urcu_qsbr_synchronize_rcu();
	version_free(&v);
}

static void
publish(struct rv_feed *feed, struct version *v, int64_t at_ms)
{
	uint64_t revision = rv_snapshot_revision(v->snapshot);
	struct version *old;

	atomic_store_explicit(&v->confirmed_ms, at_ms, memory_order_relaxed);
	old = atomic_exchange_explicit(&feed->current, v, memory_order_acq_rel);
	report_confirmed(feed, revision, at_ms);
	if (feed->config.published != NULL)
		feed->config.published(feed->config.arg, revision);
	retire(old);
}

/* ---- The database's history (builder) ---- */

/*
 * A revision is (epoch, number), and it belongs to one database cluster.
 * What breaks the line may be a restored copy: nothing decided on the old
 * snapshot is right any more.
 */
static void
break_history(struct rv_feed *feed, const char *what)
{
	struct version *old = atomic_exchange_explicit(
	    &feed->current, NULL, memory_order_acq_rel);
	char text[sizeof(feed->state.problem)];

	(void)pthread_mutex_lock(&feed->lock);
	feed->state.revision = 0;
	feed->confirmed_ms = INT64_MIN;
	(void)pthread_mutex_unlock(&feed->lock);
	(void)snprintf(text, sizeof(text),
	    "the history of the database broke (%s): no decisions until it "
	    "is loaded again",
	    what);
	report_problem(feed, text);
	retire(old);
}

/* Where the role may not ask, epoch and revision must do. */
static int
read_system_id(struct rv_feed *feed, char ret_id[32], struct rv_error *e)
{
	PGresult *result = NULL;
	int r;

	ret_id[0] = '\0';
	r = rv_db_query(feed->db,
	    "select system_identifier from pg_catalog.pg_control_system()", 0,
	    NULL, &result, e);
	if (r == RV_ERR_DENIED)
		return RV_OK;
	if (r == RV_OK && PQntuples(result) == 1)
		(void)snprintf(ret_id, 32, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return r;
}

static int
check_system(struct rv_feed *feed, struct rv_error *e)
{
	char id[sizeof(feed->system_id)];
	int r = read_system_id(feed, id, e);

	if (r != RV_OK)
		return r;
	if (published(feed) != NULL && feed->system_id[0] != '\0' &&
	    strcmp(id, feed->system_id) != 0)
		break_history(feed, "another database system");
	memcpy(feed->system_id, id, sizeof(id));
	return RV_OK;
}

static int
read_site(struct rv_feed *feed, struct site *ret_site, struct rv_error *e)
{
	PGresult *result = NULL;
	int r = rv_db_query(feed->db,
	    "select epoch, revision from reeve.feed_site", 0, NULL, &result, e);

	if (r != RV_OK)
		return r;
	if (PQntuples(result) != 1 || PQgetlength(result, 0, 0) == 0 ||
	    (size_t)PQgetlength(result, 0, 0) >= sizeof(ret_site->epoch) ||
	    rv_slice_to_u64(rv_slice_of(PQgetvalue(result, 0, 1)), INT64_MAX,
		&ret_site->revision) != RV_OK) {
		rv_error_set(e, "reeve.feed_site has no usable row");
		r = RV_ERR_INVALID;
	} else {
		(void)snprintf(ret_site->epoch, sizeof(ret_site->epoch), "%s",
		    PQgetvalue(result, 0, 0));
	}
	PQclear(result);
	return r;
}

/* ---- Loading and following (builder) ---- */

static int
load(struct rv_feed *feed, struct rv_error *e)
{
	struct version *v = calloc(1, sizeof(*v));
	int64_t at_ms = rv_boot_ms();
	struct rv_snapshot_counts n;
	struct rv_error why = { "out of memory" };
	int r = RV_ERR_NOMEM;

	if (v != NULL)
		r = rv_load(feed->db, &v->snapshot, &why);
	if (r != RV_OK) {
		rv_error_set(e, "the load failed: %.450s", why.text);
		version_free(&v);
		return r;
	}
	rv_snapshot_count(v->snapshot, &n);
	rv_log(RV_LOG_DEBUG,
	    "change feed: revision %llu loaded in %lld ms: %zu admins, "
	    "%zu objects, %zu resources",
	    (unsigned long long)rv_snapshot_revision(v->snapshot),
	    (long long)(rv_boot_ms() - at_ms), n.admins, n.objects,
	    n.resources);
	publish(feed, v, at_ms);
	return RV_OK;
}

/* Decides what a poll means; at_ms is the instant before it was sent. */
static int
follow_site(struct rv_feed *feed, const struct site *site, int64_t at_ms,
    struct rv_error *e)
{
	struct version *v = published(feed);
	uint64_t have;

	if (v == NULL)
		return load(feed, e);
	have = rv_snapshot_revision(v->snapshot);
	if (!rv_slice_eq_cstr(rv_snapshot_epoch(v->snapshot), site->epoch)) {
		break_history(feed, "another epoch");
		return load(feed, e);
	}
	if (site->revision < have) {
		break_history(feed, "a lower revision");
		return load(feed, e);
	}
	if (site->revision > have)
		return load(feed, e);
	atomic_store_explicit(&v->confirmed_ms, at_ms, memory_order_relaxed);
	report_confirmed(feed, have, at_ms);
	return RV_OK;
}

static int
open_session(struct rv_feed *feed, struct rv_error *e)
{
	const struct rv_db_config config = {
		.conninfo = feed->conninfo,
		.deadline_ms = feed->config.deadline_ms,
		.stop_fd = feed->stop_fd,
	};
	int r = rv_db_open(&config, &feed->db, e);

	if (r == RV_OK)
		r = rv_schema_check(feed->db, e);
	if (r == RV_OK)
		r = check_system(feed, e);
	/* Before the first look, so that no bell falls between. */
	if (r == RV_OK)
		r = rv_db_execute(feed->db, "listen reeve_change", e);
	return r;
}

/* One connection, from its beginning to the first failure. */
static int
follow(struct rv_feed *feed, struct rv_error *e)
{
	struct site site;
	bool bell;
	int r = open_session(feed, e);

	while (r == RV_OK) {
		int64_t at_ms = rv_boot_ms();

		r = read_site(feed, &site, e);
		if (r != RV_OK)
			break;
		set_connected(feed, true);
		r = follow_site(feed, &site, at_ms, e);
		if (r == RV_OK)
			r = rv_db_listen(feed->db, at_ms + POLL_MS, &bell, e);
	}
	set_connected(feed, false);
	rv_db_close(&feed->db);
	return r;
}

/* Doubling, half of it by chance; ends at once when asked to stop. */
static void
pause_before_retry(struct rv_feed *feed)
{
	struct pollfd fd = { .fd = feed->stop_fd, .events = POLLIN };
	int ms = RETRY_FIRST_MS;

	for (unsigned i = 0; i < feed->failures && ms < RETRY_MAX_MS; i++)
		ms *= 2;
	if (ms > RETRY_MAX_MS)
		ms = RETRY_MAX_MS;
	feed->failures++;
	ms = ms / 2 + (int)arc4random_uniform((uint32_t)ms / 2 + 1);
	/* Interrupted is early, which does no harm. */
	(void)poll(&fd, 1, ms);
}

static void *
build(void *arg)
{
	struct rv_feed *feed = arg;
	struct rv_error e;

	while (!atomic_load(&feed->stopping)) {
		rv_error_set(&e, "unknown failure");
		if (follow(feed, &e) == RV_ERR_AGAIN)
			break;
		report_problem(feed, e.text);
		pause_before_retry(feed);
	}
	return NULL;
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
		failed = pthread_create(&feed->thread, NULL, build, feed);
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
	struct version *last;

	*feed_p = NULL;
	if (feed == NULL)
		return;
	atomic_store(&feed->stopping, true);
	if (feed->running) {
		/* The counter of a new eventfd has room for a 1. */
		RV_ASSERT(eventfd_write(feed->stop_fd, 1) == 0);
		(void)pthread_join(feed->thread, NULL);
	}
	last = published(feed);
	version_free(&last);
	if (feed->stop_fd >= 0)
		(void)close(feed->stop_fd);
	(void)pthread_mutex_destroy(&feed->lock);
	free(feed->conninfo);
	free(feed);
}
