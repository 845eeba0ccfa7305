/*
 * `reeved --migrate`: brings the schema of the database to that of the
 * files, each file in a transaction of its own.
 */
#ifndef PROVIDER_STORE_MIGRATE_H
#define PROVIDER_STORE_MIGRATE_H

#include <stdio.h>

#include "reeve/base.h"

/*
 * Applies the migrations that are not applied yet, in order, and says so on
 * progress, one line each and a summary.  Two of these at once: the second
 * waits.  Refuses, changing nothing (RV_ERR_INVALID): files with gaps,
 * files that differ from what was applied or are gone, and a database that
 * is newer than the files.  What was applied before a failure stays.
 * Blocks without limit; the connection must be that of a superuser or of
 * an owner of the database that may create roles.
 */
RV_MUSTUSE int rv_migrate(const char *conninfo, const char *sql_directory,
    FILE *progress, struct rv_error *e);

#endif
