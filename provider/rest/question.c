#include "rest/question.h"

#include <string.h>

#include "pipeline/lane.h"
#include "provider.h"
#include "reeve/rbac_ask.h"
#include "rest/body.h"
#include "rest/timestamp.h"

/* ---- Reading --------------------------------------------------------------- */

struct reader {
	struct rv_exchange *x;
	const json_t *object, *defaults;
	struct rv_item *item;
	int err; /* RV_ERR_NOMEM */
};

static bool
wrong(struct reader *r, const char *path, const char *what)
{
	r->item->path = path;
	r->item->wrong = what;
	return false;
}

/* The entity of the object itself, or the default, whole. */
static const json_t *
find_entity(const struct reader *r, const char *name)
{
	const json_t *value = json_object_get(r->object, name);

	return value != NULL ? value : json_object_get(r->defaults, name);
}

static const json_t *
entity(struct reader *r, const char *name)
{
	const json_t *value = find_entity(r, name);

	if (json_is_object(value))
		return value;
	(void)wrong(
	    r, name, value == NULL ? "is missing" : "must be an object");
	return NULL;
}

static bool
take(struct reader *r, const json_t *object, const char *member,
    const char *path, struct rv_slice *ret)
{
	const char *what;
	int err = rv_body_take_string(r->x->arena, object, member, ret, &what);

	if (err == RV_ERR_INVALID)
		return wrong(r, path, what);
	if (err != RV_OK)
		r->err = err;
	return err == RV_OK;
}

/* Optional members: an object, or null, which is the same as absent. */
static bool
optional_object(struct reader *r, const json_t *parent, const char *member,
    const char *path)
{
	const json_t *value = json_object_get(parent, member);

	if (value == NULL || json_is_null(value) || json_is_object(value))
		return true;
	return wrong(r, path, "must be an object");
}

/*
 * subject.properties.level: at which level an enforcement point has seen the
 * person sign in (docs/rule.md section 8).
 */
static bool
read_level(struct reader *r, const json_t *subject, enum rv_level *ret_asserted)
{
	const json_t *level =
	    json_object_get(json_object_get(subject, "properties"), "level");

	*ret_asserted = RV_LEVEL_WINDOWS;
	if (level == NULL || json_is_null(level))
		return true;
	for (int l = RV_LEVEL_WINDOWS; l <= RV_LEVEL_HELLO; l++)
		if (json_is_string(level) &&
		    strcmp(json_string_value(level),
			rv_level_name((enum rv_level)l)) == 0) {
			*ret_asserted = (enum rv_level)l;
			return true;
		}
	return wrong(r, "subject.properties.level",
	    "must be \"windows\", \"certificate\" or \"hello\"");
}

static bool
read_subject(struct reader *r, unsigned entities, struct rv_people *people)
{
	const char *self = r->x->identity->principal;
	struct rv_slice type = RV_SLICE_LIT("user"), id = rv_slice_of(self);
	enum rv_level asserted = RV_LEVEL_WINDOWS;
	const json_t *subject;
	int err;

	if ((entities & RV_ENTITY_SELF) == 0 ||
	    find_entity(r, "subject") != NULL) {
		subject = entity(r, "subject");
		if (subject == NULL ||
		    !take(r, subject, "type", "subject.type", &type) ||
		    !optional_object(
			r, subject, "properties", "subject.properties") ||
		    !read_level(r, subject, &asserted))
			return false;
		if ((entities & RV_ENTITY_SUBJECT_ID) != 0 &&
		    !take(r, subject, "id", "subject.id", &id))
			return false;
	}
	if ((entities & RV_ENTITY_SUBJECT_ID) == 0)
		return true;
	err = rv_people_add(people, type, id, asserted, &r->item->person);
	if (err == RV_ERR_NOMEM)
		r->err = err;
	else if (err != RV_OK)
		return wrong(r,
		    err == RV_ERR_LIMIT ? "subject" : "subject.type",
		    rv_people_wrong(err));
	return err == RV_OK;
}

static bool
read_action(struct reader *r)
{
	const json_t *action = entity(r, "action");

	return action != NULL &&
	       take(r, action, "name", "action.name",
		   &r->item->question.operation) &&
	       optional_object(r, action, "properties", "action.properties");
}

