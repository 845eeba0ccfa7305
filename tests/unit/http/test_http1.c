/* The reader of request heads: each outcome, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/http1.h"

#define MAX_HEAD 98304u
#define GET	 "GET / HTTP/1.1\r\n"
#define POST	 "POST / HTTP/1.1\r\n"
#define HOST	 "Host: a\r\n"

struct outcome {
	enum rv_http1_result result;
	size_t used;
};

/* Feeds pieces of `step` bytes until something comes of it. */
static struct outcome
feed(struct rv_http1_reader *r, struct rv_slice in, size_t step)
{
	struct outcome o = { RV_HTTP1_MORE, 0 };

	while (o.used < in.n && o.result == RV_HTTP1_MORE) {
		size_t n = in.n - o.used < step ? in.n - o.used : step;
		size_t used = 0;
		/* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI) */
		char *piece = malloc(n); /* a step is not 0 */

		/* A copy of its own, so that a read beyond it is seen. */
		assert_non_null(piece);
		memcpy(piece, in.p + o.used, n);
		o.result =
		    rv_http1_read(r, (struct rv_slice){ piece, n }, &used);
		free(piece);
		if (o.result == RV_HTTP1_MORE)
			assert_int_equal(used, n);
		o.used += used;
	}
	return o;
}

static const size_t steps[] = { SIZE_MAX, 1, 2, 3, 7, 1000 };
#define N_STEPS (sizeof(steps) / sizeof(steps[0]))

static void
check_fault(
    const char *name, struct rv_slice in, int status, const char *reason)
{
	for (size_t i = 0; i < N_STEPS; i++) {
		struct rv_http1_reader r;
		struct outcome o;

		rv_http1_init(&r, MAX_HEAD);
		o = feed(&r, in, steps[i]);
		if (o.result != RV_HTTP1_BAD || r.fault.status != status ||
		    strcmp(r.fault.reason, reason) != 0 ||
		    strlen(r.fault.detail) < 20)
			fail_msg("%s, step %zu: result %d status %d %s", name,
			    steps[i], (int)o.result, r.fault.status,
			    r.fault.reason != NULL ? r.fault.reason : "");
		rv_http1_fini(&r);
	}
}

