#include "pipeline/orphan.h"

#include "log.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "store/pg.h"

/* Has nothing to free: what it was asked with is the store's by now. */
static void
on_marked(void *arg, const struct rv_pg_answer *reply)
{
	(void)arg;
	if (reply->outcome != RV_PG_DONE)
		rv_log(RV_LOG_ERROR,
		    "an administrative user whose account was replaced could "
		    "not be marked orphaned, the next sign-in tries again: "
		    "%s",
		    reply->message != NULL ? reply->message
					   : "the store is away");
}

void
rv_orphan_mark(struct rv_exchange *x, struct rv_slice principal_id,
    const char *seen_account_id)
{
	const char *params[3] = {
		rv_arena_dup(x->arena, principal_id),
		seen_account_id,
		rv_exchange_request_json(x),
	};
	const struct rv_pg_step step = {
		.sql = "SELECT changed FROM "
		       "reeve.account_mark_orphaned($1, $2, $3::jsonb)",
		.n_params = 3,
		.params = params,
	};
	int64_t now = rv_boot_ms();

	if (params[0] == NULL || params[2] == NULL ||
	    now - x->lane->orphaned_boot_ms < 1000)
		return;
	x->lane->orphaned_boot_ms = now;
	rv_log(RV_LOG_WARNING,
	    "the directory now has another account for %s: its "
	    "administrative user is marked orphaned",
	    params[0]);
	rv_pg_run(x->lane->pg, &step, 1, true, on_marked, NULL);
}
