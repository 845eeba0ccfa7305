/* What the command line asks for, before anybody is asked. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/site.h"

#define FOLDER "/etc/reeve/issuers"

static int
wrong(struct rv_error *e, const char *what)
{
	rv_error_set(e, "%s", what);
	return RV_ERR_INVALID;
}

/* As evidence and logs will name the issuer. */
static bool
is_name(const char *name)
{
	const size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) &&
		    (i == 0 || strchr("._-", name[i]) == NULL))
			return false;
	return n > 0 && n < 60;
}

/* A value that stands in the file as it is. */
static bool
is_plain(const char *value)
{
	for (const char *c = value; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '"' ||
		    *c == '\\' || *c == '#')
			return false;
	return *value != '\0';
}

static int
check_values(const struct rv_cli_site_options *o, struct rv_error *e)
{
	if (o->n_audiences == 0)
		return wrong(e, "--audience is missing: the name by which the "
				"issuer's tokens call this provider");
	for (size_t i = 0; i < o->n_audiences; i++)
		if (!is_plain(o->audiences[i]))
			return wrong(e, "--audience takes one name without "
					"blanks and quotes");
	for (size_t i = 0; i < o->n_tenants; i++)
		if (!is_plain(o->tenants[i]))
			return wrong(e, "--tenant takes the id of a tenant");
	if (o->kind != NULL && strcmp(o->kind, "entra") != 0 &&
	    strcmp(o->kind, "oidc") != 0)
		return wrong(e, "--kind is entra or oidc");
	if (o->issuer != NULL &&
	    (strncmp(o->issuer, "https://", 8) != 0 || !is_plain(o->issuer)))
		return wrong(e, "--issuer takes a URL that begins with "
				"https://, exactly as its tokens have it");
	return RV_OK;
}

static int
check_test(const struct rv_cli *cli, struct rv_error *e)
{
	const struct rv_cli_site_options *o = &cli->options.site;

	if (o->device && o->token_file != NULL)
		return wrong(e, "--device and --token-file exclude each other");
	if (o->device && o->client == NULL)
		return wrong(e, "--device needs --client-id: the application "
				"that people sign in to");
	if (!o->yes && cli->options.json)
		return wrong(e, "--json asks nothing: give --yes too");
	if (!o->yes && !isatty(STDIN_FILENO))
		return wrong(e, "standard input is no terminal that could be "
				"asked: give --yes to write the file");
	return RV_OK;
}

/* Entra's issuer follows from the tenant. */
static int
take_issuer(struct rv_site *site, struct rv_error *e)
{
	const struct rv_cli_site_options *o = site->options;
	struct rv_buf url = { 0 };

	if (o->issuer == NULL && (!site->entra || o->n_tenants != 1))
		return wrong(e, "--issuer is missing (for Entra ID one "
				"--tenant will do)");
	if (o->issuer != NULL)
		rv_buf_puts(&url, o->issuer);
	else
		rv_buf_printf(&url, "https://login.microsoftonline.com/%s/v2.0",
		    o->tenants[0]);
	site->issuer = rv_slice_dup(rv_buf_slice(&url));
	rv_buf_fini(&url);
	return site->issuer != NULL ? RV_OK : RV_ERR_NOMEM;
}

static int
take_ca(struct rv_site *site, struct rv_error *e)
{
	const char *ca = site->options->ca;

	if (ca == NULL)
		return RV_OK;
	site->ca = realpath(ca, NULL);
	if (site->ca == NULL) {
		rv_error_set(e, "--ca %s: %s", ca, strerror(errno));
		return RV_ERR_INVALID;
	}
	return is_plain(site->ca)
		   ? RV_OK
		   : wrong(e, "--ca: its path has blanks or quotes");
}

int
rv_site_begin(
    struct rv_site *site, const struct rv_cli *cli, struct rv_error *e)
{
	const struct rv_cli_site_options *o = &cli->options.site;
	int r;

	*site = (struct rv_site){ .options = o,
		.json = cli->options.json,
		.name = cli->options.operands[1],
		.entra = o->kind != NULL && strcmp(o->kind, "entra") == 0 };
	if (!is_name(site->name))
		return wrong(e, "NAME is of letters, digits, '.', '_' and '-', "
				"and begins with none of the last three");
	r = check_values(o, e);
	if (r == RV_OK)
		r = check_test(cli, e);
	if (r == RV_OK)
		r = take_issuer(site, e);
	if (r == RV_OK)
		r = take_ca(site, e);
	rv_buf_printf(&site->path, "%s/%s.conf",
	    o->folder != NULL ? o->folder : FOLDER, site->name);
	if (r == RV_OK && rv_buf_cstr(&site->path) == NULL)
		r = RV_ERR_NOMEM;
	return r;
}

void
rv_site_fini(struct rv_site *site)
{
	rv_token_settings_free(&site->settings);
	rv_issuers_config_free(&site->config);
	rv_issuer_look_fini(&site->look);
	rv_buf_fini(&site->path);
	rv_buf_fini(&site->text);
	free(site->issuer);
	free(site->ca);
}
