#include "pipeline/gate.h"

#include "pipeline/exchange.h"
#include "pipeline/orphan.h"

const char *
rv_gate_name(enum rv_gate gate)
{
	switch (gate) {
	case RV_GATE_PASSED:
		return "passed";
	case RV_GATE_LEVEL_TOO_LOW:
		return "level_too_low";
	case RV_GATE_ACCOUNT_REPLACED:
		return "account_replaced";
	case RV_GATE_ACCOUNT_GONE:
		return "account_gone";
	}
	return "unknown";
}

enum rv_level
rv_gate_level(const struct rv_snapshot *s)
{
	enum rv_level level = rv_snapshot_site_level(s);

	return level < RV_LEVEL_WINDOWS ? RV_LEVEL_WINDOWS : level;
}

/*
 * Compares the immutable id that an administrative user was made with to
 * the one that the directory now gives for the name.
 */
static enum rv_gate
judge_account(const struct rv_identity *identity, struct rv_slice stored)
{
	if (stored.p == NULL)
		return RV_GATE_PASSED;
	if (identity->account_id != NULL)
		return rv_slice_eq_cstr(stored, identity->account_id)
			   ? RV_GATE_PASSED
			   : RV_GATE_ACCOUNT_REPLACED;
	/* Groups are known when the directory has answered. */
	return identity->groups_known ? RV_GATE_ACCOUNT_GONE : RV_GATE_PASSED;
}

enum rv_gate
rv_gate_judge(const struct rv_identity *identity, const struct rv_snapshot *s,
    struct rv_slice *ret_principal_id)
{
	*ret_principal_id = RV_SLICE_NONE;
	if (identity->level < rv_gate_level(s))
		return RV_GATE_LEVEL_TOO_LOW;
	for (size_t i = 0; i < identity->n_own; i++) {
		enum rv_gate gate = judge_account(
		    identity, rv_snapshot_account_id(s, identity->ids[i]));

		if (gate != RV_GATE_PASSED) {
			*ret_principal_id = identity->ids[i];
			return gate;
		}
	}
	return RV_GATE_PASSED;
}

static void
answer_level(struct rv_exchange *x, enum rv_level needed)
{
	const char *name = rv_level_name(needed);
	const char *detail = rv_arena_printf(x->arena,
	    "This site asks for the authentication level %s; you signed in "
	    "at %s. Sign in again with what proves %s.",
	    name, rv_level_name(x->identity->level), name);

	rv_answer_problem(x, &(struct rv_problem){
				 .status = 403,
				 .code = "level_too_low",
				 .detail = detail != NULL ? detail : name,
				 .missing = json_pack("{s:s}", "level", name),
			     });
}

bool
rv_gate(struct rv_exchange *x)
{
	const struct rv_snapshot *s;
	struct rv_slice principal_id;

	if (rv_exchange_snapshot(x, &s) != RV_OK)
		return false;
	switch (rv_gate_judge(x->identity, s, &principal_id)) {
	case RV_GATE_PASSED:
		return true;
	case RV_GATE_LEVEL_TOO_LOW:
		answer_level(x, rv_gate_level(s));
		return false;
	case RV_GATE_ACCOUNT_REPLACED:
		rv_orphan_mark(x, principal_id, x->identity->account_id);
		rv_answer_error(x, 403, "account_replaced",
		    "The directory account behind this name is not the one "
		    "that was made an administrative user. A security "
		    "administrator has to add it again.");
		return false;
	case RV_GATE_ACCOUNT_GONE:
		break;
	}
	rv_answer_error(x, 403, "account_gone",
	    "The directory has no account for this name any more.");
	return false;
}
