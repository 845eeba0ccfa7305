/* Many producers at once: nothing lost, nothing twice, each in its order. */
#include "log_helper.h"

#include <pthread.h>

#include "log.h"

#define N_PRODUCERS 8
#define N_ENTRIES   500
#define WINDOW	    16 /* entries that a producer has out at once */

struct producer {
	struct rv_audit *audit;
	unsigned index;
	int64_t reaped; /* the number that must come next */
	bool wrong;
};

static void
reap_some(struct producer *p)
{
	struct rv_audit_entry *e, *next;

	struct pollfd fd = { .fd = rv_audit_fd(p->audit, p->index),
		.events = POLLIN };

	if (poll(&fd, 1, WAIT_MS) != 1)
		p->wrong = true;
	for (e = rv_audit_reap(p->audit, p->index); e != NULL; e = next) {
		int64_t *number = e->owner;

		next = e->next;
		if (*number != p->reaped || e->result != RV_OK)
			p->wrong = true;
		p->reaped++;
		free(number);
		entry_free(e);
	}
}

static void *
produce(void *arg)
{
	struct producer *p = arg;

	for (int64_t i = 0; i < N_ENTRIES && !p->wrong; i++) {
		struct rv_audit_entry *e = entry_new(p->index, i);
		int64_t *number = malloc(sizeof(*number));

		*number = i;
		e->owner = number;
		rv_audit_submit(p->audit, p->index, e);
		while (!p->wrong && i + 1 - p->reaped >= WINDOW)
			reap_some(p);
		if (i % 50 == 0 && rv_audit_reserve(p->audit))
			rv_audit_unreserve(p->audit);
	}
	while (!p->wrong && p->reaped < N_ENTRIES)
		reap_some(p);
	return NULL;
}

static void
run_producers(struct rv_audit *audit)
{
	struct producer p[N_PRODUCERS];
	pthread_t threads[N_PRODUCERS];
	struct rv_audit_state s;

	for (unsigned i = 0; i < N_PRODUCERS; i++) {
		p[i] = (struct producer){ .audit = audit, .index = i };
		assert_int_equal(
		    pthread_create(&threads[i], NULL, produce, &p[i]), 0);
	}
	rv_audit_state(audit, &s);
	for (unsigned i = 0; i < N_PRODUCERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_false(p[i].wrong);
	}
	rv_audit_state(audit, &s);
	assert_true(s.healthy);
	assert_int_equal(s.seq, 1 + N_PRODUCERS * N_ENTRIES);
}

static void
test_many_producers(void **state)
{
	int64_t next[N_PRODUCERS] = { 0 };
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	json_t *records;

	(void)state;
	folder_make(&f);
	config = config_for(&f, N_PRODUCERS);
	config.segment_size = 256 * 1024;
	audit = log_open(&config);
	run_producers(audit);
	rv_audit_close(&audit);
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 2 + N_PRODUCERS * N_ENTRIES);
	for (size_t i = 1; i + 1 < json_array_size(records); i++) {
		unsigned long who =
		    strtoul(record_text(records, i, "action") + 1, NULL, 10);

		assert_in_range(who, 0, N_PRODUCERS - 1);
		assert_int_equal(
		    record_number(records, i, "count"), next[who]++);
	}
	json_decref(records);
	folder_remove(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_producers),
	};

	rv_log_set_level(RV_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
