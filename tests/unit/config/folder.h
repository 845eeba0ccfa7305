/*
 * A folder of files for the tests of provider/config.
 */
#ifndef TESTS_UNIT_CONFIG_FOLDER_H
#define TESTS_UNIT_CONFIG_FOLDER_H

#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/record.h"

struct folder {
	char path[64];
};

static inline void
folder_make(struct folder *f)
{
	(void)snprintf(f->path, sizeof(f->path), "/tmp/reeve-folder-XXXXXX");
	assert_non_null(mkdtemp(f->path));
}

/* The path of a file; static storage. */
static inline const char *
folder_path(const struct folder *f, const char *file)
{
	static char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", f->path, file);
	return path;
}

static inline void
folder_put(const struct folder *f, const char *file, const char *text)
{
	FILE *out = fopen(folder_path(f, file), "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(folder_path(f, file), 0600), 0);
}

/* With the files in it, which may be empty folders. */
static inline void
folder_remove(struct folder *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			assert_int_equal(
			    remove(folder_path(f, entry->d_name)), 0);
	assert_int_equal(closedir(dir), 0);
	assert_int_equal(rmdir(f->path), 0);
}

/*
 * Asserts that a text is refused as a file of the set with this message.
 * fields is room for one zeroed struct of the set.
 */
static inline void
assert_refused(const struct rv_param_set *set, void *fields, const char *text,
    const char *want)
{
	struct rv_record record = {
		.set = set,
		.fields = fields,
		.arena = rv_arena_new(0),
		.file = "x.conf",
	};
	struct rv_error e = { "" };

	assert_non_null(record.arena);
	assert_int_equal(
	    rv_record_parse(&record, rv_slice_of(text), &e), RV_ERR_INVALID);
	assert_string_equal(e.text, want);
	rv_arena_free(&record.arena);
}

/* The words of a choice in the order of their values, "a|b". */
static inline const char *
choice_values(const struct rv_param_set *set, const char *name)
{
	const struct rv_param *param = rv_param_find(set, rv_slice_of(name));

	assert_non_null(param);
	assert_int_equal(param->type, RV_PARAM_CHOICE);
	return param->values;
}

/*
 * Asserts that a file is good and names every parameter of the set,
 * commented out or not.  fields is room for one zeroed struct of the set.
 */
static inline void
assert_complete(const struct rv_param_set *set, void *fields, const char *path)
{
	char text[64 * 1024] = "", name[64];
	struct rv_record record = {
		.set = set,
		.fields = fields,
		.arena = rv_arena_new(0),
		.file = path,
	};
	struct rv_error e;
	FILE *in = fopen(path, "r");

	if (in == NULL)
		fail_msg("%s: run the tests in the top folder", path);
	assert_true(fread(text, 1, sizeof(text) - 1, in) > 0);
	assert_int_equal(fclose(in), 0);
	assert_non_null(record.arena);
	if (rv_record_parse(&record, rv_slice_of(text), &e) != RV_OK)
		fail_msg("%s", e.text);
	rv_arena_free(&record.arena);
	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i].section != NULL)
			continue;
		(void)snprintf(name, sizeof(name), "\n#%s = ", set->v[i].name);
		if (strstr(text, name) != NULL)
			continue;
		(void)snprintf(name, sizeof(name), "\n%s = ", set->v[i].name);
		if (strstr(text, name) == NULL)
			fail_msg("%s is not in %s", set->v[i].name, path);
	}
}

#endif
