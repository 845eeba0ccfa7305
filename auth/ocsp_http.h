/*
 * One question to an OCSP responder over HTTP (RFC 6960 appendix A), by
 * libcurl: no redirects, no proxies, a deadline and a limit of size.
 */
#ifndef AUTH_OCSP_HTTP_H
#define AUTH_OCSP_HTTP_H

#include "reeve/base.h"

/*
 * Posts the request to the URL and puts the answer, which has status 200 and
 * the right type, into *body.  Blocks for at most timeout_ms.
 * RV_ERR_UNAVAILABLE: there is none; *e says why.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_ocsp_post(const char *url, struct rv_slice request,
    int64_t timeout_ms, struct rv_buf *body, struct rv_error *e);

#endif
