/*
 * The first stage: a credential in, an identity out, or 401 without a
 * reason (the reason is in the audit log).  A presented but unusable
 * credential is never a fall-back to another identity.  This is only the
 * dispatcher: the methods are in sign_in/.
 */
#include "reeve/auth_penalty.h"

#include "loop/loop.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "pipeline/route.h"
#include "provider.h"
#include "rest/body.h"
#include "sign_in/current.h"
#include "sign_in/signing.h"

#define SESSION_PREFIX "rvs1_"

/* ---- The field Authorization (RFC 9110 section 11.6.2) ------------------- */

static bool
split_scheme(
    struct rv_slice field, struct rv_slice *scheme, struct rv_slice *rest)
{
	size_t i = 0;

	while (i < field.n && field.p[i] != ' ')
		i++;
	*scheme = (struct rv_slice){ field.p, i };
	while (i < field.n && field.p[i] == ' ')
		i++;
	*rest = (struct rv_slice){ field.p + i, field.n - i };
	return scheme->n > 0 && rest->n > 0;
}

/* A session's own token says so by its first letters. */
static enum rv_credential
bearer(const struct rv_signing *s)
{
	return s->policy->issuers == NULL || rv_slice_has_prefix(s->credential,
						 RV_SLICE_LIT(SESSION_PREFIX))
		   ? RV_CREDENTIAL_SESSION
		   : RV_CREDENTIAL_TOKEN;
}

static enum rv_auth_refusal
read_field(struct rv_signing *s, struct rv_slice field)
{
	struct rv_slice scheme;

	if (field.p == NULL)
		return RV_REFUSED_NOT;
	if (!split_scheme(field, &scheme, &s->credential))
		return RV_REFUSED_MALFORMED;
	if (rv_slice_ieq(scheme, RV_SLICE_LIT("NTLM")))
		return RV_REFUSED_NTLM;
	s->is_dpop = s->policy->issuers != NULL &&
		     rv_slice_ieq(scheme, RV_SLICE_LIT("DPoP"));
	if (s->is_dpop)
		s->kind = RV_CREDENTIAL_TOKEN;
	else if (rv_slice_ieq(scheme, RV_SLICE_LIT("Negotiate")))
		s->kind = RV_CREDENTIAL_NEGOTIATE;
	else if (rv_slice_ieq(scheme, RV_SLICE_LIT("Bearer")))
		s->kind = bearer(s);
	else
		return RV_REFUSED_SCHEME;
	return RV_REFUSED_NOT;
}

static void
begin(struct rv_exchange *x, struct rv_slice field)
{
	enum rv_auth_refusal refusal;

	x->signing = rv_signing_new(x);
	if (x->signing == NULL) {
		rv_sign_in_busy(x);
		return;
	}
	refusal = read_field(x->signing, field);
	if (refusal != RV_REFUSED_NOT)
		rv_sign_in_refuse(x, refusal, NULL, NULL);
	else
		rv_sign_in_begin(x->signing);
}

static bool
is_admitted(struct rv_exchange *x)
{
	if (rv_penalty_admits(
		x->lane->provider->penalties, x->peer.ip, rv_boot_ms()))
		return true;
	rv_sign_in_refuse(x, RV_REFUSED_PENALTY, NULL, NULL);
	return false;
}

void
rv_authenticate(struct rv_exchange *x)
{
	const bool in_body = x->route != NULL && x->route->credential_in_body;
	struct rv_slice field;
	bool twice;

	x->policy = rv_sign_in_policy_now(x->lane->provider->sign_in);
	field = rv_request_field(&x->request, "authorization", &twice);
	if (field.p == NULL && !twice && !in_body && x->peer.certified == NULL)
		rv_sign_in_refuse(x, RV_REFUSED_NO_CREDENTIAL, NULL, NULL);
	else if (!is_admitted(x))
		return;
	else if (twice || (in_body && field.p != NULL))
		rv_sign_in_refuse(
		    x, RV_REFUSED_MALFORMED, "two credentials were sent", NULL);
	else if (in_body)
		rv_exchange_want_credential(x);
	else
		begin(x, field);
}

/* ---- A message that carries the token ------------------------------------- */

/*
 * {"negotiate": "BASE64"} and nothing else.  The text outlives the body.
 */
static bool
read_body(struct rv_exchange *x)
{
	json_t *root = rv_body_object(x);
	const json_t *value = json_object_get(root, "negotiate");
	struct rv_slice text = { json_string_value(value),
		json_string_length(value) };
	const char *kept = NULL;

	if (root == NULL)
		return false;
	if (!json_is_string(value) || json_object_size(root) != 1)
		rv_body_bad(x, "negotiate",
		    "must be a string in base64, and the only member");
	else if ((kept = rv_arena_dup(x->arena, text)) == NULL)
		rv_answer_json(x, 200, NULL);
	else
		x->signing->credential = (struct rv_slice){ kept, text.n };
	json_decref(root);
	return kept != NULL;
}

void
rv_authenticate_body(struct rv_exchange *x)
{
	bool ok;

	x->signing = rv_signing_new(x);
	if (x->signing == NULL) {
		rv_sign_in_busy(x);
		return;
	}
	x->signing->kind = RV_CREDENTIAL_NEGOTIATE;
	ok = read_body(x);
	x->body = RV_SLICE_NONE;
	if (ok)
		rv_sign_in_begin(x->signing);
	else
		rv_exchange_finish(x);
}
