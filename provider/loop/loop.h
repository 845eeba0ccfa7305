/*
 * Event loops: one thread, one event_base, its own connections.  A
 * connection and its requests never leave the loop that accepted them.
 */
#ifndef PROVIDER_LOOP_H
#define PROVIDER_LOOP_H

#include "reeve/base.h"

struct event_base;
struct rv_loop;
struct rv_provider;

/*
 * Makes a loop; start runs it on a thread of its own; stop ends that (any
 * thread may call it) and waits for it.
 */
RV_MUSTUSE int rv_loop_new(struct rv_provider *provider, unsigned index,
    struct rv_loop **ret_loop, struct rv_error *e);
RV_MUSTUSE int rv_loop_start(struct rv_loop *loop, struct rv_error *e);
void rv_loop_stop(struct rv_loop *loop);
/* After stop.  *loop may be NULL and becomes NULL. */
void rv_loop_free(struct rv_loop **loop);

/* What a loop gives to those who run on it; only on its own thread. */
struct event_base *rv_loop_base(const struct rv_loop *loop);
unsigned rv_loop_index(const struct rv_loop *loop);
struct rv_provider *rv_loop_provider(const struct rv_loop *loop);

/*
 * Runs fn(arg) in a later turn of the loop.  Any thread; never blocks.
 * The task's memory is the caller's and is free again when fn is called.
 */
struct rv_task {
	void (*fn)(void *arg);
	void *arg;
	struct rv_task *next; /* used by the loop */
};
void rv_loop_post(struct rv_loop *loop, struct rv_task *task);

/*
 * Takes part in read-side protection of snapshots (liburcu, QSBR) for the
 * rest of this turn; called by whoever reads the published pointer.  Cheap
 * when repeated.  Between turns a loop is offline, so that it never holds
 * the builder up while it waits.
 */
void rv_loop_online(struct rv_loop *loop);

/* Wall clock, UTC milliseconds, never stepping back within the process. */
int64_t rv_now_ms(void);
/* Wall clock in nanoseconds, as the system has it: for records. */
int64_t rv_wall_ns(void);
/* CLOCK_BOOTTIME: for ages and deadlines. */
int64_t rv_boot_ms(void);
int64_t rv_boot_ns(void);

#endif
