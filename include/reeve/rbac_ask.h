/*
 * Questions beyond one check: many at once, what a subject may do on an
 * object, on which objects it may do something, who may, what it holds, and
 * all of it under assignments that are only supposed.
 *
 * As for a check there is no I/O, no clock and no lock.  What is allocated
 * comes from the caller's arena; an answer lives as long as arena and
 * snapshot both do.  Where a call can run out of memory it says so, and then
 * there is no answer.
 */
#ifndef REEVE_RBAC_ASK_H
#define REEVE_RBAC_ASK_H

#include "reeve/rbac.h"
#include "reeve/rbac_build.h"

/* ---- Many checks at once --------------------------------------------- */

struct rv_ask {
	const struct rv_subject_resolved *subject;
	struct rv_question question;
	/* Of the question's type and operation; NULL: they are looked up. */
	const struct rv_prepared *prepared;
};

/*
 * Answers n questions, each as rv_rbac_check_resolved() would, in their
 * order.  Faster than one by one, because it fetches what the next ones
 * need while it decides.  All subjects are of one snapshot.
 */
void rv_rbac_check_many(const struct rv_ask *asks, size_t n, int64_t at_ms,
    struct rv_verdict *ret_verdicts);

/* ---- What may the subject do on this object? -------------------------- */

struct rv_operations {
	/* Allowed: the object exists, or none is named.  Else why not. */
	enum rv_reason reason;
	uint32_t object_type_id; /* after the translation of classes */
	/*
	 * The operations that a check of this key allows.  On a default
	 * instance they are those that are asked: Read and Modify.  With
	 * groups unknown the others are not decidable.
	 */
	uint64_t allowed;
	int64_t valid_until_ms; /* as in struct rv_verdict */
};
void rv_rbac_operations(const struct rv_subject_resolved *u, int64_t at_ms,
    struct rv_slice type, struct rv_slice key, struct rv_operations *ret);

/* ---- On which objects may the subject do this? ------------------------ */

/*
 * Some of the instances of a type or class.  They come in the order of their
 * keys, by bytes; numbers (resources, administrative users) in the order of
 * the numbers.
 */
struct rv_reached; /* how it is known which they are; in the arena */
struct rv_object_set {
	/*
	 * Allowed; not_permitted when there is none; groups_unknown when they
	 * are and not every instance is in the set; or what is wrong with the
	 * question.  Only with `allowed` there is anything in the set.
	 */
	enum rv_reason reason;
	size_t n;			  /* in the set */
	size_t universe;		  /* instances that there are */
	int64_t valid_until_ms;		  /* as in struct rv_verdict */
	const struct rv_reached *reached; /* NULL when only counted */
};

/* Counts, and unless count_only can be walked through.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_rbac_objects(const struct rv_subject_resolved *u,
    int64_t at_ms, struct rv_slice type, struct rv_slice operation,
    bool count_only, struct rv_arena *arena, struct rv_object_set *ret);

#define RV_KEY_ROOM 16 /* for a key that is a number */

/* A place in a set; zeroed it is before the first.  Of this set only. */
struct rv_cursor {
	uint64_t at;
	uint32_t leaf, within;
};

/*
 * The key of the next member, and the cursor moved behind it; false when
 * there is none.  Numbers are written into room.
 */
bool rv_object_set_next(const struct rv_object_set *set,
    struct rv_cursor *cursor, char room[RV_KEY_ROOM], struct rv_slice *ret_key);
/* The place behind a key, which need not exist: where to resume. */
struct rv_cursor rv_object_set_after(
    const struct rv_object_set *set, struct rv_slice key);
/*
 * Ids of resources or of administrative users, as many as fit, and the
 * cursor moved behind the last; returns how many.  Of other sets none.
 */
size_t rv_object_set_ids(const struct rv_object_set *set,
    struct rv_cursor *cursor, uint32_t *ids, size_t room);

