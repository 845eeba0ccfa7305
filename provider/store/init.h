/*
 * `reeved --init`: the first administrative user of a new site.
 */
#ifndef PROVIDER_STORE_INIT_H
#define PROVIDER_STORE_INIT_H

#include <stdio.h>

#include "reeve/base.h"

/*
 * Makes the Kerberos principal ("alice@LAB.TEST") the site's first Full
 * Administrator over all instances; account_id is its immutable directory
 * id, or NULL.  Says on progress what it made.  RV_ERR_EXISTS when the site
 * has a Full Administrator; RV_ERR_INVALID for what is no principal, and
 * for a schema outside of this program's range; else the errors of
 * store/db.h.
 */
RV_MUSTUSE int rv_init_first_admin(const char *conninfo, const char *principal,
    const char *account_id, FILE *progress, struct rv_error *e);

#endif
