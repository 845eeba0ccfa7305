/* batch, what-if: several questions at once. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 1000u /* of one request */

/* ---- Lines ------------------------------------------------------------------------ */

/* OPERATION, TYPE, KEY, SUBJECT between tabs; the last two may be absent. */
static json_t *
table_line(struct rv_slice line, struct rv_error *e)
{
	struct rv_slice parts[4] = { { 0 } };
	json_t *item;
	size_t n = 0;

	while (n < 4) {
		const char *tab = memchr(line.p, '\t', line.n);
		const size_t length =
		    tab != NULL ? (size_t)(tab - line.p) : line.n;

		parts[n++] = (struct rv_slice){ line.p, length };
		line.p += length;
		line.n -= length;
		if (tab == NULL)
			break;
		line.p++;
		line.n--;
	}
	if (n < 2 || line.n > 0 || parts[0].n == 0 || parts[1].n == 0) {
		rv_error_set(e, "give OPERATION, TYPE, KEY and SUBJECT with "
				"tabs between them; KEY and SUBJECT may be "
				"absent");
		return NULL;
	}
	item = json_pack("{s:{s:s%}, s:{s:s%, s:s%}}", "action", "name",
	    parts[0].p, parts[0].n, "resource", "type", parts[1].p, parts[1].n,
	    "id", parts[2].n > 0 ? parts[2].p : "", parts[2].n);
	if (item != NULL && parts[3].n > 0 &&
	    json_object_set_new(item, "subject",
		json_pack("{s:s, s:s%}", "type", "user", "id", parts[3].p,
		    parts[3].n)) != 0) {
		json_decref(item);
		item = NULL;
	}
	if (item == NULL)
		rv_error_set(e, "it is no text in UTF-8");
	return item;
}

json_t *
rv_cli_batch_line(struct rv_slice line, struct rv_error *e)
{
	json_error_t wrong;
	json_t *item;

	if (line.n == 0 || line.p[0] != '{')
		return table_line(line, e);
	item = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &wrong);
	if (item == NULL)
		rv_error_set(e, "it is no JSON: column %d: %s", wrong.column,
		    wrong.text);
	return item;
}

/* RV_ERR_NOTFOUND at the end; else the line without its end. */
static int
next_line(FILE *in, char **text, size_t *room, struct rv_slice *ret)
{
	ssize_t n = getline(text, room, in);

	if (n < 0)
		return RV_ERR_NOTFOUND;
	*ret = (struct rv_slice){ *text, (size_t)n };
	while (ret->n > 0 &&
	       (ret->p[ret->n - 1] == '\n' || ret->p[ret->n - 1] == '\r'))
		ret->n--;
	return RV_OK;
}

/* Up to LINES_MAX questions; NULL: told.  Empty lines and comments pass. */
static json_t *
read_items(FILE *in, const char *name, size_t *line_number)
{
	json_t *items = json_array();
	struct rv_error e = { "" };
	struct rv_slice line;
	char *text = NULL;
	size_t room = 0;

	while (items != NULL && json_array_size(items) < LINES_MAX &&
	       next_line(in, &text, &room, &line) == RV_OK) {
		json_t *item;

		++*line_number;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		item = rv_cli_batch_line(line, &e);
		if (item != NULL && json_array_append_new(items, item) == 0)
			continue;
		(void)fprintf(stderr, "reeve: %s, line %zu: %s\n", name,
		    *line_number, e.text);
		json_decref(items);
		items = NULL;
	}
	free(text);
	return items;
}

/* ---- batch ------------------------------------------------------------------------ */

