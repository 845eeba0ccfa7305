/*
 * A TCP relay in front of a server, which can be told to misbehave.
 */
#ifndef TESTS_UNIT_AUTH_RELAY_H
#define TESTS_UNIT_AUTH_RELAY_H

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reeve/base.h"

enum relay_mode {
	RELAY_PASS,
	RELAY_STALL, /* what the server says is lost */
	RELAY_HALF,  /* the server's next words arrive by half, then silence */
	RELAY_CLOSE, /* connections end when either side says something */
};

#define RELAY_MAX 32

struct relay {
	char uri[64];
	int listener, wake[2];
	unsigned short port; /* of the server */
	atomic_int mode;
	pthread_t thread;
	size_t n;
	struct {
		int client, server;
		bool silent;
	} pairs[RELAY_MAX];
};

/* A listening socket on a free port; writes its ldap:// address. */
static inline int
relay_listen(char *uri, size_t size)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	socklen_t length = sizeof(address);
	struct sockaddr *any = (struct sockaddr *)(void *)&address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	RV_ASSERT(fd >= 0 && bind(fd, any, sizeof(address)) == 0);
	RV_ASSERT(listen(fd, 16) == 0);
	RV_ASSERT(getsockname(fd, any, &length) == 0);
	(void)snprintf(uri, size, "ldap://127.0.0.1:%u",
	    (unsigned)ntohs(address.sin_port));
	return fd;
}

static inline void
relay_accept(struct relay *r)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons(r->port),
	};
	int client = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	RV_ASSERT(client >= 0 && server >= 0 && r->n < RELAY_MAX);
	RV_ASSERT(connect(server, (struct sockaddr *)(void *)&address,
		      sizeof(address)) == 0);
	r->pairs[r->n].client = client;
	r->pairs[r->n].server = server;
	r->pairs[r->n].silent = false;
	r->n++;
}

static inline void
relay_drop(struct relay *r, size_t i)
{
	close(r->pairs[i].client);
	close(r->pairs[i].server);
	r->pairs[i] = r->pairs[--r->n];
}

/* Moves what there is; false at the end of the connection. */
static inline bool
relay_move(struct relay *r, size_t i, bool from_server)
{
	int from = from_server ? r->pairs[i].server : r->pairs[i].client;
	int to = from_server ? r->pairs[i].client : r->pairs[i].server;
	char bytes[65536];
	ssize_t n = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);
	size_t length;
	int mode = atomic_load(&r->mode);

	if (n <= 0 || mode == RELAY_CLOSE)
		return false;
	length = (size_t)n;
	if (from_server && mode == RELAY_PASS)
		r->pairs[i].silent = false;
	if (from_server && (mode == RELAY_STALL || r->pairs[i].silent))
		return true;
	if (from_server && mode == RELAY_HALF) {
		r->pairs[i].silent = true;
		length /= 2;
	}
	return send(to, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static inline void *
relay_run(void *arg)
{
	struct relay *r = arg;
	struct pollfd fds[2 + 2 * RELAY_MAX];

	for (;;) {
		size_t n = r->n;

		fds[0] = (struct pollfd){ .fd = r->wake[0], .events = POLLIN };
		fds[1] = (struct pollfd){ .fd = r->listener, .events = POLLIN };
		for (size_t i = 0; i < n; i++) {
			fds[2 + 2 * i] =
			    (struct pollfd){ .fd = r->pairs[i].client,
				    .events = POLLIN };
			fds[3 + 2 * i] =
			    (struct pollfd){ .fd = r->pairs[i].server,
				    .events = POLLIN };
		}
		poll(fds, (nfds_t)(2 + 2 * n), -1);
		if (fds[0].revents != 0)
			break;
		/* From the end, since dropping moves the last one down. */
		for (size_t i = n; i-- > 0;) {
			if ((fds[2 + 2 * i].revents != 0 &&
				!relay_move(r, i, false)) ||
			    (fds[3 + 2 * i].revents != 0 &&
				!relay_move(r, i, true)))
				relay_drop(r, i);
		}
		if (fds[1].revents != 0)
			relay_accept(r);
	}
	while (r->n > 0)
		relay_drop(r, r->n - 1);
	return NULL;
}

static inline void
relay_start(struct relay *r, const char *uri)
{
	const char *port = uri != NULL ? strrchr(uri, ':') : NULL;

	RV_ASSERT(port != NULL);
	*r = (struct relay){ .listener = -1 };
	r->port = (unsigned short)strtoul(port + 1, NULL, 10);
	r->listener = relay_listen(r->uri, sizeof(r->uri));
	atomic_init(&r->mode, RELAY_PASS);
	RV_ASSERT(pipe(r->wake) == 0);
	RV_ASSERT(pthread_create(&r->thread, NULL, relay_run, r) == 0);
}

static inline void
relay_set(struct relay *r, enum relay_mode mode)
{
	atomic_store(&r->mode, mode);
}

static inline void
relay_stop(struct relay *r)
{
	RV_ASSERT(write(r->wake[1], "x", 1) == 1);
	pthread_join(r->thread, NULL);
	close(r->listener);
	close(r->wake[0]);
	close(r->wake[1]);
}

#endif
