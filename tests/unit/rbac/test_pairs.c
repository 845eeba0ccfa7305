/*
 * Operations on more than one thing: the engine against the naive evaluator
 * on random sites, and that mistakes in either would be seen.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "naive_pair.h"
#include "random_world.h"

#define WORLDS	  400
#define QUESTIONS 100

struct asked {
	struct random_subject s;
	struct rv_pair_question q;
	struct rv_slice named[2];
	struct rv_thing direct[2];
	enum rv_pairing pairing;
	int64_t at;
};

static struct rv_thing
random_thing(struct world *w, struct random *r, uint32_t type)
{
	return (struct rv_thing){ random_chance(r, 97)
				      ? world_name(w, "%u", type)
				      : RV_SLICE_LIT("Boot"),
		random_chance(r, 97) ? random_key(w, r, type)
				     : RV_SLICE_LIT("no-such-thing") };
}

static struct rv_thing
random_resource_thing(struct world *w, struct random *r)
{
	struct rv_question q = random_resource_question(w, r);

	return (struct rv_thing){ q.type, q.key };
}

/* A folder that there is, or the root. */
static struct rv_slice
random_folder(struct world *w, struct random *r)
{
	return random_chance(r, 30) ? RV_SLICE_NONE
				    : random_thing(w, r, 226).key;
}

static void
ask(struct world *w, struct random *r, struct asked *a)
{
	struct rv_question unused;
	struct rv_pair_question *q = &a->q;

	random_subject(w, r, &a->s);
	if (random_chance(r, 70)) {
		random_guided(w, r, &a->s, &unused);
		a->s.u.level = RV_LEVEL_HELLO;
	}
	a->at = (int64_t)random_below(r, 42) - 1;
	a->pairing =
	    random_chance(r, 60) ? RV_PAIRING_ASSIGNMENT : RV_PAIRING_USER;
	*q = (struct rv_pair_question){
		.operation = (enum rv_pair_operation)random_below(
		    r, RV_PAIR_DELETE_FOLDER + 1),
		.object = random_thing(w, r,
		    random_chance(r, 70)   ? 31
		    : random_chance(r, 60) ? 11
					   : 38),
		.other = random_thing(w, r, 31),
		.collection = random_thing(w, r, 1).key,
		.limiting = random_thing(w, r, 1).key,
		.from = random_folder(w, r),
		.to = random_folder(w, r),
		.n_named = random_below(r, 3),
		.n_direct = random_below(r, 2),
		.inventory = random_chance(r, 50),
	};
	for (size_t i = 0; i < 2; i++) {
		a->named[i] = random_thing(w, r, 1).key;
		a->direct[i] = random_resource_thing(w, r);
	}
	if (q->operation == RV_PAIR_DISTRIBUTE)
		q->other = random_thing(w, r, 43);
	if (q->operation == RV_PAIR_IMPORT_COMPUTER) {
		q->object = random_thing(w, r, 6);
		q->other = random_chance(r, 50) ? (struct rv_thing){ 0 }
						: random_resource_thing(w, r);
	}
	if (q->operation == RV_PAIR_WRITE_RULE && random_chance(r, 40))
		q->collection = RV_SLICE_NONE;
	if (random_chance(r, 3))
		q->collection = RV_SLICE_NONE;
}

static bool
is_apart(const struct asked *a)
{
	return a->pairing == RV_PAIRING_USER ||
	       a->q.operation == RV_PAIR_READ_DEPLOYMENT;
}

static void
complain(uint64_t seed, const struct asked *a, const struct rv_pair_verdict *v,
    const struct naive_pair_verdict *naive)
{
	print_error("world %llu, operation %d: %s and %s\n",
	    (unsigned long long)seed, (int)a->q.operation,
	    rv_reason_name(v->reason), rv_reason_name(naive->reason));
	for (size_t h = 0; h < v->n_halves; h++)
		print_error("  half %zu: missing %x and %x, level %d and %d\n",
		    h, v->halves[h].missing, naive->missing[h],
		    (int)v->halves[h].level_needed, naive->level[h]);
}

