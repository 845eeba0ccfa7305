/*
 * Where keys come from, by a real HTTPS server that also behaves badly: what
 * it is asked, how often, and what is believed of its answers.
 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "issuer_fetch.h"
#include "reeve/auth_issuer.h"
#include "unit/auth/lab.h"
#include "unit/auth/token_desk.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct lab lab;
static struct kit_key first, second;
static atomic_llong clock_ms;

static int64_t
test_clock(void)
{
	return atomic_load(&clock_ms);
}

static void
be(const char *how)
{
	char line[64];

	(void)snprintf(line, sizeof(line), "be %s", how);
	assert_true(lab_command(&lab, line));
}

static void
publish(const struct kit_key *keys, size_t n)
{
	char *jwks = kit_jwks(keys, n), *line;

	assert_true(asprintf(&line, "keys %s", jwks) > 0);
	assert_true(lab_command(&lab, line));
	free(line);
	free(jwks);
}

/* How often keys were asked for since the last count. */
static unsigned
count(void)
{
	char line[32];
	uint64_t n;

	assert_true(fputs("count\n", lab.to) >= 0 && fflush(lab.to) == 0);
	assert_true(lab_line(&lab, line, sizeof(line)));
	assert_int_equal(
	    rv_slice_to_u64(rv_slice_of(line), 1000000, &n), RV_OK);
	return (unsigned)n;
}

static int
start_lab(void **state)
{
	(void)state;
	setenv("REEVE_LAB_SCRIPT", "tests/lab/jwks.py", 1);
	/* A proxy of the environment would end all of it. */
	setenv("https_proxy", "http://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
	first = kit_ec("first");
	second = kit_ec("second");
	return lab_start(&lab, NULL) ? 0 : -1;
}

static int
stop_lab(void **state)
{
	(void)state;
	lab_stop(&lab);
	EVP_PKEY_free(first.key);
	EVP_PKEY_free(second.key);
	return 0;
}

static struct rv_issuer
settings(void)
{
	struct rv_issuer s = desk_issuer("lab.conf", getenv("ISSUER"), false);

	s.ca = getenv("ISSUER_CA");
	return s;
}

static struct rv_issuers *
open_with(const struct rv_issuer *s)
{
	struct rv_issuers *issuers = NULL;
	struct rv_error e = { "" };

	if (rv_issuers_new(s, 1, &issuers, &e) != RV_OK)
		fail_msg("%s", e.text);
	issuers->clock = test_clock;
	return issuers;
}

/* Good keys of the first kind, nothing counted yet. */
static struct rv_issuers *
open_issuers(void)
{
	const struct rv_issuer s = settings();

	be("good");
	publish(&first, 1);
	(void)count();
	atomic_fetch_add(&clock_ms, 100000000);
	return open_with(&s);
}

static char *
token_of(const struct kit_key *key)
{
	json_t *payload = desk_payload();

	desk_change(payload, "{\"iss\":null}");
	assert_int_equal(
	    json_object_set_new(payload, "iss", json_string(getenv("ISSUER"))),
	    0);
	return desk_token(
	    key, "ES256", desk_header(key->kid, "at+jwt"), NULL, payload, NULL);
}

static enum rv_auth_refusal
judge(struct rv_issuers *issuers, const char *token, bool *ret_fetch)
{
	const struct rv_token_request request =
	    desk_request(rv_slice_of(token));
	struct rv_evidence evidence;
	char detail[256];
	enum rv_auth_refusal refusal =
	    rv_token_judge(issuers, &request, &evidence, ret_fetch, detail);

	rv_evidence_fini(&evidence);
	return refusal;
}

/* As a caller does: once more after a fetch that may help. */
static enum rv_auth_refusal
sign_in(struct rv_issuers *issuers, const struct kit_key *key)
{
	char *token = token_of(key);
	bool fetch;
	enum rv_auth_refusal refusal = judge(issuers, token, &fetch);

	if (fetch) {
		rv_issuers_fetch(issuers, rv_slice_of(token));
		refusal = judge(issuers, token, &fetch);
	}
	free(token);
	return refusal;
}

struct said {
	bool has_keys;
	int64_t age_ms;
	char error[256];
};

static void
take_state(void *arg, const char *source, bool has_keys, int64_t age_ms,
    const char *last_error)
{
	struct said *said = arg;

	assert_string_equal(source, "lab.conf");
	said->has_keys = has_keys;
	said->age_ms = age_ms;
	(void)snprintf(said->error, sizeof(said->error), "%s", last_error);
}

static struct said
state_of(struct rv_issuers *issuers)
{
	struct said said = { 0 };

	rv_issuers_state(issuers, take_state, &said);
	return said;
}

static void
pass(int64_t ms)
{
	atomic_fetch_add(&clock_ms, ms);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- Getting keys --------------------------------------------------------------- */

static void
without_keys_tokens_are_refused_until_they_are_there(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	char *token = token_of(&first);
	bool fetch;

	(void)state;
	be("dead");
	assert_int_equal(judge(issuers, token, &fetch), RV_REFUSED_NO_KEYS);
	assert_true(fetch);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NO_KEYS);
	assert_false(state_of(issuers).has_keys);
	assert_int_equal(state_of(issuers).age_ms, -1);
	assert_string_not_equal(state_of(issuers).error, "");
	be("good");
	/* Not at once, but after the pause. */
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NO_KEYS);
	pass(RV_ISSUER_PAUSE_MS);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	assert_true(state_of(issuers).has_keys);
	assert_string_equal(state_of(issuers).error, "");
	free(token);
	rv_issuers_unref(&issuers);
}

