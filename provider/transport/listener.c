#include "transport/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "config/config.h"
#include "log.h"
#include "transport/conn.h"

/* Connections taken in one turn: those that are there want theirs, too. */
#define ACCEPTS_PER_TURN 16u
/* While no more can be taken: other loops' connections end unseen. */
#define RETRY_MS 100

struct endpoint {
	struct sockaddr_storage address;
	socklen_t address_n;
	const char *text; /* as configured */
	bool ours;	  /* one of our loops listens on it */
	bool demanding;	  /* a certificate of the peer */
	int *bound;	  /* while root, for listeners to come */
	size_t n_bound;
};

struct rv_endpoints {
	atomic_size_t live, authenticated;
	size_t max, max_unauthenticated;
	size_t n;
	struct endpoint v[];
};

struct socket {
	struct rv_listener *listener;
	int fd;
	bool demanding;
	struct event *acceptable;
};

struct rv_listener {
	struct rv_conn_host host; /* first: closed() finds the rest */
	struct rv_endpoints *endpoints;
	struct event *retry;
	bool paused;
	bool stopped;
	bool failing; /* has been logged */
	size_t n;
	struct socket v[];
};

/* ---- Addresses ------------------------------------------------------ */

static bool
parse_port(struct rv_slice text, uint16_t *ret_port)
{
	uint64_t port;

	if (rv_slice_to_u64(text, UINT16_MAX, &port) != RV_OK)
		return false;
	*ret_port = htons((uint16_t)port);
	return true;
}

static bool
parse_v4(const char *host, uint16_t port, struct endpoint *ret)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = port };

	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		return false;
	memcpy(&ret->address, &a, sizeof(a));
	ret->address_n = sizeof(a);
	return true;
}

static bool
parse_v6(const char *host, uint16_t port, struct endpoint *ret)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = port };

	if (inet_pton(AF_INET6, host, &a.sin6_addr) != 1)
		return false;
	memcpy(&ret->address, &a, sizeof(a));
	ret->address_n = sizeof(a);
	return true;
}

static bool
parse_endpoint(const char *text, struct endpoint *ret)
{
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN];
	bool is_v6 = text[0] == '[';
	uint16_t port;
	size_t n;

	if (colon == NULL || !parse_port(rv_slice_of(colon + 1), &port))
		return false;
	n = (size_t)(colon - text);
	if (is_v6) {
		if (n < 2 || text[n - 1] != ']')
			return false;
		text++;
		n -= 2;
	}
	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	return is_v6 ? parse_v6(host, port, ret) : parse_v4(host, port, ret);
}

static int
add_endpoints(struct rv_endpoints *eps, const char *parameter,
    const struct rv_strings *list, bool demanding, struct rv_error *e)
{
	for (size_t i = 0; i < list->n; i++) {
		struct endpoint *ep = &eps->v[eps->n];

		if (!parse_endpoint(list->v[i], ep)) {
			rv_error_set(e,
			    "%s: \"%s\" is not ADDRESS:PORT or "
			    "[ADDRESS]:PORT with a numeric address",
			    parameter, list->v[i]);
			return RV_ERR_INVALID;
		}
		ep->text = list->v[i];
		ep->demanding = demanding;
		eps->n++;
	}
	return RV_OK;
}

int
rv_endpoints_new(const struct rv_config *config,
    struct rv_endpoints **ret_endpoints, struct rv_error *e)
{
	const size_t n = config->listen.n + config->listen_certificate.n;
	struct rv_endpoints *eps;
	int r;

	if (config->listen.n == 0) {
		rv_error_set(e, "listen: name an address, such as "
				"127.0.0.1:8443");
		return RV_ERR_INVALID;
	}
	eps = calloc(1, sizeof(*eps) + n * sizeof(eps->v[0]));
	if (eps == NULL) {
		rv_error_set(e, "cannot listen: out of memory");
		return RV_ERR_NOMEM;
	}
	r = add_endpoints(eps, "listen", &config->listen, false, e);
	if (r == RV_OK)
		r = add_endpoints(eps, "listen_certificate",
		    &config->listen_certificate, true, e);
	if (r != RV_OK) {
		free(eps);
		return r;
	}
	eps->max = (size_t)config->max_connections;
	eps->max_unauthenticated = (size_t)config->max_unauthenticated;
	/* A flag of the process: nobody here wants to die of a peer. */
	(void)signal(SIGPIPE, SIG_IGN);
	*ret_endpoints = eps;
	return RV_OK;
}

