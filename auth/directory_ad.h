/*
 * What is particular to Active Directory: SIDs in binary form as ids, and
 * tokenGroups, which holds all groups, nested ones and the primary one
 * included (MS-ADTS 3.1.1.4.5.19).
 */
#ifndef AUTH_DIRECTORY_AD_H
#define AUTH_DIRECTORY_AD_H

#include "ldap_connection.h"
#include "reeve/base.h"

/* "<SID=S-1-5-21-...>" finds an entry by its id, as a search base. */
#define RV_AD_ID	 "objectSid"
#define RV_AD_SID_PREFIX "sid:"

/* Whether the server says that it is one (its rootDSE). */
RV_MUSTUSE int rv_ad_detect(struct rv_ldap *connection, int64_t deadline_ms,
    bool *ret_is_ad, struct rv_error *e);

/* The id of an entry, "s-1-5-21-...", owned by the caller (free()). */
RV_MUSTUSE int rv_ad_sid(
    const struct rv_ldap_entry *entry, char **ret_sid, struct rv_error *e);

/*
 * All groups of an entry, sorted, as rv_group_walk() gives them.
 * RV_ERR_LIMIT beyond max.
 */
RV_MUSTUSE int rv_ad_groups(struct rv_ldap *connection, const char *dn,
    size_t max, int64_t deadline_ms, char ***ret_ids, size_t *ret_n,
    struct rv_error *e);

/*
 * "sid:s-1-5-21-1-2-3-1104" as the base of a search; false when it is no
 * SID.
 */
bool rv_ad_base_of(const char *who, char *base, size_t size);

#endif
