/*
 * OpenID AuthZEN Authorization API 1.0: Access Evaluation.  A caller asks
 * about itself without any right; about others with Simulate on Users.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "loop/pool.h"
#include "pipeline/exchange.h"
#include "pipeline/gate.h"
#include "pipeline/lane.h"
#include "pipeline/orphan.h"
#include "provider.h"
#include "rest/body.h"
#include "rest/rest.h"
#include "rest/timestamp.h"

/* One question as it was asked; slices are in the exchange's arena. */
struct evaluation {
	struct rv_job job; /* to read another subject's groups */
	struct rv_exchange *x;
	const struct rv_provider *provider;
	struct rv_slice subject_type;
	struct rv_slice subject_id;
	struct rv_question question;
	bool about_self;
	struct rv_account account;
};

/* ---- Reading the question ------------------------------------------------ */

static const json_t *
entity(struct rv_exchange *x, const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);

	if (json_is_object(value))
		return value;
	rv_body_bad(
	    x, name, value == NULL ? "is missing" : "must be an object");
	return NULL;
}

/* Optional members: an object, or null, which is the same as absent. */
static bool
optional_object(struct rv_exchange *x, const json_t *parent, const char *member,
    const char *path)
{
	const json_t *value = json_object_get(parent, member);

	if (value == NULL || json_is_null(value) || json_is_object(value))
		return true;
	rv_body_bad(x, path, "must be an object");
	return false;
}

static bool
read_entities(struct rv_exchange *x, const json_t *root, struct evaluation *ev)
{
	const json_t *subject, *action, *resource;

	if ((subject = entity(x, root, "subject")) == NULL ||
	    (action = entity(x, root, "action")) == NULL ||
	    (resource = entity(x, root, "resource")) == NULL)
		return false;
	return rv_body_string(x, subject, "type", "subject.type",
		   &ev->subject_type) == RV_OK &&
	       rv_body_string(
		   x, subject, "id", "subject.id", &ev->subject_id) == RV_OK &&
	       rv_body_string(x, action, "name", "action.name",
		   &ev->question.operation) == RV_OK &&
	       rv_body_string(x, resource, "type", "resource.type",
		   &ev->question.type) == RV_OK &&
	       rv_body_string(x, resource, "id", "resource.id",
		   &ev->question.key) == RV_OK &&
	       optional_object(
		   x, subject, "properties", "subject.properties") &&
	       optional_object(x, action, "properties", "action.properties") &&
	       optional_object(
		   x, resource, "properties", "resource.properties") &&
	       optional_object(x, root, "context", "context");
}

static bool
read_question(struct rv_exchange *x, struct evaluation *ev)
{
	json_t *root = rv_body_object(x);
	bool ok;

	if (root == NULL)
		return false;
	ok = read_entities(x, root, ev);
	json_decref(root);
	/* AuthZEN wants an id; an empty one names no instance. */
	if (ok && ev->question.key.n == 0)
		ev->question.key = RV_SLICE_NONE;
	return ok;
}

/* ---- Answering ------------------------------------------------------------ */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* docs/rule.md section 8: how long this answer may be kept. */
static int64_t
valid_until(const struct evaluation *ev, const struct rv_verdict *verdict)
{
	const struct rv_exchange *x = ev->x;
	const struct rv_config *config = ev->provider->config;
	int64_t until = verdict->valid_until_ms;

	until = earlier(until,
	    verdict->evaluated_at_ms + x->fresh_until_boot_ms - rv_boot_ms());
	if (!ev->about_self)
		return earlier(
		    until, verdict->evaluated_at_ms + config->groups_max_age);
	if (x->session_ends_at_ms > 0)
		until = earlier(until, x->session_ends_at_ms);
	if (x->identity->groups_known)
		until = earlier(
		    until, x->identity->groups_at_ms + config->groups_max_age);
	return until;
}

/* Nobody learns from a refusal that an object exists which it cannot see. */
static void
redact(struct evaluation *ev, const struct rv_snapshot *s,
    struct rv_verdict *verdict)
{
	if (verdict->decision == RV_ALLOW && ev->about_self)
		return;
	if (ev->question.key.p == NULL ||
	    verdict->reason == RV_REASON_GROUPS_UNKNOWN ||
	    verdict->reason == RV_REASON_UNKNOWN_TYPE ||
	    verdict->reason == RV_REASON_UNKNOWN_OPERATION ||
	    verdict->reason == RV_REASON_OP_NOT_APPLICABLE)
		return;
	if (rv_exchange_may_read(ev->x, s, &ev->question))
		return;
	verdict->decision = RV_DENY;
	verdict->reason = RV_REASON_NO_SUCH_OBJECT;
	verdict->missing = 0;
	verdict->n_assignments = 0;
	verdict->assignments_cut = false;
}

