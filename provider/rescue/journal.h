/*
 * The record of what the operator did: a chain of its own in the folder
 * `operator` of the audit log, in the form of all others (docs/audit.md).
 */
#ifndef PROVIDER_RESCUE_JOURNAL_H
#define PROVIDER_RESCUE_JOURNAL_H

#include "rescue/operator.h"

struct rv_config;
struct rv_journal;

RV_MUSTUSE int rv_journal_open(const struct rv_config *config,
    struct rv_journal **ret_journal, struct rv_error *e);
/* *journal may be NULL and becomes NULL. */
void rv_journal_close(struct rv_journal **journal);

/* Whether a record could be kept now: without, nothing may be changed. */
bool rv_journal_is_ready(struct rv_journal *journal);

struct rv_journal_entry {
	const struct rv_operator *who;
	const char *request_id;
	const char *action; /* "status", ... */
	const char *about;  /* the principal, or NULL */
	const char *reason; /* a word: "success", "refused", ... */
	const char *detail; /* or NULL */
	bool done;
};
/* Waits until it is durable; RV_ERR_IO when it is not. */
RV_MUSTUSE int rv_journal_write(
    struct rv_journal *journal, const struct rv_journal_entry *entry);

#endif
