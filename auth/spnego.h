/*
 * A first look at a Negotiate token, before GSSAPI sees the bytes: what is
 * it, and can it lead to Kerberos in one leg?  Anything else is refused
 * here with its own reason, so that the parsers of other mechanisms never
 * meet the bytes of strangers.
 *
 * Sources: RFC 2743 section 3.1 (framing), RFC 4178 section 4.2 (SPNEGO),
 * RFC 4121 section 4.1 (the krb5 token), X.690 chapter 8 (DER).
 */
#ifndef AUTH_SPNEGO_H
#define AUTH_SPNEGO_H

#include "reeve/auth.h"

/* More mechanisms in one list than anybody has: malformed. */
#define RV_SPNEGO_MECHANISMS_MAX 32

struct rv_spnego_look {
	/* RV_REFUSED_NOT: krb5 comes first, with a token of its own. */
	enum rv_auth_refusal refusal;
	const char *detail;	    /* why not: a literal, else NULL */
	struct rv_slice krb5_token; /* into the token; absent when refused */
};

/* Pure.  Any bytes of any length; reads nothing outside token. */
struct rv_spnego_look rv_spnego_look(struct rv_slice token);

#endif
