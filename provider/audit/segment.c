#include "audit/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/space.h"

#define PREFIX "audit-"
#define SUFFIX ".jsonl"
#define DIGITS 20

void
rv_audit_segment_name(uint64_t first_seq, char *ret_name)
{
	(void)snprintf(ret_name, RV_AUDIT_SEGMENT_NAME,
	    PREFIX "%020" PRIu64 SUFFIX, first_seq);
}

bool
rv_audit_segment_number(const char *name, uint64_t *ret_first_seq)
{
	char again[RV_AUDIT_SEGMENT_NAME];
	struct rv_slice digits;
	uint64_t seq;

	if (strlen(name) != strlen(PREFIX) + DIGITS + strlen(SUFFIX))
		return false;
	digits = (struct rv_slice){ name + strlen(PREFIX), DIGITS };
	while (digits.n > 1 && digits.p[0] == '0') {
		digits.p++;
		digits.n--;
	}
	if (rv_slice_to_u64(digits, UINT64_MAX, &seq) != RV_OK || seq == 0)
		return false;
	rv_audit_segment_name(seq, again);
	if (strcmp(name, again) != 0)
		return false;
	*ret_first_seq = seq;
	return true;
}

static int
check_folder(int fd, const char *directory, struct rv_error *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		rv_error_set(e, "%s: %s", directory, strerror(errno));
		return RV_ERR_IO;
	}
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		rv_error_set(e,
		    "%s: belongs to user %u; the audit log must "
		    "belong to root or to the user of the provider",
		    directory, (unsigned)st.st_uid);
		return RV_ERR_INVALID;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		rv_error_set(e,
		    "%s: may be written by group or others (mode "
		    "%04o); run chmod go-w on it",
		    directory, (unsigned)(st.st_mode & 07777));
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

int
rv_audit_segment_init(struct rv_audit_segment *s, const struct rv_audit_io *io,
    const char *directory, struct rv_error *e)
{
	int r;

	*s = (struct rv_audit_segment){
		.io = io, .directory = directory, .dir_fd = -1, .fd = -1
	};
	s->dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0) {
		rv_error_set(e,
		    "cannot open the folder of the audit log %s: "
		    "%s",
		    directory, strerror(errno));
		return RV_ERR_IO;
	}
	r = check_folder(s->dir_fd, directory, e);
	if (r != RV_OK)
		return r;
	if (flock(s->dir_fd, LOCK_EX | LOCK_NB) != 0) {
		rv_error_set(e,
		    "%s: another provider writes its audit log "
		    "there",
		    directory);
		return RV_ERR_EXISTS;
	}
	return RV_OK;
}

static void
close_file(struct rv_audit_segment *s)
{
	if (s->fd < 0)
		return;
	/* Blocks beyond the end are nobody's loss if they stay. */
	if (s->allocated > s->offset)
		(void)s->io->ftruncate(s->io->arg, s->fd, s->offset);
	(void)close(s->fd);
	s->fd = -1;
}

void
rv_audit_segment_fini(struct rv_audit_segment *s)
{
	close_file(s);
	if (s->dir_fd >= 0)
		(void)close(s->dir_fd);
	s->dir_fd = -1;
}

/* ---- Appending --------------------------------------------------------- */

static int
fail(const struct rv_audit_segment *s, const char *what, int error, int r,
    struct rv_error *e)
{
	rv_error_set(e, "%s of %s/%s failed: %s", what, s->directory, s->name,
	    strerror(error));
	return r;
}

/*
 * A failure here has touched no record, so it may pass; only a folder that
 * cannot be made durable is a failure for good.
 */
static int
begin_segment(
    struct rv_audit_segment *s, uint64_t first_seq, struct rv_error *e)
{
	char name[RV_AUDIT_SEGMENT_NAME];
	int fd;

	rv_audit_segment_name(first_seq, name);
	fd = openat(s->dir_fd, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0) {
		rv_error_set(e, "%s/%s: cannot begin a segment: %s",
		    s->directory, name, strerror(errno));
		return RV_ERR_UNAVAILABLE;
	}
	close_file(s);
	s->fd = fd;
	s->offset = 0;
	s->allocated = 0;
	memcpy(s->name, name, sizeof(name));
	if (fsync(s->dir_fd) != 0)
		return fail(s, "fsync of the folder", errno, RV_ERR_IO, e);
	return RV_OK;
}

/* Takes a half-written group out of the file again. */
static int
cut_back(struct rv_audit_segment *s)
{
	if (s->io->ftruncate(s->io->arg, s->fd, s->offset) != 0)
		return RV_ERR_IO;
	s->allocated = s->offset;
	return RV_OK;
}

static int
write_all(struct rv_audit_segment *s, struct rv_slice group, struct rv_error *e)
{
	off_t at = s->offset;
	int r;

	while (group.n > 0) {
		ssize_t n =
		    s->io->pwrite(s->io->arg, s->fd, group.p, group.n, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int error = n == 0 ? EIO : errno;

			r = rv_audit_space_is_short(error) ? RV_ERR_UNAVAILABLE
							   : RV_ERR_IO;
			if (cut_back(s) != RV_OK)
				r = RV_ERR_IO;
			return fail(s, "write", error, r, e);
		}
		group.p += n;
		group.n -= (size_t)n;
		at += n;
	}
	return RV_OK;
}

int
rv_audit_segment_append(struct rv_audit_segment *s, uint64_t first_seq,
    struct rv_slice group, struct rv_error *e)
{
	off_t n = (off_t)group.n;
	int r;

	if (s->fd < 0 || (s->offset > 0 && s->offset + n > s->size_max)) {
		r = begin_segment(s, first_seq, e);
		if (r != RV_OK)
			return r;
	}
	r = rv_audit_space_allocate(
	    s->io, s->fd, s->offset + n, s->size_max, &s->allocated);
	if (r != RV_OK)
		return fail(s, "allocation", errno, r, e);
	r = write_all(s, group, e);
	if (r != RV_OK)
		return r;
	if (s->io->fdatasync(s->io->arg, s->fd) != 0) {
		r = fail(s, "fdatasync", errno, RV_ERR_IO, e);
		/*
		 * The kernel may have dropped the pages and forgotten the
		 * error, so a second fdatasync would prove nothing.  Nobody
		 * was answered on these records: take them away, that the
		 * chain does not go on from what may not be there.
		 */
		rv_ignore(cut_back(s));
		return r;
	}
	s->offset += n;
	return RV_OK;
}
