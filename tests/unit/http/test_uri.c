/* Paths, queries and hosts: what decodes to what, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/uri.h"

static const struct {
	struct rv_slice raw;
	const char *path; /* NULL: refused */
} paths[] = {
#define PATH(raw, path)                        \
	{                                      \
		{ raw, sizeof(raw) - 1 }, path \
	}
	PATH("/", "/"),
	PATH("/a", "/a"),
	PATH("/AdminService/v1.0/$batch", "/AdminService/v1.0/$batch"),
	PATH("/wmi/SMS_Admin(1)", "/wmi/SMS_Admin(1)"),
	PATH("/a'b;c=d:e@f,g!h*i~j+k&l", "/a'b;c=d:e@f,g!h*i~j+k&l"),
	PATH("/%41%7a", "/Az"),
	PATH("/a%20b", "/a b"),
	PATH("/%C3%A4", "/\xc3\xa4"),
	PATH("/%e2%82%ac", "/\xe2\x82\xac"),
	PATH("/a.b", "/a.b"),
	PATH("/...", "/..."),
	PATH("/.a", "/.a"),
	PATH("/a..", "/a.."),
	/* Decoded once: what comes out is text, not another escape. */
	PATH("/%252e%252e", "/%2e%2e"),
	PATH("/%252F", "/%2F"),
	PATH("/%3F", "/?"),
	PATH("", NULL),
	PATH("a", NULL),
	PATH("*", NULL),
	PATH("//", NULL),
	PATH("//a", NULL),
	PATH("/a//b", NULL),
	PATH("/a/", NULL),
	PATH("/.", NULL),
	PATH("/..", NULL),
	PATH("/./a", NULL),
	PATH("/a/..", NULL),
	PATH("/a/../b", NULL),
	PATH("/%2e", NULL),
	PATH("/%2E%2e/b", NULL),
	PATH("/.%2e", NULL),
	PATH("/%2e./b", NULL),
	PATH("/a%2Fb", NULL),
	PATH("/a%2fb", NULL),
	PATH("/a%5Cb", NULL),
	PATH("/a%5cb", NULL),
	PATH("/a\\b", NULL),
	PATH("/%00", NULL),
	PATH("/a%00.json", NULL),
	PATH("/%0a", NULL),
	PATH("/%1B", NULL),
	PATH("/%7f", NULL),
	PATH("/\0", NULL),
	PATH("/a b", NULL),
	PATH("/\xc3\xa4", NULL),
	PATH("/%", NULL),
	PATH("/%4", NULL),
	PATH("/%4g", NULL),
	PATH("/%g4", NULL),
	PATH("/%%41", NULL),
	PATH("/%u0041", NULL),
	PATH("/%ff", NULL),
	PATH("/%c0%ae", NULL), /* an overlong "." */
	PATH("/%c0%af", NULL), /* an overlong "/" */
	PATH("/%e0%80%af", NULL),
	PATH("/%ed%a0%80", NULL), /* a surrogate */
	PATH("/%f4%90%80%80", NULL),
	PATH("/%c3", NULL),
	PATH("/a#b", NULL),
	PATH("/a?b", NULL),
	PATH("/<a>", NULL),
	PATH("/a|b", NULL),
	PATH("/[a]", NULL),
#undef PATH
};

static void
paths_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		/* In place, in memory of exactly its size. */
		char *p = malloc(paths[i].raw.n + 1);
		struct rv_slice raw = { p, paths[i].raw.n };
		const char *why = NULL;
		size_t n = SIZE_MAX;
		int r;

		assert_non_null(p);
		memcpy(p, paths[i].raw.p, raw.n);
		r = rv_uri_decode_path(raw, p, &n, &why);
		if ((r == RV_OK) != (paths[i].path != NULL))
			fail_msg("%s: %d", paths[i].raw.p, r);
		if (r == RV_OK) {
			assert_true(rv_slice_eq_cstr(
			    (struct rv_slice){ p, n }, paths[i].path));
		} else {
			assert_int_equal(r, RV_ERR_INVALID);
			assert_non_null(why);
			assert_true(n == SIZE_MAX);
		}
		free(p);
	}
}

static void
parts_of_queries_are_decoded(void **state)
{
	char out[64];
	size_t n = 0;

	(void)state;
	assert_int_equal(
	    rv_uri_decode(RV_SLICE_LIT("a+b%20%2F%2e%c3%a4"), out, &n), RV_OK);
	assert_true(
	    rv_slice_eq_cstr((struct rv_slice){ out, n }, "a+b /.\xc3\xa4"));
	assert_int_equal(rv_uri_decode(RV_SLICE_LIT(""), out, &n), RV_OK);
	assert_int_equal(n, 0);
	assert_int_equal(
	    rv_uri_decode(RV_SLICE_LIT("%0d%0a"), out, &n), RV_ERR_INVALID);
	assert_int_equal(
	    rv_uri_decode(RV_SLICE_LIT("a%"), out, &n), RV_ERR_INVALID);
	assert_int_equal(
	    rv_uri_decode(RV_SLICE_LIT("%fe"), out, &n), RV_ERR_INVALID);
}

static void
queries_are_checked(void **state)
{
	(void)state;
	assert_true(rv_uri_is_query(RV_SLICE_LIT("")));
	assert_true(
	    rv_uri_is_query(RV_SLICE_LIT("$filter=Name%20eq%20'x'&$top=1/?")));
	assert_false(rv_uri_is_query(RV_SLICE_LIT("a b")));
	assert_false(rv_uri_is_query(RV_SLICE_LIT("a#b")));
	assert_false(rv_uri_is_query(RV_SLICE_LIT("\"")));
	assert_false(rv_uri_is_query(RV_SLICE_LIT("a\0")));
	assert_false(rv_uri_is_query(RV_SLICE_LIT("\xc3\xa4")));
}

static void
hosts_are_checked(void **state)
{
	static const char *const good[] = { "a", "localhost:8443", "a.b-c.d",
		"127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8443",
		"[2001:db8::1.2.3.4]:65535", "my_host" };
	static const char *const wrong[] = { "", ":443", "a:", "a:b", "a:65536",
		"a:-1", "a:1:2", "[", "[]", "[::1", "[::1]x", "::1", "a b",
		"u@a", "a/b", "a?b", "a,b", "a%41", "[g::1]" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!rv_uri_is_host(rv_slice_of(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (rv_uri_is_host(rv_slice_of(wrong[i])))
			fail_msg("accepted: %s", wrong[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_decoded),
		cmocka_unit_test(parts_of_queries_are_decoded),
		cmocka_unit_test(queries_are_checked),
		cmocka_unit_test(hosts_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
