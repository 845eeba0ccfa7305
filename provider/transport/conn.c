#include "transport/conn.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "transport/certified.h"
#include "transport/conn_impl.h"
#include "transport/tls.h"

/* Bytes of later requests that wait while one is in work. */
#define PIPELINED_BYTES 16384u
/* Reads in one turn: others want theirs too. */
#define READS_PER_TURN 4u
/* Time for the peer to take the last answer and end its side. */
#define LINGER_MS 2000

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	/* Cannot fail for the clocks used here. */
	(void)clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t
now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

/* ---- Times ---------------------------------------------------------- */

void
rv_conn_set_deadline(struct rv_conn *c, int64_t timeout_ms)
{
	c->deadline_ms = now_ms() + timeout_ms;
}

static bool
may_stay(const struct rv_conn *c)
{
	return c->authenticated || (c->was_open && !c->was_refused);
}

bool
rv_conn_is_overdue(const struct rv_conn *c)
{
	return !may_stay(c) && now_ms() >= c->sign_in_ms;
}

/* While the pipeline works, and while an answer goes out, nobody waits. */
static bool
is_sign_in_due(const struct rv_conn *c)
{
	return !may_stay(c) && c->state != RV_CONN_PIPELINE &&
	       c->state != RV_CONN_WRITING && c->state != RV_CONN_LINGER;
}

/*
 * The timer is moved only to an earlier time: most deadlines are replaced
 * by later ones long before they come.
 */
static void
arm(struct rv_conn *c)
{
	int64_t until = c->deadline_ms;
	struct timeval tv;
	int64_t left;

	if (is_sign_in_due(c) && c->sign_in_ms < until)
		until = c->sign_in_ms;
	if (until >= c->armed_ms)
		return;
	left = until - now_ms();
	left = left > 0 ? left : 0;
	tv.tv_sec = left / 1000;
	tv.tv_usec = left % 1000 * 1000;
	if (event_add(&c->timer, &tv) != 0)
		c->dead = true; /* never without a limit of time */
	c->armed_ms = until;
}

static void
expire(struct rv_conn *c)
{
	static const struct rv_http1_fault slow = { 408, "header_timeout",
		"The header of the request took too long." };

	switch (c->state) {
	case RV_CONN_HEAD:
		if (rv_http1_started(&c->reader))
			rv_conn_reject(c, &slow);
		else
			rv_conn_linger(c);
		break;
	case RV_CONN_BODY:
		rv_conn_fail_body(c, 408, "body_timeout");
		break;
	case RV_CONN_WRITING:
		rv_wire_abort(&c->wire);
		c->dead = true;
		break;
	case RV_CONN_DISCARD:
		rv_conn_linger(c);
		break;
	case RV_CONN_HANDSHAKE:
	case RV_CONN_LINGER:
		c->dead = true;
		break;
	case RV_CONN_PIPELINE:
		break; /* has no deadline here */
	}
}

/* ---- Bytes ---------------------------------------------------------- */

void
rv_conn_took(struct rv_conn *c, size_t n)
{
	RV_ASSERT(n <= c->input.n);
	c->input.p += n;
	c->input.n -= n;
}

/* Moves the input to memory of its own: scratch is the next one's. */
static void
keep_input(struct rv_conn *c)
{
	if (c->input.n == 0) {
		rv_buf_fini(&c->kept);
	} else if (c->in_scratch) {
		rv_buf_reset(&c->kept);
		rv_buf_put_slice(&c->kept, c->input);
	} else {
		rv_buf_consume(&c->kept, c->kept.n - c->input.n);
	}
	if (c->kept.failed)
		c->dead = true;
	c->in_scratch = false;
	c->input = rv_buf_slice(&c->kept);
}

static bool
may_read(const struct rv_conn *c)
{
	if (c->dead || c->ended)
		return false;
	switch (c->state) {
	case RV_CONN_HEAD:
	case RV_CONN_BODY:
	case RV_CONN_DISCARD:
		return true;
	case RV_CONN_PIPELINE:
	case RV_CONN_WRITING:
		return c->input.n < PIPELINED_BYTES;
	case RV_CONN_HANDSHAKE:
	case RV_CONN_LINGER:
		break;
	}
	return false;
}

static void
on_end(struct rv_conn *c)
{
	c->ended = true;
	/* An answer on its way is still sent: the peer may read on. */
	if (c->state != RV_CONN_WRITING)
		c->dead = true;
}

