/*
 * Client certificates: whom one names, and whether it is good.  Pure
 * functions on an immutable set of authorities; the TLS layer hands over
 * what the peer has sent and proved to have the key of.
 *
 * Sources: RFC 5280, RFC 6960 (OCSP), RFC 4556 (id-pkinit-san), MS-PKCA and
 * KB5014754 (strong mapping).
 */
#ifndef REEVE_AUTH_CERTIFICATE_H
#define REEVE_AUTH_CERTIFICATE_H

#include <openssl/x509.h>

#include "reeve/auth_evidence.h"

enum rv_ocsp_mode {
	RV_OCSP_OFF,
	RV_OCSP_SOFT, /* a responder that is silent does not refuse */
	RV_OCSP_HARD,
};

/* One authority as configured; borrowed by rv_trust_load(). */
struct rv_authority {
	const char *source;	 /* name of its file */
	const char *certificate; /* paths of PEM files */
	const char *chain;	 /* intermediates, or NULL */
	struct rv_words crls;
	bool crl_required;
	int64_t alarm_before_ms; /* before the nextUpdate of a CRL */
	bool weak_mapping;	 /* UPN and id-pkinit-san count */
	/* In any case; ids get them as they are written here. */
	struct rv_words upn_suffixes;
	struct rv_words realms;	     /* of id-pkinit-san */
	struct rv_words sid_domains; /* SIDs that it may assert: prefixes */
	enum rv_ocsp_mode ocsp;
	const char *ocsp_url;
	int64_t ocsp_timeout_ms;
};

/* All authorities with their CRLs, immutable and counted. */
struct rv_trust;

/*
 * Reads all files.  RV_ERR_INVALID names the file and what is wrong with it;
 * one that has expired is taken (it refuses whom it should cover, and
 * rv_trust_alarms() tells).  Blocks on the disk.
 */
RV_MUSTUSE int rv_trust_load(const struct rv_authority *authorities, size_t n,
    int64_t now_ms, const struct rv_trust **ret_trust, struct rv_error *e);
const struct rv_trust *rv_trust_ref(const struct rv_trust *trust);
/* *trust may be NULL and becomes NULL. */
void rv_trust_unref(const struct rv_trust **trust);

/*
 * The names of the authorities, which a server tells its clients; borrowed.
 */
STACK_OF(X509_NAME) * rv_trust_names(const struct rv_trust *trust);

/*
 * Calls fn for each file, CRL or certificate of an authority, that ends, or
 * has ended, within its authority's alarm_before: for the log and for
 * readiness.
 */
void rv_trust_alarms(const struct rv_trust *trust, int64_t now_ms,
    void (*fn)(
	void *arg, const char *source, const char *file, int64_t ends_at_ms),
    void *arg);

/*
 * Judges a certificate whose key the peer has proved, at now: chain, dates,
 * EKU, key usage, CRLs, policies, names.  Pure; any thread.  A refusal
 * leaves the evidence empty.  It is asked again at each request (with the
 * trust of now), so that a revocation ends live connections too.
 *
 * The evidence is strong when no name of it is a weak one.  Its
 * authenticated_at_ms is 0: only the caller knows when the key was proved.
 * Ids by issuer are left out when another authority has the same name: the
 * one must not speak for the other's certificates.
 */
enum rv_auth_refusal rv_certificate_judge(const struct rv_trust *trust,
    X509 *leaf, STACK_OF(X509) * untrusted, int64_t now_ms,
    struct rv_evidence *ret_evidence, char detail[256]);

/*
 * Remembers what responders said, until their nextUpdate (a day at most).
 * One that was silent rests for five seconds, doubled up to a minute, and
 * then is tried by one caller at a time; meanwhile the mode of its authority
 * decides at once.  What was called revoked stays so until a responder says
 * otherwise.  All threads.
 */
struct rv_ocsp;
RV_MUSTUSE int rv_ocsp_new(struct rv_ocsp **ret_ocsp);
void rv_ocsp_free(struct rv_ocsp **ocsp);

enum rv_ocsp_answer {
	RV_OCSP_GOOD, /* or OCSP is off for its authority */
	RV_OCSP_REVOKED,
	RV_OCSP_UNKNOWN, /* hard: no answer that counts */
	RV_OCSP_ASK,	 /* rv_ocsp_ask() has to be called first */
};
/* From memory alone; does not block. */
enum rv_ocsp_answer rv_ocsp_known(struct rv_ocsp *ocsp,
    const struct rv_trust *trust, X509 *leaf, STACK_OF(X509) * untrusted,
    int64_t now_ms);
/*
 * Asks the configured responder.  Blocks up to the time-out, and a quarter
 * of a second more when four others are asking; any thread.
 */
enum rv_ocsp_answer rv_ocsp_ask(struct rv_ocsp *ocsp,
    const struct rv_trust *trust, X509 *leaf, STACK_OF(X509) * untrusted,
    int64_t now_ms, char detail[256]);

#endif