static bool
read_resource(struct reader *r, unsigned entities)
{
	const json_t *resource = entity(r, "resource");
	struct rv_question *q = &r->item->question;

	if (resource == NULL ||
	    !take(r, resource, "type", "resource.type", &q->type))
		return false;
	if ((entities & RV_ENTITY_RESOURCE_ID) != 0 &&
	    !take(r, resource, "id", "resource.id", &q->key))
		return false;
	/* AuthZEN wants an id; an empty one names no instance. */
	if (q->key.n == 0)
		q->key = RV_SLICE_NONE;
	return optional_object(
	    r, resource, "properties", "resource.properties");
}

int
rv_item_read(struct rv_exchange *x, const json_t *object,
    const json_t *defaults, unsigned entities, struct rv_people *people,
    struct rv_item *ret)
{
	struct reader r = { x, object, defaults, ret, RV_OK };

	*ret = (struct rv_item){ .question.want = RV_WANT_ALL };
	if (!json_is_object(object))
		(void)wrong(&r, "evaluations", "must hold objects");
	else if (((entities & RV_ENTITY_SUBJECT) == 0 ||
		     read_subject(&r, entities, people)) &&
		 ((entities & RV_ENTITY_ACTION) == 0 || read_action(&r)) &&
		 ((entities & RV_ENTITY_RESOURCE) == 0 ||
		     read_resource(&r, entities)))
		(void)optional_object(&r, object, "context", "context");
	return r.err;
}

void
rv_item_answer_wrong(struct rv_exchange *x, const struct rv_item *item)
{
	rv_body_bad(x, item->path, item->wrong);
}

/* ---- Deciding --------------------------------------------------------------- */

/* Nobody learns from a refusal that an object exists which it cannot see. */
static void
redact(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_person *person, struct rv_item *item)
{
	struct rv_verdict *v = &item->verdict;

	if (v->decision == RV_ALLOW && person->self)
		return;
	if (item->question.key.p == NULL ||
	    v->reason == RV_REASON_GROUPS_UNKNOWN ||
	    v->reason == RV_REASON_UNKNOWN_TYPE ||
	    v->reason == RV_REASON_UNKNOWN_OPERATION ||
	    v->reason == RV_REASON_OP_NOT_APPLICABLE)
		return;
	if (rv_exchange_may_read(x, s, &item->question))
		return;
	v->decision = RV_DENY;
	/* What a missing object is answered with, whatever groups may add. */
	v->reason = person->self || person->subject.groups_known
			? RV_REASON_NO_SUCH_OBJECT
			: RV_REASON_GROUPS_UNKNOWN;
	v->missing = 0;
	v->own_type = false;
	v->n_assignments = 0;
	v->assignments_cut = false;
}

/* An item is recorded as it was decided, not as it is told. */
static void
record_item(const struct rv_person *person, const struct rv_item *item,
    struct rv_audit_item *ret)
{
	ret->reason = item->wrong != NULL ? "bad_request" : item->reason;
	ret->action = item->question.operation;
	ret->object_type = item->question.type;
	ret->object_id = item->question.key;
	if (person != NULL && !person->self)
		ret->about = person->id;
}

void
rv_item_record(struct rv_exchange *x, const struct rv_people *people,
    const struct rv_item *item)
{
	const struct rv_person *person = rv_people_get(people, item->person);

	x->record.action = item->question.operation;
	x->record.object_type = item->question.type;
	x->record.object_id = item->question.key;
	if (!person->self)
		x->record.about = person->id;
}

