/*
 * The end of an exchange: its record, durable, and then its answer.
 */
#include "audit/audit.h"
#include "loop/loop.h"
#include "pipeline/exchange.h"
#include "pipeline/group_sets.h"
#include "pipeline/hex.h"
#include "pipeline/lane.h"
#include "pipeline/refusals.h"
#include "pipeline/route.h"
#include "provider.h"

static void
release(struct rv_exchange *x)
{
	if (x->ops != NULL)
		x->ops->answer(x->door, &x->answer);
	rv_exchange_free(x);
}

static void
complete_record(struct rv_exchange *x)
{
	struct rv_audit_fields *f = &x->record;
	const struct rv_identity *id = x->identity;

	f->ts_ns = rv_wall_ns();
	f->boot_ns = rv_boot_ns();
	f->node = rv_slice_of(x->lane->provider->node);
	if (f->event.p == NULL)
		f->event = id == NULL ? RV_SLICE_LIT("authentication")
				      : RV_SLICE_LIT("request");
	if (f->outcome.p == NULL)
		f->outcome = x->answer.status < 400 ? RV_SLICE_LIT("success")
						    : RV_SLICE_LIT("failure");
	f->revision = x->revision;
	f->src.ip = rv_slice_of(x->peer.ip);
	f->src.port = x->peer.port;
	f->src.tls = rv_slice_of(x->peer.tls);
	if (x->request.path.n > 0)
		f->method = rv_slice_of(rv_method_name(x->request.method));
	f->path = x->request.path;
	f->status = x->answer.status;
	f->request_id = x->request_id;
	f->latency_us = (f->boot_ns - x->began_boot_ns) / 1000;
	if (x->session_id[0] != '\0')
		f->session = rv_slice_of(x->session_id);
	if (id == NULL)
		return;
	f->subject.method = rv_slice_of(rv_auth_method_name(id->method));
	f->subject.id = rv_slice_of(id->principal);
	f->subject.level = rv_slice_of(rv_level_name(id->level));
	f->subject.groups_known = id->groups_known;
	if (id->source[0] != '\0')
		f->subject.source = rv_slice_of(id->source);
	f->subject.delegated_by = rv_slice_of(id->delegated_by);
	if (!id->groups_known)
		return;
	f->subject.groups_age_ms = rv_now_ms() - id->groups_at_ms;
	f->subject.groups_from = id->groups_from_evidence
				     ? RV_SLICE_LIT("evidence")
				     : RV_SLICE_LIT("directory");
}

/* The hash of an identity's groups; the set itself goes ahead of it. */
static struct rv_slice
groups_hash(struct rv_exchange *x, const struct rv_identity *id, bool *ok)
{
	char *hex = rv_arena_alloc(x->arena, 2 * sizeof(id->groups_hash) + 1);

	if (hex == NULL || rv_group_sets_record(x->lane, id) != RV_OK) {
		*ok = false;
		return RV_SLICE_NONE;
	}
	return rv_slice_of(
	    rv_hex(hex, id->groups_hash, sizeof(id->groups_hash)));
}

/* Several others: "alice@EXAMPLE.ORG HASH" for each. */
static bool
record_abouts(struct rv_exchange *x)
{
	struct rv_slice *abouts =
	    rv_arena_alloc(x->arena, x->n_abouts * sizeof(*abouts));
	bool ok = abouts != NULL;

	for (size_t i = 0; ok && i < x->n_abouts; i++) {
		struct rv_slice hash = groups_hash(x, x->abouts[i], &ok);

		abouts[i] = rv_slice_of(rv_arena_printf(x->arena, "%s %.*s",
		    x->abouts[i]->principal, RV_SLICE_FMT(hash)));
		ok &= abouts[i].p != NULL;
	}
	x->record.abouts = abouts;
	x->record.n_abouts = x->n_abouts;
	return ok;
}

/* Fields that every answer has. */
static void
complete_answer(struct rv_exchange *x)
{
	const char *id = rv_arena_dup(x->arena, x->request_id);

	rv_answer_field(x, "X-Request-ID", id);
	/* OData 4.01 protocol, section 8.1.5: on every answer. */
	if (rv_route_error_form(x->request.path) == RV_FORM_ODATA)
		rv_answer_field(x, "OData-Version", "4.0");
	if (x->revision > 0)
		rv_answer_field(x, "Reeve-Revision",
		    rv_arena_printf(x->arena, "%llu; epoch=%s",
			(unsigned long long)x->revision, x->epoch));
}

static void
fail_unaudited(struct rv_exchange *x)
{
	/* The durable record of a change is its row in the store. */
	if (x->committed || x->unclear)
		return;
	x->answer = (struct rv_answer){ .close = true };
	x->answered = false;
	rv_answer_unavailable(x, "audit_unavailable",
	    "The audit log cannot be written, and nothing is answered "
	    "without a record. The site's operator has to make room.");
	complete_answer(x);
}

static bool
is_counted_only(struct rv_exchange *x)
{
	const char *reason;

	if (x->identity != NULL)
		return false;
	reason = rv_arena_dup(x->arena, x->record.reason);
	if (reason == NULL)
		return false;
	return !rv_refusals_first(x->lane->refusals, x->peer.ip, reason);
}

void
rv_exchange_finish(struct rv_exchange *x)
{
	struct rv_provider *provider = x->lane->provider;
	struct rv_audit_state state;
	bool ok = true;

	RV_ASSERT(x->answered);
	complete_answer(x);
	if (x->route != NULL && x->route->access == RV_ACCESS_OPEN) {
		release(x);
		return;
	}
	if (is_counted_only(x)) {
		/* Counting needs a log that will take the count. */
		rv_audit_state(provider->audit, &state);
		if (!state.healthy)
			fail_unaudited(x);
		release(x);
		return;
	}
	complete_record(x);
	if (x->identity != NULL)
		x->record.subject.groups_hash =
		    groups_hash(x, x->identity, &ok);
	if (x->n_abouts == 1)
		x->record.about_groups_hash = groups_hash(x, x->abouts[0], &ok);
	else if (x->n_abouts > 1)
		ok &= record_abouts(x);
	rv_audit_record_encode(&x->record, &x->entry.record);
	rv_audit_line_encode(&x->record, &x->entry.line);
	if (!ok || x->entry.record.failed || x->entry.line.failed) {
		fail_unaudited(x);
		release(x);
		return;
	}
	rv_audit_submit(
	    provider->audit, rv_loop_index(x->lane->loop), &x->entry);
}

void
rv_exchange_recorded(struct rv_audit_entry *entry)
{
	struct rv_exchange *x = entry->owner;

	if (entry->result != RV_OK)
		fail_unaudited(x);
	release(x);
}
