/* list, who, can: questions with many answers. */
#include "cli/cli.h"

#include <string.h>

/* ---- list ------------------------------------------------------------------------- */

static json_t *
page_of(const struct rv_cli_options *o, const char *token)
{
	json_t *page = json_object();

	if (page == NULL)
		return NULL;
	if ((token != NULL &&
		json_object_set_new(page, "token", json_string(token)) != 0) ||
	    (o->limit > 0 && token == NULL &&
		json_object_set_new(
		    page, "limit", json_integer((json_int_t)o->limit)) != 0) ||
	    (o->count && json_object_set_new(page, "properties",
			     json_pack("{s:b}", "count_only", 1)) != 0)) {
		json_decref(page);
		return NULL;
	}
	return page;
}

static enum rv_cli_exit
ask_page(
    struct rv_cli *cli, const char *token, struct rv_cli_answer *ret_answer)
{
	const struct rv_cli_options *o = &cli->options;
	json_t *subject = rv_cli_subject(cli);

	if (subject == NULL)
		return RV_CLI_SIGN_IN;
	return rv_cli_ask(cli, "/access/v1/search/resource",
	    json_pack("{s:o, s:{s:s}, s:{s:s}, s:o}", "subject", subject,
		"action", "name", o->operands[0], "resource", "type",
		o->operands[1], "page", page_of(o, token)),
	    ret_answer);
}

static void
tell_ids(const json_t *results)
{
	const json_t *one;
	size_t i;

	json_array_foreach(results, i, one)
	{
		rv_cli_print(stdout, rv_cli_text(one, "id"));
		(void)fputc('\n', stdout);
	}
}

static void
tell_page(const struct rv_cli *cli, const struct rv_cli_answer *answer)
{
	const json_t *page = json_object_get(answer->body, "page");
	const char *token = rv_cli_text(page, "next_token");

	if (cli->options.count) {
		(void)printf("%lld\n", (long long)json_integer_value(
					   json_object_get(page, "total")));
		return;
	}
	tell_ids(json_object_get(answer->body, "results"));
	if (*token != '\0' && !cli->options.all)
		(void)fprintf(stderr,
		    "reeve: there are more: --all, or --token %s\n", token);
}

/* Appends the results of one page to those of the first. */
static int
join(struct rv_cli_answer *all, struct rv_cli_answer *next)
{
	json_t *results = json_object_get(all->body, "results");
	json_t *page = json_object_get(next->body, "page");

	if (json_array_extend(
		results, json_object_get(next->body, "results")) != 0 ||
	    json_object_set_new(page, "count",
		json_integer((json_int_t)json_array_size(results))) != 0 ||
	    json_object_set(all->body, "page", page) != 0)
		return RV_ERR_NOMEM;
	return RV_OK;
}

static enum rv_cli_exit
tell_joined(const struct rv_cli *cli, const struct rv_cli_answer *all)
{
	if (!cli->options.json)
		return RV_CLI_OK;
	return rv_cli_tell_json(all) == RV_OK ? RV_CLI_OK : RV_CLI_ERROR;
}

enum rv_cli_exit
rv_cli_list(struct rv_cli *cli)
{
	struct rv_cli_answer all = { 0 }, next;
	enum rv_cli_exit code;

	code = ask_page(cli, cli->options.token, &all);
	if (code != RV_CLI_OK)
		return code;
	if (!cli->options.json)
		tell_page(cli, &all);
	while (code == RV_CLI_OK && cli->options.all && !cli->options.count &&
	       *rv_cli_text(json_object_get(all.body, "page"), "next_token") !=
		   '\0') {
		code = ask_page(cli,
		    rv_cli_text(
			json_object_get(all.body, "page"), "next_token"),
		    &next);
		if (code != RV_CLI_OK)
			break;
		if (!cli->options.json)
			tell_page(cli, &next);
		if (join(&all, &next) != RV_OK)
			code = RV_CLI_ERROR;
		rv_cli_answer_fini(&next);
	}
	if (code == RV_CLI_OK)
		code = tell_joined(cli, &all);
	rv_cli_answer_fini(&all);
	return code;
}

/* ---- who -------------------------------------------------------------------------- */

