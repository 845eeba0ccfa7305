#include "process/acceptor_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "log.h"
#include "loop/loop.h"
#include "notify.h"
#include "privilege.h"
#include "process/accept_codec.h"
#include "process/child.h"
#include "process/sandbox.h"

#define STUCK_MS  10000
#define ANSWER_MS 5000 /* after it nobody waits for the answer */
/* In epoll's data, where a link's number would be. */
#define STOP UINT64_MAX

struct worker {
	struct rv_acceptor_server *server;
	pthread_t thread;
	_Atomic int64_t busy_since_boot_ms; /* 0: it waits */
	char question[RV_QUESTION_MAX];
};

struct rv_acceptor_server {
	const struct rv_acceptor *acceptor;
	int poll_fd, stop_fd;
	unsigned n_workers;
	struct worker *workers;
};

/* ---- One question ------------------------------------------------------------ */

/* Net takes its answers unless it hangs; nobody waits for it then. */
static void
send_answer(int fd, struct rv_slice bytes)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	for (;;) {
		n = send(fd, bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
		if (poll(&writable, 1, ANSWER_MS) == 0)
			break;
	}
	if (n < 0 && errno != EPIPE && errno != ECONNRESET)
		rv_log(RV_LOG_WARNING, "an answer of the acceptor was lost: %s",
		    strerror(errno));
}

static void
answer(int fd, uint64_t id, const struct rv_accepted *accepted)
{
	struct rv_accepted failed = { .refusal = RV_REFUSED_INTERNAL };
	struct rv_buf out;

	rv_buf_init(&out, 0);
	if (rv_answer_encode(id, accepted, &out) != RV_OK) {
		rv_buf_fini(&out);
		rv_ignore(rv_answer_encode(id, &failed, &out)); /* below */
	}
	if (!out.failed)
		send_answer(fd, rv_buf_slice(&out));
	/* Else it is out of memory, and the question ends by its time. */
	rv_buf_fini(&out);
	rv_accepted_fini(&failed);
}

static void
judge(const struct worker *w, int fd, struct rv_slice bytes)
{
	struct rv_accepted accepted;
	struct rv_question q;

	if (rv_question_decode(bytes, &q) != RV_OK) {
		rv_log(RV_LOG_ERROR, "the acceptor was asked nonsense");
		return;
	}
	if (rv_boot_ms() >= q.deadline_boot_ms)
		return; /* given up: the ticket stays unused */
	rv_acceptor_accept(
	    w->server->acceptor, q.token, q.bindings, q.n_bindings, &accepted);
	answer(fd, q.id, &accepted);
	rv_accepted_fini(&accepted);
}

/* ---- Threads ----------------------------------------------------------------- */

/*
 * A link is armed for one thread at a time (EPOLLONESHOT), and armed again
 * as soon as that has its question: the next goes to another thread.
 */
static void
arm(const struct rv_acceptor_server *s, int fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLONESHOT,
		.data.u64 = (uint64_t)fd };

	RV_ASSERT(epoll_ctl(s->poll_fd, EPOLL_CTL_MOD, fd, &event) == 0);
}

static void
serve_link(struct worker *w, int fd)
{
	ssize_t n = recv(
	    fd, w->question, sizeof(w->question), MSG_DONTWAIT | MSG_TRUNC);

	/* At its end a link stays unarmed: net has gone. */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return;
	arm(w->server, fd);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(w->question)) {
		rv_log(RV_LOG_ERROR, "the acceptor was asked nonsense");
		return;
	}
	atomic_store(&w->busy_since_boot_ms, rv_boot_ms());
	judge(w, fd, (struct rv_slice){ w->question, (size_t)n });
	atomic_store(&w->busy_since_boot_ms, 0);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	const struct rv_acceptor_server *s = w->server;
	struct epoll_event event;

	for (;;) {
		int n = epoll_wait(s->poll_fd, &event, 1, -1);

		if (n < 0 && errno != EINTR)
			break;
		if (n <= 0)
			continue;
		if (event.data.u64 == STOP)
			break;
		serve_link(w, (int)event.data.u64);
	}
	return NULL;
}

static int
watch(const struct rv_acceptor_server *s, const int *links, size_t n_links)
{
	const int size = RV_ACCEPT_SNDBUF;
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = STOP };

	if (epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, s->stop_fd, &event) != 0)
		return RV_ERR_IO;
	for (size_t i = 0; i < n_links; i++) {
		event.events = EPOLLIN | EPOLLONESHOT;
		event.data.u64 = (uint64_t)links[i];
		if (setsockopt(links[i], SOL_SOCKET, SO_SNDBUF, &size,
			sizeof(size)) != 0 ||
		    epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, links[i], &event) != 0)
			return RV_ERR_IO;
	}
	return RV_OK;
}

static int
start_workers(struct rv_acceptor_server *s, unsigned threads)
{
	s->workers = calloc(threads, sizeof(*s->workers));
	if (s->workers == NULL)
		return RV_ERR_NOMEM;
	for (; s->n_workers < threads; s->n_workers++) {
		struct worker *w = &s->workers[s->n_workers];

		w->server = s;
		if (pthread_create(&w->thread, NULL, work, w) != 0)
			return RV_ERR_IO;
	}
	return RV_OK;
}

