/*
 * Sessions beyond one provider: what this one has issued is written into the
 * store, those of others are read from it at first sight, and ends are
 * followed.  Each lane has its part; only its loop's thread uses it.
 */
#ifndef PROVIDER_SESSIONS_H
#define PROVIDER_SESSIONS_H

#include "reeve/auth_session.h"

struct rv_lane;
struct rv_sessions_lane;

/* The lane's store connections exist already.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_sessions_lane_new(
    struct rv_lane *lane, struct rv_sessions_lane **ret_sessions);
/* *sessions may be NULL and becomes NULL. */
void rv_sessions_lane_free(struct rv_sessions_lane **sessions);

/* Each second: writes what was kept back, follows ends (lane 0 alone). */
void rv_sessions_lane_tick(struct rv_sessions_lane *sessions);

/* Writes a session that was just issued, soon, with others. */
void rv_sessions_lane_put(
    struct rv_sessions_lane *sessions, const struct rv_session *session);

/*
 * Looks for a session that is not in memory, and takes it in.  done() is
 * called once, perhaps before the return: RV_OK when rv_session_find() may
 * be asked again; RV_ERR_NOTFOUND when nobody has it; RV_ERR_UNAVAILABLE
 * when the store cannot be asked; RV_ERR_NOMEM.
 */
void rv_sessions_lane_find(struct rv_sessions_lane *sessions,
    const unsigned char hash[RV_SESSION_HASH_SIZE],
    void (*done)(void *arg, int result), void *arg);

/* What is to be ended, for every provider; copied. */
struct rv_sessions_end {
	const char *const *ids; /* public names */
	size_t n_ids;
	const char *const *principals; /* all of a person */
	size_t n_principals;
	const char *by; /* who ends them */
};
/*
 * Ends sessions durably, here and, within a second or so, elsewhere.
 * done(): RV_OK and how many there were in the store; RV_ERR_UNAVAILABLE.
 */
void rv_sessions_lane_end(struct rv_sessions_lane *sessions,
    const struct rv_sessions_end *end,
    void (*done)(void *arg, int result, uint64_t ended), void *arg);

#endif
