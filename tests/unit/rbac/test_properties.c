/*
 * The engine against the naive evaluator on random sites, and properties
 * that hold for every site.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "naive.h"
#include "random_world.h"

#define WORLDS	  400
#define QUESTIONS 120

/* Questions of one world, to ask it again in another form. */
struct asked {
	struct random_subject s;
	struct rv_question q;
	int64_t at;
	struct rv_verdict v;
};

static void
ask(struct world *w, struct random *r, struct asked *a)
{
	random_subject(w, r, &a->s);
	a->q = random_question(w, r);
	if (random_chance(r, 85)) {
		random_guided(w, r, &a->s, &a->q);
		a->s.u.level = RV_LEVEL_HELLO;
	}
	a->at = (int64_t)random_below(r, 42) - 1;
}

static void
check(const struct rv_snapshot *s, struct asked *a)
{
	a->s.u.ids = a->s.ids; /* it may have been copied */
	rv_rbac_check(s, &a->s.u, a->at, &a->q, &a->v);
}

static void
complain(uint64_t seed, const struct asked *a, const struct rv_verdict *other)
{
	print_error("seed %llu: %.*s on %.*s %.*s at %lld\n",
	    (unsigned long long)seed, RV_SLICE_FMT(a->q.operation),
	    RV_SLICE_FMT(a->q.type), RV_SLICE_FMT(a->q.key), (long long)a->at);
	print_error("  %s %x, but %s %x\n", rv_reason_name(a->v.reason),
	    a->v.missing, rv_reason_name(other->reason), other->missing);
}

/* Both say alike whether the subject gets as far as being asked. */
static void
assert_same_gate(const struct world *w, const struct rv_snapshot *s,
    const struct asked *a, size_t *ret_admitted)
{
	const struct naive n = { .w = w, .u = &a->s.u, .at = a->at };
	const bool admitted = naive_admits(&n);
	struct rv_slice by;

	assert_int_equal(rv_snapshot_admits(s, &a->s.u, a->at, &by), admitted);
	assert_true(admitted || by.p == NULL);
	*ret_admitted += admitted;
}

static void
test_gate_equals_naive(void **state)
{
	size_t admitted = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct random r = { seed * 0x9e3779b97f4a7c15u + 17 };
		struct rv_snapshot *s;
		struct world w;

		random_world(&w, &r);
		s = world_snapshot(&w);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct asked a;

			ask(&w, &r, &a);
			a.s.u.ids = a.s.ids;
			a.s.u.level = (enum rv_level)random_below(&r, 5);
			assert_same_gate(&w, s, &a, &admitted);
		}
		rv_snapshot_free(&s);
		world_fini(&w);
	}
	assert_true(admitted * 10 >= (size_t)WORLDS * QUESTIONS * 2);
	assert_true(admitted * 10 <= (size_t)WORLDS * QUESTIONS * 8);
}

/* How often they disagree in one world; *ret_allowed counts allows. */
static size_t
disagreements(uint64_t seed, enum flaw flaw, size_t *ret_allowed)
{
	struct random r = { seed * 0x9e3779b97f4a7c15u + 1 };
	struct rv_snapshot *s;
	size_t different = 0;
	struct world w;

	random_world(&w, &r);
	s = world_snapshot(&w);
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct rv_verdict naive;
		struct asked a;

		ask(&w, &r, &a);
		check(s, &a);
		naive_check(&w, &a.s.u, a.at, &a.q, flaw, &naive);
		*ret_allowed += a.v.decision == RV_ALLOW;
		if (same_verdict(&a.v, &naive))
			continue;
		if (flaw == FLAW_NONE && different == 0)
			complain(seed, &a, &naive);
		different++;
	}
	rv_snapshot_free(&s);
	world_fini(&w);
	return different;
}