static int
record(struct rv_exchange *x, const struct rv_people *people,
    const struct rv_item *items, size_t n, bool batch)
{
	struct rv_audit_item *recorded;

	if (!batch) {
		rv_item_record(x, people, items);
		rv_exchange_record_verdict(x, &items->verdict);
		x->record.reason = rv_slice_of(items->reason);
		return RV_OK;
	}
	recorded = rv_arena_alloc(x->arena, n * sizeof(*recorded));
	if (recorded == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		record_item(items[i].wrong != NULL
				? NULL
				: rv_people_get(people, items[i].person),
		    &items[i], &recorded[i]);
	x->record.items = recorded;
	x->record.n_items = n;
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	return RV_OK;
}

/* What the gate stops does not even get to the rule. */
static void
stop(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_person *person, struct rv_item *item)
{
	item->verdict = (struct rv_verdict){
		.decision = RV_DENY,
		.reason = RV_REASON_NOT_PERMITTED,
		.revision = rv_snapshot_revision(s),
		.evaluated_at_ms = rv_exchange_instant(x),
		.valid_until_ms = INT64_MAX,
	};
	item->reason = person->stopped;
}

static int
ask_all(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_people *people, struct rv_item *items, size_t n)
{
	struct rv_ask *asks = rv_arena_alloc(x->arena, n * sizeof(*asks));
	struct rv_verdict *verdicts =
	    rv_arena_alloc(x->arena, n * sizeof(*verdicts));
	size_t asked = 0, at = 0;

	if (asks == NULL || verdicts == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct rv_person *person;

		if (items[i].wrong != NULL)
			continue;
		person = rv_people_get(people, items[i].person);
		if (person->stopped != NULL) {
			stop(x, s, person, &items[i]);
			continue;
		}
		asks[asked].subject = person->resolved;
		asks[asked++].question = items[i].question;
	}
	rv_rbac_check_many(asks, asked, rv_exchange_instant(x), verdicts);
	for (size_t i = 0; i < n; i++) {
		if (items[i].wrong != NULL || items[i].reason != NULL)
			continue;
		items[i].verdict = verdicts[at++];
		items[i].reason = rv_reason_name(items[i].verdict.reason);
	}
	return RV_OK;
}

int
rv_items_decide(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_people *people, struct rv_item *items, size_t n, bool batch)
{
	int r = ask_all(x, s, people, items, n);

	if (r == RV_OK)
		r = record(x, people, items, n, batch);
	for (size_t i = 0; r == RV_OK && i < n; i++) {
		const struct rv_person *person;

		if (items[i].wrong != NULL)
			continue;
		person = rv_people_get(people, items[i].person);
		if (person->stopped != NULL)
			continue;
		redact(x, s, person, &items[i]);
		items[i].reason = rv_reason_name(items[i].verdict.reason);
	}
	return r;
}

/* ---- Telling ------------------------------------------------------------------ */

bool
rv_may_read_class(
    struct rv_exchange *x, const struct rv_snapshot *s, const char *class_name)
{
	struct rv_question q = { .type = rv_slice_of(class_name) };

	return rv_exchange_may_read(x, s, &q);
}

static json_t *
assignments(struct rv_exchange *x, const struct rv_snapshot *s, bool self,
    const struct rv_verdict *v)
{
	json_t *list;

	if (v->n_assignments == 0 ||
	    (!self && !rv_may_read_class(x, s, "SMS_Admin")))
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
giving_roles(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_verdict *v)
{
	const struct rv_slice *roles;
	json_t *list;
	size_t n;

	if ((v->missing & RV_MISSING_OPERATION) == 0 ||
	    !rv_may_read_class(x, s, "SMS_Role") ||
	    rv_rbac_roles_giving(
		s, v->object_type_id, v->bit, x->arena, &roles, &n) != RV_OK)
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
missing(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_verdict *v)
{
	json_t *object;

	if (v->reason != RV_REASON_NOT_PERMITTED &&
	    v->reason != RV_REASON_NO_ASSIGNMENT)
		return NULL;
	object = rv_missing_json(s, v);
	if (object != NULL)
		rv_ignore(json_object_set_new(object, "roles",
		    giving_roles(x, s, v))); /* NULL: not for this caller */
	return object;
}

json_t *
rv_item_context(struct rv_exchange *x, const struct rv_snapshot *s,
    const struct rv_people *people, const struct rv_item *item)
{
	const struct rv_person *person = rv_people_get(people, item->person);
	const struct rv_verdict *v = &item->verdict;
	int64_t until;

	if (person->stopped != NULL)
		return json_pack("{s:s, s:I, s:s*}", "reason", item->reason,
		    "revision", (json_int_t)v->revision, "evaluated_at",
		    rv_timestamp(x->arena, v->evaluated_at_ms));
	until = rv_person_valid_until(x, person, v->valid_until_ms);
	return json_pack("{s:s, s:I, s:s*, s:s*, s:o*, s:o*}", "reason",
	    item->reason, "revision", (json_int_t)v->revision, "evaluated_at",
	    rv_timestamp(x->arena, v->evaluated_at_ms), "valid_until",
	    rv_timestamp(x->arena, until), "assignments",
	    assignments(x, s, person->self, v), "missing", missing(x, s, v));
}
