/*
 * Makes the rows of a table from params*.h: define RECORD, the struct that
 * has the fields, and include one of them between the braces of an array of
 * struct rv_param.  Private to provider/config.
 */
#ifndef PROVIDER_CONFIG_ROWS_H
#define PROVIDER_CONFIG_ROWS_H

#include "config/table.h"

/* clang-format off */
#define RELOAD true
#define RESTART false
#define TYPE_string RV_PARAM_STRING
#define TYPE_path RV_PARAM_PATH
#define TYPE_list RV_PARAM_LIST
#define TYPE_integer RV_PARAM_INTEGER
#define TYPE_duration RV_PARAM_DURATION
#define TYPE_size RV_PARAM_SIZE

#define SECTION(title) { .section = (title) },
#define PARAM(field, kind, standard, least, most, when, text) \
	{ .name = #field, .type = TYPE_##kind, .dflt = (standard), \
	  .min = (least), .max = (most), .reload = (when), .prose = (text), \
	  .offset = offsetof(RECORD, field) },
#define CHOICE(field, all, standard, when, text) \
	{ .name = #field, .type = RV_PARAM_CHOICE, .dflt = (standard), \
	  .values = (all), .reload = (when), .prose = (text), \
	  .offset = offsetof(RECORD, field) },
/* clang-format on */

#endif
