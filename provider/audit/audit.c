#include "audit/internal.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "audit/recover.h"
#include "log.h"

int64_t
rv_audit_boot_ms(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
ring(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- Opening ----------------------------------------------------------- */

/* The parts that need no file. */
static int
make_parts(struct rv_audit *a, const struct rv_audit_config *config)
{
	char host[256] = "";

	if (config->node == NULL || config->node[0] == '\0')
		(void)gethostname(host, sizeof(host) - 1);
	a->node = strdup(
	    host[0] != '\0' || config->node == NULL ? host : config->node);
	a->directory = strdup(config->directory);
	a->hasher = rv_audit_hasher_new();
	a->health = calloc(1, sizeof(*a->health));
	a->queues = calloc(config->producers, sizeof(*a->queues));
	if (a->node == NULL || a->directory == NULL || a->hasher == NULL ||
	    a->health == NULL || a->queues == NULL ||
	    pthread_mutex_init(&a->health->lock, NULL) != 0)
		return RV_ERR_NOMEM;
	for (; a->n_queues < config->producers; a->n_queues++)
		if (rv_audit_queue_init(&a->queues[a->n_queues]) != RV_OK)
			return RV_ERR_NOMEM;
	a->bell_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	a->watch_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return a->bell_fd < 0 || a->watch_fd < 0 ? RV_ERR_IO : RV_OK;
}

/* The first records: that the log was opened, and what was lost before. */
static int
write_opening(struct rv_audit *a, uint64_t torn, struct rv_error *e)
{
	char detail[96];
	int r;

	rv_audit_group_begin(a);
	rv_audit_group_note(a, "log_opened", NULL, -1);
	if (torn > 0) {
		(void)snprintf(detail, sizeof(detail),
		    "a torn end of %" PRIu64 " bytes was cut off", torn);
		rv_audit_group_note(a, "log_recovered", detail, -1);
		rv_log(
		    RV_LOG_WARNING, "audit log %s: %s", a->directory, detail);
	}
	r = rv_audit_group_commit(a);
	if (r != RV_OK)
		rv_error_set(
		    e, "cannot write the audit log: %s", a->health->problem);
	else
		rv_audit_people_write(
		    &a->people, rv_buf_slice(&a->group.lines));
	return r;
}

static int
start_threads(struct rv_audit *a)
{
	sigset_t all, old;
	int r;

	/* Signals belong to those who wait for them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&a->writer, NULL, rv_audit_writer_run, a);
	if (r == 0) {
		(void)pthread_setname_np(a->writer, "audit-writer");
		r = pthread_create(&a->watch, NULL, rv_audit_watch_run, a);
		if (r == 0) {
			(void)pthread_setname_np(a->watch, "audit-watch");
		} else {
			atomic_store(&a->stop, true);
			ring(a->bell_fd);
			(void)pthread_join(a->writer, NULL);
		}
	}
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r == 0 ? RV_OK : RV_ERR_NOMEM;
}

/* Everything but the threads, which have ended or never ran. */
static void
free_parts(struct rv_audit *a)
{
	rv_audit_people_fini(&a->people);
	rv_audit_segment_fini(&a->segment);
	for (unsigned i = 0; i < a->n_queues; i++)
		rv_audit_queue_fini(&a->queues[i]);
	if (a->bell_fd >= 0)
		(void)close(a->bell_fd);
	if (a->watch_fd >= 0)
		(void)close(a->watch_fd);
	rv_buf_fini(&a->group.bytes);
	rv_buf_fini(&a->group.lines);
	rv_buf_fini(&a->scratch);
	rv_audit_hasher_free(&a->hasher);
	free(a->queues);
	free(a->health);
	free(a->directory);
	free(a->node);
	free(a);
}

int
rv_audit_open_with(const struct rv_audit_config *config,
    const struct rv_audit_io *io, struct rv_audit **ret_audit,
    struct rv_error *e)
{
	struct rv_audit *a = calloc(1, sizeof(*a));
	uint64_t torn = 0;
	int r = RV_ERR_NOMEM;

	RV_ASSERT(config->producers > 0);
	rv_error_set(e, "the audit log cannot start: out of memory");
	if (a == NULL)
		return r;
	a->bell_fd = a->watch_fd = -1;
	a->reserve = config->reserve;
	a->closed = config->closed;
	a->closed_arg = config->arg;
	a->segment.fd = a->segment.dir_fd = a->people.fd = -1;
	r = make_parts(a, config);
	if (r != RV_OK)
		goto out;
	r = rv_audit_segment_init(&a->segment, io, a->directory, e);
	if (r != RV_OK)
		goto out;
	a->segment.size_max = (off_t)config->segment_size;
	rv_audit_people_init(&a->people, a->segment.dir_fd);
	r = rv_audit_recover(&a->segment, a->hasher, &a->link, &torn, e);
	memcpy(a->last_segment, a->segment.name, sizeof(a->last_segment));
	if (r == RV_OK)
		r = write_opening(a, torn, e);
	if (r != RV_OK)
		goto out;
	r = start_threads(a);
	if (r != RV_OK) {
		rv_error_set(e, "cannot start the threads of the audit log");
		goto out;
	}
	*ret_audit = a;
	a = NULL;
out:
	if (a != NULL)
		free_parts(a);
	return r;
}

int
rv_audit_open(const struct rv_audit_config *config, struct rv_audit **ret_audit,
    struct rv_error *e)
{
	return rv_audit_open_with(config, rv_audit_io_system(), ret_audit, e);
}

void
rv_audit_close(struct rv_audit **audit)
{
	struct rv_audit *a = *audit;

	*audit = NULL;
	if (a == NULL)
		return;
	atomic_store(&a->stop, true);
	ring(a->bell_fd);
	ring(a->watch_fd);
	(void)pthread_join(a->writer, NULL);
	(void)pthread_join(a->watch, NULL);
	if (!atomic_load(&a->health->dead)) {
		rv_audit_group_begin(a);
		rv_audit_group_note(a, "log_closed", NULL, -1);
		if (rv_audit_group_commit(a) == RV_OK)
			rv_audit_people_write(
			    &a->people, rv_buf_slice(&a->group.lines));
	}
	free_parts(a);
}

/* ---- For the producers ------------------------------------------------- */

void
rv_audit_submit(
    struct rv_audit *audit, unsigned producer, struct rv_audit_entry *entry)
{
	RV_ASSERT(producer < audit->n_queues);
	rv_audit_queue_submit(
	    &audit->queues[producer], entry, rv_audit_boot_ms());
	/* One ring for all who submit while the writer is busy. */
	if (!atomic_exchange(&audit->rung, true))
		ring(audit->bell_fd);
}

int
rv_audit_fd(const struct rv_audit *audit, unsigned producer)
{
	RV_ASSERT(producer < audit->n_queues);
	return audit->queues[producer].fd;
}

struct rv_audit_entry *
rv_audit_reap(struct rv_audit *audit, unsigned producer)
{
	RV_ASSERT(producer < audit->n_queues);
	return rv_audit_queue_reap(&audit->queues[producer]);
}

bool
rv_audit_is_usable(const struct rv_audit *audit)
{
	int64_t since = atomic_load(&audit->health->busy_since_ms);

	if (!atomic_load(&audit->health->healthy))
		return false;
	return since == 0 || rv_audit_boot_ms() - since < RV_AUDIT_DEADLINE_MS;
}

bool
rv_audit_reserve(struct rv_audit *audit)
{
	return rv_audit_is_usable(audit) &&
	       rv_audit_space_promise(&audit->space);
}

void
rv_audit_unreserve(struct rv_audit *audit)
{
	rv_audit_space_release(&audit->space);
}

void
rv_audit_state(const struct rv_audit *audit, struct rv_audit_state *ret_state)
{
	struct rv_audit_health *h = audit->health;

	*ret_state = (struct rv_audit_state){
		.healthy = rv_audit_is_usable(audit),
		.seq = atomic_load(&h->seq),
	};
	if (ret_state->healthy)
		return;
	RV_ASSERT(pthread_mutex_lock(&h->lock) == 0);
	memcpy(ret_state->problem, h->problem, sizeof(h->problem));
	RV_ASSERT(pthread_mutex_unlock(&h->lock) == 0);
	if (ret_state->problem[0] == '\0')
		(void)snprintf(ret_state->problem, sizeof(ret_state->problem),
		    "%s: a write has not ended for more than %d s",
		    audit->directory, RV_AUDIT_DEADLINE_MS / 1000);
}
