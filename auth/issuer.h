/*
 * One issuer inside: its settings, its keys, and when they are to be fetched.
 */
#ifndef AUTH_ISSUER_H
#define AUTH_ISSUER_H

#include <pthread.h>
#include <stdatomic.h>

#include "dpop.h"
#include "jwk.h"
#include "reeve/auth_token.h"

/* Between two fetches for the sake of an unknown kid, or after a failure. */
#define RV_ISSUER_PAUSE_MS 30000
/* For how long a kid that a fetch did not bring is known to be unknown. */
#define RV_ISSUER_UNKNOWN_MS 300000
#define RV_ISSUER_UNKNOWN    64u /* kids remembered */
/* Who may wait for a fetch under way, besides who does it. */
#define RV_ISSUER_WAITERS 2u
#define RV_ISSUER_NEVER	  INT64_MIN

/* A kid that the keys did not have after a fetch. */
struct rv_unknown_kid {
	unsigned char hash[16];
	int64_t until_ms; /* 0: unused */
};

struct rv_issuer_entry {
	struct rv_issuer settings; /* copies in the arena of the set */
	struct rv_slice ca;	   /* PEM, read at the start */

	pthread_mutex_t lock; /* of everything below */
	pthread_cond_t fetched;
	struct rv_jwk_set *keys; /* NULL: none yet */
	int64_t keys_at_ms;
	int64_t tried_at_ms; /* the last fetch, whatever became of it */
	unsigned n_failed;   /* in a row */
	bool fetching;
	unsigned n_waiting;
	struct rv_unknown_kid unknown[RV_ISSUER_UNKNOWN];
	unsigned next_unknown; /* the place that is overwritten next */
	char last_error[256];
};

/* The clock of ages; tests have one of their own. */
typedef int64_t rv_issuer_clock(void);

struct rv_issuers {
	atomic_size_t refs;
	struct rv_arena *arena;
	rv_issuer_clock *clock;
	struct rv_dpop_memory *proofs;
	size_t n;
	struct rv_issuer_entry entries[];
};

/* Whom a token names. */
struct rv_issuer_named {
	struct rv_issuer_entry *entry; /* NULL: nobody of ours */
	struct rv_slice tenant; /* that stands for "{tenantid}"; or absent */
};
/* By the exact text of iss. */
struct rv_issuer_named rv_issuers_find(
    struct rv_issuers *issuers, struct rv_slice iss);

/* The keys that count now, a reference of the caller; NULL: none. */
struct rv_jwk_set *rv_issuer_keys(
    struct rv_issuer_entry *entry, int64_t clock_ms);
/* Whether rv_issuer_fetch() may help with this kid (absent: with no keys). */
bool rv_issuer_may_fetch(
    struct rv_issuer_entry *entry, struct rv_slice kid, int64_t clock_ms);
/*
 * Fetches, or waits for who does, if that is allowed now; blocks up to 5 s.
 * kid absent: because it is due, however recent the last one was.
 */
void rv_issuer_fetch(struct rv_issuers *issuers, struct rv_issuer_entry *entry,
    struct rv_slice kid);
/* When the next fetch is due. */
int64_t rv_issuer_due_ms(struct rv_issuer_entry *entry, int64_t clock_ms);

#endif
