#include "idset.h"

#include "idset_form.h"

#define NEAR 48u

/*
 * Both searches halve without a jump, which the machine could not guess: a
 * comparison becomes a mask of all bits or none.
 */
size_t
rv_ids_upto(struct rv_ids ids, uint32_t id)
{
	size_t at = 0, n = ids.n;

	while (n > 1) {
		const size_t half = n / 2;

		at += half & -(size_t)(ids.p[at + half - 1] <= id);
		n -= half;
	}
	return at + (n == 1 && ids.p[at] <= id);
}

uint32_t
rv_array_before(const uint16_t *array, uint32_t n, uint32_t low)
{
	const uint32_t about = low * n / 65536;
	uint32_t at = 0;

	/* Ids that lie evenly are near where they would be if they did so. */
	if (about >= NEAR && about + NEAR < n && array[about - NEAR] < low &&
	    array[about + NEAR] >= low) {
		at = about - NEAR;
		n = 2 * NEAR + 1;
	}
	while (n > 1) {
		const uint32_t half = n / 2;

		at += half & -(uint32_t)(array[at + half - 1] < low);
		n -= half;
	}
	return at + (n == 1 && array[at] < low);
}

bool
rv_ids_contain(struct rv_ids ids, uint32_t id)
{
	size_t n = rv_ids_upto(ids, id);

	return n > 0 && ids.p[n - 1] == id;
}

bool
rv_ids_intersect(struct rv_ids a, struct rv_ids b)
{
	if (a.n > b.n) {
		struct rv_ids swap = a;

		a = b;
		b = swap;
	}
	if (b.n / 8 > a.n) { /* very unequal: search each of the few */
		for (size_t i = 0; i < a.n; i++)
			if (rv_ids_contain(b, a.p[i]))
				return true;
		return false;
	}
	for (size_t i = 0, k = 0; i < a.n && k < b.n;) {
		if (a.p[i] == b.p[k])
			return true;
		if (a.p[i] < b.p[k])
			i++;
		else
			k++;
	}
	return false;
}

bool
rv_ids_ascend(struct rv_ids ids)
{
	for (size_t i = 1; i < ids.n; i++)
		if (ids.p[i] <= ids.p[i - 1])
			return false;
	return true;
}

