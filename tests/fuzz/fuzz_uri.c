/*
 * Paths: what is accepted has only proper segments, has one spelling per
 * byte of its own, and comes out the same when it is encoded again.
 */
#include <stdlib.h>
#include <string.h>

#include "http/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_segments(struct rv_slice path)
{
	size_t start = 1;

	RV_ASSERT(path.n > 0 && path.p[0] == '/');
	for (size_t i = 1; i <= path.n && path.n > 1; i++) {
		size_t n = i - start;

		if (i < path.n && path.p[i] != '/')
			continue;
		RV_ASSERT(n > 0);
		RV_ASSERT(n != 1 || path.p[start] != '.');
		RV_ASSERT(n != 2 || memcmp(path.p + start, "..", 2) != 0);
		start = i + 1;
	}
	for (size_t i = 0; i < path.n; i++)
		RV_ASSERT((unsigned char)path.p[i] >= 0x20 &&
			  path.p[i] != 0x7f && path.p[i] != '\\');
	RV_ASSERT(rv_slice_is_text(path));
}

/* Encodes every byte but the slashes: it must decode to the same path. */
static void
check_again(struct rv_slice path)
{
	struct rv_buf encoded = { 0 };
	const char *why;
	size_t n = 0;

	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] == '/')
			rv_buf_putc(&encoded, '/');
		else
			rv_buf_printf(
			    &encoded, "%%%02x", (unsigned char)path.p[i]);
	}
	RV_ASSERT(!encoded.failed);
	RV_ASSERT(rv_uri_decode_path(
		      rv_buf_slice(&encoded), encoded.p, &n, &why) == RV_OK);
	RV_ASSERT(rv_slice_eq(path, (struct rv_slice){ encoded.p, n }));
	rv_buf_fini(&encoded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Memory of exactly that size, so that a read beyond it is seen. */
	char *p = malloc(size + (size == 0));
	struct rv_slice raw = { p, size };
	const char *why = NULL;
	size_t n = SIZE_MAX;

	RV_ASSERT(p != NULL);
	if (size > 0)
		memcpy(p, data, size);
	(void)rv_uri_is_host(raw);
	(void)rv_uri_is_query(raw);
	if (rv_uri_decode_path(raw, p, &n, &why) == RV_OK) {
		RV_ASSERT(n <= size);
		check_segments((struct rv_slice){ p, n });
		check_again((struct rv_slice){ p, n });
	} else {
		RV_ASSERT(why != NULL);
	}
	if (size > 0)
		memcpy(p, data, size);
	if (rv_uri_decode(raw, p, &n) == RV_OK)
		RV_ASSERT(rv_slice_is_text((struct rv_slice){ p, n }));
	free(p);
	return 0;
}
