#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/table.h"

/* What every file needs, seven lines. */
#define MINIMUM                      \
	"tls_certificate = /c.pem\n" \
	"tls_key = /c.key\n"         \
	"keytab = /http.keytab\n"    \
	"replay_cache = /replay\n"   \
	"realms = LAB.TEST\n"        \
	"store = dbname=reeve\n"     \
	"audit_directory = /audit\n"
#define DIRECTORY                                     \
	"directory_uri = ldap://127.0.0.1:389\n"      \
	"directory_base = ou=people,dc=lab,dc=test\n" \
	"directory_realm = LAB.TEST\n"                \
	"directory_keytab = /directory.keytab\n"

static struct rv_config *
parse(const char *text)
{
	struct rv_config *config = NULL;
	struct rv_error e;

	if (rv_config_parse(rv_slice_of(text), "x.conf", &config, &e) != RV_OK)
		fail_msg("%s", e.text);
	return config;
}

static void
assert_error(struct rv_slice text, const char *want)
{
	struct rv_config *config = NULL;
	struct rv_error e;

	assert_int_equal(
	    rv_config_parse(text, "x.conf", &config, &e), RV_ERR_INVALID);
	assert_null(config);
	assert_string_equal(e.text, want);
}

/* ---- Good files -------------------------------------------------------- */

static void
test_defaults(void **state)
{
	struct rv_config *c = parse(MINIMUM);

	(void)state;
	assert_string_equal(c->file, "x.conf");
	assert_string_equal(c->tls_certificate, "/c.pem");
	assert_string_equal(c->store, "dbname=reeve");
	assert_int_equal(c->realms.n, 1);
	assert_string_equal(c->realms.v[0], "LAB.TEST");
	assert_int_equal(c->listen.n, 1);
	assert_string_equal(c->listen.v[0], "127.0.0.1:8443");
	assert_null(c->port_file);
	assert_int_equal(c->directory_uri.n, 0);
	assert_int_equal(c->tls_minimum, 0);
	assert_int_equal(c->log_level, 2);
	assert_int_equal(c->channel_binding, 1);
	assert_int_equal(c->max_connections, 4096);
	assert_int_equal(c->max_header, 98304);
	assert_int_equal(c->header_timeout, 10000);
	assert_int_equal(c->session_lifetime, 8 * 3600 * 1000);
	assert_int_equal(c->audit_segment_size, 64 * 1024 * 1024);
	assert_string_equal(c->directory_user_filter, "(uid=%s)");
	rv_config_free(&c);
	assert_null(c);
	rv_config_free(&c);
}

static void
test_values(void **state)
{
	struct rv_config *c =
	    parse("# a comment\n"
		  "\t # another\n"
		  "\n" MINIMUM "listen=127.0.0.1:0 [::1]:8443\n"
		  "  node  =  a node \n"
		  "user = \"a \\\"b\\\" \\\\ # c\"\n"
		  "certificate_indicators =\n"
		  "hello_indicators = \"\"\n"
		  "header_timeout = 1500ms\n"
		  "body_timeout\t=\t2m\n"
		  "session_lifetime = 7d\n"
		  "drain_timeout = 0\n"
		  "max_body = 2M\n"
		  "audit_segment_size = 4G\n"
		  "audit_reserve = 0\n"
		  "max_header = 8192\n"
		  "tls_minimum = 1.2\n"
		  "log_level = \"debug\"\n"
		  "service = caf\xc3\xa9");

	(void)state;
	assert_int_equal(c->listen.n, 2);
	assert_string_equal(c->listen.v[1], "[::1]:8443");
	assert_string_equal(c->node, "a node");
	assert_string_equal(c->user, "a \"b\" \\ # c");
	assert_int_equal(c->certificate_indicators.n, 0);
	assert_int_equal(c->hello_indicators.n, 0);
	assert_int_equal(c->header_timeout, 1500);
	assert_int_equal(c->body_timeout, 120000);
	assert_int_equal(c->session_lifetime, 604800000);
	assert_int_equal(c->drain_timeout, 0);
	assert_int_equal(c->max_body, 2 * 1024 * 1024);
	assert_true(c->audit_segment_size == 4294967296);
	assert_int_equal(c->audit_reserve, 0);
	assert_int_equal(c->max_header, 8192);
	assert_int_equal(c->tls_minimum, 1);
	assert_int_equal(c->log_level, 3);
	assert_string_equal(c->service, "caf\xc3\xa9");
	rv_config_free(&c);
}

