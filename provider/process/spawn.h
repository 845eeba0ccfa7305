/*
 * Starting a process of ours: the same executable again, with descriptors
 * that it inherits.  Private to the supervisor; before any thread.
 */
#ifndef PROVIDER_PROCESS_SPAWN_H
#define PROVIDER_PROCESS_SPAWN_H

#include <sys/types.h>

#include "process/children.h"

/* With which a process ends that could not even begin. */
#define RV_EXIT_NO_EXEC 127

/* One socketpair(2) between net and another process. */
struct rv_spawn_link {
	char letter;
	int of_other, of_net; /* -1: handed over */
};

struct rv_spawn_links {
	struct rv_spawn_link v[RV_CHILD_LINKS_MAX + RV_CHILDREN_MAX];
	size_t n;
};

/* RV_ERR_IO, RV_ERR_LIMIT.  *links is to be closed also after a failure. */
RV_MUSTUSE int rv_spawn_links_make(
    struct rv_spawn_links *links, char letter, size_t n, struct rv_error *e);
void rv_spawn_links_close(struct rv_spawn_links *links);

/*
 * Starts the process with its ends of the links, which are closed here.
 * SIGTERM, SIGINT and SIGHUP are blocked in it.  ret_control is our end of
 * its line to us, the caller's.
 */
RV_MUSTUSE int rv_spawn(const struct rv_child_kind *kind,
    const char *config_file, int64_t watchdog_ms, struct rv_spawn_links *links,
    pid_t *ret_pid, int *ret_control, struct rv_error *e);

#endif
