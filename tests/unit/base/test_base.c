/* rbac/base: slices, buffers, arenas, names of codes and levels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reeve/base.h"
#include "reeve/level.h"

static void
test_slice_equality(void **state)
{
	const struct rv_slice none = RV_SLICE_NONE;
	const struct rv_slice empty = RV_SLICE_LIT("");

	(void)state;
	assert_true(rv_slice_eq(none, none));
	assert_true(rv_slice_eq(empty, rv_slice_of("")));
	assert_false(rv_slice_eq(none, empty)); /* absent is not empty */
	assert_false(rv_slice_eq(empty, none));
	assert_true(rv_slice_eq(RV_SLICE_LIT("a\0b"), RV_SLICE_LIT("a\0b")));
	assert_false(rv_slice_eq(RV_SLICE_LIT("a\0b"), RV_SLICE_LIT("a\0c")));
	assert_false(rv_slice_eq(RV_SLICE_LIT("ab"), RV_SLICE_LIT("abc")));
	assert_true(rv_slice_eq_cstr(RV_SLICE_LIT("Read"), "Read"));
	assert_false(rv_slice_eq_cstr(RV_SLICE_LIT("Read"), "read"));
	assert_null(rv_slice_of(NULL).p);
}

static void
test_slice_folded_equality(void **state)
{
	(void)state;
	assert_true(
	    rv_slice_ieq(RV_SLICE_LIT("HoSt-@[`{"), RV_SLICE_LIT("hOsT-@[`{")));
	assert_false(rv_slice_ieq(RV_SLICE_LIT("@"), RV_SLICE_LIT("`")));
	assert_false(rv_slice_ieq(RV_SLICE_LIT("\xc4"), RV_SLICE_LIT("\xe4")));
	assert_false(rv_slice_ieq(RV_SLICE_LIT("a"), RV_SLICE_LIT("ab")));
	assert_false(rv_slice_ieq(RV_SLICE_NONE, RV_SLICE_LIT("")));
}

static void
test_slice_order(void **state)
{
	(void)state;
	assert_true(rv_slice_cmp(RV_SLICE_LIT("a"), RV_SLICE_LIT("ab")) < 0);
	assert_true(rv_slice_cmp(RV_SLICE_LIT("ab"), RV_SLICE_LIT("a")) > 0);
	assert_true(rv_slice_cmp(RV_SLICE_LIT("b"), RV_SLICE_LIT("ab")) > 0);
	assert_true(rv_slice_cmp(RV_SLICE_LIT("\x7f"), RV_SLICE_LIT("\x80")) <
		    0); /* bytes are unsigned */
	assert_int_equal(rv_slice_cmp(RV_SLICE_NONE, RV_SLICE_LIT("")), 0);
	assert_true(
	    rv_slice_has_prefix(RV_SLICE_LIT("abc"), RV_SLICE_LIT("ab")));
	assert_true(rv_slice_has_prefix(RV_SLICE_LIT("abc"), RV_SLICE_NONE));
	assert_false(
	    rv_slice_has_prefix(RV_SLICE_LIT("ab"), RV_SLICE_LIT("abc")));
}

static void
test_slice_dup(void **state)
{
	char *p = rv_slice_dup(RV_SLICE_LIT("x\0y"));

	(void)state;
	assert_non_null(p);
	assert_memory_equal(p, "x\0y", 4);
	free(p);
	p = rv_slice_dup(RV_SLICE_NONE);
	assert_non_null(p);
	assert_string_equal(p, "");
	free(p);
}

static void
test_slice_to_u64(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int r;
		uint64_t value;
	} cases[] = {
		{ "0", 9, RV_OK, 0 },
		{ "7", 7, RV_OK, 7 },
		{ "8", 7, RV_ERR_LIMIT, 0 },
		{ "18446744073709551615", UINT64_MAX, RV_OK, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, RV_ERR_LIMIT, 0 },
		{ "99999999999999999999", UINT64_MAX, RV_ERR_LIMIT, 0 },
		{ "4294967296", UINT32_MAX, RV_ERR_LIMIT, 0 },
		{ "", 9, RV_ERR_INVALID, 0 },
		{ "00", 9, RV_ERR_INVALID, 0 },
		{ "01", 9, RV_ERR_INVALID, 0 },
		{ "+1", 9, RV_ERR_INVALID, 0 },
		{ "-1", 9, RV_ERR_INVALID, 0 },
		{ " 1", 9, RV_ERR_INVALID, 0 },
		{ "1 ", 9, RV_ERR_INVALID, 0 },
		{ "0x1", 9, RV_ERR_INVALID, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint64_t v = 42;

		assert_int_equal(rv_slice_to_u64(rv_slice_of(cases[i].text),
				     cases[i].max, &v),
		    cases[i].r);
		/* Written on success only. */
		assert_true(v == (cases[i].r == RV_OK ? cases[i].value : 42));
	}
}

