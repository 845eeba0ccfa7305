/*
 * The decision engine: a pure function from (snapshot, question) to
 * (decision, reasons).  docs/rule.md is the rule that it implements.
 *
 * No I/O, clock, log, globals or threads.  A snapshot is immutable: any
 * number of threads may ask it at once; whoever holds it keeps it alive.
 */
#ifndef REEVE_RBAC_H
#define REEVE_RBAC_H

#include "reeve/base.h"
#include "reeve/level.h"

struct rv_snapshot;

/* The site's setting deploy_pairing. */
enum rv_pairing {
	RV_PAIRING_ASSIGNMENT, /* all halves from one assignment */
	RV_PAIRING_USER,       /* each from any assignment of the subject */
};

/* Many-bit values, so that one flipped bit is no allow. */
enum rv_decision {
	RV_DENY = 0x5a17d3c6,
	RV_ALLOW = 0x25e82c39,
};

enum rv_secured_by {
	RV_SECURED_BY_ROLE,
	RV_SECURED_BY_SCOPE,
	RV_SECURED_BY_COLLECTION,
	RV_SECURED_BY_DERIVED, /* deployments: never allowed by a role's bit */
};

/* Why.  The names on the wire are rv_reason_name()'s. */
enum rv_reason {
	RV_REASON_ALLOWED,
	RV_REASON_NO_ASSIGNMENT,     /* nothing names the subject */
	RV_REASON_NOT_PERMITTED,     /* see missing: the nearest miss */
	RV_REASON_OP_NOT_APPLICABLE, /* the class has no such operation */
	RV_REASON_UNKNOWN_TYPE,
	RV_REASON_UNKNOWN_OPERATION,
	RV_REASON_NO_SUCH_OBJECT, /* or one that the subject cannot read */
	RV_REASON_GROUPS_UNKNOWN, /* not decidable: never an allow */
};

/* The conditions of docs/rule.md section 3, as bits. */
enum rv_missing {
	RV_MISSING_OPERATION = 1u << 0,
	RV_MISSING_SCOPE = 1u << 1,
	RV_MISSING_COLLECTION = 1u << 2,
	RV_MISSING_LEVEL = 1u << 3,
	RV_MISSING_TIME = 1u << 4,
	RV_MISSING_READ = 1u << 5,
};

/*
 * Who asks.  ids are principal ids as the store holds them (see rv_row_admin
 * and rv_row_principal), the subject's own first, then one of each group,
 * nested ones included.  An own id stands for the administrative user that
 * has it, as its principal or as a further one; what is behind the own ones
 * stands for groups alone.
 */
struct rv_subject {
	const struct rv_slice *ids;
	size_t n_ids;
	size_t n_own; /* the first n_own ids are the subject's own */
	bool groups_known;
	bool delegated; /* S4U: no role with a security operation counts */
	enum rv_level level;
};

/* Which of the assignments that suffice an allow names. */
enum rv_want {
	RV_WANT_ALL,
	RV_WANT_FIRST, /* the one with the lowest id; faster */
};

/*
 * What is asked.  type is a class name ("SMS_Application"), an SDK name
 * ("Application") or a decimal ObjectTypeID; operation an exact operation
 * name; key the object's key, absent when none is named.
 */
struct rv_question {
	struct rv_slice type;
	struct rv_slice operation;
	struct rv_slice key;
	enum rv_want want;
};

#define RV_VERDICT_ASSIGNMENTS 16

