/*
 * Versions of a line: what a change makes is what a load would have made, and
 * older versions go on as they were until nobody holds them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "changes.h"
#include "naive.h"
#include "reeve/rbac_ask.h"
#include "snapshot.h"

#define WORLDS	  60
#define VERSIONS  8
#define QUESTIONS 60

/* A question, and the answer that one version gave once and for all. */
struct asked {
	struct random_subject s;
	struct rv_question q;
	int64_t at;
	struct rv_verdict v;
};

struct version {
	struct rv_snapshot *s;
	struct asked asked[QUESTIONS];
};

static void
ask(const struct rv_snapshot *s, struct asked *a, struct rv_verdict *ret)
{
	a->s.u.ids = a->s.ids;
	rv_rbac_check(s, &a->s.u, a->at, &a->q, ret);
}

static void
ask_all(struct world *w, struct random *r, struct version *v)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct asked *a = &v->asked[i];

		random_subject(w, r, &a->s);
		a->q = random_question(w, r);
		if (random_chance(r, 85)) {
			random_guided(w, r, &a->s, &a->q);
			a->s.u.level = RV_LEVEL_HELLO;
		}
		a->at = (int64_t)random_below(r, 42) - 1;
		ask(v->s, a, &a->v);
	}
}

static void
assert_as_before(struct version *v)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct rv_verdict now;

		ask(v->s, &v->asked[i], &now);
		assert_true(same_verdict(&now, &v->asked[i].v));
	}
}

static void
assert_sound(const struct rv_snapshot *s)
{
	struct rv_error why = { "" };

	if (rv_snapshot_validate(s, &why) != RV_OK)
		print_error("unsound: %s\n", why.text);
	assert_int_equal(rv_snapshot_validate(s, &why), RV_OK);
}

/* ---- The same site, loaded and changed to ---------------------------------*/

static void
assert_same_counts(const struct rv_snapshot *a, const struct rv_snapshot *b)
{
	struct rv_snapshot_counts x, y;

	rv_snapshot_count(a, &x);
	rv_snapshot_count(b, &y);
	assert_true(x.bytes > 0);
	x.bytes = y.bytes = 0;
	assert_memory_equal(&x, &y, sizeof(x));
	assert_int_equal(rv_snapshot_revision(a), rv_snapshot_revision(b));
	assert_int_equal(rv_snapshot_pairing(a), rv_snapshot_pairing(b));
	assert_int_equal(rv_snapshot_site_level(a), rv_snapshot_site_level(b));
	assert_int_equal(
	    rv_snapshot_max_auth_age_s(a), rv_snapshot_max_auth_age_s(b));
}

/* Whom each id stands for, and what the gate says. */
static void
list_gate(
    const struct rv_snapshot *s, const struct asked *a, struct rv_buf *out)
{
	struct rv_level_pending pending;
	struct rv_slice name;

	rv_buf_printf(out, "; gate %d %d %lld",
	    rv_snapshot_admits(s, &a->s.u, a->at, &name),
	    (int)rv_snapshot_site_level_at(s, a->at),
	    (long long)rv_snapshot_site_level_until(s, a->at));
	rv_buf_printf(out, " by %.*s", RV_SLICE_FMT(name));
	rv_buf_printf(out, " %d", rv_snapshot_level_pending(s, &pending));
	for (size_t i = 0; i < a->s.u.n_ids; i++)
		if (rv_snapshot_admin_principal(s, a->s.ids[i], &name))
			rv_buf_printf(out, " %.*s", RV_SLICE_FMT(name));
}

/* All objects that somebody may do something to, as one text. */
static void
list_objects(const struct rv_snapshot *s, const struct asked *a,
    struct rv_arena *arena, struct rv_buf *out)
{
	const struct rv_subject_resolved *u;
	struct rv_cursor cursor = { 0 };
	struct rv_object_set set;
	char room[RV_KEY_ROOM];
	struct rv_slice key;

	assert_int_equal(rv_rbac_resolve(s, &a->s.u, arena, &u), RV_OK);
	assert_int_equal(rv_rbac_objects(u, a->at, a->q.type, a->q.operation,
			     false, arena, &set),
	    RV_OK);
	rv_buf_printf(
	    out, "%d %zu of %zu:", (int)set.reason, set.n, set.universe);
	while (rv_object_set_next(&set, &cursor, room, &key))
		rv_buf_printf(out, " %.*s", RV_SLICE_FMT(key));
}

