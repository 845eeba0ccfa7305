/*
 * Operations on more than one thing (docs/rule.md section 4): may somebody
 * deploy this to that, move it there, and which half is lacking.
 */
#include "reeve/rbac_pair.h"

#include <string.h>

#include "pipeline/exchange.h"
#include "rest/body.h"
#include "rest/names.h"
#include "rest/pair_read.h"
#include "rest/people.h"
#include "rest/question.h"
#include "rest/rest.h"
#include "rest/sentence.h"
#include "rest/timestamp.h"

#define FOLDER "226" /* the type of folders */

#define N_THINGS 4u /* that the sentence speaks of */

struct pair {
	struct rv_exchange *x;
	struct rv_people *people;
	size_t person;
	struct rv_pair_body body;
	struct rv_names *names;
	struct rv_pair_verdict verdict;
	const char *reason;
	json_t *halves;	       /* a reference */
	struct rv_buf lacking; /* what is, in words */
	bool told;	       /* what the verdict says may be said */
	/* By the order of things_of(): whether the asker may read it. */
	bool may_name[N_THINGS];
	bool may_see_assignments;
};

static void
finish(struct pair *p)
{
	json_decref(p->halves);
	rv_buf_fini(&p->lacking);
	rv_exchange_finish(p->x);
}

/* ---- Who is asked about ---------------------------------------------- */

/* False: the exchange has been answered. */
static bool
read_subject(struct pair *p, const json_t *root)
{
	struct rv_item item = { 0 };

	if (rv_item_read(p->x, root, NULL,
		RV_ENTITY_SUBJECT | RV_ENTITY_SUBJECT_ID | RV_ENTITY_SELF,
		p->people, &item) != RV_OK) {
		rv_answer_json(p->x, 200, NULL);
		return false;
	}
	if (item.wrong != NULL) {
		rv_item_answer_wrong(p->x, &item);
		return false;
	}
	p->person = item.person;
	return true;
}

/* ---- What the asker may know ------------------------------------------------------ */

static bool
may_read(struct pair *p, const struct rv_snapshot *s, struct rv_slice type,
    struct rv_slice key)
{
	const struct rv_question q = { .type = type, .key = key };

	return key.p == NULL || rv_exchange_may_read(p->x, s, &q);
}

static bool
may_read_all(struct pair *p, const struct rv_snapshot *s)
{
	const struct rv_slice collection = RV_SLICE_LIT("SMS_Collection");
	const struct rv_pair_question *q = &p->body.question;
	bool all = may_read(p, s, q->object.type, q->object.key) &&
		   may_read(p, s, q->other.type, q->other.key) &&
		   may_read(p, s, collection, q->collection) &&
		   may_read(p, s, collection, q->limiting) &&
		   may_read(p, s, RV_SLICE_LIT(FOLDER), q->from) &&
		   may_read(p, s, RV_SLICE_LIT(FOLDER), q->to);

	for (size_t i = 0; all && i < q->n_named; i++)
		all = may_read(p, s, collection, q->named[i]);
	for (size_t i = 0; all && i < q->n_direct; i++)
		all = may_read(p, s, q->direct[i].type, q->direct[i].key);
	return all;
}

static void
things_of(const struct pair *p, struct rv_thing things[N_THINGS])
{
	const struct rv_slice type = RV_SLICE_LIT("SMS_Collection");
	const struct rv_pair_question *q = &p->body.question;

	things[0] = q->object;
	things[1] = q->other;
	things[2] = (struct rv_thing){ type, q->collection };
	things[3] = (struct rv_thing){ type, q->limiting };
}

/* An allow does not mean that each thing may be read: it is asked for each. */
static void
see_things(struct pair *p, const struct rv_snapshot *s)
{
	struct rv_thing things[N_THINGS];

	things_of(p, things);
	for (size_t i = 0; i < N_THINGS; i++)
		p->may_name[i] = things[i].key.p != NULL &&
				 may_read(p, s, things[i].type, things[i].key);
}

/* As rest/question.c cuts the verdict of a single question. */
static void
redact(
    struct pair *p, const struct rv_snapshot *s, const struct rv_person *person)
{
	struct rv_pair_verdict *v = &p->verdict;
	const bool unknown = v->reason == RV_REASON_GROUPS_UNKNOWN;

