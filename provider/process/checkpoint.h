/*
 * Signed checkpoints of the audit log: when a segment is closed, the keeper
 * signs the number and the hash of its last record, and that is written
 * beside it, audit-N.checkpoint.  Whoever can write the folder can compute
 * the chain anew, but has not the key.
 *
 * docs/audit.md has the form of the file.
 */
#ifndef PROVIDER_PROCESS_CHECKPOINT_H
#define PROVIDER_PROCESS_CHECKPOINT_H

#include "process/keeper.h"

struct rv_checkpoints;

/*
 * Starts a thread, which asks the keeper and writes.  Both live longer;
 * directory and node are copied.  RV_ERR_NOMEM, RV_ERR_IO.
 */
RV_MUSTUSE int rv_checkpoints_new(struct rv_keeper_link *keeper,
    const char *directory, const char *node,
    struct rv_checkpoints **ret_checkpoints, struct rv_error *e);
/* Writes what waits.  *checkpoints may be NULL and becomes NULL. */
void rv_checkpoints_free(struct rv_checkpoints **checkpoints);

/*
 * For struct rv_audit_config: arg is the checkpoints.  Never blocks.  A
 * checkpoint that cannot be made is told in the log: the segment has none.
 */
void rv_checkpoints_closed(
    void *arg, const char *segment, uint64_t seq, const char *hash);

#endif
