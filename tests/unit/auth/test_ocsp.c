/*
 * Responders of OpenSSL, good and bad (tests/lab/ocsp.py): what counts as an
 * answer, what is remembered, and what becomes of silence.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "unit/unit.h"

#include "unit/auth/lab.h"
#include "unit/auth/pki_run.h"

#define TIMEOUT_MS 600
#define HOUR_MS	   ((int64_t)3600000)
#define CALLERS	   12

static struct lab lab;

static int
setup(void **state)
{
	(void)state;
	if (!pki_run() || setenv("REEVE_LAB_SCRIPT", "tests/lab/ocsp.py", 1))
		return -1;
	return lab_start(&lab, pki_folder) ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	lab_stop(&lab);
	pki_remove();
	return 0;
}

/* The URL of a responder. */
static const char *
url_of(const char *name)
{
	char variable[32];
	const char *url;

	(void)snprintf(variable, sizeof(variable), "OCSP_%s", name);
	url = getenv(variable);
	assert_non_null(url);
	return url;
}

/* ---- One authority that asks ---------------------------------------- */

struct world {
	const struct rv_trust *trust;
	struct rv_ocsp *ocsp;
	X509 *leaf;
	int64_t now_ms;
};

static void
world_trust(struct world *w, const char *responder, enum rv_ocsp_mode mode)
{
	const char *lists[1];
	struct rv_authority a = { .source = "people",
		.ocsp = mode,
		.ocsp_url = url_of(responder),
		.ocsp_timeout_ms = TIMEOUT_MS };
	struct rv_error e = { "" };

	/* No client is in this list: only OCSP is to tell here. */
	lists[0] = pki_path("responders.crl");
	a.crls = (struct rv_words){ lists, 1 };
	a.certificate = pki_path("users-ca.pem");
	rv_trust_unref(&w->trust);
	if (rv_trust_load(&a, 1, w->now_ms, &w->trust, &e) != RV_OK)
		fail_msg("%s", e.text);
}

static void
world_init(struct world *w, const char *responder, enum rv_ocsp_mode mode,
    const char *leaf)
{
	*w = (struct world){ .now_ms = pki_now_ms() };
	world_trust(w, responder, mode);
	assert_int_equal(rv_ocsp_new(&w->ocsp), RV_OK);
	w->leaf = pki_leaf(leaf);
}

static void
world_fini(struct world *w)
{
	rv_trust_unref(&w->trust);
	rv_ocsp_free(&w->ocsp);
	X509_free(w->leaf);
}

static enum rv_ocsp_answer
known(struct world *w)
{
	return rv_ocsp_known(w->ocsp, w->trust, w->leaf, NULL, w->now_ms);
}

static enum rv_ocsp_answer
ask(struct world *w)
{
	char detail[256] = "";
	enum rv_ocsp_answer answer =
	    rv_ocsp_ask(w->ocsp, w->trust, w->leaf, NULL, w->now_ms, detail);

	if (answer == RV_OCSP_UNKNOWN && detail[0] == '\0')
		fail_msg("no word on why");
	return answer;
}

static double
now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- Answers -------------------------------------------------------- */

static void
answers_that_count(void **state)
{
	static const struct {
		const char *responder, *leaf;
		enum rv_ocsp_answer want;
	} cases[] = {
		{ "GOOD", "sid", RV_OCSP_GOOD },
		{ "ISSUER", "sid", RV_OCSP_GOOD },
		{ "GOOD", "revoked", RV_OCSP_REVOKED },
		{ "ISSUER", "revoked", RV_OCSP_REVOKED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int mode = RV_OCSP_SOFT; mode <= RV_OCSP_HARD; mode++) {
			struct world w;

			world_init(&w, cases[i].responder,
			    (enum rv_ocsp_mode)mode, cases[i].leaf);
			assert_int_equal(known(&w), RV_OCSP_ASK);
			assert_int_equal(ask(&w), cases[i].want);
			assert_int_equal(known(&w), cases[i].want);
			world_fini(&w);
		}
}

/* Wrong signers, replays, rubbish, silence: hard refuses, soft accepts. */
static void
answers_that_do_not_count(void **state)
{
	static const char *const responders[] = { "STRANGE", "CLIENT",
		"REVOKED", "SILENT", "SLOW", "GARBAGE", "HTML", "CLOSED" };

	(void)state;
	for (size_t i = 0; i < sizeof(responders) / sizeof(responders[0]);
	     i++) {
		struct world w;
		double spent = now_s();

		world_init(&w, responders[i], RV_OCSP_HARD, "sid");
		if (ask(&w) != RV_OCSP_UNKNOWN)
			fail_msg("%s counts", responders[i]);
		spent = now_s() - spent;
		if (spent > 5 * TIMEOUT_MS / 1e3)
			fail_msg("%s took %g s", responders[i], spent);
		assert_int_equal(known(&w), RV_OCSP_UNKNOWN);
		world_trust(&w, responders[i], RV_OCSP_SOFT);
		assert_int_equal(known(&w), RV_OCSP_GOOD);
		world_fini(&w);
	}
}

/* The recorded word about "sid" is none about anybody else. */
static void
a_word_about_another_is_none(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "REPLAYED", RV_OCSP_HARD, "sid");
	assert_int_equal(ask(&w), RV_OCSP_GOOD);
	world_fini(&w);
	world_init(&w, "REPLAYED", RV_OCSP_HARD, "revoked");
	assert_int_equal(ask(&w), RV_OCSP_UNKNOWN);
	world_fini(&w);
	/* And it has an end: the responders promise an hour. */
	world_init(&w, "REPLAYED", RV_OCSP_HARD, "sid");
	w.now_ms += 2 * HOUR_MS;
	assert_int_equal(ask(&w), RV_OCSP_UNKNOWN);
	world_fini(&w);
}