static void
list_who(const struct rv_snapshot *s, const struct asked *a,
    struct rv_arena *arena, struct rv_buf *out)
{
	struct rv_holders who;
	struct rv_holder one;
	uint64_t from = 0;
	bool found;

	assert_int_equal(rv_rbac_who(s, a->at, &a->q, arena, &who), RV_OK);
	rv_buf_printf(out, "; %d %zu", (int)who.reason, who.n);
	do {
		assert_int_equal(
		    rv_holders_next(&who, &from, arena, &one, &found), RV_OK);
		if (found)
			rv_buf_printf(out, " %u %.*s %d", one.admin_id,
			    RV_SLICE_FMT(one.principal_id), (int)one.required);
		for (size_t i = 0; found && i < one.n_assignments; i++)
			rv_buf_printf(out, " %llu",
			    (unsigned long long)one.assignments[i]);
	} while (found);
}

static void
list_roles(const struct rv_snapshot *s, const struct asked *a,
    struct rv_arena *arena, struct rv_buf *out)
{
	const struct rv_slice *roles;
	size_t n;

	assert_int_equal(rv_rbac_roles_giving(s, a->v.object_type_id, a->v.bit,
			     arena, &roles, &n),
	    RV_OK);
	rv_buf_puts(out, ";");
	for (size_t i = 0; i < n; i++)
		rv_buf_printf(out, " %.*s", RV_SLICE_FMT(roles[i]));
	for (size_t i = 0; i < a->s.u.n_ids; i++)
		rv_buf_printf(out, " %.*s",
		    RV_SLICE_FMT(rv_snapshot_account_id(s, a->s.ids[i])));
}

static void
assert_same_lists(
    const struct rv_snapshot *x, const struct rv_snapshot *y, struct asked *a)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_buf one = { 0 }, other = { 0 };

	assert_non_null(arena);
	list_objects(x, a, arena, &one);
	list_objects(y, a, arena, &other);
	list_who(x, a, arena, &one);
	list_who(y, a, arena, &other);
	list_roles(x, a, arena, &one);
	list_roles(y, a, arena, &other);
	list_gate(x, a, &one);
	list_gate(y, a, &other);
	assert_string_equal(rv_buf_cstr(&one), rv_buf_cstr(&other));
	rv_buf_fini(&one);
	rv_buf_fini(&other);
	rv_arena_free(&arena);
}

/* A load of the world answers as the version does. */
static void
assert_as_loaded(const struct world *w, struct version *v)
{
	struct rv_snapshot *loaded = world_snapshot(w);

	assert_sound(v->s);
	assert_same_counts(v->s, loaded);
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct rv_verdict other;

		ask(loaded, &v->asked[i], &other);
		assert_true(same_verdict(&other, &v->asked[i].v));
		assert_same_lists(v->s, loaded, &v->asked[i]);
	}
	rv_snapshot_free(&loaded);
}

/* The next version of a line: n random changes of the newest. */
static struct rv_snapshot *
change(struct world *w, struct random *r, struct rv_snapshot *base, size_t n)
{
	struct rv_builder *b = rv_builder_on(base);
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };
	int result;

	assert_non_null(b);
	change_some(w, r, b, n);
	result = rv_builder_finish(&b, &s, &e);
	if (result != RV_OK)
		print_error("not finished: %s\n", e.text);
	assert_int_equal(result, RV_OK);
	assert_null(b);
	return s;
}

/* Frees the versions in an order of its own. */
static void
free_all(struct version *versions, size_t n, struct random *r)
{
	size_t left = n;

	while (left > 0) {
		const size_t i = random_below(r, n);

		if (versions[i].s == NULL)
			continue;
		rv_snapshot_free(&versions[i].s);
		left--;
		for (size_t k = 0; k < n; k++)
			if (versions[k].s != NULL)
				assert_as_before(&versions[k]);
	}
}

static void
test_changes_equal_loads(void **state)
{
	struct version *versions = calloc(VERSIONS, sizeof(*versions));

	(void)state;
	assert_non_null(versions);
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct random r = { seed * 0x9e3779b97f4a7c15u + 7 };
		struct world w;

		random_world(&w, &r);
		change_tidy(&w);
		versions[0].s = world_snapshot(&w);
		ask_all(&w, &r, &versions[0]);
		for (size_t i = 1; i < VERSIONS; i++) {
			versions[i].s = change(
			    &w, &r, versions[i - 1].s, random_below(&r, 20));
			ask_all(&w, &r, &versions[i]);
			assert_as_loaded(&w, &versions[i]);
			assert_as_before(&versions[0]);
		}
		for (size_t i = 0; i < VERSIONS; i++)
			assert_sound(versions[i].s);
		free_all(versions, VERSIONS, &r);
		world_fini(&w);
	}
	free(versions);
}

