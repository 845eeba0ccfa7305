/* role export, compare, similar. */
#include "cli/role.h"

#include <stdlib.h>
#include <string.h>

#define ID_SIZE	  8u
#define PAGES_MAX 100
#define LIST	  "/AdminService/wmi/SMS_Role"

/* ---- Which role ------------------------------------------------------------------ */

static bool
is_id(const char *text)
{
	return strlen(text) == ID_SIZE &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ID_SIZE;
}

/* The id of the role of that name on a page, a copy; NULL: not there. */
static char *
find(const json_t *page, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(page, "value"), i, row)
	{
		if (strcmp(rv_cli_text(row, "RoleName"), name) == 0)
			return strdup(rv_cli_text(row, "RoleID"));
	}
	return NULL;
}

char *
rv_cli_role_id(
    struct rv_cli *cli, const char *named, enum rv_cli_exit *ret_code)
{
	char *path = strdup(LIST), *id = NULL;

	if (is_id(named)) {
		free(path);
		return strdup(named);
	}
	*ret_code = RV_CLI_NOT_FOUND;
	for (int i = 0; i < PAGES_MAX && path != NULL && id == NULL; i++) {
		struct rv_cli_answer page = { 0 };
		const char *next;

		*ret_code = rv_cli_ask(cli, path, NULL, &page);
		free(path);
		if (*ret_code != RV_CLI_OK)
			return NULL;
		*ret_code = RV_CLI_NOT_FOUND;
		id = find(page.body, named);
		next = rv_cli_text(page.body, "@odata.nextLink");
		path = *next == '/' ? strdup(next) : NULL;
		rv_cli_answer_fini(&page);
	}
	free(path);
	if (id == NULL) {
		(void)fputs("reeve: there is no role ", stderr);
		rv_cli_print(stderr, named);
		(void)fputc('\n', stderr);
	}
	return id;
}

/* ---- export ----------------------------------------------------------------------- */

/* The RoleIDs of all operands but the first; NULL: told. */
static json_t *
ids_of(struct rv_cli *cli, enum rv_cli_exit *ret_code)
{
	json_t *ids = json_array();

	*ret_code = RV_CLI_ERROR;
	for (int i = 1; ids != NULL && i < cli->options.n_operands; i++) {
		char *id =
		    rv_cli_role_id(cli, cli->options.operands[i], ret_code);

		if (id == NULL ||
		    json_array_append_new(ids, json_string(id)) != 0) {
			json_decref(ids);
			ids = NULL;
		}
		free(id);
	}
	return ids;
}

/* What the site has signed the file with, where it is asked for. */
static enum rv_cli_exit
save_signature(const struct rv_cli_options *o, const json_t *body)
{
	const char *file = o->role.signature;
	const json_t *signature = json_object_get(body, "signature");

	if (file == NULL)
		return RV_CLI_OK;
	if (!json_is_object(signature)) {
		(void)fputs("reeve: this site does not sign role files: it has "
			    "no keeper_key\n",
		    stderr);
		return RV_CLI_ERROR;
	}
	if (json_dump_file(signature, file, JSON_INDENT(2)) == 0)
		return RV_CLI_OK;
	(void)fprintf(stderr, "reeve: %s cannot be written\n", file);
	return RV_CLI_ERROR;
}

static enum rv_cli_exit
export_roles(struct rv_cli *cli)
{
	struct rv_cli_answer answer;
	enum rv_cli_exit code;
	json_t *ids = ids_of(cli, &code);

	if (ids == NULL)
		return code;
	code = rv_cli_ask(cli, "/reeve/v1/roles/export",
	    json_pack("{s:o}", "role_ids", ids), &answer);
	if (code != RV_CLI_OK)
		return code;
	code = save_signature(&cli->options, answer.body);
	if (!cli->options.json)
		(void)fputs(rv_cli_text(answer.body, "xml"), stdout);
	else if (rv_cli_tell_json(&answer) != RV_OK)
		code = RV_CLI_ERROR;
	rv_cli_answer_fini(&answer);
	return code;
}

/* ---- compare, similar ------------------------------------------------------------- */

