/*
 * Every question beyond one check against its plain definition: many checks,
 * one by one, by the naive evaluator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "naive.h"
#include "random_world.h"

#include "reeve/rbac_ask.h"

#define WORLDS	  250
#define QUESTIONS 24

struct asked {
	struct random_subject s;
	struct rv_question q;
	int64_t at;
};

/* A site, and what is made to ask it. */
struct site {
	struct world w;
	struct rv_snapshot *s;
	struct random r;
	struct rv_arena *arena; /* of one question */
};

static void
site_open(struct site *t, uint64_t seed)
{
	t->r = (struct random){ seed * 0x9e3779b97f4a7c15u + 11 };
	random_world(&t->w, &t->r);
	t->s = world_snapshot(&t->w);
	t->arena = NULL;
}

static void
site_close(struct site *t)
{
	rv_arena_free(&t->arena);
	rv_snapshot_free(&t->s);
	world_fini(&t->w);
}

static void
ask(struct site *t, struct asked *a)
{
	rv_arena_free(&t->arena);
	t->arena = rv_arena_new(0);
	assert_non_null(t->arena);
	random_subject(&t->w, &t->r, &a->s);
	a->q = random_question(&t->w, &t->r);
	if (random_chance(&t->r, 65)) {
		random_guided(&t->w, &t->r, &a->s, &a->q);
		a->s.u.level = RV_LEVEL_HELLO;
	}
	a->at = (int64_t)random_below(&t->r, 42) - 1;
}

static const struct rv_subject_resolved *
resolved(const struct site *t, const struct asked *a)
{
	const struct rv_subject_resolved *u;

	assert_int_equal(rv_rbac_resolve(t->s, &a->s.u, t->arena, &u), RV_OK);
	return u;
}

static enum rv_decision
naive_decision(const struct site *t, const struct asked *a,
    const struct rv_question *q, struct rv_verdict *ret)
{
	naive_check(&t->w, &a->s.u, a->at, q, FLAW_NONE, ret);
	return ret->decision;
}

/* ---- One check, asked in each way --------------------------------------- */

/* Only the first assignment is wanted: the verdict's, cut. */
static void
cut_to_first(struct rv_verdict *v)
{
	if (v->decision != RV_ALLOW)
		return;
	v->n_assignments = 1;
	v->assignments_cut = false;
}

static void
test_ways_of_asking(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct site t;

		site_open(&t, seed);
		for (size_t i = 0; i < QUESTIONS; i++) {
			const struct rv_subject_resolved *u;
			const struct rv_prepared *p;
			struct rv_verdict naive, v;
			struct asked a;

			ask(&t, &a);
			u = resolved(&t, &a);
			(void)naive_decision(&t, &a, &a.q, &naive);
			rv_rbac_check_resolved(u, a.at, &a.q, &v);
			assert_true(same_verdict(&v, &naive));
			assert_int_equal(rv_rbac_prepare(t.s, a.q.type,
					     a.q.operation, t.arena, &p),
			    RV_OK);
			rv_rbac_check_prepared(
			    u, a.at, p, a.q.key, RV_WANT_ALL, &v);
			assert_true(same_verdict(&v, &naive));
			cut_to_first(&naive);
			a.q.want = RV_WANT_FIRST;
			rv_rbac_check_prepared(
			    u, a.at, p, a.q.key, RV_WANT_FIRST, &v);
			assert_true(same_verdict(&v, &naive));
			rv_rbac_check(t.s, &a.s.u, a.at, &a.q, &v);
			assert_true(same_verdict(&v, &naive));
		}
		site_close(&t);
	}
}

#define BATCH 70 /* more than a group, and no multiple of one */

