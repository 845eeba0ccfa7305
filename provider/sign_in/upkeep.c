#include "sign_in/upkeep.h"

#include <stdlib.h>

#include "log.h"
#include "loop/loop.h"
#include "loop/pool.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "reeve/rbac.h"
#include "sign_in/current.h"
#include "store/feed.h"
#include "store/pg.h"

/* Between attempts to write down what is in force already. */
#define REVERT_EVERY_MS 5000
#define ALARM_EVERY_MS	3600000

struct rv_upkeep {
	struct rv_job job; /* first */
	struct rv_lane *lane;
	/* Of the fetching of keys; busy while not NULL. */
	const struct rv_sign_in_policy *policy;
	int64_t wait_ms;
	int64_t fetch_at_boot_ms;
	int64_t revert_at_boot_ms;
	int64_t alarm_at_boot_ms;
	const struct rv_trust *alarmed; /* only compared */
};

struct rv_upkeep *
rv_upkeep_new(struct rv_lane *lane)
{
	struct rv_upkeep *u = calloc(1, sizeof(*u));

	if (u != NULL)
		u->lane = lane;
	return u;
}

void
rv_upkeep_free(struct rv_upkeep **upkeep)
{
	struct rv_upkeep *u = *upkeep;

	*upkeep = NULL;
	if (u == NULL)
		return;
	rv_sign_in_policy_unref(&u->policy);
	free(u);
}

/* ---- Keys of issuers ----------------------------------------------------------- */

static void
run_refresh(struct rv_job *job)
{
	struct rv_upkeep *u = (struct rv_upkeep *)job;

	u->wait_ms = rv_issuers_refresh(u->policy->issuers);
}

static void
refreshed(struct rv_job *job)
{
	struct rv_upkeep *u = (struct rv_upkeep *)job;

	u->fetch_at_boot_ms = rv_boot_ms() + u->wait_ms;
	rv_sign_in_policy_unref(&u->policy);
}

static void
refresh_keys(struct rv_upkeep *u)
{
	struct rv_provider *p = u->lane->provider;

	if (u->policy != NULL || rv_boot_ms() < u->fetch_at_boot_ms)
		return;
	u->policy = rv_sign_in_policy_now(p->sign_in);
	u->job.run = run_refresh;
	u->job.done = refreshed;
	u->job.loop = u->lane->loop;
	/* With too much waiting, or no issuers: the next second. */
	if (u->policy->issuers == NULL ||
	    rv_pool_submit(p->pool, &u->job) != RV_OK)
		rv_sign_in_policy_unref(&u->policy);
}

/* ---- Levels that nobody has confirmed ------------------------------------------- */

/* Has nothing to free. */
static void
on_reverted(void *arg, const struct rv_pg_answer *reply)
{
	(void)arg;
	if (reply->outcome == RV_PG_DONE)
		rv_log(RV_LOG_WARNING,
		    "the site's level is back to what it was: nobody has "
		    "confirmed the change by a sign-in");
	else
		rv_log(RV_LOG_ERROR,
		    "the site's level is back to what it was, but that could "
		    "not be written yet: %s",
		    reply->message != NULL ? reply->message
					   : "the store is away");
}

/*
 * The engine has gone back by itself (docs/rule.md section 10); this makes
 * the row say so, and the audit.  Of several providers the first one does it.
 */
static void
revert_level(struct rv_upkeep *u)
{
	static const char *const params[1] = {
		"{\"request_id\": \"upkeep\", \"source\": \"upkeep\"}"
	};
	const struct rv_pg_step step = {
		.sql = "SELECT changed FROM "
		       "reeve.site_level_revert_due($1::jsonb)",
		.n_params = 1,
		.params = params,
	};
	struct rv_level_pending pending;
	const struct rv_snapshot *s;
	int64_t fresh_until;

	if (rv_boot_ms() < u->revert_at_boot_ms)
		return;
	rv_loop_online(u->lane->loop);
	if (rv_feed_snapshot(u->lane->provider->feed, &s, &fresh_until) !=
		RV_OK ||
	    !rv_snapshot_level_pending(s, &pending) ||
	    rv_now_ms() < pending.revert_at_ms)
		return;
	u->revert_at_boot_ms = rv_boot_ms() + REVERT_EVERY_MS;
	rv_pg_run(u->lane->pg, &step, 1, true, on_reverted, NULL);
}

/* ---- Lists of revocations near their end ----------------------------------------- */

static void
on_alarm(void *arg, const char *source, const char *file, int64_t ends_at_ms)
{
	const int64_t *now_ms = arg;
	const int64_t left_s = (ends_at_ms - *now_ms) / 1000;

	if (left_s >= 0)
		rv_log(RV_LOG_WARNING, "authority %s: %s ends in %lld s",
		    source, file, (long long)left_s);
	else
		rv_log(RV_LOG_ERROR, "authority %s: %s ended %lld s ago",
		    source, file, (long long)-left_s);
}

/* Each hour, and as soon as another set of authorities is in force. */
static void
tell_alarms(struct rv_upkeep *u)
{
	const struct rv_sign_in_policy *policy =
	    rv_sign_in_policy_now(u->lane->provider->sign_in);
	int64_t now_ms = rv_now_ms();

	if (policy->trust != NULL && (u->alarmed != policy->trust ||
					 rv_boot_ms() >= u->alarm_at_boot_ms)) {
		rv_trust_alarms(policy->trust, now_ms, on_alarm, &now_ms);
		u->alarm_at_boot_ms = rv_boot_ms() + ALARM_EVERY_MS;
	}
	u->alarmed = policy->trust;
	rv_sign_in_policy_unref(&policy);
}

void
rv_upkeep_tick(struct rv_upkeep *upkeep)
{
	tell_alarms(upkeep);
	refresh_keys(upkeep);
	revert_level(upkeep);
}