static void
test_engine_equals_naive(void **state)
{
	size_t different = 0, allowed = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++)
		different += disagreements(seed, FLAW_NONE, &allowed);
	assert_int_equal(different, 0);
	print_message(
	    "# %zu of %d questions allowed\n", allowed, WORLDS * QUESTIONS);
	/* Neither all nor nothing: else the comparison would be worth little.
	 */
	assert_true(allowed * 10 >= (size_t)WORLDS * QUESTIONS * 3);
	assert_true(allowed * 10 <= (size_t)WORLDS * QUESTIONS * 7);
}

/* Every planted mistake has to be seen. */
static void
test_flaws_are_seen(void **state)
{
	(void)state;
	for (int flaw = FLAW_NONE + 1; flaw < FLAW_COUNT; flaw++) {
		size_t different = 0, allowed = 0;

		for (uint64_t seed = 1; different == 0 && seed <= WORLDS;
		     seed++)
			different +=
			    disagreements(seed, (enum flaw)flaw, &allowed);
		if (different == 0)
			print_error("flaw %d is not seen\n", flaw);
		assert_true(different > 0);
	}
}

/* P1: who has no assignment is denied everything, whatever is asked. */
static void
test_default_deny(void **state)
{
	const struct rv_slice nobody = RV_SLICE_LIT("krb5:nobody@LAB.TEST");

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS / 4; seed++) {
		struct random r = { seed };
		struct rv_snapshot *s;
		struct world w;

		random_world(&w, &r);
		s = world_snapshot(&w);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct asked a;

			ask(&w, &r, &a);
			a.s.u.n_ids = a.s.u.n_own = 1;
			a.s.ids[0] = nobody;
			check(s, &a);
			assert_int_equal(a.v.decision, RV_DENY);
			assert_int_not_equal(a.v.reason, RV_REASON_ALLOWED);
			a.s.u.n_ids = a.s.u.n_own = 0;
			check(s, &a);
			assert_int_equal(a.v.decision, RV_DENY);
		}
		rv_snapshot_free(&s);
		world_fini(&w);
	}
}

/* One more right of some kind, for somebody. */
static void
add_right(struct world *w, struct random *r)
{
	const struct rv_row_operation *o = PICK(w, r, operation);
	const struct rv_row_collection *c = PICK(w, r, collection);

	switch (random_below(r, 5)) {
	case 0:
		random_assignment(w, r, 5000, PICK(w, r, admin)->admin_id);
		break;
	case 1:
		world_add_role_operation(w,
		    (struct rv_row_role_operation){
			PICK(w, r, role)->role_id, o->object_type_id, o->bit });
		break;
	case 2:
		if (w->n_assignment > 0)
			world_add_assignment_collection(
			    w, (struct rv_row_assignment_collection){
				   PICK(w, r, assignment)->assignment_id,
				   c->collection_id });
		break;
	case 3:
		if (w->n_object_scope > 0 && w->n_scope > 1) {
			struct rv_row_object_scope row =
			    *PICK(w, r, object_scope);

			row.scope_id =
			    w->scope[1 + random_below(r, w->n_scope - 1)]
				.scope_id;
			world_add_object_scope(w, row);
		}
		break;
	default:
		if (w->n_assignment > 0)
			world_add_assignment_scope(
			    w, (struct rv_row_assignment_scope){
				   PICK(w, r, assignment)->assignment_id,
				   PICK(w, r, scope)->scope_id });
		break;
	}
}

/* P2: more rights never take one away; fewer never give one. */
static void
test_monotone(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct random r = { seed + 77777 };
		struct rv_snapshot *less, *more;
		struct world w, richer;

		random_world(&w, &r);
		world_copy(&richer, &w);
		add_right(&richer, &r);
		less = world_snapshot(&w);
		more = world_snapshot(&richer);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct asked a;

			ask(&w, &r, &a);
			/* A security operation bars a role from delegation. */
			a.s.u.delegated = false;
			check(less, &a);
			if (a.v.decision != RV_ALLOW)
				continue;
			check(more, &a);
			assert_int_equal(a.v.decision, RV_ALLOW);
		}
		rv_snapshot_free(&less);
		rv_snapshot_free(&more);
		world_fini(&richer);
		world_fini(&w);
	}
}

