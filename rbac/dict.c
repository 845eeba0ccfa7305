#include "dict.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "large.h"

#define WORD	   8 /* bytes, what a place counts */
#define LINE_WORDS 8 /* what a processor fetches */

/*
 * Segments never move.  A place is the number of a segment of records and a
 * word in it, an id that of a segment of places and an item in it; no place
 * is 0.  The first segments of records are smaller, each twice the last.
 */
#define WORD_BITS   24
#define WORD_MASK   ((1u << WORD_BITS) - 1)
#define SEGMENTS    256u
#define FIRST_WORDS 8192u
#define SMALLER	    11
#define ID_BITS	    18
#define ID_MASK	    ((1u << ID_BITS) - 1)
#define ID_SEGMENTS 1024u

struct rv_dict_names {
	char *records[SEGMENTS]; /* NULL: not needed yet */
	uint32_t *places[ID_SEGMENTS];
	/* Of the thread that adds, on a line which others do not read. */
	_Alignas(64) size_t n;
	size_t next; /* place behind the last record */
};

uint64_t
rv_hash(uint64_t seed, struct rv_slice key)
{
	return rv_hash_of(seed, key.p, key.n);
}

static inline uint64_t
hash_of(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	return rv_hash_of(d->seed + space * RV_PRIME_C, key.p, key.n);
}

uint64_t
rv_dict_hash(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	return hash_of(d, space, key);
}

void
rv_dict_init(struct rv_dict *d, uint64_t seed)
{
	struct rv_dict_names *names =
	    aligned_alloc(_Alignof(struct rv_dict_names), sizeof(*names));

	/* All versions need the same one, so that it cannot come later. */
	if (names != NULL) {
		memset(names, 0, sizeof(*names));
		names->next = LINE_WORDS;
	}
	*d = (struct rv_dict){ .seed = seed, .names = names };
}

void
rv_dict_fini(struct rv_dict *d)
{
	struct rv_dict_names *names = d->names;

	rv_block_free(d->slots);
	for (size_t i = 0; names != NULL && i < SEGMENTS; i++)
		free(names->records[i]);
	for (size_t i = 0; names != NULL && i < ID_SEGMENTS; i++)
		free(names->places[i]);
	free(names);
	*d = (struct rv_dict){ .seed = d->seed };
}

/* A segment is aligned for a record, and so is every place in it. */
static inline struct rv_dict_record *
record_at(const struct rv_dict_names *names, uint32_t place)
{
	char *segment = names->records[place >> WORD_BITS];
	const size_t word = place & WORD_MASK;

	return (struct rv_dict_record *)(void *)(segment + word * WORD);
}

static inline uint32_t *
place_of(const struct rv_dict_names *names, uint32_t id)
{
	return names->places[id >> ID_BITS] + (id & ID_MASK);
}

static inline size_t
segment_words(size_t segment)
{
	return segment < SMALLER ? (size_t)FIRST_WORDS << segment
				 : (size_t)1 << WORD_BITS;
}

static inline struct rv_dict_record *
record_of(const struct rv_dict *d, uint32_t id)
{
	RV_ASSERT(id < d->n);
	return record_at(d->names, *place_of(d->names, id));
}

struct rv_slice
rv_dict_name(const struct rv_dict *d, uint32_t id)
{
	const struct rv_dict_record *r;

	if (id == RV_NONE)
		return RV_SLICE_NONE;
	r = record_of(d, id);
	return (struct rv_slice){ r->bytes, r->n };
}

uint32_t
rv_dict_space(const struct rv_dict *d, uint32_t id)
{
	return record_of(d, id)->space;
}

void
rv_dict_set_value(struct rv_dict *d, uint32_t id, uint64_t value)
{
	record_of(d, id)->value = value;
}

uint64_t
rv_dict_value(const struct rv_dict *d, uint32_t id)
{
	return record_of(d, id)->value;
}

void
rv_dict_set_moved(struct rv_dict *d, uint32_t id)
{
	__atomic_store_n(&record_of(d, id)->moved, 1, __ATOMIC_RELAXED);
}

/* Behind a slot that is seen lies a record that is written. */
static inline uint64_t
slot_at(const struct rv_dict *d, size_t i)
{
	return __atomic_load_n(&d->slots[i], __ATOMIC_ACQUIRE);
}

static inline uint64_t
slot_make(uint64_t h, uint32_t place)
{
	return h >> 32 << 32 | place;
}

static inline bool
slot_fits(uint64_t slot, uint64_t h)
{
	return (slot ^ h) >> 32 == 0;
}

/*
 * Where a search begins: as many of the upper bits of a hash as there are
 * slots.  A slot keeps them, so that slots move to more of them without a
 * look at the names.
 */
