#include "base64url.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The six bits of a letter, or -1. */
static int
bits_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

int
rv_base64url_decode(struct rv_slice text, void *out, size_t max, size_t *ret_n)
{
	unsigned char *bytes = out;
	uint32_t held = 0;
	unsigned n_held = 0;
	size_t n = 0;

	if (text.n % 4 == 1)
		return RV_ERR_INVALID;
	for (size_t i = 0; i < text.n; i++) {
		int six = bits_of(text.p[i]);

		if (six < 0)
			return RV_ERR_INVALID;
		held = held << 6 | (uint32_t)six;
		n_held += 6;
		if (n_held < 8)
			continue;
		if (n == max)
			return RV_ERR_LIMIT;
		n_held -= 8;
		bytes[n++] = (unsigned char)(held >> n_held);
		held &= (UINT32_C(1) << n_held) - 1;
	}
	if (held != 0)
		return RV_ERR_INVALID;
	*ret_n = n;
	return RV_OK;
}

bool
rv_base64url_exactly(struct rv_slice text, void *out, size_t n)
{
	size_t got = 0;

	return rv_base64url_decode(text, out, n, &got) == RV_OK && got == n;
}

void
rv_base64url_put(struct rv_buf *out, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t held = 0;
	unsigned n_held = 0;

	for (size_t i = 0; i < n; i++) {
		held = held << 8 | p[i];
		n_held += 8;
		while (n_held >= 6) {
			n_held -= 6;
			rv_buf_putc(out, letters[held >> n_held & 63]);
		}
		held &= (UINT32_C(1) << n_held) - 1;
	}
	if (n_held > 0)
		rv_buf_putc(out, letters[held << (6 - n_held) & 63]);
}
