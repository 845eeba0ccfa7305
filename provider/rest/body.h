/*
 * Reading JSON bodies: strict, bounded, with errors that name the member.
 */
#ifndef PROVIDER_REST_BODY_H
#define PROVIDER_REST_BODY_H

#include <jansson.h>

#include "pipeline/exchange.h"

/*
 * The body as a JSON object: UTF-8, no duplicate members, nothing after it
 * (RFC 7493, I-JSON).  NULL: the exchange has been answered with 400 (not
 * finished).  The reference is the caller's.
 */
json_t *rv_body_object(struct rv_exchange *x);

/*
 * A string member as a slice copied to the arena, at most max bytes, text
 * without NUL.  RV_ERR_INVALID: answered with 400 that names `path`.
 */
RV_MUSTUSE int rv_body_string(struct rv_exchange *x, const json_t *object,
    const char *member, const char *path, struct rv_slice *ret_value);

/*
 * The same without an answer: on RV_ERR_INVALID *ret_wrong says what is
 * wrong with the member, to follow its name in a sentence.
 */
RV_MUSTUSE int rv_body_take_string(struct rv_arena *arena, const json_t *object,
    const char *member, struct rv_slice *ret_value, const char **ret_wrong);

/* Answers 400: what is wrong with which member. */
void rv_body_bad(struct rv_exchange *x, const char *path, const char *wrong);

#define RV_BODY_STRING_MAX 1024u

#endif
