#include "unit/unit.h"

#include <jansson.h>

#include "audit/chain.h"
#include "audit/escape.h"
#include "audit/people.h"
#include "audit/record.h"

static const struct rv_slice scopes[] = { { "SMS00UNA", 8 },
	{ "SMS00001", 8 } };
static const uint64_t matched[] = { 7, INT64_MAX };

static struct rv_audit_fields
full_fields(void)
{
	return (struct rv_audit_fields){
		.ts_ns = 1795000000123456789,
		.boot_ns = 99,
		.node = RV_SLICE_LIT("node1"),
		.event = RV_SLICE_LIT("decision"),
		.outcome = RV_SLICE_LIT("deny"),
		.reason = RV_SLICE_LIT("not_permitted"),
		.detail = RV_SLICE_LIT("why"),
		.revision = 12,
		.evaluated_at_ms = 1795000000007,
		.subject = { .method = RV_SLICE_LIT("krb5"),
		    .id = RV_SLICE_LIT("alice@LAB.TEST"),
		    .level = RV_SLICE_LIT("windows"),
		    .groups_known = true,
		    .groups_age_ms = 5,
		    .groups_hash = RV_SLICE_LIT("abcd") },
		.about = RV_SLICE_LIT("bob@LAB.TEST"),
		.src = { .ip = RV_SLICE_LIT("::1"),
		    .port = 4242,
		    .tls = RV_SLICE_LIT("TLSv1.3") },
		.method = RV_SLICE_LIT("GET"),
		.path = RV_SLICE_LIT("/a"),
		.status = 403,
		.action = RV_SLICE_LIT("Read"),
		.object_type = RV_SLICE_LIT("SMS_Application"),
		.object_id = RV_SLICE_LIT("App-1"),
		.scopes = scopes,
		.n_scopes = 2,
		.matched = matched,
		.n_matched = 2,
		.count = 3,
		.ids_hash = RV_SLICE_LIT("ef01"),
		.repeated = 4,
		.request_id = RV_SLICE_LIT("r1"),
		.session = RV_SLICE_LIT("s1"),
		.latency_us = 250,
	};
}

static struct rv_audit_fields
empty_fields(void)
{
	return (struct rv_audit_fields){
		.subject.groups_age_ms = -1, .count = -1, .latency_us = -1
	};
}

static char *
encode(const struct rv_audit_fields *f)
{
	struct rv_buf b = { 0 };

	rv_audit_record_encode(f, &b);
	assert_non_null(rv_buf_cstr(&b));
	return b.p;
}

static void
assert_ascii_line(const char *s)
{
	for (; *s != '\0'; s++)
		assert_true(*s >= ' ' && *s <= '~');
}

static json_t *
parse(const char *members)
{
	struct rv_buf b = { 0 };
	json_t *o;

	rv_buf_printf(&b, "{%s}", members);
	o = json_loadb(b.p, b.n, JSON_ALLOW_NUL, NULL);
	assert_non_null(o);
	rv_buf_fini(&b);
	return o;
}

static void
test_all_members_in_order(void **state)
{
	const struct rv_audit_fields f = full_fields();
	char *s = encode(&f);

	(void)state;
	assert_string_equal(s,
	    "\"ts\":\"2026-11-18T11:06:40.123456789Z\",\"boot_ns\":99,"
	    "\"node\":\"node1\",\"event\":\"decision\",\"outcome\":\"deny\","
	    "\"reason\":\"not_permitted\",\"detail\":\"why\","
	    "\"policy_revision\":12,"
	    "\"evaluated_at\":\"2026-11-18T11:06:40.007Z\","
	    "\"subject\":{\"method\":\"krb5\",\"id\":\"alice@LAB.TEST\","
	    "\"level\":\"windows\",\"groups_known\":true,\"groups_age_ms\":5,"
	    "\"groups_hash\":\"abcd\"},\"about\":\"bob@LAB.TEST\","
	    "\"src\":{\"ip\":\"::1\",\"port\":4242,\"tls\":\"TLSv1.3\"},"
	    "\"request\":{\"method\":\"GET\",\"path\":\"/a\",\"status\":403},"
	    "\"action\":\"Read\","
	    "\"object\":{\"type\":\"SMS_Application\",\"id\":\"App-1\"},"
	    "\"scopes\":[\"SMS00UNA\",\"SMS00001\"],"
	    "\"matched\":[7,9223372036854775807],\"count\":3,"
	    "\"ids_sha256\":\"ef01\",\"repeated\":4,\"request_id\":\"r1\","
	    "\"session\":\"s1\",\"latency_us\":250");
	free(s);
}