static void
a_worker_fetches_what_is_due(void **state)
{
	struct rv_issuers *issuers = open_issuers();

	(void)state;
	assert_true(rv_issuers_refresh(issuers) >= 1000);
	assert_int_equal(count(), 1);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	assert_int_equal(count(), 0);
	(void)rv_issuers_refresh(issuers);
	assert_int_equal(count(), 0);
	pass(issuers->entries[0].settings.keys_refresh_ms);
	(void)rv_issuers_refresh(issuers);
	assert_int_equal(count(), 1);
	rv_issuers_unref(&issuers);
}

static void
keys_may_be_named_without_discovery(void **state)
{
	struct rv_issuer s = settings();
	struct rv_issuers *issuers;
	char *uri;

	(void)state;
	be("other-issuer");
	publish(&first, 1);
	assert_true(asprintf(&uri, "%s/jwks", getenv("ISSUER")) > 0);
	s.jwks_uri = uri;
	issuers = open_with(&s);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	rv_issuers_unref(&issuers);
	free(uri);
}

/* Old and new key, then the new one alone. */
static void
keys_are_rotated(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	const struct kit_key both[] = { first, second };

	(void)state;
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	publish(both, 2);
	pass(RV_ISSUER_PAUSE_MS);
	assert_int_equal(sign_in(issuers, &second), RV_REFUSED_NOT);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	publish(&second, 1);
	pass(issuers->entries[0].settings.keys_refresh_ms);
	(void)rv_issuers_refresh(issuers);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_UNKNOWN_KEY);
	assert_int_equal(sign_in(issuers, &second), RV_REFUSED_NOT);
	rv_issuers_unref(&issuers);
}

/* ---- How often -------------------------------------------------------------------- */

/* Hostile input 72. */
static void
a_thousand_unknown_kids_are_one_fetch(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	char kid[16];

	(void)state;
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	assert_int_equal(count(), 1);
	pass(RV_ISSUER_PAUSE_MS);
	for (unsigned i = 0; i < 1000; i++) {
		struct kit_key unknown = { first.key, kid };

		(void)snprintf(kid, sizeof(kid), "u%u", i);
		pass(RV_ISSUER_PAUSE_MS / 1001);
		assert_int_equal(
		    sign_in(issuers, &unknown), RV_REFUSED_UNKNOWN_KEY);
	}
	assert_int_equal(count(), 1);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	rv_issuers_unref(&issuers);
}

