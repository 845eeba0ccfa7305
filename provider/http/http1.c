#include "http/http1.h"

#include <string.h>

#include "http/syntax.h"
#include "http/uri.h"

/* Memory that a connection keeps between two requests. */
#define KEPT_BYTES 16384u
/* A request line beside its target: the longest method, the version. */
#define REQUEST_LINE_REST 32u

static enum rv_http1_result
bad(struct rv_http1_reader *r, int status, const char *reason,
    const char *detail)
{
	r->fault = (struct rv_http1_fault){ status, reason, detail };
	return RV_HTTP1_BAD;
}

static enum rv_http1_result
malformed(struct rv_http1_reader *r, const char *detail)
{
	return bad(r, 400, "malformed_request", detail);
}

static enum rv_http1_result
smuggling(struct rv_http1_reader *r, const char *detail)
{
	return bad(r, 400, "smuggling", detail);
}

void
rv_http1_init(struct rv_http1_reader *r, size_t max_head)
{
	memset(r, 0, sizeof(*r));
	/* Offsets are 32 bits wide. */
	r->max_head = max_head < UINT32_MAX ? max_head : UINT32_MAX;
	rv_buf_init(&r->bytes, 0);
}

void
rv_http1_fini(struct rv_http1_reader *r)
{
	rv_buf_fini(&r->bytes);
}

void
rv_http1_reset(struct rv_http1_reader *r)
{
	if (r->bytes.cap > KEPT_BYTES)
		rv_buf_fini(&r->bytes);
	else
		rv_buf_reset(&r->bytes);
	r->line = 0;
	r->has_request_line = false;
	r->is_1_0 = false;
	r->n_fields = 0;
}

bool
rv_http1_started(const struct rv_http1_reader *r)
{
	return r->bytes.n > 0;
}

/* ---- The request line (RFC 9112 section 3) -------------------------- */

static bool
find_method(struct rv_slice name, enum rv_method *ret_method)
{
	static const struct {
		const char *name;
		enum rv_method method;
	} known[] = {
		{ "GET", RV_GET },
		{ "POST", RV_POST },
		{ "HEAD", RV_HEAD },
		{ "PUT", RV_PUT },
		{ "PATCH", RV_PATCH },
		{ "DELETE", RV_DELETE },
		{ "OPTIONS", RV_OPTIONS },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (rv_slice_eq_cstr(name, known[i].name)) {
			*ret_method = known[i].method;
			return true;
		}
	}
	return false;
}

static bool
is_upper_case(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.n > 0;
}

static enum rv_http1_result
take_method(struct rv_http1_reader *r, struct rv_slice name)
{
	if (find_method(name, &r->method))
		return RV_HTTP1_MORE;
	if (is_upper_case(name))
		return bad(r, 405, "method_not_allowed",
		    "The method is not one that is served here.");
	return malformed(
	    r, "The request line must begin with a method in capital letters.");
}

static enum rv_http1_result
take_version(struct rv_http1_reader *r, struct rv_slice version)
{
	if (rv_slice_eq_cstr(version, "HTTP/1.1"))
		return RV_HTTP1_MORE;
	if (rv_slice_eq_cstr(version, "HTTP/1.0")) {
		r->is_1_0 = true;
		return RV_HTTP1_MORE;
	}
	if (version.n == 8 &&
	    rv_slice_has_prefix(version, RV_SLICE_LIT("HTTP/")) &&
	    version.p[5] >= '0' && version.p[5] <= '9' && version.p[6] == '.' &&
	    version.p[7] >= '0' && version.p[7] <= '9')
		return bad(r, 505, "http_version",
		    "Speak HTTP/1.1 on this connection.");
	return malformed(r, "The request line must end with HTTP/1.1.");
}