static inline size_t
home(uint64_t h, size_t n_slots)
{
	return (size_t)((h >> 32) * n_slots >> 32);
}

static inline bool
record_is(const struct rv_dict_record *r, uint32_t space, struct rv_slice key)
{
	return r->space == space && r->n == key.n &&
	       (key.n == 0 || memcmp(r->bytes, key.p, key.n) == 0);
}

/* Also what other versions have added. */
static inline const struct rv_dict_record *
look(const struct rv_dict *d, uint64_t h, uint32_t space, struct rv_slice key)
{
	const size_t mask = d->n_slots - 1;

	if (d->n_slots == 0 || key.p == NULL)
		return NULL;
	/* At least half of the slots are free, so that this ends. */
	for (size_t i = home(h, d->n_slots);; i = (i + 1) & mask) {
		const uint64_t slot = slot_at(d, i);
		const struct rv_dict_record *r;

		if (slot == 0)
			return NULL;
		if (!slot_fits(slot, h))
			continue;
		r = record_at(d->names, (uint32_t)slot);
		if (record_is(r, space, key))
			return r;
	}
}

const struct rv_dict_record *
rv_dict_get(
    const struct rv_dict *d, uint64_t h, uint32_t space, struct rv_slice key)
{
	const struct rv_dict_record *r = look(d, h, space, key);

	return r != NULL && r->id < d->n ? r : NULL;
}

uint32_t
rv_dict_find(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	const struct rv_dict_record *r;

	if (key.p == NULL)
		return RV_NONE;
	r = look(d, hash_of(d, space, key), space, key);
	return r != NULL && r->id < d->n ? r->id : RV_NONE;
}

void
rv_dict_fetch_slot(const struct rv_dict *d, uint64_t h)
{
	if (d->n_slots > 0)
		__builtin_prefetch(&d->slots[home(h, d->n_slots)]);
}

void
rv_dict_fetch_record(const struct rv_dict *d, uint64_t h)
{
	const size_t mask = d->n_slots - 1;
	uint64_t slot;

	if (d->n_slots == 0)
		return;
	for (size_t i = home(h, d->n_slots); (slot = slot_at(d, i)) != 0;
	     i = (i + 1) & mask)
		if (slot_fits(slot, h)) {
			__builtin_prefetch(record_at(d->names, (uint32_t)slot));
			return;
		}
}

static void
slot_put(uint64_t *slots, size_t n_slots, uint64_t slot)
{
	size_t i = home(slot, n_slots);

	while (slots[i] != 0)
		i = (i + 1) & (n_slots - 1);
	__atomic_store_n(&slots[i], slot, __ATOMIC_RELEASE);
}

/* Keeps at least half of the slots free when there are n names. */
static int
slots_grow(struct rv_edit *e, struct rv_dict *d, size_t n)
{
	size_t n_slots = d->n_slots == 0 ? 16 : d->n_slots;
	uint64_t *slots;

	while (n_slots < n * 2)
		n_slots *= 2;
	if (n_slots == d->n_slots)
		return RV_OK;
	slots = rv_block_new(e, n_slots * sizeof(*slots));
	if (slots == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < d->n_slots; i++)
		if (d->slots[i] != 0)
			slot_put(slots, n_slots, d->slots[i]);
	rv_block_drop(e, d->slots);
	d->slots = slots;
	d->n_slots = n_slots;
	return RV_OK;
}

/*
 * Takes over the names that edits have left behind which were given up: they
 * have their ids.  Some were only in slots that went with the edit.
 */
static int
adopt(struct rv_edit *e, struct rv_dict *d)
{
	const struct rv_dict_names *names = d->names;

	if (slots_grow(e, d, names->n) != RV_OK)
		return RV_ERR_NOMEM;
	for (; d->n < names->n; d->n++) {
		const uint32_t place = *place_of(names, (uint32_t)d->n);
		const struct rv_dict_record *r = record_at(names, place);
		const struct rv_slice name = { r->bytes, r->n };
		const uint64_t h = hash_of(d, r->space, name);

		if (look(d, h, r->space, name) == NULL)
			slot_put(d->slots, d->n_slots, slot_make(h, place));
	}
	return RV_OK;
}

static size_t
record_words(size_t n)
{
	return (offsetof(struct rv_dict_record, bytes) + n + WORD - 1) / WORD;
}

/*
 * Where a record of so many words begins: a short one inside of a line, and
 * all inside of a segment.  0: there is no room.
 */
static uint32_t
place_for(size_t next, size_t words)
{
	const size_t line = next % LINE_WORDS;
	size_t segment;

	if (words <= LINE_WORDS && line + words > LINE_WORDS)
		next += LINE_WORDS - line;
	for (segment = next >> WORD_BITS; segment < SEGMENTS; segment++) {
		if ((next & WORD_MASK) + words <= segment_words(segment))
			return (uint32_t)next;
		next = (segment + 1) << WORD_BITS;
	}
	return 0;
}