/* Plain values only: it may outlive the snapshot that gave it. */
struct rv_verdict {
	enum rv_decision decision;
	enum rv_reason reason;
	uint64_t revision;
	int64_t evaluated_at_ms; /* UTC */
	int64_t valid_until_ms;	 /* next validity boundary, INT64_MAX if none */
	uint32_t object_type_id; /* after the translation of classes */
	uint8_t bit;
	/*
	 * A deny about the Author Policy that an own type of the object asks
	 * for besides: object_type_id is that type.  docs/rule.md section 1.
	 */
	bool own_type;
	unsigned missing;	    /* of the nearest miss, enum rv_missing */
	enum rv_level level_needed; /* with RV_MISSING_LEVEL, else none */
	/*
	 * Allow: those that suffice.  Deny: the nearest.  Ascending ids; what
	 * is behind the first n_assignments says nothing.
	 */
	uint64_t assignments[RV_VERDICT_ASSIGNMENTS];
	size_t n_assignments;
	bool assignments_cut; /* there are more */
};

/*
 * Decides one question at the UTC instant at_ms.  Always fills *ret, with
 * RV_DENY unless the rule allows; there is no error that is not a deny.
 */
void rv_rbac_check(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, const struct rv_question *q, struct rv_verdict *ret);

/*
 * A subject in the terms of one snapshot: its assignments found.  Made once
 * for a request, or for a session and a revision, and then asked about any
 * number of times, at any instant.  Lives in the arena that it was made in,
 * and no longer than the snapshot; any number of threads may read it.
 */
struct rv_subject_resolved;
/* The ids are not kept.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_rbac_resolve(const struct rv_snapshot *s,
    const struct rv_subject *u, struct rv_arena *arena,
    const struct rv_subject_resolved **ret_subject);

/*
 * A type and an operation in the terms of one snapshot, to be asked about
 * with many keys.  Lives as a resolved subject does.
 */
struct rv_prepared;
/* What cannot be is prepared too, and denied when asked.  RV_ERR_NOMEM. */
RV_MUSTUSE int rv_rbac_prepare(const struct rv_snapshot *s,
    struct rv_slice type, struct rv_slice operation, struct rv_arena *arena,
    const struct rv_prepared **ret_prepared);

/*
 * As rv_rbac_check() with the subject, type and operation that these were
 * made of.  Both are of one snapshot.
 */
void rv_rbac_check_resolved(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_question *q, struct rv_verdict *ret);
void rv_rbac_check_prepared(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_prepared *p, struct rv_slice key, enum rv_want want,
    struct rv_verdict *ret);

const char *rv_reason_name(enum rv_reason reason);
/* "operation", "scope", ...; one bit of enum rv_missing. */
const char *rv_missing_name(enum rv_missing bit);

/*
 * What of one type the subject may Read, to compile into a list.
 * `any`: some permission has Read (else the list is 403).  `all`: every
 * instance, so that the list is not filtered in the sense of section 8.
 * Not decidable when groups are unknown and !all.
 */
struct rv_readable {
	enum rv_decision any;
	bool all;
	struct rv_verdict
	    verdict; /* of the type-level question, with reasons */
	const struct rv_slice
	    *scopes; /* for types secured by scope, in arena */
	size_t n_scopes;
};
RV_MUSTUSE int rv_rbac_readable(const struct rv_snapshot *s,
    const struct rv_subject *u, int64_t at_ms, struct rv_slice type,
    struct rv_arena *arena, struct rv_readable *ret);

/* Names and facts of a snapshot, for answers and logs. */
uint64_t rv_snapshot_revision(const struct rv_snapshot *s);
/* The random id of the database's history, 36 characters. */
struct rv_slice rv_snapshot_epoch(const struct rv_snapshot *s);
/*
 * The random mark of the revision, as its row of the site had it; empty when
 * that had none.  Of two histories that part, equal revisions differ in it.
 */
struct rv_slice rv_snapshot_mark(const struct rv_snapshot *s);
/*
 * The site's minimum level as it is stored: to be shown.  Which one is in
 * force rv_snapshot_site_level_at() says.
 */
enum rv_level rv_snapshot_site_level(const struct rv_snapshot *s);
enum rv_pairing rv_snapshot_pairing(const struct rv_snapshot *s);
struct rv_slice rv_snapshot_operation_name(
    const struct rv_snapshot *s, uint32_t object_type_id, uint8_t bit);
