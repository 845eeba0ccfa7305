/*
 * One entry that a search found, and what may be read from it.  Any
 * attribute may be missing, doubled, or no text: the directory is another
 * party.
 */
#ifndef AUTH_LDAP_ENTRY_H
#define AUTH_LDAP_ENTRY_H

#include <ldap.h>

#include "reeve/base.h"

/* Made by rv_ldap_search() for its call-back; nothing outlives that. */
struct rv_ldap_entry {
	LDAP *ld;
	LDAPMessage *message;
};

/* The name of the entry, owned by the caller (free()); NULL: no memory. */
char *rv_ldap_entry_dn(const struct rv_ldap_entry *entry);

/*
 * The only value of an attribute, as text of at most max bytes, owned by
 * the caller.  RV_ERR_NOTFOUND when there is none; RV_ERR_INVALID when
 * there are more, or it is no text, or too long.
 */
RV_MUSTUSE int rv_ldap_entry_value(const struct rv_ldap_entry *entry,
    const char *attribute, size_t max, char **ret_value);

/*
 * The only value as bytes, owned by the caller; RV_ERR_NOTFOUND when there
 * is none, RV_ERR_INVALID when there are more.
 */
RV_MUSTUSE int rv_ldap_entry_bytes(const struct rv_ldap_entry *entry,
    const char *attribute, char **ret_bytes, size_t *ret_n);

/*
 * Calls fn for each value; anything but RV_OK ends it.  An attribute that
 * comes in parts ("member;range=0-1499") is not whole: RV_ERR_INVALID.
 */
typedef int rv_ldap_value_fn(
    void *arg, struct rv_slice value, struct rv_error *e);
RV_MUSTUSE int rv_ldap_entry_each(const struct rv_ldap_entry *entry,
    const char *attribute, rv_ldap_value_fn *fn, void *arg, struct rv_error *e);

/* Whether any value of the attribute has exactly these bytes. */
bool rv_ldap_entry_has(const struct rv_ldap_entry *entry, const char *attribute,
    struct rv_slice value);

#endif
