/* The table of the processes that the supervisor starts. */
#ifndef PROVIDER_PROCESS_CHILDREN_H
#define PROVIDER_PROCESS_CHILDREN_H

#include "process/child.h"

struct rv_child_kind {
	const char *name;
	/* Of its links to net, see child.h; 0: it is net. */
	char letter;
	/* How many of them; 0: the process is not wanted. */
	size_t (*links)(const struct rv_config *config);
	RV_MUSTUSE int (*run)(const struct rv_config *config,
	    const struct rv_child *child, struct rv_error *e);
};

#define RV_CHILDREN_MAX 4

/* In the order of their start; net is last.  Static storage. */
extern const struct rv_child_kind rv_child_kinds[];
extern const size_t rv_n_child_kinds;

#endif
