/*
 * The side of net.  A question has a slot until it is answered or too old;
 * its number tells slot and turn, so that a late answer meets nobody else's
 * question.  What the socket does not take yet waits in the order of asking.
 */
#include "process/acceptor_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "log.h"
#include "loop/loop.h"
#include "process/accept_codec.h"

#define DEADLINE_MS 5000
#define TICK_MS	    250
#define SLOTS	    RV_ACCEPTOR_LINK_WAITING
/* Answers in one turn of the loop. */
#define BURST 32

struct slot {
	struct rv_accept_call *call; /* NULL: free */
	int64_t deadline_boot_ms;
	struct rv_buf unsent; /* empty when the socket has it */
};

struct rv_acceptor_link {
	struct rv_loop *loop;
	int fd;
	bool dead;
	struct event *readable, *writable, *tick;
	uint64_t turn;
	size_t waiting;
	struct slot slots[SLOTS];
	/* Slots whose question is unsent, a ring. */
	size_t queue[SLOTS];
	size_t queue_first, queue_n;
	char answer[RV_ANSWER_MAX];
};

/* ---- Ending a question ------------------------------------------------------- */

/* The slot is free when done() is called: it may ask again. */
static void
finish(struct rv_acceptor_link *link, struct slot *slot,
    struct rv_accepted *accepted)
{
	struct rv_accept_call *call = slot->call;

	slot->call = NULL;
	rv_buf_fini(&slot->unsent);
	link->waiting--;
	call->done(call, accepted);
}

static void
fail(struct rv_acceptor_link *link, struct slot *slot, const char *why)
{
	struct rv_accepted accepted = { .refusal = RV_REFUSED_INTERNAL };

	rv_ignore(
	    snprintf(accepted.detail, sizeof(accepted.detail), "%s", why));
	finish(link, slot, &accepted);
	rv_accepted_fini(&accepted);
}

static void
die(struct rv_acceptor_link *link)
{
	if (link->dead)
		return;
	link->dead = true;
	link->queue_n = 0;
	rv_ignore(event_del(link->readable)); /* they are there */
	rv_ignore(event_del(link->writable));
	for (size_t i = 0; i < SLOTS; i++)
		if (link->slots[i].call != NULL)
			fail(link, &link->slots[i],
			    "the acceptor process has ended");
}

/* ---- Answers --------------------------------------------------------------- */

