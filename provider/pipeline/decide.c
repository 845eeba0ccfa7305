/*
 * What handlers of routes decide by: the snapshot of the turn, one instant,
 * the caller.
 */
#include "loop/loop.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "store/feed.h"

int
rv_exchange_snapshot(
    struct rv_exchange *x, const struct rv_snapshot **ret_snapshot)
{
	const struct rv_snapshot *s;
	const char *epoch;

	rv_loop_online(x->lane->loop);
	if (rv_feed_snapshot(x->lane->provider->feed, &s,
		&x->fresh_until_boot_ms) != RV_OK) {
		rv_answer_unavailable(x, "stale",
		    "This provider's copy of the site's rules is too old to "
		    "decide by: its store cannot be reached. Try again.");
		return RV_ERR_STALE;
	}
	epoch = rv_arena_dup(x->arena, rv_snapshot_epoch(s));
	if (epoch == NULL) {
		rv_answer_unavailable(
		    x, "overload", "The provider is out of memory; try again.");
		return RV_ERR_STALE;
	}
	x->revision = rv_snapshot_revision(s);
	x->epoch = epoch;
	*ret_snapshot = s;
	return RV_OK;
}

int64_t
rv_exchange_instant(struct rv_exchange *x)
{
	if (x->at_ms == 0)
		x->at_ms = rv_now_ms();
	return x->at_ms;
}

struct rv_subject
rv_subject_of(const struct rv_identity *identity)
{
	return (struct rv_subject){
		.ids = identity->ids,
		.n_ids = identity->n_ids,
		.n_own = identity->n_own,
		.groups_known = identity->groups_known,
		.delegated = identity->delegated,
		.level = identity->level,
	};
}

bool
rv_exchange_may_read(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_question *q)
{
	struct rv_subject subject = rv_subject_of(x->identity);
	struct rv_question read = {
		.type = q->type,
		.operation = RV_SLICE_LIT("Read"),
		.key = q->key,
	};
	struct rv_verdict verdict;

	rv_rbac_check(s, &subject, rv_exchange_instant(x), &read, &verdict);
	return verdict.decision == RV_ALLOW;
}

void
rv_exchange_record_verdict(
    struct rv_exchange *x, const struct rv_verdict *verdict)
{
	uint64_t *matched;

	x->record.outcome = verdict->decision == RV_ALLOW
				? RV_SLICE_LIT("allow")
				: RV_SLICE_LIT("deny");
	x->record.reason = rv_slice_of(rv_reason_name(verdict->reason));
	x->record.evaluated_at_ms = verdict->evaluated_at_ms;
	matched =
	    rv_arena_alloc(x->arena, verdict->n_assignments * sizeof(*matched));
	if (matched == NULL)
		return;
	for (size_t i = 0; i < verdict->n_assignments; i++)
		matched[i] = verdict->assignments[i];
	x->record.matched = matched;
	x->record.n_matched = verdict->n_assignments;
}
