#include "sets.h"

#include <stdlib.h>
#include <string.h>

size_t
rv_ids_upto(struct rv_ids ids, uint32_t id)
{
	size_t low = 0, high = ids.n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ids.p[middle] <= id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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
rv_ids_ascend(struct rv_ids ids, size_t universe)
{
	for (size_t i = 0; i < ids.n; i++)
		if (ids.p[i] >= universe || (i > 0 && ids.p[i] <= ids.p[i - 1]))
			return false;
	return true;
}

struct rv_ids
rv_sets_get(const struct rv_sets *sets, uint32_t set)
{
	RV_ASSERT(set < sets->n);
	return (struct rv_ids){ sets->ids + sets->first[set],
		sets->first[set + 1] - sets->first[set] };
}

static size_t
start(const struct rv_sets *sets, struct rv_ids ids)
{
	uint64_t h = ids.n;

	for (size_t i = 0; i < ids.n; i++) {
		h = (h ^ ids.p[i]) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return (size_t)h & (sets->n_slots - 1);
}

static void
slot_put(struct rv_sets *sets, uint32_t set)
{
	size_t i = start(sets, rv_sets_get(sets, set));

	while (sets->slots[i] != 0)
		i = (i + 1) & (sets->n_slots - 1);
	sets->slots[i] = set + 1;
}

static int
slots_grow(struct rv_sets *sets)
{
	size_t n_slots = sets->n_slots == 0 ? 16 : sets->n_slots * 2;
	uint32_t *slots;

	if ((sets->n + 1) * 2 <= sets->n_slots)
		return RV_OK;
	slots = rv_array_new(n_slots, sizeof(*slots));
	if (slots == NULL)
		return RV_ERR_NOMEM;
	free(sets->slots);
	sets->slots = slots;
	sets->n_slots = n_slots;
	for (uint32_t set = 0; set < sets->n; set++)
		slot_put(sets, set);
	return RV_OK;
}

static uint32_t
find(const struct rv_sets *sets, struct rv_ids ids)
{
	for (size_t i = start(sets, ids); sets->slots[i] != 0;
	     i = (i + 1) & (sets->n_slots - 1)) {
		uint32_t set = sets->slots[i] - 1;
		struct rv_ids have = rv_sets_get(sets, set);

		if (have.n == ids.n &&
		    (ids.n == 0 ||
			memcmp(have.p, ids.p, ids.n * sizeof(*ids.p)) == 0))
			return set;
	}
	return RV_NONE;
}

/* Room for one more set of n ids in every array. */
static int
room(struct rv_sets *sets, size_t n)
{
	uint32_t *first, *ids;

	first = rv_array_room(
	    sets->first, sets->n + 1, &sets->cap_first, sizeof(*first));
	if (first == NULL)
		return RV_ERR_NOMEM;
	sets->first = first;
	for (size_t i = 0; i < n; i++) {
		ids = rv_array_room(
		    sets->ids, sets->n_ids + i, &sets->cap_ids, sizeof(*ids));
		if (ids == NULL)
			return RV_ERR_NOMEM;
		sets->ids = ids;
	}
	return slots_grow(sets);
}

int
rv_sets_intern(struct rv_sets *sets, struct rv_ids ids, uint32_t *ret_set)
{
	uint32_t set = find(sets, ids);

	RV_ASSERT(rv_ids_ascend(ids, sets->universe));
	if (set == RV_NONE) {
		if (room(sets, ids.n) != RV_OK)
			return RV_ERR_NOMEM;
		set = (uint32_t)sets->n;
		if (ids.n > 0)
			memcpy(sets->ids + sets->n_ids, ids.p,
			    ids.n * sizeof(*ids.p));
		sets->n_ids += ids.n;
		sets->n++;
		sets->first[sets->n] = (uint32_t)sets->n_ids;
		slot_put(sets, set);
	}
	*ret_set = set;
	return RV_OK;
}

int
rv_sets_init(struct rv_sets *sets, size_t universe)
{
	uint32_t empty;
	int r = RV_ERR_NOMEM;

	*sets = (struct rv_sets){ .universe = universe };
	/* An empty set has an address too: no arithmetic on NULL. */
	sets->ids = rv_array_room(NULL, 0, &sets->cap_ids, sizeof(*sets->ids));
	sets->first =
	    rv_array_room(NULL, 0, &sets->cap_first, sizeof(*sets->first));
	if (sets->ids == NULL || sets->first == NULL)
		goto out;
	sets->first[0] = 0;
	if (slots_grow(sets) != RV_OK)
		goto out;
	r = rv_sets_intern(sets, (struct rv_ids){ NULL, 0 }, &empty);
out:
	if (r != RV_OK)
		rv_sets_fini(sets);
	return r;
}

void
rv_sets_fini(struct rv_sets *sets)
{
	free(sets->ids);
	free(sets->first);
	free(sets->slots);
	*sets = (struct rv_sets){ 0 };
}

bool
rv_sets_are_sound(const struct rv_sets *sets)
{
	if (sets->n == 0 || sets->n_slots == 0 || sets->first[0] != 0 ||
	    sets->first[1] != 0 || sets->first[sets->n] != sets->n_ids)
		return false;
	for (uint32_t set = 0; set < sets->n; set++) {
		struct rv_ids ids;

		if (sets->first[set] > sets->first[set + 1])
			return false;
		ids = rv_sets_get(sets, set);
		if (!rv_ids_ascend(ids, sets->universe) ||
		    find(sets, ids) != set)
			return false;
	}
	return true;
}
