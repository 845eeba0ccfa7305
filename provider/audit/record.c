#include "audit/record.h"

#include <inttypes.h>
#include <time.h>

#include "audit/escape.h"

/*
 * Escaped bytes of one string, and items of one list: so every record stays
 * below RV_AUDIT_RECORD_MAX.
 */
#define TEXT_MAX	 2048
#define ITEM_MAX	 256
#define REQUEST_PATH_MAX 8192
#define DETAIL_MAX	 (96 * 1024)
#define TEXTS_MAX	 256
#define NUMBERS_MAX	 1024
#define ITEMS_FEW	 100

/* ---- Members ----------------------------------------------------------- */

/* Names are ours and need no escape.  Only an object ends in '{'. */
static void
put_name(struct rv_buf *out, const char *name)
{
	if (out->n > 0 && out->p[out->n - 1] != '{')
		rv_buf_putc(out, ',');
	rv_buf_printf(out, "\"%s\":", name);
}

static void
put_text(struct rv_buf *out, const char *name, struct rv_slice text, size_t max)
{
	if (text.p == NULL)
		return;
	put_name(out, name);
	rv_audit_put_json(out, text, max);
}

static void
put_integer(struct rv_buf *out, const char *name, int64_t value)
{
	put_name(out, name);
	rv_buf_printf(out, "%" PRId64, value);
}

static void
put_unsigned(struct rv_buf *out, const char *name, uint64_t value)
{
	put_name(out, name);
	rv_buf_printf(out, "%" PRIu64, value);
}

