#include <string.h>

#include "idset_form.h"

struct sum_row {
	uint32_t key;
	uint64_t *bits;
};

struct rv_idsum {
	struct rv_arena *arena;
	struct sum_row *rows; /* ascending; a row may be empty */
	uint32_t n, cap;
};

struct rv_idsum *
rv_idsum_new(struct rv_arena *arena)
{
	struct rv_idsum *sum = rv_arena_alloc(arena, sizeof(*sum));

	if (sum != NULL)
		*sum = (struct rv_idsum){ .arena = arena };
	return sum;
}

/* The place of the first row of that key or a greater one. */
static uint32_t
place_of(const struct rv_idsum *sum, uint32_t key)
{
	uint32_t low = 0, high = sum->n;

	/* Most ask for the last, or for keys without a gap before them. */
	if (high > 0 && sum->rows[high - 1].key < key)
		return high;
	if (high > 0 && key >= sum->rows[0].key &&
	    key - sum->rows[0].key < high &&
	    sum->rows[key - sum->rows[0].key].key == key)
		return key - sum->rows[0].key;
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (sum->rows[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const uint64_t *
row_find(const struct rv_idsum *sum, uint32_t key)
{
	const uint32_t place = place_of(sum, key);

	return place < sum->n && sum->rows[place].key == key
		   ? sum->rows[place].bits
		   : NULL;
}

/* Room for one more row; an arena takes nothing back. */
static int
rows_grow(struct rv_idsum *sum)
{
	const uint32_t cap = sum->cap == 0 ? 16 : sum->cap * 2;
	struct sum_row *rows;

	if (sum->n < sum->cap)
		return RV_OK;
	rows = rv_arena_alloc(sum->arena, cap * sizeof(*rows));
	if (rows == NULL)
		return RV_ERR_NOMEM;
	if (sum->n > 0)
		memcpy(rows, sum->rows, sum->n * sizeof(*rows));
	sum->rows = rows;
	sum->cap = cap;
	return RV_OK;
}

/* The row of a key, made when it is not there. */
static uint64_t *
row_make(struct rv_idsum *sum, uint32_t key)
{
	const uint32_t place = place_of(sum, key);
	uint64_t *bits;

	if (place < sum->n && sum->rows[place].key == key)
		return sum->rows[place].bits;
	if (rows_grow(sum) != RV_OK)
		return NULL;
	bits = rv_arena_alloc(sum->arena, RV_CHUNK_WORDS * sizeof(*bits));
	if (bits == NULL)
		return NULL;
	memmove(sum->rows + place + 1, sum->rows + place,
	    (sum->n - place) * sizeof(*sum->rows));
	sum->rows[place] = (struct sum_row){ key, bits };
	sum->n++;
	return bits;
}

static void
row_join(uint64_t *restrict to, const uint64_t *restrict from)
{
	for (uint32_t i = 0; i < RV_CHUNK_WORDS; i++)
		to[i] |= from[i];
}

static void
row_meet(uint64_t *restrict to, const uint64_t *restrict with)
{
	for (uint32_t i = 0; i < RV_CHUNK_WORDS; i++)
		to[i] &= with[i];
}

static void
row_join_array(uint64_t *row, const uint16_t *array, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		row[array[i] / 64] |= UINT64_C(1) << array[i] % 64;
}

/* Keeps of a row what an array has, which ascends: words in their order. */
static void
row_meet_array(uint64_t *row, const uint16_t *array, uint32_t n)
{
	uint64_t keep = 0;
	uint32_t word = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (; word < array[i] / 64u; word++) {
			row[word] &= keep;
			keep = 0;
		}
		keep |= UINT64_C(1) << array[i] % 64;
	}
	for (; word < RV_CHUNK_WORDS; word++) {
		row[word] &= keep;
		keep = 0;
	}
}

static int
join_list(struct rv_idsum *sum, struct rv_ids ids)
{
	uint64_t *row = NULL;
	uint32_t key = 0;

	for (size_t i = 0; i < ids.n; i++) {
		if (row == NULL || ids.p[i] >> 16 != key) {
			key = ids.p[i] >> 16;
			row = row_make(sum, key);
		}
		if (row == NULL)
			return RV_ERR_NOMEM;
		row[(ids.p[i] & 0xffff) / 64] |= UINT64_C(1) << ids.p[i] % 64;
	}
	return RV_OK;
}

int
rv_idsum_join(struct rv_idsum *sum, const struct rv_idset *set)
{
	if (set == NULL)
		return RV_OK;
	if (set->n_chunks == 0)
		return join_list(sum, rv_idset_list(set));
	for (uint32_t i = 0; i < set->n_chunks; i++) {
		const struct rv_chunk *c = rv_idset_chunks(set) + i;
		uint64_t *row = row_make(sum, c->key);

		if (row == NULL)
			return RV_ERR_NOMEM;
		if (c->bits != 0)
			row_join(row, c->at.row);
		else
			row_join_array(row, c->at.array, c->n);
	}
	return RV_OK;
}

int
rv_idsum_add(struct rv_idsum *sum, uint32_t id)
{
	return join_list(sum, (struct rv_ids){ &id, 1 });
}

int
rv_idsum_add_all(struct rv_idsum *sum, struct rv_ids ids)
{
	return join_list(sum, ids);
}

int
rv_idsum_join_sum(struct rv_idsum *sum, const struct rv_idsum *other)
{
	if (sum == other)
		return RV_OK;
	for (uint32_t i = 0; i < other->n; i++) {
		uint64_t *row = row_make(sum, other->rows[i].key);

		if (row == NULL)
			return RV_ERR_NOMEM;
		row_join(row, other->rows[i].bits);
	}
	return RV_OK;
}

void
rv_idsum_meet(struct rv_idsum *sum, const struct rv_idsum *other)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < sum->n && sum != other; i++) {
		const struct sum_row row = sum->rows[i];
		const uint64_t *with = row_find(other, row.key);

		if (with == NULL)
			continue;
		row_meet(row.bits, with);
		sum->rows[n++] = row;
	}
	if (sum != other)
		sum->n = n;
}

