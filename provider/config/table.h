/*
 * The tables params*.h as data, for those who walk over all parameters:
 * parser, checks, printer, manual.  Private to provider/config.
 */
#ifndef PROVIDER_CONFIG_TABLE_H
#define PROVIDER_CONFIG_TABLE_H

#include "config/fields.h"

enum rv_param_type {
	RV_PARAM_STRING,
	RV_PARAM_PATH,
	RV_PARAM_LIST,
	RV_PARAM_INTEGER,
	RV_PARAM_DURATION,
	RV_PARAM_SIZE,
	RV_PARAM_CHOICE,
};

struct rv_param {
	const char *section; /* not NULL: a heading, nothing else is set */
	const char *name;
	enum rv_param_type type;
	const char *dflt; /* as one would write it; "" means unset */
	int64_t min;	  /* of integers; durations in ms, sizes in bytes */
	int64_t max;
	const char *values; /* of a choice: "a|b|c" */
	bool reload;	    /* SIGHUP takes it up */
	const char *prose;
	size_t offset; /* of its field in the struct of the table */
};

struct rv_record;

/* One table, and the struct whose fields it describes. */
struct rv_param_set {
	const struct rv_param *v; /* headings and parameters, in order */
	size_t n;
	size_t size; /* of the struct */
	/* What no single value can violate; NULL: nothing. */
	int (*check)(const struct rv_record *record, struct rv_error *e);
};

extern const struct rv_param_set rv_config_params;
extern const struct rv_param_set rv_authority_params;
extern const struct rv_param_set rv_issuer_params;

/* NULL when there is none of that name. */
const struct rv_param *rv_param_find(
    const struct rv_param_set *set, struct rv_slice name);
/* The parameter whose name is nearest to a misspelt one, or NULL. */
const struct rv_param *rv_param_suggest(
    const struct rv_param_set *set, struct rv_slice name);

/*
 * The field of a parameter in the struct of its table: a const char *,
 * struct rv_strings, int64_t, size_t or, of a choice, int.
 */
void *rv_param_field(void *fields, const struct rv_param *param);
const void *rv_param_get(const void *fields, const struct rv_param *param);

/* The i-th of a choice's values, absent beyond the last. */
struct rv_slice rv_param_value_at(const struct rv_param *param, int i);

#endif
