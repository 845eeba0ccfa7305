/*
 * Which schemas this program works with.  A provider accepts a range, so
 * that several providers can be upgraded one by one: first the database,
 * then they.
 */
#ifndef PROVIDER_STORE_SCHEMA_H
#define PROVIDER_STORE_SCHEMA_H

#include "reeve/base.h"

#include "store/db.h"

/*
 * Numbers of migrations (sql/migrations/).  The first is the oldest schema
 * that has all that this program uses.  Up to the second, migrations only
 * add: one that takes away or changes what a provider in the field uses
 * goes beyond it, and providers are upgraded before it.
 */
#define RV_SCHEMA_MIN 46
#define RV_SCHEMA_MAX 47

/*
 * RV_ERR_INVALID when the schema is outside of the range or not there:
 * *e names both and says what to run.  Else the errors of rv_db.h.
 */
RV_MUSTUSE int rv_schema_check(struct rv_db *db, struct rv_error *e);

#endif
