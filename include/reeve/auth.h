/*
 * Bytes in, identity out: Kerberos acceptor, directory, level, sessions.
 * Source of the API facts: RFC 4559 (Negotiate), RFC 4120 (Kerberos),
 * RFC 5929 (channel bindings), RFC 4511-4515 (LDAP).
 *
 * auth/ blocks where a library blocks (GSSAPI, LDAP): such calls say so and
 * belong on a worker thread, never on an event loop.
 */
#ifndef REEVE_AUTH_H
#define REEVE_AUTH_H

#include "reeve/base.h"
#include "reeve/level.h"

enum rv_auth_method {
	RV_AUTH_NONE = 0,
	RV_AUTH_KERBEROS,
};

/* "none", "kerberos"; never NULL. */
const char *rv_auth_method_name(enum rv_auth_method method);

/*
 * Why a credential was refused.  The caller is told 401 and nothing more;
 * the reason goes to the audit log under rv_auth_refusal_name().
 */
enum rv_auth_refusal {
	RV_REFUSED_NOT = 0,
	RV_REFUSED_NO_CREDENTIAL,    /* none was sent */
	RV_REFUSED_SCHEME,	     /* a scheme that we do not speak */
	RV_REFUSED_MALFORMED,	     /* no base64, no token, oversize */
	RV_REFUSED_NTLM,	     /* NTLM, raw or inside SPNEGO */
	RV_REFUSED_MECHANISM,	     /* SPNEGO without krb5, raw krb5, ... */
	RV_REFUSED_BAD_TOKEN,	     /* GSSAPI refused: corrupt, wrong key */
	RV_REFUSED_WRONG_SERVICE,    /* a ticket for another service */
	RV_REFUSED_REPLAY,	     /* the same authenticator again */
	RV_REFUSED_CLOCK_SKEW,	     /* RFC 4120 KRB_AP_ERR_SKEW */
	RV_REFUSED_EXPIRED,	     /* ticket or session ended */
	RV_REFUSED_NOT_MUTUAL,	     /* no mutual authentication asked */
	RV_REFUSED_UNFINISHED,	     /* the exchange wants another leg */
	RV_REFUSED_ANONYMOUS,	     /* anonymous PKINIT */
	RV_REFUSED_REALM,	     /* realm not on the list */
	RV_REFUSED_BINDING,	     /* channel binding wrong, or missing */
	RV_REFUSED_DELEGATED,	     /* an S4U ticket */
	RV_REFUSED_SESSION_UNKNOWN,  /* no such session token */
	RV_REFUSED_ACCOUNT_DISABLED, /* the directory says so */
	RV_REFUSED_INTERNAL,	     /* a failure of our own: still refused */
};
const char *rv_auth_refusal_name(enum rv_auth_refusal refusal);

/* ---- Evidence and level ---------------------------------------------- */

#define RV_EVIDENCE_INDICATORS 16
#define RV_INDICATOR_MAX       64
#define RV_PRINCIPAL_MAX       512

/*
 * What one authentication proved.  Plain values, so that it can cross a
 * process boundary as it is.  Times are UTC milliseconds.
 */
struct rv_evidence {
	enum rv_auth_method method;
	char principal[RV_PRINCIPAL_MAX]; /* "alice@LAB.TEST", NUL-terminated */
	int64_t authenticated_at_ms;	  /* initial sign-in (authtime) */
	int64_t expires_at_ms;		  /* clock skew already subtracted */
	bool channel_bound;
	bool mutual;
	/* authenticated and complete authentication indicators (RFC 8129) */
	char indicators[RV_EVIDENCE_INDICATORS][RV_INDICATOR_MAX];
	size_t n_indicators;
};

/* Which indicators count for which level; an empty list: not that way. */
struct rv_level_policy {
	const char *const *certificate_indicators;
	size_t n_certificate_indicators;
	const char *const *hello_indicators;
	size_t n_hello_indicators;
};

/* The level that the evidence proves; anything unknown proves none.  Pure. */
enum rv_level rv_level_of(
    const struct rv_evidence *evidence, const struct rv_level_policy *policy);

/* ---- Kerberos acceptor ------------------------------------------------ */

enum rv_channel_binding {
	RV_BINDING_OFF,
	RV_BINDING_WHEN_OFFERED, /* wrong ones refused, missing ones accepted */
	RV_BINDING_REQUIRE,
};

struct rv_acceptor_config {
	const char *keytab;	   /* path; must hold a key of the service */
	const char *service;	   /* "HTTP" */
	const char *replay_cache;  /* path of the replay cache file */
	const char *const *realms; /* realms whose principals are accepted */
	size_t n_realms;
	enum rv_channel_binding binding;
};

#define RV_NEGOTIATE_TOKEN_MAX 65536

struct rv_accepted {
	enum rv_auth_refusal refusal; /* RV_REFUSED_NOT when accepted */
	struct rv_evidence evidence;  /* valid when accepted */
	struct rv_buf reply;	      /* token for the answer; owner: caller */
	char detail[256];	      /* operator's text of a refusal */
};

struct rv_acceptor;

/*
 * Acquires the acceptor credential (SPNEGO restricted to krb5).  Fails when
 * the keytab has no key of the service: there is no default to fall back
 * to.  Sets KRB5_KTNAME aside; call before threads start.
 */
RV_MUSTUSE int rv_acceptor_new(const struct rv_acceptor_config *config,
    struct rv_acceptor **ret_acceptor, struct rv_error *e);
void rv_acceptor_free(struct rv_acceptor **acceptor);