static void
test_batches(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS / 4; seed++) {
		struct asked *a = calloc(BATCH, sizeof(*a));
		struct rv_ask asks[BATCH];
		struct rv_verdict answers[BATCH];
		struct rv_arena *arena = rv_arena_new(0);
		struct site t;

		assert_non_null(a);
		assert_non_null(arena);
		site_open(&t, seed + 7000);
		for (size_t i = 0; i < BATCH; i++) {
			ask(&t, &a[i]);
			asks[i] = (struct rv_ask){ .question = a[i].q };
			asks[i].question.want = random_chance(&t.r, 50)
						    ? RV_WANT_ALL
						    : RV_WANT_FIRST;
			a[i].s.u.ids = a[i].s.ids;
			assert_int_equal(rv_rbac_resolve(t.s, &a[i].s.u, arena,
					     &asks[i].subject),
			    RV_OK);
			if (random_chance(&t.r, 30))
				assert_int_equal(
				    rv_rbac_prepare(t.s, a[i].q.type,
					a[i].q.operation, arena,
					&asks[i].prepared),
				    RV_OK);
		}
		for (size_t n = 0; n <= BATCH; n += 1 + n / 2) {
			memset(answers, 0x5a, sizeof(answers));
			rv_rbac_check_many(asks, n, 7, answers);
			for (size_t i = 0; i < n; i++) {
				struct rv_verdict one;

				rv_rbac_check_resolved(asks[i].subject, 7,
				    &asks[i].question, &one);
				assert_true(same_verdict(&answers[i], &one));
			}
		}
		rv_arena_free(&arena);
		site_close(&t);
		free(a);
	}
}

/* ---- What may the subject do on this object? ----------------------------- */

/* The bits that a check of each name allows. */
static uint64_t
naive_operations(const struct site *t, const struct asked *a)
{
	const struct naive n = { &t->w, &a->s.u, a->at, FLAW_NONE };
	const struct rv_row_type *type = naive_find_type(&n, a->q.type);
	uint64_t allowed = 0;
	struct rv_verdict v;

	for (size_t i = 0; i < t->w.n_operation; i++) {
		struct rv_question q = a->q;

		q.operation = t->w.operation[i].name;
		if (type != NULL &&
		    t->w.operation[i].object_type_id == type->object_type_id &&
		    naive_decision(t, a, &q, &v) == RV_ALLOW)
			allowed |= UINT64_C(1) << t->w.operation[i].bit;
	}
	for (size_t i = 0; type == NULL && i < t->w.n_class_operation; i++) {
		struct rv_question q = a->q;

		q.operation = t->w.class_operation[i].operation;
		if (naive_decision(t, a, &q, &v) == RV_ALLOW)
			allowed |= UINT64_C(1) << v.bit;
	}
	return allowed;
}

static void
test_operations(void **state)
{
	size_t some = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct site t;

		site_open(&t, seed + 100);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct rv_operations ops;
			struct asked a;

			ask(&t, &a);
			rv_rbac_operations(
			    resolved(&t, &a), a.at, a.q.type, a.q.key, &ops);
			assert_int_equal(ops.allowed, naive_operations(&t, &a));
			if (ops.reason != RV_REASON_ALLOWED)
				assert_int_equal(ops.allowed, 0);
			assert_int_equal(a.q.key.p == NULL ||
					     rv_snapshot_has_object(
						 t.s, a.q.type, a.q.key) ||
					     ops.reason != RV_REASON_ALLOWED,
			    true);
			some += ops.allowed != 0;
		}
		site_close(&t);
	}
	assert_true(some > WORLDS * QUESTIONS / 10);
}

/* ---- On which objects? ---------------------------------------------------- */

