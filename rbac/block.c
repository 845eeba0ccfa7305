#include "block.h"

#include <stdlib.h>
#include <string.h>

#include "large.h"

#define WORD sizeof(uint64_t)

static struct rv_block_head *
head_of(const void *block)
{
	/* Owners of a block may have it as constant: only editing writes. */
	return (struct rv_block_head *)(uintptr_t)block - 1;
}

static size_t
total(const struct rv_block_head *h)
{
	return sizeof(*h) + h->words * WORD;
}

static void
list_add(struct rv_blocks *list, struct rv_block_head *h)
{
	h->prev = list->last;
	h->next = NULL;
	if (list->last != NULL)
		list->last->next = h;
	else
		list->first = h;
	list->last = h;
	list->bytes += total(h);
}

static void
list_remove(struct rv_blocks *list, struct rv_block_head *h)
{
	if (h->prev != NULL)
		h->prev->next = h->next;
	else
		list->first = h->next;
	if (h->next != NULL)
		h->next->prev = h->prev;
	else
		list->last = h->prev;
	list->bytes -= total(h);
}

static bool
is_own(const struct rv_edit *e, const struct rv_block_head *h)
{
	return e == NULL || h->edition == e->edition;
}

/* False when a block cannot be as large. */
static bool
words_for(size_t bytes, uint32_t *ret_words)
{
	if (bytes > UINT32_MAX * WORD)
		return false;
	*ret_words = (uint32_t)((bytes + WORD - 1) / WORD);
	return true;
}

/* A head that is in no list, with what follows it not yet written. */
static struct rv_block_head *
allocate(const struct rv_edit *e, uint32_t words)
{
	struct rv_block_head *h = malloc(sizeof(*h) + words * WORD);

	if (h != NULL) {
		rv_ask_large_pages(h, sizeof(*h) + words * WORD);
		h->edition = e != NULL ? e->edition : 0;
		h->words = words;
	}
	return h;
}

void
rv_edit_begin(struct rv_edit *e, uint32_t edition)
{
	*e = (struct rv_edit){ .edition = edition };
}

void
rv_edit_abort(struct rv_edit *e)
{
	rv_blocks_free(&e->made);
	/* The lists of these are of no meaning to anyone else. */
	e->replaced = (struct rv_blocks){ 0 };
}

struct rv_blocks
rv_edit_commit(struct rv_edit *e)
{
	const struct rv_blocks replaced = e->replaced;

	e->made = e->replaced = (struct rv_blocks){ 0 };
	return replaced;
}

void *
rv_block_new(struct rv_edit *e, size_t bytes)
{
	struct rv_block_head *h;
	uint32_t words;

	if (!words_for(bytes, &words))
		return NULL;
	h = allocate(e, words);
	if (h == NULL)
		return NULL;
	memset(h + 1, 0, words * WORD);
	if (e != NULL)
		list_add(&e->made, h);
	return h + 1;
}

void *
rv_block_write(struct rv_edit *e, void *block)
{
	if (is_own(e, head_of(block)))
		return block;
	return rv_block_resize(e, block, rv_block_size(block));
}

/* A block of the same edition: moved, and in the list again. */
static struct rv_block_head *
move(struct rv_edit *e, struct rv_block_head *h, uint32_t words)
{
	struct rv_block_head *moved;

	if (e != NULL)
		list_remove(&e->made, h);
	moved = realloc(h, sizeof(*h) + words * WORD);
	if (moved != NULL)
		h = moved;
	if (moved != NULL && words > h->words)
		memset((uint64_t *)(void *)(h + 1) + h->words, 0,
		    (words - h->words) * WORD);
	if (moved != NULL)
		h->words = words;
	if (e != NULL)
		list_add(&e->made, h);
	return moved;
}

/* A block of an older edition: copied, and noted as replaced. */
static struct rv_block_head *
copy(struct rv_edit *e, struct rv_block_head *h, uint32_t words)
{
	const uint32_t both = words < h->words ? words : h->words;
	struct rv_block_head *new = allocate(e, words);

	if (new == NULL)
		return NULL;
	memcpy(new + 1, h + 1, both * WORD);
	memset((uint64_t *)(void *)(new + 1) + both, 0, (words - both) * WORD);
	list_add(&e->made, new);
	list_add(&e->replaced, h);
	return new;
}

void *
rv_block_resize(struct rv_edit *e, void *block, size_t bytes)
{
	struct rv_block_head *h = head_of(block);
	uint32_t words;

	if (!words_for(bytes, &words))
		return NULL;
	if (!is_own(e, h))
		h = copy(e, h, words);
	else if (h->words != words)
		h = move(e, h, words);
	return h != NULL ? h + 1 : NULL;
}

void *
rv_block_room(struct rv_edit *e, void *block, size_t bytes)
{
	const size_t have = rv_block_size(block);
	void *grown = NULL;

	if (bytes <= have)
		return rv_block_write(e, block);
	if (is_own(e, head_of(block)) && bytes <= SIZE_MAX - bytes / 4)
		grown = rv_block_resize(e, block, bytes + bytes / 4);
	/* What is more than asked for need not be there. */
	return grown != NULL ? grown : rv_block_resize(e, block, bytes);
}

void *
rv_block_trim(struct rv_edit *e, void *block, size_t bytes)
{
	void *trimmed = NULL;

	RV_ASSERT(is_own(e, head_of(block)));
	if (bytes < rv_block_size(block) / 2)
		trimmed = rv_block_resize(e, block, bytes);
	return trimmed != NULL ? trimmed : block;
}

void
rv_block_drop(struct rv_edit *e, const void *block)
{
	struct rv_block_head *h;

	if (block == NULL)
		return;
	h = head_of(block);
	if (!is_own(e, h)) {
		list_add(&e->replaced, h);
		return;
	}
	if (e != NULL)
		list_remove(&e->made, h);
	free(h);
}

size_t
rv_block_size(const void *block)
{
	return head_of(block)->words * WORD;
}

void
rv_block_free(const void *block)
{
	if (block != NULL)
		free(head_of(block));
}

void
rv_blocks_free(struct rv_blocks *blocks)
{
	while (blocks->first != NULL) {
		struct rv_block_head *h = blocks->first;

		blocks->first = h->next;
		free(h);
	}
	*blocks = (struct rv_blocks){ 0 };
}

void
rv_blocks_join(struct rv_blocks *to, struct rv_blocks *from)
{
	if (from->first == NULL)
		return;
	from->first->prev = to->last;
	if (to->last != NULL)
		to->last->next = from->first;
	else
		to->first = from->first;
	to->last = from->last;
	to->bytes += from->bytes;
	*from = (struct rv_blocks){ 0 };
}
