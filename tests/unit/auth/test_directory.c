/*
 * The directory against a real slapd behind a real KDC: what is known,
 * what is not, and that nobody waits longer than the deadline.
 */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "reeve/auth.h"
#include "unit/auth/lab.h"
#include "unit/auth/relay.h"

#define DEADLINE_MS 400
/* What a busy machine may add to a deadline; "at once" is shorter than it. */
#define SLACK_MS 350
#define USER_ID	 "20000000-0000-4000-8000-0000000000"
#define GROUP_ID "10000000-0000-4000-8000-0000000000"

struct world {
	struct lab lab;
	struct rv_directory *directory;
};

/* ---- Helpers -------------------------------------------------------------------- */

static struct rv_directory_config
config_at(const char *const *uris, char **ret_keytab)
{
	*ret_keytab = lab_path("", "directory.keytab");
	return (struct rv_directory_config){
		.uris = uris,
		.n_uris = 1,
		.base = "ou=people,dc=lab,dc=test",
		.group_base = "ou=groups,dc=lab,dc=test",
		.user_filter = "(&(objectClass=inetOrgPerson)(uid=%s))",
		.id_attribute = "entryUUID",
		.realm = "LAB.TEST",
		.client_keytab = *ret_keytab,
		.deadline_ms = 10000, /* patience: nothing here hangs */
		.max_groups = 4096,
		.max_depth = 16,
	};
}

/* The list of one address lives as long as the block. */
#define config_of(uri, keytab) config_at((const char *const[]){ (uri) }, keytab)

static struct rv_directory *
directory_new(const struct rv_directory_config *config)
{
	struct rv_directory *directory = NULL;
	struct rv_error e = { .text = "" };

	if (rv_directory_new(config, &directory, &e) != RV_OK)
		print_error("%s\n", e.text);
	return directory;
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct rv_directory_config config;
	char *keytab;

	*state = w;
	if (w == NULL || !lab_start(&w->lab, "--slapd"))
		return -1;
	config = config_of(getenv("LAB_LDAP_URI"), &keytab);
	w->directory = directory_new(&config);
	free(keytab);
	return w->directory == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	rv_directory_free(&w->directory);
	lab_stop(&w->lab);
	free(w);
	return 0;
}

/* Looks up with other settings than usual. */
static struct rv_account
lookup_with(const struct rv_directory_config *config, const char *principal)
{
	struct rv_directory *directory = directory_new(config);
	struct rv_account account;

	assert_non_null(directory);
	rv_directory_lookup(directory, principal, &account);
	rv_directory_free(&directory);
	return account;
}

static void
assert_unknown(struct rv_account *account)
{
	assert_false(account->known);
	assert_false(account->found);
	assert_null(account->account_id);
	assert_null(account->groups);
	assert_int_equal(account->n_groups, 0);
	assert_string_not_equal(account->detail, "");
	print_message("# %s\n", account->detail);
	rv_account_fini(account);
}

static void
assert_groups(struct world *w, const char *principal, const char *id,
    const char *const *groups, size_t n)
{
	struct rv_account account;

	rv_directory_lookup(w->directory, principal, &account);
	assert_string_equal(account.detail, "");
	assert_true(account.known);
	assert_true(account.found);
	assert_false(account.disabled);
	assert_string_equal(account.account_id, id);
	assert_int_equal(account.n_groups, n);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(account.groups[i], groups[i]);
	rv_account_fini(&account);
}

/* ---- What is known -------------------------------------------------------------- */

static void
test_finds_people(void **state)
{
	struct world *w = *state;
	const char *const analysts[] = { GROUP_ID "01" };

	assert_groups(w, "alice@LAB.TEST", USER_ID "01", analysts, 1);
	assert_groups(w, "mallory@LAB.TEST", USER_ID "05", NULL, 0);
	/* Every special character of a filter. */
	assert_groups(w, "a*b(c)@LAB.TEST", USER_ID "13", NULL, 0);
}