static enum rv_http1_result
take_request_line(struct rv_http1_reader *r, struct rv_slice line)
{
	const char *first = NULL, *second = NULL;
	const char *end = line.p + line.n;
	enum rv_http1_result result;

	first = memchr(line.p, ' ', line.n);
	if (first != NULL)
		second = memchr(first + 1, ' ', (size_t)(end - first - 1));
	if (second == NULL)
		return malformed(r, "The request line must have a method, a "
				    "target and a version.");
	result = take_method(
	    r, (struct rv_slice){ line.p, (size_t)(first - line.p) });
	if (result != RV_HTTP1_MORE)
		return result;
	r->target = r->line + (size_t)(first + 1 - line.p);
	r->target_n = (size_t)(second - first - 1);
	if (r->target_n > RV_HTTP1_TARGET)
		return bad(r, 414, "uri_too_long",
		    "The request target must not be longer than 8192 bytes.");
	r->has_request_line = true;
	return take_version(
	    r, (struct rv_slice){ second + 1, (size_t)(end - second - 1) });
}

/* ---- Fields (RFC 9112 section 5) ------------------------------------ */

static void
lower_case(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] | 0x20);
}

/* Length of the name before the colon, 0 when it is not a field line. */
static size_t
name_length(struct rv_slice line)
{
	size_t n = 0;

	while (n < line.n && rv_http_is_token_byte((unsigned char)line.p[n]))
		n++;
	return n < line.n && line.p[n] == ':' ? n : 0;
}

static enum rv_http1_result
take_field(struct rv_http1_reader *r, struct rv_slice line)
{
	struct rv_slice value;
	size_t n;

	if (line.p[0] == ' ' || line.p[0] == '\t')
		return malformed(r, "A header field must not be folded over "
				    "lines.");
	if (r->n_fields == RV_HTTP1_FIELDS)
		return bad(r, 431, "header_too_large",
		    "The request must not have more than 100 header fields.");
	n = name_length(line);
	if (n == 0)
		return malformed(r, "A header line must be a name, a colon "
				    "right after it, and a value.");
	value = (struct rv_slice){ line.p + n + 1, line.n - n - 1 };
	if (!rv_http_is_value(value))
		return malformed(r, "A header field must not have control "
				    "characters.");
	value = rv_http_trim(value);
	lower_case(r->bytes.p + r->line, n);
	r->spans[r->n_fields++] = (struct rv_http1_span){
		.name = (uint32_t)r->line,
		.name_n = (uint32_t)n,
		.value = (uint32_t)(value.p - r->bytes.p),
		.value_n = (uint32_t)value.n,
	};
	return RV_HTTP1_MORE;
}

static void
settle_fields(struct rv_http1_reader *r)
{
	for (size_t i = 0; i < r->n_fields; i++) {
		const struct rv_http1_span *s = &r->spans[i];

		r->fields[i].name =
		    (struct rv_slice){ r->bytes.p + s->name, s->name_n };
		r->fields[i].value =
		    (struct rv_slice){ r->bytes.p + s->value, s->value_n };
	}
}

/* ---- What the head as a whole says ---------------------------------- */

/* The fields on which reading itself depends. */
struct framing {
	struct rv_slice host, length, coding, expect;
	unsigned hosts, lengths, codings, expects;
	bool close;
};

/* True when a list, such as that of Connection, has the option. */
static bool
list_has(struct rv_slice list, struct rv_slice option)
{
	size_t start = 0;

	for (size_t i = 0; i <= list.n; i++) {
		if (i < list.n && list.p[i] != ',')
			continue;
		if (rv_slice_ieq(rv_http_trim((struct rv_slice){
				     list.p + start, i - start }),
			option))
			return true;
		start = i + 1;
	}
	return false;
}

static void
look_at(struct framing *f, const struct rv_field *field)
{
	if (rv_slice_eq_cstr(field->name, "host")) {
		f->host = field->value;
		f->hosts++;
	} else if (rv_slice_eq_cstr(field->name, "content-length")) {
		f->length = field->value;
		f->lengths++;
	} else if (rv_slice_eq_cstr(field->name, "transfer-encoding")) {
		f->coding = field->value;
		f->codings++;
	} else if (rv_slice_eq_cstr(field->name, "expect")) {
		f->expect = field->value;
		f->expects++;
	} else if (rv_slice_eq_cstr(field->name, "connection") &&
		   list_has(field->value, RV_SLICE_LIT("close"))) {
		f->close = true;
	}
}

