/*
 * Request targets: strict decoding of paths (RFC 3986, RFC 9112 section
 * 3.2).  Pure; any thread.
 */
#ifndef PROVIDER_HTTP_URI_H
#define PROVIDER_HTTP_URI_H

#include "reeve/base.h"

/*
 * Decodes the path of a target, once, into out, which has room for raw.n
 * bytes and may be raw.p itself.  The result begins with '/', is UTF-8
 * without control characters, and splits into the same segments for every
 * reader: raw or encoded "." and "..", empty segments (a closing slash
 * makes one), encoded slashes and backslashes are refused, so that no two
 * spellings reach one route and no spelling reaches another.
 *
 * RV_ERR_INVALID with *ret_why, a sentence for the caller.
 */
RV_MUSTUSE int rv_uri_decode_path(
    struct rv_slice raw, char *out, size_t *ret_n, const char **ret_why);

/*
 * Decodes %XX in a part of a query, into out as above; '+' stays what it
 * is.  RV_ERR_INVALID when an escape is broken or the result is no UTF-8
 * or has a control character.
 */
RV_MUSTUSE int rv_uri_decode(struct rv_slice raw, char *out, size_t *ret_n);

/* True when every byte may stand in a query (RFC 3986 section 3.4). */
bool rv_uri_is_query(struct rv_slice query);

/*
 * True for the value of a Host field that names a host (RFC 9110 section
 * 7.2): a name, an IPv4 address or [IPv6], and perhaps a port.
 */
bool rv_uri_is_host(struct rv_slice host);

#endif