static void
test_follows_nested_groups(void **state)
{
	struct world *w = *state;
	const char *const nested[] = { GROUP_ID "01", GROUP_ID "02" };
	const char *const ring[] = { GROUP_ID "11", GROUP_ID "12",
		GROUP_ID "13" };

	assert_groups(w, "dave@LAB.TEST", USER_ID "04", nested, 2);
	assert_groups(w, "erin@LAB.TEST", USER_ID "06", ring, 3);
}

/* Forty groups side by side, and parents of the first and the last. */
static void
test_asks_for_every_group(void **state)
{
	struct world *w = *state;
	struct rv_account account;

	rv_directory_lookup(w->directory, "fan@LAB.TEST", &account);
	assert_true(account.known);
	assert_int_equal(account.n_groups, 43);
	for (size_t i = 1; i < account.n_groups; i++)
		assert_true(
		    strcmp(account.groups[i - 1], account.groups[i]) < 0);
	rv_account_fini(&account);
}

static void
test_knows_absence(void **state)
{
	static const char *const nobody[] = { "nobody@LAB.TEST",
		"alice/admin@LAB.TEST", "*@LAB.TEST", "a*@LAB.TEST",
		"alice)(uid=*@LAB.TEST", "alice\\@LAB.TEST@LAB.TEST" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
		struct rv_account account;

		rv_directory_lookup(w->directory, nobody[i], &account);
		assert_true(account.known);
		assert_false(account.found);
		assert_null(account.account_id);
		assert_int_equal(account.n_groups, 0);
		rv_account_fini(&account);
	}
}

static void
test_says_disabled(void **state)
{
	static const struct {
		const char *principal;
		bool disabled, locked;
	} rows[] = {
		{ "locked@LAB.TEST", true, true },
		{ "off@LAB.TEST", true, false },
		{ "on@LAB.TEST", false, false },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rv_account account;

		rv_directory_lookup(w->directory, rows[i].principal, &account);
		assert_true(account.known);
		assert_true(account.found);
		assert_int_equal(account.disabled, rows[i].disabled);
		assert_int_equal(account.locked, rows[i].locked);
		rv_account_fini(&account);
	}
}

/* ---- What is not ---------------------------------------------------------------- */

static void
test_unknown_is_not_nobody(void **state)
{
	static const char *const unknown[] = { "alice@OTHER.TEST", "alice",
		"@LAB.TEST", "alice@", "", "twin@LAB.TEST",
		/* The directory folds case, Kerberos does not. */
		"Alice@LAB.TEST", "alice @LAB.TEST", " alice@LAB.TEST",
		"alice@LAB.TEST@LAB.TEST" };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		struct rv_account account;

		rv_directory_lookup(w->directory, unknown[i], &account);
		assert_unknown(&account);
	}
}

static void
test_limits_make_unknown(void **state)
{
	struct rv_directory_config config;
	struct rv_account account;
	char *keytab;

	(void)state;
	config = config_of(getenv("LAB_LDAP_URI"), &keytab);
	config.max_depth = 6;
	account = lookup_with(&config, "frank@LAB.TEST");
	assert_true(account.known);
	assert_int_equal(account.n_groups, 6);
	rv_account_fini(&account);
	config.max_depth = 5;
	account = lookup_with(&config, "frank@LAB.TEST");
	assert_unknown(&account);

	config.max_groups = 2;
	account = lookup_with(&config, "dave@LAB.TEST");
	assert_true(account.known);
	rv_account_fini(&account);
	config.max_groups = 1;
	account = lookup_with(&config, "dave@LAB.TEST");
	assert_unknown(&account);
	free(keytab);
}