static void
tell_holders(const json_t *holders)
{
	const json_t *one;
	size_t i;

	json_array_foreach(holders, i, one)
	{
		const json_t *ids = json_object_get(one, "assignments");
		const json_t *id;
		size_t k;

		rv_cli_print(stdout, rv_cli_text(one, "type"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout, rv_cli_text(one, "id"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout, rv_cli_text(one, "required_level"));
		json_array_foreach(ids, k, id)
		{
			(void)printf("%s%lld", k == 0 ? "\t" : ",",
			    (long long)json_integer_value(id));
		}
		(void)fputc('\n', stdout);
	}
}

/* All pages of one kind; their holders are appended to the first answer's. */
static enum rv_cli_exit
ask_holders(
    struct rv_cli *cli, const char *kind, json_t *holders, char **ret_revision)
{
	char *const *o = cli->options.operands;
	struct rv_cli_answer answer = { 0 };
	json_t *token = json_string("");
	enum rv_cli_exit code = RV_CLI_OK;

	do {
		json_t *body = rv_cli_item(
		    o[0], o[1], cli->options.n_operands > 2 ? o[2] : NULL);

		if (body == NULL ||
		    json_object_set_new(body, "subject",
			json_pack("{s:s}", "type", kind)) != 0 ||
		    json_object_set_new(body, "page",
			json_pack("{s:O}", "token", token)) != 0) {
			json_decref(body);
			code = RV_CLI_ERROR;
			break;
		}
		rv_cli_answer_fini(&answer);
		code =
		    rv_cli_ask(cli, "/access/v1/search/subject", body, &answer);
		if (code != RV_CLI_OK)
			break;
		json_decref(token);
		token = json_incref(json_object_get(
		    json_object_get(answer.body, "page"), "next_token"));
		(void)json_array_extend(holders,
		    json_object_get(
			json_object_get(answer.body, "context"), "holders"));
	} while (json_string_length(token) > 0);
	json_decref(token);
	*ret_revision = answer.revision;
	answer.revision = NULL;
	rv_cli_answer_fini(&answer);
	return code;
}

enum rv_cli_exit
rv_cli_who(struct rv_cli *cli)
{
	struct rv_cli_answer both = { .body = json_object() };
	json_t *holders = json_array();
	enum rv_cli_exit code;
	char *revision = NULL;

	code = ask_holders(cli, "user", holders, &revision);
	rv_cli_answer_fini(&(struct rv_cli_answer){ .revision = revision });
	revision = NULL;
	if (code == RV_CLI_OK)
		code = ask_holders(cli, "group", holders, &revision);
	both.revision = revision;
	if (code == RV_CLI_OK && cli->options.json) {
		if (json_object_set(both.body, "holders", holders) != 0 ||
		    rv_cli_tell_json(&both) != RV_OK)
			code = RV_CLI_ERROR;
	} else if (code == RV_CLI_OK) {
		tell_holders(holders);
	}
	json_decref(holders);
	rv_cli_answer_fini(&both);
	return code;
}

/* ---- can -------------------------------------------------------------------------- */

enum rv_cli_exit
rv_cli_can(struct rv_cli *cli)
{
	char *const *o = cli->options.operands;
	json_t *subject = rv_cli_subject(cli);
	const json_t *results, *one;
	struct rv_cli_answer answer;
	enum rv_cli_exit code;
	size_t i;

	if (subject == NULL)
		return RV_CLI_SIGN_IN;
	code = rv_cli_ask(cli, "/access/v1/search/action",
	    json_pack("{s:o, s:{s:s, s:s}}", "subject", subject, "resource",
		"type", o[0], "id", cli->options.n_operands > 1 ? o[1] : ""),
	    &answer);
	if (code != RV_CLI_OK)
		return code;
	results = json_object_get(answer.body, "results");
	if (cli->options.json) {
		if (rv_cli_tell_json(&answer) != RV_OK)
			code = RV_CLI_ERROR;
	} else {
		json_array_foreach(results, i, one)
		{
			rv_cli_print(stdout, rv_cli_text(one, "name"));
			(void)fputc('\n', stdout);
		}
	}
	if (code == RV_CLI_OK && json_array_size(results) == 0)
		code = rv_cli_exit_of_decision(
		    json_false(), json_object_get(answer.body, "context"));
	rv_cli_answer_fini(&answer);
	return code;
}
