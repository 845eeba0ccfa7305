/*
 * The access stream of the audit log: records from the loops, one writer
 * thread, one durable append (fdatasync) for a whole group of records, then
 * the answers are released.  docs/audit.md describes the record.
 *
 * Each loop is one producer.  A record that is not durable within 2 s, or
 * whose write failed, is reported as failed: the answer becomes 503.
 */
#ifndef PROVIDER_AUDIT_H
#define PROVIDER_AUDIT_H

#include "reeve/base.h"

struct rv_audit;

struct rv_audit_config {
	const char *directory;
	const char *node;
	size_t segment_size;
	size_t reserve; /* bytes to keep free in the file system */
	unsigned producers;
	/*
	 * Called when a segment gets no further record: its file name, number
	 * and hash (hex) of its last one.  On the writer's thread: must not
	 * block.  NULL: nobody wants to know.
	 */
	void (*closed)(
	    void *arg, const char *segment, uint64_t seq, const char *hash);
	void *arg;
};

/* One record on its way; memory of the submitter until it is reaped. */
struct rv_audit_entry {
	/* the record's members from "ts" to "latency_us", no braces */
	struct rv_buf record;
	struct rv_buf line; /* for people, without time and end of line */
	int result;	    /* after reaping: RV_OK, or why it is not durable */
	void *owner;
	int64_t submitted_ms;	     /* used by the log */
	struct rv_audit_entry *next; /* used by the log */
};

/*
 * Opens the folder, continues sequence number and hash chain of the last
 * segment (a torn last record is cut off and noted in the log itself),
 * starts the writer.  Refuses a folder that others may write.
 */
RV_MUSTUSE int rv_audit_open(const struct rv_audit_config *config,
    struct rv_audit **ret_audit, struct rv_error *e);
/* Writes what waits, then ends the thread. */
void rv_audit_close(struct rv_audit **audit);

/* Hands an entry over.  Never blocks; the producer's own thread only. */
void rv_audit_submit(
    struct rv_audit *audit, unsigned producer, struct rv_audit_entry *entry);
/* A descriptor that becomes readable when entries of a producer are done. */
int rv_audit_fd(const struct rv_audit *audit, unsigned producer);
/*
 * Takes the finished entries of a producer, oldest first, as a list by
 * `next`; NULL when none.  Clears the descriptor.
 */
struct rv_audit_entry *rv_audit_reap(struct rv_audit *audit, unsigned producer);

/*
 * Before a write of the store starts: true when the log is healthy and has
 * room for its record, which is then reserved until given back.
 */
RV_MUSTUSE bool rv_audit_reserve(struct rv_audit *audit);
void rv_audit_unreserve(struct rv_audit *audit);

struct rv_audit_state {
	bool healthy;
	uint64_t seq; /* of the last durable record */
	char problem[256];
};
void rv_audit_state(
    const struct rv_audit *audit, struct rv_audit_state *ret_state);

#endif
