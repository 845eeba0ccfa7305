/*
 * A reader of little-endian bytes with NDR's rules of alignment (MS-RPCE):
 * never outside of what it was given, and with a sticky failure, so that
 * whoever reads tests once, at the end.
 */
#ifndef AUTH_NDR_H
#define AUTH_NDR_H

#include "reeve/base.h"

struct rv_ndr {
	const unsigned char *p;
	size_t n, at;
	bool failed;
};

static inline struct rv_ndr
rv_ndr_of(struct rv_slice s)
{
	return (struct rv_ndr){ (const unsigned char *)s.p, s.n, 0, false };
}

/* The next n bytes; NULL, and failed, when there are not so many. */
const unsigned char *rv_ndr_take(struct rv_ndr *r, size_t n);
/* To the next multiple of 4. */
void rv_ndr_align(struct rv_ndr *r);
uint16_t rv_ndr_u16(struct rv_ndr *r);
uint32_t rv_ndr_u32(struct rv_ndr *r);
uint64_t rv_ndr_u64(struct rv_ndr *r);
void rv_ndr_skip(struct rv_ndr *r, size_t n);
/*
 * A SID as it is in memory (MS-DTYP 2.4.2.2), as text into size bytes.
 * Fails beyond 15 sub-authorities.
 */
void rv_ndr_sid(struct rv_ndr *r, char *text, size_t size);
/*
 * UTF-16 of n bytes as UTF-8 into out; what is no well-formed UTF-16, or has
 * a NUL, fails.
 */
void rv_ndr_utf16(struct rv_ndr *r, size_t n, struct rv_buf *out);

#endif
