/*
 * The first stage: a credential in, an identity out, or 401 without a
 * reason (the reason is in the audit log).  A presented but unusable
 * credential is never a fall-back to another identity.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "config/config.h"
#include "loop/pool.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "provider.h"

/* What a worker needs and gives back; it never sees the exchange. */
struct sign_in {
	struct rv_job job;
	struct rv_exchange *x;
	const struct rv_provider *provider;
	struct rv_buf token;
	struct rv_buf binding;
	struct rv_accepted accepted;
	const struct rv_identity *identity;
	bool disabled;
};

/* ---- Refusing ------------------------------------------------------------ */

static void
refuse(struct rv_exchange *x, enum rv_auth_refusal why, const char *detail)
{
	x->record.event = RV_SLICE_LIT("authentication");
	x->record.outcome = RV_SLICE_LIT("failure");
	x->record.reason = rv_slice_of(rv_auth_refusal_name(why));
	if (detail != NULL && detail[0] != '\0')
		x->record.detail =
		    rv_slice_of(rv_arena_dup(x->arena, rv_slice_of(detail)));
	rv_answer_field(x, "WWW-Authenticate", "Negotiate");
	rv_answer_error(x, 401, "not_authenticated",
	    "Sign in with Kerberos (Negotiate) or with the token of a live "
	    "session.");
	rv_exchange_finish(x);
}

static void
refuse_disabled(struct rv_exchange *x)
{
	x->record.event = RV_SLICE_LIT("authentication");
	rv_answer_error(x, 403, "account_disabled",
	    "This account is disabled in the directory.");
	rv_exchange_finish(x);
}

static void
refuse_busy(struct rv_exchange *x)
{
	x->record.event = RV_SLICE_LIT("authentication");
	rv_answer_unavailable(
	    x, "overload", "Too many sign-ins are waiting; try again.");
	rv_exchange_finish(x);
}

/* ---- Negotiate (RFC 4559) ------------------------------------------------ */

static void
look_up(const struct rv_provider *provider, const char *principal,
    struct rv_account *account)
{
	*account = (struct rv_account){ .known = false };
	if (provider->directory != NULL)
		rv_directory_lookup(provider->directory, principal, account);
}

static void
run_sign_in(struct rv_job *job)
{
	struct sign_in *s = (struct sign_in *)job;
	const struct rv_kerberos_policy policy = { { NULL, 0 }, { NULL, 0 } };
	const struct rv_slice binding = rv_buf_slice(&s->binding);
	struct rv_evidence evidence;
	struct rv_account account;
	enum rv_level level;

	rv_acceptor_accept(s->provider->acceptor, rv_buf_slice(&s->token),
	    &binding, binding.n > 0, &s->accepted);
	if (s->accepted.refusal == RV_REFUSED_NOT)
		s->accepted.refusal = rv_kerberos_evidence(
		    &s->accepted, &policy, &evidence, s->accepted.detail);
	if (s->accepted.refusal != RV_REFUSED_NOT)
		return;
	level = rv_level_of(&evidence, &s->provider->level_policy);
	look_up(s->provider, evidence.lookup, &account);
	s->disabled = account.known && account.disabled;
	s->identity = rv_identity_new(&evidence, level, &account, rv_now_ms());
	rv_account_fini(&account);
	rv_evidence_fini(&evidence);
}

static void
sign_in_free(struct sign_in *s)
{
	rv_identity_unref(&s->identity);
	rv_accepted_fini(&s->accepted);
	rv_buf_fini(&s->token);
	rv_buf_fini(&s->binding);
	free(s);
}

/* The caller's proof that it has reached the right server. */
static void
give_reply_token(struct rv_exchange *x, struct rv_slice reply)
{
	const char *text = rv_base64_encode(x->arena, RV_BASE64, reply);

	if (text != NULL)
		rv_answer_field(x, "WWW-Authenticate",
		    rv_arena_printf(x->arena, "Negotiate %s", text));
}

/*
 * A session spares the caller a ticket a request.  Without one (too many
 * live) the caller signs in each time: nothing is lost but speed.
 */
static void
give_session(struct rv_exchange *x)
{
	const struct rv_provider *p = x->lane->provider;
	const struct rv_session_place place = { .address = x->peer.ip };
	char token[RV_SESSION_TOKEN_SIZE];
	struct rv_session session;

	if (rv_session_start(p->sessions, x->identity, &place, rv_now_ms(),
		p->config->session_lifetime, token, &session) != RV_OK)
		return;
	memcpy(x->session_id, session.id, sizeof(session.id));
	x->session_ends_at_ms = session.expires_at_ms;
	rv_session_fini(&session);
	rv_answer_field(
	    x, "Reeve-Session", rv_arena_dup(x->arena, rv_slice_of(token)));
	OPENSSL_cleanse(token, sizeof(token));
}

static void
sign_in_done(struct rv_job *job)
{
	struct sign_in *s = (struct sign_in *)job;
	struct rv_exchange *x = s->x;

	if (s->accepted.refusal != RV_REFUSED_NOT) {
		refuse(x, s->accepted.refusal, s->accepted.detail);
	} else if (s->identity == NULL) {
		refuse_busy(x);
	} else {
		x->identity = rv_identity_ref(s->identity);
		give_reply_token(x, rv_buf_slice(&s->accepted.reply));
		if (s->disabled) {
			refuse_disabled(x);
		} else {
			give_session(x);
			rv_exchange_authenticated(x);
		}
	}
	sign_in_free(s);
}

