/*
 * `reeve import configmgr`: what another site has, as its AdminService gives
 * it or as it was saved, for POST /reeve/v1/import/configmgr.
 */
#ifndef PROVIDER_CLI_IMPORT_H
#define PROVIDER_CLI_IMPORT_H

#include "cli/cli.h"

/* The classes that come over, in the order of docs/coming-over.md. */
extern const char *const rv_cli_import_classes[];
extern const size_t rv_cli_import_n_classes;

/*
 * The rows of a class; the caller's.  NULL: a line in *e.  A saved class is
 * a file CLASS.json in the folder, with a list or an answer that has "value".
 */
json_t *rv_cli_import_saved(
    const char *folder, const char *class, struct rv_error *e);
/*
 * From an AdminService: all pages, and one request more for each row whose
 * lists an AdminService gives for single objects alone.
 */
json_t *rv_cli_import_asked(
    struct rv_cli_http *source, const char *class, struct rv_error *e);

/* Prints the plan and the differences, as text. */
void rv_cli_import_tell(const json_t *result);

#endif
