/*
 * One HTTPS request by libcurl, to an issuer: no redirects, no proxies, no
 * other protocol, one authority, pins, a deadline and a limit of size.
 */
#ifndef AUTH_ISSUER_HTTPS_H
#define AUTH_ISSUER_HTTPS_H

#include "reeve/auth_evidence.h"

struct rv_https {
	const char *url;
	const char *form;   /* what is posted; NULL: GET */
	struct rv_slice ca; /* PEM of the authorities */
	const struct rv_words *pins;
	int64_t timeout_ms;
	size_t max; /* octets of the answer */
	/* The verified chain, leaf first; both may be NULL. */
	struct rv_texts *subjects, *chain_pins;
};

/*
 * RV_OK: an answer whatever its status, all of it in *body.
 * RV_ERR_UNAVAILABLE: none; RV_ERR_LIMIT: too long a one; *e has a line.
 */
RV_MUSTUSE int rv_https_ask(const struct rv_https *https, long *ret_status,
    struct rv_buf *body, struct rv_error *e);

/* The hash of "sha256:" with base64 or hexadecimal; false: it is no pin. */
bool rv_https_pin(const char *pin, unsigned char ret[32]);

#endif
