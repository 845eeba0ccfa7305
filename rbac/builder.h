/*
 * What the files that take rows and freeze them share.
 */
#ifndef RBAC_BUILDER_H
#define RBAC_BUILDER_H

#include "snapshot.h"

/* In the order in which their rows come. */
enum rv_table {
	RV_TABLE_NONE,
	RV_TABLE_SITE,
	RV_TABLE_TYPE,
	RV_TABLE_OPERATION,
	RV_TABLE_OPERATION_NEED,
	RV_TABLE_CLASS_OPERATION,
	RV_TABLE_DEFAULT_INSTANCE,
	RV_TABLE_DEPLOY,
	RV_TABLE_ROLE,
	RV_TABLE_ROLE_OPERATION,
	RV_TABLE_SCOPE,
	RV_TABLE_COLLECTION,
	RV_TABLE_ADMIN,
	RV_TABLE_ASSIGNMENT,
	RV_TABLE_ASSIGNMENT_SCOPE,
	RV_TABLE_ASSIGNMENT_COLLECTION,
	RV_TABLE_OBJECT,
	RV_TABLE_OBJECT_SCOPE,
	RV_TABLE_RESOURCE,
	RV_TABLE_MEMBER,
};

/* A collection as its row said, before the tree is known. */
struct rv_collection_row {
	uint32_t limiting; /* in texts, or RV_NONE */
	enum rv_collection_kind kind;
};

struct rv_builder {
	struct rv_snapshot *s;
	enum rv_table table; /* the last one that a row came for */
	int failed;	     /* the first failure; it stays */
	struct rv_error why;

	uint8_t (*need)[RV_BITS]; /* per type; RV_NO_BIT is the default */
	size_t cap_need;
	struct rv_collection_row *collections;
	size_t cap_collections;
	struct rv_intmap assignment_ids;
	struct rv_pairs assignment_scopes, assignment_collections;
	struct rv_pairs object_scopes, members;
};

/* For "%.*s" in lines for the operator: long names are cut. */
#define RV_CUT(s) (int)((s).n < 64 ? (s).n : 64), ((s).p != NULL ? (s).p : "")

/*
 * Starts a row of a table: fails when the builder failed before, or when a
 * row of a later table was there.
 */
RV_MUSTUSE int rv_builder_enter(
    struct rv_builder *b, enum rv_table table, struct rv_error *e);
/* Makes the builder fail with the line; returns RV_ERR_INVALID. */
int rv_builder_refuse(struct rv_builder *b, struct rv_error *e, const char *fmt,
    ...) RV_PRINTF(3, 4);
/* Makes the builder fail; returns RV_ERR_NOMEM. */
int rv_builder_nomem(struct rv_builder *b, struct rv_error *e);
/*
 * Refuses a name that is empty, longer than 65,535 bytes, or no UTF-8;
 * table and column say which.
 */
RV_MUSTUSE int rv_builder_name(struct rv_builder *b, const char *column,
    struct rv_slice name, struct rv_error *e);
/* Refuses a level outside 0..3. */
RV_MUSTUSE int rv_builder_level(struct rv_builder *b, const char *column,
    enum rv_level level, struct rv_error *e);
/* The type of a row, by its id; refuses an unknown one. */
RV_MUSTUSE int rv_builder_type_of(struct rv_builder *b, uint32_t object_type_id,
    uint32_t *ret_type, struct rv_error *e);

/* Turn the rows of a subject into its part of the snapshot, in this order. */
RV_MUSTUSE int rv_catalogue_freeze(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_roles_freeze(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_scopes_freeze(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_collections_freeze(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_subjects_freeze(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_objects_freeze(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_resources_freeze(struct rv_builder *b, struct rv_error *e);
/* Points the assignments at their sets, once these move no more. */
RV_MUSTUSE int rv_subjects_link(struct rv_builder *b, struct rv_error *e);

/*
 * Orders the names of a dictionary by their bytes: the ids in that order, in
 * a new array.  NULL when out of memory.
 */
uint32_t *rv_names_in_order(const struct rv_dict *names);

#endif
