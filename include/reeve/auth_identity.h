/*
 * Who a request is from, after authentication.
 */
#ifndef REEVE_AUTH_IDENTITY_H
#define REEVE_AUTH_IDENTITY_H

#include "reeve/auth_directory.h"
#include "reeve/auth_evidence.h"

/*
 * Immutable and counted; any thread may hold a reference.  It holds no
 * right: which administrative user an id stands for is looked up in the
 * snapshot of each request, so that a mapping that is removed ends at once.
 */
struct rv_identity {
	enum rv_auth_method method;
	enum rv_level level;
	const char *principal; /* how logs call it */
	const char *lookup;    /* in the directory; "" when it is in none */
	const char *source;    /* the authority's or issuer's file, or "" */
	/* principal ids for the engine: own first, then groups */
	const struct rv_slice *ids;
	size_t n_ids;
	size_t n_own;
	bool groups_known;
	bool groups_from_evidence;     /* of the PAC or of the token */
	int64_t groups_at_ms;	       /* UTC, when they were so */
	const char *account_id;	       /* NULL when the directory did not say */
	unsigned char groups_hash[32]; /* SHA-256 over the sorted group ids */
	int64_t authenticated_at_ms;
	int64_t expires_at_ms;
	bool delegated;		  /* a gateway acts for the person */
	const char *delegated_by; /* NULL: nobody */
	/* Some own id stood for an administrative user at the sign-in. */
	bool mapped;
};

/*
 * Makes an identity from evidence and what the directory says (NULL: nobody
 * was asked).  What the directory knows comes before what the evidence
 * brings: a ticket is hours old.  Groups of the evidence are as old as the
 * sign-in behind it.  Copies everything.  NULL when out of memory.
 */
const struct rv_identity *rv_identity_new(const struct rv_evidence *evidence,
    enum rv_level level, const struct rv_account *account, int64_t now_ms);
/* The same person with what the directory says now. */
const struct rv_identity *rv_identity_with_account(
    const struct rv_identity *identity, const struct rv_account *account,
    int64_t now_ms);

/* Only for who has just made it, before anybody else has a reference. */
void rv_identity_set_mapped(const struct rv_identity *identity, bool mapped);

/*
 * As JSON text for the session table, from which another provider makes the
 * same identity again; *ret_text is the caller's (free()).
 */
RV_MUSTUSE int rv_identity_print(
    const struct rv_identity *identity, char **ret_text);
/*
 * RV_ERR_INVALID for anything that rv_identity_print() did not write, order
 * of members and blanks apart.
 */
RV_MUSTUSE int rv_identity_read(
    struct rv_slice text, const struct rv_identity **ret_identity);

const struct rv_identity *rv_identity_ref(const struct rv_identity *identity);
/* *identity may be NULL and becomes NULL. */
void rv_identity_unref(const struct rv_identity **identity);

#endif
