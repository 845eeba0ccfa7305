#include "sign_in/signing.h"

#include "loop/loop.h"
#include "pipeline/lane.h"

struct rv_signing *
rv_signing_new(struct rv_exchange *x)
{
	struct rv_signing *s = rv_arena_alloc(x->arena, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->x = x;
	s->provider = x->lane->provider;
	s->policy = x->policy;
	s->job.loop = x->lane->loop;
	rv_buf_init(&s->token, RV_NEGOTIATE_TOKEN_MAX);
	rv_buf_init(&s->reply, 0);
	return s;
}

void
rv_signing_fini(struct rv_signing *s)
{
	if (s == NULL)
		return;
	rv_evidence_fini(&s->evidence);
	rv_evidence_fini(&s->certificate);
	rv_account_fini(&s->account);
	rv_buf_fini(&s->token);
	rv_buf_fini(&s->reply);
}