/* One old token, sent again and again, is not worth a fetch each time. */
static void
what_a_fetch_did_not_bring_is_known_to_be_unknown(void **state)
{
	struct rv_issuers *issuers = open_issuers();

	(void)state;
	assert_int_equal(sign_in(issuers, &second), RV_REFUSED_UNKNOWN_KEY);
	assert_int_equal(count(), 1);
	for (unsigned i = 0; i < 9; i++) {
		pass(RV_ISSUER_PAUSE_MS);
		assert_int_equal(
		    sign_in(issuers, &second), RV_REFUSED_UNKNOWN_KEY);
	}
	assert_int_equal(count(), 0);
	publish(&second, 1);
	pass(RV_ISSUER_PAUSE_MS);
	assert_int_equal(sign_in(issuers, &second), RV_REFUSED_NOT);
	assert_int_equal(count(), 1);
	rv_issuers_unref(&issuers);
}

static void *
fetch_in_thread(void *arg)
{
	char *token = token_of(&first);

	rv_issuers_fetch(arg, rv_slice_of(token));
	free(token);
	return NULL;
}

static void
of_many_at_once_one_fetches(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	pthread_t threads[8];

	(void)state;
	for (size_t i = 0; i < N(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, fetch_in_thread, issuers),
		    0);
	for (size_t i = 0; i < N(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(count(), 1);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	rv_issuers_unref(&issuers);
}

static void *
judge_in_thread(void *arg)
{
	char *token = token_of(&first);
	size_t n_good = 0;
	bool fetch;

	for (unsigned i = 0; i < 200; i++)
		n_good += judge(arg, token, &fetch) == RV_REFUSED_NOT;
	free(token);
	return n_good == 200 ? arg : NULL;
}

/* One key, many threads, while the set is replaced under them. */
static void
many_threads_judge_with_the_same_keys(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	pthread_t threads[4];
	void *good;

	(void)state;
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	for (size_t i = 0; i < N(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, judge_in_thread, issuers),
		    0);
	rv_issuer_fetch(issuers, &issuers->entries[0], RV_SLICE_NONE);
	for (size_t i = 0; i < N(threads); i++) {
		assert_int_equal(pthread_join(threads[i], &good), 0);
		assert_ptr_equal(good, issuers);
	}
	rv_issuers_unref(&issuers);
}

/* ---- A server that is slow or gone --------------------------------------------------- */

static void
wait_for_fetch(struct rv_issuers *issuers)
{
	struct rv_issuer_entry *entry = &issuers->entries[0];
	const int64_t until = now_ms() + 10000;
	bool fetching = false;

	while (!fetching && now_ms() < until) {
		(void)pthread_mutex_lock(&entry->lock);
		fetching = entry->fetching;
		(void)pthread_mutex_unlock(&entry->lock);
		(void)sched_yield();
	}
	assert_true(fetching);
}

static void *
refresh_in_thread(void *arg)
{
	(void)rv_issuers_refresh(arg);
	return NULL;
}

/* Two wait with the one who fetches; the others are answered at once. */
static void
a_slow_server_delays_nobody_else(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	char *good = token_of(&first), *unknown = token_of(&second);
	int64_t began;
	pthread_t thread;
	bool fetch;

	(void)state;
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	be("slow");
	pass(issuers->entries[0].settings.keys_refresh_ms);
	assert_int_equal(
	    pthread_create(&thread, NULL, refresh_in_thread, issuers), 0);
	wait_for_fetch(issuers);
	began = now_ms();
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(judge(issuers, good, &fetch), RV_REFUSED_NOT);
	assert_int_equal(
	    judge(issuers, unknown, &fetch), RV_REFUSED_UNKNOWN_KEY);
	assert_true(fetch);
	issuers->entries[0].n_waiting = RV_ISSUER_WAITERS;
	assert_int_equal(
	    judge(issuers, unknown, &fetch), RV_REFUSED_UNKNOWN_KEY);
	assert_false(fetch);
	rv_issuers_fetch(issuers, rv_slice_of(unknown));
	issuers->entries[0].n_waiting = 0;
	assert_true(now_ms() - began < 2000);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(now_ms() - began < RV_ISSUER_FETCH_MS + 2000);
	/* The old keys are still in force. */
	assert_int_equal(judge(issuers, good, &fetch), RV_REFUSED_NOT);
	assert_non_null(strstr(state_of(issuers).error, "/jwks"));
	be("good");
	free(unknown);
	free(good);
	rv_issuers_unref(&issuers);
}

static void
a_server_that_is_silent_in_tls_is_given_up(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	const int64_t began = now_ms();

	(void)state;
	be("silent");
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NO_KEYS);
	assert_true(now_ms() - began < RV_ISSUER_FETCH_MS + 2000);
	be("good");
	rv_issuers_unref(&issuers);
}

static void
good_keys_outlive_an_outage_but_not_for_ever(void **state)
{
	struct rv_issuers *issuers = open_issuers();
	const int64_t max_age = issuers->entries[0].settings.keys_max_age_ms;

	(void)state;
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	be("dead");
	for (int64_t spent = 0; spent + 3600000 < max_age; spent += 3600000) {
		pass(3600000);
		(void)rv_issuers_refresh(issuers);
		assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	}
	pass(3600001);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NO_KEYS);
	assert_false(state_of(issuers).has_keys);
	be("good");
	pass(RV_ISSUER_PAUSE_MS);
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	rv_issuers_unref(&issuers);
}

