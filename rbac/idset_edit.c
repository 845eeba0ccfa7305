#include <string.h>

#include "idset_form.h"

static uint32_t
key_of(uint32_t id)
{
	return id >> 16;
}

static uint32_t
low_of(uint32_t id)
{
	return id & 0xffff;
}

/* Moves what is behind a place of an array of n items by one. */
static void
gap_open(void *items, size_t size, size_t n, size_t at)
{
	char *p = (char *)items + at * size;

	memmove(p + size, p, (n - at) * size);
}

static void
gap_close(void *items, size_t size, size_t n, size_t at)
{
	char *p = (char *)items + at * size;

	memmove(p, p + size, (n - at - 1) * size);
}

/* ---- Making ------------------------------------------------------------ */

/* A chunk of ids that share their upper half. */
static int
chunk_make(struct rv_edit *e, struct rv_ids ids, struct rv_chunk *ret_chunk)
{
	struct rv_chunk c = { .key = (uint16_t)key_of(ids.p[0]),
		.bits = ids.n > RV_ARRAY_MAX,
		.n = (uint32_t)ids.n };

	c.at.block =
	    rv_block_new(e, c.bits != 0 ? RV_CHUNK_WORDS * sizeof(*c.at.row)
					: ids.n * sizeof(*c.at.array));
	if (c.at.block == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < ids.n; i++) {
		const uint32_t low = low_of(ids.p[i]);

		if (c.bits != 0)
			c.at.row[low / 64] |= UINT64_C(1) << low % 64;
		else
			c.at.array[i] = (uint16_t)low;
	}
	*ret_chunk = c;
	return RV_OK;
}

/* The first of the ids that share their upper half, and the rest of them. */
static struct rv_ids
run_of(struct rv_ids ids, struct rv_ids *ret_rest)
{
	const size_t n = rv_ids_upto(ids, ids.p[0] | 0xffff);

	*ret_rest = (struct rv_ids){ ids.p + n, ids.n - n };
	return (struct rv_ids){ ids.p, n };
}

static size_t
count_runs(struct rv_ids ids)
{
	size_t n = 0;

	for (; ids.n > 0; n++)
		(void)run_of(ids, &ids);
	return n;
}

static int
make_list(struct rv_edit *e, struct rv_ids ids, struct rv_idset **ret_set)
{
	struct rv_idset *set = rv_block_new(e, rv_idset_list_bytes(ids.n));

	if (set == NULL)
		return RV_ERR_NOMEM;
	set->more = (uint32_t)(ids.n - 1);
	memcpy(rv_idset_ids(set), ids.p, ids.n * sizeof(*ids.p));
	*ret_set = set;
	return RV_OK;
}

static int
make_chunks(struct rv_edit *e, struct rv_ids ids, struct rv_idset **ret_set)
{
	const uint32_t more = (uint32_t)(ids.n - 1);
	struct rv_idset *set =
	    rv_block_new(e, rv_idset_chunks_bytes(count_runs(ids)));

	if (set == NULL)
		return RV_ERR_NOMEM;
	while (ids.n > 0) {
		const struct rv_ids run = run_of(ids, &ids);

		if (chunk_make(e, run, rv_idset_chunks(set) + set->n_chunks) !=
		    RV_OK) {
			rv_idset_drop(e, set);
			return RV_ERR_NOMEM;
		}
		set->n_chunks++;
	}
	set->more = more;
	*ret_set = set;
	return RV_OK;
}

int
rv_idset_make(struct rv_edit *e, struct rv_ids ids, struct rv_idset **ret_set)
{
	RV_ASSERT(rv_ids_ascend(ids));
	if (ids.n > RV_LIST_MAX)
		return make_chunks(e, ids, ret_set);
	if (ids.n > 0)
		return make_list(e, ids, ret_set);
	*ret_set = NULL;
	return RV_OK;
}

void
rv_idset_drop(struct rv_edit *e, struct rv_idset *set)
{
	if (set == NULL)
		return;
	for (uint32_t i = 0; i < set->n_chunks; i++)
		rv_block_drop(e, rv_idset_chunks(set)[i].at.block);
	rv_block_drop(e, set);
}

void
rv_idset_free(struct rv_idset *set)
{
	if (set == NULL)
		return;
	for (uint32_t i = 0; i < set->n_chunks; i++)
		rv_block_free(rv_idset_chunks(set)[i].at.block);
	rv_block_free(set);
}

/* ---- Adding ------------------------------------------------------------ */