static void
tell_side(const json_t *body, const char *member, char sign)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(body, member), i, one)
	{
		(void)printf("%c\t", sign);
		rv_cli_print(stdout, rv_cli_text(one, "type"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout, rv_cli_text(one, "operation"));
		(void)fputc('\n', stdout);
	}
}

static void
tell_comparison(const json_t *body)
{
	tell_side(body, "only_a", '-');
	tell_side(body, "only_b", '+');
}

static void
tell_similar(const json_t *body)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(body, "roles"), i, one)
	{
		(void)printf("%.4f\t",
		    json_number_value(json_object_get(one, "similarity")));
		rv_cli_print(stdout, rv_cli_text(one, "role_id"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout, rv_cli_text(one, "name"));
		(void)printf("\t-%lld\t+%lld\n",
		    (long long)json_integer_value(
			json_object_get(one, "missing")),
		    (long long)json_integer_value(
			json_object_get(one, "extra")));
	}
}

/* Asks, and prints the answer. */
static enum rv_cli_exit
ask(struct rv_cli *cli, const char *path, json_t *body,
    void (*tell)(const json_t *body))
{
	struct rv_cli_answer answer;
	enum rv_cli_exit code = rv_cli_ask(cli, path, body, &answer);

	if (code != RV_CLI_OK)
		return code;
	if (!cli->options.json)
		tell(answer.body);
	else if (rv_cli_tell_json(&answer) != RV_OK)
		code = RV_CLI_ERROR;
	rv_cli_answer_fini(&answer);
	return code;
}

static enum rv_cli_exit
compare(struct rv_cli *cli)
{
	enum rv_cli_exit code;
	json_t *ids = ids_of(cli, &code);

	if (ids == NULL)
		return code;
	code = ask(cli, "/reeve/v1/roles/compare",
	    json_pack("{s:O, s:O}", "a", json_array_get(ids, 0), "b",
		json_array_get(ids, 1)),
	    tell_comparison);
	json_decref(ids);
	return code;
}

static enum rv_cli_exit
similar(struct rv_cli *cli)
{
	enum rv_cli_exit code;
	json_t *ids = ids_of(cli, &code);
	json_t *body;

	if (ids == NULL)
		return code;
	body = json_pack("{s:O}", "role_id", json_array_get(ids, 0));
	json_decref(ids);
	if (body != NULL && cli->options.limit > 0 &&
	    json_object_set_new(body, "limit",
		json_integer((json_int_t)cli->options.limit)) != 0) {
		json_decref(body);
		body = NULL;
	}
	if (body == NULL)
		return RV_CLI_ERROR;
	return ask(cli, "/reeve/v1/roles/similar", body, tell_similar);
}

/* ---- Which of them ------------------------------------------------------------------ */

static enum rv_cli_exit
import_file(struct rv_cli *cli)
{
	return rv_cli_role_import(cli, cli->options.operands[1]);
}

static enum rv_cli_exit
verify_file(struct rv_cli *cli)
{
	return rv_cli_role_verify(cli, cli->options.operands[1]);
}

enum rv_cli_exit
rv_cli_role(struct rv_cli *cli)
{
	static const struct {
		const char *name, *operands;
		int least, most;
		enum rv_cli_exit (*run)(struct rv_cli *cli);
	} actions[] = {
		{ "export", "ROLE ...", 2, 101, export_roles },
		{ "import", "FILE|-", 2, 2, import_file },
		{ "verify", "FILE|-", 2, 2, verify_file },
		{ "compare", "ROLE ROLE", 3, 3, compare },
		{ "similar", "ROLE", 2, 2, similar },
	};
	const int n = cli->options.n_operands;

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strcmp(cli->options.operands[0], actions[i].name) != 0)
			continue;
		if (n >= actions[i].least && n <= actions[i].most)
			return actions[i].run(cli);
		(void)fprintf(stderr, "usage: reeve role %s %s\n",
		    actions[i].name, actions[i].operands);
		return RV_CLI_USAGE;
	}
	(void)fputs(
	    "usage: reeve role export|import|verify|compare|similar ...\n",
	    stderr);
	return RV_CLI_USAGE;
}
