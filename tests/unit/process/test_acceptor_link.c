/* The link to the acceptor, with this program as the acceptor. */
#include "unit/unit.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "loop/loop.h"
#include "process/accept_codec.h"
#include "process/acceptor_link.h"

struct asking {
	struct rv_accept_call call;
	unsigned answers;
	enum rv_auth_refusal refusal;
	char principal[RV_PRINCIPAL_MAX];
	struct asking *next; /* to be asked when this one is answered */
	struct fixture *f;
};

struct fixture {
	struct rv_loop *loop;
	struct rv_acceptor_link *link;
	int peer; /* -1: closed */
	char question[RV_QUESTION_MAX];
};

static int
set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct rv_error e;
	int pair[2];

	assert_non_null(f);
	assert_int_equal(rv_loop_new(NULL, 0, &f->loop, &e), RV_OK);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(
	    rv_acceptor_link_new(f->loop, pair[0], &f->link), RV_OK);
	f->peer = pair[1];
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->peer >= 0)
		(void)close(f->peer);
	rv_acceptor_link_free(&f->link);
	rv_loop_free(&f->loop);
	free(f);
	return 0;
}

/* One turn of the loop, which runs on this thread. */
static void
turn(const struct fixture *f)
{
	(void)event_base_loop(
	    rv_loop_base(f->loop), EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void
done(struct rv_accept_call *call, struct rv_accepted *accepted)
{
	struct asking *a = call->arg;

	a->answers++;
	a->refusal = accepted->refusal;
	memcpy(a->principal, accepted->principal, sizeof(a->principal));
	if (a->next != NULL)
		assert_int_equal(
		    rv_acceptor_ask(a->f->link, &a->next->call), RV_OK);
}

static void
prepare(struct fixture *f, struct asking *a, struct rv_slice token)
{
	*a = (struct asking){ .f = f,
		.call = { .token = token, .done = done, .arg = a } };
}

static int
ask(struct fixture *f, struct asking *a, const char *token)
{
	prepare(f, a, rv_slice_of(token));
	return rv_acceptor_ask(f->link, &a->call);
}

/* What the acceptor gets; false when nothing is there. */
static bool
take(struct fixture *f, struct rv_question *q)
{
	ssize_t n =
	    recv(f->peer, f->question, sizeof(f->question), MSG_DONTWAIT);

	*q = (struct rv_question){ .id = 0 };
	if (n <= 0)
		return false;
	assert_int_equal(
	    rv_question_decode((struct rv_slice){ f->question, (size_t)n }, q),
	    RV_OK);
	return true;
}

/* Says that the token was a name. */
static void
say(const struct fixture *f, uint64_t id, const char *name)
{
	struct rv_accepted accepted = { .refusal = RV_REFUSED_NOT };
	struct rv_buf out;

	(void)snprintf(
	    accepted.principal, sizeof(accepted.principal), "%s", name);
	rv_buf_init(&out, 0);
	assert_int_equal(rv_answer_encode(id, &accepted, &out), RV_OK);
	assert_int_equal(send(f->peer, out.p, out.n, 0), out.n);
	rv_buf_fini(&out);
}

/* ---- Tests -------------------------------------------------------------------- */

/* Answers in another order than the questions reach their own. */
static void
test_each_gets_its_own(void **state)
{
	struct fixture *f = *state;
	struct rv_question q[3];
	struct asking a[3];
	static const char *const names[] = { "one", "two", "three" };

	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ask(f, &a[i], names[i]), RV_OK);
	for (size_t i = 0; i < 3; i++) {
		assert_true(take(f, &q[i]));
		assert_true(rv_slice_eq_cstr(q[i].token, names[i]));
	}
	say(f, q[2].id, "three");
	say(f, q[0].id, "one");
	say(f, q[1].id, "two");
	turn(f);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(a[i].answers, 1);
		assert_string_equal(a[i].principal, names[i]);
	}
}

