/*
 * reeve rescue: what the operator of the provider's machine may do when
 * nobody can sign in any more.  Talks to operator_socket, not to the network.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"

#define DEFAULT_SOCKET "/run/reeve/operator"
#define ANSWER_MAX     65536u
/* The store may take its time; nobody waits for ever. */
#define ANSWER_SECONDS 30

/* ---- The question ---------------------------------------------------------- */

static json_t *
question(const struct rv_cli_options *o)
{
	const char *what = o->operands[0];
	json_t *q = NULL;

	if (o->n_operands == 1 && strcmp(what, "status") == 0)
		return json_pack("{s:s}", "do", "status");
	if (o->n_operands == 1 && strcmp(what, "level-windows") == 0)
		return json_pack("{s:s}", "do", "level_windows");
	if (o->n_operands == 2 && strcmp(what, "add-admin") == 0)
		q = json_pack("{s:s, s:s}", "do", "add_admin", "principal",
		    o->operands[1]);
	if (q != NULL && o->account_id != NULL &&
	    json_object_set_new(q, "account_id", json_string(o->account_id)) !=
		0) {
		json_decref(q);
		q = NULL;
	}
	return q;
}

/* ---- The socket ------------------------------------------------------------- */

static int
connect_to(const char *path, struct rv_error *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		rv_error_set(e, "%s: the path is too long", path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) !=
		0 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) !=
		0) {
		rv_error_set(e,
		    "cannot reach the provider at %s: %s; is operator_socket "
		    "set in reeved.conf, and does reeved run?",
		    path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	return fd;
}

static json_t *
ask(const char *path, const json_t *q, struct rv_error *e)
{
	char *text = json_dumps(q, JSON_COMPACT);
	char *bytes = malloc(ANSWER_MAX);
	json_t *answer = NULL;
	int fd = -1;
	ssize_t n;

	rv_error_set(e, "out of memory");
	if (text == NULL || bytes == NULL)
		goto out;
	fd = connect_to(path, e);
	if (fd < 0)
		goto out;
	rv_error_set(e, "the provider gave no answer");
	/* Whom it does not know it may refuse without reading on. */
	if (send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_EOR) < 0 &&
	    errno != EPIPE && errno != ECONNRESET)
		goto out;
	n = recv(fd, bytes, ANSWER_MAX, 0);
	if (n > 0)
		answer =
		    json_loadb(bytes, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
out:
	if (fd >= 0)
		(void)close(fd);
	free(text);
	free(bytes);
	return answer;
}

/* ---- Telling ------------------------------------------------------------------ */

static enum rv_cli_exit
exit_of(const json_t *answer)
{
	const char *code = rv_cli_text(answer, "code");

	if (json_is_true(json_object_get(answer, "ok")))
		return RV_CLI_OK;
	if (strcmp(code, "not_permitted") == 0 ||
	    strcmp(code, "switched_off") == 0)
		return RV_CLI_DENIED;
	if (strcmp(code, "conflict") == 0)
		return RV_CLI_CONFLICT;
	return RV_CLI_ERROR;
}

static void
tell_member(const char *name, const json_t *value)
{
	char *text = json_is_string(value)
			 ? strdup(json_string_value(value))
			 : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	(void)printf("  %-18s ", name);
	rv_cli_print(stdout, text != NULL ? text : "?");
	(void)putchar('\n');
	free(text);
}

static void
tell(const json_t *answer)
{
	const char *name;
	json_t *value;

	if (!json_is_true(json_object_get(answer, "ok"))) {
		(void)fputs("reeve: ", stderr);
		rv_cli_print(stderr, rv_cli_text(answer, "detail"));
		(void)fputc('\n', stderr);
		return;
	}
	(void)puts("done");
	/* The iterator writes to nothing of the object. */
	json_object_foreach((json_t *)(uintptr_t)answer, name,
	    value) if (strcmp(name, "ok") != 0) tell_member(name, value);
}

enum rv_cli_exit
rv_cli_rescue(struct rv_cli *cli)
{
	const struct rv_cli_options *o = &cli->options;
	struct rv_error e = { "" };
	json_t *q = question(o), *answer;
	enum rv_cli_exit code;

	if (q == NULL) {
		(void)fputs(
		    "usage: reeve rescue status | level-windows | add-admin "
		    "NAME@REALM [--account-id ID]\n",
		    stderr);
		return RV_CLI_USAGE;
	}
	answer = ask(o->socket != NULL ? o->socket : DEFAULT_SOCKET, q, &e);
	json_decref(q);
	if (answer == NULL) {
		(void)fprintf(stderr, "reeve: %s\n", e.text);
		return RV_CLI_ERROR;
	}
	code = exit_of(answer);
	if (o->json)
		(void)(json_dumpf(answer, stdout,
			   JSON_COMPACT | JSON_ENSURE_ASCII) == 0 &&
		       putchar('\n'));
	else
		tell(answer);
	json_decref(answer);
	return code;
}
