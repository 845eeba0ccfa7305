#include "cli/import.h"

#include <stdlib.h>
#include <string.h>

#define TRIAL "/reeve/v1/import/configmgr?dryRun=true"
#define DEED  "/reeve/v1/import/configmgr"

const char *const rv_cli_import_classes[] = { "SMS_Admin", "SMS_Role",
	"SMS_SecuredCategory", "SMS_SecuredCategoryMembership",
	"SMS_Collection" };
const size_t rv_cli_import_n_classes =
    sizeof(rv_cli_import_classes) / sizeof(rv_cli_import_classes[0]);

/* A provider that is asked besides the one of the command; NULL: in *e. */
static struct rv_cli_http *
open_source(const struct rv_cli_options *o, const char *url, struct rv_error *e)
{
	struct rv_cli_options there = { .url = url, .ca = o->import.ca };
	struct rv_cli_http *source = NULL;

	return rv_cli_http_new(&there, &source, e) == RV_OK ? source : NULL;
}

/* The rows of all classes into body; false: a line in *e. */
static bool
read_classes(const struct rv_cli_options *o, const char *from, json_t *body,
    struct rv_error *e)
{
	struct rv_cli_http *source = NULL;
	bool ok = true;

	if (strstr(from, "://") != NULL) {
		source = open_source(o, from, e);
		if (source == NULL)
			return false;
	}
	for (size_t i = 0; ok && i < rv_cli_import_n_classes; i++) {
		const char *class = rv_cli_import_classes[i];
		json_t *rows = source != NULL
				   ? rv_cli_import_asked(source, class, e)
				   : rv_cli_import_saved(from, class, e);

		ok =
		    rows != NULL && json_object_set_new(body, class, rows) == 0;
	}
	rv_cli_http_free(&source);
	return ok;
}

/* Who is who, from a file {"SID or name": "principal"}. */
static bool
read_accounts(const char *file, json_t *body, struct rv_error *e)
{
	json_error_t wrong;
	json_t *accounts;

	if (file == NULL)
		return true;
	accounts = json_load_file(file, JSON_REJECT_DUPLICATES, &wrong);
	if (json_is_object(accounts))
		return json_object_set_new(body, "accounts", accounts) == 0;
	rv_error_set(e, "%s: %s", file,
	    accounts == NULL ? wrong.text : "no object of principals by SID");
	json_decref(accounts);
	return false;
}

static json_t *
request(const struct rv_cli_options *o)
{
	const char *source = o->import.source;
	struct rv_error e = { "" };
	json_t *body = json_pack("{s:s}", "source", source);

	if (body != NULL && read_classes(o, o->operands[1], body, &e) &&
	    read_accounts(o->import.accounts, body, &e))
		return body;
	(void)fprintf(stderr, "reeve: %s\n",
	    e.text[0] != '\0' ? e.text : "memory is short");
	json_decref(body);
	return NULL;
}

enum rv_cli_exit
rv_cli_import(struct rv_cli *cli)
{
	const struct rv_cli_options *o = &cli->options;
	struct rv_cli_answer answer;
	enum rv_cli_exit code;
	json_t *body;

	if (strcmp(o->operands[0], "configmgr") != 0) {
		(void)fprintf(stderr,
		    "reeve: what is imported is configmgr, not %s\n",
		    o->operands[0]);
		return RV_CLI_USAGE;
	}
	if (o->import.source == NULL || *o->import.source == '\0') {
		(void)fputs("reeve: --source names the other site, such as "
			    "its site code: ids are remembered by it\n",
		    stderr);
		return RV_CLI_USAGE;
	}
	body = request(o);
	if (body == NULL)
		return RV_CLI_ERROR;
	code = rv_cli_ask(cli, o->import.apply ? DEED : TRIAL, body, &answer);
	if (code != RV_CLI_OK)
		return code;
	if (!o->json)
		rv_cli_import_tell(
		    o->import.apply
			? answer.body
			: json_array_get(
			      json_object_get(answer.body, "results"), 0));
	else if (rv_cli_tell_json(&answer) != RV_OK)
		code = RV_CLI_ERROR;
	rv_cli_answer_fini(&answer);
	return code;
}
