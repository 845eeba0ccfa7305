/* The builder: one session after the other, one poll after the other. */
#include "store/feed_internal.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "loop/loop.h"
#include "store/changes.h"
#include "store/feed_poll.h"
#include "store/load.h"
#include "store/schema.h"

#define POLL_MS	       1000
#define RETRY_FIRST_MS 100
#define RETRY_MAX_MS   2000

/*
 * Rows of changes that are asked for at once; more only when one revision
 * has more.  A full load is cheaper than changes of a quarter of all rows,
 * and kinder to memory than images of so many.
 */
#define LIMIT_FIRST 20000
#define LIMIT_LAST  400000

static int
nomem(struct rv_error *e)
{
	rv_error_set(e, "out of memory");
	return RV_ERR_NOMEM;
}

/* ---- Publication ------------------------------------------------------------ */

/*
 * Takes the version, and cannot fail: its snapshot is the newest of a line,
 * and only on the newest can be built.
 */
static void
publish(struct rv_feed *feed, struct rv_version *v, int64_t confirmed_ms)
{
	uint64_t revision = rv_snapshot_revision(v->snapshot);

	atomic_store_explicit(
	    &v->confirmed_ms, confirmed_ms, memory_order_relaxed);
	rv_versions_replace(&feed->versions, v);
	rv_feed_report_confirmed(feed, revision, confirmed_ms);
	if (feed->config.published != NULL)
		feed->config.published(feed->config.arg, revision);
}

static void
reap(struct rv_feed *feed)
{
	size_t waiting = rv_versions_reap(&feed->versions);

	(void)pthread_mutex_lock(&feed->lock);
	feed->state.waiting = waiting;
	(void)pthread_mutex_unlock(&feed->lock);
}

static void
count(struct rv_feed *feed, uint64_t *counter)
{
	(void)pthread_mutex_lock(&feed->lock);
	(*counter)++;
	(void)pthread_mutex_unlock(&feed->lock);
}

/* ---- The database's history ------------------------------------------------- */

/*
 * A revision is (epoch, number, mark), and it belongs to one database cluster.
 * What breaks the line may be a restored copy: nothing decided on the old
 * snapshot is right any more.
 */
static void
break_history(struct rv_feed *feed, const char *what)
{
	char text[sizeof(feed->state.problem)];

	rv_versions_replace(&feed->versions, NULL);
	(void)pthread_mutex_lock(&feed->lock);
	feed->state.revision = 0;
	feed->confirmed_ms = INT64_MIN;
	(void)pthread_mutex_unlock(&feed->lock);
	(void)snprintf(text, sizeof(text),
	    "the history of the database broke (%s): no decisions until it "
	    "is loaded again",
	    what);
	rv_feed_report_problem(feed, text);
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
	if (rv_versions_current(&feed->versions) != NULL &&
	    feed->system_id[0] != '\0' && strcmp(id, feed->system_id) != 0)
		break_history(feed, "another database system");
	memcpy(feed->system_id, id, sizeof(id));
	return RV_OK;
}

/* ---- Loading ---------------------------------------------------------------- */

static int
load(struct rv_feed *feed, struct rv_error *e)
{
	int64_t at_ms = rv_boot_ms();
	struct rv_version *v = rv_version_new();
	struct rv_snapshot_counts n;
	struct rv_error why = { "" };
	int r;

	if (v == NULL)
		return nomem(e);
	r = rv_load(feed->db, &v->snapshot, &why);
	if (r != RV_OK) {
		rv_version_free(&v);
		rv_error_set(e, "the load failed: %.450s", why.text);
		return r;
	}
	rv_snapshot_count(v->snapshot, &n);
	rv_log(RV_LOG_DEBUG,
	    "change feed: revision %" PRIu64 " loaded in %" PRId64
	    " ms: %zu admins, %zu objects, %zu resources",
	    rv_snapshot_revision(v->snapshot), rv_boot_ms() - at_ms, n.admins,
	    n.objects, n.resources);
	feed->limit = LIMIT_FIRST;
	feed->behind = 0;
	count(feed, &feed->state.loads);
	publish(feed, v, at_ms);
	return RV_OK;
}

/*
 * The old one stays in force until it is replaced, or stale.  Said once of
 * a revision, though the load may be tried again and again.
 */
static int
load_instead(struct rv_feed *feed, const char *why, struct rv_error *e)
{
	struct rv_version *v = rv_versions_current(&feed->versions);
	uint64_t have = rv_snapshot_revision(v->snapshot);

	if (feed->doubted != have)
		rv_log(RV_LOG_WARNING,
		    "change feed: what came after revision %" PRIu64
		    " cannot be followed, loading all: %s",
		    have, why);
	feed->doubted = have;
	return load(feed, e);
}

/* ---- Following -------------------------------------------------------------- */

static size_t
most_rows(const struct rv_snapshot *s)
{
	struct rv_snapshot_counts n;
	size_t most;

	rv_snapshot_count(s, &n);
	most = (n.assignments + n.objects + n.resources + n.memberships) / 4;
	return most < LIMIT_FIRST  ? LIMIT_FIRST
	       : most > LIMIT_LAST ? LIMIT_LAST
				   : most;
}

/* Not even one revision is whole: more are asked for, or everything. */
static int
ask_for_more(
    struct rv_feed *feed, const struct rv_version *v, struct rv_error *e)
{
	size_t most = most_rows(v->snapshot);

	if (feed->limit >= most) {
		rv_log(RV_LOG_INFO,
		    "change feed: a revision of %zu rows or more: loading all",
		    most);
		return load(feed, e);
	}
	feed->limit = feed->limit * 4 < most ? feed->limit * 4 : most;
	return RV_OK;
}

