/*
 * reeved.conf: one file, one table (params.h), one immutable struct.
 *
 * A line is `name = value`, blank, or begins with '#'.  A value may be in
 * double quotes (\" and \\ inside); a list is separated by blanks.
 * Durations take ms, s, m, h, d; sizes K, M, G (powers of 1024).
 */
#ifndef PROVIDER_CONFIG_H
#define PROVIDER_CONFIG_H

#include <stdio.h>

#include "config/fields.h"

/* Immutable once loaded; any thread may read. */
struct rv_config {
	struct rv_arena *arena; /* owns every string */
	const char *file;
#define SECTION(title)
#define PARAM(name, type, dflt, min, max, reload, prose) RV_FIELD_##type name;
#define CHOICE(name, values, dflt, reload, prose)	 int name;
#include "config/params.h"
#undef SECTION
#undef PARAM
#undef CHOICE
};

/*
 * Reads a file whole: unknown names, values out of range, repeated names
 * and missing required ones are RV_ERR_INVALID with FILE:LINE:COLUMN in
 * *e, as is a file that group or others may write.
 */
RV_MUSTUSE int rv_config_load(
    const char *path, struct rv_config **ret_config, struct rv_error *e);
/* The same from memory; name stands for the path in messages. */
RV_MUSTUSE int rv_config_parse(struct rv_slice text, const char *name,
    struct rv_config **ret_config, struct rv_error *e);
/* *config may be NULL and becomes NULL. */
void rv_config_free(struct rv_config **config);

/* Prints every parameter with its value, in the syntax of the file. */
void rv_config_show(const struct rv_config *config, FILE *out);
/* Prints reeved.conf(5) in mdoc, from the tables. */
void rv_config_manual(FILE *out);
/*
 * Names the parameters that differ but need a restart, separated by ", ",
 * into a bounded buffer; empty when none.
 */
void rv_config_restart_needed(const struct rv_config *old,
    const struct rv_config *new, struct rv_buf *ret_names);

#endif
