/*
 * The log on a file system that fails: through a table of file operations
 * whose answers the test chooses, and on a real small file system.
 */
#include "log_helper.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <time.h>

#include "log.h"

/* What the next calls do; 0 and false: what the system does. */
struct faulty {
	struct rv_audit_io io;
	_Atomic int pwrite_error;
	_Atomic bool pwrite_half; /* half of the bytes before that error */
	_Atomic int fdatasync_error;
	_Atomic int ftruncate_error;
	_Atomic int allocate_error;
	_Atomic bool says_free;
	_Atomic uint64_t free_bytes;
	_Atomic bool hang; /* the next fdatasync */
	sem_t hangs, go_on;
	sem_t synced; /* posted by every fdatasync that succeeds */
	_Atomic unsigned n_pwrite, n_fdatasync;
};

static ssize_t
faulty_pwrite(void *arg, int fd, const void *p, size_t n, off_t at)
{
	struct faulty *f = arg;
	int error = atomic_load(&f->pwrite_error);

	atomic_fetch_add(&f->n_pwrite, 1);
	if (error != 0 && atomic_exchange(&f->pwrite_half, false))
		return pwrite(fd, p, n / 2, at);
	if (error != 0) {
		errno = error;
		return -1;
	}
	return pwrite(fd, p, n, at);
}

static int
faulty_fdatasync(void *arg, int fd)
{
	struct faulty *f = arg;
	int error;

	atomic_fetch_add(&f->n_fdatasync, 1);
	if (atomic_exchange(&f->hang, false)) {
		(void)sem_post(&f->hangs);
		while (sem_wait(&f->go_on) != 0)
			;
	}
	error = atomic_load(&f->fdatasync_error);
	if (error != 0) {
		errno = error;
		return -1;
	}
	if (fdatasync(fd) != 0)
		return -1;
	(void)sem_post(&f->synced);
	return 0;
}

static int
faulty_ftruncate(void *arg, int fd, off_t size)
{
	struct faulty *f = arg;
	int error = atomic_load(&f->ftruncate_error);

	if (error != 0) {
		errno = error;
		return -1;
	}
	return ftruncate(fd, size);
}

static int
faulty_allocate(void *arg, int fd, off_t at, off_t n)
{
	struct faulty *f = arg;
	int error = atomic_load(&f->allocate_error);

	if (error != 0) {
		errno = error;
		return -1;
	}
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, at, n);
}

static int
faulty_free_bytes(void *arg, int fd, uint64_t *ret_bytes)
{
	struct faulty *f = arg;

	if (!atomic_load(&f->says_free))
		return rv_audit_io_system()->free_bytes(NULL, fd, ret_bytes);
	*ret_bytes = atomic_load(&f->free_bytes);
	return 0;
}

/* One open log on faulty operations. */
struct bench {
	struct faulty faulty;
	struct folder folder;
	struct rv_audit_config config;
	struct rv_audit *audit;
};

static void
bench_open(struct bench *b)
{
	struct rv_error e;

	if (rv_audit_open_with(&b->config, &b->faulty.io, &b->audit, &e) !=
	    RV_OK)
		fail_msg("%s", e.text);
	while (sem_trywait(&b->faulty.synced) == 0)
		;
}

static int
bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->faulty.io = (struct rv_audit_io){
		.arg = &b->faulty,
		.pwrite = faulty_pwrite,
		.fdatasync = faulty_fdatasync,
		.ftruncate = faulty_ftruncate,
		.allocate = faulty_allocate,
		.free_bytes = faulty_free_bytes,
	};
	assert_int_equal(sem_init(&b->faulty.hangs, 0, 0), 0);
	assert_int_equal(sem_init(&b->faulty.go_on, 0, 0), 0);
	assert_int_equal(sem_init(&b->faulty.synced, 0, 0), 0);
	folder_make(&b->folder);
	b->config = config_for(&b->folder, 2);
	bench_open(b);
	*state = b;
	return 0;
}

static int
bench_teardown(void **state)
{
	struct bench *b = *state;

	rv_audit_close(&b->audit);
	folder_remove(&b->folder);
	(void)sem_destroy(&b->faulty.hangs);
	(void)sem_destroy(&b->faulty.go_on);
	(void)sem_destroy(&b->faulty.synced);
	free(b);
	return 0;
}

