/*
 * Event loops: one thread, one event_base, its own connections.  A
 * connection and its requests never leave the loop that accepted them.
 */
#ifndef PROVIDER_LOOP_H
#define PROVIDER_LOOP_H

#include "reeve/base.h"
#include "reeve/rbac.h"

struct event_base;
struct rv_audit;
struct rv_feed;
struct rv_pg;
struct rv_pool;
struct rv_provider;
struct rv_loop;

/* What a loop gives to those who run on it; only on its own thread. */
struct event_base *rv_loop_base(const struct rv_loop *loop);
unsigned rv_loop_index(const struct rv_loop *loop);
struct rv_provider *rv_loop_provider(const struct rv_loop *loop);
struct rv_pg *rv_loop_pg(const struct rv_loop *loop);

/*
 * Makes a loop of its own base; start runs it on a new thread, stop ends
 * that (any thread may call it) and waits.
 */
RV_MUSTUSE int rv_loop_new(struct rv_provider *provider, unsigned index,
    struct rv_loop **ret_loop, struct rv_error *e);
RV_MUSTUSE int rv_loop_start(struct rv_loop *loop, struct rv_error *e);
void rv_loop_stop(struct rv_loop *loop);
void rv_loop_free(struct rv_loop **loop);

/*
 * Runs fn(arg) in a later turn of the loop.  Any thread; never blocks.
 * The task's memory is the caller's and is free again when fn is called.
 */
struct rv_task {
	void (*fn)(void *arg);
	void *arg;
	struct rv_task *next;
};
void rv_loop_post(struct rv_loop *loop, struct rv_task *task);

/*
 * Takes part in read-side protection of snapshots for the rest of this
 * turn (liburcu QSBR); called by whoever reads the published pointer.
 * Cheap when repeated.
 */
void rv_loop_online(struct rv_loop *loop);

/* Wall clock, UTC milliseconds, never stepping back within the process. */
int64_t rv_now_ms(void);
/* CLOCK_BOOTTIME in milliseconds: for ages and deadlines. */
int64_t rv_boot_ms(void);
int64_t rv_boot_ns(void);

#endif