/* False when there is nothing to read now. */
static bool
read_some(struct rv_conn *c)
{
	enum rv_wire_result result;
	size_t n = 0;

	if (c->input.n > 0)
		keep_input(c);
	result = rv_wire_read(&c->wire, c->host->scratch, RV_CONN_SCRATCH, &n);
	if (result == RV_WIRE_END)
		on_end(c);
	if (result != RV_WIRE_OK)
		return false;
	if (c->input.n > 0) {
		rv_buf_put(&c->kept, c->host->scratch, n);
		c->dead |= c->kept.failed;
		c->input = rv_buf_slice(&c->kept);
	} else {
		c->input = (struct rv_slice){ c->host->scratch, n };
		c->in_scratch = true;
	}
	return true;
}

void
rv_conn_linger(struct rv_conn *c)
{
	rv_wire_shutdown(&c->wire);
	c->input.n = 0;
	c->state = RV_CONN_LINGER;
	rv_conn_set_deadline(c, LINGER_MS);
	if (c->ended)
		c->dead = true;
}

static void conn_free(struct rv_conn *c);

/* ---- Work ----------------------------------------------------------- */

static bool
shake_hands(struct rv_conn *c)
{
	switch (rv_wire_handshake(&c->wire)) {
	case RV_WIRE_AGAIN:
		return false;
	case RV_WIRE_END:
		/* The alert must not be overtaken by a RST. */
		rv_conn_linger(c);
		return false;
	case RV_WIRE_OK:
		break;
	}
	c->peer.tls = SSL_get_version(c->wire.ssl);
	c->peer.has_exporter = rv_tls_export(c->wire.ssl, c->peer.exporter);
	if (rv_certified_new(c->wire.ssl, clock_ms(CLOCK_REALTIME),
		&c->peer.certified) != RV_OK) {
		c->dead = true; /* never as somebody without a certificate */
		return false;
	}
	c->state = RV_CONN_HEAD; /* the same deadline goes on */
	return true;
}

static bool
send_answer(struct rv_conn *c)
{
	size_t before = c->wire.sent;

	switch (rv_wire_flush(&c->wire)) {
	case RV_WIRE_AGAIN:
		if (c->wire.sent != before)
			rv_conn_set_deadline(c, c->host->config->write_timeout);
		return false;
	case RV_WIRE_END:
		c->dead = true;
		return false;
	case RV_WIRE_OK:
		break;
	}
	rv_conn_answered(c);
	return true;
}

/* What is left of a "100 Continue" that the socket did not take. */
static void
send_rest(struct rv_conn *c)
{
	if (c->wire.out.n > 0 && rv_wire_flush(&c->wire) == RV_WIRE_END)
		c->dead = true;
}

static bool
take_input(struct rv_conn *c, void (*take)(struct rv_conn *c))
{
	if (c->input.n == 0)
		return false;
	take(c);
	return true;
}

/* One step; false when there is nothing to do before the next event. */
static bool
step(struct rv_conn *c)
{
	switch (c->state) {
	case RV_CONN_HANDSHAKE:
		return shake_hands(c);
	case RV_CONN_HEAD:
		return take_input(c, rv_conn_take_head);
	case RV_CONN_PIPELINE:
		send_rest(c);
		if (!c->wants_body)
			return false;
		rv_conn_begin_body(c);
		return true;
	case RV_CONN_BODY:
		send_rest(c);
		return take_input(c, rv_conn_take_body);
	case RV_CONN_WRITING:
		return send_answer(c);
	case RV_CONN_DISCARD:
		return take_input(c, rv_conn_discard);
	case RV_CONN_LINGER:
		if (rv_wire_drop(&c->wire) == RV_WIRE_END)
			c->dead = true;
		return false;
	}
	return false;
}

static void
work(struct rv_conn *c)
{
	while (!c->dead && step(c))
		;
}

static void
watch(struct rv_conn *c, struct event *event, bool *is_added, bool wanted)
{
	if (*is_added == wanted)
		return;
	if ((wanted ? event_add(event, NULL) : event_del(event)) != 0)
		c->dead = true;
	*is_added = wanted;
}

void
rv_conn_settle(struct rv_conn *c)
{
	bool reads = may_read(c) || c->state == RV_CONN_HANDSHAKE ||
		     c->state == RV_CONN_LINGER;
	bool was_paused = !c->reading;

	keep_input(c);
	watch(c, &c->readable, &c->reading, reads);
	watch(c, &c->writable, &c->writing, c->wire.wants_write);
	arm(c);
	/* Bytes inside of OpenSSL make no socket readable. */
	if (c->dead || (reads && was_paused && rv_wire_has_pending(&c->wire)))
		rv_conn_kick(c);
}

static void
run(struct rv_conn *c, bool readable)
{
	unsigned reads = 0;

	c->running = true;
	/* Whatever still has to wait for the socket says so again. */
	c->wire.wants_write = false;
	work(c);
	readable = readable || rv_wire_has_pending(&c->wire);
	while (readable && may_read(c) && reads < READS_PER_TURN) {
		if (!read_some(c))
			break;
		reads++;
		work(c);
		readable = rv_wire_has_pending(&c->wire);
	}
	if (readable && reads == READS_PER_TURN)
		rv_conn_kick(c);
	c->running = false;
	if (!c->dead)
		rv_conn_settle(c);
	if (c->dead)
		conn_free(c);
}

