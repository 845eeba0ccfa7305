/*
 * The file operations of the log, as a table, so that tests can make each
 * of them fail.  Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_IO_H
#define PROVIDER_AUDIT_IO_H

#include <sys/types.h>

#include "reeve/base.h"

/* As the system calls of those names: -1 and errno on failure. */
struct rv_audit_io {
	void *arg;
	ssize_t (*pwrite)(void *arg, int fd, const void *p, size_t n, off_t at);
	int (*fdatasync)(void *arg, int fd);
	int (*ftruncate)(void *arg, int fd, off_t size);
	/* fallocate(2) with FALLOC_FL_KEEP_SIZE */
	int (*allocate)(void *arg, int fd, off_t at, off_t n);
	/* bytes that an unprivileged user may still use */
	int (*free_bytes)(void *arg, int fd, uint64_t *ret_bytes);
};

/* The operating system's own; static storage. */
const struct rv_audit_io *rv_audit_io_system(void);

#endif
