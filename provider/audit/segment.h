/*
 * The files of the log, audit-<first seq, 20 digits>.jsonl.  One thread.
 * Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_SEGMENT_H
#define PROVIDER_AUDIT_SEGMENT_H

#include <sys/types.h>

#include "audit/io.h"

#define RV_AUDIT_SEGMENT_NAME 33 /* "audit-", 20 digits, ".jsonl", NUL */

struct rv_audit_segment {
	const struct rv_audit_io *io;
	const char *directory; /* for messages; borrowed */
	int dir_fd;
	int fd; /* -1: none is open */
	char name[RV_AUDIT_SEGMENT_NAME];
	off_t offset;	 /* end of the durable records */
	off_t allocated; /* end of the blocks */
	off_t size_max;
};

/*
 * Opens and locks the folder, so that no second provider writes there.
 * RV_ERR_INVALID for one that others may write, RV_ERR_EXISTS for a locked
 * one.
 */
RV_MUSTUSE int rv_audit_segment_init(struct rv_audit_segment *s,
    const struct rv_audit_io *io, const char *directory, struct rv_error *e);
/* Gives back blocks that are not used; s may be half-built. */
void rv_audit_segment_fini(struct rv_audit_segment *s);

void rv_audit_segment_name(uint64_t first_seq, char *ret_name);
/* False when it is not the name of a segment. */
bool rv_audit_segment_number(const char *name, uint64_t *ret_first_seq);

/*
 * Writes a group of records, the first of which has number first_seq, and
 * makes it durable; begins a new segment before it where it is due.
 * RV_ERR_UNAVAILABLE: nothing of it is in the file, and a later call may
 * succeed.  RV_ERR_IO: what the file holds is not known; there must be no
 * further call.  *e says what happened.
 */
RV_MUSTUSE int rv_audit_segment_append(struct rv_audit_segment *s,
    uint64_t first_seq, struct rv_slice group, struct rv_error *e);

#endif
