/*
 * What somebody could do who has taken over one of the provider's processes:
 * enters that process's sandbox, as it would, and then tries what it is told.
 *
 *   takeover CONFIG net|acceptor|keeper|rescue|supervisor ATTEMPT[:OPERAND]...
 *
 * One line an attempt: the attempt, a tab, "done" or the error.  The keeper's
 * filter ends the process at the first forbidden call; the caller sees that.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "privilege.h"
#include "process/sandbox.h"

/* ---- Attempts: true when it succeeded, else errno says ----------------------- */

static bool
close_true(int fd)
{
	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

static bool
try_read(const char *path)
{
	char c;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && read(fd, &c, 1) >= 0;

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool
try_list(const char *path)
{
	return close_true(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static bool
try_create(const char *path)
{
	return close_true(
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static bool
try_append(const char *path)
{
	return close_true(open(path, O_WRONLY | O_APPEND | O_CLOEXEC));
}

static bool
try_truncate(const char *path)
{
	struct stat st;

	/* To the length that it has: an attempt that succeeds harms nobody. */
	return stat(path, &st) == 0 && truncate(path, st.st_size) == 0;
}

static bool
try_chmod(const char *path)
{
	return chmod(path, 0600) == 0;
}

static bool
try_link(const char *path)
{
	return link(path, "/tmp/reeve-takeover-link") == 0 &&
	       unlink("/tmp/reeve-takeover-link") == 0;
}

static bool
try_exec(const char *path)
{
	char name[] = "sh", option[] = "-c", command[] = "exit 0";
	char *argv[] = { name, option, command, NULL };
	int status = 0, error;
	pid_t pid = vfork();

	if (pid == 0) {
		(void)execv(path, argv);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	error = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	errno = error;
	return error == 0;
}

/* In this very process, for where no other can be made. */
static bool
try_become(const char *path)
{
	char *argv[] = { NULL };

	(void)execv(path, argv);
	return false;
}

static bool
try_fork(const char *none)
{
	pid_t pid = fork();

	(void)none;
	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, NULL, 0) == pid;
}

static bool
try_ptrace(const char *pid)
{
	return ptrace(PTRACE_ATTACH, (pid_t)strtol(pid, NULL, 10), NULL,
		   NULL) == 0;
}

static bool
try_vm_read(const char *pid)
{
	static char there_too; /* at the same place in no other program */
	char c;
	struct iovec here = { &c, 1 }, there = { &there_too, 1 };

	return process_vm_readv(
		   (pid_t)strtol(pid, NULL, 10), &here, 1, &there, 1, 0) == 1;
}

/* Signal 0 harms nobody, and needs the same right. */
static bool
try_signal(const char *pid)
{
	return kill((pid_t)strtol(pid, NULL, 10), 0) == 0;
}

static bool
try_raw_socket(const char *none)
{
	(void)none;
	return close_true(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1));
}

static bool
try_family(const char *number)
{
	return close_true(socket(
	    (int)strtol(number, NULL, 10), SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static bool
try_tcp(const char *port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 &&
		  connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;

	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool
try_unshare(const char *none)
{
	(void)none;
	return unshare(CLONE_NEWUSER) == 0;
}

static bool
try_code(const char *none)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)none;
	return p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool
try_dumpable(const char *none)
{
	(void)none;
	return prctl(PR_SET_DUMPABLE, 1) == 0;
}

static bool
try_keyring(const char *none)
{
	(void)none;
	return syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */,
		   -3 /* the session's */, 0) >= 0;
}

static bool
try_pause(const char *none)
{
	const struct timespec moment = { .tv_nsec = 1000 };

	(void)none;
	return nanosleep(&moment, NULL) == 0;
}

static const struct {
	const char *name;
	bool (*try)(const char *operand);
} attempts[] = {
	{ "read", try_read },
	{ "list", try_list },
	{ "create", try_create },
	{ "append", try_append },
	{ "truncate", try_truncate },
	{ "chmod", try_chmod },
	{ "link", try_link },
	{ "exec", try_exec },
	{ "become", try_become },
	{ "fork", try_fork },
	{ "ptrace", try_ptrace },
	{ "vm_read", try_vm_read },
	{ "signal", try_signal },
	{ "raw_socket", try_raw_socket },
	{ "family", try_family },
	{ "tcp", try_tcp },
	{ "unshare", try_unshare },
	{ "code", try_code },
	{ "dumpable", try_dumpable },
	{ "keyring", try_keyring },
	{ "pause", try_pause },
};

/* ---- Running ------------------------------------------------------------------- */

static int
enter(const char *role, const struct rv_config *config, struct rv_error *e)
{
	if (strcmp(role, "net") == 0)
		return rv_sandbox_net(config, e);
	if (strcmp(role, "acceptor") == 0)
		return rv_sandbox_acceptor(config, e);
	if (strcmp(role, "keeper") == 0)
		return rv_sandbox_keeper(config, e);
	if (strcmp(role, "rescue") == 0)
		return rv_sandbox_rescue(config, e);
	if (strcmp(role, "supervisor") == 0)
		return rv_sandbox_supervisor(config, e);
	rv_error_set(e, "there is no process %s", role);
	return RV_ERR_INVALID;
}

static bool
attempt(const char *text)
{
	size_t n = strcspn(text, ":");
	const char *operand = text[n] == ':' ? text + n + 1 : "";

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		bool done;

		if (strlen(attempts[i].name) != n ||
		    strncmp(attempts[i].name, text, n) != 0)
			continue;
		errno = 0;
		done = attempts[i].try(operand);
		(void)printf("%s\t%s\n", text, done ? "done" : strerror(errno));
		return true;
	}
	(void)fprintf(stderr, "takeover: there is no attempt \"%s\"\n", text);
	return false;
}

int
main(int argc, char **argv)
{
	struct rv_config *config = NULL;
	struct rv_error e = { "" };
	bool good = true;
	int r;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4) {
		(void)fprintf(stderr,
		    "usage: takeover CONFIG PROCESS ATTEMPT[:OPERAND]...\n");
		return 2;
	}
	r = rv_config_load(argv[1], &config, &e);
	if (r == RV_OK)
		r = rv_privilege_drop(config->user, &e);
	if (r == RV_OK)
		r = enter(argv[2], config, &e);
	if (r != RV_OK) {
		(void)fprintf(stderr, "takeover: %s\n", e.text);
		return 1;
	}
	for (int i = 3; i < argc && good; i++)
		good = attempt(argv[i]);
	rv_config_free(&config);
	return good ? 0 : 2;
}
