/* Sets of ids beside CRoaring's.  For test programs only. */
#ifndef TESTS_UNIT_RBAC_ROARING_SETS_H
#define TESTS_UNIT_RBAC_ROARING_SETS_H

#include "unit/unit.h"

#include <roaring/roaring.h>

#include "idset.h"
#include "random.h"

/* Every member once, ascending, whatever the room; nothing else. */
static inline void
assert_reads_as(
    const struct rv_idset *set, const roaring_bitmap_t *want, size_t room)
{
	const size_t n = roaring_bitmap_get_cardinality(want);
	uint32_t *all = calloc(n + 1, sizeof(*all));
	uint32_t *piece = calloc(room, sizeof(*piece));
	uint64_t from = 0;
	size_t done = 0, got;

	assert_non_null(all);
	assert_non_null(piece);
	roaring_bitmap_to_uint32_array(want, all);
	while ((got = rv_idset_read(set, &from, piece, room)) > 0) {
		assert_true(got <= room && got <= n - done);
		assert_memory_equal(piece, all + done, got * sizeof(*all));
		assert_int_equal(from, (uint64_t)piece[got - 1] + 1);
		done += got;
	}
	assert_int_equal(done, n);
	free(piece);
	free(all);
}

static inline void
assert_same(const struct rv_idset *set, const roaring_bitmap_t *want)
{
	assert_true(rv_idset_is_sound(set));
	assert_int_equal(
	    rv_idset_count(set), roaring_bitmap_get_cardinality(want));
	assert_int_equal(set == NULL, roaring_bitmap_is_empty(want));
	assert_reads_as(set, want, 1000);
}

static inline struct rv_idset *
set_of(struct rv_edit *e, const roaring_bitmap_t *want)
{
	const size_t n = roaring_bitmap_get_cardinality(want);
	uint32_t *ids = calloc(n + 1, sizeof(*ids));
	struct rv_idset *set;

	assert_non_null(ids);
	roaring_bitmap_to_uint32_array(want, ids);
	assert_int_equal(
	    rv_idset_make(e, (struct rv_ids){ ids, n }, &set), RV_OK);
	free(ids);
	return set;
}

/* How ids lie: each has forms, and borders of forms, of its own. */
enum spread {
	DENSE,	   /* in one chunk */
	WIDE,	   /* like 10^6 devices */
	SKEWED,	   /* many low ones, few high ones */
	SCATTERED, /* anywhere */
	BORDERS,   /* where halves and signs of ids turn over */
	N_SPREADS
};

static inline uint32_t
pick(struct random *r, enum spread spread)
{
	static const uint32_t borders[] = { 0, 65535, 65536, 0x7fffffff,
		0x80000000, 0xffff0000, 0xffffffff };
	const uint32_t a = (uint32_t)random_below(r, 1000000);

	switch (spread) {
	case DENSE:
		return (uint32_t)random_below(r, 65536);
	case WIDE:
		return a;
	case SKEWED:
		return (
		    uint32_t)((uint64_t)a * random_below(r, a + 1) / 1000000);
	case SCATTERED:
		return (uint32_t)random_next(r);
	case BORDERS:
		return borders[random_below(r, 7)] +
		       (uint32_t)random_below(r, 3000) - 1500;
	case N_SPREADS:
	default:
		fail();
		return 0;
	}
}

#endif