/* Calls with every instance of a type or class that the rows know. */
static size_t
naive_keys(struct site *t, struct rv_slice type, struct rv_slice *keys)
{
	const struct naive n = { &t->w, NULL, 0, FLAW_NONE };
	const struct rv_row_type *row = naive_find_type(&n, type);
	const uint32_t id = row == NULL ? 0 : row->object_type_id;
	struct world *w = &t->w;
	size_t count = 0;

	for (size_t i = 0; row == NULL && i < w->n_resource; i++)
		keys[count++] = world_name(w, "%u", w->resource[i].resource_id);
	for (size_t i = 0; id == 1 && i < w->n_collection; i++)
		keys[count++] = w->collection[i].collection_id;
	for (size_t i = 0; id == 27 && i < w->n_role; i++)
		keys[count++] = w->role[i].role_id;
	for (size_t i = 0; id == 28 && i < w->n_admin; i++)
		keys[count++] = world_name(w, "%u", w->admin[i].admin_id);
	for (size_t i = 0; id == 29 && i < w->n_scope; i++)
		keys[count++] = w->scope[i].scope_id;
	for (size_t i = 0; row != NULL && i < w->n_object; i++)
		if (w->object[i].object_type_id == id)
			keys[count++] = w->object[i].key;
	for (size_t i = 0; row != NULL && i < w->n_default_instance; i++) {
		struct rv_slice key = w->default_instance[i].key;
		bool known = false;

		for (size_t k = 0; k < count; k++)
			known |= rv_slice_eq(keys[k], key);
		if (w->default_instance[i].object_type_id == id && !known)
			keys[count++] = key;
	}
	return count;
}

/* By bytes, or as numbers: shorter ones are smaller. */
static int
key_order(struct rv_slice a, struct rv_slice b, bool numbers)
{
	if (numbers && a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return rv_slice_cmp(a, b);
}

static void
sort_keys(struct rv_slice *keys, size_t n, bool numbers)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i;
		     k > 0 && key_order(keys[k - 1], keys[k], numbers) > 0;
		     k--) {
			struct rv_slice swap = keys[k];

			keys[k] = keys[k - 1];
			keys[k - 1] = swap;
		}
}

/* Walked from the beginning, and from behind every one of its keys. */
static void
set_is(const struct rv_object_set *set, const struct rv_slice *keys, size_t n)
{
	struct rv_cursor at = { 0 };
	char room[RV_KEY_ROOM];
	struct rv_slice key;

	assert_int_equal(set->n, n);
	for (size_t i = 0; i < n; i++) {
		struct rv_cursor after = rv_object_set_after(set, keys[i]);

		assert_true(rv_object_set_next(set, &at, room, &key));
		assert_true(rv_slice_eq(key, keys[i]));
		assert_int_equal(
		    rv_object_set_next(set, &after, room, &key), i + 1 < n);
		if (i + 1 < n)
			assert_true(rv_slice_eq(key, keys[i + 1]));
	}
	assert_false(rv_object_set_next(set, &at, room, &key));
}

/* The ids, in pieces of so many, are those of the keys. */
static void
ids_are(const struct rv_object_set *set, const struct rv_slice *keys, size_t n,
    size_t room)
{
	struct rv_cursor at = { 0 };
	uint32_t ids[70];
	size_t seen = 0, got;

	while ((got = rv_object_set_ids(set, &at, ids, room)) > 0)
		for (size_t i = 0; i < got; i++) {
			assert_true(seen < n);
			assert_true(naive_is_number(keys[seen++], ids[i]));
		}
	assert_int_equal(seen, n);
}

