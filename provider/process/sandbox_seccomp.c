/*
 * Lists of system calls.  What is on none fails with EPERM (the keeper is
 * killed), except for newer calls that glibc tries first: those fail with
 * ENOSYS, as with an older kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/sandbox.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Memory, time, threads' locks, descriptors that are open, the end. */
static const int for_all[] = { SCMP_SYS(brk), SCMP_SYS(clock_getres),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(close),
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(fstat), SCMP_SYS(futex),
	SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(getrandom),
	SCMP_SYS(gettid), SCMP_SYS(gettimeofday), SCMP_SYS(madvise),
	SCMP_SYS(mremap), SCMP_SYS(munmap), SCMP_SYS(nanosleep), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg), SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait), SCMP_SYS(sched_yield), SCMP_SYS(sendmsg),
	SCMP_SYS(sendto), SCMP_SYS(time), SCMP_SYS(write), SCMP_SYS(writev) };

/* Which files: Landlock says. */
static const int for_files[] = { SCMP_SYS(access), SCMP_SYS(dup),
	SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(faccessat),
	SCMP_SYS(fadvise64), SCMP_SYS(fcntl), SCMP_SYS(flock),
	SCMP_SYS(fstatfs), SCMP_SYS(getcwd), SCMP_SYS(getdents64),
	SCMP_SYS(getegid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getgroups), SCMP_SYS(getresgid), SCMP_SYS(getresuid),
	SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(getuid),
	SCMP_SYS(lseek), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(open),
	SCMP_SYS(openat), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(pread64),
	SCMP_SYS(preadv), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(stat), SCMP_SYS(statfs),
	SCMP_SYS(statx), SCMP_SYS(sysinfo), SCMP_SYS(umask), SCMP_SYS(uname) };

static const int for_threads[] = { SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2),
	SCMP_SYS(getsockopt), SCMP_SYS(membarrier), SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list), SCMP_SYS(setsockopt),
	SCMP_SYS(sigaltstack) };

static const int for_writing[] = { SCMP_SYS(fallocate), SCMP_SYS(fdatasync),
	SCMP_SYS(fsync), SCMP_SYS(ftruncate), SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev) };

static const int for_net[] = { SCMP_SYS(accept4), SCMP_SYS(bind),
	SCMP_SYS(connect), SCMP_SYS(getpeername), SCMP_SYS(getsockname),
	SCMP_SYS(listen), SCMP_SYS(pselect6), SCMP_SYS(recvmmsg),
	SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
	SCMP_SYS(select), SCMP_SYS(sendmmsg), SCMP_SYS(shutdown),
	SCMP_SYS(socketpair), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime), SCMP_SYS(unlink), SCMP_SYS(unlinkat) };

static const int for_supervisor[] = { SCMP_SYS(kill), SCMP_SYS(wait4),
	SCMP_SYS(waitid) };

/* glibc has another way for each. */
static const int newer[] = { SCMP_SYS(clone3), SCMP_SYS(close_range),
	SCMP_SYS(faccessat2), SCMP_SYS(openat2) };

/* ---- Adding --------------------------------------------------------------------- */

static bool
add_all(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (seccomp_rule_add(ctx, action, calls[i], 0) != 0)
			return false;
	return true;
}

static bool
allow_all(scmp_filter_ctx ctx, const int *calls, size_t n)
{
	return add_all(ctx, SCMP_ACT_ALLOW, calls, n);
}

/* The call, where that argument has these bits under the mask. */
static bool
allow_bits(scmp_filter_ctx ctx, int call, unsigned argument, uint64_t mask,
    uint64_t bits)
{
	const struct scmp_arg_cmp cmp =
	    SCMP_CMP64(argument, SCMP_CMP_MASKED_EQ, mask, bits);

	return seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, call, 1, &cmp) == 0;
}

static bool
allow_value(scmp_filter_ctx ctx, int call, unsigned argument, uint64_t value)
{
	return allow_bits(ctx, call, argument, UINT64_MAX, value);
}

/* Memory is for writing or for code, and never becomes code. */
static bool
allow_memory(scmp_filter_ctx ctx)
{
	const uint64_t both = PROT_WRITE | PROT_EXEC;

	return allow_bits(ctx, SCMP_SYS(mmap), 2, both, 0) &&
	       allow_bits(ctx, SCMP_SYS(mmap), 2, both, PROT_WRITE) &&
	       allow_bits(ctx, SCMP_SYS(mmap), 2, both, PROT_EXEC) &&
	       allow_bits(ctx, SCMP_SYS(mprotect), 2, PROT_EXEC, 0);
}

