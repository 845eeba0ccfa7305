/*
 * What the files that take rows share.  A load and a change are one thing:
 * an edit, of nothing or of a version that is there.  Rows go straight into
 * the columns of the new version, but for those of which many make one block:
 * memberships of the first version, and what an assignment names.
 */
#ifndef RBAC_BUILDER_H
#define RBAC_BUILDER_H

#include "groups.h"
#include "intmap.h"
#include "snapshot.h"

/* In the order in which the rows of the first version come. */
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
	RV_TABLE_PRINCIPAL,
	RV_TABLE_EXCLUSION,
	RV_TABLE_ASSIGNMENT,
	RV_TABLE_ASSIGNMENT_SCOPE,
	RV_TABLE_ASSIGNMENT_COLLECTION,
	RV_TABLE_OBJECT,
	RV_TABLE_OBJECT_SCOPE,
	RV_TABLE_RESOURCE,
	RV_TABLE_MEMBER,
};

/* Numbers of what the edit has to look at again at its end. */
struct rv_touched {
	uint32_t *p;
	size_t n, cap;
};

/*
 * What rows do to a set of ids, in their order: so a set of any size may
 * change in any number of rows, and is made once.
 */
struct rv_moves {
	uint64_t *p; /* id << 32 | order of arrival << 1 | 1 for in */
	size_t n, cap;
};

/* An assignment that rows touch. */
struct rv_work {
	const struct rv_assignment *was; /* of the base; NULL: none */
	uint64_t assignment_id;
	int64_t from_ms, until_ms;
	uint32_t number, admin_id, role;
	bool there;
	bool known; /* it is there, or was in the base or the edit */
	struct rv_moves scopes, collections;
};

struct rv_member_batch;

struct rv_builder {
	struct rv_snapshot *base; /* NULL: this is the first version */
	struct rv_snapshot *s;
	struct rv_edit edit;
	enum rv_table table; /* of the last row */
	uint64_t seed;	     /* of names; first version */
	bool moved;	     /* a collection has another limit */
	int failed;	     /* the first failure; it stays */
	struct rv_error why;

	struct rv_work *works;
	size_t n_works, cap_works;
	struct rv_intmap work_of; /* by number; first version: the same */
	struct rv_touched roles, scopes, collections, admins;
	struct rv_touched granted;     /* users with a new block; each once */
	struct rv_pairs members;       /* first version: resource, collection */
	struct rv_member_batch *batch; /* first version: rows that wait */
	/*
	 * What is removed while rows of other tables still name it: such
	 * rows may follow.  1: it is; 0: it was, and came back.
	 */
	struct rv_intmap gone_objects, gone_resources;
	size_t n_gone_objects, n_gone_resources;
};

/* For "%.*s" in lines for the operator: long names are cut. */
#define RV_CUT(s) (int)((s).n < 64 ? (s).n : 64), ((s).p != NULL ? (s).p : "")

/*
 * Starts a row of a table: fails when the builder failed before, or, in the
 * first version, when a row of a later table was there.
 */
RV_MUSTUSE int rv_builder_enter(
    struct rv_builder *b, enum rv_table table, struct rv_error *e);
/* The same for a change or a removal, which needs a base. */
RV_MUSTUSE int rv_builder_enter_change(
    struct rv_builder *b, enum rv_table table, struct rv_error *e);
/* Makes the builder fail for a reason, with the line. */
void rv_builder_fail(struct rv_builder *b, enum rv_err reason,
    struct rv_error *e, const char *fmt, ...) RV_PRINTF(4, 5);
/* The same as an error that static analysis sees to be one. */
#define rv_builder_refuse(b, e, ...)                             \
	(rv_builder_fail((b), RV_ERR_INVALID, (e), __VA_ARGS__), \
	    (int)RV_ERR_INVALID)

static inline int
rv_builder_nomem(struct rv_builder *b, struct rv_error *e)
{
	if (b->edit.full) {
		rv_builder_fail(b, RV_ERR_LIMIT, e,
		    "the line has no room for one more name");
		return RV_ERR_LIMIT;
	}
	rv_builder_fail(b, RV_ERR_NOMEM, e, "out of memory");
	return RV_ERR_NOMEM;
}
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
/* Notes a number to be looked at at the end; RV_ERR_NOMEM. */
RV_MUSTUSE int rv_builder_touch(struct rv_touched *t, uint32_t number);

/* The catalogue to write to, a copy on a base; NULL when out of memory. */
struct rv_catalogue *rv_builder_catalogue(struct rv_builder *b);