static size_t
disagreements(uint64_t seed, enum flaw flaw, size_t *ret_allowed)
{
	struct random r = { seed * 0x9e3779b97f4a7c15u + 5 };
	struct rv_snapshot *s;
	size_t different = 0;
	struct world w;

	random_world(&w, &r);
	s = world_snapshot(&w);
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct rv_arena *arena = rv_arena_new(0);
		const struct rv_subject_resolved *u;
		struct naive_pair_verdict naive;
		struct rv_pair_verdict v;
		struct asked a;

		assert_non_null(arena);
		ask(&w, &r, &a);
		a.q.named = a.named;
		a.q.direct = a.direct;
		assert_int_equal(rv_rbac_resolve(s, &a.s.u, arena, &u), RV_OK);
		assert_int_equal(
		    rv_rbac_pair(u, a.at, &a.q, a.pairing, arena, &v), RV_OK);
		naive_pair(&w, &a.s.u, a.at, &a.q, a.pairing, flaw, &naive);
		*ret_allowed += v.decision == RV_ALLOW;
		if (!same_pair(&v, &naive, is_apart(&a))) {
			if (flaw == FLAW_NONE && different == 0)
				complain(seed, &a, &v, &naive);
			different++;
		}
		rv_arena_free(&arena);
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
	print_message(
	    "# %zu of %d questions allowed\n", allowed, WORLDS * QUESTIONS);
	assert_int_equal(different, 0);
	assert_true(allowed > (size_t)WORLDS * QUESTIONS / 20);
}

static void
test_flaws_are_seen(void **state)
{
	(void)state;
	for (int i = FLAW_COUNT; i <= FLAW_PAIR_END; i++) {
		/* Own types are of both. */
		const int flaw = i < FLAW_PAIR_END ? i : FLAW_AUTHOR_FORGOTTEN;
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

/* What is allowed from one assignment is allowed from any. */
static void
test_user_allows_more(void **state)
{
	size_t more = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct random r = { seed + 31337 };
		struct rv_snapshot *s;
		struct world w;

		random_world(&w, &r);
		s = world_snapshot(&w);
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct rv_arena *arena = rv_arena_new(0);
			const struct rv_subject_resolved *u;
			struct rv_pair_verdict one, any;
			struct asked a;

			assert_non_null(arena);
			ask(&w, &r, &a);
			a.q.named = a.named;
			a.q.direct = a.direct;
			assert_int_equal(
			    rv_rbac_resolve(s, &a.s.u, arena, &u), RV_OK);
			assert_int_equal(
			    rv_rbac_pair(u, a.at, &a.q, RV_PAIRING_ASSIGNMENT,
				arena, &one),
			    RV_OK);
			assert_int_equal(rv_rbac_pair(u, a.at, &a.q,
					     RV_PAIRING_USER, arena, &any),
			    RV_OK);
			if (one.decision == RV_ALLOW)
				assert_int_equal(any.decision, RV_ALLOW);
			more += one.decision != any.decision;
			rv_arena_free(&arena);
		}
		rv_snapshot_free(&s);
		world_fini(&w);
	}
	assert_true(more > 0);
}

/* A value that is no operation of the table is denied. */
static void
test_unknown_operation(void **state)
{
	struct random r = { 4 };
	struct rv_arena *arena = rv_arena_new(0);
	const struct rv_subject_resolved *u;
	struct rv_pair_verdict v;
	struct rv_snapshot *s;
	struct world w;
	struct asked a;

	(void)state;
	assert_non_null(arena);
	random_world(&w, &r);
	s = world_snapshot(&w);
	ask(&w, &r, &a);
	a.q.operation = (enum rv_pair_operation)99;
	assert_int_equal(rv_rbac_resolve(s, &a.s.u, arena, &u), RV_OK);
	assert_int_equal(
	    rv_rbac_pair(u, 0, &a.q, RV_PAIRING_USER, arena, &v), RV_OK);
	assert_int_equal(v.decision, RV_DENY);
	assert_int_equal(v.reason, RV_REASON_UNKNOWN_OPERATION);
	rv_arena_free(&arena);
	rv_snapshot_free(&s);
	world_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_engine_equals_naive),
		cmocka_unit_test(test_flaws_are_seen),
		cmocka_unit_test(test_user_allows_more),
		cmocka_unit_test(test_unknown_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