/* ---- Answers that are not believed ------------------------------------------------------ */

/* Hostile input 73: the old set stays. */
static void
bad_answers_leave_the_old_keys(void **state)
{
	static const struct {
		const char *how, *named;
	} answers[] = {
		{ "redirect", "302" },
		{ "huge", "262144" },
		{ "many", "1000 keys" },
		{ "symmetric", "symmetric" },
		{ "html", "no key set" },
		{ "error", "500" },
		{ "dead", "" },
		{ "other-issuer", "another issuer" },
		{ "http-keys", "https" },
	};
	struct rv_issuers *issuers = open_issuers();

	(void)state;
	assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	/* From now on a good answer would bring another key. */
	publish(&second, 1);
	for (size_t i = 0; i < N(answers); i++) {
		be(answers[i].how);
		pass(RV_ISSUER_PAUSE_MS);
		rv_issuer_fetch(issuers, &issuers->entries[0], RV_SLICE_NONE);
		assert_string_not_equal(state_of(issuers).error, "");
		if (strstr(state_of(issuers).error, answers[i].named) == NULL)
			fail_msg(
			    "%s: %s", answers[i].how, state_of(issuers).error);
		assert_int_equal(sign_in(issuers, &first), RV_REFUSED_NOT);
	}
	be("good");
	rv_issuers_unref(&issuers);
}

/* ---- Whose server it is ----------------------------------------------------------------- */

static enum rv_auth_refusal
sign_in_with(struct rv_issuer s)
{
	struct rv_issuers *issuers = open_with(&s);
	enum rv_auth_refusal refusal = sign_in(issuers, &first);

	rv_issuers_unref(&issuers);
	return refusal;
}

static void
the_server_has_a_certificate_of_its_authority(void **state)
{
	struct rv_issuer s = settings();

	(void)state;
	be("good");
	publish(&first, 1);
	assert_int_equal(sign_in_with(s), RV_REFUSED_NOT);
	s.ca = getenv("STRANGER_CA");
	assert_int_equal(sign_in_with(s), RV_REFUSED_NO_KEYS);
	/* nor is it one of those that the system trusts */
	s.ca = NULL;
	assert_int_equal(sign_in_with(s), RV_REFUSED_NO_KEYS);
}

