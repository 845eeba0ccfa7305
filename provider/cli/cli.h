/*
 * The command `reeve`: questions to a provider from a terminal or a script.
 * One process, one question.  Of the daemon's code only that is used which
 * has to judge alike: `reeve site` checks tokens and settings with it.
 */
#ifndef PROVIDER_CLI_H
#define PROVIDER_CLI_H

#include <jansson.h>
#include <stdio.h>

#include "reeve/base.h"

/* Exit codes; scripts rely on them. */
enum rv_cli_exit {
	RV_CLI_OK = 0, /* allowed, or done */
	RV_CLI_ERROR = 1,
	RV_CLI_USAGE = 2,
	RV_CLI_DENIED = 3,
	RV_CLI_SIGN_IN = 4, /* not signed in, or the level is too low */
	RV_CLI_NOT_FOUND = 5,
	RV_CLI_CONFLICT = 6,
};

#define RV_CLI_REPEATED_MAX 64 /* --add and --remove, each */

/* Of `reeve site`. */
struct rv_cli_site_options {
	const char *issuer, *kind, *ca, *folder, *token_file;
	const char *client, *scope; /* of the device code flow */
	const char *audiences[RV_CLI_REPEATED_MAX];
	size_t n_audiences;
	const char *tenants[RV_CLI_REPEATED_MAX];
	size_t n_tenants;
	bool device, yes, force;
};

/* Of `reeve role export` and `import`; --yes is that of `reeve site`. */
struct rv_cli_role_options {
	const char *new_name;
	const char *signature; /* a file; NULL: none */
	bool diff, overwrite;
};

/* Of `reeve import`. */
struct rv_cli_import_options {
	const char *accounts, *ca, *source;
	bool apply;
};

struct rv_cli_options {
	struct rv_cli_import_options import;
	struct rv_cli_site_options site;
	struct rv_cli_role_options role;
	const char *url, *ca;
	const char *at_least;
	const char *subject, *group; /* NULL: oneself */
	const char *token;
	const char *socket, *account_id; /* of rescue */
	const char *add[RV_CLI_REPEATED_MAX];
	size_t n_add;
	const char *removed[RV_CLI_REPEATED_MAX];
	size_t n_removed;
	unsigned limit; /* 0: the provider's */
	bool json, count, all, every_operation;
	char *const *operands; /* behind the name of the command */
	int n_operands;
	const char *command;
	bool help, version;
};

/* What the command line says; RV_ERR_INVALID with a line in *e. */
RV_MUSTUSE int rv_cli_parse(int argc, char *const argv[],
    struct rv_cli_options *ret_options, struct rv_error *e);

/* ---- Talking to the provider (http.c) ----------------------------------- */

struct rv_cli_http;

struct rv_cli_answer {
	long status;
	json_t *body;	/* NULL: it was no JSON */
	char *revision; /* the field Reeve-Revision, or NULL */
};

/* RV_ERR_INVALID with a line in *e: no URL, or one that is not https. */
RV_MUSTUSE int rv_cli_http_new(const struct rv_cli_options *options,
    struct rv_cli_http **ret_http, struct rv_error *e);
void rv_cli_http_free(struct rv_cli_http **http);
/*
 * One request; body NULL: GET.  RV_OK whatever the status; else a line in
 * *e.  The answer is the caller's.
 */
RV_MUSTUSE int rv_cli_http_ask(struct rv_cli_http *http, const char *path,
    const json_t *body, struct rv_cli_answer *ret_answer, struct rv_error *e);
void rv_cli_answer_fini(struct rv_cli_answer *answer);

/* The caller's principal, by its ticket; free() it.  NULL: a line in *e. */
char *rv_cli_principal(struct rv_error *e);

/* ---- Telling (tell.c) ------------------------------------------------------- */

/* What an answer's status means for a script; 200 is RV_CLI_OK. */
enum rv_cli_exit rv_cli_exit_of_status(const struct rv_cli_answer *answer);
/* What a decision with its context means. */
enum rv_cli_exit rv_cli_exit_of_decision(
    const json_t *decision, const json_t *context);
/* Prints the error that an answer is. */
void rv_cli_tell_error(const struct rv_cli_answer *answer);
/* Prints an answer as JSON, with "at_least": what --at-least takes. */
int rv_cli_tell_json(const struct rv_cli_answer *answer);
/* A member's text, or "" . */
const char *rv_cli_text(const json_t *object, const char *member);
/*
 * Text of others: what a terminal would obey, what cannot be seen and letters
 * that pass for others are shown as <U+202E>.
 */
void rv_cli_print(FILE *out, const char *text);

/* ---- Commands ------------------------------------------------------------------ */

struct rv_cli {
	struct rv_cli_options options;
	struct rv_cli_http *http;
};

struct rv_cli_command {
	const char *name, *operands, *what;
	int least, most; /* operands */
	enum rv_cli_exit (*run)(struct rv_cli *cli);
	bool offline; /* asks no provider */
};

enum rv_cli_exit rv_cli_check(struct rv_cli *cli);
enum rv_cli_exit rv_cli_explain(struct rv_cli *cli);
enum rv_cli_exit rv_cli_batch(struct rv_cli *cli);
enum rv_cli_exit rv_cli_list(struct rv_cli *cli);
enum rv_cli_exit rv_cli_who(struct rv_cli *cli);
enum rv_cli_exit rv_cli_can(struct rv_cli *cli);
enum rv_cli_exit rv_cli_scope(struct rv_cli *cli);
enum rv_cli_exit rv_cli_what_if(struct rv_cli *cli);
enum rv_cli_exit rv_cli_deploy(struct rv_cli *cli);
enum rv_cli_exit rv_cli_import(struct rv_cli *cli);
enum rv_cli_exit rv_cli_role(struct rv_cli *cli);
enum rv_cli_exit rv_cli_site(struct rv_cli *cli);
enum rv_cli_exit rv_cli_rescue(struct rv_cli *cli);

/* ---- What commands share (ask.c) -------------------------------------------------- */

/* The subject of --subject or --group, else of the ticket; NULL: told. */
json_t *rv_cli_subject(struct rv_cli *cli);
/* {"action", "resource"} of OPERATION TYPE [KEY]. */
json_t *rv_cli_item(const char *operation, const char *type, const char *key);
/*
 * Asks, takes the reference of body, and tells what went wrong.  RV_CLI_OK:
 * *ret_answer is an answer with status 200, the caller's.
 */
enum rv_cli_exit rv_cli_ask(struct rv_cli *cli, const char *path, json_t *body,
    struct rv_cli_answer *ret_answer);

/* One line of a batch: see reeve(1).  NULL: a line in *e. */
json_t *rv_cli_batch_line(struct rv_slice line, struct rv_error *e);
/* ROLE[:SCOPE,...[:COLLECTION,...]] as what-if takes it; NULL: in *e. */
json_t *rv_cli_assignment(const char *text, struct rv_error *e);

#endif
