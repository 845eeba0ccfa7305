/*
 * The site of the engine's benchmarks: its rows, and the same as the plainest
 * arrays, for a bare loop to measure against.
 *
 * Every role holds Read on every type, and a user's roles cover the same
 * scopes for all operations that they hold, so that one test of scopes
 * answers what the whole rule answers.
 */
#ifndef TESTS_BENCH_ENGINE_WORLD_H
#define TESTS_BENCH_ENGINE_WORLD_H

#include "reeve/rbac.h"
#include "reeve/rbac_ask.h"
#include "reeve/rbac_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEY	   36
#define TYPES	   10
#define OPERATIONS 16
#define ROLES	   30
#define SUBJECTS   1000
#define GROUPS	   500
#define HELD	   3 /* assignments a subject: one own, two of groups */
#define IN	   8 /* groups a subject; six of them are no users */

struct bench_object {
	char key[KEY];
	uint32_t type;
	uint32_t scopes[2];
};

struct bench_world {
	size_t n_objects, n_scopes, n_held_scopes;
	struct bench_object *objects;
	uint16_t role_masks[ROLES][TYPES];
	/* Assignment i is subject i's; SUBJECTS + g is group g's. */
	uint8_t role[SUBJECTS + GROUPS];
	uint64_t *scope_rows[SUBJECTS + GROUPS];
	uint32_t groups[SUBJECTS][IN]; /* the first two have assignments */
	char (*subject_keys)[KEY + 4];
	struct rv_snapshot *s;
	uint64_t state;
};

static inline uint64_t
bench_random(struct bench_world *w)
{
	w->state ^= w->state << 13;
	w->state ^= w->state >> 7;
	w->state ^= w->state << 17;
	return w->state * UINT64_C(0x9e3779b97f4a7c15);
}

static inline size_t
bench_below(struct bench_world *w, size_t n)
{
	return (size_t)((bench_random(w) >> 20) % n);
}

static inline double
bench_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static inline void *
bench_room(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		abort();
	return p;
}

static inline void
bench_must(int r, const struct rv_error *e)
{
	if (r == RV_OK)
		return;
	(void)fprintf(stderr, "%s: %s\n", rv_strerr(r), e->text);
	exit(1);
}

/* The form of a UUID, of 36 bytes. */
static inline void
bench_key(char *key, uint64_t n)
{
	uint64_t m = n * UINT64_C(0x9e3779b97f4a7c15) ^ 0x5bd1e995;
	char text[64];

	(void)snprintf(text, sizeof(text), "%08x-%04x-%04x-%04x-%012llx",
	    (unsigned)(m >> 32), (unsigned)(m >> 16) & 0xffff,
	    (unsigned)m & 0xffff, (unsigned)(n >> 32) & 0xffff,
	    (unsigned long long)(n & 0xffffffffffff));
	memcpy(key, text, KEY);
}

static inline struct rv_slice
bench_text(char text[48], const char *format, size_t n)
{
	int length = snprintf(text, 48, format, n);

	return (struct rv_slice){ text, (size_t)length };
}

static inline struct rv_slice
bench_slice(const char *key)
{
	return (struct rv_slice){ key, KEY };
}

static inline void
bench_choose(struct bench_world *w)
{
	const size_t words = (w->n_scopes + 63) / 64;

	w->objects = bench_room(w->n_objects, sizeof(*w->objects));
	w->subject_keys = bench_room(SUBJECTS, sizeof(*w->subject_keys));
	for (size_t i = 0; i < w->n_objects; i++) {
		struct bench_object *o = &w->objects[i];

		bench_key(o->key, i + ((uint64_t)7 << 40));
		o->type = (uint32_t)bench_below(w, TYPES);
		o->scopes[0] = (uint32_t)bench_below(w, w->n_scopes);
		o->scopes[1] = (uint32_t)bench_below(w, w->n_scopes);
	}
	for (size_t r = 0; r < ROLES; r++)
		for (size_t t = 0; t < TYPES; t++)
			w->role_masks[r][t] =
			    (uint16_t)(bench_random(w) >> 20 | 1);
	for (size_t i = 0; i < SUBJECTS + GROUPS; i++) {
		w->role[i] = (uint8_t)bench_below(w, ROLES);
		w->scope_rows[i] = bench_room(words, sizeof(uint64_t));
		for (size_t k = 0; k < w->n_held_scopes; k++) {
			size_t scope = bench_below(w, w->n_scopes);

			w->scope_rows[i][scope / 64] |= UINT64_C(1)
							<< (scope % 64);
		}
	}
	for (size_t i = 0; i < SUBJECTS; i++) {
		bench_key(w->subject_keys[i], i + ((uint64_t)9 << 40));
		for (size_t k = 0; k < IN; k++)
			w->groups[i][k] = (uint32_t)bench_below(w, GROUPS);
		while (w->groups[i][1] == w->groups[i][0])
			w->groups[i][1] = (uint32_t)bench_below(w, GROUPS);
	}
}

