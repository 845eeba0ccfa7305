/*
 * A writer of DER for tests: elements are written from the inside out, so
 * that a test can build any frame, a wrong one too.
 */
#ifndef TESTS_UNIT_AUTH_DER_H
#define TESTS_UNIT_AUTH_DER_H

#include <stdlib.h>
#include <string.h>

#include "reeve/base.h"

#define DER_MAX 70000

struct der {
	size_t n;
	char p[DER_MAX];
};

#define OID_SPNEGO_DER RV_SLICE_LIT("\x06\x06\x2b\x06\x01\x05\x05\x02")
#define OID_KRB5_DER \
	RV_SLICE_LIT("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")
#define OID_MS_KRB5_DER \
	RV_SLICE_LIT("\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02")
#define OID_NTLM_DER \
	RV_SLICE_LIT("\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a")
#define OID_NEGOEX_DER \
	RV_SLICE_LIT("\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e")
#define OID_IAKERB_DER RV_SLICE_LIT("\x06\x06\x2b\x06\x01\x05\x02\x05")

static inline struct rv_slice
der_slice(const struct der *d)
{
	return (struct rv_slice){ d->p, d->n };
}

static inline void
der_append(struct der *d, struct rv_slice s)
{
	RV_ASSERT(s.n <= DER_MAX - d->n);
	if (s.n > 0)
		memcpy(d->p + d->n, s.p, s.n);
	d->n += s.n;
}

/* Puts bytes before all that is there. */
static inline void
der_prepend(struct der *d, const void *p, size_t n)
{
	RV_ASSERT(n <= DER_MAX - d->n);
	for (size_t i = d->n; i-- > 0;)
		d->p[i + n] = d->p[i];
	memcpy(d->p, p, n);
	d->n += n;
}

/* Wraps all that is there into one element. */
static inline void
der_wrap(struct der *d, unsigned char tag)
{
	unsigned char head[5] = { tag };
	size_t n = 2;

	if (d->n < 0x80) {
		head[1] = (unsigned char)d->n;
	} else if (d->n < 0x100) {
		head[1] = 0x81;
		head[2] = (unsigned char)d->n;
		n = 3;
	} else if (d->n < 0x10000) {
		head[1] = 0x82;
		head[2] = (unsigned char)(d->n >> 8);
		head[3] = (unsigned char)d->n;
		n = 4;
	} else {
		head[1] = 0x83;
		head[2] = (unsigned char)(d->n >> 16);
		head[3] = (unsigned char)(d->n >> 8);
		head[4] = (unsigned char)d->n;
		n = 5;
	}
	der_prepend(d, head, n);
}

/* Wraps it into a GSSAPI frame with this object identifier. */
static inline void
der_frame(struct der *d, struct rv_slice oid)
{
	der_prepend(d, oid.p, oid.n);
	der_wrap(d, 0x60);
}

/* A whole SPNEGO token: mechanisms (elements), and the first one's token. */
static inline void
der_spnego(struct der *d, struct rv_slice mechanisms, struct rv_slice token)
{
	struct der *part = calloc(1, sizeof(*part));

	RV_ASSERT(part != NULL);
	d->n = 0;
	der_append(d, mechanisms);
	der_wrap(d, 0x30);
	der_wrap(d, 0xa0);
	if (token.p != NULL) {
		der_append(part, token);
		der_wrap(part, 0x04);
		der_wrap(part, 0xa2);
		der_append(d, der_slice(part));
	}
	der_wrap(d, 0x30);
	der_wrap(d, 0xa0);
	der_frame(d, OID_SPNEGO_DER);
	free(part);
}

#endif
