/*
 * The acceptor against a real KDC: who is let in, with what evidence, and
 * why everybody else is not.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "reeve/auth.h"
#include "unit/auth/forge.h"
#include "unit/auth/lab.h"

#define BINDING	      "tls-server-end-point:0123456789abcdef0123456789abcdef"
#define OTHER_BINDING "tls-server-end-point:fedcba9876543210fedcba9876543210"
#define NONE	      NULL

static const char *const realms[] = { "OTHER.TEST", "LAB.TEST" };

/* What one test needs; a fresh replay cache each time is not wanted. */
struct world {
	struct lab lab;
	struct rv_acceptor *off, *offered, *require, *other_realm;
};

static struct rv_acceptor *
acceptor_with(enum rv_channel_binding binding, size_t n_realms)
{
	struct rv_acceptor *acceptor = NULL;
	struct rv_acceptor_config config = {
		.service = "HTTP",
		.realms = realms,
		.n_realms = n_realms,
		.binding = binding,
	};
	char *keytab = lab_path("", "http.keytab");
	char *cache = lab_path("", "rcache");
	struct rv_error e = { .text = "" };

	config.keytab = keytab;
	config.replay_cache = cache;
	if (rv_acceptor_new(&config, &acceptor, &e) != RV_OK)
		print_error("%s\n", e.text);
	free(keytab);
	free(cache);
	return acceptor;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	*state = w;
	if (w == NULL || !lab_start(&w->lab, NULL))
		return -1;
	w->off = acceptor_with(RV_BINDING_OFF, 2);
	w->offered = acceptor_with(RV_BINDING_WHEN_OFFERED, 2);
	w->require = acceptor_with(RV_BINDING_REQUIRE, 2);
	w->other_realm = acceptor_with(RV_BINDING_WHEN_OFFERED, 1);
	return w->off != NULL && w->offered != NULL && w->require != NULL &&
		       w->other_realm != NULL
		   ? 0
		   : -1;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	rv_acceptor_free(&w->off);
	rv_acceptor_free(&w->offered);
	rv_acceptor_free(&w->require);
	rv_acceptor_free(&w->other_realm);
	lab_stop(&w->lab);
	free(w);
	return 0;
}

/* ---- Helpers ------------------------------------------------------------------- */

static const struct client alice = {
	.cache = "cc.alice",
	.target = "HTTP@localhost",
	.flags = GSS_C_MUTUAL_FLAG,
};

static const struct forgery honest = {
	.client = "alice@LAB.TEST",
	.service = "HTTP/localhost@LAB.TEST",
	.flags = TKT_FLG_PRE_AUTH,
	.start_s = -60,
	.end_s = 3600,
};

static void
accept_one(const struct rv_acceptor *acceptor, struct rv_slice token,
    struct rv_slice binding, struct rv_accepted *ret)
{
	rv_acceptor_accept(acceptor, token, &binding, binding.p != NULL, ret);
}

static enum rv_auth_refusal
verdict_of(const struct rv_acceptor *acceptor, struct rv_slice token,
    const char *binding)
{
	enum rv_auth_refusal refusal;
	struct rv_accepted ret;

	accept_one(acceptor, token, rv_slice_of(binding), &ret);
	if (ret.refusal != RV_REFUSED_NOT) {
		assert_int_equal(ret.n_indicators, 0);
		assert_int_equal(ret.pac.n, 0);
		assert_string_equal(ret.principal, "");
		assert_string_not_equal(ret.detail, "");
		assert_null(ret.reply.p);
		print_message("# %s: %s\n", rv_auth_refusal_name(ret.refusal),
		    ret.detail);
	}
	refusal = ret.refusal;
	rv_accepted_fini(&ret);
	return refusal;
}

#define assert_verdict(acceptor, token, binding, expected)              \
	assert_string_equal(                                            \
	    rv_auth_refusal_name(verdict_of(acceptor, token, binding)), \
	    rv_auth_refusal_name(expected))

static void
judge_client(const struct rv_acceptor *acceptor, const struct client *client,
    const char *binding, enum rv_auth_refusal expected)
{
	struct rv_buf token = { .max = 0 };

	client_token(client, &token, NULL);
	assert_verdict(acceptor, rv_buf_slice(&token), binding, expected);
	rv_buf_fini(&token);
}

static void
judge_forgery(const struct rv_acceptor *acceptor, const struct forgery *forgery,
    enum rv_auth_refusal expected)
{
	struct rv_buf token = { .max = 0 };

