/*
 * A folder for one log, entries, and a reader that shares no code with the
 * writer: it recomputes the chain from the files with jansson and OpenSSL.
 */
#ifndef TESTS_UNIT_AUDIT_LOG_HELPER_H
#define TESTS_UNIT_AUDIT_LOG_HELPER_H

#include "unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/sha.h>

#include "audit/internal.h"

#define HELPER	__attribute__((unused)) static
#define WAIT_MS 20000 /* far beyond what any machine needs */

struct folder {
	char path[64];
};

HELPER void
folder_make(struct folder *f)
{
	*f = (struct folder){ "/tmp/reeve-audit-XXXXXX" };
	assert_non_null(mkdtemp(f->path));
}

HELPER void
folder_file(
    const struct folder *f, const char *name, char *ret_path, size_t size)
{
	(void)snprintf(ret_path, size, "%s/%s", f->path, name);
}

HELPER void
folder_remove(struct folder *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *d;
	char path[400];

	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		folder_file(f, d->d_name, path, sizeof(path));
		(void)unlink(path);
	}
	(void)closedir(dir);
	assert_int_equal(rmdir(f->path), 0);
}

HELPER struct rv_audit_config
config_for(const struct folder *f, unsigned producers)
{
	return (struct rv_audit_config){
		.directory = f->path,
		.node = "node1",
		.segment_size = 1024 * 1024,
		.producers = producers,
	};
}

HELPER struct rv_audit *
log_open(const struct rv_audit_config *config)
{
	struct rv_audit *audit = NULL;
	struct rv_error e;
	int r = rv_audit_open(config, &audit, &e);

	if (r != RV_OK)
		fail_msg("%s", e.text);
	return audit;
}

/* ---- Entries ----------------------------------------------------------- */

/* A record that names its producer in "action" and its number in "count". */
HELPER struct rv_audit_entry *
entry_new(unsigned producer, int64_t number)
{
	struct rv_audit_entry *entry = calloc(1, sizeof(*entry));
	struct rv_audit_fields f = {
		.ts_ns = 1795000000123456789,
		.boot_ns = 42,
		.event = RV_SLICE_LIT("decision"),
		.subject.groups_age_ms = -1,
		.count = number,
	};
	char name[16];

	assert_non_null(entry);
	(void)snprintf(name, sizeof(name), "p%u", producer);
	f.action = rv_slice_of(name);
	rv_audit_record_encode(&f, &entry->record);
	rv_audit_line_encode(&f, &entry->line);
	assert_false(entry->record.failed);
	return entry;
}

HELPER void
entry_free(struct rv_audit_entry *entry)
{
	rv_buf_fini(&entry->record);
	rv_buf_fini(&entry->line);
	free(entry);
}

/* Waits for at least one finished entry. */
HELPER struct rv_audit_entry *
reap_wait(struct rv_audit *audit, unsigned producer)
{
	struct pollfd p = { .fd = rv_audit_fd(audit, producer),
		.events = POLLIN };
	struct rv_audit_entry *head;

	for (;;) {
		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		head = rv_audit_reap(audit, producer);
		if (head != NULL)
			return head;
	}
}

/* Submits one entry, waits for it and returns its result. */
HELPER int
submit_one(struct rv_audit *audit, int64_t number)
{
	struct rv_audit_entry *entry = entry_new(0, number), *got;
	int r;

	rv_audit_submit(audit, 0, entry);
	got = reap_wait(audit, 0);
	assert_ptr_equal(got, entry);
	assert_null(got->next);
	r = got->result;
	entry_free(entry);
	return r;
}

/* ---- Reading back ------------------------------------------------------ */

HELPER char *
file_read(const char *path, size_t *ret_n)
{
	FILE *in = fopen(path, "rb");
	char *p;
	long n;

	assert_non_null(in);
	assert_int_equal(fseek(in, 0, SEEK_END), 0);
	n = ftell(in);
	assert_true(n >= 0);
	rewind(in);
	p = malloc((size_t)n + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, (size_t)n, in), (size_t)n);
	p[n] = '\0';
	(void)fclose(in);
	*ret_n = (size_t)n;
	return p;
}

HELPER void
file_write(const char *path, const char *p, size_t n)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(p, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
}

HELPER int
is_segment(const struct dirent *d)
{
	return strncmp(d->d_name, "audit-", 6) == 0;
}

/* The names of the segments, oldest first; free with names_free(). */
HELPER int
names_read(const struct folder *f, struct dirent ***ret_names)
{
	int n = scandir(f->path, ret_names, is_segment, alphasort);

	assert_true(n >= 0);
	return n;
}

HELPER void
names_free(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

struct reader {
	uint64_t seq;
	char prev[65];
	json_t *records; /* array */
};

HELPER void
read_record(struct reader *rd, const char *line, size_t n)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	json_t *o = json_loadb(line, n, JSON_ALLOW_NUL, NULL);

	assert_non_null(o);
	assert_int_equal(
	    json_integer_value(json_object_get(o, "seq")), rd->seq + 1);
	assert_string_equal(
	    json_string_value(json_object_get(o, "prev")), rd->prev);
	rd->seq++;
	(void)SHA256((const unsigned char *)line, n, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		(void)snprintf(rd->prev + 2 * i, 3, "%02x", hash[i]);
	assert_int_equal(json_array_append_new(rd->records, o), 0);
}

HELPER void
read_segment(struct reader *rd, const struct folder *f, const char *name)
{
	char path[400];
	size_t n;
	char *text, *line, *end;

	folder_file(f, name, path, sizeof(path));
	text = file_read(path, &n);
	assert_int_equal(strlen(text), n);
	assert_int_equal(strtoull(name + 6, NULL, 10), rd->seq + 1);
	for (line = text; *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		assert_non_null(end);
		read_record(rd, line, (size_t)(end - line));
	}
	free(text);
}

/* Every record of the log, the chain verified from its beginning. */
HELPER json_t *
log_read(const struct folder *f)
{
	struct reader rd = { .seq = 0, .records = json_array() };
	struct dirent **names;
	int n = names_read(f, &names);

	memset(rd.prev, '0', 64);
	for (int i = 0; i < n; i++)
		read_segment(&rd, f, names[i]->d_name);
	names_free(names, n);
	return rd.records;
}

HELPER const char *
record_text(const json_t *records, size_t i, const char *member)
{
	const char *s = json_string_value(
	    json_object_get(json_array_get(records, i), member));

	return s != NULL ? s : "";
}

HELPER int64_t
record_number(const json_t *records, size_t i, const char *member)
{
	const json_t *v = json_object_get(json_array_get(records, i), member);

	return json_is_integer(v) ? json_integer_value(v) : -1;
}

/* The index of the first record of an event, or fails. */
HELPER size_t
record_find(const json_t *records, const char *event)
{
	for (size_t i = 0; i < json_array_size(records); i++)
		if (strcmp(record_text(records, i, "event"), event) == 0)
			return i;
	fail_msg("no record of %s", event);
	return 0;
}

#endif
