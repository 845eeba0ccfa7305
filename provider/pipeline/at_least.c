#include "pipeline/at_least.h"

#include <string.h>

#include "config/config.h"
#include "pipeline/exchange.h"
#include "pipeline/lane.h"
#include "pipeline/waiter.h"
#include "provider.h"

#define FIELD "Reeve-At-Least"

static bool
is_epoch(struct rv_slice s)
{
	if (s.n == 0 || s.n > RV_AT_LEAST_EPOCH_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if ((c < '0' || c > '9') && (c < 'a' || c > 'z') &&
		    (c < 'A' || c > 'Z') && c != '-')
			return false;
	}
	return true;
}

int
rv_at_least_parse(struct rv_slice text, struct rv_at_least *ret_wanted)
{
	const struct rv_slice separator = RV_SLICE_LIT("; epoch=");
	const char *end = text.n > 0 ? memchr(text.p, ';', text.n) : NULL;
	struct rv_at_least wanted = { .epoch = RV_SLICE_NONE };
	struct rv_slice number = text;
	int r;

	if (end != NULL) {
		number.n = (size_t)(end - text.p);
		wanted.epoch = (struct rv_slice){ end, text.n - number.n };
		if (!rv_slice_has_prefix(wanted.epoch, separator))
			return RV_ERR_INVALID;
		wanted.epoch.p += separator.n;
		wanted.epoch.n -= separator.n;
		if (!is_epoch(wanted.epoch))
			return RV_ERR_INVALID;
	}
	r = rv_slice_to_u64(number, INT64_MAX, &wanted.revision);
	if (r != RV_OK)
		return RV_ERR_INVALID;
	*ret_wanted = wanted;
	return RV_OK;
}

/* ---- Waiting ------------------------------------------------------------ */

struct wait {
	struct rv_waiter waiter;
	struct rv_exchange *x;
	struct rv_slice epoch;
	void (*next)(struct rv_exchange *x);
};

static void
refuse(struct rv_exchange *x)
{
	rv_exchange_finish(x);
}

/* True when the revision is one of this site's present history. */
static bool
is_of_this_history(const struct wait *w, const struct rv_snapshot *s)
{
	struct rv_exchange *x = w->x;
	const struct rv_slice epoch = rv_snapshot_epoch(s);
	const char *detail;

	if (w->epoch.p == NULL || rv_slice_eq(w->epoch, epoch))
		return true;
	detail = rv_arena_printf(x->arena,
	    "The revision in " FIELD " belongs to the history %.*s, this site "
	    "has the history %.*s now: its store was restored or replaced. "
	    "Forget the revision and ask again.",
	    RV_SLICE_FMT(w->epoch), RV_SLICE_FMT(epoch));
	rv_answer_error(
	    x, 409, "other_epoch", detail != NULL ? detail : "Ask again.");
	return false;
}

static void
on_waited(void *arg, bool reached)
{
	struct wait *w = arg;
	struct rv_exchange *x = w->x;
	const struct rv_snapshot *s;
	const char *detail;

	if (rv_exchange_snapshot(x, &s) != RV_OK || !is_of_this_history(w, s)) {
		refuse(x);
		return;
	}
	if (reached) {
		w->next(x);
		return;
	}
	detail = rv_arena_printf(x->arena,
	    "You ask to decide by revision %llu or a later one; this provider "
	    "has revision %llu, and waited for %lld ms. Try again.",
	    (unsigned long long)w->waiter.revision,
	    (unsigned long long)rv_snapshot_revision(s),
	    (long long)x->lane->provider->config->revision_wait);
	rv_answer_unavailable(x, "revision_not_reached",
	    detail != NULL ? detail : "The revision has not come; try again.");
	refuse(x);
}

void
rv_at_least(struct rv_exchange *x, void (*next)(struct rv_exchange *x))
{
	const struct rv_snapshot *s;
	struct rv_at_least wanted;
	struct rv_slice text;
	struct wait *w;
	bool twice;

	text = rv_request_field(&x->request, "reeve-at-least", &twice);
	if (text.p == NULL && !twice) {
		next(x);
		return;
	}
	if (twice || rv_at_least_parse(text, &wanted) != RV_OK) {
		rv_answer_error(x, 400, "bad_at_least",
		    "The field " FIELD " must be given once, as a number, or "
		    "as the field Reeve-Revision of an earlier answer has it.");
		refuse(x);
		return;
	}
	w = rv_arena_alloc(x->arena, sizeof(*w));
	if (w == NULL) {
		rv_answer_json(x, 200, NULL);
		refuse(x);
		return;
	}
	*w = (struct wait){ .x = x, .epoch = wanted.epoch, .next = next };
	/* No need to wait for what cannot come. */
	if (rv_exchange_snapshot(x, &s) != RV_OK || !is_of_this_history(w, s)) {
		refuse(x);
		return;
	}
	w->waiter.revision = wanted.revision;
	w->waiter.fn = on_waited;
	w->waiter.arg = w;
	rv_waiter_start(
	    x->lane, &w->waiter, x->lane->provider->config->revision_wait);
}
