/*
 * Four eyes: requests that wait for a second administrator, and whether the
 * site asks for one (sql/migrations/0032_approvals.sql decides).
 */
#include "rest/approvals.h"

#include <string.h>

#include "pipeline/lane.h"
#include "rest/change.h"
#include "rest/request.h"
#include "rest/routes.h"
#include "rest/site.h"
#include "store/pg.h"
#include "rest/write_args.h"

#define CLASS "RVE_Approval"

/* The ApprovalID in the path; NULL: answered. */
static const char *
key_of(struct rv_exchange *x)
{
	const struct rv_snapshot *s;
	const struct rv_class *class;
	struct rv_odata_key key;
	const char *text = NULL;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return NULL;
	if (rv_class_find(s, x->arena, RV_SLICE_LIT(CLASS), false, &class) ==
	    RV_OK) {
		if (!rv_request_key(x, class, &key))
			return NULL;
		text = rv_arena_dup(x->arena, key.values[0]);
	}
	if (text == NULL)
		rv_answer_json(x, 200, NULL);
	else
		x->record.object_id = rv_slice_of(text);
	return text;
}

static void
decide(struct rv_exchange *x, const char *action, const char *op)
{
	static const struct rv_write_member members[] = {
		{ NULL, NULL, JSON_NULL },
	};
	const char *key;
	json_t *args;

	x->record.action = rv_slice_of(action);
	x->record.object_type = RV_SLICE_LIT(CLASS);
	key = key_of(x);
	args = key != NULL ? rv_write_args(x, members) : NULL;
	if (args != NULL && !rv_write_set(x, args, "approval_id", key)) {
		json_decref(args);
		args = NULL;
	}
	rv_write_change(x, op, args, NULL, NULL);
}

void
rv_rest_approval_approve(struct rv_exchange *x)
{
	decide(x, "Approve", "approval_decide_approve");
}

void
rv_rest_approval_reject(struct rv_exchange *x)
{
	decide(x, "Reject", "approval_decide_reject");
}

void
rv_rest_approval_setting(struct rv_exchange *x)
{
	static const struct rv_write_member members[] = {
		{ "required", "required", JSON_TRUE },
		{ "expires_after_s", "expires_after_s", JSON_INTEGER },
		{ NULL, NULL, JSON_NULL },
	};

	x->record.action = RV_SLICE_LIT("SetApproval");
	x->record.object_type = RV_SLICE_LIT("SMS_Site");
	rv_write_change(x, "approval_setting_change", rv_write_args(x, members),
	    NULL, NULL);
}

static void
on_setting(void *arg, const struct rv_pg_answer *reply)
{
	struct rv_exchange *x = arg;

	if (reply->outcome == RV_PG_DONE) {
		x->record.outcome = RV_SLICE_LIT("allow");
		rv_answer_json(x, 200,
		    json_loads(PQgetvalue(reply->results[0], 0, 0), 0, NULL));
	} else {
		rv_answer_unavailable(x, "store_unavailable",
		    "The site's store cannot be reached; try again.");
	}
	rv_exchange_finish(x);
}

void
rv_rest_get_approval_setting(struct rv_exchange *x)
{
	const struct rv_pg_step step = {
		.sql = "SELECT json_build_object('required', is_required, "
		       "'expires_after_s', expires_after_s) "
		       "FROM reeve.feed_approval_setting",
	};

	x->record.action = RV_SLICE_LIT("GetApproval");
	x->record.object_type = RV_SLICE_LIT("SMS_Site");
	if (rv_site_may_read(x, "SMS_Site"))
		rv_pg_run(x->lane->pg, &step, 1, false, on_setting, x);
	else
		rv_exchange_finish(x);
}

/* ---- Changes that wait --------------------------------------------------------- */

/* The first of the results that waits; NULL: none does. */
static const json_t *
waiting(const struct rv_written *written)
{
	json_t *one;
	size_t i;

	json_array_foreach(written->result, i, one)
	{
		const char *state =
		    json_string_value(json_object_get(one, "approval_state"));

		if (state != NULL && strcmp(state, "pending") == 0)
			return one;
	}
	return NULL;
}

bool
rv_approval_answer(struct rv_exchange *x, const struct rv_written *written)
{
	const json_t *one = waiting(written);
	json_int_t id;

	if (one == NULL)
		return false;
	id = json_integer_value(json_object_get(one, "approval_id"));
	rv_answer_field(x, "Location",
	    rv_arena_printf(x->arena, RV_WMI CLASS "(%lld)", (long long)id));
	rv_answer_json(x, 202,
	    json_pack("{s:I, s:s, s:O*, s:I, s:b, s:b}", "ApprovalID", id,
		"State", "pending", "ExpiresDate",
		json_object_get(one, "approval_expires_at"), "@reeve.revision",
		(json_int_t)written->revision, "@reeve.in_force",
		written->in_force, "@reeve.replayed", written->replayed));
	return true;
}
