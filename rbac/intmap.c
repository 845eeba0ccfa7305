#include "intmap.h"

#include <stdlib.h>

/* Fibonacci hashing, folded so that the low bits depend on all bits. */
static size_t
start(uint64_t key)
{
	key *= UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(key ^ (key >> 32));
}

void
rv_intmap_fini(struct rv_intmap *m)
{
	free(m->slots);
	*m = (struct rv_intmap){ 0 };
}

/* The slot of the key, or the free one where it would be. */
static struct rv_intmap_slot *
slot_of(struct rv_intmap_slot *slots, size_t n_slots, uint64_t key)
{
	size_t i = start(key) & (n_slots - 1);

	while (slots[i].used && slots[i].key != key)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static int
grow(struct rv_intmap *m)
{
	size_t n_slots = m->n_slots == 0 ? 16 : m->n_slots * 2;
	struct rv_intmap_slot *slots;

	if ((m->n + 1) * 2 <= m->n_slots)
		return RV_OK;
	slots = rv_array_new(n_slots, sizeof(*slots));
	if (slots == NULL)
		return RV_ERR_NOMEM;
	for (size_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].used)
			*slot_of(slots, n_slots, m->slots[i].key) = m->slots[i];
	free(m->slots);
	m->slots = slots;
	m->n_slots = n_slots;
	return RV_OK;
}

int
rv_intmap_add(struct rv_intmap *m, uint64_t key, uint32_t value)
{
	struct rv_intmap_slot *slot;

	if (grow(m) != RV_OK)
		return RV_ERR_NOMEM;
	slot = slot_of(m->slots, m->n_slots, key);
	if (slot->used)
		return RV_ERR_EXISTS;
	*slot = (struct rv_intmap_slot){ key, value, true };
	m->n++;
	return RV_OK;
}

uint32_t
rv_intmap_set(struct rv_intmap *m, uint64_t key, uint32_t value)
{
	struct rv_intmap_slot *slot = slot_of(m->slots, m->n_slots, key);
	uint32_t old = slot->value;

	RV_ASSERT(slot->used);
	slot->value = value;
	return old;
}

uint32_t
rv_intmap_find(const struct rv_intmap *m, uint64_t key)
{
	const struct rv_intmap_slot *slot;

	if (m->n_slots == 0)
		return RV_NONE;
	slot = slot_of(m->slots, m->n_slots, key);
	return slot->used ? slot->value : RV_NONE;
}
