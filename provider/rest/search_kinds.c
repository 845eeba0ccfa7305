/*
 * OpenID AuthZEN Authorization API 1.0: Resource Search, Subject Search,
 * Action Search.
 */
#include <string.h>

#include "reeve/rbac_ask.h"
#include "rest/rest.h"
#include "rest/search.h"

/* Of one page: so that rows that are not told take no turn for ever. */
#define LOOKED_AT_MAX 50000u

/* ---- On which objects may somebody do this? ---------------------------------------- */

/* Two sets of one type, walked together: what is in both. */
struct both {
	const struct rv_object_set *mine, *theirs;
	struct rv_cursor at_mine, at_theirs;
	char room_mine[RV_KEY_ROOM], room_theirs[RV_KEY_ROOM];
	struct rv_slice key_mine, key_theirs;
	size_t most; /* keys that one walk looks at; 0: all */
	bool paused; /* there may be more behind the last one passed */
	struct rv_slice passed;
	char room_passed[RV_KEY_ROOM];
	size_t looked_at;
};

static int
compare(struct rv_slice a, struct rv_slice b, bool numbers)
{
	if (numbers && a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return rv_slice_cmp(a, b);
}

static bool
step(const struct rv_object_set *set, struct rv_cursor *at,
    char room[RV_KEY_ROOM], struct rv_slice *ret_key)
{
	return rv_object_set_next(set, at, room, ret_key);
}

/* Numbers are written into the room of the walk itself. */
static bool
is_number(const struct both *b)
{
	return b->key_theirs.p == b->room_theirs;
}

/* A key is done with; false when that were enough of them. */
static bool
pass(struct both *b, struct rv_slice key)
{
	const bool is_mine = key.p == b->room_mine;

	b->passed = key;
	if (is_mine || key.p == b->room_theirs) {
		memcpy(b->room_passed, key.p, key.n);
		b->passed.p = b->room_passed;
	}
	b->paused = b->most > 0 && ++b->looked_at > b->most;
	return !b->paused;
}

/* The next key that is in both; mine NULL: of theirs. */
static bool
next_of_both(struct both *b, struct rv_slice *ret_key)
{
	if (!step(b->theirs, &b->at_theirs, b->room_theirs, &b->key_theirs))
		return false;
	while (b->mine != NULL) {
		int order;

		if (b->key_mine.p == NULL &&
		    !step(b->mine, &b->at_mine, b->room_mine, &b->key_mine))
			return false;
		order = compare(b->key_theirs, b->key_mine, is_number(b));
		if (order == 0)
			break;
		if (!pass(b, order > 0 ? b->key_mine : b->key_theirs))
			return false;
		if (order > 0)
			b->key_mine = RV_SLICE_NONE;
		else if (!step(b->theirs, &b->at_theirs, b->room_theirs,
			     &b->key_theirs))
			return false;
	}
	*ret_key = b->key_theirs;
	return true;
}

static json_t *
entity(struct rv_slice type, struct rv_slice id)
{
	return json_pack(
	    "{s:s%, s:s%}", "type", type.p, type.n, "id", id.p, id.n);
}

static int
collect(struct rv_search *search, struct both *b)
{
	const struct rv_slice type = search->item.question.type;
	struct rv_slice key;
	int r = RV_OK;

	if (search->after.p != NULL) {
		b->at_theirs = rv_object_set_after(b->theirs, search->after);
		if (b->mine != NULL)
			b->at_mine =
			    rv_object_set_after(b->mine, search->after);
	}
	b->most = LOOKED_AT_MAX;
	while (r == RV_OK && next_of_both(b, &key)) {
		if (search->count == search->limit) {
			search->more = true;
			break;
		}
		r = rv_search_append(search->results, entity(type, key));
		search->count++;
		rv_buf_reset(&search->last);
		rv_buf_put_slice(&search->last, key);
	}
	/* The page is short then; the next goes on behind what was seen. */
	if (b->paused) {
		search->more = true;
		rv_buf_reset(&search->last);
		rv_buf_put_slice(&search->last, b->passed);
	}
	return search->last.failed ? RV_ERR_NOMEM : r;
}

static void
count_all(struct rv_search *search, struct both *b)
{
	struct rv_slice key;

	search->total = 0;
	while (next_of_both(b, &key))
		search->total++;
	search->has_total = true;
}

/* What the asker may read of the type; NULL in *ret: all there is. */
static int
readable(struct rv_search *search, const struct rv_snapshot *s,
    const struct rv_object_set **ret)
{
	struct rv_exchange *x = search->x;
	const struct rv_subject me = rv_subject_of(x->identity);
	const struct rv_subject_resolved *u;
	struct rv_object_set *set = rv_arena_alloc(x->arena, sizeof(*set));
	int r;

	*ret = NULL;
	if (set == NULL || rv_rbac_resolve(s, &me, x->arena, &u) != RV_OK)
		return RV_ERR_NOMEM;
	r = rv_rbac_objects(u, rv_exchange_instant(x),
	    search->item.question.type, RV_SLICE_LIT("Read"), false, x->arena,
	    set);
	if (r == RV_OK &&
	    (set->reason != RV_REASON_ALLOWED || set->n < set->universe))
		*ret = set;
	return r;
}

static int
find_resources(struct rv_search *search, const struct rv_snapshot *s)
{
	struct rv_exchange *x = search->x;
	const struct rv_person *person = rv_search_person(search);
	const struct rv_question *q = &search->item.question;
	struct rv_object_set set;
	struct both b = { .theirs = &set };
	const bool count_only = search->count_only && person->self;
	int r;

	search->reason = person->stopped;
	if (person->stopped != NULL)
		return RV_OK;
	r = rv_rbac_objects(person->resolved, rv_exchange_instant(x), q->type,
	    q->operation, count_only, x->arena, &set);
	if (r != RV_OK)
		return r;
	search->reason = rv_reason_name(set.reason);
	search->valid_until_ms =
	    rv_person_valid_until(x, person, set.valid_until_ms);
	search->has_total = true;
	if (!person->self)
		r = readable(search, s, &b.mine);
	if (r == RV_OK && b.mine != NULL) {
		search->context = json_pack("{s:b}", "filtered", 1);
		search->has_total = false;
	}
	if (r != RV_OK || set.reason != RV_REASON_ALLOWED)
		return r;
	search->total = set.n;
	if (search->count_only && b.mine != NULL)
		count_all(search, &b);
	if (!search->count_only)
		r = collect(search, &b);
	/* That it may do so out of the asker's sight is not told. */
	if (b.mine != NULL &&
	    (search->count_only ? search->total : search->count) == 0)
		search->reason = rv_reason_name(RV_REASON_NOT_PERMITTED);
	return r;
}

/* ---- Who may do this? ------------------------------------------------------------------ */

static bool
is_wanted(const struct rv_search *search, const struct rv_holder *h)
{
	return h->is_group == rv_slice_eq_cstr(search->subject_type, "group");
}

/* "krb5:alice@EXAMPLE.ORG" is the user alice@EXAMPLE.ORG in a question. */
static struct rv_slice
id_of(const struct rv_holder *h)
{
	const struct rv_slice prefix =
	    h->is_group ? RV_SLICE_LIT("group:") : RV_SLICE_LIT("krb5:");
	struct rv_slice id = h->principal_id;

	if (rv_slice_has_prefix(id, prefix)) {
		id.p += prefix.n;
		id.n -= prefix.n;
	}
	return id;
}

static json_t *
holder_json(const struct rv_holder *h)
{
	const struct rv_slice id = id_of(h);
	json_t *ids = json_array();

	for (size_t i = 0; ids != NULL && i < h->n_assignments; i++)
		if (json_array_append_new(ids,
			json_integer((json_int_t)h->assignments[i])) != 0) {
			json_decref(ids);
			ids = NULL;
		}
	return json_pack("{s:s, s:s%, s:I, s:s, s:o}", "type",
	    h->is_group ? "group" : "user", "id", id.p, id.n, "admin_id",
	    (json_int_t)h->admin_id, "required_level",
	    rv_level_name(h->required), "assignments", ids);
}

static int
append_holder(struct rv_search *search, json_t *rows, const struct rv_holder *h)
{
	int r = rv_search_append(
	    search->results, entity(search->subject_type, id_of(h)));

	if (r == RV_OK)
		r = rv_search_append(rows, holder_json(h));
	search->count++;
	return r;
}

/* Where the next page begins is an admin_id. */
static int
collect_holders(
    struct rv_search *search, const struct rv_holders *holders, json_t *rows)
{
	uint64_t from = 0;
	size_t looked_at = 0;
	int r = RV_OK;

	if (search->after.p != NULL &&
	    rv_slice_to_u64(search->after, UINT64_MAX / 2, &from) != RV_OK)
		return RV_OK;
	for (;;) {
		const uint64_t before = from;
		struct rv_holder h;
		bool found;

		r = rv_holders_next(
		    holders, &from, search->x->arena, &h, &found);
		if (r != RV_OK || !found)
			return r;
		if (search->count == search->limit ||
		    ++looked_at > LOOKED_AT_MAX) {
			search->more = true;
			rv_buf_printf(
			    &search->last, "%llu", (unsigned long long)before);
			return RV_OK;
		}
		if (is_wanted(search, &h))
			r = append_holder(search, rows, &h);
		if (r != RV_OK)
			return r;
	}
}

static int
find_subjects(struct rv_search *search, const struct rv_snapshot *s)
{
	struct rv_exchange *x = search->x;
	const struct rv_question *q = &search->item.question;
	struct rv_holders holders;
	json_t *rows;
	int r;

	search->reason = rv_reason_name(RV_REASON_NO_SUCH_OBJECT);
	if (q->key.p != NULL && !rv_exchange_may_read(x, s, q))
		return RV_OK;
	/* Who administers is told to those who may read administrators. */
	if (!rv_may_read_class(x, s, "SMS_Admin")) {
		search->reason = rv_reason_name(RV_REASON_NOT_PERMITTED);
		search->context = json_pack("{s:b}", "filtered", 1);
		return RV_OK;
	}
	r = rv_rbac_who(s, rv_exchange_instant(x), q, x->arena, &holders);
	if (r != RV_OK)
		return r;
	search->reason = rv_reason_name(holders.reason);
	if (holders.reason != RV_REASON_ALLOWED)
		return RV_OK;
	rows = json_array();
	search->context = json_pack("{s:o}", "holders", rows);
	if (search->context == NULL)
		return RV_ERR_NOMEM;
	return collect_holders(search, &holders, rows);
}

/* ---- What may somebody do on this? -------------------------------------------------- */

static int
append_operation(struct rv_search *search, const struct rv_person *person,
    struct rv_slice name)
{
	struct rv_question q = search->item.question;
	struct rv_verdict v;

	/* A class need not know all names of the type behind it. */
	q.operation = name;
	q.want = RV_WANT_FIRST;
	rv_rbac_check_resolved(
	    person->resolved, rv_exchange_instant(search->x), &q, &v);
	if (v.decision != RV_ALLOW)
		return RV_OK;
	search->count++;
	return rv_search_append(
	    search->results, json_pack("{s:s%}", "name", name.p, name.n));
}

static int
find_actions(struct rv_search *search, const struct rv_snapshot *s)
{
	struct rv_exchange *x = search->x;
	const struct rv_person *person = rv_search_person(search);
	const struct rv_question *q = &search->item.question;
	struct rv_operations ops;
	int r = RV_OK;

	search->reason = person->stopped;
	search->has_total = true;
	if (person->stopped != NULL)
		return RV_OK;
	rv_rbac_operations(
	    person->resolved, rv_exchange_instant(x), q->type, q->key, &ops);
	search->valid_until_ms =
	    rv_person_valid_until(x, person, ops.valid_until_ms);
	if (ops.reason == RV_REASON_ALLOWED && !person->subject.groups_known)
		ops.reason = RV_REASON_GROUPS_UNKNOWN;
	if (!person->self && q->key.p != NULL &&
	    ops.reason == RV_REASON_ALLOWED && !rv_exchange_may_read(x, s, q))
		ops.reason = RV_REASON_NO_SUCH_OBJECT;
	/* Nor is an object told from none where nothing is allowed on it. */
	if (ops.reason == RV_REASON_ALLOWED && ops.allowed == 0)
		ops.reason = q->key.p != NULL && !rv_exchange_may_read(x, s, q)
				 ? RV_REASON_NO_SUCH_OBJECT
				 : RV_REASON_NOT_PERMITTED;
	search->reason = rv_reason_name(ops.reason);
	if (ops.reason != RV_REASON_ALLOWED)
		return RV_OK;
	for (uint8_t bit = 0; r == RV_OK && bit < 64; bit++)
		if ((ops.allowed >> bit & 1) != 0)
			r = append_operation(search, person,
			    rv_snapshot_operation_name(
				s, ops.object_type_id, bit));
	search->total = search->count;
	return r;
}

/* ---- Routes ------------------------------------------------------------------------------ */

void
rv_rest_search_resource(struct rv_exchange *x)
{
	static const struct rv_search_kind kind = {
		.name = "resource",
		.entities = RV_ENTITIES_ALL & ~RV_ENTITY_RESOURCE_ID,
		.find = find_resources,
	};

	rv_search_run(x, &kind);
}

void
rv_rest_search_subject(struct rv_exchange *x)
{
	static const struct rv_search_kind kind = {
		.name = "subject",
		.entities = RV_ENTITIES_ALL & ~RV_ENTITY_SUBJECT_ID,
		.simulate = true,
		.find = find_subjects,
	};

	rv_search_run(x, &kind);
}

void
rv_rest_search_action(struct rv_exchange *x)
{
	static const struct rv_search_kind kind = {
		.name = "action",
		.entities = RV_ENTITIES_ALL & ~RV_ENTITY_ACTION,
		.find = find_actions,
	};

	rv_search_run(x, &kind);
}
