#include "cli/cli.h"

#include <string.h>

const char *
rv_cli_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

/* ---- Exit codes -------------------------------------------------------------- */

enum rv_cli_exit
rv_cli_exit_of_status(const struct rv_cli_answer *answer)
{
	const char *code = rv_cli_text(answer->body, "code");

	switch (answer->status) {
	case 200:
		return RV_CLI_OK;
	case 401:
		return RV_CLI_SIGN_IN;
	case 403:
		return strcmp(code, "level_too_low") == 0 ? RV_CLI_SIGN_IN
							  : RV_CLI_DENIED;
	case 404:
		return strcmp(code, "unknown_route") == 0 ? RV_CLI_ERROR
							  : RV_CLI_NOT_FOUND;
	case 409:
	case 422:
		return RV_CLI_CONFLICT;
	default:
		return RV_CLI_ERROR;
	}
}

/* True when nothing but a higher level is lacking. */
static bool
lacks_level_only(const json_t *context)
{
	const json_t *conditions =
	    json_object_get(json_object_get(context, "missing"), "conditions");
	const char *only = json_string_value(json_array_get(conditions, 0));

	return strcmp(rv_cli_text(context, "reason"), "level_too_low") == 0 ||
	       (json_array_size(conditions) == 1 && only != NULL &&
		   strcmp(only, "level") == 0);
}

enum rv_cli_exit
rv_cli_exit_of_decision(const json_t *decision, const json_t *context)
{
	if (json_is_true(decision))
		return RV_CLI_OK;
	if (json_object_get(context, "error") != NULL)
		return RV_CLI_ERROR;
	if (strcmp(rv_cli_text(context, "reason"), "no_such_object") == 0)
		return RV_CLI_NOT_FOUND;
	return lacks_level_only(context) ? RV_CLI_SIGN_IN : RV_CLI_DENIED;
}

/* ---- Errors ------------------------------------------------------------------- */

static void
tell_missing(const json_t *missing)
{
	const json_t *conditions = json_object_get(missing, "conditions");
	const char *operation = rv_cli_text(missing, "operation");
	const char *level = rv_cli_text(missing, "level");
	const json_t *condition;
	size_t i;

	if (*operation != '\0') {
		(void)fputs("reeve: missing: ", stderr);
		rv_cli_print(stderr, operation);
		(void)fputs(" on ", stderr);
		rv_cli_print(stderr, rv_cli_text(missing, "type"));
		json_array_foreach(conditions, i, condition)
		{
			(void)fputs(i == 0 ? " (" : ", ", stderr);
			rv_cli_print(stderr, json_is_string(condition)
						 ? json_string_value(condition)
						 : "");
		}
		(void)fputs(i > 0 ? ")\n" : "\n", stderr);
	}
	if (*level != '\0') {
		(void)fputs("reeve: the level needed is ", stderr);
		rv_cli_print(stderr, level);
		(void)fputc('\n', stderr);
	}
}

void
rv_cli_tell_error(const struct rv_cli_answer *answer)
{
	const char *detail = rv_cli_text(answer->body, "detail");
	const char *id = rv_cli_text(answer->body, "request_id");

	if (answer->status == 401) {
		(void)fputs("reeve: you are not signed in: get a Kerberos "
			    "ticket with kinit(1)\n",
		    stderr);
		return;
	}
	(void)fputs("reeve: ", stderr);
	if (*detail != '\0')
		rv_cli_print(stderr, detail);
	else
		(void)fprintf(stderr,
		    "the provider answered with status %ld, and with nothing "
		    "that this command understands",
		    answer->status);
	(void)fputc('\n', stderr);
	tell_missing(json_object_get(answer->body, "missing"));
	if (answer->status >= 500 && *id != '\0') {
		(void)fputs("reeve: request ", stderr);
		rv_cli_print(stderr, id);
		(void)fputc('\n', stderr);
	}
}

int
rv_cli_tell_json(const struct rv_cli_answer *answer)
{
	json_t *shown = json_copy(answer->body);
	int r = RV_ERR_NOMEM;

	if (shown != NULL &&
	    (answer->revision == NULL ||
		json_object_set_new(
		    shown, "at_least", json_string(answer->revision)) == 0) &&
	    json_dumpf(shown, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) ==
		0 &&
	    fputc('\n', stdout) != EOF)
		r = RV_OK;
	json_decref(shown);
	if (r != RV_OK)
		(void)fputs("reeve: the answer cannot be printed\n", stderr);
	return r;
}
