/*
 * Following the store: rows of reeve.feed_change onto the snapshot before
 * them, in proportion to their number.
 *
 * Any doubt gives it up: a hole in the numbers, an entity, a column or a
 * value that is not known, an image that is not what the change before it
 * left, a row that the builder refuses.  Then only a full load is right.
 */
#ifndef PROVIDER_STORE_CHANGES_H
#define PROVIDER_STORE_CHANGES_H

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

/* Borrowed texts; an absent image is SQL NULL. */
struct rv_change {
	uint64_t revision;
	uint32_t ordinal;     /* from 1 in each revision */
	struct rv_slice mark; /* of the revision, with its first change */
	struct rv_slice entity, key;
	/* JSON of the row before and after, without what no view shows. */
	struct rv_slice before, after;
	/* The validity of an assignment before and after; see rv_row_assignment
	 */
	int64_t before_from_ms, before_until_ms;
	int64_t after_from_ms, after_until_ms;
};

struct rv_changes {
	/* Whole revisions, by (revision, ordinal), from that of the base on. */
	const struct rv_change *rows;
	size_t n;
	uint64_t revision; /* of the last row */
	/*
	 * What reeve.feed_site says of that revision; NULL when it speaks of
	 * a later one.
	 */
	const struct rv_row_site *site;
};

/*
 * The version of base's line after the changes.  RV_ERR_INVALID is a doubt,
 * with the reason in *e; RV_ERR_LIMIT: the line is at its end; RV_ERR_NOMEM.  base stays as it is.  Thread rule:
 * rv_builder_on().
 */
RV_MUSTUSE int rv_changes_apply(const struct rv_changes *changes,
    struct rv_snapshot *base, struct rv_snapshot **ret_next,
    struct rv_error *e);

#endif
