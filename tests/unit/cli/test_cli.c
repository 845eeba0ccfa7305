/* The command's pure parts: options, lines of a batch, exit codes. */
#include "unit/unit.h"

#include <jansson.h>

#include "cli/cli.h"

#define ARGC(argv) ((int)(sizeof(argv) / sizeof((argv)[0]) - 1))

static void
options_and_operands_mix(void **state)
{
	char reeve[] = "reeve", check[] = "check", json[] = "--json",
	     read[] = "Read", type[] = "SMS_Role", who[] = "--subject=bob@X",
	     limit[] = "--limit", five[] = "5", add[] = "--add", a[] = "A",
	     b[] = "--add=B";
	char *argv[] = { reeve, check, json, read, type, who, limit, five, add,
		a, b, NULL };
	struct rv_cli_options o;
	struct rv_error e;

	(void)state;
	assert_int_equal(rv_cli_parse(ARGC(argv), argv, &o, &e), RV_OK);
	assert_string_equal(o.command, "check");
	assert_int_equal(o.n_operands, 2);
	assert_string_equal(o.operands[0], "Read");
	assert_string_equal(o.operands[1], "SMS_Role");
	assert_string_equal(o.subject, "bob@X");
	assert_true(o.json);
	assert_int_equal(o.limit, 5);
	assert_int_equal(o.n_add, 2);
	assert_string_equal(o.add[1], "B");
}

static void
options_of_a_site_are_its_own(void **state)
{
	char reeve[] = "reeve", site[] = "site", onboard[] = "onboard-tenant",
	     name[] = "x", a[] = "--audience=a", b[] = "--audience=b",
	     ca[] = "--ca=/ca.pem", tenant[] = "--tenant=t", yes[] = "--yes";
	char *argv[] = { reeve, site, onboard, name, a, b, ca, tenant, yes,
		NULL };
	struct rv_cli_options o;
	struct rv_error e;

	(void)state;
	assert_int_equal(rv_cli_parse(ARGC(argv), argv, &o, &e), RV_OK);
	assert_string_equal(o.command, "site");
	assert_int_equal(o.n_operands, 2);
	assert_int_equal(o.site.n_audiences, 2);
	assert_string_equal(o.site.audiences[1], "b");
	assert_string_equal(o.site.tenants[0], "t");
	assert_string_equal(o.site.ca, "/ca.pem");
	assert_true(o.site.yes);
	assert_false(o.site.force);
}

/* The authority of providers says nothing about that of issuers. */
static void
the_environment_names_no_authority_of_issuers(void **state)
{
	char reeve[] = "reeve", site[] = "site";
	char *argv[] = { reeve, site, NULL };
	struct rv_cli_options o;
	struct rv_error e;

	(void)state;
	assert_int_equal(setenv("REEVE_CA", "/ca.pem", 1), 0);
	assert_int_equal(rv_cli_parse(ARGC(argv), argv, &o, &e), RV_OK);
	assert_int_equal(unsetenv("REEVE_CA"), 0);
	assert_string_equal(o.ca, "/ca.pem");
	assert_null(o.site.ca);
}