static void
objects_of(struct site *t, struct asked *a)
{
	const struct rv_subject_resolved *u = resolved(t, a);
	const struct naive naive = { &t->w, &a->s.u, a->at, FLAW_NONE };
	const struct rv_row_type *row = naive_find_type(&naive, a->q.type);
	const bool numbers = row == NULL || row->object_type_id == 28;
	struct rv_slice keys[400];
	size_t n = 0, n_all = naive_keys(t, a->q.type, keys);
	struct rv_object_set set, counted;
	struct rv_verdict v;

	assert_int_equal(rv_rbac_objects(u, a->at, a->q.type, a->q.operation,
			     false, t->arena, &set),
	    RV_OK);
	assert_int_equal(rv_rbac_objects(u, a->at, a->q.type, a->q.operation,
			     true, t->arena, &counted),
	    RV_OK);
	assert_int_equal(set.n, counted.n);
	assert_int_equal(set.reason, counted.reason);
	assert_null(counted.reached);
	for (size_t i = 0; i < n_all; i++) {
		struct rv_question q = a->q;

		q.key = keys[i];
		if (naive_decision(t, a, &q, &v) == RV_ALLOW)
			keys[n++] = keys[i];
	}
	if (!a->s.u.groups_known && (n == 0 || n < n_all) &&
	    set.reason == RV_REASON_GROUPS_UNKNOWN)
		n = 0; /* not decidable */
	else if (!a->s.u.groups_known)
		/* All of them, or a question that cannot be. */
		assert_true(
		    set.n == set.universe || set.reason != RV_REASON_ALLOWED);
	sort_keys(keys, n, numbers);
	set_is(&set, keys, n);
	assert_int_equal(set.reason == RV_REASON_ALLOWED, n > 0);
	for (size_t room = 1; numbers && room <= 70; room += 23)
		ids_are(&set, keys, n, room);
}

static void
test_objects(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct site t;

		site_open(&t, seed + 200);
		for (size_t i = 0; i < QUESTIONS / 3; i++) {
			struct asked a;

			ask(&t, &a);
			objects_of(&t, &a);
		}
		site_close(&t);
	}
}

/* A key that is not there still says where to go on. */
static void
test_resume(void **state)
{
	const struct rv_slice keys[] = { RV_SLICE_LIT(""),
		RV_SLICE_LIT("SMS00001x"), RV_SLICE_LIT("SMS00002"),
		RV_SLICE_LIT("zzz"), RV_SLICE_NONE };

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct rv_object_set set;
		char room[RV_KEY_ROOM];
		struct rv_slice key;
		struct site t;
		struct asked a;

		site_open(&t, seed + 3);
		ask(&t, &a);
		assert_int_equal(
		    rv_rbac_objects(resolved(&t, &a), a.at,
			RV_SLICE_LIT("Collection"), RV_SLICE_LIT("Read"), false,
			t.arena, &set),
		    RV_OK);
		for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
			struct rv_cursor at = { 0 };
			struct rv_cursor after =
			    rv_object_set_after(&set, keys[i]);
			size_t behind = 0;

			while (rv_object_set_next(&set, &at, room, &key))
				behind += rv_slice_cmp(key, keys[i]) > 0;
			while (rv_object_set_next(&set, &after, room, &key))
				behind--;
			assert_int_equal(behind, 0);
		}
		site_close(&t);
	}
}

/* ---- Who? -------------------------------------------------------------------- */

/* The next holder is that administrative user, at that level. */
static void
next_holder_is(struct site *t, struct asked *a, const struct rv_holders *who,
    const struct rv_row_admin *admin, uint64_t *from)
{
	struct asked one = { .q = a->q, .at = a->at };
	struct rv_verdict v, lower;
	int level = RV_LEVEL_NONE;
	struct rv_holder h;
	bool found = false;

	one.s.u = (struct rv_subject){ .ids = &admin->principal_id,
		.n_ids = 1,
		.n_own = 1,
		.groups_known = true,
		.level = RV_LEVEL_HELLO };
	if (naive_decision(t, &one, &a->q, &v) != RV_ALLOW)
		return;
	for (;; level++) {
		one.s.u.level = (enum rv_level)level;
		if (naive_decision(t, &one, &a->q, &lower) == RV_ALLOW)
			break;
	}
	assert_int_equal(
	    rv_holders_next(who, from, t->arena, &h, &found), RV_OK);
	assert_true(found);
	assert_int_equal(h.admin_id, admin->admin_id);
	assert_int_equal(h.is_group, admin->is_group);
	assert_true(rv_slice_eq(h.principal_id, admin->principal_id));
	assert_int_equal(h.required, level);
	assert_true(h.n_assignments >= v.n_assignments);
	for (size_t k = 0; k < v.n_assignments; k++)
		assert_int_equal(h.assignments[k], v.assignments[k]);
	if (!v.assignments_cut)
		assert_int_equal(h.n_assignments, v.n_assignments);
}