/* RFC 9112 section 6: where the body ends, or that nobody can be sure. */
static enum rv_http1_result
judge_body(struct rv_http1_reader *r, const struct framing *f)
{
	struct rv_request *q = &r->head.request;

	if (f->codings > 0 && f->lengths > 0)
		return smuggling(r, "The request has both Content-Length and "
				    "Transfer-Encoding.");
	if (f->lengths > 1)
		return smuggling(r, "The request has more than one "
				    "Content-Length.");
	if (f->codings > 1 ||
	    (f->codings == 1 && !rv_slice_eq_cstr(f->coding, "chunked")))
		return smuggling(r, "Transfer-Encoding can only be "
				    "\"chunked\", once.");
	if (f->codings == 1 && r->is_1_0)
		return smuggling(r, "HTTP/1.0 has no Transfer-Encoding.");
	if (f->lengths == 1 &&
	    rv_slice_to_u64(f->length, INT64_MAX, &q->body_length) != RV_OK)
		return smuggling(r, "Content-Length must be one decimal "
				    "number.");
	r->head.chunked = f->codings == 1;
	q->body_length_known = !r->head.chunked;
	q->has_body = r->head.chunked || q->body_length > 0;
	return RV_HTTP1_MORE;
}

static enum rv_http1_result
judge_host(struct rv_http1_reader *r, const struct framing *f)
{
	if (f->hosts != 1)
		return malformed(r, "The request must have exactly one Host "
				    "field.");
	if (!rv_uri_is_host(f->host))
		return malformed(r, "The Host field must be a host name or "
				    "address, and perhaps a port.");
	return RV_HTTP1_MORE;
}

static enum rv_http1_result
judge_expectation(struct rv_http1_reader *r, const struct framing *f)
{
	if (f->expects == 0)
		return RV_HTTP1_MORE;
	if (f->expects > 1 ||
	    !rv_slice_ieq(f->expect, RV_SLICE_LIT("100-continue")))
		return bad(r, 417, "expectation",
		    "The only expectation that is met here is 100-continue.");
	/* RFC 9110 section 10.1.1: ignored where it has no meaning. */
	r->head.expects_continue = !r->is_1_0 && r->head.request.has_body;
	return RV_HTTP1_MORE;
}

/*
 * Takes "https://HOST" off the target (RFC 9112 section 3.2.2).  What is
 * left begins with '/' or '?' or is empty.
 */
static enum rv_http1_result
take_authority(
    struct rv_http1_reader *r, struct rv_slice host, struct rv_slice *target)
{
	const struct rv_slice https = RV_SLICE_LIT("https://");
	struct rv_slice authority;
	size_t n = 0;

	if (target->n < https.n ||
	    !rv_slice_ieq((struct rv_slice){ target->p, https.n }, https))
		return RV_HTTP1_MORE;
	authority =
	    (struct rv_slice){ target->p + https.n, target->n - https.n };
	while (
	    n < authority.n && authority.p[n] != '/' && authority.p[n] != '?')
		n++;
	*target = (struct rv_slice){ authority.p + n, authority.n - n };
	authority.n = n;
	if (!rv_slice_ieq(authority, host))
		return bad(r, 421, "misdirected",
		    "The request target names another host than the Host "
		    "field.");
	return RV_HTTP1_MORE;
}

static bool
has_scheme(struct rv_slice target)
{
	size_t n = 0;

	while (
	    n < target.n && rv_http_is_token_byte((unsigned char)target.p[n]))
		n++;
	return n > 0 && target.n - n >= 3 &&
	       memcmp(target.p + n, "://", 3) == 0;
}

static enum rv_http1_result
take_path(struct rv_http1_reader *r, struct rv_slice raw)
{
	struct rv_request *q = &r->head.request;
	/* Decoded in place: the result is never longer. */
	char *out = r->bytes.p + (raw.p - r->bytes.p);
	const char *why;
	size_t n;

	if (rv_uri_decode_path(raw, out, &n, &why) != RV_OK)
		return malformed(r, why);
	q->path = (struct rv_slice){ out, n };
	return RV_HTTP1_MORE;
}

