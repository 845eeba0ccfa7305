#include "own_types.h"

static const struct {
	uint32_t object_type_id, own_type_id;
} own_types[RV_OWN_TYPES] = {
	{ RV_TYPE_CONFIGURATION_ITEM, 52 },
	{ RV_TYPE_CONFIGURATION_ITEM, 59 },
	{ RV_TYPE_CONFIGURATION_POLICY, 56 },
	{ RV_TYPE_CONFIGURATION_POLICY, 57 },
	{ RV_TYPE_CONFIGURATION_POLICY, 58 },
	{ RV_TYPE_CONFIGURATION_POLICY, 60 },
	{ RV_TYPE_CONFIGURATION_POLICY, 61 },
	{ RV_TYPE_CONFIGURATION_POLICY, 62 },
	{ RV_TYPE_CONFIGURATION_POLICY, 64 },
	{ RV_TYPE_CONFIGURATION_POLICY, 65 },
	{ RV_TYPE_CONFIGURATION_POLICY, 69 },
};

unsigned
rv_own_place(uint32_t object_type_id, uint32_t own_type_id)
{
	unsigned place = 0;

	while (place < RV_OWN_TYPES &&
	       (own_types[place].object_type_id != object_type_id ||
		   own_types[place].own_type_id != own_type_id))
		place++;
	return place;
}

bool
rv_own_place_is_of(unsigned place, uint32_t object_type_id)
{
	return place < RV_OWN_TYPES &&
	       own_types[place].object_type_id == object_type_id;
}

unsigned
rv_own_place_of(const struct rv_snapshot *s, uint32_t object)
{
	unsigned place = 0;

	while (place < RV_OWN_TYPES && !rv_idset_has(s->own[place], object))
		place++;
	return place;
}

unsigned
rv_own_places(const struct rv_prepared *p)
{
	unsigned places = 0;

	if (!p->authored)
		return 0;
	for (unsigned i = 0; i < RV_OWN_TYPES; i++)
		if (rv_own_place_is_of(i, p->base.t->object_type_id))
			places |= 1u << i;
	return places;
}

void
rv_own_target(
    const struct rv_snapshot *s, unsigned place, struct rv_target *ret_target)
{
	const struct rv_catalogue *c = s->catalogue;
	const uint32_t type =
	    rv_intmap_find(&c->type_ids, own_types[place].own_type_id);
	struct rv_prepared p;
	struct rv_aim a;
	uint8_t bit;

	*ret_target = (struct rv_target){ .reason = RV_REASON_UNKNOWN_TYPE,
		.bit = RV_NO_BIT };
	if (type == RV_NONE)
		return;
	bit = rv_operation_find(c, type, RV_SLICE_LIT("Author Policy"));
	if (bit == RV_NO_BIT) {
		ret_target->t = &c->types[type];
		ret_target->type = type;
		ret_target->reason = RV_REASON_UNKNOWN_OPERATION;
		return;
	}
	rv_target_prepare_bit(s, type, bit, &p);
	rv_target_aim(&p, RV_SLICE_NONE, &a);
	rv_target_find(&p, RV_SLICE_NONE, &a, ret_target);
}
