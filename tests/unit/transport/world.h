/*
 * A running listener on a thread of its own, and clients that speak to it.
 * Included by one file of each test program, which defines the pipeline.
 */
#ifndef TESTS_TRANSPORT_WORLD_H
#define TESTS_TRANSPORT_WORLD_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <event2/event.h>
#include <openssl/ssl.h>

#include "config/config.h"
#include "log.h"
#include "loop/loop.h"
#include "transport/listener.h"
#include "transport/tls.h"
#include "unit/transport/pki.h"

/* ---- What the door needs of the rest -------------------------------- */

struct rv_loop {
	struct event_base *base;
};

struct event_base *
rv_loop_base(const struct rv_loop *loop)
{
	return loop->base;
}

static atomic_uint logged;

void
rv_log(enum rv_log_level level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
	(void)atomic_fetch_add(&logged, 1);
}

/* ---- The provider's side -------------------------------------------- */

struct world {
	struct pki pki;
	struct rv_config config;
	struct rv_loop loop;
	struct rv_tls *tls;
	struct rv_endpoints *endpoints;
	struct rv_listener *listener;
	struct event *commands;
	int command[2]; /* a pipe: one byte is one call on the loop */
	int done[2];	/* and one byte when it has been made */
	pthread_t thread;
	uint16_t port;
	bool runs;
};

static struct world world;

static void
on_command(evutil_socket_t fd, short what, void *arg)
{
	struct world *w = arg;
	char c = 'q';

	(void)what;
	if (read(fd, &c, 1) != 1 || c == 'q')
		(void)event_base_loopbreak(w->loop.base);
	if (c == 's')
		rv_listener_stop_accepting(w->listener);
	if (c == 'd')
		rv_listener_close_idle(w->listener);
	if (write(w->done[1], &c, 1) != 1)
		abort();
}

/* Makes the loop do it, and waits until it has. */
static inline void
world_command(struct world *w, char c)
{
	if (write(w->command[1], &c, 1) != 1 || read(w->done[0], &c, 1) != 1)
		abort();
}

static void *
world_run(void *arg)
{
	struct world *w = arg;

	(void)event_base_dispatch(w->loop.base);
	return NULL;
}

static inline void
world_defaults(struct world *w)
{
	static const char *const any[] = { "127.0.0.1:0" };

	w->config = (struct rv_config){
		.listen = { any, 1 },
		.tls_certificate = w->pki.cert,
		.tls_key = w->pki.key,
		.max_connections = 64,
		.max_unauthenticated = 1000,
		.authentication_timeout = 10000,
		.max_header = 98304,
		.max_body = 100000,
		.header_timeout = 10000,
		.body_timeout = 10000,
		.idle_timeout = 10000,
		.write_timeout = 10000,
	};
}

/* Call world_defaults() first and change what the test is about. */
static inline void
world_start(struct world *w)
{
	struct rv_listener_args args = { &w->loop, &w->config, NULL, NULL };
	struct rv_error e = { "" };

	if (rv_tls_new(&w->config, &w->tls, &e) != RV_OK ||
	    rv_endpoints_new(&w->config, &w->endpoints, &e) != RV_OK)
		fail_msg("%s", e.text);
	w->loop.base = event_base_new();
	args.tls = w->tls;
	args.endpoints = w->endpoints;
	if (rv_listener_new(&args, &w->listener, &e) != RV_OK)
		fail_msg("%s", e.text);
	w->port = rv_endpoints_port(w->endpoints);
	assert_int_equal(pipe(w->command), 0);
	assert_int_equal(pipe(w->done), 0);
	w->commands = event_new(
	    w->loop.base, w->command[0], EV_READ | EV_PERSIST, on_command, w);
	assert_int_equal(event_add(w->commands, NULL), 0);
	assert_int_equal(pthread_create(&w->thread, NULL, world_run, w), 0);
	w->runs = true;
}

