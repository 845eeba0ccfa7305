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

struct made {
	char token[RV_SESSION_TOKEN_SIZE];
	char id[RV_SESSION_ID_SIZE];
};

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

	if (rv_sessions_new(100, &sessions) != RV_OK)
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
start(struct rv_sessions *sessions, int64_t identity_end_ms,
    int64_t lifetime_ms, struct made *made)
{
	const struct rv_identity *id =
	    identity_until("alice@LAB.TEST", identity_end_ms);
	int r = rv_session_start(
	    sessions, id, NOW, lifetime_ms, made->token, made->id);

	rv_identity_unref(&id);
	return r;
}

static int
find(struct rv_sessions *sessions, const char *token, int64_t now_ms,
    int64_t *ret_end_ms)
{
	const struct rv_identity *id = NULL;
	char name[RV_SESSION_ID_SIZE];
	int64_t end_ms = -1;
	int r;

	r = rv_session_find(
	    sessions, rv_slice_of(token), now_ms, &id, name, &end_ms);
	if (r == RV_OK)
		assert_string_equal(id->principal, "alice@LAB.TEST");
	else
		assert_null(id);
	if (ret_end_ms != NULL)
		*ret_end_ms = end_ms;
	rv_identity_unref(&id);
	return r;
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
	rv_session_end(*state, rv_slice_of(a.token));
	assert_int_equal(find(*state, a.token, NOW, NULL), RV_ERR_NOTFOUND);
	rv_session_end(*state, rv_slice_of(a.token));
	rv_session_end(*state, RV_SLICE_NONE);
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
	rv_session_end(*state, rv_slice_of(made[50].token));
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &more), RV_OK);
	/* A failed start takes no place. */
	rv_session_end(*state, rv_slice_of(made[51].token));
	assert_int_equal(start(*state, NOW, HOUR, &more), RV_ERR_TIMEOUT);
	assert_int_equal(start(*state, NOW + HOUR, HOUR, &more), RV_OK);
}

static void
test_update(void **state)
{
	const struct rv_account account = { .known = true };
	const struct rv_identity *old, *new, *found = NULL;
	char id[RV_SESSION_ID_SIZE];
	struct made made;
	int64_t end_ms;

	assert_int_equal(start(*state, NOW + HOUR, HOUR, &made), RV_OK);
	old = identity_until("alice@LAB.TEST", NOW + HOUR / 2);
	new = rv_identity_with_account(old, &account, NOW + 5);
	assert_non_null(new);
	rv_session_update(*state, rv_slice_of(made.token), new);
	assert_int_equal(rv_session_find(*state, rv_slice_of(made.token), NOW,
			     &found, id, &end_ms),
	    RV_OK);
	assert_ptr_equal(found, new);
	assert_true(found->groups_known);
	assert_string_equal(id, made.id);
	/* Never beyond the end of the identity. */
	assert_int_equal(end_ms, NOW + HOUR / 2);
	rv_identity_unref(&found);
	/* A session that is gone stays gone. */
	rv_session_end(*state, rv_slice_of(made.token));
	rv_session_update(*state, rv_slice_of(made.token), new);
	assert_int_equal(find(*state, made.token, NOW, NULL), RV_ERR_NOTFOUND);
	rv_identity_unref(&old);
	rv_identity_unref(&new);
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
		const struct rv_identity *found = NULL;
		struct made made;
		int64_t end_ms;

		/* Others may hold all places for a moment. */
		if (rv_session_start(
			sessions, id, NOW, HOUR, made.token, made.id) != RV_OK)
			continue;
		if (rv_session_find(sessions, rv_slice_of(made.token), NOW,
			&found, made.id, &end_ms) != RV_OK)
			n_wrong++;
		rv_identity_unref(&found);
		rv_session_update(sessions, rv_slice_of(made.token), id);
		rv_sessions_sweep(sessions, NOW);
		if (i % 3 != 0)
			rv_session_end(sessions, rv_slice_of(made.token));
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
	assert_int_equal(rv_sessions_new(n, &sessions), RV_OK);
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
		SESSION_TEST(test_threads),
		SESSION_TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
