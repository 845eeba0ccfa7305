/* check, explain, deploy: one decision. */
#include "cli/cli.h"

#include <string.h>

/* False: told. */
static bool
put_subject(struct rv_cli *cli, json_t *body)
{
	json_t *subject;

	/* The provider takes its caller where no subject is named. */
	if (cli->options.subject == NULL && cli->options.group == NULL)
		return true;
	subject = rv_cli_subject(cli);
	return subject != NULL &&
	       json_object_set_new(body, "subject", subject) == 0;
}

/* Asks for a decision with its sentence. */
static enum rv_cli_exit
ask(struct rv_cli *cli, const char *path, json_t *body,
    struct rv_cli_answer *ret_answer)
{
	if (body == NULL || !put_subject(cli, body)) {
		json_decref(body);
		return RV_CLI_SIGN_IN;
	}
	return rv_cli_ask(cli, path, body, ret_answer);
}

static enum rv_cli_exit
exit_of(const struct rv_cli_answer *answer)
{
	return rv_cli_exit_of_decision(
	    json_object_get(answer->body, "decision"),
	    json_object_get(answer->body, "context"));
}

static void
tell_names(const char *what, const json_t *list, const char *hidden,
    const json_t *assignment)
{
	const json_t *more = json_object_get(assignment, hidden);
	const json_t *one;
	size_t i;

	if (json_array_size(list) == 0 && more == NULL)
		return;
	(void)printf("  %s", what);
	json_array_foreach(list, i, one)
	{
		const char *name = rv_cli_text(one, "name");

		(void)fputs(i == 0 ? " " : ", ", stdout);
		if (*name != '\0') {
			rv_cli_print(stdout, name);
			(void)fputs(" (", stdout);
		}
		rv_cli_print(stdout, rv_cli_text(one, "id"));
		if (*name != '\0')
			(void)fputc(')', stdout);
	}
	if (more != NULL)
		(void)printf("%s%lld that you may not see",
		    i == 0 ? " " : " and ",
		    (long long)json_integer_value(more));
	(void)fputc('\n', stdout);
}

static void
tell_assignment(const json_t *a)
{
	const json_t *role = json_object_get(a, "role");
	const json_t *via = json_object_get(a, "via");
	const char *until = rv_cli_text(a, "valid_until");

	(void)printf("assignment %lld: ",
	    (long long)json_integer_value(json_object_get(a, "id")));
	rv_cli_print(stdout, role != NULL ? rv_cli_text(role, "name")
					  : "a role that you may not see");
	if (role != NULL) {
		(void)fputs(" (", stdout);
		rv_cli_print(stdout, rv_cli_text(role, "id"));
		(void)fputc(')', stdout);
	}
	if (via != NULL) {
		(void)fputs(", by the group ", stdout);
		rv_cli_print(stdout, rv_cli_text(via, "id"));
	}
	if (json_is_false(json_object_get(a, "valid")))
		(void)fputs(", not valid now", stdout);
	if (*until != '\0')
		(void)printf(", until %s", until);
	(void)fputc('\n', stdout);
	tell_names("scopes", json_object_get(a, "scopes"), "scopes_hidden", a);
	tell_names("collections", json_object_get(a, "collections"),
	    "collections_hidden", a);
}

static void
tell_explanation(const json_t *body)
{
	const json_t *step = json_object_get(body, "step_up");
	const json_t *assignments = json_object_get(body, "assignments");
	const json_t *one;
	size_t i;

	rv_cli_print(stdout, rv_cli_text(body, "sentence"));
	(void)fputc('\n', stdout);
	json_array_foreach(assignments, i, one)
	{
		if (json_is_object(one))
			tell_assignment(one);
	}
	tell_names("roles that hold it:", json_object_get(body, "roles"),
	    "roles_hidden", body);
	json_array_foreach(json_object_get(body, "tasks"), i, one)
	{
		(void)fputs("  it is needed to: ", stdout);
		rv_cli_print(stdout, rv_cli_text(one, "title"));
		(void)printf(" (%s)\n", rv_cli_text(one, "task"));
	}
	if (step != NULL) {
		(void)fputs("  to reach the level: ", stdout);
		rv_cli_print(stdout, rv_cli_text(step, "how"));
		(void)fputc('\n', stdout);
	}
}

static enum rv_cli_exit
tell(struct rv_cli *cli, struct rv_cli_answer *answer, bool in_full)
{
	enum rv_cli_exit code = exit_of(answer);

	if (cli->options.json) {
		if (rv_cli_tell_json(answer) != RV_OK)
			code = RV_CLI_ERROR;
	} else if (in_full) {
		tell_explanation(answer->body);
	} else {
		const json_t *context =
		    json_object_get(answer->body, "context");

		(void)fputs(code == RV_CLI_OK ? "allowed" : "denied: ", stdout);
		if (code != RV_CLI_OK)
			rv_cli_print(stdout, rv_cli_text(context, "reason"));
		(void)fputc('\n', stdout);
	}
	rv_cli_answer_fini(answer);
	return code;
}

static enum rv_cli_exit
decide(struct rv_cli *cli, bool in_full)
{
	char *const *o = cli->options.operands;
	struct rv_cli_answer answer;
	enum rv_cli_exit code;

	code = ask(cli, "/reeve/v1/explain",
	    rv_cli_item(o[0], o[1], cli->options.n_operands > 2 ? o[2] : NULL),
	    &answer);
	return code == RV_CLI_OK ? tell(cli, &answer, in_full) : code;
}

enum rv_cli_exit
rv_cli_check(struct rv_cli *cli)
{
	return decide(cli, false);
}

enum rv_cli_exit
rv_cli_explain(struct rv_cli *cli)
{
	return decide(cli, true);
}

enum rv_cli_exit
rv_cli_deploy(struct rv_cli *cli)
{
	char *const *o = cli->options.operands;
	struct rv_cli_answer answer;
	enum rv_cli_exit code;

	code = ask(cli, "/reeve/v1/pair",
	    json_pack("{s:s, s:{s:s, s:s}, s:s}", "operation", "deploy",
		"object", "type", o[0], "id", o[1], "collection", o[2]),
	    &answer);
	return code == RV_CLI_OK ? tell(cli, &answer, true) : code;
}

enum rv_cli_exit
rv_cli_scope(struct rv_cli *cli)
{
	struct rv_cli_answer answer;
	const json_t *assignments, *one;
	enum rv_cli_exit code;
	size_t i;

	code = ask(cli, "/reeve/v1/scope", json_object(), &answer);
	if (code != RV_CLI_OK)
		return code;
	if (cli->options.json) {
		if (rv_cli_tell_json(&answer) != RV_OK)
			code = RV_CLI_ERROR;
	} else {
		assignments = json_object_get(answer.body, "assignments");
		json_array_foreach(assignments, i, one)
		{
			tell_assignment(one);
		}
		if (i == 0)
			(void)fputs("no assignments\n", stdout);
		if (json_is_true(json_object_get(answer.body, "filtered")))
			(void)fputs(
			    "reeve: not all of it is yours to see\n", stderr);
	}
	rv_cli_answer_fini(&answer);
	return code;
}
