/*
 * A pipeline for the tests of the door, which the path of a request tells
 * what to do:
 *   /echo       the body, or method, path and query where there is none
 *   /later      the same, but each step in a turn of its own
 *   /unwanted   200 without asking for the body
 *   /hold       no answer before a client asks for /release
 *   /big        4 MiB
 *   /broken     an answer that HTTP cannot carry
 *   /close      200, and the end of the connection
 *   /sign-in    200, and somebody has signed in
 *   /refused    401
 * A refused head is answered with its reason as the body.
 */
#ifndef TESTS_TRANSPORT_STUB_H
#define TESTS_TRANSPORT_STUB_H

#include "pipeline/door.h"
#include "unit/transport/world.h"

#define BIG (4u << 20)

struct rv_exchange {
	const struct rv_door_ops *ops;
	void *door;
	const struct rv_request *request;
	struct event_base *base;
	struct rv_buf body;
	int status;
	bool later;
	bool gone;
	bool body_came;
	struct rv_exchange *next; /* among those held */
};

static struct rv_exchange *held; /* on the loop's thread */
static atomic_uint n_begun, n_gone, n_failed, n_held;
static char big[BIG];

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH",
	"DELETE", "OPTIONS" };

static bool
stub_path_is(const struct rv_exchange *x, const char *path)
{
	return x->request != NULL && rv_slice_eq_cstr(x->request->path, path);
}

static void
stub_answer(struct rv_exchange *x)
{
	struct rv_answer a = { .status = x->status,
		.content_type = "text/plain",
		.body = { x->body.p != NULL ? x->body.p : "", x->body.n } };

	if (stub_path_is(x, "/big"))
		a.body = (struct rv_slice){ big, sizeof(big) };
	if (stub_path_is(x, "/broken")) {
		a.fields[0] = (struct rv_field){ RV_SLICE_LIT("x"),
			RV_SLICE_LIT("a\r\nb: c") };
		a.n_fields = 1;
	}
	a.close = stub_path_is(x, "/close");
	if (!x->gone)
		x->ops->answer(x->door, &a);
	rv_buf_fini(&x->body);
	free(x);
}

static void
stub_on_answer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	stub_answer(arg);
}

static void
stub_on_want(evutil_socket_t fd, short what, void *arg)
{
	struct rv_exchange *x = arg;

	(void)fd;
	(void)what;
	if (x->gone)
		stub_answer(x);
	else
		x->ops->want_body(x->door, 100000);
}

static void
stub_in_a_later_turn(struct rv_exchange *x, event_callback_fn fn)
{
	const struct timeval soon = { .tv_usec = 1000 };

	if (event_base_once(x->base, -1, EV_TIMEOUT, fn, x, &soon) != 0)
		abort();
}

static void
stub_release(void)
{
	while (held != NULL) {
		struct rv_exchange *x = held;

		held = x->next;
		(void)atomic_fetch_sub(&n_held, 1);
		stub_answer(x);
	}
}

static struct rv_exchange *
stub_new(struct rv_loop *loop, const struct rv_door_ops *ops, void *door)
{
	struct rv_exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		abort();
	x->ops = ops;
	x->door = door;
	x->base = rv_loop_base(loop);
	x->status = 200;
	return x;
}

struct rv_exchange *
rv_exchange_begin(struct rv_loop *loop, const struct rv_door_ops *ops,
    void *door, const struct rv_request *request)
{
	struct rv_exchange *x = stub_new(loop, ops, door);

	(void)atomic_fetch_add(&n_begun, 1);
	x->request = request;
	x->later = stub_path_is(x, "/later");
	rv_buf_printf(&x->body, "%s %.*s %.*s %s", methods[request->method],
	    RV_SLICE_FMT(request->path), RV_SLICE_FMT(request->query),
	    request->peer->ip);
	if (stub_path_is(x, "/hold")) {
		x->next = held;
		held = x;
		(void)atomic_fetch_add(&n_held, 1);
		return x;
	}
	if (stub_path_is(x, "/sign-in"))
		ops->authenticated(door);
	if (stub_path_is(x, "/refused"))
		x->status = 401;
	if (stub_path_is(x, "/release"))
		stub_release();
	if (request->has_body && !stub_path_is(x, "/unwanted")) {
		if (x->later)
			stub_in_a_later_turn(x, stub_on_want);
		else
			ops->want_body(door, 100000);
		return x;
	}
	if (x->later) {
		stub_in_a_later_turn(x, stub_on_answer);
		return x;
	}
	stub_answer(x);
	return NULL;
}

static void
stub_end(struct rv_exchange *x)
{
	if (x->later)
		stub_in_a_later_turn(x, stub_on_answer);
	else
		stub_answer(x);
}

void
rv_exchange_body(struct rv_exchange *x, struct rv_slice body)
{
	x->body_came = true;
	rv_buf_reset(&x->body);
	rv_buf_put_slice(&x->body, body);
	stub_end(x);
}

void
rv_exchange_body_failed(struct rv_exchange *x, int status, const char *reason)
{
	(void)atomic_fetch_add(&n_failed, 1);
	x->body_came = true;
	x->status = status;
	rv_buf_reset(&x->body);
	rv_buf_puts(&x->body, reason);
	stub_end(x);
}

struct rv_exchange *
rv_exchange_reject(struct rv_loop *loop, const struct rv_door_ops *ops,
    void *door, const struct rv_peer *peer, int status, const char *reason,
    const char *detail)
{
	struct rv_exchange *x = stub_new(loop, ops, door);

	(void)peer;
	(void)detail;
	x->status = status;
	rv_buf_puts(&x->body, reason);
	/* As the real one, which waits for its record. */
	x->later = true;
	stub_in_a_later_turn(x, stub_on_answer);
	return x;
}

void
rv_exchange_gone(struct rv_exchange *x)
{
	(void)atomic_fetch_add(&n_gone, 1);
	x->gone = true;
	x->request = NULL;
	/* One that waits for its body hears nothing more from the door. */
	if (!x->later && !x->body_came && held != x)
		stub_answer(x);
}

#endif