struct rv_slice rv_snapshot_type_name(
    const struct rv_snapshot *s, uint32_t object_type_id);
/* Counts, for logs and the load test. */
struct rv_snapshot_counts {
	size_t types, operations, roles, scopes, collections, admins;
	size_t principals; /* further ones of administrative users */
	size_t exclusions; /* entries of the exclusion list */
	size_t assignments, objects, resources, memberships;
	/* Of memory, in the newest version of the line. */
	size_t bytes;
};
void rv_snapshot_count(
    const struct rv_snapshot *s, struct rv_snapshot_counts *ret);
/*
 * The immutable directory id stored for the administrative user that has the
 * principal id, as its own or as a further one, be it in or out; absent when
 * there is none.  Borrowed.
 */
struct rv_slice rv_snapshot_account_id(
    const struct rv_snapshot *s, struct rv_slice principal_id);
/*
 * The principal id of the administrative user that an own id of a subject
 * stands for: the id itself, or, for a further principal, that of its user.
 * False, and *ret_canonical absent, when it stands for nobody, or for
 * somebody that is out.  Borrowed.
 */
bool rv_snapshot_admin_principal(const struct rv_snapshot *s,
    struct rv_slice own_id, struct rv_slice *ret_canonical);

/* ---- Before the rule: docs/rule.md sections 3 and 6 --------------------- */

/*
 * A change of the minimum level that awaits its confirmation: `level` is in
 * force before revert_at_ms, `revert_level` from then on.
 */
struct rv_level_pending {
	enum rv_level level, revert_level;
	int64_t revert_at_ms; /* UTC */
};
/* False, and *ret zeroed, when none does. */
bool rv_snapshot_level_pending(
    const struct rv_snapshot *s, struct rv_level_pending *ret);
/*
 * The minimum level in force at the UTC instant at_ms: a change that was not
 * confirmed in time ends by itself.
 */
enum rv_level rv_snapshot_site_level_at(
    const struct rv_snapshot *s, int64_t at_ms);
/*
 * Until when, from at_ms on, that level stays what it is as far as this
 * snapshot knows; INT64_MAX: no end is known.  Whatever passed the gate, or
 * did not, is valid no longer.
 */
int64_t rv_snapshot_site_level_until(
    const struct rv_snapshot *s, int64_t at_ms);
/* The greatest age of an authentication in seconds; 0: any. */
uint32_t rv_snapshot_max_auth_age_s(const struct rv_snapshot *s);
/*
 * Whether the exclusion list lifts the minimum level for the subject: it has
 * an own id, the principal of the user that an own id stands for, or a group
 * that is known.  *ret_by is that entry of the list, borrowed, else absent.
 */
bool rv_snapshot_is_excluded(const struct rv_snapshot *s,
    const struct rv_subject *u, struct rv_slice *ret_by);
/*
 * The gate: whether the subject's level reaches the minimum in force, or at
 * least windows where the exclusion list lifts it.  *ret_by is absent unless
 * the list was needed.
 */
bool rv_snapshot_admits(const struct rv_snapshot *s, const struct rv_subject *u,
    int64_t at_ms, struct rv_slice *ret_by);

/* True when the type exists and the object is in it (section 8: 404). */
bool rv_snapshot_has_object(
    const struct rv_snapshot *s, struct rv_slice type, struct rv_slice key);

/*
 * Roles whose bits contain (type, bit): "roles that would give it", by id.
 * Slices are borrowed from the snapshot; the array is in the arena.
 */
RV_MUSTUSE int rv_rbac_roles_giving(const struct rv_snapshot *s,
    uint32_t object_type_id, uint8_t bit, struct rv_arena *arena,
    const struct rv_slice **ret_roles, size_t *ret_n);

/*
 * Gives it up: its memory is freed once no older version of its line is
 * left.  *s may be NULL and becomes NULL.  Thread rule: rv_builder_on().
 */
void rv_snapshot_free(struct rv_snapshot **s);

#endif
