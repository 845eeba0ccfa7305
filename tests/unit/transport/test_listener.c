/* Addresses, sockets of several loops, and how many connections there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/syscall.h>

#include "unit/transport/stub.h"

#define REQUEST "GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n"

static atomic_bool no_descriptors;
static atomic_uint tried;

/* The listener's, in place of the library's. */
int
accept4(int fd, __SOCKADDR_ARG address, socklen_t *restrict n, int flags)
{
	(void)atomic_fetch_add(&tried, 1);
	if (atomic_load(&no_descriptors)) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_accept4, fd, address.__sockaddr__, n, flags);
}

static void
addresses_are_checked(void **state)
{
	static const char *const wrong[] = { "", ":", "127.0.0.1",
		"127.0.0.1:", ":8443", "localhost:8443", "127.0.0.1:65536",
		"127.0.0.1:-1", "127.0.0.1:x", "127.0.0.1:8443 ", "127.1:1",
		"127.0.0.1.1:1", "::1:8443", "[::1]", "[::1", "[::1]8443",
		"[]:1", "[127.0.0.1]:1", "[::1%lo]:1", "*:8443",
		"[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:1" };
	static const char *const good[] = { "127.0.0.1:0", "0.0.0.0:8443",
		"[::1]:0", "[::]:65535", "[::ffff:1.2.3.4]:1" };
	struct rv_endpoints *eps = NULL;
	struct rv_error e;

	(void)state;
	world_defaults(&world);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		world.config.listen.v = &wrong[i];
		if (rv_endpoints_new(&world.config, &eps, &e) != RV_ERR_INVALID)
			fail_msg("accepted: \"%s\"", wrong[i]);
		assert_null(eps);
		assert_non_null(strstr(e.text, wrong[i]));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		world.config.listen.v = &good[i];
		if (rv_endpoints_new(&world.config, &eps, &e) != RV_OK)
			fail_msg("%s: %s", good[i], e.text);
		rv_endpoints_free(&eps);
		assert_null(eps);
	}
	world.config.listen.n = 0;
	assert_int_equal(
	    rv_endpoints_new(&world.config, &eps, &e), RV_ERR_INVALID);
}

/* Two loops on one thread here: each has its socket on the same port. */
static void
loops_share_the_port(void **state)
{
	struct rv_listener *second = NULL, *third = NULL;
	struct rv_loop loop = { event_base_new() };
	struct rv_listener_args args;
	struct rv_error e = { "" };
	struct client c;

	(void)state;
	world_defaults(&world);
	world_start(&world);
	assert_int_not_equal(world.port, 0);
	args = (struct rv_listener_args){ &loop, &world.config, world.tls,
		world.endpoints };
	assert_int_equal(rv_listener_new(&args, &second, &e), RV_OK);
	assert_int_equal(rv_endpoints_port(world.endpoints), world.port);
	/* What went to the second is there when its loop runs. */
	for (int i = 0; i < 1000 && rv_listener_live(second) == 0; i++) {
		client_socket(&c);
		client_connect(&c, world.port);
		(void)event_base_loop(loop.base, EVLOOP_NONBLOCK);
		(void)close(c.fd);
	}
	assert_int_not_equal(rv_listener_live(second), 0);
	assert_true(
	    rv_endpoints_live(world.endpoints) >= rv_listener_live(second));
	rv_listener_free(&second);
	assert_null(second);
	rv_listener_free(&third); /* nothing to do */
	event_base_free(loop.base);
}

static void
a_taken_port_is_an_error(void **state)
{
	struct rv_loop loop = { event_base_new() };
	struct rv_listener *l = NULL;
	struct rv_listener_args args;
	struct rv_endpoints *eps = NULL;
	struct rv_error e = { "" };
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[32];
	const char *v = text;

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	(void)snprintf(text, sizeof(text), "127.0.0.1:%u", ntohs(a.sin_port));
	world_defaults(&world);
	world.config.listen.v = &v;
	assert_int_equal(rv_endpoints_new(&world.config, &eps, &e), RV_OK);
	args = (struct rv_listener_args){ &loop, &world.config, NULL, eps };
	assert_int_equal(rv_listener_new(&args, &l, &e), RV_ERR_IO);
	assert_null(l);
	assert_non_null(strstr(e.text, text));
	rv_endpoints_free(&eps);
	event_base_free(loop.base);
	(void)close(fd);
}

static void
check_served(struct client *c)
{
	client_send(c, REQUEST);
	assert_int_equal(client_answer(c, true), 200);
}

