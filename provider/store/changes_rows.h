/*
 * What the tables behind reeve.feed_change mean to a snapshot: the columns
 * of each, and what a new, a changed and a removed row is to the builder.
 */
#ifndef PROVIDER_STORE_CHANGES_ROWS_H
#define PROVIDER_STORE_CHANGES_ROWS_H

#include "reeve/rbac_build.h"

#define RV_CHANGE_VALUES 8

enum rv_change_kind {
	RV_CHANGE_END, /* of the columns */
	RV_CHANGE_TEXT,
	RV_CHANGE_TEXT_OR_NULL,
	RV_CHANGE_INTEGER,	   /* within min..max */
	RV_CHANGE_INTEGER_OR_NULL, /* the same, or null, which reads as 0 */
	RV_CHANGE_BOOLEAN,
	RV_CHANGE_IGNORED, /* no view that is loaded shows it */
	/* Part of new rows only: what it becomes later is not kept. */
	RV_CHANGE_TEXT_ONCE,
};

struct rv_change_column {
	const char *name;
	enum rv_change_kind kind;
	int64_t min, max;
};

/* A row: values in the order of its columns, those ignored left out. */
struct rv_change_row {
	struct {
		struct rv_slice text;
		int64_t n;
	} v[RV_CHANGE_VALUES];
	int64_t from_ms, until_ms; /* of an assignment */
};

typedef int rv_change_fn(
    struct rv_builder *b, const struct rv_change_row *row, struct rv_error *e);

struct rv_change_entity {
	const char *name; /* of the table */
	/*
	 * No snapshot has anything of it; else its columns, and what to do.
	 * Without a function a full load is needed.
	 */
	bool no_effect;
	const struct rv_change_column *columns;
	rv_change_fn *add, *change, *remove;
};

/*
 * In an order in which new rows can be added; removals go the other way
 * round.
 */
extern const struct rv_change_entity rv_change_entities[];
extern const size_t rv_change_n_entities;
/* The place of the one with the settings of the site. */
#define RV_CHANGE_SETTINGS 0

#endif