/* Elements of columns, to be written to; NULL when out of memory. */
struct rv_role *rv_builder_role_at(struct rv_builder *b, uint32_t number);
struct rv_scope *rv_builder_scope_at(struct rv_builder *b, uint32_t number);
struct rv_collection *rv_builder_collection_at(
    struct rv_builder *b, uint32_t number);
struct rv_admin *rv_builder_admin_at(struct rv_builder *b, uint32_t admin_id);
struct rv_principal *rv_builder_principal_at(
    struct rv_builder *b, uint32_t name);

/* The words of a role's masks: as many types fit. */
size_t rv_mask_words(size_t n_types);
/* Makes room for a new type in the masks of every role; RV_ERR_NOMEM. */
RV_MUSTUSE int rv_roles_widen(struct rv_builder *b);

/* The set of all resources of a type, where it is kept. */
struct rv_idset **rv_builder_kind(struct rv_builder *b, unsigned type);
/* The collection of a row, if the row can be; else refuses it. */
RV_MUSTUSE int rv_member_read(struct rv_builder *b,
    const struct rv_row_member *row, uint32_t *ret_number, struct rv_error *e);
/*
 * The memberships of the first version: each row, and all of them in the end.
 * What is wrong with a row may be said at a later one.
 */
RV_MUSTUSE int rv_members_take(
    struct rv_builder *b, const struct rv_row_member *row, struct rv_error *e);
RV_MUSTUSE int rv_members_make(struct rv_builder *b, struct rv_error *e);
void rv_member_batch_free(struct rv_member_batch **batch);

/* Frees the working copies. */
void rv_works_free(struct rv_builder *b);
/* A set after its moves. */
struct rv_moved {
	uint32_t *ids; /* the caller's: room for was.n + moves->n */
	size_t n;
	uint32_t wrong; /* the id that a failure is about */
};
/*
 * Sorts the moves.  RV_ERR_EXISTS when an id comes in that is in, unless that
 * may be; RV_ERR_NOTFOUND when one leaves that is not in.
 */
RV_MUSTUSE int rv_moves_apply(struct rv_ids was, struct rv_moves *moves,
    bool twice_is_once, struct rv_moved *ret);

/* The end of an edit, in this order. */
RV_MUSTUSE int rv_catalogue_finish(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_grants_finish(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_objects_finish(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_members_finish(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_roles_finish(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_scopes_finish(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_collections_finish(struct rv_builder *b, struct rv_error *e);
RV_MUSTUSE int rv_subjects_finish(struct rv_builder *b, struct rv_error *e);

/*
 * The ids of a dictionary in the order of their spaces and then of their
 * names by bytes: *ret_ids is the caller's to free, also after a failure,
 * which is RV_ERR_NOMEM.  Spaces are small numbers.
 */
RV_MUSTUSE int rv_names_in_order(
    const struct rv_dict *names, uint32_t **ret_ids);

/*
 * Refuses a removed thing that a row of the table of objects still names:
 * key of type object_type_id.
 */
RV_MUSTUSE int rv_objects_check_gone(struct rv_builder *b,
    uint32_t object_type_id, struct rv_slice key, struct rv_error *e);

/* Parts of rv_snapshot_validate(). */
RV_MUSTUSE int rv_catalogue_check(
    const struct rv_snapshot *s, struct rv_error *why);
RV_MUSTUSE int rv_policy_check(
    const struct rv_snapshot *s, struct rv_error *why);
RV_MUSTUSE int rv_subjects_check(
    const struct rv_snapshot *s, struct rv_error *why);
RV_MUSTUSE int rv_objects_check(
    const struct rv_snapshot *s, struct rv_error *why);
RV_MUSTUSE int rv_members_check(
    const struct rv_snapshot *s, struct rv_error *why);
/* The assignments of one user, and that all they name knows them. */
RV_MUSTUSE int rv_grants_check(const struct rv_snapshot *s,
    const struct rv_grants *g, uint32_t admin_id, struct rv_error *why);
/* Says what is broken; returns RV_ERR_INTERNAL. */
int rv_broken(struct rv_error *why, const char *fmt, ...) RV_PRINTF(2, 3);

/* Frees a version with all that it sees: the last of its line, or its first
 * while it is built. */
void rv_snapshot_free_whole(struct rv_snapshot *s);
/* Frees the versions that nobody holds, from the oldest on. */
void rv_snapshot_drain(struct rv_snapshot *s);

#endif
