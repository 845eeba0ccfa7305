/*
 * What would change: the same questions before and after assignments that
 * are only supposed.  Nothing of it is stored.  Needs Simulate on Users.
 */
#include <string.h>

#include "pipeline/exchange.h"
#include "pipeline/gate.h"
#include "reeve/rbac_ask.h"
#include "rest/body.h"
#include "rest/people.h"
#include "rest/question.h"
#include "rest/rest.h"
#include "rest/timestamp.h"

#define ROWS_MAX      64u  /* assignments that are added, or removed */
#define IDS_MAX	      256u /* scopes, or collections, of all that are added */
#define QUESTIONS_MAX 100u

/* Ids of supposed assignments, far from those that the store gives. */
#define FIRST_ID ((uint64_t)1 << 62)

struct what_if {
	struct rv_exchange *x;
	struct rv_people *people;
	size_t person;
	uint64_t admin_id; /* whose the added ones are; 0: the subject's own */
	struct rv_row_assignment added[ROWS_MAX];
	size_t n_added;
	struct rv_row_assignment_scope scopes[IDS_MAX];
	size_t n_scopes;
	struct rv_row_assignment_collection collections[IDS_MAX];
	size_t n_collections;
	uint64_t removed[ROWS_MAX];
	size_t n_removed;
	struct rv_item *questions; /* with an operation */
	size_t n_questions;
	struct rv_item *objects; /* all operations on these */
	size_t n_objects;
	/* One for each level that one can have, before and after. */
	const struct rv_subject_resolved *before[RV_LEVEL_HELLO + 1];
	const struct rv_subject_resolved *after[RV_LEVEL_HELLO + 1];
	enum rv_level gate_level; /* the site's */
};

/* ---- Reading --------------------------------------------------------------------- */

static bool
bad(struct what_if *w, const char *path, const char *what)
{
	rv_body_bad(w->x, path, what);
	return false;
}

static bool
no_memory(struct what_if *w)
{
	rv_answer_json(w->x, 200, NULL);
	return false;
}

/* An optional array of at most `most`; false: answered. */
static bool
read_array(struct what_if *w, const json_t *root, const char *member,
    size_t most, const json_t **ret_list)
{
	*ret_list = json_object_get(root, member);
	if (*ret_list == NULL || json_is_null(*ret_list))
		return true;
	if (!json_is_array(*ret_list))
		return bad(w, member, "must be an array");
	if (json_array_size(*ret_list) > most)
		return bad(w, member, "has too many members");
	return true;
}

static bool
read_text(struct what_if *w, const json_t *value, const char *path,
    struct rv_slice *ret)
{
	json_t *one = json_pack("{s:O*}", "one", value);
	const char *wrong = "is missing";
	int r = one == NULL
		    ? RV_ERR_NOMEM
		    : rv_body_take_string(w->x->arena, one, "one", ret, &wrong);

	json_decref(one);
	if (r == RV_ERR_INVALID)
		return bad(w, path, wrong);
	return r == RV_OK || no_memory(w);
}

