/* Discovery and keys of one issuer, fetched once. */
#ifndef AUTH_ISSUER_FETCH_H
#define AUTH_ISSUER_FETCH_H

#include "jwk.h"
#include "reeve/auth_issuer.h"

/* For discovery and keys together. */
#define RV_ISSUER_FETCH_MS 5000

/* The bytes of the authorities of an issuer: its own, or the system's. */
RV_MUSTUSE int rv_issuer_read_ca(
    const struct rv_issuer *issuer, struct rv_buf *ret_pem, struct rv_error *e);

/*
 * Fetches the keys, first where they are.  *look may be NULL; else it is
 * filled as far as it went.
 */
RV_MUSTUSE int rv_issuer_fetch_keys(const struct rv_issuer *issuer,
    struct rv_slice ca, struct rv_issuer_look *look,
    struct rv_jwk_set **ret_keys, struct rv_error *e);

#endif