void
rv_endpoints_free(struct rv_endpoints **endpoints)
{
	struct rv_endpoints *eps = *endpoints;

	*endpoints = NULL;
	if (eps == NULL)
		return;
	for (size_t i = 0; i < eps->n; i++) {
		while (eps->v[i].n_bound > 0)
			(void)close(eps->v[i].bound[--eps->v[i].n_bound]);
		free(eps->v[i].bound);
	}
	free(eps);
}

static uint16_t
port_of(const struct endpoint *ep)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (ep->address.ss_family == AF_INET6) {
		memcpy(&v6, &ep->address, sizeof(v6));
		return ntohs(v6.sin6_port);
	}
	memcpy(&v4, &ep->address, sizeof(v4));
	return ntohs(v4.sin_port);
}

uint16_t
rv_endpoints_port(const struct rv_endpoints *endpoints)
{
	return port_of(&endpoints->v[0]);
}

uint16_t
rv_endpoints_certificate_port(const struct rv_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->n; i++)
		if (endpoints->v[i].demanding)
			return port_of(&endpoints->v[i]);
	return 0;
}

size_t
rv_endpoints_unauthenticated(const struct rv_endpoints *endpoints)
{
	size_t live = rv_endpoints_live(endpoints);
	size_t authenticated = atomic_load_explicit(
	    &endpoints->authenticated, memory_order_relaxed);

	/* Two counts, read one after the other. */
	return live > authenticated ? live - authenticated : 0;
}

size_t
rv_endpoints_live(const struct rv_endpoints *endpoints)
{
	return atomic_load_explicit(&endpoints->live, memory_order_relaxed);
}

/* ---- Sockets -------------------------------------------------------- */

static bool
set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

/* Linux hands the TCP options down to accepted sockets. */
static bool
set_options(int fd, const struct endpoint *ep, int64_t write_timeout_ms)
{
	if (ep->address.ss_family == AF_INET6 &&
	    !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return false;
	return set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
	       set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1) &&
	       set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
	       /* What the kernel took for a peer that takes nothing more. */
	       set_option(
		   fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)write_timeout_ms);
}

/*
 * Without SO_REUSEPORT only a port that nobody listens on can be bound: our
 * own loops share one, but two providers must not.
 */
