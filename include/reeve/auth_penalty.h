/*
 * What failed sign-ins cost: time, for the source and for the principal,
 * never the account.  Modelled on the shape of OpenSSH's PerSourcePenalties.
 */
#ifndef REEVE_AUTH_PENALTY_H
#define REEVE_AUTH_PENALTY_H

#include "reeve/base.h"

struct rv_penalty_config {
	int64_t delay_ms; /* of the first refusal, and floor of all */
	int64_t max_delay_ms;
	int64_t decay_ms;	   /* one failure is forgotten in this time */
	const char *const *exempt; /* "192.0.2.0/24", "2001:db8::1" */
	size_t n_exempt;
	size_t max_entries; /* of each kind; full: the oldest goes */
};

struct rv_penalties;
/* RV_ERR_INVALID names the network that is none.  All threads. */
RV_MUSTUSE int rv_penalties_new(const struct rv_penalty_config *config,
    struct rv_penalties **ret_penalties, struct rv_error *e);
/* Takes up new settings; what was counted stays. */
RV_MUSTUSE int rv_penalties_configure(struct rv_penalties *penalties,
    const struct rv_penalty_config *config, struct rv_error *e);
void rv_penalties_free(struct rv_penalties **penalties);

/*
 * Whether a credential from here may be looked at now; false while the
 * source has more failures waiting than fit.  address "192.0.2.1"; an IPv6
 * source counts by its /64.  now: a clock that never steps.
 */
bool rv_penalty_admits(
    struct rv_penalties *penalties, const char *address, int64_t now_ms);
/*
 * Counts a refused credential and says how long its answer is to be held
 * back, counted from the beginning of the request: the same for all causes.
 * principal: whom it claimed to be, if it said; else NULL.
 */
int64_t rv_penalty_refused(struct rv_penalties *penalties, const char *address,
    const char *principal, int64_t now_ms);
/* A good sign-in forgives the principal, not the source. */
void rv_penalty_accepted(
    struct rv_penalties *penalties, const char *principal, int64_t now_ms);

#endif
