#include <string.h>
#include <time.h>

#include "config/config.h"
#include "log.h"
#include "transport/conn_impl.h"

/* A body that nobody wanted is read to its end when it is that small. */
#define DISCARD_BYTES 65536u
/* Memory that a connection keeps between two bodies. */
#define KEPT_BYTES 16384u

static const char continue_line[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* ---- Answers -------------------------------------------------------- */

static void
encode(struct rv_conn *c, const struct rv_answer *answer)
{
	static const struct rv_answer unsendable = { .status = 500 };
	struct rv_http1_sending sending = { c->head_only, c->closing,
		&c->host->date };
	int r;

	rv_http1_date_set(&c->host->date, (int64_t)time(NULL));
	r = rv_http1_write(&c->wire.out, answer, &sending);
	if (r == RV_ERR_INVALID) {
		rv_log(RV_LOG_ERROR,
		    "an answer with status %d has a field that HTTP cannot "
		    "carry; 500 was sent instead",
		    answer->status);
		sending.close = c->closing = true;
		r = rv_http1_write(&c->wire.out, &unsendable, &sending);
	}
	if (r != RV_OK)
		c->dead = true;
}

/*
 * Whether what is left of the body can be read over, so that the next
 * request is found behind it.
 */
static bool
rest_is_small(const struct rv_conn *c)
{
	const struct rv_http1_head *head = &c->reader.head;

	if (!head->request.has_body || c->body_ended)
		return true;
	/* Told to wait, the peer may or may not send it (RFC 9110 10.1.1). */
	if (head->expects_continue && !c->body_invited)
		return false;
	return !head->chunked && c->body_left <= DISCARD_BYTES;
}

static void
on_answer(void *door, const struct rv_answer *answer)
{
	struct rv_conn *c = door;

	RV_ASSERT(c->state == RV_CONN_PIPELINE || c->state == RV_CONN_BODY);
	c->x = NULL;
	c->was_refused |= answer->status == 401;
	c->was_open |= answer->status < 400;
	if (answer->close || c->host->draining || !rest_is_small(c))
		c->closing = true;
	encode(c, answer);
	c->state = RV_CONN_WRITING;
	rv_conn_set_deadline(c, c->host->config->write_timeout);
	if (c->running)
		return;
	/* In the caller's turn: send, but begin nothing new inside of it. */
	if (!c->dead && !c->closing && c->input.n == 0 &&
	    rv_wire_flush(&c->wire) == RV_WIRE_OK) {
		rv_conn_answered(c);
		rv_conn_settle(c);
	} else {
		rv_conn_kick(c);
	}
}

void
rv_conn_answered(struct rv_conn *c)
{
	bool has_rest = c->reader.head.request.has_body && !c->body_ended;

	rv_http1_reset(&c->reader);
	if (c->body.cap > KEPT_BYTES)
		rv_buf_fini(&c->body);
	else
		rv_buf_reset(&c->body);
	if (c->closing || c->ended || rv_conn_is_overdue(c)) {
		rv_conn_linger(c);
	} else if (has_rest) {
		c->state = RV_CONN_DISCARD;
		rv_conn_set_deadline(c, c->host->config->body_timeout);
	} else {
		c->state = RV_CONN_HEAD;
		c->head_began = false;
		rv_conn_set_deadline(c, c->host->config->idle_timeout);
	}
}

void
rv_conn_discard(struct rv_conn *c)
{
	size_t n =
	    c->input.n < c->body_left ? c->input.n : (size_t)c->body_left;

	rv_conn_took(c, n);
	c->body_left -= n;
	if (c->body_left > 0)
		return;
	c->state = RV_CONN_HEAD;
	c->head_began = false;
	rv_conn_set_deadline(c, c->host->config->idle_timeout);
}

/* ---- Heads ---------------------------------------------------------- */

static void
on_want_body(void *door, size_t max)
{
	struct rv_conn *c = door;

	c->wants_body = true;
	c->body_max = max;
	/* Never here: rv_exchange_begin() may not have returned yet. */
	if (!c->running)
		rv_conn_kick(c);
}

static void
on_authenticated(void *door)
{
	struct rv_conn *c = door;

	if (c->authenticated)
		return;
	c->authenticated = true;
	c->host->authenticated(c->host);
}

static const struct rv_door_ops ops = {
	.want_body = on_want_body,
	.authenticated = on_authenticated,
	.answer = on_answer,
};

/* An exchange that was answered within its first call is NULL. */
static void
enter_pipeline(struct rv_conn *c)
{
	c->state = RV_CONN_PIPELINE;
	c->deadline_ms = RV_CONN_NEVER;
	c->wants_body = false;
}

static void
entered_pipeline(struct rv_conn *c, struct rv_exchange *x)
{
	RV_ASSERT((x == NULL) == (c->state == RV_CONN_WRITING));
	c->x = x;
}

void
rv_conn_reject(struct rv_conn *c, const struct rv_http1_fault *fault)
{
	enter_pipeline(c);
	c->closing = true;
	c->head_only = false;
	memset(&c->reader.head, 0, sizeof(c->reader.head));
	entered_pipeline(c, rv_exchange_reject(c->host->loop, &ops, c, &c->peer,
				fault->status, fault->reason, fault->detail));
}

static void
begin_request(struct rv_conn *c)
{
	struct rv_http1_head *head = &c->reader.head;

	head->request.peer = &c->peer;
	c->closing = !head->keep_alive;
	c->head_only = head->request.method == RV_HEAD;
	c->body_left = head->request.body_length;
	c->body_ended = false;
	/* Bytes that are here already show that the peer does not wait. */
	c->body_invited = !head->expects_continue || c->input.n > 0;
	enter_pipeline(c);
	entered_pipeline(
	    c, rv_exchange_begin(c->host->loop, &ops, c, &head->request));
}

void
rv_conn_take_head(struct rv_conn *c)
{
	size_t used = 0;
	enum rv_http1_result result =
	    rv_http1_read(&c->reader, c->input, &used);

	rv_conn_took(c, used);
	switch (result) {
	case RV_HTTP1_BAD:
		rv_conn_reject(c, &c->reader.fault);
		break;
	case RV_HTTP1_DONE:
		begin_request(c);
		break;
	case RV_HTTP1_MORE:
		if (!c->head_began)
			rv_conn_set_deadline(
			    c, c->host->config->header_timeout);
		c->head_began = true;
		break;
	}
}

/* ---- Bodies --------------------------------------------------------- */

void
rv_conn_fail_body(struct rv_conn *c, int status, const char *reason)
{
	c->state = RV_CONN_PIPELINE;
	c->deadline_ms = RV_CONN_NEVER;
	c->closing = true;
	rv_exchange_body_failed(c->x, status, reason);
}

static void
end_body(struct rv_conn *c)
{
	c->state = RV_CONN_PIPELINE;
	c->deadline_ms = RV_CONN_NEVER;
	c->body_ended = true;
	rv_exchange_body(c->x,
	    (struct rv_slice){ c->body.p != NULL ? c->body.p : "", c->body.n });
}

void
rv_conn_begin_body(struct rv_conn *c)
{
	const struct rv_http1_head *head = &c->reader.head;

	c->wants_body = false;
	if (!head->request.has_body) {
		end_body(c);
		return;
	}
	if (!head->chunked && c->body_left > c->body_max) {
		rv_conn_fail_body(c, 413, "body_too_large");
		return;
	}
	c->state = RV_CONN_BODY;
	c->chunks = (struct rv_chunk_reader){ .max = c->body_max };
	rv_conn_set_deadline(c, c->host->config->body_timeout);
	if (c->body_invited)
		return;
	c->body_invited = true;
	if (c->input.n > 0)
		return; /* it did not wait */
	rv_buf_put(&c->wire.out, continue_line, sizeof(continue_line) - 1);
	if (c->wire.out.failed || rv_wire_flush(&c->wire) == RV_WIRE_END)
		c->dead = true;
}

static void
take_known(struct rv_conn *c)
{
	size_t n =
	    c->input.n < c->body_left ? c->input.n : (size_t)c->body_left;

	rv_buf_put(&c->body, c->input.p, n);
	rv_conn_took(c, n);
	c->body_left -= n;
	if (c->body.failed)
		rv_conn_fail_body(c, 503, "overload");
	else if (c->body_left == 0)
		end_body(c);
}

void
rv_conn_take_body(struct rv_conn *c)
{
	enum rv_http1_result result;
	size_t used = 0;

	if (!c->reader.head.chunked) {
		take_known(c);
		return;
	}
	result = rv_chunk_read(&c->chunks, c->input, &c->body, &used);
	rv_conn_took(c, used);
	if (result == RV_HTTP1_BAD)
		rv_conn_fail_body(
		    c, c->chunks.fault.status, c->chunks.fault.reason);
	else if (result == RV_HTTP1_DONE)
		end_body(c);
}
