/*
 * The hash chain: each record has a number and the SHA-256 of the line
 * before it.  No I/O.  Private to provider/audit.
 */
#ifndef PROVIDER_AUDIT_CHAIN_H
#define PROVIDER_AUDIT_CHAIN_H

#include "reeve/base.h"

/* Escaped and encoded, docs/audit.md; record.c stays below it. */
#define RV_AUDIT_RECORD_MAX (256 * 1024)
/* A line is a record with number, hash and braces. */
#define RV_AUDIT_LINE_MAX (RV_AUDIT_RECORD_MAX + 256)

/* The end of the chain; copied freely, so that a group can be undone. */
struct rv_audit_link {
	uint64_t seq;  /* of the last record, 0 before the first */
	char prev[65]; /* hex of the SHA-256 of its line, zeros before it */
};

struct rv_audit_hasher;
/* NULL when out of memory. */
struct rv_audit_hasher *rv_audit_hasher_new(void);
/* *hasher may be NULL and becomes NULL. */
void rv_audit_hasher_free(struct rv_audit_hasher **hasher);

/* The link before the first record. */
struct rv_audit_link rv_audit_link_first(void);

/*
 * Appends the record (its members, no braces) as the next line with its
 * line end, and moves *link to it.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_audit_link_add(struct rv_audit_link *link,
    struct rv_audit_hasher *hasher, struct rv_slice record, struct rv_buf *out);

/*
 * Takes number and hash out of a line (without line end) and hashes it.
 * RV_ERR_INVALID when it has not the form of a record.  *ret_before is the
 * link that the line names as the one before it.
 */
RV_MUSTUSE int rv_audit_link_read(struct rv_audit_hasher *hasher,
    struct rv_slice line, struct rv_audit_link *ret_before,
    struct rv_audit_link *ret_link);

bool rv_audit_link_eq(
    const struct rv_audit_link *a, const struct rv_audit_link *b);

#endif