void
rv_conn_kick(struct rv_conn *c)
{
	event_active(&c->kick, EV_TIMEOUT, 0);
}

/* ---- Events --------------------------------------------------------- */

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	/* A read may have waited for room to write, too. */
	run(arg, true);
}

static void
on_kick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run(arg, false);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rv_conn *c = arg;

	(void)fd;
	(void)what;
	c->armed_ms = RV_CONN_NEVER;
	c->running = true;
	if (now_ms() >= c->deadline_ms ||
	    (is_sign_in_due(c) && rv_conn_is_overdue(c)))
		expire(c);
	run(c, false);
}

/* ---- Beginning and end ---------------------------------------------- */

static void
name_peer(struct rv_peer *peer, const struct sockaddr *address)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		(void)inet_ntop(
		    AF_INET6, &v6.sin6_addr, peer->ip, sizeof(peer->ip));
		peer->port = ntohs(v6.sin6_port);
	} else if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		(void)inet_ntop(
		    AF_INET, &v4.sin_addr, peer->ip, sizeof(peer->ip));
		peer->port = ntohs(v4.sin_port);
	}
}

static bool
assign_events(struct rv_conn *c)
{
	struct event_base *base = rv_loop_base(c->host->loop);
	int fd = c->wire.fd;

	return event_assign(&c->readable, base, fd, EV_READ | EV_PERSIST,
		   on_socket, c) == 0 &&
	       event_assign(&c->writable, base, fd, EV_WRITE | EV_PERSIST,
		   on_socket, c) == 0 &&
	       event_assign(&c->timer, base, -1, 0, on_timer, c) == 0 &&
	       event_assign(&c->kick, base, -1, 0, on_kick, c) == 0;
}

int
rv_conn_open(struct rv_conn_host *host, bool demanding, int fd,
    const struct sockaddr *peer)
{
	struct rv_conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)close(fd);
		return RV_ERR_NOMEM;
	}
	c->host = host;
	if (rv_wire_init(&c->wire, host->tls, demanding, fd, &c->binding) !=
	    RV_OK) {
		free(c);
		return RV_ERR_NOMEM;
	}
	name_peer(&c->peer, peer);
	c->peer.tls = "none";
	if (c->binding.n > 0)
		c->peer.binding =
		    (struct rv_slice){ c->binding.v, c->binding.n };
	rv_http1_init(&c->reader, host->config->max_header);
	c->armed_ms = RV_CONN_NEVER;
	c->head_began = true; /* its time runs from the connection on */
	rv_conn_set_deadline(c, host->config->header_timeout);
	c->sign_in_ms = now_ms() + host->config->authentication_timeout;
	if (!assign_events(c)) {
		rv_wire_fini(&c->wire);
		free(c);
		return RV_ERR_INTERNAL;
	}
	LIST_INSERT_HEAD(&host->conns, c, link);
	host->live++;
	rv_conn_settle(c);
	return RV_OK;
}

static void
conn_free(struct rv_conn *c)
{
	struct rv_conn_host *host = c->host;
	bool was_authenticated = c->authenticated;

	if (c->x != NULL)
		rv_exchange_gone(c->x);
	c->x = NULL;
	(void)event_del(&c->readable);
	(void)event_del(&c->writable);
	(void)event_del(&c->timer);
	(void)event_del(&c->kick);
	rv_certified_unref(&c->peer.certified);
	rv_wire_fini(&c->wire);
	rv_http1_fini(&c->reader);
	rv_buf_fini(&c->kept);
	rv_buf_fini(&c->body);
	LIST_REMOVE(c, link);
	host->live--;
	free(c);
	host->closed(host, was_authenticated);
}

void
rv_conn_host_drain(struct rv_conn_host *host)
{
	struct rv_conn *c;

	host->draining = true;
	for (c = LIST_FIRST(&host->conns); c != NULL; c = LIST_NEXT(c, link)) {
		if (c->state != RV_CONN_HEAD || rv_http1_started(&c->reader) ||
		    c->input.n > 0)
			continue;
		rv_conn_linger(c);
		rv_conn_kick(c); /* to be settled, or freed, in its turn */
	}
}

void
rv_conn_host_end(struct rv_conn_host *host)
{
	struct rv_conn *c;

	while ((c = LIST_FIRST(&host->conns)) != NULL)
		/* LIST_REMOVE moves the head on, which the analyzer misses. */
		conn_free(c); /* NOLINT(clang-analyzer-unix.Malloc) */
}