#define SHUFFLE(table)                                    \
	for (size_t i = w->n_##table; i > 1; i--) {       \
		size_t k = random_below(r, i);            \
		struct rv_row_##table swap = w->table[k]; \
                                                          \
		w->table[k] = w->table[i - 1];            \
		w->table[i - 1] = swap;                   \
	}

/* Another history of the same site: other order, rows of sets twice. */
static void
shuffle(struct world *w, struct random *r)
{
	EACH_TABLE(SHUFFLE)
#define TWICE(table)          \
	if (w->n_##table > 0) \
		world_add_##table(w, *PICK(w, r, table));
	TWICE(role_operation)
	TWICE(assignment_scope)
	TWICE(assignment_collection)
	TWICE(object_scope)
	TWICE(member)
}

/* Another name for what is ours to name: ID12 becomes zz-ID12. */
static struct rv_slice
renamed(struct world *w, struct rv_slice id)
{
	if (id.n < 2 || memcmp(id.p, "ID", 2) != 0)
		return id;
	return world_name(w, "zz-%.*s", RV_SLICE_FMT(id));
}

static void
rename_all(struct world *w)
{
	for (size_t i = 0; i < w->n_scope; i++)
		w->scope[i].scope_id = renamed(w, w->scope[i].scope_id);
	for (size_t i = 0; i < w->n_collection; i++) {
		w->collection[i].collection_id =
		    renamed(w, w->collection[i].collection_id);
		w->collection[i].limiting_id =
		    renamed(w, w->collection[i].limiting_id);
	}
	for (size_t i = 0; i < w->n_assignment_scope; i++)
		w->assignment_scope[i].scope_id =
		    renamed(w, w->assignment_scope[i].scope_id);
	for (size_t i = 0; i < w->n_assignment_collection; i++)
		w->assignment_collection[i].collection_id =
		    renamed(w, w->assignment_collection[i].collection_id);
	for (size_t i = 0; i < w->n_object_scope; i++)
		w->object_scope[i].scope_id =
		    renamed(w, w->object_scope[i].scope_id);
	for (size_t i = 0; i < w->n_member; i++)
		w->member[i].collection_id =
		    renamed(w, w->member[i].collection_id);
}

/* P3: order, duplicates, names and history do not matter. */
static void
test_history_does_not_matter(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS / 2; seed++) {
		struct random r = { seed + 333 };
		struct rv_snapshot *one, *two;
		struct world w, other;

		random_world(&w, &r);
		world_copy(&other, &w);
		rename_all(&other);
		shuffle(&other, &r);
		one = world_snapshot(&w);
		two = world_snapshot(&other);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct asked a, b;

			ask(&w, &r, &a);
			b = a;
			check(one, &a);
			b.q.key = renamed(&other, b.q.key);
			check(two, &b);
			assert_true(same_verdict(&a.v, &b.v));
		}
		rv_snapshot_free(&one);
		rv_snapshot_free(&two);
		world_fini(&other);
		world_fini(&w);
	}
}

/* P6: the assignments that an allow names suffice for it, one by one, as
 * far as they hold Read too. */
