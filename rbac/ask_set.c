/* Going through a set of instances, in the order of their keys. */
#include "target.h"

#include "reeve/rbac_ask.h"

#include <stdio.h>

/* The first position in the set at or behind `at`, or the universe. */
static size_t
position_from(const struct rv_object_set *set, size_t at)
{
	size_t i = at / RV_BITS;
	uint64_t word;

	if (set->bits == NULL || at >= set->universe)
		return set->universe;
	word = set->bits[i] & ~(RV_BIT(at % RV_BITS) - 1);
	while (word == 0 && ++i < rv_words(set->universe))
		word = set->bits[i];
	return word == 0 ? set->universe
			 : i * RV_BITS + (size_t)__builtin_ctzll(word);
}

/* True for sets of numbers, and then the one at a position. */
static bool
number_at(const struct rv_object_set *set, size_t at, uint32_t *ret_number)
{
	const struct rv_snapshot *s = set->about->s;

	if (set->about->table == RV_IN_RESOURCES)
		*ret_number = s->resources[at].resource_id;
	else if (set->about->table == RV_IN_ADMINS)
		*ret_number = s->admins[s->admins_by_id[at]].admin_id;
	else
		return false;
	return true;
}

static struct rv_slice
name_at(const struct rv_object_set *set, size_t at)
{
	const struct rv_snapshot *s = set->about->s;

	switch (set->about->table) {
	case RV_IN_OBJECTS:
		return rv_dict_name(&s->object_keys,
		    s->type_first[set->about->base.type] + (uint32_t)at);
	case RV_IN_COLLECTIONS:
		return rv_dict_name(&s->collection_ids,
		    s->collections[s->collections_by_id[at]].name);
	case RV_IN_ROLES:
		return rv_dict_name(&s->role_ids, s->roles_by_id[at]);
	case RV_IN_SCOPES:
		return rv_dict_name(&s->scope_ids, s->scope_by_rank[at]);
	case RV_IN_ADMINS:
	case RV_IN_RESOURCES:
		break;
	}
	return RV_SLICE_NONE;
}

bool
rv_object_set_next(const struct rv_object_set *set, size_t *at,
    char room[RV_KEY_ROOM], struct rv_slice *ret_key)
{
	const size_t here = position_from(set, *at);
	uint32_t number;

	if (here >= set->universe)
		return false;
	if (number_at(set, here, &number)) {
		int n = snprintf(room, RV_KEY_ROOM, "%u", number);

		*ret_key = (struct rv_slice){ room, (size_t)n };
	} else {
		*ret_key = name_at(set, here);
	}
	*at = here + 1;
	return true;
}

/* The ids of resources that a word has, which begin at base. */
static size_t
put_resources(const struct rv_resource *base, uint64_t word, uint32_t *ids)
{
	size_t n = 0;

	if (word == UINT64_MAX) {
		for (; n < RV_BITS; n++)
			ids[n] = base[n].resource_id;
		return n;
	}
	for (; word != 0; word &= word - 1)
		ids[n++] = base[__builtin_ctzll(word)].resource_id;
	return n;
}

size_t
rv_object_set_ids(
    const struct rv_object_set *set, size_t *at, uint32_t *ids, size_t room)
{
	size_t n = 0, here = *at;
	uint32_t number;

	if (set->about == NULL || set->bits == NULL || set->universe == 0 ||
	    !number_at(set, 0, &number))
		return 0;
	while (n < room && here < set->universe) {
		const size_t base = here / RV_BITS * RV_BITS;
		const uint64_t word =
		    set->bits[here / RV_BITS] & ~(RV_BIT(here % RV_BITS) - 1);
		const bool whole =
		    set->about->table == RV_IN_RESOURCES && room - n >= RV_BITS;

		here = base + RV_BITS;
		if (whole) {
			n += put_resources(
			    &set->about->s->resources[base], word, ids + n);
		} else if (word != 0) {
			here = base + (size_t)__builtin_ctzll(word);
			(void)number_at(set, here++, &ids[n++]);
		}
	}
	*at = here;
	return n;
}

/* How the key at a position compares with a key, or with a number. */
static int
compare_at(const struct rv_object_set *set, size_t at, struct rv_slice key,
    uint64_t number)
{
	uint32_t here;

	if (!number_at(set, at, &here))
		return rv_slice_cmp(name_at(set, at), key);
	return here < number ? -1 : here > number;
}

size_t
rv_object_set_after(const struct rv_object_set *set, struct rv_slice key)
{
	size_t low = 0, high = set->universe;
	uint64_t number = 0;

	/* What is no number is behind none. */
	if (rv_slice_to_u64(key, UINT32_MAX, &number) == RV_ERR_LIMIT)
		number = UINT64_MAX;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_at(set, middle, key, number) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}
