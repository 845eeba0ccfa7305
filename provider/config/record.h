/*
 * One file of parameters on its way into the struct of its table.  Private
 * to provider/config.
 */
#ifndef PROVIDER_CONFIG_RECORD_H
#define PROVIDER_CONFIG_RECORD_H

#include <stdio.h>

#include "config/table.h"

struct rv_record {
	const struct rv_param_set *set;
	void *fields;		/* the struct, zeroed before it is read */
	struct rv_arena *arena; /* for every string and list of it */
	const char *file;	/* in messages */
	size_t *lines; /* per row: where the file sets it, 0 if it does not */
};

/*
 * Sets every field, from the text or by default, and checks them together.
 * Sets record->lines; the caller has set the rest.  RV_ERR_INVALID with
 * FILE:LINE:COLUMN in *e for what is wrong with the text.
 */
RV_MUSTUSE int rv_record_parse(
    struct rv_record *record, struct rv_slice text, struct rv_error *e);
/* The same from record->file, which must belong to its owner alone. */
RV_MUSTUSE int rv_record_load(struct rv_record *record, struct rv_error *e);

/*
 * Says what is wrong with a parameter, and where it is set if it is.  name
 * may be NULL.  RV_ERR_INVALID.
 */
RV_MUSTUSE int rv_record_fail(const struct rv_record *record, const char *name,
    struct rv_error *e, const char *text);
/*
 * RV_ERR_INVALID unless all of the strings, paths and lists are set.  Names
 * all that are missing at once, so that one edit repairs the file; because
 * is "" or ends the sentence.
 */
RV_MUSTUSE int rv_record_require(const struct rv_record *record,
    const char *const *names, size_t n, const char *because,
    struct rv_error *e);

/* Prints every parameter with its value, in the syntax of the file. */
void rv_record_show(
    const struct rv_param_set *set, const void *fields, FILE *out);

#endif