static void
assert_unhealthy(const struct bench *b, const char *problem)
{
	struct rv_audit_state s;

	rv_audit_state(b->audit, &s);
	assert_false(s.healthy);
	if (strstr(s.problem, problem) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", s.problem, problem);
	assert_false(rv_audit_reserve(b->audit));
}

static void
assert_healthy(const struct bench *b)
{
	struct rv_audit_state s;

	rv_audit_state(b->audit, &s);
	assert_true(s.healthy);
	assert_string_equal(s.problem, "");
	assert_true(rv_audit_reserve(b->audit));
	rv_audit_unreserve(b->audit);
}

/* ---- Space ------------------------------------------------------------- */

static void
wait_synced(struct bench *b)
{
	struct timespec until = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_MS / 1000;
	assert_int_equal(sem_timedwait(&b->faulty.synced, &until), 0);
}

static void
assert_gap_told(struct bench *b, int64_t lost, size_t n_records)
{
	json_t *records;
	size_t i;

	rv_audit_close(&b->audit);
	records = log_read(&b->folder);
	i = record_find(records, "log_resumed");
	assert_int_equal(record_number(records, i, "count"), lost);
	assert_int_equal(json_array_size(records), n_records);
	json_decref(records);
}

/* already: records of the log before this test's. */
static void
full_disk(struct bench *b, _Atomic int *error, int what, size_t already)
{
	assert_int_equal(submit_one(b->audit, 1), RV_OK);
	atomic_store(error, what);
	assert_int_equal(submit_one(b->audit, 2), RV_ERR_IO);
	assert_unhealthy(b, strerror(what));
	assert_int_equal(submit_one(b->audit, 3), RV_ERR_IO);
	atomic_store(error, 0);
	assert_int_equal(submit_one(b->audit, 4), RV_OK);
	assert_healthy(b);
	/* opened, 1, resumed, 4, closed */
	assert_gap_told(b, 2, already + 5);
}

static void
test_no_space_on_write(void **state)
{
	struct bench *b = *state;

	full_disk(b, &b->faulty.pwrite_error, ENOSPC, 0);
}

static void
test_no_space_on_allocation(void **state)
{
	struct bench *b = *state;

	/* each group begins a segment, for which nothing is allocated */
	rv_audit_close(&b->audit);
	b->config.segment_size = 1;
	bench_open(b);
	full_disk(b, &b->faulty.allocate_error, ENOSPC, 2);
}

static void
test_quota_and_file_limit(void **state)
{
	struct bench *b = *state;

	full_disk(b, &b->faulty.pwrite_error, EDQUOT, 0);
	bench_open(b);
	atomic_store(&b->faulty.pwrite_error, EFBIG);
	assert_int_equal(submit_one(b->audit, 5), RV_ERR_IO);
	atomic_store(&b->faulty.pwrite_error, 0);
	assert_int_equal(submit_one(b->audit, 6), RV_OK);
}

/* Half of a group in the file: it is cut back before anything else. */
static void
test_half_written_group_is_cut_back(void **state)
{
	struct bench *b = *state;

	atomic_store(&b->faulty.pwrite_half, true);
	full_disk(b, &b->faulty.pwrite_error, ENOSPC, 0);
}

static void
test_recovers_without_traffic(void **state)
{
	struct bench *b = *state;

	atomic_store(&b->faulty.pwrite_error, ENOSPC);
	assert_int_equal(submit_one(b->audit, 1), RV_ERR_IO);
	atomic_store(&b->faulty.pwrite_error, 0);
	wait_synced(b);
	/* opened, resumed, closed */
	assert_gap_told(b, 1, 3);
}

/* A few bytes are no space: health must not come and go with them. */
static void
test_stays_refused_until_there_is_space(void **state)
{
	struct bench *b = *state;

	rv_audit_close(&b->audit);
	b->config.segment_size = 1; /* no room in a segment either */
	atomic_store(&b->faulty.says_free, true);
	bench_open(b);
	atomic_store(&b->faulty.pwrite_error, ENOSPC);
	assert_int_equal(submit_one(b->audit, 1), RV_ERR_IO);
	atomic_store(&b->faulty.pwrite_error, 0);
	atomic_store(&b->faulty.free_bytes, 3000);
	assert_int_equal(submit_one(b->audit, 2), RV_ERR_IO);
	assert_unhealthy(b, "No space");
	atomic_store(&b->faulty.free_bytes, 100 * RV_AUDIT_RECORD_MAX);
	assert_int_equal(submit_one(b->audit, 3), RV_OK);
	assert_healthy(b);
	/* opened, closed; opened, resumed, 3, closed */
	assert_gap_told(b, 2, 6);
}

/* Without preallocation in the file system all goes on without it. */
static void
test_allocation_unsupported(void **state)
{
	struct bench *b = *state;

	rv_audit_close(&b->audit);
	atomic_store(&b->faulty.allocate_error, EOPNOTSUPP);
	bench_open(b);
	assert_int_equal(submit_one(b->audit, 1), RV_OK);
	assert_healthy(b);
}

static void
test_reserve(void **state)
{
	struct bench *b = *state;
	const uint64_t reserve = 2 * 1024 * 1024;
	int n = 0;

	rv_audit_close(&b->audit);
	b->config.reserve = reserve;
	atomic_store(&b->faulty.says_free, true);
	atomic_store(&b->faulty.free_bytes, reserve + 10 * RV_AUDIT_RECORD_MAX);
	bench_open(b);
	while (n < 1000 && rv_audit_reserve(b->audit))
		n++;
	/* and what the segment has allocated ahead, at most 1 MiB */
	assert_in_range(n, 10, 14);
	rv_audit_unreserve(b->audit);
	assert_true(rv_audit_reserve(b->audit));
	assert_false(rv_audit_reserve(b->audit));
	while (n-- > 0)
		rv_audit_unreserve(b->audit);
	/* changes are refused first, other records still go */
	atomic_store(&b->faulty.free_bytes, reserve / 2);
	assert_int_equal(submit_one(b->audit, 2), RV_OK);
	assert_false(rv_audit_reserve(b->audit));
	assert_int_equal(submit_one(b->audit, 3), RV_OK);
	atomic_store(&b->faulty.free_bytes, 2 * reserve);
	assert_int_equal(submit_one(b->audit, 4), RV_OK);
	assert_healthy(b);
}

/* ---- For good ---------------------------------------------------------- */

static void
assert_dead_until_restart(struct bench *b, size_t n_records)
{
	unsigned n = atomic_load(&b->faulty.n_pwrite) +
		     atomic_load(&b->faulty.n_fdatasync);
	json_t *records;

	/* nothing is tried again, even where it would succeed now */
	assert_int_equal(submit_one(b->audit, 90), RV_ERR_IO);
	assert_int_equal(submit_one(b->audit, 91), RV_ERR_IO);
	assert_int_equal(n, atomic_load(&b->faulty.n_pwrite) +
				atomic_load(&b->faulty.n_fdatasync));
	rv_audit_close(&b->audit);
	bench_open(b);
	assert_int_equal(submit_one(b->audit, 5), RV_OK);
	assert_healthy(b);
	records = log_read(&b->folder);
	assert_int_equal(json_array_size(records), n_records);
	json_decref(records);
}

static void
test_failed_fdatasync_is_final(void **state)
{
	struct bench *b = *state;

	assert_int_equal(submit_one(b->audit, 1), RV_OK);
	atomic_store(&b->faulty.fdatasync_error, EIO);
	assert_int_equal(submit_one(b->audit, 2), RV_ERR_IO);
	atomic_store(&b->faulty.fdatasync_error, 0);
	assert_unhealthy(b, "fdatasync");
	/* opened, 1, opened, 5: what was not durable is not there */
	assert_dead_until_restart(b, 4);
}

static void
test_no_space_on_fdatasync_is_final(void **state)
{
	struct bench *b = *state;

	atomic_store(&b->faulty.fdatasync_error, ENOSPC);
	assert_int_equal(submit_one(b->audit, 2), RV_ERR_IO);
	atomic_store(&b->faulty.fdatasync_error, 0);
	assert_unhealthy(b, "fdatasync");
	assert_dead_until_restart(b, 3);
}

static void
test_write_error_is_final(void **state)
{
	struct bench *b = *state;

	atomic_store(&b->faulty.pwrite_half, true);
	atomic_store(&b->faulty.pwrite_error, EIO);
	assert_int_equal(submit_one(b->audit, 2), RV_ERR_IO);
	atomic_store(&b->faulty.pwrite_error, 0);
	assert_unhealthy(b, "write");
	assert_dead_until_restart(b, 3);
}

/* A half-written group that cannot be taken away: a restart recovers. */
static void
test_failed_cut_is_final(void **state)
{
	struct bench *b = *state;
	json_t *records;

	atomic_store(&b->faulty.pwrite_half, true);
	atomic_store(&b->faulty.pwrite_error, ENOSPC);
	atomic_store(&b->faulty.ftruncate_error, EIO);
	assert_int_equal(submit_one(b->audit, 2), RV_ERR_IO);
	atomic_store(&b->faulty.pwrite_error, 0);
	rv_audit_close(&b->audit);
	atomic_store(&b->faulty.ftruncate_error, 0);
	bench_open(b);
	rv_audit_close(&b->audit);
	records = log_read(&b->folder);
	/* opened; opened, recovered, closed */
	assert_int_equal(json_array_size(records), 4);
	assert_string_equal(record_text(records, 2, "event"), "log_recovered");
	json_decref(records);
}

static void
test_open_fails_on_a_full_disk(void **state)
{
	struct bench *b = *state;
	struct rv_audit *audit = NULL;
	struct rv_error e;

	rv_audit_close(&b->audit);
	atomic_store(&b->faulty.pwrite_error, ENOSPC);
	assert_int_equal(
	    rv_audit_open_with(&b->config, &b->faulty.io, &audit, &e),
	    RV_ERR_UNAVAILABLE);
	assert_null(audit);
	assert_non_null(strstr(e.text, strerror(ENOSPC)));
	atomic_store(&b->faulty.pwrite_error, 0);
	bench_open(b);
}

/* ---- Groups and hanging writes ----------------------------------------- */

static void
hang_next_sync(struct bench *b)
{
	struct rv_audit_entry *first = entry_new(0, 0);

	atomic_store(&b->faulty.hang, true);
	rv_audit_submit(b->audit, 0, first);
	while (sem_wait(&b->faulty.hangs) != 0)
		;
}

/* What is submitted while one group is synced makes the next one, whole. */
static void
test_group_commit(void **state)
{
	struct bench *b = *state;
	struct rv_audit_entry *e, *next;
	unsigned before;
	int n = 0;

	hang_next_sync(b);
	before = atomic_load(&b->faulty.n_fdatasync);
	for (int64_t i = 1; i <= 100; i++)
		rv_audit_submit(b->audit, (unsigned)(i % 2),
		    entry_new((unsigned)(i % 2), i));
	assert_int_equal(sem_post(&b->faulty.go_on), 0);
	for (unsigned q = 0; q < 2; q++)
		for (int want = q == 0 ? 51 : 50; want > 0;)
			for (e = reap_wait(b->audit, q); e != NULL; e = next) {
				next = e->next;
				assert_int_equal(e->result, RV_OK);
				entry_free(e);
				want--;
				n++;
			}
	assert_int_equal(n, 101);
	assert_int_equal(atomic_load(&b->faulty.n_fdatasync), before + 1);
}

/*
 * A hanging write: what flies and what waits behind it is given back after
 * two seconds and may be freed at once; the writer then goes on.
 */
static void
test_hanging_write_expires(void **state)
{
	struct bench *b = *state;
	struct rv_audit_entry *e, *next;
	json_t *records;
	int n = 0;

	hang_next_sync(b);
	for (int64_t i = 1; i <= 3; i++)
		rv_audit_submit(b->audit, 0, entry_new(0, i));
	while (n < 4)
		for (e = reap_wait(b->audit, 0); e != NULL; e = next) {
			next = e->next;
			assert_int_equal(e->result, RV_ERR_TIMEOUT);
			entry_free(e);
			n++;
		}
	assert_unhealthy(b, "has not ended");
	assert_int_equal(sem_post(&b->faulty.go_on), 0);
	assert_int_equal(submit_one(b->audit, 9), RV_OK);
	assert_healthy(b);
	rv_audit_close(&b->audit);
	records = log_read(&b->folder);
	/* opened, 0 (written after all), the gap of three, 9, closed */
	assert_int_equal(json_array_size(records), 5);
	assert_int_equal(record_number(records, 1, "count"), 0);
	assert_string_equal(record_text(records, 2, "event"), "log_gap");
	assert_int_equal(record_number(records, 2, "count"), 3);
	assert_int_equal(record_number(records, 3, "count"), 9);
	json_decref(records);
}

/* The same, and then the write fails: nothing of it is in the log. */
static void
test_hanging_write_fails_in_the_end(void **state)
{
	struct bench *b = *state;
	struct rv_audit_entry *e;
	json_t *records;

	hang_next_sync(b);
	e = reap_wait(b->audit, 0);
	assert_int_equal(e->result, RV_ERR_TIMEOUT);
	entry_free(e);
	atomic_store(&b->faulty.fdatasync_error, EIO);
	assert_int_equal(sem_post(&b->faulty.go_on), 0);
	assert_int_equal(submit_one(b->audit, 9), RV_ERR_IO);
	atomic_store(&b->faulty.fdatasync_error, 0);
	assert_unhealthy(b, "fdatasync");
	rv_audit_close(&b->audit);
	records = log_read(&b->folder);
	assert_int_equal(json_array_size(records), 1);
	json_decref(records);
}

/* ---- A real small file system ------------------------------------------ */

/* In a mount namespace of its own, so that nothing is left behind. */
static bool
mount_small(const char *path)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", path, "tmpfs", 0, "size=1m,mode=0700") == 0;
}

