/*
 * A change of the site's level that waits for confirmation is confirmed by
 * a sign-in at the new level, of somebody who may set it: which the store
 * decides.
 */
#include "log.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/signing.h"
#include "store/pg.h"

/* Has nothing to free: what it was asked with is the store's by now. */
static void
on_confirmed(void *arg, const struct rv_pg_answer *reply)
{
	(void)arg;
	/* Refused: it was not for this one to confirm. */
	if (reply->outcome != RV_PG_DONE && reply->outcome != RV_PG_REFUSED)
		rv_log(RV_LOG_ERROR,
		    "the change of the site's level could not be confirmed, "
		    "the next sign-in tries again: the store is away");
}

void
rv_sign_in_confirm_level(struct rv_exchange *x, const struct rv_snapshot *s)
{
	const char *params[2];
	const struct rv_pg_step step = {
		.sql = "SELECT changed FROM "
		       "reeve.site_level_confirm($1::jsonb, $2::jsonb)",
		.n_params = 2,
		.params = params,
	};
	struct rv_level_pending pending;

	if (!rv_snapshot_level_pending(s, &pending) ||
	    x->identity->level < pending.level || x->identity->delegated)
		return;
	params[0] = rv_exchange_actor_json(x);
	params[1] = rv_exchange_request_json(x);
	if (params[0] != NULL && params[1] != NULL)
		rv_pg_run(x->lane->pg, &step, 1, true, on_confirmed, NULL);
}
