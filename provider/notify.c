#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READY	  "READY=1"
#define STOPPING  "STOPPING=1"
#define WATCHDOG  "WATCHDOG=1"
#define RELOADING "RELOADING=1\nMONOTONIC_USEC="

struct rv_notify {
	int fd;
	bool borrowed; /* fd is the caller's */
	int64_t watchdog_ms;
};

/* Half of WATCHDOG_USEC in ms when it is meant for us, else 0. */
static int64_t
watchdog_from_environment(void)
{
	struct rv_slice usec = rv_slice_of(getenv("WATCHDOG_USEC"));
	struct rv_slice pid = rv_slice_of(getenv("WATCHDOG_PID"));
	uint64_t us, wanted_pid;

	if (rv_slice_to_u64(usec, INT64_MAX, &us) != RV_OK || us == 0)
		return 0;
	if (pid.p != NULL &&
	    (rv_slice_to_u64(pid, INT64_MAX, &wanted_pid) != RV_OK ||
		wanted_pid != (uint64_t)getpid()))
		return 0;
	return us < 2000 ? 1 : (int64_t)(us / 2000);
}

/* '@' stands for the NUL that begins an abstract name (unix(7)). */
static int
address_of(
    const char *name, struct sockaddr_un *ret_addr, socklen_t *ret_length)
{
	size_t n = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || n < 2 ||
	    n >= sizeof(ret_addr->sun_path))
		return RV_ERR_INVALID;
	*ret_addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret_addr->sun_path, name, n);
	if (name[0] == '@')
		ret_addr->sun_path[0] = '\0';
	*ret_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return RV_OK;
}

/* Connects now: later the daemon may be confined away from the path. */
static int
connect_to(const char *name, int *ret_fd, struct rv_error *e)
{
	struct sockaddr_un addr;
	socklen_t length;
	int fd;

	if (address_of(name, &addr, &length) != RV_OK) {
		rv_error_set(
		    e, "NOTIFY_SOCKET is neither a path nor an abstract name");
		return RV_ERR_INVALID;
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)(const void *)&addr,
			  length) != 0) {
		rv_error_set(
		    e, "cannot reach the service manager: %s", strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return RV_ERR_IO;
	}
	*ret_fd = fd;
	return RV_OK;
}

int
rv_notify_open(struct rv_notify **ret_notify, struct rv_error *e)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct rv_notify *n = NULL;
	int r = RV_ERR_NOMEM;

	if (name == NULL || name[0] == '\0') {
		*ret_notify = NULL;
		r = RV_OK;
		goto out;
	}
	n = calloc(1, sizeof(*n));
	if (n == NULL) {
		rv_error_set(e, "out of memory");
		goto out;
	}
	n->fd = -1;
	r = connect_to(name, &n->fd, e);
	if (r != RV_OK)
		goto out;
	n->watchdog_ms = watchdog_from_environment();
	*ret_notify = n;
	n = NULL;
out:
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	rv_notify_close(&n);
	return r;
}

int
rv_notify_over(int fd, int64_t watchdog_ms, struct rv_notify **ret_notify,
    struct rv_error *e)
{
	struct rv_notify *n = calloc(1, sizeof(*n));

	if (n == NULL) {
		rv_error_set(e, "out of memory");
		return RV_ERR_NOMEM;
	}
	n->fd = fd;
	n->borrowed = true;
	n->watchdog_ms = watchdog_ms;
	*ret_notify = n;
	return RV_OK;
}

void
rv_notify_close(struct rv_notify **notify)
{
	struct rv_notify *n = *notify;

	*notify = NULL;
	if (n == NULL)
		return;
	if (n->fd >= 0 && !n->borrowed)
		(void)close(n->fd);
	free(n);
}

/*
 * A lost datagram is no failure of ours: the service manager may be
 * restarting.  Never blocks a loop.
 */
static void
send_state(const struct rv_notify *n, const char *state)
{
	if (n == NULL)
		return;
	while (send(n->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT) <
		   0 &&
	       errno == EINTR)
		;
}

void
rv_notify_ready(const struct rv_notify *notify)
{
	send_state(notify, READY);
}

void
rv_notify_reloading(const struct rv_notify *notify)
{
	char state[64];
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)snprintf(state, sizeof(state), RELOADING "%" PRId64,
	    (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
	send_state(notify, state);
}

void
rv_notify_stopping(const struct rv_notify *notify)
{
	send_state(notify, STOPPING);
}

int64_t
rv_notify_watchdog_ms(const struct rv_notify *notify)
{
	return notify == NULL ? 0 : notify->watchdog_ms;
}

void
rv_notify_watchdog(const struct rv_notify *notify)
{
	send_state(notify, WATCHDOG);
}

int
rv_notify_pass(const struct rv_notify *notify, struct rv_slice state)
{
	const struct rv_slice reloading = RV_SLICE_LIT(RELOADING);
	uint64_t usec;
	char text[64];

	if (rv_slice_eq(state, RV_SLICE_LIT(READY)) ||
	    rv_slice_eq(state, RV_SLICE_LIT(STOPPING)) ||
	    rv_slice_eq(state, RV_SLICE_LIT(WATCHDOG))) {
		(void)snprintf(text, sizeof(text), "%.*s", RV_SLICE_FMT(state));
	} else if (rv_slice_has_prefix(state, reloading) &&
		   rv_slice_to_u64((struct rv_slice){ state.p + reloading.n,
				       state.n - reloading.n },
		       INT64_MAX, &usec) == RV_OK) {
		(void)snprintf(text, sizeof(text), RELOADING "%" PRIu64, usec);
	} else {
		return RV_ERR_INVALID;
	}
	send_state(notify, text);
	return RV_OK;
}
