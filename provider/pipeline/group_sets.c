#include "pipeline/group_sets.h"

#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "audit/record.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "provider.h"

#define SLOTS	       1024u /* a power of two */
#define HASH_SIZE      32u
#define IDS_PER_RECORD 256u /* what a record shows of a list */

/* One hash a slot: a set that was pushed out is recorded once more. */
struct rv_group_sets {
	unsigned char hash[SLOTS][HASH_SIZE];
	bool used[SLOTS];
};

struct rv_group_sets *
rv_group_sets_new(void)
{
	return calloc(1, sizeof(struct rv_group_sets));
}

void
rv_group_sets_free(struct rv_group_sets **sets)
{
	free(*sets);
	*sets = NULL;
}

void
rv_group_sets_forget(struct rv_group_sets *sets)
{
	memset(sets->used, 0, sizeof(sets->used));
}

static size_t
slot_of(const unsigned char *hash)
{
	return ((size_t)hash[0] << 8 | hash[1]) & (SLOTS - 1);
}

static int
submit(struct rv_lane *lane, const struct rv_identity *identity, size_t first,
    size_t n)
{
	char hash[2 * HASH_SIZE + 1];
	struct rv_audit_entry *entry = calloc(1, sizeof(*entry));
	const struct rv_audit_fields f = {
		.ts_ns = rv_wall_ns(),
		.boot_ns = rv_boot_ns(),
		.node = rv_slice_of(lane->provider->node),
		.event = RV_SLICE_LIT("group_set"),
		.outcome = RV_SLICE_LIT("success"),
		.subject.id = rv_slice_of(identity->principal),
		.subject.groups_known = true,
		.subject.groups_age_ms = -1,
		.subject.groups_hash =
		    rv_slice_of(rv_hex(hash, identity->groups_hash, HASH_SIZE)),
		.groups = identity->ids + first,
		.n_groups = n,
		.count = (int64_t)(identity->n_ids - identity->n_own),
		.latency_us = -1,
	};

	if (entry == NULL)
		return RV_ERR_NOMEM;
	rv_audit_record_encode(&f, &entry->record);
	rv_audit_line_encode(&f, &entry->line);
	return rv_lane_submit(lane, entry);
}

int
rv_group_sets_record(struct rv_lane *lane, const struct rv_identity *identity)
{
	struct rv_group_sets *sets = lane->group_sets;
	size_t slot = slot_of(identity->groups_hash);
	int r = RV_OK;

	if (!identity->groups_known || identity->n_ids == identity->n_own ||
	    (sets->used[slot] && memcmp(sets->hash[slot], identity->groups_hash,
				     HASH_SIZE) == 0))
		return RV_OK;
	for (size_t i = identity->n_own; r == RV_OK && i < identity->n_ids;
	     i += IDS_PER_RECORD) {
		size_t left = identity->n_ids - i;

		r = submit(lane, identity, i,
		    left < IDS_PER_RECORD ? left : IDS_PER_RECORD);
	}
	if (r == RV_OK) {
		memcpy(sets->hash[slot], identity->groups_hash, HASH_SIZE);
		sets->used[slot] = true;
	}
	return r;
}
