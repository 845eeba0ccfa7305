#include "process/keeper.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "log.h"
#include "notify.h"
#include "privilege.h"
#include "process/child.h"
#include "process/sandbox.h"

#define HEARTBEAT_MS 1000

/* Where things are in a question and in an answer. */
#define ID_SIZE	   8u
#define WHAT_AT	   8u
#define PURPOSE_AT 9u
#define STATUS_AT  8u
#define BODY_AT	   16u

/* ---- One question ------------------------------------------------------------ */

/* False for what must be zero and is not. */
static bool
is_zero_from(const unsigned char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static int
act(const struct rv_keeper_key *key, const unsigned char *question,
    unsigned char *out)
{
	const unsigned char *body = question + BODY_AT;
	unsigned purpose = question[PURPOSE_AT];

	switch (question[WHAT_AT]) {
	case RV_KEEPER_SIGN:
		if (!is_zero_from(question, BODY_AT + RV_KEEPER_DIGEST,
			RV_KEEPER_QUESTION_SIZE))
			return RV_ERR_INVALID;
		return rv_keeper_key_sign(key, purpose, body, out);
	case RV_KEEPER_OPEN:
		return purpose == 0 ? rv_keeper_key_open(key, body, out)
				    : RV_ERR_INVALID;
	case RV_KEEPER_TELL_PUBLIC:
		memcpy(out, rv_keeper_key_public(key),
		    sizeof(struct rv_keeper_public));
		return RV_OK;
	default:
		return RV_ERR_INVALID;
	}
}

int
rv_keeper_answer(const struct rv_keeper_key *key, struct rv_slice question,
    unsigned char ret_answer[RV_KEEPER_ANSWER_SIZE])
{
	unsigned char q[RV_KEEPER_QUESTION_SIZE];

	if (question.n != sizeof(q))
		return RV_ERR_INVALID;
	memcpy(q, question.p, sizeof(q));
	if (!is_zero_from(q, PURPOSE_AT + 1, BODY_AT))
		return RV_ERR_INVALID;
	memset(ret_answer, 0, RV_KEEPER_ANSWER_SIZE);
	memcpy(ret_answer, q, ID_SIZE);
	if (act(key, q, ret_answer + BODY_AT) != RV_OK) {
		memset(
		    ret_answer + BODY_AT, 0, RV_KEEPER_ANSWER_SIZE - BODY_AT);
		ret_answer[STATUS_AT] = 1;
	}
	return RV_OK;
}

/* ---- The process ------------------------------------------------------------- */

/* False when net has gone: only the supervisor's end remains then. */
static bool
serve(const struct rv_keeper_key *key, int fd)
{
	unsigned char answer[RV_KEEPER_ANSWER_SIZE];
	char question[RV_KEEPER_QUESTION_SIZE];
	ssize_t n =
	    recv(fd, question, sizeof(question), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	if ((size_t)n > sizeof(question) ||
	    rv_keeper_answer(key, (struct rv_slice){ question, (size_t)n },
		answer) != RV_OK) {
		rv_log(RV_LOG_ERROR, "the keeper was asked nonsense");
		return true;
	}
	/* Net asks once at a time: there is room, or nobody waits. */
	if (send(fd, answer, sizeof(answer), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		rv_log(RV_LOG_WARNING, "an answer of the keeper was lost: %s",
		    strerror(errno));
	OPENSSL_cleanse(answer, sizeof(answer));
	return true;
}

static void
run(const struct rv_keeper_key *key, const struct rv_child *child)
{
	struct pollfd fds[] = {
		{ .fd = child->control, .events = POLLIN },
		{ .fd = child->keeper, .events = POLLIN },
	};

	for (;;) {
		int n = poll(fds, 2, HEARTBEAT_MS);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0 && fds[0].revents != 0)
			return;
		if (n > 0 && fds[1].revents != 0 && !serve(key, fds[1].fd))
			fds[1].fd = -1;
		if (child->watchdog_ms > 0)
			rv_notify_watchdog(child->notify);
	}
}

/* Once each, so that the library has read what it wants to read. */
static int
rehearse(const struct rv_keeper_key *key, struct rv_error *e)
{
	static const unsigned char zeros[RV_KEEPER_DIGEST];
	unsigned char signature[RV_KEEPER_SIGNATURE];
	unsigned char sealed[RV_KEEPER_SEALED], secret[RV_KEEPER_SECRET];

	if (rv_keeper_key_sign(key, RV_KEEPER_AUDIT, zeros, signature) ==
		RV_OK &&
	    rv_keeper_seal(rv_keeper_key_public(key), zeros, sealed) == RV_OK &&
	    rv_keeper_key_open(key, sealed, secret) == RV_OK &&
	    CRYPTO_memcmp(secret, zeros, sizeof(secret)) == 0)
		return RV_OK;
	rv_error_set(e, "the keeper's key does not work");
	return RV_ERR_INTERNAL;
}

/* Who this process will be. */
static uid_t
user_of(const char *name)
{
	const struct passwd *pw = name != NULL ? getpwnam(name) : NULL;

	return pw != NULL ? pw->pw_uid : geteuid();
}

int
rv_keeper_process(const struct rv_config *config, const struct rv_child *child,
    struct rv_error *e)
{
	struct rv_keeper_key *key = NULL;
	int r;

	/* Before the privileges are dropped: it may be root's. */
	if ((r = rv_keeper_key_load(config->keeper_key, user_of(config->user),
		 &key, e)) != RV_OK ||
	    (r = rehearse(key, e)) != RV_OK ||
	    (r = rv_privilege_drop(config->user, e)) != RV_OK ||
	    (r = rv_child_bind(child, e)) != RV_OK ||
	    (r = rv_sandbox_keeper(config, e)) != RV_OK)
		goto out;
	rv_notify_ready(child->notify);
	run(key, child);
out:
	rv_keeper_key_free(&key);
	return r;
}
