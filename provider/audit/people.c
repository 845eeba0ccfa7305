#include "audit/people.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define FILE_NAME "SMSProv.log"
#define ROLLED	  "SMSProv.lo_"
#define FILE_MAX  (16 * 1024 * 1024)

void
rv_audit_people_init(struct rv_audit_people *p, int dir_fd)
{
	*p = (struct rv_audit_people){ .dir_fd = dir_fd, .fd = -1 };
}

void
rv_audit_people_fini(struct rv_audit_people *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}

static bool
is_one_line(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

void
rv_audit_people_format(
    struct rv_buf *out, struct rv_slice text, int64_t now_ms, int tid)
{
	time_t s = (time_t)(now_ms / 1000);
	char when[32] = "";
	struct tm tm = { 0 };

	if (!is_one_line(text))
		return;
	if (gmtime_r(&s, &tm) != NULL)
		(void)strftime(when, sizeof(when), "%m-%d-%Y %H:%M:%S", &tm);
	rv_buf_put_slice(out, text);
	rv_buf_printf(out,
	    "  $$<SMS Provider><%s.%03d+000><thread=%d (0x%X)>\n", when,
	    (int)(now_ms % 1000), tid, (unsigned)tid);
}

static int
open_file(struct rv_audit_people *p)
{
	struct stat st;

	if (p->fd >= 0 && p->size < FILE_MAX)
		return RV_OK;
	if (p->fd >= 0) {
		rv_audit_people_fini(p);
		if (renameat(p->dir_fd, FILE_NAME, p->dir_fd, ROLLED) != 0)
			return RV_ERR_IO;
	}
	p->fd = openat(p->dir_fd, FILE_NAME,
	    O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0640);
	if (p->fd < 0)
		return RV_ERR_IO;
	if (fstat(p->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		rv_audit_people_fini(p);
		errno = EINVAL;
		return RV_ERR_IO;
	}
	p->size = st.st_size;
	return RV_OK;
}

/* All or nothing: half a line would spoil the next. */
static int
append(struct rv_audit_people *p, struct rv_slice lines)
{
	ssize_t n = write(p->fd, lines.p, lines.n);

	if (n == (ssize_t)lines.n) {
		p->size += n;
		return RV_OK;
	}
	if (n >= 0)
		errno = ENOSPC;
	if (n > 0 && ftruncate(p->fd, p->size) != 0)
		p->size += n;
	return RV_ERR_IO;
}

void
rv_audit_people_write(struct rv_audit_people *p, struct rv_slice lines)
{
	int r;

	if (lines.n == 0)
		return;
	r = open_file(p);
	if (r == RV_OK)
		r = append(p, lines);
	if (r != RV_OK && !p->failed)
		rv_log(RV_LOG_WARNING,
		    "cannot write " FILE_NAME " beside the audit log: %s; "
		    "the records themselves are not affected",
		    strerror(errno));
	p->failed = r != RV_OK;
}