/* A list that has become too long for one. */
static int
list_to_chunks(struct rv_edit *e, struct rv_idset **set, size_t at, uint32_t id)
{
	const struct rv_ids old = rv_idset_list(*set);
	uint32_t ids[RV_LIST_MAX + 1];
	struct rv_idset *new;

	memcpy(ids, old.p, at * sizeof(*ids));
	ids[at] = id;
	memcpy(ids + at + 1, old.p + at, (old.n - at) * sizeof(*ids));
	if (make_chunks(e, (struct rv_ids){ ids, old.n + 1 }, &new) != RV_OK)
		return RV_ERR_NOMEM;
	rv_idset_drop(e, *set);
	*set = new;
	return RV_OK;
}

static int
list_add(struct rv_edit *e, struct rv_idset **set, uint32_t id)
{
	const struct rv_ids old = rv_idset_list(*set);
	const size_t n = old.n, at = rv_ids_upto(old, id);
	struct rv_idset *s;
	uint32_t *ids;

	if (at > 0 && old.p[at - 1] == id)
		return RV_ERR_EXISTS;
	if (n == RV_LIST_MAX)
		return list_to_chunks(e, set, at, id);
	s = rv_block_room(e, *set, rv_idset_list_bytes(n + 1));
	if (s == NULL)
		return RV_ERR_NOMEM;
	*set = s;
	ids = rv_idset_ids(s);
	gap_open(ids, sizeof(*ids), n, at);
	ids[at] = id;
	s->more++;
	return RV_OK;
}

/* An array that is full: from now on a bit for each of its ids. */
static int
array_to_row(struct rv_edit *e, struct rv_chunk *c)
{
	uint64_t *row = rv_block_new(e, RV_CHUNK_WORDS * sizeof(*row));

	if (row == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t i = 0; i < c->n; i++)
		row[c->at.array[i] / 64] |= UINT64_C(1) << c->at.array[i] % 64;
	rv_block_drop(e, c->at.block);
	c->at.row = row;
	c->bits = 1;
	return RV_OK;
}

/* The chunk itself may be written to; the id is not in it. */
static int
chunk_add(struct rv_edit *e, struct rv_chunk *c, uint32_t low)
{
	uint32_t at;
	void *block;

	if (c->bits == 0 && c->n == RV_ARRAY_MAX && array_to_row(e, c) != RV_OK)
		return RV_ERR_NOMEM;
	if (c->bits != 0)
		block = rv_block_write(e, c->at.block);
	else
		block = rv_block_room(
		    e, c->at.block, (c->n + 1) * sizeof(*c->at.array));
	if (block == NULL)
		return RV_ERR_NOMEM;
	c->at.block = block;
	if (c->bits != 0) {
		c->at.row[low / 64] |= UINT64_C(1) << low % 64;
	} else {
		at = rv_array_before(c->at.array, c->n, low);
		gap_open(c->at.array, sizeof(*c->at.array), c->n, at);
		c->at.array[at] = (uint16_t)low;
	}
	c->n++;
	return RV_OK;
}

/* A new chunk of one id. */
static int
chunks_insert(
    struct rv_edit *e, struct rv_idset **set, uint32_t place, uint32_t id)
{
	struct rv_chunk c, *chunks;
	struct rv_idset *s;

	if (chunk_make(e, (struct rv_ids){ &id, 1 }, &c) != RV_OK)
		return RV_ERR_NOMEM;
	s = rv_block_room(
	    e, *set, rv_idset_chunks_bytes((size_t)(*set)->n_chunks + 1));
	if (s == NULL) {
		rv_block_drop(e, c.at.block);
		return RV_ERR_NOMEM;
	}
	*set = s;
	chunks = rv_idset_chunks(s);
	gap_open(chunks, sizeof(*chunks), s->n_chunks, place);
	chunks[place] = c;
	s->n_chunks++;
	s->more++;
	return RV_OK;
}

static int
chunks_add(struct rv_edit *e, struct rv_idset **set, uint32_t id)
{
	const uint32_t place = rv_idset_place(*set, key_of(id));
	struct rv_idset *s;

	if (rv_idset_has(*set, id))
		return RV_ERR_EXISTS;
	if (place == (*set)->n_chunks ||
	    rv_idset_chunks(*set)[place].key != key_of(id))
		return chunks_insert(e, set, place, id);
	s = rv_block_write(e, *set);
	if (s == NULL)
		return RV_ERR_NOMEM;
	*set = s;
	if (chunk_add(e, rv_idset_chunks(s) + place, low_of(id)) != RV_OK)
		return RV_ERR_NOMEM;
	s->more++;
	return RV_OK;
}

int
rv_idset_add(struct rv_edit *e, struct rv_idset **set, uint32_t id)
{
	if (*set == NULL)
		return make_list(e, (struct rv_ids){ &id, 1 }, set);
	if ((*set)->n_chunks == 0)
		return list_add(e, set, id);
	return chunks_add(e, set, id);
}

