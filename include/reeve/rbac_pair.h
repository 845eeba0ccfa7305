/*
 * Operations on more than one thing: docs/rule.md section 4.  Each is a row
 * of halves, one question a half, and who does it needs all of them from one
 * assignment.
 *
 * Pure, as the rest of the engine.
 */
#ifndef REEVE_RBAC_PAIR_H
#define REEVE_RBAC_PAIR_H

#include "reeve/rbac.h"

enum rv_pair_operation {
	RV_PAIR_DEPLOY,		   /* create or change a deployment */
	RV_PAIR_DELETE_DEPLOYMENT, /* Deploy(k) on the collection alone */
	RV_PAIR_READ_DEPLOYMENT,   /* its two Reads from anywhere */
	RV_PAIR_DISTRIBUTE,	   /* content to a point or group */
	RV_PAIR_REFER, /* dependency, supersedence, task-sequence reference */
	RV_PAIR_CREATE_COLLECTION,
	RV_PAIR_CHANGE_LIMITING,
	RV_PAIR_WRITE_RULE, /* or validate a membership rule */
	RV_PAIR_IMPORT_COMPUTER,
	RV_PAIR_MOVE, /* from one folder to another */
	RV_PAIR_CREATE_FOLDER,
	RV_PAIR_CHANGE_FOLDER,
	RV_PAIR_DELETE_FOLDER,
};

/* A thing by the name of its type or class, and its key. */
struct rv_thing {
	struct rv_slice type, key;
};

/*
 * Which members an operation reads; the others are not looked at.
 *
 *   DEPLOY, DELETE_ and READ_DEPLOYMENT  object (the content; of one to be
 *                      deleted the type is enough), collection
 *   DISTRIBUTE         object (the content), other (the point or group)
 *   REFER              object (what refers), other (what is referred to)
 *   CREATE_COLLECTION  limiting
 *   CHANGE_LIMITING    collection, limiting (the new one)
 *   WRITE_RULE         collection (absent when it is new), named, direct,
 *                      and limiting when the rule asks for inventory
 *   IMPORT_COMPUTER    object (the site), collection, other (the record
 *                      that is matched; without a type when there is none)
 *   MOVE               object, from and to (absent: the root of the type)
 *   CREATE_FOLDER      object.type (what it is for), to (its parent; absent:
 *                      the root)
 *   CHANGE_ and DELETE_FOLDER  object.type, from (the folder)
 */
struct rv_pair_question {
	enum rv_pair_operation operation;
	struct rv_thing object, other;
	struct rv_slice collection, limiting;
	struct rv_slice from, to; /* folders */
	/* Collections that a rule names (query, include, exclude). */
	const struct rv_slice *named;
	size_t n_named;
	/* Resources of a direct rule. */
	const struct rv_thing *direct;
	size_t n_direct;
	bool inventory; /* the rule has predicates on inventory */
};

/* One half, and which of its conditions the nearest assignments fail. */
struct rv_pair_half {
	uint32_t object_type_id; /* after the translation of classes */
	uint8_t bit;
	struct rv_thing thing;	    /* as asked; the key is absent for none */
	unsigned missing;	    /* enum rv_missing */
	enum rv_level level_needed; /* with RV_MISSING_LEVEL, else none */
	/*
	 * An allow whose halves need not come from one assignment names one
	 * for each: the first that suffices.
	 */
	uint64_t assignment;
};

struct rv_pair_verdict {
	enum rv_decision decision;
	enum rv_reason reason;
	/* The half that is unsound, for a reason that is about names. */
	size_t unsound;
	uint64_t revision;
	int64_t evaluated_at_ms; /* UTC */
	int64_t valid_until_ms;	 /* as in struct rv_verdict */
	/* In the order of the table in docs/rule.md; in the arena. */
	const struct rv_pair_half *halves;
	size_t n_halves;
	/*
	 * Allow: those that hold all halves, or, where these need not come
	 * from one, those of the halves.  Deny: the nearest.  Ascending ids.
	 */
	uint64_t assignments[RV_VERDICT_ASSIGNMENTS];
	size_t n_assignments;
	bool assignments_cut; /* there are more */
};

/*
 * Decides.  *ret is RV_DENY also when the call fails, which is only when
 * memory runs out (RV_ERR_NOMEM).
 */
RV_MUSTUSE int rv_rbac_pair(const struct rv_subject_resolved *u, int64_t at_ms,
    const struct rv_pair_question *q, enum rv_pairing pairing,
    struct rv_arena *arena, struct rv_pair_verdict *ret);

#endif
