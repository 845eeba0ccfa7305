/*
 * The two set questions that lists are measured by, as a provider asks them:
 * an arena of its own for each, the subject resolved anew.
 */
#ifndef TESTS_BENCH_ASK_H
#define TESTS_BENCH_ASK_H

#include "reeve/rbac.h"

/* Some instant: the made-up sites have no assignments with an end. */
#define BENCH_NOW_MS INT64_C(1760000000000)

/*
 * The devices that the subject may Read: how many, and unless ret_ids is
 * NULL their ids up to the id `last` (room for all).  RV_ERR_NOMEM.
 */
RV_MUSTUSE int bench_devices_of(const struct rv_snapshot *s,
    const struct rv_subject *u, uint32_t last, uint32_t *ret_ids,
    size_t *ret_n);
/*
 * The administrators who may Read an application: how many, and the admin
 * ids of as many as there is room for.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int bench_readers_of(const struct rv_snapshot *s,
    struct rv_slice key, uint32_t *ret_ids, size_t room, size_t *ret_n);

#endif
