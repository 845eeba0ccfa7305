/*
 * One full load: the store's feed views in one REPEATABLE READ transaction
 * into one snapshot.  Any doubt fails the load; there are no partial ones.
 */
#ifndef PROVIDER_STORE_LOAD_H
#define PROVIDER_STORE_LOAD_H

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

#include "store/copy.h"
#include "store/db.h"

/*
 * Blocks as rv_db.h says; returns its errors, those of the builder, and
 * RV_ERR_INVALID for a row that does not fit the view.  After a failure the
 * connection is good for rv_db_close() only.
 */
RV_MUSTUSE int rv_load(
    struct rv_db *db, struct rv_snapshot **ret_snapshot, struct rv_error *e);

/* ---- load_rows.c: one entry a view, in the builder's order ---- */

struct rv_load_view {
	const char *name;
	const char *sql;
	unsigned n_columns;
	/* Decodes a row and hands it to the builder. */
	int (*row)(struct rv_builder *b, const struct rv_copy_field *fields,
	    struct rv_error *e);
};

extern const struct rv_load_view rv_load_views[];
extern const size_t rv_load_n_views;

#endif