static void
test_absent_members_are_left_out(void **state)
{
	const struct rv_audit_fields f = empty_fields();
	char *s = encode(&f);

	(void)state;
	assert_string_equal(
	    s, "\"ts\":\"1970-01-01T00:00:00.000000000Z\",\"boot_ns\":0");
	free(s);
}

static void
test_present_but_empty_is_kept(void **state)
{
	struct rv_audit_fields f = empty_fields();
	char *s;

	(void)state;
	f.object_id = RV_SLICE_LIT("");
	f.count = 0;
	s = encode(&f);
	assert_non_null(strstr(s, "\"object\":{\"id\":\"\"},\"count\":0"));
	free(s);
}

/* ---- Hostile text ------------------------------------------------------ */

#define TEXT(s)                    \
	{                          \
		(s), sizeof(s) - 1 \
	}
static const struct rv_slice hostile[] = {
	TEXT("a\r\n{\"seq\":1}\n"),
	TEXT("\",\"outcome\":\"allow\",\"x\":\""),
	TEXT("\x1b[2J\x1b]0;owned\x07"),
	TEXT("back\\slash \\\" \\u0041"),
	TEXT("nul\0inside"),
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): that is the test */
	TEXT("\xe2\x80\xae rtl \xe2\x80\x8b zero width"),
	TEXT("\xf0\x9f\x94\x91 \xf4\x8f\xbf\xbf"),
	TEXT("\x7f\x01\x1f\b\f\t"),
	TEXT("]LOG]!><time=\"0\""),
	TEXT("x  $$<SMS Provider><01-01-2026 00:00:00.000+000>"),
	TEXT("|=;'<script>${jndi:x}%s%n"),
	TEXT(""),
};
#define N_HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

/* Where each text of the fields comes back. */
struct place {
	size_t offset;
	const char *outer; /* NULL: the record itself */
	const char *member;
};
#define AT(field, outer, member)                                       \
	{                                                              \
		offsetof(struct rv_audit_fields, field), outer, member \
	}
static const struct place places[] = {
	AT(node, NULL, "node"),
	AT(event, NULL, "event"),
	AT(outcome, NULL, "outcome"),
	AT(reason, NULL, "reason"),
	AT(detail, NULL, "detail"),
	AT(subject.method, "subject", "method"),
	AT(subject.id, "subject", "id"),
	AT(subject.level, "subject", "level"),
	AT(subject.groups_hash, "subject", "groups_hash"),
	AT(about, NULL, "about"),
	AT(src.ip, "src", "ip"),
	AT(src.tls, "src", "tls"),
	AT(method, "request", "method"),
	AT(path, "request", "path"),
	AT(action, NULL, "action"),
	AT(object_type, "object", "type"),
	AT(object_id, "object", "id"),
	AT(ids_hash, NULL, "ids_sha256"),
	AT(request_id, NULL, "request_id"),
	AT(session, NULL, "session"),
};
#define N_PLACES (sizeof(places) / sizeof(places[0]))

static void
assert_text_at(const json_t *o, const struct place *at, struct rv_slice want)
{
	const json_t *v;

	if (at->outer != NULL)
		o = json_object_get(o, at->outer);
	v = json_object_get(o, at->member);
	assert_true(json_is_string(v));
	assert_int_equal(json_string_length(v), want.n);
	assert_memory_equal(json_string_value(v), want.p, want.n);
}

static void
test_hostile_text_comes_back_equal(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_PLACES * N_HOSTILE; i++) {
		const struct place *at = &places[i / N_HOSTILE];
		struct rv_slice want = hostile[i % N_HOSTILE];
		struct rv_audit_fields f = full_fields();
		char *s;
		json_t *o;

		*(struct rv_slice *)(void *)((char *)&f + at->offset) = want;
		s = encode(&f);
		assert_ascii_line(s);
		o = parse(s);
		assert_text_at(o, at, want);
		/* and nothing else has changed */
		assert_int_equal(json_object_size(o), 23);
		assert_int_equal(
		    json_integer_value(json_object_get(o, "latency_us")), 250);
		json_decref(o);
		free(s);
	}
}

static void
test_hostile_items_of_scopes(void **state)
{
	struct rv_audit_fields f = empty_fields();
	char *s;
	json_t *o, *list;

	(void)state;
	f.scopes = hostile;
	f.n_scopes = N_HOSTILE;
	s = encode(&f);
	assert_ascii_line(s);
	o = parse(s);
	list = json_object_get(o, "scopes");
	assert_int_equal(json_array_size(list), N_HOSTILE);
	for (size_t i = 0; i < N_HOSTILE; i++) {
		const json_t *v = json_array_get(list, i);

		assert_int_equal(json_string_length(v), hostile[i].n);
		assert_memory_equal(
		    json_string_value(v), hostile[i].p, hostile[i].n);
	}
	json_decref(o);
	free(s);
}

