#include "dict.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 u128;

/* The multipliers are odd 64-bit primes with about as many ones as zeros. */
#define PRIME_A UINT64_C(0xa0761d6478bd642f)
#define PRIME_B UINT64_C(0xe7037ed1a0b428db)
#define PRIME_C UINT64_C(0x8ebc6af09c88c6e3)

static uint64_t
mix(uint64_t a, uint64_t b)
{
	u128 product = (u128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Up to 8 bytes as a number; the missing ones count as 0. */
static uint64_t
word(const char *p, size_t n)
{
	uint64_t w = 0;

	memcpy(&w, p, n < sizeof(w) ? n : sizeof(w));
	return w;
}

uint64_t
rv_hash(uint64_t seed, struct rv_slice key)
{
	const char *p = key.p;
	size_t n = key.n;
	uint64_t h = seed ^ mix(seed ^ PRIME_A, (uint64_t)n ^ PRIME_B);

	for (; n > 16; p += 16, n -= 16)
		h = mix(word(p, 8) ^ PRIME_B, word(p + 8, 8) ^ h);
	if (n > 8)
		h = mix(word(p, 8) ^ PRIME_C, word(p + 8, n - 8) ^ h);
	else if (n > 0)
		h = mix(word(p, n) ^ PRIME_C, h);
	return mix(h ^ PRIME_A, PRIME_B);
}

static uint64_t
hash_of(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	return rv_hash(d->seed ^ (space * PRIME_C), key);
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
	free(d->entries);
	free(d->bytes);
	*d = (struct rv_dict){ .seed = d->seed };
}

struct rv_slice
rv_dict_name(const struct rv_dict *d, uint32_t id)
{
	const struct rv_dict_entry *e;

	if (id == RV_NONE)
		return RV_SLICE_NONE;
	RV_ASSERT(id < d->n);
	e = &d->entries[id];
	return (struct rv_slice){ d->bytes + e->off, e->n };
}

static bool
entry_is(
    const struct rv_dict *d, uint32_t id, uint32_t space, struct rv_slice key)
{
	const struct rv_dict_entry *e = &d->entries[id];

	return e->space == space && e->n == key.n &&
	       (key.n == 0 || memcmp(d->bytes + e->off, key.p, key.n) == 0);
}

uint32_t
rv_dict_find(const struct rv_dict *d, uint32_t space, struct rv_slice key)
{
	const size_t mask = d->n_slots - 1;
	uint64_t h;

	if (d->n_slots == 0 || key.p == NULL)
		return RV_NONE;
	h = hash_of(d, space, key);
	/* At least half of the slots are free, so that this ends. */
	for (size_t i = (size_t)h & mask;; i = (i + 1) & mask) {
		const struct rv_dict_slot *slot = &d->slots[i];

		if (slot->entry == 0)
			return RV_NONE;
		if (slot->tag == (uint32_t)(h >> 32) &&
		    entry_is(d, slot->entry - 1, space, key))
			return slot->entry - 1;
	}
}

static void
slot_put(struct rv_dict_slot *slots, size_t n_slots, uint64_t h, uint32_t id)
{
	size_t i = (size_t)h & (n_slots - 1);

	while (slots[i].entry != 0)
		i = (i + 1) & (n_slots - 1);
	slots[i] = (struct rv_dict_slot){ (uint32_t)(h >> 32), id + 1 };
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
		    hash_of(d, d->entries[id].space, rv_dict_name(d, id)), id);
	free(d->slots);
	d->slots = slots;
	d->n_slots = n_slots;
	return RV_OK;
}

static int
bytes_grow(struct rv_dict *d, size_t n)
{
	size_t cap = d->cap_bytes < 256 ? 256 : d->cap_bytes;
	char *p;

	if (n > UINT32_MAX - d->n_bytes)
		return RV_ERR_NOMEM;
	if (d->bytes != NULL && n <= d->cap_bytes - d->n_bytes)
		return RV_OK;
	while (cap < d->n_bytes + n)
		cap += cap / 2;
	p = realloc(d->bytes, cap);
	if (p == NULL)
		return RV_ERR_NOMEM;
	d->bytes = p;
	d->cap_bytes = cap;
	return RV_OK;
}

int
rv_dict_add(
    struct rv_dict *d, uint32_t space, struct rv_slice key, uint32_t *ret_id)
{
	uint32_t id = rv_dict_find(d, space, key);
	struct rv_dict_entry *entries;

	if (id != RV_NONE) {
		*ret_id = id;
		return RV_ERR_EXISTS;
	}
	if (slots_grow(d) != RV_OK || bytes_grow(d, key.n) != RV_OK)
		return RV_ERR_NOMEM;
	entries = rv_array_room(d->entries, d->n, &d->cap, sizeof(*entries));
	if (entries == NULL)
		return RV_ERR_NOMEM;
	d->entries = entries;
	id = (uint32_t)d->n;
	entries[id] = (struct rv_dict_entry){ (uint32_t)d->n_bytes,
		(uint32_t)key.n, space };
	if (key.n > 0)
		memcpy(d->bytes + d->n_bytes, key.p, key.n);
	d->n_bytes += key.n;
	d->n++;
	slot_put(d->slots, d->n_slots, hash_of(d, space, key), id);
	*ret_id = id;
	return RV_OK;
}

bool
rv_dict_is_sound(const struct rv_dict *d)
{
	size_t used = 0;

	if (d->n > 0 && d->n * 2 > d->n_slots)
		return false;
	for (size_t i = 0; i < d->n_slots; i++)
		used += d->slots[i].entry != 0;
	if (used != d->n)
		return false;
	for (uint32_t id = 0; id < d->n; id++) {
		const struct rv_dict_entry *e = &d->entries[id];

		if (e->off > d->n_bytes || e->n > d->n_bytes - e->off ||
		    rv_dict_find(d, e->space, rv_dict_name(d, id)) != id)
			return false;
	}
	return true;
}
