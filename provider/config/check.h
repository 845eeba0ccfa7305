/*
 * What no single value can violate: required parameters and those that
 * belong together.  Private to provider/config.
 */
#ifndef PROVIDER_CONFIG_CHECK_H
#define PROVIDER_CONFIG_CHECK_H

#include "config/table.h"

/*
 * lines has the line of each table entry that the file sets, 0 for the
 * others; messages name it.
 */
RV_MUSTUSE int rv_config_check(
    const struct rv_config *config, const size_t *lines, struct rv_error *e);

#endif
