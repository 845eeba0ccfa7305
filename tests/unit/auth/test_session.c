/*
 * Sessions: tokens, ends, limits, and many threads at once.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reeve/auth.h"

#define NOW  1000000
#define HOUR 3600000

#define HERE  "192.0.2.1"
#define THERE "192.0.2.2"

struct made {
	char token[RV_SESSION_TOKEN_SIZE];
	char id[RV_SESSION_ID_SIZE];
	unsigned char hash[RV_SESSION_HASH_SIZE];
};

static const struct rv_session_place here = { .address = HERE };

static const struct rv_identity *
identity_until(const char *principal, int64_t expires_at_ms)
{
	struct rv_evidence evidence = {
		.method = RV_AUTH_KERBEROS,
		.authenticated_at_ms = NOW,
		.expires_at_ms = expires_at_ms,
	};
	const struct rv_identity *id;

	strncpy(evidence.principal, principal, RV_PRINCIPAL_MAX - 1);
	id = rv_identity_new(&evidence, RV_LEVEL_WINDOWS, NULL, NOW);
	assert_non_null(id);
	return id;
}

static int
setup(void **state)
{
	struct rv_sessions *sessions = NULL;

	if (rv_sessions_new(100, 1000, RV_SESSION_BOUND_ADDRESS, &sessions) !=
	    RV_OK)
		return -1;
	*state = sessions;
	return 0;
}

static int
teardown(void **state)
{
	struct rv_sessions *sessions = *state;

	rv_sessions_free(&sessions);
	rv_sessions_free(&sessions);
	return 0;
}

static int
start_as(struct rv_sessions *sessions, const char *principal,
    const struct rv_session_place *place, int64_t identity_end_ms,
    int64_t lifetime_ms, struct made *made)
{
	const struct rv_identity *id =
	    identity_until(principal, identity_end_ms);
	struct rv_session session;
	char token[RV_SESSION_TOKEN_SIZE];
	int r = rv_session_start(
	    sessions, id, place, NOW, lifetime_ms, token, &session);

	rv_identity_unref(&id);
	if (r != RV_OK)
		return r;
	memcpy(made->token, token, sizeof(token));
	memcpy(made->id, session.id, sizeof(session.id));
	memcpy(made->hash, session.hash, sizeof(session.hash));
	rv_session_fini(&session);
	return r;
}

static int
start(struct rv_sessions *sessions, int64_t identity_end_ms,
    int64_t lifetime_ms, struct made *made)
{
	return start_as(sessions, "alice@LAB.TEST", &here, identity_end_ms,
	    lifetime_ms, made);
}

static int
find_from(struct rv_sessions *sessions, const char *token,
    const struct rv_session_place *place, int64_t now_ms, int64_t *ret_end_ms)
{
	struct rv_session found = { .expires_at_ms = -1 };
	int r = rv_session_find(
	    sessions, rv_slice_of(token), place, now_ms, &found);

	if (ret_end_ms != NULL)
		*ret_end_ms = found.expires_at_ms;
	if (r == RV_OK) {
		assert_non_null(found.identity);
		rv_session_fini(&found);
	} else {
		assert_null(found.identity);
	}
	return r;
}

static int
find(struct rv_sessions *sessions, const char *token, int64_t now_ms,
    int64_t *ret_end_ms)
{
	return find_from(sessions, token, &here, now_ms, ret_end_ms);
}

/* What the holder of a token does to end its session. */
static bool
end_token(struct rv_sessions *sessions, const char *token)
{
	unsigned char hash[RV_SESSION_HASH_SIZE];

	return rv_session_hash(rv_slice_of(token), hash) &&
	       rv_session_end(sessions, hash, false);
}

static void
test_token(void **state)
{
	struct made a, b;

	assert_int_equal(start(*state, NOW + HOUR, HOUR, &a), RV_OK);
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &b), RV_OK);
	assert_int_equal(strlen(a.token), RV_SESSION_TOKEN_SIZE - 1);
	assert_int_equal(strlen(a.id), RV_SESSION_ID_SIZE - 1);
	assert_int_equal(strncmp(a.token, "rvs1_", 5), 0);
	assert_int_equal(strspn(a.token + 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "abcdefghijklmnopqrstuvwxyz"
					     "0123456789-_"),
	    43);
	assert_string_not_equal(a.token, b.token);
	assert_string_not_equal(a.id, b.id);
	/* The public name is no part of the secret. */
	assert_null(strstr(a.token, a.id));
}

