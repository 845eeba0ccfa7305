/*
 * A strict reader of HTTP/1.1 request heads (RFC 9112): bytes in; a head,
 * more, or a fault out.  Pure: no I/O, no clock.  A reader belongs to one
 * connection.
 *
 * It takes a small language and refuses the rest, so that nothing in front
 * of it can read a request otherwise than it does:
 *   - lines end with CR LF, no other control byte occurs, no line is
 *     folded, no blank line comes before the request line;
 *   - exactly one Host; at most one Content-Length, of digits only; else
 *     Transfer-Encoding, once, exactly "chunked"; never both;
 *   - HTTP/1.1, and HTTP/1.0 without Transfer-Encoding, where the
 *     connection ends with the answer;
 *   - "https://HOST/path" only where HOST is that of the field Host;
 *   - "*" only for OPTIONS; paths as rv_uri_decode_path() has them.
 * After a fault nothing that follows may be read as a request.
 *
 * The outcome depends on the bytes alone, never on how they were cut.
 */
#ifndef PROVIDER_HTTP_HTTP1_H
#define PROVIDER_HTTP_HTTP1_H

#include "reeve/base.h"

#include "pipeline/message.h"

#define RV_HTTP1_FIELDS 100
#define RV_HTTP1_TARGET 8192

/* Why a request is refused: string literals, as rv_exchange_reject() has. */
struct rv_http1_fault {
	int status;
	const char *reason; /* a word for the audit log */
	const char *detail; /* a sentence for the caller */
};

enum rv_http1_result {
	RV_HTTP1_MORE, /* all bytes were used; go on with the next */
	RV_HTTP1_DONE, /* ret_used says where the head (body) ended */
	RV_HTTP1_BAD,  /* see fault; nothing after it may be used */
};

/* What a head says.  Slices are the reader's, until its reset. */
struct rv_http1_head {
	/* peer is left NULL; the path of "OPTIONS *" is "*" */
	struct rv_request request;
	bool chunked;
	bool keep_alive; /* HTTP/1.1 without "Connection: close" */
	bool expects_continue;
};

/* Where a field lies in the bytes, which may still move. */
struct rv_http1_span {
	uint32_t name, name_n, value, value_n;
};

struct rv_http1_reader {
	struct rv_buf bytes; /* the head so far, names in lower case */
	size_t max_head;
	size_t line; /* where the line begins that is being read */
	size_t target, target_n;
	enum rv_method method;
	bool has_request_line;
	bool is_1_0;
	size_t n_fields;
	struct rv_http1_span spans[RV_HTTP1_FIELDS];
	struct rv_field fields[RV_HTTP1_FIELDS];
	struct rv_http1_head head;   /* after DONE */
	struct rv_http1_fault fault; /* after BAD */
};

/* max_head: bytes of a head, its empty line included. */
void rv_http1_init(struct rv_http1_reader *r, size_t max_head);
void rv_http1_fini(struct rv_http1_reader *r);
/* Ready for the next head; the slices of the last one end. */
void rv_http1_reset(struct rv_http1_reader *r);
/* True when a byte of the next head has come. */
bool rv_http1_started(const struct rv_http1_reader *r);

/* Takes what it can of `in`; *ret_used <= in.n is set on MORE and DONE. */
enum rv_http1_result rv_http1_read(
    struct rv_http1_reader *r, struct rv_slice in, size_t *ret_used);

#endif