	forge_token(forgery, &token);
	assert_verdict(acceptor, rv_buf_slice(&token), NONE, expected);
	rv_buf_fini(&token);
}

static int64_t
now_ms(void)
{
	return (int64_t)time(NULL) * 1000;
}

/* ---- Those who are let in ----------------------------------------------------- */

static void
test_accepts_password(void **state)
{
	struct world *w = *state;
	struct rv_buf token = { .max = 0 };
	gss_ctx_id_t context;
	struct rv_accepted ret;

	client_token(&alice, &token, &context);
	accept_one(
	    w->offered, rv_buf_slice(&token), RV_SLICE_LIT(BINDING), &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_NOT);
	assert_string_equal(ret.principal, "alice@LAB.TEST");
	assert_true(ret.mutual);
	assert_false(ret.channel_bound);
	assert_int_equal(ret.n_indicators, 1);
	assert_string_equal(ret.indicators[0], "spake");
	/* The KDC of the lab gives one hour, without our five minutes. */
	assert_in_range(
	    ret.expires_at_ms, now_ms() + 3500000, now_ms() + 3600000);
	assert_in_range(ret.authenticated_at_ms, now_ms() - 60000, now_ms());
	/* The client sees that we have the key. */
	assert_true(client_finish(&alice, &context, rv_buf_slice(&ret.reply)));
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
}

static void
test_gives_indicators(void **state)
{
	struct world *w = *state;
	struct rv_buf token = { .max = 0 };
	struct client client = alice;
	struct rv_accepted ret;

	client.cache = "cc.pkinit";
	client_token(&client, &token, NULL);
	accept_one(w->off, rv_buf_slice(&token), RV_SLICE_NONE, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_NOT);
	assert_int_equal(ret.n_indicators, 1);
	assert_string_equal(ret.indicators[0], "pkinit");
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
}

static void
test_keeps_the_instance(void **state)
{
	struct world *w = *state;
	struct rv_buf token = { .max = 0 };
	struct client client = alice;
	struct rv_accepted ret;

	client.cache = "cc.instance";
	client_token(&client, &token, NULL);
	accept_one(w->off, rv_buf_slice(&token), RV_SLICE_NONE, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_NOT);
	assert_string_equal(ret.principal, "alice/admin@LAB.TEST");
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
}

static void
test_accepts_any_host_of_the_service(void **state)
{
	struct world *w = *state;
	struct client client = alice;

	/* A delegated credential is taken and thrown away. */
	client.cache = "cc.forwardable";
	client.flags |= GSS_C_DELEG_FLAG;
	judge_client(w->off, &client, NONE, RV_REFUSED_NOT);
	/* What we forge is accepted, so that refusals below mean something. */
	judge_forgery(w->off, &honest, RV_REFUSED_NOT);
}

/* ---- Those who are not -------------------------------------------------------- */

static void
test_refuses_replay(void **state)
{
	struct world *w = *state;
	struct rv_buf token = { .max = 0 };

	client_token(&alice, &token, NULL);
	assert_verdict(w->off, rv_buf_slice(&token), NONE, RV_REFUSED_NOT);
	assert_verdict(w->off, rv_buf_slice(&token), NONE, RV_REFUSED_REPLAY);
	/* The cache is a file: another acceptor knows it, too. */
	assert_verdict(
	    w->offered, rv_buf_slice(&token), NONE, RV_REFUSED_REPLAY);
	rv_buf_fini(&token);
}

static void
test_refuses_wrong_service(void **state)
{
	struct world *w = *state;
	struct client client = alice;

	/* Its key is in our keytab, and yet it is another service. */
	client.target = "host@localhost";
	judge_client(w->off, &client, NONE, RV_REFUSED_WRONG_SERVICE);
	/* No key at all. */
	client.target = "HTTP@elsewhere";
	judge_client(w->off, &client, NONE, RV_REFUSED_WRONG_SERVICE);
}

static void
test_refuses_other_mechanisms(void **state)
{
	struct world *w = *state;
	struct client client = alice;

	client.bare = true;
	judge_client(w->off, &client, NONE, RV_REFUSED_MECHANISM);
	assert_verdict(w->off, RV_SLICE_LIT("NTLMSSP\0\1\0\0\0\7\2\0\0"), NONE,
	    RV_REFUSED_NTLM);
	assert_verdict(
	    w->off, RV_SLICE_LIT("hello"), NONE, RV_REFUSED_MALFORMED);
	assert_verdict(w->off, RV_SLICE_NONE, NONE, RV_REFUSED_MALFORMED);
}