static bool
read_scopes(struct what_if *w, const json_t *row, uint64_t id)
{
	const json_t *list;

	if (!read_array(w, row, "scopes", IDS_MAX - w->n_scopes, &list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct rv_row_assignment_scope *s = &w->scopes[w->n_scopes];

		if (!read_text(
			w, json_array_get(list, i), "add.scopes", &s->scope_id))
			return false;
		s->assignment_id = id;
		w->n_scopes++;
	}
	return true;
}

static bool
read_collections(struct what_if *w, const json_t *row, uint64_t id)
{
	const json_t *list;

	if (!read_array(
		w, row, "collections", IDS_MAX - w->n_collections, &list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct rv_row_assignment_collection *c =
		    &w->collections[w->n_collections];

		if (!read_text(w, json_array_get(list, i), "add.collections",
			&c->collection_id))
			return false;
		c->assignment_id = id;
		w->n_collections++;
	}
	return true;
}

static bool
read_added(struct what_if *w, const json_t *root)
{
	const json_t *list;

	if (!read_array(w, root, "add", ROWS_MAX, &list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		struct rv_row_assignment *a = &w->added[w->n_added++];

		if (!json_is_object(row))
			return bad(w, "add", "must hold objects");
		*a = (struct rv_row_assignment){
			.assignment_id = FIRST_ID + i,
			.from_ms = INT64_MIN,
			.until_ms = INT64_MAX,
		};
		if (!read_text(w, json_object_get(row, "role"), "add.role",
			&a->role_id) ||
		    !read_scopes(w, row, a->assignment_id) ||
		    !read_collections(w, row, a->assignment_id))
			return false;
	}
	return true;
}

static bool
read_removed(struct what_if *w, const json_t *root)
{
	const json_t *list;

	if (!read_array(w, root, "remove", ROWS_MAX, &list))
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *id = json_array_get(list, i);

		if (!json_is_integer(id) || json_integer_value(id) <= 0)
			return bad(w, "remove", "must hold ids of assignments");
		w->removed[w->n_removed++] = (uint64_t)json_integer_value(id);
	}
	return true;
}

static bool
read_items(struct what_if *w, const json_t *root, const char *member,
    unsigned entities, struct rv_item **ret, size_t *ret_n)
{
	const json_t *list;
	size_t n;

	if (!read_array(w, root, member, QUESTIONS_MAX, &list))
		return false;
	n = json_array_size(list);
	*ret = rv_arena_alloc(w->x->arena, n * sizeof(**ret));
	if (*ret == NULL)
		return no_memory(w);
	for (size_t i = 0; i < n; i++) {
		struct rv_item *item = &(*ret)[i];

		if (rv_item_read(w->x, json_array_get(list, i), NULL, entities,
			NULL, item) != RV_OK)
			return no_memory(w);
		if (item->wrong != NULL)
			return bad(w,
			    rv_arena_printf(
				w->x->arena, "%s: %s", member, item->path),
			    item->wrong);
	}
	*ret_n = n;
	return true;
}

static bool
read_subject(struct what_if *w, const json_t *root)
{
	const json_t *admin = json_object_get(root, "admin_id");
	struct rv_item item = { 0 };

	if (rv_item_read(w->x, root, NULL,
		RV_ENTITY_SUBJECT | RV_ENTITY_SUBJECT_ID | RV_ENTITY_SELF,
		w->people, &item) != RV_OK)
		return no_memory(w);
	if (item.wrong != NULL) {
		rv_item_answer_wrong(w->x, &item);
		return false;
	}
	w->person = item.person;
	if (admin == NULL || json_is_null(admin))
		return true;
	if (!json_is_integer(admin) || json_integer_value(admin) <= 0 ||
	    json_integer_value(admin) > UINT32_MAX)
		return bad(w, "admin_id",
		    "must be the AdminID of an administrative user");
	w->admin_id = (uint64_t)json_integer_value(admin);
	return true;
}

/* False: the exchange has been answered. */
static bool
read_body(struct what_if *w, const json_t *root)
{
	return read_subject(w, root) && read_added(w, root) &&
	       read_removed(w, root) &&
	       read_items(w, root, "questions",
		   RV_ENTITY_ACTION | RV_ENTITY_RESOURCE |
		       RV_ENTITY_RESOURCE_ID,
		   &w->questions, &w->n_questions) &&
	       read_items(w, root, "objects",
		   RV_ENTITY_RESOURCE | RV_ENTITY_RESOURCE_ID, &w->objects,
		   &w->n_objects);
}

/* ---- What the asker may name ---------------------------------------------------------- */

/*
 * A role, scope or collection that the asker cannot read is answered as one
 * that there is not, and so is an assignment that is not the subject's.
 */
static bool
may_name(struct what_if *w, const struct rv_snapshot *s, const char *class,
    struct rv_slice key, const char *path)
{
	const struct rv_question q = {
		.type = rv_slice_of(class),
		.key = key,
	};

	return rv_exchange_may_read(w->x, s, &q) ||
	       bad(w, path, "names what there is not, or what you may not see");
}

static bool
may_name_all(struct what_if *w, const struct rv_snapshot *s)
{
	for (size_t i = 0; i < w->n_added; i++)
		if (!may_name(
			w, s, "SMS_Role", w->added[i].role_id, "add.role"))
			return false;
	for (size_t i = 0; i < w->n_scopes; i++)
		if (!may_name(w, s, "SMS_SecuredCategory",
			w->scopes[i].scope_id, "add.scopes"))
			return false;
	for (size_t i = 0; i < w->n_collections; i++)
		if (!may_name(w, s, "SMS_Collection",
			w->collections[i].collection_id, "add.collections"))
			return false;
	return true;
}

/*
 * Finds whose the added ones are; the removed ones must be the subject's.
 * Who may not see administrative users is told of none by its number.
 */
static bool
match_holdings(struct what_if *w, const struct rv_snapshot *s,
    const struct rv_holding *all, size_t n)
{
	bool is_known = w->admin_id == 0;

	if (!rv_people_get(w->people, w->person)->self &&
	    (w->admin_id != 0 || w->n_removed > 0) &&
	    !rv_may_read_class(w->x, s, "SMS_Admin"))
		n = 0;

	for (size_t i = 0; i < n; i++) {
		if (w->admin_id == 0 && !all[i].is_group)
			w->admin_id = all[i].admin_id;
		is_known |= all[i].admin_id == w->admin_id;
	}
	if (w->n_added > 0 && (w->admin_id == 0 || !is_known))
		return bad(w, "admin_id",
		    "must name the administrative user, of the subject or of "
		    "a group of it, that the assignments would be added to; "
		    "it must have one already");
	for (size_t i = 0; i < w->n_added; i++)
		w->added[i].admin_id = (uint32_t)w->admin_id;
	for (size_t k = 0; k < w->n_removed; k++) {
		bool found = false;

		for (size_t i = 0; i < n; i++)
			found |= all[i].assignment_id == w->removed[k];
		if (!found)
			return bad(
			    w, "remove", "names no assignment of the subject");
	}
	return true;
}

/* ---- Before and after ------------------------------------------------------------------- */

/* False: the exchange has been answered. */
static bool
resolve_all(struct what_if *w, const struct rv_snapshot *s,
    const struct rv_person *person)
{
	const struct rv_overlay overlay = {
		.assignments = w->added,
		.n_assignments = w->n_added,
		.scopes = w->scopes,
		.n_scopes = w->n_scopes,
		.collections = w->collections,
		.n_collections = w->n_collections,
		.removed = w->removed,
		.n_removed = w->n_removed,
	};
	struct rv_arena *arena = w->x->arena;

	for (int level = 0; level <= RV_LEVEL_HELLO; level++) {
		struct rv_subject u = person->subject;
		struct rv_error e = { "" };
		int r;

		u.level = (enum rv_level)level;
		if (rv_rbac_resolve(s, &u, arena, &w->before[level]) != RV_OK)
			return no_memory(w);
		r = rv_rbac_resolve_if(
		    s, &u, &overlay, arena, &w->after[level], &e);
		if (r == RV_ERR_INVALID)
			return bad(w, "add",
			    rv_arena_printf(arena, "cannot be: %s", e.text));
		if (r != RV_OK)
			return no_memory(w);
	}
	return true;
}

static bool
allowed_at(struct what_if *w, const struct rv_subject_resolved *u,
    const struct rv_question *q)
{
	struct rv_verdict v;

	rv_rbac_check_resolved(u, rv_exchange_instant(w->x), q, &v);
	return v.decision == RV_ALLOW;
}

/* The lowest level at which it is allowed, or NULL. */
static const char *
required_level(struct what_if *w,
    const struct rv_subject_resolved *const levels[RV_LEVEL_HELLO + 1],
    const struct rv_question *q)
{
	/* Nobody below it gets as far as the rule. */
	for (int level = w->gate_level; level <= RV_LEVEL_HELLO; level++)
		if (allowed_at(w, levels[level], q))
			return rv_level_name((enum rv_level)level);
	return NULL;
}

static bool
is_told(
    struct what_if *w, const struct rv_snapshot *s, const struct rv_question *q)
{
	return q->key.p == NULL || rv_exchange_may_read(w->x, s, q);
}

static json_t *
question_json(
    struct what_if *w, const struct rv_snapshot *s, const struct rv_question *q)
{
	const struct rv_person *person = rv_people_get(w->people, w->person);
	const enum rv_level level = person->subject.level;
	bool before, after;

	if (!is_told(w, s, q))
		return json_pack("{s:b, s:b, s:s}", "before", 0, "after", 0,
		    "reason", rv_reason_name(RV_REASON_NO_SUCH_OBJECT));
	before = allowed_at(w, w->before[level], q);
	after = allowed_at(w, w->after[level], q);
	return json_pack("{s:b, s:b, s:b, s:s*, s:s*}", "before", before,
	    "after", after, "changed", before != after, "required_level_before",
	    required_level(w, w->before, q), "required_level",
	    required_level(w, w->after, q));
}

static json_t *
names_of(const struct rv_snapshot *s, uint32_t type, uint64_t bits)
{
	json_t *list = json_array();

	for (uint8_t bit = 0; list != NULL && bit < 64; bit++) {
		struct rv_slice name;

		if ((bits >> bit & 1) == 0)
			continue;
		name = rv_snapshot_operation_name(s, type, bit);
		if (json_array_append_new(list, json_stringn(name.p, name.n)) !=
		    0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list;
}

static json_t *
object_json(
    struct what_if *w, const struct rv_snapshot *s, const struct rv_question *q)
{
	const struct rv_person *person = rv_people_get(w->people, w->person);
	const enum rv_level level = person->subject.level;
	const int64_t at = rv_exchange_instant(w->x);
	struct rv_operations before, after;

	if (!is_told(w, s, q))
		return json_pack("{s:[], s:[], s:s}", "gained", "lost",
		    "reason", rv_reason_name(RV_REASON_NO_SUCH_OBJECT));
	rv_rbac_operations(w->before[level], at, q->type, q->key, &before);
	rv_rbac_operations(w->after[level], at, q->type, q->key, &after);
	return json_pack("{s:o, s:o, s:s}", "gained",
	    names_of(s, after.object_type_id, after.allowed & ~before.allowed),
	    "lost",
	    names_of(s, after.object_type_id, before.allowed & ~after.allowed),
	    "reason", rv_reason_name(after.reason));
}

static json_t *
rows_json(struct what_if *w, const struct rv_snapshot *s,
    const struct rv_item *items, size_t n,
    json_t *(*row)(struct what_if *w, const struct rv_snapshot *s,
	const struct rv_question *q))
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < n; i++)
		if (json_array_append_new(
			list, row(w, s, &items[i].question)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* ---- The answer ------------------------------------------------------------------------------ */

static void
answer(struct what_if *w, const struct rv_snapshot *s)
{
	struct rv_exchange *x = w->x;
	const struct rv_person *person = rv_people_get(w->people, w->person);

	/* Nothing was decided: what would be has its items. */
	x->record.outcome = RV_SLICE_LIT("success");
	x->record.reason = RV_SLICE_LIT("simulated");
	x->record.evaluated_at_ms = rv_exchange_instant(x);
	x->record.count = (int64_t)(w->n_questions + w->n_objects);
	rv_answer_json(x, 200,
	    json_pack("{s:{s:s%, s:s%}, s:s, s:o, s:o, s:{s:I, s:s*}}",
		"subject", "type", person->type.p, person->type.n, "id",
		person->id.p, person->id.n, "level",
		rv_level_name(person->subject.level), "questions",
		rows_json(w, s, w->questions, w->n_questions, question_json),
		"objects",
		rows_json(w, s, w->objects, w->n_objects, object_json),
		"context", "revision", (json_int_t)rv_snapshot_revision(s),
		"evaluated_at",
		rv_timestamp(x->arena, rv_exchange_instant(x))));
}

static struct rv_audit_item
asked(const struct rv_question *q)
{
	return (struct rv_audit_item){ .reason = "asked",
		.action = q->operation,
		.object_type = q->type,
		.object_id = q->key };
}

/* All that was asked, answered or not; false when out of memory. */
static bool
record_all(struct what_if *w)
{
	struct rv_arena *arena = w->x->arena;
	const size_t n =
	    w->n_questions + w->n_objects + w->n_added + w->n_removed;
	struct rv_audit_item *at = rv_arena_alloc(arena, n * sizeof(*at));

	w->x->record.items = at;
	if (at == NULL)
		return false;
	for (size_t i = 0; i < w->n_questions; i++)
		*at++ = asked(&w->questions[i].question);
	for (size_t i = 0; i < w->n_objects; i++)
		*at++ = asked(&w->objects[i].question);
	for (size_t i = 0; i < w->n_added; i++)
		*at++ = (struct rv_audit_item){ .reason = "added",
			.object_type = RV_SLICE_LIT("SMS_Role"),
			.object_id = w->added[i].role_id };
	for (size_t i = 0; i < w->n_removed; i++)
		*at++ = (struct rv_audit_item){ .reason = "removed",
			.object_type = RV_SLICE_LIT("assignment"),
			.object_id = rv_slice_of(rv_arena_printf(arena, "%llu",
			    (unsigned long long)w->removed[i])) };
	w->x->record.n_items = n;
	return true;
}

static void
decide(struct rv_exchange *x, const struct rv_snapshot *s, void *arg)
{
	struct what_if *w = arg;
	const struct rv_person *person = rv_people_get(w->people, w->person);
	const struct rv_holding *all;
	size_t n;

	w->gate_level = rv_gate_level(s, rv_exchange_instant(x));
	if (!record_all(w)) /* out of memory, as below: */
		/* NOLINTNEXTLINE(bugprone-branch-clone) */
		rv_answer_json(x, 200, NULL);
	else if (person->stopped != NULL)
		rv_answer_error(x, 409, person->stopped,
		    "The gate does not let this subject through, whatever it "
		    "is assigned.");
	else if (!person->subject.groups_known)
		rv_answer_unavailable(x, "groups_unknown",
		    "The groups could not be read from the directory, so that "
		    "not all assignments are known. Try again.");
	else if (!may_name_all(w, s))
		; /* answered */
	else if (rv_rbac_holdings(person->resolved, rv_exchange_instant(x),
		     x->arena, &all, &n) != RV_OK)
		rv_answer_json(x, 200, NULL);
	else if (match_holdings(w, s, all, n) && resolve_all(w, s, person))
		answer(w, s);
	rv_exchange_finish(x);
}

void
rv_rest_what_if(struct rv_exchange *x)
{
	struct what_if *w = rv_arena_alloc(x->arena, sizeof(*w));
	json_t *root = NULL;
	bool ok = false;

	if (w != NULL) {
		w->x = x;
		w->people = rv_people_new(x, 1);
	}
	if (w == NULL || w->people == NULL)
		rv_answer_json(x, 200, NULL);
	else
		root = rv_body_object(x);
	if (root != NULL)
		ok = read_body(w, root);
	json_decref(root);
	if (!ok) {
		rv_exchange_finish(x);
		return;
	}
	x->record.action = RV_SLICE_LIT("what-if");
	if (!rv_people_get(w->people, w->person)->self)
		x->record.about = rv_people_get(w->people, w->person)->id;
	rv_people_find(w->people, true, decide, w);
}
