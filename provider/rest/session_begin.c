/*
 * POST /reeve/v1/session: signing in by a message that carries the Kerberos
 * token, for callers whose HTTP cannot speak Negotiate.  The pipeline has
 * judged the token when this is called.
 */
#include "pipeline/exchange.h"
#include "rest/rest.h"
#include "rest/timestamp.h"

void
rv_rest_session_begin(struct rv_exchange *x)
{
	if (x->session_token == NULL) {
		rv_answer_unavailable(x, "too_many_sessions",
		    "There are as many live sessions as this site allows; "
		    "sign in with each request, or try again.");
		rv_exchange_finish(x);
		return;
	}
	x->record.reason = RV_SLICE_LIT("signed_in");
	rv_answer_json(x, 201,
	    json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?}", "session",
		x->session_token, "id", x->session_id, "principal",
		x->identity->principal, "level",
		rv_level_name(x->identity->level), "expires_at",
		rv_timestamp(x->arena, x->session_ends_at_ms), "negotiate",
		x->reply_token));
	rv_exchange_finish(x);
}
