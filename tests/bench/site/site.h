/*
 * Made-up sites of any size, the same in every run: rows for the engine's
 * builder, or text files for COPY into the store.
 *
 * Devices are members of `memberships` collections each, which lie flat under
 * SMS00001; the first membership of every device is in one of the first tenth
 * of the collections, which are therefore large.  An administrator has three
 * assignments of different roles, with two scopes and three collections each,
 * one of them large.  Applications are in two scopes.
 */
#ifndef TESTS_BENCH_SITE_H
#define TESTS_BENCH_SITE_H

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

struct bench_shape {
	uint32_t resources;
	uint32_t memberships; /* of each device; at most 16 */
	uint32_t collections; /* at least 10 times memberships */
	uint32_t admins;
	uint32_t scopes;
	uint32_t objects;
};

enum bench_table {
	BENCH_TYPE,
	BENCH_OPERATION,
	BENCH_CLASS_OPERATION,
	BENCH_ROLE,
	BENCH_ROLE_OPERATION,
	BENCH_SCOPE,
	BENCH_COLLECTION,
	BENCH_ADMIN,
	BENCH_ASSIGNMENT,
	BENCH_ASSIGNMENT_SCOPE,
	BENCH_ASSIGNMENT_COLLECTION,
	BENCH_OBJECT,
	BENCH_OBJECT_SCOPE,
	BENCH_RESOURCE,
	BENCH_MEMBER,
	BENCH_TABLES
};

/* Ids of a site begin beyond those of the sample site. */
#define BENCH_FIRST_ADMIN    UINT32_C(1000000)
#define BENCH_FIRST_RESOURCE UINT32_C(1000000000)
#define BENCH_TYPE_APP	     31

/* A name of the site; the text is in buf. */
struct bench_name {
	char text[40];
};
struct rv_slice bench_admin(struct bench_name *buf, uint32_t i);
struct rv_slice bench_object(struct bench_name *buf, uint32_t i);
struct rv_slice bench_resource(struct bench_name *buf, uint32_t i);

/*
 * Takes a row of the table, a struct rv_row_* of reeve/rbac_build.h.  Its
 * slices live for the time of the call.
 */
typedef int bench_emit(
    void *arg, enum bench_table table, const void *row, struct rv_error *e);

/*
 * Gives all rows, in the builder's order.  The catalogue and what is built
 * in come first where a table has such rows, if catalogue is set: a store
 * has them already.
 */
RV_MUSTUSE int bench_site_rows(const struct bench_shape *shape, bool catalogue,
    bench_emit *emit, void *arg, struct rv_error *e);

RV_MUSTUSE int bench_site_build(const struct bench_shape *shape,
    struct rv_snapshot **ret_snapshot, struct rv_error *e);

/* Reads RESOURCES MEMBERSHIPS COLLECTIONS ADMINS SCOPES OBJECTS. */
RV_MUSTUSE int bench_shape_read(
    char *const *words, struct bench_shape *ret_shape);

#endif