static void
negotiate(struct rv_exchange *x, struct rv_slice text)
{
	struct sign_in *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL) {
		refuse_busy(x);
		return;
	}
	s->x = x;
	s->provider = x->lane->provider;
	s->job.run = run_sign_in;
	s->job.done = sign_in_done;
	s->job.loop = x->lane->loop;
	r = rv_base64_decode(
	    RV_BASE64, text, RV_NEGOTIATE_TOKEN_MAX, &s->token);
	if (r == RV_ERR_INVALID || r == RV_ERR_LIMIT) {
		refuse(x, RV_REFUSED_MALFORMED,
		    "the token is not base64, or is larger than 64 KiB");
		sign_in_free(s);
		return;
	}
	rv_buf_put_slice(&s->binding, x->peer.binding);
	if (r != RV_OK || s->binding.failed ||
	    rv_pool_submit(s->provider->pool, &s->job) != RV_OK) {
		refuse_busy(x);
		sign_in_free(s);
	}
}

/* ---- Sessions ------------------------------------------------------------ */

/* Reads the groups of a session's person again. */
struct refresh {
	struct rv_job job;
	struct rv_exchange *x;
	const struct rv_provider *provider;
	const struct rv_identity *old;
	struct rv_account account;
};

static void
run_refresh(struct rv_job *job)
{
	struct refresh *f = (struct refresh *)job;

	look_up(f->provider, f->old->principal, &f->account);
}

/* What is known stays in use up to its greatest age, then is unknown. */
static bool
keep_old_groups(const struct refresh *f, int64_t now)
{
	return !f->account.known && f->old->groups_known &&
	       now - f->old->groups_at_ms < f->provider->config->groups_max_age;
}

/* A session is its person's: whoever has the name now signs in anew. */
static bool
is_another_account(const struct refresh *f)
{
	if (!f->account.known || f->old->account_id == NULL)
		return false;
	return f->account.account_id == NULL ||
	       strcmp(f->account.account_id, f->old->account_id) != 0;
}

static void
refresh_done(struct rv_job *job)
{
	struct refresh *f = (struct refresh *)job;
	struct rv_exchange *x = f->x;
	int64_t now = rv_now_ms();

	if (f->account.known && f->account.disabled) {
		(void)rv_session_end(
		    f->provider->sessions, x->session_hash, false);
		refuse_disabled(x);
		goto out;
	}
	if (is_another_account(f)) {
		(void)rv_session_end(
		    f->provider->sessions, x->session_hash, false);
		refuse(x, RV_REFUSED_SESSION_UNKNOWN,
		    "the directory account behind the session is gone, or "
		    "is another one now");
		goto out;
	}
	if (!keep_old_groups(f, now)) {
		rv_identity_unref(&x->identity);
		x->identity =
		    rv_identity_with_account(f->old, &f->account, now);
		if (x->identity == NULL) {
			refuse_busy(x);
			goto out;
		}
		rv_session_update(
		    f->provider->sessions, x->session_hash, x->identity);
	}
	rv_exchange_authenticated(x);
out:
	rv_account_fini(&f->account);
	rv_identity_unref(&f->old);
	free(f);
}

static void
refresh_groups(struct rv_exchange *x)
{
	struct refresh *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		refuse_busy(x);
		return;
	}
	f->x = x;
	f->provider = x->lane->provider;
	f->old = rv_identity_ref(x->identity);
	f->job.run = run_refresh;
	f->job.done = refresh_done;
	f->job.loop = x->lane->loop;
	if (rv_pool_submit(f->provider->pool, &f->job) != RV_OK) {
		rv_identity_unref(&f->old);
		free(f);
		refuse_busy(x);
	}
}

static void
session(struct rv_exchange *x, struct rv_slice token)
{
	const struct rv_provider *p = x->lane->provider;
	const struct rv_session_place place = { .address = x->peer.ip };
	int64_t now = rv_now_ms();
	struct rv_session found;
	int64_t age;
	int r;

	r = rv_session_find(p->sessions, token, &place, now, &found);
	if (r != RV_OK) {
		refuse(x,
		    r == RV_ERR_TIMEOUT ? RV_REFUSED_EXPIRED
					: RV_REFUSED_SESSION_UNKNOWN,
		    NULL);
		return;
	}
	memcpy(x->session_hash, found.hash, sizeof(found.hash));
	memcpy(x->session_id, found.id, sizeof(found.id));
	x->session_ends_at_ms = found.expires_at_ms;
	x->identity = rv_identity_ref(found.identity);
	rv_session_fini(&found);
	age = now - x->identity->groups_at_ms;
	if (p->directory != NULL && age >= p->config->groups_refresh)
		refresh_groups(x);
	else
		rv_exchange_authenticated(x);
}

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

void
rv_authenticate(struct rv_exchange *x)
{
	struct rv_slice scheme, rest, field;
	bool twice;

	field = rv_request_field(&x->request, "authorization", &twice);
	if (twice) {
		refuse(x, RV_REFUSED_MALFORMED, "two credentials were sent");
	} else if (field.p == NULL) {
		refuse(x, RV_REFUSED_NO_CREDENTIAL, NULL);
	} else if (!split_scheme(field, &scheme, &rest)) {
		refuse(x, RV_REFUSED_MALFORMED, NULL);
	} else if (rv_slice_ieq(scheme, RV_SLICE_LIT("Negotiate"))) {
		negotiate(x, rest);
	} else if (rv_slice_ieq(scheme, RV_SLICE_LIT("NTLM"))) {
		refuse(x, RV_REFUSED_NTLM, NULL);
	} else if (rv_slice_ieq(scheme, RV_SLICE_LIT("Bearer"))) {
		session(x, rest);
	} else {
		refuse(x, RV_REFUSED_SCHEME, NULL);
	}
}
