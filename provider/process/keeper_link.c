/* The side of the keeper's link that asks. */
#include <errno.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop/loop.h"
#include "process/keeper.h"

#define DEADLINE_MS 2000
#define BODY_AT	    16u

struct rv_keeper_link {
	int fd;
	pthread_mutex_t lock; /* guards what follows, and whose turn it is */
	uint64_t last_id;
	struct rv_keeper_public public; /* constant once made */
};

/* RV_OK when there is something to read. */
static int
wait_readable(int fd, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;

	while ((left = until - rv_boot_ms()) > 0) {
		int n = poll(&p, 1, (int)left);

		if (n > 0)
			return RV_OK;
		if (n < 0 && errno != EINTR)
			return RV_ERR_UNAVAILABLE;
	}
	return RV_ERR_TIMEOUT;
}

/* Skips what was left over from questions that were given up. */
static int
take_answer(const struct rv_keeper_link *link,
    unsigned char answer[RV_KEEPER_ANSWER_SIZE])
{
	int64_t until = rv_boot_ms() + DEADLINE_MS;
	int r;

	while ((r = wait_readable(link->fd, until)) == RV_OK) {
		ssize_t n = recv(link->fd, answer, RV_KEEPER_ANSWER_SIZE,
		    MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return RV_ERR_UNAVAILABLE;
		if ((size_t)n == RV_KEEPER_ANSWER_SIZE &&
		    memcmp(answer, &link->last_id, sizeof(link->last_id)) == 0)
			return answer[8] == 0 ? RV_OK : RV_ERR_DENIED;
	}
	return r;
}

static int
ask(struct rv_keeper_link *link, const unsigned char head[2],
    const unsigned char *body, size_t body_n, unsigned char *ret, size_t ret_n)
{
	unsigned char question[RV_KEEPER_QUESTION_SIZE] = { 0 };
	unsigned char answer[RV_KEEPER_ANSWER_SIZE] = { 0 };
	int r = RV_ERR_UNAVAILABLE;

	if (body_n > 0)
		memcpy(question + BODY_AT, body, body_n);
	memcpy(question + 8, head, 2);
	RV_ASSERT(pthread_mutex_lock(&link->lock) == 0);
	link->last_id++;
	/* Ours alone: its order of bytes means nothing to the keeper. */
	memcpy(question, &link->last_id, sizeof(link->last_id));
	if (send(link->fd, question, sizeof(question),
		MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(question))
		r = take_answer(link, answer);
	RV_ASSERT(pthread_mutex_unlock(&link->lock) == 0);
	if (r == RV_OK)
		memcpy(ret, answer + BODY_AT, ret_n);
	OPENSSL_cleanse(answer, sizeof(answer));
	return r;
}

int
rv_keeper_link_new(int fd, struct rv_keeper_link **ret_link, struct rv_error *e)
{
	const unsigned char head[2] = { RV_KEEPER_TELL_PUBLIC, 0 };
	struct rv_keeper_link *link = calloc(1, sizeof(*link));
	int r;

	if (link == NULL) {
		(void)close(fd);
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	link->fd = fd;
	(void)pthread_mutex_init(&link->lock, NULL);
	r = ask(link, head, NULL, 0, (unsigned char *)&link->public,
	    sizeof(link->public));
	if (r != RV_OK) {
		rv_error_set(e, "the keeper does not answer: %s", rv_strerr(r));
		rv_keeper_link_free(&link);
		return r;
	}
	*ret_link = link;
	return RV_OK;
}

void
rv_keeper_link_free(struct rv_keeper_link **link)
{
	struct rv_keeper_link *l = *link;

	*link = NULL;
	if (l == NULL)
		return;
	(void)close(l->fd);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

const struct rv_keeper_public *
rv_keeper_link_public(const struct rv_keeper_link *link)
{
	return &link->public;
}

int
rv_keeper_link_sign(struct rv_keeper_link *link, enum rv_keeper_purpose purpose,
    const unsigned char digest[RV_KEEPER_DIGEST],
    unsigned char ret_signature[RV_KEEPER_SIGNATURE])
{
	const unsigned char head[2] = { RV_KEEPER_SIGN,
		(unsigned char)purpose };

	return ask(link, head, digest, RV_KEEPER_DIGEST, ret_signature,
	    RV_KEEPER_SIGNATURE);
}

int
rv_keeper_link_open(struct rv_keeper_link *link,
    const unsigned char sealed[RV_KEEPER_SEALED],
    unsigned char ret_secret[RV_KEEPER_SECRET])
{
	const unsigned char head[2] = { RV_KEEPER_OPEN, 0 };

	return ask(
	    link, head, sealed, RV_KEEPER_SEALED, ret_secret, RV_KEEPER_SECRET);
}