#define BENCH_ROW(b, table, ...)                                    \
	do {                                                        \
		struct rv_error e_ = { "" };                        \
		const struct rv_row_##table row_ = { __VA_ARGS__ }; \
                                                                    \
		bench_must(rv_builder_##table(b, &row_, &e_), &e_); \
	} while (0)

static inline void
bench_catalogue(const struct bench_world *w, struct rv_builder *b)
{
	char name[48], role[48];

	BENCH_ROW(b, site, .revision = 1,
	    .epoch = RV_SLICE_LIT("5f0c7a4e-9d1b-4c52-8f13-2b60c1f6a917"));
	BENCH_ROW(b, type, .object_type_id = 1,
	    .sdk_name = RV_SLICE_LIT("Collection"),
	    .secured_by = RV_SECURED_BY_COLLECTION);
	for (uint32_t t = 0; t < TYPES; t++)
		BENCH_ROW(b, type, .object_type_id = 100 + t,
		    .sdk_name = bench_text(name, "SMS_Type%zu", t),
		    .secured_by = RV_SECURED_BY_SCOPE);
	BENCH_ROW(b, operation, .object_type_id = 1, .bit = 0,
	    .name = RV_SLICE_LIT("Read"));
	for (uint32_t t = 0; t < TYPES; t++)
		for (uint8_t bit = 0; bit < OPERATIONS; bit++)
			BENCH_ROW(b, operation, .object_type_id = 100 + t,
			    .bit = bit,
			    .name = bit == 0
					? RV_SLICE_LIT("Read")
					: bench_text(name, "Operate %zu", bit));
	BENCH_ROW(b, class_operation,
	    .class_name = RV_SLICE_LIT("SMS_R_System"),
	    .operation = RV_SLICE_LIT("Read"), .bit = 0);
	for (size_t r = 0; r < ROLES; r++)
		BENCH_ROW(b, role, .role_id = bench_text(role, "ROLE%zu", r),
		    .name = bench_text(name, "ROLE%zu", r));
	for (size_t r = 0; r < ROLES; r++) {
		(void)bench_text(role, "ROLE%zu", r);
		BENCH_ROW(b, role_operation, .role_id = rv_slice_of(role),
		    .object_type_id = 1, .bit = 0);
		for (uint32_t t = 0; t < TYPES; t++)
			for (uint8_t bit = 0; bit < OPERATIONS; bit++)
				if ((w->role_masks[r][t] & 1u << bit) != 0)
					BENCH_ROW(b, role_operation,
					    .role_id = rv_slice_of(role),
					    .object_type_id = 100 + t,
					    .bit = bit);
	}
	for (size_t i = 0; i < w->n_scopes; i++)
		BENCH_ROW(b, scope, .scope_id = bench_text(name, "S%08zu", i));
	BENCH_ROW(b, collection, .collection_id = RV_SLICE_LIT("SMS00001"),
	    .kind = RV_KIND_DEVICE);
}

static inline void
bench_policy(const struct bench_world *w, struct rv_builder *b)
{
	char name[48], role[48];

	for (size_t i = 0; i < SUBJECTS + GROUPS; i++)
		BENCH_ROW(b, admin, .admin_id = (uint32_t)i + 1,
		    .is_group = i >= SUBJECTS,
		    .principal_id =
			i < SUBJECTS
			    ? bench_slice(w->subject_keys[i])
			    : bench_text(name, "group:%030zu", i - SUBJECTS));
	for (size_t i = 0; i < SUBJECTS + GROUPS; i++)
		BENCH_ROW(b, assignment, .assignment_id = i + 1,
		    .admin_id = (uint32_t)i + 1,
		    .role_id = bench_text(role, "ROLE%zu", w->role[i]),
		    .from_ms = INT64_MIN, .until_ms = INT64_MAX);
	for (size_t i = 0; i < SUBJECTS + GROUPS; i++)
		for (size_t k = 0; k < w->n_scopes; k++)
			if ((w->scope_rows[i][k / 64] >> k % 64 & 1) != 0)
				BENCH_ROW(b, assignment_scope,
				    .assignment_id = i + 1,
				    .scope_id = bench_text(name, "S%08zu", k));
}

/* A site of so many objects in so many scopes. */
static inline void
bench_make(struct bench_world *w, size_t n_objects, size_t n_scopes,
    size_t n_held_scopes)
{
	struct rv_builder *b = rv_builder_new();
	struct rv_error e = { "" };
	char name[48];

	*w = (struct bench_world){ .n_objects = n_objects,
		.n_scopes = n_scopes,
		.n_held_scopes = n_held_scopes,
		.state = 88172645463325252 };
	if (b == NULL)
		abort();
	bench_choose(w);
	bench_catalogue(w, b);
	bench_policy(w, b);
	for (size_t i = 0; i < n_objects; i++)
		BENCH_ROW(b, object, .object_type_id = 100 + w->objects[i].type,
		    .key = bench_slice(w->objects[i].key));
	for (size_t i = 0; i < n_objects; i++)
		for (size_t k = 0; k < 2; k++)
			BENCH_ROW(b, object_scope,
			    .object_type_id = 100 + w->objects[i].type,
			    .key = bench_slice(w->objects[i].key),
			    .scope_id = bench_text(
				name, "S%08zu", w->objects[i].scopes[k]));
	bench_must(rv_builder_finish(&b, &w->s, &e), &e);
}

static inline void
bench_free(struct bench_world *w)
{
	rv_snapshot_free(&w->s);
	for (size_t i = 0; i < SUBJECTS + GROUPS; i++)
		free(w->scope_rows[i]);
	free(w->objects);
	free(w->subject_keys);
}

#endif
