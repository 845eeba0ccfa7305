#include "reeve/base.h"

#include <stdlib.h>
#include <string.h>

struct rv_slice
rv_slice_of(const char *s)
{
	struct rv_slice r = RV_SLICE_NONE;

	if (s != NULL) {
		r.p = s;
		r.n = strlen(s);
	}
	return r;
}

bool
rv_slice_eq(struct rv_slice a, struct rv_slice b)
{
	if (a.p == NULL || b.p == NULL)
		return a.p == b.p;
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
rv_slice_eq_cstr(struct rv_slice a, const char *b)
{
	return rv_slice_eq(a, rv_slice_of(b));
}

static unsigned char
ascii_lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? (unsigned char)(u + ('a' - 'A')) : u;
}

bool
rv_slice_ieq(struct rv_slice a, struct rv_slice b)
{
	if (a.p == NULL || b.p == NULL)
		return a.p == b.p;
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
			return false;
	return true;
}

int
rv_slice_cmp(struct rv_slice a, struct rv_slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool
rv_slice_has_prefix(struct rv_slice s, struct rv_slice prefix)
{
	if (prefix.n > s.n)
		return false;
	return prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0;
}

char *
rv_slice_dup(struct rv_slice s)
{
	char *r = malloc(s.n + 1);

	if (r == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(r, s.p, s.n);
	r[s.n] = '\0';
	return r;
}

int
rv_slice_to_u64(struct rv_slice s, uint64_t max, uint64_t *ret_value)
{
	uint64_t v = 0;

	if (s.n == 0 || (s.n > 1 && s.p[0] == '0'))
		return RV_ERR_INVALID;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return RV_ERR_INVALID;
		uint64_t digit = (uint64_t)(s.p[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return RV_ERR_LIMIT;
		v = v * 10 + digit;
	}
	if (v > max)
		return RV_ERR_LIMIT;
	*ret_value = v;
	return RV_OK;
}

/*
 * Length of the well-formed sequence at p (RFC 3629 section 4), 0 if there
 * is none.
 */
static size_t
utf8_sequence(const unsigned char *p, size_t n)
{
	unsigned lo = 0x80, hi = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		len = 2;
	} else if (p[0] >= 0xe0 && p[0] <= 0xef) {
		len = 3;
		lo = p[0] == 0xe0 ? 0xa0 : 0x80; /* no overlong form */
		hi = p[0] == 0xed ? 0x9f : 0xbf; /* no surrogate */
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		len = 4;
		lo = p[0] == 0xf0 ? 0x90 : 0x80;
		hi = p[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (n < len || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

bool
rv_slice_is_text(struct rv_slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.n;) {
		size_t len = p[i] == 0 ? 0 : utf8_sequence(p + i, s.n - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}
