/*
 * Why somebody may do something, or not: the decision with the assignments
 * behind it, what was lacking, and one sentence, cut to what the asker may
 * read.
 */
#include <string.h>

#include "pipeline/exchange.h"
#include "reeve/rbac_ask.h"
#include "rest/body.h"
#include "rest/holding.h"
#include "rest/names.h"
#include "rest/people.h"
#include "rest/question.h"
#include "rest/rest.h"
#include "rest/sentence.h"
#include "rest/timestamp.h"

struct explain {
	struct rv_exchange *x;
	struct rv_people *people;
	struct rv_item item;
	struct rv_names *names;
	json_t *context;
	/* Copies that outlive the snapshot. */
	struct rv_seen seen[RV_VERDICT_ASSIGNMENTS];
	size_t n_seen;
	const char *own_type;	/* whose Author Policy lacks; NULL: not so */
	struct rv_slice *roles; /* that hold the operation */
	size_t n_roles;
	bool has_kind;
	enum rv_named kind; /* of the object */
};

static void
finish(struct explain *e)
{
	json_decref(e->context);
	rv_exchange_finish(e->x);
}

/* ---- By the snapshot ---------------------------------------------------------- */

/* The assignments that the verdict names, as far as they may be told. */
static int
see_assignments(struct explain *e, const struct rv_snapshot *s)
{
	const struct rv_person *person =
	    rv_people_get(e->people, e->item.person);
	const struct rv_verdict *v = &e->item.verdict;
	const struct rv_sight sight = rv_sight_of(e->x, s);
	const struct rv_holding *all;
	size_t n;
	int r;

	if (person->stopped != NULL || v->n_assignments == 0 ||
	    (!person->self && !rv_may_read_class(e->x, s, "SMS_Admin")))
		return RV_OK;
	r = rv_rbac_holdings(
	    person->resolved, v->evaluated_at_ms, e->x->arena, &all, &n);
	for (size_t i = 0; r == RV_OK && i < n; i++)
		for (size_t k = 0; r == RV_OK && k < v->n_assignments; k++)
			if (all[i].assignment_id == v->assignments[k])
				r = rv_holding_see(&sight, &all[i], e->names,
				    &e->seen[e->n_seen++]);
	return r;
}

static bool
is_about_rights(const struct rv_item *item)
{
	return item->verdict.reason == RV_REASON_NOT_PERMITTED ||
	       item->verdict.reason == RV_REASON_NO_ASSIGNMENT;
}

static int
see_own_type(struct explain *e, const struct rv_snapshot *s)
{
	const struct rv_verdict *v = &e->item.verdict;

	if (!v->own_type)
		return RV_OK;
	e->own_type = rv_arena_dup(
	    e->x->arena, rv_snapshot_type_name(s, v->object_type_id));
	return e->own_type != NULL ? RV_OK : RV_ERR_NOMEM;
}

static int
see_roles(struct explain *e, const struct rv_snapshot *s)
{
	const struct rv_verdict *v = &e->item.verdict;
	const struct rv_slice *roles;
	size_t n;
	int r;

	if (!is_about_rights(&e->item) ||
	    ((v->missing & RV_MISSING_OPERATION) == 0 &&
		v->reason != RV_REASON_NO_ASSIGNMENT) ||
	    !rv_may_read_class(e->x, s, "SMS_Role"))
		return RV_OK;
	r = rv_rbac_roles_giving(
	    s, v->object_type_id, v->bit, e->x->arena, &roles, &n);
	if (r != RV_OK)
		return r;
	e->roles = rv_arena_alloc(e->x->arena, n * sizeof(*e->roles));
	if (e->roles == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *copy = rv_arena_dup(e->x->arena, roles[i]);

		if (copy == NULL)
			return RV_ERR_NOMEM;
		e->roles[e->n_roles++] = (struct rv_slice){ copy, roles[i].n };
		rv_names_want(e->names, RV_NAMED_ROLE, roles[i]);
	}
	return RV_OK;
}

/*
 * The tasks of the operation that is lacking, or that does not help as Read,
 * which each of its tasks has too, is lacking.
 */
static void
see_tasks(struct explain *e, const struct rv_snapshot *s)
{
	const struct rv_verdict *v = &e->item.verdict;

	if (is_about_rights(&e->item) &&
	    (v->reason == RV_REASON_NO_ASSIGNMENT ||
		(v->missing & (RV_MISSING_OPERATION | RV_MISSING_READ)) != 0))
		rv_names_want_tasks(e->names,
		    rv_snapshot_type_name(s, v->object_type_id),
		    rv_snapshot_operation_name(s, v->object_type_id, v->bit));
}

/*
 * Asked by itself: a verdict of the gate is not cut, and an allow of an
 * operation that needs no Read names what cannot be read.
 */