static void
test_refuses_anonymous(void **state)
{
	struct world *w = *state;
	struct client client = alice;

	client.cache = "cc.anonymous";
	judge_client(w->off, &client, NONE, RV_REFUSED_ANONYMOUS);
}

static void
test_refuses_without_mutual(void **state)
{
	struct world *w = *state;
	struct client client = alice;
	struct forgery forgery = honest;

	client.flags = 0;
	judge_client(w->off, &client, NONE, RV_REFUSED_NOT_MUTUAL);
	/* Handmade clients leave the checksum out: no flags, no bindings. */
	forgery.without_checksum = true;
	judge_forgery(w->off, &forgery, RV_REFUSED_NOT_MUTUAL);
}

static void
test_refuses_without_preauthentication(void **state)
{
	struct world *w = *state;
	struct client client = alice;
	struct forgery forgery = honest;

	client.cache = "cc.bob";
	judge_client(w->off, &client, NONE, RV_REFUSED_BAD_TOKEN);
	forgery.flags = 0;
	judge_forgery(w->off, &forgery, RV_REFUSED_BAD_TOKEN);
}

static void
test_refuses_realm(void **state)
{
	struct world *w = *state;
	struct forgery forgery = honest;

	judge_client(w->other_realm, &alice, NONE, RV_REFUSED_REALM);
	forgery.client = "alice@ELSEWHERE.TEST";
	judge_forgery(w->off, &forgery, RV_REFUSED_REALM);
	/* An '@' inside a name moves nobody into a realm of ours. */
	forgery.client = "alice\\@LAB.TEST@ELSEWHERE.TEST";
	judge_forgery(w->off, &forgery, RV_REFUSED_REALM);
	forgery.client = "alice@WELLKNOWN:ANONYMOUS";
	judge_forgery(w->off, &forgery, RV_REFUSED_ANONYMOUS);
}

static void
test_refuses_odd_names(void **state)
{
	struct world *w = *state;
	struct forgery forgery = honest;

	forgery.client = "al\033ice@LAB.TEST";
	judge_forgery(w->off, &forgery, RV_REFUSED_BAD_TOKEN);
	forgery.client = "al\xff\xfeice@LAB.TEST";
	judge_forgery(w->off, &forgery, RV_REFUSED_BAD_TOKEN);
}

static void
test_refuses_delegated(void **state)
{
	struct world *w = *state;
	struct forgery forgery = honest;

	const struct rv_kerberos_policy nobody = { .gateways = { NULL, 0 } };
	struct rv_buf token = { .max = 0 };
	struct rv_evidence evidence;
	struct rv_accepted ret;
	char detail[256];

	/* The PAC goes on as it is; what it says of a service is unreadable
	 * here, which is no reason to overlook it. */
	forgery.delegated = true;
	forge_token(&forgery, &token);
	accept_one(w->off, rv_buf_slice(&token), RV_SLICE_NONE, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_NOT);
	assert_true(ret.pac.n > 0);
	assert_string_equal(rv_auth_refusal_name(rv_kerberos_evidence(
				&ret, &nobody, &evidence, detail)),
	    rv_auth_refusal_name(RV_REFUSED_PAC));
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
}

static void
test_refuses_by_the_clock(void **state)
{
	struct world *w = *state;
	struct forgery forgery = honest;

	forgery.client_clock_s = -3000;
	judge_forgery(w->off, &forgery, RV_REFUSED_CLOCK_SKEW);
	forgery.client_clock_s = 3000;
	judge_forgery(w->off, &forgery, RV_REFUSED_CLOCK_SKEW);
	forgery = honest;
	forgery.start_s = -7200;
	forgery.end_s = -3600;
	judge_forgery(w->off, &forgery, RV_REFUSED_EXPIRED);
	/* The library would still take this one, for five minutes. */
	forgery.end_s = -100;
	judge_forgery(w->off, &forgery, RV_REFUSED_EXPIRED);
	forgery = honest;
	forgery.start_s = 3600;
	forgery.end_s = 7200;
	judge_forgery(w->off, &forgery, RV_REFUSED_CLOCK_SKEW);
}

