/*
 * What the token of a session adds to a request on an open connection:
 * finding the session behind it, among a hundred thousand, and taking and
 * giving up its identity.  Against the 2 us that it may cost.
 *
 *   bench_session RUNS
 */
#include <string.h>

#include "kit.h"
#include "reeve/auth_session.h"

#define SESSIONS 100000u
#define EACH	 200000u /* of a run */
#define HOUR_MS	 INT64_C(3600000)

struct table {
	struct rv_sessions *sessions;
	char (*tokens)[RV_SESSION_TOKEN_SIZE];
};

static const struct rv_session_place place = { .address = "192.0.2.1" };

static void
fill(struct table *t)
{
	struct rv_evidence evidence = {
		.method = RV_AUTH_KERBEROS,
		.principal = "alice@EXAMPLE.ORG",
		.expires_at_ms = HOUR_MS,
	};
	const struct rv_identity *identity;
	struct rv_error e = { "" };

	bench_need(
	    rv_texts_add(&evidence.ids, RV_SLICE_LIT("krb5:alice@EXAMPLE.ORG")),
	    &e, "an id");
	identity = rv_identity_new(&evidence, RV_LEVEL_WINDOWS, NULL, 0);
	bench_need(rv_sessions_new(SESSIONS, SESSIONS, RV_SESSION_BOUND_ADDRESS,
		       &t->sessions),
	    &e, "sessions");
	t->tokens = bench_alloc(SESSIONS, sizeof(*t->tokens));
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct rv_session session;

		bench_need(rv_session_start(t->sessions, identity, &place, 0,
			       HOUR_MS, t->tokens[i], &session),
		    &e, "a session");
		rv_session_fini(&session);
	}
	rv_identity_unref(&identity);
	rv_evidence_fini(&evidence);
}

static double
found_us(const struct table *t, uint64_t *random)
{
	struct rv_error e = { "" };
	const double began = bench_now_s();

	for (unsigned i = 0; i < EACH; i++) {
		const unsigned k = bench_below(random, SESSIONS);
		struct rv_session found;

		bench_need(rv_session_find(t->sessions,
			       rv_slice_of(t->tokens[k]), &place, 1, &found),
		    &e, "finding");
		rv_session_fini(&found);
	}
	return (bench_now_s() - began) / EACH * 1e6;
}

int
main(int argc, char **argv)
{
	const unsigned runs = bench_runs(argc, argv);
	uint64_t random = 1;
	struct table t;

	fill(&t);
	(void)found_us(&t, &random);
	for (unsigned run = 0; run < runs; run++) {
		const struct bench_result row = {
			.name = "session behind a token, of 100,000",
			.value = found_us(&t, &random),
			.unit = "us",
			.against = "what it may add to a request",
			.against_value = 2,
			.goal = 1,
		};

		bench_print(&row);
	}
	rv_sessions_free(&t.sessions);
	free(t.tokens);
	return 0;
}
