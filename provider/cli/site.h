/*
 * `reeve site onboard-tenant`: an issuer of tokens looked at, written down
 * and tried.
 */
#ifndef PROVIDER_CLI_SITE_H
#define PROVIDER_CLI_SITE_H

#include "cli/cli.h"
#include "reeve/auth_issuer.h"
#include "tokens/issuers.h"

/* What the command works on; texts are owned where it says so. */
struct rv_site {
	const struct rv_cli_site_options *options;
	bool json;
	const char *name;   /* NAME of NAME.conf */
	char *issuer;	    /* owned: as tokens name it */
	char *ca;	    /* owned: absolute path, or NULL */
	struct rv_buf path; /* of the file */
	struct rv_buf text; /* what is to be in it */
	bool entra;
	struct rv_issuer_look look;
	struct rv_issuers_config *config; /* the text, read back */
	struct rv_token_settings *settings;
};

/* ---- site_options.c -------------------------------------------------------- */

/* Fills name, issuer, ca, path and entra; a line in *e, RV_ERR_INVALID. */
RV_MUSTUSE int rv_site_begin(
    struct rv_site *site, const struct rv_cli *cli, struct rv_error *e);
void rv_site_fini(struct rv_site *site);

/* ---- site_file.c ----------------------------------------------------------- */

/* Writes text, config and settings from what was found. */
RV_MUSTUSE int rv_site_compose(struct rv_site *site, struct rv_error *e);
/* RV_ERR_EXISTS when the file is there and is not to be replaced. */
RV_MUSTUSE int rv_site_may_write(
    const struct rv_site *site, struct rv_error *e);
/*
 * Whole or not at all, mode 0640, on the disk when it returns; RV_ERR_EXISTS
 * when it is there by now and is not to be replaced.
 */
RV_MUSTUSE int rv_site_file_write(struct rv_site *site, struct rv_error *e);

/* ---- site_token.c ---------------------------------------------------------- */

/* What became of the token. */
struct rv_site_test {
	enum rv_auth_refusal refusal;
	char detail[256];
	struct rv_evidence evidence;
	enum rv_level level;
};
/* Reads a token from a file, "-" being standard input. */
RV_MUSTUSE int rv_site_read_token(
    const char *path, struct rv_buf *ret_token, struct rv_error *e);
/* Judges it as the daemon would, with keys fetched anew. */
RV_MUSTUSE int rv_site_try(const struct rv_site *site, struct rv_slice token,
    struct rv_site_test *ret_test, struct rv_error *e);

/* ---- site_device.c --------------------------------------------------------- */

/*
 * Gets a token by the device code flow (RFC 8628): tells on standard error
 * where to sign in, and waits for it.  RV_ERR_DENIED when the person refuses.
 */
RV_MUSTUSE int rv_site_device(
    const struct rv_site *site, struct rv_buf *ret_token, struct rv_error *e);

/* ---- site_tell.c ------------------------------------------------------------- */

/* For people, on standard output. */
void rv_site_show(const struct rv_site *site);
void rv_site_show_test(const struct rv_site_test *test);
/* Everything at once; test NULL: none was made. */
RV_MUSTUSE int rv_site_show_json(
    const struct rv_site *site, const struct rv_site_test *test);

#endif
