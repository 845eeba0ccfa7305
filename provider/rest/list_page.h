/*
 * The rows of a page of a list, as they are collected, and its text.
 *
 * Bodies that go out as the store wrote them are not read and written anew:
 * that is most of what a list costs a provider.  Where the query selects,
 * expands, or the class has lazy properties, they are objects.
 */
#ifndef PROVIDER_REST_LIST_PAGE_H
#define PROVIDER_REST_LIST_PAGE_H

#include <openssl/evp.h>

#include "rest/rows.h"

struct rv_list_page {
	const struct rv_class *class;
	const struct rv_odata_query *query;
	size_t n;     /* rows */
	size_t bytes; /* of their bodies, as the store wrote them */
	/* For $expand: the objects, and of each by what its own are found. */
	json_t *objects, *links;
	struct rv_buf text; /* of rows whose bodies go out as they are */
	EVP_MD_CTX *keys;
	bool whole; /* bodies go out as they are */
	bool failed;
};

/*
 * Class and query are borrowed.  RV_ERR_NOMEM; rv_list_page_fini() is
 * harmless then, and on a page of zeros.
 */
RV_MUSTUSE int rv_list_page_init(struct rv_list_page *page,
    const struct rv_class *class, const struct rv_odata_query *query);
void rv_list_page_fini(struct rv_list_page *page);

/* Adds row i of a result of rv_list_sql_rows(); out of memory: failed. */
void rv_list_page_add(struct rv_list_page *page, const PGresult *rows, int i,
    const struct rv_list_row *row);

/*
 * The text of the answer: what is around the rows, with a member "value" of
 * these.  In the arena; absent when out of memory.
 */
struct rv_slice rv_list_page_text(const struct rv_list_page *page,
    struct rv_arena *arena, const json_t *around);

/* SHA-256 of the keys, each behind its length, in the arena; or absent. */
struct rv_slice rv_list_page_hash(
    struct rv_list_page *page, struct rv_arena *arena);

#endif
