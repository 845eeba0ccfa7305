/*
 * All groups of one person, nested ones included: breadth first over the
 * attribute `member`, from the person upwards, on our side of the wire,
 * since servers differ in whether they can, and OpenLDAP answers the
 * in-chain matching rule of AD with an empty success.
 */
#ifndef AUTH_GROUP_WALK_H
#define AUTH_GROUP_WALK_H

#include "ldap_connection.h"
#include "reeve/base.h"

struct rv_group_walk {
	const char *dn;		  /* whose groups */
	const char *base;	  /* of the groups */
	const char *id_attribute; /* immutable id */
	size_t max_groups;
	unsigned max_depth;  /* 1: direct groups only */
	int64_t deadline_ms; /* on the clock of rv_monotonic_ms() */
};

/* An immutable id longer than this is none. */
#define RV_DIRECTORY_ID_MAX 128

/*
 * The id of an entry, in lower case, owned by the caller (free()); fails
 * unless there is exactly one, with a text that names the entry.
 */
RV_MUSTUSE int rv_directory_id(const struct rv_ldap_entry *entry,
    const char *id_attribute, char **ret_id, struct rv_error *e);

/*
 * Gives the ids of all groups of the person, sorted, without doubles; the
 * array and its strings are the caller's (rv_group_ids_free()).  A ring of
 * groups is no error.  RV_ERR_LIMIT beyond a limit; else the codes of
 * rv_ldap_search().  All or nothing.
 */
RV_MUSTUSE int rv_group_walk(struct rv_ldap *connection,
    const struct rv_group_walk *walk, char ***ret_ids, size_t *ret_n,
    struct rv_error *e);

void rv_group_ids_free(char **ids, size_t n);

#endif
