/*
 * The bytes of OCSP (RFC 6960): a question about one certificate, and what
 * an answer proves.  No I/O; any thread.
 */
#ifndef AUTH_OCSP_RESPONSE_H
#define AUTH_OCSP_RESPONSE_H

#include <openssl/ocsp.h>

#include "certificate_path.h"

/* What an answer said, and until when it holds; UTC milliseconds. */
struct rv_ocsp_status {
	bool revoked;
	int64_t until_ms;
};

/*
 * A question about the leaf of a path, with a nonce; to be freed.  NULL when
 * out of memory.
 */
OCSP_REQUEST *rv_ocsp_request_new(const struct rv_path *path);

/*
 * Judges an answer at now: it must be about that certificate, in force, and
 * signed by its issuer or by whom the issuer has made its responder
 * (section 4.2.2.2) and not revoked since.  False, with a line of what is
 * wrong, when it says neither "good" nor "revoked".
 */
bool rv_ocsp_response_read(const struct rv_path *path, OCSP_REQUEST *request,
    struct rv_slice der, int64_t now_ms, struct rv_ocsp_status *ret_status,
    char detail[256]);

#endif
