/*
 * A reader of DER (X.690) for what strangers send: elements of one-byte
 * tags, lengths in their shortest form only, nothing outside of the slice.
 */
#ifndef AUTH_DER_H
#define AUTH_DER_H

#include "reeve/base.h"

/* Identifier octets (X.690 section 8.1.2). */
#define RV_DER_INTEGER	      0x02
#define RV_DER_BIT_STRING     0x03
#define RV_DER_OCTETS	      0x04
#define RV_DER_OID	      0x06
#define RV_DER_SEQUENCE	      0x30
#define RV_DER_APPLICATION(n) (0x60 | (n))
#define RV_DER_CONTEXT(n)     (0xa0 | (n))

/*
 * Takes the element at the front of *in when it has this tag and is whole;
 * else *in stays as it is.  Pure.
 */
bool rv_der_take(
    struct rv_slice *in, unsigned char tag, struct rv_slice *ret_contents);
/* The same, and nothing may follow it. */
bool rv_der_take_all(
    struct rv_slice in, unsigned char tag, struct rv_slice *ret_contents);
/* Whether an element with this tag is next. */
bool rv_der_is_at(struct rv_slice in, unsigned char tag);

#endif