static void
write_until_full(struct rv_audit *audit)
{
	struct rv_audit_entry *entry;
	int r = RV_OK;

	for (int i = 0; r == RV_OK && i < 1000; i++) {
		entry = entry_new(0, i);
		rv_buf_puts(&entry->record, ",\"x\":\"");
		for (int j = 0; j < 20000; j++)
			rv_buf_putc(&entry->record, 'x');
		rv_buf_putc(&entry->record, '"');
		rv_audit_submit(audit, 0, entry);
		r = reap_wait(audit, 0)->result;
		entry_free(entry);
	}
	assert_int_equal(r, RV_ERR_IO);
}

static void
test_small_file_system(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	char path[128], *fill = calloc(1, 300000);
	json_t *records;
	size_t i;

	(void)state;
	folder_make(&f);
	if (!mount_small(f.path)) {
		free(fill);
		folder_remove(&f);
		skip();
		return;
	}
	config = config_for(&f, 1);
	folder_file(&f, "other", path, sizeof(path));
	file_write(path, fill, 300000);
	free(fill);
	audit = log_open(&config);
	write_until_full(audit);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(submit_one(audit, 1), RV_OK);
	rv_audit_close(&audit);
	records = log_read(&f);
	i = record_find(records, "log_resumed");
	assert_true(i > 10);
	assert_int_equal(record_number(records, i, "count"), 1);
	json_decref(records);
	assert_int_equal(umount(f.path), 0);
	folder_remove(&f);
}

#define WITH_BENCH(test) \
	cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BENCH(test_no_space_on_write),
		WITH_BENCH(test_no_space_on_allocation),
		WITH_BENCH(test_quota_and_file_limit),
		WITH_BENCH(test_half_written_group_is_cut_back),
		WITH_BENCH(test_recovers_without_traffic),
		WITH_BENCH(test_stays_refused_until_there_is_space),
		WITH_BENCH(test_allocation_unsupported),
		WITH_BENCH(test_reserve),
		WITH_BENCH(test_failed_fdatasync_is_final),
		WITH_BENCH(test_no_space_on_fdatasync_is_final),
		WITH_BENCH(test_write_error_is_final),
		WITH_BENCH(test_failed_cut_is_final),
		WITH_BENCH(test_open_fails_on_a_full_disk),
		WITH_BENCH(test_group_commit),
		WITH_BENCH(test_hanging_write_expires),
		WITH_BENCH(test_hanging_write_fails_in_the_end),
		cmocka_unit_test(test_small_file_system),
	};

	rv_log_set_level(RV_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
