#include "rest/rest.h"

#include <string.h>

#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "loop/loop.h"
#include "provider.h"
#include "sign_in/current.h"
#include "store/feed.h"
#include "store/pg.h"
#include "version.h"

/* Alive: the loop turns. */
void
rv_rest_healthz(struct rv_exchange *x)
{
	rv_answer_json(x, 200, json_pack("{s:s}", "status", "ok"));
	rv_exchange_finish(x);
}

static void
on_alarm(void *arg, const char *source, const char *file, int64_t ends_at_ms)
{
	bool *current = arg;

	(void)source;
	(void)file;
	(void)ends_at_ms;
	*current = false;
}

/* No list of revocations, and no authority, is near its end. */
static bool
is_current(struct rv_sign_in *sign_in)
{
	const struct rv_sign_in_policy *policy = rv_sign_in_policy_now(sign_in);
	bool current = true;

	if (policy->trust != NULL)
		rv_trust_alarms(policy->trust, rv_now_ms(), on_alarm, &current);
	rv_sign_in_policy_unref(&policy);
	return current;
}

/*
 * Ready: requests will be decided and recorded.  Says which part is not,
 * without details that only the operator is to know.
 */
void
rv_rest_readyz(struct rv_exchange *x)
{
	struct rv_provider *p = x->lane->provider;
	struct rv_feed_state feed;
	struct rv_audit_state audit;
	const char *failed = rv_sign_in_failed(p->sign_in);
	bool ready, store = rv_pg_is_up(x->lane->pg);

	rv_feed_state(p->feed, &feed);
	rv_audit_state(p->audit, &audit);
	ready = feed.usable && audit.healthy && !atomic_load(&p->draining);
	rv_answer_json(x, ready ? 200 : 503,
	    json_pack("{s:s, s:b, s:b, s:b, s:s, s:b, s:b, s:I}", "status",
		!ready			  ? "not ready"
		: store && failed == NULL ? "ready"
					  : "degraded",
		"rules", feed.usable, "audit", audit.healthy, "store", store,
		"reload_failed", failed != NULL ? failed : "",
		"revocations_current", is_current(p->sign_in), "draining",
		(int)atomic_load(&p->draining), "revision",
		(json_int_t)feed.revision));
	rv_exchange_finish(x);
}

void
rv_rest_version(struct rv_exchange *x)
{
	rv_answer_json(x, 200,
	    json_pack("{s:s, s:s}", "name", "reeved", "version", rv_version()));
	rv_exchange_finish(x);
}
