/*
 * Kerberos by SPNEGO: judging tickets.  The half that needs the key of the
 * service (rv_acceptor_*) runs in a process of its own, and what it says
 * crosses as bytes; the half that reads the PAC and applies the policy
 * (rv_kerberos_evidence) runs where the network is.
 *
 * Sources: RFC 4559 (Negotiate), RFC 4120, RFC 5929 (bindings), RFC 8129
 * (indicators), MS-PAC.
 */
#ifndef REEVE_AUTH_KERBEROS_H
#define REEVE_AUTH_KERBEROS_H

#include "reeve/auth_evidence.h"

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
#define RV_EVIDENCE_INDICATORS 16
#define RV_INDICATOR_MAX       64
#define RV_PAC_MAX	       65536
/* Bindings that are tried for one token. */
#define RV_BINDINGS_MAX 8

/*
 * What the acceptor says of one token: plain values and two buffers, which
 * the owner gives up with rv_accepted_fini().
 */
struct rv_accepted {
	enum rv_auth_refusal refusal; /* RV_REFUSED_NOT when accepted */
	char detail[256];	      /* operator's text of a refusal */
	struct rv_buf reply;	      /* token for the answer */

	/* Valid when accepted. */
	char principal[RV_PRINCIPAL_MAX];
	int64_t authenticated_at_ms; /* authtime */
	int64_t expires_at_ms;	     /* clock skew already subtracted */
	bool channel_bound;
	bool mutual;
	char indicators[RV_EVIDENCE_INDICATORS][RV_INDICATOR_MAX];
	size_t n_indicators;
	struct rv_buf pac; /* the verified PAC whole; empty: none */
};
void rv_accepted_fini(struct rv_accepted *accepted);

/* The whole as bytes, and back; any bytes, refused unless they are whole. */
void rv_accepted_encode(const struct rv_accepted *accepted, struct rv_buf *out);
RV_MUSTUSE int rv_accepted_decode(
    struct rv_slice bytes, struct rv_accepted *ret_accepted);

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
 * Judges one SPNEGO token (decoded bytes).  bindings are the
 * "tls-server-end-point:..." data of the connection's own certificate and
 * of further ones that are configured; none: the connection has nothing to
 * bind to.  Blocks (replay cache); any thread; several at once.  Always
 * fills *ret.
 */
void rv_acceptor_accept(const struct rv_acceptor *acceptor,
    struct rv_slice token, const struct rv_slice *bindings, size_t n_bindings,
    struct rv_accepted *ret);

/* What the site makes of tickets; borrowed. */
struct rv_kerberos_policy {
	struct rv_words gateways;    /* principals that may act for people */
	struct rv_words pac_domains; /* "LAB.TEST=S-1-5-21-1-2-3" */
};

/*
 * From what the acceptor said to evidence: the PAC decoded, SIDs of allowed
 * domains only, S4U told.  Pure.  A refusal comes with detail and leaves
 * the evidence empty.
 */
enum rv_auth_refusal rv_kerberos_evidence(const struct rv_accepted *accepted,
    const struct rv_kerberos_policy *policy, struct rv_evidence *ret_evidence,
    char detail[256]);

#endif