static enum rv_cli_exit
tell_items(const json_t *items, const json_t *answers)
{
	enum rv_cli_exit worst = RV_CLI_OK;
	const json_t *one;
	size_t i;

	json_array_foreach(answers, i, one)
	{
		const json_t *item = json_array_get(items, i);
		const json_t *context = json_object_get(one, "context");
		const json_t *error = json_object_get(context, "error");
		const bool allowed =
		    json_is_true(json_object_get(one, "decision"));

		(void)fputs(allowed ? "allowed\t" : "denied\t", stdout);
		rv_cli_print(stdout,
		    rv_cli_text(json_object_get(item, "action"), "name"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout,
		    rv_cli_text(json_object_get(item, "resource"), "type"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout,
		    rv_cli_text(json_object_get(item, "resource"), "id"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout, error != NULL
					 ? rv_cli_text(error, "message")
					 : rv_cli_text(context, "reason"));
		(void)fputc('\n', stdout);
		if (error != NULL)
			worst = RV_CLI_ERROR;
		else if (!allowed && worst == RV_CLI_OK)
			worst = RV_CLI_DENIED;
	}
	return worst;
}

static enum rv_cli_exit
run_items(struct rv_cli *cli, json_t *items, const json_t *subject)
{
	struct rv_cli_answer answer;
	const json_t *answers, *one;
	enum rv_cli_exit code;
	size_t i;

	code = rv_cli_ask(cli, "/access/v1/evaluations",
	    json_pack("{s:O, s:O, s:{s:b}}", "subject", subject, "evaluations",
		items, "options", "reasons", 1),
	    &answer);
	if (code != RV_CLI_OK)
		return code;
	answers = json_object_get(answer.body, "evaluations");
	if (!cli->options.json) {
		code = tell_items(items, answers);
	} else {
		json_array_foreach(answers, i, one)
		{
			enum rv_cli_exit mine = rv_cli_exit_of_decision(
			    json_object_get(one, "decision"),
			    json_object_get(one, "context"));

			if (mine == RV_CLI_ERROR)
				code = RV_CLI_ERROR;
			else if (mine != RV_CLI_OK && code == RV_CLI_OK)
				code = RV_CLI_DENIED;
		}
		if (rv_cli_tell_json(&answer) != RV_OK)
			code = RV_CLI_ERROR;
	}
	rv_cli_answer_fini(&answer);
	return code;
}

static enum rv_cli_exit
run_file(struct rv_cli *cli, FILE *in, const char *name)
{
	json_t *subject = rv_cli_subject(cli);
	enum rv_cli_exit worst = RV_CLI_OK;
	size_t line = 0;

	if (subject == NULL)
		return RV_CLI_SIGN_IN;
	for (;;) {
		json_t *items = read_items(in, name, &line);
		const size_t n = json_array_size(items);
		enum rv_cli_exit code = RV_CLI_ERROR;

		if (items != NULL && n > 0)
			code = run_items(cli, items, subject);
		json_decref(items);
		if (items != NULL && n == 0)
			break;
		if (code != RV_CLI_OK && worst != RV_CLI_ERROR)
			worst = code;
		/* A denial is an answer; everything else ends it. */
		if ((code != RV_CLI_OK && code != RV_CLI_DENIED) ||
		    n < LINES_MAX)
			break;
	}
	json_decref(subject);
	return worst;
}

enum rv_cli_exit
rv_cli_batch(struct rv_cli *cli)
{
	const char *name = cli->options.operands[0];
	enum rv_cli_exit code;
	FILE *in;

	if (strcmp(name, "-") == 0)
		return run_file(cli, stdin, "standard input");
	in = fopen(name, "re");
	if (in == NULL) {
		(void)fprintf(stderr, "reeve: %s: %s\n", name, strerror(errno));
		return RV_CLI_ERROR;
	}
	code = run_file(cli, in, name);
	(void)fclose(in);
	return code;
}

/* ---- what-if ---------------------------------------------------------------------- */

static json_t *
added(const struct rv_cli_options *o, struct rv_error *e)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < o->n_add; i++)
		if (json_array_append_new(
			list, rv_cli_assignment(o->add[i], e)) != 0) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

static json_t *
removed(const struct rv_cli_options *o, struct rv_error *e)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < o->n_removed; i++) {
		uint64_t id;

		if (rv_slice_to_u64(
			rv_slice_of(o->removed[i]), INT64_MAX, &id) != RV_OK) {
			rv_error_set(e,
			    "--remove %s: give the id of an "
			    "assignment",
			    o->removed[i]);
			json_decref(list);
			list = NULL;
		} else {
			(void)json_array_append_new(
			    list, json_integer((json_int_t)id));
		}
	}
	return list;
}

