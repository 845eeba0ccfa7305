#include "store/init.h"

#include <string.h>

#include "store/db.h"
#include "store/schema.h"

static const char prefix[] = "krb5:";

/* A name, '@', a realm, and no byte that a log or a terminal would take. */
static bool
is_principal(const char *principal)
{
	const char *at = strrchr(principal, '@');

	if (at == NULL || at == principal || at[1] == '\0' ||
	    !rv_slice_is_text(rv_slice_of(principal)))
		return false;
	for (const char *p = principal; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	return true;
}

static int
call_init(struct rv_db *db, const char *id, const char *account_id,
    FILE *progress, struct rv_error *e)
{
	const char *const params[] = { id, account_id, "reeved --init" };
	struct rv_error why = { "" };
	PGresult *result = NULL;
	int r = rv_db_query(db,
	    "select admin_id, revision from reeve.site_init($1, $2, $3)", 3,
	    params, &result, &why);

	if (r == RV_ERR_DENIED && strcmp(rv_db_sqlstate(db), "RV409") == 0) {
		rv_error_set(e, "nothing was changed: %.480s", why.text);
		return RV_ERR_EXISTS;
	}
	if (r == RV_OK && PQntuples(result) != 1) {
		rv_error_set(&why, "reeve.site_init() gave no row");
		r = RV_ERR_INTERNAL;
	}
	if (r == RV_OK)
		(void)fprintf(progress,
		    "%s is Full Administrator over all instances "
		    "(AdminID %s, revision %s)\n",
		    id, PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
	else
		rv_error_set(e, "%s", why.text);
	PQclear(result);
	return r;
}

int
rv_init_first_admin(const char *conninfo, const char *principal,
    const char *account_id, FILE *progress, struct rv_error *e)
{
	const struct rv_db_config config = {
		.conninfo = conninfo, .deadline_ms = 30000, .stop_fd = -1
	};
	struct rv_db *db = NULL;
	struct rv_buf id;
	int r = RV_ERR_INVALID;

	rv_buf_init(&id, 4096);
	if (!is_principal(principal)) {
		rv_error_set(e,
		    "\"%s\" is no Kerberos principal: give NAME@REALM",
		    principal);
		goto out;
	}
	rv_buf_puts(&id, prefix);
	rv_buf_puts(&id, principal);
	if (rv_buf_cstr(&id) == NULL) {
		rv_error_set(e, "the principal is too long");
		goto out;
	}
	r = rv_db_open(&config, &db, e);
	if (r == RV_OK)
		r = rv_schema_check(db, e);
	if (r == RV_OK)
		r = call_init(db, rv_buf_cstr(&id), account_id, progress, e);
out:
	rv_db_close(&db);
	rv_buf_fini(&id);
	return r;
}