static void
the_chain_has_a_pinned_key(void **state)
{
	static const char *const other[] = {
		"sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	};
	const char *const pin[] = { other[0], getenv("ISSUER_PIN") };
	struct rv_issuer s = settings();
	unsigned char hash[33];
	char hex[7 + 64 + 1] = "sha256:";
	const char *const in_hex[] = { hex };

	(void)state;
	s.ca_pins = (struct rv_words)WORDS(pin);
	assert_int_equal(sign_in_with(s), RV_REFUSED_NOT);
	assert_int_equal(
	    EVP_DecodeBlock(hash, (const unsigned char *)pin[1] + 7, 44), 33);
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(hex + 7 + 2 * i, 3, "%02x", hash[i]);
	s.ca_pins = (struct rv_words)WORDS(in_hex);
	assert_int_equal(sign_in_with(s), RV_REFUSED_NOT);
	s.ca_pins = (struct rv_words)WORDS(other);
	assert_int_equal(sign_in_with(s), RV_REFUSED_NO_KEYS);
}

/* ---- Settings ----------------------------------------------------------------------------- */

static void
settings_that_cannot_work_are_refused(void **state)
{
	static const char *const hs256[] = { "HS256" },
				 *const pin[] = { "sha256:x" },
				 *const tenants[] = { "t" };
	struct rv_issuer wrong[12];
	struct rv_issuers *issuers = NULL;
	struct rv_error e;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < N(wrong); i++)
		wrong[i] = desk_issuer("x.conf", OP, false);
	wrong[n++].audiences.n = 0;
	wrong[n++].types.n = 0;
	wrong[n++].algorithms.n = 0;
	wrong[n++].algorithms = (struct rv_words)WORDS(hs256);
	wrong[n++].ca_pins = (struct rv_words)WORDS(pin);
	wrong[n++].issuer = "http://op.test";
	wrong[n++].jwks_uri = "http://op.test/jwks";
	wrong[n++].issuer = ENTRA;
	wrong[n].entra = true;
	wrong[n++].issuer = ENTRA;
	wrong[n].entra = true;
	wrong[n].tenants = (struct rv_words)WORDS(tenants);
	wrong[n++].issuer = ENTRA "{tenantid}";
	wrong[n++].leeway_ms = 60001;
	wrong[n++].ca = "/nonexistent/ca.pem";
	for (size_t i = 0; i < n; i++) {
		e.text[0] = '\0';
		assert_int_not_equal(
		    rv_issuers_new(&wrong[i], 1, &issuers, &e), RV_OK);
		assert_string_not_equal(e.text, "");
	}
	wrong[0] = wrong[1] = desk_issuer("x.conf", OP, false);
	assert_int_equal(
	    rv_issuers_new(wrong, 2, &issuers, &e), RV_ERR_INVALID);
}

/* ---- Before it is configured ----------------------------------------------------------------- */

static void
an_issuer_shows_what_it_has(void **state)
{
	const struct rv_issuer s = settings();
	struct rv_issuer_look look;
	struct rv_error e = { "" };

	(void)state;
	be("good");
	publish(&first, 1);
	if (rv_issuer_look(&s, &look, &e) != RV_OK)
		fail_msg("%s", e.text);
	assert_int_equal(look.keys.n, 1);
	assert_string_equal(look.keys.v[0], "first ES256");
	assert_int_equal(look.pins.n, 2);
	assert_string_equal(look.pins.v[1], getenv("ISSUER_PIN"));
	assert_non_null(strstr(look.subjects.v[1], "Reeve lab authority"));
	assert_null(look.device_endpoint);
	rv_issuer_look_fini(&look);
	be("symmetric");
	assert_int_equal(rv_issuer_look(&s, &look, &e), RV_ERR_INVALID);
	be("good");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    without_keys_tokens_are_refused_until_they_are_there),
		cmocka_unit_test(a_worker_fetches_what_is_due),
		cmocka_unit_test(keys_may_be_named_without_discovery),
		cmocka_unit_test(keys_are_rotated),
		cmocka_unit_test(a_thousand_unknown_kids_are_one_fetch),
		cmocka_unit_test(
		    what_a_fetch_did_not_bring_is_known_to_be_unknown),
		cmocka_unit_test(of_many_at_once_one_fetches),
		cmocka_unit_test(many_threads_judge_with_the_same_keys),
		cmocka_unit_test(a_slow_server_delays_nobody_else),
		cmocka_unit_test(a_server_that_is_silent_in_tls_is_given_up),
		cmocka_unit_test(good_keys_outlive_an_outage_but_not_for_ever),
		cmocka_unit_test(bad_answers_leave_the_old_keys),
		cmocka_unit_test(the_server_has_a_certificate_of_its_authority),
		cmocka_unit_test(the_chain_has_a_pinned_key),
		cmocka_unit_test(settings_that_cannot_work_are_refused),
		cmocka_unit_test(an_issuer_shows_what_it_has),
	};

	return cmocka_run_group_tests(tests, start_lab, stop_lab);
}
