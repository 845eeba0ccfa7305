#include "audit/space.h"

#include <errno.h>

#include "audit/chain.h"

#define CHUNK (1024 * 1024)

bool
rv_audit_space_promise(struct rv_audit_space *space)
{
	int64_t n = atomic_fetch_add(&space->promised, 1) + 1;

	if (n <= atomic_load(&space->room) / RV_AUDIT_RECORD_MAX)
		return true;
	rv_audit_space_release(space);
	return false;
}

void
rv_audit_space_release(struct rv_audit_space *space)
{
	int64_t before = atomic_fetch_sub(&space->promised, 1);

	RV_ASSERT(before > 0);
}

void
rv_audit_space_look(struct rv_audit_space *space, const struct rv_audit_io *io,
    int fd, uint64_t allocated, uint64_t reserve)
{
	uint64_t bytes = 0;
	int64_t room;

	/* What cannot be seen is not there. */
	if (io->free_bytes(io->arg, fd, &bytes) != 0)
		bytes = 0;
	if (bytes > INT64_MAX / 2)
		bytes = INT64_MAX / 2;
	room = (int64_t)(bytes + allocated) - (int64_t)reserve;
	atomic_store(&space->room, room);
}

bool
rv_audit_space_is_short(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* Without preallocation in the file system, the write itself must tell. */
static bool
is_unsupported(int error)
{
	return error == EOPNOTSUPP || error == ENOSYS;
}

static int
allocate_up_to(
    const struct rv_audit_io *io, int fd, off_t end, off_t *allocated)
{
	int r;

	do
		r = io->allocate(io->arg, fd, *allocated, end - *allocated);
	while (r != 0 && errno == EINTR);
	if (r == 0 || is_unsupported(errno)) {
		*allocated = end;
		return RV_OK;
	}
	return rv_audit_space_is_short(errno) ? RV_ERR_UNAVAILABLE : RV_ERR_IO;
}

int
rv_audit_space_allocate(const struct rv_audit_io *io, int fd, off_t end,
    off_t segment_size, off_t *allocated)
{
	off_t ahead = *allocated + CHUNK;
	int r = RV_ERR_UNAVAILABLE;

	if (end <= *allocated)
		return RV_OK;
	if (ahead > segment_size)
		ahead = segment_size;
	if (ahead > end)
		r = allocate_up_to(io, fd, ahead, allocated);
	/* The last bytes of a full disk are used too. */
	if (r == RV_ERR_UNAVAILABLE)
		r = allocate_up_to(io, fd, end, allocated);
	return r;
}
