/*
 * What audit.c and writer.c share.  Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_INTERNAL_H
#define PROVIDER_AUDIT_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "audit/audit.h"
#include "audit/chain.h"
#include "audit/io.h"
#include "audit/people.h"
#include "audit/queue.h"
#include "audit/record.h"
#include "audit/segment.h"
#include "audit/space.h"

/* A record that is not durable by then is given back as failed. */
#define RV_AUDIT_DEADLINE_MS 2000

/* What any thread may look at. */
struct rv_audit_health {
	_Atomic bool healthy;
	_Atomic bool dead; /* failed for good: only a restart helps */
	_Atomic uint64_t seq;
	/* since when a system call of the writer runs, 0 when none does */
	_Atomic int64_t busy_since_ms;
	pthread_mutex_t lock; /* of problem */
	char problem[256];
};

/* Records and lines that the writer is putting together. */
struct rv_audit_group {
	struct rv_buf bytes;	   /* whole lines of the segment */
	struct rv_buf lines;	   /* of SMSProv.log */
	struct rv_audit_link link; /* as it will be when all is durable */
	int64_t now_ms;
	uint64_t gap; /* lost records that this group tells of */
};

struct rv_audit {
	char *node;
	char *directory;
	size_t reserve;
	unsigned n_queues;
	struct rv_audit_queue *queues;
	/* apart, so that a const log can still be asked for its state */
	struct rv_audit_health *health;
	struct rv_audit_space space;
	int bell_fd; /* eventfd: something waits, or stop */
	_Atomic bool rung;
	_Atomic bool stop;
	int watch_fd; /* eventfd: stop */
	pthread_t writer, watch;

	/* the writer's own, and of open and close while it does not run */
	struct rv_audit_segment segment;
	struct rv_audit_people people;
	struct rv_audit_hasher *hasher;
	struct rv_audit_link link;
	struct rv_audit_group group;
	struct rv_buf scratch;
	/* In which the last durable record is; "" before the first. */
	char last_segment[RV_AUDIT_SEGMENT_NAME];
	void (*closed)(
	    void *arg, const char *segment, uint64_t seq, const char *hash);
	void *closed_arg;
	uint64_t lost;	/* records that no group has told of yet */
	bool was_short; /* the last look found less than the reserve */
	unsigned turn;	/* which queue is served first */
};

/* rv_audit_open() with other file operations than the system's. */
RV_MUSTUSE int rv_audit_open_with(const struct rv_audit_config *config,
    const struct rv_audit_io *io, struct rv_audit **ret_audit,
    struct rv_error *e);

/* CLOCK_BOOTTIME in ms. */
int64_t rv_audit_boot_ms(void);
/* False as well while a system call of the writer has hung too long. */
bool rv_audit_is_usable(const struct rv_audit *audit);

/* ---- writer.c ---------------------------------------------------------- */

void rv_audit_group_begin(struct rv_audit *a);
/* Adds a record of the log about itself; detail and count may be absent. */
void rv_audit_group_note(
    struct rv_audit *a, const char *event, const char *detail, int64_t count);
/* Writes the group; RV_ERR_UNAVAILABLE or RV_ERR_IO as the segment does. */
RV_MUSTUSE int rv_audit_group_commit(struct rv_audit *a);
/* The writer's and the watch's threads; arg is the log. */
void *rv_audit_writer_run(void *arg);
void *rv_audit_watch_run(void *arg);

#endif