static void
test_refuses_corrupt(void **state)
{
	struct world *w = *state;
	struct forgery forgery = honest;
	struct rv_buf token = { .max = 0 };

	forgery.wrong_key = true;
	judge_forgery(w->off, &forgery, RV_REFUSED_BAD_TOKEN);
	/* The last byte is of the sealed authenticator. */
	client_token(&alice, &token, NULL);
	token.p[token.n - 1] ^= 1;
	assert_verdict(
	    w->off, rv_buf_slice(&token), NONE, RV_REFUSED_BAD_TOKEN);
	rv_buf_fini(&token);
}

/* ---- Channel bindings ----------------------------------------------------------- */

static void
test_bindings(void **state)
{
	struct world *w = *state;
	const struct {
		const struct rv_acceptor *acceptor;
		const char *client, *server;
		enum rv_auth_refusal expected;
	} rows[] = {
		{ w->off, NONE, NONE, RV_REFUSED_NOT },
		{ w->off, BINDING, OTHER_BINDING, RV_REFUSED_NOT },
		{ w->offered, NONE, BINDING, RV_REFUSED_NOT },
		{ w->offered, BINDING, BINDING, RV_REFUSED_NOT },
		{ w->offered, OTHER_BINDING, BINDING, RV_REFUSED_BINDING },
		{ w->offered, BINDING, NONE, RV_REFUSED_NOT },
		{ w->require, NONE, BINDING, RV_REFUSED_BINDING },
		{ w->require, BINDING, BINDING, RV_REFUSED_NOT },
		{ w->require, OTHER_BINDING, BINDING, RV_REFUSED_BINDING },
		{ w->require, BINDING, NONE, RV_REFUSED_BINDING },
		{ w->require, NONE, NONE, RV_REFUSED_BINDING },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client client = alice;

		client.binding = rows[i].client;
		judge_client(rows[i].acceptor, &client, rows[i].server,
		    rows[i].expected);
	}
}

/* The certificates of proxies: bound to one of several is bound. */
static void
test_several_bindings(void **state)
{
	struct world *w = *state;
	const struct rv_slice ours[] = { RV_SLICE_LIT(OTHER_BINDING),
		RV_SLICE_LIT("tls-server-end-point:third"),
		RV_SLICE_LIT(BINDING) };
	struct rv_buf token = { .max = 0 };
	struct client client = alice;
	struct rv_accepted ret;

	client.binding = BINDING;
	client_token(&client, &token, NULL);
	rv_acceptor_accept(w->require, rv_buf_slice(&token), ours, 3, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_NOT);
	assert_true(ret.channel_bound);
	assert_true(ret.reply.n > 0);
	rv_accepted_fini(&ret);
	/* Once is once, whichever it was bound to, and in whatever order. */
	rv_acceptor_accept(w->require, rv_buf_slice(&token), ours, 3, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_REPLAY);
	rv_accepted_fini(&ret);
	rv_acceptor_accept(w->require, rv_buf_slice(&token), &ours[2], 1, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_REPLAY);
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
	/* An empty one would match any. */
	client_token(&client, &token, NULL);
	rv_acceptor_accept(w->offered, rv_buf_slice(&token),
	    (const struct rv_slice[]){ ours[0], RV_SLICE_NONE }, 2, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_INTERNAL);
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
	/* None of them. */
	client_token(&client, &token, NULL);
	rv_acceptor_accept(w->require, rv_buf_slice(&token), ours, 2, &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_BINDING);
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
}

static void
test_says_bound(void **state)
{
	struct world *w = *state;
	struct rv_buf token = { .max = 0 };
	struct client client = alice;
	struct rv_accepted ret;

	client.binding = BINDING;
	client_token(&client, &token, NULL);
	accept_one(
	    w->require, rv_buf_slice(&token), RV_SLICE_LIT(BINDING), &ret);
	assert_int_equal(ret.refusal, RV_REFUSED_NOT);
	assert_true(ret.channel_bound);
	rv_accepted_fini(&ret);
	rv_buf_fini(&token);
}

/* ---- Threads ---------------------------------------------------------------- */

#define THREADS 4
#define TOKENS	8

struct job {
	const struct rv_acceptor *acceptor;
	struct rv_buf tokens[TOKENS];
	size_t n_good, n_replays;
};

static void *
accept_each_twice(void *arg)
{
	struct job *job = arg;

	for (size_t i = 0; i < 2 * TOKENS; i++) {
		struct rv_accepted ret;

		accept_one(job->acceptor, rv_buf_slice(&job->tokens[i / 2]),
		    RV_SLICE_NONE, &ret);
		if (ret.refusal == RV_REFUSED_NOT)
			job->n_good++;
		if (ret.refusal == RV_REFUSED_REPLAY)
			job->n_replays++;
		rv_accepted_fini(&ret);
	}
	return NULL;
}