static void
tell_question(const json_t *q)
{
	const char *level = rv_cli_text(q, "required_level");
	const bool before = json_is_true(json_object_get(q, "before"));
	const bool after = json_is_true(json_object_get(q, "after"));

	(void)printf("%s\n",
	    before == after ? (after ? "stays allowed" : "stays denied")
			    : (after ? "becomes allowed" : "becomes denied"));
	/* Everybody who gets in at all has windows. */
	if (*level != '\0' && strcmp(level, "windows") != 0) {
		(void)fputs("  needs the level ", stdout);
		rv_cli_print(stdout, level);
		(void)fputc('\n', stdout);
	}
}

static void
tell_operations(const json_t *object)
{
	static const char *const members[] = { "gained", "lost" };

	for (size_t i = 0; i < 2; i++) {
		const json_t *list = json_object_get(object, members[i]);
		const json_t *name;
		size_t k;

		json_array_foreach(list, k, name)
		{
			(void)printf("%s\t", members[i]);
			rv_cli_print(stdout, json_string_value(name));
			(void)fputc('\n', stdout);
		}
	}
}

static enum rv_cli_exit
tell_what_if(struct rv_cli *cli, const struct rv_cli_answer *answer)
{
	const bool every = cli->options.every_operation;
	const json_t *rows =
	    json_object_get(answer->body, every ? "objects" : "questions");
	const json_t *row = json_array_get(rows, 0);

	if (cli->options.json)
		return rv_cli_tell_json(answer) == RV_OK ? RV_CLI_OK
							 : RV_CLI_ERROR;
	if (strcmp(rv_cli_text(row, "reason"), "no_such_object") == 0) {
		(void)fputs("reeve: there is no such object, or it is outside "
			    "your administrative scope\n",
		    stderr);
		return RV_CLI_NOT_FOUND;
	}
	if (every)
		tell_operations(row);
	else
		tell_question(row);
	return RV_CLI_OK;
}

enum rv_cli_exit
rv_cli_what_if(struct rv_cli *cli)
{
	const struct rv_cli_options *o = &cli->options;
	const int skip = o->every_operation ? 0 : 1;
	struct rv_error e = { "" };
	json_t *subject, *body, *item;
	struct rv_cli_answer answer;
	enum rv_cli_exit code;

	if (o->n_operands < 1 + skip || o->n_operands > 2 + skip) {
		(void)fputs("reeve: what-if: give OPERATION TYPE [KEY], or "
			    "--operations TYPE [KEY]\n",
		    stderr);
		return RV_CLI_USAGE;
	}
	subject = rv_cli_subject(cli);
	if (subject == NULL)
		return RV_CLI_SIGN_IN;
	item = rv_cli_item(o->every_operation ? "" : o->operands[0],
	    o->operands[skip],
	    o->n_operands > 1 + skip ? o->operands[1 + skip] : NULL);
	body = json_pack("{s:o, s:o, s:o, s:[o]}", "subject", subject, "add",
	    added(o, &e), "remove", removed(o, &e),
	    o->every_operation ? "objects" : "questions", item);
	if (body == NULL) {
		(void)fprintf(stderr, "reeve: %s\n", e.text);
		return RV_CLI_USAGE;
	}
	code = rv_cli_ask(cli, "/reeve/v1/what-if", body, &answer);
	if (code != RV_CLI_OK)
		return code;
	code = tell_what_if(cli, &answer);
	rv_cli_answer_fini(&answer);
	return code;
}