static char *
segment_new(size_t bytes)
{
	const size_t line = (size_t)LINE_WORDS * WORD;
	char *p =
	    aligned_alloc(bytes < RV_LARGE_PAGE ? line : RV_LARGE_PAGE, bytes);

	if (p != NULL)
		rv_ask_large_pages(p, bytes);
	return p;
}

/* gcc 12 loses an element of an array in the heap by a variable index. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
/* Makes sure of the segments for the next id and the record at place. */
static int
segments_need(struct rv_dict_names *names, uint32_t place)
{
	const size_t segment = place >> WORD_BITS;
	const size_t row = names->n >> ID_BITS;

	if (names->records[segment] == NULL)
		names->records[segment] =
		    segment_new(segment_words(segment) * WORD);
	if (names->places[row] == NULL)
		names->places[row] = malloc(sizeof(uint32_t) << ID_BITS);
	return names->records[segment] != NULL && names->places[row] != NULL
		   ? RV_OK
		   : RV_ERR_NOMEM;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

static void
record_put(struct rv_dict_names *names, uint32_t place, uint32_t space,
    struct rv_slice key)
{
	struct rv_dict_record *r = record_at(names, place);
	const size_t words = record_words(key.n);

	memset(r, 0, words * WORD);
	r->id = (uint32_t)names->n;
	r->space = space;
	r->n = (uint16_t)key.n;
	if (key.n > 0)
		memcpy(r->bytes, key.p, key.n);
	*place_of(names, r->id) = place;
	names->n++;
	names->next = place + words;
}

int
rv_dict_add(struct rv_edit *e, struct rv_dict *d, uint32_t space,
    struct rv_slice key, uint32_t *ret_id)
{
	struct rv_dict_names *names = d->names;
	const uint64_t h = hash_of(d, space, key);
	const struct rv_dict_record *r;
	uint32_t place;

	if (key.p == NULL)
		return RV_ERR_INVALID;
	if (key.n > UINT16_MAX)
		return RV_ERR_LIMIT;
	if (names == NULL || (d->n < names->n && adopt(e, d) != RV_OK))
		return RV_ERR_NOMEM;
	r = look(d, h, space, key);
	if (r != NULL) {
		*ret_id = r->id;
		return RV_ERR_EXISTS;
	}
	place = place_for(names->next, record_words(key.n));
	if (place == 0 || names->n >> ID_BITS >= ID_SEGMENTS) {
		if (e != NULL)
			e->full = true;
		return RV_ERR_NOMEM;
	}
	if (slots_grow(e, d, d->n + 1) != RV_OK ||
	    segments_need(names, place) != RV_OK)
		return RV_ERR_NOMEM;
	*ret_id = (uint32_t)names->n;
	record_put(names, place, space, key);
	d->n = names->n;
	slot_put(d->slots, d->n_slots, slot_make(h, place));
	return RV_OK;
}

/* Whether the record of an id lies inside of a segment, and says so. */
static bool
record_is_sound(const struct rv_dict *d, uint32_t id)
{
	const uint32_t place = *place_of(d->names, id);
	const size_t word = place & WORD_MASK;
	const size_t words = segment_words(place >> WORD_BITS);
	const struct rv_dict_record *r;

	if (place >> WORD_BITS >= SEGMENTS || word + record_words(0) > words ||
	    d->names->records[place >> WORD_BITS] == NULL)
		return false;
	r = record_at(d->names, place);
	return r->id == id && word + record_words(r->n) <= words;
}

bool
rv_dict_is_sound(const struct rv_dict *d)
{
	size_t used = 0;

	if (d->n > 0 && d->n * 2 > d->n_slots)
		return false;
	for (size_t i = 0; i < d->n_slots; i++)
		used += slot_at(d, i) != 0;
	if (used < d->n || used * 2 > d->n_slots)
		return false;
	for (uint32_t id = 0; id < d->n; id++)
		if (!record_is_sound(d, id) ||
		    rv_dict_find(
			d, rv_dict_space(d, id), rv_dict_name(d, id)) != id)
			return false;
	return true;
}

size_t
rv_dict_bytes(const struct rv_dict *d)
{
	size_t words = 0, place;
	uint32_t last;

	if (d->n > 0) {
		last = (uint32_t)d->n - 1;
		place = *place_of(d->names, last);
		for (size_t i = 0; i < place >> WORD_BITS; i++)
			words += segment_words(i);
		words += place & WORD_MASK;
		words += record_words(rv_dict_name(d, last).n);
	}
	return sizeof(*d->names) + d->n_slots * sizeof(*d->slots) +
	       d->n * sizeof(uint32_t) + words * WORD;
}
