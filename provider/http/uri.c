#include "http/uri.h"

#include <string.h>

static bool
is_alnum(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

/* pchar and '/' of RFC 3986 section 3.3; '%' opens an escape. */
static bool
is_path_byte(unsigned char c)
{
	return is_alnum(c) ||
	       (c != '\0' && strchr("-._~!$&'()*+,;=:@/%", c) != NULL);
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte that is escaped at s.p[i] == '%', or -1. */
static int
escaped_byte(struct rv_slice s, size_t i)
{
	int high, low;

	if (s.n - i < 3)
		return -1;
	high = hex_digit(s.p[i + 1]);
	low = hex_digit(s.p[i + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool
is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

int
rv_uri_decode(struct rv_slice raw, char *out, size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		int c = (unsigned char)raw.p[i];

		if (c == '%') {
			c = escaped_byte(raw, i);
			i += 2;
		}
		if (c < 0 || is_control((unsigned char)c))
			return RV_ERR_INVALID;
		out[n++] = (char)c;
	}
	if (!rv_slice_is_text((struct rv_slice){ out, n }))
		return RV_ERR_INVALID;
	*ret_n = n;
	return RV_OK;
}

/* Why the raw path is refused before it is decoded, or NULL. */
static const char *
raw_fault(struct rv_slice raw)
{
	if (raw.n == 0 || raw.p[0] != '/')
		return "The path must begin with a slash.";
	for (size_t i = 0; i < raw.n; i++) {
		int c;

		if (!is_path_byte((unsigned char)raw.p[i]))
			return "The path has a character that must be "
			       "percent-encoded.";
		if (raw.p[i] != '%')
			continue;
		c = escaped_byte(raw, i);
		if (c < 0)
			return "The path has a '%' without two hexadecimal "
			       "digits.";
		if (c == '/' || c == '\\')
			return "The path has an encoded slash or backslash.";
	}
	return NULL;
}

static bool
is_bad_segment(const char *p, size_t n)
{
	return n == 0 || (n == 1 && p[0] == '.') ||
	       (n == 2 && p[0] == '.' && p[1] == '.');
}

/* True when a segment of the decoded path is empty, "." or "..". */
static bool
has_bad_segment(const char *p, size_t n)
{
	size_t start = 1;

	if (n == 1)
		return false; /* the root has no segments */
	for (size_t i = 1; i <= n; i++) {
		if (i < n && p[i] != '/')
			continue;
		if (is_bad_segment(p + start, i - start))
			return true;
		start = i + 1;
	}
	return false;
}

int
rv_uri_decode_path(
    struct rv_slice raw, char *out, size_t *ret_n, const char **ret_why)
{
	const char *why = raw_fault(raw);
	size_t n = 0;

	if (why == NULL && rv_uri_decode(raw, out, &n) != RV_OK)
		why = "The path does not decode to UTF-8 text.";
	if (why == NULL && has_bad_segment(out, n))
		why = "The path has an empty, '.' or '..' segment.";
	if (why != NULL) {
		*ret_why = why;
		return RV_ERR_INVALID;
	}
	*ret_n = n;
	return RV_OK;
}

bool
rv_uri_is_query(struct rv_slice query)
{
	for (size_t i = 0; i < query.n; i++) {
		unsigned char c = (unsigned char)query.p[i];

		if (!is_path_byte(c) && c != '?')
			return false;
	}
	return true;
}

/* ":" and digits up to 65535, or nothing. */
static bool
is_port_part(struct rv_slice s)
{
	uint64_t port;

	if (s.n == 0)
		return true;
	return s.p[0] == ':' &&
	       rv_slice_to_u64((struct rv_slice){ s.p + 1, s.n - 1 },
		   UINT16_MAX, &port) == RV_OK;
}

static bool
is_name_byte(unsigned char c)
{
	return is_alnum(c) || c == '-' || c == '.' || c == '_';
}

static bool
is_ipv6_byte(unsigned char c)
{
	return hex_digit((char)c) >= 0 || c == ':' || c == '.';
}

bool
rv_uri_is_host(struct rv_slice host)
{
	bool literal = host.n > 0 && host.p[0] == '[';
	size_t from = literal ? 1 : 0;
	size_t i = from;

	while (i < host.n && (literal ? is_ipv6_byte((unsigned char)host.p[i])
				      : is_name_byte((unsigned char)host.p[i])))
		i++;
	if (i == from)
		return false;
	if (literal) {
		if (i == host.n || host.p[i] != ']')
			return false;
		i++;
	}
	return is_port_part((struct rv_slice){ host.p + i, host.n - i });
}
