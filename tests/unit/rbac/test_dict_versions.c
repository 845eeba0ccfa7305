/* The versions of a dictionary, edits given up, readers beside an adder. */
#include "unit/unit.h"

#include <pthread.h>

#include "numbered.h"

/* A line of versions; what they replaced is kept to the end. */
struct line {
	struct rv_blocks retired;
	uint32_t edition;
};

static void
commit(struct line *line, struct rv_edit *e)
{
	struct rv_blocks replaced = rv_edit_commit(e);

	rv_blocks_join(&line->retired, &replaced);
}

static void
line_end(struct line *line, struct rv_dict *last)
{
	rv_blocks_free(&line->retired);
	rv_dict_fini(last);
}

/* Each has its own names and those of the ones before, through growth. */
static void
test_versions(void **state)
{
	enum {
		VERSIONS = 12,
		EACH = 100
	};
	struct rv_dict v[VERSIONS + 1];
	struct line line = { .edition = 1 };
	struct rv_edit e;

	(void)state;
	rv_dict_init(&v[0], 8);
	for (unsigned k = 1; k <= VERSIONS; k++) {
		v[k] = v[k - 1];
		rv_edit_begin(&e, ++line.edition);
		for (unsigned i = 0; i < EACH; i++)
			assert_int_equal(
			    add_number(&e, &v[k], (k - 1) * EACH + i),
			    (k - 1) * EACH + i);
		commit(&line, &e);
	}
	assert_true(v[1].slots != v[VERSIONS].slots);
	for (unsigned k = 0; k <= VERSIONS; k++) {
		assert_int_equal(v[k].n, k * EACH);
		assert_true(rv_dict_is_sound(&v[k]));
		for (unsigned i = 0; i < VERSIONS * EACH; i++)
			assert_int_equal(
			    find_number(&v[k], i), i < k * EACH ? i : RV_NONE);
	}
	line_end(&line, &v[VERSIONS]);
}

/* Adds some names, of which the version knows nothing when it is given up. */
static void
given_up(struct line *line, const struct rv_dict *d, unsigned from, unsigned n)
{
	struct rv_dict next = *d;
	struct rv_edit e;

	rv_edit_begin(&e, ++line->edition);
	for (unsigned i = from; i < from + n; i++)
		assert_int_not_equal(add_number(&e, &next, i), RV_NONE);
	rv_edit_abort(&e);
	for (unsigned i = from; i < from + n; i++)
		assert_int_equal(find_number(d, i), RV_NONE);
	assert_true(rv_dict_is_sound(d));
}

/* With and without growth of the slots, in the first edit and later. */
static void
test_edits_given_up(void **state)
{
	static const unsigned sizes[][2] = { { 0, 3 }, { 0, 50 }, { 30, 1 },
		{ 30, 3 }, { 30, 40 }, { 30, 1000 } };
	struct line line = { .edition = 1 };

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		const unsigned n = sizes[k][0], more = sizes[k][1];
		struct rv_dict d, next;
		struct rv_edit e;
		char text[24];
		uint32_t id;

		rv_dict_init(&d, k);
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(add_number(NULL, &d, i), i);
		given_up(&line, &d, n, more);
		/* A name that is new, then those left behind: their old ids. */
		next = d;
		rv_edit_begin(&e, ++line.edition);
		assert_int_equal(add_number(&e, &next, 5000), n + more);
		for (unsigned i = n; i < n + more; i++) {
			assert_int_equal(rv_dict_add(&e, &next, 0,
					     number_name(text, i), &id),
			    RV_ERR_EXISTS);
			assert_int_equal(id, i);
			assert_int_equal(find_number(&d, i), RV_NONE);
		}
		commit(&line, &e);
		assert_int_equal(next.n, n + more + 1);
		assert_true(rv_dict_is_sound(&next));
		assert_true(rv_dict_is_sound(&d));
		line_end(&line, &next);
	}
}