static void
test_many_threads(void **state)
{
	struct world *w = *state;
	struct job jobs[THREADS] = { { .n_good = 0 } };
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		jobs[i].acceptor = w->off;
		for (size_t k = 0; k < TOKENS; k++)
			client_token(&alice, &jobs[i].tokens[k], NULL);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     accept_each_twice, &jobs[i]),
		    0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(jobs[i].n_good, TOKENS);
		assert_int_equal(jobs[i].n_replays, TOKENS);
		for (size_t k = 0; k < TOKENS; k++)
			rv_buf_fini(&jobs[i].tokens[k]);
	}
}

/* ---- Start ------------------------------------------------------------------------ */

static int
try_new(
    const char *keytab, const char *service, const char *cache, size_t n_realms)
{
	struct rv_acceptor *acceptor = NULL;
	char *keytab_path = lab_path("", keytab);
	char *cache_path = lab_path("", cache);
	struct rv_acceptor_config config = {
		.keytab = keytab_path,
		.service = service,
		.replay_cache = cache_path,
		.realms = realms,
		.n_realms = n_realms,
	};
	struct rv_error e = { .text = "" };
	int r = rv_acceptor_new(&config, &acceptor, &e);

	if (r != RV_OK) {
		assert_null(acceptor);
		assert_string_not_equal(e.text, "");
		print_message("# %s\n", e.text);
	}
	rv_acceptor_free(&acceptor);
	free(keytab_path);
	free(cache_path);
	return r;
}

/* The lab's default keytab has our key: nothing may fall back to it. */
static void
test_new_fails_hard(void **state)
{
	(void)state;
	assert_int_equal(try_new("http.keytab", "HTTP", "rcache", 2), RV_OK);
	assert_int_not_equal(
	    try_new("missing.keytab", "HTTP", "rcache", 2), RV_OK);
	assert_int_not_equal(
	    try_new("host.keytab", "HTTP", "rcache", 2), RV_OK);
	assert_int_not_equal(try_new("http.keytab", "HTT", "rcache", 2), RV_OK);
	assert_int_not_equal(
	    try_new("weak.keytab", "HTTP", "rcache", 2), RV_OK);
	assert_int_not_equal(
	    try_new("http.keytab", "HTTP", "no/rcache", 2), RV_OK);
	assert_int_not_equal(
	    try_new("http.keytab", "HTTP", "rcache", 0), RV_OK);
}

/* A keytab that goes away is a failure of ours, and refuses. */
static void
test_refuses_when_the_keytab_is_gone(void **state)
{
	struct world *w = *state;
	char *from = lab_path("", "http.keytab");
	char *to = lab_path("", "aside.keytab");
	struct rv_buf token = { .max = 0 };

	client_token(&alice, &token, NULL);
	assert_int_equal(rename(from, to), 0);
	assert_verdict(w->off, rv_buf_slice(&token), NONE, RV_REFUSED_INTERNAL);
	assert_int_equal(rename(to, from), 0);
	assert_verdict(w->off, rv_buf_slice(&token), NONE, RV_REFUSED_NOT);
	rv_buf_fini(&token);
	free(from);
	free(to);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts_password),
		cmocka_unit_test(test_gives_indicators),
		cmocka_unit_test(test_keeps_the_instance),
		cmocka_unit_test(test_accepts_any_host_of_the_service),
		cmocka_unit_test(test_refuses_replay),
		cmocka_unit_test(test_refuses_wrong_service),
		cmocka_unit_test(test_refuses_other_mechanisms),
		cmocka_unit_test(test_refuses_anonymous),
		cmocka_unit_test(test_refuses_without_mutual),
		cmocka_unit_test(test_refuses_without_preauthentication),
		cmocka_unit_test(test_refuses_realm),
		cmocka_unit_test(test_refuses_odd_names),
		cmocka_unit_test(test_refuses_delegated),
		cmocka_unit_test(test_refuses_by_the_clock),
		cmocka_unit_test(test_refuses_corrupt),
		cmocka_unit_test(test_bindings),
		cmocka_unit_test(test_several_bindings),
		cmocka_unit_test(test_says_bound),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_new_fails_hard),
		cmocka_unit_test(test_refuses_when_the_keytab_is_gone),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