static void
test_bindings_arrive(void **state)
{
	struct fixture *f = *state;
	struct asking a;
	struct rv_question q;

	prepare(f, &a, RV_SLICE_LIT("token"));
	a.call.bindings[0] = RV_SLICE_LIT("tls-server-end-point:x");
	a.call.bindings[1] = RV_SLICE_LIT("y");
	a.call.n_bindings = 2;
	assert_int_equal(rv_acceptor_ask(f->link, &a.call), RV_OK);
	assert_true(take(f, &q));
	assert_int_equal(q.n_bindings, 2);
	assert_true(rv_slice_eq_cstr(q.bindings[0], "tls-server-end-point:x"));
	assert_true(rv_slice_eq_cstr(q.bindings[1], "y"));
	assert_true(q.deadline_boot_ms > rv_boot_ms());
}

/* Two answers to one question, and one to none. */
static void
test_answers_to_nobody(void **state)
{
	struct fixture *f = *state;
	struct asking first, second;
	struct rv_question q;

	assert_int_equal(ask(f, &first, "first"), RV_OK);
	assert_true(take(f, &q));
	say(f, q.id, "first");
	say(f, q.id, "once more");
	say(f, q.id + 1, "too early");
	say(f, q.id + RV_ACCEPTOR_LINK_WAITING, "of the same slot");
	turn(f);
	assert_int_equal(first.answers, 1);
	assert_string_equal(first.principal, "first");
	assert_int_equal(ask(f, &second, "second"), RV_OK);
	say(f, q.id, "late");
	turn(f);
	assert_int_equal(second.answers, 0);
}

/* A damaged answer ends its question, refused. */
static void
test_damaged_answer(void **state)
{
	struct fixture *f = *state;
	struct asking a;
	struct rv_question q;
	char bytes[16] = { 0 };

	assert_int_equal(ask(f, &a, "token"), RV_OK);
	assert_true(take(f, &q));
	for (size_t i = 0; i < 8; i++)
		bytes[i] = (char)(q.id >> (8 * i));
	assert_int_equal(send(f->peer, bytes, 3, 0), 3);
	turn(f);
	assert_int_equal(a.answers, 0);
	assert_int_equal(send(f->peer, bytes, sizeof(bytes), 0), 16);
	turn(f);
	assert_int_equal(a.answers, 1);
	assert_int_equal(a.refusal, RV_REFUSED_INTERNAL);
}

static void
test_acceptor_ends(void **state)
{
	struct fixture *f = *state;
	struct asking a[2], later;

	assert_int_equal(ask(f, &a[0], "one"), RV_OK);
	assert_int_equal(ask(f, &a[1], "two"), RV_OK);
	(void)close(f->peer);
	f->peer = -1;
	turn(f);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(a[i].answers, 1);
		assert_int_equal(a[i].refusal, RV_REFUSED_INTERNAL);
	}
	assert_int_equal(ask(f, &later, "three"), RV_ERR_UNAVAILABLE);
	assert_int_equal(later.answers, 0);
}

/* done() asks the next, in the slot that has just become free. */
static void
test_ask_from_done(void **state)
{
	struct fixture *f = *state;
	struct asking first, second;
	struct rv_question q;

	prepare(f, &second, RV_SLICE_LIT("second"));
	assert_int_equal(ask(f, &first, "first"), RV_OK);
	first.next = &second;
	assert_true(take(f, &q));
	say(f, q.id, "first");
	turn(f);
	assert_true(take(f, &q));
	assert_true(rv_slice_eq_cstr(q.token, "second"));
	say(f, q.id, "second");
	turn(f);
	assert_int_equal(second.answers, 1);
}

/*
 * More than the socket takes: all wait in their order, one more is refused,
 * and a place is free again after an answer.
 */
