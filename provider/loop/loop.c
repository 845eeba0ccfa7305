#include "loop/loop.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <urcu/urcu-qsbr.h>

struct rv_loop {
	struct rv_provider *provider;
	unsigned index;
	struct event_base *base;
	struct event *wake;
	int wake_fd;
	_Atomic(struct rv_task *) posted; /* newest first */
	atomic_bool stopping;
	bool online; /* own thread only */
	bool started;
	pthread_t thread;
};

static void
ring(const struct rv_loop *loop)
{
	const uint64_t one = 1;
	ssize_t n;

	do
		n = write(loop->wake_fd, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
	/* EAGAIN: the counter is full, so the loop is rung already. */
}

static struct rv_task *
in_order_of_posting(struct rv_task *newest)
{
	struct rv_task *first = NULL;

	while (newest != NULL) {
		struct rv_task *next = newest->next;

		newest->next = first;
		first = newest;
		newest = next;
	}
	return first;
}

static void
run_posted(struct rv_loop *loop)
{
	struct rv_task *task = in_order_of_posting(atomic_exchange_explicit(
	    &loop->posted, NULL, memory_order_acquire));

	while (task != NULL) {
		/* fn may free or post the task again: look ahead first. */
		struct rv_task *next = task->next;

		task->fn(task->arg);
		task = next;
	}
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct rv_loop *loop = arg;
	uint64_t count;

	(void)what;
	/* Emptied before the list is taken, so that no ring is lost. */
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	run_posted(loop);
}

int
rv_loop_new(struct rv_provider *provider, unsigned index,
    struct rv_loop **ret_loop, struct rv_error *e)
{
	struct rv_loop *loop = calloc(1, sizeof(*loop));
	int r = RV_ERR_NOMEM;

	if (loop == NULL)
		goto out;
	loop->provider = provider;
	loop->index = index;
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->wake_fd < 0) {
		r = RV_ERR_IO;
		rv_error_set(
		    e, "cannot make an event loop: %s", strerror(errno));
		goto out;
	}
	loop->base = event_base_new();
	if (loop->base == NULL)
		goto out;
	loop->wake = event_new(
	    loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
	if (loop->wake == NULL || event_add(loop->wake, NULL) != 0)
		goto out;
	*ret_loop = loop;
	loop = NULL;
	r = RV_OK;
out:
	if (r == RV_ERR_NOMEM)
		rv_error_set(e, "cannot make an event loop: out of memory");
	rv_loop_free(&loop);
	return r;
}

void
rv_loop_free(struct rv_loop **loop)
{
	struct rv_loop *l = *loop;

	*loop = NULL;
	if (l == NULL)
		return;
	RV_ASSERT(!l->started);
	if (l->wake != NULL)
		event_free(l->wake);
	if (l->base != NULL)
		event_base_free(l->base);
	if (l->wake_fd >= 0)
		(void)close(l->wake_fd);
	free(l);
}

static void *
run(void *arg)
{
	struct rv_loop *loop = arg;

	urcu_qsbr_register_thread();
	urcu_qsbr_thread_offline();
	while (!atomic_load(&loop->stopping)) {
		if (event_base_loop(loop->base, EVLOOP_ONCE) < 0)
			break;
		if (loop->online) {
			loop->online = false;
			urcu_qsbr_thread_offline();
		}
	}
	urcu_qsbr_unregister_thread();
	return NULL;
}

int
rv_loop_start(struct rv_loop *loop, struct rv_error *e)
{
	int err = pthread_create(&loop->thread, NULL, run, loop);

	if (err != 0) {
		rv_error_set(
		    e, "cannot start an event loop: %s", strerror(err));
		return RV_ERR_IO;
	}
	loop->started = true;
	return RV_OK;
}

void
rv_loop_stop(struct rv_loop *loop)
{
	if (!loop->started)
		return;
	atomic_store(&loop->stopping, true);
	ring(loop);
	RV_ASSERT(pthread_join(loop->thread, NULL) == 0);
	loop->started = false;
}

struct event_base *
rv_loop_base(const struct rv_loop *loop)
{
	return loop->base;
}

unsigned
rv_loop_index(const struct rv_loop *loop)
{
	return loop->index;
}

struct rv_provider *
rv_loop_provider(const struct rv_loop *loop)
{
	return loop->provider;
}

void
rv_loop_post(struct rv_loop *loop, struct rv_task *task)
{
	struct rv_task *head =
	    atomic_load_explicit(&loop->posted, memory_order_relaxed);

	do
		task->next = head;
	while (!atomic_compare_exchange_weak_explicit(&loop->posted, &head,
	    task, memory_order_release, memory_order_relaxed));
	/* Only the first of a burst rings. */
	if (head == NULL)
		ring(loop);
}

void
rv_loop_online(struct rv_loop *loop)
{
	if (loop->online)
		return;
	urcu_qsbr_thread_online();
	loop->online = true;
}
