/* What the commands share: whom they ask about, and asking. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

json_t *
rv_cli_subject(struct rv_cli *cli)
{
	const struct rv_cli_options *o = &cli->options;
	struct rv_error e = { "" };
	json_t *subject;
	char *principal;

	if (o->group != NULL)
		return json_pack("{s:s, s:s}", "type", "group", "id", o->group);
	if (o->subject != NULL)
		return json_pack(
		    "{s:s, s:s}", "type", "user", "id", o->subject);
	principal = rv_cli_principal(&e);
	if (principal == NULL) {
		(void)fprintf(stderr, "reeve: %s\n", e.text);
		return NULL;
	}
	subject = json_pack("{s:s, s:s}", "type", "user", "id", principal);
	free(principal);
	return subject;
}

json_t *
rv_cli_item(const char *operation, const char *type, const char *key)
{
	return json_pack("{s:{s:s}, s:{s:s, s:s}}", "action", "name", operation,
	    "resource", "type", type, "id", key != NULL ? key : "");
}

enum rv_cli_exit
rv_cli_ask(struct rv_cli *cli, const char *path, json_t *body,
    struct rv_cli_answer *ret_answer)
{
	struct rv_cli_answer answer = { 0 };
	struct rv_error e = { "" };
	enum rv_cli_exit code;
	int r;

	r = rv_cli_http_ask(cli->http, path, body, &answer, &e);
	json_decref(body);
	if (r != RV_OK) {
		(void)fprintf(stderr, "reeve: %s\n", e.text);
		return RV_CLI_ERROR;
	}
	code = rv_cli_exit_of_status(&answer);
	if (code == RV_CLI_OK && !json_is_object(answer.body))
		code = RV_CLI_ERROR;
	if (code == RV_CLI_OK) {
		*ret_answer = answer;
		return code;
	}
	rv_cli_tell_error(&answer);
	rv_cli_answer_fini(&answer);
	return code;
}

json_t *
rv_cli_assignment(const char *text, struct rv_error *e)
{
	static const char *const members[] = { "scopes", "collections" };
	struct rv_slice rest = rv_slice_of(text);
	json_t *row = json_object();
	const char *end = memchr(rest.p, ':', rest.n);
	size_t n = end != NULL ? (size_t)(end - rest.p) : rest.n;
	bool ok =
	    row != NULL && n > 0 &&
	    json_object_set_new(row, "role", json_stringn(rest.p, n)) == 0;

	for (size_t i = 0; ok && end != NULL && i < 2; i++) {
		json_t *list = json_array();

		rest.p += n + 1;
		rest.n -= n + 1;
		end = memchr(rest.p, ':', rest.n);
		n = end != NULL ? (size_t)(end - rest.p) : rest.n;
		for (size_t at = 0; list != NULL && n > 0 && at <= n;) {
			const char *comma = memchr(rest.p + at, ',', n - at);
			size_t length = comma != NULL
					    ? (size_t)(comma - rest.p) - at
					    : n - at;

			ok &= length > 0 &&
			      json_array_append_new(
				  list, json_stringn(rest.p + at, length)) == 0;
			at += length + 1;
		}
		ok &= json_object_set_new(row, members[i], list) == 0;
	}
	if (ok && end == NULL)
		return row;
	json_decref(row);
	rv_error_set(e,
	    "%s is no assignment: give ROLE[:SCOPE,...[:COLLECTION,...]]",
	    text);
	return NULL;
}
