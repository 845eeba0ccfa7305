/*
 * The folders that a configuration names, for --check-config and
 * --show-config.
 */
#ifndef PROVIDER_CONFIG_FOLDERS_H
#define PROVIDER_CONFIG_FOLDERS_H

#include <stdio.h>

#include "config/config.h"

/* Reads the authorities and issuers of a configuration, and forgets them. */
RV_MUSTUSE int rv_config_check_folders(
    const struct rv_config *config, struct rv_error *e);

/*
 * Prints every file of them, each below its path as a comment; nothing when
 * there is a mistake in one.
 */
RV_MUSTUSE int rv_config_show_folders(
    const struct rv_config *config, FILE *out, struct rv_error *e);

#endif