static void
test_slice_is_text(void **state)
{
	static const struct {
		const char *bytes;
		bool text;
	} cases[] = {
		{ "", true },
		{ "plain", true },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", true },
		{ "\xed\x9f\xbf\xee\x80\x80", true }, /* beside surrogates */
		{ "\xf4\x8f\xbf\xbf", true },	      /* the last code point */
		{ "\xf4\x90\x80\x80", false },
		{ "\xed\xa0\x80", false },     /* a surrogate */
		{ "\xc0\xaf", false },	       /* overlong */
		{ "\xe0\x9f\xbf", false },     /* overlong */
		{ "\xf0\x8f\xbf\xbf", false }, /* overlong */
		{ "\x80", false },
		{ "\xc3", false }, /* cut */
		{ "\xe2\x82", false },
		{ "\xc3(", false },
		{ "\xff", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(rv_slice_is_text(rv_slice_of(cases[i].bytes)),
		    cases[i].text);
	assert_false(rv_slice_is_text(RV_SLICE_LIT("a\0b")));
	assert_true(rv_slice_is_text(RV_SLICE_NONE));
}

static void
test_buf_writes(void **state)
{
	struct rv_buf b = { 0 };

	(void)state;
	rv_buf_puts(&b, "one ");
	rv_buf_putc(&b, '2');
	rv_buf_put_slice(&b, RV_SLICE_LIT(" three"));
	rv_buf_put_slice(&b, RV_SLICE_NONE);
	rv_buf_printf(&b, " %d", 4);
	assert_string_equal(rv_buf_cstr(&b), "one 2 three 4");
	assert_int_equal(b.n, strlen("one 2 three 4"));
	rv_buf_consume(&b, 4);
	assert_true(rv_slice_eq_cstr(rv_buf_slice(&b), "2 three 4"));
	rv_buf_consume(&b, b.n);
	assert_int_equal(rv_buf_slice(&b).n, 0);
	rv_buf_fini(&b);
}

static void
test_buf_grows(void **state)
{
	struct rv_buf b = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		rv_buf_putc(&b, (char)('a' + i % 26));
	assert_false(b.failed);
	assert_int_equal(b.n, 100000);
	assert_int_equal(b.p[99999], 'a' + 99999 % 26);
	rv_buf_fini(&b);
}

static void
test_buf_limit_is_sticky(void **state)
{
	struct rv_buf b;

	(void)state;
	rv_buf_init(&b, 8);
	rv_buf_puts(&b, "12345678");
	assert_false(b.failed); /* exactly the maximum */
	rv_buf_putc(&b, '9');
	assert_true(b.failed);
	rv_buf_consume(&b, 8);
	rv_buf_putc(&b, 'x');
	assert_int_equal(b.n, 0); /* nothing after the failure */
	assert_null(rv_buf_cstr(&b));
	assert_int_not_equal(rv_buf_reserve(&b, 1), RV_OK);
	rv_buf_reset(&b);
	assert_false(b.failed);
	rv_buf_puts(&b, "ok");
	assert_int_equal(b.n, 2);
	assert_int_equal(rv_buf_reserve(&b, SIZE_MAX), RV_ERR_LIMIT);
	rv_buf_fini(&b);
	assert_int_equal(b.max, 8);
}

static void
test_arena(void **state)
{
	struct rv_arena *a = rv_arena_new(0);
	unsigned char *big;

	(void)state;
	assert_non_null(a);
	for (size_t n = 0; n < 300; n++) {
		unsigned char *p = rv_arena_alloc(a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	big = rv_arena_alloc(a, 1 << 20);
	assert_non_null(big);
	assert_int_equal(big[(1 << 20) - 1], 0);
	assert_string_equal(rv_arena_dup(a, RV_SLICE_LIT("copy")), "copy");
	assert_string_equal(rv_arena_dup(a, RV_SLICE_NONE), "");
	assert_string_equal(rv_arena_printf(a, "%s-%d", "x", 7), "x-7");
	assert_null(rv_arena_alloc(a, SIZE_MAX));
	rv_arena_free(&a);
	assert_null(a);
	rv_arena_free(&a);
}

static void
test_arena_limit(void **state)
{
	struct rv_arena *a = rv_arena_new(64);

	(void)state;
	assert_non_null(a);
	assert_non_null(rv_arena_alloc(a, 48));
	assert_null(rv_arena_alloc(a, 32));
	assert_non_null(rv_arena_alloc(a, 16)); /* what is left still goes */
	assert_null(rv_arena_alloc(a, 1));
	rv_arena_free(&a);
}

static void
test_names(void **state)
{
	struct rv_error e;

	(void)state;
	assert_string_equal(rv_strerr(RV_OK), "success");
	for (int err = RV_ERR_AGAIN; err <= RV_ERR_NOMEM; err++)
		assert_string_not_equal(rv_strerr(err), "unknown error");
	assert_string_equal(rv_strerr(-9999), "unknown error");
	assert_string_equal(rv_level_name(RV_LEVEL_HELLO), "hello");
	assert_string_equal(rv_level_name((enum rv_level)77), "none");
	rv_error_set(&e, "%0600d", 1);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	rv_error_set(NULL, "nobody listens");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slice_equality),
		cmocka_unit_test(test_slice_folded_equality),
		cmocka_unit_test(test_slice_order),
		cmocka_unit_test(test_slice_dup),
		cmocka_unit_test(test_slice_to_u64),
		cmocka_unit_test(test_slice_is_text),
		cmocka_unit_test(test_buf_writes),
		cmocka_unit_test(test_buf_grows),
		cmocka_unit_test(test_buf_limit_is_sticky),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