int
rv_acceptor_server_new(const struct rv_acceptor *acceptor, const int *links,
    size_t n_links, unsigned threads, struct rv_acceptor_server **ret_server,
    struct rv_error *e)
{
	struct rv_acceptor_server *s = calloc(1, sizeof(*s));
	int r = RV_ERR_NOMEM;

	if (s == NULL)
		goto out;
	s->acceptor = acceptor;
	s->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = s->poll_fd < 0 || s->stop_fd < 0 ? RV_ERR_IO
					     : watch(s, links, n_links);
	if (r == RV_OK)
		r = start_workers(s, threads);
	if (r == RV_OK) {
		*ret_server = s;
		s = NULL;
	}
out:
	if (r != RV_OK)
		rv_error_set(e, "the acceptor's threads cannot be started: %s",
		    r == RV_ERR_NOMEM ? "out of memory" : strerror(errno));
	rv_acceptor_server_free(&s);
	return r;
}

bool
rv_acceptor_server_is_alive(struct rv_acceptor_server *server)
{
	int64_t now = rv_boot_ms();

	for (unsigned i = 0; i < server->n_workers; i++) {
		int64_t since =
		    atomic_load(&server->workers[i].busy_since_boot_ms);

		if (since != 0 && now - since > STUCK_MS)
			return false;
	}
	return true;
}

void
rv_acceptor_server_free(struct rv_acceptor_server **server)
{
	struct rv_acceptor_server *s = *server;
	const uint64_t one = 1;

	*server = NULL;
	if (s == NULL)
		return;
	/* It stays readable: each thread sees it. */
	if (s->stop_fd >= 0)
		RV_ASSERT(write(s->stop_fd, &one, sizeof(one)) ==
			  (ssize_t)sizeof(one));
	for (unsigned i = 0; i < s->n_workers; i++)
		RV_ASSERT(pthread_join(s->workers[i].thread, NULL) == 0);
	free(s->workers);
	if (s->stop_fd >= 0)
		(void)close(s->stop_fd);
	if (s->poll_fd >= 0)
		(void)close(s->poll_fd);
	free(s);
}

/* ---- The process ------------------------------------------------------------- */

struct rv_acceptor_config
rv_acceptor_config_of(const struct rv_config *config)
{
	return (struct rv_acceptor_config){
		.keytab = config->keytab,
		.service = config->service,
		.replay_cache = config->replay_cache,
		.realms = config->realms.v,
		.n_realms = config->realms.n,
		.binding = (enum rv_channel_binding)config->channel_binding,
	};
}

/* krb5.conf as it was when the sandbox allowed it. */
struct krb5_conf {
	const char *path;
	ino_t inode;
};

struct running {
	struct rv_acceptor_server *server;
	struct krb5_conf conf;
};

static struct krb5_conf
look_at_krb5_conf(void)
{
	struct krb5_conf conf = { .path = getenv("KRB5_CONFIG") };
	struct stat st;

	if (conf.path == NULL)
		conf.path = "/etc/krb5.conf";
	if (stat(conf.path, &st) == 0)
		conf.inode = st.st_ino;
	return conf;
}

/*
 * The sandbox knows the file, not its name: another file of that name is
 * hidden, and libkrb5 would go on without its settings.
 */
static void
tell_if_replaced(struct krb5_conf *conf)
{
	struct stat st;
	int fd;

	if (conf->inode == 0 || stat(conf->path, &st) != 0 ||
	    st.st_ino == conf->inode)
		return;
	conf->inode = 0; /* told once */
	fd = open(conf->path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)close(fd);
	else
		rv_log(RV_LOG_ERROR,
		    "%s was replaced by another file, which the acceptor "
		    "cannot "
		    "read: restart the provider",
		    conf->path);
}

static bool
beat(void *arg)
{
	struct running *running = arg;

	tell_if_replaced(&running->conf);
	return rv_acceptor_server_is_alive(running->server);
}

/*
 * Makes the replay cache before the sandbox: within, no file is made.  The
 * same flags as in auth/, where it is looked at again.
 */
static int
make_replay_cache(const char *path, struct rv_error *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		rv_error_set(e,
		    "the replay cache %s cannot be opened for writing: %s",
		    path, strerror(errno));
		return RV_ERR_IO;
	}
	(void)close(fd);
	return RV_OK;
}

int
rv_acceptor_process(const struct rv_config *config,
    const struct rv_child *child, struct rv_error *e)
{
	const struct rv_acceptor_config kerberos =
	    rv_acceptor_config_of(config);
	struct rv_acceptor_server *server = NULL;
	struct rv_acceptor *acceptor = NULL;
	struct running running = { .conf = look_at_krb5_conf() };
	int r;

	if ((r = rv_privilege_drop(config->user, e)) != RV_OK ||
	    (r = rv_child_bind(child, e)) != RV_OK ||
	    (r = make_replay_cache(config->replay_cache, e)) != RV_OK ||
	    (r = rv_sandbox_acceptor(config, e)) != RV_OK ||
	    (r = rv_acceptor_new(&kerberos, &acceptor, e)) != RV_OK)
		return r;
	r = rv_acceptor_server_new(acceptor, child->links, child->n_links,
	    (unsigned)config->acceptor_threads, &server, e);
	if (r == RV_OK) {
		rv_notify_ready(child->notify);
		running.server = server;
		rv_child_wait(child, beat, &running);
	}
	rv_acceptor_server_free(&server);
	rv_acceptor_free(&acceptor);
	return r;
}
