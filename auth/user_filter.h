/*
 * The configured LDAP filter that finds one person, and what it means for
 * an entry to be that person (RFC 4515 for the text form).
 */
#ifndef AUTH_USER_FILTER_H
#define AUTH_USER_FILTER_H

#include "reeve/base.h"

/*
 * "(&(objectClass=person)(uid=%s))" taken apart.  The item around "%s"
 * must be a plain equality, so that an entry can be checked against it.
 */
struct rv_user_filter {
	char *before, *after;  /* the whole filter around %s */
	char *attribute;       /* "uid" */
	char *prefix, *suffix; /* the value around %s, "" mostly */
};

/*
 * RV_ERR_INVALID, with a text, when the filter has not exactly one %s in
 * an item "(attribute=...)".
 */
RV_MUSTUSE int rv_user_filter_init(
    const char *text, struct rv_user_filter *ret_filter, struct rv_error *e);
/* Accepts half-built ones. */
void rv_user_filter_fini(struct rv_user_filter *filter);

/* Writes the filter with the name in it, escaped. */
void rv_user_filter_print(const struct rv_user_filter *filter,
    struct rv_slice name, struct rv_buf *out);
/*
 * Writes the value that the attribute must have, byte for byte.  A
 * directory compares names without case and blanks; Kerberos does not, and
 * "Alice" must not get the groups of "alice".
 */
void rv_user_filter_value(const struct rv_user_filter *filter,
    struct rv_slice name, struct rv_buf *out);

/* Escapes a value for a filter (RFC 4515 section 3). */
void rv_filter_put_value(struct rv_buf *out, struct rv_slice value);

#endif
