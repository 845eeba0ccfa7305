/*
 * Worker threads for what can only block (GSSAPI, LDAP).  A job copies in
 * what it needs: it never touches a connection or a snapshot.
 */
#ifndef PROVIDER_POOL_H
#define PROVIDER_POOL_H

#include "loop/loop.h"

struct rv_pool;

/*
 * run() on a worker, then done() on the loop that submitted.  The job
 * belongs to the submitter again when done() is called.
 */
struct rv_job {
	void (*run)(struct rv_job *job);
	void (*done)(struct rv_job *job);
	struct rv_loop *loop;
	struct rv_task task; /* used by the pool */
	struct rv_job *next; /* used by the pool */
};

RV_MUSTUSE int rv_pool_new(unsigned threads, size_t max_waiting,
    struct rv_pool **ret_pool, struct rv_error *e);
/* Waits for the jobs that run, drops none: call when loops have ended. */
void rv_pool_free(struct rv_pool **pool);
/* RV_ERR_LIMIT when too many wait: tell the caller 503. */
RV_MUSTUSE int rv_pool_submit(struct rv_pool *pool, struct rv_job *job);

#endif