static void
check_ipv6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons(world.port) };
	struct client c;

	client_socket(&c);
	(void)close(c.fd);
	c.fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c.fd, (struct sockaddr *)&a, sizeof(a)), 0);
	client_tls(&c);
	assert_true(client_shake(&c));
	check_served(&c);
	assert_string_equal(client_body(&c), "GET /echo  ::1");
	client_close(&c);
}

/* A machine without IPv6: the operator is told which address it was. */
static void
check_no_ipv6(void)
{
	struct rv_listener_args args = { .loop = &world.loop,
		.config = &world.config };
	struct rv_listener *listener = NULL;
	struct rv_error e = { "" };

	world.loop.base = event_base_new();
	assert_int_equal(
	    rv_endpoints_new(&world.config, &args.endpoints, &e), RV_OK);
	assert_int_equal(rv_listener_new(&args, &listener, &e), RV_ERR_IO);
	assert_non_null(strstr(e.text, "[::1]"));
	rv_endpoints_free(&args.endpoints);
	event_base_free(world.loop.base);
}

static void
ipv6_is_served(void **state)
{
	static const char *const v6[] = { "[::1]:0" };
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	bool is_there =
	    fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;

	(void)state;
	if (fd >= 0)
		(void)close(fd);
	world_defaults(&world);
	world.config.listen.v = v6;
	if (!is_there) {
		check_no_ipv6();
		return;
	}
	world_start(&world);
	check_ipv6();
}

/* Two providers on one port would each get some of the callers. */
static void
a_port_in_use_is_refused(void **state)
{
	char address[32];
	const char *const taken[] = { address };
	struct rv_listener *listener = NULL;
	struct rv_config config;
	struct rv_error e = { "" };
	struct rv_listener_args args = { .loop = &world.loop };

	(void)state;
	world_defaults(&world);
	world_start(&world);
	(void)snprintf(
	    address, sizeof(address), "127.0.0.1:%u", (unsigned)world.port);
	config = world.config;
	config.listen.v = taken;
	config.listen.n = 1;
	args.config = &config;
	args.tls = world.tls;
	assert_int_equal(rv_endpoints_new(&config, &args.endpoints, &e), RV_OK);
	assert_int_equal(rv_listener_new(&args, &listener, &e), RV_ERR_IO);
	assert_non_null(strstr(e.text, address));
	rv_endpoints_free(&args.endpoints);
}

/* One more than there may be waits until another has ended. */
static void
connections_are_limited(void **state)
{
	struct client c[3];

	(void)state;
	world_defaults(&world);
	world.config.max_connections = 2;
	world_start(&world);
	for (int i = 0; i < 2; i++) {
		client_open(&c[i]);
		check_served(&c[i]);
	}
	assert_int_equal(rv_endpoints_live(world.endpoints), 2);
	client_socket(&c[2]);
	client_connect(&c[2], world.port);
	client_tls(&c[2]);
	check_served(&c[0]); /* a turn of the loop has passed */
	assert_int_equal(rv_endpoints_live(world.endpoints), 2);
	client_close(&c[1]);
	assert_true(client_shake(&c[2]));
	check_served(&c[2]);
	assert_int_equal(rv_endpoints_live(world.endpoints), 2);
	client_close(&c[0]);
	client_close(&c[2]);
}

static void
a_lack_of_descriptors_is_survived(void **state)
{
	unsigned logged_before, tried_before;
	struct client c, waits;

	(void)state;
	world_defaults(&world);
	world_start(&world);
	client_open(&c);
	logged_before = atomic_load(&logged);
	tried_before = atomic_load(&tried);
	atomic_store(&no_descriptors, true);
	client_socket(&waits);
	client_connect(&waits, world.port);
	client_tls(&waits);
	/* Many turns of the loop, and others are served all the while. */
	for (int i = 0; i < 2000; i++)
		check_served(&c);
	assert_int_equal(atomic_load(&logged), logged_before + 1);
	assert_true(atomic_load(&tried) - tried_before < 500);
	atomic_store(&no_descriptors, false);
	assert_true(client_shake(&waits));
	check_served(&waits);
	client_close(&c);
	client_close(&waits);
}

/* Half-open connections take places, but not for long. */
static void
silent_connections_do_not_stay(void **state)
{
	struct client c[32], good;

	(void)state;
	world_defaults(&world);
	world.config.max_connections = 16;
	world.config.header_timeout = 1000;
	world_start(&world);
	for (int i = 0; i < 32; i++) {
		client_socket(&c[i]);
		client_connect(&c[i], world.port);
	}
	client_open(&good);
	check_served(&good);
	client_close(&good);
	for (int i = 0; i < 32; i++)
		(void)close(c[i].fd);
}

