#include "http/chunk.h"

#include "http/syntax.h"

/* 15 hexadecimal digits stay below 2^60: no sum of ours overflows. */
#define SIZE_DIGITS 15u

enum state {
	SIZE, /* zero: a fresh reader is here */
	EXTENSION,
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER,
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
	DONE,
};

static bool
fail(struct rv_chunk_reader *c, int status, const char *reason,
    const char *detail)
{
	c->fault = (struct rv_http1_fault){ status, reason, detail };
	return false;
}

static bool
malformed(struct rv_chunk_reader *c, const char *detail)
{
	return fail(c, 400, "malformed_body", detail);
}

static int
hex_digit(unsigned char b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

static bool
on_size(struct rv_chunk_reader *c, unsigned char b)
{
	int digit = hex_digit(b);

	if (digit >= 0 && c->digits < SIZE_DIGITS) {
		c->left = c->left * 16 + (unsigned)digit;
		c->digits++;
		return true;
	}
	if (c->digits == 0 || digit >= 0)
		return malformed(c, "A chunk must begin with its size in "
				    "hexadecimal digits.");
	if (b == ';')
		c->state = EXTENSION;
	else if (b == '\r')
		c->state = SIZE_LF;
	else
		return malformed(c, "A chunk size must end with CR LF.");
	return true;
}

static bool
on_extension(struct rv_chunk_reader *c, unsigned char b)
{
	if (++c->extensions > RV_CHUNK_EXTENSIONS)
		return malformed(c, "The chunk extensions are too long.");
	if (b == '\r')
		c->state = SIZE_LF;
	else if (!rv_http_is_value_byte(b))
		return malformed(c, "A chunk extension must not have control "
				    "characters.");
	return true;
}

static bool
begin_chunk(struct rv_chunk_reader *c, size_t so_far)
{
	c->digits = 0;
	if (c->left == 0) {
		c->state = TRAILER;
		return true;
	}
	if (c->left > c->max - so_far)
		return fail(c, 413, "body_too_large",
		    "The body of the request is too large.");
	c->state = DATA;
	return true;
}

static bool
on_trailer(struct rv_chunk_reader *c, unsigned char b)
{
	if (++c->trailers > RV_CHUNK_TRAILERS)
		return fail(c, 431, "header_too_large",
		    "The trailer of the body is too large.");
	if (c->state == TRAILER && b == '\r')
		c->state = LAST_LF;
	else if (c->state == TRAILER_NAME && b == ':')
		c->state = TRAILER_VALUE;
	else if (c->state == TRAILER_VALUE && b == '\r')
		c->state = TRAILER_LF;
	else if (c->state == TRAILER_VALUE ? !rv_http_is_value_byte(b)
					   : !rv_http_is_token_byte(b))
		return malformed(c, "A trailer line is malformed.");
	else if (c->state == TRAILER)
		c->state = TRAILER_NAME;
	return true;
}

static bool
expect(struct rv_chunk_reader *c, unsigned char b, unsigned char want,
    enum state next)
{
	if (b != want)
		return malformed(c, "A chunk, and every line around it, must "
				    "end with CR LF.");
	c->state = next;
	return true;
}

/* One byte outside of the data. */
static bool
on_byte(struct rv_chunk_reader *c, unsigned char b, size_t so_far)
{
	switch ((enum state)c->state) {
	case SIZE:
		return on_size(c, b);
	case EXTENSION:
		return on_extension(c, b);
	case SIZE_LF:
		return expect(c, b, '\n', DATA) && begin_chunk(c, so_far);
	case DATA_CR:
		return expect(c, b, '\r', DATA_LF);
	case DATA_LF:
		return expect(c, b, '\n', SIZE);
	case TRAILER:
	case TRAILER_NAME:
	case TRAILER_VALUE:
		return on_trailer(c, b);
	case TRAILER_LF:
		return expect(c, b, '\n', TRAILER);
	case LAST_LF:
		return expect(c, b, '\n', DONE);
	case DATA:
	case DONE:
		break;
	}
	return false;
}

static size_t
take_data(struct rv_chunk_reader *c, struct rv_slice in, struct rv_buf *out)
{
	size_t n = in.n < c->left ? in.n : (size_t)c->left;

	rv_buf_put(out, in.p, n);
	c->left -= n;
	if (c->left == 0)
		c->state = DATA_CR;
	return n;
}

enum rv_http1_result
rv_chunk_read(struct rv_chunk_reader *c, struct rv_slice in, struct rv_buf *out,
    size_t *ret_used)
{
	size_t used = 0;

	while (used < in.n && c->state != DONE) {
		if (c->state == DATA)
			used += take_data(c,
			    (struct rv_slice){ in.p + used, in.n - used }, out);
		else if (!on_byte(c, (unsigned char)in.p[used++], out->n))
			return RV_HTTP1_BAD;
		if (out->failed) {
			(void)fail(c, 503, "overload",
			    "The provider is out of memory; try again.");
			return RV_HTTP1_BAD;
		}
	}
	*ret_used = used;
	return c->state == DONE ? RV_HTTP1_DONE : RV_HTTP1_MORE;
}