static bool
is_free(const struct endpoint *ep)
{
	int fd = socket(ep->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok =
	    fd >= 0 &&
	    (ep->address.ss_family != AF_INET6 ||
		set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
	    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
	    bind(fd, (const struct sockaddr *)&ep->address, ep->address_n) == 0;
	int error = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return ok;
}

/* A socket that is bound; errno and -1. */
static int
bind_socket(struct endpoint *ep, const struct rv_config *config)
{
	int fd = -1, error;

	if (!ep->ours && !is_free(ep))
		return -1;
	fd = socket(ep->address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && set_options(fd, ep, config->write_timeout) &&
	    bind(fd, (const struct sockaddr *)&ep->address, ep->address_n) ==
		0) {
		ep->ours = true;
		return fd;
	}
	error = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return -1;
}

static int
refuse(const struct endpoint *ep, struct rv_error *e)
{
	rv_error_set(
	    e, "listen: cannot listen on %s: %s", ep->text, strerror(errno));
	return RV_ERR_IO;
}

int
rv_endpoints_bind(struct rv_endpoints *endpoints,
    const struct rv_config *config, size_t loops, struct rv_error *e)
{
	for (size_t i = 0; geteuid() == 0 && i < endpoints->n; i++) {
		struct endpoint *ep = &endpoints->v[i];
		uint16_t port = port_of(ep);

		if (port == 0 || port >= IPPORT_RESERVED)
			continue;
		ep->bound = calloc(loops, sizeof(*ep->bound));
		if (ep->bound == NULL) {
			rv_error_set(e, "cannot listen: out of memory");
			return RV_ERR_NOMEM;
		}
		for (; ep->n_bound < loops; ep->n_bound++) {
			ep->bound[ep->n_bound] = bind_socket(ep, config);
			if (ep->bound[ep->n_bound] < 0)
				return refuse(ep, e);
		}
	}
	return RV_OK;
}

static int
open_socket(struct endpoint *ep, const struct rv_config *config, int *ret_fd,
    struct rv_error *e)
{
	int fd = ep->n_bound > 0 ? ep->bound[--ep->n_bound]
				 : bind_socket(ep, config);

	if (fd < 0 || listen(fd, SOMAXCONN) != 0)
		goto fail;
	/* Port 0 has become a real one, for the next loop to bind. */
	if (getsockname(fd, (struct sockaddr *)&ep->address, &ep->address_n) !=
	    0)
		goto fail;
	*ret_fd = fd;
	return RV_OK;
fail:
	rv_ignore(refuse(ep, e)); /* the code is the one below */
	if (fd >= 0)
		(void)close(fd);
	return RV_ERR_IO;
}

/* ---- Pausing -------------------------------------------------------- */

static void
pause_accepting(struct rv_listener *l)
{
	const struct timeval later = { .tv_usec = RETRY_MS * 1000 };

	if (l->paused || l->stopped)
		return;
	/* Without the timer the end of a connection resumes. */
	if (event_add(l->retry, &later) != 0 && l->host.live == 0)
		return;
	for (size_t i = 0; i < l->n; i++)
		(void)event_del(l->v[i].acceptable);
	l->paused = true;
}

static void
resume_accepting(struct rv_listener *l)
{
	if (!l->paused || l->stopped)
		return;
	l->paused = false;
	(void)event_del(l->retry);
	for (size_t i = 0; i < l->n; i++)
		if (event_add(l->v[i].acceptable, NULL) != 0)
			rv_log(RV_LOG_ERROR,
			    "cannot accept connections on %s: out of memory",
			    l->endpoints->v[i].text);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	resume_accepting(arg);
}

static void
on_authenticated(struct rv_conn_host *host)
{
	struct rv_listener *l = (struct rv_listener *)(void *)host;

	(void)atomic_fetch_add(&l->endpoints->authenticated, 1);
}

static void
on_closed(struct rv_conn_host *host, bool was_authenticated)
{
	/* The host is the listener's first member. */
	struct rv_listener *l = (struct rv_listener *)(void *)host;

	if (was_authenticated)
		(void)atomic_fetch_sub(&l->endpoints->authenticated, 1);
	(void)atomic_fetch_sub(&l->endpoints->live, 1);
	resume_accepting(l);
}

/* ---- Accepting ------------------------------------------------------ */

static bool
is_exhaustion(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	       error == ENOMEM;
}

static bool
is_final(int error)
{
	return error == EAGAIN || error == EBADF || error == EINVAL ||
	       error == ENOTSOCK || error == EOPNOTSUPP || error == EFAULT;
}

static void
log_exhaustion(struct rv_listener *l, const char *what)
{
	if (!l->failing)
		rv_log(RV_LOG_WARNING,
		    "cannot accept connections: %s; new ones wait", what);
	l->failing = true;
}

/*
 * Early random refusal: a flood finds few places left and so does not shut
 * out those who come in between.  The new one is in the count already.
 */
static bool
is_refused(const struct rv_endpoints *eps)
{
	size_t half = eps->max_unauthenticated / 2;
	size_t all = rv_endpoints_unauthenticated(eps);
	size_t others = all > 0 ? all - 1 : 0;
	size_t room = eps->max_unauthenticated - half;

	if (others < half)
		return false;
	return others >= eps->max_unauthenticated ||
	       arc4random_uniform((uint32_t)room) < others - half;
}

/* False: no more now.  A place in the count has been taken for it. */
static bool
accept_one(const struct socket *s)
{
	struct rv_listener *l = s->listener;
	struct sockaddr_storage peer = { 0 };
	socklen_t peer_n = sizeof(peer);
	int fd = accept4(s->fd, (struct sockaddr *)&peer, &peer_n,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0) {
		int error = errno;

		(void)atomic_fetch_sub(&l->endpoints->live, 1);
		if (is_exhaustion(error)) {
			log_exhaustion(l, strerror(error));
			pause_accepting(l);
		}
		/* Others are the fate of one connection: accept(2). */
		return !is_exhaustion(error) && !is_final(error);
	}
	if (is_refused(l->endpoints)) {
		(void)close(fd);
		(void)atomic_fetch_sub(&l->endpoints->live, 1);
		return true;
	}
	if (rv_conn_open(&l->host, s->demanding, fd,
		(const struct sockaddr *)&peer) != RV_OK) {
		(void)atomic_fetch_sub(&l->endpoints->live, 1);
		log_exhaustion(l, "out of memory");
		pause_accepting(l);
		return false;
	}
	l->failing = false;
	return true;
}

/* False when there is nothing more to take. */
static bool
accept_some(const struct socket *s)
{
	struct rv_listener *l = s->listener;

	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		size_t before = atomic_fetch_add(&l->endpoints->live, 1);

		if (before >= l->endpoints->max) {
			(void)atomic_fetch_sub(&l->endpoints->live, 1);
			pause_accepting(l);
			return false;
		}
		if (!accept_one(s))
			return false;
	}
	return true;
}

static void
on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)accept_some(arg);
}

