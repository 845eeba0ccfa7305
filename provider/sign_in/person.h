/*
 * Which person evidence stands for.  Pure functions of a snapshot.
 */
#ifndef PROVIDER_SIGN_IN_PERSON_H
#define PROVIDER_SIGN_IN_PERSON_H

#include "reeve/auth.h"
#include "reeve/rbac.h"

/* The ids of evidence as slices, in the arena; NULL when out of memory. */
const struct rv_slice *rv_person_ids(
    const struct rv_evidence *evidence, struct rv_arena *arena);

/*
 * Whether one of the ids stands for an administrative user; its principal_id
 * then is *ret_canonical, borrowed from the snapshot.
 */
bool rv_person_is_mapped(const struct rv_snapshot *s,
    const struct rv_slice *ids, size_t n, struct rv_slice *ret_canonical);

/*
 * Whether two sets of own ids are of one person: by a common id, or by the
 * administrative user that both stand for.
 */
bool rv_person_is_same(const struct rv_snapshot *s, const struct rv_slice *a,
    size_t n_a, const struct rv_slice *b, size_t n_b);

/*
 * Whom a principal_id is in the directory; leaves *who as it is where it
 * says nothing.
 */
void rv_person_lookup(struct rv_slice canonical, char who[RV_PRINCIPAL_MAX]);

#endif