static void
test_named_assignments_suffice(void **state)
{
	size_t seen = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS / 8; seed++) {
		struct random r = { seed + 4242 };
		struct rv_snapshot *s;
		struct world w;

		random_world(&w, &r);
		s = world_snapshot(&w);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct world only;
			struct rv_snapshot *few;
			struct asked a;

			ask(&w, &r, &a);
			a.q.operation = RV_SLICE_LIT("Read");
			check(s, &a);
			if (a.v.decision != RV_ALLOW ||
			    a.v.n_assignments == 0 ||
			    rv_slice_has_prefix(
				a.q.type, RV_SLICE_LIT("SMS_G")))
				continue;
			world_copy(&only, &w);
			for (size_t k = 0; k < only.n_assignment; k++)
				if (only.assignment[k].assignment_id !=
				    a.v.assignments[0])
					only.assignment[k].from_ms =
					    only.assignment[k].until_ms - 1;
			few = world_snapshot(&only);
			check(few, &a);
			assert_int_equal(a.v.decision, RV_ALLOW);
			seen++;
			rv_snapshot_free(&few);
			world_fini(&only);
		}
		rv_snapshot_free(&s);
		world_fini(&w);
	}
	assert_true(seen > 100);
}

/* P9: what a list may show is what a check allows. */
static void
list_agrees(struct world *w, struct random *r, const struct rv_snapshot *s)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_readable list;
	struct asked a;
	bool in_scopes = false, carries = false;

	assert_non_null(arena);
	ask(w, r, &a);
	a.q.operation = RV_SLICE_LIT("Read");
	check(s, &a);
	assert_int_equal(
	    rv_rbac_readable(s, &a.s.u, a.at, a.q.type, arena, &list), RV_OK);
	assert_int_equal(list.verdict.decision, list.any);
	if (list.all)
		assert_int_equal(list.any, RV_ALLOW);
	for (size_t i = 0; i < w->n_object_scope; i++) {
		const struct rv_row_object_scope *o = &w->object_scope[i];

		if (o->object_type_id != a.v.object_type_id ||
		    !rv_slice_eq(o->key, a.q.key))
			continue;
		carries = true;
		for (size_t k = 0; k < list.n_scopes; k++)
			if (rv_slice_eq(o->scope_id, list.scopes[k]))
				in_scopes = true;
	}
	if (a.v.decision == RV_ALLOW && a.s.u.groups_known && a.v.bit != 18 &&
	    a.q.key.p != NULL) {
		/* What a check allows is never missing in the list. */
		assert_int_equal(list.any, RV_ALLOW);
		if (carries)
			assert_true(list.all || in_scopes);
	}
	/* Type 26 has no Read of that name. */
	if (list.all && a.v.reason != RV_REASON_UNKNOWN_OPERATION &&
	    rv_snapshot_has_object(s, a.q.type, a.q.key))
		assert_int_equal(a.v.decision, RV_ALLOW);
	if (!a.s.u.groups_known && !list.all && list.any != RV_DENY)
		fail_msg("a list with groups unknown");
	rv_arena_free(&arena);
}

static void
test_lists_agree_with_checks(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct random r = { seed + 99 };
		struct rv_snapshot *s;
		struct world w;

		random_world(&w, &r);
		s = world_snapshot(&w);
		for (size_t i = 0; i < QUESTIONS; i++)
			list_agrees(&w, &r, s);
		rv_snapshot_free(&s);
		world_fini(&w);
	}
}

/*
 * A property that compares the answers of two sites: by the engine, or, to
 * show that it can fail, by the naive evaluator with a mistake planted.
 */
struct two {
	struct world one, other;
	struct rv_snapshot *s_one, *s_other;
	enum flaw flaw;
};

static enum rv_decision
decide_in(const struct world *w, const struct rv_snapshot *s, enum flaw flaw,
    struct asked *a)
{
	check(s, a);
	if (flaw != FLAW_NONE)
		naive_check(w, &a->s.u, a->at, &a->q, flaw, &a->v);
	return a->v.decision;
}

static void
two_open(struct two *t, uint64_t seed, enum flaw flaw, struct random *r)
{
	*t = (struct two){ .flaw = flaw };
	*r = (struct random){ seed * 0x9e3779b97f4a7c15u + 21 };
	random_world(&t->one, r);
	world_copy(&t->other, &t->one);
}

