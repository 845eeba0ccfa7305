/* The log on a file system that works: order, chain, segments. */
#include "log_helper.h"

#include "log.h"

static void
test_first_records(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	struct rv_audit_state s;
	json_t *records;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	audit = log_open(&config);
	assert_int_equal(submit_one(audit, 5), RV_OK);
	rv_audit_state(audit, &s);
	assert_true(s.healthy);
	assert_int_equal(s.seq, 2);
	assert_string_equal(s.problem, "");
	rv_audit_close(&audit);
	assert_null(audit);
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 3);
	assert_string_equal(record_text(records, 0, "event"), "log_opened");
	assert_string_equal(record_text(records, 0, "node"), "node1");
	assert_int_equal(record_number(records, 0, "v"), 1);
	assert_int_equal(record_number(records, 1, "count"), 5);
	assert_string_equal(record_text(records, 2, "event"), "log_closed");
	json_decref(records);
	folder_remove(&f);
}

/* A record is in the file by the time that its entry can be reaped. */
static void
test_durable_before_reaped(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	json_t *records;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	audit = log_open(&config);
	for (int64_t i = 0; i < 20; i++) {
		assert_int_equal(submit_one(audit, i), RV_OK);
		records = log_read(&f);
		assert_int_equal(json_array_size(records), i + 2);
		assert_int_equal(
		    record_number(records, (size_t)i + 1, "count"), i);
		json_decref(records);
	}
	rv_audit_close(&audit);
	folder_remove(&f);
}

static void
test_close_writes_what_waits(void **state)
{
	struct rv_audit_entry *entries[100];
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	json_t *records;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	audit = log_open(&config);
	for (int i = 0; i < 100; i++) {
		entries[i] = entry_new(0, i);
		rv_audit_submit(audit, 0, entries[i]);
	}
	rv_audit_close(&audit);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(entries[i]->result, RV_OK);
		entry_free(entries[i]);
	}
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 102);
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(record_number(records, i + 1, "count"), i);
	json_decref(records);
	folder_remove(&f);
}

static void
test_chain_goes_on_over_restarts(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	json_t *records;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	for (int64_t i = 0; i < 5; i++) {
		struct rv_audit *audit = log_open(&config);

		assert_int_equal(submit_one(audit, i), RV_OK);
		rv_audit_close(&audit);
	}
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 15);
	json_decref(records);
	folder_remove(&f);
}

static void
test_segments_follow_each_other(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	struct dirent **names;
	json_t *records;
	int n;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	config.segment_size = 2000;
	for (int round = 0; round < 2; round++) {
		audit = log_open(&config);
		for (int i = 0; i < 50; i++)
			assert_int_equal(submit_one(audit, i), RV_OK);
		rv_audit_close(&audit);
	}
	n = names_read(&f, &names);
	assert_true(n > 5);
	assert_string_equal(
	    names[0]->d_name, "audit-00000000000000000001.jsonl");
	for (int i = 0; i < n; i++) {
		char path[400];
		struct stat st;

		folder_file(&f, names[i]->d_name, path, sizeof(path));
		assert_int_equal(stat(path, &st), 0);
		assert_in_range(st.st_size, 1, 2000);
	}
	names_free(names, n);
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 104);
	json_decref(records);
	folder_remove(&f);
}

/* An oversize group makes a segment of its own, whole. */
static void
test_record_longer_than_a_segment(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	struct rv_audit_entry *entry = entry_new(0, 1);
	json_t *records;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	config.segment_size = 1000;
	audit = log_open(&config);
	rv_buf_puts(&entry->record, ",\"x\":\"");
	for (int i = 0; i < 5000; i++)
		rv_buf_putc(&entry->record, 'x');
	rv_buf_puts(&entry->record, "\"");
	rv_audit_submit(audit, 0, entry);
	assert_int_equal(reap_wait(audit, 0)->result, RV_OK);
	assert_int_equal(submit_one(audit, 2), RV_OK);
	rv_audit_close(&audit);
	entry_free(entry);
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 4);
	json_decref(records);
	folder_remove(&f);
}

/* What is no record fails alone; the gap is told. */
static void
test_bad_entries_fail_alone(void **state)
{
	struct rv_audit_entry *bad[3], *good = entry_new(0, 7), *e;
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	json_t *records;
	int64_t told = 0;
	size_t i, n = 0;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	audit = log_open(&config);
	for (i = 0; i < 3; i++)
		bad[i] = entry_new(0, 1);
	bad[0]->record.failed = true;
	rv_buf_puts(&bad[1]->record, "\n{}");
	for (i = 0; i < RV_AUDIT_RECORD_MAX; i++)
		rv_buf_putc(&bad[2]->record, ' ');
	for (i = 0; i < 3; i++)
		rv_audit_submit(audit, 0, bad[i]);
	rv_audit_submit(audit, 0, good);
	while (n < 4)
		for (e = reap_wait(audit, 0); e != NULL; e = e->next)
			n++;
	assert_int_equal(bad[0]->result, RV_ERR_NOMEM);
	assert_int_equal(bad[1]->result, RV_ERR_INVALID);
	assert_int_equal(bad[2]->result, RV_ERR_LIMIT);
	assert_int_equal(good->result, RV_OK);
	assert_int_equal(submit_one(audit, 8), RV_OK);
	rv_audit_close(&audit);
	records = log_read(&f);
	/* they may have been in more than one group */
	for (i = 0; i < json_array_size(records); i++)
		if (strcmp(record_text(records, i, "event"), "log_gap") == 0)
			told += record_number(records, i, "count");
	assert_int_equal(told, 3);
	json_decref(records);
	for (i = 0; i < 3; i++)
		entry_free(bad[i]);
	entry_free(good);
	folder_remove(&f);
}

