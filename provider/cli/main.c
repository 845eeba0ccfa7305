#include <curl/curl.h>
#include <string.h>

#include "cli/cli.h"
#include "version.h"

static enum rv_cli_exit help(struct rv_cli *cli);
static enum rv_cli_exit version(struct rv_cli *cli);

static const struct rv_cli_command commands[] = {
	{ "check", "OPERATION TYPE [KEY]", "may I, in one word", 2, 3,
	    rv_cli_check, false },
	{ "explain", "OPERATION TYPE [KEY]", "may I, and why", 2, 3,
	    rv_cli_explain, false },
	{ "batch", "FILE|-", "many checks, one a line", 1, 1, rv_cli_batch,
	    false },
	{ "list", "OPERATION TYPE", "on which objects may I", 2, 2, rv_cli_list,
	    false },
	{ "who", "OPERATION TYPE [KEY]", "who may", 2, 3, rv_cli_who, false },
	{ "can", "TYPE [KEY]", "what may I do on it", 1, 2, rv_cli_can, false },
	{ "scope", "", "all that I hold", 0, 0, rv_cli_scope, false },
	{ "what-if", "OPERATION TYPE [KEY]", "with --add and --remove", 1, 3,
	    rv_cli_what_if, false },
	{ "deploy", "TYPE KEY COLLECTION", "may I deploy this to that", 3, 3,
	    rv_cli_deploy, false },
	{ "role", "ACTION ...", "export, import, verify, compare", 1, 102,
	    rv_cli_role, false },
	{ "import", "configmgr FOLDER|URL", "another site comes over", 2, 2,
	    rv_cli_import, false },
	{ "site", "onboard-tenant NAME", "take up an issuer of tokens", 2, 2,
	    rv_cli_site, true },
	{ "rescue", "ACTION [PRINCIPAL]", "on the provider's machine", 1, 2,
	    rv_cli_rescue, true },
	{ "version", "", "the version of this command", 0, 0, version, true },
	{ "help", "", "this text", 0, 0, help, true },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
put_help(FILE *out)
{
	(void)fputs("usage: reeve [OPTION ...] COMMAND [OPERAND ...]\n\n", out);
	for (size_t i = 0; i < N_COMMANDS; i++)
		(void)fprintf(out, "  %-8s %-22s %s\n", commands[i].name,
		    commands[i].operands, commands[i].what);
	(void)fputs(
	    "\n"
	    "  --subject PRINCIPAL  about somebody else (needs Simulate)\n"
	    "  --group ID           about a directory group, likewise\n"
	    "  --at-least REVISION  decide by this revision or a later one\n"
	    "  --json               answers for programs\n"
	    "  --url, --ca          provider; else REEVE_URL and REEVE_CA\n"
	    "\n"
	    "Of role import: --diff | --yes, --overwrite, --new-name NAME,\n"
	    "  --signature FILE; of role export and verify: --signature FILE\n"
	    "Of import: --apply, --accounts FILE, --cacert FILE, --source "
	    "NAME\n"
	    "Of site onboard-tenant: --issuer URL --audience NAME\n"
	    "  [--kind entra|oidc] [--tenant ID] [--ca FILE] [--folder DIR]\n"
	    "  [--token-file FILE | --device --client-id ID [--scope TEXT]]\n"
	    "  [--yes] [--force] [--json]\n"
	    "\n"
	    "Exit codes: 0 allowed or done, 1 error, 2 usage, 3 denied, 4 not\n"
	    "signed in or level too low, 5 not found, 6 conflict.  More in\n"
	    "reeve(1).\n",
	    out);
}

static enum rv_cli_exit
help(struct rv_cli *cli)
{
	(void)cli;
	put_help(stdout);
	return RV_CLI_OK;
}

static enum rv_cli_exit
version(struct rv_cli *cli)
{
	(void)cli;
	(void)printf("reeve %s\n", rv_version());
	return RV_CLI_OK;
}

static const struct rv_cli_command *
find(const char *name)
{
	if (strcmp(name, "whatif") == 0)
		name = "what-if";
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static enum rv_cli_exit
run(const struct rv_cli_command *command, struct rv_cli *cli)
{
	struct rv_error e = { "" };
	enum rv_cli_exit code;

	if (cli->options.n_operands < command->least ||
	    cli->options.n_operands > command->most) {
		(void)fprintf(stderr, "usage: reeve %s %s\n", command->name,
		    command->operands);
		return RV_CLI_USAGE;
	}
	if (command->offline)
		return command->run(cli);
	if (rv_cli_http_new(&cli->options, &cli->http, &e) != RV_OK) {
		(void)fprintf(stderr, "reeve: %s\n", e.text);
		return RV_CLI_USAGE;
	}
	code = command->run(cli);
	rv_cli_http_free(&cli->http);
	return code;
}

int
main(int argc, char *argv[])
{
	const struct rv_cli_command *command;
	struct rv_cli cli = { 0 };
	struct rv_error e = { "" };
	enum rv_cli_exit code;

	if (rv_cli_parse(argc, argv, &cli.options, &e) != RV_OK) {
		(void)fprintf(stderr, "reeve: %s; see reeve help\n", e.text);
		return RV_CLI_USAGE;
	}
	if (cli.options.version)
		return version(&cli);
	if (cli.options.help)
		return help(&cli);
	if (cli.options.command == NULL) {
		put_help(stderr);
		return RV_CLI_USAGE;
	}
	command = find(cli.options.command);
	if (command == NULL) {
		(void)fprintf(stderr,
		    "reeve: there is no command %s; see reeve help\n",
		    cli.options.command);
		return RV_CLI_USAGE;
	}
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)fputs("reeve: libcurl cannot be set up\n", stderr);
		return RV_CLI_ERROR;
	}
	code = run(command, &cli);
	curl_global_cleanup();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fputs("reeve: the answer cannot be written\n", stderr);
		return RV_CLI_ERROR;
	}
	return code;
}
