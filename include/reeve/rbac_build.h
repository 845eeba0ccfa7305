/*
 * How a snapshot comes to be: rows in, any order within the order of the
 * functions below, one immutable snapshot out.  The rows are those of the
 * store's tables (docs/store.md); slices are copied.
 *
 * Pure; one thread at a time.  A row that contradicts the model (an unknown
 * role in an assignment, a cycle of collections, a bit over 63) makes the
 * builder fail: what it says then is a reason to refuse the whole load.
 */
#ifndef REEVE_RBAC_BUILD_H
#define REEVE_RBAC_BUILD_H

#include "reeve/rbac.h"

struct rv_builder;

enum rv_collection_kind {
	RV_KIND_DEVICE,
	RV_KIND_USER,
};

/* 5 system, 4 user, 3 user group: SMS_R_*.ResourceType. */
enum rv_resource_type {
	RV_RESOURCE_GROUP = 3,
	RV_RESOURCE_USER = 4,
	RV_RESOURCE_DEVICE = 5,
};

struct rv_row_site {
	uint64_t revision;
	struct rv_slice epoch;
	struct rv_slice mark; /* of the revision; absent: none is known */
	enum rv_level minimum;
	enum rv_pairing pairing; /* the setting deploy_pairing */
	/*
	 * While a change of the minimum awaits its confirmation: from that UTC
	 * instant on revert_level counts instead.  0: none awaits it.
	 */
	int64_t revert_at_ms;
	enum rv_level revert_level;
	uint32_t max_auth_age_s; /* 0: an authentication may have any age */
};

struct rv_row_type {
	uint32_t object_type_id;
	struct rv_slice sdk_name;
	struct rv_slice class_name; /* absent when it has none */
	enum rv_secured_by secured_by;
};

struct rv_row_operation {
	uint32_t object_type_id;
	uint8_t bit; /* 0..63 */
	struct rv_slice name;
	bool type_wide;
	bool security; /* a security operation, docs/rule.md section 10 */
	enum rv_level minimum; /* none: no minimum of its own */
};

/* An operation that needs another on the same object; Read by default. */
struct rv_row_operation_need {
	uint32_t object_type_id;
	uint8_t bit;
	uint8_t needed_bit;
};

/*
 * Classes without a type: (class, operation) -> bit of type 1.  A class
 * that ends in '*' is a prefix.
 */
struct rv_row_class_operation {
	struct rv_slice class_name;
	struct rv_slice operation;
	uint8_t bit;
};

/* Instances secured by role only, on which Read means Read Default. */
struct rv_row_default_instance {
	uint32_t object_type_id;
	struct rv_slice key;
	uint8_t read_bit;   /* Read Default */
	uint8_t modify_bit; /* Modify Default */
};

/*
 * Deploy(k), docs/rule.md section 4: what deploying content of a type asks
 * for on the collection, as a bit of type 1.
 */
struct rv_row_deploy {
	uint32_t object_type_id;
	uint8_t bit;
};
/* Configuration Manager's, for stores that have no table of them. */
extern const struct rv_row_deploy rv_deploy_rows[];
extern const size_t rv_n_deploy_rows;

/*
 * How many collections a chain may have, from one to its root: each check of
 * a collection walks up.  The store refuses longer ones too.
 */
#define RV_CHAIN_MAX 64

struct rv_row_role {
	struct rv_slice role_id;
	struct rv_slice name;
	enum rv_level minimum;
};

struct rv_row_role_operation {
	struct rv_slice role_id;
	uint32_t object_type_id;
	uint8_t bit;
};

struct rv_row_scope {
	struct rv_slice scope_id;
};

struct rv_row_collection {
	struct rv_slice collection_id;
	enum rv_collection_kind kind;
	struct rv_slice limiting_id; /* absent for the two roots only */
};

struct rv_row_admin {
	uint32_t admin_id;
	bool is_group;
	bool out; /* deleted or orphaned: gives nothing */
	/* "krb5:alice@LAB.TEST", "group:<entryUUID>", ...; unique */
	struct rv_slice principal_id;
	struct rv_slice account_id; /* immutable directory id, or absent */
};

/*
 * A further principal of an administrative user that is no group; unique
 * among these and the principals of users that are in.
 */
struct rv_row_principal {
	struct rv_slice principal_id;
	uint32_t admin_id;
};

/* An entry of the exclusion list; it need not be anybody's. */
struct rv_row_exclusion {
	struct rv_slice principal_id;
};

struct rv_row_assignment {
	uint64_t assignment_id; /* unique in the site */
	uint32_t admin_id;
	struct rv_slice role_id;
	int64_t from_ms; /* INT64_MIN: always */
	int64_t
	    until_ms; /* INT64_MAX: without end; the interval is half-open */
};

struct rv_row_assignment_scope {
	uint64_t assignment_id;
	struct rv_slice scope_id;
};

struct rv_row_assignment_collection {
	uint64_t assignment_id;
	struct rv_slice collection_id;
};

struct rv_row_object {
	uint32_t object_type_id;
	struct rv_slice key;
	/*
	 * Of a configuration item or policy: the type of its own that it is
	 * of, which stays; 0: of none.  docs/rule.md section 1.
	 */
	uint32_t own_type_id;
};

struct rv_row_object_scope {
	uint32_t object_type_id;
	struct rv_slice key;
	struct rv_slice scope_id;
};

struct rv_row_resource {
	uint32_t resource_id;
	enum rv_resource_type type;
};

struct rv_row_member {
	struct rv_slice collection_id;
	uint32_t resource_id;
};

/*
 * A builder of a first version.  The seed is that of all tables of names in
 * the line: random, and never shown to anybody, since who knows it can
 * choose names that fall into one slot.  NULL when out of memory.
 */
