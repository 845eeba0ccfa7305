#include "store/schema.h"

#include <string.h>

/* Undefined function, undefined schema: nothing was ever migrated. */
static bool
is_missing(const char *sqlstate)
{
	return strcmp(sqlstate, "42883") == 0 || strcmp(sqlstate, "3F000") == 0;
}

static int
judge(uint64_t version, struct rv_error *e)
{
	if (version < RV_SCHEMA_MIN) {
		rv_error_set(e,
		    "the database has schema version %llu, this program needs "
		    "%d to %d: run reeved --migrate",
		    (unsigned long long)version, RV_SCHEMA_MIN, RV_SCHEMA_MAX);
		return RV_ERR_INVALID;
	}
	if (version > RV_SCHEMA_MAX) {
		rv_error_set(e,
		    "the database has schema version %llu, this program knows "
		    "%d to %d: install a newer reeved",
		    (unsigned long long)version, RV_SCHEMA_MIN, RV_SCHEMA_MAX);
		return RV_ERR_INVALID;
	}
	return RV_OK;
}

int
rv_schema_check(struct rv_db *db, struct rv_error *e)
{
	PGresult *result = NULL;
	uint64_t version = 0;
	int r;

	r = rv_db_query(
	    db, "select reeve.schema_version()", 0, NULL, &result, e);
	if (r == RV_ERR_DENIED && is_missing(rv_db_sqlstate(db)))
		return judge(0, e);
	if (r != RV_OK)
		return r;
	if (PQntuples(result) == 1 && PQgetisnull(result, 0, 0))
		r = judge(0, e);
	else if (PQntuples(result) != 1 ||
		 rv_slice_to_u64(rv_slice_of(PQgetvalue(result, 0, 0)),
		     INT32_MAX, &version) != RV_OK) {
		rv_error_set(e, "reeve.schema_version() gave no number");
		r = RV_ERR_INVALID;
	} else {
		r = judge(version, e);
	}
	PQclear(result);
	return r;
}
