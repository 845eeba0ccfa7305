/* The query part of a URL: any bytes end in a clear answer. */
#include <stdint.h>

#include "rest/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_slice text = { (const char *)data, size };
	struct rv_query query;
	struct rv_slice option;
	int r;

	RV_ASSERT(arena != NULL);
	r = rv_query_parse(arena, text, &query, &option);
	RV_ASSERT(r == RV_OK || r == RV_ERR_INVALID || r == RV_ERR_NOTFOUND);
	if (r == RV_OK && query.token.p != NULL)
		RV_ASSERT(rv_slice_is_text(query.token));
	if (r == RV_ERR_NOTFOUND)
		RV_ASSERT(option.p != NULL && rv_slice_is_text(option));
	rv_arena_free(&arena);
	return 0;
}