/*
 * The site is at a later revision than v, of the same history.  What was
 * not all of it confirms nothing: the version keeps the instant of the one
 * before it.
 */
static int
apply(struct rv_feed *feed, struct rv_version *v, const struct rv_poll *poll,
    int64_t at_ms, struct rv_error *e)
{
	const struct rv_changes changes = {
		.rows = poll->rows,
		.n = poll->n,
		.revision = poll->cut ? poll->rows[poll->n - 1].revision
				      : poll->site.revision,
		.site = poll->cut ? NULL : &poll->site,
	};
	struct rv_version *next;
	struct rv_error why = { "" };
	int r;

	feed->limit = LIMIT_FIRST;
	feed->behind = poll->cut ? feed->behind + poll->n : 0;
	if (feed->behind > most_rows(v->snapshot)) {
		rv_log(RV_LOG_INFO,
		    "change feed: far behind the site: loading all");
		return load(feed, e);
	}
	if (changes.revision > poll->site.revision)
		return load_instead(feed, "changes after the site's own", e);
	next = rv_version_new();
	if (next == NULL)
		return nomem(e);
	r = rv_changes_apply(&changes, v->snapshot, &next->snapshot, &why);
	if (r != RV_OK)
		rv_version_free(&next);
	/* A load begins a line of its own, which has room again. */
	if (r == RV_ERR_INVALID || r == RV_ERR_LIMIT)
		return load_instead(feed, why.text, e);
	if (r != RV_OK) {
		rv_error_set(e, "following failed: %.450s", why.text);
		return r;
	}
	if (poll->cut)
		at_ms = atomic_load_explicit(
		    &v->confirmed_ms, memory_order_relaxed);
	count(feed, &feed->state.versions);
	publish(feed, next, at_ms);
	return RV_OK;
}

/*
 * Whether the database has the revision that the snapshot is of.  One that
 * was restored, or promoted before it had all, has other writes under the
 * same numbers, with the same epoch and system identifier.
 */
static bool
same_history(const struct rv_snapshot *s, const struct rv_poll *poll)
{
	return poll->mark_before.n > 0 &&
	       rv_slice_eq(rv_snapshot_mark(s), poll->mark_before);
}

/* Decides what a poll means; at_ms is the instant before it was sent. */
static int
take_poll(struct rv_feed *feed, const struct rv_poll *poll, int64_t at_ms,
    struct rv_error *e)
{
	struct rv_version *v = rv_versions_current(&feed->versions);
	uint64_t have;

	if (v == NULL)
		return load(feed, e);
	have = rv_snapshot_revision(v->snapshot);
	if (!rv_slice_eq(rv_snapshot_epoch(v->snapshot), poll->site.epoch)) {
		break_history(feed, "another epoch");
		return load(feed, e);
	}
	if (poll->site.revision < have) {
		break_history(feed, "a lower revision");
		return load(feed, e);
	}
	if (!same_history(v->snapshot, poll)) {
		break_history(feed, "another revision of this number");
		return load(feed, e);
	}
	if (poll->unreadable)
		return load_instead(feed, "a change cannot be read", e);
	if (poll->cut && poll->n == 0)
		return ask_for_more(feed, v, e);
	if (poll->site.revision > have)
		return apply(feed, v, poll, at_ms, e);
	if (poll->n > 0)
		return load_instead(
		    feed, "there are changes after the site's revision", e);
	atomic_store_explicit(&v->confirmed_ms, at_ms, memory_order_relaxed);
	rv_feed_report_confirmed(feed, have, at_ms);
	return RV_OK;
}

/* *ret_more: there is more to take, at once. */
static int
follow_once(
    struct rv_feed *feed, int64_t at_ms, bool *ret_more, struct rv_error *e)
{
	struct rv_version *v = rv_versions_current(&feed->versions);
	uint64_t have =
	    v != NULL ? rv_snapshot_revision(v->snapshot) : INT64_MAX;
	struct rv_error why = { "" };
	struct rv_poll poll;
	int r = rv_poll_open(feed->db, have, feed->limit, &poll, &why);

	*ret_more = false;
	if (r == RV_ERR_DENIED && v != NULL)
		return load_instead(feed, why.text, e);
	if (r != RV_OK) {
		rv_error_set(e, "%s", why.text);
		return r;
	}
	rv_feed_report_connected(feed, true);
	r = take_poll(feed, &poll, at_ms, e);
	*ret_more = poll.cut;
	rv_poll_close(&poll);
	return r;
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
	if (r == RV_OK)
		r = rv_poll_prepare(feed->db, e);
	/* Before the first look, so that no bell falls between. */
	if (r == RV_OK)
		r = rv_db_execute(feed->db, "listen reeve_change", e);
	return r;
}

/* One connection, from its beginning to the first failure. */
static int
follow(struct rv_feed *feed, struct rv_error *e)
{
	bool bell, more;
	int r;

	feed->limit = LIMIT_FIRST;
	r = open_session(feed, e);
	while (r == RV_OK) {
		int64_t at_ms = rv_boot_ms();

		r = follow_once(feed, at_ms, &more, e);
		reap(feed);
		if (r == RV_OK && !more)
			r = rv_db_listen(feed->db, at_ms + POLL_MS, &bell, e);
	}
	rv_feed_report_connected(feed, false);
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

void *
rv_feed_build(void *arg)
{
	struct rv_feed *feed = arg;
	struct rv_error e;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	while (!atomic_load(&feed->stopping)) {
		rv_error_set(&e, "unknown failure");
		if (follow(feed, &e) == RV_ERR_AGAIN)
			break;
		rv_feed_report_problem(feed, e.text);
		pause_before_retry(feed);
		reap(feed);
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}
