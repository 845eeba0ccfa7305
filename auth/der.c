#include "der.h"

static unsigned char
byte_at(struct rv_slice s, size_t i)
{
	return (unsigned char)s.p[i];
}

static void
advance(struct rv_slice *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/*
 * The length octets at the front of *in (X.690 section 8.1.3), the shortest
 * form only, as DER demands (section 10.1).  Three octets are enough for
 * the longest token.
 */
static bool
take_length(struct rv_slice *in, size_t *ret_length)
{
	size_t length, octets;

	if (in->n < 1)
		return false;
	length = byte_at(*in, 0);
	advance(in, 1);
	if (length < 0x80) {
		*ret_length = length;
		return true;
	}
	octets = length & 0x7f;
	if (octets < 1 || octets > 3 || in->n < octets)
		return false;
	length = 0;
	for (size_t i = 0; i < octets; i++)
		length = length << 8 | byte_at(*in, i);
	if (length < 0x80 || (octets > 1 && length >> 8 * (octets - 1) == 0))
		return false;
	advance(in, octets);
	*ret_length = length;
	return true;
}

bool
rv_der_take(
    struct rv_slice *in, unsigned char tag, struct rv_slice *ret_contents)
{
	struct rv_slice rest = *in;
	size_t length;

	if (rest.n < 1 || byte_at(rest, 0) != tag)
		return false;
	advance(&rest, 1);
	if (!take_length(&rest, &length) || length > rest.n)
		return false;
	*ret_contents = (struct rv_slice){ rest.p, length };
	advance(&rest, length);
	*in = rest;
	return true;
}

bool
rv_der_take_all(
    struct rv_slice in, unsigned char tag, struct rv_slice *ret_contents)
{
	return rv_der_take(&in, tag, ret_contents) && in.n == 0;
}

bool
rv_der_is_at(struct rv_slice in, unsigned char tag)
{
	return in.n > 0 && byte_at(in, 0) == tag;
}
