/*
 * The migrations as files: NNNN_name.sql in one folder, numbered from 0001
 * without gaps.
 */
#ifndef PROVIDER_STORE_MIGRATION_H
#define PROVIDER_STORE_MIGRATION_H

#include "reeve/base.h"

struct rv_migration {
	unsigned version;
	char *name;	 /* without number and suffix */
	char *text;	 /* NUL-terminated, well-formed UTF-8 */
	char sha256[65]; /* of the file, lower-case hex */
};

struct rv_migrations {
	struct rv_migration *v; /* v[i].version == i + 1 */
	size_t n;
};

/*
 * Reads them all.  RV_ERR_INVALID for a .sql file with another form of
 * name, for a gap, for two of one number, for bytes that are no text, and
 * for a folder without any; RV_ERR_IO; RV_ERR_NOMEM.
 */
RV_MUSTUSE int rv_migrations_read(const char *directory,
    struct rv_migrations *ret_migrations, struct rv_error *e);
void rv_migrations_fini(struct rv_migrations *migrations);

#endif
