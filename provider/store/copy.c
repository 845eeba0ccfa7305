#include "store/copy.h"

#include <string.h>

#define SIGNATURE	 "PGCOPY\n\377\r\n\0"
#define SIGNATURE_LENGTH 11u
#define HEADER_LENGTH	 19u /* signature, flags, length of extension */

void
rv_copy_init(struct rv_copy *c, unsigned n_fields)
{
	RV_ASSERT(n_fields >= 1 && n_fields <= RV_COPY_FIELDS);
	*c = (struct rv_copy){ .n_fields = n_fields };
}

static uint32_t
be32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	       (uint32_t)b[2] << 8 | b[3];
}

static int
malformed(const struct rv_copy *c, struct rv_error *e, const char *what)
{
	rv_error_set(e, "malformed COPY data after %llu rows: %s",
	    (unsigned long long)c->rows, what);
	return RV_ERR_INVALID;
}

static void
skip(struct rv_slice *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

int
rv_copy_piece(struct rv_copy *c, struct rv_slice piece, struct rv_error *e)
{
	RV_ASSERT(c->rest.n == 0);
	if (c->ended)
		return malformed(c, e, "bytes after the trailer");
	c->rest = piece;
	if (c->started)
		return RV_OK;
	if (piece.n < HEADER_LENGTH ||
	    memcmp(piece.p, SIGNATURE, SIGNATURE_LENGTH) != 0)
		return malformed(c, e, "no signature");
	if (be32(piece.p + SIGNATURE_LENGTH) != 0)
		return malformed(c, e, "flags that are not known");
	if (be32(piece.p + SIGNATURE_LENGTH + 4) != 0)
		return malformed(c, e, "a header extension");
	skip(&c->rest, HEADER_LENGTH);
	c->started = true;
	return RV_OK;
}

/* Length word and bytes; the length -1 is NULL. */
static bool
take_field(struct rv_slice *rest, struct rv_copy_field *ret_field)
{
	uint32_t n;

	if (rest->n < 4)
		return false;
	n = be32(rest->p);
	skip(rest, 4);
	if (n == UINT32_MAX) {
		*ret_field = (struct rv_copy_field){ NULL, 0 };
		return true;
	}
	if (n > INT32_MAX || n > rest->n)
		return false;
	*ret_field = (struct rv_copy_field){ rest->p, n };
	skip(rest, n);
	return true;
}

int
rv_copy_row(struct rv_copy *c, struct rv_copy_field ret_fields[RV_COPY_FIELDS],
    bool *ret_row, struct rv_error *e)
{
	struct rv_slice rest = c->rest;
	unsigned count;

	*ret_row = false;
	if (rest.n == 0)
		return RV_OK;
	if (rest.n < 2)
		return malformed(c, e, "cut in a field count");
	count =
	    (unsigned)(unsigned char)rest.p[0] << 8 | (unsigned char)rest.p[1];
	skip(&rest, 2);
	if (count == UINT16_MAX) {
		c->ended = true;
		if (rest.n != 0)
			return malformed(c, e, "bytes after the trailer");
		c->rest = rest;
		return RV_OK;
	}
	if (count != c->n_fields)
		return malformed(c, e, "a row with another number of fields");
	for (unsigned i = 0; i < count; i++)
		if (!take_field(&rest, &ret_fields[i]))
			return malformed(c, e, "a field beyond the data");
	c->rest = rest;
	c->rows++;
	*ret_row = true;
	return RV_OK;
}

int
rv_copy_end(const struct rv_copy *c, struct rv_error *e)
{
	return c->ended ? RV_OK : malformed(c, e, "no trailer");
}

int
rv_copy_int4(const struct rv_copy_field *f, int32_t *ret_value)
{
	uint32_t v;

	if (f->p == NULL || f->n != sizeof(v))
		return RV_ERR_INVALID;
	v = be32(f->p);
	memcpy(ret_value, &v, sizeof(v));
	return RV_OK;
}

int
rv_copy_int8(const struct rv_copy_field *f, int64_t *ret_value)
{
	uint64_t v;

	if (f->p == NULL || f->n != sizeof(v))
		return RV_ERR_INVALID;
	v = (uint64_t)be32(f->p) << 32 | be32(f->p + 4);
	memcpy(ret_value, &v, sizeof(v));
	return RV_OK;
}

#define ARRAY_HEADER 12u /* dimensions, NULL flag, type */
#define ARRAY_BOUNDS 8u	 /* of each dimension: length, lower bound */
#define ELEMENT	     12u /* its length, 8 bytes */
#define INT8_OID     20u

/* As array_send() writes it (src/backend/utils/adt/arrayfuncs.c). */
int
rv_copy_int8s(const struct rv_copy_field *f, struct rv_copy_int8s *ret_array)
{
	struct rv_copy_int8s a = { NULL, 0 };
	uint32_t dimensions;

	if (f->p == NULL || f->n < ARRAY_HEADER)
		return RV_ERR_INVALID;
	dimensions = be32(f->p);
	if (dimensions > 1 || be32(f->p + 4) != 0 || be32(f->p + 8) != INT8_OID)
		return RV_ERR_INVALID;
	if (dimensions == 0) {
		if (f->n != ARRAY_HEADER)
			return RV_ERR_INVALID;
		*ret_array = a;
		return RV_OK;
	}
	if (f->n < ARRAY_HEADER + ARRAY_BOUNDS)
		return RV_ERR_INVALID;
	a.n = be32(f->p + ARRAY_HEADER);
	a.p = f->p + ARRAY_HEADER + ARRAY_BOUNDS;
	if ((f->n - ARRAY_HEADER - ARRAY_BOUNDS) / ELEMENT != a.n ||
	    (f->n - ARRAY_HEADER - ARRAY_BOUNDS) % ELEMENT != 0)
		return RV_ERR_INVALID;
	for (size_t i = 0; i < a.n; i++)
		if (be32(a.p + i * ELEMENT) != sizeof(int64_t))
			return RV_ERR_INVALID;
	*ret_array = a;
	return RV_OK;
}

int64_t
rv_copy_element(const struct rv_copy_int8s *array, size_t i)
{
	const char *p = array->p + i * ELEMENT + 4;
	uint64_t bits = (uint64_t)be32(p) << 32 | be32(p + 4);
	int64_t v;

	RV_ASSERT(i < array->n);
	memcpy(&v, &bits, sizeof(v));
	return v;
}

int
rv_copy_bool(const struct rv_copy_field *f, bool *ret_value)
{
	if (f->p == NULL || f->n != 1 || (f->p[0] != 0 && f->p[0] != 1))
		return RV_ERR_INVALID;
	*ret_value = f->p[0] == 1;
	return RV_OK;
}

int
rv_copy_text(const struct rv_copy_field *f, struct rv_slice *ret_value)
{
	struct rv_slice s = { f->p, f->n };

	if (f->p == NULL || !rv_slice_is_text(s))
		return RV_ERR_INVALID;
	*ret_value = s;
	return RV_OK;
}
