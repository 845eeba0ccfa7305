/* Loops and workers: tasks run once, in order, on the right thread. */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "loop/loop.h"
#include "loop/pool.h"

#define TASKS 1000

struct order {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int seen[TASKS];
	int n;
	pthread_t thread;
};

struct numbered {
	struct rv_task task;
	struct order *order;
	int number;
};

static void
note(void *arg)
{
	struct numbered *t = arg;

	(void)pthread_mutex_lock(&t->order->lock);
	t->order->seen[t->order->n++] = t->number;
	t->order->thread = pthread_self();
	(void)pthread_cond_signal(&t->order->changed);
	(void)pthread_mutex_unlock(&t->order->lock);
}

static void
wait_for(struct order *order, int n)
{
	(void)pthread_mutex_lock(&order->lock);
	while (order->n < n)
		(void)pthread_cond_wait(&order->changed, &order->lock);
	(void)pthread_mutex_unlock(&order->lock);
}

static void
tasks_run_in_the_order_of_posting(void **state)
{
	static struct order order = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	static struct numbered tasks[TASKS];
	struct rv_loop *loop = NULL;

	(void)state;
	assert_int_equal(rv_loop_new(NULL, 3, &loop, NULL), RV_OK);
	assert_int_equal(rv_loop_index(loop), 3);
	assert_int_equal(rv_loop_start(loop, NULL), RV_OK);
	for (int i = 0; i < TASKS; i++) {
		tasks[i] =
		    (struct numbered){ { note, &tasks[i], NULL }, &order, i };
		rv_loop_post(loop, &tasks[i].task);
	}
	wait_for(&order, TASKS);
	for (int i = 0; i < TASKS; i++)
		assert_int_equal(order.seen[i], i);
	assert_false(pthread_equal(order.thread, pthread_self()));
	rv_loop_stop(loop);
	rv_loop_free(&loop);
	assert_null(loop);
}

struct work {
	struct rv_job job;
	struct numbered done;
	atomic_int runs;
	pthread_t ran_on;
};

static void
run(struct rv_job *job)
{
	struct work *w = (struct work *)job;

	(void)atomic_fetch_add(&w->runs, 1);
	w->ran_on = pthread_self();
}

static void
done(struct rv_job *job)
{
	struct work *w = (struct work *)job;

	note(&w->done);
}

static void
jobs_run_on_a_worker_and_end_on_their_loop(void **state)
{
	static struct order order = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	static struct work works[TASKS];
	struct rv_loop *loop = NULL;
	struct rv_pool *pool = NULL;

	(void)state;
	assert_int_equal(rv_loop_new(NULL, 0, &loop, NULL), RV_OK);
	assert_int_equal(rv_loop_start(loop, NULL), RV_OK);
	assert_int_equal(rv_pool_new(4, TASKS, &pool, NULL), RV_OK);
	for (int i = 0; i < TASKS; i++) {
		works[i].job =
		    (struct rv_job){ .run = run, .done = done, .loop = loop };
		works[i].done.order = &order;
		works[i].done.number = i;
		assert_int_equal(rv_pool_submit(pool, &works[i].job), RV_OK);
	}
	wait_for(&order, TASKS);
	for (int i = 0; i < TASKS; i++) {
		assert_int_equal(atomic_load(&works[i].runs), 1);
		assert_false(pthread_equal(works[i].ran_on, order.thread));
	}
	rv_pool_free(&pool);
	rv_loop_stop(loop);
	rv_loop_free(&loop);
}

/* A worker that is held keeps the queue from moving. */
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void
run_held(struct rv_job *job)
{
	(void)pthread_mutex_lock(&held);
	(void)pthread_mutex_unlock(&held);
	run(job);
}

static void
a_full_queue_says_so(void **state)
{
	static struct order order = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	static struct work works[8];
	struct rv_loop *loop = NULL;
	struct rv_pool *pool = NULL;
	int accepted = 0;

	(void)state;
	assert_int_equal(rv_loop_new(NULL, 0, &loop, NULL), RV_OK);
	assert_int_equal(rv_loop_start(loop, NULL), RV_OK);
	assert_int_equal(rv_pool_new(1, 2, &pool, NULL), RV_OK);
	(void)pthread_mutex_lock(&held);
	for (int i = 0; i < 8; i++) {
		works[i].job = (struct rv_job){
			.run = run_held, .done = done, .loop = loop
		};
		works[i].done.order = &order;
		if (rv_pool_submit(pool, &works[i].job) == RV_OK)
			accepted++;
		else
			assert_true(accepted >= 2);
	}
	/* Two wait, and the worker may have taken one. */
	assert_in_range(accepted, 2, 3);
	(void)pthread_mutex_unlock(&held);
	wait_for(&order, accepted);
	rv_pool_free(&pool);
	rv_loop_stop(loop);
	rv_loop_free(&loop);
}

static void
the_clock_never_steps_back(void **state)
{
	int64_t before = rv_now_ms();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int64_t now = rv_now_ms();

		assert_true(now >= before);
		before = now;
	}
	assert_true(rv_boot_ns() / 1000000 - rv_boot_ms() <= 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_run_in_the_order_of_posting),
		cmocka_unit_test(jobs_run_on_a_worker_and_end_on_their_loop),
		cmocka_unit_test(a_full_queue_says_so),
		cmocka_unit_test(the_clock_never_steps_back),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
