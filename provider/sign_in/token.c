/*
 * Tokens of issuers (RFC 6750, RFC 9449): judged with the keys at hand, and
 * once more after a worker has fetched newer ones, where that may help.
 */
#include "config/config.h"
#include "loop/loop.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/signing.h"
#include "transport/certified.h"

/*
 * What a proof must have been made for.  The configuration says who we are,
 * never the request: a proof for somebody else's host is none for us.
 */
static struct rv_slice
own_url(const struct rv_exchange *x)
{
	const char *base = x->lane->provider->config->public_url;

	if (base == NULL)
		return RV_SLICE_NONE;
	return rv_slice_of(rv_arena_printf(
	    x->arena, "%s%.*s", base, RV_SLICE_FMT(x->request.path)));
}

static enum rv_auth_refusal
judge(struct rv_signing *s, bool *ret_fetch)
{
	struct rv_exchange *x = s->x;
	struct rv_token_request request = {
		.token = s->credential,
		.is_dpop = s->is_dpop,
		.method = rv_slice_of(rv_method_name(x->request.method)),
		.url = own_url(x),
		.now_ms = rv_now_ms(),
	};
	bool twice;

	*ret_fetch = false;
	request.proof = rv_request_field(&x->request, "dpop", &twice);
	if (twice)
		return RV_REFUSED_MALFORMED;
	if (x->peer.certified != NULL)
		request.certificate_sha256 = x->peer.certified->sha256;
	return rv_token_judge(
	    s->policy->issuers, &request, &s->evidence, ret_fetch, s->detail);
}

static void
finish(struct rv_signing *s, enum rv_auth_refusal refusal)
{
	if (refusal == RV_REFUSED_NOT)
		rv_sign_in_proved(s);
	else
		rv_sign_in_refuse(s->x, refusal, s->detail, NULL);
}

static void
run_fetch(struct rv_job *job)
{
	struct rv_signing *s = (struct rv_signing *)job;

	rv_issuers_fetch(s->policy->issuers, s->credential);
}

static void
on_fetched(struct rv_job *job)
{
	struct rv_signing *s = (struct rv_signing *)job;
	bool fetch;

	finish(s, judge(s, &fetch));
}

void
rv_sign_in_token(struct rv_signing *s)
{
	enum rv_auth_refusal refusal;
	bool fetch;

	refusal = judge(s, &fetch);
	if (refusal == RV_REFUSED_NOT || !fetch) {
		finish(s, refusal);
		return;
	}
	s->job.run = run_fetch;
	s->job.done = on_fetched;
	if (rv_pool_submit(s->provider->pool, &s->job) != RV_OK)
		rv_sign_in_busy(s->x);
}
