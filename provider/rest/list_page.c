#include "rest/list_page.h"

#include <stdlib.h>

#include "pipeline/hex.h"

static bool
has_lazy(const struct rv_class *class)
{
	for (size_t i = 0; i < class->odata.n_properties; i++)
		if (class->odata.properties[i].lazy)
			return true;
	return false;
}

int
rv_list_page_init(struct rv_list_page *page, const struct rv_class *class,
    const struct rv_odata_query *query)
{
	*page = (struct rv_list_page){ .class = class,
		.query = query,
		.objects = json_array(),
		.links = json_array(),
		.keys = EVP_MD_CTX_new(),
		.whole = (query->n_select == 0 || query->select_all) &&
			 query->n_expand == 0 && !has_lazy(class) };
	rv_buf_init(&page->text, 0);
	if (page->objects == NULL || page->links == NULL ||
	    page->keys == NULL ||
	    EVP_DigestInit_ex(page->keys, EVP_sha256(), NULL) != 1)
		return RV_ERR_NOMEM;
	return RV_OK;
}

void
rv_list_page_fini(struct rv_list_page *page)
{
	EVP_MD_CTX_free(page->keys);
	page->keys = NULL;
	rv_buf_fini(&page->text);
	json_decref(page->objects);
	json_decref(page->links);
	page->objects = NULL;
	page->links = NULL;
}

static void
hash_key(struct rv_list_page *page, struct rv_slice key)
{
	unsigned char n[4] = { (unsigned char)(key.n >> 24),
		(unsigned char)(key.n >> 16), (unsigned char)(key.n >> 8),
		(unsigned char)key.n };

	if (EVP_DigestUpdate(page->keys, n, sizeof(n)) != 1 ||
	    EVP_DigestUpdate(page->keys, key.p, key.n) != 1)
		page->failed = true;
}

/* By what $expand finds the objects of this row. */
static json_t *
links_of(const struct rv_odata_query *query, const PGresult *rows, int i)
{
	json_t *links = json_array();

	for (size_t k = 0; k < query->n_expand; k++) {
		const int column = RV_ROW_COLUMNS + 1 + (int)k;

		(void)json_array_append_new(
		    links, PQgetisnull(rows, i, column)
			       ? json_null()
			       : json_string(PQgetvalue(rows, i, column)));
	}
	return links;
}

static void
add_object(struct rv_list_page *page, const PGresult *rows, int i,
    const struct rv_list_row *row)
{
	if (json_array_append_new(page->objects,
		rv_list_row_body(page->class, page->query, false, row)) != 0)
		page->failed = true;
	if (page->query->n_expand > 0 &&
	    json_array_append_new(
		page->links, links_of(page->query, rows, i)) != 0)
		page->failed = true;
}

/* The store writes etags as numbers: nothing in one has to be escaped. */
static void
add_text(struct rv_list_page *page, const struct rv_list_row *row)
{
	struct rv_buf *b = &page->text;
	struct rv_slice body = row->body;

	if (body.n <= 2 || body.p[0] != '{') {
		page->failed = true;
		return;
	}
	if (page->n > 0)
		rv_buf_putc(b, ',');
	if (row->etag.p != NULL) {
		rv_buf_printf(b, "{\"@odata.etag\":\"W/\\\"%.*s\\\"\",",
		    RV_SLICE_FMT(row->etag));
		body = (struct rv_slice){ body.p + 1, body.n - 1 };
	}
	rv_buf_put_slice(b, body);
}

void
rv_list_page_add(struct rv_list_page *page, const PGresult *rows, int i,
    const struct rv_list_row *row)
{
	if (page->whole)
		add_text(page, row);
	else
		add_object(page, rows, i, row);
	page->n++;
	page->bytes += row->body.n;
	hash_key(page, row->key);
}

struct rv_slice
rv_list_page_text(const struct rv_list_page *page, struct rv_arena *arena,
    const json_t *around)
{
	struct rv_slice text = RV_SLICE_NONE;
	char *head = json_dumps(around, JSON_COMPACT), *rows = NULL;
	const struct rv_slice begin = rv_slice_of(head);
	struct rv_buf b;

	rv_buf_init(&b, 0);
	if (!page->whole)
		rows = json_dumps(page->objects, JSON_COMPACT);
	if (begin.n <= 2 || page->failed || (!page->whole && rows == NULL))
		goto out;
	rv_buf_put_slice(&b, (struct rv_slice){ begin.p, begin.n - 1 });
	rv_buf_puts(&b, ",\"value\":");
	if (page->whole) {
		rv_buf_putc(&b, '[');
		rv_buf_put_slice(&b, rv_buf_slice(&page->text));
		rv_buf_putc(&b, ']');
	} else {
		rv_buf_puts(&b, rows);
	}
	rv_buf_putc(&b, '}');
	if (!b.failed && !page->text.failed)
		text = (struct rv_slice){ rv_arena_dup(arena, rv_buf_slice(&b)),
			b.n };
out:
	rv_buf_fini(&b);
	free(rows);
	free(head);
	return text.p != NULL ? text : RV_SLICE_NONE;
}

struct rv_slice
rv_list_page_hash(struct rv_list_page *page, struct rv_arena *arena)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char *hex;

	if (EVP_DigestFinal_ex(page->keys, hash, &n) != 1)
		return RV_SLICE_NONE;
	hex = rv_arena_alloc(arena, 2 * (size_t)n + 1);
	if (hex == NULL)
		return RV_SLICE_NONE;
	return rv_slice_of(rv_hex(hex, hash, n));
}
