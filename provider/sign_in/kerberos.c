/*
 * Negotiate (RFC 4559): the token goes to the acceptor, which has the key of
 * the service, and what it says becomes evidence here.
 */
#include <string.h>

#include "base64.h"
#include "loop/loop.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sign_in/signing.h"

/* The buffer changes hands. */
static void
take_reply(struct rv_signing *s, struct rv_accepted *accepted)
{
	rv_buf_fini(&s->reply);
	s->reply = accepted->reply;
	accepted->reply = (struct rv_buf){ 0 };
}

static void
on_accepted(struct rv_accept_call *call, struct rv_accepted *accepted)
{
	struct rv_signing *s = call->arg;
	enum rv_auth_refusal refusal = accepted->refusal;
	char claimed[RV_PRINCIPAL_MAX];

	rv_ignore(
	    snprintf(claimed, sizeof(claimed), "%s", accepted->principal));
	if (refusal != RV_REFUSED_NOT) {
		rv_sign_in_refuse(s->x, refusal, accepted->detail, claimed);
		return;
	}
	refusal = rv_kerberos_evidence(
	    accepted, &s->policy->kerberos, &s->evidence, s->detail);
	if (refusal != RV_REFUSED_NOT) {
		rv_sign_in_refuse(s->x, refusal, s->detail, claimed);
		return;
	}
	take_reply(s, accepted);
	rv_sign_in_proved(s);
}

static void
add_binding(struct rv_accept_call *call, struct rv_slice binding)
{
	if (binding.n > 0 && call->n_bindings < RV_BINDINGS_MAX)
		call->bindings[call->n_bindings++] = binding;
}

void
rv_sign_in_kerberos(struct rv_signing *s)
{
	struct rv_exchange *x = s->x;
	int r = rv_base64_decode(
	    RV_BASE64, s->credential, RV_NEGOTIATE_TOKEN_MAX, &s->token);

	if (r == RV_ERR_INVALID || r == RV_ERR_LIMIT) {
		rv_sign_in_refuse(x, RV_REFUSED_MALFORMED,
		    "the token is not base64, or is larger than 64 KiB", NULL);
		return;
	}
	s->call.token = rv_buf_slice(&s->token);
	add_binding(&s->call, x->peer.binding);
	for (size_t i = 0; i < s->policy->n_bindings; i++)
		add_binding(&s->call, s->policy->bindings[i]);
	s->call.done = on_accepted;
	s->call.arg = s;
	if (r == RV_OK)
		r = rv_acceptor_ask(
		    s->provider->acceptors[rv_loop_index(x->lane->loop)],
		    &s->call);
	if (r != RV_OK)
		rv_sign_in_busy(x);
}
