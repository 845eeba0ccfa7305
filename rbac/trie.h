/*
 * Columns: arrays over any 32-bit ids, of pages of 256 elements under a
 * directory of three levels, so that one change copies one page and three
 * short nodes.  An element of a page that is not there reads as zero, and a
 * zeroed element stands for nothing being there.
 *
 * Zeroed memory is an empty column.  Readers hold a version's own struct;
 * one thread edits.
 */
#ifndef RBAC_TRIE_H
#define RBAC_TRIE_H

#include "block.h"

#define RV_TRIE_FAN 256u

struct rv_trie_node {
	void *down[RV_TRIE_FAN]; /* nodes, or pages on the last level */
};

struct rv_trie {
	struct rv_trie_node *root;
};

/* The page that holds the element of an id, or NULL. */
static inline const void *
rv_trie_page(const struct rv_trie *t, uint32_t id)
{
	const struct rv_trie_node *n = t->root;

	if (n != NULL)
		n = n->down[id >> 24];
	if (n != NULL)
		n = n->down[id >> 16 & 255];
	return n != NULL ? n->down[id >> 8 & 255] : NULL;
}

/* The element of an id, of a size that is the same for the whole column. */
static inline const void *
rv_trie_get(const struct rv_trie *t, uint32_t id, size_t size)
{
	const char *page = rv_trie_page(t, id);

	return page != NULL ? page + (id & 255) * size : NULL;
}

/* The element, to be written to; NULL when out of memory. */
void *rv_trie_put(
    struct rv_edit *e, struct rv_trie *t, uint32_t id, size_t size);
/*
 * For pages of a form of their own: where the pointer to the page is kept,
 * which may be written to; the page itself is the caller's to copy, replace
 * or drop.  NULL when out of memory.
 */
void **rv_trie_place(struct rv_edit *e, struct rv_trie *t, uint32_t id);
/*
 * The first page that holds ids of *id or greater; *id becomes its first id
 * when that is greater than it was.  NULL when there is none.
 */
const void *rv_trie_next_page(const struct rv_trie *t, uint32_t *id);
/* Frees nodes and pages of the last version of a line. */
void rv_trie_free(struct rv_trie *t);

#endif
