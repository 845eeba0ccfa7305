#include "store/migration.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#define NUMBER_DIGITS 4
#define FILE_MAX      (16u << 20)

void
rv_migrations_fini(struct rv_migrations *migrations)
{
	for (size_t i = 0; i < migrations->n; i++) {
		free(migrations->v[i].name);
		free(migrations->v[i].text);
	}
	free(migrations->v);
	*migrations = (struct rv_migrations){ NULL, 0 };
}

/* ---- Names ---- */

static bool
has_suffix(const char *name)
{
	size_t n = strlen(name);

	return n >= 4 && strcmp(name + n - 4, ".sql") == 0;
}

/* Fills version and name from NNNN_name.sql. */
static int
parse_name(const char *file, struct rv_migration *m)
{
	size_t n = strlen(file) - strlen(".sql");
	uint64_t version = 0;

	if (n < NUMBER_DIGITS + 2 || file[NUMBER_DIGITS] != '_')
		return RV_ERR_INVALID;
	for (size_t i = 0; i < NUMBER_DIGITS; i++) {
		if (!isdigit((unsigned char)file[i]))
			return RV_ERR_INVALID;
		version = version * 10 + (uint64_t)(file[i] - '0');
	}
	for (size_t i = NUMBER_DIGITS + 1; i < n; i++)
		if (!isalnum((unsigned char)file[i]) && file[i] != '_')
			return RV_ERR_INVALID;
	m->version = (unsigned)version;
	m->name = strndup(file + NUMBER_DIGITS + 1, n - NUMBER_DIGITS - 1);
	return m->name != NULL ? RV_OK : RV_ERR_NOMEM;
}

/* ---- Contents ---- */

static int
read_all(int fd, struct rv_buf *text)
{
	ssize_t n;

	do {
		if (rv_buf_reserve(text, 65536) != RV_OK)
			return ENOMEM;
		n = read(fd, text->p + text->n, 65536);
		if (n > 0)
			text->n += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? errno : 0;
}

static int
digest(struct rv_slice text, char ret_hex[65])
{
	unsigned char md[32];
	unsigned n = 0;

	if (EVP_Digest(text.p, text.n, md, &n, EVP_sha256(), NULL) != 1 ||
	    n != sizeof(md))
		return RV_ERR_INTERNAL;
	for (size_t i = 0; i < sizeof(md); i++)
		(void)snprintf(ret_hex + 2 * i, 3, "%02x", md[i]);
	return RV_OK;
}

static int
read_text(
    int folder, const char *file, struct rv_migration *m, struct rv_error *e)
{
	struct rv_buf text;
	int fd, failed, r = RV_ERR_IO;

	rv_buf_init(&text, FILE_MAX);
	fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
	failed = fd < 0 ? errno : read_all(fd, &text);
	if (failed != 0) {
		rv_error_set(e, "%s: %s", file, strerror(failed));
		goto out;
	}
	if (!rv_slice_is_text(rv_buf_slice(&text))) {
		rv_error_set(e, "%s: not UTF-8 text", file);
		r = RV_ERR_INVALID;
		goto out;
	}
	r = digest(rv_buf_slice(&text), m->sha256);
	if (r != RV_OK) {
		rv_error_set(e, "%s: SHA-256 failed", file);
		goto out;
	}
	m->text = rv_slice_dup(rv_buf_slice(&text));
	r = m->text != NULL ? RV_OK : RV_ERR_NOMEM;
out:
	if (fd >= 0)
		(void)close(fd);
	rv_buf_fini(&text);
	return r;
}

/* ---- The folder ---- */

static int
add_file(
    struct rv_migrations *all, int folder, const char *file, struct rv_error *e)
{
	struct rv_migration *v = reallocarray(all->v, all->n + 1, sizeof(*v));
	struct rv_migration m = { 0 };
	int r;

	if (v == NULL)
		return RV_ERR_NOMEM;
	all->v = v;
	r = parse_name(file, &m);
	if (r == RV_ERR_INVALID)
		rv_error_set(e,
		    "%s: the name of a migration is NNNN_name.sql, with "
		    "letters, digits and '_' only",
		    file);
	if (r != RV_OK)
		return r;
	v[all->n] = m;
	return read_text(folder, file, &v[all->n++], e);
}

static int
by_version(const void *a, const void *b)
{
	const struct rv_migration *x = a, *y = b;

	return x->version < y->version ? -1 : x->version > y->version;
}

static int
check_numbers(const struct rv_migrations *all, struct rv_error *e)
{
	for (size_t i = 0; i < all->n; i++) {
		unsigned have = all->v[i].version, want = (unsigned)i + 1;

		if (have == want)
			continue;
		if (i > 0 && have == all->v[i - 1].version)
			rv_error_set(
			    e, "two migrations have the number %04u", have);
		else
			rv_error_set(e, "migration %04u is missing", want);
		return RV_ERR_INVALID;
	}
	if (all->n == 0) {
		rv_error_set(e, "there are no migrations there");
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

static int
read_folder(DIR *folder, struct rv_migrations *all, struct rv_error *e)
{
	struct dirent *entry;
	int r = RV_OK;

	while (r == RV_OK) {
		errno = 0;
		entry = readdir(folder);
		if (entry == NULL)
			break;
		if (entry->d_name[0] != '.' && has_suffix(entry->d_name))
			r = add_file(all, dirfd(folder), entry->d_name, e);
	}
	if (r == RV_OK && errno != 0) {
		rv_error_set(e, "%s", strerror(errno));
		r = RV_ERR_IO;
	}
	if (r != RV_OK)
		return r;
	if (all->n > 1)
		qsort(all->v, all->n, sizeof(*all->v), by_version);
	return check_numbers(all, e);
}

int
rv_migrations_read(const char *directory, struct rv_migrations *ret_migrations,
    struct rv_error *e)
{
	struct rv_migrations all = { NULL, 0 };
	struct rv_error why = { "out of memory" };
	DIR *folder = opendir(directory);
	int r = RV_ERR_IO;

	if (folder != NULL) {
		r = read_folder(folder, &all, &why);
		(void)closedir(folder);
	} else {
		rv_error_set(&why, "%s", strerror(errno));
	}
	if (r != RV_OK) {
		rv_error_set(
		    e, "migrations in %.200s: %.250s", directory, why.text);
		rv_migrations_fini(&all);
		return r;
	}
	*ret_migrations = all;
	return RV_OK;
}
