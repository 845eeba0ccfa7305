#include "audit/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define GROUP_MAX  (1024 * 1024) /* bytes of one group */
#define RESUME_MIN (64 * 1024)	 /* bytes free before a new attempt */
#define IDLE_MS	   1000		 /* between looks at the space */
#define WATCH_MS   250
#define NS_PER_S   1000000000
#define KEPT_MAX   (4 * GROUP_MAX) /* a buffer beyond it is given back */

/* ---- Health ------------------------------------------------------------ */

static void
set_problem(struct rv_audit *a, const char *problem, bool dead)
{
	struct rv_audit_health *h = a->health;
	bool was_healthy;

	RV_ASSERT(pthread_mutex_lock(&h->lock) == 0);
	(void)snprintf(h->problem, sizeof(h->problem), "%.255s", problem);
	RV_ASSERT(pthread_mutex_unlock(&h->lock) == 0);
	was_healthy = atomic_exchange(&h->healthy, false);
	atomic_store(&h->dead, dead);
	if (dead)
		rv_log(RV_LOG_ERROR,
		    "the audit log has failed for good and "
		    "every request is refused: %s; repair the disk and "
		    "restart",
		    problem);
	else if (was_healthy)
		rv_log(RV_LOG_ERROR,
		    "the audit log cannot be written and "
		    "requests are refused until it can: %s",
		    problem);
}

static void
set_healthy(struct rv_audit *a)
{
	struct rv_audit_health *h = a->health;
	bool had_problem;

	if (atomic_load(&h->healthy))
		return;
	RV_ASSERT(pthread_mutex_lock(&h->lock) == 0);
	had_problem = h->problem[0] != '\0';
	h->problem[0] = '\0';
	RV_ASSERT(pthread_mutex_unlock(&h->lock) == 0);
	atomic_store(&h->healthy, true);
	if (had_problem)
		rv_log(RV_LOG_INFO, "the audit log is written again");
}

static void
look_at_space(struct rv_audit *a)
{
	const struct rv_audit_segment *s = &a->segment;
	uint64_t allocated = (uint64_t)(s->allocated - s->offset);
	bool is_short;

	rv_audit_space_look(&a->space, s->io, s->dir_fd, allocated, a->reserve);
	is_short = atomic_load(&a->space.room) < RV_AUDIT_RECORD_MAX;
	if (is_short && !a->was_short)
		rv_log(RV_LOG_WARNING,
		    "%s: less than audit_reserve is free; changes are "
		    "refused until there is more",
		    a->directory);
	a->was_short = is_short;
}

/*
 * After space ran out, nothing is tried until there is some again: else a
 * short record would still fit into the last block where a long one did
 * not, and the log would be taken for healthy in between.
 */
static bool
is_starved(struct rv_audit *a)
{
	struct rv_audit_health *h = a->health;

	if (atomic_load(&h->healthy))
		return false;
	atomic_store(&h->busy_since_ms, rv_audit_boot_ms());
	look_at_space(a);
	atomic_store(&h->busy_since_ms, 0);
	return atomic_load(&a->space.room) + (int64_t)a->reserve < RESUME_MIN;
}

/* ---- A group ----------------------------------------------------------- */

static void
shrink(struct rv_buf *b)
{
	if (b->cap > KEPT_MAX)
		rv_buf_fini(b);
	rv_buf_reset(b);
}

