#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATH_SIZE 4096

/* ---- Links ----------------------------------------------------------------- */

int
rv_spawn_links_make(
    struct rv_spawn_links *links, char letter, size_t n, struct rv_error *e)
{
	int pair[2];

	for (; n > 0; n--) {
		if (links->n == sizeof(links->v) / sizeof(links->v[0])) {
			rv_error_set(e, "too many event loops");
			return RV_ERR_LIMIT;
		}
		if (socketpair(
			AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
			rv_error_set(e, "cannot link the processes: %s",
			    strerror(errno));
			return RV_ERR_IO;
		}
		links->v[links->n++] = (struct rv_spawn_link){ letter,
			.of_other = pair[0], .of_net = pair[1] };
	}
	return RV_OK;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void
rv_spawn_links_close(struct rv_spawn_links *links)
{
	for (size_t i = 0; i < links->n; i++) {
		close_fd(&links->v[i].of_other);
		close_fd(&links->v[i].of_net);
	}
	links->n = 0;
}

/* The end that a process of this kind gets; NULL when it gets none. */
static int *
end_for(const struct rv_child_kind *kind, struct rv_spawn_link *link)
{
	if (kind->letter == 0)
		return &link->of_net;
	return kind->letter == link->letter ? &link->of_other : NULL;
}

/* ---- Starting ---------------------------------------------------------------- */

/* What execv() needs, made before fork(). */
struct command {
	char exe[PATH_SIZE];
	struct rv_buf operand;
	sigset_t blocked;
};

static int
describe(const struct rv_child_kind *kind, int control, int64_t watchdog_ms,
    struct rv_spawn_links *links, struct command *command)
{
	/* valgrind answers this with the program that it runs. */
	ssize_t n =
	    readlink("/proc/self/exe", command->exe, sizeof(command->exe) - 1);

	if (n <= 0 || (size_t)n == sizeof(command->exe) - 1)
		return RV_ERR_IO;
	command->exe[n] = '\0';
	rv_buf_printf(&command->operand, "%s:%d:%" PRId64 ":", kind->name,
	    control, watchdog_ms);
	for (size_t i = 0; i < links->n; i++) {
		const int *fd = end_for(kind, &links->v[i]);

		if (fd != NULL)
			rv_buf_printf(&command->operand, "%c%d,",
			    links->v[i].letter, *fd);
	}
	(void)sigemptyset(&command->blocked);
	(void)sigaddset(&command->blocked, SIGTERM);
	(void)sigaddset(&command->blocked, SIGINT);
	(void)sigaddset(&command->blocked, SIGHUP);
	return rv_buf_cstr(&command->operand) != NULL ? RV_OK : RV_ERR_NOMEM;
}

/* In the new process: only what is safe after fork(). */
static void
become(const struct rv_child_kind *kind, const char *config_file, int control,
    struct rv_spawn_links *links, struct command *command)
{
	char name[] = "reeved", option_f[] = "-f", child[] = "--child";
	char *argv[] = { name, option_f, (char *)(uintptr_t)config_file, child,
		command->operand.p, NULL };

	(void)fcntl(control, F_SETFD, 0);
	for (size_t i = 0; i < links->n; i++) {
		const int *fd = end_for(kind, &links->v[i]);

		if (fd != NULL)
			(void)fcntl(*fd, F_SETFD, 0);
	}
	(void)sigprocmask(SIG_SETMASK, &command->blocked, NULL);
	(void)execv(command->exe, argv);
	_exit(RV_EXIT_NO_EXEC);
}

int
rv_spawn(const struct rv_child_kind *kind, const char *config_file,
    int64_t watchdog_ms, struct rv_spawn_links *links, pid_t *ret_pid,
    int *ret_control, struct rv_error *e)
{
	struct command command = { .operand = { .max = 0 } };
	int pair[2] = { -1, -1 };
	int r = RV_ERR_IO;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		goto out;
	r = describe(kind, pair[1], watchdog_ms, links, &command);
	if (r != RV_OK)
		goto out;
	pid = fork();
	if (pid == 0)
		become(kind, config_file, pair[1], links, &command);
	if (pid < 0) {
		r = RV_ERR_IO;
		goto out;
	}
	for (size_t i = 0; i < links->n; i++) {
		int *fd = end_for(kind, &links->v[i]);

		if (fd != NULL)
			close_fd(fd);
	}
	*ret_pid = pid;
	*ret_control = pair[0];
	pair[0] = -1;
out:
	if (r != RV_OK)
		rv_error_set(e, "cannot start the process %s: %s", kind->name,
		    r == RV_ERR_NOMEM ? "out of memory" : strerror(errno));
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	rv_buf_fini(&command.operand);
	return r;
}
