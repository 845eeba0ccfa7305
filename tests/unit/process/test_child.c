/* What a process is given, and whom it believes. */
#include "unit/unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify.h"
#include "process/child.h"

static void
test_operand(void **state)
{
	struct rv_child c;

	(void)state;
	assert_int_equal(
	    rv_child_parse(RV_SLICE_LIT("net:3:15000:a4,a5,k6,s7,"), &c),
	    RV_OK);
	assert_string_equal(c.name, "net");
	assert_int_equal(c.control, 3);
	assert_int_equal(c.watchdog_ms, 15000);
	assert_int_equal(c.n_links, 2);
	assert_int_equal(c.links[0], 4);
	assert_int_equal(c.links[1], 5);
	assert_int_equal(c.keeper, 6);
	assert_int_equal(c.rescue, 7);
	assert_int_equal(
	    rv_child_parse(RV_SLICE_LIT("keeper:9:0:k10"), &c), RV_OK);
	assert_int_equal(c.keeper, 10);
	assert_int_equal(c.rescue, -1);
	assert_int_equal(c.n_links, 0);
}

static void
test_wrong_operand(void **state)
{
	static const char *const wrong[] = { "", ":", "net", "net:3", "net:3:0",
		":3:0:", "net:2:0:", "net:-3:0:", "net:03:0:", "net:3:x:",
		"net:99999:0:", "net:3:0:b4", "net:3:0:a", "net:3:0:a4,,a5",
		"net:3:0:k4,k5", "net:3:0:s4,s5", "net:3:0: a4", "net:3:0:a1",
		"averyveryverylongname:3:0:", "net:3:86400001:" };
	struct rv_child c;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (rv_child_parse(rv_slice_of(wrong[i]), &c) != RV_ERR_INVALID)
			fail_msg("\"%s\" was taken", wrong[i]);
}

/* 257 links: one more than there can be loops. */
static void
test_too_many_links(void **state)
{
	struct rv_buf operand;
	struct rv_child c;

	(void)state;
	rv_buf_init(&operand, 0);
	rv_buf_puts(&operand, "net:3:0:");
	for (int i = 0; i < RV_CHILD_LINKS_MAX; i++)
		rv_buf_puts(&operand, "a4,");
	assert_int_equal(rv_child_parse(rv_buf_slice(&operand), &c), RV_OK);
	rv_buf_puts(&operand, "a4");
	assert_int_equal(
	    rv_child_parse(rv_buf_slice(&operand), &c), RV_ERR_INVALID);
	rv_buf_fini(&operand);
}

/* This process made the sockets, and not its parent: nobody started it. */
static void
test_not_from_the_supervisor(void **state)
{
	struct rv_child c;
	char operand[64];
	struct rv_error e = { "" };
	int pair[2];

	(void)state;
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	(void)snprintf(
	    operand, sizeof(operand), "net:%d:0:a%d", pair[0], pair[1]);
	assert_int_equal(rv_child_take(operand, &c, &e), RV_ERR_DENIED);
	assert_non_null(strstr(e.text, "starts itself"));
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* ---- What a process tells the supervisor ---------------------------------- */

struct line {
	int ends[2];
	struct rv_notify *notify;
};

static void
open_line(struct line *l)
{
	struct rv_error e;

	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, l->ends),
	    0);
	assert_int_equal(rv_notify_over(l->ends[0], 7, &l->notify, &e), RV_OK);
}

static void
close_line(struct line *l)
{
	rv_notify_close(&l->notify);
	/* The descriptor was borrowed. */
	assert_int_equal(close(l->ends[0]), 0);
	assert_int_equal(close(l->ends[1]), 0);
}

static void
expect(const struct line *l, const char *wanted)
{
	char text[128] = "";
	ssize_t n = recv(l->ends[1], text, sizeof(text) - 1, 0);

	assert_int_equal(n, strlen(wanted));
	assert_string_equal(text, wanted);
}

static void
test_states_pass(void **state)
{
	static const char *const good[] = { "READY=1", "STOPPING=1",
		"WATCHDOG=1", "RELOADING=1\nMONOTONIC_USEC=42" };
	struct line l;

	(void)state;
	open_line(&l);
	assert_int_equal(rv_notify_watchdog_ms(l.notify), 7);
	rv_notify_ready(l.notify);
	expect(&l, "READY=1");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(
		    rv_notify_pass(l.notify, rv_slice_of(good[i])), RV_OK);
		expect(&l, good[i]);
	}
	close_line(&l);
}

/* A taken-over process tells the service manager what it likes. */
static void
test_nothing_else_passes(void **state)
{
	static const char *const bad[] = { "", "READY=1\nMAINPID=1", "READY=0",
		"READY=1\n", "FDSTORE=1", "STOPPING=1\nSTATUS=x",
		"RELOADING=1\nMONOTONIC_USEC=", "RELOADING=1",
		"RELOADING=1\nMONOTONIC_USEC=1\nMAINPID=1",
		"RELOADING=1\nMONOTONIC_USEC=-1" };
	struct line l;
	char c;

	(void)state;
	open_line(&l);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(rv_notify_pass(l.notify, rv_slice_of(bad[i])),
		    RV_ERR_INVALID);
	assert_int_equal(recv(l.ends[1], &c, 1, 0), -1);
	close_line(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operand),
		cmocka_unit_test(test_wrong_operand),
		cmocka_unit_test(test_too_many_links),
		cmocka_unit_test(test_not_from_the_supervisor),
		cmocka_unit_test(test_states_pass),
		cmocka_unit_test(test_nothing_else_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