static bool
may_read_class(
    struct rv_exchange *x, const struct rv_snapshot *s, const char *class_name)
{
	struct rv_question q = { .type = rv_slice_of(class_name) };

	return rv_exchange_may_read(x, s, &q);
}

static json_t *
assignments(struct evaluation *ev, const struct rv_snapshot *s,
    const struct rv_verdict *v)
{
	json_t *list;

	if (v->n_assignments == 0 ||
	    (!ev->about_self && !may_read_class(ev->x, s, "SMS_Admin")))
		return NULL;
	list = json_array();
	for (size_t i = 0; list != NULL && i < v->n_assignments; i++)
		if (json_array_append_new(list,
			json_integer((json_int_t)v->assignments[i])) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* The roles that would give it, for those who may read roles. */
static json_t *
giving_roles(struct evaluation *ev, const struct rv_snapshot *s,
    const struct rv_verdict *v)
{
	const struct rv_slice *roles;
	json_t *list;
	size_t n;

	if ((v->missing & RV_MISSING_OPERATION) == 0 ||
	    !may_read_class(ev->x, s, "SMS_Role") ||
	    rv_rbac_roles_giving(s, v->object_type_id, v->bit, ev->x->arena,
		&roles, &n) != RV_OK)
		return NULL;
	list = json_array();
	for (size_t i = 0; list != NULL && i < n; i++)
		if (json_array_append_new(
			list, json_stringn(roles[i].p, roles[i].n)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *
missing(struct evaluation *ev, const struct rv_snapshot *s,
    const struct rv_verdict *v)
{
	json_t *object;

	if (v->reason != RV_REASON_NOT_PERMITTED &&
	    v->reason != RV_REASON_NO_ASSIGNMENT)
		return NULL;
	object = rv_missing_json(s, v);
	if (object != NULL)
		rv_ignore(json_object_set_new(object, "roles",
		    giving_roles(ev, s, v))); /* NULL: not for this caller */
	return object;
}

static void
answer(struct evaluation *ev, const struct rv_snapshot *s,
    const struct rv_verdict *v)
{
	struct rv_exchange *x = ev->x;
	json_t *context;

	context = json_pack("{s:s, s:I, s:s*, s:s*, s:o*, s:o*}", "reason",
	    rv_reason_name(v->reason), "revision", (json_int_t)v->revision,
	    "evaluated_at", rv_timestamp(x->arena, v->evaluated_at_ms),
	    "valid_until", rv_timestamp(x->arena, valid_until(ev, v)),
	    "assignments", assignments(ev, s, v), "missing", missing(ev, s, v));
	if (context == NULL) {
		rv_answer_json(x, 200, NULL);
		return;
	}
	rv_answer_json(x, 200,
	    json_pack("{s:b, s:o}", "decision", v->decision == RV_ALLOW,
		"context", context));
}

static void
record_question(struct evaluation *ev)
{
	struct rv_audit_fields *f = &ev->x->record;

	f->action = ev->question.operation;
	f->object_type = ev->question.type;
	f->object_id = ev->question.key;
	if (!ev->about_self)
		f->about = ev->subject_id;
}

static void
decide(struct evaluation *ev, const struct rv_snapshot *s,
    const struct rv_subject *subject)
{
	struct rv_verdict verdict;

	rv_rbac_check(
	    s, subject, rv_exchange_instant(ev->x), &ev->question, &verdict);
	rv_exchange_record_verdict(ev->x, &verdict);
	redact(ev, s, &verdict);
	answer(ev, s, &verdict);
}

/* ---- About others --------------------------------------------------------- */

static void
run_lookup(struct rv_job *job)
{
	struct evaluation *ev = (struct evaluation *)job;
	char *principal = rv_slice_dup(ev->subject_id);

	/* Without memory the groups stay unknown. */
	if (principal != NULL && ev->provider->directory != NULL)
		rv_directory_lookup(
		    ev->provider->directory, principal, &ev->account);
	free(principal);
}

/* The other one as if it had signed in at the lowest level. */
static const struct rv_identity *
other_identity(struct evaluation *ev)
{
	struct rv_evidence evidence = { .method = RV_AUTH_NONE };

	/* rv_rest_evaluation() has checked that it fits. */
	memcpy(evidence.principal, ev->subject_id.p, ev->subject_id.n);
	return rv_identity_new(
	    &evidence, RV_LEVEL_WINDOWS, &ev->account, rv_now_ms());
}

/* No: the other one does not even get through the gate. */
static void
answer_stopped(
    struct evaluation *ev, const struct rv_snapshot *s, const char *reason)
{
	struct rv_exchange *x = ev->x;

	x->record.outcome = RV_SLICE_LIT("deny");
	x->record.reason = rv_slice_of(reason);
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	rv_answer_json(x, 200,
	    json_pack("{s:b, s:{s:s, s:I, s:s*}}", "decision", 0, "context",
		"reason", reason, "revision",
		(json_int_t)rv_snapshot_revision(s), "evaluated_at",
		rv_timestamp(x->arena, rv_exchange_instant(x))));
}

static void
decide_about_other(struct evaluation *ev)
{
	const struct rv_snapshot *s;
	struct rv_slice principal_id;
	struct rv_subject subject;
	enum rv_gate gate;

	ev->x->about = other_identity(ev);
	if (ev->x->about == NULL) {
		rv_answer_json(ev->x, 200, NULL);
		return;
	}
	if (rv_exchange_snapshot(ev->x, &s) != RV_OK)
		return;
	if (ev->account.known && ev->account.disabled) {
		answer_stopped(ev, s, "account_disabled");
		return;
	}
	gate = rv_gate_judge(ev->x->about, s, &principal_id);
	if (gate == RV_GATE_ACCOUNT_REPLACED)
		rv_orphan_mark(ev->x, principal_id, ev->x->about->account_id);
	if (gate != RV_GATE_PASSED) {
		answer_stopped(ev, s, rv_gate_name(gate));
		return;
	}
	subject = rv_subject_of(ev->x->about);
	decide(ev, s, &subject);
}

static void
lookup_done(struct rv_job *job)
{
	struct evaluation *ev = (struct evaluation *)job;
	struct rv_exchange *x = ev->x;

	decide_about_other(ev);
	rv_account_fini(&ev->account);
	free(ev);
	rv_exchange_finish(x);
}

/* Simulate on Users; else the exchange has been answered. */
static bool
may_simulate(struct evaluation *ev, const struct rv_snapshot *s)
{
	struct rv_subject caller = rv_subject_of(ev->x->identity);
	struct rv_question q = {
		.type = RV_SLICE_LIT("SMS_Admin"),
		.operation = RV_SLICE_LIT("Simulate"),
	};
	struct rv_verdict verdict;

	rv_rbac_check(s, &caller, rv_exchange_instant(ev->x), &q, &verdict);
	if (verdict.decision == RV_ALLOW)
		return true;
	rv_answer_denied(ev->x, s, &q, &verdict);
	return false;
}

/* True when the exchange goes on in a worker. */
static bool
ask_about_other(const struct evaluation *ev, const struct rv_snapshot *s)
{
	/* Who has a name that no principal can have. */
	const struct rv_subject nobody = {
		.groups_known = true,
		.level = RV_LEVEL_WINDOWS,
	};
	struct evaluation *kept;

	if (!rv_slice_eq_cstr(ev->subject_type, "user")) {
		rv_body_bad(ev->x, "subject.type", "must be \"user\"");
		return false;
	}
	kept = malloc(sizeof(*kept));
	if (kept != NULL)
		*kept = *ev;
	if (kept == NULL || !may_simulate(kept, s)) {
		if (kept == NULL)
			rv_answer_json(ev->x, 200, NULL);
		free(kept);
		return false;
	}
	if (kept->subject_id.n >= RV_PRINCIPAL_MAX) {
		decide(kept, s, &nobody);
		free(kept);
		return false;
	}
	kept->job.run = run_lookup;
	kept->job.done = lookup_done;
	kept->job.loop = ev->x->lane->loop;
	if (rv_pool_submit(ev->provider->pool, &kept->job) == RV_OK)
		return true;
	rv_answer_unavailable(
	    ev->x, "overload", "Too many look-ups are waiting; try again.");
	free(kept);
	return false;
}

void
rv_rest_evaluation(struct rv_exchange *x)
{
	struct evaluation ev = { .x = x, .provider = x->lane->provider };
	struct rv_subject subject = rv_subject_of(x->identity);
	const struct rv_snapshot *s;
	bool elsewhere = false;

	if (!read_question(x, &ev))
		goto out;
	ev.about_self = rv_slice_eq_cstr(ev.subject_type, "user") &&
			rv_slice_eq_cstr(ev.subject_id, x->identity->principal);
	record_question(&ev);
	if (rv_exchange_snapshot(x, &s) != RV_OK)
		goto out;
	if (ev.about_self)
		decide(&ev, s, &subject);
	else
		elsewhere = ask_about_other(&ev, s);
out:
	if (!elsewhere)
		rv_exchange_finish(x);
}
