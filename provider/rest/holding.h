/*
 * Assignments as an asker may see them: ids of roles, scopes and collections
 * only where it may Read them (docs/rule.md section 8), with names.
 */
#ifndef PROVIDER_REST_HOLDING_H
#define PROVIDER_REST_HOLDING_H

#include <jansson.h>

#include "pipeline/exchange.h"
#include "reeve/rbac_ask.h"
#include "rest/names.h"

/* Ids that may be told, and how many may not. */
struct rv_seen_ids {
	struct rv_slice *p;
	size_t n, hidden;
};

/* Plain values in the arena of the exchange: it outlives the snapshot. */
struct rv_seen {
	uint64_t assignment_id;
	struct rv_slice role_id; /* absent: not for this asker */
	struct rv_slice group;	 /* principal id; absent: the user's own */
	enum rv_level minimum;
	bool valid;
	int64_t from_ms, until_ms;
	struct rv_seen_ids scopes, collections;
};

/* What the asker may see, of this snapshot. */
struct rv_sight {
	struct rv_exchange *x;
	const struct rv_snapshot *s;
	bool roles, scopes;
};
struct rv_sight rv_sight_of(struct rv_exchange *x, const struct rv_snapshot *s);

/* Cuts one to what may be seen, and wants the names of it.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_holding_see(const struct rv_sight *sight,
    const struct rv_holding *holding, struct rv_names *names,
    struct rv_seen *ret);

/* As JSON, with the names that were read; NULL when out of memory. */
json_t *rv_seen_json(struct rv_exchange *x, const struct rv_seen *seen,
    const struct rv_names *names);

#endif