static void
who_may(struct site *t, struct asked *a)
{
	uint64_t at = 0, behind = 0;
	struct rv_holders who;
	struct rv_holder h;
	size_t n = 0, got;
	uint32_t ids[3];
	bool found;

	assert_int_equal(
	    rv_rbac_who(t->s, a->at, &a->q, t->arena, &who), RV_OK);
	for (uint32_t id = 90; id <= 100; id++)
		for (size_t i = 0; i < t->w.n_admin; i++)
			if (t->w.admin[i].admin_id == id && !t->w.admin[i].out)
				next_holder_is(t, a, &who, &t->w.admin[i], &at);
	assert_int_equal(
	    rv_holders_next(&who, &at, t->arena, &h, &found), RV_OK);
	assert_false(found);
	at = 0;
	/* As many as it says; those in pieces are those one by one. */
	while ((got = rv_holders_ids(&who, &behind, ids, 3)) > 0)
		for (size_t i = 0; i < got; i++, n++) {
			assert_int_equal(
			    rv_holders_next(&who, &at, t->arena, &h, &found),
			    RV_OK);
			assert_true(found);
			assert_int_equal(h.admin_id, ids[i]);
		}
	assert_int_equal(n, who.n);
	assert_int_equal(who.reason == RV_REASON_ALLOWED, n > 0);
}

static void
test_who(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct site t;

		site_open(&t, seed + 300);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct asked a;

			ask(&t, &a);
			who_may(&t, &a);
		}
		site_close(&t);
	}
}

/* ---- What does the subject hold? ------------------------------------------- */

static void
holding_is(const struct site *t, const struct asked *a,
    const struct rv_holding *h, const struct rv_row_assignment *row)
{
	const struct naive n = { &t->w, &a->s.u, a->at, FLAW_NONE };
	const struct rv_row_admin *admin = naive_admin(&n, row->admin_id);
	size_t found = 0, distinct = 0;

	assert_int_equal(h->assignment_id, row->assignment_id);
	assert_int_equal(h->admin_id, row->admin_id);
	assert_int_equal(h->is_group, admin->is_group);
	assert_int_equal(h->valid, naive_valid(&n, row));
	assert_true(rv_slice_eq(h->principal_id, admin->principal_id));
	assert_true(rv_slice_eq(h->role_id, row->role_id));
	assert_int_equal(h->minimum, naive_role(&n, row->role_id)->minimum);
	assert_int_equal(h->from_ms, row->from_ms);
	assert_int_equal(h->until_ms, row->until_ms);
	for (size_t i = 0; i < h->n_scopes; i++)
		if (i > 0)
			assert_true(
			    rv_slice_cmp(h->scopes[i - 1], h->scopes[i]) < 0);
	for (size_t i = 0; i < h->n_collections; i++)
		if (i > 0)
			assert_true(rv_slice_cmp(h->collections[i - 1],
					h->collections[i]) < 0);
	for (size_t i = 0; i < t->w.n_assignment_scope; i++)
		for (size_t k = 0; k < h->n_scopes; k++)
			found += t->w.assignment_scope[i].assignment_id ==
				     h->assignment_id &&
				 rv_slice_eq(t->w.assignment_scope[i].scope_id,
				     h->scopes[k]);
	for (size_t i = 0; i < t->w.n_assignment_collection; i++)
		for (size_t k = 0; k < h->n_collections; k++)
			found +=
			    t->w.assignment_collection[i].assignment_id ==
				h->assignment_id &&
			    rv_slice_eq(
				t->w.assignment_collection[i].collection_id,
				h->collections[k]);
	for (size_t i = 0; i < t->w.n_assignment_scope; i++)
		distinct +=
		    t->w.assignment_scope[i].assignment_id == h->assignment_id;
	for (size_t i = 0; i < t->w.n_assignment_collection; i++)
		distinct += t->w.assignment_collection[i].assignment_id ==
			    h->assignment_id;
	/* Each row is there, and no id that no row has. */
	assert_int_equal(found, distinct);
	assert_true(h->n_scopes + h->n_collections <= distinct);
}

