/*
 * Refusals of credentials.  What the caller sees, and when, is the same
 * whatever was wrong: only the audit log knows the reason.
 */
#include "reeve/auth_penalty.h"

#include "loop/loop.h"
#include "pipeline/hold.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/signing.h"

void
rv_sign_in_challenge(struct rv_exchange *x)
{
	rv_answer_field(x, "WWW-Authenticate", "Negotiate");
	if (x->policy == NULL || x->policy->issuers == NULL)
		return;
	rv_answer_field(x, "WWW-Authenticate", "Bearer");
	/* RFC 9449 section 7.1 */
	rv_answer_field(
	    x, "WWW-Authenticate", "DPoP algs=\"ES256 RS256 PS256\"");
}

static void
record(struct rv_exchange *x, enum rv_auth_refusal why, const char *detail)
{
	x->record.event = RV_SLICE_LIT("authentication");
	x->record.outcome = RV_SLICE_LIT("failure");
	x->record.reason = rv_slice_of(rv_auth_refusal_name(why));
	if (detail != NULL && detail[0] != '\0')
		x->record.detail =
		    rv_slice_of(rv_arena_dup(x->arena, rv_slice_of(detail)));
}

void
rv_sign_in_refuse(struct rv_exchange *x, enum rv_auth_refusal why,
    const char *detail, const char *principal)
{
	const struct rv_provider *p = x->lane->provider;
	int64_t delay;

	record(x, why, detail);
	/* Nothing of an earlier step may tell how far it came. */
	x->answer.n_fields = 0;
	x->revision = 0;
	rv_sign_in_challenge(x);
	rv_answer_error(x, 401, "not_authenticated",
	    "Sign in in one of the ways that WWW-Authenticate names, with a "
	    "client certificate, or with the token of a live session.");
	if (why == RV_REFUSED_NO_CREDENTIAL) {
		rv_exchange_finish(x);
		return;
	}
	delay = rv_penalty_refused(
	    p->penalties, x->peer.ip, principal, rv_boot_ms());
	rv_hold_until(x, x->began_boot_ns / 1000000 + delay);
}

void
rv_sign_in_busy(struct rv_exchange *x)
{
	x->record.event = RV_SLICE_LIT("authentication");
	rv_answer_unavailable(
	    x, "overload", "Too many sign-ins are waiting; try again.");
	rv_exchange_finish(x);
}

bool
rv_sign_in_refuse_account(
    struct rv_exchange *x, const struct rv_account *account)
{
	const char *code, *detail;

	if (!account->known)
		return false;
	if (account->disabled) {
		code = "account_disabled";
		detail = "This account is disabled in the directory.";
	} else if (account->locked) {
		code = "account_locked";
		detail = "This account is locked in the directory.";
	} else if (account->expired) {
		code = "account_expired";
		detail = "This account has expired in the directory.";
	} else {
		return false;
	}
	rv_sign_in_end_session(x);
	x->record.event = RV_SLICE_LIT("authentication");
	x->answer.n_fields = 0;
	rv_answer_error(x, 403, code, detail);
	rv_exchange_finish(x);
	return true;
}