/* ---- Who may do this? ------------------------------------------------- */

/*
 * An administrative user whose own assignments allow it, at the highest
 * level, asked for directly.  A group stands for its members.  What somebody
 * may do only because of two of these together, one of them a group's, is in
 * none of the rows: ask a check about that person.
 */
struct rv_holder {
	uint32_t admin_id;
	bool is_group;
	struct rv_slice principal_id;
	enum rv_level required; /* the lowest level at which it is allowed */
	const uint64_t *assignments; /* that suffice; ascending */
	size_t n_assignments;
};

struct rv_who; /* how it is known who they are; in the arena */
struct rv_holders {
	enum rv_reason reason; /* allowed, not_permitted: nobody, or why */
	size_t n;
	const struct rv_who *who;
};
/* RV_ERR_NOMEM. */
RV_MUSTUSE int rv_rbac_who(const struct rv_snapshot *s, int64_t at_ms,
    const struct rv_question *q, struct rv_arena *arena,
    struct rv_holders *ret);
/*
 * The first holder whose admin_id is *from or greater, and *from moved behind
 * it; *ret_found is false when there is none.  RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_holders_next(const struct rv_holders *holders, uint64_t *from,
    struct rv_arena *arena, struct rv_holder *ret, bool *ret_found);
/*
 * Their admin_ids, ascending, from *from on, as many as fit; moves *from
 * behind the last and returns how many.
 */
size_t rv_holders_ids(const struct rv_holders *holders, uint64_t *from,
    uint32_t *ids, size_t room);

/* ---- What does the subject hold? --------------------------------------- */

struct rv_holding {
	uint64_t assignment_id;
	uint32_t admin_id; /* whose it is: the subject's own, or a group's */
	bool is_group;
	bool valid; /* at the instant that was asked for */
	struct rv_slice principal_id;
	struct rv_slice role_id;
	enum rv_level minimum; /* of the role */
	int64_t from_ms, until_ms;
	const struct rv_slice *scopes, *collections; /* ids, in order */
	size_t n_scopes, n_collections;
};
/* All assignments that name the subject, by id.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_rbac_holdings(const struct rv_subject_resolved *u,
    int64_t at_ms, struct rv_arena *arena, const struct rv_holding **ret,
    size_t *ret_n);

/* ---- What if? ---------------------------------------------------------- */

/*
 * Assignments as they might be.  The rows are those of the builder, of users
 * that there are; their ids are new, or are among the removed ones.
 */
struct rv_overlay {
	const struct rv_row_assignment *assignments;
	size_t n_assignments;
	const struct rv_row_assignment_scope *scopes;
	size_t n_scopes;
	const struct rv_row_assignment_collection *collections;
	size_t n_collections;
	const uint64_t *removed; /* ids of assignments that there are */
	size_t n_removed;
};

/*
 * As rv_rbac_resolve(), with the overlay in force; every question about the
 * subject is then answered so.  Nothing of it is kept in the snapshot.
 * RV_ERR_INVALID with a line in *e (which may be NULL) when a row cannot be;
 * RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_rbac_resolve_if(const struct rv_snapshot *s,
    const struct rv_subject *u, const struct rv_overlay *overlay,
    struct rv_arena *arena, const struct rv_subject_resolved **ret_subject,
    struct rv_error *e);

/* ---- Which types are there? --------------------------------------------- */

struct rv_type_facts {
	uint32_t object_type_id;
	struct rv_slice sdk_name;
	struct rv_slice class_name; /* absent when it has none */
	enum rv_secured_by secured_by;
	uint64_t operations, type_wide; /* by bit */
};
/*
 * The i-th type of the catalogue, in no order that means anything; false
 * behind the last.  The names are borrowed from the snapshot.
 */
bool rv_snapshot_type_at(
    const struct rv_snapshot *s, size_t i, struct rv_type_facts *ret);

#endif