static void
assert_json_of(const char *bytes, size_t n, const char *want)
{
	struct rv_buf b = { 0 };

	rv_audit_put_json(&b, (struct rv_slice){ bytes, n }, 1000);
	assert_string_equal(rv_buf_cstr(&b), want);
	rv_buf_fini(&b);
}

static void
test_invalid_utf8_is_replaced(void **state)
{
	(void)state;
	assert_json_of("a\xff"
		       "b",
	    3, "\"a\\ufffdb\"");
	assert_json_of("\xc0\xaf", 2, "\"\\ufffd\\ufffd\"");
	assert_json_of("\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\"");
	assert_json_of("\xe2\x82", 2, "\"\\ufffd\\ufffd\"");
	assert_json_of(
	    "\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	assert_json_of("\xe2\x82\xac", 3, "\"\\u20ac\"");
	assert_json_of("\xf0\x9f\x94\x91", 4, "\"\\ud83d\\udd11\"");
	assert_json_of("\x80", 1, "\"\\ufffd\"");
	assert_json_of("\xc3\xa9", 2, "\"\\u00e9\"");
}

static void
test_long_text_is_cut_with_a_mark(void **state)
{
	struct rv_buf b = { 0 };

	(void)state;
	rv_audit_put_json(&b, RV_SLICE_LIT("0123456789"), 10);
	assert_string_equal(rv_buf_cstr(&b), "\"0123456789\"");
	rv_buf_reset(&b);
	rv_audit_put_json(&b, RV_SLICE_LIT("0123456789a"), 10);
	assert_string_equal(rv_buf_cstr(&b), "\"0123456789...[cut 1 bytes]\"");
	rv_buf_reset(&b);
	/* never within an escape */
	rv_audit_put_json(&b, RV_SLICE_LIT("12345\n\n\x01z"), 10);
	assert_string_equal(rv_buf_cstr(&b), "\"12345\\n\\n...[cut 2 bytes]\"");
	rv_buf_fini(&b);
}

static void
test_items(void **state)
{
	const struct rv_audit_item items[] = {
		{ "allowed", RV_SLICE_NONE, RV_SLICE_LIT("Read"),
		    RV_SLICE_LIT("SMS_Role"), RV_SLICE_NONE },
		{ "no_such_object", RV_SLICE_LIT("bob@LAB.TEST"),
		    RV_SLICE_LIT("De\"lete"), RV_SLICE_LIT("31"),
		    RV_SLICE_NONE },
		{ .reason = "bad_request" },
	};
	struct rv_audit_fields f = full_fields();
	char *text;
	json_t *o;

	(void)state;
	f.items = items;
	f.n_items = 3;
	text = encode(&f);
	assert_non_null(
	    strstr(text, "\"items\":[[\"allowed\",\"Read\",\"SMS_Role\"],"
			 "[\"no_such_object\",\"De\\\"lete\",\"31\",null,"
			 "\"bob@LAB.TEST\"],[\"bad_request\"]]"));
	o = parse(text);
	json_decref(o);
	free(text);
}

/* As many as there can be, all of them as long as they can be. */
static void
test_greatest_batch_is_bounded(void **state)
{
	char big[4096], principal[600];
	const struct rv_slice s = { big, sizeof(big) };
	struct rv_audit_item *items = calloc(1000, sizeof(*items));
	struct rv_slice abouts[64];
	struct rv_audit_fields f = full_fields();
	char *text;
	json_t *o;

	(void)state;
	assert_non_null(items);
	memset(big, 1, sizeof(big));
	memset(principal, '"', sizeof(principal));
	for (size_t i = 0; i < 64; i++)
		abouts[i] = (struct rv_slice){ principal, sizeof(principal) };
	for (size_t i = 0; i < 1000; i++)
		items[i] =
		    (struct rv_audit_item){ "op_not_applicable", s, s, s, s };
	f.abouts = abouts;
	f.n_abouts = 64;
	f.subject.id = s;
	f.request_id = s;
	f.items = items;
	f.n_items = 1000;
	text = encode(&f);
	assert_true(strlen(text) < RV_AUDIT_RECORD_MAX);
	o = parse(text);
	assert_int_equal(json_array_size(json_object_get(o, "items")), 1000);
	assert_int_equal(
	    json_array_size(json_array_get(json_object_get(o, "items"), 999)),
	    5);
	json_decref(o);
	free(text);
	free(items);
}

