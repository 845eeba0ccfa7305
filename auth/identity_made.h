/*
 * What an identity is made of, between identity.c and identity_json.c.
 */
#ifndef AUTH_IDENTITY_MADE_H
#define AUTH_IDENTITY_MADE_H

#include "reeve/auth_identity.h"

/* Before the ids of groups among the ids of an identity. */
#define RV_IDENTITY_GROUP "group:"

/* Borrowed; everything is copied. */
struct rv_identity_made {
	/* Texts and numbers; its ids, n_ids, n_own, groups_hash and delegated
	 * are not read. */
	struct rv_identity facts;
	const struct rv_slice *own;
	size_t n_own;
	const struct rv_slice *groups; /* without RV_IDENTITY_GROUP */
	size_t n_groups;
};

/* NULL when out of memory. */
const struct rv_identity *rv_identity_make(const struct rv_identity_made *made);

#endif