static void
test_people_log(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	struct rv_audit_entry *bad = entry_new(0, 2);
	char path[128], *text, *line;
	size_t n, lines = 0;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	audit = log_open(&config);
	assert_int_equal(submit_one(audit, 1), RV_OK);
	rv_buf_puts(&bad->line, "\nforged  $$<SMS Provider><>");
	rv_audit_submit(audit, 0, bad);
	assert_int_equal(reap_wait(audit, 0)->result, RV_OK);
	rv_audit_close(&audit);
	entry_free(bad);
	folder_file(&f, "SMSProv.log", path, sizeof(path));
	text = file_read(path, &n);
	for (line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		assert_int_equal(strncmp(line, "Auditing: ", 10), 0);
		assert_non_null(strchr(line, '\n'));
		lines++;
	}
	/* opened, the first, closed; the forged one is in the records only */
	assert_int_equal(lines, 3);
	assert_non_null(strstr(text, "  $$<SMS Provider><"));
	assert_null(strstr(text, "forged"));
	free(text);
	folder_remove(&f);
}

/* The people's log may fail as it likes. */
static void
test_people_log_cannot_be_written(void **state)
{
	struct folder f;
	struct rv_audit_config config;
	struct rv_audit *audit;
	char path[128];

	(void)state;
	folder_make(&f);
	folder_file(&f, "SMSProv.log", path, sizeof(path));
	assert_int_equal(mkdir(path, 0700), 0);
	config = config_for(&f, 1);
	audit = log_open(&config);
	assert_int_equal(submit_one(audit, 1), RV_OK);
	assert_int_equal(submit_one(audit, 2), RV_OK);
	rv_audit_close(&audit);
	assert_int_equal(rmdir(path), 0);
	folder_remove(&f);
}

/* ---- The folder -------------------------------------------------------- */

static void
test_folder_is_checked(void **state)
{
	struct rv_audit *audit = NULL, *second = NULL;
	struct folder f;
	struct rv_audit_config config;
	struct rv_error e;

	(void)state;
	folder_make(&f);
	config = config_for(&f, 1);
	assert_int_equal(chmod(f.path, 0770), 0);
	assert_int_equal(rv_audit_open(&config, &audit, &e), RV_ERR_INVALID);
	assert_non_null(strstr(e.text, "may be written by group or others"));
	assert_int_equal(chmod(f.path, 0702), 0);
	assert_int_equal(rv_audit_open(&config, &audit, &e), RV_ERR_INVALID);
	assert_int_equal(chmod(f.path, 0750), 0);
	audit = log_open(&config);
	assert_int_equal(rv_audit_open(&config, &second, &e), RV_ERR_EXISTS);
	assert_non_null(strstr(e.text, "another provider"));
	rv_audit_close(&audit);
	folder_remove(&f);
	assert_int_equal(rv_audit_open(&config, &audit, &e), RV_ERR_IO);
	assert_non_null(strstr(e.text, "No such file"));
}

static void
test_segment_names(void **state)
{
	uint64_t n;
	char name[RV_AUDIT_SEGMENT_NAME];

	(void)state;
	rv_audit_segment_name(UINT64_MAX, name);
	assert_string_equal(name, "audit-18446744073709551615.jsonl");
	assert_true(rv_audit_segment_number(name, &n));
	assert_true(n == UINT64_MAX);
	assert_false(
	    rv_audit_segment_number("audit-18446744073709551616.jsonl", &n));
	assert_false(
	    rv_audit_segment_number("audit-00000000000000000000.jsonl", &n));
	assert_false(
	    rv_audit_segment_number("audit-+0000000000000000001.jsonl", &n));
	assert_false(
	    rv_audit_segment_number("audit-00000000000000000001.json~", &n));
	assert_false(rv_audit_segment_number("SMSProv.log", &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_records),
		cmocka_unit_test(test_durable_before_reaped),
		cmocka_unit_test(test_close_writes_what_waits),
		cmocka_unit_test(test_chain_goes_on_over_restarts),
		cmocka_unit_test(test_segments_follow_each_other),
		cmocka_unit_test(test_record_longer_than_a_segment),
		cmocka_unit_test(test_bad_entries_fail_alone),
		cmocka_unit_test(test_people_log),
		cmocka_unit_test(test_people_log_cannot_be_written),
		cmocka_unit_test(test_folder_is_checked),
		cmocka_unit_test(test_segment_names),
	};

	rv_log_set_level(RV_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