/* A long line of which only the newest is held, and now and then an older. */
static void
test_long_line(void **state)
{
	struct version *held = calloc(1, sizeof(*held));
	struct random r = { 99 };
	struct rv_snapshot *s;
	struct world w;

	(void)state;
	assert_non_null(held);
	random_world(&w, &r);
	change_tidy(&w);
	s = world_snapshot(&w);
	for (size_t i = 0; i < 400; i++) {
		struct rv_snapshot *next = change(&w, &r, s, 2);

		if (held->s != NULL && random_chance(&r, 20)) {
			assert_as_before(held);
			rv_snapshot_free(&held->s);
		}
		if (held->s == NULL && random_chance(&r, 20)) {
			held->s = s;
			ask_all(&w, &r, held);
		} else {
			rv_snapshot_free(&s);
		}
		s = next;
	}
	rv_snapshot_free(&s);
	if (held->s != NULL) {
		assert_as_before(held);
		rv_snapshot_free(&held->s);
	}
	world_fini(&w);
	free(held);
}

/* Builders that are given up, at any point, leave no trace. */
static void
test_given_up(void **state)
{
	struct version *v = calloc(1, sizeof(*v));

	(void)state;
	assert_non_null(v);
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct random r = { seed * 0x9e3779b97f4a7c15u + 3 };
		struct rv_snapshot *next;
		struct world w;

		random_world(&w, &r);
		change_tidy(&w);
		v->s = world_snapshot(&w);
		ask_all(&w, &r, v);
		for (size_t i = 0; i < 5; i++) {
			struct rv_builder *b = rv_builder_on(v->s);
			struct world other;

			assert_non_null(b);
			world_copy(&other, &w);
			change_some(&other, &r, b, random_below(&r, 20));
			rv_builder_free(&b);
			world_fini(&other);
			assert_sound(v->s);
			assert_as_before(v);
		}
		/* The next one is not confused by what was never there. */
		next = change(&w, &r, v->s, 10);
		rv_snapshot_free(&v->s);
		v->s = next;
		ask_all(&w, &r, v);
		assert_as_loaded(&w, v);
		rv_snapshot_free(&v->s);
		world_fini(&w);
	}
	free(v);
}

/* Threads that ask a version while newer ones are made, or given up. */
struct reader {
	struct version *v;
	atomic_bool stop;
	pthread_t thread;
	size_t rounds, wrong;
};

static void *
read_on(void *arg)
{
	struct reader *reader = arg;

	do {
		for (size_t i = 0; i < QUESTIONS; i++) {
			struct rv_verdict now;

			ask(reader->v->s, &reader->v->asked[i], &now);
			reader->wrong +=
			    !same_verdict(&now, &reader->v->asked[i].v);
		}
		reader->rounds++;
	} while (!atomic_load(&reader->stop));
	return NULL;
}

static void
test_readers_and_one_builder(void **state)
{
	struct version *v = calloc(1, sizeof(*v));
	struct reader reader = { .v = v };
	struct random r = { 4711 };
	struct rv_snapshot *s;
	struct world w;

	(void)state;
	assert_non_null(v);
	do {
		random_world(&w, &r);
		if (w.n_assignment > 4 && w.n_object > 4 && w.n_resource > 4)
			break;
		world_fini(&w);
	} while (true);
	change_tidy(&w);
	s = v->s = world_snapshot(&w);
	ask_all(&w, &r, v);
	assert_int_equal(
	    pthread_create(&reader.thread, NULL, read_on, &reader), 0);
	for (size_t i = 0; i < 200; i++) {
		struct rv_snapshot *next = change(&w, &r, s, 5);

		if (s != v->s)
			rv_snapshot_free(&s);
		s = next;
	}
	atomic_store(&reader.stop, true);
	assert_int_equal(pthread_join(reader.thread, NULL), 0);
	assert_true(reader.rounds > 0);
	assert_int_equal(reader.wrong, 0);
	rv_snapshot_free(&s);
	assert_as_before(v);
	rv_snapshot_free(&v->s);
	world_fini(&w);
	free(v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_equal_loads),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_readers_and_one_builder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