static void
test_ends(void **state)
{
	struct made made;
	int64_t end_ms;

	/* The shorter of the two lives. */
	assert_int_equal(start(*state, NOW + HOUR, 2 * HOUR, &made), RV_OK);
	assert_int_equal(find(*state, made.token, NOW, &end_ms), RV_OK);
	assert_int_equal(end_ms, NOW + HOUR);
	assert_int_equal(start(*state, NOW + HOUR, 100, &made), RV_OK);
	assert_int_equal(find(*state, made.token, NOW + 99, &end_ms), RV_OK);
	assert_int_equal(end_ms, NOW + 100);
	assert_int_equal(
	    find(*state, made.token, NOW + 100, NULL), RV_ERR_TIMEOUT);
	/* A clock set back does not revive it. */
	assert_int_equal(find(*state, made.token, NOW, NULL), RV_ERR_TIMEOUT);
	/* No life at all. */
	assert_int_equal(start(*state, NOW, HOUR, &made), RV_ERR_TIMEOUT);
	assert_int_equal(start(*state, NOW + HOUR, 0, &made), RV_ERR_TIMEOUT);
	assert_int_equal(start(*state, NOW + HOUR, -5, &made), RV_ERR_TIMEOUT);
	/* Sums that do not fit. */
	assert_int_equal(start(*state, NOW + HOUR, INT64_MAX, &made), RV_OK);
	assert_int_equal(find(*state, made.token, NOW, &end_ms), RV_OK);
	assert_int_equal(end_ms, NOW + HOUR);
}

static void
test_wrong_tokens(void **state)
{
	char wrong[RV_SESSION_TOKEN_SIZE + 1];
	struct made made;

	assert_int_equal(start(*state, NOW + HOUR, HOUR, &made), RV_OK);
	for (size_t i = 0; i < RV_SESSION_TOKEN_SIZE - 1; i++) {
		memcpy(wrong, made.token, sizeof(made.token));
		wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
		assert_int_equal(
		    find(*state, wrong, NOW, NULL), RV_ERR_NOTFOUND);
	}
	memcpy(wrong, made.token, sizeof(made.token));
	wrong[RV_SESSION_TOKEN_SIZE - 2] = '\0';
	assert_int_equal(find(*state, wrong, NOW, NULL), RV_ERR_NOTFOUND);
	memcpy(wrong, made.token, sizeof(made.token));
	wrong[RV_SESSION_TOKEN_SIZE - 1] = 'A';
	wrong[RV_SESSION_TOKEN_SIZE] = '\0';
	assert_int_equal(find(*state, wrong, NOW, NULL), RV_ERR_NOTFOUND);
	assert_int_equal(find(*state, "", NOW, NULL), RV_ERR_NOTFOUND);
	assert_int_equal(find(*state, NULL, NOW, NULL), RV_ERR_NOTFOUND);
	/* The name of a session opens nothing. */
	assert_int_equal(find(*state, made.id, NOW, NULL), RV_ERR_NOTFOUND);
}

static void
test_end_and_sweep(void **state)
{
	struct made a, b, c;

	assert_int_equal(start(*state, NOW + HOUR, HOUR, &a), RV_OK);
	assert_int_equal(start(*state, NOW + HOUR, 100, &b), RV_OK);
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &c), RV_OK);
	assert_true(end_token(*state, a.token));
	assert_int_equal(find(*state, a.token, NOW, NULL), RV_ERR_NOTFOUND);
	assert_false(end_token(*state, a.token));
	assert_false(end_token(*state, NULL));
	assert_int_equal(rv_sessions_sweep(*state, NOW), 2);
	assert_int_equal(rv_sessions_sweep(*state, NOW + 100), 1);
	assert_int_equal(find(*state, b.token, NOW, NULL), RV_ERR_NOTFOUND);
	assert_int_equal(find(*state, c.token, NOW, NULL), RV_OK);
	assert_int_equal(rv_sessions_sweep(*state, NOW + HOUR), 0);
}

static void
test_limit(void **state)
{
	struct made made[100], more;

	for (size_t i = 0; i < 100; i++)
		assert_int_equal(
		    start(*state, NOW + HOUR, HOUR, &made[i]), RV_OK);
	memset(&more, 'x', sizeof(more));
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &more), RV_ERR_LIMIT);
	assert_int_equal(more.token[0], 'x');
	for (size_t i = 0; i < 100; i++)
		assert_int_equal(find(*state, made[i].token, NOW, NULL), RV_OK);
	assert_true(end_token(*state, made[50].token));
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &more), RV_OK);
	/* A failed start takes no place. */
	assert_true(end_token(*state, made[51].token));
	assert_int_equal(start(*state, NOW, HOUR, &more), RV_ERR_TIMEOUT);
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &more), RV_OK);
}

