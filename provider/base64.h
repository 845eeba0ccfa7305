/*
 * Base64 (RFC 4648), strict in what it reads: no blanks, no missing or
 * superfluous padding, no bits behind the last byte that say something.
 * So every byte string has one form, and a credential has no twin.
 */
#ifndef PROVIDER_BASE64_H
#define PROVIDER_BASE64_H

#include "reeve/base.h"

enum rv_base64 {
	RV_BASE64,    /* section 4, with padding */
	RV_BASE64URL, /* section 5, without padding */
};

/* NUL-terminated text in the arena; NULL when out of memory or > 16 MiB. */
const char *rv_base64_encode(
    struct rv_arena *arena, enum rv_base64 kind, struct rv_slice bytes);

/*
 * The bytes, appended to out.  RV_ERR_INVALID for anything that encoding
 * would not give; RV_ERR_LIMIT beyond max bytes.
 */
RV_MUSTUSE int rv_base64_decode(
    enum rv_base64 kind, struct rv_slice text, size_t max, struct rv_buf *out);

#endif
