/*
 * SMSProv.log, the log for people beside the records: not synced, rolled
 * over to SMSProv.lo_.  Its failures change no answer.  One thread.
 * Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_PEOPLE_H
#define PROVIDER_AUDIT_PEOPLE_H

#include <sys/types.h>

#include "reeve/base.h"

struct rv_audit_people {
	int dir_fd; /* borrowed */
	int fd;	    /* -1: not open */
	off_t size;
	bool failed; /* and reported */
};

void rv_audit_people_init(struct rv_audit_people *p, int dir_fd);
void rv_audit_people_fini(struct rv_audit_people *p);

/*
 * Appends one line: the text, then component, time and thread in the form
 * of the server's logs.  A text that has other bytes than printable ASCII
 * is left out.
 */
void rv_audit_people_format(
    struct rv_buf *out, struct rv_slice text, int64_t now_ms, int tid);
/* Writes whole lines; a failure is reported once, until it has passed. */
void rv_audit_people_write(struct rv_audit_people *p, struct rv_slice lines);

#endif