static const struct {
	const char *name;
	struct rv_slice in;
	int status;
	const char *reason;
} hostile[] = {
#define CASE(name, text, status, reason)                         \
	{                                                        \
		name, { text, sizeof(text) - 1 }, status, reason \
	}
	CASE("CL and TE",
	    POST HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	    400, "smuggling"),
	CASE("TE and CL",
	    POST HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
	    400, "smuggling"),
	CASE("two lengths",
	    POST HOST "Content-Length: 3\r\nContent-Length: 5\r\n\r\n", 400,
	    "smuggling"),
	CASE("the same length twice",
	    POST HOST "Content-Length: 3\r\ncontent-length: 3\r\n\r\n", 400,
	    "smuggling"),
	CASE("list of lengths", POST HOST "Content-Length: 3, 3\r\n\r\n", 400,
	    "smuggling"),
	CASE("length +3", POST HOST "Content-Length: +3\r\n\r\n", 400,
	    "smuggling"),
	CASE("length -1", POST HOST "Content-Length: -1\r\n\r\n", 400,
	    "smuggling"),
	CASE("length 0x3", POST HOST "Content-Length: 0x3\r\n\r\n", 400,
	    "smuggling"),
	CASE("length 03", POST HOST "Content-Length: 03\r\n\r\n", 400,
	    "smuggling"),
	CASE("length empty", POST HOST "Content-Length:\r\n\r\n", 400,
	    "smuggling"),
	CASE("length 2^64",
	    POST HOST "Content-Length: 18446744073709551616\r\n\r\n", 400,
	    "smuggling"),
	CASE("length 2^63",
	    POST HOST "Content-Length: 9223372036854775808\r\n\r\n", 400,
	    "smuggling"),
	CASE("xchunked", POST HOST "Transfer-Encoding: xchunked\r\n\r\n", 400,
	    "smuggling"),
	CASE("chunked, identity",
	    POST HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 400,
	    "smuggling"),
	CASE("gzip, chunked",
	    POST HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 400,
	    "smuggling"),
	CASE("Chunked", POST HOST "Transfer-Encoding: Chunked\r\n\r\n", 400,
	    "smuggling"),
	CASE("vertical tab chunked",
	    POST HOST "Transfer-Encoding: \vchunked\r\n\r\n", 400,
	    "malformed_request"),
	CASE("identity", POST HOST "Transfer-Encoding: identity\r\n\r\n", 400,
	    "smuggling"),
	CASE("chunked twice",
	    POST HOST "Transfer-Encoding: chunked\r\n"
		      "Transfer-Encoding: chunked\r\n\r\n",
	    400, "smuggling"),
	CASE("1.0 chunked",
	    "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n",
	    400, "smuggling"),
	CASE("space before colon", POST HOST "Content-Length : 3\r\n\r\n", 400,
	    "malformed_request"),
	CASE("obs-fold", GET HOST "X: y\r\n z\r\n\r\n", 400,
	    "malformed_request"),
	CASE("obs-fold by tab", GET HOST "X: y\r\n\tz\r\n\r\n", 400,
	    "malformed_request"),
	CASE("fold of the first field", GET " Host: a\r\n\r\n", 400,
	    "malformed_request"),
	CASE("NUL in a value", GET HOST "X: a\0b\r\n\r\n", 400,
	    "malformed_request"),
	CASE("NUL in a name", GET HOST "X\0: b\r\n\r\n", 400,
	    "malformed_request"),
	CASE("escape in a value", GET HOST "X: \033[1m\r\n\r\n", 400,
	    "malformed_request"),
	CASE("DEL in a value", GET HOST "X: \177\r\n\r\n", 400,
	    "malformed_request"),
	CASE("bare CR in a value", GET HOST "X: a\rb\r\n\r\n", 400,
	    "malformed_request"),
	CASE("CR CR LF", GET HOST "X: a\r\r\n\r\n", 400, "malformed_request"),
	CASE("bare LF after the request line", "GET / HTTP/1.1\n" HOST "\r\n",
	    400, "malformed_request"),
	CASE("bare LF after a field", GET "Host: a\n\r\n", 400,
	    "malformed_request"),
	CASE("bare LF after a longer field", GET HOST "X: ab\n\r\n", 400,
	    "malformed_request"),
	CASE("bare LF at the end", GET HOST "\n", 400, "malformed_request"),
	CASE("no colon", GET HOST "X\r\n\r\n", 400, "malformed_request"),
	CASE("no name", GET HOST ": x\r\n\r\n", 400, "malformed_request"),
	CASE("name with a bracket", GET HOST "a(b): x\r\n\r\n", 400,
	    "malformed_request"),
	CASE("name beyond ASCII", GET HOST "\xc3\xa4: x\r\n\r\n", 400,
	    "malformed_request"),
	CASE("no Host", GET "\r\n", 400, "malformed_request"),
	CASE("1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 400,
	    "malformed_request"),
	CASE("two Hosts", GET HOST "Host: b\r\n\r\n", 400, "malformed_request"),
	CASE("the same Host twice", GET HOST HOST "\r\n", 400,
	    "malformed_request"),
	CASE("empty Host", GET "Host:\r\n\r\n", 400, "malformed_request"),
	CASE("Host with a path", GET "Host: a/b\r\n\r\n", 400,
	    "malformed_request"),
	CASE("Host with a user", GET "Host: u@a\r\n\r\n", 400,
	    "malformed_request"),
	CASE("Host with a list", GET "Host: a, b\r\n\r\n", 400,
	    "malformed_request"),
	CASE("other host in the target",
	    "GET https://b/ HTTP/1.1\r\n" HOST "\r\n", 421, "misdirected"),
	CASE("other port in the target",
	    "GET https://a:1/ HTTP/1.1\r\n" HOST "\r\n", 421, "misdirected"),
	CASE("user in the target", "GET https://u@a/ HTTP/1.1\r\n" HOST "\r\n",
	    421, "misdirected"),
	CASE("no authority in the target",
	    "GET https:///x HTTP/1.1\r\n" HOST "\r\n", 421, "misdirected"),
	CASE("http in the target", "GET http://a/ HTTP/1.1\r\n" HOST "\r\n",
	    421, "misdirected"),
	CASE("ftp in the target", "GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n", 421,
	    "misdirected"),
	CASE("authority as the target", "GET a:443 HTTP/1.1\r\n" HOST "\r\n",
	    400, "malformed_request"),
	CASE("relative target", "GET x HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("query alone", "GET ?x HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("GET *", "GET * HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("fragment", "GET /#x HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("quote in the query", "GET /?\" HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("dot dot", "GET /a/../b HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("encoded dot dot", "GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("two slashes", "GET //a HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("encoded NUL", "GET /a%00 HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("encoded slash", "GET /a%2Fb HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", 405,
	    "method_not_allowed"),
	CASE("CONNECT", "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", 405,
	    "method_not_allowed"),
	CASE("PRI", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405,
	    "method_not_allowed"),
	CASE("GeT", "GeT / HTTP/1.1\r\n" HOST "\r\n", 400, "malformed_request"),
	CASE("get", "get / HTTP/1.1\r\n" HOST "\r\n", 400, "malformed_request"),
	CASE("no method", " / HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("blank line first", "\r\n" GET HOST "\r\n", 400,
	    "malformed_request"),
	CASE("two blanks", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE(
	    "tab", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400, "malformed_request"),
	CASE("blank at the end", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("0.9", "GET /\r\n", 400, "malformed_request"),
	CASE("2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 505, "http_version"),
	CASE("1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 505, "http_version"),
	CASE("1.10", "GET / HTTP/1.10\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("http/1.1", "GET / http/1.1\r\n" HOST "\r\n", 400,
	    "malformed_request"),
	CASE("another expectation", POST HOST "Expect: 200-ok\r\n\r\n", 417,
	    "expectation"),
	CASE("two expectations",
	    POST HOST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n",
	    417, "expectation"),
	CASE("TLS in TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
	    400, "malformed_request"),
#undef CASE
};

static void
hostile_heads_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		check_fault(hostile[i].name, hostile[i].in, hostile[i].status,
		    hostile[i].reason);
}

static void
put_many(struct rv_buf *b, const char *what, size_t times)
{
	for (size_t i = 0; i < times; i++)
		rv_buf_puts(b, what);
	assert_false(b->failed);
}

static void
sizes_are_limited(void **state)
{
	struct rv_buf b = { 0 };

	(void)state;
	rv_buf_puts(&b, "GET /");
	put_many(&b, "a", 65536);
	check_fault("URI of 64 KiB", rv_buf_slice(&b), 414, "uri_too_long");
	rv_buf_reset(&b);
	rv_buf_puts(&b, "GET /");
	put_many(&b, "a", RV_HTTP1_TARGET);
	rv_buf_puts(&b, " HTTP/1.1\r\n");
	check_fault("URI of 8193 bytes", rv_buf_slice(&b), 414, "uri_too_long");
	rv_buf_reset(&b);
	rv_buf_puts(&b, GET "X: ");
	put_many(&b, "a", 262144);
	check_fault(
	    "headers of 256 KiB", rv_buf_slice(&b), 431, "header_too_large");
	rv_buf_reset(&b);
	rv_buf_puts(&b, GET);
	put_many(&b, "a: b\r\n", 10000);
	check_fault(
	    "10,000 headers", rv_buf_slice(&b), 431, "header_too_large");
	rv_buf_fini(&b);
}

/* Reads a head that must be good; the caller ends r. */
static void
read_good(
    struct rv_http1_reader *r, struct rv_slice in, size_t head_n, size_t step)
{
	struct outcome o;

	rv_http1_init(r, MAX_HEAD);
	assert_false(rv_http1_started(r));
	o = feed(r, in, step);
	if (o.result != RV_HTTP1_DONE)
		fail_msg("step %zu: %.*s: result %d %s", step, RV_SLICE_FMT(in),
		    (int)o.result,
		    o.result == RV_HTTP1_BAD ? r->fault.detail : "");
	assert_int_equal(o.used, head_n);
}

static void
a_head_is_read(void **state)
{
	static const char text[] =
	    "POST /v1.0/a%20b?$filter=x%20eq%201&%zz HTTP/1.1\r\n"
	    "HOST: LocalHost:8443\r\n"
	    "X-Upper-Name:\t two  words \t\r\n"
	    "Empty:\r\n"
	    "Latin: \xe4\r\n"
	    "Content-Length: 10\r\n\r\nbody";

	(void)state;
	for (size_t i = 0; i < N_STEPS; i++) {
		struct rv_http1_reader r;
		const struct rv_request *q = &r.head.request;

		read_good(
		    &r, RV_SLICE_LIT(text), sizeof(text) - 1 - 4, steps[i]);
		assert_int_equal(q->method, RV_POST);
		assert_true(rv_slice_eq_cstr(q->path, "/v1.0/a b"));
		assert_true(
		    rv_slice_eq_cstr(q->query, "$filter=x%20eq%201&%zz"));
		assert_int_equal(q->n_fields, 5);
		assert_true(rv_slice_eq_cstr(q->fields[0].name, "host"));
		assert_true(
		    rv_slice_eq_cstr(q->fields[0].value, "LocalHost:8443"));
		assert_true(
		    rv_slice_eq_cstr(q->fields[1].name, "x-upper-name"));
		assert_true(rv_slice_eq_cstr(q->fields[1].value, "two  words"));
		assert_non_null(q->fields[2].value.p);
		assert_int_equal(q->fields[2].value.n, 0);
		assert_true(rv_slice_eq_cstr(q->fields[3].value, "\xe4"));
		assert_true(q->has_body);
		assert_true(q->body_length_known);
		assert_int_equal(q->body_length, 10);
		assert_true(r.head.keep_alive);
		assert_false(r.head.chunked);
		assert_false(r.head.expects_continue);
		rv_http1_fini(&r);
	}
}

static void
bodies_are_announced(void **state)
{
	static const struct {
		const char *text;
		bool has_body, known, chunked, keep, expects;
	} cases[] = {
		{ GET HOST "\r\n", false, true, false, true, false },
		{ GET HOST "Content-Length: 0\r\n\r\n", false, true, false,
		    true, false },
		{ GET HOST "Content-Length: 1\r\n\r\n", true, true, false, true,
		    false },
		{ POST HOST "Transfer-Encoding: chunked\r\n\r\n", true, false,
		    true, true, false },
		{ POST HOST "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\n",
		    true, true, false, true, true },
		{ GET HOST "Expect: 100-continue\r\n\r\n", false, true, false,
		    true, false },
		{ "POST / HTTP/1.0\r\n" HOST
		  "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n",
		    true, true, false, false, false },
		{ "GET / HTTP/1.0\r\n" HOST "Connection: keep-alive\r\n\r\n",
		    false, true, false, false, false },
		{ GET HOST "Connection: close\r\n\r\n", false, true, false,
		    false, false },
		{ GET HOST "Connection: x , CLOSE\r\n\r\n", false, true, false,
		    false, false },
		{ GET HOST "Connection: x\r\nConnection: close\r\n\r\n", false,
		    true, false, false, false },
		{ GET HOST "Connection: closed\r\n\r\n", false, true, false,
		    true, false },
		{ GET HOST "Connection: Upgrade, HTTP2-Settings\r\n"
			   "Upgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n",
		    false, true, false, true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rv_http1_reader r;
		struct rv_slice in = rv_slice_of(cases[i].text);

		read_good(&r, in, in.n, SIZE_MAX);
		assert_int_equal(r.head.request.has_body, cases[i].has_body);
		assert_int_equal(
		    r.head.request.body_length_known, cases[i].known);
		assert_int_equal(r.head.chunked, cases[i].chunked);
		assert_int_equal(r.head.keep_alive, cases[i].keep);
		assert_int_equal(r.head.expects_continue, cases[i].expects);
		rv_http1_fini(&r);
	}
}

static void
targets_are_normalised(void **state)
{
	static const struct {
		const char *line;
		const char *path;
		const char *query; /* NULL: absent */
	} cases[] = {
		{ "GET / HTTP/1.1\r\n", "/", NULL },
		{ "GET /? HTTP/1.1\r\n", "/", "" },
		{ "GET /x?a?b=/c HTTP/1.1\r\n", "/x", "a?b=/c" },
		{ "GET https://a HTTP/1.1\r\n", "/", NULL },
		{ "GET https://a?q HTTP/1.1\r\n", "/", "q" },
		{ "GET HTTPS://A/x%41 HTTP/1.1\r\n", "/xA", NULL },
		{ "GET /a://b HTTP/1.1\r\n", NULL, NULL },
		{ "OPTIONS * HTTP/1.1\r\n", "*", NULL },
		{ "OPTIONS /x HTTP/1.1\r\n", "/x", NULL },
		{ "DELETE /x HTTP/1.1\r\n", "/x", NULL },
		{ "GET /SMS_Site('a')/$count HTTP/1.1\r\n",
		    "/SMS_Site('a')/$count", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rv_http1_reader r;
		char text[128];
		struct rv_slice in;

		(void)snprintf(
		    text, sizeof(text), "%s" HOST "\r\n", cases[i].line);
		in = rv_slice_of(text);
		if (cases[i].path == NULL) {
			check_fault(
			    cases[i].line, in, 400, "malformed_request");
			continue;
		}
		read_good(&r, in, in.n, 1);
		assert_true(
		    rv_slice_eq_cstr(r.head.request.path, cases[i].path));
		assert_true(rv_slice_eq(
		    r.head.request.query, rv_slice_of(cases[i].query)));
		rv_http1_fini(&r);
	}
}

/* A Kerberos ticket of 64 KiB makes a header of 88 KiB. */
static void
large_tokens_fit(void **state)
{
	struct rv_http1_reader r;
	struct rv_buf b = { 0 };

	(void)state;
	rv_buf_puts(&b, GET HOST "Authorization: Negotiate ");
	put_many(&b, "Aa0/", 65536 / 3);
	rv_buf_puts(&b, "\r\n\r\n");
	read_good(&r, rv_buf_slice(&b), b.n, 1000);
	assert_int_equal(
	    r.head.request.fields[1].value.n, 10 + 4 * (65536 / 3));
	rv_http1_fini(&r);
	rv_buf_fini(&b);
}

/* Exactly at each limit a head is still taken. */
static void
limits_are_inclusive(void **state)
{
	struct rv_http1_reader r;
	struct rv_buf b = { 0 };
	size_t used = 0;

	(void)state;
	rv_buf_puts(&b, "OPTIONS /");
	put_many(&b, "a", RV_HTTP1_TARGET - 1);
	rv_buf_puts(&b, " HTTP/1.1\r\n" HOST "\r\n");
	read_good(&r, rv_buf_slice(&b), b.n, 1);
	rv_http1_fini(&r);

	rv_buf_reset(&b);
	rv_buf_puts(&b, GET HOST);
	put_many(&b, "a: b\r\n", RV_HTTP1_FIELDS - 1);
	rv_buf_puts(&b, "\r\n");
	read_good(&r, rv_buf_slice(&b), b.n, 1);
	rv_http1_fini(&r);
	b.n -= 2;
	rv_buf_puts(&b, "a: b\r\n\r\n");
	check_fault("101 fields", rv_buf_slice(&b), 431, "header_too_large");

	rv_buf_reset(&b);
	rv_buf_puts(&b, GET HOST "\r\n");
	rv_http1_init(&r, b.n);
	assert_int_equal(
	    rv_http1_read(&r, rv_buf_slice(&b), &used), RV_HTTP1_DONE);
	rv_http1_fini(&r);
	rv_http1_init(&r, b.n - 1);
	assert_int_equal(
	    rv_http1_read(&r, rv_buf_slice(&b), &used), RV_HTTP1_BAD);
	assert_int_equal(r.fault.status, 431);
	rv_http1_fini(&r);
	rv_buf_fini(&b);
}

/* What one head said does not leak into the next. */
static void
a_reader_is_used_again(void **state)
{
	static const char first[] =
	    "POST /a?b HTTP/1.0\r\n" HOST "Content-Length: 3\r\n\r\n";
	struct rv_http1_reader r;
	struct outcome o;

	(void)state;
	read_good(&r, RV_SLICE_LIT(first), sizeof(first) - 1, 1);
	rv_http1_reset(&r);
	assert_false(rv_http1_started(&r));
	o = feed(&r, RV_SLICE_LIT(GET HOST "\r\n"), 1);
	assert_int_equal(o.result, RV_HTTP1_DONE);
	assert_int_equal(r.head.request.method, RV_GET);
	assert_null(r.head.request.query.p);
	assert_int_equal(r.head.request.n_fields, 1);
	assert_false(r.head.request.has_body);
	assert_int_equal(r.head.request.body_length, 0);
	assert_true(r.head.keep_alive);
	rv_http1_fini(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_heads_are_refused),
		cmocka_unit_test(sizes_are_limited),
		cmocka_unit_test(a_head_is_read),
		cmocka_unit_test(bodies_are_announced),
		cmocka_unit_test(targets_are_normalised),
		cmocka_unit_test(large_tokens_fit),
		cmocka_unit_test(limits_are_inclusive),
		cmocka_unit_test(a_reader_is_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
