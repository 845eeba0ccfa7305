/* The reader of chunked bodies: each outcome, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/chunk.h"

#define MAX 16u

static enum rv_http1_result
feed(struct rv_chunk_reader *c, struct rv_slice in, size_t step,
    struct rv_buf *out, size_t *ret_used)
{
	enum rv_http1_result result = RV_HTTP1_MORE;

	*ret_used = 0;
	while (*ret_used < in.n && result == RV_HTTP1_MORE) {
		size_t left = in.n - *ret_used;
		size_t n = left < step ? left : step;
		size_t used = 0;
		char *piece = malloc(n);

		assert_non_null(piece);
		memcpy(piece, in.p + *ret_used, n);
		result =
		    rv_chunk_read(c, (struct rv_slice){ piece, n }, out, &used);
		free(piece);
		*ret_used += used;
	}
	return result;
}

static const struct {
	const char *name;
	struct rv_slice in;
	int status; /* 0: good */
	const char *body;
	size_t rest; /* bytes after the body */
} cases[] = {
#define GOOD(name, text, body, rest)                            \
	{                                                       \
		name, { text, sizeof(text) - 1 }, 0, body, rest \
	}
#define BAD(name, text, status)                                   \
	{                                                         \
		name, { text, sizeof(text) - 1 }, status, NULL, 0 \
	}
	GOOD("empty", "0\r\n\r\n", "", 0),
	GOOD("one chunk", "3\r\nabc\r\n0\r\n\r\n", "abc", 0),
	GOOD("two chunks, and a rest",
	    "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nGET", "abc0123456789", 3),
	GOOD("data with CR LF", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", 0),
	GOOD("zeros before", "0003\r\nabc\r\n000\r\n\r\n", "abc", 0),
	GOOD("exactly the limit", "10\r\n0123456789abcdef\r\n0\r\n\r\n",
	    "0123456789abcdef", 0),
	GOOD("extension", "3;a=\"b c\"\r\nabc\r\n0;x\r\n\r\n", "abc", 0),
	GOOD("trailer", "0\r\nX-Sum: 1\r\nEmpty:\r\n\r\n", "", 0),
	BAD("over the limit", "11\r\n", 413),
	BAD("over the limit by sum", "f\r\n0123456789abcde\r\n2\r\n", 413),
	BAD("overflow", "FFFFFFFFFFFFFFFFF\r\n", 400),
	BAD("16 digits", "FFFFFFFFFFFFFFFF\r\n", 400),
	BAD("15 digits", "FFFFFFFFFFFFFFF\r\n", 413),
	BAD("no size", "\r\n", 400),
	BAD("no size but an extension", ";a\r\n", 400),
	BAD("0x3", "0x3\r\nabc\r\n", 400),
	BAD("+3", "+3\r\nabc\r\n", 400),
	BAD("-1", "-1\r\n", 400),
	BAD("blank before", " 3\r\nabc\r\n", 400),
	BAD("blank after", "3 \r\nabc\r\n", 400),
	BAD("bare LF after the size", "3\nabc\r\n0\r\n\r\n", 400),
	BAD("bare LF after the data", "3\r\nabc\n0\r\n\r\n", 400),
	BAD("bare LF at the end", "0\r\n\n", 400),
	BAD("bare LF after the last size", "0\n\r\n", 400),
	BAD("bare CR", "3\rabc\r\n", 400),
	BAD("data too long", "3\r\nabcXX0\r\n\r\n", 400),
	BAD("another byte for CR", "3\r\nabcX\n0\r\n\r\n", 400),
	BAD("LF in an extension", "3;a\n\r\nabc\r\n", 400),
	BAD("NUL in an extension", "3;a\0\r\nabc\r\n", 400),
	BAD("trailer without a name", "0\r\n: x\r\n\r\n", 400),
	BAD("trailer without a colon", "0\r\nabc\r\n\r\n", 400),
	BAD("blank before a colon", "0\r\na : x\r\n\r\n", 400),
	BAD("folded trailer", "0\r\na: x\r\n y\r\n\r\n", 400),
	BAD("NUL in a trailer", "0\r\na: \0\r\n\r\n", 400),
	BAD("bare LF in a trailer", "0\r\na: b\n\r\n", 400),
};

static void
bodies_are_read(void **state)
{
	static const size_t steps[] = { SIZE_MAX, 1, 2, 3 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) * 4; i++) {
		size_t k = i / 4;
		struct rv_chunk_reader c = { .max = MAX };
		struct rv_buf out = { 0 };
		enum rv_http1_result result;
		size_t used;

		result = feed(&c, cases[k].in, steps[i % 4], &out, &used);
		if (result !=
			(cases[k].status == 0 ? RV_HTTP1_DONE : RV_HTTP1_BAD) ||
		    c.fault.status != cases[k].status)
			fail_msg("%s: result %d, status %d", cases[k].name,
			    (int)result, c.fault.status);
		if (cases[k].status == 0) {
			assert_int_equal(used, cases[k].in.n - cases[k].rest);
			assert_int_equal(out.n, strlen(cases[k].body));
			assert_memory_equal(
			    out.p != NULL ? out.p : "", cases[k].body, out.n);
		}
		rv_buf_fini(&out);
	}
}

static void
check_flood(const char *begin, const char *unit, size_t limit, int status)
{
	struct rv_chunk_reader c = { .max = MAX };
	struct rv_buf in = { 0 }, out = { 0 };
	size_t used;

	rv_buf_puts(&in, begin);
	while (in.n < 1u << 20)
		rv_buf_puts(&in, unit);
	assert_int_equal(
	    feed(&c, rv_buf_slice(&in), 100, &out, &used), RV_HTTP1_BAD);
	assert_int_equal(c.fault.status, status);
	assert_true(used <= strlen(begin) + limit);
	rv_buf_fini(&in);
	rv_buf_fini(&out);
}

static void
floods_are_refused(void **state)
{
	(void)state;
	check_flood("1;", "x", RV_CHUNK_EXTENSIONS, 400);
	check_flood("0\r\na: ", "x", RV_CHUNK_TRAILERS, 431);
	check_flood("0\r\n", "a: b\r\n", RV_CHUNK_TRAILERS * 2, 431);
	/* Zeros before the digits have no end either. */
	check_flood("0", "0", 16, 400);
}

/* The limit of extensions is over the whole body, not for each chunk. */
static void
extensions_add_up(void **state)
{
	struct rv_chunk_reader c = { .max = 1u << 20 };
	struct rv_buf in = { 0 }, out = { 0 };
	size_t used;

	(void)state;
	for (int i = 0; i < 1000; i++)
		rv_buf_puts(&in, "1;x\r\na\r\n");
	assert_int_equal(
	    feed(&c, rv_buf_slice(&in), SIZE_MAX, &out, &used), RV_HTTP1_BAD);
	assert_true(out.n <= RV_CHUNK_EXTENSIONS);
	rv_buf_fini(&in);
	rv_buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_are_read),
		cmocka_unit_test(floods_are_refused),
		cmocka_unit_test(extensions_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
