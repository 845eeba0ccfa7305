/* What the log finds at start: torn ends are cut, changes refused. */
#include "log_helper.h"

#include "log.h"

/* A closed log with `n` records of ours, and its only segment's text. */
static char *
make_log(struct folder *f, int n, char *ret_path, size_t size, size_t *ret_n)
{
	struct rv_audit_config config;
	struct rv_audit *audit;

	folder_make(f);
	config = config_for(f, 1);
	audit = log_open(&config);
	for (int i = 0; i < n; i++)
		assert_int_equal(submit_one(audit, i), RV_OK);
	rv_audit_close(&audit);
	folder_file(f, "audit-00000000000000000001.jsonl", ret_path, size);
	return file_read(ret_path, ret_n);
}

/* Cuts the log anywhere: it must go on after the last whole record. */
static void
test_torn_end_at_every_byte(void **state)
{
	char path[128];
	struct folder f;
	size_t n;
	char *text = make_log(&f, 1, path, sizeof(path), &n);
	struct rv_audit_config config = config_for(&f, 1);

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		struct rv_audit *audit;
		json_t *records;
		size_t whole = 0;

		for (size_t i = 0; i < cut; i++)
			whole += text[i] == '\n';
		file_write(path, text, cut);
		audit = log_open(&config);
		rv_audit_close(&audit);
		records = log_read(&f);
		assert_string_equal(
		    record_text(records, whole, "event"), "log_opened");
		if (cut > 0 && text[cut - 1] != '\n')
			assert_string_equal(
			    record_text(records, whole + 1, "event"),
			    "log_recovered");
		else
			assert_string_equal(
			    record_text(records, whole + 1, "event"),
			    "log_closed");
		json_decref(records);
	}
	free(text);
	folder_remove(&f);
}

/* Lost pages of the last group read as NUL bytes, before whole lines. */
static void
test_torn_end_with_lost_pages(void **state)
{
	char path[128];
	struct folder f;
	size_t n, at;
	char *text = make_log(&f, 10, path, sizeof(path), &n);
	struct rv_audit_config config = config_for(&f, 1);
	struct rv_audit *audit;
	json_t *records;

	(void)state;
	at = (size_t)(strchr(text, '\n') - text) + 1;
	memset(text + at + 10, 0, 300);
	file_write(path, text, n);
	audit = log_open(&config);
	rv_audit_close(&audit);
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 4);
	assert_string_equal(record_text(records, 2, "event"), "log_recovered");
	json_decref(records);
	free(text);
	folder_remove(&f);
}

static void
assert_refused(const struct folder *f, const char *why)
{
	struct rv_audit_config config = config_for(f, 1);
	struct rv_audit *audit = NULL;
	struct rv_error e;

	assert_int_equal(rv_audit_open(&config, &audit, &e), RV_ERR_INVALID);
	assert_null(audit);
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, why);
	assert_non_null(strstr(e.text, f->path));
}

static void
test_changed_byte_is_found(void **state)
{
	char path[128];
	struct folder f;
	size_t n, last;
	char *text = make_log(&f, 3, path, sizeof(path), &n);

	(void)state;
	/* the last record has no successor that would hold its hash */
	last = n - 1;
	while (text[last - 1] != '\n')
		last--;
	for (size_t i = 0; i < last; i += 7) {
		char was = text[i];

		text[i] = (char)(was == 'a' ? 'b' : 'a');
		file_write(path, text, n);
		assert_refused(&f, "the audit log was changed");
		text[i] = was;
	}
	file_write(path, text, n);
	free(text);
	folder_remove(&f);
}

static void
test_removed_and_swapped_lines_are_found(void **state)
{
	char path[128];
	struct folder f;
	size_t n, first, second;
	char *text = make_log(&f, 3, path, sizeof(path), &n), *other;

	(void)state;
	first = (size_t)(strchr(text, '\n') - text) + 1;
	second = (size_t)(strchr(text + first, '\n') - text) + 1;
	/* the first line */
	file_write(path, text + first, n - first);
	assert_refused(&f, "line 1: the chain of records is broken");
	/* one in the middle */
	other = malloc(n);
	assert_non_null(other);
	memcpy(other, text, first);
	memcpy(other + first, text + second, n - second);
	file_write(path, other, n - (second - first));
	assert_refused(&f, "line 2: the chain of records is broken");
	/* two exchanged */
	memcpy(other, text + first, second - first);
	memcpy(other + second - first, text, first);
	memcpy(other + second, text + second, n - second);
	file_write(path, other, n);
	assert_refused(&f, "line 1: the chain of records is broken");
	/* one twice */
	file_write(path, text, first);
	other = realloc(other, 2 * n);
	assert_non_null(other);
	memcpy(other, text, first);
	memcpy(other + first, text, first);
	file_write(path, other, 2 * first);
	assert_refused(&f, "its number does not follow");
	/* a line that is none */
	memcpy(other, text, n);
	memcpy(other + n, "x\n", 2);
	file_write(path, other, n + 2);
	assert_refused(&f, "it is no record");
	free(other);
	free(text);
	folder_remove(&f);
}

