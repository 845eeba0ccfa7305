#include "audit/recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads a segment line by line. */
struct scan {
	struct rv_audit_segment *segment;
	struct rv_audit_hasher *hasher;
	struct rv_audit_link link; /* of the last good line */
	bool link_known;	   /* else the first line is believed */
	uint64_t lines;
	off_t good; /* end of the last good line */
};

/* The two highest numbers of segments, 0 where there is none. */
static int
find_segments(const struct rv_audit_segment *s, uint64_t *ret_last,
    uint64_t *ret_before, struct rv_error *e)
{
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint64_t seq;

	*ret_last = *ret_before = 0;
	if (dir == NULL) {
		rv_error_set(
		    e, "cannot list %s: %s", s->directory, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return RV_ERR_IO;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (!rv_audit_segment_number(entry->d_name, &seq))
			continue;
		if (seq > *ret_last) {
			*ret_before = *ret_last;
			*ret_last = seq;
		} else if (seq > *ret_before) {
			*ret_before = seq;
		}
	}
	(void)closedir(dir);
	return RV_OK;
}

static int
read_error(
    const struct rv_audit_segment *s, const char *name, struct rv_error *e)
{
	rv_error_set(
	    e, "cannot read %s/%s: %s", s->directory, name, strerror(errno));
	return RV_ERR_IO;
}

static int
open_segment(const struct rv_audit_segment *s, const char *name, int *ret_fd,
    off_t *ret_size, struct rv_error *e)
{
	struct stat st;
	int fd;

	fd = openat(
	    s->dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return read_error(s, name, e);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		rv_error_set(
		    e, "%s/%s is not a regular file", s->directory, name);
		return RV_ERR_INVALID;
	}
	*ret_fd = fd;
	*ret_size = st.st_size;
	return RV_OK;
}

/* Fills b from the file; stops early only at its end. */
static int
read_at(int fd, off_t at, size_t n, struct rv_buf *b)
{
	if (rv_buf_reserve(b, n) != RV_OK) {
		errno = ENOMEM;
		return RV_ERR_NOMEM;
	}
	while (n > 0) {
		ssize_t got = pread(fd, b->p + b->n, n, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return RV_ERR_IO;
		if (got == 0)
			break;
		b->n += (size_t)got;
		n -= (size_t)got;
		at += got;
	}
	return RV_OK;
}

/* ---- The segment before the last one ----------------------------------- */

/* The link of its last line, to which the first of the last one must fit. */
static int
read_last_line(const struct rv_audit_segment *s, struct rv_audit_hasher *hasher,
    uint64_t number, struct rv_audit_link *ret_link, struct rv_error *e)
{
	char name[RV_AUDIT_SEGMENT_NAME];
	struct rv_audit_link before;
	struct rv_buf b = { 0 };
	struct rv_slice line;
	off_t size, from;
	int fd, r;

	rv_audit_segment_name(number, name);
	r = open_segment(s, name, &fd, &size, e);
	if (r != RV_OK)
		return r;
	from = size > RV_AUDIT_LINE_MAX ? size - RV_AUDIT_LINE_MAX : 0;
	r = read_at(fd, from, (size_t)(size - from), &b);
	(void)close(fd);
	if (r != RV_OK) {
		r = read_error(s, name, e);
		goto out;
	}
	line = rv_buf_slice(&b);
	r = RV_ERR_INVALID;
	if (line.n > 0 && line.p[line.n - 1] == '\n') {
		const char *start;

		line.n--;
		start = memrchr(line.p, '\n', line.n);
		if (start != NULL) {
			line.n -= (size_t)(start + 1 - line.p);
			line.p = start + 1;
		}
		r = rv_audit_link_read(hasher, line, &before, ret_link);
	}
	if (r != RV_OK)
		rv_error_set(e,
		    "%s/%s does not end with a record: the audit "
		    "log was changed",
		    s->directory, name);
out:
	rv_buf_fini(&b);
	return r;
}

/* ---- The last segment -------------------------------------------------- */

static int
broken(const struct scan *sc, const char *how, struct rv_error *e)
{
	rv_error_set(e,
	    "%s/%s: line %" PRIu64 ": the chain of records is "
	    "broken (%s): the audit log was changed; keep the folder for "
	    "examination and set audit_directory to a new one",
	    sc->segment->directory, sc->segment->name, sc->lines + 1, how);
	return RV_ERR_INVALID;
}

/*
 * A power failure may keep later pages of the last group and lose earlier
 * ones, which then read as NUL bytes; no record has one.  Such a line is
 * torn, not changed.
 */
static bool
is_torn(struct rv_slice line)
{
	return line.n > 0 && memchr(line.p, '\0', line.n) != NULL;
}

/* RV_ERR_AGAIN: the line is torn; what comes from here is to be cut off. */
static int
scan_line(struct scan *sc, struct rv_slice line, struct rv_error *e)
{
	struct rv_audit_link before, link;
	int r;

	if (is_torn(line))
		return RV_ERR_AGAIN;
	r = rv_audit_link_read(sc->hasher, line, &before, &link);
	if (r == RV_ERR_INVALID)
		return broken(sc, "it is no record", e);
	if (r != RV_OK) {
		rv_error_set(e, "out of memory");
		return r;
	}
	if (sc->link_known && before.seq != sc->link.seq)
		return broken(sc, "its number does not follow", e);
	if (sc->link_known && !rv_audit_link_eq(&before, &sc->link))
		return broken(sc, "its hash of the line before differs", e);
	sc->link = link;
	sc->link_known = true;
	sc->lines++;
	sc->good += (off_t)line.n + 1;
	return RV_OK;
}

/* Takes the whole lines from b and leaves the rest in it. */
static int
scan_lines(struct scan *sc, struct rv_buf *b, struct rv_error *e)
{
	size_t done = 0;
	int r = RV_OK;

	while (r == RV_OK && done < b->n) {
		const char *start = b->p + done;
		const char *end = memchr(start, '\n', b->n - done);
		struct rv_slice line;

		if (end == NULL)
			break;
		line = (struct rv_slice){ start, (size_t)(end - start) };
		r = scan_line(sc, line, e);
		done += line.n + 1;
	}
	rv_buf_consume(b, done);
	return r;
}

static int
scan_file(struct scan *sc, off_t size, struct rv_error *e)
{
	struct rv_buf b = { 0 };
	off_t at = 0;
	int r = RV_OK;

	while (r == RV_OK && at < size) {
		size_t n = b.n;

		if (n > RV_AUDIT_LINE_MAX) {
			r = is_torn(rv_buf_slice(&b))
				? RV_ERR_AGAIN
				: broken(sc, "it is no record", e);
			break;
		}
		if (read_at(sc->segment->fd, at, RV_AUDIT_LINE_MAX, &b) !=
		    RV_OK) {
			r = read_error(sc->segment, sc->segment->name, e);
			break;
		}
		if (b.n == n)
			break;
		at += (off_t)(b.n - n);
		r = scan_lines(sc, &b, e);
	}
	rv_buf_fini(&b);
	return r == RV_ERR_AGAIN ? RV_OK : r;
}

static int
cut_torn(struct rv_audit_segment *s, struct rv_error *e)
{
	if (s->io->ftruncate(s->io->arg, s->fd, s->offset) != 0 ||
	    fsync(s->fd) != 0) {
		rv_error_set(e, "cannot cut the torn end off %s/%s: %s",
		    s->directory, s->name, strerror(errno));
		return RV_ERR_IO;
	}
	return RV_OK;
}

/* The link that the first line of the last segment must name. */
static int
expect_link(
    struct scan *sc, uint64_t number, uint64_t before, struct rv_error *e)
{
	int r;

	if (before != 0) {
		r = read_last_line(
		    sc->segment, sc->hasher, before, &sc->link, e);
		if (r != RV_OK)
			return r;
		sc->link_known = true;
	} else if (number == 1) {
		sc->link = rv_audit_link_first();
		sc->link_known = true;
	}
	if (sc->link_known && sc->link.seq != number - 1)
		return broken(sc,
		    "the segment before does not end where this "
		    "one begins",
		    e);
	return RV_OK;
}

int
rv_audit_recover(struct rv_audit_segment *s, struct rv_audit_hasher *hasher,
    struct rv_audit_link *ret_link, uint64_t *ret_torn, struct rv_error *e)
{
	struct scan sc = { .segment = s, .hasher = hasher };
	uint64_t last, before;
	off_t size = 0;
	int r = find_segments(s, &last, &before, e);

	if (r != RV_OK)
		return r;
	*ret_torn = 0;
	*ret_link = rv_audit_link_first();
	if (last == 0)
		return RV_OK;
	rv_audit_segment_name(last, s->name);
	r = open_segment(s, s->name, &s->fd, &size, e);
	if (r == RV_OK)
		r = expect_link(&sc, last, before, e);
	if (r == RV_OK)
		r = scan_file(&sc, size, e);
	if (r != RV_OK)
		return r;
	if (!sc.link_known) {
		rv_error_set(e,
		    "%s/%s has no record, and the segment before "
		    "it is missing",
		    s->directory, s->name);
		return RV_ERR_INVALID;
	}
	if (sc.lines > 0 && sc.link.seq - sc.lines + 1 != last)
		return broken(&sc, "the file's name tells another number", e);
	s->offset = s->allocated = sc.good;
	*ret_link = sc.link;
	*ret_torn = (uint64_t)(size - sc.good);
	return *ret_torn == 0 ? RV_OK : cut_torn(s, e);
}
