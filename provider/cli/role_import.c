/*
 * role import: what a role file would change is shown before it does.
 */
#include "cli/role.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX (2u << 20)
#define TRIAL	 "/reeve/v1/roles/import?dryRun=true"
#define DEED	 "/reeve/v1/roles/import"

/* ---- The file --------------------------------------------------------------------- */

static int
read_all(FILE *in, struct rv_buf *bytes, const char *name, struct rv_error *e)
{
	char piece[4096];
	size_t n;

	while ((n = fread(piece, 1, sizeof(piece), in)) > 0)
		rv_buf_put(bytes, piece, n);
	if (!ferror(in) && !bytes->failed)
		return RV_OK;
	rv_error_set(e, "%s: %s", name,
	    bytes->failed ? "too long for a role file" : strerror(errno));
	return RV_ERR_IO;
}

/* gcc 12 takes the descriptor of a failure, which is no memory, for a leak. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
/* Windows writes UTF-16: with a mark it is known. */
static int
to_utf8(struct rv_buf *bytes, struct rv_error *e)
{
	struct rv_buf utf8;
	size_t in_left = bytes->n, out_left;
	char *in = bytes->p, *out;
	iconv_t converter;
	bool ok;

	if (bytes->n < 2 || (memcmp(bytes->p, "\xff\xfe", 2) != 0 &&
				memcmp(bytes->p, "\xfe\xff", 2) != 0))
		return RV_OK;
	converter = iconv_open("UTF-8", "UTF-16");
	rv_buf_init(&utf8, 0);
	out_left = 2 * bytes->n;
	/* The descriptor of a failure is (iconv_t)-1, see iconv_open(3). */
	ok = (intptr_t)converter != -1 &&
	     rv_buf_reserve(&utf8, out_left) == RV_OK;
	out = utf8.p;
	if (ok)
		ok = iconv(converter, &in, &in_left, &out, &out_left) !=
			 (size_t)-1 &&
		     in_left == 0;
	if ((intptr_t)converter != -1)
		(void)iconv_close(converter);
	if (!ok) {
		rv_buf_fini(&utf8);
		rv_error_set(e, "the role file is not UTF-16");
		return RV_ERR_INVALID;
	}
	utf8.n = (size_t)(out - utf8.p);
	rv_buf_fini(bytes);
	*bytes = utf8;
	return RV_OK;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

int
rv_cli_role_file(const char *name, struct rv_buf *bytes, struct rv_error *e)
{
	const bool is_stdin = strcmp(name, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(name, "re");
	int r;

	rv_buf_init(bytes, FILE_MAX);
	if (in == NULL) {
		rv_error_set(e, "%s: %s", name, strerror(errno));
		return RV_ERR_IO;
	}
	r = read_all(in, bytes, name, e);
	if (!is_stdin)
		(void)fclose(in);
	if (r == RV_OK)
		r = to_utf8(bytes, e);
	if (r == RV_OK && !rv_slice_is_text(rv_buf_slice(bytes))) {
		rv_error_set(e, "%s is no text in UTF-8 or UTF-16", name);
		r = RV_ERR_INVALID;
	}
	return r;
}

json_t *
rv_cli_role_signature(const char *file, struct rv_error *e)
{
	json_error_t wrong = { .text = "" };
	json_t *signature =
	    json_load_file(file, JSON_REJECT_DUPLICATES, &wrong);

	if (json_is_object(signature))
		return signature;
	rv_error_set(e, "%s: %s", file,
	    signature == NULL ? wrong.text : "no signature of a role file");
	json_decref(signature);
	return NULL;
}

/* With the signature that the export gave. */
static int
put_signature(const char *file, json_t *body, struct rv_error *e)
{
	json_t *signature;

	if (file == NULL)
		return RV_OK;
	signature = rv_cli_role_signature(file, e);
	if (signature == NULL)
		return RV_ERR_INVALID;
	return json_object_set_new(body, "signature", signature) == 0
		   ? RV_OK
		   : RV_ERR_NOMEM;
}

/* What is asked for; NULL: told. */
static json_t *
request(const struct rv_cli_options *o, const char *file)
{
	struct rv_error e = { "" };
	struct rv_buf bytes;
	json_t *body = NULL;

	if (rv_cli_role_file(file, &bytes, &e) == RV_OK)
		body = json_pack("{s:s%, s:b, s:s*}", "xml", bytes.p, bytes.n,
		    "overwrite", o->role.overwrite, "new_name",
		    o->role.new_name);
	if (body != NULL &&
	    put_signature(o->role.signature, body, &e) != RV_OK) {
		json_decref(body);
		body = NULL;
	}
	if (body == NULL)
		(void)fprintf(stderr, "reeve: %s\n",
		    e.text[0] != '\0' ? e.text : "memory is short");
	rv_buf_fini(&bytes);
	return body;
}

/* ---- Telling ---------------------------------------------------------------------- */

static void
tell_operations(const json_t *role, const char *member, char sign)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(role, member), i, one)
	{
		(void)printf("%c\t%lld\t", sign,
		    (long long)json_integer_value(
			json_object_get(one, "ObjectTypeID")));
		rv_cli_print(stdout, rv_cli_text(one, "OperationName"));
		(void)fputc('\n', stdout);
	}
}

