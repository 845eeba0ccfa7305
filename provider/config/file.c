#include "config/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/value.h"

#define FILE_MAX   (1024 * 1024)
#define FOLDER_MAX 256

/* ---- Owners ------------------------------------------------------------ */

/* Whoever may write the file or the folder decides who gets in. */
static int
check_owner(const struct stat *st, const char *path, struct rv_error *e)
{
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		rv_error_set(e,
		    "%s: belongs to user %u; it must belong to "
		    "root or to the user that starts the provider",
		    path, (unsigned)st->st_uid);
		return RV_ERR_INVALID;
	}
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		rv_error_set(e,
		    "%s: may be written by group or others (mode "
		    "%04o); run chmod go-w on it",
		    path, (unsigned)(st->st_mode & 07777));
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

static int
fail_system(const char *path, struct rv_error *e)
{
	rv_error_set(e, "%s: %s", path, strerror(errno));
	return RV_ERR_IO;
}

/* ---- Files ------------------------------------------------------------- */

static int
check_file(int fd, const char *path, struct rv_error *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_system(path, e);
	if (!S_ISREG(st.st_mode)) {
		rv_error_set(e, "%s: not a regular file", path);
		return RV_ERR_INVALID;
	}
	return check_owner(&st, path, e);
}

static int
read_all(int fd, const char *path, struct rv_buf *text, struct rv_error *e)
{
	char chunk[8192];
	size_t n_read = 0;
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_system(path, e);
		if (n == 0)
			return RV_OK;
		n_read += (size_t)n;
		if (n_read > FILE_MAX) {
			rv_error_set(e, "%s: longer than 1 MiB", path);
			return RV_ERR_LIMIT;
		}
		rv_buf_put(text, chunk, (size_t)n);
		if (text->failed) {
			rv_error_set(e, "%s: out of memory", path);
			return RV_ERR_NOMEM;
		}
	}
}

int
rv_file_read(const char *path, struct rv_buf *text, struct rv_error *e)
{
	int fd, r;

	/* Not to wait on a fifo: what it is shows only once it is open. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fail_system(path, e);
	r = check_file(fd, path, e);
	if (r == RV_OK)
		r = read_all(fd, path, text, e);
	(void)close(fd);
	return r;
}

/* ---- Folders ----------------------------------------------------------- */

static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
static const char ending[] = ".conf";
#define N_ENDING (sizeof(ending) - 1)

static bool
is_ours(const char *file)
{
	size_t n = strlen(file);

	return file[0] != '.' && n > N_ENDING &&
	       strcmp(file + n - N_ENDING, ending) == 0;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
	struct rv_arena *arena;
	const char **v;
	size_t n;
};

static int
add_name(struct names *names, const char *folder, const char *file,
    struct rv_error *e)
{
	struct rv_slice name = { file, strlen(file) - N_ENDING };

	/* It stands in logs and in the evidence of a sign-in. */
	if (strspn(file, letters) != name.n + N_ENDING) {
		rv_error_set(e,
		    "%s: the file '%s' must have a name of letters, digits, "
		    "'.', '_' and '-'",
		    folder, rv_value_quote(rv_slice_of(file)).text);
		return RV_ERR_INVALID;
	}
	if (names->n == FOLDER_MAX) {
		rv_error_set(e, "%s: more than %d files", folder, FOLDER_MAX);
		return RV_ERR_LIMIT;
	}
	names->v[names->n] = rv_arena_dup(names->arena, name);
	if (names->v[names->n] == NULL) {
		rv_error_set(e, "%s: out of memory", folder);
		return RV_ERR_NOMEM;
	}
	names->n++;
	return RV_OK;
}

static int
list_folder(
    DIR *dir, const char *folder, struct names *names, struct rv_error *e)
{
	struct dirent *entry;
	struct stat st;
	int r;

	if (fstat(dirfd(dir), &st) != 0)
		return fail_system(folder, e);
	r = check_owner(&st, folder, e);
	while (r == RV_OK) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return errno == 0 ? RV_OK : fail_system(folder, e);
		if (is_ours(entry->d_name))
			r = add_name(names, folder, entry->d_name, e);
	}
	return r;
}

int
rv_file_names(const char *folder, struct rv_arena *arena,
    struct rv_strings *ret_names, struct rv_error *e)
{
	struct names names = { .arena = arena };
	DIR *dir;
	int r;

	names.v = rv_arena_alloc(arena, FOLDER_MAX * sizeof(*names.v));
	if (names.v == NULL) {
		rv_error_set(e, "%s: out of memory", folder);
		return RV_ERR_NOMEM;
	}
	dir = opendir(folder);
	if (dir == NULL)
		return fail_system(folder, e);
	r = list_folder(dir, folder, &names, e);
	(void)closedir(dir);
	if (r != RV_OK)
		return r;
	qsort(names.v, names.n, sizeof(*names.v), compare);
	*ret_names = (struct rv_strings){ .v = names.v, .n = names.n };
	return RV_OK;
}
