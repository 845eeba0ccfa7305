/*
 * `reeve role`: role files and the comparison of roles.
 */
#ifndef PROVIDER_CLI_ROLE_H
#define PROVIDER_CLI_ROLE_H

#include "cli/cli.h"

/*
 * The RoleID of a role that is named by it or by its name; free() it.  NULL:
 * told, and *ret_code says why.
 */
char *rv_cli_role_id(
    struct rv_cli *cli, const char *named, enum rv_cli_exit *ret_code);

/* role_import.c: FILE, or - for standard input. */
enum rv_cli_exit rv_cli_role_import(struct rv_cli *cli, const char *file);

#endif
