/*
 * From evidence to an identity: whose it is, what the directory says of them,
 * at which level they are, and the session that spares them the next ticket.
 */
#include <openssl/crypto.h>
#include <string.h>

#include "reeve/auth_penalty.h"

#include "base64.h"
#include "config/config.h"
#include "loop/loop.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sessions/sessions.h"
#include "sign_in/person.h"
#include "sign_in/signing.h"

/* ---- What goes with the answer -------------------------------------------------- */

/* The caller's proof that it has reached the right server. */
static void
give_reply_token(struct rv_signing *s)
{
	struct rv_exchange *x = s->x;
	const char *text;

	if (s->evidence.method != RV_AUTH_KERBEROS)
		return;
	text = rv_base64_encode(x->arena, RV_BASE64, rv_buf_slice(&s->reply));
	x->reply_token = text;
	if (text != NULL)
		rv_answer_field(x, "WWW-Authenticate",
		    rv_arena_printf(x->arena, "Negotiate %s", text));
}

struct rv_session_place
rv_sign_in_place(const struct rv_exchange *x)
{
	return (struct rv_session_place){
		.address = x->peer.ip,
		.exporter = x->peer.has_exporter ? x->peer.exporter : NULL,
	};
}

/*
 * A session spares the caller a ticket a request.  Without one (too many
 * live) the caller signs in each time: nothing is lost but speed.  Whoever
 * presents a certificate or a token does so with each request anyway, and
 * both may be revoked in between: they get none.
 */
void
rv_sign_in_give_session(struct rv_exchange *x)
{
	const struct rv_provider *p = x->lane->provider;
	const struct rv_session_place place = rv_sign_in_place(x);
	char token[RV_SESSION_TOKEN_SIZE];
	struct rv_session session;

	if (x->identity->method != RV_AUTH_KERBEROS ||
	    rv_session_start(p->sessions, x->identity, &place, rv_now_ms(),
		p->config->session_lifetime, token, &session) != RV_OK)
		return;
	memcpy(x->session_hash, session.hash, sizeof(session.hash));
	memcpy(x->session_id, session.id, sizeof(session.id));
	x->session_ends_at_ms = session.expires_at_ms;
	rv_sessions_lane_put(x->lane->sessions, &session);
	rv_session_fini(&session);
	x->session_token = rv_arena_dup(x->arena, rv_slice_of(token));
	rv_answer_field(x, "Reeve-Session", x->session_token);
	OPENSSL_cleanse(token, sizeof(token));
}

/* ---- Two credentials ------------------------------------------------------------- */

bool
rv_sign_in_is_one_person(const struct rv_signing *s,
    const struct rv_snapshot *snapshot, const struct rv_slice *ids, size_t n)
{
	const struct rv_slice *of_certificate;

	if (s->certificate.method == RV_AUTH_NONE)
		return true;
	/* The token names the certificate (RFC 8705): it goes with it. */
	if (s->evidence.method == RV_AUTH_TOKEN && !s->is_dpop &&
	    s->evidence.channel_bound)
		return true;
	of_certificate = rv_person_ids(&s->certificate, s->x->arena);
	return of_certificate != NULL &&
	       rv_person_is_same(
		   snapshot, ids, n, of_certificate, s->certificate.ids.n);
}

/* ---- The identity ----------------------------------------------------------------- */

/*
 * Groups of a ticket are as old as the sign-in behind it.  Where a directory
 * has the person but does not answer, they count as long as those that it
 * had said itself would.
 */
static void
drop_old_groups(struct rv_signing *s, int64_t now_ms)
{
	const struct rv_config *c = s->provider->config;

	if (!s->account.known && rv_account_is_askable(s->provider, s->who) &&
	    now_ms - s->evidence.authenticated_at_ms >= c->groups_max_age)
		s->evidence.has_groups = false;
}

/*
 * Kerberos people whom nobody knows are authenticated, and may do nothing.
 * A certificate or token has to name somebody: an administrative user by one
 * of its ids or groups, or an account.
 */
static bool
is_somebody(const struct rv_signing *s, const struct rv_identity *id,
    const struct rv_snapshot *snapshot)
{
	struct rv_slice canonical;

	if (id->method == RV_AUTH_KERBEROS || s->account.found ||
	    rv_person_is_mapped(snapshot, id->ids, id->n_ids, &canonical))
		return true;
	/*
	 * Whom a silent directory may have is not known not to be there; but a
	 * certificate is nobody's until something says whose it is.
	 */
	return id->method == RV_AUTH_TOKEN && !s->account.known &&
	       rv_account_is_askable(s->provider, s->who);
}

static void
sign_in(struct rv_signing *s, const struct rv_snapshot *snapshot)
{
	struct rv_exchange *x = s->x;
	struct rv_slice canonical;

	rv_identity_set_mapped(
	    x->identity, rv_person_is_mapped(snapshot, x->identity->ids,
			     x->identity->n_own, &canonical));
	if (rv_sign_in_refuse_account(x, &s->account))
		return;
	rv_penalty_accepted(
	    s->provider->penalties, s->evidence.principal, rv_boot_ms());
	if (x->ops != NULL)
		x->ops->authenticated(x->door);
	give_reply_token(s);
	rv_sign_in_give_session(x);
	rv_sign_in_confirm_level(x, snapshot);
	rv_exchange_authenticated(x);
}

static void
on_account(struct rv_signing *s)
{
	struct rv_exchange *x = s->x;
	const struct rv_snapshot *snapshot;
	const struct rv_identity *identity;
	const int64_t now_ms = rv_now_ms();

	if (rv_exchange_snapshot(x, &snapshot) != RV_OK) {
		rv_exchange_finish(x);
		return;
	}
	drop_old_groups(s, now_ms);
	memcpy(s->evidence.lookup, s->who, sizeof(s->who));
	identity = rv_identity_new(&s->evidence,
	    rv_level_of(&s->evidence, &s->policy->levels), &s->account, now_ms);
	if (identity == NULL) {
		rv_sign_in_busy(x);
	} else if (!is_somebody(s, identity, snapshot)) {
		rv_identity_unref(&identity);
		rv_sign_in_refuse(x, RV_REFUSED_NO_MAPPING,
		    s->evidence.principal, s->evidence.principal);
	} else {
		x->identity = identity;
		sign_in(s, snapshot);
	}
}

void
rv_sign_in_proved(struct rv_signing *s)
{
	struct rv_exchange *x = s->x;
	const struct rv_snapshot *snapshot;
	const struct rv_slice *ids = rv_person_ids(&s->evidence, x->arena);
	struct rv_slice canonical;

	if (ids == NULL) {
		rv_sign_in_busy(x);
		return;
	}
	if (rv_exchange_snapshot(x, &snapshot) != RV_OK) {
		rv_exchange_finish(x);
		return;
	}
	if (!rv_sign_in_is_one_person(s, snapshot, ids, s->evidence.ids.n)) {
		rv_sign_in_refuse(x, RV_REFUSED_TWO_IDENTITIES,
		    "the client certificate stands for somebody else",
		    s->evidence.principal);
		return;
	}
	memcpy(s->who, s->evidence.lookup, sizeof(s->who));
	/* A SID says nothing to a directory that has none. */
	if (!rv_account_is_askable(s->provider, s->who) &&
	    rv_person_is_mapped(snapshot, ids, s->evidence.ids.n, &canonical))
		rv_person_lookup(canonical, s->who);
	s->then = on_account;
	rv_sign_in_look_up(s);
}
