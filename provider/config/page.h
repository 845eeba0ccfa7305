/*
 * The parameters of a table as a part of a manual page.  Private to
 * provider/config.
 */
#ifndef PROVIDER_CONFIG_PAGE_H
#define PROVIDER_CONFIG_PAGE_H

#include <stdio.h>

#include "config/table.h"

/* Prints a list in mdoc below each heading of the table. */
void rv_page_table(const struct rv_param_set *set, FILE *out);

#endif