static void
see_object(struct explain *e, const struct rv_snapshot *s)
{
	const struct rv_question *q = &e->item.question;
	const struct rv_verdict *v = &e->item.verdict;
	const bool allowed = v->decision == RV_ALLOW;

	if (q->key.p == NULL || (!allowed && !is_about_rights(&e->item)) ||
	    !rv_named_of(q->type, &e->kind) ||
	    !rv_exchange_may_read(e->x, s, q))
		return;
	e->has_kind = true;
	rv_names_want(e->names, e->kind, q->key);
	if (!allowed && e->kind == RV_NAMED_APPLICATION &&
	    (v->missing & RV_MISSING_SCOPE) != 0 &&
	    rv_may_read_class(e->x, s, "SMS_SecuredCategory"))
		rv_names_want_scopes(e->names, q->key);
}

/* ---- The sentence --------------------------------------------------------------- */

static const char *
name_or_id(const struct explain *e, enum rv_named kind, struct rv_slice id)
{
	const char *name = rv_names_get(e->names, kind, id);

	return name != NULL ? name : rv_arena_dup(e->x->arena, id);
}

/* Without memory there are just fewer names. */
static struct rv_sentence_names
names_of(const struct explain *e, enum rv_named kind,
    const struct rv_slice *ids, size_t n, size_t hidden)
{
	const char **p = rv_arena_alloc(e->x->arena, n * sizeof(*p));
	struct rv_sentence_names names = { .p = p, .hidden = hidden };

	for (size_t i = 0; i < n; i++) {
		const char *name =
		    p != NULL ? name_or_id(e, kind, ids[i]) : NULL;

		if (name != NULL)
			p[names.n++] = name;
		else
			names.hidden++;
	}
	return names;
}

static struct rv_sentence_names
scopes_of_object(const struct explain *e)
{
	struct rv_sentence_names names = { 0 };
	const char **p;

	while (rv_names_scope(e->names, names.n) != NULL)
		names.n++;
	p = rv_arena_alloc(e->x->arena, names.n * sizeof(*p));
	if (p == NULL)
		return (struct rv_sentence_names){ 0 };
	for (size_t i = 0; i < names.n; i++)
		p[i] = rv_names_scope(e->names, i);
	names.p = p;
	return names;
}

static struct rv_sentence_assignment
nearest_of(const struct explain *e, const struct rv_seen *seen)
{
	const int64_t now = e->item.verdict.evaluated_at_ms;
	struct rv_sentence_assignment a = { 0 };

	if (seen->role_id.p != NULL)
		a.role = name_or_id(e, RV_NAMED_ROLE, seen->role_id);
	if (seen->group.p != NULL)
		a.group = rv_arena_dup(e->x->arena, seen->group);
	a.scopes = names_of(e, RV_NAMED_SCOPE, seen->scopes.p, seen->scopes.n,
	    seen->scopes.hidden);
	a.collections = names_of(e, RV_NAMED_COLLECTION, seen->collections.p,
	    seen->collections.n, seen->collections.hidden);
	if (seen->from_ms > now)
		a.begins = rv_timestamp(e->x->arena, seen->from_ms);
	if (seen->until_ms <= now)
		a.ended = rv_timestamp(e->x->arena, seen->until_ms);
	return a;
}

static const char *
sentence(const struct explain *e)
{
	const struct rv_person *person =
	    rv_people_get(e->people, e->item.person);
	const struct rv_question *q = &e->item.question;
	const struct rv_verdict *v = &e->item.verdict;
	struct rv_arena *arena = e->x->arena;
	struct rv_sentence_assignment nearest = { 0 };
	struct rv_sentence s = {
		.self = person->self,
		.who = rv_arena_dup(arena, person->id),
		.decision = v->decision,
		.reason = e->item.reason,
		.missing = v->missing,
		.operation = rv_arena_dup(arena, q->operation),
		.type = rv_arena_dup(arena, q->type),
		.level = person->subject.level,
		.level_needed = v->level_needed,
		.in = scopes_of_object(e),
		.roles = names_of(e, RV_NAMED_ROLE, e->roles, e->n_roles, 0),
		.own_type = e->own_type,
	};
	struct rv_buf out = { 0 };
	const char *text = NULL;

	if (q->key.p != NULL)
		s.object = e->has_kind ? name_or_id(e, e->kind, q->key)
				       : rv_arena_dup(arena, q->key);
	if (e->n_seen > 0) {
		nearest = nearest_of(e, &e->seen[0]);
		s.nearest = &nearest;
		s.others = e->n_seen - 1;
	}
	if (s.operation == NULL || s.type == NULL)
		return NULL;
	rv_sentence_put(&out, &s);
	if (!out.failed)
		text = rv_arena_dup(arena, rv_buf_slice(&out));
	rv_buf_fini(&out);
	return text;
}