static void
two_close(struct two *t)
{
	rv_snapshot_free(&t->s_one);
	rv_snapshot_free(&t->s_other);
	world_fini(&t->other);
	world_fini(&t->one);
}

/* Whether an object secured by scope is asked about, outside of a scope. */
static bool
is_outside(const struct world *w, const struct asked *a, struct rv_slice scope)
{
	const struct naive n = { w, &a->s.u, a->at, FLAW_NONE };
	struct naive_question q;

	if (naive_ask(&n, &a->q, &q) != RV_REASON_ALLOWED || q.type_wide ||
	    q.on != ON_SCOPES)
		return false;
	/* Author Policy of an own type is secured by role. */
	if (naive_own_type(w, q.type, q.key) != 0)
		return false;
	return !naive_carries(&n, &q, scope);
}

/* P4: what happens in one scope changes no answer outside of it. */
static size_t
leaks_of_scope(uint64_t seed, enum flaw flaw)
{
	size_t leaks = 0;
	struct random r;
	struct two t;

	two_open(&t, seed, flaw, &r);
	if (t.one.n_scope > 1) {
		const struct rv_slice scope =
		    t.one.scope[1 + random_below(&r, t.one.n_scope - 1)]
			.scope_id;

		for (uint64_t id = 70000; id < 70003; id++) {
			world_add_assignment(
			    &t.other, (struct rv_row_assignment){ id,
					  PICK(&t.one, &r, admin)->admin_id,
					  PICK(&t.one, &r, role)->role_id,
					  INT64_MIN, INT64_MAX });
			world_add_assignment_scope(&t.other,
			    (struct rv_row_assignment_scope){ id, scope });
		}
		t.s_one = world_snapshot(&t.one);
		t.s_other = world_snapshot(&t.other);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct asked a;
			enum rv_decision before;

			ask(&t.one, &r, &a);
			if (!is_outside(&t.one, &a, scope))
				continue;
			before = decide_in(&t.one, t.s_one, flaw, &a);
			leaks +=
			    decide_in(&t.other, t.s_other, flaw, &a) != before;
		}
	}
	two_close(&t);
	return leaks;
}

/*
 * P5: what is given on a collection is given on the one that limits it, too:
 * an assignment moved up the tree takes no collection away.
 */
static size_t
losses_above(uint64_t seed, enum flaw flaw)
{
	size_t losses = 0;
	struct random r;
	struct two t;

	two_open(&t, seed, flaw, &r);
	for (size_t i = 0; i < t.other.n_assignment_collection; i++)
		for (size_t k = 0; k < t.one.n_collection; k++)
			if (rv_slice_eq(
				t.one.assignment_collection[i].collection_id,
				t.one.collection[k].collection_id) &&
			    t.one.collection[k].limiting_id.p != NULL)
				t.other.assignment_collection[i].collection_id =
				    t.one.collection[k].limiting_id;
	t.s_one = world_snapshot(&t.one);
	t.s_other = world_snapshot(&t.other);
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct asked a;

		ask(&t.one, &r, &a);
		a.q.type = RV_SLICE_LIT("1");
		a.q.key = PICK(&t.one, &r, collection)->collection_id;
		if (decide_in(&t.one, t.s_one, flaw, &a) == RV_ALLOW)
			losses += decide_in(&t.other, t.s_other, flaw, &a) !=
				  RV_ALLOW;
	}
	two_close(&t);
	return losses;
}

/*
 * P11: at the very instant of its end an assignment gives nothing more, and
 * until the instant that an answer names nothing changes.
 */
