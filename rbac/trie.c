#include "trie.h"

/* A place for a node: written to, or made. */
static struct rv_trie_node *
node_write(struct rv_edit *e, void **place)
{
	void *node = *place != NULL
			 ? rv_block_write(e, *place)
			 : rv_block_new(e, sizeof(struct rv_trie_node));

	if (node != NULL)
		*place = node;
	return node;
}

void **
rv_trie_place(struct rv_edit *e, struct rv_trie *t, uint32_t id)
{
	void *root = t->root;
	struct rv_trie_node *n = node_write(e, &root);

	if (n == NULL)
		return NULL;
	t->root = n;
	for (unsigned shift = 24; shift > 8; shift -= 8) {
		n = node_write(e, &n->down[id >> shift & (RV_TRIE_FAN - 1)]);
		if (n == NULL)
			return NULL;
	}
	return &n->down[id >> 8 & (RV_TRIE_FAN - 1)];
}

void *
rv_trie_put(struct rv_edit *e, struct rv_trie *t, uint32_t id, size_t size)
{
	void **place = rv_trie_place(e, t, id);
	char *page;

	if (place == NULL)
		return NULL;
	page = *place != NULL ? rv_block_write(e, *place)
			      : rv_block_new(e, RV_TRIE_FAN * size);
	if (page == NULL)
		return NULL;
	RV_ASSERT(rv_block_size(page) == RV_TRIE_FAN * size);
	*place = page;
	return page + (id & (RV_TRIE_FAN - 1)) * size;
}

const void *
rv_trie_next_page(const struct rv_trie *t, uint32_t *id)
{
	uint64_t at = *id;

	while (t->root != NULL && at <= UINT32_MAX) {
		const struct rv_trie_node *n = t->root->down[at >> 24];
		uint32_t rest = UINT32_C(0xffffff);
		const void *page;

		if (n != NULL) {
			n = n->down[at >> 16 & (RV_TRIE_FAN - 1)];
			rest = UINT32_C(0xffff);
		}
		if (n != NULL) {
			page = n->down[at >> 8 & (RV_TRIE_FAN - 1)];
			rest = UINT32_C(0xff);
			if (page != NULL) {
				*id = (uint32_t)at;
				return page;
			}
		}
		at = (at | rest) + 1;
	}
	return NULL;
}

/* A node of the last level, with its pages. */
static void
last_free(struct rv_trie_node *n)
{
	for (unsigned i = 0; n != NULL && i < RV_TRIE_FAN; i++)
		rv_block_free(n->down[i]);
	rv_block_free(n);
}

static void
middle_free(struct rv_trie_node *n)
{
	for (unsigned i = 0; n != NULL && i < RV_TRIE_FAN; i++)
		last_free(n->down[i]);
	rv_block_free(n);
}

void
rv_trie_free(struct rv_trie *t)
{
	for (unsigned i = 0; t->root != NULL && i < RV_TRIE_FAN; i++)
		middle_free(t->root->down[i]);
	rv_block_free(t->root);
	t->root = NULL;
}
