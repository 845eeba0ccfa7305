/* Connections, driven over TLS on the loopback by real clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <poll.h>

#include "unit/transport/stub.h"

#define HOST "Host: localhost\r\n"

static void
start(void)
{
	world_defaults(&world);
	world_start(&world);
	atomic_store(&n_begun, 0);
	atomic_store(&n_gone, 0);
	atomic_store(&n_failed, 0);
}

static void
check_answer(struct client *c, int status, const char *body)
{
	int got = client_answer(c, true);

	if (got != status || strcmp(client_body(c), body) != 0)
		fail_msg("wanted %d %s; got %d %s", status, body, got, c->got);
}

static bool
has(const struct client *c, const char *text)
{
	return strstr(c->got, text) != NULL;
}

static void
requests_follow_each_other(void **state)
{
	struct client c;

	(void)state;
	start();
	client_open(&c);
	for (int i = 0; i < 3; i++) {
		client_send(&c, "GET /echo?a=b HTTP/1.1\r\n" HOST "\r\n");
		check_answer(&c, 200, "GET /echo a=b 127.0.0.1");
		assert_true(has(&c, "\r\nDate: "));
		assert_true(has(&c, "\r\nCache-Control: no-store\r\n"));
		assert_false(has(&c, "Connection: close"));
		client_send(&c, "POST /echo HTTP/1.1\r\n" HOST
				"Content-Length: 5\r\n\r\nhello");
		check_answer(&c, 200, "hello");
		client_send(&c, "POST /later HTTP/1.1\r\n" HOST
				"Transfer-Encoding: chunked\r\n\r\n"
				"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
		check_answer(&c, 200, "abcde");
		client_send(&c, "GET /later HTTP/1.1\r\n" HOST "\r\n");
		check_answer(&c, 200, "GET /later  127.0.0.1");
	}
	client_send(
	    &c, "GET /echo HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	check_answer(&c, 200, "GET /echo  127.0.0.1");
	assert_true(has(&c, "\r\nConnection: close\r\n"));
	assert_true(client_at_end(&c));
	client_close(&c);
}

static void
head_has_no_body(void **state)
{
	struct client c;

	(void)state;
	start();
	client_open(&c);
	client_send(&c, "HEAD /echo HTTP/1.1\r\n" HOST "\r\n"
			"GET /echo HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(client_answer(&c, false), 200);
	assert_true(has(&c, "\r\nContent-Length: 21\r\n"));
	check_answer(&c, 200, "GET /echo  127.0.0.1");
	client_close(&c);
}

/* Sent one byte a record, nothing changes. */
static void
bytes_may_come_one_by_one(void **state)
{
	static const char text[] =
	    "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n0\r\n\r\n"
	    "GET /later HTTP/1.1\r\n" HOST "\r\n";
	struct client c;

	(void)state;
	start();
	client_open(&c);
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		client_send_n(&c, text + i, 1);
	check_answer(&c, 200, "abc");
	check_answer(&c, 200, "GET /later  127.0.0.1");
	client_close(&c);
}

static void
pipelined_requests_keep_their_order(void **state)
{
	struct client c;
	struct rv_buf b = { 0 };
	char want[64];

	(void)state;
	start();
	client_open(&c);
	/* More than is kept while one is in work. */
	for (int i = 0; i < 2000; i++)
		rv_buf_printf(&b, "GET /%s?%d HTTP/1.1\r\n" HOST "\r\n",
		    i % 10 == 0 ? "later" : "echo", i);
	assert_false(b.failed);
	client_send_n(&c, b.p, b.n);
	for (int i = 0; i < 2000; i++) {
		(void)snprintf(want, sizeof(want), "GET /%s %d 127.0.0.1",
		    i % 10 == 0 ? "later" : "echo", i);
		check_answer(&c, 200, want);
	}
	rv_buf_fini(&b);
	client_close(&c);
}

static void
nothing_runs_after_a_fault(void **state)
{
	static const char *const bad[] = {
		"GET /echo HTTP/1.1\r\n\r\n",
		"POST /echo HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
		"Transfer-Encoding: chunked\r\n\r\n",
		"GET /echo HTTP/1.1\r\n" HOST "a : b\r\n\r\n",
		"GET /a/%2e%2e/echo HTTP/1.1\r\n" HOST "\r\n",
		"GeT /echo HTTP/1.1\r\n" HOST "\r\n",
	};

	(void)state;
	start();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct client c;

		client_open(&c);
		client_send(&c, bad[i]);
		client_send(&c, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
		assert_int_equal(client_answer(&c, true), 400);
		assert_true(has(&c, "\r\nConnection: close\r\n"));
		assert_true(client_at_end(&c));
		client_close(&c);
	}
	assert_int_equal(atomic_load(&n_begun), 0);
}

