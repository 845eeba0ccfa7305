/*
 * A strict decoder of PostgreSQL's binary COPY format (manual, COPY, "Binary
 * Format").  Pure: bytes in, fields out, no libpq.  It takes the data in
 * pieces as the server sends them, each of whole rows.
 *
 * Everything that the server never sends is refused: flags, a header
 * extension, a row across two pieces, bytes after the trailer.
 */
#ifndef PROVIDER_STORE_COPY_H
#define PROVIDER_STORE_COPY_H

#include "reeve/base.h"

#define RV_COPY_FIELDS 8

struct rv_copy {
	unsigned n_fields; /* of every row */
	bool started, ended;
	struct rv_slice rest; /* of the piece */
	uint64_t rows;	      /* so far, for messages */
};

/* A field: p is NULL for SQL NULL, else the bytes, perhaps none. */
struct rv_copy_field {
	const char *p;
	size_t n;
};

/* 1 <= n_fields <= RV_COPY_FIELDS. */
void rv_copy_init(struct rv_copy *c, unsigned n_fields);
/*
 * Takes a piece, which must live until its rows are read; they must all
 * have been read before the next piece.
 */
RV_MUSTUSE int rv_copy_piece(
    struct rv_copy *c, struct rv_slice piece, struct rv_error *e);
/*
 * The next row of the piece.  *ret_row is false at its end.  The fields
 * point into the piece.
 */
RV_MUSTUSE int rv_copy_row(struct rv_copy *c,
    struct rv_copy_field ret_fields[RV_COPY_FIELDS], bool *ret_row,
    struct rv_error *e);
/* RV_ERR_INVALID unless the trailer has been seen. */
RV_MUSTUSE int rv_copy_end(const struct rv_copy *c, struct rv_error *e);

/* RV_ERR_INVALID for NULL, and for what is no value of the type. */
RV_MUSTUSE int rv_copy_int4(const struct rv_copy_field *f, int32_t *ret_value);
RV_MUSTUSE int rv_copy_int8(const struct rv_copy_field *f, int64_t *ret_value);
RV_MUSTUSE int rv_copy_bool(const struct rv_copy_field *f, bool *ret_value);
/*
 * The elements of a bigint[] of one dimension without NULL, of which the
 * i-th is rv_copy_element(): checked as a whole, for long arrays of ids.
 */
struct rv_copy_int8s {
	const char *p;
	size_t n;
};
RV_MUSTUSE int rv_copy_int8s(
    const struct rv_copy_field *f, struct rv_copy_int8s *ret_array);
int64_t rv_copy_element(const struct rv_copy_int8s *array, size_t i);
/* Well-formed UTF-8 without NUL; borrowed from the piece. */
RV_MUSTUSE int rv_copy_text(
    const struct rv_copy_field *f, struct rv_slice *ret_value);

#endif