/* Keeps of a row what a list has of its key. */
static void
row_meet_list(const struct sum_row *row, struct rv_ids list)
{
	uint16_t lows[RV_LIST_MAX];
	uint32_t n = 0;

	for (size_t i = row->key == 0 ? 0
				      : rv_ids_upto(list, (row->key << 16) - 1);
	     i < list.n && list.p[i] >> 16 == row->key; i++)
		lows[n++] = (uint16_t)list.p[i];
	row_meet_array(row->bits, lows, n);
}

/* False when the set has nothing there. */
static bool
row_meet_set(const struct sum_row *row, const struct rv_idset *set)
{
	const struct rv_chunk *c;
	uint32_t place;

	if (set->n_chunks == 0) {
		row_meet_list(row, rv_idset_list(set));
		return true;
	}
	place = rv_idset_place(set, row->key);
	c = rv_idset_chunks(set) + place;
	if (place == set->n_chunks || c->key != row->key)
		return false;
	if (c->bits != 0)
		row_meet(row->bits, c->at.row);
	else
		row_meet_array(row->bits, c->at.array, c->n);
	return true;
}

void
rv_idsum_meet_set(struct rv_idsum *sum, const struct rv_idset *set)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < sum->n && set != NULL; i++)
		if (row_meet_set(&sum->rows[i], set))
			sum->rows[n++] = sum->rows[i];
	sum->n = n;
}

void
rv_idsum_leave(struct rv_idsum *sum, const struct rv_idset *set)
{
	uint64_t from = 0;
	uint32_t id;

	while (rv_idset_next(set, &from, &id)) {
		const uint32_t place = place_of(sum, id >> 16);

		if (place < sum->n && sum->rows[place].key == id >> 16)
			sum->rows[place].bits[(id & 65535) / 64] &=
			    ~(UINT64_C(1) << id % 64);
	}
}

bool
rv_idsum_has(const struct rv_idsum *sum, uint32_t id)
{
	const uint64_t *row = row_find(sum, id >> 16);

	return row != NULL && rv_row_test(row, id & 0xffff);
}

uint64_t
rv_idsum_count(const struct rv_idsum *sum)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < sum->n; i++)
		n += rv_row_count(sum->rows[i].bits);
	return n;
}

size_t
rv_idsum_read(
    const struct rv_idsum *sum, uint64_t *from, uint32_t *ids, size_t room)
{
	uint32_t low;
	size_t n = 0;

	if (*from > UINT32_MAX || room == 0)
		return 0;
	low = *from & 0xffff;
	for (uint32_t i = place_of(sum, (uint32_t)(*from >> 16));
	     i < sum->n && n < room; i++) {
		const struct sum_row *row = &sum->rows[i];

		if (row->key != *from >> 16)
			low = 0;
		n += rv_row_read(row->bits, row->key, low, ids + n, room - n);
	}
	if (n > 0)
		*from = (uint64_t)ids[n - 1] + 1;
	return n;
}

bool
rv_idsum_next(const struct rv_idsum *sum, uint64_t *from, uint32_t *ret)
{
	return rv_idsum_read(sum, from, ret, 1) == 1;
}
