/* Names by number, for the tests of the dictionary. */
#ifndef TESTS_UNIT_RBAC_NUMBERED_H
#define TESTS_UNIT_RBAC_NUMBERED_H

#include "unit/unit.h"

#include <stdio.h>

#include "dict.h"

static inline struct rv_slice
number_name(char text[24], unsigned i)
{
	(void)snprintf(text, 24, "name-%u", i * 2654435761u);
	return rv_slice_of(text);
}

/* RV_NONE - 1 when the two ways to look it up do not agree. */
static inline uint32_t
find_number(const struct rv_dict *d, unsigned i)
{
	char text[24];
	const struct rv_slice name = number_name(text, i);
	const struct rv_dict_record *r =
	    rv_dict_get(d, rv_dict_hash(d, 0, name), 0, name);
	const uint32_t id = rv_dict_find(d, 0, name);

	return (r != NULL ? r->id : RV_NONE) == id ? id : RV_NONE - 1;
}

static inline uint32_t
add_number(struct rv_edit *e, struct rv_dict *d, unsigned i)
{
	char text[24];
	uint32_t id = RV_NONE;

	assert_int_equal(
	    rv_dict_add(e, d, 0, number_name(text, i), &id), RV_OK);
	return id;
}

#endif
