#include "loop/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct rv_pool {
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t work;
	struct rv_job *first, **last; /* waiting, oldest first */
	size_t waiting, max_waiting;
	bool stopping;
	unsigned n_threads;
	pthread_t threads[];
};

static struct rv_job *
take(struct rv_pool *pool)
{
	struct rv_job *job;

	(void)pthread_mutex_lock(&pool->lock);
	while (pool->first == NULL && !pool->stopping)
		(void)pthread_cond_wait(&pool->work, &pool->lock);
	job = pool->first;
	if (job != NULL) {
		pool->first = job->next;
		if (pool->first == NULL)
			pool->last = &pool->first;
		pool->waiting--;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return job;
}

static void
finished(void *arg)
{
	struct rv_job *job = arg;

	job->done(job);
}

static void *
work(void *arg)
{
	struct rv_pool *pool = arg;
	struct rv_job *job;

	while ((job = take(pool)) != NULL) {
		job->run(job);
		job->task.fn = finished;
		job->task.arg = job;
		rv_loop_post(job->loop, &job->task);
	}
	return NULL;
}

int
rv_pool_new(unsigned threads, size_t max_waiting, struct rv_pool **ret_pool,
    struct rv_error *e)
{
	struct rv_pool *pool;
	int err;

	pool = calloc(1, sizeof(*pool) + threads * sizeof(pool->threads[0]));
	if (pool == NULL) {
		rv_error_set(e, "cannot start workers: out of memory");
		return RV_ERR_NOMEM;
	}
	(void)pthread_mutex_init(&pool->lock, NULL);
	(void)pthread_cond_init(&pool->work, NULL);
	pool->last = &pool->first;
	pool->max_waiting = max_waiting;
	for (; pool->n_threads < threads; pool->n_threads++) {
		err = pthread_create(
		    &pool->threads[pool->n_threads], NULL, work, pool);
		if (err != 0) {
			rv_error_set(
			    e, "cannot start a worker: %s", strerror(err));
			rv_pool_free(&pool);
			return RV_ERR_IO;
		}
	}
	*ret_pool = pool;
	return RV_OK;
}

void
rv_pool_free(struct rv_pool **pool)
{
	struct rv_pool *p = *pool;

	*pool = NULL;
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->stopping = true;
	(void)pthread_cond_broadcast(&p->work);
	(void)pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->n_threads; i++)
		RV_ASSERT(pthread_join(p->threads[i], NULL) == 0);
	(void)pthread_cond_destroy(&p->work);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

int
rv_pool_submit(struct rv_pool *pool, struct rv_job *job)
{
	int r = RV_ERR_LIMIT;

	(void)pthread_mutex_lock(&pool->lock);
	if (pool->waiting < pool->max_waiting && !pool->stopping) {
		job->next = NULL;
		*pool->last = job;
		pool->last = &job->next;
		pool->waiting++;
		(void)pthread_cond_signal(&pool->work);
		r = RV_OK;
	}
	(void)pthread_mutex_unlock(&pool->lock);
	return r;
}
