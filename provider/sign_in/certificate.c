/*
 * The certificate of the connection.  It is judged at each request, by the
 * authorities and the revocations of now: so a revocation ends connections
 * that have begun before it.
 */
#include "reeve/auth_certificate.h"

#include "loop/loop.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/signing.h"
#include "transport/certified.h"

static void
by_credential(struct rv_signing *s)
{
	switch (s->kind) {
	case RV_CREDENTIAL_NEGOTIATE:
		rv_sign_in_kerberos(s);
		return;
	case RV_CREDENTIAL_SESSION:
		rv_sign_in_session(s);
		return;
	case RV_CREDENTIAL_TOKEN:
		rv_sign_in_token(s);
		return;
	case RV_CREDENTIAL_NONE:
		break;
	}
	s->evidence = s->certificate;
	s->certificate = (struct rv_evidence){ .method = RV_AUTH_NONE };
	rv_sign_in_proved(s);
}

static void
refuse(struct rv_signing *s, enum rv_auth_refusal refusal)
{
	rv_sign_in_refuse(s->x, refusal, s->detail,
	    s->certificate.method != RV_AUTH_NONE ? s->certificate.principal
						  : NULL);
}

/* ---- OCSP ------------------------------------------------------------------------ */

/* ASK is none: whoever was to be asked has been. */
static void
decide(struct rv_signing *s, enum rv_ocsp_answer answer)
{
	switch (answer) {
	case RV_OCSP_GOOD:
		by_credential(s);
		return;
	case RV_OCSP_REVOKED:
		refuse(s, RV_REFUSED_REVOKED);
		return;
	case RV_OCSP_UNKNOWN:
	case RV_OCSP_ASK:
		break;
	}
	refuse(s, RV_REFUSED_NO_REVOCATION);
}

static void
run_ask(struct rv_job *job)
{
	struct rv_signing *s = (struct rv_signing *)job;
	const struct rv_certified *c = s->x->peer.certified;

	s->ocsp = rv_ocsp_ask(s->provider->ocsp, s->policy->trust, c->leaf,
	    c->untrusted, rv_now_ms(), s->detail);
}

static void
on_asked(struct rv_job *job)
{
	struct rv_signing *s = (struct rv_signing *)job;

	decide(s, s->ocsp);
}

static void
check_revoked(struct rv_signing *s, const struct rv_certified *c)
{
	const enum rv_ocsp_answer answer = rv_ocsp_known(s->provider->ocsp,
	    s->policy->trust, c->leaf, c->untrusted, rv_now_ms());

	if (answer != RV_OCSP_ASK) {
		decide(s, answer);
		return;
	}
	s->job.run = run_ask;
	s->job.done = on_asked;
	if (rv_pool_submit(s->provider->pool, &s->job) != RV_OK)
		rv_sign_in_busy(s->x);
}

/* ---- Judging ---------------------------------------------------------------------- */

static void
judge(struct rv_signing *s, const struct rv_certified *certified)
{
	enum rv_auth_refusal refusal =
	    rv_certificate_judge(s->policy->trust, certified->leaf,
		certified->untrusted, rv_now_ms(), &s->certificate, s->detail);

	if (refusal != RV_REFUSED_NOT) {
		refuse(s, refusal);
		return;
	}
	s->certificate.authenticated_at_ms = certified->proved_at_ms;
	check_revoked(s, certified);
}

void
rv_sign_in_begin(struct rv_signing *s)
{
	const struct rv_certified *certified = s->x->peer.certified;

	if (certified == NULL)
		by_credential(s);
	else if (s->policy->trust == NULL)
		/* It was asked for under a policy that is gone. */
		refuse(s, RV_REFUSED_UNTRUSTED);
	else
		judge(s, certified);
}