static void
test_partial_is_unknown(void **state)
{
	struct rv_directory_config config;
	struct rv_account account;
	char *keytab;

	(void)state;
	config = config_of(getenv("LAB_LDAP_URI"), &keytab);
	/* Two pages are fine. */
	account = lookup_with(&config, "many@LAB.TEST");
	assert_string_equal(account.detail, "");
	assert_true(account.known);
	assert_int_equal(account.n_groups, 700);
	rv_account_fini(&account);
	/* More than the server gives us. */
	account = lookup_with(&config, "toomany@LAB.TEST");
	assert_unknown(&account);
	/* Part of the tree is elsewhere. */
	config.group_base = "ou=referrals,dc=lab,dc=test";
	account = lookup_with(&config, "alice@LAB.TEST");
	assert_unknown(&account);
	config.group_base = "ou=missing,dc=lab,dc=test";
	account = lookup_with(&config, "alice@LAB.TEST");
	assert_unknown(&account);
	/* An attribute that nobody has. */
	config.group_base = "ou=groups,dc=lab,dc=test";
	config.id_attribute = "employeeNumber";
	account = lookup_with(&config, "alice@LAB.TEST");
	assert_unknown(&account);
	/* A principal that may not read. */
	free(keytab);
	keytab = lab_path("", "http.keytab");
	config.id_attribute = "entryUUID";
	config.client_keytab = keytab;
	account = lookup_with(&config, "alice@LAB.TEST");
	assert_unknown(&account);
	free(keytab);
}

/* ---- A server that is not well -------------------------------------------------- */

static int64_t
timed_lookup(struct rv_directory *directory, struct rv_account *account)
{
	int64_t start_ms = rv_monotonic_ms();

	rv_directory_lookup(directory, "dave@LAB.TEST", account);
	return rv_monotonic_ms() - start_ms;
}

/* Asks until it answers again; the back-off ends by itself. */
static void
await_known(struct rv_directory *directory)
{
	int64_t end_ms = rv_monotonic_ms() + 30000;
	struct rv_account account;
	bool known = false;

	while (!known && rv_monotonic_ms() < end_ms) {
		rv_directory_lookup(directory, "dave@LAB.TEST", &account);
		known = account.known;
		rv_account_fini(&account);
		if (!known)
			poll(NULL, 0, 5);
	}
	assert_true(known);
}

static void
test_silent_server(void **state)
{
	struct rv_directory_config config;
	struct rv_directory *directory;
	struct rv_account account;
	char uri[64], *keytab;
	int fd;

	(void)state;
	/* The kernel accepts; nobody answers. */
	fd = relay_listen(uri, sizeof(uri));
	config = config_of(uri, &keytab);
	config.deadline_ms = DEADLINE_MS;
	directory = directory_new(&config);
	assert_in_range(
	    timed_lookup(directory, &account), 0, DEADLINE_MS + SLACK_MS);
	assert_unknown(&account);
	/* Once is enough for a while. */
	assert_in_range(timed_lookup(directory, &account), 0, SLACK_MS);
	assert_unknown(&account);
	rv_directory_free(&directory);
	close(fd);
	free(keytab);
}

/* The connection is up, and then the server stalls, in several ways. */
static void
test_stalling_server(void **state)
{
	static const enum relay_mode modes[] = { RELAY_STALL, RELAY_HALF,
		RELAY_CLOSE };
	struct rv_directory_config config;
	char *keytab;

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct rv_directory *directory;
		struct rv_account account;
		struct relay relay;

		relay_start(&relay, getenv("LAB_LDAP_URI"));
		config = config_of(relay.uri, &keytab);
		config.deadline_ms = DEADLINE_MS;
		directory = directory_new(&config);
		await_known(directory);

		relay_set(&relay, modes[i]);
		assert_in_range(timed_lookup(directory, &account), 0,
		    DEADLINE_MS + SLACK_MS);
		assert_unknown(&account);
		assert_in_range(timed_lookup(directory, &account), 0,
		    DEADLINE_MS + SLACK_MS);
		assert_unknown(&account);

		rv_directory_free(&directory);
		relay_stop(&relay);
		free(keytab);
	}
}

/* Connecting waits for the KDC without end; a look-up does not. */
static void
test_silent_kdc(void **state)
{
	struct world *w = *state;
	struct rv_directory_config config;
	struct rv_directory *directory;
	struct rv_account account;
	char *keytab;

	config = config_of(getenv("LAB_LDAP_URI"), &keytab);
	config.deadline_ms = DEADLINE_MS;
	directory = directory_new(&config);
	assert_true(lab_command(&w->lab, "pause kdc"));
	assert_in_range(
	    timed_lookup(directory, &account), 0, DEADLINE_MS + SLACK_MS);
	assert_unknown(&account);
	assert_in_range(timed_lookup(directory, &account), 0, SLACK_MS);
	assert_unknown(&account);
	assert_true(lab_command(&w->lab, "resume kdc"));
	await_known(directory);
	rv_directory_free(&directory);
	free(keytab);
}

