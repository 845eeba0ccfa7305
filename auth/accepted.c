/*
 * What the acceptor said of one token, as the bytes in which it crosses
 * from its process: numbers big-endian, texts and buffers with their length
 * before them, nothing left over.  The reader trusts nobody: it is what
 * stands between the process that has the keys and the one that has the
 * network, in both directions.
 */
#include <string.h>

#include "reeve/auth_kerberos.h"

#define VERSION	    1u
#define REPLY_MAX   65536u
#define FLAG_BOUND  1u
#define FLAG_MUTUAL 2u
#define FLAGS_ALL   (FLAG_BOUND | FLAG_MUTUAL)

void
rv_accepted_fini(struct rv_accepted *accepted)
{
	rv_buf_fini(&accepted->reply);
	rv_buf_fini(&accepted->pac);
	*accepted = (struct rv_accepted){ .refusal = RV_REFUSED_INTERNAL };
}

/* ---- Writing -------------------------------------------------------------- */

static void
put_number(struct rv_buf *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = bytes; i-- > 0;)
		rv_buf_putc(out, (char)(value >> (8 * i) & 0xff));
}

static void
put_bytes(struct rv_buf *out, struct rv_slice s)
{
	put_number(out, s.n, 4);
	rv_buf_put_slice(out, s);
}

/* A field of fixed size, up to its NUL. */
static void
put_text(struct rv_buf *out, const char *text, size_t size)
{
	put_bytes(out, (struct rv_slice){ text, strnlen(text, size - 1) });
}

void
rv_accepted_encode(const struct rv_accepted *accepted, struct rv_buf *out)
{
	size_t n = accepted->n_indicators;

	put_number(out, VERSION, 1);
	put_number(out, (uint64_t)accepted->refusal, 2);
	put_text(out, accepted->detail, sizeof(accepted->detail));
	put_bytes(out, rv_buf_slice(&accepted->reply));
	put_text(out, accepted->principal, sizeof(accepted->principal));
	put_number(out, (uint64_t)accepted->authenticated_at_ms, 8);
	put_number(out, (uint64_t)accepted->expires_at_ms, 8);
	put_number(out,
	    (accepted->channel_bound ? FLAG_BOUND : 0) |
		(accepted->mutual ? FLAG_MUTUAL : 0),
	    1);
	n = n < RV_EVIDENCE_INDICATORS ? n : RV_EVIDENCE_INDICATORS;
	put_number(out, n, 1);
	for (size_t i = 0; i < n; i++)
		put_text(out, accepted->indicators[i], RV_INDICATOR_MAX);
	put_bytes(out, rv_buf_slice(&accepted->pac));
}

/* ---- Reading ---------------------------------------------------------------- */

struct reader {
	struct rv_slice rest;
	bool failed; /* sticky */
	bool nomem;
};

static struct rv_slice
take(struct reader *r, size_t n)
{
	struct rv_slice s = { r->rest.p, n };

	if (r->failed || n > r->rest.n) {
		r->failed = true;
		return RV_SLICE_NONE;
	}
	r->rest.p += n;
	r->rest.n -= n;
	return s;
}

static uint64_t
take_number(struct reader *r, unsigned bytes)
{
	struct rv_slice s = take(r, bytes);
	uint64_t value = 0;

	for (size_t i = 0; i < s.n; i++)
		value = value << 8 | (unsigned char)s.p[i];
	return value;
}

static struct rv_slice
take_bytes(struct reader *r, size_t max)
{
	uint64_t n = take_number(r, 4);

	if (n > max)
		r->failed = true;
	return take(r, (size_t)n);
}

/* Into a zeroed field of fixed size; no NUL inside. */
static void
take_text(struct reader *r, char *field, size_t size)
{
	struct rv_slice s = take_bytes(r, size - 1);

	if (r->failed || (s.n > 0 && memchr(s.p, '\0', s.n) != NULL)) {
		r->failed = true;
		return;
	}
	if (s.n > 0)
		memcpy(field, s.p, s.n);
}

static void
take_buf(struct reader *r, struct rv_buf *buf, size_t max)
{
	struct rv_slice s = take_bytes(r, max);

	if (r->failed || s.n == 0)
		return;
	rv_buf_put_slice(buf, s);
	r->nomem |= buf->failed;
}

/* A time before 1970 or after the year 10000 is none. */
static int64_t
take_time(struct reader *r)
{
	uint64_t ms = take_number(r, 8);

	if (ms > 253402300800000u)
		r->failed = true;
	return (int64_t)ms;
}

static void
take_all(struct reader *r, struct rv_accepted *ret)
{
	uint64_t flags, refusal;

	if (take_number(r, 1) != VERSION)
		r->failed = true;
	refusal = take_number(r, 2);
	if (refusal >= RV_N_REFUSALS)
		r->failed = true;
	take_text(r, ret->detail, sizeof(ret->detail));
	take_buf(r, &ret->reply, REPLY_MAX);
	take_text(r, ret->principal, sizeof(ret->principal));
	ret->authenticated_at_ms = take_time(r);
	ret->expires_at_ms = take_time(r);
	flags = take_number(r, 1);
	if ((flags & ~(uint64_t)FLAGS_ALL) != 0)
		r->failed = true;
	ret->channel_bound = (flags & FLAG_BOUND) != 0;
	ret->mutual = (flags & FLAG_MUTUAL) != 0;
	ret->n_indicators = (size_t)take_number(r, 1);
	if (ret->n_indicators > RV_EVIDENCE_INDICATORS) {
		ret->n_indicators = 0;
		r->failed = true;
	}
	for (size_t i = 0; i < ret->n_indicators; i++)
		take_text(r, ret->indicators[i], RV_INDICATOR_MAX);
	take_buf(r, &ret->pac, RV_PAC_MAX);
	ret->refusal = (enum rv_auth_refusal)refusal;
	/* Somebody, or nobody for a reason. */
	if (r->rest.n > 0 ||
	    (ret->refusal == RV_REFUSED_NOT && ret->principal[0] == '\0'))
		r->failed = true;
}

int
rv_accepted_decode(struct rv_slice bytes, struct rv_accepted *ret_accepted)
{
	struct reader r = { .rest = bytes };

	*ret_accepted = (struct rv_accepted){ .refusal = RV_REFUSED_INTERNAL };
	take_all(&r, ret_accepted);
	if (!r.failed && !r.nomem)
		return RV_OK;
	rv_accepted_fini(ret_accepted);
	return r.failed ? RV_ERR_INVALID : RV_ERR_NOMEM;
}
