/*
 * Heads and chunked bodies: how the bytes are cut never changes what is
 * read, and what is read keeps the promises of http1.h.  The first byte of
 * the input chooses the cuts, the rest is the stream.
 */
#include <stdlib.h>
#include <string.h>

#include "http/chunk.h"
#include "http/http1.h"

#define MAX_HEAD 16384u
#define MAX_BODY 2000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts a stream; seed 0 leaves it whole. */
struct cutter {
	struct rv_slice rest;
	unsigned seed;
	char *piece; /* memory of exactly the piece's size */
};

static struct rv_slice
next_piece(struct cutter *c)
{
	size_t n = c->rest.n;

	if (c->seed != 0) {
		c->seed = c->seed * 1103515245u + 12345u;
		n = 1 + (c->seed >> 16) % 9;
		n = n < c->rest.n ? n : c->rest.n;
	}
	free(c->piece);
	c->piece = malloc(n + (n == 0));
	RV_ASSERT(c->piece != NULL);
	if (n > 0)
		memcpy(c->piece, c->rest.p, n);
	return (struct rv_slice){ c->piece, n };
}

static void
took(struct cutter *c, size_t n)
{
	RV_ASSERT(n <= c->rest.n);
	c->rest.p += n;
	c->rest.n -= n;
}

static void
note(struct rv_buf *out, enum rv_http1_result result,
    const struct rv_http1_fault *fault, size_t left)
{
	if (result == RV_HTTP1_BAD) {
		RV_ASSERT(fault->status >= 400 && fault->status < 600);
		rv_buf_printf(out, "bad %d %s %s\n", fault->status,
		    fault->reason, fault->detail);
	} else {
		rv_buf_printf(out, "%s, left %zu\n",
		    result == RV_HTTP1_DONE ? "done" : "more", left);
	}
}

static size_t
occurrences(const struct rv_request *q, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < q->n_fields; i++)
		n += rv_slice_eq_cstr(q->fields[i].name, name);
	return n;
}

static void
check_head(const struct rv_http1_head *head)
{
	const struct rv_request *q = &head->request;

	RV_ASSERT(occurrences(q, "host") == 1);
	RV_ASSERT(occurrences(q, "content-length") +
		      occurrences(q, "transfer-encoding") <=
		  1);
	RV_ASSERT(head->chunked == !q->body_length_known);
	RV_ASSERT(q->path.n > 0 && rv_slice_is_text(q->path));
	RV_ASSERT(q->path.p[0] == '/' || q->method == RV_OPTIONS);
	RV_ASSERT(memmem(q->path.p, q->path.n, "//", 2) == NULL);
	RV_ASSERT(memmem(q->path.p, q->path.n, "/../", 4) == NULL);
	for (size_t i = 0; i < q->n_fields; i++) {
		struct rv_slice v = q->fields[i].value;

		RV_ASSERT(memchr(v.p, '\n', v.n) == NULL);
		RV_ASSERT(memchr(v.p, '\r', v.n) == NULL);
		RV_ASSERT(memchr(v.p, '\0', v.n) == NULL);
	}
}

static void
note_head(struct rv_buf *out, const struct rv_http1_head *head)
{
	const struct rv_request *q = &head->request;

	rv_buf_printf(out, "%d [%.*s] [%.*s] %d %d %d %llu %d %d\n",
	    (int)q->method, RV_SLICE_FMT(q->path), RV_SLICE_FMT(q->query),
	    q->query.p != NULL, q->has_body, q->body_length_known,
	    (unsigned long long)q->body_length, head->keep_alive,
	    head->expects_continue);
	for (size_t i = 0; i < q->n_fields; i++)
		rv_buf_printf(out, "%.*s: %.*s\n",
		    RV_SLICE_FMT(q->fields[i].name),
		    RV_SLICE_FMT(q->fields[i].value));
}

static enum rv_http1_result
read_body(struct cutter *c, struct rv_buf *out)
{
	struct rv_chunk_reader chunks = { .max = MAX_BODY };
	enum rv_http1_result result = RV_HTTP1_MORE;
	struct rv_buf body = { 0 };

	while (c->rest.n > 0 && result == RV_HTTP1_MORE) {
		size_t used = 0;

		result = rv_chunk_read(&chunks, next_piece(c), &body, &used);
		took(c, used);
	}
	RV_ASSERT(body.n <= MAX_BODY);
	rv_buf_put_slice(out, rv_buf_slice(&body));
	note(out, result, &chunks.fault, c->rest.n);
	rv_buf_fini(&body);
	return result;
}

/* Everything that the stream says, as text. */
static void
read_stream(struct rv_slice in, unsigned seed, struct rv_buf *out)
{
	struct cutter c = { in, seed, NULL };
	enum rv_http1_result result = RV_HTTP1_MORE;
	struct rv_http1_reader r;

	rv_http1_init(&r, MAX_HEAD);
	while (c.rest.n > 0 && result != RV_HTTP1_BAD) {
		size_t used = 0;

		result = rv_http1_read(&r, next_piece(&c), &used);
		took(&c, used);
		if (result != RV_HTTP1_DONE)
			continue;
		check_head(&r.head);
		note(out, result, NULL, c.rest.n);
		note_head(out, &r.head);
		if (r.head.chunked && read_body(&c, out) == RV_HTTP1_BAD)
			goto out;
		rv_http1_reset(&r);
	}
	if (result != RV_HTTP1_DONE)
		note(out, result, &r.fault, c.rest.n);
out:
	rv_http1_fini(&r);
	free(c.piece);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_buf whole = { 0 }, cut = { 0 };
	struct rv_slice in;

	if (size == 0)
		return 0;
	in = (struct rv_slice){ (const char *)data + 1, size - 1 };
	read_stream(in, 0, &whole);
	read_stream(in, (unsigned)data[0] + 1, &cut);
	RV_ASSERT(!whole.failed && !cut.failed);
	RV_ASSERT(rv_slice_eq(rv_buf_slice(&whole), rv_buf_slice(&cut)));
	rv_buf_fini(&whole);
	rv_buf_fini(&cut);
	return 0;
}
