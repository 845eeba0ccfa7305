/* Base64: what decodes, encodes to the same text again. */
#include <stdint.h>
#include <string.h>

#include "base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_kind(enum rv_base64 kind, struct rv_slice text)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_buf bytes = { 0 };
	const char *again;

	RV_ASSERT(arena != NULL);
	if (rv_base64_decode(kind, text, 4096, &bytes) == RV_OK) {
		again = rv_base64_encode(arena, kind, rv_buf_slice(&bytes));
		RV_ASSERT(again != NULL);
		RV_ASSERT(strlen(again) == text.n);
		RV_ASSERT(text.n == 0 || memcmp(again, text.p, text.n) == 0);
	}
	rv_buf_fini(&bytes);
	rv_arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_slice text = { (const char *)data, size };

	try_kind(RV_BASE64, text);
	try_kind(RV_BASE64URL, text);
	return 0;
}
