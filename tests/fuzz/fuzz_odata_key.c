/* Keys in paths: any bytes end in all values of the key, or in a fault. */
#include <stdint.h>

#include "odata/key.h"
#include "../unit/odata/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_one(const struct rv_odata_class *class, struct rv_slice text, size_t n)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_key key;
	int r;

	RV_ASSERT(arena != NULL);
	r = rv_odata_key_read(arena, class, text, &key, &fault);
	RV_ASSERT(r == RV_OK || r == RV_ERR_INVALID);
	if (r == RV_OK)
		RV_ASSERT(key.n == n);
	else
		RV_ASSERT(rv_slice_is_text(rv_slice_of(fault.what)));
	for (size_t i = 0; r == RV_OK && i < n; i++)
		RV_ASSERT(key.values[i].p != NULL);
	rv_arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice text = { (const char *)data, size };

	read_one(&sample, text, 1);
	read_one(&sample_other, text, 2);
	return 0;
}
