#include "base64.h"

#include <openssl/evp.h>

#define ENCODE_MAX (16u << 20)

const char *
rv_base64_encode(
    struct rv_arena *arena, enum rv_base64 kind, struct rv_slice bytes)
{
	char *text;
	size_t n;

	if (bytes.n > ENCODE_MAX)
		return NULL;
	text = rv_arena_alloc(arena, (bytes.n + 2) / 3 * 4 + 1);
	if (text == NULL)
		return NULL;
	n = (size_t)EVP_EncodeBlock((unsigned char *)text,
	    (const unsigned char *)bytes.p, (int)bytes.n);
	if (kind == RV_BASE64)
		return text;
	while (n > 0 && text[n - 1] == '=')
		text[--n] = '\0';
	for (size_t i = 0; i < n; i++)
		text[i] = text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i];
	return text;
}

/* The six bits of a letter, -1 for a character that is none. */
static int
sextet(enum rv_base64 kind, char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == (kind == RV_BASE64 ? '+' : '-'))
		return 62;
	if (c == (kind == RV_BASE64 ? '/' : '_'))
		return 63;
	return -1;
}

/* How many letters there are before the padding; -1 when that is wrong. */
static ptrdiff_t
letters(enum rv_base64 kind, struct rv_slice text)
{
	size_t n = text.n;

	if (kind == RV_BASE64 && n % 4 != 0)
		return -1;
	for (int i = 0; kind == RV_BASE64 && i < 2; i++)
		if (n > 0 && text.p[n - 1] == '=')
			n--;
	return n % 4 == 1 ? -1 : (ptrdiff_t)n;
}

int
rv_base64_decode(
    enum rv_base64 kind, struct rv_slice text, size_t max, struct rv_buf *out)
{
	ptrdiff_t n = letters(kind, text);
	unsigned bits = 0, have = 0;

	if (n < 0)
		return RV_ERR_INVALID;
	if ((size_t)n / 4 * 3 + (size_t)n % 4 * 3 / 4 > max)
		return RV_ERR_LIMIT;
	for (ptrdiff_t i = 0; i < n; i++) {
		int six = sextet(kind, text.p[i]);

		if (six < 0)
			return RV_ERR_INVALID;
		bits = (bits << 6 | (unsigned)six) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			rv_buf_putc(out, (char)(unsigned char)(bits >> have));
		}
	}
	if ((bits & ((1u << have) - 1)) != 0)
		return RV_ERR_INVALID;
	return out->failed ? RV_ERR_NOMEM : RV_OK;
}
