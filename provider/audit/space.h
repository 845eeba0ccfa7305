/*
 * Room in the file system: what is free beside the reserve, and promises
 * on it.  Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_SPACE_H
#define PROVIDER_AUDIT_SPACE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "audit/io.h"

struct rv_audit_space {
	_Atomic int64_t room;	  /* bytes above the reserve; may be negative */
	_Atomic int64_t promised; /* records */
};

/*
 * Promises room for one record, or says no.  Any thread; exact only as far
 * as the last rv_audit_space_look(), which the writer calls each second
 * and after each group.
 */
RV_MUSTUSE bool rv_audit_space_promise(struct rv_audit_space *space);
void rv_audit_space_release(struct rv_audit_space *space);

/*
 * Looks how much is free.  allocated: bytes of the open segment that are
 * the log's already; reserve: bytes that are to stay free.
 */
void rv_audit_space_look(struct rv_audit_space *space,
    const struct rv_audit_io *io, int fd, uint64_t allocated, uint64_t reserve);

/* True for the failures that end when somebody frees space. */
bool rv_audit_space_is_short(int error);

/*
 * Makes sure that a file has blocks up to `end`, ahead in chunks where
 * there is room; *allocated is up to where it has them already.
 * RV_ERR_UNAVAILABLE when there is no space, RV_ERR_IO for good.
 */
RV_MUSTUSE int rv_audit_space_allocate(const struct rv_audit_io *io, int fd,
    off_t end, off_t segment_size, off_t *allocated);

#endif
