/*
 * The gate before the rule (docs/rule.md section 3).  It judges each request
 * anew, so that whatever has changed binds live sessions and connections at
 * their next request.
 */
#include "pipeline/gate.h"

#include <string.h>

#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "pipeline/orphan.h"
#include "provider.h"
#include "sign_in/person.h"
#include "sign_in/signing.h"
#include "sign_in/step_up.h"

const char *
rv_gate_name(enum rv_gate gate)
{
	switch (gate) {
	case RV_GATE_PASSED:
		return "passed";
	case RV_GATE_LEVEL_TOO_LOW:
		return "level_too_low";
	case RV_GATE_TOO_OLD:
		return "too_old";
	case RV_GATE_MAPPING_GONE:
		return "no_mapping";
	case RV_GATE_ACCOUNT_REPLACED:
		return "account_replaced";
	case RV_GATE_ACCOUNT_GONE:
		return "account_gone";
	}
	return "unknown";
}

enum rv_level
rv_gate_level(const struct rv_snapshot *s, int64_t at_ms)
{
	enum rv_level level = rv_snapshot_site_level_at(s, at_ms);

	return level < RV_LEVEL_WINDOWS ? RV_LEVEL_WINDOWS : level;
}

/* ---- Judging ----------------------------------------------------------------- */

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
	/* Its groups are known when the directory has answered. */
	return identity->groups_known && !identity->groups_from_evidence
		   ? RV_GATE_ACCOUNT_GONE
		   : RV_GATE_PASSED;
}

/*
 * The id that is stored is that of the administrative user's first name: it
 * says nothing about the account behind another name of the same person.
 */
static bool
was_looked_up(const struct rv_identity *identity, struct rv_slice own_id,
    struct rv_slice canonical)
{
	char who[RV_PRINCIPAL_MAX] = "";

	if (rv_slice_eq(own_id, canonical))
		return true;
	rv_person_lookup(canonical, who);
	return who[0] != '\0' && strcmp(who, identity->lookup) == 0;
}

static enum rv_gate
judge_accounts(const struct rv_identity *identity, const struct rv_snapshot *s,
    struct rv_slice *ret_principal_id)
{
	for (size_t i = 0; i < identity->n_own; i++) {
		const struct rv_slice own_id = identity->ids[i];
		struct rv_slice canonical;
		enum rv_gate gate;

		if (rv_snapshot_admin_principal(s, own_id, &canonical) &&
		    !was_looked_up(identity, own_id, canonical))
			continue;
		gate =
		    judge_account(identity, rv_snapshot_account_id(s, own_id));
		if (gate != RV_GATE_PASSED) {
			*ret_principal_id = own_id;
			return gate;
		}
	}
	return RV_GATE_PASSED;
}

/* A sign-in of unknown age is older than any limit. */
static bool
is_too_old(const struct rv_identity *identity, const struct rv_snapshot *s,
    struct rv_gate_judgement *ret, int64_t at_ms)
{
	const int64_t max_s = rv_snapshot_max_auth_age_s(s);
	int64_t until;

	if (max_s == 0)
		return false;
	until = identity->authenticated_at_ms + max_s * 1000;
	if (until < ret->until_ms)
		ret->until_ms = until;
	return at_ms >= until;
}

static bool
has_lost_mapping(
    const struct rv_identity *identity, const struct rv_snapshot *s)
{
	struct rv_slice canonical;

	return identity->mapped && !rv_person_is_mapped(s, identity->ids,
				       identity->n_own, &canonical);
}

void
rv_gate_judge(const struct rv_identity *identity, const struct rv_snapshot *s,
    int64_t at_ms, struct rv_gate_judgement *ret)
{
	const struct rv_subject subject = rv_subject_of(identity);
	const bool is_caller = identity->method != RV_AUTH_NONE;

	*ret = (struct rv_gate_judgement){
		.gate = RV_GATE_PASSED,
		.until_ms = rv_snapshot_site_level_until(s, at_ms),
	};
	if (is_caller && has_lost_mapping(identity, s))
		ret->gate = RV_GATE_MAPPING_GONE;
	else if (is_caller && is_too_old(identity, s, ret, at_ms))
		ret->gate = RV_GATE_TOO_OLD;
	else if (!rv_snapshot_admits(s, &subject, at_ms, &ret->excluded_by))
		ret->gate = RV_GATE_LEVEL_TOO_LOW;
	else
		ret->gate = judge_accounts(identity, s, &ret->principal_id);
}

/* ---- Refusing ------------------------------------------------------------------ */

static void
refuse_mapping(struct rv_exchange *x)
{
	rv_sign_in_end_session(x);
	rv_sign_in_refuse(
	    x, RV_REFUSED_NO_MAPPING, x->identity->principal, NULL);
}

/* False: it has been answered, and is on its way to its end. */
static bool
admit(struct rv_exchange *x, const struct rv_snapshot *s)
{
	struct rv_gate_judgement j;

	rv_gate_judge(x->identity, s, rv_exchange_instant(x), &j);
	x->gate_until_ms = j.until_ms;
	switch (j.gate) {
	case RV_GATE_PASSED:
		if (j.excluded_by.p != NULL)
			x->record.excluded_by =
			    rv_slice_of(rv_arena_dup(x->arena, j.excluded_by));
		return true;
	case RV_GATE_MAPPING_GONE:
		refuse_mapping(x);
		return false;
	case RV_GATE_LEVEL_TOO_LOW:
		rv_step_up_level(x, rv_gate_level(s, rv_exchange_instant(x)));
		break;
	case RV_GATE_TOO_OLD:
		rv_step_up_age(x, rv_gate_level(s, rv_exchange_instant(x)),
		    rv_snapshot_max_auth_age_s(s));
		break;
	case RV_GATE_ACCOUNT_REPLACED:
		rv_orphan_mark(x, j.principal_id, x->identity->account_id);
		rv_answer_error(x, 403, "account_replaced",
		    "The directory account behind this name is not the one "
		    "that was made an administrative user. A security "
		    "administrator has to add it again.");
		break;
	case RV_GATE_ACCOUNT_GONE:
		rv_answer_error(x, 403, "account_gone",
		    "The directory has no account for this name any more.");
		break;
	}
	rv_exchange_finish(x);
	return false;
}

bool
rv_gate(struct rv_exchange *x)
{
	const struct rv_snapshot *s;

	if (rv_exchange_snapshot(x, &s) == RV_OK)
		return admit(x, s);
	rv_exchange_finish(x);
	return false;
}
