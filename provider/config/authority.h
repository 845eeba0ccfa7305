/*
 * Certificate authorities: one file NAME.conf each, in the folder that the
 * parameter `authorities` names.  The syntax is that of reeved.conf, the
 * table params_authority.h.
 */
#ifndef PROVIDER_CONFIG_AUTHORITY_H
#define PROVIDER_CONFIG_AUTHORITY_H

#include "config/fields.h"

/* The values of the choices. */
enum {
	RV_AUTHORITY_CRL_REQUIRED,
	RV_AUTHORITY_CRL_OPTIONAL
};
enum {
	RV_AUTHORITY_OCSP_OFF,
	RV_AUTHORITY_OCSP_SOFT,
	RV_AUTHORITY_OCSP_HARD
};
enum {
	RV_AUTHORITY_MAPPING_STRONG,
	RV_AUTHORITY_MAPPING_WEAK
};

struct rv_authority_config {
	const char *name; /* of the file, without .conf */
	const char *file; /* its path */
#define SECTION(title)
#define PARAM(name, type, dflt, min, max, reload, prose) RV_FIELD_##type name;
#define CHOICE(name, values, dflt, reload, prose)	 int name;
#include "config/params_authority.h"
#undef SECTION
#undef PARAM
#undef CHOICE
};

/* All files of a folder in the order of their names.  Immutable. */
struct rv_authorities_config {
	struct rv_arena *arena; /* owns everything, this struct included */
	const struct rv_authority_config *v;
	size_t n;
};

/*
 * Reads all files NAME.conf of a folder; others, and those that begin with a
 * dot, are passed over.  NULL, or a folder without such files: an empty set.
 * RV_ERR_INVALID with FILE:LINE:COLUMN in *e for the first mistake, and for
 * a file or folder that belongs to somebody else or that group or others may
 * write.  Opens none of the files that are named in them.
 */
RV_MUSTUSE int rv_authorities_load(const char *folder,
    struct rv_authorities_config **ret_authorities, struct rv_error *e);
/* *authorities may be NULL and becomes NULL. */
void rv_authorities_config_free(struct rv_authorities_config **authorities);

#endif
