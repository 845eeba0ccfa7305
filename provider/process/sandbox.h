/*
 * What each process gives up once it has what it needs: Landlock for files
 * and ports, seccomp for system calls.  Both bind the calling thread and
 * those that it makes later, so they are entered before any is made; the
 * privileges are dropped already (no_new_privs is set there).
 *
 * What the kernel does not have is done without, and said in the log once;
 * what it has and refuses is a failure.  With sandbox = off all of these do
 * nothing but log a warning.
 *
 * Under a sanitizer or valgrind there is no seccomp filter: they make system
 * calls of their own.
 */
#ifndef PROVIDER_PROCESS_SANDBOX_H
#define PROVIDER_PROCESS_SANDBOX_H

#include "reeve/base.h"

struct rv_config;

RV_MUSTUSE int rv_sandbox_net(
    const struct rv_config *config, struct rv_error *e);
RV_MUSTUSE int rv_sandbox_acceptor(
    const struct rv_config *config, struct rv_error *e);
RV_MUSTUSE int rv_sandbox_keeper(
    const struct rv_config *config, struct rv_error *e);
/* After it has made its socket and opened its journal. */
RV_MUSTUSE int rv_sandbox_rescue(
    const struct rv_config *config, struct rv_error *e);
RV_MUSTUSE int rv_sandbox_supervisor(
    const struct rv_config *config, struct rv_error *e);

/* ---- Landlock (landlock(7)); private to provider/process ------------------ */

#define RV_LANDLOCK_HIDDEN_MAX 16

/* What is allowed so far; everything else is not. */
struct rv_landlock {
	int fd; /* -1: the kernel has no Landlock */
	int abi;
	uint64_t handled;
	/* Real paths that no rule may cover. */
	char *hidden[RV_LANDLOCK_HIDDEN_MAX];
	size_t n_hidden;
};

struct rv_landlock_wish {
	bool no_tcp; /* no port may be bound or connected to */
	bool scoped; /* no signal, no abstract socket beyond ourselves */
};

RV_MUSTUSE int rv_landlock_begin(struct rv_landlock *l,
    const struct rv_landlock_wish *wish, struct rv_error *e);
/*
 * From here on no rule covers path: where it lies beneath an allowed folder,
 * what lies beside it there now is allowed instead, piece by piece.  path may
 * be NULL, or not exist.
 */
RV_MUSTUSE int rv_landlock_hide(
    struct rv_landlock *l, const char *path, struct rv_error *e);
/* A file, or a folder with all below.  path may be NULL, or not exist. */
RV_MUSTUSE int rv_landlock_read(
    struct rv_landlock *l, const char *path, struct rv_error *e);
/*
 * A file that will be replaced by another of its name: its folder is
 * allowed, where that is not one that everything is in.
 */
RV_MUSTUSE int rv_landlock_read_replaced(
    struct rv_landlock *l, const char *path, struct rv_error *e);
/* A file for reading and writing, which must exist. */
RV_MUSTUSE int rv_landlock_write_file(
    struct rv_landlock *l, const char *path, struct rv_error *e);
/* A folder, in which files are made, written, renamed and removed. */
RV_MUSTUSE int rv_landlock_write_folder(
    struct rv_landlock *l, const char *path, struct rv_error *e);
/* For good; frees what *l holds. */
RV_MUSTUSE int rv_landlock_enter(struct rv_landlock *l, struct rv_error *e);
/* Without entering. */
void rv_landlock_fini(struct rv_landlock *l);

/* ---- seccomp (seccomp(2)); private to provider/process --------------------- */

enum rv_seccomp_role {
	RV_SECCOMP_NET,
	RV_SECCOMP_ACCEPTOR,
	RV_SECCOMP_KEEPER,
	RV_SECCOMP_SUPERVISOR,
};
/* NULL, or why there can be no filter in this process; static storage. */
const char *rv_seccomp_hindrance(void);
RV_MUSTUSE int rv_seccomp_enter(enum rv_seccomp_role role, struct rv_error *e);

#endif
