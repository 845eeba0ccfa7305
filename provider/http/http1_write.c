#include "http/http1_write.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "http/syntax.h"

/* ---- Date ----------------------------------------------------------- */

void
rv_http1_date_set(struct rv_http1_date *date, int64_t now_s)
{
	/* Not strftime(): the names must not follow the locale. */
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)now_s;
	struct tm tm;

	if (date->at_s == now_s && date->text[0] != '\0')
		return;
	date->at_s = now_s;
	if (gmtime_r(&now, &tm) == NULL || tm.tm_year > 9999 - 1900 ||
	    tm.tm_year < 0) {
		now = 0;
		(void)gmtime_r(&now, &tm);
	}
	(void)snprintf(date->text, sizeof(date->text),
	    "%s, %02u %s %04u %02u:%02u:%02u GMT", days[tm.tm_wday % 7],
	    (unsigned)tm.tm_mday % 100, months[tm.tm_mon % 12],
	    (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
	    (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
}

/* ---- Status line ---------------------------------------------------- */

/* RFC 9110 section 15; the phrase may be empty (RFC 9112 section 4). */
static const char *
phrase_of(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 412, "Precondition Failed" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 421, "Misdirected Request" },
		{ 422, "Unprocessable Content" },
		{ 428, "Precondition Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

static void
put_number(struct rv_buf *out, uint64_t n)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	rv_buf_put(out, digits + i, sizeof(digits) - i);
}

static void
put_lit(struct rv_buf *out, struct rv_slice lit)
{
	rv_buf_put_slice(out, lit);
}

#define PUT(out, text) put_lit(out, RV_SLICE_LIT(text))

/* ---- Fields --------------------------------------------------------- */

/* Fields that say where a message ends, or that this file writes itself. */
static bool
is_ours(struct rv_slice name)
{
	static const char *const ours[] = { "connection", "content-length",
		"content-type", "date", "keep-alive",
		"strict-transport-security", "trailer", "transfer-encoding",
		"upgrade", "x-content-type-options" };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (rv_slice_ieq(name, rv_slice_of(ours[i])))
			return true;
	return false;
}

static bool
is_sendable(const struct rv_answer *a)
{
	/* 1xx, and 101 above all, are no final answers. */
	if (a->status < 200 || a->status > 599 ||
	    a->n_fields > RV_ANSWER_FIELDS)
		return false;
	if (a->content_type != NULL &&
	    !rv_http_is_value(rv_slice_of(a->content_type)))
		return false;
	for (size_t i = 0; i < a->n_fields; i++)
		if (!rv_http_is_token(a->fields[i].name) ||
		    is_ours(a->fields[i].name) ||
		    !rv_http_is_value(a->fields[i].value))
			return false;
	return true;
}

static void
put_fields(struct rv_buf *out, const struct rv_answer *a)
{
	const struct rv_slice cache = RV_SLICE_LIT("Cache-Control");
	bool has_cache = false;

	for (size_t i = 0; i < a->n_fields; i++) {
		has_cache |= rv_slice_ieq(a->fields[i].name, cache);
		rv_buf_put_slice(out, a->fields[i].name);
		PUT(out, ": ");
		rv_buf_put_slice(out, a->fields[i].value);
		PUT(out, "\r\n");
	}
	if (!has_cache)
		PUT(out, "Cache-Control: no-store\r\n");
}

/* RFC 9110 section 8.6: these have neither body nor length. */
static bool
is_bodyless(int status)
{
	return status == 204 || status == 304;
}

static void
put_body_fields(struct rv_buf *out, const struct rv_answer *a)
{
	if (is_bodyless(a->status))
		return;
	if (a->content_type != NULL) {
		PUT(out, "Content-Type: ");
		rv_buf_puts(out, a->content_type);
		PUT(out, "\r\n");
	}
	PUT(out, "Content-Length: ");
	put_number(out, a->content_type != NULL ? a->body.n : 0);
	PUT(out, "\r\n");
}

static void
put_head(struct rv_buf *out, const struct rv_answer *a,
    const struct rv_http1_sending *sending)
{
	PUT(out, "HTTP/1.1 ");
	put_number(out, (uint64_t)a->status);
	PUT(out, " ");
	rv_buf_puts(out, phrase_of(a->status));
	PUT(out, "\r\nDate: ");
	rv_buf_puts(out, sending->date->text);
	PUT(out, "\r\n");
	put_body_fields(out, a);
	put_fields(out, a);
	PUT(out, "X-Content-Type-Options: nosniff\r\n"
		 "Strict-Transport-Security: max-age=31536000\r\n");
	if (sending->close)
		PUT(out, "Connection: close\r\n");
	PUT(out, "\r\n");
}

int
rv_http1_write(struct rv_buf *out, const struct rv_answer *answer,
    const struct rv_http1_sending *sending)
{
	size_t before = out->n;

	if (!is_sendable(answer))
		return RV_ERR_INVALID;
	put_head(out, answer, sending);
	if (answer->content_type != NULL && !sending->head_only &&
	    !is_bodyless(answer->status))
		rv_buf_put_slice(out, answer->body);
	if (out->failed) {
		out->n = before;
		return RV_ERR_NOMEM;
	}
	return RV_OK;
}