/* Two segments; returns the number of the second. */
static uint64_t
make_two_segments(struct folder *f)
{
	struct rv_audit_config config;
	struct rv_audit *audit;
	struct dirent **names;
	uint64_t number;
	int n = 0;

	folder_make(f);
	config = config_for(f, 1);
	config.segment_size = 2000;
	audit = log_open(&config);
	while (n < 2) {
		assert_int_equal(submit_one(audit, 0), RV_OK);
		n = names_read(f, &names);
		number = strtoull(names[n - 1]->d_name + 6, NULL, 10);
		names_free(names, n);
	}
	rv_audit_close(&audit);
	return number;
}

static void
test_segments_must_fit(void **state)
{
	struct folder f;
	uint64_t number = make_two_segments(&f);
	char first[128], last[128], name[RV_AUDIT_SEGMENT_NAME];
	char *text, *end;
	size_t n;

	(void)state;
	folder_file(
	    &f, "audit-00000000000000000001.jsonl", first, sizeof(first));
	rv_audit_segment_name(number, name);
	folder_file(&f, name, last, sizeof(last));
	text = file_read(first, &n);
	/* the older one ends early */
	end = memrchr(text, '\n', n - 1);
	assert_non_null(end);
	file_write(first, text, (size_t)(end - text) + 1);
	assert_refused(&f, "the segment before does not end where");
	/* its last record is another */
	end[20] = '7';
	file_write(first, text, n);
	assert_refused(&f, "the audit log was changed");
	/* it has no end */
	file_write(first, text, n - 1);
	assert_refused(&f, "does not end with a record");
	free(text);
	folder_remove(&f);
}

/* Older segments may be moved to an archive. */
static void
test_older_segment_archived(void **state)
{
	struct folder f;
	uint64_t number = make_two_segments(&f);
	struct rv_audit_config config = config_for(&f, 1);
	struct rv_audit *audit;
	struct rv_audit_state s;
	char first[128];

	(void)state;
	folder_file(
	    &f, "audit-00000000000000000001.jsonl", first, sizeof(first));
	assert_int_equal(unlink(first), 0);
	audit = log_open(&config);
	rv_audit_state(audit, &s);
	assert_true(s.seq > number);
	rv_audit_close(&audit);
	folder_remove(&f);
}

/* A crash after the file was made, before its first record. */
static void
test_empty_last_segment(void **state)
{
	char path[128], name[RV_AUDIT_SEGMENT_NAME];
	struct folder f;
	size_t n;
	char *text = make_log(&f, 2, path, sizeof(path), &n);
	struct rv_audit_config config = config_for(&f, 1);
	struct rv_audit *audit;
	json_t *records;

	(void)state;
	rv_audit_segment_name(5, name); /* opened, 2, closed */
	folder_file(&f, name, path, sizeof(path));
	file_write(path, "", 0);
	audit = log_open(&config);
	rv_audit_close(&audit);
	records = log_read(&f);
	assert_int_equal(json_array_size(records), 6);
	json_decref(records);
	/* and one that nothing leads to */
	rv_audit_segment_name(9, name);
	folder_file(&f, name, path, sizeof(path));
	file_write(path, "", 0);
	assert_refused(&f, "the segment before does not end where");
	free(text);
	folder_remove(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_torn_end_at_every_byte),
		cmocka_unit_test(test_torn_end_with_lost_pages),
		cmocka_unit_test(test_changed_byte_is_found),
		cmocka_unit_test(test_removed_and_swapped_lines_are_found),
		cmocka_unit_test(test_segments_must_fit),
		cmocka_unit_test(test_older_segment_archived),
		cmocka_unit_test(test_empty_last_segment),
	};

	rv_log_set_level(RV_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