/* Any sequence: a name has one id for ever, and no two the same. */
static void
test_random_edits(void **state)
{
	enum {
		NAMES = 3000,
		EDITS = 600
	};
	uint32_t *ids = calloc(NAMES, sizeof(*ids));
	struct line line = { .edition = 1 };
	struct rv_dict d, next;
	unsigned seed = 4711;
	char text[24];

	(void)state;
	assert_non_null(ids);
	memset(ids, 0xff, NAMES * sizeof(*ids));
	rv_dict_init(&d, 9);
	for (unsigned k = 0; k < EDITS; k++) {
		unsigned n = (unsigned)rand_r(&seed) % 20;
		struct rv_edit e;

		next = d;
		rv_edit_begin(&e, ++line.edition);
		while (n-- > 0) {
			const unsigned i = (unsigned)rand_r(&seed) % NAMES;
			uint32_t id;
			int r = rv_dict_add(
			    &e, &next, 0, number_name(text, i), &id);

			assert_int_equal(
			    r, ids[i] == RV_NONE ? RV_OK : RV_ERR_EXISTS);
			assert_true(ids[i] == RV_NONE || ids[i] == id);
			ids[i] = id;
		}
		if (rand_r(&seed) % 2 == 0) {
			rv_edit_abort(&e);
			continue;
		}
		commit(&line, &e);
		d = next;
		assert_true(rv_dict_is_sound(&d));
	}
	for (unsigned i = 0; i < NAMES; i++)
		if (ids[i] < d.n) {
			assert_int_equal(find_number(&d, i), ids[i]);
			assert_true(rv_slice_eq(
			    rv_dict_name(&d, ids[i]), number_name(text, i)));
		} else {
			assert_int_equal(find_number(&d, i), RV_NONE);
		}
	line_end(&line, &d);
	free(ids);
}

/* ---- Threads ------------------------------------------------------------ */

enum {
	T_VERSIONS = 200,
	T_EACH = 150,
	T_READERS = 2
};

struct shared {
	struct rv_dict v[T_VERSIONS];
	unsigned published; /* the number of the newest version (atomic) */
	uint64_t checks[T_READERS], wrong[T_READERS];
	struct line line;
};

struct reader {
	struct shared *s;
	unsigned number;
};

/* One lookup in one version: there exactly if the version has it. */
static bool
read_once(const struct rv_dict *d, unsigned i)
{
	const uint32_t id = find_number(d, i);
	char text[24];

	if (i >= d->n)
		return id == RV_NONE;
	return id == i &&
	       rv_slice_eq(rv_dict_name(d, id), number_name(text, i));
}

static void *
read_versions(void *arg)
{
	const struct reader *r = arg;
	struct shared *s = r->s;
	unsigned seed = r->number, newest = 0;

	while (newest < T_VERSIONS - 1) {
		newest = __atomic_load_n(&s->published, __ATOMIC_ACQUIRE);
		for (unsigned k = 0; k < 100; k++) {
			const unsigned i = (unsigned)rand_r(&seed);
			const unsigned v =
			    k % 2 == 0 ? newest : i % (newest + 1);
			const struct rv_dict *d = &s->v[v];
			/* Also names that come in just now. */
			const unsigned around =
			    k % 4 < 2 ? (unsigned)d->n + i % T_EACH
				      : i % (T_VERSIONS * T_EACH);

			s->checks[r->number]++;
			s->wrong[r->number] += !read_once(d, around);
		}
	}
	return NULL;
}

/* Every third edit is given up and made again. */
static void
add_versions(struct shared *s)
{
	for (unsigned k = 1; k < T_VERSIONS; k++) {
		for (unsigned again = 0; again < 1 + (k % 3 == 0); again++) {
			const unsigned from = (k - 1) * T_EACH;
			struct rv_edit e;
			char text[24];
			uint32_t id;

			s->v[k] = s->v[k - 1];
			rv_edit_begin(&e, ++s->line.edition);
			for (unsigned i = from; i < from + T_EACH; i++) {
				(void)number_name(text, i);
				rv_ignore(rv_dict_add(
				    &e, &s->v[k], 0, rv_slice_of(text), &id));
				assert_int_equal(id, i);
			}
			if (again == 0 && k % 3 == 0)
				rv_edit_abort(&e);
			else
				commit(&s->line, &e);
		}
		__atomic_store_n(&s->published, k, __ATOMIC_RELEASE);
	}
}

static void
test_readers_beside_an_adder(void **state)
{
	struct shared *s = calloc(1, sizeof(*s));
	struct reader readers[T_READERS];
	pthread_t threads[T_READERS];

	(void)state;
	assert_non_null(s);
	rv_dict_init(&s->v[0], 10);
	for (unsigned i = 0; i < T_READERS; i++) {
		readers[i] = (struct reader){ s, i };
		assert_int_equal(pthread_create(&threads[i], NULL,
				     read_versions, &readers[i]),
		    0);
	}
	add_versions(s);
	for (unsigned i = 0; i < T_READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(s->checks[i] > 0);
		assert_int_equal(s->wrong[i], 0);
	}
	for (unsigned k = 0; k < T_VERSIONS; k += 20)
		assert_true(rv_dict_is_sound(&s->v[k]));
	line_end(&s->line, &s->v[T_VERSIONS - 1]);
	free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_edits_given_up),
		cmocka_unit_test(test_random_edits),
		cmocka_unit_test(test_readers_beside_an_adder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
