/*
 * base64url without padding, as JOSE has it (RFC 7515 section 2), strictly:
 * one text for the same bytes, so that nobody can vary a signed one.
 */
#ifndef AUTH_BASE64URL_H
#define AUTH_BASE64URL_H

#include "reeve/base.h"

/*
 * Decodes all of text into at most max bytes.  RV_ERR_INVALID for padding,
 * blanks, other characters and bits behind the end that are not zero;
 * RV_ERR_LIMIT when it does not fit.
 */
RV_MUSTUSE int rv_base64url_decode(
    struct rv_slice text, void *out, size_t max, size_t *ret_n);
/* Decodes exactly n bytes; false for anything else. */
bool rv_base64url_exactly(struct rv_slice text, void *out, size_t n);
/* Appends the text of n bytes. */
void rv_base64url_put(struct rv_buf *out, const void *bytes, size_t n);

#endif
