/*
 * Which sets of groups the audit log holds already.  A decision's record
 * names its subject's groups by a hash; the set behind the hash is recorded
 * once, so that the decision can be evaluated again later.
 */
#ifndef PROVIDER_PIPELINE_GROUP_SETS_H
#define PROVIDER_PIPELINE_GROUP_SETS_H

#include "reeve/auth.h"

struct rv_audit_entry;
struct rv_group_sets;
struct rv_lane;

/* NULL when out of memory.  One loop's thread only. */
struct rv_group_sets *rv_group_sets_new(void);
void rv_group_sets_free(struct rv_group_sets **sets);

/*
 * Hands the identity's groups to the audit log unless they are in it since
 * this loop began; before the record that names their hash, so that both
 * become durable in this order.  RV_ERR_NOMEM: not handed over.
 */
RV_MUSTUSE int rv_group_sets_record(
    struct rv_lane *lane, const struct rv_identity *identity);

/* Forgets all sets: when a record of them could not be made durable. */
void rv_group_sets_forget(struct rv_group_sets *sets);

#endif