/* RFC 3339 in UTC; a second has per_s units, shown with decimals digits. */
static void
put_time(struct rv_buf *out, const char *name, int64_t value, int64_t per_s,
    int decimals)
{
	int64_t s = value / per_s, fraction = value % per_s;
	struct tm tm = { 0 };
	char text[48] = "";
	time_t t;

	if (fraction < 0) {
		fraction += per_s;
		s--;
	}
	t = (time_t)s;
	if (gmtime_r(&t, &tm) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	put_name(out, name);
	rv_buf_printf(out, "\"%s.%0*" PRId64 "Z\"", text, decimals, fraction);
}

/* A last item tells how many were left out. */
static void
put_texts(
    struct rv_buf *out, const char *name, const struct rv_slice *v, size_t n)
{
	size_t shown = n < TEXTS_MAX ? n : TEXTS_MAX;

	if (n == 0)
		return;
	put_name(out, name);
	for (size_t i = 0; i < shown; i++) {
		rv_buf_putc(out, i == 0 ? '[' : ',');
		rv_audit_put_json(out, v[i], ITEM_MAX);
	}
	if (shown < n)
		rv_buf_printf(out, ",\"...[cut %zu items]\"", n - shown);
	rv_buf_putc(out, ']');
}

static void
put_numbers(struct rv_buf *out, const char *name, const uint64_t *v, size_t n)
{
	size_t shown = n < NUMBERS_MAX ? n : NUMBERS_MAX;

	if (n == 0)
		return;
	put_name(out, name);
	for (size_t i = 0; i < shown; i++)
		rv_buf_printf(out, "%s%" PRIu64, i == 0 ? "[" : ",", v[i]);
	if (shown < n)
		rv_buf_printf(out, ",\"...[cut %zu items]\"", n - shown);
	rv_buf_putc(out, ']');
}

/* ---- Groups of members ------------------------------------------------- */

static void
put_subject(struct rv_buf *out, const struct rv_audit_fields *f)
{
	if (f->subject.method.p == NULL && f->subject.id.p == NULL &&
	    f->subject.level.p == NULL)
		return;
	put_name(out, "subject");
	rv_buf_putc(out, '{');
	put_text(out, "method", f->subject.method, TEXT_MAX);
	put_text(out, "id", f->subject.id, TEXT_MAX);
	put_text(out, "level", f->subject.level, TEXT_MAX);
	put_name(out, "groups_known");
	rv_buf_puts(out, f->subject.groups_known ? "true" : "false");
	if (f->subject.groups_age_ms >= 0)
		put_integer(out, "groups_age_ms", f->subject.groups_age_ms);
	put_text(out, "groups_from", f->subject.groups_from, TEXT_MAX);
	put_text(out, "groups_hash", f->subject.groups_hash, TEXT_MAX);
	put_text(out, "source", f->subject.source, TEXT_MAX);
	put_text(out, "delegated_by", f->subject.delegated_by, TEXT_MAX);
	rv_buf_putc(out, '}');
}

static void
put_source(struct rv_buf *out, const struct rv_audit_fields *f)
{
	if (f->src.ip.p == NULL && f->src.tls.p == NULL)
		return;
	put_name(out, "src");
	rv_buf_putc(out, '{');
	put_text(out, "ip", f->src.ip, TEXT_MAX);
	if (f->src.port != 0)
		put_unsigned(out, "port", f->src.port);
	put_text(out, "tls", f->src.tls, TEXT_MAX);
	rv_buf_putc(out, '}');
}

static void
put_request(struct rv_buf *out, const struct rv_audit_fields *f)
{
	if (f->method.p == NULL && f->path.p == NULL && f->status == 0)
		return;
	put_name(out, "request");
	rv_buf_putc(out, '{');
	put_text(out, "method", f->method, TEXT_MAX);
	put_text(out, "path", f->path, REQUEST_PATH_MAX);
	if (f->status != 0)
		put_integer(out, "status", f->status);
	rv_buf_putc(out, '}');
}

static void
put_object(struct rv_buf *out, const struct rv_audit_fields *f)
{
	if (f->object_type.p == NULL && f->object_id.p == NULL)
		return;
	put_name(out, "object");
	rv_buf_putc(out, '{');
	put_text(out, "type", f->object_type, TEXT_MAX);
	put_text(out, "id", f->object_id, TEXT_MAX);
	rv_buf_putc(out, '}');
}

/*
 * ["reason","action","type","id","about"], as far as there are any.  Texts
 * are cut where there are so many that a record could grow too long.
 */
static void
put_item(struct rv_buf *out, const struct rv_audit_item *item, bool many)
{
	const struct rv_slice texts[] = { item->action, item->object_type,
		item->object_id, item->about };
	/* A thousand of them, and all else, are below RV_AUDIT_RECORD_MAX. */
	static const size_t most[] = { 32, 32, 96, 28 };
	size_t n = sizeof(texts) / sizeof(texts[0]);

	while (n > 0 && texts[n - 1].p == NULL)
		n--;
	rv_buf_printf(out, "[\"%s\"", item->reason);
	for (size_t i = 0; i < n; i++) {
		rv_buf_putc(out, ',');
		if (texts[i].p == NULL)
			rv_buf_puts(out, "null");
		else if (many)
			rv_audit_put_json_brief(out, texts[i], most[i]);
		else
			rv_audit_put_json(out, texts[i], ITEM_MAX);
	}
	rv_buf_putc(out, ']');
}

static void
put_items(struct rv_buf *out, const struct rv_audit_fields *f)
{
	if (f->n_items == 0)
		return;
	put_name(out, "items");
	for (size_t i = 0; i < f->n_items; i++) {
		rv_buf_putc(out, i == 0 ? '[' : ',');
		put_item(out, &f->items[i], f->n_items > ITEMS_FEW);
	}
	rv_buf_putc(out, ']');
}

static void
put_head(struct rv_buf *out, const struct rv_audit_fields *f)
{
	put_time(out, "ts", f->ts_ns, 1000000000, 9);
	put_integer(out, "boot_ns", f->boot_ns);
	put_text(out, "node", f->node, TEXT_MAX);
	put_text(out, "event", f->event, TEXT_MAX);
	put_text(out, "outcome", f->outcome, TEXT_MAX);
	put_text(out, "reason", f->reason, TEXT_MAX);
	put_text(out, "detail", f->detail, DETAIL_MAX);
	if (f->revision != 0)
		put_unsigned(out, "policy_revision", f->revision);
	if (f->evaluated_at_ms != 0)
		put_time(out, "evaluated_at", f->evaluated_at_ms, 1000, 3);
}

void
rv_audit_record_encode(const struct rv_audit_fields *f, struct rv_buf *out)
{
	put_head(out, f);
	put_subject(out, f);
	put_text(out, "excluded_by", f->excluded_by, TEXT_MAX);
	put_text(out, "about", f->about, TEXT_MAX);
	put_text(out, "about_groups_hash", f->about_groups_hash, TEXT_MAX);
	put_texts(out, "abouts", f->abouts, f->n_abouts);
	put_source(out, f);
	put_request(out, f);
	put_text(out, "action", f->action, TEXT_MAX);
	put_object(out, f);
	put_texts(out, "groups", f->groups, f->n_groups);
	put_texts(out, "scopes", f->scopes, f->n_scopes);
	put_numbers(out, "matched", f->matched, f->n_matched);
	put_items(out, f);
	if (f->count >= 0)
		put_integer(out, "count", f->count);
	put_text(out, "ids_sha256", f->ids_hash, TEXT_MAX);
	if (f->repeated != 0)
		put_unsigned(out, "repeated", f->repeated);
	put_text(out, "request_id", f->request_id, TEXT_MAX);
	put_text(out, "session", f->session, TEXT_MAX);
	if (f->latency_us >= 0)
		put_integer(out, "latency_us", f->latency_us);
}
