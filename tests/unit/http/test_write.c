/* Answers on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/http1_write.h"
#include "http/syntax.h"

static struct rv_http1_date date;

static int
set_date(void **state)
{
	(void)state;
	rv_http1_date_set(&date, 784111777);
	return 0;
}

static void
check_written(
    const struct rv_answer *a, bool head_only, bool close, const char *want)
{
	struct rv_buf out = { 0 };
	const struct rv_http1_sending sending = { head_only, close, &date };

	rv_buf_puts(&out, "before");
	assert_int_equal(rv_http1_write(&out, a, &sending), RV_OK);
	assert_string_equal(rv_buf_cstr(&out) + 6, want);
	rv_buf_fini(&out);
}

static const struct rv_answer ok = {
	.status = 200,
	.content_type = "application/json",
	.body = { "{\"a\":1}", 7 },
};

static void
answers_are_framed(void **state)
{
	struct rv_answer a = ok;

	(void)state;
#define TAIL                                  \
	"X-Content-Type-Options: nosniff\r\n" \
	"Strict-Transport-Security: max-age=31536000\r\n"
	check_written(&a, false, false,
	    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Content-Type: application/json\r\nContent-Length: 7\r\n"
	    "Cache-Control: no-store\r\n" TAIL "\r\n{\"a\":1}");
	/* HEAD: the same, without the body. */
	check_written(&a, true, true,
	    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Content-Type: application/json\r\nContent-Length: 7\r\n"
	    "Cache-Control: no-store\r\n" TAIL "Connection: close\r\n\r\n");
	a.content_type = NULL;
	a.status = 401;
	a.fields[0] = (struct rv_field){ RV_SLICE_LIT("WWW-Authenticate"),
		RV_SLICE_LIT("Negotiate") };
	a.fields[1] = (struct rv_field){ RV_SLICE_LIT("cache-control"),
		RV_SLICE_LIT("max-age=5") };
	a.n_fields = 2;
	check_written(&a, false, false,
	    "HTTP/1.1 401 Unauthorized\r\n"
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n"
	    "WWW-Authenticate: Negotiate\r\ncache-control: max-age=5\r\n" TAIL
	    "\r\n");
	a.status = 204;
	a.n_fields = 0;
	check_written(&a, false, false,
	    "HTTP/1.1 204 No Content\r\n"
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "Cache-Control: no-store\r\n" TAIL "\r\n");
	a.status = 299;
	check_written(&a, false, false,
	    "HTTP/1.1 299 \r\n"
	    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n"
	    "Cache-Control: no-store\r\n" TAIL "\r\n");
}

static void
check_refused(const struct rv_answer *a)
{
	struct rv_buf out = { 0 };
	const struct rv_http1_sending sending = { false, false, &date };

	assert_int_equal(rv_http1_write(&out, a, &sending), RV_ERR_INVALID);
	assert_int_equal(out.n, 0);
	assert_false(out.failed);
	rv_buf_fini(&out);
}

static void
split_answers_are_refused(void **state)
{
	static const struct rv_field fields[] = {
		{ { "X", 1 }, { "a\r\nSet-Cookie: b", 16 } },
		{ { "X", 1 }, { "a\nb", 3 } },
		{ { "X", 1 }, { "a\rb", 3 } },
		{ { "X", 1 }, { "a\0b", 3 } },
		{ { "X: y\r\nZ", 7 }, { "a", 1 } },
		{ { "X ", 2 }, { "a", 1 } },
		{ { "", 0 }, { "a", 1 } },
		{ { "content-length", 14 }, { "1", 1 } },
		{ { "Transfer-Encoding", 17 }, { "chunked", 7 } },
		{ { "Connection", 10 }, { "close", 5 } },
	};
	struct rv_answer a = ok;

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		a = ok;
		a.fields[0] = fields[i];
		a.n_fields = 1;
		check_refused(&a);
	}
	a = ok;
	a.content_type = "text/html\r\nX: y";
	check_refused(&a);
	a = ok;
	a.status = 100;
	check_refused(&a);
	a.status = 0;
	check_refused(&a);
	a.status = 1000;
	check_refused(&a);
}

static void
a_full_buffer_is_an_error(void **state)
{
	struct rv_buf out;
	const struct rv_http1_sending sending = { false, false, &date };

	(void)state;
	rv_buf_init(&out, 100);
	assert_int_equal(rv_http1_write(&out, &ok, &sending), RV_ERR_NOMEM);
	assert_int_equal(out.n, 0);
	rv_buf_fini(&out);
}

static void
dates_are_fixed_length(void **state)
{
	struct rv_http1_date d = { 0 };

	(void)state;
	rv_http1_date_set(&d, 0);
	assert_string_equal(d.text, "Thu, 01 Jan 1970 00:00:00 GMT");
	rv_http1_date_set(&d, 951782400);
	assert_string_equal(d.text, "Tue, 29 Feb 2000 00:00:00 GMT");
	rv_http1_date_set(&d, 4102444799);
	assert_string_equal(d.text, "Thu, 31 Dec 2099 23:59:59 GMT");
	rv_http1_date_set(&d, INT64_MAX);
	assert_int_equal(strlen(d.text), 29);
}

static void
tokens_are_those_of_the_standard(void **state)
{
	static const char tchar[] = "!#$%&'*+-.^_`|~0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		bool is = memchr(tchar, (int)c, sizeof(tchar) - 1) != NULL;

		if (rv_http_is_token_byte((unsigned char)c) != is)
			fail_msg("byte %u", c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_framed),
		cmocka_unit_test(split_answers_are_refused),
		cmocka_unit_test(a_full_buffer_is_an_error),
		cmocka_unit_test(dates_are_fixed_length),
		cmocka_unit_test(tokens_are_those_of_the_standard),
	};

	return cmocka_run_group_tests(tests, set_date, NULL);
}