static void
test_greatest_record_is_bounded(void **state)
{
	size_t n = 1024 * 1024;
	char *big = malloc(n);
	struct rv_slice s = { big, n };
	struct rv_slice *many = calloc(5000, sizeof(*many));
	struct rv_audit_fields f = full_fields();
	uint64_t *numbers = calloc(5000, sizeof(*numbers));
	char *text;
	json_t *o;

	(void)state;
	assert_true(big != NULL && many != NULL && numbers != NULL);
	memset(big, 1, n);
	for (size_t i = 0; i < N_PLACES; i++)
		*(struct rv_slice *)(void *)((char *)&f + places[i].offset) = s;
	for (size_t i = 0; i < 5000; i++) {
		many[i] = s;
		numbers[i] = INT64_MAX;
	}
	f.scopes = many;
	f.matched = numbers;
	f.n_scopes = f.n_matched = 5000;
	text = encode(&f);
	assert_true(strlen(text) < RV_AUDIT_RECORD_MAX);
	o = parse(text);
	assert_int_equal(json_array_size(json_object_get(o, "scopes")), 257);
	assert_string_equal(json_string_value(json_array_get(
				json_object_get(o, "matched"), 1024)),
	    "...[cut 3976 items]");
	json_decref(o);
	free(text);
	free(numbers);
	free(many);
	free(big);
}

/* ---- The line for people ----------------------------------------------- */

static char *
format_line(const struct rv_audit_fields *f)
{
	struct rv_buf text = { 0 }, line = { 0 };

	rv_audit_line_encode(f, &text);
	rv_audit_people_format(&line, rv_buf_slice(&text), 1795000000123, 4128);
	rv_buf_fini(&text);
	assert_non_null(rv_buf_cstr(&line));
	return line.p;
}

static void
test_line_form(void **state)
{
	const struct rv_audit_fields f = full_fields();
	char *s = format_line(&f);

	(void)state;
	assert_string_equal(s,
	    "Auditing: decision deny reason not_permitted"
	    " User \"alice@LAB.TEST\" by krb5 at level windows"
	    " from ::1 port 4242 about \"bob@LAB.TEST\" request GET \"/a\""
	    " status 403 action \"Read\" on SMS_Application \"App-1\" count 3"
	    " repeated 4 detail \"why\" id r1"
	    "  $$<SMS Provider><11-18-2026 11:06:40.123+000>"
	    "<thread=4128 (0x1020)>\n");
	free(s);
}

static void
test_line_cannot_be_forged(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_PLACES * N_HOSTILE; i++) {
		struct rv_audit_fields f = full_fields();
		char *s, *mark;

		*(struct rv_slice *)(void *)((char *)&f +
					     places[i / N_HOSTILE].offset) =
		    hostile[i % N_HOSTILE];
		s = format_line(&f);
		assert_ptr_equal(strchr(s, '\n'), s + strlen(s) - 1);
		s[strlen(s) - 1] = '\0';
		assert_ascii_line(s);
		mark = strstr(s, "$$");
		assert_non_null(mark);
		assert_null(strstr(mark + 1, "$$"));
		free(s);
	}
}

static void
test_line_escapes(void **state)
{
	struct rv_buf b = { 0 };

	(void)state;
	rv_audit_put_line(&b, RV_SLICE_LIT("a\"\\\n\xff$$$ $"), 100);
	assert_string_equal(
	    rv_buf_cstr(&b), "\"a\\\"\\\\\\x0a\\xff\\x24\\x24$ $\"");
	rv_buf_fini(&b);
	/* text of another form is no line at all */
	rv_audit_people_format(&b, RV_SLICE_LIT("two\nlines"), 0, 1);
	assert_int_equal(b.n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_members_in_order),
		cmocka_unit_test(test_absent_members_are_left_out),
		cmocka_unit_test(test_present_but_empty_is_kept),
		cmocka_unit_test(test_hostile_text_comes_back_equal),
		cmocka_unit_test(test_hostile_items_of_scopes),
		cmocka_unit_test(test_invalid_utf8_is_replaced),
		cmocka_unit_test(test_long_text_is_cut_with_a_mark),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_greatest_batch_is_bounded),
		cmocka_unit_test(test_greatest_record_is_bounded),
		cmocka_unit_test(test_line_form),
		cmocka_unit_test(test_line_cannot_be_forged),
		cmocka_unit_test(test_line_escapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
