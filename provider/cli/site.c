/* The command itself: look, show, ask, write, try. */
#include "cli/site.h"

#include <string.h>
#include <unistd.h>

static enum rv_cli_exit
tell(const struct rv_error *e, enum rv_cli_exit code)
{
	(void)fputs("reeve: ", stderr);
	rv_cli_print(stderr, e->text);
	(void)fputc('\n', stderr);
	return code;
}

static enum rv_cli_exit
exit_of(int r)
{
	switch (r) {
	case RV_ERR_EXISTS:
		return RV_CLI_CONFLICT;
	case RV_ERR_DENIED:
		return RV_CLI_SIGN_IN;
	default:
		return RV_CLI_ERROR;
	}
}

/* Whether the person at the terminal wants it. */
static bool
wants(const struct rv_site *site)
{
	char answer[8] = "";

	if (site->options->yes)
		return true;
	(void)printf("\nWrite %s, with this key pinned? [y/N] ", site->path.p);
	(void)fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) != NULL &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

/* What the issuer says, and the file that would be written. */
static int
look(struct rv_site *site, struct rv_error *e)
{
	const struct rv_issuer asked = {
		.source = site->name,
		.issuer = site->issuer,
		.ca = site->ca,
	};
	int r = rv_site_may_write(site, e);

	if (r == RV_OK)
		r = rv_issuer_look(&asked, &site->look, e);
	return r == RV_OK ? rv_site_compose(site, e) : r;
}

/* By a token that was brought, or one that is fetched now. */
static int
try(const struct rv_site *site, struct rv_site_test *ret_test,
    struct rv_error *e)
{
	struct rv_buf token = { .max = RV_TOKEN_MAX + 2 };
	int r;

	if (site->options->device)
		r = rv_site_device(site, &token, e);
	else
		r = rv_site_read_token(site->options->token_file, &token, e);
	if (r == RV_OK)
		r = rv_site_try(site, rv_buf_slice(&token), ret_test, e);
	rv_buf_fini(&token);
	return r;
}

static enum rv_cli_exit
conclude(const struct rv_site *site)
{
	const bool tried =
	    site->options->device || site->options->token_file != NULL;
	struct rv_site_test test = { .refusal = RV_REFUSED_NOT };
	enum rv_cli_exit code = RV_CLI_OK;
	struct rv_error e = { "" };
	int r = tried ? try(site, &test, &e) : RV_OK;

	if (r != RV_OK)
		code = tell(&e, exit_of(r));
	else if (test.refusal != RV_REFUSED_NOT)
		code = RV_CLI_SIGN_IN;
	if (site->json && rv_site_show_json(site,
			      tried && r == RV_OK ? &test : NULL) != RV_OK)
		code = RV_CLI_ERROR;
	else if (!site->json && tried && r == RV_OK)
		rv_site_show_test(&test);
	rv_evidence_fini(&test.evidence);
	return code;
}

static enum rv_cli_exit
onboard(struct rv_site *site)
{
	struct rv_error e = { "" };
	int r = look(site, &e);

	if (r != RV_OK)
		return tell(&e, exit_of(r));
	if (!site->json)
		rv_site_show(site);
	if (!wants(site)) {
		(void)fputs("reeve: nothing was written\n", stderr);
		return RV_CLI_DENIED;
	}
	r = rv_site_file_write(site, &e);
	if (r != RV_OK)
		return tell(&e, exit_of(r));
	if (!site->json)
		(void)printf("\n%s is written; tell the provider with SIGHUP\n",
		    site->path.p);
	return conclude(site);
}

enum rv_cli_exit
rv_cli_site(struct rv_cli *cli)
{
	struct rv_site site = { 0 };
	struct rv_error e = { "" };
	enum rv_cli_exit code;

	if (strcmp(cli->options.operands[0], "onboard-tenant") != 0) {
		(void)fputs("usage: reeve site onboard-tenant NAME\n", stderr);
		return RV_CLI_USAGE;
	}
	if (rv_site_begin(&site, cli, &e) == RV_OK)
		code = onboard(&site);
	else
		code = tell(&e, RV_CLI_USAGE);
	rv_site_fini(&site);
	return code;
}