static void
wrong_options_are_named(void **state)
{
	static const struct {
		const char *argument[2], *named;
	} wrong[] = {
		{ { "--bogus" }, "--bogus" },
		{ { "--limit=0" }, "--limit 0" },
		{ { "--limit=x" }, "--limit x" },
		{ { "--subject" }, "--subject" },
		{ { "--subject=a", "--group=b" }, "--group" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char reeve[] = "reeve", one[32] = "", two[32] = "";
		char *argv[] = { reeve, one, two, NULL };
		const int argc = wrong[i].argument[1] != NULL ? 3 : 2;
		struct rv_cli_options o;
		struct rv_error e = { "" };

		(void)snprintf(one, sizeof(one), "%s", wrong[i].argument[0]);
		if (argc == 3)
			(void)snprintf(
			    two, sizeof(two), "%s", wrong[i].argument[1]);
		argv[argc] = NULL;
		assert_int_equal(
		    rv_cli_parse(argc, argv, &o, &e), RV_ERR_INVALID);
		assert_non_null(strstr(e.text, wrong[i].named));
	}
}

static void
lines_of_a_batch(void **state)
{
	static const struct {
		const char *line, *json; /* NULL: refused */
	} lines[] = {
		{ "Read\tSMS_Role\tSMS0001R",
		    "{\"action\":{\"name\":\"Read\"},\"resource\":{\"id\":"
		    "\"SMS0001R\",\"type\":\"SMS_Role\"}}" },
		{ "Run Report\tSMS_Application",
		    "{\"action\":{\"name\":\"Run Report\"},\"resource\":"
		    "{\"id\":\"\",\"type\":\"SMS_Application\"}}" },
		{ "Read\tX\t\tbob@Y",
		    "{\"action\":{\"name\":\"Read\"},\"resource\":{\"id\":"
		    "\"\",\"type\":\"X\"},\"subject\":{\"id\":\"bob@Y\","
		    "\"type\":\"user\"}}" },
		{ "{\"a\": 1}", "{\"a\":1}" },
		{ "Read", NULL },
		{ "", NULL },
		{ "\tX", NULL },
		{ "Read\tX\tk\tbob\tmore", NULL },
		{ "Read\tX\t\xff", NULL },
		{ "{\"a\": 1", NULL },
		{ "{\"a\": 1, \"a\": 2}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct rv_error e = { "" };
		json_t *item =
		    rv_cli_batch_line(rv_slice_of(lines[i].line), &e);
		char *text;

		if (lines[i].json == NULL) {
			assert_null(item);
			assert_int_not_equal(e.text[0], '\0');
			continue;
		}
		assert_non_null(item);
		text = json_dumps(item, JSON_COMPACT | JSON_SORT_KEYS);
		assert_string_equal(text, lines[i].json);
		free(text);
		json_decref(item);
	}
}

static void
assignments_as_text(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "R", "{\"role\":\"R\"}" },
		{ "R:S", "{\"role\":\"R\",\"scopes\":[\"S\"]}" },
		{ "R:S,T:C",
		    "{\"collections\":[\"C\"],\"role\":\"R\",\"scopes\":"
		    "[\"S\",\"T\"]}" },
		{ "R::C,D", "{\"collections\":[\"C\",\"D\"],\"role\":\"R\","
			    "\"scopes\":[]}" },
		{ "", NULL },
		{ ":S", NULL },
		{ "R:S,", NULL },
		{ "R:,S", NULL },
		{ "R:S:C:D", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rv_error e = { "" };
		json_t *row = rv_cli_assignment(rows[i].text, &e);
		char *text;

		if (rows[i].json == NULL) {
			assert_null(row);
			continue;
		}
		text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
		assert_string_equal(text, rows[i].json);
		free(text);
		json_decref(row);
	}
}

static void
exit_codes_of_statuses(void **state)
{
	static const struct {
		long status;
		const char *code;
		enum rv_cli_exit expected;
	} rows[] = {
		{ 200, "", RV_CLI_OK },
		{ 400, "bad_request", RV_CLI_ERROR },
		{ 401, "unauthorized", RV_CLI_SIGN_IN },
		{ 403, "not_permitted", RV_CLI_DENIED },
		{ 403, "level_too_low", RV_CLI_SIGN_IN },
		{ 404, "no_such_object", RV_CLI_NOT_FOUND },
		{ 404, "unknown_route", RV_CLI_ERROR },
		{ 409, "other_epoch", RV_CLI_CONFLICT },
		{ 422, "", RV_CLI_CONFLICT },
		{ 500, "", RV_CLI_ERROR },
		{ 503, "stale", RV_CLI_ERROR },
		{ 302, "", RV_CLI_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rv_cli_answer answer = { .status = rows[i].status,
			.body = json_pack("{s:s}", "code", rows[i].code) };

		assert_int_equal(
		    rv_cli_exit_of_status(&answer), rows[i].expected);
		rv_cli_answer_fini(&answer);
	}
}

static void
exit_codes_of_decisions(void **state)
{
	static const struct {
		const char *text;
		enum rv_cli_exit expected;
	} rows[] = {
		{ "{\"d\":true}", RV_CLI_OK },
		{ "{\"d\":false}", RV_CLI_DENIED },
		{ "{}", RV_CLI_DENIED },
		{ "{\"d\":1}", RV_CLI_DENIED },
		{ "{\"d\":\"true\"}", RV_CLI_DENIED },
		{ "{\"c\":{\"reason\":\"no_such_object\"}}", RV_CLI_NOT_FOUND },
		{ "{\"c\":{\"reason\":\"level_too_low\"}}", RV_CLI_SIGN_IN },
		{ "{\"c\":{\"missing\":{\"conditions\":[\"level\"]}}}",
		    RV_CLI_SIGN_IN },
		{ "{\"c\":{\"missing\":{\"conditions\":[\"scope\","
		  "\"level\"]}}}",
		    RV_CLI_DENIED },
		{ "{\"c\":{\"error\":{\"status\":400}}}", RV_CLI_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *row = json_loads(rows[i].text, 0, NULL);

		assert_non_null(row);
		assert_int_equal(
		    rv_cli_exit_of_decision(
			json_object_get(row, "d"), json_object_get(row, "c")),
		    rows[i].expected);
		json_decref(row);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_operands_mix),
		cmocka_unit_test(options_of_a_site_are_its_own),
		cmocka_unit_test(the_environment_names_no_authority_of_issuers),
		cmocka_unit_test(wrong_options_are_named),
		cmocka_unit_test(lines_of_a_batch),
		cmocka_unit_test(assignments_as_text),
		cmocka_unit_test(exit_codes_of_statuses),
		cmocka_unit_test(exit_codes_of_decisions),
	};

	return cmocka_run_group_tests_name("cli", tests, NULL, NULL);
}
