/*
 * Own types: a configuration item or policy may be one of a kind that is a
 * type of its own (a VPN profile, say).  To make, change or delete such a
 * one, Author Policy of that type is asked for besides; docs/rule.md
 * section 1.
 */
#ifndef RBAC_OWN_TYPES_H
#define RBAC_OWN_TYPES_H

#include "target.h"

/* Whether objects of a type may have a type of their own. */
static inline bool
rv_may_have_own_type(uint32_t object_type_id)
{
	return object_type_id == RV_TYPE_CONFIGURATION_ITEM ||
	       object_type_id == RV_TYPE_CONFIGURATION_POLICY;
}

/*
 * The place of an own type among those that objects of a type may have, or
 * RV_OWN_TYPES.
 */
unsigned rv_own_place(uint32_t object_type_id, uint32_t own_type_id);
/* The same of an object, by its number. */
unsigned rv_own_place_of(const struct rv_snapshot *s, uint32_t object);
/* Whether objects of a type may have the own type at a place. */
bool rv_own_place_is_of(unsigned place, uint32_t object_type_id);
/*
 * The places of an own type for which something is asked besides, as bits:
 * those of a type, when an operation is one of the three.
 */
unsigned rv_own_places(const struct rv_prepared *p);
/* The question on Author Policy of the own type at a place. */
void rv_own_target(
    const struct rv_snapshot *s, unsigned place, struct rv_target *ret_target);

#endif
