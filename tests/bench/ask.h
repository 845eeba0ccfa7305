/*
 * Lists as the engine can answer them.  Everything that lists are measured
 * by goes through these two, so that they are what changes when the engine
 * learns a faster way.
 */
#ifndef TESTS_BENCH_ASK_H
#define TESTS_BENCH_ASK_H

#include "reeve/rbac.h"

/* The ids first .. first + n - 1. */
struct bench_range {
	uint32_t first, n;
};

/*
 * The devices among some that the subject may Read: their number, and their
 * ids in ret_ids unless it is NULL (room for all).  RV_ERR_NOMEM.
 */
RV_MUSTUSE int bench_devices_of(const struct rv_snapshot *s,
    const struct rv_subject *u, struct bench_range among, uint32_t *ret_ids,
    size_t *ret_n);
/*
 * The administrators who may Read an application, of the n whose principal
 * ids are given: their number, and their indices in ret_who (room for n).
 */
size_t bench_readers_of(const struct rv_snapshot *s,
    const struct rv_slice *principals, uint32_t n, struct rv_slice key,
    uint32_t *ret_who);

#endif