static void
test_holdings(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct site t;

		site_open(&t, seed + 400);
		for (size_t i = 0; i < QUESTIONS / 4; i++) {
			const struct rv_holding *h;
			struct asked a;
			size_t n, mine = 0;

			ask(&t, &a);
			assert_int_equal(rv_rbac_holdings(resolved(&t, &a),
					     a.at, t.arena, &h, &n),
			    RV_OK);
			for (size_t k = 0; k < t.w.n_assignment; k++) {
				const struct naive naive = { &t.w, &a.s.u, a.at,
					FLAW_NONE };
				const struct rv_row_assignment *row =
				    &t.w.assignment[k];
				size_t at = 0;

				if (!naive_names_subject(&naive, row))
					continue;
				mine++;
				while (at < n && h[at].assignment_id !=
						     row->assignment_id)
					at++;
				assert_true(at < n);
				holding_is(&t, &a, &h[at], row);
			}
			assert_int_equal(n, mine);
			for (size_t k = 1; k < n; k++)
				assert_true(h[k - 1].assignment_id <
					    h[k].assignment_id);
		}
		site_close(&t);
	}
}

/* ---- What if? ----------------------------------------------------------------- */

/* Takes some assignments away, and says which. */
static size_t
remove_some(struct world *w, struct random *r, uint64_t *removed, size_t most)
{
	size_t n = 0;

	while (n < most && w->n_assignment > 0 && random_chance(r, 60)) {
		size_t i = random_below(r, w->n_assignment);
		uint64_t id = w->assignment[i].assignment_id;
		size_t to = 0;

		removed[n++] = id;
		w->assignment[i] = w->assignment[--w->n_assignment];
		for (size_t k = 0; k < w->n_assignment_scope; k++)
			if (w->assignment_scope[k].assignment_id != id)
				w->assignment_scope[to++] =
				    w->assignment_scope[k];
		w->n_assignment_scope = to;
		to = 0;
		for (size_t k = 0; k < w->n_assignment_collection; k++)
			if (w->assignment_collection[k].assignment_id != id)
				w->assignment_collection[to++] =
				    w->assignment_collection[k];
		w->n_assignment_collection = to;
	}
	return n;
}

/* The answers under an overlay are those of the site where it is real. */
static void
test_what_if(void **state)
{
	size_t changed = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world other;
		struct rv_overlay o = { 0 };
		uint64_t removed[4];
		size_t first[3];
		struct site t;

		site_open(&t, seed + 500);
		world_copy(&other, &t.w);
		o.n_removed = remove_some(&other, &t.r, removed, 4);
		o.removed = removed;
		first[0] = other.n_assignment;
		first[1] = other.n_assignment_scope;
		first[2] = other.n_assignment_collection;
		for (size_t i = random_below(&t.r, 4); i > 0; i--)
			random_assignment(&other, &t.r,
			    i == 1 && o.n_removed > 0 ? removed[0] : 50000 - i,
			    /* It has some. NOLINTNEXTLINE(*NullDereference) */
			    PICK(&other, &t.r, admin)->admin_id);
		o.assignments = other.assignment + first[0];
		o.n_assignments = other.n_assignment - first[0];
		o.scopes = other.assignment_scope + first[1];
		o.n_scopes = other.n_assignment_scope - first[1];
		o.collections = other.assignment_collection + first[2];
		o.n_collections = other.n_assignment_collection - first[2];
		for (size_t i = 0; i < QUESTIONS; i++) {
			const struct rv_subject_resolved *u;
			struct rv_verdict v, real, before;
			struct rv_error e = { "" };
			struct asked a;

			ask(&t, &a);
			assert_int_equal(rv_rbac_resolve_if(
					     t.s, &a.s.u, &o, t.arena, &u, &e),
			    RV_OK);
			rv_rbac_check_resolved(u, a.at, &a.q, &v);
			naive_check(
			    &other, &a.s.u, a.at, &a.q, FLAW_NONE, &real);
			assert_true(same_verdict(&v, &real));
			rv_rbac_check(t.s, &a.s.u, a.at, &a.q, &before);
			changed += before.decision != v.decision;
		}
		world_fini(&other);
		site_close(&t);
	}
	assert_true(changed > 50);
}

