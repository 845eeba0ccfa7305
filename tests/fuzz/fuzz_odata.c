/*
 * Query options of OData: any bytes end in a tree or in a clear fault; a tree
 * compiles to SQL that has none of the caller's text, and is evaluated on a
 * body without a mishap.
 */
#include <stdint.h>
#include <string.h>

#include "odata/eval.h"
#include "odata/sql.h"
#include "../unit/odata/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char body_text[] =
    "{\"ID\":\"a\",\"Name\":\"Alle \xc3\x84pfel\",\"Note\":null,"
    "\"Flag\":true,\"Small\":5,\"Big\":9007199254740993,\"Ratio\":0.5,"
    "\"Changed\":\"2026-01-31T23:30:00.25Z\","
    "\"Guid\":\"abcdef01-0000-1111-2222-333344445555\","
    "\"Tags\":[\"x\",\"y\"],\"Numbers\":[1,null],\"Place\":{\"City\":"
    "\"Ulm\",\"Inner\":{\"Text\":\"t\",\"Marks\":[\"m\"]}},\"Items\":[{"
    "\"Text\":\"one\",\"Number\":1,\"Marks\":[\"x\"]}],\"Long\":\"l\","
    "\"Others\":[{\"Number\":1,\"Kind\":\"k\",\"Title\":\"t\"}]}";

/* Only these bytes are in our SQL; between quotes only what we put there. */
static void
check_text(const struct rv_odata_sql *sql)
{
	static const char allowed[] = " ():,.$<>='|\\\"-+[]*";

	for (size_t i = 0; i < sql->text.n; i++) {
		char c = sql->text.p[i];

		RV_ASSERT((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '_' ||
			  strchr(allowed, c) != NULL);
	}
	RV_ASSERT(memmem(sql->text.p, sql->text.n, "--", 2) == NULL);
}

static void
compile(struct rv_arena *arena, const struct rv_odata_query *query)
{
	struct rv_odata_sql sql = { .first = 1 };
	int r = rv_odata_sql_where(arena, query, &sql);

	/* No query that can be read has more parameters than there may be. */
	RV_ASSERT(r == RV_OK);
	check_text(&sql);
	for (unsigned i = 0; i < sql.n_params; i++)
		RV_ASSERT(rv_slice_is_text(rv_slice_of(sql.params[i])) ||
			  sql.params[i][0] == '\0');
	rv_buf_puts(&sql.text, " ");
	RV_ASSERT(rv_odata_sql_order(arena, query, &sql) == RV_OK);
	check_text(&sql);
	rv_buf_fini(&sql.text);
}

static void
evaluate(const struct rv_odata_query *query)
{
	json_t *body = json_loads(body_text, 0, NULL), *part;

	RV_ASSERT(body != NULL);
	(void)rv_odata_matches(query, &sample, body);
	RV_ASSERT(rv_odata_compare(query, body, body) == 0);
	part = rv_odata_select(query, &sample, body);
	RV_ASSERT(part != NULL && json_object_get(part, "ID") != NULL);
	json_decref(part);
	json_decref(body);
}

static void
check_fault(const struct rv_odata_fault *fault)
{
	RV_ASSERT(fault->what != NULL);
	RV_ASSERT(rv_slice_is_text(rv_slice_of(fault->what)));
	RV_ASSERT(fault->at <= RV_ODATA_TEXT_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_arena *arena = rv_arena_new(0);
	struct rv_slice text = { (const char *)data, size };
	struct rv_odata_fault fault = { 0 };
	struct rv_odata_query query;
	int r;

	RV_ASSERT(arena != NULL);
	r = rv_odata_query_read(arena, &sample, false, text, &query, &fault);
	RV_ASSERT(r == RV_OK || r == RV_ERR_INVALID);
	if (r == RV_OK) {
		compile(arena, &query);
		evaluate(&query);
	} else {
		check_fault(&fault);
	}
	rv_arena_free(&arena);
	return 0;
}
