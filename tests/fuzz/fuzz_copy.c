/*
 * COPY BINARY data of a hostile server.  The first byte chooses the number
 * of fields, the second where the data is cut into two pieces.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a field is said to hold must be there to read. */
static void
read_field(const struct rv_copy_field *f)
{
	struct rv_slice s = RV_SLICE_NONE;
	int64_t v8 = 0;
	int32_t v4 = 0;
	bool b = false;

	rv_ignore(rv_copy_int4(f, &v4)); /* any answer will do, as below */
	rv_ignore(rv_copy_int8(f, &v8));
	rv_ignore(rv_copy_bool(f, &b));
	if (rv_copy_text(f, &s) == RV_OK)
		RV_ASSERT(s.p != NULL && rv_slice_is_text(s));
	if (f->p == NULL)
		RV_ASSERT(f->n == 0 && v4 == 0 && v8 == 0 && !b);
}

static int
read_piece(struct rv_copy *c, const char *p, size_t n)
{
	struct rv_copy_field f[RV_COPY_FIELDS];
	bool row = true;
	int r = rv_copy_piece(c, (struct rv_slice){ p, n }, NULL);

	while (r == RV_OK && row) {
		r = rv_copy_row(c, f, &row, NULL);
		for (unsigned i = 0; r == RV_OK && row && i < c->n_fields; i++)
			read_field(&f[i]);
	}
	return r;
}

/* Memory of its own, so that the sanitizer knows where it ends. */
static int
read_copy(struct rv_copy *c, const uint8_t *data, size_t n)
{
	char *p = malloc(n > 0 ? n : 1);
	int r;

	if (p == NULL)
		return RV_ERR_NOMEM;
	if (n > 0)
		memcpy(p, data, n);
	r = read_piece(c, p, n);
	free(p);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_copy c;
	size_t first;
	int r;

	if (size < 2)
		return 0;
	rv_copy_init(&c, data[0] % RV_COPY_FIELDS + 1);
	first = data[1] < size - 2 ? data[1] : size - 2;
	r = read_copy(&c, data + 2, first);
	if (r == RV_OK)
		r = read_copy(&c, data + 2 + first, size - 2 - first);
	if (r == RV_OK && rv_copy_end(&c, NULL) == RV_OK)
		RV_ASSERT(c.ended && c.rest.n == 0);
	return 0;
}
