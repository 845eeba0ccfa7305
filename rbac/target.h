/*
 * What a question is about, in the terms of one snapshot: its names
 * resolved, its class translated, its object found.
 */
#ifndef RBAC_TARGET_H
#define RBAC_TARGET_H

#include "snapshot.h"

/* What a category has to do with the object; docs/rule.md section 3. */
enum rv_cover {
	RV_COVER_NOTHING,    /* nothing: the role decides */
	RV_COVER_SCOPE,	     /* carry one of its scopes, or all scopes */
	RV_COVER_COLLECTION, /* be the collection, or one above it */
	RV_COVER_RESOURCE,   /* be a collection that it is a member of */
};

struct rv_target {
	/* RV_REASON_ALLOWED: a sound question; else why it is denied. */
	enum rv_reason reason;
	const struct rv_type *t; /* NULL for an unknown type */
	uint32_t type;		 /* its index */
	uint8_t bit;		 /* RV_NO_BIT for an unknown operation */
	bool never;		 /* no bit of a role gives it */
	enum rv_cover cover;	 /* what the operation itself asks for */
	bool below; /* the category itself does not do, only one above */

	uint64_t needs;		  /* to be allowed besides, by any permission */
	bool barred;		  /* ... and what is needed does not exist */
	enum rv_cover need_cover; /* what they ask for */
	/* Set of scopes, number of a collection, or index of a resource. */
	uint32_t object;
};

void rv_target_resolve(const struct rv_snapshot *s, const struct rv_question *q,
    struct rv_target *ret_target);
/* A question about the type alone: the role, time and level decide. */
void rv_target_resolve_read(const struct rv_snapshot *s, struct rv_slice type,
    struct rv_target *ret_target);

#endif
