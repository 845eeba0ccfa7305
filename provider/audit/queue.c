#include "audit/queue.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- Lists ------------------------------------------------------------- */

static void
list_add(struct rv_audit_list *list, struct rv_audit_entry *entry)
{
	entry->next = NULL;
	if (list->tail != NULL)
		list->tail->next = entry;
	else
		list->head = entry;
	list->tail = entry;
}

static struct rv_audit_entry *
list_pop(struct rv_audit_list *list)
{
	struct rv_audit_entry *entry = list->head;

	if (entry == NULL)
		return NULL;
	list->head = entry->next;
	if (list->head == NULL)
		list->tail = NULL;
	entry->next = NULL;
	return entry;
}

static void
list_move_all(struct rv_audit_list *from, struct rv_audit_list *to)
{
	if (from->head == NULL)
		return;
	if (to->tail != NULL)
		to->tail->next = from->head;
	else
		to->head = from->head;
	to->tail = from->tail;
	*from = (struct rv_audit_list){ NULL, NULL };
}

/* ---- The queue --------------------------------------------------------- */

int
rv_audit_queue_init(struct rv_audit_queue *q)
{
	*q = (struct rv_audit_queue){ .fd = -1 };
	if (pthread_mutex_init(&q->lock, NULL) != 0)
		return RV_ERR_NOMEM;
	q->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (q->fd < 0) {
		(void)pthread_mutex_destroy(&q->lock);
		return RV_ERR_IO;
	}
	return RV_OK;
}

void
rv_audit_queue_fini(struct rv_audit_queue *q)
{
	(void)close(q->fd);
	(void)pthread_mutex_destroy(&q->lock);
}

static void
lock(struct rv_audit_queue *q)
{
	RV_ASSERT(pthread_mutex_lock(&q->lock) == 0);
}

static void
unlock(struct rv_audit_queue *q)
{
	RV_ASSERT(pthread_mutex_unlock(&q->lock) == 0);
}

/* An eventfd that overflows is readable all the same. */
static void
ring(const struct rv_audit_queue *q)
{
	const uint64_t one = 1;

	while (write(q->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void
rv_audit_queue_submit(
    struct rv_audit_queue *q, struct rv_audit_entry *entry, int64_t now_ms)
{
	entry->submitted_ms = now_ms;
	entry->result = RV_OK;
	lock(q);
	if (q->tid == 0)
		q->tid = (int)gettid();
	list_add(&q->waiting, entry);
	unlock(q);
}

struct rv_audit_entry *
rv_audit_queue_reap(struct rv_audit_queue *q)
{
	struct rv_audit_entry *head;
	uint64_t count;

	/* Clear first: what comes after is announced again. */
	while (read(q->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	lock(q);
	head = q->done.head;
	q->done = (struct rv_audit_list){ NULL, NULL };
	unlock(q);
	return head;
}

struct rv_audit_entry *
rv_audit_queue_take(struct rv_audit_queue *q, size_t max, int *ret_tid)
{
	struct rv_audit_entry *head, *entry;
	size_t n = 0;

	lock(q);
	RV_ASSERT(q->copying.head == NULL && q->flying.head == NULL);
	while ((entry = q->waiting.head) != NULL &&
	       (n == 0 || n + entry->record.n <= max)) {
		n += entry->record.n + 1;
		(void)list_pop(&q->waiting);
		list_add(&q->copying, entry);
	}
	head = q->copying.head;
	*ret_tid = q->tid;
	unlock(q);
	return head;
}

void
rv_audit_queue_fly(struct rv_audit_queue *q)
{
	lock(q);
	list_move_all(&q->copying, &q->flying);
	unlock(q);
}

void
rv_audit_queue_finish(struct rv_audit_queue *q, int result)
{
	struct rv_audit_entry *entry;
	bool any = false;

	lock(q);
	while ((entry = list_pop(&q->flying)) != NULL) {
		if (entry->result == RV_OK)
			entry->result = result;
		if (entry->result != RV_OK)
			q->lost++;
		list_add(&q->done, entry);
		any = true;
	}
	if (result != RV_OK)
		q->lost += q->expired_flying;
	q->expired_flying = 0;
	unlock(q);
	if (any)
		ring(q);
}

uint64_t
rv_audit_queue_lost(struct rv_audit_queue *q)
{
	uint64_t n;

	lock(q);
	n = q->lost;
	q->lost = 0;
	unlock(q);
	return n;
}

/* Entries of a list are in the order of their times. */
static uint64_t
expire_list(
    struct rv_audit_queue *q, struct rv_audit_list *list, int64_t before_ms)
{
	struct rv_audit_entry *entry;
	uint64_t n = 0;

	while (
	    (entry = list->head) != NULL && entry->submitted_ms < before_ms) {
		(void)list_pop(list);
		entry->result = RV_ERR_TIMEOUT;
		list_add(&q->done, entry);
		n++;
	}
	return n;
}

void
rv_audit_queue_expire(struct rv_audit_queue *q, int64_t before_ms)
{
	uint64_t flying, waiting = 0;

	lock(q);
	flying = expire_list(q, &q->flying, before_ms);
	/* Older ones that are being copied keep their place before these. */
	if (q->copying.head == NULL)
		waiting = expire_list(q, &q->waiting, before_ms);
	q->expired_flying += flying;
	q->lost += waiting;
	unlock(q);
	if (flying + waiting > 0)
		ring(q);
}
