#include "reeve/base.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK 4096u

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

struct rv_arena {
	struct block *blocks; /* the newest first */
	size_t total, max;
};

struct rv_arena *
rv_arena_new(size_t max)
{
	struct rv_arena *a = calloc(1, sizeof(*a));

	if (a != NULL)
		a->max = max;
	return a;
}

void
rv_arena_free(struct rv_arena **arena)
{
	struct rv_arena *a = *arena;

	*arena = NULL;
	if (a == NULL)
		return;
	while (a->blocks != NULL) {
		struct block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	free(a);
}

static struct block *
block_add(struct rv_arena *a, size_t n)
{
	size_t size = n > ARENA_BLOCK ? n : ARENA_BLOCK;
	struct block *b = calloc(1, sizeof(*b) + size);

	if (b == NULL)
		return NULL;
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *
rv_arena_alloc(struct rv_arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct block *b = a->blocks;
	void *p;

	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + align - 1) / align * align;
	if (n == 0)
		n = align;
	if (a->max != 0 && n > a->max - a->total)
		return NULL;
	if (b == NULL || n > b->size - b->used)
		b = block_add(a, n);
	if (b == NULL)
		return NULL;
	p = b->bytes + b->used;
	b->used += n;
	a->total += n;
	return p;
}

char *
rv_arena_dup(struct rv_arena *a, struct rv_slice s)
{
	char *p = rv_arena_alloc(a, s.n + 1);

	if (p != NULL && s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

char *
rv_arena_printf(struct rv_arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p = NULL;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0)
		p = rv_arena_alloc(a, (size_t)n + 1);
	if (p != NULL)
		(void)vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(ap);
	return p;
}