static void
test_lists(void **state)
{
	struct rv_config *c = parse(MINIMUM
	    "hello_indicators = one \"two words\"\tthree#x \"\" \"q\\\"\"\n");

	(void)state;
	assert_int_equal(c->hello_indicators.n, 4);
	assert_string_equal(c->hello_indicators.v[0], "one");
	assert_string_equal(c->hello_indicators.v[1], "two words");
	assert_string_equal(c->hello_indicators.v[2], "three#x");
	assert_string_equal(c->hello_indicators.v[3], "q\"");
	rv_config_free(&c);
}

static void
test_directory(void **state)
{
	struct rv_config *c = parse(MINIMUM DIRECTORY
	    "directory_user_filter = (&(objectClass=person)(uid=%s))\n");

	(void)state;
	assert_string_equal(c->directory_keytab, "/directory.keytab");
	rv_config_free(&c);
}

/* ---- Bad files --------------------------------------------------------- */

struct bad {
	const char *text; /* follows the minimum, whose lines are 7 */
	const char *want;
};

static const struct bad bad[] = {
	{ "keytab = /other\n", "x.conf:8:1: keytab was already set in line 3" },
	{ "tls_certifcate = /x\n",
	    "x.conf:8:1: unknown parameter 'tls_certifcate'; did you mean "
	    "'tls_certificate'?" },
	{ "  colour = red\n",
	    "x.conf:8:3: unknown parameter 'colour'; see reeved.conf(5)" },
	{ "Listen = 127.0.0.1:1\n",
	    "x.conf:8:1: unknown parameter 'Listen'; did you mean 'listen'?" },
	{ "\nloops 4\n", "x.conf:9:7: '=' is expected" },
	{ "loops\n", "x.conf:8:6: '=' is expected" },
	{ "[section]\n",
	    "x.conf:8:1: the name of a parameter, '#' or an empty line is "
	    "expected" },
	{ "= 4\n",
	    "x.conf:8:1: the name of a parameter, '#' or an empty line is "
	    "expected" },
	{ "loops = many\n",
	    "x.conf:8:9: loops takes a whole number, not 'many'" },
	{ "loops =\n", "x.conf:8:8: loops takes a whole number, not ''" },
	{ "loops = \"\"\n", "x.conf:8:9: loops takes a whole number, not ''" },
	{ "loops = 257\n", "x.conf:8:9: loops must be 0 to 256, not '257'" },
	{ "loops = 18446744073709551616\n",
	    "x.conf:8:9: loops must be 0 to 256, not "
	    "'18446744073709551616'" },
	{ "loops = -1\n", "x.conf:8:9: loops takes a whole number, not '-1'" },
	{ "workers = 0\n", "x.conf:8:11: workers must be 1 to 256, not '0'" },
	{ "workers = 1.5\n",
	    "x.conf:8:11: workers takes a whole number, not '1.5'" },
	{ "idle_timeout = 60\n",
	    "x.conf:8:16: idle_timeout takes a whole number with one of the "
	    "units ms, s, m, h, d, not '60'" },
	{ "idle_timeout = 60 s\n",
	    "x.conf:8:16: idle_timeout takes a whole number with one of the "
	    "units ms, s, m, h, d, not '60 s'" },
	{ "idle_timeout = 2h\n",
	    "x.conf:8:16: idle_timeout must be 100ms to 1h, not '2h'" },
	{ "idle_timeout = 0\n",
	    "x.conf:8:16: idle_timeout must be 100ms to 1h, not '0'" },
	{ "idle_timeout = 999999999999999999d\n",
	    "x.conf:8:16: idle_timeout must be 100ms to 1h, not "
	    "'999999999999999999d'" },
	{ "max_body = 1T\n",
	    "x.conf:8:12: max_body takes a whole number of bytes, or one "
	    "with K, M or G, not '1T'" },
	{ "max_body = 65M\n",
	    "x.conf:8:12: max_body must be 1K to 64M, not '65M'" },
	{ "max_body = 99999999999999999G\n",
	    "x.conf:8:12: max_body must be 1K to 64M, not "
	    "'99999999999999999G'" },
	/* 2^34 + 1 of them are 1G modulo 2^64 */
	{ "audit_segment_size = 17179869185G\n",
	    "x.conf:8:22: audit_segment_size must be 64K to 4G, not "
	    "'17179869185G'" },
	{ "tls_minimum = 1.1\n",
	    "x.conf:8:15: tls_minimum must be one of 1.3|1.2, not '1.1'" },
	{ "tls_minimum = 1\n",
	    "x.conf:8:15: tls_minimum must be one of 1.3|1.2, not '1'" },
	{ "log_level = \n",
	    "x.conf:8:12: log_level must be one of error|warning|info|debug, "
	    "not ''" },
	{ "port_file = port\n",
	    "x.conf:8:13: port_file must be an absolute path, not 'port'" },
	{ "node = a # my node\n",
	    "x.conf:8:10: a comment needs a line of its own; put a value "
	    "with '#' in double quotes" },
	{ "node = #\n",
	    "x.conf:8:8: a comment needs a line of its own; put a value "
	    "with '#' in double quotes" },
	{ "node = \"a\n", "x.conf:8:8: the quote is never closed" },
	{ "node = \"a\\\"\n", "x.conf:8:8: the quote is never closed" },
	{ "node = \"a\\n\"\n",
	    "x.conf:8:10: in quotes a backslash stands only before \" or "
	    "another backslash" },
	{ "node = \"a\\\n",
	    "x.conf:8:10: in quotes a backslash stands only before \" or "
	    "another backslash" },
	{ "node = \"a\"b\n",
	    "x.conf:8:11: a blank must follow the closing quote" },
	{ "node = \"a\" b\n",
	    "x.conf:8:11: one value is expected; put a value with blanks in "
	    "one pair of quotes" },
	{ "node = a\"b\"\n",
	    "x.conf:8:9: a quote may only begin a value; put the whole value "
	    "in quotes and write \\\" inside" },
	{ "hello_indicators = a b # c\n",
	    "x.conf:8:24: a comment needs a line of its own; put a value "
	    "with '#' in double quotes" },
	{ "hello_indicators = \"a\" \"b\n",
	    "x.conf:8:24: the quote is never closed" },
	{ "listen = localhost:8443\n",
	    "x.conf:8:1: listen takes ADDRESS:PORT or [ADDRESS]:PORT with "
	    "numeric addresses, not 'localhost:8443'" },
	{ "listen = ::1:8443\n",
	    "x.conf:8:1: listen takes ADDRESS:PORT or [ADDRESS]:PORT with "
	    "numeric addresses, not '::1:8443'" },
	{ "listen = 127.0.0.1:1 127.0.0.1:65536\n",
	    "x.conf:8:1: listen takes ADDRESS:PORT or [ADDRESS]:PORT with "
	    "numeric addresses, not '127.0.0.1:65536'" },
	{ "listen = 127.0.0.1\n",
	    "x.conf:8:1: listen takes ADDRESS:PORT or [ADDRESS]:PORT with "
	    "numeric addresses, not '127.0.0.1'" },
	{ "listen = [127.0.0.1]:1\n",
	    "x.conf:8:1: listen takes ADDRESS:PORT or [ADDRESS]:PORT with "
	    "numeric addresses, not '[127.0.0.1]:1'" },
	{ "listen =\nservice = \"\"\n",
	    "x.conf: listen, service are required" },
	{ "directory_uri = ldap://h\ndirectory_base = dc=x\n",
	    "x.conf: directory_realm, directory_keytab are required because "
	    "directory_uri is set" },
	{ DIRECTORY "directory_user_filter = (uid=*)\n",
	    "x.conf:12:1: directory_user_filter must be one filter in "
	    "parentheses with exactly one %s" },
	{ DIRECTORY "directory_user_filter = (|(uid=%s)(cn=%s))\n",
	    "x.conf:12:1: directory_user_filter must be one filter in "
	    "parentheses with exactly one %s" },
	{ DIRECTORY "directory_user_filter = (uid=%n)\n",
	    "x.conf:12:1: directory_user_filter must be one filter in "
	    "parentheses with exactly one %s" },
	{ "directory_keytab = /http.keytab\n",
	    "x.conf:8:1: directory_keytab must not be the keytab of the "
	    "service: give the directory bind a principal of its own" },
	{ "groups_refresh = 20m\n",
	    "x.conf:8:1: groups_refresh must not be longer than "
	    "groups_max_age" },
	{ "groups_max_age = 1m\n",
	    "x.conf: groups_refresh must not be longer than "
	    "groups_max_age" },
	{ "loops = 1\r\n",
	    "x.conf:8:10: carriage return: save the file with Unix line "
	    "ends" },
	{ "node = a\x1b[2J\n",
	    "x.conf:8:9: control character: only tabs are allowed" },
	{ "node = \x7f\n",
	    "x.conf:8:8: control character: only tabs are allowed" },
	{ "# caf\xe9\n", "x.conf:8:6: not UTF-8" },
	{ "node = a\xc3\n", "x.conf:8:9: not UTF-8" },
	{ "node = \xc3\xa9\xed\xa0\x80z\n", "x.conf:8:10: not UTF-8" },
	{ "\xef\xbb\xbfnode = a\n",
	    "x.conf:8:1: the name of a parameter, '#' or an empty line is "
	    "expected" },
	{ "node_with_a_very_long_name_that_is_none_of_ours = 1\n",
	    "x.conf:8:1: unknown parameter "
	    "'node_with_a_very_long_name_that_is_none_...'; see "
	    "reeved.conf(5)" },
};

