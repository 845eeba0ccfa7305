/*
 * One request on its way from a credential to an identity.  The steps hand
 * it on, each in this turn of the loop or in a later one:
 *
 *   certificate -> kerberos | token | session | nothing more
 *               -> account -> identity
 *
 * It ends in rv_exchange_authenticated() or in a refusal.  Lives in the
 * arena of its exchange, and ends with it.
 */
#ifndef PROVIDER_SIGN_IN_SIGNING_H
#define PROVIDER_SIGN_IN_SIGNING_H

#include "loop/pool.h"
#include "pipeline/exchange.h"
#include "process/acceptor_link.h"
#include "sign_in/policy.h"

enum rv_credential {
	RV_CREDENTIAL_NONE, /* the certificate alone */
	RV_CREDENTIAL_NEGOTIATE,
	RV_CREDENTIAL_SESSION,
	RV_CREDENTIAL_TOKEN,
};

struct rv_signing {
	struct rv_job job; /* first: what blocks, one thing at a time */
	struct rv_exchange *x;
	const struct rv_provider *provider;
	const struct rv_sign_in_policy *policy; /* the exchange's */
	enum rv_credential kind;
	struct rv_slice credential; /* what is behind the scheme */
	bool is_dpop;
	struct rv_evidence evidence;	/* of the credential */
	struct rv_evidence certificate; /* of one beside it; else of none */
	struct rv_account account;
	char who[RV_PRINCIPAL_MAX]; /* to be looked up */
	char detail[256];
	void (*then)(struct rv_signing *s);
	enum rv_ocsp_answer ocsp;
	/* Kerberos */
	struct rv_accept_call call;
	struct rv_buf token; /* decoded */
	struct rv_buf reply; /* for the caller */
};

/* NULL when out of memory.  The exchange has its policy already. */
struct rv_signing *rv_signing_new(struct rv_exchange *x);
/* With its exchange.  NULL is nothing. */
void rv_signing_fini(struct rv_signing *s);

/* ---- Steps ------------------------------------------------------------------- */

/*
 * certificate.c: the certificate of the connection, if there is one, judged
 * anew into s->certificate; then the credential, or the certificate as the
 * credential where there is no other.
 */
void rv_sign_in_begin(struct rv_signing *s);
/* kerberos.c: s->credential is a token in base64. */
void rv_sign_in_kerberos(struct rv_signing *s);
/* token.c: a JWT, with s->is_dpop as its scheme says. */
void rv_sign_in_token(struct rv_signing *s);
/* session.c: a session's own token. */
void rv_sign_in_session(struct rv_signing *s);
/*
 * proved.c: evidence is filled.  Finds the person behind it, makes the
 * identity, and goes on with the request.
 */
void rv_sign_in_proved(struct rv_signing *s);
/*
 * account.c: what the directory says of s->who, from memory or by a worker,
 * into s->account; then s->then(s).
 */
void rv_sign_in_look_up(struct rv_signing *s);

/* ---- Endings (refuse.c) ------------------------------------------------------- */

/*
 * 401, with nothing in it that tells one cause from another; given at the
 * time that the source's failures cost.  detail is for the operator;
 * principal is whom the credential named, as far as that is proved: both may
 * be NULL.
 */
void rv_sign_in_refuse(struct rv_exchange *x, enum rv_auth_refusal why,
    const char *detail, const char *principal);
/* 503: too much waits already, or no memory. */
void rv_sign_in_busy(struct rv_exchange *x);
/*
 * 403 where the directory says that the account may not be used; ends the
 * session, if there is one.  False: it may be used.
 */
bool rv_sign_in_refuse_account(
    struct rv_exchange *x, const struct rv_account *account);
/* The field WWW-Authenticate for all methods of the policy. */
void rv_sign_in_challenge(struct rv_exchange *x);

/* ---- What steps share ----------------------------------------------------------- */

/*
 * Whether there is a directory that has this person; "" is nobody.
 */
bool rv_account_is_askable(const struct rv_provider *p, const char *who);
/* session.c: ends the session of the request, if it has one, everywhere. */
void rv_sign_in_end_session(struct rv_exchange *x);
/* Hands the session token to the caller, and counts the sign-in. */
void rv_sign_in_give_session(struct rv_exchange *x);
/* Where the request comes from; borrows from the exchange. */
struct rv_session_place rv_sign_in_place(const struct rv_exchange *x);

/*
 * Whether the certificate beside the credential names the same person as
 * these ids: by a common id, or by the administrative user that both stand
 * for.  True when there is no certificate.
 */
bool rv_sign_in_is_one_person(const struct rv_signing *s,
    const struct rv_snapshot *snapshot, const struct rv_slice *ids, size_t n);

/* Confirms a pending level, where this sign-in may (confirm.c). */
void rv_sign_in_confirm_level(
    struct rv_exchange *x, const struct rv_snapshot *s);

#endif
