#include "http/syntax.h"

/* One bit for each tchar below 0x80 (RFC 9110 section 5.6.2). */
static const uint32_t token_bits[4] = {
	0, 0x03ff6cfa, /* ! # $ % & ' * + - . 0-9 */
	0xc7fffffe,    /* A-Z ^ _ */
	0x57ffffff,    /* ` a-z | ~ */
};

bool
rv_http_is_token_byte(unsigned char c)
{
	return c < 0x80 && (token_bits[c / 32] >> (c % 32) & 1) != 0;
}

bool
rv_http_is_token(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!rv_http_is_token_byte((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

bool
rv_http_is_value_byte(unsigned char c)
{
	return (c >= 0x20 && c != 0x7f) || c == '\t';
}

bool
rv_http_is_value(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!rv_http_is_value_byte((unsigned char)s.p[i]))
			return false;
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct rv_slice
rv_http_trim(struct rv_slice s)
{
	while (s.n > 0 && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}