struct rv_builder *rv_builder_new(uint64_t seed);

/*
 * A builder whose snapshot is the next version of base: it begins with all
 * of it and shares what does not change, so that a change costs in
 * proportion to its size.  base stays as it is and in force, whatever becomes
 * of the builder.  Versions that come from each other in this way are a
 * line: at any time one builder at most, on the newest version, and that
 * builder and rv_snapshot_free() of the line's versions are for one thread
 * at a time; any number of threads may read any version.
 *
 * The row of the site comes first, with the same epoch and a higher
 * revision; then rows in the order in which the store changed them.  NULL
 * when out of memory, or unless rv_snapshot_line_goes_on().
 */
struct rv_builder *rv_builder_on(struct rv_snapshot *base);
/*
 * Whether there is a number for one more version of the line; a builder that
 * finds no room for one more name fails with RV_ERR_LIMIT.  In both cases
 * a load begins a new line.
 */
bool rv_snapshot_line_goes_on(const struct rv_snapshot *newest);
void rv_builder_free(struct rv_builder **b);

/*
 * Each takes one row; call them in this order of tables.  RV_ERR_INVALID
 * with a line in *e (which may be NULL), or RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_builder_site(
    struct rv_builder *b, const struct rv_row_site *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_type(
    struct rv_builder *b, const struct rv_row_type *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_operation(struct rv_builder *b,
    const struct rv_row_operation *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_operation_need(struct rv_builder *b,
    const struct rv_row_operation_need *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_class_operation(struct rv_builder *b,
    const struct rv_row_class_operation *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_default_instance(struct rv_builder *b,
    const struct rv_row_default_instance *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_deploy(
    struct rv_builder *b, const struct rv_row_deploy *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_role(
    struct rv_builder *b, const struct rv_row_role *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_role_operation(struct rv_builder *b,
    const struct rv_row_role_operation *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_scope(
    struct rv_builder *b, const struct rv_row_scope *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_collection(struct rv_builder *b,
    const struct rv_row_collection *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_admin(
    struct rv_builder *b, const struct rv_row_admin *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_principal(struct rv_builder *b,
    const struct rv_row_principal *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_exclusion(struct rv_builder *b,
    const struct rv_row_exclusion *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_assignment(struct rv_builder *b,
    const struct rv_row_assignment *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_assignment_scope(struct rv_builder *b,
    const struct rv_row_assignment_scope *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_assignment_collection(struct rv_builder *b,
    const struct rv_row_assignment_collection *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_object(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_object_scope(struct rv_builder *b,
    const struct rv_row_object_scope *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_resource(struct rv_builder *b,
    const struct rv_row_resource *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_member(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e);

/*
 * Changes of rows that are there: only for builders on a base.  A row that
 * is not there, or that changes what these do not provide for, is
 * RV_ERR_INVALID: then only a full load helps.
 */
/* The minimum; all else of an operation is for a full load. */
RV_MUSTUSE int rv_builder_change_operation(struct rv_builder *b,
    const struct rv_row_operation *row, struct rv_error *e);
/* The minimum; the name is not kept. */
RV_MUSTUSE int rv_builder_change_role(
    struct rv_builder *b, const struct rv_row_role *row, struct rv_error *e);
/* The limiting collection. */
RV_MUSTUSE int rv_builder_change_collection(struct rv_builder *b,
    const struct rv_row_collection *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_change_admin(
    struct rv_builder *b, const struct rv_row_admin *row, struct rv_error *e);
/* Whose it is. */
RV_MUSTUSE int rv_builder_change_principal(struct rv_builder *b,
    const struct rv_row_principal *row, struct rv_error *e);
/* All but the user whose it is; its scopes and collections stay. */
RV_MUSTUSE int rv_builder_change_assignment(struct rv_builder *b,
    const struct rv_row_assignment *row, struct rv_error *e);

/*
 * Removals, only for builders on a base.  What belongs to the row goes
 * before it or in the same builder: rv_builder_finish() refuses a snapshot
 * in which something still names what is gone.
 */
RV_MUSTUSE int rv_builder_remove_role(
    struct rv_builder *b, struct rv_slice role_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_role_operation(struct rv_builder *b,
    const struct rv_row_role_operation *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_scope(
    struct rv_builder *b, struct rv_slice scope_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_collection(
    struct rv_builder *b, struct rv_slice collection_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_admin(
    struct rv_builder *b, uint32_t admin_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_principal(
    struct rv_builder *b, struct rv_slice principal_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_exclusion(
    struct rv_builder *b, struct rv_slice principal_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_assignment(
    struct rv_builder *b, uint64_t assignment_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_assignment_scope(struct rv_builder *b,
    const struct rv_row_assignment_scope *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_assignment_collection(struct rv_builder *b,
    const struct rv_row_assignment_collection *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_object(
    struct rv_builder *b, const struct rv_row_object *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_object_scope(struct rv_builder *b,
    const struct rv_row_object_scope *row, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_resource(
    struct rv_builder *b, uint32_t resource_id, struct rv_error *e);
RV_MUSTUSE int rv_builder_remove_member(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e);

/*
 * Resolves, checks the model and hands over the snapshot: all of it, or, on
 * a base, all that was touched.  Consumes the builder either way: *b becomes
 * NULL, and after a failure the base is as if there had been no builder.
 */
RV_MUSTUSE int rv_builder_finish(struct rv_builder **b,
    struct rv_snapshot **ret_snapshot, struct rv_error *e);

/* Checks every invariant of a snapshot; why gets the first broken one. */
RV_MUSTUSE int rv_snapshot_validate(
    const struct rv_snapshot *s, struct rv_error *why);

#endif