static void
test_update(void **state)
{
	const struct rv_account account = { .known = true };
	const struct rv_identity *old, *new;
	struct rv_session found;
	struct made made;

	assert_int_equal(start(*state, NOW + HOUR, HOUR, &made), RV_OK);
	old = identity_until("alice@LAB.TEST", NOW + HOUR / 2);
	new = rv_identity_with_account(old, &account, NOW + 5);
	assert_non_null(new);
	rv_session_update(*state, made.hash, new);
	assert_int_equal(rv_session_find(*state, rv_slice_of(made.token), &here,
			     NOW, &found),
	    RV_OK);
	assert_ptr_equal(found.identity, new);
	assert_true(found.identity->groups_known);
	assert_string_equal(found.id, made.id);
	/* Never beyond the end of the identity. */
	assert_int_equal(found.expires_at_ms, NOW + HOUR / 2);
	rv_session_fini(&found);
	/* A session that is gone stays gone. */
	assert_true(end_token(*state, made.token));
	rv_session_update(*state, made.hash, new);
	assert_int_equal(find(*state, made.token, NOW, NULL), RV_ERR_NOTFOUND);
	rv_identity_unref(&old);
	rv_identity_unref(&new);
}

/* ---- Where it may be used --------------------------------------------------------- */

static void
test_bound_to_address(void **state)
{
	const struct rv_session_place there = { .address = THERE };
	struct made made;

	assert_int_equal(start(*state, NOW + HOUR, HOUR, &made), RV_OK);
	assert_int_equal(find(*state, made.token, NOW, NULL), RV_OK);
	assert_int_equal(
	    find_from(*state, made.token, &there, NOW, NULL), RV_ERR_DENIED);
	/* A thief's attempt costs its owner nothing. */
	assert_int_equal(find(*state, made.token, NOW, NULL), RV_OK);
}

static void
test_bound_to_connection(void **state)
{
	const unsigned char one[32] = { 1 }, two[32] = { 2 };
	const struct rv_session_place first = { HERE, one };
	const struct rv_session_place second = { HERE, two };
	struct rv_sessions *sessions = NULL;
	struct made made;

	(void)state;
	assert_int_equal(
	    rv_sessions_new(10, 10, RV_SESSION_BOUND_CONNECTION, &sessions),
	    RV_OK);
	assert_int_equal(start_as(sessions, "alice@LAB.TEST", &first,
			     NOW + HOUR, HOUR, &made),
	    RV_OK);
	assert_int_equal(
	    find_from(sessions, made.token, &first, NOW, NULL), RV_OK);
	assert_int_equal(
	    find_from(sessions, made.token, &second, NOW, NULL), RV_ERR_DENIED);
	assert_int_equal(
	    find_from(sessions, made.token, &here, NOW, NULL), RV_ERR_DENIED);
	/* Without an exporter there is nothing to bind to. */
	assert_int_equal(start_as(sessions, "alice@LAB.TEST", &here, NOW + HOUR,
			     HOUR, &made),
	    RV_ERR_DENIED);
	rv_sessions_free(&sessions);
}

/* ---- Whose they are ------------------------------------------------------------------ */

static void
test_person_limit(void **state)
{
	struct rv_sessions *sessions = NULL;
	struct made made[4], other;

	(void)state;
	assert_int_equal(
	    rv_sessions_new(100, 3, RV_SESSION_BOUND_ADDRESS, &sessions),
	    RV_OK);
	assert_int_equal(
	    start_as(sessions, "bob@LAB.TEST", &here, NOW + HOUR, HOUR, &other),
	    RV_OK);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
		    start(sessions, NOW + HOUR, HOUR, &made[i]), RV_OK);
	/* The oldest of the same person has ended, nobody else's. */
	assert_int_equal(
	    find(sessions, made[0].token, NOW, NULL), RV_ERR_STALE);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(
		    find(sessions, made[i].token, NOW, NULL), RV_OK);
	assert_int_equal(find(sessions, other.token, NOW, NULL), RV_OK);
	rv_sessions_free(&sessions);
}

static void
count(void *arg, const struct rv_session *session)
{
	size_t *n = arg;

	assert_non_null(session->identity);
	assert_string_equal(session->address, HERE);
	(*n)++;
}

