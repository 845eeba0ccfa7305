#include "rescue/rescue.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "config/config.h"
#include "log.h"
#include "notify.h"
#include "privilege.h"
#include "process/child.h"
#include "process/sandbox.h"
#include "rescue/act.h"
#include "rescue/journal.h"

#define RESCUE_ON 0
/* A caller that says nothing, or does not listen, is not waited for. */
#define PEER_SECONDS 5
/* Between two signs of life. */
#define BEAT_MS 1000

struct door {
	const struct rv_config *config;
	struct rv_journal *journal;
	int listening, control;
};

bool
rv_rescue_is_wanted(const struct rv_config *config)
{
	return config->operator_socket != NULL;
}

/* ---- One caller ------------------------------------------------------------- */

static bool
name_request(char id[17])
{
	unsigned char raw[8];

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return false;
	for (size_t i = 0; i < sizeof(raw); i++)
		(void)snprintf(id + 2 * i, 3, "%02x", raw[i]);
	return true;
}

/* Records, and says so to the operator of the machine: it is an alarm. */
static int
keep(const struct door *d, const struct rv_journal_entry *entry)
{
	if (strcmp(entry->action, "status") != 0)
		rv_log(RV_LOG_WARNING, "operator %s: %s%s%s: %s",
		    entry->who->name, entry->action,
		    entry->about != NULL ? " for " : "",
		    entry->about != NULL ? entry->about : "", entry->reason);
	return rv_journal_write(d->journal, entry);
}

static json_t *
act(const struct door *d, const struct rv_operator *who, const char *id,
    const struct rv_rescue_request *request)
{
	const struct rv_rescue_context context = {
		.conninfo = d->config->store_rescue,
		.deadline_ms = d->config->store_deadline,
		.stop_fd = d->control,
		.may_change = d->config->rescue == RESCUE_ON,
	};
	struct rv_journal_entry entry = {
		.who = who,
		.request_id = id,
		.action = request->word,
		.about = request->principal,
	};
	json_t *answer;

	if (!rv_journal_is_ready(d->journal))
		return rv_rescue_refusal("audit_unavailable",
		    "The audit log cannot be written: free room for it first.");
	answer = rv_rescue_act(&context, who, id, request, &entry.reason);
	entry.done = strcmp(entry.reason, "success") == 0;
	/* What is done in the store has its row there, in its transaction. */
	if (keep(d, &entry) != RV_OK && !entry.done) {
		json_decref(answer);
		return rv_rescue_refusal(
		    "audit_unavailable", "The audit log could not be written.");
	}
	return answer;
}

static json_t *
refuse(const struct door *d, const struct rv_operator *who, const char *id,
    const char *code, const char *detail)
{
	const struct rv_journal_entry entry = {
		.who = who,
		.request_id = id,
		.action = "refused",
		.reason = code,
		.detail = detail,
	};

	if (keep(d, &entry) != RV_OK)
		rv_log(RV_LOG_ERROR,
		    "a refusal on operator_socket could not be recorded");
	return rv_rescue_refusal(code, detail);
}

static json_t *
answer_to(const struct door *d, int fd, const char *id)
{
	char bytes[RV_RESCUE_MESSAGE_MAX + 1];
	struct rv_rescue_request request;
	struct rv_operator who;
	struct rv_error e;
	json_t *answer;
	ssize_t n;

	/* Taken, since closing on unread bytes would eat the answer; but who
	 * it is comes before anything that it says. */
	n = recv(fd, bytes, sizeof(bytes), 0);
	if (rv_operator_of(fd, d->config->operator_user, &who) != RV_OK)
		return refuse(d, &who, id, "not_permitted",
		    "Only root and operator_user may use this socket.");
	if (n <= 0)
		return NULL;
	if ((size_t)n > RV_RESCUE_MESSAGE_MAX)
		return refuse(d, &who, id, "malformed",
		    "The request is longer than 4096 bytes.");
	if (rv_rescue_request_read(
		(struct rv_slice){ bytes, (size_t)n }, &request, &e) != RV_OK)
		return refuse(d, &who, id, "malformed", e.text);
	answer = act(d, &who, id, &request);
	rv_rescue_request_fini(&request);
	return answer;
}

static void
serve(const struct door *d, int fd)
{
	const struct timeval limit = { .tv_sec = PEER_SECONDS };
	char id[17], *text = NULL;
	json_t *answer = NULL;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
		0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
		0 &&
	    name_request(id))
		answer = answer_to(d, fd, id);
	if (answer != NULL)
		text = json_dumps(answer, JSON_COMPACT);
	if (text != NULL &&
	    send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_EOR) < 0)
		rv_log(RV_LOG_INFO, "a caller of operator_socket has left");
	free(text);
	json_decref(answer);
	(void)close(fd);
}

/* ---- The socket --------------------------------------------------------------- */

/* What an earlier process left, and nothing but a socket. */
static int
remove_old(const char *path, struct rv_error *e)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return RV_OK;
	if (S_ISSOCK(st.st_mode) && unlink(path) == 0)
		return RV_OK;
	rv_error_set(e, "operator_socket: %s is there and is no socket", path);
	return RV_ERR_IO;
}

static int
listen_at(const char *path, int *ret_fd, struct rv_error *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		rv_error_set(e, "operator_socket: the path is too long");
		return RV_ERR_LIMIT;
	}
	memcpy(address.sun_path, path, strlen(path));
	if (remove_old(path, e) != RV_OK)
		return RV_ERR_IO;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	/* Anybody may knock; who may come in, the kernel's word decides. */
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(path, 0666) != 0 || listen(fd, 8) != 0) {
		rv_error_set(e, "operator_socket: cannot listen on %s: %s",
		    path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return RV_ERR_IO;
	}
	*ret_fd = fd;
	return RV_OK;
}

static void
wait_and_serve(const struct door *d, const struct rv_child *child)
{
	struct pollfd fds[] = {
		{ .fd = d->control, .events = POLLIN },
		{ .fd = d->listening, .events = POLLIN },
	};
	int fd;

	for (;;) {
		if (poll(fds, 2, BEAT_MS) < 0 && errno != EINTR)
			return;
		if (fds[0].revents != 0)
			return;
		if (child->watchdog_ms > 0)
			rv_notify_watchdog(child->notify);
		if (fds[1].revents == 0)
			continue;
		fd = accept4(d->listening, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			serve(d, fd);
	}
}

static int
check_config(const struct rv_config *config, struct rv_error *e)
{
	if (config->store_rescue != NULL)
		return RV_OK;
	rv_error_set(e,
	    "%s: store_rescue is required because operator_socket is set",
	    config->file);
	return RV_ERR_INVALID;
}

int
rv_rescue_process(const struct rv_config *config, const struct rv_child *child,
    struct rv_error *e)
{
	struct door d = {
		.config = config, .listening = -1, .control = child->control
	};
	int r;

	if ((r = check_config(config, e)) != RV_OK ||
	    (r = rv_privilege_drop(config->user, e)) != RV_OK ||
	    (r = rv_journal_open(config, &d.journal, e)) != RV_OK ||
	    (r = listen_at(config->operator_socket, &d.listening, e)) !=
		RV_OK ||
	    (r = rv_child_bind(child, e)) != RV_OK ||
	    (r = rv_sandbox_rescue(config, e)) != RV_OK)
		goto out;
	rv_notify_ready(child->notify);
	wait_and_serve(&d, child);
out:
	if (d.listening >= 0)
		(void)close(d.listening);
	rv_journal_close(&d.journal);
	return r;
}
