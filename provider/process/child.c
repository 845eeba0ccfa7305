#include "process/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify.h"

#define FD_MAX	     65535u
#define WATCHDOG_MAX 86400000u
#define HEARTBEAT_MS 1000

/* ---- The operand ---------------------------------------------------------- */

/* Cuts s at the first separator; false when there is none. */
static bool
cut(struct rv_slice *s, char separator, struct rv_slice *ret_field)
{
	const char *end = s->n > 0 ? memchr(s->p, separator, s->n) : NULL;

	if (end == NULL)
		return false;
	*ret_field = (struct rv_slice){ s->p, (size_t)(end - s->p) };
	*s = (struct rv_slice){ end + 1, s->n - ret_field->n - 1 };
	return true;
}

static bool
read_fd(struct rv_slice text, int *ret_fd)
{
	uint64_t n;

	if (rv_slice_to_u64(text, FD_MAX, &n) != RV_OK || n <= 2)
		return false;
	*ret_fd = (int)n;
	return true;
}

static bool
take_link(struct rv_slice text, struct rv_child *c)
{
	int fd;

	if (text.n < 2 ||
	    !read_fd((struct rv_slice){ text.p + 1, text.n - 1 }, &fd))
		return false;
	if (text.p[0] == 'a' && c->n_links < RV_CHILD_LINKS_MAX)
		c->links[c->n_links++] = fd;
	else if (text.p[0] == 'k' && c->keeper < 0)
		c->keeper = fd;
	else if (text.p[0] == 's' && c->rescue < 0)
		c->rescue = fd;
	else
		return false;
	return true;
}

int
rv_child_parse(struct rv_slice operand, struct rv_child *ret_child)
{
	struct rv_child c = { .keeper = -1, .rescue = -1 };
	struct rv_slice name, control, watchdog, link;
	uint64_t ms;

	if (!cut(&operand, ':', &name) || !cut(&operand, ':', &control) ||
	    !cut(&operand, ':', &watchdog) || name.n == 0 ||
	    name.n >= sizeof(c.name) || !read_fd(control, &c.control) ||
	    rv_slice_to_u64(watchdog, WATCHDOG_MAX, &ms) != RV_OK)
		return RV_ERR_INVALID;
	memcpy(c.name, name.p, name.n);
	c.watchdog_ms = (int64_t)ms;
	while (cut(&operand, ',', &link))
		if (!take_link(link, &c))
			return RV_ERR_INVALID;
	if (operand.n > 0 && !take_link(operand, &c))
		return RV_ERR_INVALID;
	*ret_child = c;
	return RV_OK;
}

/* ---- Who started us --------------------------------------------------------- */

/* One end of a socketpair(2): its peer is who made it (unix(7)). */
static bool
is_from_parent(int fd)
{
	struct ucred who = { .pid = 0 };
	socklen_t n = sizeof(who);
	int type = 0, domain = 0;
	socklen_t type_n = sizeof(type), domain_n = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_n) == 0 &&
	       domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) == 0 &&
	       type == SOCK_SEQPACKET &&
	       getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
	       who.pid == getppid();
}

static bool
are_all_from_parent(const struct rv_child *c)
{
	bool good = is_from_parent(c->control) &&
		    (c->keeper < 0 || is_from_parent(c->keeper)) &&
		    (c->rescue < 0 || is_from_parent(c->rescue));

	for (size_t i = 0; good && i < c->n_links; i++)
		good = is_from_parent(c->links[i]);
	return good;
}

int
rv_child_take(
    const char *operand, struct rv_child *ret_child, struct rv_error *e)
{
	if (rv_child_parse(rv_slice_of(operand), ret_child) == RV_OK &&
	    are_all_from_parent(ret_child)) {
		ret_child->supervisor = getppid();
		return rv_notify_over(ret_child->control,
		    ret_child->watchdog_ms, &ret_child->notify, e);
	}
	rv_error_set(e, "--child is for processes that reeved starts itself");
	return RV_ERR_DENIED;
}

int
rv_child_bind(const struct rv_child *child, struct rv_error *e)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
		rv_error_set(e, "cannot be bound to the supervisor: %s",
		    strerror(errno));
		return RV_ERR_IO;
	}
	/* It may have gone just before. */
	if (getppid() == child->supervisor)
		return RV_OK;
	rv_error_set(e, "the supervisor has gone");
	return RV_ERR_UNAVAILABLE;
}

enum rv_child_word
rv_child_listen(const struct rv_child *child)
{
	struct pollfd control = { .fd = child->control, .events = POLLIN };
	char word[16];
	ssize_t n;

	if (poll(&control, 1, HEARTBEAT_MS) <= 0)
		return RV_CHILD_NOTHING;
	n = recv(child->control, word, sizeof(word), MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? RV_CHILD_NOTHING
							 : RV_CHILD_STOP;
	if ((size_t)n <= sizeof(word) &&
	    rv_slice_eq((struct rv_slice){ word, (size_t)n },
		RV_SLICE_LIT(RV_CHILD_SAYS_RELOAD)))
		return RV_CHILD_RELOAD;
	return RV_CHILD_STOP;
}

void
rv_child_wait(const struct rv_child *child, bool (*alive)(void *arg), void *arg)
{
	struct pollfd control = { .fd = child->control, .events = POLLIN };

	/* Nothing is ever said to a child: what comes is the end. */
	for (;;) {
		int n = poll(&control, 1, HEARTBEAT_MS);

		if (n > 0 || (n < 0 && errno != EINTR))
			return;
		if (alive(arg) && child->watchdog_ms > 0)
			rv_notify_watchdog(child->notify);
	}
}