/* Ends the thread, then every connection. */
static inline void
world_stop(struct world *w)
{
	if (!w->runs)
		return;
	world_command(w, 'q');
	(void)pthread_join(w->thread, NULL);
	rv_listener_free(&w->listener);
	event_free(w->commands);
	event_base_free(w->loop.base);
	rv_endpoints_free(&w->endpoints);
	rv_tls_free(&w->tls);
	for (int i = 0; i < 2; i++) {
		(void)close(w->command[i]);
		(void)close(w->done[i]);
	}
	w->runs = false;
}

static inline int
world_setup(void **state)
{
	(void)state;
	if (!pki_init(&world.pki) ||
	    !pki_make(&world.pki, "site", &(struct pki_kind){ 0 }))
		return -1;
	return 0;
}

static inline int
world_teardown(void **state)
{
	(void)state;
	pki_fini(&world.pki);
	return 0;
}

/* After each test, failed ones too. */
static inline int
world_after(void **state)
{
	(void)state;
	world_stop(&world);
	return 0;
}

/* ---- The caller's side ---------------------------------------------- */

struct client {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
	char got[65536]; /* of the last answer: head and body */
	size_t n_got;
	size_t head_n;
	int status;
};

static inline void
client_socket(struct client *c)
{
	/* So that a test ends when an answer does not come. */
	const struct timeval patience = { .tv_sec = 20 };
	int on = 1;

	memset(c, 0, sizeof(*c));
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(c->fd >= 0);
	(void)setsockopt(
	    c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(
	    c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static inline void
client_connect(struct client *c, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port) };

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&a, sizeof(a)), 0);
}

/* Prepares TLS; the handshake is client_shake()'s. */
static inline void
client_tls(struct client *c)
{
	c->ctx = SSL_CTX_new(TLS_client_method());
	c->ssl = SSL_new(c->ctx);
	assert_non_null(c->ssl);
	assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
}

static inline bool
client_shake(struct client *c)
{
	return SSL_connect(c->ssl) == 1;
}

static inline void
client_open(struct client *c)
{
	client_socket(c);
	client_connect(c, world.port);
	client_tls(c);
	assert_true(client_shake(c));
}

static inline void
client_close(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	(void)close(c->fd);
}

static inline void
client_send_n(struct client *c, const char *p, size_t n)
{
	while (n > 0) {
		int sent = SSL_write(c->ssl, p, (int)n);

		if (sent <= 0)
			return; /* the answer, or the end, tells */
		p += sent;
		n -= (size_t)sent;
	}
}

static inline void
client_send(struct client *c, const char *text)
{
	client_send_n(c, text, strlen(text));
}

/* Reads more of the answer; false at the end of the connection. */
static inline bool
client_more(struct client *c, size_t at_most)
{
	size_t room = sizeof(c->got) - 1 - c->n_got;
	int n = SSL_read(
	    c->ssl, c->got + c->n_got, (int)(room < at_most ? room : at_most));

	if (n <= 0)
		return false;
	c->n_got += (size_t)n;
	c->got[c->n_got] = '\0';
	return true;
}

/* True when the peer ended properly, with close_notify. */
static inline bool
client_at_end(struct client *c)
{
	char byte;
	int n = SSL_read(c->ssl, &byte, 1);

	return n <= 0 && SSL_get_error(c->ssl, n) == SSL_ERROR_ZERO_RETURN;
}

static inline const char *
client_body(const struct client *c)
{
	return c->got + c->head_n;
}

/*
 * Reads one answer, byte by byte so that the next one stays where it is.
 * The status, or -1 at the end of the connection.
 */
static inline int
client_answer(struct client *c, bool with_body)
{
	size_t body_n = 0;
	char *length;

	c->n_got = 0;
	c->got[0] = '\0';
	while (strstr(c->got, "\r\n\r\n") == NULL)
		if (!client_more(c, 1))
			return -1;
	c->head_n = c->n_got;
	if (strncmp(c->got, "HTTP/1.1 ", 9) != 0)
		return -2;
	c->status = (int)strtol(c->got + 9, NULL, 10);
	length = strstr(c->got, "Content-Length: ");
	if (length != NULL && with_body)
		body_n = strtoul(length + 16, NULL, 10);
	while (c->n_got < c->head_n + body_n)
		if (!client_more(c, c->head_n + body_n - c->n_got))
			return -3;
	return c->status;
}

#endif
