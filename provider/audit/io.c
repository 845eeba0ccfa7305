#include "audit/io.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

static ssize_t
system_pwrite(void *arg, int fd, const void *p, size_t n, off_t at)
{
	(void)arg;
	return pwrite(fd, p, n, at);
}

static int
system_fdatasync(void *arg, int fd)
{
	(void)arg;
	return fdatasync(fd);
}

static int
system_ftruncate(void *arg, int fd, off_t size)
{
	(void)arg;
	return ftruncate(fd, size);
}

static int
system_allocate(void *arg, int fd, off_t at, off_t n)
{
	(void)arg;
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, at, n);
}

static int
system_free_bytes(void *arg, int fd, uint64_t *ret_bytes)
{
	struct statvfs st;

	(void)arg;
	if (fstatvfs(fd, &st) != 0)
		return -1;
	*ret_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	return 0;
}

const struct rv_audit_io *
rv_audit_io_system(void)
{
	static const struct rv_audit_io io = {
		.pwrite = system_pwrite,
		.fdatasync = system_fdatasync,
		.ftruncate = system_ftruncate,
		.allocate = system_allocate,
		.free_bytes = system_free_bytes,
	};

	return &io;
}