/* ---- Beginning and end ---------------------------------------------- */

static int
open_all(
    struct rv_listener *l, const struct rv_config *config, struct rv_error *e)
{
	struct event_base *base = rv_loop_base(l->host.loop);

	for (size_t i = 0; i < l->n; i++) {
		struct socket *s = &l->v[i];
		int r = open_socket(&l->endpoints->v[i], config, &s->fd, e);

		s->listener = l;
		s->demanding = l->endpoints->v[i].demanding;
		if (r != RV_OK)
			return r;
		s->acceptable = event_new(
		    base, s->fd, EV_READ | EV_PERSIST, on_acceptable, s);
		if (s->acceptable == NULL ||
		    event_add(s->acceptable, NULL) != 0)
			return RV_ERR_NOMEM;
	}
	return RV_OK;
}

int
rv_listener_new(const struct rv_listener_args *args,
    struct rv_listener **ret_listener, struct rv_error *e)
{
	size_t n = args->endpoints->n;
	struct rv_listener *l = calloc(1, sizeof(*l) + n * sizeof(l->v[0]));
	int r = RV_ERR_NOMEM;

	if (l == NULL)
		goto out;
	l->endpoints = args->endpoints;
	l->host.loop = args->loop;
	l->host.config = args->config;
	l->host.tls = args->tls;
	l->host.authenticated = on_authenticated;
	l->host.closed = on_closed;
	LIST_INIT(&l->host.conns);
	l->n = n;
	for (size_t i = 0; i < n; i++)
		l->v[i].fd = -1;
	l->host.scratch = malloc(RV_CONN_SCRATCH);
	l->retry = event_new(rv_loop_base(args->loop), -1, 0, on_retry, l);
	if (l->host.scratch == NULL || l->retry == NULL)
		goto out;
	r = open_all(l, args->config, e);
	if (r != RV_OK)
		goto out;
	*ret_listener = l;
	l = NULL;
out:
	if (r == RV_ERR_NOMEM)
		rv_error_set(e, "cannot listen: out of memory");
	rv_listener_free(&l);
	return r;
}

static void
close_sockets(struct rv_listener *l)
{
	l->stopped = true;
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].acceptable != NULL)
			event_free(l->v[i].acceptable);
		l->v[i].acceptable = NULL;
		if (l->v[i].fd >= 0)
			(void)close(l->v[i].fd);
		l->v[i].fd = -1;
	}
}

void
rv_listener_stop_accepting(struct rv_listener *listener)
{
	/* Whoever is in the queue was told that it is connected. */
	for (size_t i = 0; i < listener->n && !listener->stopped; i++)
		while (accept_some(&listener->v[i]))
			;
	close_sockets(listener);
}

void
rv_listener_close_idle(struct rv_listener *listener)
{
	rv_conn_host_drain(&listener->host);
}

size_t
rv_listener_live(const struct rv_listener *listener)
{
	return listener->host.live;
}

void
rv_listener_free(struct rv_listener **listener)
{
	struct rv_listener *l = *listener;

	if (l == NULL)
		return;
	*listener = NULL;
	close_sockets(l);
	rv_conn_host_end(&l->host);
	if (l->retry != NULL)
		event_free(l->retry);
	free(l->host.scratch);
	free(l);
}