static void
test_full(void **state)
{
	struct fixture *f = *state;
	struct asking *a = calloc(RV_ACCEPTOR_LINK_WAITING + 1, sizeof(*a));
	char *token = malloc(RV_NEGOTIATE_TOKEN_MAX);
	struct rv_slice s = { token, RV_NEGOTIATE_TOKEN_MAX };
	struct rv_question q;

	assert_non_null(a);
	assert_non_null(token);
	memset(token, 'x', RV_NEGOTIATE_TOKEN_MAX);
	for (unsigned i = 0; i < RV_ACCEPTOR_LINK_WAITING; i++) {
		token[0] = (char)(unsigned char)i;
		prepare(f, &a[i], s);
		assert_int_equal(rv_acceptor_ask(f->link, &a[i].call), RV_OK);
	}
	assert_int_equal(
	    ask(f, &a[RV_ACCEPTOR_LINK_WAITING], "x"), RV_ERR_LIMIT);
	for (unsigned i = 0; i < RV_ACCEPTOR_LINK_WAITING; i++) {
		while (!take(f, &q))
			turn(f);
		assert_int_equal(q.token.n, RV_NEGOTIATE_TOKEN_MAX);
		assert_int_equal((unsigned char)q.token.p[0], i);
		say(f, q.id, "somebody");
		turn(f);
	}
	turn(f);
	for (unsigned i = 0; i < RV_ACCEPTOR_LINK_WAITING; i++)
		assert_int_equal(a[i].answers, 1);
	assert_int_equal(ask(f, &a[RV_ACCEPTOR_LINK_WAITING], "again"), RV_OK);
	free(token);
	free(a);
}

static void
test_too_long(void **state)
{
	struct fixture *f = *state;
	char *token = calloc(1, RV_NEGOTIATE_TOKEN_MAX + 1);
	struct asking a;

	assert_non_null(token);
	prepare(f, &a, (struct rv_slice){ token, RV_NEGOTIATE_TOKEN_MAX + 1 });
	assert_int_equal(rv_acceptor_ask(f->link, &a.call), RV_ERR_LIMIT);
	prepare(f, &a, RV_SLICE_LIT("token"));
	a.call.n_bindings = 1;
	a.call.bindings[0] = (struct rv_slice){ token, RV_BINDING_MAX + 1 };
	assert_int_equal(rv_acceptor_ask(f->link, &a.call), RV_ERR_LIMIT);
	a.call.n_bindings = RV_BINDINGS_MAX + 1;
	assert_int_equal(rv_acceptor_ask(f->link, &a.call), RV_ERR_LIMIT);
	assert_int_equal(recv(f->peer, token, 1, MSG_DONTWAIT), -1);
	free(token);
}

/* Any one byte of the head changed: refused, or the lengths still agree. */
static void
test_question_head(void **state)
{
	const struct rv_question q = { .id = 1,
		.deadline_boot_ms = 5,
		.token = RV_SLICE_LIT("token"),
		.bindings = { RV_SLICE_LIT("binding") },
		.n_bindings = 1 };
	struct rv_question out;
	struct rv_buf b;

	(void)state;
	rv_buf_init(&b, 0);
	assert_int_equal(rv_question_encode(&q, &b), RV_OK);
	assert_int_equal(b.n, RV_ACCEPT_HEAD + 12);
	for (size_t i = 16; i < RV_ACCEPT_HEAD; i++) {
		b.p[i] ^= 0x40;
		assert_int_equal(
		    rv_question_decode(rv_buf_slice(&b), &out), RV_ERR_INVALID);
		b.p[i] ^= 0x40;
	}
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(
		    rv_question_decode((struct rv_slice){ b.p, n }, &out),
		    RV_ERR_INVALID);
	rv_buf_putc(&b, 'x');
	assert_int_equal(
	    rv_question_decode(rv_buf_slice(&b), &out), RV_ERR_INVALID);
	rv_buf_fini(&b);
}

int
main(void)
{
#define WITH_LINK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_LINK(test_each_gets_its_own),
		WITH_LINK(test_bindings_arrive),
		WITH_LINK(test_answers_to_nobody),
		WITH_LINK(test_damaged_answer),
		WITH_LINK(test_acceptor_ends),
		WITH_LINK(test_ask_from_done),
		WITH_LINK(test_full),
		WITH_LINK(test_too_long),
		cmocka_unit_test(test_question_head),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