/* ---- Removing ---------------------------------------------------------- */

static int
list_remove(struct rv_edit *e, struct rv_idset **set, uint32_t id)
{
	const struct rv_ids old = rv_idset_list(*set);
	const size_t n = old.n, at = rv_ids_upto(old, id);
	struct rv_idset *s;

	if (at == 0 || old.p[at - 1] != id)
		return RV_ERR_NOTFOUND;
	if (n == 1) {
		rv_idset_drop(e, *set);
		*set = NULL;
		return RV_OK;
	}
	s = rv_block_write(e, *set);
	if (s == NULL)
		return RV_ERR_NOMEM;
	gap_close(rv_idset_ids(s), sizeof(uint32_t), n, at - 1);
	s->more--;
	*set = rv_block_trim(e, s, rv_idset_list_bytes(n - 1));
	return RV_OK;
}

/* A row with few ids left: from now on an array. */
static int
row_to_array(struct rv_edit *e, struct rv_chunk *c)
{
	uint16_t *array = rv_block_new(e, c->n * sizeof(*array));
	uint32_t n = 0;

	if (array == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t word = 0; word < RV_CHUNK_WORDS; word++)
		for (uint64_t rest = c->at.row[word]; rest != 0;
		     rest &= rest - 1)
			array[n++] =
			    (uint16_t)(word * 64 +
				       (uint32_t)__builtin_ctzll(rest));
	rv_block_drop(e, c->at.block);
	c->at.array = array;
	c->bits = 0;
	return RV_OK;
}

/* The chunk itself may be written to; the id is in it, and others are. */
static int
chunk_remove(struct rv_edit *e, struct rv_chunk *c, uint32_t low)
{
	void *block;

	if (c->bits != 0 && c->n == RV_ARRAY_MIN && row_to_array(e, c) != RV_OK)
		return RV_ERR_NOMEM;
	block = rv_block_write(e, c->at.block);
	if (block == NULL)
		return RV_ERR_NOMEM;
	c->at.block = block;
	if (c->bits != 0) {
		c->at.row[low / 64] &= ~(UINT64_C(1) << low % 64);
		c->n--;
		return RV_OK;
	}
	gap_close(c->at.array, sizeof(*c->at.array), c->n,
	    rv_array_before(c->at.array, c->n, low));
	c->n--;
	c->at.block = rv_block_trim(e, block, c->n * sizeof(*c->at.array));
	return RV_OK;
}

/* The last id of a chunk goes, and the chunk with it. */
static void
chunks_cut(struct rv_edit *e, struct rv_idset **set, uint32_t place)
{
	struct rv_idset *s = *set;
	struct rv_chunk *chunks = rv_idset_chunks(s);

	rv_block_drop(e, chunks[place].at.block);
	gap_close(chunks, sizeof(*chunks), s->n_chunks, place);
	s->n_chunks--;
	*set = rv_block_trim(e, s, rv_idset_chunks_bytes(s->n_chunks));
}

/* Few ids are left, one of which is to go. */
static int
chunks_to_list(struct rv_edit *e, struct rv_idset **set)
{
	uint32_t ids[RV_LIST_MIN];
	uint64_t from = 0;
	struct rv_idset *list;
	const size_t n = rv_idset_read(*set, &from, ids, RV_LIST_MIN);

	if (make_list(e, (struct rv_ids){ ids, n }, &list) != RV_OK)
		return RV_ERR_NOMEM;
	rv_idset_drop(e, *set);
	*set = list;
	return RV_OK;
}

static int
chunks_remove(struct rv_edit *e, struct rv_idset **set, uint32_t id)
{
	const uint32_t place = rv_idset_place(*set, key_of(id));
	struct rv_chunk *c;
	struct rv_idset *s;

	if (!rv_idset_has(*set, id))
		return RV_ERR_NOTFOUND;
	if (rv_idset_count(*set) == RV_LIST_MIN)
		return chunks_to_list(e, set) == RV_OK ? list_remove(e, set, id)
						       : RV_ERR_NOMEM;
	s = rv_block_write(e, *set);
	if (s == NULL)
		return RV_ERR_NOMEM;
	*set = s;
	c = rv_idset_chunks(s) + place;
	s->more--;
	if (c->n == 1) {
		chunks_cut(e, set, place);
	} else if (chunk_remove(e, c, low_of(id)) != RV_OK) {
		s->more++;
		return RV_ERR_NOMEM;
	}
	return RV_OK;
}

int
rv_idset_remove(struct rv_edit *e, struct rv_idset **set, uint32_t id)
{
	if (*set == NULL)
		return RV_ERR_NOTFOUND;
	if ((*set)->n_chunks == 0)
		return list_remove(e, set, id);
	return chunks_remove(e, set, id);
}