static void
off_asks_nobody(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "CLOSED", RV_OCSP_OFF, "revoked");
	assert_int_equal(known(&w), RV_OCSP_GOOD);
	assert_int_equal(ask(&w), RV_OCSP_GOOD);
	world_fini(&w);
}

/* Who has no path to an authority is nobody to be called good. */
static void
strangers_are_not_good(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "GOOD", RV_OCSP_SOFT, "of-stranger");
	assert_int_equal(known(&w), RV_OCSP_UNKNOWN);
	assert_int_equal(ask(&w), RV_OCSP_UNKNOWN);
	world_fini(&w);
}

/* ---- Memory --------------------------------------------------------- */

static void
words_are_remembered_while_they_hold(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "GOOD", RV_OCSP_HARD, "sid");
	assert_int_equal(ask(&w), RV_OCSP_GOOD);
	assert_true(lab_command(&lab, "stop good"));
	/* The responder promised an hour. */
	w.now_ms += HOUR_MS / 2;
	assert_int_equal(known(&w), RV_OCSP_GOOD);
	assert_int_equal(ask(&w), RV_OCSP_GOOD);
	w.now_ms += HOUR_MS;
	assert_int_equal(known(&w), RV_OCSP_ASK);
	assert_int_equal(ask(&w), RV_OCSP_UNKNOWN);
	assert_true(lab_command(&lab, "start good"));
	world_fini(&w);
}

static void
silence_takes_no_revocation_back(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, "GOOD", RV_OCSP_SOFT, "revoked");
	assert_int_equal(ask(&w), RV_OCSP_REVOKED);
	assert_true(lab_command(&lab, "stop good"));
	w.now_ms += 2 * HOUR_MS;
	assert_int_equal(ask(&w), RV_OCSP_REVOKED);
	assert_int_equal(known(&w), RV_OCSP_REVOKED);
	assert_true(lab_command(&lab, "start good"));
	world_fini(&w);
}

/* ---- Many callers --------------------------------------------------- */

struct crowd {
	struct world *w;
	atomic_uint wrong;
};

static void *
one_of_many(void *arg)
{
	struct crowd *crowd = arg;
	char detail[256];

	if (rv_ocsp_ask(crowd->w->ocsp, crowd->w->trust, crowd->w->leaf, NULL,
		crowd->w->now_ms, detail) != RV_OCSP_UNKNOWN)
		(void)atomic_fetch_add(&crowd->wrong, 1);
	return NULL;
}

/*
 * A dozen callers of a silent responder: all have their answer after one
 * time-out and a little, and whoever comes then has it at once.
 */
static void
a_silent_responder_keeps_few(void **state)
{
	struct world w;
	struct crowd crowd = { .w = &w };
	pthread_t threads[CALLERS];
	double spent;

	(void)state;
	world_init(&w, "SILENT", RV_OCSP_HARD, "sid");
	spent = now_s();
	for (size_t i = 0; i < CALLERS; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, one_of_many, &crowd), 0);
	for (size_t i = 0; i < CALLERS; i++)
		(void)pthread_join(threads[i], NULL);
	spent = now_s() - spent;
	assert_int_equal(atomic_load(&crowd.wrong), 0);
	if (spent > 2 * TIMEOUT_MS / 1e3)
		fail_msg("%g s", spent);
	X509_free(w.leaf);
	w.leaf = pki_leaf("sid-uri"); /* nobody has asked about it */
	spent = now_s();
	assert_int_equal(known(&w), RV_OCSP_UNKNOWN);
	assert_int_equal(ask(&w), RV_OCSP_UNKNOWN);
	spent = now_s() - spent;
	if (spent > TIMEOUT_MS / 2e3)
		fail_msg("%g s", spent);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_that_count),
		cmocka_unit_test(answers_that_do_not_count),
		cmocka_unit_test(a_word_about_another_is_none),
		cmocka_unit_test(off_asks_nobody),
		cmocka_unit_test(strangers_are_not_good),
		cmocka_unit_test(words_are_remembered_while_they_hold),
		cmocka_unit_test(silence_takes_no_revocation_back),
		cmocka_unit_test(a_silent_responder_keeps_few),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