static size_t
late_rights(uint64_t seed, enum flaw flaw)
{
	size_t late = 0;
	struct random r;
	struct two t;

	two_open(&t, seed, flaw, &r);
	/* All that end at 25 have never been. */
	for (size_t i = 0; i < t.one.n_assignment; i++)
		if (t.one.assignment[i].until_ms == 25) {
			t.other.assignment[i].from_ms = INT64_MIN;
			t.other.assignment[i].until_ms = INT64_MIN + 1;
		}
	t.s_one = world_snapshot(&t.one);
	t.s_other = world_snapshot(&t.other);
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct asked a;
		enum rv_decision now;
		int64_t until_ms;

		ask(&t.one, &r, &a);
		a.at = 25;
		now = decide_in(&t.other, t.s_other, flaw, &a);
		late += decide_in(&t.one, t.s_one, flaw, &a) != now;
		until_ms = a.v.valid_until_ms;
		if (until_ms == INT64_MAX)
			continue;
		a.at = until_ms - 1;
		late += decide_in(&t.one, t.s_one, flaw, &a) != now;
	}
	two_close(&t);
	return late;
}

/*
 * P13: whatever is asked has an answer, and what cannot be is a deny: bytes
 * that are no names, levels that there are not, counts that are too high.
 */
static size_t
allows_of_nonsense(uint64_t seed, enum flaw flaw)
{
	static char text[70000];
	struct random r = { seed + 1313 };
	struct rv_snapshot *s;
	size_t allows = 0;
	struct world w;

	random_world(&w, &r);
	s = world_snapshot(&w);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)random_next(&r);
	for (size_t i = 0; i < QUESTIONS; i++) {
		const struct rv_slice junk = { text + random_below(&r, 100),
			random_chance(&r, 10) ? 69000 : random_below(&r, 40) };
		struct asked a;

		ask(&w, &r, &a);
		switch (random_below(&r, 4)) {
		case 0:
			a.q.type = junk;
			break;
		case 1:
			a.q.operation = junk;
			break;
		case 2:
			a.s.u.level = (enum rv_level)(4 + random_below(&r, 9));
			break;
		default:
			a.s.u.n_own = SIZE_MAX;
			a.s.u.n_ids = 1;
			a.s.ids[0] = junk;
			break;
		}
		allows += decide_in(&w, s, flaw, &a) == RV_ALLOW;
		assert_true(
		    a.v.decision == RV_ALLOW || a.v.decision == RV_DENY);
	}
	rv_snapshot_free(&s);
	world_fini(&w);
	return allows;
}

/* Holds for the engine on every site, and sees a planted mistake on some. */
static void
property(size_t (*broken)(uint64_t seed, enum flaw flaw), enum flaw planted)
{
	size_t seen = 0;

	for (uint64_t seed = 1; seed <= WORLDS; seed++)
		assert_int_equal(broken(seed, FLAW_NONE), 0);
	for (uint64_t seed = 1; seen == 0 && seed <= WORLDS; seed++)
		seen += broken(seed, planted);
	assert_true(seen > 0);
}

static void
test_scopes_are_isolated(void **state)
{
	(void)state;
	property(leaks_of_scope, FLAW_ROLES_ADDED_UP);
}

static void
test_limiting_gives_as_much(void **state)
{
	(void)state;
	property(losses_above, FLAW_NO_CHAIN);
}

static void
test_time_ends_rights(void **state)
{
	(void)state;
	property(late_rights, FLAW_UNTIL_INCLUSIVE);
}

static void
test_nonsense_is_denied(void **state)
{
	(void)state;
	property(allows_of_nonsense, FLAW_LEVEL_ANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engine_equals_naive),
		cmocka_unit_test(test_flaws_are_seen),
		cmocka_unit_test(test_gate_equals_naive),
		cmocka_unit_test(test_default_deny),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_history_does_not_matter),
		cmocka_unit_test(test_named_assignments_suffice),
		cmocka_unit_test(test_lists_agree_with_checks),
		cmocka_unit_test(test_scopes_are_isolated),
		cmocka_unit_test(test_limiting_gives_as_much),
		cmocka_unit_test(test_time_ends_rights),
		cmocka_unit_test(test_nonsense_is_denied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
