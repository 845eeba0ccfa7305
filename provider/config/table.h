/*
 * The table of params.h as data, for those who walk over all parameters:
 * parser, checks, printer, manual.  Private to provider/config.
 */
#ifndef PROVIDER_CONFIG_TABLE_H
#define PROVIDER_CONFIG_TABLE_H

#include "config/config.h"

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
	size_t offset; /* of its field in struct rv_config */
};

/* Headings and parameters in the order of the file; static storage. */
const struct rv_param *rv_param_table(size_t *ret_n);
/* NULL when there is none of that name. */
const struct rv_param *rv_param_find(struct rv_slice name);
/* The parameter whose name is nearest to a misspelt one, or NULL. */
const struct rv_param *rv_param_suggest(struct rv_slice name);

/* The field of a parameter, by its type. */
const char **rv_param_string(
    struct rv_config *config, const struct rv_param *param);
struct rv_strings *rv_param_list(
    struct rv_config *config, const struct rv_param *param);
int64_t *rv_param_number(
    struct rv_config *config, const struct rv_param *param);
size_t *rv_param_size(struct rv_config *config, const struct rv_param *param);
int *rv_param_choice(struct rv_config *config, const struct rv_param *param);

/* The i-th of a choice's values, absent beyond the last. */
struct rv_slice rv_param_value_at(const struct rv_param *param, int i);

#endif
