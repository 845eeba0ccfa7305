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
/*
 * A role file in UTF-8, from UTF-8 or UTF-16; - is standard input.  *bytes
 * need not be initialised; rv_buf_fini() it, after an error too, which is a
 * line in *e.
 */
RV_MUSTUSE int rv_cli_role_file(
    const char *name, struct rv_buf *bytes, struct rv_error *e);
/* {"key", "signature"} as an export wrote it; the caller's.  NULL: in *e. */
json_t *rv_cli_role_signature(const char *file, struct rv_error *e);

/*
 * role_verify.c: FILE, or - for standard input, with --signature.  RV_CLI_OK:
 * a key that this site has or trusts has signed it; else RV_CLI_ERROR.
 */
enum rv_cli_exit rv_cli_role_verify(struct rv_cli *cli, const char *file);
/* Prints whose a signature is that the provider has taken; NULL: nobody's. */
enum rv_cli_exit rv_cli_role_tell_signer(
    struct rv_cli *cli, const json_t *signature);

#endif