static void
statuses_fit_the_fault(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *reason;
	} cases[] = {
		{ "TRACE / HTTP/1.1\r\n" HOST "\r\n", 405,
		    "method_not_allowed" },
		{ "GET https://other/ HTTP/1.1\r\n" HOST "\r\n", 421,
		    "misdirected" },
		{ "GET / HTTP/3.0\r\n" HOST "\r\n", 505, "http_version" },
		{ "POST / HTTP/1.1\r\n" HOST
		  "Content-Length: 1\r\nExpect: x\r\n\r\n",
		    417, "expectation" },
		{ "POST /echo HTTP/1.1\r\n" HOST
		  "Content-Length: 100001\r\n\r\n",
		    413, "body_too_large" },
		{ "POST /echo HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked\r\n\r\n186a1\r\n",
		    413, "body_too_large" },
		{ "POST /echo HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
		    400, "malformed_body" },
		{ "POST /later HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
		    400, "malformed_body" },
	};

	(void)state;
	start();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client c;

		client_open(&c);
		client_send(&c, cases[i].text);
		check_answer(&c, cases[i].status, cases[i].reason);
		assert_true(client_at_end(&c));
		client_close(&c);
	}
}

/* The answer survives although the peer goes on sending. */
static void
floods_get_their_answer(void **state)
{
	struct rv_buf b = { 0 };
	struct client c;

	(void)state;
	start();
	rv_buf_puts(&b, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 0; i < 40000; i++)
		rv_buf_puts(&b, "a: b\r\n");
	assert_false(b.failed);
	client_open(&c);
	client_send_n(&c, b.p, b.n);
	check_answer(&c, 431, "header_too_large");
	client_close(&c);
	rv_buf_reset(&b);
	rv_buf_puts(&b, "GET /");
	for (int i = 0; i < 40000; i++)
		rv_buf_puts(&b, "aaaaaa");
	client_open(&c);
	client_send_n(&c, b.p, b.n);
	check_answer(&c, 414, "uri_too_long");
	client_close(&c);
	rv_buf_fini(&b);
}

static void
check_continue(const char *path)
{
	struct client c;
	char text[200];

	client_open(&c);
	(void)snprintf(text, sizeof(text),
	    "POST %s HTTP/1.1\r\n" HOST
	    "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n",
	    path);
	client_send(&c, text);
	assert_int_equal(client_answer(&c, true), 100);
	assert_string_equal(c.got, "HTTP/1.1 100 Continue\r\n\r\n");
	client_send(&c, "abc");
	check_answer(&c, 200, "abc");
	/* Whoever does not wait gets no 100. */
	(void)snprintf(text, sizeof(text),
	    "POST %s HTTP/1.1\r\n" HOST
	    "Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
	    path);
	client_send(&c, text);
	check_answer(&c, 200, "abc");
	client_close(&c);
}

