#include "ndr.h"

#include <stdio.h>

#define SUB_AUTHORITIES_MAX 15u

const unsigned char *
rv_ndr_take(struct rv_ndr *r, size_t n)
{
	const unsigned char *p = r->p + r->at;

	if (r->failed || n > r->n - r->at) {
		r->failed = true;
		return NULL;
	}
	r->at += n;
	return p;
}

void
rv_ndr_skip(struct rv_ndr *r, size_t n)
{
	(void)rv_ndr_take(r, n);
}

void
rv_ndr_align(struct rv_ndr *r)
{
	rv_ndr_skip(r, (4 - r->at % 4) % 4);
}

static uint64_t
number(struct rv_ndr *r, size_t n)
{
	const unsigned char *p = rv_ndr_take(r, n);
	uint64_t value = 0;

	for (size_t i = n; p != NULL && i-- > 0;)
		value = value << 8 | p[i];
	return value;
}

uint16_t
rv_ndr_u16(struct rv_ndr *r)
{
	return (uint16_t)number(r, 2);
}

uint32_t
rv_ndr_u32(struct rv_ndr *r)
{
	return (uint32_t)number(r, 4);
}

uint64_t
rv_ndr_u64(struct rv_ndr *r)
{
	return number(r, 8);
}

void
rv_ndr_sid(struct rv_ndr *r, char *text, size_t size)
{
	const unsigned char *head = rv_ndr_take(r, 8);
	uint64_t authority = 0;
	size_t at;

	text[0] = '\0';
	if (head == NULL || head[0] != 1 || head[1] > SUB_AUTHORITIES_MAX) {
		r->failed = true;
		return;
	}
	/* The one number of a SID that is big-endian. */
	for (size_t i = 2; i < 8; i++)
		authority = authority << 8 | head[i];
	at = (size_t)snprintf(
	    text, size, "S-1-%llu", (unsigned long long)authority);
	for (unsigned i = 0; i < head[1] && at < size; i++)
		at += (size_t)snprintf(
		    text + at, size - at, "-%u", rv_ndr_u32(r));
	if (r->failed || at >= size) {
		text[0] = '\0';
		r->failed = true;
	}
}

/* ---- UTF-16 ------------------------------------------------------------------ */

static void
put_utf8(struct rv_buf *out, uint32_t c)
{
	if (c < 0x80) {
		rv_buf_putc(out, (char)c);
	} else if (c < 0x800) {
		rv_buf_putc(out, (char)(0xc0 | c >> 6));
		rv_buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		rv_buf_putc(out, (char)(0xe0 | c >> 12));
		rv_buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		rv_buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		rv_buf_putc(out, (char)(0xf0 | c >> 18));
		rv_buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		rv_buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		rv_buf_putc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* One character of one or two units; *left counts the bytes down. */
static uint32_t
character(struct rv_ndr *r, size_t *left)
{
	uint32_t high = rv_ndr_u16(r), low;

	*left -= 2;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || *left < 2) {
		r->failed = true;
		return 0;
	}
	low = rv_ndr_u16(r);
	*left -= 2;
	if (low < 0xdc00 || low > 0xdfff)
		r->failed = true;
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

void
rv_ndr_utf16(struct rv_ndr *r, size_t n, struct rv_buf *out)
{
	size_t left = n;

	if (n % 2 != 0 || r->failed || n > r->n - r->at)
		r->failed = true;
	while (!r->failed && left > 0) {
		uint32_t c = character(r, &left);

		if (c == 0)
			r->failed = true;
		else if (!r->failed)
			put_utf8(out, c);
	}
}
