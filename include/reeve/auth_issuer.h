/*
 * Looking at an issuer before it is configured: what it publishes, and whose
 * certificates it shows.  The same fetching as the daemon's.
 */
#ifndef REEVE_AUTH_ISSUER_H
#define REEVE_AUTH_ISSUER_H

#include "reeve/auth_token.h"

/* What an issuer says of itself; owned by whoever asked. */
struct rv_issuer_look {
	char *jwks_uri;
	char *device_endpoint; /* RFC 8628, or NULL */
	char *token_endpoint;  /* or NULL */
	struct rv_texts keys;  /* "KID ALG ALG", of those that count */
	/* The verified chain, leaf first: names, and "sha256:BASE64" of the
	 * SubjectPublicKeyInfo. */
	struct rv_texts subjects, pins;
};

/*
 * Fetches discovery and keys with the authority and the pins of issuer, of
 * which the audiences and so on do not matter.  Blocks up to 5 s.
 * RV_ERR_UNAVAILABLE, RV_ERR_INVALID or RV_ERR_LIMIT with a line in *e.
 */
RV_MUSTUSE int rv_issuer_look(const struct rv_issuer *issuer,
    struct rv_issuer_look *ret_look, struct rv_error *e);
void rv_issuer_look_fini(struct rv_issuer_look *look);

/*
 * Posts a form to an endpoint of the issuer: for the device code flow.  RV_OK
 * whatever the status; the body, 64 KiB at most, is in *body.
 */
RV_MUSTUSE int rv_issuer_post(const struct rv_issuer *issuer, const char *url,
    const char *form, long *ret_status, struct rv_buf *body,
    struct rv_error *e);

#endif
