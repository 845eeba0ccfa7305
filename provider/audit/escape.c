#include "audit/escape.h"

#include <stdio.h>
#include <string.h>

/* "\uXXXX\uXXXX", the longest that one character becomes. */
#define LONGEST 12

static const char hex[] = "0123456789abcdef";

static void
put_cut(struct rv_buf *out, size_t left_out)
{
	rv_buf_printf(out, "...[cut %zu bytes]", left_out);
}

/*
 * Puts what needs no escape in either form and fits, and returns how much:
 * most text is only that.
 */
static size_t
put_plain(struct rv_buf *out, struct rv_slice s, size_t room)
{
	size_t n = 0;

	while (n < s.n && n < room && s.p[n] >= ' ' && s.p[n] <= '~' &&
	       s.p[n] != '"' && s.p[n] != '\\' && s.p[n] != '$')
		n++;
	rv_buf_put(out, s.p, n);
	return n;
}

/* ---- JSON -------------------------------------------------------------- */

static size_t
put_unit(char *out, unsigned unit)
{
	out[0] = '\\';
	out[1] = 'u';
	out[2] = hex[unit >> 12 & 15];
	out[3] = hex[unit >> 8 & 15];
	out[4] = hex[unit >> 4 & 15];
	out[5] = hex[unit & 15];
	return 6;
}

static size_t
put_code_point(char *out, unsigned cp)
{
	if (cp < 0x10000)
		return put_unit(out, cp);
	cp -= 0x10000;
	(void)put_unit(out, 0xd800 + (cp >> 10));
	return 6 + put_unit(out + 6, 0xdc00 + (cp & 0x3ff));
}

static size_t
put_ascii(char *out, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c == 0 ? NULL : strchr(from, c);

	if (at != NULL) {
		out[0] = '\\';
		out[1] = to[at - from];
		return 2;
	}
	if (c < ' ' || c == 0x7f)
		return put_unit(out, c);
	out[0] = (char)c;
	return 1;
}

/* The length that the first byte of a sequence announces. */
static size_t
announced(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

/* Length of the well-formed sequence at s, not ASCII; 0 if there is none. */
static size_t
decode(struct rv_slice s, unsigned *ret_cp)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = announced(p[0]);
	unsigned cp;

	if (n > s.n || !rv_slice_is_text((struct rv_slice){ s.p, n }))
		return 0;
	cp = p[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++)
		cp = cp << 6 | (p[i] & 0x3fu);
	*ret_cp = cp;
	return n;
}

/* Escapes the character at s; *ret_used of its bytes were consumed. */
static size_t
escape_json(struct rv_slice s, char *out, size_t *ret_used)
{
	unsigned cp = 0xfffd;
	size_t n;

	if ((unsigned char)s.p[0] < 0x80) {
		*ret_used = 1;
		return put_ascii(out, (unsigned char)s.p[0]);
	}
	n = decode(s, &cp);
	*ret_used = n == 0 ? 1 : n;
	return put_code_point(out, cp);
}

static void
put_json(struct rv_buf *out, struct rv_slice text, size_t max, bool brief)
{
	size_t start, used;
	char one[LONGEST];

	rv_buf_putc(out, '"');
	start = out->n;
	for (size_t i = 0; i < text.n && !out->failed; i += used) {
		struct rv_slice rest = { text.p + i, text.n - i };
		size_t n;

		used = put_plain(out, rest, max - (out->n - start));
		if (used > 0)
			continue;
		n = escape_json(rest, one, &used);
		if (out->n - start + n > max) {
			if (brief)
				rv_buf_putc(out, '~');
			else
				put_cut(out, rest.n);
			break;
		}
		rv_buf_put(out, one, n);
	}
	rv_buf_putc(out, '"');
}

void
rv_audit_put_json(struct rv_buf *out, struct rv_slice text, size_t max)
{
	put_json(out, text, max, false);
}

void
rv_audit_put_json_brief(struct rv_buf *out, struct rv_slice text, size_t max)
{
	put_json(out, text, max, true);
}

/* ---- SMSProv.log ------------------------------------------------------- */

static size_t
escape_line(struct rv_slice s, char *out)
{
	unsigned char c = (unsigned char)s.p[0];
	bool dollars = c == '$' && s.n > 1 && s.p[1] == '$';

	if (c < ' ' || c > 0x7e || dollars) {
		out[0] = '\\';
		out[1] = 'x';
		out[2] = hex[c >> 4];
		out[3] = hex[c & 15];
		return 4;
	}
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	out[0] = (char)c;
	return 1;
}

void
rv_audit_put_line(struct rv_buf *out, struct rv_slice text, size_t max)
{
	size_t start, used;
	char one[LONGEST];

	rv_buf_putc(out, '"');
	start = out->n;
	for (size_t i = 0; i < text.n && !out->failed; i += used) {
		struct rv_slice rest = { text.p + i, text.n - i };
		size_t n;

		used = put_plain(out, rest, max - (out->n - start));
		if (used > 0)
			continue;
		n = escape_line(rest, one);
		used = 1;
		if (out->n - start + n > max) {
			put_cut(out, rest.n);
			break;
		}
		rv_buf_put(out, one, n);
	}
	rv_buf_putc(out, '"');
}