static int64_t
wall_ns(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

void
rv_audit_group_begin(struct rv_audit *a)
{
	struct rv_audit_group *g = &a->group;

	shrink(&g->bytes);
	shrink(&g->lines);
	g->link = a->link;
	g->now_ms = wall_ns() / 1000000;
	g->gap = 0;
}

/* A line for people that does not fit into memory is left out. */
static void
add_line(struct rv_audit_group *g, const struct rv_buf *text, int tid)
{
	size_t n = g->lines.n;

	if (text->failed || g->lines.failed)
		return;
	rv_audit_people_format(&g->lines, rv_buf_slice(text), g->now_ms, tid);
	if (g->lines.failed) {
		g->lines.failed = false;
		g->lines.n = n;
	}
}

/* RV_OK, or why this record alone cannot be written. */
static int
check_record(const struct rv_buf *record)
{
	if (record->failed)
		return RV_ERR_NOMEM;
	if (record->n > RV_AUDIT_RECORD_MAX)
		return RV_ERR_LIMIT;
	if (record->n == 0 || memchr(record->p, '\n', record->n) != NULL ||
	    memchr(record->p, '\0', record->n) != NULL)
		return RV_ERR_INVALID;
	return RV_OK;
}

static int
add_record(struct rv_audit *a, const struct rv_buf *record)
{
	struct rv_audit_group *g = &a->group;
	struct rv_audit_link before = g->link;
	size_t n = g->bytes.n;
	int r = check_record(record);

	if (r != RV_OK)
		return r;
	r = rv_audit_link_add(
	    &g->link, a->hasher, rv_buf_slice(record), &g->bytes);
	if (r != RV_OK) {
		g->link = before;
		g->bytes.failed = false;
		g->bytes.n = n;
	}
	return r;
}

void
rv_audit_group_note(
    struct rv_audit *a, const char *event, const char *detail, int64_t count)
{
	struct rv_audit_fields f = {
		.ts_ns = wall_ns(),
		.subject.groups_age_ms = -1,
		.boot_ns = rv_audit_boot_ms() * 1000000,
		.node = rv_slice_of(a->node),
		.event = rv_slice_of(event),
		.detail = rv_slice_of(detail),
		.count = count,
		.latency_us = -1,
	};

	rv_buf_reset(&a->scratch);
	rv_audit_record_encode(&f, &a->scratch);
	if (add_record(a, &a->scratch) != RV_OK)
		return;
	rv_buf_reset(&a->scratch);
	rv_audit_line_encode(&f, &a->scratch);
	add_line(&a->group, &a->scratch, (int)gettid());
}

/* The group is in another segment than the last durable record before it. */
static void
tell_closed(struct rv_audit *a)
{
	if (strcmp(a->last_segment, a->segment.name) == 0)
		return;
	if (a->last_segment[0] != '\0' && a->closed != NULL)
		a->closed(
		    a->closed_arg, a->last_segment, a->link.seq, a->link.prev);
	memcpy(a->last_segment, a->segment.name, sizeof(a->last_segment));
}

int
rv_audit_group_commit(struct rv_audit *a)
{
	struct rv_audit_group *g = &a->group;
	struct rv_audit_health *h = a->health;
	struct rv_error e = { "" };
	int r;

	if (g->bytes.n == 0)
		return RV_OK;
	atomic_store(&h->busy_since_ms, rv_audit_boot_ms());
	r = rv_audit_segment_append(
	    &a->segment, a->link.seq + 1, rv_buf_slice(&g->bytes), &e);
	look_at_space(a);
	atomic_store(&h->busy_since_ms, 0);
	if (r != RV_OK) {
		set_problem(a, e.text, r != RV_ERR_UNAVAILABLE);
		return r;
	}
	tell_closed(a);
	a->link = g->link;
	a->lost -= g->gap;
	atomic_store(&h->seq, a->link.seq);
	set_healthy(a);
	return RV_OK;
}

/* ---- The writer -------------------------------------------------------- */

/* Tells of the records that are missing, as soon as one can be written. */
static void
note_gap(struct rv_audit *a)
{
	bool healthy = atomic_load(&a->health->healthy);
	size_t n = a->group.bytes.n;

	if (a->lost == 0 && healthy)
		return;
	rv_audit_group_note(a, healthy ? "log_gap" : "log_resumed",
	    "so many requests were refused because their records could not "
	    "be written",
	    (int64_t)a->lost);
	if (a->group.bytes.n > n)
		a->group.gap = a->lost;
}

static size_t
add_queue(struct rv_audit *a, struct rv_audit_queue *q)
{
	struct rv_audit_entry *entry;
	size_t n = 0;
	int tid;

	entry = rv_audit_queue_take(q, GROUP_MAX / a->n_queues, &tid);
	for (; entry != NULL; entry = entry->next) {
		entry->result = add_record(a, &entry->record);
		if (entry->result == RV_OK)
			add_line(&a->group, &entry->line, tid);
		n++;
	}
	rv_audit_queue_fly(q);
	return n;
}

/* The number of entries that it served. */
static size_t
write_group(struct rv_audit *a)
{
	bool can_write = !atomic_load(&a->health->dead) && !is_starved(a);
	size_t n = 0;
	int r = RV_ERR_IO;

	rv_audit_group_begin(a);
	for (unsigned i = 0; i < a->n_queues; i++)
		a->lost += rv_audit_queue_lost(&a->queues[i]);
	if (can_write)
		note_gap(a);
	for (unsigned i = 0; i < a->n_queues; i++)
		n += add_queue(a, &a->queues[(a->turn + i) % a->n_queues]);
	a->turn++;
	if (can_write)
		r = rv_audit_group_commit(a);
	for (unsigned i = 0; n > 0 && i < a->n_queues; i++)
		rv_audit_queue_finish(
		    &a->queues[i], r == RV_OK ? RV_OK : RV_ERR_IO);
	/* The people's file gives way before the records lack space. */
	if (r == RV_OK && !a->was_short)
		rv_audit_people_write(
		    &a->people, rv_buf_slice(&a->group.lines));
	return n;
}

static void
clear(int fd)
{
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
}

static void
wait_for_bell(struct rv_audit *a)
{
	struct pollfd p = { .fd = a->bell_fd, .events = POLLIN };

	/* Signals are blocked here, and a wait too short does no harm. */
	if (poll(&p, 1, IDLE_MS) == 0) {
		atomic_store(&a->health->busy_since_ms, rv_audit_boot_ms());
		look_at_space(a);
		atomic_store(&a->health->busy_since_ms, 0);
		return;
	}
	clear(a->bell_fd);
	/* From here on a submission rings again: gather only after it. */
	atomic_store(&a->rung, false);
}

void *
rv_audit_writer_run(void *arg)
{
	struct rv_audit *a = arg;

	for (;;) {
		/* What was submitted before the stop is still written. */
		bool stop = atomic_load(&a->stop);

		if (write_group(a) > 0)
			continue;
		if (stop)
			return NULL;
		wait_for_bell(a);
	}
}

/*
 * A thread of its own, since the writer may hang in a system call and the
 * loops need not know.
 */
void *
rv_audit_watch_run(void *arg)
{
	struct rv_audit *a = arg;
	struct pollfd p = { .fd = a->watch_fd, .events = POLLIN };

	while (!atomic_load(&a->stop)) {
		int64_t before_ms = rv_audit_boot_ms() - RV_AUDIT_DEADLINE_MS;

		for (unsigned i = 0; i < a->n_queues; i++)
			rv_audit_queue_expire(&a->queues[i], before_ms);
		(void)poll(&p, 1, WATCH_MS);
	}
	return NULL;
}
