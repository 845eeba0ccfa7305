/*
 * A site as plain lists of rows: what the tests build snapshots from, and
 * what the naive evaluator reads.  For test programs only: it aborts when
 * out of memory.
 */
#ifndef TESTS_UNIT_RBAC_WORLD_H
#define TESTS_UNIT_RBAC_WORLD_H

#include "reeve/rbac_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(table)                   \
	struct rv_row_##table *table; \
	size_t n_##table

struct world {
	struct rv_arena *arena; /* the bytes of all names */
	struct rv_row_site site;
	ROWS(type);
	ROWS(operation);
	ROWS(operation_need);
	ROWS(class_operation);
	ROWS(default_instance);
	ROWS(deploy);
	ROWS(role);
	ROWS(role_operation);
	ROWS(scope);
	ROWS(collection);
	ROWS(admin);
	ROWS(principal);
	ROWS(exclusion);
	ROWS(assignment);
	ROWS(assignment_scope);
	ROWS(assignment_collection);
	ROWS(object);
	ROWS(object_scope);
	ROWS(resource);
	ROWS(member);
};

/* Calls X(table) for each table but the site's, in the builder's order. */
#define EACH_TABLE(X)            \
	X(type)                  \
	X(operation)             \
	X(operation_need)        \
	X(class_operation)       \
	X(default_instance)      \
	X(deploy)                \
	X(role)                  \
	X(role_operation)        \
	X(scope)                 \
	X(collection)            \
	X(admin)                 \
	X(principal)             \
	X(exclusion)             \
	X(assignment)            \
	X(assignment_scope)      \
	X(assignment_collection) \
	X(object)                \
	X(object_scope)          \
	X(resource)              \
	X(member)

static inline void *
world_grow(void *p, size_t n, size_t size)
{
	/* Powers of two: grows when n is one. */
	if ((n & (n - 1)) != 0)
		return p;
	p = reallocarray(p, n == 0 ? 1 : n * 2, size);
	if (p == NULL)
		abort();
	return p;
}

#define WORLD_ADD(table)                                                   \
	static inline struct rv_row_##table *world_add_##table(            \
	    struct world *w, struct rv_row_##table row)                    \
	{                                                                  \
		w->table =                                                 \
		    world_grow(w->table, w->n_##table, sizeof(*w->table)); \
		w->table[w->n_##table] = row;                              \
		return &w->table[w->n_##table++];                          \
	}
EACH_TABLE(WORLD_ADD)

/* Takes one row out; the others keep their order. */
#define WORLD_DROP(table)                                                \
	static inline void world_drop_##table(struct world *w, size_t i) \
	{                                                                \
		w->n_##table--;                                          \
		memmove(&w->table[i], &w->table[i + 1],                  \
		    (w->n_##table - i) * sizeof(*w->table));             \
		/* world_add_*() makes room at powers of two. */         \
		if ((w->n_##table & (w->n_##table - 1)) == 0)            \
			w->table = world_grow(                           \
			    w->table, w->n_##table, sizeof(*w->table));  \
	}
EACH_TABLE(WORLD_DROP)

static inline void
world_init(struct world *w)
{
	*w = (struct world){ .arena = rv_arena_new(0) };
	if (w->arena == NULL)
		abort();
	w->site = (struct rv_row_site){ .revision = 7,
		.epoch = RV_SLICE_LIT("00000000-0000-4000-8000-000000000001"),
		.minimum = RV_LEVEL_WINDOWS };
}

static inline void
world_fini(struct world *w)
{
#define FREE_ROWS(table) free(w->table);
	EACH_TABLE(FREE_ROWS)
#undef FREE_ROWS
	rv_arena_free(&w->arena);
}

/* A copy with lists of its own; the names stay the original's. */
static inline void
world_copy(struct world *to, const struct world *from)
{
	*to = (struct world){ .arena = rv_arena_new(0), .site = from->site };
	if (to->arena == NULL)
		abort();
#define COPY_ROWS(table)                             \
	for (size_t i = 0; i < from->n_##table; i++) \
		world_add_##table(to, from->table[i]);
	EACH_TABLE(COPY_ROWS)
#undef COPY_ROWS
}

static inline struct rv_slice world_name(struct world *w, const char *fmt, ...)
    RV_PRINTF(2, 3);

static inline struct rv_slice
world_name(struct world *w, const char *fmt, ...)
{
	char text[256];
	va_list ap;
	char *p;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p = rv_arena_dup(w->arena, rv_slice_of(text));
	if (p == NULL)
		abort();
	return rv_slice_of(p);
}

/* Feeds all rows; the first error ends it. */
static inline int
world_feed(const struct world *w, struct rv_builder *b, struct rv_error *e)
{
	int r = rv_builder_site(b, &w->site, e);

#define FEED_ROWS(table)                                        \
	for (size_t i = 0; r == RV_OK && i < w->n_##table; i++) \
		r = rv_builder_##table(b, &w->table[i], e);
	EACH_TABLE(FEED_ROWS)
#undef FEED_ROWS
	return r;
}

static inline int
world_build(
    const struct world *w, struct rv_snapshot **ret_s, struct rv_error *e)
{
	struct rv_builder *b = rv_builder_new(1);
	int r;

	if (b == NULL)
		return RV_ERR_NOMEM;
	r = world_feed(w, b, e);
	if (r != RV_OK) {
		rv_builder_free(&b);
		return r;
	}
	return rv_builder_finish(&b, ret_s, e);
}

/* A snapshot of a world that has to be sound. */
static inline struct rv_snapshot *
world_snapshot(const struct world *w)
{
	struct rv_snapshot *s = NULL;
	struct rv_error e = { "" };

	if (world_build(w, &s, &e) != RV_OK) {
		(void)fprintf(stderr, "no snapshot: %s\n", e.text);
		abort();
	}
	return s;
}

#endif