/*
 * Judges one SPNEGO token (decoded bytes).  binding is the
 * "tls-server-end-point:..." data of the connection's own certificate, or
 * absent.  Blocks (replay cache); any thread; several at once.  Always
 * fills *ret, whose reply the caller frees with rv_buf_fini().
 */
void rv_acceptor_accept(const struct rv_acceptor *acceptor,
    struct rv_slice token, struct rv_slice binding, struct rv_accepted *ret);

/* ---- Directory --------------------------------------------------------- */

struct rv_directory_config {
	const char *uri;	   /* ldap:// (GSSAPI, sealed) */
	const char *base;	   /* search base of people */
	const char *group_base;	   /* search base of groups */
	const char *user_filter;   /* "(&(objectClass=person)(uid=%s))" */
	const char *id_attribute;  /* "entryUUID" */
	const char *realm;	   /* principals of this realm are looked up */
	const char *client_keytab; /* for the GSSAPI bind */
	int deadline_ms;	   /* of one whole look-up, default 2000 */
	size_t max_groups;	   /* beyond: unknown */
	unsigned max_depth;	   /* of nesting, beyond: unknown */
};

/* What the directory says of one principal. */
struct rv_account {
	bool known; /* false: could not be asked, or the answer is partial */
	bool found; /* an entry exists; false with known: it has none */
	bool disabled;
	char *account_id; /* immutable id, or NULL */
	char **groups;	  /* immutable ids, nested ones included, sorted */
	size_t n_groups;
	char detail[256]; /* operator's text when !known */
};

struct rv_directory;

/* Checks the settings; connects at the first look-up.  Before threads. */
RV_MUSTUSE int rv_directory_new(const struct rv_directory_config *config,
    struct rv_directory **ret_directory, struct rv_error *e);
void rv_directory_free(struct rv_directory **directory);

/*
 * Looks a principal up: its id, its state, all its groups.  Blocks up to
 * the deadline; any thread; several at once (each with a connection of its
 * own from a small pool).  Never fails: what could not be found out is
 * known == false, which is not "no groups".
 */
void rv_directory_lookup(struct rv_directory *directory, const char *principal,
    struct rv_account *ret_account);
void rv_account_fini(struct rv_account *account);

/* ---- Identity ----------------------------------------------------------- */

/*
 * Who a request is from, after authentication.  Immutable and counted; any
 * thread may hold a reference.
 */
struct rv_identity {
	enum rv_auth_method method;
	enum rv_level level;
	const char *principal; /* "alice@LAB.TEST" */
	/* principal ids for the engine: own first, then groups */
	const struct rv_slice *ids;
	size_t n_ids;
	size_t n_own;
	bool groups_known;
	int64_t groups_at_ms;	       /* UTC, of the directory's answer */
	const char *account_id;	       /* NULL when the directory did not say */
	unsigned char groups_hash[32]; /* SHA-256 over the sorted group ids */
	int64_t authenticated_at_ms;
	int64_t expires_at_ms;
};

/*
 * Makes an identity from evidence and what the directory says: ids
 * "krb5:<principal>" and "group:<id>" each.  Copies everything.
 * NULL when out of memory.
 */
const struct rv_identity *rv_identity_new(const struct rv_evidence *evidence,
    enum rv_level level, const struct rv_account *account, int64_t now_ms);
/* The same person with what the directory says now. */
const struct rv_identity *rv_identity_with_account(
    const struct rv_identity *identity, const struct rv_account *account,
    int64_t now_ms);
const struct rv_identity *rv_identity_ref(const struct rv_identity *identity);
/* *identity may be NULL and becomes NULL. */
void rv_identity_unref(const struct rv_identity **identity);

/* ---- Sessions ----------------------------------------------------------- */

/* "rvs1_" and 256 random bits in base64url, and a NUL. */
#define RV_SESSION_TOKEN_SIZE (5 + 43 + 1)
/* A short public name of a session for logs, and a NUL. */
#define RV_SESSION_ID_SIZE 17

struct rv_sessions;

/* max: live sessions in all; more are refused.  Safe for all threads. */
RV_MUSTUSE int rv_sessions_new(size_t max, struct rv_sessions **ret_sessions);
void rv_sessions_free(struct rv_sessions **sessions);

/*
 * Starts a session that ends at min(identity's end, now + lifetime).  Only
 * the SHA-256 of the token is kept.  RV_ERR_LIMIT when there are too many.
 */
RV_MUSTUSE int rv_session_start(struct rv_sessions *sessions,
    const struct rv_identity *identity, int64_t now_ms, int64_t lifetime_ms,
    char ret_token[RV_SESSION_TOKEN_SIZE], char ret_id[RV_SESSION_ID_SIZE]);

/*
 * The identity behind a token, with a reference for the caller, and the end
 * of the session.  RV_ERR_NOTFOUND, or RV_ERR_TIMEOUT when it has ended.
 */
RV_MUSTUSE int rv_session_find(struct rv_sessions *sessions,
    struct rv_slice token, int64_t now_ms,
    const struct rv_identity **ret_identity, char ret_id[RV_SESSION_ID_SIZE],
    int64_t *ret_expires_at_ms);

/* Puts a newer identity of the same person behind a token. */
void rv_session_update(struct rv_sessions *sessions, struct rv_slice token,
    const struct rv_identity *identity);
/* Ends one session; no error when there is none. */
void rv_session_end(struct rv_sessions *sessions, struct rv_slice token);
/* Drops those that ended; a timer calls it.  Returns how many live on. */
size_t rv_sessions_sweep(struct rv_sessions *sessions, int64_t now_ms);

#endif
