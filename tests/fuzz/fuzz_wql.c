/* Queries of rules: any bytes end in a bounded predicate, or in a fault. */
#include <stdint.h>

#include "wql/wql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Levels of predicates: "or" and "and" each add at most one a parenthesis. */
#define LEVELS_MAX (4u * (RV_WQL_DEPTH_MAX + 1u))

/* How deep it goes is what it asserts.  NOLINTBEGIN(misc-no-recursion) */
static void
check(const json_t *node, unsigned level)
{
	RV_ASSERT(level <= LEVELS_MAX);
	RV_ASSERT(json_array_size(node) >= 2);
	RV_ASSERT(json_is_string(json_array_get(node, 0)));
	for (size_t i = 1; i < json_array_size(node); i++) {
		const json_t *part = json_array_get(node, i);

		/* Arrays are predicates, but for the list of `in`. */
		if (!json_is_array(part))
			RV_ASSERT(
			    json_is_string(part) || json_is_integer(part));
		else if (json_is_string(json_array_get(node, 1)))
			RV_ASSERT(json_array_size(part) <= RV_WQL_IN_MAX);
		else
			check(part, level + 1);
	}
}
/* NOLINTEND(misc-no-recursion) */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice text = { (const char *)data, size };
	struct rv_wql_fault fault = { 0 };
	struct rv_wql wql;
	int r = rv_wql_read(text, &wql, &fault);

	RV_ASSERT(r == RV_OK || r == RV_ERR_INVALID);
	if (r == RV_OK) {
		RV_ASSERT(wql.class != NULL && wql.columns != NULL);
		if (wql.where != NULL)
			check(wql.where, 0);
	} else {
		RV_ASSERT(fault.what[0] != '\0' && fault.at <= size);
		RV_ASSERT(wql.columns == NULL && wql.where == NULL);
	}
	rv_wql_fini(&wql);
	return 0;
}