static void
continue_is_said_when_the_body_is_wanted(void **state)
{
	struct client c;

	(void)state;
	start();
	check_continue("/echo");
	check_continue("/later");
	/* Unwanted: no 100, and nobody knows whether the body comes. */
	client_open(&c);
	client_send(&c, "POST /unwanted HTTP/1.1\r\n" HOST
			"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(client_answer(&c, true), 200);
	assert_true(has(&c, "\r\nConnection: close\r\n"));
	assert_true(client_at_end(&c));
	client_close(&c);
	/* Too large: no 100 either. */
	client_open(&c);
	client_send(&c,
	    "POST /echo HTTP/1.1\r\n" HOST
	    "Content-Length: 999999\r\nExpect: 100-continue\r\n\r\n");
	check_answer(&c, 413, "body_too_large");
	client_close(&c);
}

static void
unwanted_bodies_are_read_over(void **state)
{
	struct rv_buf b = { 0 };
	struct client c;

	(void)state;
	start();
	client_open(&c);
	rv_buf_puts(&b,
	    "POST /unwanted HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n");
	for (int i = 0; i < 65536 / 16; i++)
		rv_buf_puts(&b, "GET /echo HTTP\r\n");
	rv_buf_puts(&b, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
	assert_false(b.failed);
	client_send_n(&c, b.p, b.n);
	check_answer(&c, 200, "POST /unwanted  127.0.0.1");
	check_answer(&c, 200, "GET /echo  127.0.0.1");
	assert_int_equal(atomic_load(&n_begun), 2);
	/* Larger, or of unknown length: the connection ends. */
	client_send(&c,
	    "POST /unwanted HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n");
	check_answer(&c, 200, "POST /unwanted  127.0.0.1");
	assert_true(has(&c, "\r\nConnection: close\r\n"));
	assert_true(client_at_end(&c));
	client_close(&c);
	client_open(&c);
	client_send(&c, "POST /unwanted HTTP/1.1\r\n" HOST
			"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	check_answer(&c, 200, "POST /unwanted  127.0.0.1");
	assert_true(client_at_end(&c));
	client_close(&c);
	rv_buf_fini(&b);
}

static void
large_bodies_go_both_ways(void **state)
{
	static char body[100001];
	struct client c;
	size_t all = 0;

	(void)state;
	memset(body, 'x', sizeof(body) - 1);
	start();
	client_open(&c);
	client_send(&c,
	    "POST /later HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
	client_send(&c, body);
	assert_int_equal(client_answer(&c, false), 200);
	assert_true(has(&c, "\r\nContent-Length: 100000\r\n"));
	for (c.n_got = 0; all < 100000; all += c.n_got) {
		c.n_got = 0;
		assert_true(client_more(&c, 100000 - all));
		assert_int_equal(strspn(c.got, "x"), c.n_got);
	}
	client_send(&c, "GET /big HTTP/1.1\r\n" HOST "\r\n"
			"GET /echo HTTP/1.1\r\n" HOST "\r\n");
	assert_int_equal(client_answer(&c, false), 200);
	for (all = 0; all < BIG; all += c.n_got) {
		c.n_got = 0;
		assert_true(client_more(&c, BIG - all));
	}
	check_answer(&c, 200, "GET /echo  127.0.0.1");
	client_close(&c);
}

static void
broken_answers_are_not_sent(void **state)
{
	unsigned before = atomic_load(&logged);
	struct client c;

	(void)state;
	start();
	client_open(&c);
	client_send(&c, "GET /broken HTTP/1.1\r\n" HOST "\r\n");
	check_answer(&c, 500, "");
	assert_true(client_at_end(&c));
	assert_int_equal(atomic_load(&logged), before + 1);
	client_close(&c);
}

static void
answers_may_end_the_connection(void **state)
{
	struct client c;

	(void)state;
	start();
	client_open(&c);
	client_send(&c, "GET /close HTTP/1.1\r\n" HOST "\r\n"
			"GET /echo HTTP/1.1\r\n" HOST "\r\n");
	check_answer(&c, 200, "GET /close  127.0.0.1");
	assert_true(has(&c, "\r\nConnection: close\r\n"));
	assert_true(client_at_end(&c));
	assert_int_equal(atomic_load(&n_begun), 1);
	client_close(&c);
	client_open(&c);
	client_send(&c, "GET /echo HTTP/1.0\r\n" HOST "\r\n");
	check_answer(&c, 200, "GET /echo  127.0.0.1");
	assert_true(client_at_end(&c));
	client_close(&c);
}

/* ---- Times ---------------------------------------------------------- */

/* Side by side: each has its own time. */
static void
slow_heads_end(void **state)
{
	struct client mute, silent, partial, second;

	(void)state;
	world_defaults(&world);
	world.config.header_timeout = 1000;
	world_start(&world);
	client_open(&second);
	client_send(&second, "GET /echo HTTP/1.1\r\n" HOST "\r\nG");
	client_open(&partial);
	client_send(&partial, "GET / HT");
	client_open(&silent);
	client_socket(&mute);
	client_connect(&mute, world.port);
	client_tls(&mute);
	check_answer(&partial, 408, "header_timeout");
	assert_true(client_at_end(&partial));
	/* The second request, too, has its time from its first byte. */
	check_answer(&second, 200, "GET /echo  127.0.0.1");
	check_answer(&second, 408, "header_timeout");
	/* No byte of HTTP, and none of TLS: nothing to answer to. */
	assert_true(client_at_end(&silent));
	assert_int_equal(recv(mute.fd, mute.got, 1, 0), 0);
	client_close(&second);
	client_close(&partial);
	client_close(&silent);
	client_close(&mute);
}

/* A byte now and then does not buy more time. */
static void
trickles_end(void **state)
{
	static const char request[] = "GET /echo HTTP/1.1\r\n" HOST "\r\n";
	struct pollfd answer = { .events = POLLIN };
	struct client c;
	int sent = 0;

	(void)state;
	world_defaults(&world);
	world.config.header_timeout = 1000;
	world_start(&world);
	client_open(&c);
	client_send(&c, request);
	check_answer(&c, 200, "GET /echo  127.0.0.1");
	client_send(&c, "GET /");
	answer.fd = c.fd;
	for (; sent < 200 && poll(&answer, 1, 20) == 0; sent++)
		client_send(&c, "a");
	assert_true(sent < 100);
	check_answer(&c, 408, "header_timeout");
	client_close(&c);
}

static void
slow_bodies_end(void **state)
{
	struct client c;

	(void)state;
	world_defaults(&world);
	world.config.body_timeout = 100;
	world_start(&world);
	client_open(&c);
	client_send(
	    &c, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nab");
	check_answer(&c, 408, "body_timeout");
	assert_true(client_at_end(&c));
	client_close(&c);
	client_open(&c);
	client_send(&c, "POST /later HTTP/1.1\r\n" HOST
			"Transfer-Encoding: chunked\r\n\r\n3\r\na");
	check_answer(&c, 408, "body_timeout");
	client_close(&c);
	/* Read over: there has been an answer already. */
	client_open(&c);
	client_send(&c,
	    "POST /unwanted HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na");
	check_answer(&c, 200, "POST /unwanted  127.0.0.1");
	assert_true(client_at_end(&c));
	client_close(&c);
}

static void
idle_connections_end(void **state)
{
	struct client c;

	(void)state;
	world_defaults(&world);
	world.config.idle_timeout = 100;
	world_start(&world);
	client_open(&c);
	client_send(&c, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
	check_answer(&c, 200, "GET /echo  127.0.0.1");
	assert_true(client_at_end(&c));
	client_close(&c);
}

static void
readers_that_never_read_end(void **state)
{
	struct client c;
	int small = 4096, error = 0;
	ssize_t n;

	(void)state;
	world_defaults(&world);
	world.config.write_timeout = 200;
	world_start(&world);
	client_socket(&c);
	(void)setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	client_connect(&c, world.port);
	client_tls(&c);
	assert_true(client_shake(&c));
	for (int i = 0; i < 4; i++)
		client_send(&c, "GET /big HTTP/1.1\r\n" HOST "\r\n");
	/* Without a single read, the provider gives up. */
	while (rv_endpoints_live(world.endpoints) > 0)
		(void)usleep(1000);
	do
		n = recv(c.fd, c.got, sizeof(c.got), 0);
	while (n > 0);
	error = errno;
	assert_int_equal(n, -1);
	assert_int_equal(error, ECONNRESET);
	client_close(&c);
}

/* ---- Peers that go -------------------------------------------------- */

static void
wait_until(atomic_uint *counter, unsigned value)
{
	for (int i = 0; i < 20000 && atomic_load(counter) != value; i++)
		(void)usleep(1000);
	assert_int_equal(atomic_load(counter), value);
}

static void
gone_peers_are_noticed(void **state)
{
	const struct linger now = { .l_onoff = 1 };
	struct client c, other;

	(void)state;
	start();
	for (int how = 0; how < 3; how++) {
		atomic_store(&n_gone, 0);
		client_open(&c);
		client_send(&c, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
		wait_until(&n_held, 1);
		if (how == 0)
			(void)SSL_shutdown(c.ssl);
		if (how == 1)
			(void)shutdown(c.fd, SHUT_WR);
		if (how == 2)
			(void)setsockopt(
			    c.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		if (how == 2)
			client_close(&c);
		wait_until(&n_gone, 1);
		client_open(&other);
		client_send(&other, "GET /release HTTP/1.1\r\n" HOST "\r\n");
		check_answer(&other, 200, "GET /release  127.0.0.1");
		client_close(&other);
		if (how != 2)
			client_close(&c);
	}
	/* In the middle of a body. */
	atomic_store(&n_gone, 0);
	client_open(&c);
	client_send(&c, "POST /echo HTTP/1.1\r\n" HOST
			"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(client_answer(&c, true), 100);
	client_close(&c);
	wait_until(&n_gone, 1);
}

/* Answers that are released from another connection's turn. */
static void
answers_come_when_they_are_ready(void **state)
{
	struct client c[8], other;

	(void)state;
	start();
	for (int i = 0; i < 8; i++) {
		client_open(&c[i]);
		client_send(&c[i], "GET /hold HTTP/1.1\r\n" HOST "\r\n"
				   "GET /echo HTTP/1.1\r\n" HOST "\r\n");
	}
	wait_until(&n_held, 8);
	client_open(&other);
	client_send(&other, "GET /release HTTP/1.1\r\n" HOST "\r\n");
	check_answer(&other, 200, "GET /release  127.0.0.1");
	client_close(&other);
	for (int i = 0; i < 8; i++) {
		check_answer(&c[i], 200, "GET /hold  127.0.0.1");
		check_answer(&c[i], 200, "GET /echo  127.0.0.1");
		client_close(&c[i]);
	}
}

static void
key_update_floods_end(void **state)
{
	struct client c;
	int i;

	(void)state;
	start();
	client_open(&c);
	for (i = 0; i < 10; i++) {
		assert_int_equal(
		    SSL_key_update(c.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		client_send(&c, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
		check_answer(&c, 200, "GET /echo  127.0.0.1");
	}
	for (i = 0; i < 100; i++) {
		if (SSL_key_update(c.ssl, SSL_KEY_UPDATE_REQUESTED) != 1)
			break;
		client_send(&c, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
		if (client_answer(&c, true) != 200)
			break;
	}
	assert_true(i < 40);
	client_close(&c);
}

static void
other_protocols_are_refused(void **state)
{
	struct client c;

	(void)state;
	start();
	/* HTTP without TLS: no byte of an answer in the clear. */
	client_socket(&c);
	client_connect(&c, world.port);
	client_tls(&c);
	assert_true(send(c.fd, "GET / HTTP/1.1\r\n\r\n", 18, 0) == 18);
	while (recv(c.fd, c.got, sizeof(c.got), 0) > 0)
		assert_memory_not_equal(c.got, "HTTP", 4);
	client_close(&c);
	client_socket(&c);
	client_connect(&c, world.port);
	client_tls(&c);
	(void)SSL_set_alpn_protos(c.ssl, (const unsigned char *)"\x02h2", 3);
	assert_false(client_shake(&c));
	client_close(&c);
	assert_int_equal(atomic_load(&n_begun), 0);
}

/* ---- Ending --------------------------------------------------------- */

static void
draining_ends_connections(void **state)
{
	struct client idle, busy, other, late;

	(void)state;
	start();
	client_open(&idle);
	client_send(&idle, "GET /echo HTTP/1.1\r\n" HOST "\r\n");
	check_answer(&idle, 200, "GET /echo  127.0.0.1");
	client_open(&other);
	client_send(&other, "GET /echo HTTP/1.1\r\n" HOST "\r\nGET /rel");
	check_answer(&other, 200, "GET /echo  127.0.0.1");
	client_open(&busy);
	client_send(&busy, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	wait_until(&n_held, 1);
	world_command(&world, 's');
	world_command(&world, 'd');
	assert_true(client_at_end(&idle));
	client_socket(&late);
	assert_int_equal(
	    connect(late.fd,
		(struct sockaddr *)&(struct sockaddr_in){ .sin_family = AF_INET,
		    .sin_port = htons(world.port),
		    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
		sizeof(struct sockaddr_in)),
	    -1);
	assert_int_equal(errno, ECONNREFUSED);
	client_send(&other, "ease HTTP/1.1\r\n" HOST "\r\n");
	check_answer(&other, 200, "GET /release  127.0.0.1");
	assert_true(has(&other, "\r\nConnection: close\r\n"));
	check_answer(&busy, 200, "GET /hold  127.0.0.1");
	assert_true(has(&busy, "\r\nConnection: close\r\n"));
	assert_true(client_at_end(&busy));
	client_close(&idle);
	client_close(&other);
	client_close(&busy);
	client_close(&late);
}

static void
stopping_ends_everything(void **state)
{
	struct client c, other;

	(void)state;
	start();
	client_open(&c);
	client_send(&c, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	client_open(&other);
	client_send(&other,
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\na");
	wait_until(&n_begun, 2);
	world_stop(&world);
	assert_int_equal(atomic_load(&n_gone), 2);
	stub_release();
	client_close(&c);
	client_close(&other);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, world_after)
	const struct CMUnitTest tests[] = {
		TEST(requests_follow_each_other),
		TEST(head_has_no_body),
		TEST(bytes_may_come_one_by_one),
		TEST(pipelined_requests_keep_their_order),
		TEST(nothing_runs_after_a_fault),
		TEST(statuses_fit_the_fault),
		TEST(floods_get_their_answer),
		TEST(continue_is_said_when_the_body_is_wanted),
		TEST(unwanted_bodies_are_read_over),
		TEST(large_bodies_go_both_ways),
		TEST(broken_answers_are_not_sent),
		TEST(answers_may_end_the_connection),
		TEST(slow_heads_end),
		TEST(trickles_end),
		TEST(slow_bodies_end),
		TEST(idle_connections_end),
		TEST(readers_that_never_read_end),
		TEST(gone_peers_are_noticed),
		TEST(answers_come_when_they_are_ready),
		TEST(key_update_floods_end),
		TEST(other_protocols_are_refused),
		TEST(draining_ends_connections),
		TEST(stopping_ends_everything),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
