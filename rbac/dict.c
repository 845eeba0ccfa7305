#include "dict.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* The multipliers are odd 64-bit primes with about as many ones as zeros. */
#define PRIME_A UINT64_C(0xa0761d6478bd642f)
#define PRIME_B UINT64_C(0xe7037ed1a0b428db)
#define PRIME_C UINT64_C(0x8ebc6af09c88c6e3)

#define WORD 8	/* what a place counts */
#define LINE 64 /* what a processor fetches */

static inline uint64_t
mix(uint64_t a, uint64_t b)
{
	u128 product = (u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
word8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static inline uint64_t
word4(const char *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* Up to 16 bytes as two numbers, which overlap where there are fewer. */
static inline void
ends(const char *p, size_t n, uint64_t *ret_a, uint64_t *ret_b)
{
	if (n >= 8) {
		*ret_a = word8(p);
		*ret_b = word8(p + n - 8);
	} else if (n >= 4) {
		*ret_a = word4(p);
		*ret_b = word4(p + n - 4);
	} else if (n > 0) {
		*ret_a = (uint64_t)(unsigned char)p[0] << 16 |
			 (uint64_t)(unsigned char)p[n / 2] << 8 |
			 (unsigned char)p[n - 1];
		*ret_b = 0;
	} else {
		*ret_a = *ret_b = 0;
	}
}

/*
 * Multiply and fold, 16 bytes a step, in two lanes that do not wait for each
 * other.  Both factors depend on the seed, so that no bytes make one zero.
 */
static inline uint64_t
hash(uint64_t seed, const char *p, size_t n)
{
	const uint64_t left = seed ^ PRIME_A, right = seed ^ PRIME_B;
	const size_t length = n;
	uint64_t h = left, g = right, a, b;

	for (; n > 32; p += 32, n -= 32) {
		h = mix(word8(p) ^ left, word8(p + 8) ^ h);
		g = mix(word8(p + 16) ^ right, word8(p + 24) ^ g);
	}
	if (n > 16) {
		h = mix(word8(p) ^ left, word8(p + 8) ^ h);
		/* The last 16 bytes, some of them for the second time. */
		a = word8(p + n - 16);
		b = word8(p + n - 8);
	} else {
		ends(p, n, &a, &b);
	}
	return mix(mix(a ^ right, b ^ h) ^ g, PRIME_C ^ length);
}

uint64_t
rv_hash(uint64_t seed, struct rv_slice key)
{
	return hash(seed, key.p, key.n);
}

static inline uint64_t
hash_of(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	return hash(d->seed + space * PRIME_C, key.p, key.n);
}

uint64_t
rv_dict_hash(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	return hash_of(d, space, key);
}

void
rv_dict_init(struct rv_dict *d, uint64_t seed)
{
	*d = (struct rv_dict){ .seed = seed };
}

void
rv_dict_fini(struct rv_dict *d)
{
	free(d->slots);
	free(d->places);
	free(d->bytes);
	*d = (struct rv_dict){ .seed = d->seed };
}

/* bytes is aligned for a record, and so is every place. */
static inline struct rv_dict_record *
record_at(const struct rv_dict *d, uint32_t place)
{
	return (
	    struct rv_dict_record *)(void *)(d->bytes + (size_t)place * WORD);
}

static inline struct rv_dict_record *
record_of(const struct rv_dict *d, uint32_t id)
{
	RV_ASSERT(id < d->n);
	return record_at(d, d->places[id]);
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

static inline bool
record_is(const struct rv_dict_record *r, uint32_t space, struct rv_slice key)
{
	return r->space == space && r->n == key.n &&
	       (key.n == 0 || memcmp(r->bytes, key.p, key.n) == 0);
}

static inline const struct rv_dict_record *
get(const struct rv_dict *d, uint64_t h, uint32_t space, struct rv_slice key)
{
	const size_t mask = d->n_slots - 1;

	if (d->n_slots == 0 || key.p == NULL)
		return NULL;
	/* At least half of the slots are free, so that this ends. */
	for (size_t i = (size_t)h & mask;; i = (i + 1) & mask) {
		const struct rv_dict_slot slot = d->slots[i];

		if (slot.at == 0)
			return NULL;
		if (slot.tag == (uint32_t)(h >> 32) &&
		    record_is(record_at(d, slot.at - 1), space, key))
			return record_at(d, slot.at - 1);
	}
}

const struct rv_dict_record *
rv_dict_get(
    const struct rv_dict *d, uint64_t h, uint32_t space, struct rv_slice key)
{
	return get(d, h, space, key);
}

uint32_t
rv_dict_find(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	const struct rv_dict_record *r;

	if (key.p == NULL)
		return RV_NONE;
	r = get(d, hash_of(d, space, key), space, key);
	return r == NULL ? RV_NONE : r->id;
}

void
rv_dict_fetch_slot(const struct rv_dict *d, uint64_t h)
{
	if (d->n_slots > 0)
		__builtin_prefetch(&d->slots[(size_t)h & (d->n_slots - 1)]);
}

void
rv_dict_fetch_record(const struct rv_dict *d, uint64_t h)
{
	const size_t mask = d->n_slots - 1;

	if (d->n_slots == 0)
		return;
	for (size_t i = (size_t)h & mask; d->slots[i].at != 0;
	     i = (i + 1) & mask)
		if (d->slots[i].tag == (uint32_t)(h >> 32)) {
			__builtin_prefetch(record_at(d, d->slots[i].at - 1));
			return;
		}
}

static void
slot_put(struct rv_dict_slot *slots, size_t n_slots, uint64_t h, uint32_t place)
{
	size_t i = (size_t)h & (n_slots - 1);

	while (slots[i].at != 0)
		i = (i + 1) & (n_slots - 1);
	slots[i] = (struct rv_dict_slot){ (uint32_t)(h >> 32), place + 1 };
}

/* Keeps at least half of the slots free for one more entry. */
static int
slots_grow(struct rv_dict *d)
{
	size_t n_slots = d->n_slots == 0 ? 16 : d->n_slots * 2;
	struct rv_dict_slot *slots;

	if ((d->n + 1) * 2 <= d->n_slots)
		return RV_OK;
	slots = rv_array_new(n_slots, sizeof(*slots));
	if (slots == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t id = 0; id < d->n; id++)
		slot_put(slots, n_slots,
		    hash_of(d, rv_dict_space(d, id), rv_dict_name(d, id)),
		    d->places[id]);
	free(d->slots);
	d->slots = slots;
	d->n_slots = n_slots;
	return RV_OK;
}

/* Where a record of so many bytes would begin. */
static size_t
place_for(const struct rv_dict *d, size_t size)
{
	size_t at = d->n_bytes;

	if (size <= LINE && at % LINE + size > LINE)
		at += LINE - at % LINE;
	return at;
}

/* Makes room for size bytes, a multiple of WORD, and says where. */
static int
bytes_grow(struct rv_dict *d, size_t size, size_t *ret_at)
{
	const size_t at = place_for(d, size);
	size_t cap = d->cap_bytes < 256 ? 256 : d->cap_bytes;
	unsigned char *p;

	if (at + size > (size_t)UINT32_MAX * (WORD / 2))
		return RV_ERR_NOMEM;
	*ret_at = at;
	if (at + size <= d->cap_bytes)
		return RV_OK;
	while (cap < at + size)
		cap += (cap / 2 + LINE - 1) / LINE * LINE;
	p = aligned_alloc(LINE, cap);
	if (p == NULL)
		return RV_ERR_NOMEM;
	if (d->n_bytes > 0)
		memcpy(p, d->bytes, d->n_bytes);
	free(d->bytes);
	d->bytes = p;
	d->cap_bytes = cap;
	return RV_OK;
}

static size_t
record_size(size_t n)
{
	return (offsetof(struct rv_dict_record, bytes) + n + WORD - 1) / WORD *
	       WORD;
}

static uint32_t
record_put(struct rv_dict *d, size_t at, uint32_t space, struct rv_slice key)
{
	const uint32_t place = (uint32_t)(at / WORD);
	const size_t size = record_size(key.n);
	struct rv_dict_record *r = record_at(d, place);

	memset(d->bytes + d->n_bytes, 0, at + size - d->n_bytes);
	r->id = (uint32_t)d->n;
	r->space = space;
	r->n = (uint32_t)key.n;
	if (key.n > 0)
		memcpy(r->bytes, key.p, key.n);
	d->n_bytes = at + size;
	return place;
}

int
rv_dict_add(
    struct rv_dict *d, uint32_t space, struct rv_slice key, uint32_t *ret_id)
{
	uint32_t id = rv_dict_find(d, space, key);
	uint32_t *places;
	size_t at;

	if (id != RV_NONE) {
		*ret_id = id;
		return RV_ERR_EXISTS;
	}
	if (key.n > UINT32_MAX || slots_grow(d) != RV_OK ||
	    bytes_grow(d, record_size(key.n), &at) != RV_OK)
		return RV_ERR_NOMEM;
	places = rv_array_room(d->places, d->n, &d->cap, sizeof(*places));
	if (places == NULL)
		return RV_ERR_NOMEM;
	d->places = places;
	id = (uint32_t)d->n;
	places[id] = record_put(d, at, space, key);
	d->n++;
	slot_put(d->slots, d->n_slots, hash_of(d, space, key), places[id]);
	*ret_id = id;
	return RV_OK;
}

int
rv_dict_reorder(struct rv_dict *d, const uint32_t *order)
{
	uint32_t *places = rv_array_new(d->n, sizeof(*places));

	if (places == NULL)
		return RV_ERR_NOMEM;
	for (uint32_t id = 0; id < d->n; id++) {
		places[id] = d->places[order[id]];
		record_at(d, places[id])->id = id;
	}
	free(d->places);
	d->places = places;
	d->cap = d->n;
	return RV_OK;
}

/* Whether the record of an id lies inside the bytes. */
static bool
place_is_sound(const struct rv_dict *d, uint32_t id)
{
	const size_t head = offsetof(struct rv_dict_record, bytes);
	const size_t at = (size_t)d->places[id] * WORD;

	return at <= d->n_bytes && d->n_bytes - at >= head &&
	       record_of(d, id)->n <= d->n_bytes - at - head;
}

bool
rv_dict_is_sound(const struct rv_dict *d)
{
	size_t used = 0;

	if (d->n > 0 && d->n * 2 > d->n_slots)
		return false;
	for (size_t i = 0; i < d->n_slots; i++)
		used += d->slots[i].at != 0;
	if (used != d->n)
		return false;
	for (uint32_t id = 0; id < d->n; id++)
		if (!place_is_sound(d, id) ||
		    rv_dict_find(
			d, rv_dict_space(d, id), rv_dict_name(d, id)) != id)
			return false;
	return true;
}