/* ---- The answer ------------------------------------------------------------------ */

static json_t *
assignments_json(const struct explain *e)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < e->n_seen; i++)
		if (json_array_append_new(
			list, rv_seen_json(e->x, &e->seen[i], e->names)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *
roles_json(const struct explain *e)
{
	json_t *list;

	if (e->n_roles == 0)
		return NULL;
	list = json_array();
	for (size_t i = 0; list != NULL && i < e->n_roles; i++)
		if (json_array_append_new(list,
			rv_names_json(e->names, RV_NAMED_ROLE, e->roles[i])) !=
		    0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *
tasks_json(const struct explain *e)
{
	const struct rv_named_task *task = rv_names_task(e->names, 0);
	json_t *list = task != NULL ? json_array() : NULL;

	for (size_t i = 1; list != NULL && task != NULL; i++) {
		if (json_array_append_new(
			list, json_pack("{s:s, s:s}", "task", task->id, "title",
				  task->title)) != 0) {
			json_decref(list);
			list = NULL;
		}
		task = rv_names_task(e->names, i);
	}
	return list;
}

static json_t *
resource_json(const struct explain *e)
{
	const struct rv_question *q = &e->item.question;
	const char *name =
	    e->has_kind ? rv_names_get(e->names, e->kind, q->key) : NULL;

	return json_pack("{s:s%, s:s%, s:s*}", "type", q->type.p, q->type.n,
	    "id", q->key.p != NULL ? q->key.p : "", q->key.n, "name", name);
}

static json_t *
step_up_json(const struct explain *e)
{
	const struct rv_verdict *v = &e->item.verdict;

	if (!is_about_rights(&e->item) || (v->missing & RV_MISSING_LEVEL) == 0)
		return NULL;
	return json_pack("{s:s, s:s}", "level", rv_level_name(v->level_needed),
	    "how", rv_sentence_step_up(v->level_needed));
}

static void
answer(void *arg)
{
	struct explain *e = arg;
	const struct rv_person *person =
	    rv_people_get(e->people, e->item.person);
	const struct rv_question *q = &e->item.question;
	const char *text = sentence(e);

	if (text == NULL)
		rv_answer_json(e->x, 200, NULL);
	else
		rv_answer_json(e->x, 200,
		    json_pack("{s:b, s:s, s:{s:s%, s:s%}, s:{s:s%}, s:o, s:O, "
			      "s:o, s:o*, s:o*, s:o*}",
			"decision", e->item.verdict.decision == RV_ALLOW,
			"sentence", text, "subject", "type", person->type.p,
			person->type.n, "id", person->id.p, person->id.n,
			"action", "name", q->operation.p, q->operation.n,
			"resource", resource_json(e), "context", e->context,
			"assignments", assignments_json(e), "roles",
			roles_json(e), "tasks", tasks_json(e), "step_up",
			step_up_json(e)));
	finish(e);
}

static void
decide(struct rv_exchange *x, const struct rv_snapshot *s, void *arg)
{
	struct explain *e = arg;
	int r = rv_items_decide(x, s, e->people, &e->item, 1, false);

	if (r == RV_OK)
		r = see_assignments(e, s);
	if (r == RV_OK)
		r = see_own_type(e, s);
	if (r == RV_OK)
		r = see_roles(e, s);
	if (r == RV_OK) {
		see_tasks(e, s);
		see_object(e, s);
		e->context = rv_item_context(x, s, e->people, &e->item);
	}
	if (e->context == NULL) {
		rv_answer_json(x, 200, NULL);
		finish(e);
		return;
	}
	rv_names_read(e->names, answer, e);
}

void
rv_rest_explain(struct rv_exchange *x)
{
	struct explain *e = rv_arena_alloc(x->arena, sizeof(*e));
	json_t *root = NULL;
	bool ok = false;

	if (e != NULL) {
		e->x = x;
		e->names = rv_names_new(x);
		e->people = rv_people_new(x, 1);
	}
	if (e == NULL || e->names == NULL || e->people == NULL)
		rv_answer_json(x, 200, NULL);
	else
		root = rv_body_object(x);
	if (root != NULL) {
		ok = rv_item_read(x, root, NULL,
			 RV_ENTITIES_ALL | RV_ENTITY_SELF, e->people,
			 &e->item) == RV_OK;
		if (!ok)
			rv_answer_json(x, 200, NULL);
		else if (e->item.wrong != NULL)
			rv_item_answer_wrong(x, &e->item);
		ok = ok && e->item.wrong == NULL;
	}
	json_decref(root);
	if (!ok) {
		rv_exchange_finish(x);
		return;
	}
	rv_item_record(x, e->people, &e->item);
	rv_people_find(e->people, false, decide, e);
}
