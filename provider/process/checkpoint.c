#include "process/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define ENDING	    ".jsonl"
#define NAME_SIZE   64u
#define HASH_SIZE   65u
#define WAITING_MAX 64u

struct closed {
	struct closed *next;
	uint64_t seq;
	char segment[NAME_SIZE];
	char hash[HASH_SIZE];
};

struct rv_checkpoints {
	struct rv_keeper_link *keeper;
	char *node;
	int dir_fd;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;
	struct closed *first, **last;
	size_t waiting;
	bool stopping;
};

/* ---- One checkpoint ------------------------------------------------------------- */

static void
put_hex(struct rv_buf *out, const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rv_buf_printf(out, "%02x", p[i]);
	rv_buf_putc(out, '\n');
}

/* What is signed: all of the text so far. */
static int
sign(const struct rv_checkpoints *c, struct rv_buf *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE], signature[RV_KEEPER_SIGNATURE];
	unsigned n = 0;
	int r;

	if (text->failed)
		return RV_ERR_NOMEM;
	if (EVP_Digest(text->p, text->n, digest, &n, EVP_sha256(), NULL) != 1 ||
	    n != RV_KEEPER_DIGEST)
		return RV_ERR_INTERNAL;
	r = rv_keeper_link_sign(c->keeper, RV_KEEPER_AUDIT, digest, signature);
	if (r != RV_OK)
		return r;
	rv_buf_puts(text, "key ");
	put_hex(text, rv_keeper_link_public(c->keeper)->sign, RV_KEEPER_PUBLIC);
	rv_buf_puts(text, "signature ");
	put_hex(text, signature, sizeof(signature));
	return text->failed ? RV_ERR_NOMEM : RV_OK;
}

static int
write_new(int dir_fd, const char *name, struct rv_slice text)
{
	int fd = openat(dir_fd, name,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
	bool ok;

	if (fd < 0)
		return RV_ERR_IO;
	ok = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	return ok ? RV_OK : RV_ERR_IO;
}

/*
 * A checkpoint that is there stays: it was signed before.  It has its name
 * once it is whole, so that nobody reads a part of it.
 */
static int
write_file(int dir_fd, const char *name, struct rv_slice text)
{
	char fresh[NAME_MAX + 1];
	const int n = snprintf(fresh, sizeof(fresh), "%s.new", name);
	struct stat there;

	if (n < 0 || (size_t)n >= sizeof(fresh) ||
	    fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
		return RV_ERR_IO;
	if (write_new(dir_fd, fresh, text) == RV_OK &&
	    renameat(dir_fd, fresh, dir_fd, name) == 0 && fsync(dir_fd) == 0)
		return RV_OK;
	(void)unlinkat(dir_fd, fresh, 0);
	return RV_ERR_IO;
}

static void
make(const struct rv_checkpoints *c, const struct closed *closed)
{
	size_t stem = strlen(closed->segment) - (sizeof(ENDING) - 1);
	struct rv_buf text, name;
	int r;

	rv_buf_init(&text, 0);
	rv_buf_init(&name, 0);
	rv_buf_printf(&text,
	    "reeve audit checkpoint 1\nnode %s\nsegment %s\nseq %" PRIu64
	    "\nsha256 %s\n",
	    c->node, closed->segment, closed->seq, closed->hash);
	rv_buf_printf(&name, "%.*s.checkpoint", (int)stem, closed->segment);
	r = rv_buf_cstr(&name) != NULL ? sign(c, &text) : RV_ERR_NOMEM;
	if (r == RV_OK)
		r = write_file(c->dir_fd, name.p, rv_buf_slice(&text));
	if (r != RV_OK)
		rv_log(RV_LOG_ERROR,
		    "the segment %s of the audit log has no checkpoint: %s",
		    closed->segment, rv_strerr(r));
	rv_buf_fini(&text);
	rv_buf_fini(&name);
}

/* ---- The thread ----------------------------------------------------------------- */

static struct closed *
take(struct rv_checkpoints *c)
{
	struct closed *closed;

	(void)pthread_mutex_lock(&c->lock);
	while (c->first == NULL && !c->stopping)
		(void)pthread_cond_wait(&c->work, &c->lock);
	closed = c->first;
	if (closed != NULL) {
		c->first = closed->next;
		if (c->first == NULL)
			c->last = &c->first;
		c->waiting--;
	}
	(void)pthread_mutex_unlock(&c->lock);
	return closed;
}

static void *
run(void *arg)
{
	struct rv_checkpoints *c = arg;
	struct closed *closed;

	while ((closed = take(c)) != NULL) {
		make(c, closed);
		free(closed);
	}
	return NULL;
}

void
rv_checkpoints_closed(
    void *arg, const char *segment, uint64_t seq, const char *hash)
{
	struct rv_checkpoints *c = arg;
	struct closed *closed = calloc(1, sizeof(*closed));
	bool taken = false;

	RV_ASSERT(strlen(segment) > sizeof(ENDING) - 1 &&
		  strlen(segment) < NAME_SIZE && strlen(hash) < HASH_SIZE);
	(void)pthread_mutex_lock(&c->lock);
	if (closed != NULL && c->waiting < WAITING_MAX) {
		closed->seq = seq;
		memcpy(closed->segment, segment, strlen(segment));
		memcpy(closed->hash, hash, strlen(hash));
		*c->last = closed;
		c->last = &closed->next;
		c->waiting++;
		(void)pthread_cond_signal(&c->work);
		taken = true;
	}
	(void)pthread_mutex_unlock(&c->lock);
	if (taken)
		return;
	free(closed);
	rv_log(RV_LOG_ERROR,
	    "the segment %s of the audit log has no checkpoint: too many wait, "
	    "or no memory",
	    segment);
}

/* ---- Life ----------------------------------------------------------------------- */

static int
start(struct rv_checkpoints *c)
{
	sigset_t all, old;
	int err;

	/* Signals belong to those who wait for them. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&c->thread, NULL, run, c);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	c->started = err == 0;
	errno = err;
	return err == 0 ? RV_OK : RV_ERR_IO;
}

int
rv_checkpoints_new(struct rv_keeper_link *keeper, const char *directory,
    const char *node, struct rv_checkpoints **ret_checkpoints,
    struct rv_error *e)
{
	struct rv_checkpoints *c = calloc(1, sizeof(*c));
	int r = RV_ERR_IO;

	if (c == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	c->keeper = keeper;
	c->last = &c->first;
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->work, NULL);
	c->node = strdup(node);
	c->dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->node != NULL && c->dir_fd >= 0)
		r = start(c);
	if (r == RV_OK) {
		*ret_checkpoints = c;
		return RV_OK;
	}
	rv_error_set(e, "checkpoints of %s cannot be made: %s", directory,
	    strerror(errno));
	rv_checkpoints_free(&c);
	return r;
}

void
rv_checkpoints_free(struct rv_checkpoints **checkpoints)
{
	struct rv_checkpoints *c = *checkpoints;

	*checkpoints = NULL;
	if (c == NULL)
		return;
	(void)pthread_mutex_lock(&c->lock);
	c->stopping = true;
	(void)pthread_cond_signal(&c->work);
	(void)pthread_mutex_unlock(&c->lock);
	if (c->started)
		RV_ASSERT(pthread_join(c->thread, NULL) == 0);
	if (c->dir_fd >= 0)
		(void)close(c->dir_fd);
	(void)pthread_cond_destroy(&c->work);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->node);
	free(c);
}