/* Rows that cannot be are refused, with a line that says why. */
static void
test_overlays_that_cannot_be(void **state)
{
	struct rv_row_assignment row = { .assignment_id = 77777,
		.from_ms = INT64_MIN,
		.until_ms = INT64_MAX };
	struct rv_row_assignment_scope scope = { 77777,
		RV_SLICE_LIT("SMS00ALL") };
	struct rv_row_assignment_collection collection = { 77777,
		RV_SLICE_LIT("SMS00001") };
	const struct rv_row_assignment good_row = row;
	struct rv_overlay o = { .assignments = &row,
		.n_assignments = 1,
		.scopes = &scope,
		.n_scopes = 1,
		.collections = &collection,
		.n_collections = 1 };
	const struct rv_subject_resolved *u = NULL;
	struct rv_row_assignment two[2];
	uint64_t removed[2];
	struct rv_error e;
	struct site t;
	struct asked a;

	(void)state;
	site_open(&t, 12);
	assert_true(t.w.n_assignment > 0);
	ask(&t, &a);
	row.admin_id = t.w.admin[0].admin_id;
	row.role_id = t.w.role[0].role_id;
#define IF(expected)                                                      \
	do {                                                              \
		e.text[0] = '\0';                                         \
		assert_int_equal(                                         \
		    rv_rbac_resolve_if(t.s, &a.s.u, &o, t.arena, &u, &e), \
		    expected);                                            \
		assert_int_equal(e.text[0] != '\0', (expected) != RV_OK); \
	} while (0)
#define REFUSED(lvalue, bad)                         \
	do {                                         \
		__typeof__(lvalue) good_ = (lvalue); \
                                                     \
		(lvalue) = (bad);                    \
		IF(RV_ERR_INVALID);                  \
		(lvalue) = good_;                    \
	} while (0)
	IF(RV_OK);
	REFUSED(row.admin_id, 4000000);
	REFUSED(row.role_id, RV_SLICE_LIT("NOROLE"));
	REFUSED(row.until_ms, INT64_MIN);
	REFUSED(row.assignment_id, UINT64_MAX);
	REFUSED(row.assignment_id, t.w.assignment[0].assignment_id);
	REFUSED(scope.scope_id, RV_SLICE_LIT("NOSCOPE"));
	REFUSED(scope.assignment_id, 5);
	REFUSED(collection.collection_id, RV_SLICE_LIT("NOCOLL"));
	REFUSED(collection.assignment_id, 5);
	removed[0] = removed[1] = 123456789;
	o.removed = removed;
	REFUSED(o.n_removed, 1);
	removed[0] = removed[1] = t.w.assignment[0].assignment_id;
	REFUSED(o.n_removed, 2);
	o.n_removed = 1;
	IF(RV_OK);
	two[0] = two[1] = row;
	o.assignments = two;
	REFUSED(o.n_assignments, 2);
	(void)good_row;
#undef REFUSED
#undef IF
	site_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways_of_asking),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_holdings),
		cmocka_unit_test(test_what_if),
		cmocka_unit_test(test_overlays_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