static void
test_revoke(void **state)
{
	struct made a, b, c;
	size_t n = 0;

	assert_int_equal(start(*state, NOW + HOUR, HOUR, &a), RV_OK);
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &b), RV_OK);
	assert_int_equal(
	    start_as(*state, "bob@LAB.TEST", &here, NOW + HOUR, HOUR, &c),
	    RV_OK);
	assert_true(rv_session_end_id(*state, a.id, true));
	assert_false(rv_session_end_id(*state, a.id, true));
	assert_int_equal(find(*state, a.token, NOW, NULL), RV_ERR_STALE);
	assert_int_equal(find(*state, b.token, NOW, NULL), RV_OK);
	assert_int_equal(
	    rv_session_end_person(*state, "alice@LAB.TEST", true), 1);
	assert_int_equal(find(*state, b.token, NOW, NULL), RV_ERR_STALE);
	assert_int_equal(find(*state, c.token, NOW, NULL), RV_OK);
	assert_int_equal(rv_sessions_each(*state, NOW, count, &n), RV_OK);
	assert_int_equal(n, 1);
	/* They are forgotten with their time. */
	assert_int_equal(rv_sessions_sweep(*state, NOW + HOUR), 0);
	assert_int_equal(find(*state, a.token, NOW, NULL), RV_ERR_NOTFOUND);
}

static void
test_adopt(void **state)
{
	struct rv_sessions *other = NULL;
	struct rv_session found;
	struct made made;

	assert_int_equal(
	    rv_sessions_new(10, 10, RV_SESSION_BOUND_ADDRESS, &other), RV_OK);
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &made), RV_OK);
	assert_int_equal(rv_session_find(*state, rv_slice_of(made.token), &here,
			     NOW, &found),
	    RV_OK);
	assert_int_equal(find(other, made.token, NOW, NULL), RV_ERR_NOTFOUND);
	assert_int_equal(rv_session_adopt(other, &found), RV_OK);
	assert_int_equal(rv_session_adopt(other, &found), RV_ERR_EXISTS);
	rv_session_fini(&found);
	assert_int_equal(
	    rv_session_find(other, rv_slice_of(made.token), &here, NOW, &found),
	    RV_OK);
	assert_false(found.local);
	assert_string_equal(found.identity->principal, "alice@LAB.TEST");
	rv_session_fini(&found);
	rv_sessions_free(&other);
}

/* ---- Threads ----------------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS	300

static void *
live_and_die(void *arg)
{
	struct rv_sessions *sessions = arg;
	const struct rv_identity *id =
	    identity_until("alice@LAB.TEST", NOW + HOUR);
	size_t n_wrong = 0;

	for (int i = 0; i < ROUNDS; i++) {
		char token[RV_SESSION_TOKEN_SIZE];
		struct rv_session made, found;

		/* Others may hold all places for a moment. */
		if (rv_session_start(
			sessions, id, &here, NOW, HOUR, token, &made) != RV_OK)
			continue;
		if (rv_session_find(sessions, rv_slice_of(token), &here, NOW,
			&found) == RV_OK)
			rv_session_fini(&found);
		else
			n_wrong++;
		rv_session_update(sessions, made.hash, id);
		rv_sessions_sweep(sessions, NOW);
		if (i % 3 != 0)
			rv_ignore(
			    rv_session_end(sessions, made.hash, i % 3 == 1));
		rv_session_fini(&made);
	}
	rv_identity_unref(&id);
	return (void *)n_wrong;
}

static void
test_threads(void **state)
{
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, live_and_die, *state), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *n_wrong;

		pthread_join(threads[i], &n_wrong);
		assert_null(n_wrong);
	}
	/* The limit held, and all places come back. */
	assert_in_range(rv_sessions_sweep(*state, NOW), 1, 100);
	assert_int_equal(rv_sessions_sweep(*state, NOW + HOUR), 0);
}

/* Many sessions: the table widens and loses none. */
static void
test_many(void **state)
{
	const size_t n = 3000;
	struct made *made = calloc(n, sizeof(*made));
	struct rv_sessions *sessions = NULL;

	(void)state;
	assert_non_null(made);
	assert_int_equal(
	    rv_sessions_new(n, n, RV_SESSION_BOUND_ADDRESS, &sessions), RV_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    start(sessions, NOW + HOUR, HOUR, &made[i]), RV_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    find(sessions, made[i].token, NOW, NULL), RV_OK);
	assert_int_equal(rv_sessions_sweep(sessions, NOW), n);
	rv_sessions_free(&sessions);
	free(made);
}

#define SESSION_TEST(test) \
	cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(test_token),
		SESSION_TEST(test_ends),
		SESSION_TEST(test_wrong_tokens),
		SESSION_TEST(test_end_and_sweep),
		SESSION_TEST(test_limit),
		SESSION_TEST(test_update),
		SESSION_TEST(test_bound_to_address),
		SESSION_TEST(test_bound_to_connection),
		SESSION_TEST(test_person_limit),
		SESSION_TEST(test_revoke),
		SESSION_TEST(test_adopt),
		SESSION_TEST(test_threads),
		SESSION_TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
