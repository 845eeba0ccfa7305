#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (1024 * 1024)

/* Whoever may write the file decides who gets in. */
static int
check_owner(int fd, const char *path, struct rv_error *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		rv_error_set(e, "%s: %s", path, strerror(errno));
		return RV_ERR_IO;
	}
	if (!S_ISREG(st.st_mode)) {
		rv_error_set(e, "%s: not a regular file", path);
		return RV_ERR_INVALID;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		rv_error_set(e,
		    "%s: belongs to user %u; it must belong to "
		    "root or to the user that starts the provider",
		    path, (unsigned)st.st_uid);
		return RV_ERR_INVALID;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		rv_error_set(e,
		    "%s: may be written by group or others (mode "
		    "%04o); run chmod go-w on it",
		    path, (unsigned)(st.st_mode & 07777));
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

static int
read_all(int fd, const char *path, struct rv_buf *text, struct rv_error *e)
{
	char chunk[8192];
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rv_error_set(e, "%s: %s", path, strerror(errno));
			return RV_ERR_IO;
		}
		if (n == 0)
			return RV_OK;
		rv_buf_put(text, chunk, (size_t)n);
		if (text->failed) {
			rv_error_set(e, "%s: longer than 1 MiB", path);
			return RV_ERR_LIMIT;
		}
	}
}

int
rv_config_load(
    const char *path, struct rv_config **ret_config, struct rv_error *e)
{
	struct rv_buf text = { .max = FILE_MAX };
	int fd, r = RV_ERR_IO;

	/* Not to wait on a fifo: what it is shows only once it is open. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		rv_error_set(e, "%s: %s", path, strerror(errno));
		goto out;
	}
	r = check_owner(fd, path, e);
	if (r == RV_OK)
		r = read_all(fd, path, &text, e);
	if (r == RV_OK)
		r = rv_config_parse(rv_buf_slice(&text), path, ret_config, e);
out:
	if (fd >= 0)
		(void)close(fd);
	rv_buf_fini(&text);
	return r;
}