/* ---- Who has not signed in ------------------------------------------ */

static void
check_path(struct client *c, const char *path, int status)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	client_send(c, text);
	assert_int_equal(client_answer(c, true), status);
}

/* Up to half of them nobody is refused; at the whole, everybody is. */
static void
unauthenticated_connections_are_limited(void **state)
{
	struct client c[8], more;
	unsigned in = 0;

	(void)state;
	world_defaults(&world);
	world.config.max_unauthenticated = 4;
	world_start(&world);
	for (int i = 0; i < 2; i++) {
		client_open(&c[i]);
		check_served(&c[i]);
	}
	assert_int_equal(rv_endpoints_unauthenticated(world.endpoints), 2);
	/* Somewhere between is chance; the fifth is never taken. */
	for (int i = 2; i < 8; i++) {
		client_socket(&c[i]);
		client_connect(&c[i], world.port);
		client_tls(&c[i]);
		in += client_shake(&c[i]);
		assert_true(rv_endpoints_unauthenticated(world.endpoints) <= 4);
	}
	assert_true(in <= 2);
	/* Who signs in makes room. */
	for (int i = 0; i < 2; i++)
		check_path(&c[i], "/sign-in", 200);
	assert_true(rv_endpoints_unauthenticated(world.endpoints) <= 2);
	for (int i = 2; i < 8; i++)
		client_close(&c[i]);
	while (rv_endpoints_unauthenticated(world.endpoints) > 0)
		check_path(&c[0], "/echo", 200);
	client_open(&more);
	check_served(&more);
	client_close(&more);
	client_close(&c[0]);
	client_close(&c[1]);
}

static void
who_does_not_sign_in_is_ended(void **state)
{
	struct client silent, refused, open, known, late;

	(void)state;
	world_defaults(&world);
	world.config.authentication_timeout = 300;
	world_start(&world);
	client_open(&silent);
	client_open(&refused);
	client_open(&open);
	client_open(&known);
	client_open(&late);
	check_path(&known, "/sign-in", 200);
	check_path(&open, "/echo", 200);
	check_path(&refused, "/echo", 200);
	check_path(&refused, "/refused", 401);
	/* An unfinished head is answered, not cut off. */
	client_send(&late, "GET /echo HTTP/1.1\r\n");
	assert_int_equal(client_answer(&late, true), 408);
	assert_true(client_at_end(&silent));
	assert_true(client_at_end(&refused));
	check_path(&open, "/echo", 200);
	check_path(&known, "/echo", 200);
	client_close(&silent);
	client_close(&refused);
	client_close(&open);
	client_close(&known);
	client_close(&late);
}

/* ---- The second listener -------------------------------------------- */

static void
certificates_are_demanded_on_the_second(void **state)
{
	static const char *const second[] = { "127.0.0.1:0" };
	struct client c;
	uint16_t port;

	(void)state;
	world_defaults(&world);
	world.config.listen_certificate.v = second;
	world.config.listen_certificate.n = 1;
	world_start(&world);
	port = rv_endpoints_certificate_port(world.endpoints);
	assert_int_not_equal(port, 0);
	assert_int_not_equal(port, world.port);
	client_open(&c);
	check_served(&c);
	client_close(&c);
	client_socket(&c);
	client_connect(&c, port);
	client_tls(&c);
	/* TLS 1.3: the client is done before the server says no. */
	(void)client_shake(&c);
	client_send(&c, REQUEST);
	assert_int_equal(client_answer(&c, true), -1);
	client_close(&c);
	client_socket(&c);
	client_connect(&c, port);
	client_tls(&c);
	assert_int_equal(
	    SSL_use_certificate_file(c.ssl, world.pki.cert, SSL_FILETYPE_PEM),
	    1);
	assert_int_equal(
	    SSL_use_PrivateKey_file(c.ssl, world.pki.key, SSL_FILETYPE_PEM), 1);
	assert_true(client_shake(&c));
	check_served(&c);
	client_close(&c);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, world_after)
	const struct CMUnitTest tests[] = {
		TEST(addresses_are_checked),
		TEST(loops_share_the_port),
		TEST(a_taken_port_is_an_error),
		TEST(ipv6_is_served),
		TEST(a_port_in_use_is_refused),
		TEST(connections_are_limited),
		TEST(a_lack_of_descriptors_is_survived),
		TEST(silent_connections_do_not_stay),
		TEST(unauthenticated_connections_are_limited),
		TEST(who_does_not_sign_in_is_ended),
		TEST(certificates_are_demanded_on_the_second),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