uint32_t
rv_idset_place(const struct rv_idset *set, uint32_t key)
{
	const struct rv_chunk *chunks = rv_idset_chunks(set);
	uint32_t low = 0, high = set->n_chunks;

	if (key <= chunks[0].key)
		return 0;
	/* Keys ascend: none lies further off than its distance to the first. */
	if (key - chunks[0].key < high) {
		high = key - chunks[0].key;
		if (chunks[high].key == key)
			return high;
	}
	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (chunks[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
chunk_has(const struct rv_chunk *c, uint32_t low)
{
	uint32_t i;

	if (c->bits != 0)
		return rv_row_test(c->at.row, low);
	i = rv_array_before(c->at.array, c->n, low);
	return i < c->n && c->at.array[i] == low;
}

bool
rv_idset_has(const struct rv_idset *set, uint32_t id)
{
	const struct rv_chunk *c;
	uint32_t place;

	if (set == NULL)
		return false;
	if (set->n_chunks == 0)
		return rv_ids_contain(rv_idset_list(set), id);
	place = rv_idset_place(set, id >> 16);
	if (place == set->n_chunks)
		return false;
	c = rv_idset_chunks(set) + place;
	return c->key == id >> 16 && chunk_has(c, id & 0xffff);
}

uint64_t
rv_idset_count(const struct rv_idset *set)
{
	return set != NULL ? (uint64_t)set->more + 1 : 0;
}

static size_t
list_read(struct rv_ids list, uint32_t from, uint32_t *ids, size_t room)
{
	const size_t at = from > 0 ? rv_ids_upto(list, from - 1) : 0;
	const size_t n = list.n - at < room ? list.n - at : room;

	for (size_t i = 0; i < n; i++)
		ids[i] = list.p[at + i];
	return n;
}

static size_t
array_read(const struct rv_chunk *c, uint32_t low, uint32_t *ids, size_t room)
{
	const uint32_t at = rv_array_before(c->at.array, c->n, low);
	const size_t n = c->n - at < room ? c->n - at : room;

	for (size_t i = 0; i < n; i++)
		ids[i] = (uint32_t)c->key << 16 | c->at.array[at + i];
	return n;
}

size_t
rv_row_read(
    const uint64_t *row, uint32_t key, uint32_t low, uint32_t *ids, size_t room)
{
	size_t n = 0;
	uint64_t mask = UINT64_MAX << low % 64;

	for (uint32_t word = low / 64; word < RV_CHUNK_WORDS && n < room;
	     word++) {
		uint64_t rest = row[word] & mask;

		for (; rest != 0 && n < room; rest &= rest - 1)
			ids[n++] = key << 16 | word * 64 |
				   (uint32_t)__builtin_ctzll(rest);
		mask = UINT64_MAX;
	}
	return n;
}

static size_t
chunks_read(
    const struct rv_idset *set, uint32_t from, uint32_t *ids, size_t room)
{
	const struct rv_chunk *chunks = rv_idset_chunks(set);
	uint32_t low = from & 0xffff;
	size_t n = 0;

	for (uint32_t i = rv_idset_place(set, from >> 16);
	     i < set->n_chunks && n < room; i++) {
		const struct rv_chunk *c = &chunks[i];

		if (c->key != from >> 16)
			low = 0;
		n += c->bits != 0 ? rv_row_read(c->at.row, c->key, low, ids + n,
					room - n)
				  : array_read(c, low, ids + n, room - n);
	}
	return n;
}

size_t
rv_idset_read(
    const struct rv_idset *set, uint64_t *from, uint32_t *ids, size_t room)
{
	size_t n = 0;

	if (set == NULL || *from > UINT32_MAX || room == 0)
		return 0;
	if (set->n_chunks == 0)
		n = list_read(rv_idset_list(set), (uint32_t)*from, ids, room);
	else
		n = chunks_read(set, (uint32_t)*from, ids, room);
	if (n > 0)
		*from = (uint64_t)ids[n - 1] + 1;
	return n;
}

bool
rv_idset_next(const struct rv_idset *set, uint64_t *from, uint32_t *ret)
{
	return rv_idset_read(set, from, ret, 1) == 1;
}

bool
rv_idset_meets(const struct rv_idset *set, struct rv_ids ids)
{
	const struct rv_chunk *c;
	uint32_t place = 0, key = 0;

	if (set == NULL || ids.n == 0)
		return false;
	if (set->n_chunks == 0)
		return rv_ids_intersect(rv_idset_list(set), ids);
	c = rv_idset_chunks(set);
	for (size_t i = 0; i < ids.n; i++) {
		if (i == 0 || ids.p[i] >> 16 != key) {
			key = ids.p[i] >> 16;
			place = rv_idset_place(set, key);
		}
		if (place == set->n_chunks)
			return false; /* what follows is greater still */
		if (c[place].key == key &&
		    chunk_has(&c[place], ids.p[i] & 0xffff))
			return true;
	}
	return false;
}

uint32_t
rv_row_count(const uint64_t *row)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < RV_CHUNK_WORDS; i++)
		n += (uint32_t)__builtin_popcountll(row[i]);
	return n;
}

static bool
chunk_is_sound(const struct rv_chunk *c)
{
	if (c->n == 0 || c->at.block == NULL)
		return false;
	if (c->bits != 0)
		return rv_block_size(c->at.block) ==
			   RV_CHUNK_WORDS * sizeof(uint64_t) &&
		       rv_row_count(c->at.row) == c->n && c->n >= RV_ARRAY_MIN;
	if (c->n > RV_ARRAY_MAX ||
	    rv_block_size(c->at.block) < c->n * sizeof(uint16_t))
		return false;
	for (uint32_t i = 1; i < c->n; i++)
		if (c->at.array[i] <= c->at.array[i - 1])
			return false;
	return true;
}

bool
rv_idset_is_sound(const struct rv_idset *set)
{
	const struct rv_chunk *chunks;
	uint64_t n = 0;

	if (set == NULL)
		return true;
	if (set->n_chunks == 0)
		return set->more < RV_LIST_MAX &&
		       rv_block_size(set) >=
			   rv_idset_list_bytes((size_t)set->more + 1) &&
		       rv_ids_ascend(rv_idset_list(set));
	if (set->n_chunks > RV_CHUNK_IDS ||
	    rv_block_size(set) < rv_idset_chunks_bytes(set->n_chunks))
		return false;
	chunks = rv_idset_chunks(set);
	for (uint32_t i = 0; i < set->n_chunks; i++) {
		if (!chunk_is_sound(&chunks[i]) ||
		    (i > 0 && chunks[i].key <= chunks[i - 1].key))
			return false;
		n += chunks[i].n;
	}
	return n == rv_idset_count(set) && n >= RV_LIST_MIN;
}
