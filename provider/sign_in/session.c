/*
 * The token of a session in place of a sign-in.  What the directory says of
 * the person is read again when it has become old.
 */
#include <string.h>

#include "config/config.h"
#include "log.h"
#include "loop/loop.h"
#include "pipeline/lane.h"
#include "provider.h"
#include "sessions/sessions.h"
#include "sign_in/signing.h"

static enum rv_auth_refusal
refusal_of(int err)
{
	switch (err) {
	case RV_ERR_TIMEOUT:
		return RV_REFUSED_EXPIRED;
	case RV_ERR_DENIED:
		return RV_REFUSED_SESSION_BOUND;
	case RV_ERR_STALE:
		return RV_REFUSED_SESSION_REVOKED;
	default:
		return RV_REFUSED_SESSION_UNKNOWN;
	}
}

/* Has nothing to free. */
static void
on_ended(void *arg, int result, uint64_t ended)
{
	(void)arg;
	(void)ended;
	if (result != RV_OK)
		rv_log(RV_LOG_ERROR,
		    "a session has ended at this provider; the others could "
		    "not be told: %s",
		    rv_strerr(result));
}

void
rv_sign_in_end_session(struct rv_exchange *x)
{
	const char *const ids[] = { x->session_id };
	const struct rv_sessions_end end = {
		.ids = ids,
		.n_ids = 1,
		.by = "provider",
	};

	if (x->session_id[0] == '\0')
		return;
	/* Remembered as ended here, or the store would give it back. */
	(void)rv_session_end(
	    x->lane->provider->sessions, x->session_hash, true);
	rv_sessions_lane_end(x->lane->sessions, &end, on_ended, NULL);
}

static void
go_on(struct rv_exchange *x)
{
	if (x->ops != NULL)
		x->ops->authenticated(x->door);
	rv_exchange_authenticated(x);
}

/* ---- The directory, again -------------------------------------------------------- */

/* What is known stays in use up to its greatest age, then is unknown. */
static bool
keeps_groups(const struct rv_signing *s, int64_t now_ms)
{
	const struct rv_identity *id = s->x->identity;

	return !s->account.known && id->groups_known &&
	       now_ms - id->groups_at_ms < s->provider->config->groups_max_age;
}

/* A session is its person's: whoever has the name now signs in anew. */
static bool
is_another_account(const struct rv_signing *s)
{
	const struct rv_identity *id = s->x->identity;

	if (!s->account.known || id->account_id == NULL)
		return false;
	return s->account.account_id == NULL ||
	       strcmp(s->account.account_id, id->account_id) != 0;
}

static void
on_account(struct rv_signing *s)
{
	struct rv_exchange *x = s->x;
	const struct rv_identity *newer;
	const int64_t now_ms = rv_now_ms();

	if (rv_sign_in_refuse_account(x, &s->account))
		return;
	if (is_another_account(s)) {
		rv_sign_in_end_session(x);
		rv_identity_unref(&x->identity);
		rv_sign_in_refuse(x, RV_REFUSED_SESSION_UNKNOWN,
		    "the directory account behind the session is gone, or "
		    "is another one now",
		    NULL);
		return;
	}
	if (!keeps_groups(s, now_ms)) {
		newer =
		    rv_identity_with_account(x->identity, &s->account, now_ms);
		if (newer == NULL) {
			rv_sign_in_busy(x);
			return;
		}
		rv_identity_unref(&x->identity);
		x->identity = newer;
		rv_session_update(
		    s->provider->sessions, x->session_hash, newer);
	}
	go_on(x);
}

static bool
is_due(const struct rv_signing *s)
{
	const struct rv_identity *id = s->x->identity;

	return rv_account_is_askable(s->provider, id->lookup) &&
	       rv_now_ms() - id->groups_at_ms >=
		   s->provider->config->groups_refresh;
}

/* ---- Finding it -------------------------------------------------------------------- */

static void
take(struct rv_signing *s, struct rv_session *found)
{
	struct rv_exchange *x = s->x;

	memcpy(x->session_hash, found->hash, sizeof(found->hash));
	memcpy(x->session_id, found->id, sizeof(found->id));
	x->session_ends_at_ms = found->expires_at_ms;
	x->identity = rv_identity_ref(found->identity);
	rv_session_fini(found);
}

static void
on_found(struct rv_signing *s, struct rv_session *found)
{
	struct rv_exchange *x = s->x;
	const struct rv_snapshot *snapshot;

	take(s, found);
	if (s->certificate.method != RV_AUTH_NONE) {
		if (rv_exchange_snapshot(x, &snapshot) != RV_OK) {
			rv_exchange_finish(x);
			return;
		}
		if (!rv_sign_in_is_one_person(
			s, snapshot, x->identity->ids, x->identity->n_own)) {
			rv_identity_unref(&x->identity);
			rv_sign_in_refuse(x, RV_REFUSED_TWO_IDENTITIES,
			    "the client certificate stands for somebody else",
			    NULL);
			return;
		}
	}
	if (!is_due(s)) {
		go_on(x);
		return;
	}
	memcpy(s->who, x->identity->lookup, strlen(x->identity->lookup) + 1);
	s->then = on_account;
	rv_sign_in_look_up(s);
}

/* In memory; else *ret_err says how it is not there. */
static bool
find(struct rv_signing *s, int *ret_err)
{
	const struct rv_session_place place = rv_sign_in_place(s->x);
	struct rv_session found;

	*ret_err = rv_session_find(
	    s->provider->sessions, s->credential, &place, rv_now_ms(), &found);
	if (*ret_err == RV_OK)
		on_found(s, &found);
	return *ret_err == RV_OK;
}

/* What another provider has issued has been taken in, or is nowhere. */
static void
on_asked(void *arg, int result)
{
	struct rv_signing *s = arg;
	int r = result;

	if (r == RV_OK && find(s, &r))
		return;
	if (r == RV_ERR_UNAVAILABLE || r == RV_ERR_LIMIT || r == RV_ERR_NOMEM)
		rv_sign_in_busy(s->x);
	else
		rv_sign_in_refuse(s->x, refusal_of(r), NULL, NULL);
}

void
rv_sign_in_session(struct rv_signing *s)
{
	unsigned char hash[RV_SESSION_HASH_SIZE];
	int r;

	if (find(s, &r))
		return;
	if (r == RV_ERR_NOTFOUND && rv_session_hash(s->credential, hash))
		rv_sessions_lane_find(s->x->lane->sessions, hash, on_asked, s);
	else
		rv_sign_in_refuse(s->x, refusal_of(r), NULL, NULL);
}
