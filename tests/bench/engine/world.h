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

#include "bench/kit.h"

#include <string.h>

#define KEY	   36
#define TYPES	   10
#define OPERATIONS 16
#define ROLES	   30
#define SUBJECTS   1000
#define GROUPS	   500
#define HELD	   3 /* assignments a subject: one own, two of groups */
#define IN	   8 /* groups a subject; six of them are no users */

#define COLLECTIONS  200
#define MEMBER_OF    4 /* collections of a device */
#define FIRST_DEVICE UINT32_C(16777216)

struct bench_object {
	char key[KEY];
	uint32_t type;
	uint32_t scopes[2];
};

/* Objects and scopes; or, where members are set, devices and collections. */
struct bench_world {
	size_t n_objects, n_categories, n_held;
	struct bench_object *objects;
	uint16_t (*members)[MEMBER_OF]; /* collections of each device */
	uint16_t role_masks[ROLES][TYPES];
	/* Assignment i is subject i's; SUBJECTS + g is group g's. */
	uint8_t role[SUBJECTS + GROUPS];
	uint64_t *held[SUBJECTS + GROUPS]; /* a bit a category */
	uint32_t groups[SUBJECTS][IN];	   /* the first two have assignments */
	char (*subject_keys)[KEY + 4];
	struct rv_snapshot *s;
	uint64_t state;
};

static inline size_t
world_below(struct bench_world *w, size_t n)
{
	return (size_t)((bench_random(&w->state) >> 20) % n);
}

/* Time on the processor, so that others on the machine count less. */
static inline double
world_cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
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

static inline struct rv_slice bench_format(
    char text[48], const char *format, ...) RV_PRINTF(2, 3);

static inline struct rv_slice
bench_format(char text[48], const char *format, ...)
{
	va_list ap;
	int length;

	va_start(ap, format);
	length = vsnprintf(text, 48, format, ap);
	va_end(ap);
	return (struct rv_slice){ text, (size_t)length };
}

/* The same with one number, of whatever type. */
#define bench_text(text, format, n) bench_format(text, format, (size_t)(n))

static inline struct rv_slice
bench_slice(const char *key)
{
	return (struct rv_slice){ key, KEY };
}

static inline void
bench_choose_objects(struct bench_world *w)
{
	w->objects = bench_alloc(w->n_objects, sizeof(*w->objects));
	for (size_t i = 0; i < w->n_objects; i++) {
		struct bench_object *o = &w->objects[i];

		bench_key(o->key, i + ((uint64_t)7 << 40));
		o->type = (uint32_t)world_below(w, TYPES);
		o->scopes[0] = (uint32_t)world_below(w, w->n_categories);
		o->scopes[1] = (uint32_t)world_below(w, w->n_categories);
	}
}

static inline void
bench_choose_devices(struct bench_world *w)
{
	w->members = bench_alloc(w->n_objects, sizeof(*w->members));
	for (size_t i = 0; i < w->n_objects; i++)
		for (size_t k = 0; k < MEMBER_OF; k++)
			w->members[i][k] =
			    (uint16_t)world_below(w, w->n_categories);
}

static inline void
bench_choose_subjects(struct bench_world *w)
{
	const size_t words = (w->n_categories + 63) / 64;

	w->subject_keys = bench_alloc(SUBJECTS, sizeof(*w->subject_keys));
	for (size_t r = 0; r < ROLES; r++)
		for (size_t t = 0; t < TYPES; t++)
			w->role_masks[r][t] =
			    (uint16_t)(bench_random(&w->state) >> 20 | 1);
	for (size_t i = 0; i < SUBJECTS + GROUPS; i++) {
		w->role[i] = (uint8_t)world_below(w, ROLES);
		w->held[i] = bench_alloc(words, sizeof(uint64_t));
		for (size_t k = 0; k < w->n_held; k++) {
			const size_t c = world_below(w, w->n_categories);

			w->held[i][c / 64] |= UINT64_C(1) << (c % 64);
		}
	}
	for (size_t i = 0; i < SUBJECTS; i++) {
		bench_key(w->subject_keys[i], i + ((uint64_t)9 << 40));
		for (size_t k = 0; k < IN; k++)
			w->groups[i][k] = (uint32_t)world_below(w, GROUPS);
		while (w->groups[i][1] == w->groups[i][0])
			w->groups[i][1] = (uint32_t)world_below(w, GROUPS);
	}
}