static void
test_server_restart(void **state)
{
	struct world *w = *state;
	struct rv_account account;

	await_known(w->directory);
	/* The idle connection dies: one look-up notices and tries again. */
	assert_true(lab_command(&w->lab, "stop slapd"));
	assert_true(lab_command(&w->lab, "start slapd"));
	(void)timed_lookup(w->directory, &account);
	assert_string_equal(account.detail, "");
	assert_true(account.known);
	rv_account_fini(&account);

	assert_true(lab_command(&w->lab, "stop slapd"));
	(void)timed_lookup(w->directory, &account);
	assert_unknown(&account);
	assert_in_range(timed_lookup(w->directory, &account), 0, SLACK_MS);
	assert_unknown(&account);
	assert_true(lab_command(&w->lab, "start slapd"));
	await_known(w->directory);
}

/* ---- Threads ------------------------------------------------------------------------ */

static void *
ask_often(void *arg)
{
	struct rv_directory *directory = arg;
	size_t n_wrong = 0;

	for (int i = 0; i < 20; i++) {
		struct rv_account account;

		rv_directory_lookup(directory, "dave@LAB.TEST", &account);
		if (!account.known || account.n_groups != 2)
			n_wrong++;
		rv_account_fini(&account);
	}
	return (void *)n_wrong;
}

static void
test_many_threads(void **state)
{
	struct world *w = *state;
	pthread_t threads[8];
	const size_t n = sizeof(threads) / sizeof(threads[0]);

	for (size_t i = 0; i < n; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, ask_often, w->directory),
		    0);
	for (size_t i = 0; i < n; i++) {
		void *n_wrong;

		pthread_join(threads[i], &n_wrong);
		assert_null(n_wrong);
	}
}

/* ---- Start ---------------------------------------------------------------------------- */

/* ---- Several servers, and what is remembered ---------------------------------- */

static void
test_takes_the_server_that_answers(void **state)
{
	const char *uris[] = { "ldap://127.0.0.1:1", "ldap://127.0.0.1:2",
		getenv("LAB_LDAP_URI") };
	struct rv_directory_config config;
	struct rv_directory *directory;
	struct rv_account account;
	char *keytab;

	(void)state;
	config = config_at((const char *const *)uris, &keytab);
	config.n_uris = 3;
	directory = directory_new(&config);
	assert_non_null(directory);
	rv_directory_lookup(directory, "on@LAB.TEST", &account);
	assert_true(account.known && account.found);
	rv_account_fini(&account);
	rv_directory_free(&directory);
	free(keytab);
}

static void
test_remembers(void **state)
{
	struct rv_directory_config config;
	struct rv_directory *directory;
	struct rv_account first, again;
	char *keytab;

	(void)state;
	config = config_of(getenv("LAB_LDAP_URI"), &keytab);
	config.cache = 1;
	config.cache_ms = 3600000;
	directory = directory_new(&config);
	assert_non_null(directory);
	assert_false(rv_directory_recall(directory, "on@LAB.TEST", &first));
	rv_directory_lookup(directory, "on@LAB.TEST", &first);
	assert_true(rv_directory_recall(directory, "on@LAB.TEST", &again));
	assert_true(again.known && again.found);
	assert_string_equal(again.account_id, first.account_id);
	assert_int_equal(again.n_groups, first.n_groups);
	assert_int_equal(again.at_ms, first.at_ms);
	rv_account_fini(&again);
	/* Nobody else, and in another spelling neither. */
	assert_false(rv_directory_recall(directory, "ON@LAB.TEST", &again));
	/* There is room for one. */
	rv_account_fini(&first);
	rv_directory_lookup(directory, "alice@LAB.TEST", &first);
	assert_true(first.known && first.found);
	assert_false(rv_directory_recall(directory, "on@LAB.TEST", &again));
	assert_true(rv_directory_recall(directory, "alice@LAB.TEST", &again));
	rv_account_fini(&again);
	rv_account_fini(&first);
	/* Who is disabled may be let in again at any time. */
	rv_directory_lookup(directory, "off@LAB.TEST", &first);
	assert_true(first.disabled);
	assert_false(rv_directory_recall(directory, "off@LAB.TEST", &again));
	rv_account_fini(&first);
	/* What could not be found out is not remembered. */
	rv_directory_lookup(directory, "x@OTHER.TEST", &first);
	assert_false(first.known);
	assert_false(rv_directory_recall(directory, "x@OTHER.TEST", &again));
	rv_account_fini(&first);
	rv_directory_free(&directory);
	free(keytab);
}

