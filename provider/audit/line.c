#include "audit/record.h"

#include <inttypes.h>

#include "audit/escape.h"

#define TEXT_MAX 512

static bool
is_word(struct rv_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '.' &&
		    c != ':' && c != '-')
			return false;
	}
	return s.n > 0 && s.n <= 64;
}

/* Words stand bare, all else in quotes, so that a line has one reading. */
static void
put_word(struct rv_buf *out, const char *before, struct rv_slice text)
{
	if (text.p == NULL)
		return;
	rv_buf_puts(out, before);
	if (is_word(text))
		rv_buf_put_slice(out, text);
	else
		rv_audit_put_line(out, text, TEXT_MAX);
}

static void
put_quoted(struct rv_buf *out, const char *before, struct rv_slice text)
{
	if (text.p == NULL)
		return;
	rv_buf_puts(out, before);
	rv_audit_put_line(out, text, TEXT_MAX);
}

static void
put_who(struct rv_buf *out, const struct rv_audit_fields *f)
{
	put_quoted(out, " User ", f->subject.id);
	put_word(out, " by ", f->subject.method);
	put_word(out, " at level ", f->subject.level);
	put_quoted(out, " delegated by ", f->subject.delegated_by);
	put_quoted(out, " excluded by ", f->excluded_by);
	put_word(out, " from ", f->src.ip);
	if (f->src.ip.p != NULL && f->src.port != 0)
		rv_buf_printf(out, " port %u", (unsigned)f->src.port);
	put_quoted(out, " about ", f->about);
}

static void
put_what(struct rv_buf *out, const struct rv_audit_fields *f)
{
	put_word(out, " request ", f->method);
	put_quoted(out, " ", f->path);
	if (f->status != 0)
		rv_buf_printf(out, " status %d", f->status);
	put_quoted(out, " action ", f->action);
	put_word(out, " on ", f->object_type);
	put_quoted(out, " ", f->object_id);
	if (f->count >= 0)
		rv_buf_printf(out, " count %" PRId64, f->count);
	if (f->repeated != 0)
		rv_buf_printf(out, " repeated %" PRIu64, f->repeated);
}

void
rv_audit_line_encode(const struct rv_audit_fields *f, struct rv_buf *out)
{
	rv_buf_puts(out, "Auditing:");
	put_word(out, " ", f->event);
	put_word(out, " ", f->outcome);
	put_word(out, " reason ", f->reason);
	put_who(out, f);
	put_what(out, f);
	put_quoted(out, " detail ", f->detail);
	put_word(out, " id ", f->request_id);
}
