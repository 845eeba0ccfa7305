/*
 * What fields of the structs are that the tables params*.h make.
 */
#ifndef PROVIDER_CONFIG_FIELDS_H
#define PROVIDER_CONFIG_FIELDS_H

#include "reeve/base.h"

struct rv_strings {
	const char *const *v;
	size_t n;
};

#define RV_FIELD_string	  const char *
#define RV_FIELD_path	  const char *
#define RV_FIELD_list	  struct rv_strings
#define RV_FIELD_integer  int64_t
#define RV_FIELD_duration int64_t
#define RV_FIELD_size	  size_t

#endif
