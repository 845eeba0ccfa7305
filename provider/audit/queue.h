/*
 * The way of entries between one producer and the writer.  Private to
 * provider/audit.
 *
 *   submit      take         fly         finish        reap
 *   -----> waiting -> copying -> flying --------> done ----->
 *             |                    |               ^
 *             +------- expire -----+---------------+
 *
 * An entry is in exactly one of the four lists, all under the queue's lock.
 * The writer reads an entry's bytes only while it is in `copying`, from
 * where nobody else takes it, and does no I/O meanwhile.  While the system
 * calls run it holds copies and no pointer to an entry: so expire() may
 * give an entry back at any time, however long a write hangs.
 */
#ifndef PROVIDER_AUDIT_QUEUE_H
#define PROVIDER_AUDIT_QUEUE_H

#include <pthread.h>

#include "audit/audit.h"

struct rv_audit_list {
	struct rv_audit_entry *head, *tail;
};

struct rv_audit_queue {
	pthread_mutex_t lock;
	struct rv_audit_list waiting, copying, flying, done;
	uint64_t expired_flying; /* given back while their group flies */
	uint64_t lost;		 /* failed ones that are not in the log */
	int fd;			 /* eventfd, readable when `done` has some */
	int tid;		 /* of the producer, for the people's lines */
};

RV_MUSTUSE int rv_audit_queue_init(struct rv_audit_queue *q);
void rv_audit_queue_fini(struct rv_audit_queue *q);

/* The producer's side. */
void rv_audit_queue_submit(
    struct rv_audit_queue *q, struct rv_audit_entry *entry, int64_t now_ms);
struct rv_audit_entry *rv_audit_queue_reap(struct rv_audit_queue *q);

/*
 * The writer's side.  take() moves entries of together about max bytes, at
 * least one if any waits, and gives the first; their `next` may be followed
 * and `result` set to a failure until fly().
 */
struct rv_audit_entry *rv_audit_queue_take(
    struct rv_audit_queue *q, size_t max, int *ret_tid);
void rv_audit_queue_fly(struct rv_audit_queue *q);
/* Ends what flies: entries that have no failure of their own get result. */
void rv_audit_queue_finish(struct rv_audit_queue *q, int result);
/* The number of lost records since the last call. */
uint64_t rv_audit_queue_lost(struct rv_audit_queue *q);

/* Gives entries back as timed out that were submitted before that time. */
void rv_audit_queue_expire(struct rv_audit_queue *q, int64_t before_ms);

#endif