/* Only what asserts and limits need of ourselves. */
static bool
allow_self(scmp_filter_ctx ctx)
{
	return allow_value(ctx, SCMP_SYS(tgkill), 0, (uint64_t)getpid()) &&
	       allow_value(ctx, SCMP_SYS(prlimit64), 2, 0) &&
	       allow_value(ctx, SCMP_SYS(prctl), 0, PR_SET_NAME) &&
	       allow_value(ctx, SCMP_SYS(ioctl), 1, FIONBIO) &&
	       allow_value(ctx, SCMP_SYS(ioctl), 1, FIONREAD) &&
	       allow_value(ctx, SCMP_SYS(ioctl), 1, TCGETS);
}

/* Threads, no processes; no name space of its own. */
static bool
allow_threads(scmp_filter_ctx ctx)
{
	return allow_bits(ctx, SCMP_SYS(clone), 0,
		   CLONE_THREAD | CLONE_VM | CLONE_NEWNS | CLONE_NEWUSER,
		   CLONE_THREAD | CLONE_VM) &&
	       allow_all(ctx, for_threads, LENGTH(for_threads));
}

static bool
allow_socket(scmp_filter_ctx ctx, uint64_t family, uint64_t type)
{
	const struct scmp_arg_cmp cmp[] = {
		SCMP_CMP64(0, SCMP_CMP_EQ, family),
		/* SOCK_NONBLOCK and SOCK_CLOEXEC are above. */
		SCMP_CMP64(1, SCMP_CMP_MASKED_EQ, 0xf, type),
	};

	return seccomp_rule_add_array(
		   ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, cmp) == 0;
}

static bool
allow_sockets(scmp_filter_ctx ctx)
{
	return allow_socket(ctx, AF_INET, SOCK_STREAM) &&
	       allow_socket(ctx, AF_INET, SOCK_DGRAM) &&
	       allow_socket(ctx, AF_INET6, SOCK_STREAM) &&
	       allow_socket(ctx, AF_INET6, SOCK_DGRAM) &&
	       allow_socket(ctx, AF_UNIX, SOCK_STREAM) &&
	       allow_socket(ctx, AF_UNIX, SOCK_DGRAM);
}

/* ---- Roles ---------------------------------------------------------------------- */

static bool
fill_keeper(scmp_filter_ctx ctx)
{
	static const int files[] = { SCMP_SYS(open), SCMP_SYS(openat),
		SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(access) };

	/* Whoever looks for a file finds none, and goes on. */
	return add_all(ctx, SCMP_ACT_ERRNO(EACCES), files, LENGTH(files));
}

static bool
fill_files(scmp_filter_ctx ctx)
{
	return allow_all(ctx, for_files, LENGTH(for_files)) &&
	       add_all(ctx, SCMP_ACT_ERRNO(ENOSYS), newer, LENGTH(newer));
}

static bool
fill(scmp_filter_ctx ctx, enum rv_seccomp_role role)
{
	if (!allow_all(ctx, for_all, LENGTH(for_all)) || !allow_memory(ctx) ||
	    !allow_self(ctx))
		return false;
	switch (role) {
	case RV_SECCOMP_NET:
		return fill_files(ctx) && allow_threads(ctx) &&
		       allow_all(ctx, for_writing, LENGTH(for_writing)) &&
		       allow_all(ctx, for_net, LENGTH(for_net)) &&
		       allow_sockets(ctx);
	case RV_SECCOMP_ACCEPTOR:
		return fill_files(ctx) && allow_threads(ctx) &&
		       allow_all(ctx, for_writing, LENGTH(for_writing));
	case RV_SECCOMP_KEEPER:
		return fill_keeper(ctx);
	case RV_SECCOMP_SUPERVISOR:
		return fill_files(ctx) &&
		       allow_all(ctx, for_supervisor, LENGTH(for_supervisor));
	}
	return false;
}

const char *
rv_seccomp_hindrance(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return "this is a sanitizer build";
#else
	const char *preloaded = getenv("LD_PRELOAD");

	if (preloaded != NULL && strstr(preloaded, "/vgpreload_") != NULL)
		return "it runs under valgrind";
	return NULL;
#endif
}

int
rv_seccomp_enter(enum rv_seccomp_role role, struct rv_error *e)
{
	uint32_t otherwise = role == RV_SECCOMP_KEEPER ? SCMP_ACT_KILL_PROCESS
						       : SCMP_ACT_ERRNO(EPERM);
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	int r = RV_ERR_IO, err = ENOMEM;

	if (ctx != NULL && fill(ctx, role) &&
	    seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1) == 0) {
		err = -seccomp_load(ctx);
		if (err == 0)
			r = RV_OK;
	}
	if (r != RV_OK)
		rv_error_set(e,
		    "the filter of system calls cannot be put in force: %s",
		    strerror(err));
	if (ctx != NULL)
		seccomp_release(ctx);
	return r;
}
