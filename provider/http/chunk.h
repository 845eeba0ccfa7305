/*
 * A strict reader of chunked bodies (RFC 9112 section 7.1), cut anywhere.
 * Extensions are checked and dropped, within small limits; so are
 * trailers: no field that a request depends on can come after its body.
 * Pure; one body each.
 */
#ifndef PROVIDER_HTTP_CHUNK_H
#define PROVIDER_HTTP_CHUNK_H

#include "reeve/base.h"

#include "http/http1.h"

/* Bytes of all extensions, and of all trailer lines, of one body. */
#define RV_CHUNK_EXTENSIONS 256
#define RV_CHUNK_TRAILERS   4096

/* Zeroed memory with max set is ready. */
struct rv_chunk_reader {
	size_t max; /* bytes of the decoded body */
	int state;
	unsigned digits;
	uint64_t left; /* of the chunk being read */
	size_t extensions;
	size_t trailers;
	struct rv_http1_fault fault; /* after BAD */
};

/*
 * Appends decoded bytes to out; more than max is a fault with status 413.
 * *ret_used <= in.n is set on MORE and DONE.
 */
enum rv_http1_result rv_chunk_read(struct rv_chunk_reader *c,
    struct rv_slice in, struct rv_buf *out, size_t *ret_used);

#endif