static void
take_answer(struct rv_acceptor_link *link, struct rv_slice bytes)
{
	struct rv_accepted accepted = { .refusal = RV_REFUSED_INTERNAL };
	struct slot *slot;
	uint64_t id;

	if (rv_answer_id(bytes, &id) != RV_OK) {
		rv_log(RV_LOG_ERROR, "the acceptor said nonsense");
		return;
	}
	slot = &link->slots[id % SLOTS];
	if (slot->call == NULL || slot->call->id != id)
		return; /* its question was given up */
	if (rv_answer_decode(bytes, &accepted) != RV_OK) {
		rv_log(RV_LOG_ERROR, "the acceptor said nonsense");
		fail(link, slot, "the acceptor's answer was damaged");
		return;
	}
	finish(link, slot, &accepted);
	rv_accepted_fini(&accepted);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct rv_acceptor_link *link = arg;

	(void)what;
	for (int i = 0; i < BURST && !link->dead; i++) {
		/* With MSG_TRUNC the length is that of the whole message. */
		ssize_t n = recv(fd, link->answer, sizeof(link->answer),
		    MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			die(link);
		else if ((size_t)n <= sizeof(link->answer))
			take_answer(
			    link, (struct rv_slice){ link->answer, (size_t)n });
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct rv_acceptor_link *link = arg;
	int64_t now = rv_boot_ms();

	(void)fd;
	(void)what;
	for (size_t i = 0; link->waiting > 0 && i < SLOTS; i++) {
		struct slot *slot = &link->slots[i];

		if (slot->call != NULL && now >= slot->deadline_boot_ms)
			fail(link, slot, "the acceptor did not answer in time");
	}
	if (link->waiting == 0)
		rv_ignore(event_del(link->tick)); /* until the next question */
}

/* ---- Questions ------------------------------------------------------------- */

/* RV_ERR_AGAIN: the socket is full. */
static int
send_one(const struct rv_acceptor_link *link, struct rv_slice bytes)
{
	ssize_t n;

	do
		n = send(
		    link->fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return RV_OK;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS
		   ? RV_ERR_AGAIN
		   : RV_ERR_UNAVAILABLE;
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct rv_acceptor_link *link = arg;

	(void)fd;
	(void)what;
	while (link->queue_n > 0) {
		struct slot *slot =
		    &link->slots[link->queue[link->queue_first]];
		int r = RV_OK;

		/* An empty one was given up, or its slot's next was sent. */
		if (slot->unsent.n > 0)
			r = send_one(link, rv_buf_slice(&slot->unsent));
		if (r == RV_ERR_AGAIN)
			return;
		if (r != RV_OK) {
			die(link);
			return;
		}
		rv_buf_fini(&slot->unsent);
		link->queue_first = (link->queue_first + 1) % SLOTS;
		link->queue_n--;
	}
	rv_ignore(event_del(link->writable));
}

static int
enqueue(struct rv_acceptor_link *link, size_t index)
{
	if (link->queue_n == SLOTS)
		return RV_ERR_LIMIT;
	if (event_add(link->writable, NULL) != 0)
		return RV_ERR_NOMEM;
	link->queue[(link->queue_first + link->queue_n++) % SLOTS] = index;
	return RV_OK;
}

/* Sends the slot's question, or leaves it in the queue. */
static int
send_or_wait(struct rv_acceptor_link *link, size_t index)
{
	struct slot *slot = &link->slots[index];
	int r = RV_ERR_AGAIN;

	if (link->queue_n == 0)
		r = send_one(link, rv_buf_slice(&slot->unsent));
	if (r == RV_ERR_AGAIN)
		return enqueue(link, index);
	if (r == RV_OK)
		rv_buf_fini(&slot->unsent);
	return r;
}

/* There is one: not all are waiting. */
static size_t
free_slot(struct rv_acceptor_link *link)
{
	do
		link->turn++;
	while (link->slots[link->turn % SLOTS].call != NULL);
	return (size_t)(link->turn % SLOTS);
}

int
rv_acceptor_ask(struct rv_acceptor_link *link, struct rv_accept_call *call)
{
	struct rv_question q = { .token = call->token,
		.n_bindings = call->n_bindings };
	const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	struct slot *slot;
	size_t index;
	int r;

	if (link->dead)
		return RV_ERR_UNAVAILABLE;
	if (link->waiting == SLOTS || call->n_bindings > RV_BINDINGS_MAX)
		return RV_ERR_LIMIT;
	for (size_t i = 0; i < call->n_bindings; i++)
		q.bindings[i] = call->bindings[i];
	index = free_slot(link);
	slot = &link->slots[index];
	call->id = q.id = link->turn;
	q.deadline_boot_ms = slot->deadline_boot_ms =
	    rv_boot_ms() + DEADLINE_MS;
	r = rv_question_encode(&q, &slot->unsent);
	if (r == RV_OK && !event_pending(link->tick, EV_TIMEOUT, NULL) &&
	    event_add(link->tick, &tick) != 0)
		r = RV_ERR_NOMEM;
	if (r == RV_OK)
		r = send_or_wait(link, index);
	if (r != RV_OK) {
		rv_buf_fini(&slot->unsent);
		return r;
	}
	slot->call = call;
	link->waiting++;
	return RV_OK;
}

/* ---- Life ------------------------------------------------------------------ */

static int
add_events(struct rv_acceptor_link *link)
{
	struct event_base *base = rv_loop_base(link->loop);

	link->readable =
	    event_new(base, link->fd, EV_READ | EV_PERSIST, on_readable, link);
	link->writable =
	    event_new(base, link->fd, EV_WRITE | EV_PERSIST, on_writable, link);
	link->tick = event_new(base, -1, EV_PERSIST, on_tick, link);
	if (link->readable == NULL || link->writable == NULL ||
	    link->tick == NULL || event_add(link->readable, NULL) != 0)
		return RV_ERR_NOMEM;
	return RV_OK;
}

int
rv_acceptor_link_new(
    struct rv_loop *loop, int fd, struct rv_acceptor_link **ret_link)
{
	const int size = RV_ACCEPT_SNDBUF;
	struct rv_acceptor_link *link = calloc(1, sizeof(*link));
	int r = RV_ERR_NOMEM;

	if (link == NULL) {
		(void)close(fd);
		return RV_ERR_NOMEM;
	}
	link->loop = loop;
	link->fd = fd;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) != 0)
		r = RV_ERR_IO;
	else
		r = add_events(link);
	if (r == RV_OK) {
		*ret_link = link;
		link = NULL;
	}
	rv_acceptor_link_free(&link);
	return r;
}

void
rv_acceptor_link_free(struct rv_acceptor_link **link)
{
	struct rv_acceptor_link *l = *link;

	*link = NULL;
	if (l == NULL)
		return;
	if (l->readable != NULL)
		event_free(l->readable);
	if (l->writable != NULL)
		event_free(l->writable);
	if (l->tick != NULL)
		event_free(l->tick);
	for (size_t i = 0; i < SLOTS; i++)
		rv_buf_fini(&l->slots[i].unsent);
	(void)close(l->fd);
	free(l);
}
