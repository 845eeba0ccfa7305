/*
 * The contract between a door (an encoder: HTTP/1.1 now, HTTP/2 later) and
 * the pipeline.  All calls are on the loop that owns the connection.
 *
 *   door                           pipeline
 *   rv_exchange_begin(head)  --->  route, authenticate, gate
 *                            <---  ops->want_body(max)        (at most once)
 *   rv_exchange_body(bytes)  --->  authorize, execute, audit
 *                            <---  ops->answer(answer)        (exactly once)
 *
 * After answer() has returned the exchange is gone.  Any call may happen
 * inside another: begin() may answer before it returns; then it returns
 * NULL.
 */
#ifndef PROVIDER_PIPELINE_DOOR_H
#define PROVIDER_PIPELINE_DOOR_H

#include "pipeline/message.h"

struct rv_loop;
struct rv_exchange;

struct rv_door_ops {
	/*
	 * Read the whole body, at most max bytes, then call
	 * rv_exchange_body() or rv_exchange_body_failed(); this is also
	 * the moment for "100 Continue" (RFC 9110 section 10.1.1).
	 */
	void (*want_body)(void *door, size_t max);
	/*
	 * Somebody has signed in on this connection: it no longer counts
	 * among those that have not.  At most once a request.
	 */
	void (*authenticated)(void *door);
	/* Encode and send; copies what it keeps. */
	void (*answer)(void *door, const struct rv_answer *answer);
};

/*
 * Starts the way of one request.  The request and its slices stay valid
 * until answer() or rv_exchange_gone().  NULL: already answered.
 */
struct rv_exchange *rv_exchange_begin(struct rv_loop *loop,
    const struct rv_door_ops *ops, void *door,
    const struct rv_request *request);

/* The body, valid during the call.  May be empty. */
void rv_exchange_body(struct rv_exchange *x, struct rv_slice body);

/*
 * The body will not come: status is what the caller is to be told (400
 * malformed, 408 too slow, 413 too large).
 */
void rv_exchange_body_failed(
    struct rv_exchange *x, int status, const char *reason);

/*
 * A request that no head could be made of.  Audited and answered as
 * `status` with close set: reason is a word for the audit log
 * ("smuggling", "header_too_large"), detail the caller's sentence; both are
 * string literals.  The peer stays valid until the answer.
 */
struct rv_exchange *rv_exchange_reject(struct rv_loop *loop,
    const struct rv_door_ops *ops, void *door, const struct rv_peer *peer,
    int status, const char *reason, const char *detail);

/* The connection is gone: the exchange ends by itself, without callbacks. */
void rv_exchange_gone(struct rv_exchange *x);

#endif