/* Divides the target into path and query (RFC 9112 section 3.2). */
static enum rv_http1_result
judge_target(struct rv_http1_reader *r, struct rv_slice host)
{
	struct rv_request *q = &r->head.request;
	struct rv_slice target = { r->bytes.p + r->target, r->target_n };
	enum rv_http1_result result;
	const char *mark;

	if (rv_slice_eq_cstr(target, "*") && r->method == RV_OPTIONS) {
		q->path = target;
		return RV_HTTP1_MORE;
	}
	result = take_authority(r, host, &target);
	if (result != RV_HTTP1_MORE)
		return result;
	if (has_scheme(target))
		return bad(r, 421, "misdirected",
		    "The request target must be a path or begin with "
		    "https://.");
	mark = memchr(target.p, '?', target.n);
	if (mark != NULL) {
		q->query = (struct rv_slice){ mark + 1,
			target.n - (size_t)(mark + 1 - target.p) };
		target.n = (size_t)(mark - target.p);
	}
	if (mark != NULL && !rv_uri_is_query(q->query))
		return malformed(r, "The query has a character that must be "
				    "percent-encoded.");
	if (target.n == 0 && r->target_n > 0 && r->bytes.p[r->target] != '?') {
		q->path = RV_SLICE_LIT("/"); /* "https://host" */
		return RV_HTTP1_MORE;
	}
	return take_path(r, target);
}

static enum rv_http1_result
finish_head(struct rv_http1_reader *r)
{
	enum rv_http1_result result;
	struct framing f = { 0 };

	settle_fields(r);
	for (size_t i = 0; i < r->n_fields; i++)
		look_at(&f, &r->fields[i]);
	memset(&r->head, 0, sizeof(r->head));
	r->head.request.method = r->method;
	r->head.request.fields = r->fields;
	r->head.request.n_fields = r->n_fields;
	r->head.keep_alive = !r->is_1_0 && !f.close;
	result = judge_body(r, &f);
	if (result == RV_HTTP1_MORE)
		result = judge_host(r, &f);
	if (result == RV_HTTP1_MORE)
		result = judge_target(r, f.host);
	if (result == RV_HTTP1_MORE)
		result = judge_expectation(r, &f);
	return result == RV_HTTP1_MORE ? RV_HTTP1_DONE : result;
}

/* ---- Lines ---------------------------------------------------------- */

/*
 * The limits count bytes before anything is read in them, so that a line
 * is refused at the same byte whether it came whole or not.
 */
static enum rv_http1_result
check_size(struct rv_http1_reader *r, size_t n)
{
	if (!r->has_request_line &&
	    (n > RV_HTTP1_TARGET + REQUEST_LINE_REST || n > r->max_head))
		return bad(r, 414, "uri_too_long",
		    "The request target must not be longer than 8192 bytes.");
	if (n > r->max_head)
		return bad(r, 431, "header_too_large",
		    "The header of the request is too large.");
	return RV_HTTP1_MORE;
}

/* A line is complete: from r->line to the end of the bytes. */
static enum rv_http1_result
take_line(struct rv_http1_reader *r)
{
	struct rv_slice line = { r->bytes.p + r->line, r->bytes.n - r->line };
	enum rv_http1_result result;

	if (line.n < 2 || line.p[line.n - 2] != '\r')
		return malformed(r, "Lines must end with CR LF.");
	line.n -= 2;
	if (!r->has_request_line)
		result = take_request_line(r, line);
	else if (line.n == 0)
		result = finish_head(r);
	else
		result = take_field(r, line);
	r->line = r->bytes.n;
	return result;
}

enum rv_http1_result
rv_http1_read(struct rv_http1_reader *r, struct rv_slice in, size_t *ret_used)
{
	enum rv_http1_result result = RV_HTTP1_MORE;
	size_t used = 0;

	while (used < in.n && result == RV_HTTP1_MORE) {
		const char *from = in.p + used;
		const char *lf = memchr(from, '\n', in.n - used);
		size_t n = lf == NULL ? in.n - used : (size_t)(lf - from) + 1;

		result = check_size(r, r->bytes.n + n);
		if (result != RV_HTTP1_MORE)
			break;
		rv_buf_put(&r->bytes, from, n);
		if (r->bytes.failed)
			return bad(r, 503, "overload",
			    "The provider is out of memory; try again.");
		used += n;
		if (lf != NULL)
			result = take_line(r);
	}
	if (result != RV_HTTP1_BAD)
		*ret_used = used;
	return result;
}