static void
tell_unknown(const json_t *role)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(role, "unknown"), i, one)
	{
		(void)printf("?\t%lld\tmask %lld, kept, grants nothing\n",
		    (long long)json_integer_value(
			json_object_get(one, "ObjectTypeID")),
		    (long long)json_integer_value(
			json_object_get(one, "GrantedOperations")));
	}
	tell_operations(role, "unknown_names", '?');
}

static void
tell_roles(const json_t *roles)
{
	const json_t *role;
	size_t i;

	json_array_foreach(roles, i, role)
	{
		rv_cli_print(stdout, rv_cli_text(role, "action"));
		(void)fputc('\t', stdout);
		rv_cli_print(stdout, rv_cli_text(role, "name"));
		(void)fputc('\n', stdout);
		tell_operations(role, "removed", '-');
		tell_operations(role, "added", '+');
		tell_unknown(role);
	}
}

/* ---- The import ---------------------------------------------------------------------- */

static bool
is_confirmed(const struct rv_cli_options *o)
{
	char line[16] = "";

	if (o->site.yes)
		return true;
	(void)fputs("Import this? [y/N] ", stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	return line[0] == 'y' || line[0] == 'Y';
}

static bool
can_ask(const struct rv_cli_options *o, const char *file)
{
	if (o->role.diff || o->site.yes ||
	    (isatty(STDIN_FILENO) && strcmp(file, "-") != 0))
		return true;
	(void)fputs("reeve: nobody can be asked: give --diff to see the "
		    "difference, or --yes to import\n",
	    stderr);
	return false;
}

static enum rv_cli_exit
try_it(struct rv_cli *cli, json_t *body)
{
	struct rv_cli_answer answer;
	enum rv_cli_exit code =
	    rv_cli_ask(cli, TRIAL, json_incref(body), &answer);

	if (code != RV_CLI_OK)
		return code;
	if (!cli->options.json) {
		/* The provider has found the signature to be one of it. */
		code = rv_cli_role_tell_signer(
		    cli, json_object_get(body, "signature"));
		tell_roles(json_object_get(
		    json_array_get(json_object_get(answer.body, "results"), 0),
		    "roles"));
	} else if (cli->options.role.diff && rv_cli_tell_json(&answer) != RV_OK)
		code = RV_CLI_ERROR;
	rv_cli_answer_fini(&answer);
	return code;
}

/* Takes body. */
static enum rv_cli_exit
do_it(struct rv_cli *cli, json_t *body)
{
	struct rv_cli_answer answer;
	enum rv_cli_exit code = rv_cli_ask(cli, DEED, body, &answer);

	if (code != RV_CLI_OK)
		return code;
	if (cli->options.json && rv_cli_tell_json(&answer) != RV_OK)
		code = RV_CLI_ERROR;
	rv_cli_answer_fini(&answer);
	return code;
}

enum rv_cli_exit
rv_cli_role_import(struct rv_cli *cli, const char *file)
{
	const struct rv_cli_options *o = &cli->options;
	enum rv_cli_exit code;
	json_t *body;

	if (!can_ask(o, file))
		return RV_CLI_USAGE;
	body = request(o, file);
	if (body == NULL)
		return RV_CLI_ERROR;
	code = try_it(cli, body);
	if (code == RV_CLI_OK && !o->role.diff && is_confirmed(o))
		code = do_it(cli, json_incref(body));
	json_decref(body);
	return code;
}