#define BENCH_ROW(b, table, ...)                                            \
	do {                                                                \
		struct rv_error e_ = { "" };                                \
		const struct rv_row_##table row_ = { __VA_ARGS__ };         \
                                                                            \
		bench_need(rv_builder_##table(b, &row_, &e_), &e_, #table); \
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
	for (uint8_t bit = 0; bit < OPERATIONS; bit++)
		BENCH_ROW(b, operation, .object_type_id = 1, .bit = bit,
		    .name = bit == 0 ? RV_SLICE_LIT("Read")
				     : bench_text(name, "Operate %zu", bit));
	for (uint32_t t = 0; t < TYPES; t++)
		for (uint8_t bit = 0; bit < OPERATIONS; bit++)
			BENCH_ROW(b, operation, .object_type_id = 100 + t,
			    .bit = bit,
			    .name = bit == 0
					? RV_SLICE_LIT("Read")
					: bench_text(name, "Operate %zu", bit));
	for (uint8_t bit = 0; bit < OPERATIONS; bit++)
		BENCH_ROW(b, class_operation,
		    .class_name = RV_SLICE_LIT("SMS_R_System"),
		    .operation = bit == 0
				     ? RV_SLICE_LIT("Read")
				     : bench_text(name, "Operate %zu", bit),
		    .bit = bit);
	for (size_t r = 0; r < ROLES; r++)
		BENCH_ROW(b, role, .role_id = bench_text(role, "ROLE%zu", r),
		    .name = bench_text(name, "ROLE%zu", r));
	for (size_t r = 0; r < ROLES; r++) {
		(void)bench_text(role, "ROLE%zu", r);
		for (uint8_t bit = 0; bit < OPERATIONS; bit++)
			if ((w->role_masks[r][0] & 1u << bit) != 0)
				BENCH_ROW(b, role_operation,
				    .role_id = rv_slice_of(role),
				    .object_type_id = 1, .bit = bit);
		for (uint32_t t = 0; t < TYPES; t++)
			for (uint8_t bit = 0; bit < OPERATIONS; bit++)
				if ((w->role_masks[r][t] & 1u << bit) != 0)
					BENCH_ROW(b, role_operation,
					    .role_id = rv_slice_of(role),
					    .object_type_id = 100 + t,
					    .bit = bit);
	}
	for (size_t i = 0; w->members == NULL && i < w->n_categories; i++)
		BENCH_ROW(b, scope, .scope_id = bench_text(name, "S%08zu", i));
	BENCH_ROW(b, collection, .collection_id = RV_SLICE_LIT("SMS00001"),
	    .kind = RV_KIND_DEVICE);
	for (size_t i = 0; w->members != NULL && i < w->n_categories; i++)
		BENCH_ROW(b, collection,
		    .collection_id = bench_text(name, "C%08zu", i),
		    .kind = RV_KIND_DEVICE,
		    .limiting_id = RV_SLICE_LIT("SMS00001"));
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
		for (size_t k = 0; k < w->n_categories; k++) {
			if ((w->held[i][k / 64] >> k % 64 & 1) == 0)
				continue;
			if (w->members == NULL)
				BENCH_ROW(b, assignment_scope,
				    .assignment_id = i + 1,
				    .scope_id = bench_text(name, "S%08zu", k));
			else
				BENCH_ROW(b, assignment_collection,
				    .assignment_id = i + 1,
				    .collection_id =
					bench_text(name, "C%08zu", k));
		}
}

static inline void
bench_objects(const struct bench_world *w, struct rv_builder *b)
{
	char name[48];

	for (size_t i = 0; i < w->n_objects; i++)
		BENCH_ROW(b, object, .object_type_id = 100 + w->objects[i].type,
		    .key = bench_slice(w->objects[i].key));
	for (size_t i = 0; i < w->n_objects; i++)
		for (size_t k = 0; k < 2; k++)
			BENCH_ROW(b, object_scope,
			    .object_type_id = 100 + w->objects[i].type,
			    .key = bench_slice(w->objects[i].key),
			    .scope_id = bench_text(
				name, "S%08zu", w->objects[i].scopes[k]));
}

static inline void
bench_devices(const struct bench_world *w, struct rv_builder *b)
{
	char name[48];

	for (size_t i = 0; i < w->n_objects; i++)
		BENCH_ROW(b, resource,
		    .resource_id = FIRST_DEVICE + (uint32_t)i,
		    .type = RV_RESOURCE_DEVICE);
	for (size_t i = 0; i < w->n_objects; i++)
		for (size_t k = 0; k < MEMBER_OF; k++)
			BENCH_ROW(b, member,
			    .collection_id =
				bench_text(name, "C%08zu", w->members[i][k]),
			    .resource_id = FIRST_DEVICE + (uint32_t)i);
}

static inline void
bench_build(struct bench_world *w)
{
	struct rv_builder *b = rv_builder_new(1);
	struct rv_error e = { "" };

	if (b == NULL)
		abort();
	bench_catalogue(w, b);
	bench_policy(w, b);
	if (w->members == NULL)
		bench_objects(w, b);
	else
		bench_devices(w, b);
	bench_need(rv_builder_finish(&b, &w->s, &e), &e, "finish");
}

#define WORLD_SEED UINT64_C(88172645463325252)

/* A site of so many objects in so many scopes. */
static inline void
bench_make(struct bench_world *w, size_t n_objects, size_t n_scopes,
    size_t n_held_scopes)
{
	*w = (struct bench_world){ .n_objects = n_objects,
		.n_categories = n_scopes,
		.n_held = n_held_scopes,
		.state = WORLD_SEED };
	bench_choose_objects(w);
	bench_choose_subjects(w);
	bench_build(w);
}

/* A site of so many devices in collections. */
static inline void
bench_make_devices(struct bench_world *w, size_t n_devices, size_t n_held)
{
	*w = (struct bench_world){ .n_objects = n_devices,
		.n_categories = COLLECTIONS,
		.n_held = n_held,
		.state = WORLD_SEED };
	bench_choose_devices(w);
	bench_choose_subjects(w);
	bench_build(w);
}

static inline void
bench_free(struct bench_world *w)
{
	rv_snapshot_free(&w->s);
	for (size_t i = 0; i < SUBJECTS + GROUPS; i++)
		free(w->held[i]);
	free(w->objects);
	free(w->members);
	free(w->subject_keys);
}

#endif