/* A SID is a name in Active Directory only. */
static void
test_knows_no_sids(void **state)
{
	struct world *w = *state;
	struct rv_account account;

	rv_directory_lookup(w->directory, "sid:s-1-5-21-1-2-3-1104", &account);
	assert_false(account.known);
	assert_string_not_equal(account.detail, "");
	rv_account_fini(&account);
}

static void
assert_bad_config(const struct rv_directory_config *config)
{
	struct rv_directory *directory = NULL;
	struct rv_error e = { .text = "" };

	assert_int_not_equal(rv_directory_new(config, &directory, &e), RV_OK);
	assert_null(directory);
	assert_string_not_equal(e.text, "");
	print_message("# %s\n", e.text);
}

static void
test_checks_settings(void **state)
{
	static const char *const uris[] = { "", "ldaps://localhost", "ldap://",
		"ldap://a ldap://b", "ldap://a/dc=x", "http://localhost",
		"ldapi:///" };
	static const char *const filters[] = { "", "(uid=alice)", "(uid=%d)",
		"(uid=%s)(cn=%s)", "uid=%s", "(uid=%s*)", "(uid~=%s)",
		"(uid>=%s)", "(=%s)", "(uid:caseExactMatch:=%s)",
		"(%s=alice)" };
	static const char *const localhost = "ldap://localhost";
	struct rv_directory_config config;
	char *keytab;

	(void)state;
	config = config_of("ldap://localhost", &keytab);
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		config.uris = &uris[i];
		assert_bad_config(&config);
	}
	config.uris = &localhost;
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		config.user_filter = filters[i];
		assert_bad_config(&config);
	}
	config.user_filter = "(uid=%s)";
	config.client_keytab = "/nonexistent/keytab";
	assert_bad_config(&config);
	config.client_keytab = keytab;
	/* A password, or a certificate, without TLS. */
	config.bind = RV_BIND_SIMPLE;
	config.bind_dn = "cn=x";
	config.password_file = "/nonexistent/password";
	assert_bad_config(&config);
	config.bind = RV_BIND_EXTERNAL;
	assert_bad_config(&config);
	/* TLS without an authority, and of another scheme. */
	config.bind = RV_BIND_GSSAPI;
	config.tls = RV_DIRECTORY_START_TLS;
	assert_bad_config(&config);
	config.ca = "/nonexistent/ca.pem";
	config.tls = RV_DIRECTORY_LDAPS;
	assert_bad_config(&config);
	config.tls = RV_DIRECTORY_TLS_OFF;
	config.deadline_ms = 0;
	assert_bad_config(&config);
	free(keytab);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_people),
		cmocka_unit_test(test_follows_nested_groups),
		cmocka_unit_test(test_asks_for_every_group),
		cmocka_unit_test(test_knows_absence),
		cmocka_unit_test(test_says_disabled),
		cmocka_unit_test(test_takes_the_server_that_answers),
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_knows_no_sids),
		cmocka_unit_test(test_unknown_is_not_nobody),
		cmocka_unit_test(test_limits_make_unknown),
		cmocka_unit_test(test_partial_is_unknown),
		cmocka_unit_test(test_many_threads),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_stalling_server),
		cmocka_unit_test(test_silent_kdc),
		cmocka_unit_test(test_server_restart),
		cmocka_unit_test(test_checks_settings),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