	p->told = (v->decision == RV_ALLOW && person->self) ||
		  (!unknown && may_read_all(p, s));
	if (p->told)
		return;
	v->decision = RV_DENY;
	if (!unknown)
		v->reason = person->subject.groups_known
				? RV_REASON_NO_SUCH_OBJECT
				: RV_REASON_GROUPS_UNKNOWN;
	v->n_assignments = 0;
	v->n_halves = 0;
}

/* ---- Halves ------------------------------------------------------------------------ */

static json_t *
conditions(unsigned missing)
{
	json_t *list = json_array();

	for (unsigned bit = 1; list != NULL && bit <= RV_MISSING_READ;
	     bit <<= 1)
		if ((missing & bit) != 0 &&
		    json_array_append_new(list,
			json_string(rv_missing_name((enum rv_missing)bit))) !=
			0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* A half that was not asked for by its name has a number: name it. */
static struct rv_slice
type_of(const struct rv_snapshot *s, const struct rv_pair_half *h)
{
	uint64_t number;

	if (rv_slice_to_u64(h->thing.type, UINT32_MAX, &number) != RV_OK)
		return h->thing.type;
	return rv_snapshot_type_name(s, (uint32_t)number);
}

static json_t *
half_json(const struct rv_snapshot *s, const struct rv_pair_half *h)
{
	const struct rv_slice op =
	    rv_snapshot_operation_name(s, h->object_type_id, h->bit);
	const struct rv_slice type = type_of(s, h);
	const char *level = (h->missing & RV_MISSING_LEVEL) != 0
				? rv_level_name(h->level_needed)
				: NULL;

	return json_pack("{s:s%, s:{s:s%, s:s%}, s:o, s:s*}", "operation",
	    op.p != NULL ? op.p : "", op.n, "resource", "type",
	    type.p != NULL ? type.p : "", type.n, "id",
	    h->thing.key.p != NULL ? h->thing.key.p : "", h->thing.key.n,
	    "missing", conditions(h->missing), "level", level);
}

static void
put_lacking(
    struct pair *p, const struct rv_snapshot *s, const struct rv_pair_half *h)
{
	const struct rv_slice op =
	    rv_snapshot_operation_name(s, h->object_type_id, h->bit);
	const char *type = rv_arena_dup(p->x->arena, type_of(s, h));

	if (h->missing == 0 || op.p == NULL || type == NULL)
		return;
	rv_buf_printf(&p->lacking, "%s%.*s on the ",
	    p->lacking.n > 0 ? " and " : "", RV_SLICE_FMT(op));
	rv_sentence_put_type(&p->lacking, type);
	if (h->thing.key.p != NULL)
		rv_buf_printf(&p->lacking, " %.*s", RV_SLICE_FMT(h->thing.key));
	rv_buf_puts(&p->lacking, " (");
	for (unsigned bit = 1, n = 0; bit <= RV_MISSING_READ; bit <<= 1)
		if ((h->missing & bit) != 0)
			rv_buf_printf(&p->lacking, "%s%s", n++ > 0 ? ", " : "",
			    rv_missing_name((enum rv_missing)bit));
	rv_buf_putc(&p->lacking, ')');
}

static int
see_halves(struct pair *p, const struct rv_snapshot *s)
{
	p->halves = json_array();
	if (p->halves == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < p->verdict.n_halves; i++) {
		if (json_array_append_new(
			p->halves, half_json(s, &p->verdict.halves[i])) != 0)
			return RV_ERR_NOMEM;
		put_lacking(p, s, &p->verdict.halves[i]);
	}
	return p->lacking.failed ? RV_ERR_NOMEM : RV_OK;
}

/* ---- The answer ------------------------------------------------------------------------ */

static void
put_thing(struct rv_buf *out, const struct pair *p,
    const struct rv_thing *thing, bool may_name)
{
	const char *type = rv_arena_dup(p->x->arena, thing->type);
	const char *name = NULL;
	enum rv_named kind;

	if (type == NULL)
		return;
	rv_buf_puts(out, " the ");
	rv_sentence_put_type(out, type);
	if (may_name && rv_named_of(thing->type, &kind))
		name = rv_names_get(p->names, kind, thing->key);
	if (name != NULL)
		rv_buf_printf(out, " %s", name);
	else if (thing->key.p != NULL)
		rv_buf_printf(out, " %.*s", RV_SLICE_FMT(thing->key));
}

static void
put_things(struct rv_buf *out, const struct pair *p)
{
	const struct rv_pair_question *q = &p->body.question;
	struct rv_thing things[N_THINGS];
	const char *join = "";

	things_of(p, things);
	for (size_t i = 0; i < N_THINGS; i++) {
		if (things[i].type.p == NULL ||
		    (i >= 2 && things[i].key.p == NULL))
			continue;
		rv_buf_puts(out, join);
		put_thing(out, p, &things[i], p->may_name[i]);
		join = q->operation == RV_PAIR_DEPLOY ? " to" : " and";
	}
}

static const char *
sentence(const struct pair *p)
{
	const struct rv_person *person = rv_people_get(p->people, p->person);
	const bool allowed = p->verdict.decision == RV_ALLOW;
	struct rv_buf out = { 0 };
	const char *text = NULL;

	if (person->self)
		rv_buf_puts(&out, "You");
	else
		rv_buf_put_slice(&out, person->id);
	rv_buf_printf(&out, " may%s %s", allowed ? "" : " not",
	    rv_pair_phrase(p->body.question.operation));
	put_things(&out, p);
	if (!allowed && p->verdict.reason == RV_REASON_NO_SUCH_OBJECT)
		rv_buf_puts(&out,
		    ": there is no such object, or one of them is outside your "
		    "administrative scope");
	else if (!allowed && p->lacking.n > 0)
		rv_buf_printf(&out,
		    ": no one assignment gives all of it; the nearest lacks "
		    "%.*s",
		    RV_SLICE_FMT(rv_buf_slice(&p->lacking)));
	else if (!allowed)
		rv_buf_printf(&out, ": %s", p->reason);
	rv_buf_putc(&out, '.');
	if (!out.failed)
		text = rv_arena_dup(p->x->arena, rv_buf_slice(&out));
	rv_buf_fini(&out);
	return text;
}

static json_t *
assignments_json(const struct pair *p)
{
	json_t *list;

	if (!p->may_see_assignments || p->verdict.n_assignments == 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; list != NULL && i < p->verdict.n_assignments; i++)
		if (json_array_append_new(list,
			json_integer((json_int_t)p->verdict.assignments[i])) !=
		    0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static void
answer(void *arg)
{
	struct pair *p = arg;
	struct rv_exchange *x = p->x;
	const struct rv_person *person = rv_people_get(p->people, p->person);
	const struct rv_pair_verdict *v = &p->verdict;
	const int64_t until =
	    rv_person_valid_until(x, person, v->valid_until_ms);
	const char *text = sentence(p);

	if (text == NULL)
		rv_answer_json(x, 200, NULL);
	else
		rv_answer_json(x, 200,
		    json_pack("{s:b, s:s, s:{s:s, s:I, s:s*, s:s*}, s:o*, s:O}",
			"decision", v->decision == RV_ALLOW, "sentence", text,
			"context", "reason", p->reason, "revision",
			(json_int_t)v->revision, "evaluated_at",
			rv_timestamp(x->arena, v->evaluated_at_ms),
			"valid_until", rv_timestamp(x->arena, until),
			"assignments", assignments_json(p), "halves",
			p->halves));
	finish(p);
}

static void
want_names(struct pair *p)
{
	struct rv_thing things[N_THINGS];
	enum rv_named kind;

	things_of(p, things);
	for (size_t i = 0; i < N_THINGS; i++)
		if (p->may_name[i] && rv_named_of(things[i].type, &kind))
			rv_names_want(p->names, kind, things[i].key);
}

static int
judge(
    struct pair *p, const struct rv_snapshot *s, const struct rv_person *person)
{
	struct rv_exchange *x = p->x;
	struct rv_pair_verdict *v = &p->verdict;
	int r = RV_OK;

	v->decision = RV_DENY;
	v->revision = rv_snapshot_revision(s);
	v->evaluated_at_ms = rv_exchange_instant(x);
	v->valid_until_ms = INT64_MAX;
	v->reason = RV_REASON_NOT_PERMITTED;
	if (person->stopped == NULL)
		r = rv_rbac_pair(person->resolved, rv_exchange_instant(x),
		    &p->body.question, rv_snapshot_pairing(s), x->arena, v);
	p->reason = person->stopped != NULL ? person->stopped
					    : rv_reason_name(v->reason);
	x->record.outcome = v->decision == RV_ALLOW ? RV_SLICE_LIT("allow")
						    : RV_SLICE_LIT("deny");
	x->record.reason = rv_slice_of(p->reason);
	x->record.evaluated_at_ms = v->evaluated_at_ms;
	x->record.matched = v->assignments;
	x->record.n_matched = v->n_assignments;
	return r;
}

static void
decide(struct rv_exchange *x, const struct rv_snapshot *s, void *arg)
{
	struct pair *p = arg;
	const struct rv_person *person = rv_people_get(p->people, p->person);
	uint64_t *matched;
	int r = judge(p, s, person);

	/* The record says what was decided, the answer what may be told. */
	matched = rv_arena_alloc(
	    x->arena, p->verdict.n_assignments * sizeof(*matched));
	if (matched == NULL)
		r = RV_ERR_NOMEM;
	else if (p->verdict.n_assignments > 0)
		memcpy(matched, p->verdict.assignments,
		    p->verdict.n_assignments * sizeof(*matched));
	x->record.matched = matched;
	if (r == RV_OK && person->stopped == NULL) {
		redact(p, s, person);
		p->reason = rv_reason_name(p->verdict.reason);
	}
	see_things(p, s);
	p->may_see_assignments =
	    person->self || rv_may_read_class(x, s, "SMS_Admin");
	if (r == RV_OK)
		r = see_halves(p, s);
	if (r != RV_OK) {
		rv_answer_json(x, 200, NULL);
		finish(p);
		return;
	}
	want_names(p);
	rv_names_read(p->names, answer, p);
}

static void
put_item(
    struct rv_audit_item **at, const char *member, const struct rv_thing *thing)
{
	if (thing->type.p != NULL && thing->key.p != NULL)
		*(*at)++ = (struct rv_audit_item){ .reason = "asked",
			.action = rv_slice_of(member),
			.object_type = thing->type,
			.object_id = thing->key };
}

/* Each thing under the name of its member; false when out of memory. */
static bool
record_things(struct pair *p)
{
	const struct rv_pair_question *q = &p->body.question;
	const struct rv_slice folder = RV_SLICE_LIT(FOLDER);
	const struct rv_slice collection = RV_SLICE_LIT("SMS_Collection");
	const struct rv_thing from = { folder, q->from };
	const struct rv_thing to = { folder, q->to };
	struct rv_thing things[N_THINGS];
	struct rv_audit_item *items = rv_arena_alloc(p->x->arena,
	    (N_THINGS + 2 + q->n_named + q->n_direct) * sizeof(*items));
	struct rv_audit_item *at = items;

	if (items == NULL)
		return false;
	things_of(p, things);
	put_item(&at, "object", &things[0]);
	put_item(&at, "other", &things[1]);
	put_item(&at, "collection", &things[2]);
	put_item(&at, "limiting", &things[3]);
	put_item(&at, "from", &from);
	put_item(&at, "to", &to);
	for (size_t i = 0; i < q->n_named; i++)
		put_item(&at, "named",
		    &(struct rv_thing){ collection, q->named[i] });
	for (size_t i = 0; i < q->n_direct; i++)
		put_item(&at, "direct", &q->direct[i]);
	p->x->record.items = items;
	p->x->record.n_items = (size_t)(at - items);
	return true;
}

void
rv_rest_pair(struct rv_exchange *x)
{
	struct pair *p = rv_arena_alloc(x->arena, sizeof(*p));
	json_t *root = NULL;
	bool ok = false;

	if (p != NULL) {
		p->x = x;
		p->body.x = x;
		p->names = rv_names_new(x);
		p->people = rv_people_new(x, 1);
	}
	if (p == NULL || p->names == NULL || p->people == NULL)
		rv_answer_json(x, 200, NULL);
	else
		root = rv_body_object(x);
	if (root != NULL)
		ok = read_subject(p, root) && rv_pair_read(&p->body, root);
	json_decref(root);
	if (ok && !record_things(p)) {
		rv_answer_json(x, 200, NULL);
		ok = false;
	}
	if (!ok) {
		rv_exchange_finish(x);
		return;
	}
	x->record.action = p->body.operation;
	x->record.object_type = p->body.question.object.type;
	x->record.object_id = p->body.question.object.key;
	if (!rv_people_get(p->people, p->person)->self)
		x->record.about = rv_people_get(p->people, p->person)->id;
	rv_people_find(p->people, false, decide, p);
}