static void
test_messages(void **state)
{
	struct rv_buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rv_buf_reset(&text);
		rv_buf_puts(&text, MINIMUM);
		rv_buf_puts(&text, bad[i].text);
		assert_error(rv_buf_slice(&text), bad[i].want);
	}
	rv_buf_fini(&text);
}

static void
test_nul_byte(void **state)
{
	(void)state;
	assert_error(RV_SLICE_LIT("node = a\0b\n"),
	    "x.conf:1:9: control character: only tabs are allowed");
}

static void
test_required(void **state)
{
	(void)state;
	assert_error(RV_SLICE_LIT(""),
	    "x.conf: tls_certificate, tls_key, keytab, replay_cache, realms, "
	    "store, audit_directory are required");
	assert_error(RV_SLICE_NONE,
	    "x.conf: tls_certificate, tls_key, keytab, replay_cache, realms, "
	    "store, audit_directory are required");
	assert_error(RV_SLICE_LIT("tls_certificate = /c\ntls_key = /k\n"
				  "keytab = /t\nreplay_cache = /r\n"
				  "store = x\naudit_directory = /a\n"),
	    "x.conf: realms is required");
}

/* ---- Printing ---------------------------------------------------------- */

static char *
show(const struct rv_config *config)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	rv_config_show(config, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void
assert_same_after_show(const char *text)
{
	struct rv_config *first = parse(text), *second;
	char *shown = show(first), *again;

	second = parse(shown);
	again = show(second);
	assert_string_equal(shown, again);
	rv_config_free(&first);
	rv_config_free(&second);
	free(shown);
	free(again);
}

/* Another value for each parameter, so that no default can hide a loss. */
static const char *
other_value(const struct rv_param *p)
{
	static const char *const special[][2] = {
		{ "listen", "0.0.0.0:1 [::]:2" },
		{ "directory_user_filter", "\"(cn=\\\"%s\\\\#)\"" },
		{ "groups_refresh", "1s" },
		{ "groups_max_age", "20m" },
		{ "session_lifetime", "25h" },
		{ "max_header", "9000" },
		{ "role_file_keys", "0123456789abcdefABCDEF0123456789abcdef"
				    "ABCDEF01234567890123456789" },
	};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (strcmp(p->name, special[i][0]) == 0)
			return special[i][1];
	switch (p->type) {
	case RV_PARAM_STRING:
		return "\" a \\\"b\\\" \\\\ # \xc3\xa9\t\"";
	case RV_PARAM_PATH:
		return "\"/with blank/and \\\"quote\"";
	case RV_PARAM_LIST:
		return "one \"two words\" \"#\"";
	case RV_PARAM_INTEGER:
		return "3";
	case RV_PARAM_DURATION:
		return "1300ms";
	case RV_PARAM_SIZE:
		return "3M";
	case RV_PARAM_CHOICE:
		break;
	}
	return NULL;
}

static void
put_other(const struct rv_param *p, struct rv_buf *text)
{
	int last = 0;

	rv_buf_printf(text, "%s = ", p->name);
	if (p->type != RV_PARAM_CHOICE) {
		rv_buf_puts(text, other_value(p));
	} else {
		struct rv_slice dflt = rv_slice_of(p->dflt);

		while (rv_slice_eq(rv_param_value_at(p, last), dflt))
			last++;
		rv_buf_put_slice(text, rv_param_value_at(p, last));
	}
	rv_buf_putc(text, '\n');
}

/* The lines of a file but those that set one parameter. */
static void
put_without(const char *lines, const char *name, struct rv_buf *text)
{
	while (*lines != '\0') {
		size_t n = strcspn(lines, "\n") + 1;
		size_t n_name = strcspn(lines, " ");

		if (n_name != strlen(name) || memcmp(lines, name, n_name) != 0)
			rv_buf_put(text, lines, n);
		lines += n;
	}
}

static void
assert_comes_back(const struct rv_param *param)
{
	struct rv_config *plain = parse(MINIMUM DIRECTORY), *other;
	struct rv_buf text = { 0 }, names = { 0 };
	char *a = show(plain), *b;

	put_without(MINIMUM DIRECTORY, param->name, &text);
	put_other(param, &text);
	other = parse(rv_buf_cstr(&text));
	b = show(other);
	assert_string_not_equal(a, b);
	assert_same_after_show(b);
	assert_same_after_show(rv_buf_cstr(&text));
	rv_config_restart_needed(plain, other, &names);
	assert_string_equal(
	    rv_buf_cstr(&names), param->reload ? "" : param->name);
	free(a);
	free(b);
	rv_buf_fini(&names);
	rv_buf_fini(&text);
	rv_config_free(&other);
	rv_config_free(&plain);
}

static void
test_every_parameter_comes_back(void **state)
{
	const struct rv_param *table = rv_config_params.v;

	(void)state;
	assert_same_after_show(MINIMUM);
	for (size_t i = 0; i < rv_config_params.n; i++)
		if (table[i].section == NULL)
			assert_comes_back(&table[i]);
}

static void
test_restart_needed(void **state)
{
	struct rv_config *a = parse(MINIMUM);
	struct rv_config *b = parse(MINIMUM "loops = 2\nlog_level = debug\n"
					    "listen = 127.0.0.1:1\n");
	struct rv_buf names = { .max = 8 };

	(void)state;
	rv_config_restart_needed(a, a, &names);
	assert_int_equal(names.n, 0);
	/* too small a buffer says so by its own error */
	rv_config_restart_needed(a, b, &names);
	assert_true(names.failed);
	names.max = 0;
	rv_config_restart_needed(a, b, &names);
	assert_string_equal(rv_buf_cstr(&names), "listen, loops");
	rv_buf_fini(&names);
	rv_config_free(&a);
	rv_config_free(&b);
}

/* ---- Files ------------------------------------------------------------- */

static void
put_file(const char *path, mode_t mode)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(MINIMUM, out) >= 0);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
assert_not_loaded(const char *path, int want, const char *why)
{
	struct rv_config *config = NULL;
	struct rv_error e;

	assert_int_equal(rv_config_load(path, &config, &e), want);
	assert_null(config);
	if (strncmp(e.text, path, strlen(path)) != 0 ||
	    strstr(e.text, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e.text, why);
}

static void
test_file(void **state)
{
	char folder[] = "/tmp/reeve-config-XXXXXX", path[64];
	struct rv_config *config = NULL;
	struct rv_error e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/reeved.conf", folder);
	assert_not_loaded(path, RV_ERR_IO, "No such file");
	put_file(path, 0600);
	assert_int_equal(rv_config_load(path, &config, &e), RV_OK);
	assert_string_equal(config->file, path);
	rv_config_free(&config);
	put_file(path, 0644);
	assert_int_equal(rv_config_load(path, &config, &e), RV_OK);
	rv_config_free(&config);
	put_file(path, 0664);
	assert_not_loaded(path, RV_ERR_INVALID,
	    "may be written by group or others (mode 0664)");
	put_file(path, 0602);
	assert_not_loaded(path, RV_ERR_INVALID, "run chmod go-w");
	put_file(path, 0600);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_not_loaded(
		    path, RV_ERR_INVALID, "belongs to user 65534");
	}
	assert_int_equal(truncate(path, 2 * 1024 * 1024), 0);
	assert_int_equal(chown(path, geteuid(), getegid()), 0);
	assert_not_loaded(path, RV_ERR_LIMIT, "longer than 1 MiB");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_not_loaded(path, RV_ERR_INVALID, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_not_loaded(folder, RV_ERR_INVALID, "not a regular file");
	assert_int_equal(rmdir(folder), 0);
}

/* ---- Documents --------------------------------------------------------- */

static char *
read_document(const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = calloc(1, 1024 * 1024);

	if (in == NULL)
		fail_msg("%s: %s; run the tests in the top folder", path,
		    strerror(errno));
	assert_non_null(text);
	assert_true(fread(text, 1, 1024 * 1024 - 1, in) > 0);
	(void)fclose(in);
	return text;
}

static void
test_manual_is_current(void **state)
{
	char *committed = read_document("docs/man/reeved.conf.5"), *now = NULL;
	size_t n;
	FILE *out = open_memstream(&now, &n);

	(void)state;
	assert_non_null(out);
	rv_config_manual(out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(committed, now);
	free(committed);
	free(now);
}

/* The example parses and names every parameter. */
static void
test_example_is_complete(void **state)
{
	char *text = read_document("docs/reeved.conf.example"), name[64];
	struct rv_config *config = parse(text);
	const struct rv_param *table = rv_config_params.v;

	(void)state;
	for (size_t i = 0; i < rv_config_params.n; i++) {
		if (table[i].section != NULL)
			continue;
		(void)snprintf(name, sizeof(name), "%s = ", table[i].name);
		if (strstr(text, name) == NULL)
			fail_msg("%s is not in the example", table[i].name);
	}
	rv_config_free(&config);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_every_parameter_comes_back),
		cmocka_unit_test(test_restart_needed),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_manual_is_current),
		cmocka_unit_test(test_example_is_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
